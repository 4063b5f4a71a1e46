/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/spool.h"

struct fixture {
        char directory[64], path[96];
        struct spool *spool;
};

static void reopen(struct fixture *f)
{
        struct offpeak_error err;

        spool_close(f->spool);
        f->spool = NULL;
        if (spool_open(f->path, 100, &f->spool, NULL, &err) != 0)
                fail_msg("%s", err.text);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        snprintf(f->directory, sizeof(f->directory), "/tmp/offpeak-spool-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
        snprintf(f->path, sizeof(f->path), "%s/spool", f->directory);
        reopen(f);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char other[128];

        spool_close(f->spool);
        snprintf(other, sizeof(other), "%s.new", f->path);
        unlink(other);
        unlink(f->path);
        assert_int_equal(rmdir(f->directory), 0);
        free(f);
        return 0;
}

static struct message_reading make(uint64_t job, int64_t end)
{
        return (struct message_reading){
                .job = job, .attempt = 1, .start = end - 10, .end = end, .joules = end * 3, .quality = 2
        };
}

static void append(struct fixture *f, uint64_t job, int64_t end)
{
        struct message_reading reading = make(job, end);

        assert_int_equal(spool_append(f->spool, &reading, NULL), 0);
}

static void expect_waiting(struct fixture *f, uint64_t first, size_t count)
{
        static struct message_reading readings[8192];

        assert_int_equal(spool_peek(f->spool, readings, 8192), count);
        for (size_t i = 0; i < count; i++)
                assert_int_equal(readings[i].seq, first + i);
}

static void test_told_only_when_durable(void **state)
{
        struct fixture *f = *state;

        append(f, 1, 300);
        append(f, 2, 300);
        expect_waiting(f, 0, 0);
        assert_int_equal(spool_waiting(f->spool), 2);
        assert_int_equal(spool_sync(f->spool, NULL), 0);
        append(f, 1, 600);
        expect_waiting(f, 100, 2);
}

static void test_survives(void **state)
{
        struct fixture *f = *state;
        struct message_reading back[8];

        append(f, 1, 300);
        append(f, 2, 310);
        reopen(f);
        assert_int_equal(spool_peek(f->spool, back, 8), 2);
        assert_int_equal(back[1].seq, 101);
        assert_int_equal(back[1].job, 2);
        assert_int_equal(back[1].attempt, 1);
        assert_int_equal(back[1].start, 300);
        assert_int_equal(back[1].end, 310);
        assert_int_equal(back[1].joules, 930);
        assert_int_equal(back[1].quality, 2);
        append(f, 3, 400);
        spool_sync(f->spool, NULL);
        expect_waiting(f, 100, 3);
}

static void test_peek_in_parts(void **state)
{
        struct fixture *f = *state;
        struct message_reading back[2];

        for (int i = 0; i < 5; i++)
                append(f, 1, 300 * i);
        spool_sync(f->spool, NULL);
        assert_int_equal(spool_peek(f->spool, back, 2), 2);
        assert_int_equal(back[0].seq, 100);
        spool_ack(f->spool, 101, NULL);
        assert_int_equal(spool_peek(f->spool, back, 2), 2);
        assert_int_equal(back[0].seq, 102);
}

static void test_acknowledgements(void **state)
{
        struct fixture *f = *state;

        for (int i = 0; i < 5; i++)
                append(f, 1, 300 * i);
        spool_sync(f->spool, NULL);
        assert_int_equal(spool_ack(f->spool, 102, NULL), 0);
        expect_waiting(f, 103, 2);
        assert_int_equal(spool_ack(f->spool, 101, NULL), 0); /* an old grant */
        expect_waiting(f, 103, 2);
        append(f, 1, 5000);
        assert_int_equal(spool_ack(f->spool, 105, NULL), 0); /* not durable: was never told, cannot be known */
        assert_int_equal(spool_waiting(f->spool), 1);
        spool_sync(f->spool, NULL);
        expect_waiting(f, 105, 1);
}

/* Acknowledged and told again after a crash: the number still means the same reading. */
static void test_numbers_are_never_reused(void **state)
{
        struct fixture *f = *state;

        append(f, 1, 300);
        spool_sync(f->spool, NULL);
        spool_ack(f->spool, 100, NULL);
        for (int i = 0; i < 20000; i++) {
                append(f, 1, 300);
                if (i % 100 == 0)
                        spool_sync(f->spool, NULL);
                if (i % 1000 == 0)
                        spool_ack(f->spool, 100 + (uint64_t)i, NULL);
                if (i % 777 == 0)
                        reopen(f);
        }
        spool_sync(f->spool, NULL);
        spool_ack(f->spool, 20100, NULL);
        assert_int_equal(spool_waiting(f->spool), 0);
        reopen(f);
        append(f, 1, 900);
        spool_sync(f->spool, NULL);
        struct message_reading back[8192];
        size_t n = spool_peek(f->spool, back, 8192);
        assert_true(n > 0);
        assert_int_equal(back[n - 1].seq, 20101);
        assert_int_equal(back[n - 1].end, 900);
}

static void test_file_stays_small(void **state)
{
        struct fixture *f = *state;
        struct stat st;

        for (uint64_t i = 0; i < 50000; i++) {
                append(f, i % 7, 300 * (int64_t)i);
                if (i % 50 == 0) {
                        spool_sync(f->spool, NULL);
                        spool_ack(f->spool, 100 + i, NULL);
                }
        }
        assert_int_equal(stat(f->path, &st), 0);
        assert_in_range(st.st_size, 0, 600 * 1024);
}

static void test_last_of_a_leg_outlives_its_acknowledgement(void **state)
{
        struct fixture *f = *state;
        struct message_reading last;

        append(f, 9, 4444);
        for (int i = 0; i < 10000; i++)
                append(f, 1, 300 * i);
        spool_sync(f->spool, NULL);
        spool_ack(f->spool, 10100, NULL);
        reopen(f);
        assert_true(spool_last(f->spool, 9, 1, &last));
        assert_int_equal(last.end, 4444);
        assert_true(spool_last(f->spool, 1, 1, &last));
        assert_int_equal(last.end, 300 * 9999);
        assert_false(spool_last(f->spool, 9, 2, &last));
}

static void test_marks_are_not_told(void **state)
{
        struct fixture *f = *state;
        struct message_reading mark = make(4, 1234), last;

        assert_int_equal(spool_mark(f->spool, &mark, NULL), 0);
        append(f, 1, 300);
        reopen(f);
        expect_waiting(f, 100, 1);
        assert_true(spool_last(f->spool, 4, 1, &last));
        assert_int_equal(last.end, 1234);
}

static bool keep_even(void *context, uint64_t job, uint32_t attempt)
{
        (void)context;
        (void)attempt;
        return job % 2 == 0;
}

static void test_forgotten_legs(void **state)
{
        struct fixture *f = *state;
        struct message_reading last;

        for (uint64_t job = 0; job < 6; job++)
                append(f, job, 300);
        spool_forget(f->spool, 4, 1);
        spool_forget(f->spool, 77, 1);
        assert_false(spool_last(f->spool, 4, 1, &last));
        spool_forget_others(f->spool, keep_even, NULL);
        assert_true(spool_last(f->spool, 0, 1, &last));
        assert_true(spool_last(f->spool, 2, 1, &last));
        assert_false(spool_last(f->spool, 1, 1, &last));
        assert_false(spool_last(f->spool, 3, 1, &last));
        assert_false(spool_last(f->spool, 5, 1, &last));
        spool_sync(f->spool, NULL);
        expect_waiting(f, 100, 6); /* forgetting a leg takes nothing from the books */
}

/* Cut the file at every byte of its last two records: what is whole is there, and it can be appended to. */
static void test_truncated_at_every_byte(void **state)
{
        struct fixture *f = *state;
        char whole[4096];
        size_t size, record;

        append(f, 1, 300);
        append(f, 1, 600);
        struct stat before, after;
        assert_int_equal(stat(f->path, &before), 0);
        append(f, 1, 900);
        assert_int_equal(stat(f->path, &after), 0);
        record = (size_t)(after.st_size - before.st_size);
        spool_close(f->spool);
        f->spool = NULL;
        int fd = open(f->path, O_RDWR);
        size = (size_t)read(fd, whole, sizeof(whole));
        assert_int_equal(size, after.st_size);
        for (size_t cut = size - 2 * record; cut < size; cut++) {
                size_t dropped = 99;
                assert_int_equal(pwrite(fd, whole, size, 0), (ssize_t)size);
                assert_int_equal(ftruncate(fd, (off_t)cut), 0);
                assert_int_equal(spool_open(f->path, 100, &f->spool, &dropped, NULL), 0);
                size_t left = 1 + (cut - (size - 2 * record)) / record;
                assert_int_equal(dropped, (cut - (size - 2 * record)) % record);
                expect_waiting(f, 100, left);
                append(f, 1, 950);
                reopen(f);
                expect_waiting(f, 100, left + 1);
                spool_close(f->spool);
                f->spool = NULL;
        }
        close(fd);
}

static void test_damaged_record_ends_the_spool(void **state)
{
        struct fixture *f = *state;
        struct stat st;
        size_t dropped = 0;

        append(f, 1, 300);
        append(f, 1, 600);
        assert_int_equal(stat(f->path, &st), 0);
        int fd = open(f->path, O_RDWR);
        assert_int_equal(pwrite(fd, "\xff", 1, st.st_size - 20), 1);
        close(fd);
        spool_close(f->spool);
        assert_int_equal(spool_open(f->path, 100, &f->spool, &dropped, NULL), 0);
        assert_true(dropped > 0);
        expect_waiting(f, 100, 1);
}

static void test_another_file_is_left_alone(void **state)
{
        struct fixture *f = *state;
        struct spool *spool = NULL;
        struct offpeak_error err;

        spool_close(f->spool);
        f->spool = NULL;
        FILE *file = fopen(f->path, "w");
        fputs("somebody's thesis, which must not be cut short or written over", file);
        fclose(file);
        assert_int_equal(spool_open(f->path, 1, &spool, NULL, &err), OFFPEAK_EIO);
        assert_null(spool);
        assert_non_null(strstr(err.text, f->path));
        struct stat st;
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_size, 62);
}

