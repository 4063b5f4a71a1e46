/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why this is a bound. One run's cost is linear between the points where its begin, its start's end or its own end meets an
 * edge, or its end a bend: all are tried.
 *
 * Take any way of R >= 2 runs, of together run_s + (R - 1) start_s seconds. Its cost is linear in every begin and end between
 * the edges, but for the end's own cost, which may bend within its slot; a line that lies nowhere above that cost in this slot
 * stands for it. Only the total time ties begins and ends together. So they can be moved at equal total, never getting
 * dearer, until all of them but one lie on edges: consider such ways only. They run whole slots, and one more in part at the
 * border of a run; a run may have been emptied on the way. Where the end's cost bends, ends at the slot's beginning count as well,
 * at the line: any line proves a bound for the ends in this slot, and the one that proves most is taken (ends_in()).
 *
 * For R = 2 the rows below try just these. For R > 2 look at each run behind the second from where its start is over, in slot
 * t: its start has cost the start rates of the seconds before. As that point moves through the slot, this is a line from
 * start_s x start rate[t - 1] to start_s x start rate[t], then constant (a start is no longer than a slot). If it rises, the
 * line between both ends of the slot lies below it; if it falls, its last value does. Take that line for it: all is linear
 * again, what is left runs as long as two runs do, and a run that begins with slot t or in it has paid start_s x the lesser
 * of both rates at the least. Starts longer than a slot pay the least rate of all slots that they may touch. The rows try
 * every such shape, and some that no way has: a relaxation.
 *
 * Or take the starts off all runs, the first and the second too: what is left is the work alone. That forgets where it
 * would have to go to make room for the starts, but not what they cost. Both are bounds; the higher one counts. Where a start takes no
 * time there is nothing to forget: the work alone, in the cheapest seconds before each end, is exact.
 */
#include "plan/check_grid.h"

#include <math.h>
#include <stddef.h>

static inline double lesser(double a, double b)
{
        return a < b ? a : b;
}

/* ---- one run */

struct sums {
        const struct check_grid *grid;
        const double *until;  /* cost of running from slot 0 to the start of slot t */
        const double *starts; /* what more it costs to start all that time */
};

/* Between two edges a sum over seconds is a line. */
static double sum_until(const struct check_grid *grid, const double *until, double seconds)
{
        double slots = floor(seconds / grid->slot_s);
        size_t t = slots < (double)grid->n ? (size_t)slots : grid->n;
        double left = seconds - (double)t * grid->slot_s;

        return until[t] + (left > 0 && t < grid->n ? (until[t + 1] - until[t]) * left / grid->slot_s : 0);
}

static double end_of(const struct check_grid *grid, double seconds)
{
        return grid->delay * fmax(0, seconds - grid->prompt_s) + grid->lateness * fmax(0, seconds - grid->deadline_s);
}

/* How steep end_of(), a convex function of bent lines, is just before `seconds`. */
static double slope_before(const struct check_grid *grid, double seconds)
{
        return (seconds > grid->prompt_s ? grid->delay : 0) + (seconds > grid->deadline_s ? grid->lateness : 0);
}

/* The cost of one run that ends at `end`; INFINITY where there is no such run. */
static double run_until(const struct sums *sums, double end)
{
        double length = (double)sums->grid->n * sums->grid->slot_s, begin = end - sums->grid->run_s;

        if (begin < sums->grid->earliest_s - 1e-9 || end > length * (1 + 1e-12))
                return INFINITY;
        begin = fmax(sums->grid->earliest_s, begin);
        return sum_until(sums->grid, sums->until, end) - sum_until(sums->grid, sums->until, begin) +
               end_of(sums->grid, end) +
               (sums->grid->goes_on ? 0
                                    : sum_until(sums->grid, sums->starts, begin + sums->grid->start_s) -
                                              sum_until(sums->grid, sums->starts, begin));
}

