/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"

int board_init(struct board *board, const struct plan_problem *problem, const struct prices *prices,
               const struct dependents *dependents)
{
        *board = (struct board){ .problem = problem, .prices = prices, .dependents = dependents };
        chooser_init(&board->chooser);
        board->sites = calloc(prices->capacities.n + 1, sizeof(*board->sites));
        board->seat_price = calloc(prices->capacities.n * prices->slots.n + 1, sizeof(*board->seat_price));
        board->theta = calloc(problem->n_jobs + 1, sizeof(*board->theta));
        if (board->sites == NULL || board->seat_price == NULL || board->theta == NULL ||
            schedule_init(&board->schedule, problem->n_jobs) != 0)
                goto fail;
        for (size_t j = 0; j < problem->n_jobs; j++)
                board->theta[j] = NAN;
        for (size_t s = 0; s < problem->n_sites && board->level_w == NULL; s++)
                if (problem->sites[s].n_demands > 0) {
                        board->level_w = calloc(problem->n_sites * prices->slots.n, sizeof(*board->level_w));
                        board->per_w = calloc(problem->n_sites * prices->slots.n, sizeof(*board->per_w));
                        if (board->level_w == NULL || board->per_w == NULL)
                                goto fail;
                        board_set_levels(board, 1);
                }
        for (size_t s = 0; s < prices->capacities.n; s++)
                if (load_init(&board->sites[s], prices->capacities.at[s], &prices->slots,
                              &prices->steps[s * prices->slots.n]) != 0)
                        goto fail;
        return 0;
fail:
        board_finish(board);
        return OFFPEAK_ENOMEM;
}

void board_finish(struct board *board)
{
        for (size_t s = 0; board->sites != NULL && s < board->prices->capacities.n; s++)
                if (board->sites[s].at != NULL)
                        load_finish(&board->sites[s]);
        free(board->sites);
        schedule_finish(&board->schedule);
        chooser_finish(&board->chooser);
        free(board->before.intervals);
        free(board->found.intervals);
        free(board->level_w);
        free(board->per_w);
        free(board->seat_price);
        free(board->theta);
        *board = (struct board){ 0 };
}

void board_set_levels(struct board *board, double factor)
{
        for (size_t s = 0; board->level_w != NULL && s < board->problem->n_sites; s++)
                for (size_t d = 0; d < board->problem->sites[s].n_demands; d++) {
                        const struct demand_level *level = &board->prices->demands[s][d];
                        double paid_w = level->demand->paid_w;

                        for (size_t t = level->first; t < level->last; t++) {
                                size_t k = s * board->prices->slots.n + t;

                                board->level_w[k] = paid_w + (level->level_w - paid_w) * factor;
                                board->per_w[k] = level->demand->price / 1e6;
                        }
                }
}

uint64_t board_work(const struct board *board)
{
        return board->chooser.work;
}

/* ---- on and off */

void board_lift(struct board *board, size_t j)
{
        struct choice *choice = &board->schedule.jobs[j];

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct plan_mode *mode = &board->problem->jobs[j].modes[run->mode];
                uint32_t used[CAPACITIES_OF_ONE];
                size_t n = capacities_of(&board->prices->capacities, run->site, mode, used);

                for (size_t u = 0; u < n; u++)
                        load_remove(&board->sites[used[u]], run->start, run->end, mode);
        }
        choice->n = 0;
}

