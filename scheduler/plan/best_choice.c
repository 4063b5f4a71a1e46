/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: one way after another is asked when it is best; a path through all ways of a site, or of all sites for a job that may
 * move, gives further candidates. Every candidate is billed alike, by choice_cost().
 */
#include "plan/best_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/ease_starts.h"

/* A mix so little above the least that any can cost, as a share of its cost, is not looked at further. */
#define GOOD_ENOUGH 0.01

void chooser_init(struct chooser *chooser)
{
        *chooser = (struct chooser){ .theta = NAN };
        hours_init(&chooser->hours);
        mix_init(&chooser->mix);
}

void chooser_finish(struct chooser *chooser)
{
        hours_finish(&chooser->hours);
        mix_finish(&chooser->mix);
        free(chooser->mixed.intervals);
        free(chooser->rates);
        chooser_init(chooser);
}

/* ---- a fence: nothing runs behind it */

struct fence {
        struct look look;
        struct rates inner;
        const struct slots *slots;
        int64_t until;
};

static void fill_fenced(void *context, size_t first, size_t n, float *rates, float *seats)
{
        struct fence *fence = context;

        fence->inner.fill(fence->inner.context, first, n, rates, seats);
        for (size_t t = n; t-- > 0 && fence->slots->edges[first + t + 1] > fence->until;)
                rates[t] = INFINITY;
}

static bool is_divided(const void *context, size_t slot)
{
        const struct fence *fence = context;

        return (fence->slots->edges[slot] < fence->until && fence->slots->edges[slot + 1] > fence->until) ||
               (fence->inner.is_divided != NULL && fence->inner.is_divided(fence->inner.context, slot));
}

static double part_fenced(void *context, size_t slot, int64_t from, int64_t to)
{
        struct fence *fence = context;
        float rate, seat;

        if (fence->slots->edges[slot] + to > fence->until)
                return INFINITY;
        if (fence->inner.is_divided != NULL && fence->inner.is_divided(fence->inner.context, slot))
                return fence->inner.part(fence->inner.context, slot, from, to);
        fence->inner.fill(fence->inner.context, slot, 1, &rate, &seat);
        return (double)rate * (double)(to - from) + (double)seat;
}

static double part_seat_fenced(void *context, size_t slot, int64_t from, int64_t to)
{
        struct fence *fence = context;
        float rate, seat;

        if (fence->inner.is_divided != NULL && fence->inner.is_divided(fence->inner.context, slot))
                return fence->inner.part_seat(fence->inner.context, slot, from, to);
        fence->inner.fill(fence->inner.context, slot, 1, &rate, &seat);
        return (double)seat;
}

/* The rates of a way, as they are or behind a fence. The fence must outlive them. */
static struct rates rates_within(const struct market *market, int64_t until, struct fence *fence)
{
        fence->inner = market->rates(&fence->look);
        if (until >= market->slots->edges[market->slots->n])
                return fence->inner;
        fence->slots = market->slots;
        fence->until = until;
        return (struct rates){ .context = fence,
                               .fill = fill_fenced,
                               .is_divided = is_divided,
                               .part = part_fenced,
                               .part_seat = part_seat_fenced,
                               .least = fence->inner.least };
}

/* ---- the bill of a choice */

static int reserve(struct chooser *chooser, size_t n)
{
        if (n <= chooser->room)
                return 0;
        free(chooser->rates);
        chooser->room = 0;
        chooser->rates = malloc(4 * n * sizeof(*chooser->rates));
        if (chooser->rates == NULL)
                return OFFPEAK_ENOMEM;
        chooser->seats = chooser->rates + 2 * n;
        chooser->room = 2 * n;
        return 0;
}

/* The slot that a run touched last, and its seat there. */
struct touched {
        size_t slot;
        double seat;
};

/* What a run pays more for a seat in slot t: it may have paid for one there before its power changed. */
static double take_seat(struct touched *touched, size_t t, double seat)
{
        double paid = touched->slot == t ? touched->seat : 0;

        *touched = (struct touched){ t, fmax(paid, seat) };
        return touched->seat - paid;
}

