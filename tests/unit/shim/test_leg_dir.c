/* SPDX-License-Identifier: Apache-2.0 */
/* A leg on disk: it appears and disappears whole, comes back as it was written, and has one owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/bury.h"
#include "agent/shim/leg_dir.h"

#define STATE(f) ((f)->path)

struct fixture {
        char path[64];
        char *argv[3];
        char *node;
        struct message_order order;
        struct leg_local local;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->path, "/tmp/offpeak-leg-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        f->argv[0] = (char *)"python3";
        f->argv[1] = (char *)"train.py";
        f->node = (char *)"n1";
        f->order = (struct message_order){ .job = 42, .attempt = 3, .epoch = 900, .want = 2, .has_launch = true };
        f->order.launch = (struct message_launch){
                .spec = { .argv = f->argv, .argc = 2, .nodes = 1, .gpus_per_node = 2, .time_s = 60 },
                .nodes = &f->node,
                .n_nodes = 1,
                .devices = 3,
                .lease_ms = 60000,
                .grace_s = 30,
                .on_lost = ON_LOST_RELAUNCH,
                .uid = geteuid()
        };
        f->local = (struct leg_local){
                .boot = "b00t", .node = "n1", .visible = "0,1", .cpus = "0-3", .lease_deadline_ms = 123456
        };
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", f->path);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static struct leg_dir create(struct fixture *f)
{
        struct leg_dir dir;

        assert_int_equal(leg_dir_create(STATE(f), &f->order, &f->local, &dir, NULL), 0);
        return dir;
}

static size_t count(struct fixture *f)
{
        struct leg_id *ids;
        size_t n;

        assert_int_equal(leg_dir_list(STATE(f), &ids, &n, NULL, NULL), 0);
        free(ids);
        return n;
}

static void put(const struct leg_dir *dir, const char *name, const char *text)
{
        int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void names_are_exact(void **state)
{
        static const char *const bad[] = {
                "",     ".",    "1",    "1.",   ".1",    "01.1",         "1.01",
                "1.1x", "-1.1", "1.-1", " 1.1", "1.1.1", "1.4294967296", "18446744073709551616.1"
        };
        char name[LEG_NAME_SIZE];
        struct leg_id id;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(leg_name_parse(bad[i], &id));
        assert_true(leg_name_parse("18446744073709551615.4294967295", &id));
        assert_true(id.job == UINT64_MAX && id.attempt == UINT32_MAX);
        assert_string_equal(leg_name(id, name), "18446744073709551615.4294967295");
}

static void a_leg_comes_back_as_it_was_made(void **state)
{
        struct fixture *f = *state;
        struct leg_dir made = create(f), dir;
        struct leg_local local;
        struct message order;

        leg_dir_close(&made);
        assert_int_equal(leg_dir_open(STATE(f), (struct leg_id){ 42, 3 }, &dir, NULL), 0);
        assert_int_equal(leg_dir_order(&dir, &order, NULL), 0);
        assert_int_equal(order.u.order.epoch, 900);
        assert_int_equal(order.u.order.launch.lease_ms, 60000);
        assert_int_equal(order.u.order.launch.spec.argc, 2);
        assert_string_equal(order.u.order.launch.spec.argv[1], "train.py");
        message_finish(&order);
        assert_int_equal(leg_dir_local(&dir, &local, NULL), 0);
        assert_string_equal(local.boot, "b00t");
        assert_string_equal(local.node, "n1");
        assert_string_equal(local.visible, "0,1");
        assert_string_equal(local.cpus, "0-3");
        assert_string_equal(local.group.path[LEG_GROUP_MAIN], "");
        assert_int_equal(local.lease_deadline_ms, 123456);
        leg_dir_close(&dir);
}

static void a_leg_is_made_once(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f), again;
        struct offpeak_error err;

        assert_int_equal(leg_dir_create(STATE(f), &f->order, &f->local, &again, &err), OFFPEAK_ESTATE);
        assert_int_equal(count(f), 1);
        leg_dir_close(&dir);
}

static void a_leg_that_cannot_be_made_leaves_nothing(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir;
        struct offpeak_error err;
        struct stat st;
        char path[128];

        strcpy(f->local.cpus, "0\ngroup /elsewhere");
        assert_int_equal(leg_dir_create(STATE(f), &f->order, &f->local, &dir, &err), OFFPEAK_EINVAL);
        assert_int_equal(count(f), 0);
        snprintf(path, sizeof(path), "%s/legs", f->path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_nlink, 2); /* no directory in it, not even a hidden one */
}

