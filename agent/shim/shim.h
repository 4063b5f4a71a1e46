/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim.h - the process that owns one leg: its processes, its lease, its exit record.
 */
#ifndef OFFPEAK_SHIM_SHIM_H
#define OFFPEAK_SHIM_SHIM_H

#include <stdint.h>

#include "agent/shim/leg_dir.h"
#include "agent/shim/link.h"

struct shim_options {
        const char *state, *node;
        struct leg_id leg;
        enum link_contain contain;
        int64_t margin_ms;
        int link_fd;          /* a connection to the agent that started it; -1: none */
};

/* Live through the leg. Returns the program's exit status; what there is to say goes to the leg's shim.log. */
int shim_run(const struct shim_options *options);

#endif
