/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an archive: members within their limits, or a reason; and its members as outages. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/mapping_read.h"
#include "feeds/mappings.h"
#include "feeds/zip_members.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
        if (!truth)
                abort();
}

struct seen {
        size_t bytes, members;
        unsigned sum; /* so that every byte is read */
};

static int take(void *context, const char *place, const char *text, size_t size, struct offpeak_error *err)
{
        struct seen *seen = context;

        (void)err;
        expect(strncmp(place, "fuzz(", 5) == 0 && size <= ZIP_LARGEST_MEMBER);
        for (size_t i = 0; i < size; i++)
                seen->sum += (unsigned char)text[i];
        seen->bytes += size;
        seen->members++;
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct csv_request request = { .file = "fuzz", .site = "s" };
        struct offpeak_error err = { 0 };
        struct seen seen = { 0, 0, 0 };
        struct mapping_facts facts;
        struct series series;

        if (zip_walk("fuzz", (const char *)data, size, take, &seen, &err) == 0)
                expect(seen.bytes <= ZIP_LARGEST && seen.members <= ZIP_MOST_MEMBERS);
        else
                expect(err.code == OFFPEAK_EINVAL && strncmp(err.text, "fuzz", 4) == 0);
        if (mapping_parse(mappings_find("entsoe_a80"), &request, (const char *)data, size, &series, &facts, &err) == 0)
                series_finish(&series);
        else
                expect(err.code == OFFPEAK_EINVAL && strncmp(err.text, "fuzz", 4) == 0);
        return 0;
}
