/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plan/brute.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define J_PER_MWH 3.6e9

const struct plan_step *brute_step_at(const struct plan_site *site, int64_t time)
{
        size_t t = 0;

        while (t + 1 < site->n_steps && site->steps[t + 1].start <= time)
                t++;
        return &site->steps[t];
}

double brute_draw(const struct plan_step *step, double watts)
{
        double cost = 0;

        for (unsigned i = 0; i < step->n_segments; i++) {
                double part = fmin(watts, step->segments[i].limit_w);

                cost += part * step->segments[i].price / J_PER_MWH;
                watts -= part;
        }
        return cost;
}

/* Cost of one second with these GPUs and watts in use; INFINITY if they cannot be. */
static double second_cost(const struct plan_problem *problem, uint32_t s, int64_t time, uint32_t gpus, double watts)
{
        const struct plan_site *site = &problem->sites[s];
        const struct plan_step *step = brute_step_at(site, time);
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;
        double all = idle + site->pue_factor * watts, limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        if (gpus > step->gpus || all > fmax(limit, idle) + 1e-3)
                return INFINITY;
        return brute_draw(step, all) - brute_draw(step, idle);
}

/* Is it allowed, and what does it cost beside supply? */
static bool judge(const struct plan_problem *problem, const struct plan_job *job, struct brute_way *way)
{
        int seconds = (int)(problem->horizon - problem->now), last_on = -1;
        double done = 0, before_last = 0, rest, factor = problem->sites[__builtin_ctzll(job->sites)].pue_factor;
        uint32_t starts = 0, at = job->may_move ? job->home : PLAN_ANYWHERE;
        int64_t since = job->rests_since != 0 ? job->rests_since : job->release;

        for (int t = 0; t < seconds;) {
                const struct plan_site *site;
                int from = t, overhead;
                bool started;
                uint32_t width, here;

                if (way->mode[t] == 0) {
                        t++;
                        continue;
                }
                here = way->site[t];
                site = &problem->sites[here];
                if (at != PLAN_ANYWHERE && at != here) {
                        if (!job->may_move || problem->now + t < since + job->move_s)
                                return false;
                        way->own.moves += job->move_cost;
                }
                at = here;
                width = job->modes[way->mode[t] - 1].gpus;
                started = !(t == 0 && job->running && here == job->run_site &&
                            width == job->modes[job->run_mode].gpus);
                overhead = started ? (int)job->start_cost_s : 0;
                for (; t < seconds && way->mode[t] != 0 && way->site[t] == here && job->modes[way->mode[t] - 1].gpus == width;
                     t++) {
                        const struct plan_mode *mode = &job->modes[way->mode[t] - 1];
                        const struct plan_step *step = brute_step_at(site, problem->now + t);
                        double mwh = site->pue_factor * mode->watts / J_PER_MWH;

                        if (problem->now + t < job->release)
                                return false;
                        if (t - from < overhead && step->n_segments > 0)
                                way->own.starts += 2 * mwh * fmax(0, -step->segments[0].price);
                        before_last = done;
                        if (t - from >= overhead)
                                done += mode->speed;
                        way->own.carbon += job->carbon_price * mwh * step->carbon / 1000;
                        way->own.risk += job->risk * mwh * step->spread;
                }
                since = problem->now + t;
                last_on = t;
                if (!started)
                        continue;
                if (++starts > job->max_starts || t - from <= overhead)
                        return false;
                if (t - from < job->min_run_s && done < job->work_s * (1 - 1e-9) && t < seconds)
                        return false;
        }
        if (last_on > 0 && before_last >= job->work_s * (1 - 1e-9))
                return false; /* the last second was not needed */
        way->finish = problem->now + last_on;
        if (done < job->work_s * (1 - 1e-9)) {
                way->rest_s = job->work_s - done;
                rest = way->rest_s / job->modes[0].speed;
                way->finish = problem->horizon + (int64_t)ceil(rest - 1e-6);
                way->own.unfinished = rest * (job->modes[0].gpus * problem->unfinished_cost / 3600 +
                                              factor * job->modes[0].watts * problem->terminal_price / J_PER_MWH);
        }
        way->late_s = job->deadline != 0 && way->finish > job->deadline ? way->finish - job->deadline : 0;
        way->own.delay =
                fmax(0, (double)(way->finish - job->earliest_finish)) / 3600 * job->modes[0].gpus * job->delay_cost;
        way->own.lateness = (double)way->late_s / 3600 * job->lateness_cost;
        way->own.total =
                way->own.carbon + way->own.delay + way->own.lateness + way->own.unfinished + way->own.starts + way->own.risk +
                way->own.moves;
        return true;
}

