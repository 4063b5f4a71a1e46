/* SPDX-License-Identifier: Apache-2.0 */
/* due.h - when a job should be done: by its owner's deadline, or by what its class lets it wait. */
#ifndef OFFPEAK_CORE_DUE_H
#define OFFPEAK_CORE_DUE_H

#include "core/state.h"

/*
 * When it is done if it starts as late as its class's max_delay allows; 0: the class does not say. A job cannot wait before others
 * have ended, or its class has GPU-hours for it (let_in; 0: it always has): from then on the delay counts.
 */
int64_t due_by_class(const struct state *state, const struct job *job, int64_t let_in);

/* Whether that, and not a deadline of its own, is what the job's hours end at. */
bool due_class_decides(const struct state *state, const struct job *job);

/* What a plan is to keep; 0: nothing. earliest: when the job can be done at the earliest. let_in: as above. */
int64_t due_for_plan(const struct state *state, const struct job *job, int64_t earliest, int64_t let_in);

#endif
