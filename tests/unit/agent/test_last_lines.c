/* SPDX-License-Identifier: Apache-2.0 */
/* test_last_lines.c - what people see of a job's output, and whose files are read for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/last_lines.h"
#include "wire/utf8.h"

enum { OWNER = 12345, OTHER = 12346 };

/* ---- trimmed */

static void trim(const char *text, size_t n, bool cut, const char *expected)
{
        char *copy = malloc(n + 1);

        memcpy(copy, text, n);
        last_lines_trim(copy, n, cut);
        assert_string_equal(copy, expected);
        free(copy);
}

#define TRIM(text, expected) trim((text), sizeof(text) - 1, false, (expected))

static void lines_are_made_harmless(void **state)
{
        (void)state;
        TRIM("", "");
        TRIM("\n\n \n", "");
        TRIM("one\ntwo\n\n", "one\ntwo");
        TRIM("a\tb\033[31mc\a", "a b?[31mc?");
        TRIM("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
        TRIM("\xff\xc3(\xc2\x85.", "\?\?(?.");
        TRIM("nul\0nul", "nul?nul");
        TRIM("cut off \xe2\x82", "cut off \?\?");
        trim("\x82\xac \xe2\x82\xac", 6, true, " \xe2\x82\xac");
}

static void of_a_progress_bar_its_last_state_is_kept(void **state)
{
        (void)state;
        TRIM("10 %\r20 %\r30 %\nboom\r\n", "30 %\nboom");
        TRIM("10 %\r\r", "10 %");
        TRIM("a\r\nb\r\n", "a\nb");
}

static void the_last_twenty_lines_are_kept(void **state)
{
        char text[400] = "", expected[400] = "";

        (void)state;
        for (int i = 1; i <= 25; i++) {
                sprintf(text + strlen(text), "line %d\n", i);
                if (i > 5)
                        sprintf(expected + strlen(expected), i < 25 ? "line %d\n" : "line %d", i);
        }
        trim(text, strlen(text), true, expected);
}

static void random_bytes_become_text(void **state)
{
        uint64_t seed = 1;

        (void)state;
        for (int round = 0; round < 20000; round++) {
                char text[65];
                size_t n = (size_t)(round % 64);

                for (size_t i = 0; i < n; i++) {
                        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                        text[i] = (char)(seed >> 56);
                }
                last_lines_trim(text, n, round % 2 == 0);
                assert_true(strlen(text) <= n);
                assert_true(utf8_valid(text));
                for (const char *c = text; *c != '\0'; c += utf8_character(c))
                        assert_true(*c == '\n' || !utf8_is_control(c));
        }
}

/* ---- read */

struct fixture {
        char path[64], file[PATH_MAX], text[LAST_LINES_SIZE];
        char *argv[1], *node;
        struct message_order order;
        struct last_lines *reader;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->path, "/tmp/offpeak-lines-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        f->argv[0] = (char *)"true";
        f->node = (char *)"n1";
        f->order = (struct message_order){ .job = 42, .attempt = 3, .epoch = 900, .want = 2, .has_launch = true };
        f->order.launch = (struct message_launch){
                .spec = { .argv = f->argv,
                          .argc = 1,
                          .nodes = 1,
                          .gpus_per_node = 1,
                          .time_s = 60,
                          .directory = f->path },
                .nodes = &f->node,
                .n_nodes = 1,
                .devices = 1,
                .lease_ms = 60000,
                .grace_s = 30,
                .uid = geteuid() == 0 ? OWNER : geteuid(),
        };
        assert_int_equal(chmod(f->path, 0777), 0);
        snprintf(f->file, sizeof(f->file), "%s/offpeak-42.out", f->path);
        assert_int_equal(last_lines_open(&f->reader, NULL), 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        last_lines_close(f->reader);
        snprintf(command, sizeof(command), "rm -rf %s", f->path);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static void put(const struct fixture *f, const char *path, const char *text, uid_t owner)
{
        FILE *file = fopen(path, "w");

        (void)f;
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        if (geteuid() == 0)
                assert_int_equal(chown(path, owner, owner), 0);
}

static bool read_of(struct fixture *f, const struct leg_exit *exit)
{
        const struct leg_local local = { .boot = "b00t", .node = "n1" };
        struct leg_dir dir;
        bool good;

        assert_int_equal(leg_dir_create(f->path, &f->order, &local, &dir, NULL), 0);
        good = last_lines_read(f->reader, &dir, exit, f->text);
        leg_dir_close(&dir);
        assert_int_equal(leg_dir_remove(f->path, dir.id, NULL), 0);
        return good;
}

static bool read_since(struct fixture *f, int64_t started)
{
        const struct leg_exit exit = { .how = LEG_EXIT, .started = started };

        return read_of(f, &exit);
}

static void the_output_is_read_where_the_error_output_goes_there(void **state)
{
        struct fixture *f = *state;

        assert_false(read_since(f, 0)); /* there is none */
        put(f, f->file, "", OWNER);
        assert_false(read_since(f, 0));
        put(f, f->file, "loading\nout of memory\n", OWNER);
        assert_true(read_since(f, 0));
        assert_string_equal(f->text, "loading\nout of memory");
        assert_true(read_since(f, time(NULL) - 60));
        assert_false(read_since(f, time(NULL) + 60)); /* written before this attempt */
        f->order.launch.spec.stderr_path = (char *)"err.%a";
        assert_false(read_since(f, 0));
        snprintf(f->file, sizeof(f->file), "%s/err.3", f->path);
        put(f, f->file, "boom", OWNER);
        assert_true(read_since(f, 0));
        assert_string_equal(f->text, "boom");
}

/* Of a leg that was lost no process failed first; rank 0 is on another node, and both may write to one file system. */
static void a_leg_that_was_lost_is_read_by_its_own_first_rank(void **state)
{
        struct leg_exit exit = { .how = LEG_SHIM_LOST };
        char *nodes[] = { (char *)"n0", (char *)"n1" };
        struct fixture *f = *state;

        f->order.launch.rank = 1;
        f->order.launch.nodes = nodes;
        f->order.launch.n_nodes = f->order.launch.spec.nodes = 2;
        f->order.launch.spec.launcher = OFFPEAK_LAUNCHER_GPU;
        f->order.launch.spec.gpus_per_node = 2;
        f->order.launch.spec.stdout_path = (char *)"out.%r";
        snprintf(f->file, sizeof(f->file), "%s/out.0", f->path);
        put(f, f->file, "another leg's", OWNER);
        assert_false(read_of(f, &exit));
        snprintf(f->file, sizeof(f->file), "%s/out.2", f->path);
        put(f, f->file, "the first here", OWNER);
        assert_true(read_of(f, &exit));
        assert_string_equal(f->text, "the first here");
        snprintf(f->file, sizeof(f->file), "%s/out.3", f->path);
        put(f, f->file, "who failed", OWNER);
        exit = (struct leg_exit){ .how = LEG_EXIT, .rank = 3 };
        assert_true(read_of(f, &exit));
        assert_string_equal(f->text, "who failed");
}

/* Who keeps outputs small may just have begun the file anew. */
static void what_was_just_rotated_is_read_where_it_is_now(void **state)
{
        struct fixture *f = *state;
        char older[PATH_MAX + 8];

        put(f, f->file, "", OWNER);
        snprintf(older, sizeof(older), "%s.1", f->file);
        put(f, older, "chatter\nboom\n", OWNER);
        assert_true(read_since(f, 0));
        assert_string_equal(f->text, "chatter\nboom");
        assert_false(read_since(f, time(NULL) + 60));
        put(f, older, "another's", OTHER);
        assert_false(geteuid() == 0 && read_since(f, 0));
        assert_int_equal(unlink(f->file), 0);
        put(f, older, "of an attempt before", OWNER);
        assert_false(read_since(f, 0));
}

static void a_huge_file_costs_its_end(void **state)
{
        struct fixture *f = *state;
        int fd;

        put(f, f->file, "", OWNER);
        fd = open(f->file, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, "x the end\n", 10, INT64_C(1) << 40), 10); /* a line of a terabyte */
        close(fd);
        assert_true(read_since(f, 0));
        assert_int_equal(strlen(f->text), MESSAGE_MAX_TAIL - 1);
        assert_string_equal(f->text + strlen(f->text) - 11, "\?\?x the end");
}

static void only_its_owners_regular_files_are_read(void **state)
{
        struct fixture *f = *state;
        char secret[PATH_MAX];

        assert_int_equal(mkfifo(f->file, 0666), 0);
        assert_false(read_since(f, 0));
        assert_int_equal(unlink(f->file), 0);
        assert_int_equal(mkdir(f->file, 0777), 0);
        assert_false(read_since(f, 0));
        assert_int_equal(rmdir(f->file), 0);
        if (geteuid() != 0)
                skip();
        snprintf(secret, sizeof(secret), "%s/secret", f->path);
        put(f, secret, "root's own", 0);
        assert_int_equal(symlink(secret, f->file), 0);
        assert_false(read_since(f, 0));
        assert_int_equal(unlink(f->file), 0);
        assert_int_equal(link(secret, f->file), 0); /* readable to all, but not his */
        assert_false(read_since(f, 0));
        assert_int_equal(unlink(f->file), 0);
        put(f, f->file, "another's", OTHER);
        assert_false(read_since(f, 0));
        put(f, f->file, "his, out of reach", OWNER);
        assert_true(read_since(f, 0));
        assert_int_equal(chmod(f->path, 0700), 0); /* a directory that only root may enter */
        assert_false(read_since(f, 0));
        assert_int_equal(chmod(f->path, 0777), 0);
        assert_true(read_since(f, 0));
        assert_int_equal(access(secret, R_OK), 0); /* this process has kept its rights */
}

/* An account of this machine with a group beside its own; false: there is none. */
static bool find_member(struct passwd *ret_account, gid_t *ret_group)
{
        struct passwd *account;
        bool found = false;

        setpwent();
        while (!found && (account = getpwent()) != NULL) {
                gid_t groups[64];
                int n = 64;

                if (account->pw_uid == 0 || getgrouplist(account->pw_name, account->pw_gid, groups, &n) < 2)
                        continue;
                *ret_account = *account;
                *ret_group = groups[0] != account->pw_gid ? groups[0] : groups[1];
                found = true;
        }
        endpwent();
        return found;
}

/* A project's folder is often its group's. */
static void a_folder_of_the_owners_group_is_entered(void **state)
{
        struct fixture *f = *state;
        struct passwd account;
        gid_t group;

        if (geteuid() != 0 || !find_member(&account, &group))
                skip();
        f->order.launch.uid = account.pw_uid;
        put(f, f->file, "in the project's folder", account.pw_uid);
        assert_int_equal(chown(f->path, 0, group), 0);
        assert_int_equal(chmod(f->path, 0750), 0);
        assert_true(read_since(f, 0));
        assert_int_equal(chown(f->path, 0, 0), 0); /* root's groups are not his */
        assert_false(read_since(f, 0));
        assert_int_equal(chmod(f->path, 0777), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_made_harmless),
                cmocka_unit_test(of_a_progress_bar_its_last_state_is_kept),
                cmocka_unit_test(the_last_twenty_lines_are_kept),
                cmocka_unit_test(random_bytes_become_text),
                cmocka_unit_test_setup_teardown(the_output_is_read_where_the_error_output_goes_there, setup, teardown),
                cmocka_unit_test_setup_teardown(a_leg_that_was_lost_is_read_by_its_own_first_rank, setup, teardown),
                cmocka_unit_test_setup_teardown(what_was_just_rotated_is_read_where_it_is_now, setup, teardown),
                cmocka_unit_test_setup_teardown(a_huge_file_costs_its_end, setup, teardown),
                cmocka_unit_test_setup_teardown(a_folder_of_the_owners_group_is_entered, setup, teardown),
                cmocka_unit_test_setup_teardown(only_its_owners_regular_files_are_read, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