static double one_run(const struct check_grid *grid, double *scratch)
{
        double *until = scratch, *starts = scratch + grid->n + 1, best = INFINITY;
        struct sums sums = { grid, until, starts };

        until[0] = starts[0] = 0;
        for (size_t t = 0; t < grid->n; t++) {
                until[t + 1] = until[t] + grid->rates[t] * grid->slot_s;
                starts[t + 1] = starts[t] + (grid->start_rates[t] - grid->rates[t]) * grid->slot_s;
        }
        if (grid->goes_on)
                return run_until(&sums, grid->run_s);
        for (size_t t = 0; t <= grid->n; t++) {
                double edge = (double)t * grid->slot_s;

                best = fmin(best, fmin(run_until(&sums, edge), run_until(&sums, edge + grid->run_s)));
                best = fmin(best, run_until(&sums, edge - grid->start_s + grid->run_s));
        }
        best = fmin(best, run_until(&sums, grid->earliest_s + grid->run_s));
        return fmin(best, fmin(run_until(&sums, grid->prompt_s), run_until(&sums, grid->deadline_s)));
}

/* ---- ends of several runs: by lines */

/* The least of what costs without its end's cost: done before slot t, at its end, or with the part at its beginning. */
struct ends {
        double before, whole, part;
};

/* Slot t, its part included, with the line through (bend, cost) that slopes so. */
static double at_line(const struct ends *ends, const double *distances, double cost, double slope)
{
        return cost + lesser(ends->before + slope * distances[0],
                             lesser(ends->whole + slope * distances[1], ends->part + slope * distances[2]));
}

/* The line through a bend within the slot that makes most of it: it slopes as one side does, or two of the ends cost the same. */
static double at_bend(const struct check_grid *grid, const struct ends *ends, size_t t, double part_s, double bend,
                      double jump)
{
        double begin = (double)t * grid->slot_s, cost = end_of(grid, bend), flattest = slope_before(grid, bend);
        double costs[] = { ends->before, ends->whole, ends->part };
        double distances[] = { begin - bend, begin + grid->slot_s - bend, begin + part_s - bend };
        double best = fmax(at_line(ends, distances, cost, flattest), at_line(ends, distances, cost, flattest + jump));

        for (int i = 0; i < 3; i++)
                for (int k = 0; k < i; k++) {
                        double slope = (costs[i] - costs[k]) / (distances[k] - distances[i]);

                        if (slope > flattest && slope < flattest + jump) /* false for what is no number */
                                best = fmax(best, at_line(ends, distances, cost, slope));
                }
        return best;
}

static bool bends(const struct check_grid *grid, size_t t, double bend, double jump)
{
        return jump > 0 && bend > (double)t * grid->slot_s && bend < (double)(t + 1) * grid->slot_s;
}

/* What all ways cost at the least that end in slot t. */
static double ends_in(const struct check_grid *grid, const struct ends *ends, size_t t, double part_s)
{
        bool prompt = bends(grid, t, grid->prompt_s, grid->delay);
        bool late = bends(grid, t, grid->deadline_s, grid->lateness);
        double end = (double)(t + 1) * grid->slot_s, least = -INFINITY;

        if (isinf(lesser(ends->before, lesser(ends->whole, ends->part))))
                return INFINITY;
        if (prompt)
                least = at_bend(grid, ends, t, part_s, grid->prompt_s, grid->delay);
        if (late)
                least = fmax(least, at_bend(grid, ends, t, part_s, grid->deadline_s, grid->lateness));
        if (prompt || late)
                return least;
        return lesser(ends->whole, ends->part - slope_before(grid, end) * (grid->slot_s - part_s)) + end_of(grid, end);
}

/* ---- two runs and more: of together run_s + start_s seconds at the least */

/*
 * After some slots: least cost with k whole slots run, the part run or not, one run begun or more: running at the end
 * (on), or in any state.
 */
struct rows {
        double *on[2][2], *any[2][2]; /* [part][more than one run] */
};

enum { ARRAYS = 8 };

/* So many are sorted out quickly. */
enum { FEW_SLOTS = 24 };

static struct rows rows_at(double *scratch, size_t width)
{
        struct rows rows;

        for (int i = 0; i < 4; i++) {
                rows.on[i / 2][i % 2] = scratch + (size_t)(2 * i) * width;
                rows.any[i / 2][i % 2] = scratch + (size_t)(2 * i + 1) * width;
        }
        return rows;
}

/* What is tried in one slot. */
struct costs {
        double whole, part, start;
};

