/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a TZif file: a zone that comes out must find its own local times again. */
#include <stdint.h>
#include <stdlib.h>

#include "feeds/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct offpeak_error err = { 0 };
        struct zone *zone;

        if (zone_parse("fuzz", data, size, &zone, &err) != 0) {
                if (err.code != OFFPEAK_EINVAL || err.text[0] == '\0')
                        abort();
                return 0;
        }
        for (int64_t time = -4000000000; time < 8000000000; time += 100000007) {
                int64_t times[2];
                int n = zone_from_local(zone, time, times);

                if (n == 2 && times[0] == times[1])
                        abort();
                for (int i = 0; i < n; i++)
                        if (times[i] + zone_offset(zone, times[i]) != time)
                                abort();
        }
        zone_destroy(zone);
        return 0;
}
