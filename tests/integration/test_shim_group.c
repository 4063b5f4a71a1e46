/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups of both versions, where this machine lets us make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/leg_group_find.h"

/* A process in the group that ignores what can be ignored. */
static pid_t member(const char *group)
{
        char path[PATH_MAX], go;
        int ready[2];
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                int fd;

                prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing */
                signal(SIGTERM, SIG_IGN);
                snprintf(path, sizeof(path), "%s/cgroup.procs", group);
                fd = open(path, O_WRONLY);
                if (fd < 0 || write(fd, "0", 1) != 1 || write(ready[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &go, 1), 1);
        close(ready[0]);
        return pid;
}

static void put(const char *group, const char *file, const char *value)
{
        char path[PATH_MAX];
        int fd;

        snprintf(path, sizeof(path), "%s/%s", group, file);
        fd = open(path, O_WRONLY);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, value, strlen(value)), strlen(value));
        close(fd);
}

static const struct leg_group_limits unlimited = { .cpus = "", .mems = "" };

static void make(struct leg_group *group, const struct leg_group_limits *limits)
{
        struct offpeak_error lack, err;

        assert_int_equal(leg_group_make(group, limits, &lack, &err), 0);
        if (lack.code != 0)
                fail_msg("%s", lack.text);
}

static void wait_until_empty(const struct leg_group *group)
{
        for (int i = 0; i < 1000 && !leg_group_is_empty(group); i++)
                usleep(5000);
        assert_true(leg_group_is_empty(group));
}

static void wait_until_removed(const struct leg_group *group)
{
        for (int i = 0; i < 1000 && !leg_group_remove(group); i++)
                usleep(5000);
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                assert_int_equal(access(group->path[i], F_OK), -1);
}

static void exercise(struct leg_group *group, const char *freezer, const char *frozen)
{
        const char *main = group->path[LEG_GROUP_MAIN];
        struct offpeak_error err;
        pid_t pids[3];

        make(group, &unlimited);
        make(group, &unlimited); /* a second time is no harm */
        assert_true(leg_group_is_empty(group));
        for (int i = 0; i < 3; i++)
                pids[i] = member(main);
        assert_false(leg_group_is_empty(group));
        assert_false(leg_group_remove(group)); /* not while there are members */
        assert_int_equal(access(main, F_OK), 0);
        put(main, freezer, frozen);
        assert_int_equal(leg_group_kill(group, &err), 0); /* frozen or not */
        for (int i = 0, status; i < 3; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(WTERMSIG(status), SIGKILL);
        }
        wait_until_empty(group);
        wait_until_removed(group);
        assert_int_equal(leg_group_kill(group, &err), 0); /* none is left in what is gone */
        assert_true(leg_group_is_empty(group));
}

static void thaw(struct leg_group *group, const char *freezer, const char *frozen)
{
        pid_t pid;
        int status;

        make(group, &unlimited);
        pid = member(group->path[LEG_GROUP_MAIN]);
        put(group->path[LEG_GROUP_MAIN], freezer, frozen);
        assert_int_equal(kill(pid, SIGKILL), 0);
        leg_group_thaw(group);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        wait_until_empty(group);
        wait_until_removed(group);
}

/* What this machine has, for a leg 7.1 of a node of our own. */
static void find(struct leg_group *ret_base, struct leg_group *ret_group)
{
        struct leg_group_found found;
        char node[32];

        snprintf(node, sizeof(node), "test-%d", (int)getpid());
        leg_group_find(node, NULL, &found);
        *ret_base = found.base;
        leg_group_of(&found.base, "7.1", ret_group);
}

static void the_group_that_is_found_works(void **state)
{
        struct leg_group base, group;

        (void)state;
        find(&base, &group);
        if (group.path[LEG_GROUP_MAIN][0] == '\0')
                skip();
        assert_string_equal(strrchr(group.path[LEG_GROUP_MAIN], '/'), "/7.1");
        for (int i = 1; i < LEG_GROUP_PARTS; i++)
                group.path[i][0] = '\0';
        make(&group, &unlimited);
        if (strstr(group.path[LEG_GROUP_MAIN], "freezer") == NULL) {
                exercise(&group, "cgroup.freeze", "1");
                thaw(&group, "cgroup.freeze", "1");
        } else {
                exercise(&group, "freezer.state", "FROZEN");
                thaw(&group, "freezer.state", "FROZEN");
        }
        assert_int_equal(access(base.path[LEG_GROUP_MAIN], F_OK), -1); /* it goes with the last leg */
}

