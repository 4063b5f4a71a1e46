/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/response.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 14 }; /* of the search for the price of progress */

/* All that a response looks at. */
struct search {
        const struct wish *wish;
        const struct curve *curve;
        struct response *to;
        const struct plan_job *job;
        int64_t need_s; /* progress, in seconds of the mode */
        int64_t overhead_s;
        double speed;
        double undone; /* currency per second of the mode's progress left undone */
        bool goes_on;  /* a run from the first edge is no start */
        double fee;    /* on every start, when there are too many */
};

static struct search search_of(const struct wish *wish, const struct curve *curve, struct response *to)
{
        const struct plan_mode *mode = &wish->job->modes[wish->mode];

        return (struct search){
                .wish = wish,
                .curve = curve,
                .to = to,
                .job = wish->job,
                .need_s = job_seconds(wish->job, mode),
                .overhead_s = wish->job->start_cost_s,
                .speed = mode->speed,
                .undone = job_undone_rate(wish->problem, wish->job) * mode->speed,
                .goes_on = job_goes_on(wish->problem, wish->job, wish->site, wish->mode, curve->edges[0]),
        };
}

/* ---- memory */

void response_init(struct response *response)
{
        *response = (struct response){ .theta = NAN };
}

void response_finish(struct response *response)
{
        free(response->memory);
        response_init(response);
}

static int reserve(struct response *response, size_t n)
{
        size_t room = response->room > 0 ? response->room : 64, bytes;
        char *at;

        while (room < n + 2)
                room *= 2;
        if (room == response->room)
                return 0;
        bytes = room * (2 * sizeof(struct run) + 9 * sizeof(double) + 3 * sizeof(size_t) + sizeof(bool));
        at = malloc(bytes);
        if (at == NULL)
                return OFFPEAK_ENOMEM;
        free(response->memory);
        response->memory = at;
        response->room = room;
        response->runs = (struct run *)(void *)at;
        response->found = response->runs + room;
        response->sums = (double *)(void *)(response->found + room);
        response->seconds = response->sums + room;
        response->costs = response->seconds + room;
        response->ends = response->costs + room;
        response->entry_cost = response->ends + room;
        response->on = response->entry_cost + room;
        response->off = response->on + room;
        response->on_done = response->off + room;
        response->off_done = response->on_done + room;
        response->block = (size_t *)(void *)(response->off_done + room);
        response->entry = response->block + room;
        response->entered = response->entry + room;
        response->left = (bool *)(response->entered + room);
        return 0;
}

/* ---- costs */

static void sum_up(struct search *search)
{
        const struct curve *curve = search->curve;
        struct response *to = search->to;

        to->sums[0] = 0;
        for (size_t i = 0; i < curve->n; i++) {
                bool available = !isinf(curve->rates[i]);
                double seconds = (double)(curve->edges[i + 1] - curve->edges[i]);

                to->sums[i + 1] = to->sums[i] + (available ? curve->rates[i] * seconds : 0);
                to->block[i] = !available ? SIZE_MAX : i > 0 && to->block[i - 1] != SIZE_MAX ? to->block[i - 1] : i;
        }
}