static void secrets_are_not_for_everyone(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        struct stat st;

        assert_int_equal(fstatat(dir.fd, "order", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(fstat(dir.fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0711);
        leg_dir_close(&dir);
}

static void what_crashes_left_is_swept(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        char path[128];

        snprintf(path, sizeof(path), "%s/legs/.new.7.1", f->path);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/legs/.new.7.1/order", f->path);
        close(open(path, O_CREAT | O_WRONLY, 0600));
        snprintf(path, sizeof(path), "%s/legs/.gone.8.1", f->path);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/legs/nonsense", f->path);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(count(f), 1);
        snprintf(path, sizeof(path), "%s/legs/.new.7.1", f->path);
        assert_int_equal(access(path, F_OK), -1);
        snprintf(path, sizeof(path), "%s/legs/.gone.8.1", f->path);
        assert_int_equal(access(path, F_OK), -1);
        leg_dir_close(&dir);
}

static void a_half_made_leg_does_not_hinder_the_next_try(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir;
        char path[128];

        snprintf(path, sizeof(path), "%s/legs", f->path);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/legs/.new.42.3", f->path);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/legs/.new.42.3/exit.space", f->path);
        close(open(path, O_CREAT | O_WRONLY, 0600));
        dir = create(f);
        leg_dir_close(&dir);
        assert_int_equal(count(f), 1);
}

static void legs_are_listed_in_order(void **state)
{
        static const struct leg_id want[] = { { 2, 1 }, { 2, 10 }, { 10, 2 }, { 42, 3 } };
        struct fixture *f = *state;
        struct leg_id *ids;
        size_t n;
        bool fresh;

        assert_int_equal(leg_dir_list(STATE(f), &ids, &n, &fresh, NULL), 0);
        assert_true(n == 0 && fresh);
        free(ids);
        for (size_t i = 0; i < 4; i++) {
                struct leg_dir dir;

                f->order.job = want[(i + 2) % 4].job;
                f->order.attempt = want[(i + 2) % 4].attempt;
                dir = create(f);
                leg_dir_close(&dir);
        }
        assert_int_equal(leg_dir_list(STATE(f), &ids, &n, &fresh, NULL), 0);
        assert_int_equal(n, 4);
        assert_false(fresh);
        for (size_t i = 0; i < 4; i++)
                assert_true(ids[i].job == want[i].job && ids[i].attempt == want[i].attempt);
        free(ids);
}

static void a_leg_is_removed_whole(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);

        assert_false(leg_dir_is_gone(&dir));
        put(&dir, "shim.log", "words\n");
        assert_int_equal(leg_dir_remove(STATE(f), dir.id, NULL), 0);
        assert_true(leg_dir_is_gone(&dir));
        leg_dir_close(&dir);
        assert_int_equal(count(f), 0);
        assert_int_equal(leg_dir_remove(STATE(f), (struct leg_id){ 42, 3 }, NULL), OFFPEAK_ENOTFOUND);
        assert_int_equal(leg_dir_open(STATE(f), (struct leg_id){ 42, 3 }, &dir, NULL), OFFPEAK_ENOTFOUND);
        dir = create(f); /* another may take the name; the old handle would be gone all the same */
        leg_dir_close(&dir);
}

static void a_leg_has_one_owner(void **state)
{
        struct fixture *f = *state;
        struct leg_dir mine = create(f), other;
        struct leg_exit exit;

        assert_int_equal(leg_dir_open(STATE(f), mine.id, &other, NULL), 0);
        assert_int_equal(leg_dir_lock(&mine, NULL), 0);
        assert_int_equal(leg_dir_lock(&mine, NULL), 0);
        assert_int_equal(leg_dir_lock(&other, NULL), OFFPEAK_ETRYAGAIN);
        assert_int_equal(leg_bury(STATE(f), mine.id, LEG_SHIM_LOST, &exit, NULL), OFFPEAK_ETRYAGAIN);
        leg_dir_close(&mine);
        assert_int_equal(leg_dir_lock(&other, NULL), 0);
        leg_dir_close(&other);
}

static void a_leg_without_owner_is_buried_once(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        const struct leg_exit late = { .how = LEG_EXIT };
        struct leg_exit exit;

        assert_int_equal(leg_bury(STATE(f), dir.id, LEG_REBOOT, &exit, NULL), 0);
        assert_int_equal(exit.how, LEG_REBOOT);
        assert_int_equal(leg_exit_decide(dir.fd, &late, &exit, NULL), 0);
        assert_int_equal(exit.how, LEG_REBOOT);
        leg_dir_close(&dir);
        assert_int_equal(leg_bury(STATE(f), (struct leg_id){ 1, 1 }, LEG_SHIM_LOST, &exit, NULL), OFFPEAK_ENOTFOUND);
}

static void a_leg_that_ended_is_not_buried_anew(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        const struct leg_exit mine = { .how = LEG_EXIT, .status = 256 };
        struct leg_exit exit;

        assert_int_equal(leg_exit_decide(dir.fd, &mine, NULL, NULL), 0);
        assert_int_equal(leg_bury(STATE(f), dir.id, LEG_SHIM_LOST, &exit, NULL), 0);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, 256);
        leg_dir_close(&dir);
}

