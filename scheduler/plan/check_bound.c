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
 * so that each job may be minimised alone (check_alone.h): it then sees a rate per second of running, constant on pieces.
 */
#include "plan/check.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plan/check_alone.h"

/* Part of every absolute amount that double arithmetic may lose on the way. */
#define ROUNDING 1e-12

static double capacity_bound(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces, double *size)
{
        double sum = 0, most = site_most_w(problem, s);

        for (size_t i = 0; i < pieces->n; i++) {
                const struct piece *piece = &pieces->at[i];
                double seconds = (double)(piece->end - piece->start);
                double supply = piece_supply_dual(&problem->sites[s], piece, most) * seconds;
                double gpus = piece->gpus * piece->step->gpus / 3600 * seconds;

                sum += supply - gpus;
                *size += fabs(supply) + fabs(gpus);
        }
        return sum;
}

int plan_bound(const struct plan_problem *problem, const struct plan_multipliers *multipliers, double *ret_bound,
               struct offpeak_error *err)
{
        struct pieces pieces[64] = { { 0 } };
        double sum = 0, size = 0;
        int code = plan_problem_check(problem, err);

        if (code == 0)
                code = pieces_check(problem, multipliers, err);
        if (code != 0)
                return code;
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++) {
                code = pieces_init(&pieces[s], problem, s, multipliers, err);
                if (code == 0)
                        sum += capacity_bound(problem, s, &pieces[s], &size);
        }
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++) {
                double least = 0;

                if (alone_least(problem, pieces, &problem->jobs[j], &least, &size) != 0)
                        code = fail(err, OFFPEAK_ENOMEM, "computing the bound: out of memory");
                sum += least;
        }
        for (uint32_t s = 0; s < problem->n_sites; s++)
                pieces_finish(&pieces[s]);
        if (code == 0)
                *ret_bound = sum - ROUNDING * size;
        return code;
}
