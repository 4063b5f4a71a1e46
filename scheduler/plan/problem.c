/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/problem.h"

#include <math.h>

#include "base/fail.h"
#include "plan/pins.h"

/* Beyond these a number is a mistake, and sums of them would lose the second or the watt. */
#define MAX_SECONDS INT64_C(4000000000)
#define MAX_WATTS   1e10
#define MAX_MONEY   1e12

static bool is_amount(double value, double limit)
{
        return value >= 0 && value <= limit; /* false for NAN */
}

static int check_step(const struct plan_site *site, const struct plan_step *step, struct offpeak_error *err)
{
        double last = -MAX_MONEY;

        if (step->n_segments > PLAN_MAX_SEGMENTS)
                return fail(err, OFFPEAK_EINVAL, "site %s: a step has %u segments, %d are allowed", site->name,
                            step->n_segments, PLAN_MAX_SEGMENTS);
        if (!is_amount(step->carbon, MAX_MONEY))
                return fail(err, OFFPEAK_EINVAL, "site %s: the carbon intensity %g is not an amount", site->name,
                            step->carbon);
        if (site->store != NULL && site->store->by_step && !is_amount(step->charge_w, MAX_WATTS))
                return fail(err, OFFPEAK_EINVAL, "site %s: %g W to charge its store with are no amount", site->name, step->charge_w);
        if (!is_amount(step->spread, MAX_MONEY))
                return fail(err, OFFPEAK_EINVAL, "site %s: the spread %g of a price is not an amount", site->name,
                            step->spread);
        for (unsigned i = 0; i < step->n_segments; i++) {
                const struct plan_segment *segment = &step->segments[i];

                if (!(fabs(segment->price) <= MAX_MONEY))
                        return fail(err, OFFPEAK_EINVAL, "site %s: the price %g is not a price", site->name,
                                    segment->price);
                if (segment->price < last)
                        return fail(err, OFFPEAK_EINVAL, "site %s: segments must ascend by price, %g follows %g",
                                    site->name, segment->price, last);
                if (!(segment->limit_w >= 0))
                        return fail(err, OFFPEAK_EINVAL, "site %s: the limit %g W is not an amount", site->name,
                                    segment->limit_w);
                last = segment->price;
        }
        return 0;
}

static int check_demand(const struct plan_site *site, const struct plan_demand *demand, int64_t last,
                        struct offpeak_error *err)
{
        if (demand->start < last || demand->end <= demand->start || demand->end > INT64_MAX / 4)
                return fail(err, OFFPEAK_EINVAL,
                            "site %s: months of the demand charge must ascend, not overlap, and end after they start",
                            site->name);
        if (demand->interval_s <= 0 || demand->interval_s > MAX_SECONDS)
                return fail(err, OFFPEAK_EINVAL, "site %s: the demand charge's averaging interval of %lld s is none",
                            site->name, (long long)demand->interval_s);
        if (!is_amount(demand->price, MAX_MONEY) || !is_amount(demand->paid_w, MAX_WATTS))
                return fail(err, OFFPEAK_EINVAL, "site %s: the demand charge's price and peak must be amounts",
                            site->name);
        if (demand->paid_w < site->pue_fixed_w + site->pue_factor * site->idle_w)
                return fail(err, OFFPEAK_EINVAL, "site %s: %g W are paid for, less than its idle power", site->name,
                            demand->paid_w);
        return 0;
}

