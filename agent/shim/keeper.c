/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/keeper.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/close_others.h"
#include "base/fail.h"

enum { KILL_ROUND_MS = 20 };

/* Keeper (and, for FAILED, a first process before exec) to shim; in the other direction a signal's number travels. */
enum note_type { NOTE_READY = 1, NOTE_CANNOT, NOTE_FAILED, NOTE_ENDED };

struct note {
        int32_t type;
        int32_t value;    /* CANNOT: errno; ENDED: status */
        uint32_t process; /* ENDED, FAILED: which of the launch */
        uint32_t rank;    /* ENDED: of it */
        char why[LAUNCH_WHY_SIZE];
};

static void tell(int fd, const struct note *note)
{
        send(fd, note, sizeof(*note), MSG_NOSIGNAL); /* a shim that is gone shows as the end of fd */
}

/* ---- the keeper's own process */

struct keep {
        int fd, signals;
        bool namespace;
        const struct launch *launch;
        uint32_t self;                     /* in a first process before its exec: which */
        pid_t first[LAUNCH_MAX_PROCESSES]; /* 0: it has ended */
        uint32_t left;                     /* of those that count */
        bool told;                         /* how they ended */
        bool dying;
};

static int parent_of(const char *pid)
{
        char path[64], text[512], *name_end;
        int ppid = 0;
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        text[n] = '\0';
        name_end = strrchr(text, ')'); /* a process may call itself ") R 1 " */
        return name_end != NULL && sscanf(name_end + 1, " %*c %d", &ppid) == 1 ? ppid : 0;
}

void keeper_kill_children(void)
{
        const pid_t self = getpid();
        DIR *proc = opendir("/proc");

        if (proc == NULL)
                return;
        for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
                if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == self)
                        kill(atoi(entry->d_name), SIGKILL); /* ours and not waited for: the number is still its own */
        closedir(proc);
}

static void kill_all(const struct keep *keep)
{
        if (keep->namespace) {
                kill(-1, SIGKILL); /* init itself is spared */
                return;
        }
        for (uint32_t i = 0; i < keep->launch->n_processes; i++)
                if (keep->first[i] > 0)
                        kill(-keep->first[i], SIGKILL);
        keeper_kill_children();
}

static void signal_first(const struct keep *keep, int signal)
{
        for (uint32_t i = 0; i < keep->launch->n_processes; i++) {
                const pid_t first = keep->first[i];

                if (first <= 0)
                        continue;
                if (kill(-first, signal) < 0)
                        kill(first, signal); /* it has not made its session yet */
                kill(-first, SIGCONT);       /* one that was stopped shall hear it, too */
        }
}

static void obey(struct keep *keep)
{
        int32_t signal;
        ssize_t n;

        while ((n = recv(keep->fd, &signal, sizeof(signal), MSG_DONTWAIT)) == (ssize_t)sizeof(signal)) {
                if (signal == SIGKILL)
                        keep->dying = true;
                else
                        signal_first(keep, signal);
        }
        if (n == 0)
                keep->dying = true; /* the shim is gone */
}

/* The first that fails speaks for all of them; if none does, the last. */
static void note_end(struct keep *keep, pid_t pid, int status)
{
        uint32_t i = 0;

        while (i < keep->launch->n_processes && keep->first[i] != pid)
                i++;
        if (i == keep->launch->n_processes)
                return;
        keep->first[i] = 0;
        if (i >= keep->launch->n_counted)
                return;
        keep->left--;
        if (keep->told || (status == 0 && keep->left > 0))
                return;
        keep->told = true;
        tell(keep->fd, &(struct note){ NOTE_ENDED, status, i, keep->launch->processes[i].rank, "" });
}

/* False once nothing is left. */
static bool reap(struct keep *keep)
{
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                note_end(keep, pid, status);
        return !(pid < 0 && errno == ECHILD);
}

static void watch(struct keep *keep)
{
        struct signalfd_siginfo info;

        while (reap(keep)) {
                /* without an interest in fd once dying: its end would wake us all the time */
                struct pollfd fds[] = { { .fd = keep->signals, .events = POLLIN },
                                        { .fd = keep->dying ? -1 : keep->fd, .events = POLLIN } };

                poll(fds, 2, keep->dying ? KILL_ROUND_MS : -1);
                while (read(keep->signals, &info, sizeof(info)) > 0)
                        ;
                if (!keep->dying)
                        obey(keep);
                if (keep->dying)
                        kill_all(keep);
        }
}

static int enter_namespace(void)
{
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || unshare(CLONE_NEWNS) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                return errno;
        return 0;
}

/* The next pid in here is the launch's first. A kernel that cannot (CONFIG_CHECKPOINT_RESTORE) begins at 2. */
static void begin_pids(uint32_t first)
{
        const int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        dprintf(fd, "%u", first - 1);
        close(fd);
}

static int become_guard(void)
{
        return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? errno : 0;
}

static void report(void *context, const char *why)
{
        const struct keep *keep = context;
        struct note note = { .type = NOTE_FAILED, .process = keep->self };

        snprintf(note.why, sizeof(note.why), "%s", why);
        tell(keep->fd, &note);
}

/* 0 or an errno; then none is left. */
static int start_processes(struct keep *keep)
{
        const struct launch *launch = keep->launch;

        for (uint32_t i = 0; i < launch->n_processes; i++) {
                keep->self = i;
                keep->first[i] = fork();
                if (keep->first[i] == 0)
                        launch_exec(launch, &launch->processes[i], report, keep);
                if (keep->first[i] < 0) {
                        const int failure = errno;

                        while (i > 0)
                                kill(keep->first[--i], SIGKILL);
                        return failure;
                }
        }
        keep->left = launch->n_counted;
        return 0;
}

