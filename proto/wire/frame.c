/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include <string.h>

#include "base/fail.h"
#include "wire/message.h"

static const uint8_t magic[4] = { 'O', 'F', 'P', 'K' };

static void put_u16(uint8_t *at, uint16_t value)
{
        at[0] = (uint8_t)(value & 0xff);
        at[1] = (uint8_t)(value >> 8);
}

static uint16_t get_u16(const uint8_t *at)
{
        return (uint16_t)(at[0] | at[1] << 8);
}

void frame_write_header(uint8_t header[FRAME_HEADER_SIZE], uint16_t version, uint16_t type)
{
        memcpy(header, magic, sizeof(magic));
        put_u16(header + 4, version);
        put_u16(header + 6, type);
}

int frame_read_header(const uint8_t *bytes, size_t size, uint16_t *ret_type, struct offpeak_error *err)
{
        uint16_t version;

        if (size < FRAME_HEADER_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0)
                return fail(err, OFFPEAK_EPROTOCOL,
                            "what came is no Offpeak message: another program uses this endpoint");
        version = get_u16(bytes + 4);
        if (version != PROTOCOL_VERSION)
                return fail(err, OFFPEAK_EPROTOCOL,
                            "the other side speaks protocol version %u, this one (Offpeak %s) version %d: update "
                            "Offpeak on %s",
                            version, OFFPEAK_VERSION, PROTOCOL_VERSION,
                            version > PROTOCOL_VERSION ? "this machine" : "the other machine");
        *ret_type = get_u16(bytes + 6);
        return 0;
}
