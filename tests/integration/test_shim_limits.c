/* SPDX-License-Identifier: Apache-2.0 */
/* Real jobs that want more than is theirs: memory, processes, processors, disk. What this machine cannot keep is left
 * out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/leg_group.h"
#include "integration/shim_rig.h"

enum { LOG_LIMIT = 1 << 16, SLACK = 2 << 20 };

static struct rig rig;
static char text[16384]; /* more than is left of an output that was rotated */

static int teardown(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

static void expect_no_groups(void)
{
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (rig.local.group.path[i][0] != '\0')
                        assert_int_equal(access(rig.local.group.path[i], F_OK), -1);
}

static void need(enum leg_group_part part)
{
        if (rig.local.group.path[part][0] == '\0')
                skip();
}

static const char *output(void)
{
        return rig_read(&rig, "out", text, sizeof(text));
}

static struct stat status_of(const char *name)
{
        char path[256];
        struct stat st = { .st_size = -1 };

        snprintf(path, sizeof(path), "%s/%s", rig.root, name);
        if (stat(path, &st) != 0)
                st.st_size = -1;
        return st;
}

static void out_of_memory_is_told_as_such(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "tail /dev/zero; exit 3"); /* keeps all of a line that never ends */
        need(LEG_GROUP_MEMORY);
        rig.local.memory = 128 << 20;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_true(exit.status != 0);
        assert_string_equal(exit.why, "out of memory: the job's limit here was 0.12 GiB");
        assert_true(rig_is_extinct(&rig));
        expect_no_groups();
}

/* What waits for a process that the kernel killed would wait for long. */
static void out_of_memory_ends_all_of_the_leg(void **state)
{
        const int64_t began = rig_now_ms();
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "tail /dev/zero & trap '' TERM HUP; sleep 100; sleep 100");
        need(LEG_GROUP_MEMORY);
        rig.local.memory = 128 << 20;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_true(rig_now_ms() - began < 60000);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_true(WIFSIGNALED(exit.status));
        assert_string_equal(exit.why, "out of memory: the job's limit here was 0.12 GiB");
        assert_true(rig_is_extinct(&rig));
        expect_no_groups();
}

/* The one whose process the kernel killed fails by itself, if it has a moment for that. */
static void out_of_memory_is_told_of_its_rank(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "[ $LOCAL_RANK = 2 ] || exec sleep 100; tail /dev/zero; sleep 1; exit 3");
        need(LEG_GROUP_MEMORY);
        rig.order.launch.spec.launcher = OFFPEAK_LAUNCHER_GPU;
        rig.order.launch.spec.gpus_per_node = 4;
        rig.order.launch.devices = 15;
        rig.local.memory = 128 << 20;
        rig_start(&rig);
        exit = rig_exit(&rig);
        if (WIFSIGNALED(exit.status) && access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
                skip(); /* version 2 ends all of the leg at once */
        assert_int_equal(exit.rank, 2);
        assert_int_equal(exit.status, W_EXITCODE(3, 0));
        assert_string_equal(exit.why, "out of memory: the job's limit here was 0.12 GiB");
        assert_true(rig_is_extinct(&rig));
}

static void a_failure_within_the_limit_is_no_want_of_memory(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "exit 3");
        rig.local.memory = 128 << 20;
        rig_start(&rig);
        assert_string_equal(rig_exit(&rig).why, "");
        expect_no_groups();
}

static void a_fork_bomb_is_bounded_and_cleared(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO,
                 "bomb() { bomb | bomb & }; (bomb) 2>/dev/null; (setsid sh -c 'trap \"\" TERM; sleep 100' &); sleep 1; "
                 "exit 0");
        need(LEG_GROUP_PIDS);
        rig.local.processes = 50;
        rig_start(&rig);
        rig_exit(&rig);
        assert_true(rig_is_extinct(&rig));
        expect_no_groups();
}

static void processors_are_kept_to(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "taskset -p ff $$ >/dev/null 2>&1; nproc");
        need(LEG_GROUP_CPUSET);
        strcpy(rig.local.cpus, "0");
        rig_start(&rig);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_string_equal(output(), "1\n");
        expect_no_groups();
}

static void near_memory_is_preferred(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "grep -c 'prefer' /proc/self/numa_maps");
        if (access("/proc/self/numa_maps", R_OK) != 0)
                skip();
        strcpy(rig.local.mems, "0");
        rig_start(&rig);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_true(atoi(output()) > 0);
}

static void limits_of_a_process_are_set(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "ulimit -n; ulimit -c; ulimit -s");
        rig.local.rlimits =
                (struct leg_rlimits){ .given = { [LEG_NOFILE] = true, [LEG_CORE] = true, [LEG_STACK] = true },
                                      .value = { [LEG_NOFILE] = 300, [LEG_STACK] = 1 << 20 } };
        rig_start(&rig);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_string_equal(output(), "300\n0\n1024\n");
}

static void what_cannot_be_kept_is_done_without(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "echo here");
        need(LEG_GROUP_CPUSET);
        strcpy(rig.local.cpus, "7000"); /* no machine of ours has it */
        rig_start(&rig);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_non_null(strstr(output(), "here\n"));
        assert_non_null(
                strstr(rig_read(&rig, "state/legs/42.3/shim.log", text, sizeof(text)), "no limit on the leg's cpuset"));
        expect_no_groups();
}

