/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/gpu_links.h"

#include <string.h>

enum { MB_PER_GB = 1000 };

static uint64_t to_device(const struct gpu_links *links, const char *address)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < links->n; i++)
                if (!links->at[i].to_switch && strcmp(links->at[i].remote, address) == 0)
                        sum += links->at[i].mb_per_s;
        return sum;
}

static uint64_t to_switches(const struct gpu_links *links)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < links->n; i++)
                if (links->at[i].to_switch)
                        sum += links->at[i].mb_per_s;
        return sum;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

void gpu_links_take(const struct device_set *set, const struct gpu_links *known, struct place_link *links)
{
        for (uint32_t a = 0; a < set->n; a++)
                for (uint32_t b = a + 1; b < set->n; b++) {
                        uint64_t gb_per_s = (lesser(to_device(&known[a], set->at[b].address),
                                                    to_device(&known[b], set->at[a].address)) +
                                             lesser(to_switches(&known[a]), to_switches(&known[b]))) /
                                            MB_PER_GB;

                        if (known[a].n > 0 && known[b].n > 0)
                                links[place_pair(set->n, a, b)].gb_per_s = (uint16_t)lesser(gb_per_s, UINT16_MAX);
                }
}
