/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/rules.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

void wishes_finish(struct wishes *wishes)
{
        free(wishes->at);
        *wishes = (struct wishes){ 0 };
}

/* Behind the last one, or in it if they touch. */
static int want(struct wishes *wishes, int64_t start, int64_t end)
{
        if (start >= end)
                return 0;
        if (wishes->n > 0 && wishes->at[wishes->n - 1].end == start) {
                wishes->at[wishes->n - 1].end = end;
                return 0;
        }
        if (wishes->n == wishes->room) {
                size_t room = 2 * wishes->room + 8;
                struct wish *larger = realloc(wishes->at, room * sizeof(*larger));

                if (larger == NULL)
                        return OFFPEAK_ENOMEM;
                wishes->at = larger;
                wishes->room = room;
        }
        wishes->at[wishes->n++] = (struct wish){ start, end };
        return 0;
}

/* ---- contiguous runs */

/* Currency per MWh: what differs by less is equal, but for the rounding of sums. */
#define EQUAL 1e-7

/* What a start is worth, in currency per MWh: the least is taken, of equals the earliest. */
typedef double (*value_at)(const struct rule_question *question, int64_t start);

static double cost_at(const struct rule_question *question, int64_t start)
{
        return rates_over(question->rates, start, start + question->seconds) / (double)question->seconds;
}

/* Saving for each second until it is done, from submission on. */
static double minus_saving_at(const struct rule_question *question, int64_t start)
{
        double saved = cost_at(question, question->earliest) - cost_at(question, start);

        return -saved * (double)question->seconds / (double)(start + question->seconds - question->earliest);
}

/* Costs of runs are straight between starts at which the run's begin or end meets an edge: all of these are tried. */
static int best_run(const struct rule_question *question, value_at worth, struct wishes *wishes)
{
        const struct rates *rates = question->rates;
        int64_t last = question->latest - question->seconds, best = question->earliest;
        int64_t starts[2] = { question->earliest, last };
        double least = worth(question, best);

        for (size_t i = rates_find(rates, question->earliest);; i++) {
                for (int k = 0; k < 2; k++) {
                        int64_t start = starts[k];
                        double found;

                        if (start < question->earliest || start > last)
                                continue;
                        found = worth(question, start);
                        if (found < least - EQUAL || (found < least + EQUAL && start < best)) {
                                least = fmin(found, least);
                                best = start;
                        }
                }
                if (i >= rates->n || rates->edges[i] > question->latest)
                        break;
                starts[0] = rates->edges[i];
                starts[1] = rates->edges[i] - question->seconds;
        }
        wishes->n = 0;
        return want(wishes, best, best + question->seconds);
}

int rule_cheapest_window(const struct rule_question *question, struct wishes *wishes)
{
        return best_run(question, cost_at, wishes);
}

int rule_carbon_time(const struct rule_question *question, struct wishes *wishes)
{
        return best_run(question, minus_saving_at, wishes);
}

/* ---- instants */

struct piece {
        int64_t start, end;
        double rate;
};

static int by_rate(const void *a, const void *b)
{
        const struct piece *x = a, *y = b;

        if (x->rate != y->rate)
                return x->rate < y->rate ? -1 : 1;
        return x->start < y->start ? -1 : x->start > y->start;
}

static int by_start(const void *a, const void *b)
{
        const struct piece *x = a, *y = b;

        return x->start < y->start ? -1 : x->start > y->start;
}

/* The job's time, cut at the rates' edges. malloc'ed. */
static struct piece *pieces_of(const struct rule_question *question, size_t *ret_n)
{
        const struct rates *rates = question->rates;
        size_t first = rates_find(rates, question->earliest), last = rates_find(rates, question->latest - 1);
        struct piece *pieces = calloc(last - first + 1, sizeof(*pieces));

        *ret_n = last - first + 1;
        for (size_t i = first; pieces != NULL && i <= last; i++)
                pieces[i - first] = (struct piece){
                        .start = rates->edges[i] > question->earliest ? rates->edges[i] : question->earliest,
                        .end = rates->edges[i + 1] < question->latest ? rates->edges[i + 1] : question->latest,
                        .rate = rates->values[i],
                };
        return pieces;
}

/* The cheapest pieces that hold the run; of the last one its beginning. */
int rule_wait_awhile(const struct rule_question *question, struct wishes *wishes)
{
        int64_t left = question->seconds;
        struct piece *pieces;
        size_t n, taken = 0;
        int code = 0;

        if (!question->interruptible)
                return rule_cheapest_window(question, wishes);
        pieces = pieces_of(question, &n);
        if (pieces == NULL)
                return OFFPEAK_ENOMEM;
        qsort(pieces, n, sizeof(*pieces), by_rate);
        for (; taken < n && left > 0; taken++) {
                if (pieces[taken].end - pieces[taken].start > left)
                        pieces[taken].end = pieces[taken].start + left;
                left -= pieces[taken].end - pieces[taken].start;
        }
        qsort(pieces, taken, sizeof(*pieces), by_start);
        wishes->n = 0;
        for (size_t i = 0; code == 0 && i < taken; i++)
                code = want(wishes, pieces[i].start, pieces[i].end);
        free(pieces);
        return code;
}

/* The rate below which so large a share of the job's time lies. */
static double quantile(struct piece *pieces, size_t n, double share)
{
        double seconds = 0, sum = 0, level;

        qsort(pieces, n, sizeof(*pieces), by_rate);
        for (size_t i = 0; i < n; i++)
                seconds += (double)(pieces[i].end - pieces[i].start);
        level = pieces[n - 1].rate;
        for (size_t i = 0; i < n; i++) {
                sum += (double)(pieces[i].end - pieces[i].start);
                if (sum >= share * seconds) {
                        level = pieces[i].rate;
                        break;
                }
        }
        qsort(pieces, n, sizeof(*pieces), by_start);
        return level;
}

/* Whenever it is cheap enough; from when there is no time left to wait, anyhow. */
int rule_threshold(const struct rule_question *question, struct wishes *wishes)
{
        int64_t left = question->seconds;
        size_t n;
        struct piece *pieces = pieces_of(question, &n);
        double level = question->level;
        int code = 0;

        if (pieces == NULL)
                return OFFPEAK_ENOMEM;
        if (question->share > 0)
                level = quantile(pieces, n, question->share);
        wishes->n = 0;
        for (size_t i = 0; code == 0 && i < n && left > 0; i++) {
                int64_t start = pieces[i].start, must = question->latest - left, end;
                bool goes_on = !question->interruptible && wishes->n > 0;

                if (pieces[i].rate > level && !goes_on)
                        start = must > start ? must : start;
                end = start + left < pieces[i].end ? start + left : pieces[i].end;
                if (start >= end)
                        continue;
                code = want(wishes, start, end);
                left -= end - start;
        }
        free(pieces);
        return code;
}
