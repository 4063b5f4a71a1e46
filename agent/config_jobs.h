/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_jobs.h - what jobs may do on this node: the part of the agent's configuration that bounds them.
 *
 *   allow_root: no                 # jobs of uid 0
 *   isolation: {memory: share, memory_reserve: 16 GiB, processes: 65536, required: no}
 *   limits: {nofile: 1048576, memlock: unlimited, core: 0, stack: 8 MiB}
 *   job_log_limit: 1 GiB           # of an output file, before it is rotated
 *   job_log_files: 2               # how many are kept, the one that is written among them
 */
#ifndef OFFPEAK_AGENT_CONFIG_JOBS_H
#define OFFPEAK_AGENT_CONFIG_JOBS_H

#include "agent/shim/leg_local.h"
#include "io/config_value.h"
#include "io/config_yaml.h"

enum { AGENT_DEFAULT = -1 };

struct agent_jobs {
        bool allow_root;
        bool share_memory;      /* among the devices; false: no limit */
        int64_t memory_reserve; /* bytes that no job gets; AGENT_DEFAULT */
        int64_t processes;      /* of a leg, threads among them; 0: no limit; AGENT_DEFAULT */
        bool required;          /* a leg does not run without its limits */
        struct leg_rlimits rlimits;
        int64_t log_bytes; /* 0: no limit */
        uint64_t log_files;
};

/* Its keys, as they stand in the file. */
struct said_jobs {
        char *allow_root, *job_log_limit, *job_log_files;
        struct said_isolation {
                char *memory, *memory_reserve, *processes, *required;
        } * isolation;
        struct said_limits {
                char *value[LEG_RLIMITS];
        } * limits;
};

extern const cyaml_schema_field_t agent_isolation_fields[], agent_limits_fields[];

void agent_jobs_init(struct agent_jobs *jobs);
void agent_jobs_take(struct config_reading *reading, const struct said_jobs *said, struct agent_jobs *jobs);

#endif