static struct costs costs_of(const struct check_grid *grid, size_t t, double part_s)
{
        size_t back = grid->start_s <= grid->slot_s ? 1 : 1 + (size_t)ceil(grid->start_s / grid->slot_s);
        double rate = grid->rates[t], least = grid->start_rates[t];

        for (size_t i = t > back ? t - back : 0; i < t; i++)
                least = lesser(least, grid->start_rates[i]);
        return (struct costs){ rate * grid->slot_s, rate * part_s, grid->start_s * least };
}

/* The first run, k > 0: it begins where nothing was run, or goes on. */
static void run_first(const struct rows *from, struct rows *to, double whole, int part, size_t n)
{
        const double *restrict on = from->on[part][0], *restrict any = from->any[part][0];
        double *restrict to_on = to->on[part][0], *restrict to_any = to->any[part][0];

        for (size_t k = 1; k <= n; k++) {
                double cost = on[k - 1] + whole;

                to_on[k] = cost;
                to_any[k] = lesser(any[k], cost);
        }
}

/* The second run begins for nothing, as its start is in the time that is run; further ones pay. */
static void run_more(const struct rows *from, struct rows *to, struct costs costs, int part, size_t n)
{
        const double *restrict on = from->on[part][1], *restrict any = from->any[part][1];
        const double *restrict first = from->any[part][0];
        double *restrict to_on = to->on[part][1], *restrict to_any = to->any[part][1];

        for (size_t k = 1; k <= n; k++) {
                double cost = lesser(lesser(on[k - 1], first[k - 1]), any[k - 1] + costs.start) + costs.whole;

                to_on[k] = cost;
                to_any[k] = lesser(any[k], cost);
        }
}

/* The part at the end of a run, at its beginning, or all by itself. */
static void run_part(const struct rows *from, struct rows *to, struct costs costs, int more, size_t k)
{
        double begun = more ? lesser(from->any[0][0][k], from->any[0][1][k] + costs.start) : INFINITY;
        double on = from->on[0][more][k];

        if (!more && k == 0)
                begun = from->any[0][0][0];
        if (more && k == 0)
                begun = INFINITY;
        to->on[1][more][k] = lesser(to->on[1][more][k], begun + costs.part);
        to->any[1][more][k] = lesser(to->any[1][more][k], lesser(begun, on) + costs.part);
}

static void advance(const struct rows *from, struct rows *to, struct costs costs, size_t whole, bool has_part)
{
        for (int part = 0; part <= has_part; part++) {
                for (int more = 0; more < 2; more++) {
                        to->on[part][more][0] = INFINITY;
                        to->any[part][more][0] = from->any[part][more][0];
                }
                run_first(from, to, costs.whole, part, whole);
                run_more(from, to, costs, part, whole);
        }
        if (whole > 0) { /* the first run may begin here */
                double cost = lesser(from->on[0][0][0], from->any[0][0][0]) + costs.whole;

                to->on[0][0][1] = cost;
                to->any[0][0][1] = lesser(from->any[0][0][1], cost);
                cost = lesser(from->on[0][1][0], from->any[0][1][0] + costs.start) + costs.whole;
                to->on[0][1][1] = cost;
                to->any[0][1][1] = lesser(from->any[0][1][1], cost);
        }
        for (size_t k = 0; has_part && k <= whole; k++) {
                run_part(from, to, costs, 0, k);
                run_part(from, to, costs, 1, k);
        }
}

/* Being done in slot t, in one run or more. */
static double finish(const struct check_grid *grid, const struct rows *from, const struct rows *to, struct costs costs,
                     size_t t, size_t whole, double part_s)
{
        int part = part_s > 0;
        struct ends ends = { .before = lesser(from->any[part][0][whole], from->any[part][1][whole]),
                             .whole = lesser(to->on[part][0][whole], to->on[part][1][whole]),
                             .part = INFINITY };

        if (part) {
                ends.part = lesser(from->on[0][1][whole], from->any[0][1][whole] + costs.start);
                ends.part = lesser(ends.part, lesser(from->on[0][0][whole], from->any[0][0][whole])) + costs.part;
        }
        return ends_in(grid, &ends, t, part_s);
}

