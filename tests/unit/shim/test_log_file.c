/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a file that grows, and where its older part is. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/log_file.h"

enum { LIMIT = 1 << 16, LINE = 16 };

struct fixture {
        char root[64], path[96];
        int fd;
        long written; /* lines */
};

static int setup_in(const char *folder, void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        snprintf(f->root, sizeof(f->root), "%s/offpeak-log-XXXXXX", folder);
        assert_non_null(mkdtemp(f->root));
        snprintf(f->path, sizeof(f->path), "%s/out", f->root);
        f->fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND, 0644); /* as the launch does */
        assert_true(f->fd >= 0);
        *state = f;
        return 0;
}

static int setup(void **state)
{
        return setup_in("/tmp", state);
}

/* A file system that can cut no range out of a file. */
static int setup_in_memory(void **state)
{
        return setup_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", state);
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        close(f->fd);
        snprintf(command, sizeof(command), "rm -rf %s", f->root);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

/* Numbered lines of LINE bytes. */
static void write_lines(struct fixture *f, long n)
{
        char line[LINE + 1];

        for (long i = 0; i < n; i++) {
                snprintf(line, sizeof(line), "%0*ld\n", LINE - 1, f->written++);
                assert_int_equal(write(f->fd, line, LINE), LINE);
        }
}

static int64_t size_of(const struct fixture *f, const char *suffix)
{
        char path[128];
        struct stat st;

        snprintf(path, sizeof(path), "%s%s", f->path, suffix);
        return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* All of the files one behind the other. */
static char *join(const struct fixture *f, const char *const *suffixes, int64_t *ret_size)
{
        char *text = malloc(1 << 20), path[128];
        size_t used = 0;

        for (; *suffixes != NULL; suffixes++) {
                FILE *file;

                snprintf(path, sizeof(path), "%s%s", f->path, *suffixes);
                file = fopen(path, "r");
                assert_non_null(file);
                used += fread(text + used, 1, (1 << 20) - used, file);
                fclose(file);
        }
        *ret_size = (int64_t)used;
        return text;
}

/* The last lines that were written, up to the newest, whole and in order; as many as that at least. */
static void expect_last_lines(const struct fixture *f, const char *const *suffixes, int64_t at_least)
{
        int64_t size;
        char *text = join(f, suffixes, &size);
        const int64_t first = f->written * LINE - size;

        assert_true(size >= at_least);
        for (int64_t i = (LINE - first % LINE) % LINE; i + LINE <= size; i += LINE)
                assert_int_equal(atol(text + i), (first + i) / LINE);
        free(text);
}

static void a_file_below_its_limit_is_left_alone(void **state)
{
        struct fixture *f = *state;

        write_lines(f, LIMIT / LINE);
        assert_false(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_int_equal(size_of(f, ""), LIMIT);
        assert_int_equal(size_of(f, ".1"), -1);
}

static void nothing_is_lost_between_two_files(void **state)
{
        struct fixture *f = *state;

        write_lines(f, LIMIT / LINE + 1);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_false(log_file_look(f->fd, f->path, LIMIT, 2));
        write_lines(f, 100);
        assert_true(size_of(f, "") < LIMIT);
        expect_last_lines(f, (const char *const[]){ ".1", "", NULL }, f->written * LINE);
}

static void the_oldest_is_dropped(void **state)
{
        struct fixture *f = *state;

        for (int round = 0; round < 5; round++) {
                write_lines(f, LIMIT / LINE + 1);
                assert_true(log_file_look(f->fd, f->path, LIMIT, 3));
                assert_true(size_of(f, ".1") <= LIMIT);
        }
        assert_int_equal(size_of(f, ".3"), -1);
        expect_last_lines(f, (const char *const[]){ ".2", ".1", "", NULL }, 2 * LIMIT - 2 * 4096);
}

/* A writer who was faster: no more than a limit is copied. */
static void what_is_far_beyond_is_cut_to_the_limit(void **state)
{
        struct fixture *f = *state;

        write_lines(f, 6 * LIMIT / LINE + 1);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_int_equal(size_of(f, ".1"), LIMIT);
        expect_last_lines(f, (const char *const[]){ ".1", "", NULL }, LIMIT);
}

static void one_file_alone_keeps_only_what_is_new(void **state)
{
        struct fixture *f = *state;

        write_lines(f, LIMIT / LINE + 1);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 1));
        assert_true(size_of(f, "") <= 8192);
        assert_int_equal(size_of(f, ".1"), -1);
}

/* Looks at the file until `stop` is there, as a leg on another node does. */
static void look_on(const struct fixture *f, const char *stop)
{
        int fd = open(f->path, O_WRONLY | O_APPEND);

        while (access(stop, F_OK) != 0)
                log_file_look(fd, f->path, LIMIT, 64);
        _exit(0);
}

/* All legs of a job may write to one file, and each has somebody who looks after it. */
static void several_who_look_lose_nothing(void **state)
{
        enum { OTHERS = 3, ROUNDS = 300 };
        struct fixture *f = *state;
        char stop[96], name[16];
        const char *suffixes[66];
        pid_t others[OTHERS];
        int n = 0;

        snprintf(stop, sizeof(stop), "%s/stop", f->root);
        for (int i = 0; i < OTHERS; i++)
                if ((others[i] = fork()) == 0)
                        look_on(f, stop);
        for (int i = 0; i < ROUNDS; i++) {
                write_lines(f, 100);
                while (size_of(f, "") > LIMIT) /* no faster than they are: what is far beyond the limit is dropped */
                        usleep(100);
        }
        close(open(stop, O_WRONLY | O_CREAT, 0600));
        for (int i = 0; i < OTHERS; i++)
                assert_int_equal(waitpid(others[i], NULL, 0), others[i]);
        for (int i = 63; i > 0; i--) {
                snprintf(name, sizeof(name), ".%d", i);
                if (size_of(f, name) >= 0)
                        suffixes[n++] = strdup(name);
        }
        suffixes[n] = "";
        suffixes[n + 1] = NULL;
        assert_true(n > 2);
        expect_last_lines(f, suffixes, f->written * LINE);
        while (n > 0)
                free((char *)suffixes[--n]);
}

/* A job that failed is asked for its last words right behind a look. */
static void the_last_lines_stay_in_the_file(void **state)
{
        struct fixture *f = *state;

        write_lines(f, 2 * LIMIT / LINE + 1); /* a byte more than whole blocks, as far as lines go */
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_true(size_of(f, "") >= 2048 && size_of(f, "") <= 8192);
        expect_last_lines(f, (const char *const[]){ "", NULL }, 2048);
}

static void a_file_without_a_name_is_bounded_too(void **state)
{
        struct fixture *f = *state;
        struct stat st;

        write_lines(f, LIMIT / LINE + 1);
        assert_int_equal(unlink(f->path), 0);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_int_equal(fstat(f->fd, &st), 0);
        assert_true(st.st_size <= 8192);
        assert_int_equal(size_of(f, ".1"), -1);
}

static void what_is_no_file_is_left_alone(void **state)
{
        struct fixture *f = *state;
        int pair[2], null = open("/dev/null", O_WRONLY);

        assert_int_equal(pipe(pair), 0);
        assert_false(log_file_look(null, f->path, 0, 2));
        assert_int_equal(write(pair[1], "x", 1), 1);
        assert_false(log_file_look(pair[1], f->path, 0, 2));
        close(null);
        close(pair[0]);
        close(pair[1]);
}

/* FILE.1 may be anything by then; only its name is ours. */
static void a_link_in_the_way_is_not_followed(void **state)
{
        struct fixture *f = *state;
        char victim[96], older[104];
        struct stat st;
        int fd;

        snprintf(victim, sizeof(victim), "%s/victim", f->root);
        snprintf(older, sizeof(older), "%s.1", f->path);
        fd = open(victim, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "mine", 4), 4);
        close(fd);
        assert_int_equal(symlink(victim, older), 0);
        write_lines(f, LIMIT / LINE + 1);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_int_equal(stat(victim, &st), 0);
        assert_int_equal(st.st_size, 4);
        assert_int_equal(lstat(older, &st), 0);
        assert_true(S_ISREG(st.st_mode));
}

