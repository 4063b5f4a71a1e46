/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_parts.h - what apply.c is made of: one function per record, grouped by what they change.
 *
 * Each copies what it keeps and returns 0, ENOMEM, or EINVAL for a record that speaks of something unknown.
 */
#ifndef OFFPEAK_CORE_APPLY_PARTS_H
#define OFFPEAK_CORE_APPLY_PARTS_H

#include "core/record.h"

/* apply_site.c, apply_series.c */
int apply_config(struct state *state, const struct record *record);
int apply_series(struct state *state, const struct record *record);
int apply_pushed(struct state *state, const struct record *record);
int apply_confirmed(struct state *state, const struct record *record);
int apply_forecast(struct state *state, const struct record *record);
int apply_layers(struct site *site, enum series_kind kind); /* make series[kind] anew: pushed over feed */
/* What was said of an agreement's production follows its name to another place among the site's; of one that is gone it ends. */
void apply_agreements(struct site *site, const struct supply_terms *before, const struct supply_terms *after);
int apply_booked(struct state *state, const struct record *record);

/* apply_node.c */
int apply_node_up(struct state *state, const struct record *record);
int apply_node_fenced(struct state *state, const struct record *record);
int apply_drained(struct state *state, const struct record *record);
/* apply_devices.c */
int apply_devices(struct state *state, const struct record *record);
int apply_blame(struct state *state, uint32_t node_id, uint64_t devices); /* an attempt failed on them */
void apply_resume(struct node *node, int64_t at);                         /* those that failed too often are forgiven */
int apply_renumbered(struct node *node, const struct inventory *before);  /* it has another inventory now */

/* apply_node.c, too */
int apply_session(struct state *state, const struct record *record);
int apply_renewed(struct state *state, const struct record *record);
int apply_started(struct state *state, const struct record *record);

/* apply_job.c */
int apply_request(struct state *state, const struct request *request);
int apply_submitted(struct state *state, const struct record *record);
int apply_held(struct state *state, const struct record *record);
int apply_pinned(struct state *state, const struct record *record);
int apply_cancel(struct state *state, const struct record *record);
int apply_progress(struct state *state, const struct record *record);
int apply_ended(struct state *state, const struct record *record);
int apply_backoff(struct state *state, const struct record *record);

/* apply_attempt.c */
int apply_launch(struct state *state, const struct record *record);
int apply_go(struct state *state, const struct record *record);
int apply_capped(struct state *state, const struct record *record);
int apply_stop(struct state *state, const struct record *record);
int apply_leg(struct state *state, const struct record *record);
int apply_leg_end(struct state *state, const struct record *record);
int apply_late_exit(struct state *state, const struct record *record);
int apply_over(struct state *state, const struct record *record);

/* apply_plan.c */
int apply_plan(struct state *state, const struct record *record);
int apply_planning(struct state *state, const struct record *record);
int apply_flows(const struct plan_flow *flows, uint32_t n, struct plan_flow **flows_kept, uint32_t *n_kept); /* in their place */

/* apply_image.c */
int apply_image(struct state *state, const struct record *record);

#endif