static double interval_cost(const struct market *market, const struct rates *rates, struct chooser *chooser,
                            const struct plan_interval *run, struct touched *touched)
{
        const struct slots *slots = market->slots;
        size_t first = slots_find(slots, run->start), last = slots_find(slots, run->end - 1);
        double cost = 0;

        rates->fill(rates->context, first, last + 1 - first, chooser->rates, chooser->seats);
        for (size_t t = first; t <= last; t++) {
                int64_t from = run->start > slots->edges[t] ? run->start : slots->edges[t];
                int64_t to = run->end < slots->edges[t + 1] ? run->end : slots->edges[t + 1];
                bool whole = to - from == slots_length(slots, t);
                double seat = (double)chooser->seats[t - first];

                if (!whole && rates->is_divided != NULL && rates->is_divided(rates->context, t)) {
                        double all = rates->part(rates->context, t, from - slots->edges[t], to - slots->edges[t]);

                        if (isinf(all))
                                return INFINITY;
                        seat = rates->part_seat(rates->context, t, from - slots->edges[t], to - slots->edges[t]);
                        cost += all - seat;
                } else {
                        cost += (double)chooser->rates[t - first] * (double)(to - from);
                }
                cost += take_seat(touched, t, seat);
        }
        chooser->work += (last + 1 - first) / 4 + 1;
        return cost;
}

int choice_cost(const struct market *market, const struct plan_job *job, struct chooser *chooser,
                const struct plan_interval *intervals, size_t n, double *ret_cost)
{
        const struct plan_problem *problem = market->problem;
        double progress = job_progress(problem, job, intervals, n);
        struct outcome outcome = job_outcome(problem, job, progress, n > 0 ? intervals[n - 1].end : 0);
        double cost = outcome.delay + outcome.lateness + outcome.unfinished + job_moves(job, intervals, n) +
                      job_starts(problem, job, intervals, n);
        struct touched touched = { SIZE_MAX, 0 };

        if (reserve(chooser, market->slots->n) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < n; i++) {
                struct look look = { market->world, job, intervals[i].site, intervals[i].mode };
                struct rates rates = market->rates(&look);

                if (i > 0 && !job_same_run(job, &intervals[i - 1], &intervals[i]))
                        touched.slot = SIZE_MAX;
                cost += interval_cost(market, &rates, chooser, &intervals[i], &touched);
        }
        *ret_cost = cost;
        return 0;
}

/* ---- one way */

/* All that a call is about. */
struct quest {
        const struct market *market;
        const struct plan_job *job;
        int64_t until;
        struct chooser *chooser;
        double *cost;
        struct choice *choice;
        double guess;
        double best; /* of all that was tried and does the work */
        double lowest; /* of the bounds of all mixes so far: whose price of progress is the next guess */
};

/* Is it enough of a difference? Rounding is none. */
static bool is_less(double cost, double than)
{
        return cost < (isinf(than) ? than : than - 1e-7 * fabs(than));
}

/* The job as it is at a site: its data may have to come first. */
static struct plan_job job_at(const struct plan_job *job, uint32_t site, double *ret_fee)
{
        struct plan_job at = *job;

        at.release = job_first_second(job, site);
        *ret_fee = job->may_move && job->home != PLAN_ANYWHERE && job->home != site ? job->move_cost : 0;
        return at;
}

/* The runs of a way become the choice, if they are cheaper with their starts eased. *ret_cost: what they cost so. */
static int take_eased(struct quest *quest, uint32_t site, uint32_t mode, double *ret_cost)
{
        struct chooser *chooser = quest->chooser;
        const struct hours *hours = &chooser->hours;
        double cost;

        chooser->mixed.n = 0;
        for (size_t i = 0; i < hours->n_runs; i++)
                if (choice_append(&chooser->mixed, (struct plan_interval){ hours->runs[i].start, hours->runs[i].end, site, mode }) != 0)
                        return OFFPEAK_ENOMEM;
        if (ease_starts(quest->market->problem, quest->job, &chooser->mixed) != 0 ||
            choice_cost(quest->market, quest->job, chooser, chooser->mixed.intervals, chooser->mixed.n, &cost) != 0)
                return OFFPEAK_ENOMEM;
        *ret_cost = cost;
        if (!is_less(cost, *quest->cost))
                return 0;
        *quest->cost = cost;
        chooser->theta = hours->theta;
        return choice_set(quest->choice, chooser->mixed.intervals, chooser->mixed.n);
}

/* Starts that are eased save no more than this share of a way's cost that is worth looking at. */
#define EASED_MOST 0.1

