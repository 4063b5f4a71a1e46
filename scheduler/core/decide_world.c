/* SPDX-License-Identifier: Apache-2.0 */
/* decide_world.c - what the scheduler is told about itself: its start, its policy, its series. */
#include "core/decide_parts.h"

#include <string.h>

void decide_start(const struct state *state, const struct input *input, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_TERM, &input->now);

        record->u.term.term = state->term + 1;
        record->u.term.fenced_start = state->fenced_start || input->u.start.lost_tail;
        record = turn_record(turn, RECORD_V_STARTED, &input->now);
        record->u.started.mono_ms = input->now.mono_ms;
        want_plan(state, &input->now, turn);
}

void decide_config(const struct state *state, const struct input *input, struct turn *turn)
{
        struct record *record;

        if (policy_same(&state->policy, input->u.config.policy))
                return;
        record = turn_record(turn, RECORD_CONFIG, &input->now);
        turn_check(turn, policy_copy(input->u.config.policy, &record->u.config.policy));
        want_plan(state, &input->now, turn);
}

void decide_series(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct series *series = input->u.series.series;
        const struct site *site = series->site != NULL ? state_site(state, series->site) : NULL;
        struct record *record;

        if (site == NULL || series_same_values(&site->series[series->kind], series))
                return;
        record = turn_record(turn, RECORD_SERIES, &input->now);
        turn_check(turn, series_copy(series, &record->u.series.series));
        record->u.series.series.version = site->series[series->kind].version + 1;
        record->u.series.series.issued = input->now.wall;
        want_plan(state, &input->now, turn);
}
