/* SPDX-License-Identifier: Apache-2.0 */
#include "core/usage.h"

#include <stdlib.h>

#include <offpeak/error.h>

#include "core/room.h"

int usage_add(struct usage **usage, size_t *n, int64_t at, int64_t gpus, double facility_w)
{
        struct usage *change = room_for_one((void **)usage, *n, sizeof(*change));

        if (change == NULL)
                return OFFPEAK_ENOMEM;
        *change = (struct usage){ at, gpus, facility_w };
        *n += 1;
        return 0;
}

static int by_time(const void *a, const void *b)
{
        const struct usage *x = a, *y = b;

        return x->at < y->at ? -1 : x->at > y->at;
}

void usage_sort(struct usage *usage, size_t n)
{
        if (n > 0)
                qsort(usage, n, sizeof(*usage), by_time);
}