static void the_last_complete_line_is_the_progress(void **state)
{
        static const struct {
                const char *text;
                bool good;
                double done, total;
        } cases[] = {
                { "", false, 0, 0 },
                { "5 10", false, 0, 0 }, /* still being written */
                { "5 10\n", true, 5, 10 },
                { "5 10\n7", true, 5, 10 },
                { "5 10\n7.5 10\r\n", true, 7.5, 10 },
                { "1e3 2e3\n", true, 1000, 2000 },
                { "0 0\n", true, 0, 0 },
                { "5\n", false, 0, 0 },
                { "5 10 15\n", false, 0, 0 },
                { "11 10\n", false, 0, 0 },
                { "-1 10\n", false, 0, 0 },
                { "nan 10\n", false, 0, 0 },
                { "1 inf\n", false, 0, 0 },
                { "epoch 3\n", false, 0, 0 },
                { "5 10\n6 1e309\n", false, 0, 0 }, /* beyond all numbers */
                { "0x5 10 \t\n", true, 5, 10 },
                { "\n", false, 0, 0 },
        };
        struct fixture *f = *state;
        struct leg_dir dir = create(f);

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                double done = -7, total = -7;

                put(&dir, "progress", cases[i].text);
                assert_int_equal(leg_dir_progress(&dir, &done, &total), cases[i].good ? 0 : OFFPEAK_ENOTFOUND);
                assert_true(done == (cases[i].good ? cases[i].done : -7));
                assert_true(total == (cases[i].good ? cases[i].total : -7));
        }
        leg_dir_close(&dir);
}

static void a_long_progress_file_is_read_at_its_end(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        double done, total;
        char line[32];
        int fd = openat(dir.fd, "progress", O_WRONLY | O_APPEND);

        for (int i = 1; i <= 5000; i++)
                assert_true(write(fd, line, (size_t)snprintf(line, sizeof(line), "%d 5000\n", i)) > 0);
        close(fd);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), 0);
        assert_true(done == 5000 && total == 5000);
        leg_dir_close(&dir);
}

/* What the window cut off could be the first digits. */
static void a_line_whose_beginning_is_not_in_sight_is_none(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        double done, total;
        int fd = openat(dir.fd, "progress", O_WRONLY | O_APPEND);

        for (int i = 0; i < 5000; i++)
                assert_int_equal(write(fd, i == 0 ? "1" : " ", 1), 1);
        assert_int_equal(write(fd, " 2 3\n", 5), 5);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), OFFPEAK_ENOTFOUND);
        assert_int_equal(write(fd, "2 3\n", 4), 4);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), 0);
        assert_true(done == 2 && total == 3);
        assert_int_equal(write(fd, "3 3\0 garbage\n", 13), 13);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), OFFPEAK_ENOTFOUND);
        close(fd);
        leg_dir_close(&dir);
}

static void a_progress_file_of_a_terabyte_is_read_at_its_end(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        double done, total;
        int fd = openat(dir.fd, "progress", O_WRONLY);

        assert_int_equal(pwrite(fd, "\n4 8\n", 5, INT64_C(1) << 40), 5);
        close(fd);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), 0);
        assert_true(done == 4 && total == 8);
        leg_dir_close(&dir);
}

