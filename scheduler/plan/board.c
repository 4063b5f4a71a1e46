/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"

int board_init(struct board *board, const struct plan_problem *problem, const struct prices *prices)
{
        *board = (struct board){ .problem = problem, .prices = prices };
        hours_init(&board->hours);
        board->sites = calloc(problem->n_sites + 1, sizeof(*board->sites));
        board->seat_price = calloc(problem->n_sites * prices->slots.n + 1, sizeof(*board->seat_price));
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
        for (size_t s = 0; s < problem->n_sites; s++)
                if (load_init(&board->sites[s], &problem->sites[s], &prices->slots,
                              &prices->steps[s * prices->slots.n]) != 0)
                        goto fail;
        return 0;
fail:
        board_finish(board);
        return OFFPEAK_ENOMEM;
}

void board_finish(struct board *board)
{
        for (size_t s = 0; board->sites != NULL && s < board->problem->n_sites; s++)
                if (board->sites[s].at != NULL)
                        load_finish(&board->sites[s]);
        free(board->sites);
        schedule_finish(&board->schedule);
        hours_finish(&board->hours);
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
        return board->hours.work;
}

/* ---- on and off */

void board_lift(struct board *board, size_t j)
{
        struct choice *choice = &board->schedule.jobs[j];

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];

                load_remove(&board->sites[run->site], run->start, run->end, &board->problem->jobs[j].modes[run->mode]);
        }
        choice->n = 0;
}

