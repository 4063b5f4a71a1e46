/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pause.h"

#include <math.h>
#include <stdlib.h>

#include "core/fit.h"
#include "core/power.h"
#include "core/stored.h"
#include "ledger/demand_bill.h"
#include "supply/tariff.h"

/* The share of what going on would cost that a pause must save: plans move by less from one to the next. */
#define SHARE_TO_SAVE 0.01

/* By the plan's own figures, power and carbon alone, against going on from now. */
static bool saves_money(const struct job *job)
{
        return job->planned_run_now_cost - job->planned_cost > SHARE_TO_SAVE * fabs(job->planned_run_now_cost);
}

bool pause_for_power(const struct state *state, const struct site *site, int64_t wall)
{
        return power_of_site(state, site) > stored_limit(state, site, wall);
}

/* Does the site draw more just now than its demand charge is billed for so far? The plan knew better. */
static bool raises_the_peak(const struct state *state, const struct site *site, int64_t wall)
{
        const struct supply_terms terms = state_supply(state, site).terms;
        const struct supply_demand *demand = tariff_dearest(&terms);

        return demand != NULL && tariff_counts(&terms, demand, wall) &&
               power_of_site(state, site) > demand_bill(&site->meter, &terms, demand, wall).billed_w;
}

/* ---- would another one lose by waiting? */

static int64_t seconds_left(const struct job *job, int64_t wall)
{
        double left = (1 - job->fraction) * (double)job->total_s;
        int64_t since = job->fraction_at > job->attempt.launched_at ? job->fraction_at : job->attempt.launched_at;

        if (job->state == OFFPEAK_JOB_ACTIVE)
                left -= (double)(wall - since);
        return left > 0 ? (int64_t)left : 0;
}

/* Mean price over [start, start + seconds), micro-currency per MWh; false where any of it is unknown. */
static bool mean_price(const struct state *state, const struct site *site, int64_t start, int64_t seconds,
                       double *ret_price)
{
        struct site_supply supply = state_supply(state, site);
        int64_t power_w = power_of_site(state, site);
        double sum = 0;

        if (seconds <= 0)
                return false;
        for (int64_t t = start; t < start + seconds;) {
                int64_t edge = site_supply_next_edge(&supply, t);
                struct supply_curve curve = site_supply_at(&supply, t);
                int64_t price = supply_average_price(&curve, power_w);
                int64_t until = edge < start + seconds ? edge : start + seconds;

                if (price == SERIES_UNKNOWN)
                        return false;
                sum += (double)price * (double)(until - t);
                t = until;
        }
        *ret_price = sum / (double)seconds;
        return true;
}

static bool loses_by_waiting(const struct state *state, const struct job *waiting, const struct job *running,
                             int64_t wall)
{
        const struct site *site = &state->sites[running->site];
        int64_t until = wall + seconds_left(running, wall);
        int64_t left = seconds_left(waiting, wall);
        double now_price, later_price;

        if (state_class(state, waiting)->delay_cost > state_class(state, running)->delay_cost)
                return true;
        if (waiting->spec.deadline != 0 &&
            until + state_class(state, waiting)->start_cost_s + left > waiting->spec.deadline)
                return true;
        return mean_price(state, site, wall, left, &now_price) && mean_price(state, site, until, left, &later_price) &&
               later_price - now_price > SHARE_TO_SAVE * fabs(later_price);
}

static bool somebody_needs_the_room(const struct state *state, const struct job *running, const struct now *now)
{
        const struct site *site = &state->sites[running->site];

        for (size_t i = 0; i < state->n_jobs; i++) {
                const struct job *job = &state->jobs[i];
                const struct plan_interval *interval = fit_interval(job, now->wall);
                struct place_leg *places;

                if (interval == NULL || interval->site != site->id || !fit_may_start(state, job, site, now) ||
                    !loses_by_waiting(state, job, running, now->wall))
                        continue;
                places = fit_now(state, job, site, now->wall);
                free(places);
                if (places == NULL)
                        return true;
        }
        return false;
}

/* What was begun lasts a minimum run, whatever later plans say: the plan that began it promised that. */
static bool ran_its_minimum(const struct state *state, const struct job *job, int64_t wall)
{
        return wall - job->attempt.launched_at >= state_class(state, job)->min_run_s;
}

bool pause_is_due(const struct state *state, const struct job *job, const struct now *now)
{
        if (job->site >= state->n_sites || pause_for_power(state, &state->sites[job->site], now->wall))
                return true;
        if (!ran_its_minimum(state, job, now->wall))
                return false;
        return saves_money(job) || raises_the_peak(state, &state->sites[job->site], now->wall) ||
               somebody_needs_the_room(state, job, now);
}
