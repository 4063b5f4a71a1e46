/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/check_pieces.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/when.h"
#include "plan/check_storage.h"

/* ---- multipliers */

int pieces_check(const struct plan_problem *problem, const struct plan_multipliers *multipliers,
                 struct offpeak_error *err)
{
        size_t n = multipliers->n_slots;

        if (n == 0 || multipliers->edges[0] != problem->now || multipliers->edges[n] != problem->horizon)
                return fail(err, OFFPEAK_EINVAL, "the multipliers do not span [now, horizon)");
        for (size_t t = 0; t < n; t++)
                if (multipliers->edges[t] >= multipliers->edges[t + 1])
                        return fail(err, OFFPEAK_EINVAL, "the multipliers' slot %zu ends no later than it starts", t);
        for (size_t k = 0; k < n * problem->n_sites; k++) {
                if (!isfinite(multipliers->power[k]))
                        return fail(err, OFFPEAK_EINVAL, "site %s, slot %zu: the multiplier of power is not a number",
                                    problem->sites[k / n].name, k % n);
                if (!(multipliers->gpus[k] >= 0 && isfinite(multipliers->gpus[k])))
                        return fail(err, OFFPEAK_EINVAL, "site %s, slot %zu: the multiplier of GPUs is %g, not >= 0",
                                    problem->sites[k / n].name, k % n, multipliers->gpus[k]);
                if (multipliers->storage != NULL && !isfinite(multipliers->storage[k]))
                        return fail(err, OFFPEAK_EINVAL, "site %s, slot %zu: the multiplier of storage is not a number",
                                    problem->sites[k / n].name, k % n);
        }
        for (size_t k = 0; multipliers->limits != NULL && k < n * problem->n_limits; k++)
                if (!(multipliers->limits[k] >= 0 && isfinite(multipliers->limits[k])))
                        return fail(err, OFFPEAK_EINVAL, "limit %s, slot %zu: the multiplier is %g, not >= 0",
                                    problem->limits[k / n].name, k % n, multipliers->limits[k]);
        return 0;
}

static int cut(struct pieces *ret_pieces, const struct plan_problem *problem, uint32_t s,
               const struct plan_multipliers *multipliers)
{
        const struct plan_site *site = &problem->sites[s];
        struct piece *at = calloc(site->n_steps + multipliers->n_slots, sizeof(*at));
        size_t n = 0;

        if (at == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t step = 0, slot = 0; step < site->n_steps && slot < multipliers->n_slots; n++) {
                int64_t step_end = step + 1 < site->n_steps ? site->steps[step + 1].start : problem->horizon;
                int64_t slot_end = multipliers->edges[slot + 1];

                at[n].start = n > 0 ? at[n - 1].end : problem->now;
                at[n].end = step_end < slot_end ? step_end : slot_end;
                at[n].step = &site->steps[step];
                at[n].slot = slot;
                at[n].power = multipliers->power[s * multipliers->n_slots + slot];
                at[n].gpus = multipliers->gpus[s * multipliers->n_slots + slot];
                at[n].demand = multipliers->demand != NULL ? multipliers->demand[s * multipliers->n_slots + slot] : 0;
                at[n].stored = multipliers->storage != NULL ? multipliers->storage[s * multipliers->n_slots + slot] : 0;
                if (at[n].end == step_end)
                        step++;
                if (at[n].end == slot_end)
                        slot++;
        }
        *ret_pieces = (struct pieces){ at, n, multipliers };
        return 0;
}

/* ---- demand */

static int refuse_demand(const struct plan_site *site, const struct piece *piece, const char *what,
                         struct offpeak_error *err)
{
        char at[WHEN_TEXT_SIZE];

        return fail(err, OFFPEAK_EINVAL, "site %s at %s: the multiplier of demand %s", site->name,
                    when_format_utc(piece->start, at), what);
}

/* The month's pieces: note what is paid for, and see that no more is spread over them than the month's price. */
static int check_month(const struct plan_site *site, const struct plan_demand *demand, struct pieces *pieces,
                       struct offpeak_error *err)
{
        double spread = 0;

        for (size_t k = 0; k < pieces->n; k++) {
                struct piece *piece = &pieces->at[k];

                if (piece->demand == 0 || piece->end <= demand->start || piece->start >= demand->end)
                        continue;
                if (piece->start < demand->start || piece->end > demand->end)
                        return refuse_demand(site, piece, "holds for two months", err);
                if (k > 0 && piece->start % demand->interval_s != 0 && piece->start != demand->start &&
                    pieces->at[k - 1].demand != piece->demand)
                        return refuse_demand(site, piece, "changes within an averaging interval", err);
                if (k + 1 < pieces->n && piece->end % demand->interval_s != 0 && piece->end != demand->end &&
                    pieces->at[k + 1].demand != piece->demand)
                        return refuse_demand(site, piece, "changes within an averaging interval", err);
                piece->paid_w = demand->paid_w;
                spread += piece->demand * (double)(piece->end - piece->start) / 3600;
        }
        if (spread > demand->price * (1 + 1e-9))
                return fail(err, OFFPEAK_EINVAL, "site %s: the multipliers of demand sum to %.9g per MW, the price is %.9g",
                            site->name, spread, demand->price);
        return 0;
}

