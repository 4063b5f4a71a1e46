/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/node_lock.h"
#include "agent/state_dir.h"

struct fixture {
        char root[64], path[96], node[64];
        struct state_dir dir;
        struct offpeak_error err;
};

static void reopen(struct fixture *f)
{
        state_dir_close(&f->dir);
        assert_int_equal(state_dir_open(f->path, &f->dir, &f->err), 0);
        assert_int_equal(state_dir_begin(&f->dir, &f->err), 0);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        f->dir.fd = -1;
        strcpy(f->root, "/tmp/offpeak-state-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        snprintf(f->path, sizeof(f->path), "%s/deep/er", f->root);
        snprintf(f->node, sizeof(f->node), "node%s", f->root + strlen(f->root) - 6);
        reopen(f);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        state_dir_close(&f->dir);
        snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", f->path, name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void test_is_made_and_known_again(void **state)
{
        struct fixture *f = *state;
        struct stat st;

        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0755);
        assert_string_equal(f->dir.path, f->path);
        assert_int_equal(strlen(f->dir.boot), 36);
        assert_true(f->dir.new_in_boot);
        reopen(f);
        assert_true(f->dir.new_in_boot); /* still made in this boot */
        put(f, "born", "0000-another-boot");
        reopen(f);
        assert_false(f->dir.new_in_boot);
}

static void test_the_term_is_kept(void **state)
{
        struct fixture *f = *state;
        uint64_t term = 99;

        assert_int_equal(state_dir_term(&f->dir, &term, &f->err), 0);
        assert_int_equal(term, 0);
        assert_int_equal(state_dir_keep_term(&f->dir, 12, &f->err), 0);
        assert_int_equal(state_dir_keep_term(&f->dir, 13, &f->err), 0);
        reopen(f);
        assert_int_equal(state_dir_term(&f->dir, &term, &f->err), 0);
        assert_int_equal(term, 13);
}

/* Not knowing it is no reason to serve anyone. */
static void test_a_damaged_term_is_refused(void **state)
{
        static const char *const texts[] = { "", "term", "term x\n", "term -1\n", "term 99999999999999999999\n" };
        struct fixture *f = *state;
        uint64_t term = 99;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                put(f, "term", texts[i]);
                assert_int_equal(state_dir_term(&f->dir, &term, &f->err), OFFPEAK_EIO);
                assert_non_null(strstr(f->err.text, "term"));
        }
        assert_int_equal(term, 99);
}

static void test_the_clock_is_kept_for_this_boot(void **state)
{
        struct fixture *f = *state;
        struct clock_map map = { true, 1000, 1795000000000, 60 }, back;

        state_dir_clock(&f->dir, &back);
        assert_false(back.known);
        assert_int_equal(state_dir_keep_clock(&f->dir, &map, &f->err), 0);
        reopen(f);
        state_dir_clock(&f->dir, &back);
        assert_true(back.known);
        assert_int_equal(clock_map_wall(&back, 2000), 1795000060000);
        put(f, "clock", "boot 0000-another-boot at 1 wall 2 rate 3\n");
        state_dir_clock(&f->dir, &back);
        assert_false(back.known);
        put(f, "clock", "rubbish");
        state_dir_clock(&f->dir, &back);
        assert_false(back.known);
}

static void test_a_file_in_the_way(void **state)
{
        struct fixture *f = *state;
        struct state_dir dir;
        char path[128];

        put(f, "file", "x");
        snprintf(path, sizeof(path), "%s/file/state", f->path);
        assert_int_equal(state_dir_open(path, &dir, &f->err), OFFPEAK_EIO);
        assert_non_null(strstr(f->err.text, path));
}

static void test_one_agent_per_node(void **state)
{
        struct fixture *f = *state;
        struct node_lock lock, other;
        char elsewhere[80];

        snprintf(elsewhere, sizeof(elsewhere), "%s", f->root);
        assert_int_equal(node_lock_take(f->node, f->path, &lock, &f->err), 0);
        assert_int_equal(node_lock_take(f->node, elsewhere, &other, &f->err), OFFPEAK_ETRYAGAIN);
        assert_non_null(strstr(f->err.text, f->node));
        assert_int_equal(node_lock_take("another-name", f->path, &other, &f->err), OFFPEAK_ETRYAGAIN);
        assert_non_null(strstr(f->err.text, f->path));
        node_lock_release(&lock);
        assert_int_equal(node_lock_take(f->node, f->path, &lock, &f->err), 0);
        node_lock_release(&lock);
}

static void test_locks_end_with_their_process(void **state)
{
        struct fixture *f = *state;
        struct node_lock lock;
        int status, pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(node_lock_take(f->node, f->path, &lock, NULL) == 0 ? 0 : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(node_lock_take(f->node, f->path, &lock, &f->err), 0);
        node_lock_release(&lock);
}

static void test_a_name_too_long(void **state)
{
        struct fixture *f = *state;
        struct node_lock lock;
        char name[200];

        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(node_lock_take(name, f->path, &lock, &f->err), OFFPEAK_ECONFIG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_is_made_and_known_again),
                TEST(test_the_term_is_kept),
                TEST(test_a_damaged_term_is_refused),
                TEST(test_the_clock_is_kept_for_this_boot),
                TEST(test_a_file_in_the_way),
                TEST(test_one_agent_per_node),
                TEST(test_locks_end_with_their_process),
                TEST(test_a_name_too_long),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
