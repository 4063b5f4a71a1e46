/* SPDX-License-Identifier: Apache-2.0 */
/* What a job is given: environment, host files, paths; and who is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/launch.h"
#include "agent/shim/launch_env.h"

struct fixture {
        char root[64], state[80];
        char *argv[2], *env[4], *nodes[2];
        struct message_order order;
        struct leg_local local;
        struct leg_dir dir;
        struct launch launch;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->root, "/tmp/offpeak-launch-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        snprintf(f->state, sizeof(f->state), "%s/state", f->root);
        assert_int_equal(mkdir(f->state, 0755), 0);
        f->argv[0] = (char *)"true";
        f->env[0] = (char *)"LR=0.1";
        f->env[1] = (char *)"RANK=77"; /* yields to ours */
        f->env[2] = (char *)"PATH=/opt/bin";
        f->nodes[0] = (char *)"n1";
        f->nodes[1] = (char *)"n2";
        f->order = (struct message_order){ .job = 42, .attempt = 3, .epoch = 900, .want = 2, .has_launch = true };
        f->order.launch = (struct message_launch){
                .spec = { .argv = f->argv,
                          .argc = 1,
                          .env = f->env,
                          .envc = 3,
                          .nodes = 2,
                          .gpus_per_node = 4,
                          .time_s = 60 },
                .rank = 1,
                .nodes = f->nodes,
                .n_nodes = 2,
                .lease_ms = 1000,
                .on_lost = ON_LOST_WAIT,
                .uid = geteuid(),
                .master_address = (char *)"n1",
                .master_port = 29500,
        };
        f->local = (struct leg_local){ .boot = "b", .node = "n2", .visible = "2,3,4,5" };
        assert_int_equal(leg_dir_create(f->state, &f->order, &f->local, &f->dir, NULL), 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        leg_dir_close(&f->dir);
        snprintf(command, sizeof(command), "rm -rf %s", f->root);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static const char *value(char **env, const char *name)
{
        const size_t size = strlen(name);
        const char *found = NULL;

        for (; *env != NULL; env++)
                if (strncmp(*env, name, size) == 0 && (*env)[size] == '=') {
                        assert_null(found); /* no name twice */
                        found = *env + size + 1;
                }
        return found;
}

static void the_environment_is_exactly_this(void **state)
{
        struct fixture *f = *state;
        const struct launch_account account = { .name = "ana", .home = "/home/ana", .shell = "/bin/sh" };
        char **env = launch_env_make(&f->dir, &f->order, &f->local, &account, "/ckpt");
        char path[PATH_MAX + 32];
        size_t n = 0;
        const struct {
                const char *name, *value;
        } want[] = {
                { "RANK", "1" },
                { "LOCAL_RANK", "0" },
                { "WORLD_SIZE", "2" },
                { "LOCAL_WORLD_SIZE", "1" },
                { "NNODES", "2" },
                { "NODE_RANK", "1" },
                { "MASTER_ADDR", "n1" },
                { "MASTER_PORT", "29500" },
                { "PET_NNODES", "2" },
                { "PET_NODE_RANK", "1" },
                { "PET_NPROC_PER_NODE", "4" },
                { "PET_MASTER_ADDR", "n1" },
                { "PET_MASTER_PORT", "29500" },
                { "CUDA_DEVICE_ORDER", "PCI_BUS_ID" },
                { "CUDA_VISIBLE_DEVICES", "2,3,4,5" },
                { "OFFPEAK_JOB_ID", "42" },
                { "OFFPEAK_ATTEMPT", "3" },
                { "OFFPEAK_GPUS", "4" },
                { "OFFPEAK_CHECKPOINT_DIR", "/ckpt" },
                { "LR", "0.1" },
                { "PATH", "/opt/bin" },
                { "HOME", "/home/ana" },
                { "USER", "ana" },
                { "LOGNAME", "ana" },
                { "SHELL", "/bin/sh" },
        };
        static const char *const files[][2] = { { "OFFPEAK_PROGRESS", "progress" },
                                                { "OFFPEAK_STOP_FILE", "stop" },
                                                { "OFFPEAK_HOSTFILE", "hostfile" },
                                                { "OFFPEAK_HOSTFILE_MPI", "hostfile.slots" },
                                                { "OFFPEAK_HOSTFILE_DEEPSPEED", "hostfile.slots" } };

        assert_non_null(env);
        while (env[n] != NULL)
                n++;
        assert_int_equal(n, sizeof(want) / sizeof(want[0]) + sizeof(files) / sizeof(files[0]));
        for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
                assert_non_null(value(env, want[i].name));
                assert_string_equal(value(env, want[i].name), want[i].value);
        }
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(path, sizeof(path), "%s/%s", f->dir.path, files[i][1]);
                assert_string_equal(value(env, files[i][0]), path);
        }
        launch_env_free(env);
}

