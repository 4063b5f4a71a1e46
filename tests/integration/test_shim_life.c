/* SPDX-License-Identifier: Apache-2.0 */
/* Real shims and real processes: how a leg starts, stops and ends, both with a namespace and with a guard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/shim_rig.h"

static struct rig rig;
static enum link_contain contain; /* of the group of tests that runs */

static int teardown(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

static void run(const char *script)
{
        rig_open(&rig, contain, script);
        rig_start(&rig);
}

static void a_status_is_kept(void **state)
{
        struct leg_exit exit;
        char out[128];

        (void)state;
        run("echo hello; echo trouble >&2; exit 3");
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_true(WIFEXITED(exit.status));
        assert_int_equal(WEXITSTATUS(exit.status), 3);
        assert_false(exit.killed);
        assert_true(exit.started > 1600000000 && exit.ended >= exit.started);
        assert_string_equal(exit.why, "");
        assert_string_equal(rig_read(&rig, "out", out, sizeof(out)), "hello\ntrouble\n");
        assert_true(rig_is_running(&rig));
        assert_int_equal(rig.last.state, REPORT_EXITED); /* told, too */
        assert_int_equal(rig.last.status, exit.status);
        assert_int_equal(rig.last.epoch, 900);
        assert_int_equal(rig.last.devices, 5);
        assert_int_equal(rig.last.lease_ms, 60000);
        assert_int_equal(rig.last.contained, contain == LINK_CONTAIN_NAMESPACE);
        assert_int_equal(access(rig.local.group.path[0][0] == '\0' ? "/nowhere" : rig.local.group.path[0], F_OK), -1);
}

/* What takes its pid for one that nobody else on the host has, as Open MPI does, must not meet another job's. */
static void legs_have_pids_far_apart(void **state)
{
        int pids[2] = { 0 };
        char out[32];

        (void)state;
        if (contain != LINK_CONTAIN_NAMESPACE) {
                rig_open(&rig, contain, ""); /* its pids are the host's */
                skip();
        }
        for (uint64_t i = 0; i < 2; i++) {
                rig_open(&rig, contain, "echo $$");
                rig.order.job += i;
                rig_start(&rig);
                assert_int_equal(rig_exit(&rig).how, LEG_EXIT);
                pids[i] = atoi(rig_read(&rig, "out", out, sizeof(out)));
                if (i == 0)
                        rig_close(&rig);
        }
        assert_true(pids[0] > 1000 && pids[1] > 1000);
        assert_true(abs(pids[0] - pids[1]) > 1000);
}

static void a_death_by_signal_is_kept(void **state)
{
        struct leg_exit exit;

        (void)state;
        run("kill -SEGV $$");
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_true(WIFSIGNALED(exit.status));
        assert_int_equal(WTERMSIG(exit.status), SIGSEGV);
        assert_false(exit.killed);
}

static void a_stop_is_heeded_within_its_grace(void **state)
{
        struct leg_exit exit;
        char text[256];

        (void)state;
        run("trap 'cat $OFFPEAK_STOP_FILE > seen; exit 5' TERM; touch ready; while :; do sleep 0.05; done");
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_PAUSE, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_int_equal(WEXITSTATUS(exit.status), 5);
        assert_false(exit.killed);
        assert_true(rig.states & 1u << REPORT_STOPPING);
        assert_non_null(strstr(rig_read(&rig, "seen", text, sizeof(text)), "reason pause\ndeadline "));
}

static void a_stop_that_is_ignored_ends_in_a_kill(void **state)
{
        struct leg_exit exit;

        (void)state;
        run("trap '' TERM; touch ready; while :; do sleep 0.05; done");
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_SHED, 1), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_true(WIFSIGNALED(exit.status));
        assert_int_equal(WTERMSIG(exit.status), SIGKILL);
        assert_true(exit.killed);
        assert_true(rig_is_extinct(&rig));
}

/* `sh train.sh` dies of the signal at once; the rank below it, in its group, still writes its checkpoint. */
static void a_rank_below_a_wrapper_has_its_grace(void **state)
{
        struct leg_exit exit;
        char text[64];

        (void)state;
        run("sh -c 'trap \"sleep 0.5; echo saved > checkpoint; exit 0\" TERM; touch ready; while :; do sleep 0.05; "
            "done'; true");
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_PAUSE, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_false(exit.killed);
        assert_string_equal(rig_read(&rig, "checkpoint", text, sizeof(text)), "saved\n");
}

