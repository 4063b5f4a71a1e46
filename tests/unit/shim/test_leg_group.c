/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where groups are made, and what is written into them, in trees of plain files as the two versions have them.
 * A directory that the kernel would fill is made beforehand. What the kernel makes of it: test_shim_group.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_group_find.h"

enum { PATH_SIZE = 512 };

struct fixture {
        char root[64], mounts[128], own[128];
        struct leg_group_tables tables;
        struct leg_group_found found;
        struct leg_group group;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->root, "/tmp/offpeak-group-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        snprintf(f->mounts, sizeof(f->mounts), "%s/mounts", f->root);
        snprintf(f->own, sizeof(f->own), "%s/own", f->root);
        f->tables = (struct leg_group_tables){ f->mounts, f->own };
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", f->root);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
        char path[PATH_SIZE];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", f->root, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static const char *read_file(const struct fixture *f, const char *name, char *buffer, size_t size)
{
        char path[PATH_SIZE];
        FILE *file;
        size_t n = 0;

        snprintf(path, sizeof(path), "%s/%s", f->root, name);
        file = fopen(path, "r");
        if (file != NULL) {
                n = fread(buffer, 1, size - 1, file);
                fclose(file);
        }
        buffer[n] = '\0';
        return buffer;
}

/* A directory (and those above it) with empty files, named with blanks between. */
static void make_directory(const struct fixture *f, const char *name, const char *files)
{
        char command[2 * PATH_SIZE];

        snprintf(command, sizeof(command), "mkdir -p %s/%s && cd %s/%s && touch %s", f->root, name, f->root, name,
                 files);
        assert_int_equal(system(command), 0);
}

static void expect_file(const struct fixture *f, const char *name, const char *text)
{
        char buffer[256];

        assert_string_equal(read_file(f, name, buffer, sizeof(buffer)), text);
}

static void expect_path(const struct fixture *f, const char *path, const char *name)
{
        char full[PATH_SIZE];

        snprintf(full, sizeof(full), "%s/%s", f->root, name);
        assert_string_equal(path, full);
}

static void find(struct fixture *f)
{
        leg_group_find("n1", &f->tables, &f->found);
        leg_group_of(&f->found.base, "7.1", &f->group);
}

static void write_tables(const struct fixture *f, const char *mounts, const char *own)
{
        char text[2048], *at = text;

        for (const char *c = mounts; *c != '\0'; c++) /* %: the root */
                at += *c == '%' ? sprintf(at, "%s", f->root) : sprintf(at, "%c", *c);
        write_file(f, "mounts", text);
        write_file(f, "own", own);
}

#define V2_FILES     "cgroup.controllers cgroup.procs cgroup.subtree_control cgroup.kill cgroup.freeze cgroup.events"
#define V2_KNOBS     V2_FILES " cpuset.cpus cpuset.mems memory.max memory.swap.max memory.oom.group memory.events pids.max"
#define V2_MOUNTS    "proc /proc proc rw 0 0\ncgroup2 %/u cgroup2 rw,nsdelegate 0 0\n"
#define LIMITS(m, p) (&(struct leg_group_limits){ .cpus = "0-3", .mems = "1", .memory = (m), .processes = (p) })
#define ASKED        "           " /* room for what is written: plain files do not add it up */
#define HANDS_DOWN   "cpuset cpu io memory pids\n"

static void make_limited(struct fixture *f, const struct leg_group_limits *limits)
{
        struct offpeak_error lack, err;

        assert_int_equal(leg_group_make(&f->group, limits, &lack, &err), 0);
        if (lack.code != 0)
                fail_msg("%s", lack.text);
}

static void version_2_has_all_in_one_directory(void **state)
{
        struct fixture *f = *state;

        write_tables(f, V2_MOUNTS, "0::/agents\n");
        make_directory(f, "u", V2_FILES);
        make_directory(f, "u/agents", V2_FILES);
        make_directory(f, "u/agents/offpeak-n1/7.1", V2_KNOBS);
        make_directory(f, "u/agents/offpeak-n1", V2_KNOBS);
        write_file(f, "u/agents/cgroup.subtree_control", HANDS_DOWN);
        write_file(f, "u/agents/memory.max", "4294967296\n");
        find(f);
        for (int i = 0; i < LEG_GROUP_PARTS; i++) {
                expect_path(f, f->group.path[i], "u/agents/offpeak-n1/7.1");
                assert_string_equal(f->found.why_not[i], "");
        }
        assert_int_equal(f->found.memory_ceiling, 4294967296);
        make_limited(f, LIMITS(1 << 30, 500));
        expect_file(f, "u/agents/offpeak-n1/7.1/memory.max", "1073741824");
        expect_file(f, "u/agents/offpeak-n1/7.1/memory.swap.max", "0");
        expect_file(f, "u/agents/offpeak-n1/7.1/memory.oom.group", "1");
        expect_file(f, "u/agents/offpeak-n1/7.1/cpuset.cpus", "0-3");
        expect_file(f, "u/agents/offpeak-n1/7.1/cpuset.mems", "1");
        expect_file(f, "u/agents/offpeak-n1/7.1/pids.max", "500");
        write_file(f, "u/agents/offpeak-n1/7.1/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n");
        assert_int_equal(leg_group_oom_kills(&f->group), 2);
        write_file(f, "u/agents/offpeak-n1/7.1/cgroup.events", "populated 1\nfrozen 0\n");
        assert_false(leg_group_is_empty(&f->group));
        assert_int_equal(leg_group_kill(&f->group, NULL), 0);
        expect_file(f, "u/agents/offpeak-n1/7.1/cgroup.kill", "1");
        leg_group_thaw(&f->group);
        expect_file(f, "u/agents/offpeak-n1/7.1/cgroup.freeze", "0");
        assert_int_equal(leg_group_join(&f->group), LEG_GROUP_PARTS);
        expect_file(f, "u/agents/offpeak-n1/7.1/cgroup.procs", "0");
}

/* The agent lives in a leaf, so that what is above it has no process and may hand down. */
static void version_2_is_prepared_beside_the_agents_leaf(void **state)
{
        struct fixture *f = *state;
        char text[128];

        write_tables(f, V2_MOUNTS, "0::/svc/offpeak-agent\n");
        make_directory(f, "u", V2_FILES);
        make_directory(f, "u/svc", V2_FILES);
        make_directory(f, "u/svc/offpeak-agent", V2_FILES);
        write_file(f, "u/svc/cgroup.subtree_control", ASKED HANDS_DOWN);
        make_directory(f, "u/svc/offpeak-n1", V2_KNOBS);
        find(f);
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                expect_path(f, f->found.base.path[i], "u/svc/offpeak-n1");
        assert_non_null(strstr(read_file(f, "u/svc/cgroup.subtree_control", text, sizeof(text)), "+pids"));
}

/* A parent with processes in it cannot hand down: not asked, and the top of the hierarchy serves. */
static void version_2_falls_back_on_the_top(void **state)
{
        struct fixture *f = *state;

        write_tables(f, V2_MOUNTS, "0::/system.slice/agent.service\n");
        make_directory(f, "u", V2_FILES);
        make_directory(f, "u/system.slice/agent.service", V2_FILES);
        make_directory(f, "u/system.slice/agent.service/offpeak-n1", V2_FILES);
        make_directory(f, "u/offpeak-n1", V2_KNOBS);
        write_file(f, "u/cgroup.subtree_control", ASKED HANDS_DOWN);
        find(f);
        expect_file(f, "u/system.slice/agent.service/cgroup.subtree_control", "");
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                expect_path(f, f->found.base.path[i], "u/offpeak-n1");
}

static void version_2_without_controllers_only_kills(void **state)
{
        struct fixture *f = *state;

        write_tables(f, V2_MOUNTS, "0::/agents\n");
        make_directory(f, "u", V2_FILES);
        make_directory(f, "u/agents", V2_FILES);
        make_directory(f, "u/agents/offpeak-n1", V2_FILES);
        make_directory(f, "u/offpeak-n1", V2_FILES);
        find(f);
        expect_path(f, f->found.base.path[LEG_GROUP_MAIN], "u/agents/offpeak-n1");
        for (int i = 1; i < LEG_GROUP_PARTS; i++) {
                assert_string_equal(f->found.base.path[i], "");
                assert_non_null(strstr(f->found.why_not[i], "DelegateSubgroup"));
        }
}

#define V1_MOUNTS                                                                                                      \
        "cgroup %/freezer cgroup rw,freezer 0 0\ncgroup %/memory cgroup rw,memory 0 0\n"                               \
        "cgroup %/cpuset cgroup rw,cpuset,clone_children 0 0\ncgroup %/pids cgroup rw,pids 0 0\n"

static void make_v1(struct fixture *f)
{
        write_tables(f, V1_MOUNTS, "4:pids:/\n3:cpuset:/\n2:memory:/box\n1:cpu,freezer:/box\n");
        make_directory(f, "freezer/box", "cgroup.procs");
        make_directory(f, "freezer/box/offpeak-n1/7.1", "cgroup.procs freezer.state");
        make_directory(f, "freezer/box/offpeak-n1", "cgroup.procs freezer.state");
        make_directory(f, "memory/box", "cgroup.procs");
        make_directory(f, "memory/box/offpeak-n1", "cgroup.procs memory.limit_in_bytes");
        make_directory(f, "memory/box/offpeak-n1/7.1",
                       "cgroup.procs memory.limit_in_bytes memory.memsw.limit_in_bytes memory.oom_control");
        write_file(f, "memory/box/memory.stat", "cache 1\nhierarchical_memory_limit 8589934592\n");
        make_directory(f, "cpuset", "cgroup.procs");
        write_file(f, "cpuset/cpuset.cpus", "0-7\n");
        write_file(f, "cpuset/cpuset.mems", "0-1\n");
        make_directory(f, "cpuset/offpeak-n1", "cgroup.procs cpuset.cpus cpuset.mems");
        make_directory(f, "cpuset/offpeak-n1/7.1", "cgroup.procs cpuset.cpus cpuset.mems");
        make_directory(f, "pids", "cgroup.procs");
        make_directory(f, "pids/offpeak-n1", "cgroup.procs pids.max");
        make_directory(f, "pids/offpeak-n1/7.1", "cgroup.procs pids.max");
}

static void version_1_has_one_for_each_controller(void **state)
{
        struct fixture *f = *state;

        make_v1(f);
        find(f);
        expect_path(f, f->group.path[LEG_GROUP_MAIN], "freezer/box/offpeak-n1/7.1");
        expect_path(f, f->group.path[LEG_GROUP_MEMORY], "memory/box/offpeak-n1/7.1");
        expect_path(f, f->group.path[LEG_GROUP_CPUSET], "cpuset/offpeak-n1/7.1");
        expect_path(f, f->group.path[LEG_GROUP_PIDS], "pids/offpeak-n1/7.1");
        assert_int_equal(f->found.memory_ceiling, 8589934592);
        make_limited(f, &(struct leg_group_limits){ .cpus = "2,3", .mems = "", .memory = 1 << 30, .processes = 9 });
        expect_file(f, "cpuset/offpeak-n1/cpuset.cpus", "0-7"); /* else its legs could have none */
        expect_file(f, "cpuset/offpeak-n1/7.1/cpuset.cpus", "2,3");
        expect_file(f, "cpuset/offpeak-n1/7.1/cpuset.mems", "0-1");
        expect_file(f, "memory/box/offpeak-n1/7.1/memory.limit_in_bytes", "1073741824");
        expect_file(f, "memory/box/offpeak-n1/7.1/memory.memsw.limit_in_bytes", "1073741824");
        expect_file(f, "pids/offpeak-n1/7.1/pids.max", "9");
        assert_int_equal(leg_group_join(&f->group), LEG_GROUP_PARTS);
        expect_file(f, "freezer/box/offpeak-n1/7.1/cgroup.procs", "0");
        expect_file(f, "pids/offpeak-n1/7.1/cgroup.procs", "0");
        write_file(f, "memory/box/offpeak-n1/7.1/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
        assert_int_equal(leg_group_oom_kills(&f->group), 3);
        leg_group_thaw(&f->group);
        expect_file(f, "freezer/box/offpeak-n1/7.1/freezer.state", "THAWED");
}

static void a_limit_that_is_not_taken_is_told_and_the_rest_goes_on(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error lack, err;
        char path[PATH_SIZE];

        make_v1(f);
        find(f);
        snprintf(path, sizeof(path), "%s/memory/box/offpeak-n1/7.1/memory.limit_in_bytes", f->root);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(leg_group_make(&f->group, LIMITS(1 << 30, 9), &lack, &err), 0);
        assert_int_equal(lack.code, OFFPEAK_EIO);
        assert_non_null(strstr(lack.text, "no limit on the leg's memory"));
        assert_non_null(strstr(lack.text, "memory.limit_in_bytes: No such file"));
        assert_string_equal(f->group.path[LEG_GROUP_MEMORY], "");
        expect_file(f, "pids/offpeak-n1/7.1/pids.max", "9");
        assert_int_equal(leg_group_oom_kills(&f->group), 0);
}

static void a_part_without_a_limit_is_not_made(void **state)
{
        struct fixture *f = *state;

        make_v1(f);
        find(f);
        make_limited(f, &(struct leg_group_limits){ .cpus = "", .mems = "" });
        assert_string_equal(f->group.path[LEG_GROUP_MEMORY], "");
        assert_string_equal(f->group.path[LEG_GROUP_CPUSET], "");
        assert_string_equal(f->group.path[LEG_GROUP_PIDS], "");
        expect_path(f, f->group.path[LEG_GROUP_MAIN], "freezer/box/offpeak-n1/7.1");
}

/* Version 2 kills and freezes, the controllers are version 1's: a machine in between. */
static void both_versions_go_together(void **state)
{
        struct fixture *f = *state;

        make_v1(f);
        write_tables(f, V2_MOUNTS V1_MOUNTS, "4:pids:/\n3:cpuset:/\n2:memory:/box\n1:freezer:/box\n0::/\n");
        make_directory(f, "u", V2_FILES);
        make_directory(f, "u/offpeak-n1", V2_FILES);
        find(f);
        expect_path(f, f->group.path[LEG_GROUP_MAIN], "u/offpeak-n1/7.1");
        expect_path(f, f->group.path[LEG_GROUP_MEMORY], "memory/box/offpeak-n1/7.1");
}

static void without_cgroups_there_are_none(void **state)
{
        struct fixture *f = *state;

        write_tables(f, "proc /proc proc rw 0 0\n", "0::/\n");
        find(f);
        for (int i = 0; i < LEG_GROUP_PARTS; i++) {
                assert_string_equal(f->group.path[i], "");
                assert_non_null(strstr(f->found.why_not[i], "none of version 1 is mounted"));
        }
        assert_int_equal(f->found.memory_ceiling, INT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(version_2_has_all_in_one_directory),
                TEST(version_2_is_prepared_beside_the_agents_leaf),
                TEST(version_2_falls_back_on_the_top),
                TEST(version_2_without_controllers_only_kills),
                TEST(version_1_has_one_for_each_controller),
                TEST(a_limit_that_is_not_taken_is_told_and_the_rest_goes_on),
                TEST(a_part_without_a_limit_is_not_made),
                TEST(both_versions_go_together),
                TEST(without_cgroups_there_are_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