static void a_freezer_of_version_1_works(void **state)
{
        struct leg_group group = { 0 };

        (void)state;
        snprintf(group.path[LEG_GROUP_MAIN], LEG_GROUP_PATH, "/sys/fs/cgroup/freezer/offpeak-test-%d/1.1",
                 (int)getpid());
        if (access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) != 0)
                skip();
        exercise(&group, "freezer.state", "FROZEN");
        thaw(&group, "freezer.state", "FROZEN");
}

/* ---- limits, by the kernel itself */

static bool has_part(const struct leg_group *group, enum leg_group_part part)
{
        return group->path[part][0] != '\0';
}

/* Run in the group; its wait status. */
static int run(const struct leg_group *group, void (*what)(void))
{
        const pid_t pid = fork();
        int status;

        if (pid == 0) {
                if (leg_group_join(group) != LEG_GROUP_PARTS)
                        _exit(99);
                what();
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void touch_256_mib(void)
{
        const size_t size = 256u << 20;
        char *bytes = malloc(size);

        for (size_t i = 0; bytes != NULL && i < size; i += 4096)
                ((volatile char *)bytes)[i] = 1;
}

static void memory_beyond_the_limit_is_killed_and_told(void **state)
{
        struct leg_group base, group;

        (void)state;
        find(&base, &group);
        if (!has_part(&group, LEG_GROUP_MEMORY))
                skip();
        make(&group, &(struct leg_group_limits){ .cpus = "", .mems = "", .memory = 1 << 30 });
        assert_int_equal(run(&group, touch_256_mib), 0);
        assert_int_equal(leg_group_oom_kills(&group), 0);
        make(&group, &(struct leg_group_limits){ .cpus = "", .mems = "", .memory = 64 << 20 }); /* anew */
        assert_int_equal(WTERMSIG(run(&group, touch_256_mib)), SIGKILL);
        assert_true(leg_group_oom_kills(&group) > 0);
        wait_until_removed(&group);
        assert_int_equal(access(base.path[LEG_GROUP_MEMORY], F_OK), -1);
}

static void fork_100(void)
{
        int made = 0;
        pid_t pids[100];

        for (int i = 0; i < 100; i++) {
                pids[made] = fork();
                if (pids[made] == 0)
                        for (;;)
                                pause();
                made += pids[made] > 0;
        }
        for (int i = 0; i < made; i++) {
                kill(pids[i], SIGKILL);
                waitpid(pids[i], NULL, 0);
        }
        _exit(made);
}

static void processes_are_counted(void **state)
{
        struct leg_group base, group;

        (void)state;
        find(&base, &group);
        if (!has_part(&group, LEG_GROUP_PIDS))
                skip();
        make(&group, &(struct leg_group_limits){ .cpus = "", .mems = "", .processes = 20 });
        assert_int_equal(WEXITSTATUS(run(&group, fork_100)), 19); /* and the one that forks */
        wait_until_removed(&group);
}

static void count_processors(void)
{
        cpu_set_t all, has;

        memset(&all, 0xff, sizeof(all));
        sched_setaffinity(0, sizeof(all), &all); /* which cannot be undone from within */
        _exit(sched_getaffinity(0, sizeof(has), &has) == 0 && CPU_ISSET(0, &has) ? CPU_COUNT(&has) : 99);
}

static void a_leg_cannot_leave_its_processors(void **state)
{
        struct leg_group base, group;

        (void)state;
        find(&base, &group);
        if (!has_part(&group, LEG_GROUP_CPUSET))
                skip();
        make(&group, &(struct leg_group_limits){ .cpus = "0", .mems = "" }); /* memory as the base has it */
        assert_int_equal(WEXITSTATUS(run(&group, count_processors)), 1);
        wait_until_removed(&group);
}

static void what_cannot_be_limited_is_told_and_left_out(void **state)
{
        struct offpeak_error lack, err;
        struct leg_group base, group;

        (void)state;
        find(&base, &group);
        if (!has_part(&group, LEG_GROUP_CPUSET))
                skip();
        assert_int_equal(leg_group_make(&group, &(struct leg_group_limits){ .cpus = "8000", .mems = "" }, &lack, &err),
                         0);
        assert_int_equal(lack.code, OFFPEAK_EIO);
        assert_non_null(strstr(lack.text, "cpuset.cpus"));
        assert_false(has_part(&group, LEG_GROUP_CPUSET));
        wait_until_removed(&group);
        assert_int_equal(access(base.path[LEG_GROUP_CPUSET], F_OK), -1);
}

static bool knows_none(void *context, const char *leg)
{
        (void)context;
        return strcmp(leg, "8.1") == 0;
}

static void empty_groups_of_forgotten_legs_are_swept(void **state)
{
        struct leg_group base, group, known;
        pid_t pid;

        (void)state;
        find(&base, &group);
        if (!has_part(&group, LEG_GROUP_MAIN) || !has_part(&group, LEG_GROUP_PIDS))
                skip();
        leg_group_of(&base, "8.1", &known);
        make(&group, &(struct leg_group_limits){ .cpus = "", .mems = "", .processes = 20 });
        make(&known, &(struct leg_group_limits){ .cpus = "", .mems = "", .processes = 20 });
        pid = member(group.path[LEG_GROUP_MAIN]);
        leg_group_sweep(&base, knows_none, NULL);
        assert_int_equal(access(group.path[LEG_GROUP_MAIN], F_OK), 0); /* it has a member */
        assert_int_equal(access(known.path[LEG_GROUP_PIDS], F_OK), 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        wait_until_empty(&group);
        leg_group_sweep(&base, knows_none, NULL);
        assert_int_equal(access(group.path[LEG_GROUP_MAIN], F_OK), -1);
        assert_int_equal(access(group.path[LEG_GROUP_PIDS], F_OK), -1);
        assert_true(leg_group_remove(&known));
        assert_int_equal(access(base.path[LEG_GROUP_PIDS], F_OK), -1);
}

static void no_group_is_a_group_without_members(void **state)
{
        struct leg_group none = { 0 }, base = { 0 }, group;
        struct leg_group_found found;
        struct offpeak_error err, lack;

        (void)state;
        assert_int_equal(leg_group_make(&none, &unlimited, &lack, &err), 0);
        assert_int_equal(lack.code, 0);
        assert_int_equal(leg_group_kill(&none, &err), 0);
        assert_true(leg_group_is_empty(&none));
        leg_group_thaw(&none);
        assert_true(leg_group_remove(&none));
        assert_int_equal(leg_group_oom_kills(&none), 0);
        assert_int_equal(leg_group_join(&none), LEG_GROUP_PARTS);
        leg_group_of(&none, "1.1", &group);
        assert_string_equal(group.path[LEG_GROUP_MAIN], "");
        memset(base.path[LEG_GROUP_MAIN], 'x', LEG_GROUP_PATH - 3);
        leg_group_of(&base, "1.1", &group); /* does not fit */
        assert_string_equal(group.path[LEG_GROUP_MAIN], "");
        leg_group_find("a/b", NULL, &found); /* would be another place */
        assert_string_equal(found.base.path[LEG_GROUP_MAIN], "");
}

static void a_group_that_cannot_be_made_is_an_error(void **state)
{
        struct leg_group group = { .path = { "/proc/no-such-group/1.1" } };
        struct offpeak_error err, lack;

        (void)state;
        assert_int_equal(leg_group_make(&group, &unlimited, &lack, &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "/proc/no-such-group"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_group_that_is_found_works),
                cmocka_unit_test(a_freezer_of_version_1_works),
                cmocka_unit_test(memory_beyond_the_limit_is_killed_and_told),
                cmocka_unit_test(processes_are_counted),
                cmocka_unit_test(a_leg_cannot_leave_its_processors),
                cmocka_unit_test(what_cannot_be_limited_is_told_and_left_out),
                cmocka_unit_test(empty_groups_of_forgotten_legs_are_swept),
                cmocka_unit_test(no_group_is_a_group_without_members),
                cmocka_unit_test(a_group_that_cannot_be_made_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
