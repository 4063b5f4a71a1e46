/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h - offpeakd as a function: config, store, engine, sockets, feeds and planner on one loop, in that order.
 */
#ifndef OFFPEAK_IO_DAEMON_H
#define OFFPEAK_IO_DAEMON_H

#include "io/planner.h"

struct daemon_options {
        const char *config_path;
        planner_compute compute; /* plan_compute; a test may put a slower one in its place */
};

/*
 * Run until SIGTERM or SIGINT (returns 0 after a graceful stop), or until something fails (its code). SIGHUP reads the
 * configuration again. SIGKILL at any moment loses nothing that was acknowledged.
 */
int daemon_run(const struct daemon_options *options, struct offpeak_error *err);

/* Read the configuration and every file it names; say what is wrong. */
int daemon_check(const char *config_path, struct offpeak_error *err);

#endif
