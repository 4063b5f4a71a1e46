/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the eight bytes before every message: "OFPK", version, type; numbers in little endian.
 *
 * The header never changes between versions, so that each side can tell the other which versions meet. Who cannot read
 * a frame of another version answers in a frame of its own, whose header tells the other side the same.
 */
#ifndef OFFPEAK_WIRE_FRAME_H
#define OFFPEAK_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>

enum {
        FRAME_HEADER_SIZE = 8,
        FRAME_MAX = OFFPEAK_MAX_SPEC + 768 * 1024, /* bytes of any frame but a reply: a spec, its gang's nodes */
        FRAME_MAX_REPLY = 64 * 1024 * 1024,        /* a reply holds a query's document */
};

void frame_write_header(uint8_t header[FRAME_HEADER_SIZE], uint16_t version, uint16_t type);

/* EPROTOCOL: no frame of ours, or another version's (err names both, and what to update). */
int frame_read_header(const uint8_t *bytes, size_t size, uint16_t *ret_type, struct offpeak_error *err);

#endif
