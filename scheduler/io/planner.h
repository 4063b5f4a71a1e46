/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner.h - the plan is computed in a worker thread, on a question taken from the state; the answer comes back on the loop.
 *
 * One plan at a time. The loop never waits for it; on closing it is told to stop, and its answer is dropped.
 */
#ifndef OFFPEAK_IO_PLANNER_H
#define OFFPEAK_IO_PLANNER_H

#include <uv.h>

#include "core/decide.h"

struct planner;

/* plan_compute, or what a test puts in its place. */
typedef int (*planner_compute)(const struct plan_problem *problem, const struct plan_budget *budget,
                               struct plan *ret_plan, struct offpeak_error *err);

/* On the loop, with the answer as an input to hand to the core. */
typedef void (*planner_ready)(void *context, struct input *input);

int planner_create(uv_loop_t *loop, planner_compute compute, planner_ready ready, void *context,
                   struct planner **ret_planner);

/* Begin. Takes the question over, whatever comes of it. */
void planner_ask(struct planner *planner, struct plan_question *question);

/* Nobody waits for what is computed: it is handed back as far as it has come. Nothing to do if nothing is. */
void planner_drop(struct planner *planner);

/* Stop what runs; `closed` is called when nothing does any more, at once or later. The planner is gone then. */
void planner_close(struct planner *planner, void (*closed)(void *context), void *context);

#endif