int board_put(struct board *board, size_t j, const struct plan_interval *intervals, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (load_add(&board->sites[intervals[i].site], intervals[i].start, intervals[i].end,
                             &board->problem->jobs[j].modes[intervals[i].mode]) != 0 ||
                    choice_append(&board->schedule.jobs[j], intervals[i]) != 0)
                        return OFFPEAK_ENOMEM;
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

/* A job's view of the board: the context of the rates. */
struct view {
        const struct board *board;
        const struct plan_job *job;
        uint32_t site, mode;
};

static double slot_hours(const struct view *view, size_t slot)
{
        return (double)slots_length(&view->board->prices->slots, slot) / 3600;
}

/* What the mode adds to a month's peak, as far as that is above the level. */
static double surcharge(const struct view *view, size_t slot)
{
        const struct board *board = view->board;
        const struct plan_site *site = &board->problem->sites[view->site];
        size_t k = view->site * board->prices->slots.n + slot;
        double before, after;

        if (board->level_w == NULL || board->per_w[k] == 0)
                return 0;
        before = site_facility_w(site, board->sites[view->site].peak_mw[slot] / 1000);
        after = before + site->pue_factor * view->job->modes[view->mode].watts;
        return board->per_w[k] * (fmax(0, after - board->level_w[k]) - fmax(0, before - board->level_w[k]));
}

/* What guides and what would be too much, for touching the slot: nobody else could use the rest of a GPU. */
static double seat(const struct view *view, size_t slot, double gpus, double mw)
{
        const struct board *board = view->board;
        const struct plan_mode *mode = &view->job->modes[view->mode];
        double facility_mw = board->problem->sites[view->site].pue_factor * fmin(mw, mode->watts * 1000) * 1e-9;
        double price = board->guided ? (double)board->seat_price[view->site * board->prices->slots.n + slot] : 0;

        return surcharge(view, slot) +
               slot_hours(view, slot) *
               (mode->gpus * price + board->penalty * (fmin(gpus, mode->gpus) * board->prices->gpu_scale +
                                                       facility_mw * board->prices->power_scale));
}

/* Supply and carbon, currency per second, whether there is room or not. */
static double energy_rate(const struct view *view, struct load_piece piece)
{
        const struct load *load = &view->board->sites[view->site];
        const struct plan_mode *mode = &view->job->modes[view->mode];

        return load_marginal(load, piece, mode) +
               carbon_rate(load->site, load->steps[piece.slot], view->job, mode->watts);
}

/* GPUs and energy as if power had one price in each slot and no limit: no branches. */
static void fill_plain(const struct view *view, size_t first, size_t n, float *restrict rates, float *restrict seats)
{
        const struct board *board = view->board;
        const struct plan_mode *mode = &view->job->modes[view->mode];
        size_t k = view->site * board->prices->slots.n + first;
        const struct price_table *table = &board->prices->table;
        const float *restrict peak = board->sites[view->site].peak_gpus + first, *restrict seat_price = board->seat_price + k;
        const float *restrict most = table->most_gpus + k, *restrict low = table->power_low + k;
        const float *restrict carbon = table->carbon + k, *restrict slot_s = table->slot_s + k;
        double energy = board->problem->sites[view->site].pue_factor * mode->watts / PLAN_JOULES_PER_MWH;
        float per_price = (float)energy, per_carbon = (float)(energy * view->job->carbon_price / 1000);
        float gpus = (float)mode->gpus, penalty = (float)(board->penalty * board->prices->gpu_scale / 3600);
        float per_seat = board->guided ? gpus / 3600 : 0, slack = board->penalty > 0 ? 3e38F : 0;

        for (size_t t = 0; t < n; t++) {
                float over = peak[t] + gpus - most[t];
                float rate = per_price * low[t] + per_carbon * carbon[t];

                rate = gpus <= most[t] ? rate : INFINITY;
                rates[t] = over <= slack ? rate : INFINITY;
                over = over > 0 ? over : 0;
                over = over < gpus ? over : gpus;
                seats[t] = slot_s[t] * (per_seat * seat_price[t] + penalty * over);
        }
}

/* Slots where power has limits or more than one price. */
static void fill_power(const struct view *view, size_t first, size_t n, float *rates, float *seats)
{
        const struct board *board = view->board;
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

/* The mode beside all that is on, for whole slots. */
static void fill(void *context, size_t first, size_t n, float *rates, float *seats)
{
        const struct view *view = context;

        fill_plain(view, first, n, rates, seats);
        if (!view->board->sites[view->site].all_plain)
                fill_power(view, first, n, rates, seats);
}

static double part(void *context, size_t slot, int64_t from, int64_t to)
{
        const struct view *view = context;
        const struct board *board = view->board;
        const struct load *load = &board->sites[view->site];
        const struct plan_mode *mode = &view->job->modes[view->mode];
        struct load_piece piece = { slot, from, to };
        double gpus, mw;

        if (board->penalty > 0 ? !load_could_have_room(load, slot, mode) : !load_has_room(load, piece, mode))
                return INFINITY;
        load_over(load, piece, mode, &gpus, &mw);
        return energy_rate(view, piece) * (double)(to - from) + seat(view, slot, gpus, mw);
}

static bool is_divided(const void *context, size_t slot)
{
        const struct view *view = context;

        return view->board->sites[view->site].at[slot].n_parts > 0;
}

static struct rates rates_of(struct view *view)
{
        const struct prices *prices = view->board->prices;
        const struct plan_site *site = &view->board->problem->sites[view->site];
        double energy = site->pue_factor * view->job->modes[view->mode].watts / PLAN_JOULES_PER_MWH;

        return (struct rates){ .context = view,
                               .fill = fill,
                               .part = part,
                               .is_divided = is_divided,
                               .least = energy * (prices->least_power[view->site] +
                                                  view->job->carbon_price / 1000 * prices->least_carbon[view->site]) };
}

/* ---- placing */

/* The best of all sites and modes, as intervals in ret; `cost` is what it has to beat and becomes. */
static int find_place(struct board *board, const struct plan_job *job, double *theta, double *cost,
                      struct choice *ret)
{
        struct hours *hours = &board->hours;

        if (job->release >= board->problem->horizon) {
                *cost = 0;
                return 0;
        }
        for (uint32_t s = 0; s < board->problem->n_sites; s++)
                for (uint32_t m = 0; (job->sites >> s & 1) != 0 && m < job->n_modes; m++) {
                        struct view view = { board, job, s, m };
                        struct wish wish = { board->problem, job, s, m, *theta };
                        struct rates rates = rates_of(&view);

                        if (best_hours(&wish, &board->prices->slots, &rates, hours) != 0)
                                return OFFPEAK_ENOMEM;
                        if (!(hours->cost < (isinf(*cost) ? *cost : *cost - 1e-7 * fabs(*cost))))
                                continue;
                        *cost = hours->cost;
                        *theta = hours->theta;
                        ret->n = 0;
                        for (size_t i = 0; i < hours->n_runs; i++)
                                if (choice_append(ret, (struct plan_interval){ hours->runs[i].start, hours->runs[i].end,
                                                                               s, m }) != 0)
                                        return OFFPEAK_ENOMEM;
                }
        return 0;
}

int board_place(struct board *board, size_t j, double *ret_cost)
{
        int code;

        *ret_cost = INFINITY;
        board->found.n = 0;
        code = find_place(board, &board->problem->jobs[j], &board->theta[j], ret_cost, &board->found);
        return code == 0 ? board_put(board, j, board->found.intervals, board->found.n) : code;
}

int board_find(struct board *board, const struct plan_job *job, double *cost, struct choice *ret_choice)
{
        double theta = NAN;

        return find_place(board, job, &theta, cost, ret_choice);
}

/* What these intervals cost at the margin; the job is off the board. */
static int cost_of(struct board *board, size_t j, const struct choice *choice, double *ret_cost)
{
        const struct plan_job *job = &board->problem->jobs[j];
        uint32_t site = choice->n > 0 ? choice->intervals[0].site : (uint32_t)__builtin_ctzll(job->sites);
        uint32_t mode = choice->n > 0 ? choice->intervals[0].mode : 0;
        struct wish wish = { board->problem, job, site, mode, NAN };
        struct view view = { board, job, site, mode };
        struct rates rates = rates_of(&view);
        struct run few[16], *runs = few;

        *ret_cost = 0;
        if (job->release >= board->problem->horizon)
                return 0;
        if (choice->n > sizeof(few) / sizeof(few[0]))
                runs = malloc(choice->n * sizeof(*runs));
        if (runs == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < choice->n; i++)
                runs[i] = (struct run){ choice->intervals[i].start, choice->intervals[i].end };
        *ret_cost = hours_cost(&wish, &board->prices->slots, &rates, &board->hours, runs, choice->n);
        if (runs != few)
                free(runs);
        return isnan(*ret_cost) ? OFFPEAK_ENOMEM : 0;
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
        if (board->problem->jobs[j].release >= board->problem->horizon)
                return 0;
        if (set_aside(board, j) != 0 || choice_set(&board->found, board->before.intervals, board->before.n) != 0 ||
            cost_of(board, j, &board->before, &cost) != 0)
                return OFFPEAK_ENOMEM;
        beat = cost - board->reluctance * fabs(cost);
        if (find_place(board, &board->problem->jobs[j], &board->theta[j], &beat, &board->found) != 0)
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

/* ---- crowds */

bool board_is_crowded(const struct board *board, size_t j)
{
        const struct choice *choice = &board->schedule.jobs[j];
        const int64_t *edges = board->prices->slots.edges;

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct load *load = &board->sites[run->site];

                for (size_t t = slots_find(&board->prices->slots, run->start);
                     t < board->prices->slots.n && edges[t] < run->end; t++) {
                        struct load_piece piece = { t, run->start > edges[t] ? run->start - edges[t] : 0,
                                                    (run->end < edges[t + 1] ? run->end : edges[t + 1]) - edges[t] };
                        double gpus, mw;

                        if (!load_is_over(load, t))
                                continue;
                        load_over(load, piece, NULL, &gpus, &mw);
                        if (gpus > 0 || mw > 0)
                                return true;
                }
        }
        return false;
}
