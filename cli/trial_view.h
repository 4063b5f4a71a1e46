/* SPDX-License-Identifier: Apache-2.0 */
/* trial_view.h - what policies came to on a trial as text: a row for each of `policies` (docs/json.md). */
#ifndef OFFPEAK_CLI_TRIAL_VIEW_H
#define OFFPEAK_CLI_TRIAL_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/screen.h"

/* All borrowed. */
struct trial_view {
        const json_t *document;
        const char *currency;
        const struct screen *screen;
        FILE *out;
        bool priced, carbon, delay, fails; /* is known, or is counted; nodes fail */
};

struct trial_view trial_view_of(const json_t *document, const struct screen *screen, FILE *out);

/* `findings`: a line each. place: what they have a number of, "line"; first: that number's key, "first_line". */
void trial_view_findings(const struct trial_view *view, const char *place, const char *first);

/* A policy is called by its `label`, if it has one, else by its `name`. 0 or ENOMEM. */
int trial_view_table(const struct trial_view *view);

/* What stands in no cost, or no carbon, of each policy. */
void trial_view_unknown(const struct trial_view *view);

/* Policies that did not do all jobs: what the others are not to be compared with. */
void trial_view_undone(const struct trial_view *view);

/* How much each policy ran under power caps, if it did. */
void trial_view_caps(const struct trial_view *view);

/* What stores did for each policy, if there are any, and how. */
void trial_view_stores(const struct trial_view *view);

/* NAN: null, or not there. */
double trial_view_real(const json_t *object, const char *key);

#endif