static int try_way(struct quest *quest, uint32_t site, uint32_t mode, double *ret_cost)
{
        const struct market *market = quest->market;
        struct hours *hours = &quest->chooser->hours;
        double fee;
        struct plan_job job = job_at(quest->job, site, &fee);
        struct fence fence = { .look = { market->world, &job, site, mode } };
        struct rates rates = rates_within(market, quest->until, &fence);
        struct wish wish = { market->problem, &job, site, mode, quest->guess };
        uint64_t before = hours->work;

        *ret_cost = INFINITY;
        if (job.release >= market->problem->horizon)
                return 0;
        if (best_hours(&wish, market->slots, &rates, hours) != 0)
                return OFFPEAK_ENOMEM;
        quest->chooser->work += hours->work - before;
        *ret_cost = hours->cost + (hours->n_runs > 0 ? fee : 0);
        if (hours->n_runs > 0)
                quest->best = fmin(quest->best, *ret_cost);
        if (hours->n_runs > 0 && starts_ease(&job) && eased_mode(&job, mode) != mode &&
            is_less(*ret_cost - EASED_MOST * fabs(*ret_cost), *quest->cost))
                return take_eased(quest, site, mode, ret_cost);
        if (!is_less(*ret_cost, *quest->cost))
                return 0;
        *quest->cost = *ret_cost;
        quest->chooser->theta = hours->theta;
        quest->choice->n = 0;
        for (size_t i = 0; i < hours->n_runs; i++)
                if (choice_append(quest->choice, (struct plan_interval){ hours->runs[i].start, hours->runs[i].end, site,
                                                                         mode }) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static int try_ways(struct quest *quest)
{
        const struct plan_job *job = quest->job;

        for (uint32_t s = 0; s < quest->market->problem->n_sites; s++)
                for (uint32_t m = 0; (job->sites >> s & 1) != 0 && m < job->n_modes; m++) {
                        double cost;

                        if (try_way(quest, s, m, &cost) != 0)
                                return OFFPEAK_ENOMEM;
                        quest->chooser->least = fmin(quest->chooser->least, cost);
                }
        return 0;
}

/* ---- several ways */

/* The ways of the sites in `sites`, with their rates over the job's window. */
static int fill_ways(struct quest *quest, uint64_t sites, const struct mix_wish *wish)
{
        const struct market *market = quest->market;
        const struct plan_job *job = quest->job;
        struct mix *mix = &quest->chooser->mix;
        size_t n = 0;

        if (mix_reserve(mix, (size_t)__builtin_popcountll(sites) * job->n_modes, wish->n) != 0)
                return OFFPEAK_ENOMEM;
        for (uint32_t s = 0; s < market->problem->n_sites; s++)
                for (uint32_t m = 0; (sites >> s & 1) != 0 && m < job->n_modes; m++, n++) {
                        struct fence fence = { .look = { market->world, job, s, m } };
                        struct rates rates = rates_within(market, quest->until, &fence);

                        mix->ways[n].site = s;
                        mix->ways[n].mode = m;
                        rates.fill(rates.context, wish->first, wish->n, mix->ways[n].rates, mix->ways[n].seats);
                        quest->chooser->work += wish->n / 4 + 1;
                }
        return 0;
}

/* Slots from the release to the deadline, or all that are left. */
static struct mix_wish wish_of(const struct quest *quest)
{
        const struct slots *slots = quest->market->slots;
        const struct plan_job *job = quest->job;
        struct mix_wish wish = { .problem = quest->market->problem, .job = job, .slots = slots };
        size_t last = slots->n;

        wish.beat = *quest->cost - (isinf(*quest->cost) ? 0 : quest->chooser->content * fabs(*quest->cost));
        wish.first = slots_find(slots, job->release);
        if (job->deadline > job->release && job->deadline < slots->edges[slots->n])
                last = slots_find(slots, job->deadline - 1) + 1;
        wish.n = last - wish.first;
        return wish;
}

static int try_candidates(struct quest *quest, const struct mix_wish *wish)
{
        struct chooser *chooser = quest->chooser;

        for (size_t c = 0; c < chooser->mix.n_candidates; c++) {
                double cost;
                int code;

                if (!mix_trim(wish, &chooser->mix, chooser->mix.candidates[c], &chooser->mixed, &code)) {
                        if (code != 0)
                                return code;
                        continue;
                }
                if (ease_starts(quest->market->problem, quest->job, &chooser->mixed) != 0 ||
                    choice_cost(quest->market, quest->job, chooser, chooser->mixed.intervals, chooser->mixed.n, &cost) != 0)
                        return OFFPEAK_ENOMEM;
                if (chooser->mixed.intervals[chooser->mixed.n - 1].end > quest->until)
                        continue;
                quest->best = fmin(quest->best, cost);
                if (!is_less(cost, *quest->cost))
                        continue;
                *quest->cost = cost;
                if (choice_set(quest->choice, chooser->mixed.intervals, chooser->mixed.n) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* The way that a path uses most. */
static size_t used_most(const struct mix *mix, size_t n)
{
        size_t uses[MIX_WAYS + 1] = { 0 }, best = 1;

        for (size_t t = 0; t < n; t++)
                uses[mix->candidates[0][t].way]++;
        for (size_t w = 1; w <= mix->n_ways; w++)
                if (uses[w] > uses[best])
                        best = w;
        return best - 1;
}

/* So little above what is the least that looking further is not worth it. */
static bool is_good(double cost, double least)
{
        return !isinf(cost) && cost <= least + GOOD_ENOUGH * fabs(cost);
}

/* Mixed at these sites: the path's candidates, and the best hours of the way it uses most. */
static int try_mix(struct quest *quest, uint64_t sites)
{
        struct mix *mix = &quest->chooser->mix;
        struct mix_wish wish = wish_of(quest);
        uint64_t before = mix->work;
        double cost;
        int code = fill_ways(quest, sites, &wish);

        if (code == 0)
                code = mix_solve(&wish, mix, quest->guess, quest->chooser->thorough);
        quest->chooser->work += mix->work - before;
        if (code != 0 || mix->n_candidates == 0)
                return code;
        quest->chooser->least = fmin(quest->chooser->least, mix->least);
        if (!isnan(mix->theta) && mix->least < quest->lowest) {
                quest->chooser->theta = mix->theta;
                quest->lowest = mix->least;
        }
        if (is_good(*quest->cost, mix->least) && quest->chooser->content == 0)
                return 0;
        code = try_candidates(quest, &wish);
        if (code == 0 && !is_good(*quest->cost, mix->least)) {
                size_t way = used_most(mix, wish.n);
                double theta = quest->chooser->theta;

                code = try_way(quest, mix->ways[way].site, mix->ways[way].mode, &cost);
                quest->chooser->theta = theta;
        }
        return code;
}

/* Is all of its work so short that single ways say more than a path through many? */
static bool is_short(const struct quest *quest)
{
        const struct slots *slots = quest->market->slots;

        return quest->job->work_s <= 4 * (double)slots_length(slots, slots_find(slots, quest->job->release));
}

static int try_mixes(struct quest *quest)
{
        const struct plan_job *job = quest->job;
        uint64_t sites = job->sites;
        uint32_t first = quest->chooser->first;
        int code = 0;

        if ((size_t)__builtin_popcountll(sites) * job->n_modes > MIX_WAYS)
                return try_ways(quest);
        if (!job->may_move && (sites >> first & 1) != 0)
                code = try_mix(quest, UINT64_C(1) << first);
        for (uint32_t s = 0; code == 0 && !job->may_move && s < quest->market->problem->n_sites; s++)
                if (s != first && (sites >> s & 1) != 0)
                        code = try_mix(quest, UINT64_C(1) << s);
        if (code == 0 && job->may_move)
                code = try_mix(quest, sites);
        /* nothing in time, a stay at one site that a path under one theta passes over, or so short that it says little: every way by itself */
        if (code == 0 && !is_good(*quest->cost, quest->chooser->least) &&
            (isinf(quest->best) || job->may_move || (quest->chooser->thorough && is_short(quest))))
                code = try_ways(quest);
        return code;
}

/*
 * Are the slots of the job's window of one length, but for the one in which it is released? Then one way after another is asked
 * exactly.
 */
static bool is_even(const struct slots *slots, const struct plan_job *job)
{
        size_t first = slots_find(slots, job->release), last = slots->n;

        if (first + 1 < slots->n && job->release > slots->edges[first])
                first++;
        if (job->deadline > job->release && job->deadline < slots->edges[slots->n])
                last = slots_find(slots, job->deadline - 1) + 1;
        return slots->same_until[first] >= last || (first + 1 < slots->n && slots->same_until[first + 1] >= last);
}

int best_choice(const struct market *market, const struct plan_job *job, int64_t until, struct chooser *chooser,
                double *cost, struct choice *ret_choice)
{
        struct quest quest = { market, job, until, chooser, cost, ret_choice, chooser->theta, INFINITY, INFINITY };
        bool several = job->n_modes > 1 || (job->may_move && __builtin_popcountll(job->sites) > 1);
        bool mixes = !chooser->one_way && (several || !is_even(market->slots, job));

        chooser->least = INFINITY;
        return mixes ? try_mixes(&quest) : try_ways(&quest);
}