static void the_owner_chooses_the_stop_signal(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, contain, "trap 'exit 6' USR1; touch ready; while :; do sleep 0.05; done");
        rig.order.launch.spec.signal = SIGUSR1;
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_PAUSE, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(WEXITSTATUS(exit.status), 6);
}

static void what_the_first_process_leaves_behind_is_ended(void **state)
{
        struct leg_exit exit;

        (void)state;
        run("setsid sh -c 'trap \"\" TERM HUP; touch ready; while :; do sleep 0.05; done' & "
            "while [ ! -e ready ]; do sleep 0.02; done; exit 0");
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, 0);
        assert_true(rig_is_extinct(&rig)); /* and so it was before the record */
}

/* A double fork into another session, which even ignores signals. */
static const char *const strays =
        "(setsid sh -c 'trap \"\" TERM HUP INT; while :; do sleep 0.05; done' &) ; sleep 0.2; "
        "touch ready; while :; do sleep 0.05; done";

static void all_die_with_their_shim(void **state)
{
        struct leg_exit exit;

        (void)state;
        run(strays);
        rig_wait(&rig, rig_is_ready);
        assert_false(rig_is_extinct(&rig));
        rig_kill(rig_shim(&rig), SIGKILL);
        rig_wait(&rig, rig_is_gone);
        rig_wait(&rig, rig_is_extinct);
        assert_int_equal(leg_exit_read(rig.dir.fd, &exit, NULL), OFFPEAK_ENOTFOUND);
}

static void all_die_with_their_shim_also_without_a_cgroup(void **state)
{
        (void)state;
        rig_open(&rig, contain, strays);
        memset(&rig.local.group, 0, sizeof(rig.local.group));
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_shim(&rig), SIGKILL);
        rig_wait(&rig, rig_is_extinct);
}

static void a_kill_reaches_strays_also_without_a_cgroup(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, contain, strays);
        memset(&rig.local.group, 0, sizeof(rig.local.group));
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_CANCEL, 0), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_true(exit.killed);
        assert_true(rig_is_extinct(&rig));
}

/* The kernel's part: a keeper that cannot act any more does not keep its processes alive. */
static void all_die_with_their_shim_also_when_their_keeper_stands_still(void **state)
{
        (void)state;
        if (contain != LINK_CONTAIN_NAMESPACE) {
                rig_open(&rig, contain, ""); /* a guard has to act itself */
                skip();
        }
        run(strays);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_keeper(&rig), SIGSTOP);
        rig_kill(rig_shim(&rig), SIGKILL);
        rig_wait(&rig, rig_is_extinct);
}

static void a_kill_reaches_a_keeper_that_was_stopped(void **state)
{
        (void)state;
        rig_open(&rig, contain, strays);
        memset(&rig.local.group, 0, sizeof(rig.local.group));
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_keeper(&rig), SIGSTOP);
        assert_int_equal(link_stop(rig.link, STOP_CANCEL, 0), 0);
        assert_int_equal(rig_exit(&rig).how, LEG_ASKED);
        assert_true(rig_is_extinct(&rig));
}

static void a_program_that_is_not_there_says_so(void **state)
{
        struct leg_exit exit;
        char out[512];

        (void)state;
        rig_open(&rig, contain, "");
        rig.argv[0] = (char *)"./no-such-program";
        rig.order.launch.spec.argc = 1;
        rig.argv[1] = NULL;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(WEXITSTATUS(exit.status), 127);
        assert_non_null(strstr(exit.why, "./no-such-program"));
        assert_string_equal(rig_read(&rig, "out", out, sizeof(out)),
                            "offpeak: cannot run ./no-such-program: No such file or directory\n");
}

static void a_program_that_may_not_run_says_so(void **state)
{
        struct leg_exit exit;
        char out[512];

        (void)state;
        rig_open(&rig, contain, "");
        rig.argv[0] = rig.root; /* a directory */
        rig.argv[1] = NULL;
        rig.order.launch.spec.argc = 1;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(WEXITSTATUS(exit.status), 126);
        assert_non_null(strstr(rig_read(&rig, "out", out, sizeof(out)), "Permission denied"));
}

