/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolation.h - what a leg gets of its node beside its devices, and what keeps it to that.
 *
 * Processors and memory nodes next to its devices; of the memory as large a part as it has of the devices; a number of
 * processes. Kept by cgroups (shim/leg_group.h) as far as the kernel and the rights allow; what they do not is known at
 * the agent's start, and told once.
 */
#ifndef OFFPEAK_AGENT_ISOLATION_H
#define OFFPEAK_AGENT_ISOLATION_H

#include "agent/config.h"
#include "agent/hardware.h"
#include "agent/shim/leg_dir.h"
#include "agent/shim/leg_group_find.h"

struct isolation {
        const struct agent_jobs *rules;
        const struct hardware *hardware;
        struct leg_group_found groups;
        int64_t memory;    /* bytes that all jobs together may use */
        int64_t processes; /* of a leg; 0: no limit */
        bool is_here;      /* the devices are this machine's */
};

/*
 * Find out what can be kept here. The configuration and the hardware must outlive it. ECONFIG: the configuration
 * requires what this machine does not allow; err says what, and why.
 */
int isolation_open(const struct agent_config *config, const struct hardware *hardware, struct isolation *ret_isolation,
                   struct offpeak_error *err);

/* Fill in groups, processors, memory and limits of a leg with these devices. */
void isolation_of_leg(const struct isolation *isolation, struct leg_id id, uint64_t devices, struct leg_local *local);

/* What jobs get of `bytes` of memory, of which `reserve` (AGENT_DEFAULT) is nobody's: at least half of it. */
int64_t isolation_for_jobs(int64_t bytes, int64_t reserve);
/* Of `bytes` for jobs those of `mine` of `all` devices, in whole MiB. */
int64_t isolation_share(int64_t bytes, uint32_t mine, uint32_t all);

/* A sentence on what is kept; and one on each thing that is not (i from 0; false: no more). For people. */
const char *isolation_describe(const struct isolation *isolation, char *buffer, size_t size);
bool isolation_lack(const struct isolation *isolation, int i, char *buffer, size_t size);

/* EPERMISSION: jobs of that user may not run here. */
int isolation_check_user(const struct isolation *isolation, uint32_t uid, struct offpeak_error *err);

#endif