static void limits_come_back_and_an_older_file_has_none(void **state)
{
        struct fixture *f = *state;
        struct leg_local local, again;
        char text[LEG_LOCAL_TEXT];
        struct leg_dir dir;

        f->local.processes = 100;
        f->local.memory = INT64_C(1) << 40;
        f->local.required = true;
        f->local.rlimits.given[LEG_CORE] = f->local.rlimits.given[LEG_MEMLOCK] = true;
        f->local.rlimits.value[LEG_MEMLOCK] = -1;
        f->local.log_bytes = 1 << 20;
        f->local.log_files = 3;
        strcpy(f->local.mems, "0-1");
        strcpy(f->local.group.path[LEG_GROUP_MEMORY], "/sys/fs/cgroup/memory/offpeak-n1/42.3");
        dir = create(f);
        assert_int_equal(leg_dir_local(&dir, &local, NULL), 0);
        assert_memory_equal(&local.rlimits, &f->local.rlimits, sizeof(local.rlimits));
        assert_int_equal(local.processes, 100);
        assert_int_equal(local.memory, INT64_C(1) << 40);
        assert_true(local.required);
        assert_int_equal(local.log_bytes, 1 << 20);
        assert_int_equal(local.log_files, 3);
        assert_string_equal(local.mems, "0-1");
        assert_string_equal(local.group.path[LEG_GROUP_MEMORY], "/sys/fs/cgroup/memory/offpeak-n1/42.3");
        assert_true(leg_local_parse("boot b\nnode n\nvisible \ncpus \ngroup /g\nlease 5\n", &again));
        assert_string_equal(again.group.path[LEG_GROUP_MAIN], "/g");
        assert_string_equal(again.group.path[LEG_GROUP_PIDS], "");
        assert_int_equal(again.memory, 0);
        assert_false(again.rlimits.given[LEG_NOFILE] || again.required);
        again = local;
        strcpy(again.mems, "0\n1");
        assert_true(leg_local_format(&again, text, NULL) < 0);
        leg_dir_close(&dir);
}

static void a_progress_file_that_is_something_else_is_not_followed(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        double done, total;

        put(&dir, "elsewhere", "5 10\n");
        assert_int_equal(unlinkat(dir.fd, "progress", 0), 0);
        assert_int_equal(symlinkat("elsewhere", dir.fd, "progress"), 0);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), OFFPEAK_ENOTFOUND);
        assert_int_equal(unlinkat(dir.fd, "progress", 0), 0);
        assert_int_equal(mkfifoat(dir.fd, "progress", 0600), 0);
        assert_int_equal(leg_dir_progress(&dir, &done, &total), OFFPEAK_ENOTFOUND);
        leg_dir_close(&dir);
}

static void the_stop_file_is_replaced_whole(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        char text[128] = "";
        int fd;

        assert_int_equal(leg_dir_write_stop(&dir, "pause", 1700000100, NULL), 0);
        assert_int_equal(leg_dir_write_stop(&dir, "shed", 1700000007, NULL), 0);
        fd = openat(dir.fd, "stop", O_RDONLY);
        assert_true(read(fd, text, sizeof(text) - 1) > 0);
        close(fd);
        assert_string_equal(text, "reason shed\ndeadline 1700000007\n");
        leg_dir_close(&dir);
}

static void damaged_files_are_named(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        struct offpeak_error err;
        struct leg_local local;
        struct message order;

        put(&dir, "order", "not a message");
        assert_int_not_equal(leg_dir_order(&dir, &order, &err), 0);
        put(&dir, "local", "boot b\nnode n\n");
        assert_int_equal(leg_dir_local(&dir, &local, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "/local"));
        leg_dir_close(&dir);
}

static void another_legs_order_is_not_taken(void **state)
{
        struct fixture *f = *state;
        struct leg_dir dir = create(f);
        struct message order;
        char from[128], to[128];

        snprintf(from, sizeof(from), "%s/legs/42.3", f->path);
        snprintf(to, sizeof(to), "%s/legs/42.4", f->path);
        assert_int_equal(rename(from, to), 0);
        leg_dir_close(&dir);
        assert_int_equal(leg_dir_open(STATE(f), (struct leg_id){ 42, 4 }, &dir, NULL), 0);
        assert_int_equal(leg_dir_order(&dir, &order, NULL), OFFPEAK_EINVAL);
        leg_dir_close(&dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_exact),
                TEST(a_leg_comes_back_as_it_was_made),
                TEST(a_leg_is_made_once),
                TEST(a_leg_that_cannot_be_made_leaves_nothing),
                TEST(secrets_are_not_for_everyone),
                TEST(what_crashes_left_is_swept),
                TEST(a_half_made_leg_does_not_hinder_the_next_try),
                TEST(legs_are_listed_in_order),
                TEST(a_leg_is_removed_whole),
                TEST(a_leg_has_one_owner),
                TEST(a_leg_without_owner_is_buried_once),
                TEST(a_leg_that_ended_is_not_buried_anew),
                TEST(the_last_complete_line_is_the_progress),
                TEST(a_long_progress_file_is_read_at_its_end),
                TEST(a_line_whose_beginning_is_not_in_sight_is_none),
                TEST(a_progress_file_of_a_terabyte_is_read_at_its_end),
                TEST(limits_come_back_and_an_older_file_has_none),
                TEST(a_progress_file_that_is_something_else_is_not_followed),
                TEST(the_stop_file_is_replaced_whole),
                TEST(damaged_files_are_named),
                TEST(another_legs_order_is_not_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