static int check_store(const struct plan_site *site, struct offpeak_error *err)
{
        const struct plan_store *store = site->store;

        if (!is_amount(store->energy_j, MAX_WATTS * MAX_SECONDS) || !is_amount(store->charge_w, MAX_WATTS) ||
            !is_amount(store->discharge_w, MAX_WATTS) || !is_amount(store->end_price, MAX_MONEY))
                return fail(err, OFFPEAK_EINVAL, "site %s: its store's energy, powers and price at the horizon must be amounts",
                            site->name);
        if (!(store->reserve_j >= 0 && store->reserve_j <= store->least_end_j && store->least_end_j <= store->start_j &&
              store->start_j <= store->energy_j))
                return fail(err, OFFPEAK_EINVAL,
                            "site %s: its store has %g J in it and holds %g; the reserve %g and what must be left, %g, do not "
                            "ascend to that",
                            site->name, store->start_j, store->energy_j, store->reserve_j, store->least_end_j);
        if (!(store->charge_efficiency > 0 && store->charge_efficiency <= 1 && store->discharge_efficiency > 0 &&
              store->discharge_efficiency <= 1))
                return fail(err, OFFPEAK_EINVAL, "site %s: its store's efficiencies must be above 0 and at most 1", site->name);
        return 0;
}

static int check_site(const struct plan_problem *problem, const struct plan_site *site, struct offpeak_error *err)
{
        if (site->name == NULL)
                return fail(err, OFFPEAK_EINVAL, "a site has no name");
        if (!is_amount(site->idle_w, MAX_WATTS) || !is_amount(site->pue_fixed_w, MAX_WATTS))
                return fail(err, OFFPEAK_EINVAL, "site %s: idle and fixed power must be amounts of W", site->name);
        if (!(site->pue_factor >= 1 && site->pue_factor <= 100))
                return fail(err, OFFPEAK_EINVAL, "site %s: the PUE factor %g is not between 1 and 100", site->name,
                            site->pue_factor);
        if (site->n_steps == 0 || site->steps[0].start != problem->now)
                return fail(err, OFFPEAK_EINVAL, "site %s: its first step must start now", site->name);
        for (size_t t = 0; t < site->n_steps; t++) {
                int code;

                if (t > 0 && site->steps[t].start <= site->steps[t - 1].start)
                        return fail(err, OFFPEAK_EINVAL, "site %s: step %zu does not start after the one before",
                                    site->name, t);
                if (site->steps[t].start >= problem->horizon)
                        return fail(err, OFFPEAK_EINVAL, "site %s: step %zu starts behind the horizon", site->name, t);
                code = check_step(site, &site->steps[t], err);
                if (code != 0)
                        return code;
        }
        for (size_t d = 0; d < site->n_demands; d++) {
                int code = check_demand(site, &site->demands[d], d > 0 ? site->demands[d - 1].end : 0, err);

                if (code != 0)
                        return code;
        }
        return site->store != NULL ? check_store(site, err) : 0;
}

static int check_limit(const struct plan_problem *problem, const struct plan_limit *limit, struct offpeak_error *err)
{
        if (limit->name == NULL)
                return fail(err, OFFPEAK_EINVAL, "a limit has no name");
        if (limit->n_steps == 0 || limit->steps[0].start != problem->now)
                return fail(err, OFFPEAK_EINVAL, "limit %s: its first step must start now", limit->name);
        for (size_t t = 1; t < limit->n_steps; t++)
                if (limit->steps[t].start <= limit->steps[t - 1].start || limit->steps[t].start >= problem->horizon)
                        return fail(err, OFFPEAK_EINVAL,
                                    "limit %s: step %zu does not start after the one before, or not within the horizon",
                                    limit->name, t);
        return 0;
}

static int check_modes(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        uint64_t known = problem->n_limits == PLAN_MAX_LIMITS ? UINT64_MAX : (UINT64_C(1) << problem->n_limits) - 1;

        if (job->n_modes == 0)
                return fail(err, OFFPEAK_EINVAL, "job %llu: it has no mode", (unsigned long long)job->id);
        for (size_t m = 0; m < job->n_modes; m++) {
                const struct plan_mode *mode = &job->modes[m];

                if (mode->gpus == 0 || !is_amount(mode->watts, MAX_WATTS) || !(mode->speed > 0 && mode->speed <= 1e6))
                        return fail(err, OFFPEAK_EINVAL,
                                    "job %llu: mode %zu must hold GPUs (%u), draw an amount of W (%g) and make "
                                    "progress (%g)",
                                    (unsigned long long)job->id, m, mode->gpus, mode->watts, mode->speed);
                if ((mode->limits & ~known) != 0)
                        return fail(err, OFFPEAK_EINVAL, "job %llu: mode %zu counts in a limit that the problem has not",
                                    (unsigned long long)job->id, m);
        }
        return 0;
}

