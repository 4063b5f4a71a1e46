/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - `offpeak-agent --check`: what this node would offer, and what it could not keep jobs from. */
#ifndef OFFPEAK_AGENT_CHECK_H
#define OFFPEAK_AGENT_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include <offpeak/error.h>

#include "agent/config.h"

/* As text, or as offpeak.agent_check/1. Errors: those for which the agent would not start; ENOMEM. */
int agent_check(const struct agent_config *config, bool json, FILE *out, struct offpeak_error *err);

#endif
