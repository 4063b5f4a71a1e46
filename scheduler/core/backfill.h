/* SPDX-License-Identifier: Apache-2.0 */
/* backfill.h - who starts before its hours, on devices that nobody whose hour has come can use. */
#ifndef OFFPEAK_CORE_BACKFILL_H
#define OFFPEAK_CORE_BACKFILL_H

#include "core/promise.h"

struct backfill {
        const struct job *job;    /* the state's; NULL: nobody */
        struct plan_interval run; /* from now on, in place of its hours */
        double cost;              /* of the power and carbon that the run takes, by today's rates */
        struct place_leg *places; /* owned */
};

/* Is there anybody who might? Without a look at nodes. */
bool backfill_may_help(const struct state *state, const struct now *now);

/*
 * The first in the queue that fits beside what is promised, and that loses more by waiting for its own hours than power
 * costs more now. Classes whose waiting counts nothing do not lose by it. ENOMEM.
 */
int backfill_find(const struct state *state, const struct now *now, struct promise *promise,
                  struct backfill *ret_backfill);

#endif