static int check_after(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        for (size_t i = 0; i < job->n_after; i++)
                if (job->after[i] >= (size_t)(job - problem->jobs))
                        return fail(err, OFFPEAK_EINVAL, "job %llu: it comes after a job that is not earlier in the problem",
                                    (unsigned long long)job->id);
        if (job->running && job->n_after > 0)
                return fail(err, OFFPEAK_EINVAL, "job %llu: it runs, and is to start after others",
                            (unsigned long long)job->id);
        return 0;
}

static int check_move(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        if (!(fabs(job->risk) <= 2))
                return fail(err, OFFPEAK_EINVAL, "job %llu: the risk %g is not between -2 and 2",
                            (unsigned long long)job->id, job->risk);
        if (!job->may_move)
                return 0;
        if (!is_amount(job->move_cost, MAX_MONEY) || job->move_s < 0 || job->move_s > MAX_SECONDS)
                return fail(err, OFFPEAK_EINVAL, "job %llu: a move must cost an amount of money and of time",
                            (unsigned long long)job->id);
        if (job->home != PLAN_ANYWHERE && job->home >= problem->n_sites)
                return fail(err, OFFPEAK_EINVAL, "job %llu: its home is no site of the problem",
                            (unsigned long long)job->id);
        if (job->rests_since < 0 || job->rests_since > job->release)
                return fail(err, OFFPEAK_EINVAL, "job %llu: it rests since a time behind its release, or below 0",
                            (unsigned long long)job->id);
        if (job->running && job->home != job->run_site)
                return fail(err, OFFPEAK_EINVAL, "job %llu: it may move and runs, but not at its home",
                            (unsigned long long)job->id);
        return 0;
}

static int check_pin(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        if (job->pinned && (job->n_after > 0 || job->may_move))
                return fail(err, OFFPEAK_EINVAL, "job %llu: it is pinned, and is to come after others or may move",
                            (unsigned long long)job->id);
        for (size_t i = 0; job->pinned && i < job->n_kept; i++) {
                const struct plan_interval *kept = &job->kept[i];

                if (kept->start < job->release || kept->end > problem->horizon || kept->start >= kept->end ||
                    (i > 0 && kept->start < kept[-1].end))
                        return fail(err, OFFPEAK_EINVAL,
                                    "job %llu: its pinned hours must ascend, not overlap, and lie between its release and "
                                    "the horizon",
                                    (unsigned long long)job->id);
                if (kept->site >= problem->n_sites || (job->sites >> kept->site & 1) == 0 || kept->mode >= job->n_modes)
                        return fail(err, OFFPEAK_EINVAL, "job %llu: it is pinned to a site or mode that it may not use",
                                    (unsigned long long)job->id);
                if (kept->site != job->kept[0].site)
                        return fail(err, OFFPEAK_EINVAL, "job %llu: its pinned hours are at several sites",
                                    (unsigned long long)job->id);
        }
        return 0;
}