static void a_directory_that_is_not_there_says_so(void **state)
{
        struct leg_exit exit;
        char out[512], path[128];

        (void)state;
        rig_open(&rig, contain, "true");
        snprintf(path, sizeof(path), "%s/out", rig.root);
        rig.order.launch.spec.stdout_path = path;
        rig.order.launch.spec.directory = (char *)"/no/such/place";
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(WEXITSTATUS(exit.status), 126);
        assert_string_equal(rig_read(&rig, "out", out, sizeof(out)),
                            "offpeak: cannot enter the working directory /no/such/place: No such file or directory\n");
        assert_non_null(strstr(exit.why, "/no/such/place")); /* also where the file cannot be opened */
}

/* Rank 1 cannot write, and rank 0 fails: whoever of them is told, it is with its own reason. */
static void a_rank_is_told_with_its_own_reason(void **state)
{
        struct leg_exit exit;
        char path[128];

        (void)state;
        rig_open(&rig, contain, "[ $RANK != 0 ] || exit 3; sleep 100");
        snprintf(path, sizeof(path), "%s/out.1", rig.root);
        assert_int_equal(mkdir(path, 0700), 0);
        rig.order.launch.spec.launcher = OFFPEAK_LAUNCHER_GPU;
        rig.order.launch.spec.gpus_per_node = 32;
        rig.order.launch.spec.stdout_path = (char *)"out.%r";
        rig.order.launch.devices = UINT32_MAX;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_true(exit.rank <= 1);
        assert_int_equal(exit.status, exit.rank == 0 ? W_EXITCODE(3, 0) : W_EXITCODE(126, 0));
        assert_string_equal(exit.why, exit.rank == 0 ? "" : "cannot open the output file out.1: Is a directory");
}

/* No node is to blame for what a job asks for: it fails, and is not tried elsewhere. */
static void a_path_that_is_too_long_fails_the_job(void **state)
{
        char path[OFFPEAK_MAX_PATH - 1];
        struct leg_exit exit;

        (void)state;
        memset(path, 'x', sizeof(path));
        path[0] = '/';
        path[sizeof(path) - 1] = '\0';
        rig_open(&rig, contain, "true");
        rig.order.launch.spec.directory = path;
        rig.order.launch.spec.checkpoint_dir = path + 1;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, W_EXITCODE(126, 0));
        assert_string_equal(exit.why, "the path of the checkpoint directory is too long");
        assert_int_equal(exit.started, 0);
}

static void output_goes_where_it_was_asked_for(void **state)
{
        char text[256];

        (void)state;
        rig_open(&rig, contain, "echo out; echo err >&2; pwd; exit 0");
        rig.order.launch.spec.stdout_path = (char *)"log-%j-%a-%n.out";
        rig.order.launch.spec.stderr_path = (char *)"log.err";
        rig_start(&rig);
        rig_exit(&rig);
        snprintf(text, sizeof(text), "out\n%s\n", rig.root);
        assert_string_equal(rig_read(&rig, "log-42-3-0.out", (char[256]){ 0 }, 256), text);
        assert_string_equal(rig_read(&rig, "log.err", text, sizeof(text)), "err\n");
}

static void output_is_appended_to(void **state)
{
        char text[256], path[128];
        FILE *file;

        (void)state;
        rig_open(&rig, contain, "echo second");
        rig.order.launch.spec.stdout_path = NULL;
        snprintf(path, sizeof(path), "%s/offpeak-42.out", rig.root);
        file = fopen(path, "w");
        fputs("first\n", file);
        fclose(file);
        rig_start(&rig);
        rig_exit(&rig);
        assert_string_equal(rig_read(&rig, "offpeak-42.out", text, sizeof(text)), "first\nsecond\n");
}

