/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/isolation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

enum { MOST_PROCESSES = 65536, RESERVE_PERCENT = 5 };

/* ---- how much there is */

static int64_t number_in(const char *path)
{
        long long number = 0;
        FILE *file = fopen(path, "re");

        if (file == NULL)
                return 0;
        if (fscanf(file, "%lld", &number) != 1)
                number = 0;
        fclose(file);
        return number;
}

/* Half of what the machine can have, so that there is room to log in and clear up. */
static int64_t default_processes(void)
{
        static const char *const bounds[] = { "/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max" };
        int64_t most = MOST_PROCESSES;

        for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
                const int64_t bound = number_in(bounds[i]);

                if (bound > 0 && bound / 2 < most)
                        most = bound / 2;
        }
        return most;
}

static int64_t machine_memory(void)
{
        return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

int64_t isolation_for_jobs(int64_t bytes, int64_t reserve)
{
        if (reserve == AGENT_DEFAULT)
                reserve = bytes / 100 * RESERVE_PERCENT > GIB ? bytes / 100 * RESERVE_PERCENT : GIB;
        return reserve > bytes / 2 ? bytes - bytes / 2 : bytes - reserve;
}

int64_t isolation_share(int64_t bytes, uint32_t mine, uint32_t all)
{
        return mine >= all ? bytes / MIB * MIB : bytes / MIB * mine / all * MIB;
}

/* ---- what can be kept */

static bool is_wanted(const struct isolation *isolation, enum leg_group_part part)
{
        switch (part) {
        case LEG_GROUP_CPUSET:
                return isolation->is_here;
        case LEG_GROUP_MEMORY:
                return isolation->rules->share_memory;
        case LEG_GROUP_PIDS:
                return isolation->processes > 0;
        default:
                return true;
        }
}

static bool is_kept(const struct isolation *isolation, enum leg_group_part part)
{
        return isolation->groups.base.path[part][0] != '\0';
}

bool isolation_lack(const struct isolation *isolation, int i, char *buffer, size_t size)
{
        static const char *const without[] = {
                [LEG_GROUP_MAIN] = "jobs' processes are held together by their shims alone",
                [LEG_GROUP_CPUSET] = "jobs are bound to the processors near their devices, and can undo that",
                [LEG_GROUP_MEMORY] = "jobs' memory is not limited",
                [LEG_GROUP_PIDS] = "the number of a job's processes is not limited",
        };

        for (int part = 0; part < LEG_GROUP_PARTS; part++) {
                if (!is_wanted(isolation, (enum leg_group_part)part) || is_kept(isolation, (enum leg_group_part)part) ||
                    i-- > 0)
                        continue;
                snprintf(buffer, size, "%s: %s", without[part], isolation->groups.why_not[part]);
                return true;
        }
        if (isolation->is_here || i > 0)
                return false;
        snprintf(buffer, size,
                 "the topology is another machine's: jobs here are bound to no processors and no memory nodes");
        return true;
}

const char *isolation_describe(const struct isolation *isolation, char *buffer, size_t size)
{
        const uint32_t all = hardware_inventory(isolation->hardware)->n_devices;
        char memory[96] = "", processes[48] = "";

        if (isolation->rules->share_memory && is_kept(isolation, LEG_GROUP_MEMORY))
                snprintf(memory, sizeof(memory), ", %.1f GiB of memory a device",
                         (double)isolation_share(isolation->memory, 1, all) / GIB);
        if (isolation->processes > 0 && is_kept(isolation, LEG_GROUP_PIDS))
                snprintf(processes, sizeof(processes), ", %" PRId64 " processes", isolation->processes);
        snprintf(buffer, size, "a job is kept to: its processes %s%s%s%s",
                 is_kept(isolation, LEG_GROUP_MAIN) ? "in a cgroup" : "below its shim",
                 isolation->is_here && is_kept(isolation, LEG_GROUP_CPUSET) ? ", the processors near its devices" : "",
                 memory, processes);
        return buffer;
}

static int check_required(const struct isolation *isolation, struct offpeak_error *err)
{
        char lack[LEG_GROUP_WHY + 128];

        if (!isolation->rules->required || !isolation_lack(isolation, 0, lack, sizeof(lack)))
                return 0;
        return fail(err, OFFPEAK_ECONFIG,
                    "\"isolation\": limits are required, and this node cannot keep all of them: %s; leave out "
                    "\"required\" to run jobs without",
                    lack);
}

int isolation_open(const struct agent_config *config, const struct hardware *hardware, struct isolation *ret_isolation,
                   struct offpeak_error *err)
{
        struct isolation *isolation = ret_isolation;
        int64_t memory = machine_memory();

        memset(isolation, 0, sizeof(*isolation));
        isolation->rules = &config->jobs;
        isolation->hardware = hardware;
        isolation->is_here = hardware_is_here(hardware);
        leg_group_find(config->node, NULL, &isolation->groups);
        if (memory > isolation->groups.memory_ceiling)
                memory = isolation->groups.memory_ceiling;
        isolation->memory = isolation_for_jobs(memory, config->jobs.memory_reserve);
        isolation->processes = config->jobs.processes == AGENT_DEFAULT ? default_processes() : config->jobs.processes;
        return check_required(isolation, err);
}

/* ---- a leg */

int isolation_check_user(const struct isolation *isolation, uint32_t uid, struct offpeak_error *err)
{
        if (uid != 0 || isolation->rules->allow_root)
                return 0;
        return fail(err, OFFPEAK_EPERMISSION,
                    "uid 0 may not run jobs on this node: set allow_root: true in the agent's configuration");
}

void isolation_of_leg(const struct isolation *isolation, struct leg_id id, uint64_t devices, struct leg_local *local)
{
        const uint32_t all = hardware_inventory(isolation->hardware)->n_devices;
        const uint32_t mine = (uint32_t)__builtin_popcountll(devices);
        char name[LEG_NAME_SIZE];
        int64_t near;

        leg_group_of(&isolation->groups.base, leg_name(id, name), &local->group);
        hardware_cpus(isolation->hardware, devices, local->cpus, sizeof(local->cpus));
        hardware_mems(isolation->hardware, devices, local->mems, sizeof(local->mems), &near);
        local->memory = isolation->rules->share_memory ? isolation_share(isolation->memory, mine, all) : 0;
        local->mems_are_enough = local->memory > 0 && local->memory <= near;
        local->processes = isolation->processes;
        local->required = isolation->rules->required;
        local->rlimits = isolation->rules->rlimits;
        local->log_bytes = isolation->rules->log_bytes;
        local->log_files = (int64_t)isolation->rules->log_files;
}
