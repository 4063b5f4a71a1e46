/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_jobs.h"

#include <string.h>
#include <unistd.h>

#define KIB INT64_C(1024)
#define GIB (KIB * KIB * KIB)

enum { MOST_FILES = 100 };

static const int64_t least_log = 64 * KIB, most = KIB * KIB * GIB, default_log = GIB;

#define MAY                (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define VALUE(part, key)   CYAML_FIELD_STRING_PTR(#key, MAY, struct part, key, 0, CYAML_UNLIMITED)
#define LIMIT(name, which) CYAML_FIELD_STRING_PTR(name, MAY, struct said_limits, value[which], 0, CYAML_UNLIMITED)

const cyaml_schema_field_t agent_isolation_fields[] = {
        VALUE(said_isolation, memory),
        VALUE(said_isolation, memory_reserve),
        VALUE(said_isolation, processes),
        VALUE(said_isolation, required),
        CYAML_FIELD_END,
};

const cyaml_schema_field_t agent_limits_fields[] = {
        LIMIT("nofile", LEG_NOFILE),
        LIMIT("memlock", LEG_MEMLOCK),
        LIMIT("core", LEG_CORE),
        LIMIT("stack", LEG_STACK),
        CYAML_FIELD_END,
};

/* What registers memory for network adapters (RDMA) needs it locked; only root can give that. */
void agent_jobs_init(struct agent_jobs *jobs)
{
        *jobs = (struct agent_jobs){ .share_memory = true,
                                     .memory_reserve = AGENT_DEFAULT,
                                     .processes = AGENT_DEFAULT,
                                     .log_bytes = default_log,
                                     .log_files = 2 };
        jobs->rlimits.given[LEG_MEMLOCK] = geteuid() == 0;
        jobs->rlimits.value[LEG_MEMLOCK] = -1;
}

static void take_isolation(struct config_reading *r, const struct said_isolation *said, struct agent_jobs *jobs)
{
        static const char *const words[] = { "share", "off" };
        size_t memory = jobs->share_memory ? 0 : 1;
        uint64_t processes = 0;

        if (said == NULL)
                return;
        config_take_choice(r, "memory", said->memory, words, 2, &memory);
        config_take_size(r, "memory_reserve", said->memory_reserve, 0, most, &jobs->memory_reserve);
        config_take_count(r, "processes", said->processes, 0, INT32_MAX, &processes);
        config_take_bool(r, "required", said->required, &jobs->required);
        jobs->share_memory = memory == 0;
        if (said->processes != NULL)
                jobs->processes = (int64_t)processes;
}

static void take_rlimit(struct config_reading *r, enum leg_rlimit which, const char *value, struct leg_rlimits *limits)
{
        uint64_t count = 0;

        if (value == NULL)
                return;
        if (strcmp(config_text(value), "unlimited") == 0)
                limits->value[which] = -1;
        else if (which == LEG_NOFILE) {
                config_take_count(r, leg_rlimit_name(which), value, 64, INT32_MAX, &count);
                limits->value[which] = (int64_t)count;
        } else if (strcmp(config_text(value), "0") == 0)
                limits->value[which] = 0;
        else
                config_take_size(r, leg_rlimit_name(which), value, 0, most, &limits->value[which]);
        limits->given[which] = true;
}

void agent_jobs_take(struct config_reading *r, const struct said_jobs *said, struct agent_jobs *jobs)
{
        config_take_bool(r, "allow_root", said->allow_root, &jobs->allow_root);
        take_isolation(r, said->isolation, jobs);
        for (int i = 0; said->limits != NULL && i < LEG_RLIMITS; i++)
                take_rlimit(r, (enum leg_rlimit)i, said->limits->value[i], &jobs->rlimits);
        if (said->job_log_limit != NULL && strcmp(config_text(said->job_log_limit), "off") == 0)
                jobs->log_bytes = 0;
        else
                config_take_size(r, "job_log_limit", said->job_log_limit, least_log, most, &jobs->log_bytes);
        config_take_count(r, "job_log_files", said->job_log_files, 1, MOST_FILES, &jobs->log_files);
}