static void expect_file(const struct leg_dir *dir, const char *name, const char *want)
{
        char text[256] = "";
        struct stat st;
        int fd = openat(dir->fd, name, O_RDONLY);

        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0644);
        assert_true(read(fd, text, sizeof(text) - 1) >= 0);
        close(fd);
        assert_string_equal(text, want);
}

static void host_files_name_all_ranks(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(launch_env_write_hosts(&f->dir, &f->order, NULL), 0);
        expect_file(&f->dir, "hostfile", "n1\nn2\n");
        expect_file(&f->dir, "hostfile.slots", "n1 slots=4\nn2 slots=4\n");
}

static void paths_are_expanded(void **state)
{
        static const struct {
                const char *path, *want;
        } cases[] = {
                { "", "" },          { "a.out", "a.out" }, { "%j", "42" }, { "%j-%a-%n.out", "42-3-1.out" },
                { "100%%", "100%" }, { "%x", "%x" },       { "%", "%" },   { "%%j", "%j" },
                { "%r", "13" },
        };
        const struct launch_names names = { .job = 42, .attempt = 3, .node = 1, .rank = 13 };
        char buffer[16];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_true(launch_expand(cases[i].path, &names, buffer, sizeof(buffer)));
                assert_string_equal(buffer, cases[i].want);
        }
        assert_true(launch_expand("123456789012345", &names, buffer, sizeof(buffer)));
        assert_false(launch_expand("1234567890123456", &names, buffer, sizeof(buffer)));
        assert_false(launch_expand("12345678901234%j", &names, buffer, sizeof(buffer)));
}

static void what_is_not_said_has_a_default(void **state)
{
        struct fixture *f = *state;
        char want[PATH_MAX];
        struct stat st;

        f->order.launch.spec.directory = f->root;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_string_equal(f->launch.processes[0].paths.directory, f->root);
        assert_string_equal(f->launch.processes[0].paths.out, "offpeak-42.out");
        assert_string_equal(f->launch.processes[0].paths.error, "");
        assert_null(f->launch.processes[0].cpus);
        assert_false(f->launch.switch_user);
        snprintf(want, sizeof(want), "%s-checkpoints/42", f->state);
        assert_string_equal(f->launch.checkpoint, want);
        assert_int_equal(stat(want, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        launch_finish(&f->launch);
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0); /* the next attempt */
        launch_finish(&f->launch);
}

static void a_relative_checkpoint_directory_is_told_in_full(void **state)
{
        struct fixture *f = *state;
        char want[PATH_MAX];

        f->order.launch.spec.directory = f->root;
        f->order.launch.spec.checkpoint_dir = (char *)"ckpt/a";
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        snprintf(want, sizeof(want), "%s/ckpt/a", f->root);
        assert_string_equal(value(f->launch.env, "OFFPEAK_CHECKPOINT_DIR"), want);
        launch_finish(&f->launch);
}

static void processors_are_read_from_a_list(void **state)
{
        static const char *const bad[] = { ",", "1,", "a", "3-1", "1-", "-1", "1--2", "0-99999999", "1 2" };
        struct fixture *f = *state;
        struct offpeak_error err;

        strcpy(f->local.cpus, "0-2,9");
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_int_equal(CPU_COUNT_S(f->launch.set_size, f->launch.processes[0].cpus), 4);
        assert_true(CPU_ISSET_S(0, f->launch.set_size, f->launch.processes[0].cpus));
        assert_true(CPU_ISSET_S(9, f->launch.set_size, f->launch.processes[0].cpus));
        assert_false(CPU_ISSET_S(3, f->launch.set_size, f->launch.processes[0].cpus));
        launch_finish(&f->launch);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                strcpy(f->local.cpus, bad[i]);
                assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, &err), OFFPEAK_EINVAL);
        }
}

