/* SPDX-License-Identifier: Apache-2.0 */
/* A frame from anybody: refused with a reason, or a message that can be said again and means the same. */
#include <stdlib.h>
#include <string.h>

#include "unit/wire/sample.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
        if (!truth)
                abort();
}

static void check(const struct message *message)
{
        struct offpeak_error err;
        struct message again;
        uint8_t *bytes;
        size_t size;

        expect(message_encode(message, &bytes, &size, &err) == 0);
        expect(message_decode(bytes, size, &again, &err) == 0);
        expect(sample_difference(message, &again) == NULL);
        message_finish(&again);
        free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct offpeak_error err = { 0 };
        struct message message;
        int code = message_decode(data, size, &message, &err);

        if (code == 0) {
                check(&message);
                message_finish(&message);
        } else {
                expect((code == OFFPEAK_EINVAL || code == OFFPEAK_EPROTOCOL) && err.code == code &&
                       err.text[0] != '\0');
        }
        return 0;
}
