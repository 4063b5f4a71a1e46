/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/shim/job_log.h"
#include "agent/shim/launch_env.h"
#include "base/fail.h"

enum { EXIT_CANNOT = 126, EXIT_NO_PROGRAM = 127, MAX_CPUS = 8192 };

/* ---- before the fork */

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

/* ---- after the fork */

struct teller {
        void (*report)(void *context, const char *why);
        void *context;
};

static void say(const char *why)
{
        dprintf(STDERR_FILENO, "offpeak: %s\n", why);
}

static _Noreturn void give_up(const struct teller *teller, int status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static _Noreturn void give_up(const struct teller *teller, int status, const char *format, ...)
{
        char why[PATH_MAX + 256];
        va_list args;

        va_start(args, format);
        vsnprintf(why, sizeof(why), format, args);
        va_end(args);
        say(why);
        teller->report(teller->context, why);
        _exit(status);
}

static void reset_signals(void)
{
        sigset_t none;

        for (int i = 1; i < NSIG; i++)
                signal(i, SIG_DFL); /* SIGKILL and the like refuse; they have no other anyway */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static void join_group(const struct launch *launch, const struct teller *teller)
{
        struct leg_group left = launch->group;
        enum leg_group_part part;

        while ((part = leg_group_join(&left)) != LEG_GROUP_PARTS) {
                if (part == LEG_GROUP_MAIN || launch->required)
                        give_up(teller, EXIT_CANNOT, "cannot join the cgroup %s: %s", left.path[part], strerror(errno));
                dprintf(STDERR_FILENO, "offpeak: cannot join the cgroup %s, the job goes without it: %s\n",
                        left.path[part], strerror(errno));
                left.path[part][0] = '\0';
        }
}

/* As configured; where that is beyond what this process may set, as far as it may. */
static void set_rlimits(const struct launch *launch)
{
        static const int resources[] = { RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_CORE, RLIMIT_STACK };

        for (int i = 0; i < LEG_RLIMITS; i++) {
                const int64_t value = launch->rlimits.value[i];
                const rlim_t wanted = value < 0 ? RLIM_INFINITY : (rlim_t)value;
                struct rlimit limit = { wanted, wanted };

                if (!launch->rlimits.given[i] || setrlimit(resources[i], &limit) == 0)
                        continue;
                dprintf(STDERR_FILENO, "offpeak: cannot set the limit %s: %s\n", leg_rlimit_name((enum leg_rlimit)i),
                        strerror(errno));
                if (getrlimit(resources[i], &limit) == 0) {
                        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
                        setrlimit(resources[i], &limit);
                }
        }
}

/* Memory comes from the near nodes as long as they have some; then from others, which is slower but no failure. */
static void prefer_memory(const struct launch *launch)
{
        const unsigned long bits = launch->set_size * 8;

        if (launch->mems == NULL || syscall(SYS_set_mempolicy, MPOL_PREFERRED_MANY, launch->mems, bits) == 0 ||
            syscall(SYS_set_mempolicy, MPOL_PREFERRED, launch->mems, bits) == 0)
                return;
        say("cannot prefer the memory next to the job's devices; it comes from any");
}

static void bind_cpus(const struct launch *launch)
{
        if (launch->cpus != NULL && sched_setaffinity(0, launch->set_size, launch->cpus) < 0)
                say("cannot bind to the processors of the job's devices; it runs on any");
}

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

static void become_user(const struct launch *launch, const struct teller *teller)
{
        if (launch_become_user(launch) < 0)
                give_up(teller, EXIT_CANNOT, "cannot become uid %u: %s", launch->uid, strerror(errno));
        if (launch->die_with_parent)
                prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of user, which takes it away */
}

static void open_output(const char *path, int to, const struct teller *teller)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0644);

        if (fd < 0 || dup2(fd, to) < 0)
                give_up(teller, EXIT_CANNOT, "cannot open the output file %s: %s", path, strerror(errno));
}

/* Into the directory, then the files, which may be relative to it; an absolute one can hold the complaint about it. */
static void open_files(const struct launch *launch, const struct teller *teller)
{
        const char *const error = launch->error[0] == '\0' ? launch->out : launch->error;
        const int failure = chdir(launch->directory) < 0 ? errno : 0;
        const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (in >= 0)
                dup2(in, STDIN_FILENO);
        if (failure == 0 || error[0] == '/')
                open_output(error, STDERR_FILENO, teller);
        if (failure != 0)
                give_up(teller, EXIT_CANNOT, "cannot enter the working directory %s: %s", launch->directory,
                        strerror(failure));
        if (launch->error[0] == '\0')
                dup2(STDERR_FILENO, STDOUT_FILENO);
        else
                open_output(launch->out, STDOUT_FILENO, teller);
}

static void make_path(const char *path, const struct teller *teller)
{
        char part[PATH_MAX];

        for (const char *at = path; at != NULL; at = strchr(at + 1, '/')) {
                snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
                if (part[0] != '\0')
                        mkdir(part, 0777);
        }
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
                give_up(teller, EXIT_CANNOT, "cannot create the checkpoint directory %s: %s", path, strerror(errno));
}

_Noreturn void launch_exec(const struct launch *launch, void (*report)(void *context, const char *why), void *context)
{
        const struct teller teller = { report, context };

        setsid();
        reset_signals();
        join_group(launch, &teller);
        set_rlimits(launch);
        prefer_memory(launch);
        become_user(launch, &teller);
        umask(022);
        open_files(launch, &teller);
        job_log_hand_over(launch->log_fd);
        make_path(launch->checkpoint, &teller);
        bind_cpus(launch);
        environ = launch->env;
        execvp(launch->spec->argv[0], launch->spec->argv);
        give_up(&teller, errno == ENOENT ? EXIT_NO_PROGRAM : EXIT_CANNOT, "cannot run %s: %s", launch->spec->argv[0],
                strerror(errno));
}