static void what_is_required_and_cannot_be_kept_is_refused(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "touch ran");
        need(LEG_GROUP_CPUSET);
        strcpy(rig.local.cpus, "7000");
        rig.local.required = true;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_NEVER);
        assert_non_null(strstr(exit.why, "this node requires limits: no limit on the leg's cpuset"));
        assert_int_equal(status_of("ran").st_size, -1);
        expect_no_groups();
}

/* ---- what it writes */

static bool is_finished(struct rig *r)
{
        return strstr(rig_read(r, "out", text, sizeof(text)), "the end") != NULL;
}

static void write_much(const char *script)
{
        const struct passwd *nobody = getpwnam("nobody");

        rig_open(&rig, LINK_CONTAIN_AUTO, script);
        rig.local.log_bytes = LOG_LIMIT;
        rig.local.log_files = 2;
        if (geteuid() == 0 && nobody != NULL)
                rig.order.launch.uid = nobody->pw_uid; /* by whose rights it is rotated */
        rig_start(&rig);
}

static void output_without_end_stays_small(void **state)
{
        struct stat st;

        (void)state;
        write_much("yes 0123456789abcde | head -c 50000000; sleep 1; echo the end; sleep 1");
        rig_wait(&rig, is_finished);
        assert_int_equal(rig_exit(&rig).status, 0);
        st = status_of("out");
        assert_true(st.st_size > 0 && st.st_size <= LOG_LIMIT + 4096);
        st = status_of("out.1");
        assert_true(st.st_size > 0 && st.st_size <= LOG_LIMIT);
        assert_int_equal(st.st_uid, rig.order.launch.uid);
        assert_int_equal(status_of("out.2").st_size, -1);
}

static void one_line_without_end_stays_small(void **state)
{
        (void)state;
        write_much("tr '\\0' x </dev/zero | head -c 50000000; sleep 1; echo; echo the end; sleep 1");
        rig_wait(&rig, is_finished);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_true(status_of("out").st_size <= LOG_LIMIT + 4096);
}

static void errors_have_a_file_of_their_own(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_AUTO, "echo out; yes trouble | head -c 1000000 >&2; sleep 1");
        rig.order.launch.spec.stderr_path = (char *)"err";
        rig.local.log_bytes = LOG_LIMIT;
        rig.local.log_files = 2;
        rig_start(&rig);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_string_equal(output(), "out\n");
        assert_true(status_of("err").st_size <= LOG_LIMIT + 4096);
        assert_true(status_of("err.1").st_size > 0);
        assert_int_equal(status_of("out.1").st_size, -1);
        assert_non_null(strstr(rig_read(&rig, "state/legs/42.3/shim.log", text, sizeof(text)), "goes to err.1"));
}

/* What it writes last is looked at, too: it may write as fast as the disk takes it, and end. */
static void output_is_small_at_the_end(void **state)
{
        struct stat st;

        (void)state;
        write_much("yes 0123456789abcde | head -c 5000000; echo the end");
        assert_int_equal(rig_exit(&rig).status, 0);
        st = status_of("out"); /* as it is when the end is told: its last lines are read then */
        assert_true(st.st_size > 0 && st.st_size <= LOG_LIMIT + 4096);
        st = status_of("out.1");
        assert_true(st.st_size > 0 && st.st_size <= LOG_LIMIT);
}

/* The job goes on as if nothing were: its files are its own. */
static void output_goes_on_without_who_looks_after_it(void **state)
{
        (void)state;
        rig_open(&rig, LINK_CONTAIN_GUARD,
                 "touch ready; while [ ! -e go ]; do sleep 0.05; done; "
                 "yes 0123456789abcde | head -c 1000000; echo the end");
        rig.local.log_bytes = LOG_LIMIT;
        rig.local.log_files = 2;
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_logs(&rig), 9);
        snprintf(text, sizeof(text), "touch %s/go", rig.root);
        assert_int_equal(system(text), 0);
        assert_int_equal(rig_exit(&rig).status, 0);
        assert_int_equal(status_of("out").st_size, 1000000 + 8);
}

static void a_progress_file_fills_no_disk(void **state)
{
        double done, total;
        struct stat st;

        (void)state;
        write_much("yes garbage | head -c 30000000 >>$OFFPEAK_PROGRESS; echo 3 4 >>$OFFPEAK_PROGRESS; sleep 1");
        assert_int_equal(rig_exit(&rig).status, 0);
        st = status_of("state/legs/42.3/progress");
        assert_true((int64_t)st.st_blocks * 512 <= SLACK);
        assert_int_equal(leg_dir_progress(&rig.dir, &done, &total), 0);
        assert_true(done == 3 && total == 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
        const struct CMUnitTest tests[] = {
                TEST(out_of_memory_is_told_as_such),
                TEST(out_of_memory_ends_all_of_the_leg),
                TEST(out_of_memory_is_told_of_its_rank),
                TEST(a_failure_within_the_limit_is_no_want_of_memory),
                TEST(a_fork_bomb_is_bounded_and_cleared),
                TEST(processors_are_kept_to),
                TEST(near_memory_is_preferred),
                TEST(limits_of_a_process_are_set),
                TEST(what_cannot_be_kept_is_done_without),
                TEST(what_is_required_and_cannot_be_kept_is_refused),
                TEST(output_without_end_stays_small),
                TEST(one_line_without_end_stays_small),
                TEST(errors_have_a_file_of_their_own),
                TEST(output_is_small_at_the_end),
                TEST(output_goes_on_without_who_looks_after_it),
                TEST(a_progress_file_fills_no_disk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
