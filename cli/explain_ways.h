/* SPDX-License-Identifier: Apache-2.0 */
/* explain_ways.h - what else a job could do, what it would be cheaper with, and why it is late, as lines for people. */
#ifndef OFFPEAK_CLI_EXPLAIN_WAYS_H
#define OFFPEAK_CLI_EXPLAIN_WAYS_H

#include <stdio.h>

#include <jansson.h>

#include "cli/screen.h"

/* Of the `job` of an offpeak.job document. What there is nothing of has no line. */
void explain_alternatives(const json_t *job, const struct screen *screen, FILE *out);
void explain_blockers(const json_t *job, const struct screen *screen, FILE *out);
void explain_fit(const json_t *job, const struct screen *screen, FILE *out);

#endif