static int check_times(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        if (!(job->work_s > 0 && job->work_s <= (double)MAX_SECONDS))
                return fail(err, OFFPEAK_EINVAL, "job %llu: %g s of work is not an amount of work",
                            (unsigned long long)job->id, job->work_s);
        if (job->release < problem->now || (job->running && job->release != problem->now))
                return fail(err, OFFPEAK_EINVAL, "job %llu: its release must be now or later, and now if it runs",
                            (unsigned long long)job->id);
        if (job->start_cost_s < 0 || job->start_cost_s > MAX_SECONDS || job->min_run_s < 0 ||
            job->min_run_s > MAX_SECONDS)
                return fail(err, OFFPEAK_EINVAL, "job %llu: start cost and minimum run must be amounts of time",
                            (unsigned long long)job->id);
        if (job->deadline < 0 || job->earliest_finish < 0 || job->deadline > INT64_MAX / 4 ||
            job->earliest_finish > INT64_MAX / 4 || job->release > INT64_MAX / 4)
                return fail(err, OFFPEAK_EINVAL, "job %llu: its times must be UTC seconds",
                            (unsigned long long)job->id);
        return 0;
}

static int check_job(const struct plan_problem *problem, const struct plan_job *job, struct offpeak_error *err)
{
        uint64_t known = problem->n_sites == 64 ? UINT64_MAX : (UINT64_C(1) << problem->n_sites) - 1;
        int code = check_modes(problem, job, err);

        if (code == 0)
                code = check_times(problem, job, err);
        if (code == 0)
                code = check_after(problem, job, err);
        if (code != 0)
                return code;
        if (job->sites == 0 || (job->sites & ~known) != 0)
                return fail(err, OFFPEAK_EINVAL, "job %llu: it must name sites of the problem, and at least one",
                            (unsigned long long)job->id);
        if (!is_amount(job->lateness_cost, MAX_MONEY) || !is_amount(job->delay_cost, MAX_MONEY) ||
            !is_amount(job->carbon_price, MAX_MONEY))
                return fail(err, OFFPEAK_EINVAL, "job %llu: its costs of delay, lateness and carbon must be amounts",
                            (unsigned long long)job->id);
        if (job->running && (job->run_site >= problem->n_sites || job->run_mode >= job->n_modes ||
                             (job->sites >> job->run_site & 1) == 0))
                return fail(err, OFFPEAK_EINVAL, "job %llu: it runs at a site or in a mode that it may not use",
                            (unsigned long long)job->id);
        code = check_move(problem, job, err);
        return code == 0 ? check_pin(problem, job, err) : code;
}

int plan_problem_check_job(const struct plan_problem *problem, size_t j, struct offpeak_error *err)
{
        return check_job(problem, &problem->jobs[j], err);
}

int plan_problem_check(const struct plan_problem *problem, struct offpeak_error *err)
{
        int code = 0;

        if (problem->now < 0 || problem->now > INT64_MAX / 4 || problem->horizon <= problem->now ||
            problem->horizon - problem->now > MAX_SECONDS)
                return fail(err, OFFPEAK_EINVAL, "the horizon must be behind now, and not more than a century");
        if (problem->n_sites > 64)
                return fail(err, OFFPEAK_EINVAL, "a problem has at most 64 sites, not %zu", problem->n_sites);
        if (problem->n_limits > PLAN_MAX_LIMITS)
                return fail(err, OFFPEAK_EINVAL, "a problem has at most %d limits, not %zu", PLAN_MAX_LIMITS,
                            problem->n_limits);
        if (!is_amount(problem->terminal_price, MAX_MONEY) || !is_amount(problem->unfinished_cost, MAX_MONEY) ||
            !is_amount(problem->over_limit_cost, MAX_MONEY))
                return fail(
                        err, OFFPEAK_EINVAL,
                        "the terminal price, the cost of unfinished work and that of over-limit power must be amounts");
        for (size_t s = 0; code == 0 && s < problem->n_sites; s++)
                code = check_site(problem, &problem->sites[s], err);
        for (size_t l = 0; code == 0 && l < problem->n_limits; l++)
                code = check_limit(problem, &problem->limits[l], err);
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++)
                code = check_job(problem, &problem->jobs[j], err);
        return code == 0 ? pins_check(problem, err) : code;
}
