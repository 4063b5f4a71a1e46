/* SPDX-License-Identifier: Apache-2.0 */
/* decide_world.c - what the scheduler is told about itself: its start, its policy, its series. */
#include "core/decide_parts.h"

#include <string.h>

#include "supply/layers.h"

void decide_start(const struct state *state, const struct input *input, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_TERM, &input->now);

        record->u.term.term = state->term + 1;
        record->u.term.fenced_start = state->fenced_start || input->u.start.lost_tail;
        record = turn_record(turn, RECORD_V_STARTED, &input->now);
        record->u.started.mono_ms = input->now.mono_ms;
        record->u.started.forecasts = input->u.start.forecasts;
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

/* Said anew is not said newly: the version stays, and only a site that minds how old it is keeps its issue time up to date. */
static void confirm(const struct state *state, const struct site *site, enum series_kind kind, const struct now *now,
                    struct turn *turn)
{
        const struct policy_site *policy = policy_site(&state->policy, site->name);
        int64_t stale_after_s = policy != NULL ? policy->signals[kind].stale_after_s : 0;
        const struct series *feed = &site->feed[kind];
        struct record *record;

        if (stale_after_s == 0 || feed->n_points == 0 || now->wall - feed->issued < stale_after_s / 2)
                return;
        record = turn_record(turn, RECORD_CONFIRMED, now);
        record->u.confirmed.site = turn_text(turn, "%s", site->name);
        record->u.confirmed.kind = kind;
        if (now->wall >= feed->issued + stale_after_s)
                want_plan(state, now, turn); /* it holds again */
}

void decide_series(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct series *series = input->u.series.series;
        const struct site *site = series->site != NULL ? state_site(state, series->site) : NULL;
        struct record *record;

        if (site == NULL)
                return;
        if (layers_tell(&site->feed[series->kind], series)) {
                confirm(state, site, series->kind, &input->now, turn);
                return;
        }
        record = turn_record(turn, RECORD_SERIES, &input->now);
        turn_check(turn, series_copy(series, &record->u.series.series));
        record->u.series.series.version = site->series[series->kind].version + 1;
        record->u.series.series.issued = input->now.wall;
        if ((int)series->kind == SERIES_STORED)
                count_stored(state, &input->now, site, series, turn);
        want_plan(state, &input->now, turn);
}