/* What the shim holds must not be held by the job: its lock, its sockets, its signal mask. */
static void a_job_starts_clean(void **state)
{
        char text[4096];

        (void)state;
        rig_open(&rig, contain,
                 "ls /proc/self/fd | grep -vc '^[0-3]$'; " /* 3: ls's own */
                 "grep -E '^(SigBlk|SigIgn)' /proc/self/status | grep -vc '0000000000000000$'; umask; "
                 "ps -o sid= -p $$ | tr -d ' ' > sid; echo $$ > pid; taskset -p $$ | sed 's/.*: //'");
        strcpy(rig.local.cpus, "0");
        rig_start(&rig);
        rig_exit(&rig);
        assert_string_equal(rig_read(&rig, "out", text, sizeof(text)), "0\n0\n0022\n1\n");
        assert_string_equal(rig_read(&rig, "sid", text, sizeof(text)), rig_read(&rig, "pid", (char[64]){ 0 }, 64));
}

static void a_job_runs_as_its_owner(void **state)
{
        const struct passwd *nobody = getpwnam("nobody");
        struct leg_exit exit;
        char text[256], want[64];

        (void)state;
        rig_open(&rig, contain,
                 "id -u; id -ru; id -g; id -G; echo 1 2 >> $OFFPEAK_PROGRESS && "
                 "echo x > $OFFPEAK_CHECKPOINT_DIR/x && cat $OFFPEAK_HOSTFILE > /dev/null && "
                 "! cat $(dirname $OFFPEAK_PROGRESS)/order 2>/dev/null && "
                 "! touch $OFFPEAK_STOP_FILE 2>/dev/null");
        if (geteuid() != 0 || nobody == NULL)
                skip();
        rig.order.launch.uid = nobody->pw_uid;
        assert_int_equal(setgroups(1, &(gid_t){ 54321 }), 0); /* of the agent, not of the job */
        rig_start(&rig);
        assert_int_equal(setgroups(0, NULL), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.status, 0);
        snprintf(want, sizeof(want), "%u\n%u\n%u\n%u\n", nobody->pw_uid, nobody->pw_uid, nobody->pw_gid,
                 nobody->pw_gid);
        assert_string_equal(rig_read(&rig, "out", text, sizeof(text)), want);
}

static void a_leg_that_may_not_run_is_refused(void **state)
{
        struct leg_exit exit;

        (void)state;
        rig_open(&rig, contain, "true");
        rig.order.launch.uid = 4000000001u;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_NEVER);
        assert_non_null(strstr(exit.why, "4000000001"));
        assert_int_equal(exit.started, 0);
}

/* Ends what it keeps when it is killed itself: its orphans come up to the shim. */
static void a_killed_keeper_leaves_nothing(void **state)
{
        struct leg_exit exit;

        (void)state;
        run(strays);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_keeper(&rig), SIGKILL);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_SHIM_LOST);
        assert_true(rig_is_extinct(&rig));
}

static void a_killed_keeper_leaves_nothing_also_without_a_cgroup(void **state)
{
        (void)state;
        rig_open(&rig, contain, strays);
        memset(&rig.local.group, 0, sizeof(rig.local.group));
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_keeper(&rig), SIGKILL);
        assert_int_equal(rig_exit(&rig).how, LEG_SHIM_LOST);
        assert_true(rig_is_extinct(&rig));
}

/* ---- a process for each GPU */

static void run_ranks(const char *script)
{
        rig_open(&rig, contain, script);
        rig.order.launch.spec.launcher = OFFPEAK_LAUNCHER_GPU;
        rig.order.launch.spec.gpus_per_node = 3;
        rig.order.launch.spec.stdout_path = (char *)"out.%r";
        rig.order.launch.rank = 1;
        rig.order.launch.n_nodes = 2;
        rig.nodes[1] = rig.nodes[0];
        rig_start(&rig);
}

static void each_gpu_has_its_process(void **state)
{
        struct leg_exit exit;
        char text[256];

        (void)state;
        run_ranks("sleep 0.$((3 - LOCAL_RANK)); echo $RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE");
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, 0); /* when the last of them is done, which is no orphan of the first */
        assert_string_equal(rig_read(&rig, "out.3", text, sizeof(text)), "3 0 6 3\n");
        assert_string_equal(rig_read(&rig, "out.4", text, sizeof(text)), "4 1 6 3\n");
        assert_string_equal(rig_read(&rig, "out.5", text, sizeof(text)), "5 2 6 3\n");
}

