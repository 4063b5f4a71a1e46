/* SPDX-License-Identifier: Apache-2.0 */
/* outages.h - when nodes are down: drawn from a seed beforehand, so that every policy meets the same failures. */
#ifndef OFFPEAK_SIM_OUTAGES_H
#define OFFPEAK_SIM_OUTAGES_H

#include <stddef.h>
#include <stdint.h>

struct outage {
        uint32_t node;    /* in the order in which they were added */
        int64_t from, to; /* UTC seconds: down in [from, to) */
};

struct outages {
        struct outage *at; /* owned; ascending by from, then by node; those of one node are apart */
        size_t n;
};

struct outage_law {
        int64_t mtbf_s;   /* mean time from when a node is up until it fails, exponential; > 0 */
        int64_t repair_s; /* a node is back so long after it failed; > 0 */
        uint64_t seed;
};

/* Failures in [from, to) of nodes 0 to n_nodes - 1, each of a stream of its own: more nodes change nothing for the
 * others. ENOMEM. */
int outages_draw(const struct outage_law *law, uint32_t n_nodes, int64_t from, int64_t to, struct outages *ret_outages);
void outages_finish(struct outages *outages);

#endif