static _Noreturn void keep_job(struct keep *keep, int lock_fd)
{
        const struct launch *const launch = keep->launch;
        const int spared[] = { keep->fd, lock_fd, launch->log_fd };
        sigset_t all;
        int failure;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        close_others(spared, 3);
        prctl(PR_SET_NAME, KEEPER_NAME);
        setsid();
        failure = keep->namespace ? enter_namespace() : become_guard();
        sigemptyset(&all);
        sigaddset(&all, SIGCHLD);
        keep->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
        if (failure == 0 && keep->signals < 0)
                failure = errno;
        if (failure == 0 && keep->namespace)
                begin_pids(launch->first_pid);
        if (failure == 0)
                failure = start_processes(keep);
        if (launch->log_fd >= 0)
                close(launch->log_fd);
        tell(keep->fd, &(struct note){ failure == 0 ? NOTE_READY : NOTE_CANNOT, failure, 0, 0, "" });
        if (failure == 0)
                watch(keep);
        _exit(0);
}

/* ---- the shim's side */

/* fork, its child being init of a new pid namespace. The caller's other children stay in its own. */
static pid_t fork_namespace(void)
{
        const int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        pid_t pid = -1;
        int failure;

        if (own < 0)
                return -1;
        if (unshare(CLONE_NEWPID) == 0) {
                pid = fork();
                failure = errno;
                if (pid != 0)
                        setns(own, CLONE_NEWPID);
                errno = failure;
        }
        failure = errno;
        close(own);
        errno = failure;
        return pid;
}

static void take_failed(struct keeper *keeper, const struct note *note)
{
        if (note->process < LAUNCH_MAX_PROCESSES)
                memcpy(keeper->whys[note->process], note->why, sizeof(note->why));
}

static void take_ended(struct keeper *keeper, const struct note *note)
{
        keeper->rank = note->rank;
        if (note->process < LAUNCH_MAX_PROCESSES)
                keeper->why = keeper->whys[note->process];
}

/* 0 or the errno of what went wrong. */
static int start(const struct launch *launch, bool namespace, int lock_fd, struct keeper *ret_keeper)
{
        struct launch mine = *launch;
        struct note note = { .type = NOTE_CANNOT, .value = EIO }; /* what a keeper that dies at once says */
        struct keep keep = { .namespace = namespace, .launch = &mine };
        int pair[2];
        pid_t pid;
        ssize_t n;

        mine.die_with_parent = !namespace;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return errno;
        keep.fd = pair[1];
        pid = namespace ? fork_namespace() : fork();
        if (pid == 0)
                keep_job(&keep, lock_fd);
        close(pair[1]);
        if (pid < 0) {
                const int failure = errno;

                close(pair[0]);
                return failure;
        }
        memset(ret_keeper->whys, 0, sizeof(ret_keeper->whys));
        ret_keeper->why = "";
        do { /* the first process may be faster than its keeper */
                n = recv(pair[0], &note, sizeof(note), 0);
                if (n > 0 && note.type == NOTE_FAILED)
                        take_failed(ret_keeper, &note);
        } while ((n < 0 && errno == EINTR) || (n > 0 && note.type == NOTE_FAILED));
        if (n <= 0 || note.type != NOTE_READY) {
                close(pair[0]);
                waitpid(pid, NULL, 0);
                return note.type == NOTE_CANNOT ? note.value : EIO;
        }
        ret_keeper->pid = pid;
        ret_keeper->fd = pair[0];
        ret_keeper->contained = namespace;
        return 0;
}

int keeper_start(const struct launch *launch, enum link_contain contain, int lock_fd, struct keeper *ret_keeper,
                 struct offpeak_error *err)
{
        int failure = EPERM;

        if (contain != LINK_CONTAIN_GUARD)
                failure = start(launch, true, lock_fd, ret_keeper);
        if (failure != 0 && contain == LINK_CONTAIN_NAMESPACE)
                return fail(err, OFFPEAK_EPERMISSION, "cannot make a pid namespace for the job: %s", strerror(failure));
        if (failure != 0)
                failure = start(launch, false, lock_fd, ret_keeper);
        return failure == 0 ? 0 : fail(err, OFFPEAK_EIO, "cannot start a process for the job: %s", strerror(failure));
}

/* Its end of the socket is closed; waiting for it may take until the kernel has killed what was below it. */
static enum keeper_event hear_end(struct keeper *keeper)
{
        int status = 0;

        if (keeper->fd >= 0)
                close(keeper->fd);
        keeper->fd = -1;
        if (waitpid(keeper->pid, &status, WNOHANG) == 0)
                return KEEPER_NOTHING;
        keeper->killed = WIFSIGNALED(status);
        keeper->pid = 0;
        return KEEPER_EMPTY;
}

enum keeper_event keeper_hear(struct keeper *keeper, int32_t *ret_status)
{
        struct note note;
        ssize_t n = 0;

        while (keeper->fd >= 0 && (n = recv(keeper->fd, &note, sizeof(note), MSG_DONTWAIT)) == (ssize_t)sizeof(note)) {
                if (note.type == NOTE_ENDED) {
                        *ret_status = note.value;
                        take_ended(keeper, &note);
                        return KEEPER_ENDED;
                }
                if (note.type == NOTE_FAILED)
                        take_failed(keeper, &note);
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return KEEPER_NOTHING;
        return hear_end(keeper);
}

void keeper_signal(const struct keeper *keeper, int signal)
{
        const int32_t number = signal;

        send(keeper->fd, &number, sizeof(number), MSG_DONTWAIT | MSG_NOSIGNAL);
        kill(keeper->pid, SIGCONT); /* one that was stopped shall hear it */
}
