/* SPDX-License-Identifier: Apache-2.0 */
/* check_gap.c - where a gap is: GPUs that have a price and stand idle, supply, jobs in dearer hours than they could have. */
#include "plan/check.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plan/check_pieces.h"
#include "plan/check_storage.h"

/* What all intervals at a site take of a piece: GPU-seconds and facility joules. */
static void use_of(const struct plan_problem *problem, const struct plan *plan, uint32_t s, const struct pieces *pieces,
                   double *gpus, double *joules)
{
        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = 0; i < plan->jobs[j].n; i++) {
                        const struct plan_interval *interval = &plan->intervals[plan->jobs[j].first + i];
                        const struct plan_mode *mode = &problem->jobs[j].modes[interval->mode];
                        size_t low = 0, high = pieces->n;

                        if (interval->site != s)
                                continue;
                        while (high - low > 1) {
                                size_t middle = low + (high - low) / 2;

                                if (pieces->at[middle].start <= interval->start)
                                        low = middle;
                                else
                                        high = middle;
                        }
                        for (size_t k = low; k < pieces->n && pieces->at[k].start < interval->end; k++) {
                                double seconds = fmin((double)pieces->at[k].end, (double)interval->end) -
                                                 fmax((double)pieces->at[k].start, (double)interval->start);

                                gpus[k] += mode->gpus * seconds;
                                joules[k] += problem->sites[s].pue_factor * mode->watts * seconds;
                        }
                }
}

static int split_site(const struct plan_problem *problem, const struct plan *plan, uint32_t s,
                      struct plan_verdict *verdict, struct offpeak_error *err)
{
        struct pieces pieces;
        int code = pieces_init(&pieces, problem, s, &plan->multipliers, err);
        double most = site_most_w(problem, s), *use = code == 0 ? calloc(2 * pieces.n + 1, sizeof(*use)) : NULL;

        if (code == 0 && use == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "splitting the gap: out of memory");
        if (code == 0)
                use_of(problem, plan, s, &pieces, use, use + pieces.n);
        for (size_t k = 0; code == 0 && k < pieces.n; k++) {
                const struct piece *piece = &pieces.at[k];
                double seconds = (double)(piece->end - piece->start);

                verdict->idle += piece->gpus * (piece->step->gpus * seconds - use[k]) / 3600;
                verdict->supply -= piece->power * use[pieces.n + k] / PLAN_JOULES_PER_MWH +
                                   piece_supply_dual(problem, &problem->sites[s], piece, most) * seconds;
        }
        if (code == 0 && problem->sites[s].store != NULL) {
                double size = 0;

                verdict->supply -= storage_edges_dual(problem, &plan->multipliers, s, &size);
        }
        free(use);
        pieces_finish(&pieces);
        return code;
}

/* What a limit's price is worth, less what is used of it. */
static void split_limits(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *verdict)
{
        const struct plan_multipliers *multipliers = &plan->multipliers;

        if (multipliers->limits == NULL)
                return;
        verdict->idle += limits_worth(problem, multipliers);
        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = plan->jobs[j].first; i < plan->jobs[j].first + plan->jobs[j].n; i++) {
                        const struct plan_interval *interval = &plan->intervals[i];
                        const struct plan_mode *mode = &problem->jobs[j].modes[interval->mode];

                        for (size_t t = 0; mode->limits != 0 && t < multipliers->n_slots; t++) {
                                double seconds = fmin((double)multipliers->edges[t + 1], (double)interval->end) -
                                                 fmax((double)multipliers->edges[t], (double)interval->start);

                                for (size_t l = 0; seconds > 0 && l < problem->n_limits; l++)
                                        if ((mode->limits >> l & 1) != 0)
                                                verdict->idle -= multipliers->limits[l * multipliers->n_slots + t] *
                                                                 mode->gpus * seconds / 3600;
                        }
                }
}

int plan_split_gap(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *verdict,
                   struct offpeak_error *err)
{
        int code = 0;

        verdict->idle = 0;
        verdict->supply = verdict->terms.supply + verdict->terms.demand + verdict->terms.storage + verdict->terms.over_limit;
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++)
                code = split_site(problem, plan, s, verdict, err);
        if (code == 0)
                split_limits(problem, plan, verdict);
        verdict->regret = verdict->gap - verdict->idle - verdict->supply;
        return code;
}
