/* SPDX-License-Identifier: Apache-2.0 */
/* The exit record is decided once: under races, on a full disk, and against files that are no records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/leg_exit.h"

struct fixture {
        char path[64];
        int fd;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->path, "/tmp/offpeak-exit-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        close(f->fd);
        snprintf(command, sizeof(command), "rm -rf %s", f->path);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static struct leg_exit record_of(int status)
{
        struct leg_exit record = {
                .how = LEG_ASKED, .status = status, .killed = true, .rank = 11, .started = 1000, .ended = 1060
        };

        strcpy(record.why, "a reason, with\na newline");
        return record;
}

static void a_record_comes_back_as_it_was(void **state)
{
        const struct fixture *f = *state;
        const struct leg_exit mine = record_of(137);
        struct leg_exit standing, again;

        assert_int_equal(leg_exit_read(f->fd, &again, NULL), OFFPEAK_ENOTFOUND);
        assert_int_equal(leg_exit_reserve(f->fd, NULL), 0);
        assert_int_equal(leg_exit_read(f->fd, &again, NULL), OFFPEAK_ENOTFOUND);
        assert_int_equal(leg_exit_decide(f->fd, &mine, &standing, NULL), 0);
        assert_int_equal(leg_exit_read(f->fd, &again, NULL), 0);
        assert_int_equal(again.how, LEG_ASKED);
        assert_int_equal(again.status, 137);
        assert_true(again.killed);
        assert_int_equal(again.rank, 11);
        assert_int_equal(again.started, 1000);
        assert_int_equal(again.ended, 1060);
        assert_string_equal(again.why, "a reason, with a newline");
        assert_string_equal(standing.why, again.why);
        assert_int_equal(faccessat(f->fd, "exit.space", F_OK, 0), -1); /* it was used */
}

static void the_longest_reason_fits(void **state)
{
        const struct fixture *f = *state;
        struct leg_exit mine = { .how = LEG_NEVER, .status = INT32_MIN, .started = INT64_MAX, .ended = INT64_MAX },
                        again;

        memset(mine.why, 'x', sizeof(mine.why) - 1);
        assert_int_equal(leg_exit_decide(f->fd, &mine, NULL, NULL), 0);
        assert_int_equal(leg_exit_read(f->fd, &again, NULL), 0);
        assert_string_equal(again.why, mine.why);
        assert_int_equal(again.status, INT32_MIN);
}

static void the_second_writer_hears_the_first(void **state)
{
        const struct fixture *f = *state;
        const struct leg_exit first = record_of(1), second = { .how = LEG_SHIM_LOST };
        struct leg_exit standing;

        assert_int_equal(leg_exit_reserve(f->fd, NULL), 0);
        assert_int_equal(leg_exit_decide(f->fd, &first, &standing, NULL), 0);
        assert_int_equal(standing.status, 1);
        assert_int_equal(leg_exit_decide(f->fd, &second, &standing, NULL), 0);
        assert_int_equal(standing.how, LEG_ASKED);
        assert_int_equal(standing.status, 1);
}

/* Writers let loose at once: all must be told the same record, and it must be one of theirs. */
static void racing_writers_agree(void **state)
{
        const struct fixture *f = *state;
        enum { WRITERS = 6 };
        int gate[2], answer[2];

        assert_int_equal(leg_exit_reserve(f->fd, NULL), 0);
        assert_int_equal(pipe(gate) | pipe(answer), 0);
        for (int i = 1; i <= WRITERS; i++) {
                if (fork() == 0) {
                        const struct leg_exit mine = record_of(i);
                        struct leg_exit standing = { 0 };
                        char go;

                        close(gate[1]);
                        if (read(gate[0], &go, 1) != 0 || leg_exit_decide(f->fd, &mine, &standing, NULL) != 0)
                                standing.status = -1;
                        _exit(write(answer[1], &standing.status, sizeof(standing.status)) < 0);
                }
        }
        close(gate[0]);
        close(gate[1]); /* they start */
        close(answer[1]);
        for (int i = 0, status, first = 0; i < WRITERS; i++) {
                assert_int_equal(read(answer[0], &status, sizeof(status)), sizeof(status));
                first = i == 0 ? status : first;
                assert_in_range(status, 1, WRITERS);
                assert_int_equal(status, first);
        }
        close(answer[0]);
        while (wait(NULL) > 0)
                ;
}

