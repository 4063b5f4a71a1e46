/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the agent's process around its pure core: locks, files, sockets, shims, sensors, time.
 */
#ifndef OFFPEAK_AGENT_HOST_H
#define OFFPEAK_AGENT_HOST_H

#include <offpeak/error.h>

#include "agent/config.h"

/*
 * Be the agent of this node until SIGTERM or SIGINT; jobs go on under their shims. 0, or what made it impossible to
 * begin or to go on. The configuration is complete.
 */
int host_run(const struct agent_config *config, struct offpeak_error *err);

#endif
