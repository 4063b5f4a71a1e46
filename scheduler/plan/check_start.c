/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: what a start costs a job that is looked at alone, under a price of progress.
 *
 * Its seconds make no progress, whatever the mode, and cost the least of their width's. Between the points where a start or its end
 * meets an edge the cost is linear in when it begins, so it is enough to look there: it begins on an edge, and what is left of the
 * piece in which it ends is run; or it ends on an edge. From its end on the run is priced like any. That a start follows at once where
 * a run before it ends off an edge is no cheaper than if that run ended on one of the edges around. Starts of which nothing
 * comes could be left out, as none earns; where one might, a start costs no more than the progress it loses.
 */
#include "plan/check_start.h"

static double reach(const struct offer *offer, size_t mode, size_t from, size_t to, double seconds)
{
        const double *sums = offer->eased_sums + mode * (offer->row + 1);
        const size_t *shut = offer->shut + mode * (offer->row + 1);

        if (shut[to] > shut[from] || (seconds > 0 && shut[to + 1] > shut[to]))
                return INFINITY;
        return sums[to] - sums[from] + (seconds > 0 ? offer->eased[mode * offer->row + to] * seconds : 0);
}

/* A start that is over as piece i begins. */
static struct path start_before(const struct offer *offer, size_t width, size_t i)
{
        int64_t start = offer->edges[i] - offer->job->start_cost_s;
        size_t k = i;

        if (start < offer->edges[0])
                return (struct path){ INFINITY, 0 };
        while (offer->edges[k] > start)
                k--;
        if (k == i || isinf(reach(offer, width, k, i, 0)))
                return (struct path){ k == i ? 0 : INFINITY, 0 };
        return (struct path){ reach(offer, width, k, i, 0) - offer->eased[width * offer->row + k] * (double)(start - offer->edges[k]), 0 };
}

/* Of a width: the least that a second of a start costs on each piece, and its sums. */
static void price_width(struct offer *offer, size_t m)
{
        double *eased = offer->eased + m * offer->row, *sums = offer->eased_sums + m * (offer->row + 1);
        size_t *shut = offer->shut + m * (offer->row + 1);

        sums[0] = 0;
        shut[0] = 0;
        for (size_t i = 0; i < offer->n; i++) {
                eased[i] = INFINITY;
                for (size_t k = m; k < offer->job->n_modes; k++)
                        if (offer->width[k] == m)
                                eased[i] = fmin(eased[i], offer->rates[k * offer->row + i] + offer->extras[k * offer->row + i]);
                sums[i + 1] = sums[i] + (isinf(eased[i]) ? 0 : eased[i] * (double)(offer->edges[i + 1] - offer->edges[i]));
                shut[i + 1] = shut[i] + isinf(eased[i]);
                offer->starts_earn = offer->starts_earn || eased[i] < 0;
        }
}

void offer_price_starts(struct offer *offer)
{
        int64_t start_s = offer->job->start_cost_s;

        offer->starts_earn = false;
        offer->pieces_are_long = true;
        for (size_t i = 0; i < offer->n; i++)
                offer->pieces_are_long = offer->pieces_are_long && offer->edges[i + 1] - offer->edges[i] >= start_s;
        for (size_t m = 0; m < offer->job->n_modes; m++) {
                if (offer->width[m] == m)
                        price_width(offer, m);
                for (size_t i = 0; i < offer->n; i++) {
                        double own = offer->eased[offer->width[m] * offer->row + i] - offer->rates[m * offer->row + i];

                        offer->before[m * offer->row + i] = start_before(offer, offer->width[m], i).cost;
                        offer->within[m * offer->row + i] = isinf(offer->rates[m * offer->row + i]) ? INFINITY : own * (double)start_s;
                }
        }
}

double offer_least_start(const struct offer *offer, size_t mode)
{
        double least = INFINITY;

        for (size_t i = 0; i < offer->n; i++)
                least = fmin(least, offer->eased[offer->width[mode] * offer->row + i]);
        return least * (offer->job->start_cost_s > 0 ? (double)offer->job->start_cost_s : 0);
}

struct path offer_any_start(const struct offer *offer, double theta, size_t mode, size_t i, struct path *ret_before)
{
        double rate = offer->rates[mode * offer->row + i], speed = offer->job->modes[mode].speed;
        size_t width = offer->width[mode];
        struct path best;

        if (offer->starts_earn) {
                *ret_before = (struct path){ 0, -offer->slowest[mode] * (double)offer->job->start_cost_s };
                return *ret_before;
        }
        best = *ret_before = start_before(offer, width, i);
        for (size_t k = i + 1; k-- > 0 && offer->edges[k] + offer->job->start_cost_s > offer->edges[i];) {
                double seconds = (double)(offer->edges[k] + offer->job->start_cost_s - offer->edges[i]);
                struct path start = { reach(offer, width, k, i, seconds) - rate * seconds, -speed * seconds };

                if (seconds <= (double)(offer->edges[i + 1] - offer->edges[i]))
                        path_keep_cheaper(&best, &start, theta);
        }
        return best;
}
