/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/job_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/shim/close_others.h"
#include "agent/shim/log_file.h"
#include "base/fail.h"

enum { LOOK_MS = 250, STEP_MS = 10, KILL_MS = 1000, PROGRESS_LIMIT = 1 << 20, PROGRESS_KEEP = 1 << 16, OUTPUTS = 2 };

/* ---- its own process */

struct watch {
        const struct launch *launch;
        int64_t limit, files;
        int socket, progress;
        int (*outputs)[OUTPUTS]; /* of each process, standard output and error; -1: none, or a file that is there already */
        bool told;
};

static const char *path_of(const struct watch *watch, uint32_t process, int i)
{
        const struct launch_paths *paths = &watch->launch->processes[process].paths;

        return i == 1 && paths->error[0] != '\0' ? paths->error : paths->out;
}

static bool is_same(int a, int b)
{
        struct stat x, y;

        return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_watched(const struct watch *watch, int fd)
{
        for (uint32_t p = 0; p < watch->launch->n_processes; p++)
                for (int i = 0; i < OUTPUTS; i++)
                        if (watch->outputs[p][i] >= 0 && is_same(watch->outputs[p][i], fd))
                                return true;
        return false;
}

/* Several may write to one file: one look at it is enough. */
static void take(struct watch *watch, uint32_t process, const int *outputs)
{
        for (int i = 0; i < OUTPUTS; i++) {
                bool is_new = process < watch->launch->n_processes && watch->outputs[process][i] < 0 &&
                              !is_watched(watch, outputs[i]);

                if (is_new)
                        watch->outputs[process][i] = outputs[i];
                else
                        close(outputs[i]);
        }
}

union rights {
        char bytes[CMSG_SPACE(OUTPUTS * sizeof(int))];
        struct cmsghdr align;
};

/* False at the socket's end: no more files, and nobody who needs us. */
static bool take_outputs(struct watch *watch)
{
        uint32_t process = 0;
        int outputs[OUTPUTS];
        union rights rights;
        struct iovec data = { &process, sizeof(process) };
        struct msghdr message = {
                .msg_iov = &data, .msg_iovlen = 1, .msg_control = rights.bytes, .msg_controllen = sizeof(rights.bytes)
        };
        const ssize_t n = recvmsg(watch->socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        const struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

        if (header != NULL && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(outputs))) {
                memcpy(outputs, CMSG_DATA(header), sizeof(outputs));
                take(watch, process, outputs);
        }
        return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool look_at(struct watch *watch, uint32_t process, int i)
{
        const char *path = path_of(watch, process, i);

        if (watch->outputs[process][i] < 0 ||
            !log_file_look(watch->outputs[process][i], path, watch->limit, watch->files))
                return false;
        if (!watch->told)
                dprintf(STDERR_FILENO, "offpeak: the job's output is beyond %lld bytes, its older part goes to %s.1\n",
                        (long long)watch->limit, path);
        watch->told = true;
        return true;
}

/* True if it is to look again at once. */
static bool look(struct watch *watch)
{
        bool rotated = false;

        for (uint32_t p = 0; watch->limit > 0 && p < watch->launch->n_processes; p++)
                for (int i = 0; i < OUTPUTS; i++)
                        rotated |= look_at(watch, p, i);
        if (watch->progress >= 0)
                log_file_forget_head(watch->progress, PROGRESS_LIMIT, PROGRESS_KEEP);
        return rotated;
}

static _Noreturn void watch_job(struct watch *watch)
{
        const int spared[] = { watch->socket, watch->progress };
        struct pollfd fd = { .fd = watch->socket, .events = POLLIN };
        bool again = false;

        close_others(spared, 2);
        prctl(PR_SET_NAME, "offpeak-logs");
        if (launch_become_user(watch->launch) != 0) {
                dprintf(STDERR_FILENO, "offpeak: cannot look after the job's output: %s\n", strerror(errno));
                _exit(1);
        }
        umask(022);
        if (chdir(watch->launch->processes[0].paths.directory) < 0) /* the job will say so; its progress is looked after all the same */
                watch->limit = 0;
        do {
                poll(&fd, 1, again ? 0 : LOOK_MS);
                again = look(watch);
        } while (take_outputs(watch));
        look(watch);
        _exit(0);
}

/* ---- the shim's side */

int job_log_start(const struct leg_dir *dir, const struct launch *launch, int64_t limit, int64_t files,
                  struct job_log *ret_log, struct offpeak_error *err)
{
        struct watch watch = { .launch = launch, .limit = limit, .files = files };
        int pair[2];

        *ret_log = (struct job_log){ .fd = -1 };
        watch.outputs = malloc(launch->n_processes * sizeof(*watch.outputs));
        if (watch.outputs == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the job's output files");
        memset(watch.outputs, 0xff, launch->n_processes * sizeof(*watch.outputs)); /* -1 each */
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                free(watch.outputs);
                return fail(err, OFFPEAK_EIO, "cannot look after the job's output: %s", strerror(errno));
        }
        watch.progress = openat(dir->fd, "progress", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        watch.socket = pair[1];
        ret_log->pid = fork();
        if (ret_log->pid == 0)
                watch_job(&watch);
        free(watch.outputs);
        if (watch.progress >= 0)
                close(watch.progress);
        close(pair[1]);
        ret_log->fd = pair[0];
        if (ret_log->pid > 0)
                return 0;
        close(pair[0]);
        *ret_log = (struct job_log){ .fd = -1 };
        return fail(err, OFFPEAK_EIO, "cannot look after the job's output: %s", strerror(errno));
}

void job_log_hand_over(int fd, uint32_t process)
{
        const int outputs[OUTPUTS] = { STDOUT_FILENO, STDERR_FILENO };
        union rights rights = { { 0 } };
        struct iovec data = { &process, sizeof(process) };
        struct msghdr message = {
                .msg_iov = &data, .msg_iovlen = 1, .msg_control = rights.bytes, .msg_controllen = sizeof(rights.bytes)
        };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        if (fd < 0)
                return;
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(outputs));
        memcpy(CMSG_DATA(header), outputs, sizeof(outputs));
        sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
}

static bool has_ended(pid_t pid, int64_t patience_ms)
{
        while (waitpid(pid, NULL, WNOHANG) == 0) {
                if (patience_ms <= 0)
                        return false;
                nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
                patience_ms -= STEP_MS;
        }
        return true;
}

/* A file server that is away holds it even against SIGKILL, and must not hold the shim. */
void job_log_stop(struct job_log *log, int64_t patience_ms)
{
        if (log->pid == 0)
                return;
        close(log->fd);
        if (!has_ended(log->pid, patience_ms)) {
                kill(log->pid, SIGKILL);
                has_ended(log->pid, KILL_MS);
        }
        *log = (struct job_log){ .fd = -1 };
}
