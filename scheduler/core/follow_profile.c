/* SPDX-License-Identifier: Apache-2.0 */
/* follow_profile.c - what jobs were seen to do becomes what plans count on. */
#include "core/decide_parts.h"

#include "core/profile.h"

/* One at a time: the next one is looked for in the state after it. */
void follow_profile(const struct state *state, const struct now *now, struct turn *turn)
{
        struct record *record;

        if (!state->learn_due)
                return;
        for (uint32_t i = 0; i < state->n_profiles; i++) {
                if (!profile_is_due(&state->profiles[i]))
                        continue;
                record = turn_record(turn, RECORD_LEARNED, now);
                turn_check(turn, profile_fit(&state->profiles[i], &record->u.learned.fitted));
                if (profile_is_news(&state->profiles[i], &record->u.learned.fitted))
                        want_plan(state, now, turn);
                return;
        }
}
