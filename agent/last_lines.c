/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/last_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/devices/aside.h"
#include "agent/shim/launch_paths.h"
#include "wire/utf8.h"

enum { ACCOUNT_SIZE = 16384, MAX_GROUPS = 256 };

/* One reading. It belongs to the thread aside while a call is under way. */
struct job_output {
        struct message order; /* MESSAGE_ORDER, of the leg */
        uint32_t rank;
        int64_t started;
        bool good;
        char text[LAST_LINES_SIZE];
};

struct last_lines {
        struct aside *aside;
        struct job_output output;
};

/* ---- for people */

/* What a terminal shows of a line: a progress bar is written over and over. */
static char *shown(char *line, size_t n)
{
        char *end = line + n, *at = end;

        while (at > line && at[-1] == '\r')
                at--;
        for (char *c = at; c > line; c--)
                if (c[-1] == '\r')
                        return c;
        return line;
}

static char *clean_line(const char *line, size_t n, char *to)
{
        const char *end = line + n;

        while (line < end) {
                size_t size = utf8_character(line);

                if (size > 0 && !utf8_is_control(line)) {
                        memmove(to, line, size);
                        to += size;
                } else if (*line != '\r') {
                        *to++ = *line == '\t' ? ' ' : '?';
                }
                line += size > 0 ? size : 1;
        }
        return to;
}

/* A cut text begins inside a character, perhaps. */
static size_t without_half(const char *text, size_t n)
{
        size_t half = 0;

        while (half < n && half < 3 && ((uint8_t)text[half] & 0xc0) == 0x80)
                half++;
        return half;
}

static char *begin_of_lines(char *text, char *end)
{
        char *at = end;

        for (unsigned lines = 0; at > text; at--)
                if (at[-1] == '\n' && ++lines == LAST_LINES)
                        return at;
        return at;
}

void last_lines_trim(char *text, size_t n, bool cut)
{
        char *from = text + (cut ? without_half(text, n) : 0), *end = text + n, *to = text;

        while (end > from && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
                end--;
        *end = '\0'; /* no character goes on beyond it */
        for (char *line = begin_of_lines(from, end); line < end;) {
                char *newline = memchr(line, '\n', (size_t)(end - line));
                char *stop = newline != NULL ? newline : end, *begin = shown(line, (size_t)(stop - line));

                to = clean_line(begin, (size_t)(stop - begin), to);
                if (newline != NULL)
                        *to++ = '\n';
                line = stop + 1;
        }
        *to = '\0';
}

/* ---- aside */

/* As of a login; of somebody without an account none. The C library's setgroups would change all threads'. */
static void take_groups(const struct passwd *account)
{
        gid_t groups[MAX_GROUPS];
        int n = MAX_GROUPS;

        if (account == NULL || getgrouplist(account->pw_name, account->pw_gid, groups, &n) < 0)
                n = 0;
        syscall(SYS_setgroups, (size_t)n, groups); /* without root there is nothing to give up */
}

/*
 * The owner's rights, of this thread alone, which does nothing else: the kernel's rights are by thread, and the C
 * library does not spread these calls to the others. Who is not root any more in this sense has no more than the owner.
 */
static int open_as(uid_t uid, const struct passwd *account, const char *path)
{
        int fd;

        take_groups(account);
        setfsgid(account != NULL ? account->pw_gid : getegid());
        setfsuid(uid);
        fd = (uid_t)setfsuid(uid) == uid ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
        setfsuid(geteuid());
        setfsgid(getegid());
        return fd;
}

static bool path_of(const struct job_output *output, const char *home, char path[PATH_MAX])
{
        struct launch_paths *paths = malloc(sizeof(*paths));
        bool fits = paths != NULL && launch_paths(&output->order.u.order, output->rank, home, paths) &&
                    launch_join(paths->directory, paths->error[0] != '\0' ? paths->error : paths->out, path, PATH_MAX);

        free(paths);
        return fits;
}

static bool is_of_job(int fd, uid_t uid, const struct job_output *output, struct stat *ret_st)
{
        return fstat(fd, ret_st) == 0 && S_ISREG(ret_st->st_mode) && ret_st->st_uid == uid &&
               (output->started == 0 || ret_st->st_mtim.tv_sec >= output->started);
}

static bool read_end(int fd, const struct stat *st, struct job_output *output)
{
        const off_t from = st->st_size > MESSAGE_MAX_TAIL ? st->st_size - MESSAGE_MAX_TAIL : 0;
        ssize_t n;

        do {
                n = pread(fd, output->text, MESSAGE_MAX_TAIL, from);
        } while (n < 0 && errno == EINTR);
        if (n <= 0)
                return false;
        last_lines_trim(output->text, (size_t)n, from > 0);
        return output->text[0] != '\0';
}

/* The file, or its older part where it was just begun anew (shim/log_file.h). */
static bool read_output(uid_t uid, const struct passwd *account, const char *path, struct job_output *output)
{
        char older[PATH_MAX + 4];
        struct stat st;
        bool good;
        int fd = open_as(uid, account, path);

        if (fd >= 0 && is_of_job(fd, uid, output, &st) && st.st_size == 0) {
                snprintf(older, sizeof(older), "%s.1", path);
                close(fd);
                fd = open_as(uid, account, older);
        }
        good = fd >= 0 && is_of_job(fd, uid, output, &st) && read_end(fd, &st, output);
        if (fd >= 0)
                close(fd);
        return good;
}

static void work_read(void *context)
{
        struct job_output *output = context;
        uid_t uid = output->order.u.order.launch.uid;
        struct passwd account, *found = NULL;
        char *room = malloc(ACCOUNT_SIZE), path[PATH_MAX];

        output->good = false;
        if (room == NULL)
                return;
        if (getpwuid_r(uid, &account, room, ACCOUNT_SIZE, &found) != 0)
                found = NULL;
        if (path_of(output, found != NULL ? found->pw_dir : "/", path))
                output->good = read_output(uid, found, path, output);
        free(room);
}

/* ---- on the loop */

int last_lines_open(struct last_lines **ret_reader, struct offpeak_error *err)
{
        struct last_lines *reader = calloc(1, sizeof(*reader));
        int code = reader != NULL ? aside_open(&reader->aside, err) : OFFPEAK_ENOMEM;

        if (code == 0)
                *ret_reader = reader;
        else
                free(reader);
        return code;
}

static void end(void *context)
{
        struct last_lines *reader = context;

        message_finish(&reader->output.order);
        free(reader);
}

void last_lines_close(struct last_lines *reader)
{
        if (reader != NULL)
                aside_close(reader->aside, end, reader, LAST_LINES_WAIT_MS);
}

bool last_lines_read(struct last_lines *reader, const struct leg_dir *dir, const struct leg_exit *exit,
                     char buffer[LAST_LINES_SIZE])
{
        struct job_output *output = &reader->output;

        if (!aside_is_idle(reader->aside))
                return false;
        message_finish(&output->order);
        if (leg_dir_order(dir, &output->order, NULL) != 0) {
                output->order = (struct message){ 0 };
                return false;
        }
        output->started = exit->started;
        output->rank = exit->how == LEG_EXIT ? exit->rank : launch_first_rank(&output->order.u.order.launch);
        if (aside_call(reader->aside, work_read, output, LAST_LINES_WAIT_MS) != 0 || !output->good)
                return false;
        memcpy(buffer, output->text, sizeof(output->text));
        return true;
}