static void the_first_rank_that_fails_ends_its_leg(void **state)
{
        struct leg_exit exit;

        (void)state;
        run_ranks("trap '' TERM; [ $LOCAL_RANK != 0 ] || exit 0; touch up.$RANK; while [ ! -e up.5 -o ! -e up.4 ]; "
                  "do sleep 0.02; done; [ $RANK != 4 ] || exit 9; while :; do sleep 0.05; done");
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(WEXITSTATUS(exit.status), 9);
        assert_int_equal(exit.rank, 4);
        assert_true(rig_is_extinct(&rig));
}

static void a_stop_reaches_every_rank(void **state)
{
        struct leg_exit exit;
        char text[64];

        (void)state;
        run_ranks("trap 'sleep 0.$RANK; echo saved > checkpoint.$RANK; exit $LOCAL_RANK' TERM; touch up.$RANK; "
                  "[ $RANK != 3 ] || while [ ! -e up.5 -o ! -e up.4 ]; do sleep 0.02; done; "
                  "[ $RANK != 3 ] || touch ready; while :; do sleep 0.05; done");
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_stop(rig.link, STOP_PAUSE, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_false(exit.killed);
        assert_int_equal(WEXITSTATUS(exit.status), 1); /* of the first that was not well */
        assert_int_equal(exit.rank, 4);
        assert_string_equal(rig_read(&rig, "checkpoint.3", text, sizeof(text)), "saved\n");
        assert_string_equal(rig_read(&rig, "checkpoint.4", text, sizeof(text)), "saved\n");
        assert_string_equal(rig_read(&rig, "checkpoint.5", text, sizeof(text)), "saved\n");
}

static void all_ranks_die_with_their_shim(void **state)
{
        (void)state;
        run_ranks("trap '' TERM; touch up.$RANK; [ $RANK != 3 ] || while [ ! -e up.5 -o ! -e up.4 ]; do sleep 0.02; "
                  "done; [ $RANK != 3 ] || touch ready; while :; do sleep 0.05; done");
        rig_wait(&rig, rig_is_ready);
        rig_kill(rig_shim(&rig), SIGKILL);
        rig_wait(&rig, rig_is_extinct);
}

static int run_all(enum link_contain how, const char *name)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_status_is_kept),
                TEST(legs_have_pids_far_apart),
                TEST(a_death_by_signal_is_kept),
                TEST(a_stop_is_heeded_within_its_grace),
                TEST(a_stop_that_is_ignored_ends_in_a_kill),
                TEST(a_rank_below_a_wrapper_has_its_grace),
                TEST(the_owner_chooses_the_stop_signal),
                TEST(what_the_first_process_leaves_behind_is_ended),
                TEST(all_die_with_their_shim),
                TEST(all_die_with_their_shim_also_without_a_cgroup),
                TEST(a_kill_reaches_strays_also_without_a_cgroup),
                TEST(all_die_with_their_shim_also_when_their_keeper_stands_still),
                TEST(a_kill_reaches_a_keeper_that_was_stopped),
                TEST(a_program_that_is_not_there_says_so),
                TEST(a_program_that_may_not_run_says_so),
                TEST(a_directory_that_is_not_there_says_so),
                TEST(a_rank_is_told_with_its_own_reason),
                TEST(a_path_that_is_too_long_fails_the_job),
                TEST(output_goes_where_it_was_asked_for),
                TEST(output_is_appended_to),
                TEST(a_job_starts_clean),
                TEST(a_job_runs_as_its_owner),
                TEST(a_leg_that_may_not_run_is_refused),
                TEST(a_killed_keeper_leaves_nothing),
                TEST(a_killed_keeper_leaves_nothing_also_without_a_cgroup),
                TEST(each_gpu_has_its_process),
                TEST(the_first_rank_that_fails_ends_its_leg),
                TEST(a_stop_reaches_every_rank),
                TEST(all_ranks_die_with_their_shim),
        };

        contain = how;
        return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
        int failed = run_all(LINK_CONTAIN_GUARD, "guard");

        if (rig_has_namespaces())
                failed += run_all(LINK_CONTAIN_NAMESPACE, "namespace");
        return failed;
}
