/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_local.h - what a node adds to the order of a leg, as the file `local` holds it: `key value` lines.
 *
 * Limits came later than the rest: a file without them is one of an older agent, and its leg has none.
 */
#ifndef OFFPEAK_SHIM_LEG_LOCAL_H
#define OFFPEAK_SHIM_LEG_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>

#include "agent/shim/leg_group.h"

enum { LEG_LOCAL_SIZE = 1024, LEG_LOCAL_TEXT = 16384 };

enum leg_rlimit { LEG_NOFILE = 0, LEG_MEMLOCK, LEG_CORE, LEG_STACK, LEG_RLIMITS };

/* As setrlimit takes them. */
struct leg_rlimits {
        bool given[LEG_RLIMITS];    /* false: as the agent has it */
        int64_t value[LEG_RLIMITS]; /* files or bytes; -1: unlimited */
};

/* "nofile" */
const char *leg_rlimit_name(enum leg_rlimit which);

/* Strings may be empty; none may hold a newline. */
struct leg_local {
        char boot[40]; /* kernel's boot id: a leg of another boot is dead */
        char node[OFFPEAK_MAX_NAME];
        char visible[LEG_LOCAL_SIZE]; /* CUDA_VISIBLE_DEVICES */
        char cpus[LEG_LOCAL_SIZE];    /* to bind to, as "0-3,8"; "": no binding */
        char near[LEG_LOCAL_SIZE];    /* the same for each device by itself, as "0-3;4-7"; an empty one is not known */
        char mems[LEG_LOCAL_SIZE];    /* memory nodes that are near; "": all the same */
        bool mems_are_enough;         /* for its memory limit, so that it can be kept to them */
        struct leg_group group;       /* cgroups of the leg */
        int64_t memory, processes;    /* its limits in them: bytes, and a count; 0: none */
        bool required;                /* it must not run without what `group` and the limits say */
        struct leg_rlimits rlimits;
        int64_t log_bytes;         /* an output file is rotated at this size; 0: never */
        int64_t log_files;         /* how many are kept, the one that is written among them */
        int64_t lease_deadline_ms; /* at launch, CLOCK_BOOTTIME; messages to the shim move it forward */
};

/* The file's text; returns its size. EINVAL: a newline in a value, or too long. */
int leg_local_format(const struct leg_local *local, char text[LEG_LOCAL_TEXT], struct offpeak_error *err);

/* False: damaged. */
bool leg_local_parse(const char *text, struct leg_local *ret_local);

/* For leg_group_make; valid as long as local is. */
struct leg_group_limits leg_local_limits(const struct leg_local *local);

#endif