static size_t all_ways(const struct plan_problem *problem, const struct plan_job *job, struct brute_way **ret_ways)
{
        int seconds = (int)(problem->horizon - problem->now);
        size_t n = 0, room = 256, codes = 1, choices = job->n_modes * problem->n_sites + 1;
        struct brute_way *ways = malloc(room * sizeof(*ways));

        for (int t = 0; t < seconds; t++)
                codes *= choices;
        for (size_t code = 0; code < codes; code++) {
                struct brute_way way = { .finish = 0 };
                size_t rest = code;
                bool allowed = true;

                for (int t = 0; t < seconds; t++, rest /= choices) {
                        way.mode[t] = (uint8_t)((rest % choices + problem->n_sites - 1) / problem->n_sites);
                        way.site[t] = (uint8_t)((rest % choices + problem->n_sites - 1) % problem->n_sites);
                        allowed = allowed && (way.mode[t] == 0 || (job->sites >> way.site[t] & 1) != 0);
                }
                if (!allowed || !judge(problem, job, &way))
                        continue;
                if (n == room)
                        ways = realloc(ways, (room *= 2) * sizeof(*ways));
                if (ways == NULL)
                        abort();
                ways[n++] = way;
        }
        *ret_ways = ways;
        return n;
}

struct search {
        struct brute *brute;
        uint32_t gpus[4][BRUTE_SECONDS];
        double watts[4][BRUTE_SECONDS];
        uint32_t limited[2][BRUTE_SECONDS];
        const struct brute_way *chosen[8];
};

static void put(struct search *search, size_t j, const struct brute_way *way, int sign)
{
        const struct plan_job *job = &search->brute->problem->jobs[j];

        for (int t = 0; t < BRUTE_SECONDS; t++)
                if (way->mode[t] != 0) {
                        const struct plan_mode *mode = &job->modes[way->mode[t] - 1];

                        search->gpus[way->site[t]][t] += (uint32_t)sign * mode->gpus;
                        search->watts[way->site[t]][t] += sign * mode->watts;
                        for (size_t l = 0; l < search->brute->problem->n_limits; l++)
                                if ((mode->limits >> l & 1) != 0)
                                        search->limited[l][t] += (uint32_t)sign * mode->gpus;
                }
}

static double supply_of(const struct search *search)
{
        const struct plan_problem *problem = search->brute->problem;
        double cost = 0;

        for (uint32_t s = 0; s < problem->n_sites; s++)
                for (int t = 0; t < (int)(problem->horizon - problem->now); t++)
                        if (search->gpus[s][t] > 0)
                                cost += second_cost(problem, s, problem->now + t, search->gpus[s][t],
                                                    search->watts[s][t]);
        return cost;
}

/* Mean watts of jobs over the seconds of an averaging interval that are the month's and the plan's. */
static double mean_of(const struct search *search, uint32_t s, const struct plan_demand *demand, int64_t first)
{
        const struct plan_problem *problem = search->brute->problem;
        double sum = 0;
        int n = 0;

        for (int64_t time = first; time < first + demand->interval_s; time++)
                if (time >= problem->now && time < problem->horizon && time >= demand->start && time < demand->end) {
                        sum += search->watts[s][time - problem->now];
                        n++;
                }
        return n > 0 ? sum / n : 0;
}

static double demand_of(const struct search *search)
{
        const struct plan_problem *problem = search->brute->problem;
        double cost = 0;

        for (uint32_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];

                for (size_t d = 0; d < site->n_demands; d++) {
                        const struct plan_demand *demand = &site->demands[d];
                        int64_t first = problem->now / demand->interval_s * demand->interval_s;
                        double most = 0;

                        for (; first < problem->horizon; first += demand->interval_s)
                                most = fmax(most, mean_of(search, s, demand, first));
                        if (most > 0)
                                cost += demand->price / 1e6 *
                                        fmax(0, site->pue_fixed_w + site->pue_factor * (site->idle_w + most) -
                                                        demand->paid_w);
                }
        }
        return cost;
}

static bool limits_are_kept(const struct search *search)
{
        const struct plan_problem *problem = search->brute->problem;

        for (size_t l = 0; l < problem->n_limits; l++)
                for (size_t i = 0; i < problem->limits[l].n_steps; i++) {
                        int64_t from = problem->limits[l].steps[i].start;
                        int64_t to = i + 1 < problem->limits[l].n_steps ? problem->limits[l].steps[i + 1].start
                                                                        : problem->horizon;

                        for (int64_t time = from; time < to; time++)
                                if (search->limited[l][time - problem->now] > problem->limits[l].steps[i].gpus)
                                        return false;
                }
        return true;
}

/* Does it start when all that it comes after are done? */
static bool is_in_order(const struct search *search, size_t j, const struct brute_way *way)
{
        const struct plan_problem *problem = search->brute->problem;
        int64_t first = INT64_MAX;

        for (int t = BRUTE_SECONDS; t-- > 0;)
                if (way->mode[t] != 0)
                        first = problem->now + t;
        for (size_t i = 0; first < INT64_MAX && i < problem->jobs[j].n_after; i++) {
                const struct brute_way *before = search->chosen[problem->jobs[j].after[i]];

                if (before->rest_s > 0 || before->finish > first)
                        return false;
        }
        return true;
}

