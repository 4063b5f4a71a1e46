/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_group_driver.h - what the two versions of cgroups do differently with one directory; for the files of leg_group.
 *
 * Functions return 0 or -errno; -ENOENT and -ENODEV mean that there is no such directory.
 */
#ifndef OFFPEAK_SHIM_LEG_GROUP_DRIVER_H
#define OFFPEAK_SHIM_LEG_GROUP_DRIVER_H

#include "agent/shim/leg_group.h"

struct leg_group_driver {
        const char *killer;                 /* the file by which all members are killed or held */
        const char *knobs[LEG_GROUP_PARTS]; /* a file that a directory has when it can carry the part */
        int (*kill)(const char *dir);
        void (*thaw)(const char *dir);
        /* A base that was just made: hand down what it has to the legs in it. */
        void (*prepare)(const char *base, enum leg_group_part part);
        /* On failure *ret_file is the file that did not take its value. */
        int (*limit)(const char *dir, enum leg_group_part part, const struct leg_group_limits *limits,
                     const char **ret_file);
        const char *oom_file; /* its line `oom_kill N` counts */
};

extern const struct leg_group_driver leg_group_v1, leg_group_v2;

/* Of an existing directory. */
const struct leg_group_driver *leg_group_driver_of(const char *dir);

/* ---- files of a directory (leg_group_file.c) */

enum { LEG_GROUP_LINE = 4096 };

bool group_has(const char *dir, const char *file);
bool group_can_write(const char *dir, const char *file);
int group_put(const char *dir, const char *file, const char *value);
int group_put_number(const char *dir, const char *file, int64_t value);
/* The first line without its end; "" if there is none. Returns buffer. */
const char *group_get(const char *dir, const char *file, char *buffer, size_t size);
/* The number in the line `key N`; fallback if there is none. */
int64_t group_get_key(const char *dir, const char *file, const char *key, int64_t fallback);
/* SIGKILL to every member, one by one. */
int group_kill_members(const char *dir);
bool group_is_empty(const char *dir);
bool group_parent(const char *dir, char parent[LEG_GROUP_PATH]);

#endif