static void test_no_such_directory(void **state)
{
        struct spool *spool = NULL;
        struct offpeak_error err;

        (void)state;
        assert_int_equal(spool_open("/tmp/offpeak-no-such-directory/spool", 1, &spool, NULL, &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "offpeak-no-such-directory"));
}

/* The disk is full in the middle of a record (a file size limit stands in for it): nothing is torn. */
static void test_disk_full(void **state)
{
        struct fixture *f = *state;
        struct rlimit limit, tight;
        struct stat st;
        struct message_reading reading = make(1, 900);
        struct offpeak_error err;

        append(f, 1, 300);
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        tight = limit;
        tight.rlim_cur = (rlim_t)st.st_size + 10;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        int code = spool_append(f->spool, &reading, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(code, OFFPEAK_EIO);
        append(f, 1, 600);
        reopen(f);
        expect_waiting(f, 100, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_told_only_when_durable),
                TEST(test_survives),
                TEST(test_peek_in_parts),
                TEST(test_acknowledgements),
                TEST(test_numbers_are_never_reused),
                TEST(test_file_stays_small),
                TEST(test_last_of_a_leg_outlives_its_acknowledgement),
                TEST(test_marks_are_not_told),
                TEST(test_forgotten_legs),
                TEST(test_truncated_at_every_byte),
                TEST(test_damaged_record_ends_the_spool),
                TEST(test_another_file_is_left_alone),
                TEST(test_no_such_directory),
                TEST(test_disk_full),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
