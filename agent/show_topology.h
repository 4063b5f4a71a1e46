/* SPDX-License-Identifier: Apache-2.0 */
/* show_topology.h - `offpeak-agent --show-topology`: what the agent sees of a machine, for people and as JSON. */
#ifndef OFFPEAK_AGENT_SHOW_TOPOLOGY_H
#define OFFPEAK_AGENT_SHOW_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include <offpeak/error.h>

#include "agent/config.h"

/* Of the configuration: topology, position and features. The errors of topology_open, or ENOMEM. A node may have no
 * GPU. */
int show_topology(const struct agent_config *config, bool json, FILE *out, struct offpeak_error *err);

/* The document offpeak.topology/2 as text (topology_view.c). */
void topology_view(const json_t *document, FILE *out);

#endif