/* A directory called FILE.1 leaves no place for the older part, which is dropped; the disk counts more. */
static void an_older_part_without_a_place_is_dropped(void **state)
{
        struct fixture *f = *state;
        char older[104];

        snprintf(older, sizeof(older), "%s.1", f->path);
        assert_int_equal(mkdir(older, 0700), 0);
        write_lines(f, LIMIT / LINE + 1);
        assert_true(log_file_look(f->fd, f->path, LIMIT, 2));
        assert_true(size_of(f, "") <= 8192);
}

/* One who does not append leaves a hole in front, which fills no disk and is no reason to rotate again. */
static void a_hole_does_not_count(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(ftruncate(f->fd, 100 * LIMIT), 0);
        write_lines(f, 10);
        assert_false(log_file_look(f->fd, f->path, LIMIT, 2));
}

static void the_head_of_a_file_is_forgotten_in_place(void **state)
{
        struct fixture *f = *state;
        char last[LINE + 1] = "";
        struct stat st;
        int fd;

        write_lines(f, 10 * LIMIT / LINE);
        log_file_forget_head(f->fd, LIMIT, 8192);
        assert_int_equal(fstat(f->fd, &st), 0);
        assert_int_equal(st.st_size, 10 * LIMIT);
        assert_true((int64_t)st.st_blocks * 512 <= 3 * 8192);
        fd = open(f->path, O_RDONLY);
        assert_int_equal(pread(fd, last, LINE, 10 * LIMIT - LINE), LINE);
        close(fd);
        assert_int_equal(atol(last), f->written - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_file_below_its_limit_is_left_alone),
                TEST(nothing_is_lost_between_two_files),
                cmocka_unit_test_setup_teardown(nothing_is_lost_between_two_files, setup_in_memory, teardown),
                TEST(the_oldest_is_dropped),
                TEST(what_is_far_beyond_is_cut_to_the_limit),
                TEST(one_file_alone_keeps_only_what_is_new),
                TEST(several_who_look_lose_nothing),
                TEST(the_last_lines_stay_in_the_file),
                TEST(a_file_without_a_name_is_bounded_too),
                TEST(what_is_no_file_is_left_alone),
                TEST(a_link_in_the_way_is_not_followed),
                TEST(an_older_part_without_a_place_is_dropped),
                TEST(a_hole_does_not_count),
                TEST(the_head_of_a_file_is_forgotten_in_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