static size_t piece_at(const struct curve *curve, int64_t time)
{
        size_t low = 0, high = curve->n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (curve->edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* Cost of running from the first edge until `time`, which lies in a piece or at its end. */
static double sum_in(const struct search *search, size_t piece, int64_t time)
{
        double seconds = (double)(time - search->curve->edges[piece]);

        return search->to->sums[piece] + (seconds > 0 ? search->curve->rates[piece] * seconds : 0);
}

/* Cost of running from the first edge until `time`, were all of it available. */
static double sum_until(const struct search *search, int64_t time)
{
        return sum_in(search, piece_at(search->curve, time), time);
}

static double cost_between(const struct search *search, int64_t start, int64_t end)
{
        return sum_until(search, end) - sum_until(search, start);
}

static bool is_start(const struct search *search, int64_t start)
{
        return !(search->goes_on && start == search->curve->edges[0]);
}

static double runs_cost(const struct search *search, const struct run *runs, size_t n)
{
        double cost = 0, progress = 0;
        struct outcome outcome;

        for (size_t i = 0; i < n; i++) {
                bool started = is_start(search, runs[i].start);

                cost += cost_between(search, runs[i].start, runs[i].end);
                if (started)
                        cost += job_start_cost(search->wish->problem, search->job, search->wish->site,
                                               search->wish->mode, runs[i].start);
                progress += search->speed * (double)(runs[i].end - runs[i].start - (started ? search->overhead_s : 0));
        }
        outcome = job_outcome(search->wish->problem, search->job, progress, n > 0 ? runs[n - 1].end : 0);
        return cost + outcome.delay + outcome.lateness + outcome.unfinished;
}

/* Take these runs if they are cheaper than what was found so far, and by more than rounding. */
static void offer(struct search *search, const struct run *runs, size_t n)
{
        struct response *to = search->to;
        double cost = runs_cost(search, runs, n);

        if (!(cost < to->cost - 1e-12 * fabs(to->cost)))
                return;
        to->cost = cost;
        to->n_runs = n;
        if (n > 0)
                memcpy(to->runs, runs, n * sizeof(*runs));
}

/* ---- one run */

/* The cheapest start so far of a run of a given length, the earliest of equals. */
struct best_start {
        double cost;
        int64_t start;
};

static void try_start(const struct search *search, struct best_start *best, int64_t start, size_t first, int64_t end,
                      size_t last)
{
        double cost = sum_in(search, last, end) - sum_in(search, first, start) + job_end_cost(search->job, end);
        double slack = 1e-12 * fabs(cost);

        if (!is_start(search, start))
                return; /* a run that goes on needs no overhead: it is tried by itself */
        if (cost < best->cost - slack || (cost <= best->cost + slack && start < best->start))
                *best = (struct best_start){ cost, start };
}

/* Runs of `length` inside the block of pieces [first, last): starts and ends on every edge. */
static void try_block(const struct search *search, struct best_start *best, size_t first, size_t last, int64_t length)
{
        const int64_t *edges = search->curve->edges;
        const int64_t bends[2] = { search->job->earliest_finish, search->job->deadline };
        size_t i, k;

        for (i = first, k = first; i < last && edges[i] + length <= edges[last]; i++) {
                while (edges[k + 1] < edges[i] + length)
                        k++;
                try_start(search, best, edges[i], i, edges[i] + length, k);
        }
        for (i = last, k = last - 1; i > first && edges[i] - length >= edges[first]; i--) {
                while (edges[k] > edges[i] - length)
                        k--;
                try_start(search, best, edges[i] - length, k, edges[i], i - 1);
        }
        for (int b = 0; b < 2; b++)
                if (bends[b] - length >= edges[first] && bends[b] <= edges[last])
                        try_start(search, best, bends[b] - length, piece_at(search->curve, bends[b] - length), bends[b],
                                  piece_at(search->curve, bends[b] - 1));
}

/* The best single run; where no block is long enough, the best block as a whole. */
static void respond_once(struct search *search)
{
        const struct curve *curve = search->curve;
        struct best_start best = { INFINITY, 0 };
        int64_t length = search->need_s + search->overhead_s;

        for (size_t first = 0, last; first < curve->n; first = last + 1) {
                int64_t room;

                for (last = first; last < curve->n && search->to->block[last] != SIZE_MAX;)
                        last++;
                if (last == first)
                        continue;
                room = curve->edges[last] - curve->edges[first];
                if (search->goes_on && first == 0)
                        offer(search,
                              &(struct run){ curve->edges[0],
                                             curve->edges[0] + (room < search->need_s ? room : search->need_s) },
                              1);
                if (search->job->max_starts == 0)
                        continue;
                if (room >= length)
                        try_block(search, &best, first, last, length);
                else if (room > search->overhead_s && (room >= search->job->min_run_s || last == curve->n) &&
                         !(search->goes_on && first == 0))
                        offer(search, &(struct run){ curve->edges[first], curve->edges[last] }, 1);
        }
        if (!isinf(best.cost))
                offer(search, &(struct run){ best.start, best.start + length }, 1);
}

/* ---- several runs: the path */

struct walked {
        double cost;  /* reduced */
        int64_t done; /* progress, s */
        size_t end;   /* edge at which the last run ends */
};

/*
 * What every walk needs and no theta changes. A run is entered with its shortest length at once: a run that fills piece
 * i and was entered just so began at edge entry[i].
 */
static void prepare(struct search *search)
{
        const struct curve *curve = search->curve;
        struct response *to = search->to;
        int64_t overhead_s = search->overhead_s, min_run_s = search->job->min_run_s;
        int64_t shortest = min_run_s > overhead_s + 1 ? min_run_s : overhead_s + 1;

        for (size_t i = 0, from = 0; i < curve->n; i++) {
                bool available = to->block[i] != SIZE_MAX;

                to->seconds[i] = (double)(curve->edges[i + 1] - curve->edges[i]);
                to->costs[i] = available ? curve->rates[i] * to->seconds[i] : INFINITY;
                to->ends[i] = job_end_cost(search->job, curve->edges[i + 1]);
                while (curve->edges[i + 1] - curve->edges[from + 1] >= shortest)
                        from++;
                to->entry[i] = SIZE_MAX;
                if (!available || curve->edges[i + 1] - curve->edges[from] < shortest || from < to->block[i] ||
                    search->job->max_starts == 0)
                        continue;
                to->entry[i] = from;
                to->entry_cost[i] = to->sums[i + 1] - to->sums[from] + search->fee +
                                    (curve->rates[from] < 0 ? -2 * curve->rates[from] * (double)overhead_s : 0);
        }
}

/* The cheapest path under theta per second of progress; its runs are read back from `entered` and `left`. */
static struct walked walk(struct search *search, double theta)
{
        const int64_t *edges = search->curve->edges;
        struct response *to = search->to;
        double overhead = (double)search->overhead_s, start_cost = theta > 0 ? theta * overhead : 0;
        struct walked best = { INFINITY, 0, 0 };

        to->on[0] = search->goes_on ? 0 : INFINITY;
        to->off[0] = to->on_done[0] = to->off_done[0] = 0;
        to->entered[0] = 0;
        for (size_t i = 0; i < search->curve->n; i++) {
                double on = to->on[i] + to->costs[i] - theta * to->seconds[i];
                double done = to->on_done[i] + to->seconds[i];
                size_t from = to->entry[i];

                to->entered[i + 1] = SIZE_MAX;
                if (from != SIZE_MAX) {
                        double length = (double)(edges[i + 1] - edges[from]);
                        double cost = to->off[from] + start_cost + to->entry_cost[i] - theta * length;

                        if (cost < on) {
                                on = cost;
                                done = to->off_done[from] + length - overhead;
                                to->entered[i + 1] = from;
                        }
                }
                to->on[i + 1] = on;
                to->on_done[i + 1] = done;
                to->left[i + 1] = on < to->off[i];
                to->off[i + 1] = to->left[i + 1] ? on : to->off[i];
                to->off_done[i + 1] = to->left[i + 1] ? done : to->off_done[i];
                if (on + to->ends[i] < best.cost)
                        best = (struct walked){ on + to->ends[i], (int64_t)done, i + 1 };
        }
        return best;
}

/* The runs of the path that was walked last; two that touch are one. */
static size_t read_back(const struct search *search, const struct walked *walked, struct run *runs)
{
        const struct response *to = search->to;
        size_t n = 0, i = walked->end;

        while (i > 0) {
                size_t end = i;

                while (i > 0 && to->entered[i] == SIZE_MAX)
                        i--;
                if (i > 0)
                        i = to->entered[i];
                if (n > 0 && runs[n - 1].start == search->curve->edges[end])
                        runs[n - 1].start = search->curve->edges[i];
                else
                        runs[n++] = (struct run){ search->curve->edges[i], search->curve->edges[end] };
                while (i > 0 && !to->left[i])
                        i--;
        }
        for (size_t k = 0; k < n / 2; k++) {
                struct run swap = runs[k];

                runs[k] = runs[n - 1 - k];
                runs[n - 1 - k] = swap;
        }
        return n;
}

/* ---- several runs: cutting off what is too much */

struct cut {
        double gain; /* per second of progress */
        size_t run;
        int64_t seconds;
        enum { CUT_HEAD, CUT_TAIL, CUT_WHOLE } what;
};

static void keep_better(struct cut *best, double gain, size_t run, int64_t seconds, int what)
{
        if (seconds > 0 && gain > best->gain)
                *best = (struct cut){ gain, run, seconds, what };
}

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* The best single cut that leaves a run allowed. */
static struct cut best_cut(const struct search *search, const struct run *runs, size_t n, int64_t excess)
{
        const struct curve *curve = search->curve;
        struct cut best = { .gain = -INFINITY };

        for (size_t r = 0; r < n; r++) {
                bool started = is_start(search, runs[r].start);
                int64_t length = runs[r].end - runs[r].start;
                int64_t overhead = started ? search->overhead_s : 0;
                int64_t shortest = overhead + 1;
                size_t head = piece_at(curve, runs[r].start), tail = piece_at(curve, runs[r].end - 1);
                int64_t most;
                double saved = 0;

                if (started && r + 1 < n && shortest < search->job->min_run_s)
                        shortest = search->job->min_run_s;
                most = least(excess, length - shortest);
                if (r + 1 == n)
                        saved = job_end_cost(search->job, runs[r].end) - job_end_cost(search->job, runs[r].end - 1);
                if (started)
                        keep_better(&best, curve->rates[head], r, least(most, curve->edges[head + 1] - runs[r].start),
                                    CUT_HEAD);
                keep_better(&best, curve->rates[tail] + saved, r, least(most, runs[r].end - curve->edges[tail]),
                            CUT_TAIL);
                if (n > 1 && length - overhead <= excess)
                        keep_better(&best,
                                    cost_between(search, runs[r].start, runs[r].end) / (double)(length - overhead), r,
                                    length - overhead, CUT_WHOLE);
        }
        return best;
}

/* Progress done, in seconds of the mode. */
static int64_t progress_of(const struct search *search, const struct run *runs, size_t n)
{
        int64_t done = 0;

        for (size_t r = 0; r < n; r++)
                done += runs[r].end - runs[r].start - (is_start(search, runs[r].start) ? search->overhead_s : 0);
        return done;
}

/* End the job in the second in which its work is done. */
static size_t cut_at_end(const struct search *search, struct run *runs, size_t n)
{
        int64_t left = search->need_s;

        for (size_t r = 0; r < n; r++) {
                int64_t overhead = is_start(search, runs[r].start) ? search->overhead_s : 0;

                if (runs[r].end - runs[r].start - overhead >= left) {
                        runs[r].end = runs[r].start + overhead + left;
                        return r + 1;
                }
                left -= runs[r].end - runs[r].start - overhead;
        }
        return n;
}

/* Cut until no more than the work is done. Returns how many runs are left. */
static size_t trim(const struct search *search, struct run *runs, size_t n)
{
        int64_t excess = progress_of(search, runs, n) - search->need_s;

        while (excess > 0) {
                struct cut cut = best_cut(search, runs, n, excess);

                if (isinf(cut.gain))
                        break;
                excess -= cut.seconds;
                if (cut.what == CUT_HEAD)
                        runs[cut.run].start += cut.seconds;
                else if (cut.what == CUT_TAIL)
                        runs[cut.run].end -= cut.seconds;
                else
                        memmove(&runs[cut.run], &runs[cut.run + 1], (--n - cut.run) * sizeof(*runs));
        }
        return excess > 0 ? cut_at_end(search, runs, n) : n;
}

/* ---- several runs: the price of progress */

static uint32_t count_starts(const struct search *search, const struct run *runs, size_t n)
{
        return (uint32_t)n - (n > 0 && !is_start(search, runs[0].start));
}

static double lowest_rate(const struct curve *curve)
{
        double low = INFINITY;

        for (size_t i = 0; i < curve->n; i++)
                low = fmin(low, curve->rates[i]);
        return low;
}

/* A theta tried on one side of the need, and the line that its path's reduced cost is. */
struct side {
        double theta;
        double cost; /* of the path without theta */
        double done;
        bool known;
};

/* The next theta to try: the guess, then a little beside it; then where the lines of both sides meet. */
static double next_theta(const struct side *low, const struct side *high, double guess, int round)
{
        double near = 0.05 * fabs(guess), meet;

        if (round == 0 && guess > low->theta && guess < high->theta)
                return guess;
        if (round == 1 && high->known && guess - near > low->theta)
                return guess - near;
        if (round == 1 && low->known && guess + near < high->theta)
                return guess + near;
        if (!high->known)
                return high->theta;
        meet = (high->cost - low->cost) / (high->done - low->done);
        return meet > low->theta && meet < high->theta ? meet : 0.5 * (low->theta + high->theta);
}

/*
 * The path of the lowest theta that does all the work, or little more, trimmed to what is needed; if none does, the one
 * that does most. False if it starts too often.
 */
static bool search_theta(struct search *search)
{
        struct run *runs = search->to->found;
        struct side high = { .theta = search->undone }, low = { .theta = lowest_rate(search->curve) };
        double need = (double)search->need_s;
        size_t n = 0;

        prepare(search);
        low.theta -= 1e-9 + 1e-9 * fabs(low.theta);
        for (int round = 0; round < ROUNDS && high.theta - low.theta > 1e-9 * fabs(high.theta); round++) {
                double theta = next_theta(&low, &high, search->wish->theta, round);
                struct walked walked = walk(search, theta);
                struct side side = { theta, walked.cost + theta * (double)walked.done, (double)walked.done, true };
                bool none_between = side.done == low.done || side.done == high.done;

                if (isinf(walked.cost))
                        return true;
                if (side.done < need && theta < high.theta) {
                        low = side;
                } else {
                        high = side;
                        n = read_back(search, &walked, runs);
                        if (side.done <= need + need / 50)
                                break;
                }
                if (none_between && low.known && high.known)
                        break;
        }
        search->to->theta = high.theta;
        n = trim(search, runs, n);
        if (count_starts(search, runs, n) > search->job->max_starts)
                return false;
        offer(search, runs, n);
        return true;
}

static void respond_often(struct search *search)
{
        double rate = fabs(lowest_rate(search->curve));

        for (int round = 0; round < 8; round++) {
                if (search_theta(search))
                        return;
                search->fee = search->fee > 0 ? 3 * search->fee : 0.02 * rate * (double)search->need_s + 1e-9;
        }
}

int response_cost(const struct wish *wish, const struct curve *curve, struct response *response, const struct run *runs,
                  size_t n_runs, double *ret_cost)
{
        struct search search = search_of(wish, curve, response);

        if (reserve(response, curve->n) != 0)
                return OFFPEAK_ENOMEM;
        sum_up(&search);
        *ret_cost = runs_cost(&search, runs, n_runs);
        return 0;
}

int respond(const struct wish *wish, const struct curve *curve, struct response *response)
{
        struct search search = search_of(wish, curve, response);
        uint64_t most_runs = (uint64_t)wish->job->max_starts + search.goes_on;

        if (reserve(response, curve->n) != 0)
                return OFFPEAK_ENOMEM;
        sum_up(&search);
        response->theta = wish->theta;
        response->n_runs = 0;
        response->cost = runs_cost(&search, NULL, 0);
        if (isinf(lowest_rate(curve)))
                return 0;
        respond_once(&search);
        if (most_runs > 1 && search.need_s > 1)
                respond_often(&search);
        return 0;
}
