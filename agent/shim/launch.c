/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/remote/remote_file.h"
#include "agent/shim/launch_env.h"
#include "base/fail.h"

enum { MAX_CPUS = 8192 };

/* Of first_pid. PIDS is a prime below the least pid_max, PIDS_JOB 0.618 of it; the others are merely odd. */
enum { PIDS_FROM = 1024, PIDS = 30011, PIDS_JOB = 18547, PIDS_ATTEMPT = 7919, PIDS_RANK = 4001 };

/* A list such as "0-3,8". */
static bool parse_cpus(const char *list, cpu_set_t *set, size_t size)
{
        CPU_ZERO_S(size, set);
        for (const char *at = list;; at++) {
                char *end;
                unsigned long first, last;

                if (*at < '0' || *at > '9')
                        return false;
                first = last = strtoul(at, &end, 10);
                if (*end == '-' && end[1] >= '0' && end[1] <= '9')
                        last = strtoul(end + 1, &end, 10);
                if (last < first || last >= MAX_CPUS)
                        return false;
                for (unsigned long cpu = first; cpu <= last; cpu++)
                        CPU_SET_S(cpu, size, set);
                if (*end == '\0')
                        return true;
                if (*end != ',')
                        return false;
                at = end;
        }
}

/* NULL for an empty list. */
static int make_set(const char *list, const char *of, cpu_set_t **ret_set, struct offpeak_error *err)
{
        cpu_set_t *set = NULL;

        if (list[0] != '\0') {
                set = CPU_ALLOC(MAX_CPUS);
                if (set == NULL)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory for a set of %s", of);
                if (!parse_cpus(list, set, CPU_ALLOC_SIZE(MAX_CPUS))) {
                        CPU_FREE(set);
                        return fail(err, OFFPEAK_EINVAL, "\"%s\" is not a list of %s such as 0-3,8", list, of);
                }
        }
        *ret_set = set;
        return 0;
}

/* Those near the process's own device where they are known, else those of the leg, unless its cgroup keeps it there. */
static int prepare_near(struct launch_process *process, const struct leg_local *local, struct offpeak_error *err)
{
        const bool by_group = local->group.path[LEG_GROUP_CPUSET][0] != '\0';
        char list[LEG_LOCAL_SIZE] = "";
        const char *at = local->near;

        for (uint32_t i = 0; i < process->local_rank && *at != '\0'; i++)
                at = strchrnul(at, ';') + (*strchrnul(at, ';') != '\0');
        snprintf(list, sizeof(list), "%.*s", (int)strcspn(at, ";"), at);
        if (list[0] == '\0' && !by_group)
                snprintf(list, sizeof(list), "%s", local->cpus);
        return make_set(list, "processors", &process->cpus, err);
}

static int find_groups(struct launch *launch, const struct passwd *account, struct offpeak_error *err)
{
        int n = 0;

        getgrouplist(account->pw_name, account->pw_gid, NULL, &n);
        launch->groups = calloc((size_t)n + 1, sizeof(*launch->groups));
        if (launch->groups == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the groups of %s", account->pw_name);
        if (getgrouplist(account->pw_name, account->pw_gid, launch->groups, &n) < 0)
                return fail(err, OFFPEAK_EIO, "the groups of %s cannot be read", account->pw_name);
        launch->n_groups = (size_t)n;
        launch->gid = account->pw_gid;
        return 0;
}

static int prepare_user(struct launch *launch, uid_t uid, const struct passwd *account, struct offpeak_error *err)
{
        launch->uid = uid;
        if (uid == geteuid())
                return 0;
        if (geteuid() != 0)
                return fail(err, OFFPEAK_EPERMISSION,
                            "the agent runs as uid %u and cannot run jobs of uid %u; run it as root", geteuid(), uid);
        if (account == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "uid %u has no account on this node", uid);
        launch->switch_user = true;
        return find_groups(launch, account, err);
}

static int prepare_paths(struct launch *launch, const struct message_order *order, const char *home,
                         struct offpeak_error *err)
{
        bool fits = true;

        for (uint32_t i = 0; fits && i < launch->n_processes; i++)
                fits = launch_paths(order, launch->processes[i].rank, home, &launch->processes[i].paths);
        return fits ? 0 : fail(err, OFFPEAK_EUSAGE, "a path of job %" PRIu64 " is too long", order->job);
}

static int prepare_processes(struct launch *launch, const struct message_order *order, const struct leg_local *local,
                             struct offpeak_error *err)
{
        const enum offpeak_launcher launcher = launch->spec->launcher;
        const bool is_head = launcher == OFFPEAK_LAUNCHER_HEAD && order->launch.rank == 0;
        const uint32_t counted = launcher == OFFPEAK_LAUNCHER_GPU ? launch->spec->gpus_per_node : 1;
        const uint32_t n = is_head ? 2 : counted;
        int rc = 0;

        if (n < 1 || n > LAUNCH_MAX_PROCESSES)
                return fail(err, OFFPEAK_EINVAL, "%" PRIu32 " processes on a node are too many", n);
        launch->processes = calloc(n, sizeof(*launch->processes));
        if (launch->processes == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for %" PRIu32 " processes", n);
        launch->n_processes = n;
        launch->n_counted = counted;
        for (uint32_t i = 0; rc == 0 && i < n; i++) {
                launch->processes[i].rank = launch_first_rank(&order->launch) + i % counted;
                launch->processes[i].local_rank = i % counted;
                launch->processes[i].holds = launcher == OFFPEAK_LAUNCHER_HEAD && (i > 0 || !is_head);
                rc = prepare_near(&launch->processes[i], local, err);
        }
        return rc;
}

static int own_directory(const char *path, const struct launch *launch, struct offpeak_error *err)
{
        int fd, rc = 0;

        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "cannot create the checkpoint directory %s: %s", path, strerror(errno));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || (launch->switch_user && fchown(fd, launch->uid, launch->gid) < 0))
                rc = fail(err, OFFPEAK_EIO, "cannot give %s to uid %u: %s", path, launch->uid, strerror(errno));
        if (fd >= 0)
                close(fd);
        return rc;
}

