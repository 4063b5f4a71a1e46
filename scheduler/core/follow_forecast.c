/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_forecast.c - which forecasts are wanted, and what becomes of one that was made.
 *
 * One is wanted for every signal whose stand-in is a forecast, of the version in force, from where what is known ends (or has
 * expired) until a day behind what plans look at. Until it is there the last known day is repeated. Only memory changes: a
 * restart asks again.
 */
#include "core/decide_parts.h"

#include "core/forecasts.h"

#define DAY INT64_C(86400)
#define TOO_OLD_S (28 * DAY) /* what ended so long ago tells nothing of tomorrow by the hour */

bool forecast_wanted(const struct state *state, const struct site *site, enum series_kind kind, const struct now *now,
                     struct forecast_wish *ret_wish)
{
        const struct policy_site *policy = policy_site(&state->policy, site->name);
        struct signal signal = state_signal(state, site, kind, now->wall);
        struct series fresh = signal_fresh(&signal);
        int64_t begin = fresh.end > now->wall ? fresh.end : now->wall;

        if (policy == NULL || fresh.n_points == 0 || fresh.end <= fresh.points[0].start || fresh.end < now->wall - TOO_OLD_S ||
            signal_fallback(&signal.rule, kind) != SIGNAL_TAKE_FORECAST)
                return false;
        *ret_wish = (struct forecast_wish){ .site = site->id,
                                            .kind = kind,
                                            .version = signal.past->version,
                                            .origin = fresh.end,
                                            .to = begin + state->policy.plan_horizon_s + DAY,
                                            .east_s = policy->terms.utc_offset_s };
        return true;
}

/* Does `have` answer `wish`, for as far as plans look now? */
static bool serves(const struct forecast_wish *have, const struct forecast_wish *wish, const struct state *state,
                   const struct now *now)
{
        return have->version == wish->version && have->origin == wish->origin && have->east_s == wish->east_s &&
               have->to >= now->wall + state->policy.plan_horizon_s;
}

static void ask(const struct forecast_wish *wish, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_V_FORECAST, now);
        struct action *action = turn_action(turn, ACTION_ASK_FORECAST);

        record->u.forecast.wish = *wish;
        record->u.forecast.asked = true;
        action->wish = *wish;
}

void follow_forecast(const struct state *state, const struct now *now, struct turn *turn)
{
        for (uint32_t s = 0; state->forecasts && s < state->n_sites; s++)
                for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++) {
                        const struct site *site = &state->sites[s];
                        const struct site_forecast *known = site->forecasts != NULL ? &site->forecasts[kind] : NULL;
                        struct forecast_wish wish;

                        if (site->series[kind].n_points == 0 || !forecast_wanted(state, site, (enum series_kind)kind, now, &wish))
                                continue;
                        if (known == NULL || (!serves(&known->made_for, &wish, state, now) &&
                                              !serves(&known->asked, &wish, state, now)))
                                ask(&wish, now, turn);
                }
}

/* What came back too late for its version is kept out: its successor has been asked for. */
void decide_forecast_ready(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct forecast_wish *wish = &input->u.forecast_ready.wish;
        const struct site *site = wish->site < state->n_sites ? &state->sites[wish->site] : NULL;
        struct record *record;

        if (site == NULL || wish->version != state_past(site, wish->kind)->version)
                return;
        record = turn_record(turn, RECORD_V_FORECAST, &input->now);
        record->u.forecast.wish = *wish;
        if (input->u.forecast_ready.use != NULL)
                turn_check(turn, forecast_use_copy(input->u.forecast_ready.use, &record->u.forecast.use));
        if (record->u.forecast.use.value.n_points > 0)
                want_plan(state, &input->now, turn);
}
