/* SPDX-License-Identifier: Apache-2.0 */
/* launch_exec.c - the new process, from the fork to the program: what was decided before is carried out in order. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
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

#include "agent/remote/remote_file.h"
#include "agent/shim/job_log.h"
#include "agent/shim/launch.h"

enum { EXIT_CANNOT = 126, EXIT_NO_PROGRAM = 127 };

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

static void bind_cpus(const struct launch *launch, const struct launch_process *process)
{
        if (process->cpus != NULL && sched_setaffinity(0, launch->set_size, process->cpus) < 0)
                say("cannot bind to the processors of the job's devices; it runs on any");
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
static void open_files(const struct launch_process *process, const struct teller *teller)
{
        const struct launch_paths *paths = &process->paths;
        const char *const error = paths->error[0] == '\0' ? paths->out : paths->error;
        const int failure = chdir(paths->directory) < 0 ? errno : 0;
        const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (in >= 0)
                dup2(in, STDIN_FILENO);
        if (failure == 0 || error[0] == '/')
                open_output(error, STDERR_FILENO, teller);
        if (failure != 0)
                give_up(teller, EXIT_CANNOT, "cannot enter the working directory %s: %s", paths->directory,
                        strerror(failure));
        if (paths->error[0] == '\0')
                dup2(STDERR_FILENO, STDOUT_FILENO);
        else
                open_output(paths->out, STDOUT_FILENO, teller);
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

static void set_number(const char *name, uint32_t number, const struct teller *teller)
{
        char text[16];

        snprintf(text, sizeof(text), "%" PRIu32, number);
        if (setenv(name, text, 1) < 0)
                give_up(teller, EXIT_CANNOT, "cannot set %s: %s", name, strerror(errno));
}

static void set_environment(const struct launch *launch, const struct launch_process *process,
                            const struct teller *teller)
{
        environ = launch->env;
        if (process->local_rank == 0)
                return;
        set_number("RANK", process->rank, teller);
        set_number("LOCAL_RANK", process->local_rank, teller);
}

_Noreturn void launch_exec(const struct launch *launch, const struct launch_process *process,
                           void (*report)(void *context, const char *why), void *context)
{
        const struct teller teller = { report, context };
        char holder[PATH_MAX];
        char *const hold[] = { holder, (char *)"--hold", NULL };
        char *const *argv = process->holds ? hold : launch->spec->argv;

        remote_program(holder, sizeof(holder));
        setsid();
        reset_signals();
        join_group(launch, &teller);
        set_rlimits(launch);
        prefer_memory(launch);
        become_user(launch, &teller);
        umask(022);
        open_files(process, &teller);
        job_log_hand_over(launch->log_fd, (uint32_t)(process - launch->processes));
        make_path(launch->checkpoint, &teller);
        bind_cpus(launch, process);
        set_environment(launch, process, &teller);
        execvp(argv[0], argv);
        give_up(&teller, errno == ENOENT ? EXIT_NO_PROGRAM : EXIT_CANNOT, "cannot run %s: %s", argv[0],
                strerror(errno));
}