static double more_runs(const struct check_grid *grid, double *scratch)
{
        double run_s = grid->run_s + grid->start_s;
        size_t whole = (size_t)floor(run_s / grid->slot_s), width = whole + 2;
        double part_s = run_s - (double)whole * grid->slot_s, best = INFINITY;
        struct rows from = rows_at(scratch, width), to = rows_at(scratch + ARRAYS * width, width);

        for (size_t i = 0; i < ARRAYS * width; i++)
                scratch[i] = INFINITY;
        from.any[0][0][0] = 0;
        if (grid->goes_on)
                from.on[0][0][0] = 0; /* or not: that run, too, may have been emptied */
        for (size_t t = 0; t < grid->n; t++) {
                struct costs costs = costs_of(grid, t, part_s);
                struct rows swap = from;

                advance(&from, &to, costs, whole, part_s > 0);
                best = lesser(best, finish(grid, &from, &to, costs, t, whole, part_s));
                from = to;
                to = swap;
        }
        return best;
}

/* ---- two runs and more, another way: the work alone, and every start paid where it may lie */

/* After some slots, k whole slots run, the part run or not: running at the end, or in any state. */
struct paid_rows {
        double *on[2], *any[2];
};

static struct paid_rows paid_rows_at(double *scratch, size_t width)
{
        return (struct paid_rows){ { scratch, scratch + width }, { scratch + 2 * width, scratch + 3 * width } };
}

static void pay_and_run(const struct paid_rows *from, struct paid_rows *to, struct costs costs, int part, size_t n)
{
        const double *restrict on = from->on[part], *restrict any = from->any[part];
        double *restrict to_on = to->on[part], *restrict to_any = to->any[part];

        to_on[0] = INFINITY;
        to_any[0] = any[0];
        for (size_t k = 1; k <= n; k++) {
                double cost = lesser(on[k - 1], any[k - 1] + costs.start) + costs.whole;

                to_on[k] = cost;
                to_any[k] = lesser(any[k], cost);
        }
}

static void pay_and_run_part(const struct paid_rows *from, struct paid_rows *to, struct costs costs, size_t n)
{
        for (size_t k = 0; k <= n; k++) {
                double begun = from->any[0][k] + costs.start + costs.part;

                to->on[1][k] = lesser(to->on[1][k], begun);
                to->any[1][k] = lesser(to->any[1][k], lesser(begun, from->on[0][k] + costs.part));
        }
}

static double finish_paid(const struct check_grid *grid, const struct paid_rows *from, const struct paid_rows *to,
                          struct costs costs, size_t t, size_t whole, double part_s)
{
        int part = part_s > 0;
        struct ends ends = { .before = from->any[part][whole], .whole = to->on[part][whole], .part = INFINITY };

        if (part)
                ends.part = lesser(from->on[0][whole], from->any[0][whole] + costs.start) + costs.part;
        return ends_in(grid, &ends, t, part_s);
}

static double work_of(const struct check_grid *grid)
{
        return grid->goes_on ? grid->run_s : grid->run_s - grid->start_s;
}

static double paid_starts(const struct check_grid *grid, double *scratch)
{
        size_t whole = (size_t)floor(work_of(grid) / grid->slot_s), width = whole + 2;
        double part_s = work_of(grid) - (double)whole * grid->slot_s, best = INFINITY;
        struct paid_rows from = paid_rows_at(scratch, width), to = paid_rows_at(scratch + 4 * width, width);

        for (size_t i = 0; i < 4 * width; i++)
                scratch[i] = INFINITY;
        from.any[0][0] = 0;
        if (grid->goes_on)
                from.on[0][0] = 0;
        for (size_t t = 0; t < grid->n; t++) {
                struct costs costs = costs_of(grid, t, part_s);
                struct paid_rows swap = from;

                pay_and_run(&from, &to, costs, 0, whole);
                if (part_s > 0) {
                        pay_and_run(&from, &to, costs, 1, whole);
                        pay_and_run_part(&from, &to, costs, whole);
                }
                best = lesser(best, finish_paid(grid, &from, &to, costs, t, whole, part_s));
                from = to;
                to = swap;
        }
        return best;
}

/* ---- two runs and more where starts take no time: the cheapest seconds before each end, exactly */

/* The cheapest rates of the slots so far, ascending: as many as the work runs whole slots, and one for its part. */
struct cheapest {
        double *rates;
        size_t n, most;
};