/* The owner's, made later as the owner; or STATE-checkpoints/JOB, made here as us: it outlives the state directory. */
static int prepare_checkpoint(struct launch *launch, const struct leg_dir *dir, struct offpeak_error *err)
{
        char *const buffer = launch->checkpoint;
        const size_t size = sizeof(launch->checkpoint);
        int keep = (int)strlen(dir->path);

        if (launch->spec->checkpoint_dir != NULL) {
                if (launch_join(launch->processes[0].paths.directory, launch->spec->checkpoint_dir, buffer, size))
                        return 0;
                return fail(err, OFFPEAK_EUSAGE, "the path of the checkpoint directory is too long");
        }
        for (int parts = 2; parts > 0; parts--) /* STATE/legs/LEG */
                while (keep > 0 && dir->path[--keep] != '/')
                        ;
        if ((size_t)snprintf(buffer, size, "%.*s-checkpoints", keep, dir->path) >= size)
                return fail(err, OFFPEAK_EINVAL, "the path of the checkpoint directory is too long");
        if (mkdir(buffer, 0711) < 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "cannot create %s: %s", buffer, strerror(errno));
        if ((size_t)snprintf(buffer, size, "%.*s-checkpoints/%" PRIu64, keep, dir->path, dir->id.job) >= size)
                return fail(err, OFFPEAK_EINVAL, "the path of the checkpoint directory is too long");
        return own_directory(buffer, launch, err);
}

/*
 * Programs take a pid for one that no other process of the host has: Open MPI names its job by it, and files in /tmp
 * and /dev/shm. So legs that run beside each other have theirs far apart: multiples of the golden ratio lie evenly.
 */
static uint32_t first_pid(const struct message_order *order, uint32_t rank)
{
        return (uint32_t)(PIDS_FROM +
                          (order->job * PIDS_JOB + order->attempt * PIDS_ATTEMPT + rank * PIDS_RANK) % PIDS);
}

int launch_prepare(const struct leg_dir *dir, const struct message_order *order, const struct leg_local *local,
                   struct launch *ret_launch, struct offpeak_error *err)
{
        struct launch launch = { .spec = &order->launch.spec, .log_fd = -1 };
        const struct passwd *account = getpwuid(order->launch.uid);
        const struct launch_account known = {
                .name = account == NULL ? order->launch.user : account->pw_name,
                .home = account == NULL ? "/" : account->pw_dir,
                .shell = account == NULL ? NULL : account->pw_shell,
        };
        int rc;

        if (launch.spec->argc == 0)
                return fail(err, OFFPEAK_EUSAGE, "job %" PRIu64 " has no command", order->job);
        launch.group = local->group;
        launch.required = local->required;
        launch.rlimits = local->rlimits;
        launch.set_size = CPU_ALLOC_SIZE(MAX_CPUS);
        rc = prepare_user(&launch, order->launch.uid, account, err);
        if (rc == 0)
                rc = make_set(local->mems, "memory nodes", &launch.mems, err);
        if (rc == 0)
                rc = prepare_processes(&launch, order, local, err);
        if (rc == 0)
                launch.first_pid = first_pid(order, launch.processes[0].rank);
        if (rc == 0)
                rc = prepare_paths(&launch, order, known.home, err);
        if (rc == 0)
                rc = prepare_checkpoint(&launch, dir, err);
        if (rc == 0)
                rc = launch_env_write_hosts(dir, order, err);
        if (rc == 0 && launch.spec->launcher == OFFPEAK_LAUNCHER_HEAD)
                rc = remote_file_write(dir->fd, order, err);
        if (rc == 0) {
                launch.env = launch_env_make(dir, order, local, &known, launch.checkpoint);
                if (launch.env == NULL)
                        rc = fail(err, OFFPEAK_ENOMEM, "out of memory for the environment of job %" PRIu64, order->job);
        }
        if (rc != 0) {
                launch_finish(&launch);
                return rc;
        }
        *ret_launch = launch;
        return 0;
}

void launch_finish(struct launch *launch)
{
        launch_env_free(launch->env);
        free(launch->groups);
        for (uint32_t i = 0; i < launch->n_processes; i++)
                if (launch->processes[i].cpus != NULL)
                        CPU_FREE(launch->processes[i].cpus);
        free(launch->processes);
        if (launch->mems != NULL)
                CPU_FREE(launch->mems);
        *launch = (struct launch){ 0 };
}

/* ---- for those who become the user, the job or not */

int launch_become_user(const struct launch *launch)
{
        if (!launch->switch_user)
                return 0;
        return setgroups(launch->n_groups, launch->groups) == 0 &&
                               setresgid(launch->gid, launch->gid, launch->gid) == 0 &&
                               setresuid(launch->uid, launch->uid, launch->uid) == 0
                       ? 0
                       : -1;
}
