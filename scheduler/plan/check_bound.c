/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound that multipliers prove. Let lambda price facility energy and mu >= 0 GPUs. For every plan
 *
 *   cost >= sum over jobs of [its energy at lambda, its GPUs at mu, carbon, delay, lateness, unfinished]
 *           - integral of mu x GPUs in service
 *           + integral of min over P of [F(P) - F(idle) - lambda (P - idle) + delta (P - paid)],   idle <= P <= firm limit
 *
 * where delta >= 0 spreads each month's demand price over its hours: price x max(0, highest mean - paid) is no less than the
 * integral of delta (P - paid), as long as delta sums to the price at most and is even within an averaging interval.
 *
 * where P is net of a site's store (check_storage.c says how that goes in), and likewise a limit's price x what it allows. So
 * each job may be minimised alone (check_alone.h): it then sees a rate per second of running, constant on pieces. A job that
 * comes after others is looked at as if each of these ran at once.
 */
#include "plan/check.h"
#include "plan/check_bound.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plan/check_alone.h"
#include "plan/check_storage.h"

static double capacity_bound(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces, double *size)
{
        double sum = 0, most = site_most_w(problem, s);

        for (size_t i = 0; i < pieces->n; i++) {
                const struct piece *piece = &pieces->at[i];
                double seconds = (double)(piece->end - piece->start);
                double supply = piece_supply_dual(problem, &problem->sites[s], piece, most) * seconds;
                double gpus = piece->gpus * piece->step->gpus / 3600 * seconds;

                sum += supply - gpus;
                *size += fabs(supply) + fabs(gpus);
        }
        if (problem->sites[s].store != NULL)
                sum += storage_edges_dual(problem, pieces->multipliers, s, size);
        return sum;
}

struct bound_part bound_of_capacities(const struct plan_problem *problem, const struct pieces *pieces,
                                      const struct plan_multipliers *multipliers)
{
        double worth = limits_worth(problem, multipliers);
        struct bound_part part = { -worth, worth };

        for (uint32_t s = 0; s < problem->n_sites; s++)
                part.sum += capacity_bound(problem, s, &pieces[s], &part.size);
        return part;
}

/* When a job can be done at the earliest, were all before it alone and at their fastest. */
static int64_t earliest_end(const struct plan_job *job, int64_t release)
{
        double fastest = job->modes[0].speed;

        if (job->pinned)
                return job->n_kept > 0 ? job->kept[job->n_kept - 1].end : INT64_MAX / 8;
        for (size_t m = 1; m < job->n_modes; m++)
                fastest = fmax(fastest, job->modes[m].speed);
        return release + (int64_t)ceil(job->work_s * (1 - PLAN_WORK_TOLERANCE) / fastest) +
               (job->running ? 0 : job->start_cost_s);
}

int bound_of_job(const struct plan_problem *problem, const struct pieces *pieces, size_t j, int64_t *ends,
                 struct bound_part *ret)
{
        struct plan_job job = problem->jobs[j];

        for (size_t i = 0; i < job.n_after; i++)
                job.release = job.release < ends[job.after[i]] ? ends[job.after[i]] : job.release;
        ends[j] = earliest_end(&job, job.release);
        *ret = (struct bound_part){ 0, 0 };
        return alone_least(problem, pieces, &job, &ret->sum, &ret->size);
}

static int sum_up(const struct plan_problem *problem, const struct pieces *pieces,
                  const struct plan_multipliers *multipliers, int64_t *ends, double *ret_bound)
{
        struct bound_part all = bound_of_capacities(problem, pieces, multipliers);

        for (size_t j = 0; j < problem->n_jobs; j++) {
                struct bound_part part;

                if (bound_of_job(problem, pieces, j, ends, &part) != 0)
                        return OFFPEAK_ENOMEM;
                all.sum += part.sum;
                all.size += part.size;
        }
        *ret_bound = all.sum - BOUND_ROUNDING * all.size;
        return 0;
}

int plan_bound(const struct plan_problem *problem, const struct plan_multipliers *multipliers, double *ret_bound,
               struct offpeak_error *err)
{
        struct pieces pieces[64] = { { 0 } };
        int64_t *ends;
        int code = plan_problem_check(problem, err);

        if (code == 0)
                code = pieces_check(problem, multipliers, err);
        if (code != 0)
                return code;
        ends = calloc(problem->n_jobs + 1, sizeof(*ends));
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++)
                code = pieces_init(&pieces[s], problem, s, multipliers, err);
        if (code == 0 && (ends == NULL || sum_up(problem, pieces, multipliers, ends, ret_bound) != 0))
                code = fail(err, OFFPEAK_ENOMEM, "computing the bound: out of memory");
        for (uint32_t s = 0; s < problem->n_sites; s++)
                pieces_finish(&pieces[s]);
        free(ends);
        return code;
}