static void a_leg_can_have_a_process_for_each_gpu(void **state)
{
        const struct launch_account account = { .name = "ana", .home = "/home/ana" };
        struct fixture *f = *state;
        char **env;

        f->order.launch.spec.launcher = OFFPEAK_LAUNCHER_GPU;
        f->order.launch.spec.directory = f->root;
        f->order.launch.spec.stdout_path = (char *)"%n.%r.out";
        f->order.launch.spec.stderr_path = (char *)"err";
        strcpy(f->local.cpus, "0-2,9");
        strcpy(f->local.near, "0;1-2;;9");
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_int_equal(f->launch.n_processes, 4);
        for (uint32_t i = 0; i < 4; i++) {
                static const int cpus[] = { 1, 2, 4, 1 }; /* of the third device nothing is known */
                const struct launch_process *process = &f->launch.processes[i];
                char want[16];

                snprintf(want, sizeof(want), "1.%u.out", 4 + i);
                assert_int_equal(process->rank, 4 + i);
                assert_int_equal(process->local_rank, i);
                assert_string_equal(process->paths.out, want);
                assert_string_equal(process->paths.error, "err");
                assert_int_equal(CPU_COUNT_S(f->launch.set_size, process->cpus), cpus[i]);
        }
        assert_true(CPU_ISSET_S(9, f->launch.set_size, f->launch.processes[3].cpus));
        launch_finish(&f->launch);

        env = launch_env_make(&f->dir, &f->order, &f->local, &account, "/ckpt");
        assert_string_equal(value(env, "RANK"), "4");
        assert_string_equal(value(env, "LOCAL_RANK"), "0");
        assert_string_equal(value(env, "WORLD_SIZE"), "8");
        assert_string_equal(value(env, "LOCAL_WORLD_SIZE"), "4");
        assert_string_equal(value(env, "NODE_RANK"), "1");
        assert_string_equal(value(env, "NNODES"), "2");
        assert_null(value(env, "PET_NNODES")); /* a torchrun in each process would begin them all again */
        launch_env_free(env);
}

static void a_head_has_others_start_what_it_asks_for(void **state)
{
        static char *const addresses[] = { (char *)"n1:10000", (char *)"n2:10001" };
        struct fixture *f = *state;
        char path[PATH_MAX + 32];
        struct stat st;

        f->order.launch.spec.launcher = OFFPEAK_LAUNCHER_HEAD;
        f->order.launch.addresses = (char **)addresses;
        f->order.launch.n_addresses = 2;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_int_equal(f->launch.n_processes, 1);
        assert_true(f->launch.processes[0].holds);
        launch_finish(&f->launch);

        f->order.launch.rank = 0;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_int_equal(f->launch.n_processes, 2);
        assert_int_equal(f->launch.n_counted, 1);
        assert_false(f->launch.processes[0].holds);
        assert_true(f->launch.processes[1].holds);
        snprintf(path, sizeof(path), "%s/remote", f->dir.path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0400);
        assert_string_equal(value(f->launch.env, "OFFPEAK_REMOTE"), path);
        assert_non_null(strstr(value(f->launch.env, "OMPI_MCA_plm_rsh_agent"), "/offpeak-rsh"));
        assert_string_equal(value(f->launch.env, "NODE_RANK"), "0");
        assert_string_equal(value(f->launch.env, "RANK"), "77"); /* the owner's: it is not for us to say */
        assert_null(value(f->launch.env, "LOCAL_RANK"));
        assert_non_null(strstr(value(f->launch.env, "PATH"), "/offpeak-head:/opt/bin"));
        launch_finish(&f->launch);
}

static void a_user_without_account_is_refused(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error err;

        f->order.launch.uid = 4000000001u;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, &err),
                         geteuid() == 0 ? OFFPEAK_ENOTFOUND : OFFPEAK_EPERMISSION);
        assert_non_null(strstr(err.text, "4000000001"));
}

static void another_user_is_switched_to_by_root_alone(void **state)
{
        struct fixture *f = *state;
        const struct passwd *nobody = getpwnam("nobody");
        struct stat st;

        if (nobody == NULL || geteuid() != 0)
                skip();
        f->order.launch.uid = nobody->pw_uid;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, NULL), 0);
        assert_true(f->launch.switch_user);
        assert_int_equal(f->launch.gid, nobody->pw_gid);
        assert_true(f->launch.n_groups >= 1);
        assert_int_equal(stat(f->launch.checkpoint, &st), 0);
        assert_int_equal(st.st_uid, nobody->pw_uid);
        launch_finish(&f->launch);
}

static void a_checkpoint_directory_that_is_a_link_is_refused(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error err;
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s-checkpoints", f->state);
        assert_int_equal(mkdir(path, 0711), 0);
        snprintf(path, sizeof(path), "%s-checkpoints/42", f->state);
        assert_int_equal(symlink("/etc", path), 0);
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, &err), OFFPEAK_EIO);
}

static void a_job_without_a_command_is_refused(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error err;

        f->order.launch.spec.argc = 0;
        assert_int_equal(launch_prepare(&f->dir, &f->order, &f->local, &f->launch, &err), OFFPEAK_EUSAGE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(the_environment_is_exactly_this),
                TEST(host_files_name_all_ranks),
                cmocka_unit_test(paths_are_expanded),
                TEST(what_is_not_said_has_a_default),
                TEST(a_relative_checkpoint_directory_is_told_in_full),
                TEST(processors_are_read_from_a_list),
                TEST(a_leg_can_have_a_process_for_each_gpu),
                TEST(a_head_has_others_start_what_it_asks_for),
                TEST(a_user_without_account_is_refused),
                TEST(another_user_is_switched_to_by_root_alone),
                TEST(a_checkpoint_directory_that_is_a_link_is_refused),
                TEST(a_job_without_a_command_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
