/* SPDX-License-Identifier: Apache-2.0 */
/* possible.h - whether a site can ever hold a job, were everything free: its nodes, its devices, its power. */
#ifndef OFFPEAK_CORE_POSSIBLE_H
#define OFFPEAK_CORE_POSSIBLE_H

#include "core/input.h"

/* What no site that the job may use ever has, or what its class may not hold. */
enum lack { LACK_NOTHING = 0, LACK_NODES, LACK_POWER, LACK_QUOTA, LACK_MONTH, LACK_FEATURES, LACK_SWITCHES };

/* A site without any job, over all that is planned. W at the meter, but for idle_w. */
struct possible_site {
        int64_t limit_w;  /* the highest firm limit there is; INT64_MAX: none */
        int64_t idle_w;   /* IT power of its nodes in service */
        bool known;       /* false: nobody has said yet what its reactor will give */
};

enum { POSSIBLE_SITES = 64 };

/* All sites of the state, by id. */
void possible_init(const struct state *state, const struct now *now, struct possible_site sites[POSSIBLE_SITES]);

/*
 * Sites that can hold the job, a bit each, and its modes (width.h) that each of them can: every such site, for a rigid job; of an
 * elastic one they share a mode at least. A job that runs has its power already. ret_modes: written where there is a site; or NULL.
 */
uint64_t possible_sites(const struct state *state, const struct now *now, const struct possible_site *sites,
                        const struct job *job, uint64_t *ret_modes);

/* The sites where it might have been started, a bit each: what it says itself and what its class does, nodes and power left aside. */
uint64_t possible_at_first(const struct state *state, const struct job *job);

enum lack possible_lack(const struct state *state, const struct now *now, const struct job *job);

/* Whether it has the nodes once those that are drained or down are back. Fenced ones are taken to be gone. */
bool possible_once_back(const struct state *state, const struct job *job);

/* Of the sites that have the nodes, the one that lacks the least power: at the meter, with the job alone, and its limit. */
struct possible_power {
        const struct site *site; /* NULL: power is not what is missing, or nobody knows that it will be */
        int64_t needed_w, limit_w;
        int64_t idle_w; /* at the meter, with no job at all */
};
struct possible_power possible_power(const struct state *state, const struct now *now, const struct job *job);

#endif
