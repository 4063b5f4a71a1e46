/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a record of the log: refused, or a record that can be written again and is then always the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/record_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
        if (!ok)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct offpeak_error err = { 0 };
        struct record record, again;
        uint8_t *once, *twice;
        size_t once_size, twice_size;
        int rc = record_decode(data, size, &record, &err);

        must(rc == 0 || (rc == OFFPEAK_EINVAL && err.code == rc && err.text[0] != '\0'));
        if (rc != 0)
                return 0;
        must(record_encode(&record, &once, &once_size, &err) == 0);
        must(record_decode(once, once_size, &again, &err) == 0);
        must(record_encode(&again, &twice, &twice_size, &err) == 0);
        must(once_size == twice_size && memcmp(once, twice, once_size) == 0);
        record_finish(&record);
        record_finish(&again);
        free(once);
        free(twice);
        return 0;
}
