/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_links.h - how fast GPUs reach one another, of what each one's library says of its own links.
 *
 * Two have what their links to each other sum up to, and what both have to switches: a switch is taken to lead from
 * each of a node's GPUs to each, as it does in the machines that have them. Of the two directions the slower one
 * counts.
 */
#ifndef OFFPEAK_AGENT_GPU_LINKS_H
#define OFFPEAK_AGENT_GPU_LINKS_H

#include "agent/devices/device.h"
#include "agent/devices/gpu_driver.h"
#include "place/pick.h"

/* The active links of one device. */
struct gpu_links {
        struct gpu_link at[GPU_MAX_LINKS];
        uint32_t n; /* 0: nothing is known */
};

/* Set links[place_pair(set->n, a, b)].gb_per_s of each two whose links are both known; others stay as they are. */
void gpu_links_take(const struct device_set *set, const struct gpu_links *known, struct place_link *links);

#endif
