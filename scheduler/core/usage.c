/* SPDX-License-Identifier: Apache-2.0 */
#include "core/usage.h"

#include <stdlib.h>

#include <offpeak/error.h>

#include "core/room.h"

/* Of a sort: two take some 48 days of seconds. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

int usage_add(struct usage **usage, size_t *n, int64_t at, int64_t gpus, double facility_w)
{
        struct usage *change = room_for_one((void **)usage, *n, sizeof(*change));

        if (change == NULL)
                return OFFPEAK_ENOMEM;
        *change = (struct usage){ at, gpus, facility_w };
        *n += 1;
        return 0;
}

/* One pass of a sort by digits of the seconds since `first`, which keeps the order of equals. */
static void sort_by_digit(const struct usage *from, size_t n, int64_t first, unsigned shift, struct usage *to)
{
        size_t places[DIGITS + 1] = { 0 };

        for (size_t i = 0; i < n; i++)
                places[(((uint64_t)from[i].at - (uint64_t)first) >> shift) % DIGITS + 1]++;
        for (size_t d = 1; d < DIGITS; d++)
                places[d] += places[d - 1];
        for (size_t i = 0; i < n; i++)
                to[places[(((uint64_t)from[i].at - (uint64_t)first) >> shift) % DIGITS]++] = from[i];
}

int usage_sort(struct usage *usage, size_t n)
{
        struct usage *other = calloc(n + 1, sizeof(*other));
        int64_t first = n > 0 ? usage[0].at : 0, last = first;

        if (other == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 1; i < n; i++) {
                first = usage[i].at < first ? usage[i].at : first;
                last = usage[i].at > last ? usage[i].at : last;
        }
        for (unsigned shift = 0; shift < 64 && ((uint64_t)last - (uint64_t)first) >> shift > 0; shift += 2 * DIGIT_BITS) {
                sort_by_digit(usage, n, first, shift, other);
                sort_by_digit(other, n, first, shift + DIGIT_BITS, usage);
        }
        free(other);
        return 0;
}
