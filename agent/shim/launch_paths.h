/* SPDX-License-Identifier: Apache-2.0 */
/* launch_paths.h - where a leg runs, and where its output goes. */
#ifndef OFFPEAK_SHIM_LAUNCH_PATHS_H
#define OFFPEAK_SHIM_LAUNCH_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

/* out and error are expanded, and may be relative to the directory; error "": with out. */
struct launch_paths {
        char directory[PATH_MAX];
        char out[PATH_MAX], error[PATH_MAX];
};

/* Of the process of this rank, of an order with a launch, for a user with this home. False: one does not fit. */
bool launch_paths(const struct message_order *order, uint32_t rank, const char *home, struct launch_paths *ret_paths);

/* Of a leg; those of its other processes follow. With launcher gpu there is one a GPU, else one a node. */
uint32_t launch_first_rank(const struct message_launch *launch);

/* What stands for the letters behind a % in a path. */
struct launch_names {
        uint64_t job;        /* j */
        uint32_t attempt;    /* a */
        uint32_t node, rank; /* n, r */
};

/* "%j %a %n %r %%" of a path. False if it does not fit. */
bool launch_expand(const char *path, const struct launch_names *names, char *buffer, size_t size);

/* base/tail, or tail alone if it is absolute. False if it does not fit. */
bool launch_join(const char *base, const char *tail, char *buffer, size_t size);

#endif
