/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_profiles.c - any bytes as a file of profiles: either refused with a place and nothing written, or rows that are whole,
 * in order, and no width of a class twice.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/profiles.h"

static void check(int holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

static void check_class(const struct profiles *profiles, size_t i)
{
        struct offpeak_error err;
        const struct profile *rows;
        size_t n;

        check(profiles_class(profiles, "f", profiles->rows[i].class, &rows, &n, &err) == 0, "each class is found");
        check(&profiles->rows[i] >= rows && &profiles->rows[i] < rows + n, "among its rows");
        for (size_t k = 1; k < n; k++)
                check(rows[k - 1].gpus < rows[k].gpus, "widths ascend");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct profiles profiles = { NULL, 7 };
        struct offpeak_error err = { 0 };

        if (profiles_parse("f", (const char *)data, size, &profiles, &err) != 0) {
                check(profiles.n == 7 && profiles.rows == NULL, "nothing is written on failure");
                check(strncmp(err.text, "f:", 2) == 0, "the error has its place");
                return 0;
        }
        check(profiles.n > 0, "there are rows");
        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *row = &profiles.rows[i];

                check(row->class[0] != '\0' && strlen(row->class) < PROFILES_CLASS_SIZE, "a class has a name");
                check(row->gpus > 0 && row->throughput > 0 && row->milliwatts > 0, "all is above 0");
                check(profile_seconds(row, 1) >= 0 && profile_seconds_like(row, row, 3600) == 3600, "times");
                check_class(&profiles, i);
        }
        profiles_finish(&profiles);
        return 0;
}