static void put(int dir, const char *name, const char *text)
{
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void what_is_no_record_is_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "how 1\n",
                "how 1\nstatus 0\nkilled 0\nstarted 0\nended 0\n",
                "how 0\nstatus 0\nkilled 0\nstarted 0\nended 0\nwhy \n",
                "how 99\nstatus 0\nkilled 0\nstarted 0\nended 0\nwhy \n",
                "how 1\nstatus 99999999999\nkilled 0\nstarted 0\nended 0\nwhy \n",
                "how 1\nstatus 0\nkilled 2\nstarted 0\nended 0\nwhy \n",
                "how 1\nstatus 0\nkilled 0\nstarted -1\nended 0\nwhy \n",
                "how 1x\nstatus 0\nkilled 0\nstarted 0\nended 0\nwhy \n",
        };
        const struct fixture *f = *state;
        const struct leg_exit mine = record_of(1);
        struct leg_exit standing = { .status = 77 };
        struct offpeak_error err;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                put(f->fd, "exit", bad[i]);
                assert_int_equal(leg_exit_read(f->fd, &standing, &err), OFFPEAK_EINVAL);
                assert_int_equal(leg_exit_decide(f->fd, &mine, &standing, &err), OFFPEAK_EINVAL); /* and not replaced */
                assert_int_equal(standing.status, 77);
        }
        put(f->fd, "exit", "how 1\nstatus 0\nkilled 0\nstarted 0\nended 0\nwhy \n");
        assert_int_equal(leg_exit_read(f->fd, &standing, &err), 0);
}

static void fill_disk(int dir)
{
        char block[4096] = { 1 };
        int fd = openat(dir, "filler", O_WRONLY | O_CREAT, 0600);

        while (write(fd, block, sizeof(block)) > 0)
                ;
        assert_int_equal(errno, ENOSPC);
        close(fd);
}

static void a_full_disk_does_not_lose_the_record(void **state)
{
        const struct fixture *f = *state;
        const struct leg_exit mine = record_of(5);
        struct leg_exit standing;
        int fd;

        if (mount("tmpfs", f->path, "tmpfs", 0, "size=64k") < 0)
                skip(); /* needs a file system of its own, and so root */
        fd = open(f->path, O_RDONLY | O_DIRECTORY);
        assert_int_equal(leg_exit_reserve(fd, NULL), 0);
        fill_disk(fd);
        assert_int_equal(leg_exit_decide(fd, &mine, &standing, NULL), 0);
        assert_int_equal(standing.status, 5);
        close(fd);
        assert_int_equal(umount(f->path), 0);
}

/* Without reserved space a full disk is an error, after which nothing stands and a later try succeeds. */
static void a_write_that_fails_can_be_repeated(void **state)
{
        const struct fixture *f = *state;
        const struct leg_exit mine = record_of(5);
        struct leg_exit standing;
        int fd;

        if (mount("tmpfs", f->path, "tmpfs", 0, "size=64k") < 0)
                skip();
        fd = open(f->path, O_RDONLY | O_DIRECTORY);
        fill_disk(fd);
        assert_int_equal(leg_exit_decide(fd, &mine, NULL, NULL), OFFPEAK_EIO);
        assert_int_equal(leg_exit_read(fd, &standing, NULL), OFFPEAK_ENOTFOUND);
        assert_int_equal(unlinkat(fd, "filler", 0), 0);
        assert_int_equal(leg_exit_decide(fd, &mine, &standing, NULL), 0);
        assert_int_equal(standing.status, 5);
        close(fd);
        assert_int_equal(umount(f->path), 0);
}

static void space_that_cannot_be_had_is_said_at_once(void **state)
{
        const struct fixture *f = *state;
        struct offpeak_error err;
        int fd;

        if (mount("tmpfs", f->path, "tmpfs", 0, "size=64k") < 0)
                skip();
        fd = open(f->path, O_RDONLY | O_DIRECTORY);
        fill_disk(fd);
        assert_int_equal(leg_exit_reserve(fd, &err), OFFPEAK_EIO);
        close(fd);
        assert_int_equal(umount(f->path), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_record_comes_back_as_it_was),      TEST(the_longest_reason_fits),
                TEST(the_second_writer_hears_the_first),  TEST(racing_writers_agree),
                TEST(what_is_no_record_is_refused),       TEST(a_full_disk_does_not_lose_the_record),
                TEST(a_write_that_fails_can_be_repeated), TEST(space_that_cannot_be_had_is_said_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