int board_put(struct board *board, size_t j, const struct plan_interval *intervals, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct plan_mode *mode = &board->problem->jobs[j].modes[intervals[i].mode];
                uint32_t used[CAPACITIES_OF_ONE];
                size_t n_used = capacities_of(&board->prices->capacities, intervals[i].site, mode, used);

                for (size_t u = 0; u < n_used; u++)
                        if (load_add(&board->sites[used[u]], intervals[i].start, intervals[i].end, mode) != 0)
                                return OFFPEAK_ENOMEM;
                if (choice_append(&board->schedule.jobs[j], intervals[i]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

int board_load(struct board *board, const struct schedule *schedule)
{
        for (size_t j = 0; j < schedule->n_jobs; j++)
                if (!choice_same(&board->schedule.jobs[j], &schedule->jobs[j]))
                        board_lift(board, j);
        for (size_t j = 0; j < schedule->n_jobs; j++)
                if (!choice_same(&board->schedule.jobs[j], &schedule->jobs[j]) &&
                    board_put(board, j, schedule->jobs[j].intervals, schedule->jobs[j].n) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

/* ---- true marginal cost */

static const struct board *board_of(const struct look *look)
{
        return look->world;
}

static double slot_hours(const struct look *view, size_t slot)
{
        return (double)slots_length(&board_of(view)->prices->slots, slot) / 3600;
}

/* What share of a peak each slot of a job bears: one of as many as its work takes. */
static double peak_share(const struct look *view, size_t slot)
{
        int64_t seconds = job_seconds(view->job, &view->job->modes[view->mode]) + view->job->start_cost_s;

        return board_of(view)->shares_peak ? fmin(1, (double)slots_length(&board_of(view)->prices->slots, slot) / (double)seconds) : 1;
}

/* What the mode adds to a month's peak, as far as that is above the level. */
static double surcharge(const struct look *view, size_t slot)
{
        const struct board *board = board_of(view);
        const struct plan_site *site = &board->problem->sites[view->site];
        size_t k = view->site * board->prices->slots.n + slot;
        double before, after;

        if (board->level_w == NULL || board->per_w[k] == 0)
                return 0;
        before = site_facility_w(site, board->sites[view->site].peak_mw[slot] / 1000);
        after = before + site->pue_factor * view->job->modes[view->mode].watts;
        return board->per_w[k] * (fmax(0, after - board->level_w[k]) - fmax(0, before - board->level_w[k])) * peak_share(view, slot);
}

/* What guides and what would be too much, for touching the slot: nobody else could use the rest of a GPU. */
static double seat(const struct look *view, size_t slot, double gpus, double mw)
{
        const struct board *board = board_of(view);
        const struct plan_mode *mode = &view->job->modes[view->mode];
        double facility_mw = board->problem->sites[view->site].pue_factor * fmin(mw, mode->watts * 1000) * 1e-9;
        double price = board->guided ? (double)board->seat_price[view->site * board->prices->slots.n + slot] : 0;

        return surcharge(view, slot) +
               slot_hours(view, slot) *
               (mode->gpus * price + board->penalty * (fmin(gpus, mode->gpus) * board->prices->gpu_scale +
                                                       facility_mw * board->prices->power_scale));
}

/* Supply and carbon, currency per second, whether there is room or not. */
static double energy_rate(const struct look *view, struct load_piece piece)
{
        const struct load *load = &board_of(view)->sites[view->site];
        const struct plan_mode *mode = &view->job->modes[view->mode];

        return load_marginal(load, piece, mode) +
               carbon_rate(load->site, load->steps[piece.slot], view->job, mode->watts) +
               risk_rate(load->site, load->steps[piece.slot], view->job, mode->watts);
}

/* GPUs and energy as if power had one price in each slot and no limit: no branches. */
static void fill_plain(const struct look *view, size_t first, size_t n, float *restrict rates, float *restrict seats)
{
        const struct board *board = board_of(view);
        const struct plan_mode *mode = &view->job->modes[view->mode];
        size_t k = view->site * board->prices->slots.n + first;
        const struct price_table *table = &board->prices->table;
        const float *restrict peak = board->sites[view->site].peak_gpus + first, *restrict seat_price = board->seat_price + k;
        const float *restrict most = table->most_gpus + k, *restrict low = table->power_low + k;
        const float *restrict carbon = table->carbon + k, *restrict slot_s = table->slot_s + k;
        const float *restrict spread = table->spread + k;
        double energy = board->problem->sites[view->site].pue_factor * mode->watts / PLAN_JOULES_PER_MWH;
        float per_price = (float)energy, per_carbon = (float)(energy * view->job->carbon_price / 1000);
        float per_spread = (float)(energy * view->job->risk);
        float gpus = (float)mode->gpus, penalty = (float)(board->penalty * board->prices->gpu_scale / 3600);
        float per_seat = board->guided ? gpus / 3600 : 0, slack = board->penalty > 0 ? 3e38F : 0;

        for (size_t t = 0; t < n; t++) {
                float over = peak[t] + gpus - most[t];
                float rate = per_price * low[t] + per_carbon * carbon[t] + per_spread * spread[t];

                rate = gpus <= most[t] ? rate : INFINITY;
                rates[t] = over <= slack ? rate : INFINITY;
                over = over > 0 ? over : 0;
                over = over < gpus ? over : gpus;
                seats[t] = slot_s[t] * (per_seat * seat_price[t] + penalty * over);
        }
}

/* Slots where power has limits or more than one price. */
static void fill_power(const struct look *view, size_t first, size_t n, float *rates, float *seats)
{
        const struct board *board = board_of(view);
        const struct load *load = &board->sites[view->site];
        const struct plan_mode *mode = &view->job->modes[view->mode];
        double more_mw = (double)load_milliwatts(mode);

        for (size_t t = first; t < first + n; t++) {
                double gpus = (double)load->peak_gpus[t] + mode->gpus - load->steps[t]->gpus;
                double mw = more_mw > 0 ? load->peak_mw[t] + more_mw - load->limit_mw[t] : 0;

                if (load->is_plain[t] || isinf(rates[t - first]))
                        continue;
                if (board->penalty > 0 ? more_mw > 0 && more_mw > load->limit_mw[t] : mw > 0) {
                        rates[t - first] = INFINITY;
                        continue;
                }
                rates[t - first] =
                        (float)energy_rate(view, (struct load_piece){ t, 0, slots_length(load->slots, t) });
                seats[t - first] = (float)seat(view, t, fmax(0, gpus), fmax(0, mw));
        }
}

/* What a limit adds: its guide and penalty, or that there is no room. */
static void fill_limit(const struct look *view, size_t limit, size_t first, size_t n, float *restrict rates,
                       float *restrict seats)
{
        const struct board *board = board_of(view);
        const float *restrict peak = board->sites[limit].peak_gpus + first;
        const float *restrict seat_price = board->seat_price + limit * board->prices->slots.n + first;
        const float *restrict most = board->prices->table.most_gpus + limit * board->prices->slots.n + first;
        const float *restrict slot_s = board->prices->table.slot_s + limit * board->prices->slots.n + first;
        float gpus = (float)view->job->modes[view->mode].gpus;
        float penalty = (float)(board->penalty * board->prices->gpu_scale / 3600);
        float per_seat = board->guided ? gpus / 3600 : 0, slack = board->penalty > 0 ? 3e38F : 0;

        for (size_t t = 0; t < n; t++) {
                float over = peak[t] + gpus - most[t];

                rates[t] = gpus <= most[t] && over <= slack ? rates[t] : INFINITY;
                over = over > 0 ? over : 0;
                over = over < gpus ? over : gpus;
                seats[t] += slot_s[t] * (per_seat * seat_price[t] + penalty * over);
        }
}

/* The mode beside all that is on, for whole slots. */
static void fill(void *context, size_t first, size_t n, float *rates, float *seats)
{
        const struct look *view = context;
        const struct board *board = board_of(view);
        uint64_t limits = view->job->modes[view->mode].limits;

        fill_plain(view, first, n, rates, seats);
        if (!board->sites[view->site].all_plain)
                fill_power(view, first, n, rates, seats);
        for (size_t l = 0; l < PLAN_MAX_LIMITS && limits >> l != 0; l++)
                if ((limits >> l & 1) != 0)
                        fill_limit(view, board->prices->capacities.n_sites + l, first, n, rates, seats);
}

/* Is there room for it, or could there be while too much is allowed? */
static bool may_have(const struct board *board, size_t capacity, struct load_piece piece, const struct plan_mode *mode)
{
        const struct load *load = &board->sites[capacity];

        return board->penalty > 0 ? load_could_have_room(load, piece.slot, mode) : load_has_room(load, piece, mode);
}

/* As for the site, of a limit: its guide and penalty, INFINITY if there is no room. */
static double limit_part(const struct look *view, size_t limit, struct load_piece piece)
{
        const struct board *board = board_of(view);
        const struct plan_mode *mode = &view->job->modes[view->mode];
        double gpus, mw, price = board->guided ? (double)board->seat_price[limit * board->prices->slots.n + piece.slot] : 0;

        if (!may_have(board, limit, piece, mode))
                return INFINITY;
        load_over(&board->sites[limit], piece, mode, &gpus, &mw);
        return slot_hours(view, piece.slot) *
               (mode->gpus * price + board->penalty * fmin(gpus, mode->gpus) * board->prices->gpu_scale);
}

static double part_seat(void *context, size_t slot, int64_t from, int64_t to)
{
        const struct look *view = context;
        const struct board *board = board_of(view);
        const struct plan_mode *mode = &view->job->modes[view->mode];
        struct load_piece piece = { slot, from, to };
        double gpus, mw, limits = 0;

        if (!may_have(board, view->site, piece, mode))
                return INFINITY;
        load_over(&board->sites[view->site], piece, mode, &gpus, &mw);
        for (size_t l = 0; l < PLAN_MAX_LIMITS && mode->limits >> l != 0; l++)
                if ((mode->limits >> l & 1) != 0)
                        limits += limit_part(view, board->prices->capacities.n_sites + l, piece);
        return seat(view, slot, gpus, mw) + limits;
}

static double part(void *context, size_t slot, int64_t from, int64_t to)
{
        double all = part_seat(context, slot, from, to);

        return isinf(all) ? all : all + energy_rate(context, (struct load_piece){ slot, from, to }) * (double)(to - from);
}

static bool is_divided(const void *context, size_t slot)
{
        const struct look *view = context;
        const struct board *board = board_of(view);
        uint64_t limits = view->job->modes[view->mode].limits;

        if (board->sites[view->site].at[slot].n_spans > 0)
                return true;
        for (size_t l = 0; l < PLAN_MAX_LIMITS && limits >> l != 0; l++)
                if ((limits >> l & 1) != 0 && board->sites[board->prices->capacities.n_sites + l].at[slot].n_spans > 0)
                        return true;
        return false;
}

static struct rates rates_of(struct look *look)
{
        return (struct rates){ .context = look,
                               .fill = fill,
                               .part = part,
                               .part_seat = part_seat,
                               .is_divided = is_divided,
                               .least = prices_least_rate(board_of(look)->prices, look) };
}

struct market board_market(const struct board *board)
{
        return (struct market){ board->problem, &board->prices->slots, board, rates_of };
}

/* ---- between those before and those after */

/* When the jobs before it are done; the horizon if one of them is off, or leaves work undone. */
static int64_t release_of(const struct board *board, const struct plan_job *job)
{
        int64_t release = job->release;

        for (size_t i = 0; i < job->n_after; i++) {
                const struct choice *choice = &board->schedule.jobs[job->after[i]];
                int64_t end = schedule_end(board->problem, job->after[i], choice);

                release = end > release ? end : release;
        }
        return release < board->problem->horizon ? release : board->problem->horizon;
}

/* When the first of those that come after it starts. */
static int64_t until_of(const struct board *board, size_t j)
{
        const struct dependents *dependents = board->dependents;
        int64_t until = INT64_MAX;

        for (size_t i = dependents->first[j]; i < dependents->first[j + 1]; i++) {
                const struct choice *choice = &board->schedule.jobs[dependents->jobs[i]];

                if (choice->n > 0 && choice->intervals[0].start < until)
                        until = choice->intervals[0].start;
        }
        return until;
}

bool board_is_tied(const struct board *board, size_t j)
{
        return board->problem->jobs[j].n_after > 0 || board->dependents->first[j] < board->dependents->first[j + 1];
}

bool board_is_late(const struct board *board, size_t j)
{
        const struct plan_job *job = &board->problem->jobs[j];
        int64_t end = schedule_end(board->problem, j, &board->schedule.jobs[j]);

        return end == INT64_MAX || (job->deadline != 0 && end > job->deadline);
}

/* ---- placing */

/* The best of all sites and modes, as intervals in ret; `cost` is what it has to beat and becomes. */
static int find_place(struct board *board, const struct plan_job *job, int64_t until, double *theta, double *cost,
                      struct choice *ret)
{
        struct market market = board_market(board);
        int code;

        if (job->release >= board->problem->horizon) {
                struct choice none = { 0 };
                double idle;

                code = choice_cost(&market, job, &board->chooser, none.intervals, 0, &idle);
                if (code == 0 && idle < *cost) {
                        *cost = idle;
                        ret->n = 0;
                }
                return code;
        }
        board->chooser.theta = *theta;
        code = best_choice(&market, job, until, &board->chooser, cost, ret);
        *theta = board->chooser.theta;
        return code;
}

/* The place for a job of the problem that is off: within its release and those that come before and after it. */
static int find_own_place(struct board *board, size_t j, double *cost, struct choice *ret)
{
        const struct plan_job *job = &board->problem->jobs[j];
        struct plan_job tied;
        int64_t until;
        int code;

        if (job->pinned) {
                *cost = 0;
                return choice_set(ret, job->kept, job->n_kept);
        }
        if (!board_is_tied(board, j))
                return find_place(board, job, INT64_MAX, &board->theta[j], cost, ret);
        tied = dependents_hurry(board->dependents, board->problem, j);
        tied.release = release_of(board, job);
        until = until_of(board, j);
        code = find_place(board, &tied, until, &board->theta[j], cost, ret);
        if (until < INT64_MAX && schedule_end(board->problem, j, ret) == INT64_MAX)
                *cost = INFINITY; /* those behind it could not run: out of the question, cheap as it may be for itself */
        return code;
}

int board_place(struct board *board, size_t j, double *ret_cost)
{
        int code;

        *ret_cost = INFINITY;
        board->found.n = 0;
        code = find_own_place(board, j, ret_cost, &board->found);
        return code == 0 ? board_put(board, j, board->found.intervals, board->found.n) : code;
}

int board_find(struct board *board, const struct plan_job *job, double *cost, struct choice *ret_choice)
{
        double theta = NAN;

        return find_place(board, job, INT64_MAX, &theta, cost, ret_choice);
}

/* What these intervals cost at the margin; the job is off the board. */
static int cost_of(struct board *board, size_t j, const struct choice *choice, double *ret_cost)
{
        struct market market = board_market(board);

        return choice_cost(&market, &board->problem->jobs[j], &board->chooser, choice->intervals, choice->n, ret_cost);
}

/* Take a job off, its intervals kept in board->before. */
static int set_aside(struct board *board, size_t j)
{
        if (choice_set(&board->before, board->schedule.jobs[j].intervals, board->schedule.jobs[j].n) != 0)
                return OFFPEAK_ENOMEM;
        board_lift(board, j);
        return 0;
}

int board_present_cost(struct board *board, size_t j, double *ret_cost)
{
        int code = set_aside(board, j);

        if (code == 0)
                code = cost_of(board, j, &board->before, ret_cost);
        return code == 0 ? board_put(board, j, board->before.intervals, board->before.n) : code;
}

int board_improve(struct board *board, size_t j, bool *ret_moved)
{
        double cost, beat;

        *ret_moved = false;
        if (board->problem->jobs[j].release >= board->problem->horizon || board->problem->jobs[j].pinned)
                return 0;
        if (set_aside(board, j) != 0 || choice_set(&board->found, board->before.intervals, board->before.n) != 0 ||
            cost_of(board, j, &board->before, &cost) != 0)
                return OFFPEAK_ENOMEM;
        beat = cost - board->reluctance * fabs(cost);
        if (find_own_place(board, j, &beat, &board->found) != 0 ||
            (isinf(beat) && choice_set(&board->found, board->before.intervals, board->before.n) != 0))
                return OFFPEAK_ENOMEM;
        *ret_moved = !choice_same(&board->before, &board->found);
        return board_put(board, j, board->found.intervals, board->found.n);
}

/* ---- shuffle */

/* Lift the jobs, keep what they had, and add up what each is worth at the margin as it leaves. */
static int lift_all(struct board *board, const size_t *jobs, size_t n, struct choice *had, double *ret_cost)
{
        *ret_cost = 0;
        for (size_t i = 0; i < n; i++) {
                const struct choice *choice = &board->schedule.jobs[jobs[i]];
                double cost;

                if (choice_set(&had[i], choice->intervals, choice->n) != 0)
                        return OFFPEAK_ENOMEM;
                board_lift(board, jobs[i]);
                if (cost_of(board, jobs[i], &had[i], &cost) != 0)
                        return OFFPEAK_ENOMEM;
                *ret_cost += cost;
        }
        return 0;
}

static int put_back(struct board *board, const size_t *jobs, size_t n, const struct choice *had)
{
        for (size_t i = 0; i < n; i++)
                board_lift(board, jobs[i]);
        for (size_t i = 0; i < n; i++)
                if (board_put(board, jobs[i], had[i].intervals, had[i].n) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

int board_shuffle(struct board *board, const size_t *jobs, size_t n, bool *ret_better)
{
        struct choice had[BOARD_SHUFFLE] = { { 0 } };
        double before, after = 0;
        int code = lift_all(board, jobs, n, had, &before);

        for (size_t i = 0; code == 0 && i < n; i++) {
                double cost;

                code = board_place(board, jobs[i], &cost);
                after += cost;
        }
        *ret_better = code == 0 && after < before - 1e-9 * fabs(before);
        if (code == 0 && !*ret_better)
                code = put_back(board, jobs, n, had);
        for (size_t i = 0; i < n; i++)
                free(had[i].intervals);
        return code;
}

/* ---- order */

int board_reorder(struct board *board)
{
        for (size_t j = 0; board->dependents->n > 0 && j < board->problem->n_jobs; j++) {
                const struct choice *choice = &board->schedule.jobs[j];
                double cost;

                if (board->problem->jobs[j].n_after == 0 ||
                    (choice->n > 0 && choice->intervals[0].start >= release_of(board, &board->problem->jobs[j])))
                        continue;
                board_lift(board, j);
                /* those after it make way: their own turn comes behind it */
                for (size_t i = board->dependents->first[j]; i < board->dependents->first[j + 1]; i++)
                        board_lift(board, board->dependents->jobs[i]);
                if (board_place(board, j, &cost) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* ---- crowds */

/* The seconds of a run within slot t. */
static struct load_piece piece_of(const struct board *board, const struct plan_interval *run, size_t t)
{
        const int64_t *edges = board->prices->slots.edges;

        return (struct load_piece){ t, run->start > edges[t] ? run->start - edges[t] : 0,
                                    (run->end < edges[t + 1] ? run->end : edges[t + 1]) - edges[t] };
}

bool board_has_room(const struct board *board, const struct plan_job *job, const struct plan_interval *run)
{
        const struct slots *slots = &board->prices->slots;
        const struct plan_mode *mode = &job->modes[run->mode];
        uint32_t used[CAPACITIES_OF_ONE];
        size_t n = capacities_of(&board->prices->capacities, run->site, mode, used);

        for (size_t u = 0; u < n; u++)
                for (size_t t = slots_find(slots, run->start); t < slots->n && slots->edges[t] < run->end; t++)
                        if (!load_has_room(&board->sites[used[u]], piece_of(board, run, t), mode))
                                return false;
        return true;
}

/* Is there too much at a capacity on some second of a run? */
static bool is_crowded_at(const struct board *board, const struct load *load, const struct plan_interval *run)
{
        const struct slots *slots = &board->prices->slots;

        for (size_t t = slots_find(slots, run->start); t < slots->n && slots->edges[t] < run->end; t++) {
                double gpus, mw;

                if (!load_is_over(load, t))
                        continue;
                load_over(load, piece_of(board, run, t), NULL, &gpus, &mw);
                if (gpus > 0 || mw > 0)
                        return true;
        }
        return false;
}

bool board_is_crowded(const struct board *board, size_t j)
{
        const struct choice *choice = &board->schedule.jobs[j];

        if (board->problem->jobs[j].pinned)
                return false;
        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                uint32_t used[CAPACITIES_OF_ONE];
                size_t n = capacities_of(&board->prices->capacities, run->site,
                                         &board->problem->jobs[j].modes[run->mode], used);

                for (size_t u = 0; u < n; u++)
                        if (is_crowded_at(board, &board->sites[used[u]], run))
                                return true;
        }
        return false;
}
