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

#include "agent/shim/launch_env.h"
#include "base/fail.h"

enum { MAX_CPUS = 8192 };

bool launch_expand(const char *path, uint64_t job, uint32_t attempt, uint32_t rank, char *buffer, size_t size)
{
        size_t used = 0;

        for (const char *c = path; *c != '\0'; c++) {
                char piece[24] = { *c, '\0' };

                if (c[0] == '%' && c[1] != '\0' && strchr("jan%", c[1]) != NULL) {
                        switch (*++c) {
                        case 'j':
                                snprintf(piece, sizeof(piece), "%" PRIu64, job);
                                break;
                        case 'a':
                                snprintf(piece, sizeof(piece), "%" PRIu32, attempt);
                                break;
                        case 'n':
                                snprintf(piece, sizeof(piece), "%" PRIu32, rank);
                                break;
                        }
                }
                if (used + strlen(piece) >= size)
                        return false;
                strcpy(buffer + used, piece);
                used += strlen(piece);
        }
        buffer[used] = '\0';
        return true;
}

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

static int prepare_places(struct launch *launch, const struct leg_local *local, struct offpeak_error *err)
{
        const bool by_group = local->group.path[LEG_GROUP_CPUSET][0] != '\0';
        int rc = make_set(by_group ? "" : local->cpus, "processors", &launch->cpus, err);

        launch->set_size = CPU_ALLOC_SIZE(MAX_CPUS);
        return rc == 0 ? make_set(local->mems, "memory nodes", &launch->mems, err) : rc;
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

/* base/tail, or tail alone if it is absolute. */
static bool join(const char *base, const char *tail, char *buffer, size_t size)
{
        const char *slash = tail[0] == '/' ? "" : "/";

        return (size_t)snprintf(buffer, size, "%s%s%s", tail[0] == '/' ? "" : base, slash, tail) < size;
}

static int prepare_paths(struct launch *launch, const struct message_order *order, const char *home,
                         struct offpeak_error *err)
{
        const struct offpeak_job_spec *spec = launch->spec;
        const char *out = spec->stdout_path == NULL ? "offpeak-%j.out" : spec->stdout_path;
        const char *error = spec->stderr_path == NULL ? "" : spec->stderr_path;
        const uint32_t rank = order->launch.rank;

        if (!join(home, spec->directory == NULL ? home : spec->directory, launch->directory,
                  sizeof(launch->directory)) ||
            !launch_expand(out, order->job, order->attempt, rank, launch->out, sizeof(launch->out)) ||
            !launch_expand(error, order->job, order->attempt, rank, launch->error, sizeof(launch->error)))
                return fail(err, OFFPEAK_EINVAL, "a path of job %" PRIu64 " is too long", order->job);
        return 0;
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
                if (join(launch->directory, launch->spec->checkpoint_dir, buffer, size))
                        return 0;
                return fail(err, OFFPEAK_EINVAL, "the path of the checkpoint directory is too long");
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
                return fail(err, OFFPEAK_EINVAL, "job %" PRIu64 " has no command", order->job);
        launch.group = local->group;
        launch.required = local->required;
        launch.rlimits = local->rlimits;
        rc = prepare_user(&launch, order->launch.uid, account, err);
        if (rc == 0)
                rc = prepare_places(&launch, local, err);
        if (rc == 0)
                rc = prepare_paths(&launch, order, known.home, err);
        if (rc == 0)
                rc = prepare_checkpoint(&launch, dir, err);
        if (rc == 0)
                rc = launch_env_write_hosts(dir, order, err);
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
        if (launch->cpus != NULL)
                CPU_FREE(launch->cpus);
        if (launch->mems != NULL)
                CPU_FREE(launch->mems);
        *launch = (struct launch){ 0 };
}
