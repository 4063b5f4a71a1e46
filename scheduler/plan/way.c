/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/way.h"

#include <math.h>
#include <stdlib.h>

#include "plan/supply_rate.h"

/* A W or so is rounding: load.h counts in mW, rounded up. */
#define WATT_TOLERANCE 0.01

int way_init(struct plan_way *ret_way, const struct plan_problem *problem, const struct plan_interval *intervals,
             size_t n)
{
        const struct plan_job *job = &problem->jobs[0];
        struct schedule schedule;
        struct outcome outcome;
        struct plan_terms terms;
        int code = schedule_init(&schedule, 1);

        if (code == 0)
                code = choice_set(&schedule.jobs[0], intervals, n);
        if (code == 0)
                code = account(problem, &schedule, NULL, &terms, NULL);
        if (code == 0) {
                outcome = job_outcome(problem, job, job_progress(problem, job, intervals, n),
                                      n > 0 ? intervals[n - 1].end : 0);
                *ret_way = (struct plan_way){ .intervals = schedule.jobs[0].intervals,
                                              .n = n,
                                              .finish = outcome.finish,
                                              .late_s = outcome.late_s,
                                              .rest_s = outcome.rest_s,
                                              .terms = terms };
                schedule.jobs[0] = (struct choice){ 0 };
        }
        schedule_finish(&schedule);
        return code;
}

void way_finish(struct plan_way *way)
{
        free(way->intervals);
        *way = (struct plan_way){ 0 };
}

static void add_shortage(struct shortage *shortage, const struct plan_site *site, const struct plan_step *step,
                         const struct plan_mode *mode, int64_t from, int64_t to)
{
        double watts = site_facility_w(site, mode->watts) - supply_firm_limit(step);

        if (mode->gpus <= step->gpus && watts <= WATT_TOLERANCE)
                return;
        if (mode->gpus > step->gpus && mode->gpus - step->gpus > shortage->gpus)
                shortage->gpus = mode->gpus - step->gpus;
        if (watts > WATT_TOLERANCE)
                shortage->watts = fmax(watts, shortage->watts);
        if (shortage->to == 0)
                shortage->from = from;
        shortage->to = to;
}

struct shortage way_shortage(const struct plan_way *way, const struct plan_problem *problem)
{
        struct shortage shortage = { 0 };

        for (size_t i = 0; i < way->n; i++) {
                const struct plan_interval *run = &way->intervals[i];
                const struct plan_site *site = &problem->sites[run->site];

                for (size_t t = 0; t < site->n_steps; t++) {
                        int64_t end = t + 1 < site->n_steps ? site->steps[t + 1].start : problem->horizon;
                        int64_t from = run->start > site->steps[t].start ? run->start : site->steps[t].start;
                        int64_t to = run->end < end ? run->end : end;

                        if (from < to)
                                add_shortage(&shortage, site, &site->steps[t], &problem->jobs[0].modes[run->mode], from,
                                             to);
                }
        }
        return shortage;
}