static void try_job(struct search *search, size_t j, double own_cost)
{
        struct brute *brute = search->brute;

        if (j == brute->problem->n_jobs) {
                double cost = limits_are_kept(search) ? own_cost + supply_of(search) + demand_of(search) : INFINITY;

                if (cost < brute->cost) {
                        brute->cost = cost;
                        memcpy(brute->best, search->chosen, j * sizeof(search->chosen[0]));
                }
                return;
        }
        for (size_t w = 0; w < brute->n_ways[j]; w++) {
                const struct brute_way *way = &brute->ways[j][w];

                if (!is_in_order(search, j, way))
                        continue;
                put(search, j, way, 1);
                search->chosen[j] = way;
                try_job(search, j + 1, own_cost + way->own.total);
                put(search, j, way, -1);
        }
}

bool brute_init(struct brute *brute, const struct plan_problem *problem, double limit)
{
        struct search search = { .brute = brute };
        double combinations = 1;

        *brute = (struct brute){ .problem = problem, .cost = INFINITY };
        brute->ways = calloc(problem->n_jobs, sizeof(*brute->ways));
        brute->n_ways = calloc(problem->n_jobs, sizeof(*brute->n_ways));
        brute->best = calloc(problem->n_jobs, sizeof(*brute->best));
        for (size_t j = 0; j < problem->n_jobs; j++)
                if (problem->horizon - problem->now > BRUTE_SECONDS ||
                    pow((double)(problem->jobs[j].n_modes * problem->n_sites) + 1, (double)(problem->horizon - problem->now)) >
                            1e6)
                        return false;
        for (size_t j = 0; j < problem->n_jobs; j++) {
                brute->n_ways[j] = all_ways(problem, &problem->jobs[j], &brute->ways[j]);
                combinations *= (double)brute->n_ways[j];
        }
        if (combinations > limit)
                return false;
        try_job(&search, 0, 0);
        return true;
}

void brute_finish(struct brute *brute)
{
        for (size_t j = 0; j < brute->problem->n_jobs; j++)
                free(brute->ways[j]);
        free(brute->ways);
        free(brute->n_ways);
        free(brute->best);
}

/* What the plan's supply costs at the seconds of a job, less what it would cost without it. */
static double margin_of(struct search *search, size_t j)
{
        double with = supply_of(search), without;

        put(search, j, search->brute->best[j], -1);
        without = supply_of(search);
        put(search, j, search->brute->best[j], 1);
        return with - without;
}

static void append_way(struct plan *plan, const struct brute *brute, size_t j)
{
        const struct brute_way *way = brute->best[j];
        struct plan_job_result *result = &plan->jobs[j];

        *result = (struct plan_job_result){ .id = brute->problem->jobs[j].id,
                                            .first = plan->n_intervals,
                                            .finish = way->finish,
                                            .late_s = way->late_s,
                                            .unfinished_s = way->rest_s };
        for (int t = 0; t < BRUTE_SECONDS; t++) {
                int64_t time = brute->problem->now + t;
                struct plan_interval *next = &plan->intervals[plan->n_intervals];

                if (way->mode[t] == 0)
                        continue;
                if (t > 0 && way->mode[t - 1] == way->mode[t] && way->site[t - 1] == way->site[t]) {
                        next[-1].end++;
                        continue;
                }
                *next = (struct plan_interval){ time, time + 1, way->site[t], way->mode[t] - 1u };
                result->n++;
                plan->n_intervals++;
        }
}

void brute_plan(const struct brute *brute, struct plan *ret_plan)
{
        struct search search = { .brute = (struct brute *)brute };
        struct plan_terms *terms = &ret_plan->terms;
        size_t n_jobs = brute->problem->n_jobs;

        plan_init(ret_plan);
        ret_plan->n_jobs = n_jobs;
        ret_plan->jobs = calloc(n_jobs + 1, sizeof(*ret_plan->jobs));
        ret_plan->intervals = calloc(n_jobs * BRUTE_SECONDS + 1, sizeof(*ret_plan->intervals));
        if (ret_plan->jobs == NULL || ret_plan->intervals == NULL)
                abort();
        for (size_t j = 0; j < n_jobs; j++) {
                append_way(ret_plan, brute, j);
                put(&search, j, brute->best[j], 1);
                terms->carbon += brute->best[j]->own.carbon;
                terms->delay += brute->best[j]->own.delay;
                terms->lateness += brute->best[j]->own.lateness;
                terms->unfinished += brute->best[j]->own.unfinished;
                terms->starts += brute->best[j]->own.starts;
                terms->risk += brute->best[j]->own.risk;
                terms->moves += brute->best[j]->own.moves;
        }
        terms->supply = supply_of(&search);
        terms->demand = demand_of(&search);
        terms->total = brute->cost;
        for (size_t j = 0; j < n_jobs; j++)
                ret_plan->jobs[j].cost = brute->best[j]->own.total + margin_of(&search, j);
}