static int check_demands(const struct plan_site *site, struct pieces *pieces, struct offpeak_error *err)
{
        int code = 0;

        for (size_t k = 0; k < pieces->n; k++) {
                bool charged = false;

                if (!(pieces->at[k].demand >= 0 && isfinite(pieces->at[k].demand)))
                        return refuse_demand(site, &pieces->at[k], "is not an amount", err);
                for (size_t d = 0; d < site->n_demands; d++)
                        charged = charged || (pieces->at[k].start < site->demands[d].end &&
                                              pieces->at[k].end > site->demands[d].start);
                if (pieces->at[k].demand > 0 && !charged)
                        return refuse_demand(site, &pieces->at[k], "stands where nothing is charged", err);
        }
        for (size_t d = 0; code == 0 && d < site->n_demands; d++)
                code = check_month(site, &site->demands[d], pieces, err);
        return code;
}

int pieces_init(struct pieces *ret_pieces, const struct plan_problem *problem, uint32_t s,
                const struct plan_multipliers *multipliers, struct offpeak_error *err)
{
        *ret_pieces = (struct pieces){ 0 };
        if (cut(ret_pieces, problem, s, multipliers) != 0)
                return fail(err, OFFPEAK_ENOMEM, "computing the bound: out of memory");
        return check_demands(&problem->sites[s], ret_pieces, err);
}

void pieces_finish(struct pieces *pieces)
{
        free(pieces->at);
        *pieces = (struct pieces){ 0 };
}

/* ---- limits */

double piece_gpu_price(const struct pieces *pieces, const struct piece *piece, const struct plan_mode *mode)
{
        const struct plan_multipliers *multipliers = pieces->multipliers;
        double price = piece->gpus;

        for (size_t l = 0; multipliers->limits != NULL && l < PLAN_MAX_LIMITS && mode->limits >> l != 0; l++)
                if ((mode->limits >> l & 1) != 0)
                        price += multipliers->limits[l * multipliers->n_slots + piece->slot];
        return price;
}

double limits_worth(const struct plan_problem *problem, const struct plan_multipliers *multipliers)
{
        double worth = 0;

        for (size_t l = 0; multipliers->limits != NULL && l < problem->n_limits; l++) {
                const struct plan_limit *limit = &problem->limits[l];

                for (size_t step = 0, slot = 0; step < limit->n_steps && slot < multipliers->n_slots;) {
                        int64_t step_end = step + 1 < limit->n_steps ? limit->steps[step + 1].start : problem->horizon;
                        int64_t slot_end = multipliers->edges[slot + 1], start = multipliers->edges[slot];
                        int64_t from = limit->steps[step].start > start ? limit->steps[step].start : start;
                        int64_t to = step_end < slot_end ? step_end : slot_end;

                        worth += multipliers->limits[l * multipliers->n_slots + slot] * limit->steps[step].gpus *
                                 (double)(to - from) / 3600;
                        step += to == step_end;
                        slot += to == slot_end;
                }
        }
        return worth;
}

/* ---- supply alone */

double piece_supply_dual(const struct plan_problem *problem, const struct plan_site *site, const struct piece *piece, double most)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;
        double from = 0, value = 0, least = 0;

        if (site->store != NULL)
                return storage_piece_dual(problem, site, piece, most);
        for (unsigned i = 0; i < piece->step->n_segments; i++) {
                const struct plan_segment *segment = &piece->step->segments[i];
                double to = from + segment->limit_w;
                double low = fmax(from, idle);
                double high = fmin(to * (1 + 2e-9) + 2e-6, idle + most); /* as far as the checker lets a plan go */

                if (high > low)
                        value += (segment->price + piece->demand - piece->power) * (high - low) / PLAN_JOULES_PER_MWH;
                least = fmin(least, value);
                from = to;
        }
        if (piece->demand > 0)
                least += piece->demand * (idle - piece->paid_w) / PLAN_JOULES_PER_MWH;
        return least;
}

double site_most_w(const struct plan_problem *problem, uint32_t s)
{
        double sum = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                double most = 0;

                for (size_t m = 0; m < problem->jobs[j].n_modes; m++)
                        most = fmax(most, problem->jobs[j].modes[m].watts);
                if ((problem->jobs[j].sites >> s & 1) != 0)
                        sum += most;
        }
        return sum * problem->sites[s].pue_factor;
}