static void take_rate(struct cheapest *cheapest, double rate)
{
        size_t i;

        if (cheapest->n == cheapest->most && rate >= cheapest->rates[cheapest->n - 1])
                return;
        cheapest->n += cheapest->n < cheapest->most;
        for (i = cheapest->n - 1; i > 0 && cheapest->rates[i - 1] > rate; i--)
                cheapest->rates[i] = cheapest->rates[i - 1];
        cheapest->rates[i] = rate;
}

/* What the work costs that is done before slot t, that runs slot t whole, and that runs it in part. */
static struct ends ends_of_cheapest(const struct cheapest *cheapest, double rate, size_t whole, double slot_s, double part_s)
{
        struct ends ends = { INFINITY, INFINITY, INFINITY };
        double but_one = 0, all; /* of the `whole` cheapest; anew each time: a sum that runs on would drift */

        for (size_t i = 0; i + 1 < whole && i < cheapest->n; i++)
                but_one += cheapest->rates[i];
        if (cheapest->n >= whole) {
                all = whole > 0 ? but_one + cheapest->rates[whole - 1] : 0;
                ends.part = part_s > 0 ? all * slot_s + rate * part_s : INFINITY;
                if (part_s == 0)
                        ends.before = all * slot_s;
                else if (cheapest->n > whole)
                        ends.before = all * slot_s + cheapest->rates[whole] * part_s;
        }
        if (whole > 0 && cheapest->n + 1 >= whole + (part_s > 0))
                ends.whole = (but_one + rate) * slot_s + (part_s > 0 ? cheapest->rates[whole - 1] * part_s : 0);
        return ends;
}

static double free_starts(const struct check_grid *grid, double *scratch)
{
        size_t whole = (size_t)floor(grid->run_s / grid->slot_s);
        double part_s = grid->run_s - (double)whole * grid->slot_s, best = INFINITY;
        struct cheapest cheapest = { .rates = scratch, .most = whole + 1 };

        for (size_t t = 0; t < grid->n; t++) {
                struct ends ends = ends_of_cheapest(&cheapest, grid->rates[t], whole, grid->slot_s, part_s);

                best = lesser(best, ends_in(grid, &ends, t, part_s));
                take_rate(&cheapest, grid->rates[t]);
        }
        return best;
}

/* ---- is it worth looking? */

/* What `seconds` cost at the least, each where it is cheapest; -INFINITY if that takes long to find out. */
static double cheapest_seconds(const struct check_grid *grid, double seconds, double *scratch)
{
        size_t slots = (size_t)ceil(seconds / grid->slot_s), n = 0;
        double sum = 0;

        if (slots > FEW_SLOTS || slots > grid->n || slots == 0)
                return -INFINITY;
        for (size_t t = 0; t < grid->n; t++) {
                double rate = grid->rates[t];
                size_t i;

                if (n == slots && rate >= scratch[n - 1])
                        continue;
                n += n < slots;
                for (i = n - 1; i > 0 && scratch[i - 1] > rate; i--)
                        scratch[i] = scratch[i - 1];
                scratch[i] = rate;
        }
        for (size_t i = 0; i + 1 < slots; i++)
                sum += scratch[i] * grid->slot_s;
        return sum + scratch[slots - 1] * (seconds - (double)(slots - 1) * grid->slot_s);
}

/* Two runs at the least: their work where it is cheapest, and their starts. */
static double least_of_two(const struct check_grid *grid, double *scratch)
{
        double start = INFINITY;

        for (size_t t = 0; t < grid->n; t++)
                start = lesser(start, grid->start_rates[t]);
        return cheapest_seconds(grid, work_of(grid), scratch) + (grid->goes_on ? 1 : 2) * start * grid->start_s;
}

double check_grid_least(const struct check_grid *grid, bool may_start_again, double *scratch)
{
        double best = one_run(grid, scratch);
        bool two_fit = grid->run_s + grid->start_s <= (double)grid->n * grid->slot_s;

        if (!may_start_again || !two_fit || best <= least_of_two(grid, scratch))
                return best;
        if (grid->start_s == 0)
                return lesser(best, free_starts(grid, scratch));
        return lesser(best, fmax(more_runs(grid, scratch), paid_starts(grid, scratch)));
}
