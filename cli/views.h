/* SPDX-License-Identifier: Apache-2.0 */
/*
 * views.h - the scheduler's documents (docs/json.md) as text for people. Each prints to out and returns 0, or ENOMEM.
 */
#ifndef OFFPEAK_CLI_VIEWS_H
#define OFFPEAK_CLI_VIEWS_H

#include <stdio.h>

#include <jansson.h>

#include "cli/screen.h"

int view_jobs(const json_t *document, const struct screen *screen, FILE *out);
int view_show(const json_t *document, const struct screen *screen, FILE *out);
int view_explain(const json_t *document, const struct screen *screen, FILE *out);
int view_submitted(const json_t *document, const char *warning, const struct screen *screen, FILE *out);
int view_nodes(const json_t *document, const struct screen *screen, FILE *out);
int view_plan(const json_t *document, const struct screen *screen, FILE *out);
int view_plan_worth(const json_t *document, const struct screen *screen, FILE *out); /* its last lines */
int view_profile(const json_t *document, const struct screen *screen, FILE *out);
int view_price(const json_t *document, const struct screen *screen, FILE *out);
int view_signals(const json_t *document, const struct screen *screen, FILE *out);
int view_estimate(const json_t *document, const struct screen *screen, FILE *out);
int view_simulate(const json_t *document, const struct screen *screen, FILE *out);
void view_simulate_bound(const json_t *document, const struct screen *screen, FILE *out); /* what stands below it */
int view_assess(const json_t *document, const struct screen *screen, FILE *out);
int view_policy_try(const json_t *document, const struct screen *screen, FILE *out);
int view_report(const json_t *document, const struct screen *screen, FILE *out);

#endif
