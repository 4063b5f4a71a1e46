/* SPDX-License-Identifier: Apache-2.0 */
#include "place/soonest.h"

#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
        const struct soonest_release *x = a, *y = b;

        if (x->at != y->at)
                return x->at < y->at ? -1 : 1;
        return x->node < y->node ? -1 : x->node > y->node;
}

void soonest_sort(struct soonest_release *releases, size_t n)
{
        if (n > 0)
                qsort(releases, n, sizeof(*releases), by_time);
}

int soonest_gang(const struct soonest_nodes *nodes, const struct soonest_release *releases, size_t n, uint32_t legs,
                 uint32_t devices_per_leg, int64_t now, uint32_t *ret_nodes, int64_t *ret_at)
{
        uint32_t chosen = 0;

        *ret_at = now;
        for (size_t i = 0; i < nodes->n && chosen < legs; i++)
                if (nodes->free[i] >= devices_per_leg && (nodes->taken == NULL || !nodes->taken[i]))
                        ret_nodes[chosen++] = (uint32_t)i;
        for (size_t i = 0; i < n && chosen < legs; i++) {
                uint32_t node = releases[i].node, before = nodes->free[node];

                nodes->free[node] += releases[i].devices;
                if (before >= devices_per_leg || nodes->free[node] < devices_per_leg ||
                    (nodes->taken != NULL && nodes->taken[node]))
                        continue;
                ret_nodes[chosen++] = node;
                *ret_at = releases[i].at > now ? releases[i].at : now;
        }
        return chosen == legs ? OFFPEAK_OK : OFFPEAK_ETRYAGAIN;
}

uint64_t soonest_some(uint64_t devices, uint32_t n)
{
        uint64_t left = devices;

        for (; n > 0 && left != 0; n--)
                left &= left - 1;
        return devices ^ left;
}
