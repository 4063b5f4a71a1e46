/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups of both versions, where this machine lets us make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/leg_group.h"

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

static void wait_until_empty(const char *group)
{
        for (int i = 0; i < 1000 && !leg_group_is_empty(group); i++)
                usleep(5000);
        assert_true(leg_group_is_empty(group));
}

static void exercise(const char *group, const char *freezer, const char *frozen)
{
        struct offpeak_error err;
        pid_t pids[3];

        assert_int_equal(leg_group_make(group, &err), 0);
        assert_int_equal(leg_group_make(group, &err), 0); /* a second time is no harm */
        assert_true(leg_group_is_empty(group));
        for (int i = 0; i < 3; i++)
                pids[i] = member(group);
        assert_false(leg_group_is_empty(group));
        leg_group_remove(group); /* not while there are members */
        assert_int_equal(access(group, F_OK), 0);
        put(group, freezer, frozen);
        assert_int_equal(leg_group_kill(group, &err), 0); /* frozen or not */
        for (int i = 0, status; i < 3; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(WTERMSIG(status), SIGKILL);
        }
        wait_until_empty(group);
        leg_group_remove(group);
        assert_int_equal(access(group, F_OK), -1);
        assert_int_equal(leg_group_kill(group, &err), 0); /* none is left in what is gone */
        assert_true(leg_group_is_empty(group));
}

static void thaw(const char *group, const char *freezer, const char *frozen)
{
        struct offpeak_error err;
        pid_t pid;
        int status;

        assert_int_equal(leg_group_make(group, &err), 0);
        pid = member(group);
        put(group, freezer, frozen);
        assert_int_equal(kill(pid, SIGKILL), 0);
        leg_group_thaw(group);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        wait_until_empty(group);
        leg_group_remove(group);
}

static void the_group_that_is_found_works(void **state)
{
        char base[LEG_LOCAL_SIZE], group[LEG_LOCAL_SIZE], node[32], path[LEG_LOCAL_SIZE + 32];

        (void)state;
        snprintf(node, sizeof(node), "test-%d", (int)getpid());
        leg_group_base(node, base, sizeof(base));
        if (base[0] == '\0')
                skip();
        leg_group_path(base, (struct leg_id){ 7, 1 }, group, sizeof(group));
        assert_string_equal(group + strlen(group) - 4, "/7.1");
        assert_int_equal(leg_group_make(group, NULL), 0);
        snprintf(path, sizeof(path), "%s/cgroup.kill", group);
        if (access(path, F_OK) == 0) {
                exercise(group, "cgroup.freeze", "1");
                thaw(group, "cgroup.freeze", "1");
        } else {
                exercise(group, "freezer.state", "FROZEN");
                thaw(group, "freezer.state", "FROZEN");
        }
        assert_int_equal(access(base, F_OK), -1); /* it goes with the last leg */
}

static void a_freezer_of_version_1_works(void **state)
{
        char group[128];

        (void)state;
        snprintf(group, sizeof(group), "/sys/fs/cgroup/freezer/offpeak-test-%d/1.1", (int)getpid());
        if (access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) != 0)
                skip();
        exercise(group, "freezer.state", "FROZEN");
        thaw(group, "freezer.state", "FROZEN");
}

static void no_group_is_a_group_without_members(void **state)
{
        struct offpeak_error err;
        char buffer[8] = "x", base[64] = "x";

        (void)state;
        assert_int_equal(leg_group_make("", &err), 0);
        assert_int_equal(leg_group_kill("", &err), 0);
        assert_true(leg_group_is_empty(""));
        leg_group_thaw("");
        leg_group_remove("");
        assert_string_equal(leg_group_path("", (struct leg_id){ 1, 1 }, buffer, sizeof(buffer)), "");
        assert_string_equal(leg_group_path("/too/long", (struct leg_id){ 1, 1 }, buffer, sizeof(buffer)), "");
        leg_group_base("a/b", base, sizeof(base)); /* would be another place */
        assert_string_equal(base, "");
}

static void a_group_that_cannot_be_made_is_an_error(void **state)
{
        struct offpeak_error err;

        (void)state;
        assert_int_equal(leg_group_make("/proc/no-such-group", &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "/proc/no-such-group"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_group_that_is_found_works),
                cmocka_unit_test(a_freezer_of_version_1_works),
                cmocka_unit_test(no_group_is_a_group_without_members),
                cmocka_unit_test(a_group_that_cannot_be_made_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
