/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/plan_forecasts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "plan/check.h"

#define NOISE 0.06

enum { SHARE = 8 }; /* of the budget: what planning from the last plan gets of it */

/* A problem whose prices are its own. */
struct forecast {
        struct plan_problem problem;
        struct plan_site *sites;
        struct plan_step *steps; /* of all sites, one after the other */
        struct plan_job *jobs;
        uint64_t seed;
};

/* What is measured of each forecast; in this order in a line. */
enum { WARM_MS, WARM_GAP, MOVED, COLD_MS, COLD_GAP, DEARER, FIGURES };

static double uniform(struct forecast *forecast)
{
        forecast->seed = forecast->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return ((double)(forecast->seed >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller's. */
static double normal(struct forecast *forecast)
{
        double radius = sqrt(-2 * log(uniform(forecast)));

        return radius * cos(6.283185307179586 * uniform(forecast));
}

static void forecast_finish(struct forecast *forecast)
{
        free(forecast->sites);
        free(forecast->steps);
        free(forecast->jobs);
}

static int forecast_init(struct forecast *forecast, const struct plan_problem *problem)
{
        size_t n_steps = 0, first = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                n_steps += problem->sites[s].n_steps;
        *forecast = (struct forecast){ .problem = *problem, .seed = 1 };
        forecast->sites = malloc(problem->n_sites * sizeof(*forecast->sites));
        forecast->steps = malloc(n_steps * sizeof(*forecast->steps));
        forecast->jobs = malloc(problem->n_jobs * sizeof(*forecast->jobs));
        if (forecast->sites == NULL || forecast->steps == NULL || forecast->jobs == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(forecast->jobs, problem->jobs, problem->n_jobs * sizeof(*forecast->jobs));
        for (size_t s = 0; s < problem->n_sites; first += problem->sites[s++].n_steps) {
                forecast->sites[s] = problem->sites[s];
                forecast->sites[s].steps = &forecast->steps[first];
        }
        forecast->problem.sites = forecast->sites;
        forecast->problem.jobs = forecast->jobs;
        return 0;
}

/* What is dearest in each hour is what a market sets; a plant's own price stays. */
static void forecast_anew(struct forecast *forecast, const struct plan_problem *truth)
{
        size_t k = 0;

        for (size_t s = 0; s < truth->n_sites; s++)
                for (size_t t = 0; t < truth->sites[s].n_steps; t++, k++) {
                        struct plan_step *step = &forecast->steps[k];
                        unsigned last;

                        *step = truth->sites[s].steps[t];
                        if (step->n_segments == 0)
                                continue;
                        last = step->n_segments - 1;
                        step->segments[last].price *= 1 + NOISE * normal(forecast);
                        if (last > 0)
                                step->segments[last].price = fmax(step->segments[last].price, step->segments[last - 1].price);
                }
}

static void remember(struct forecast *forecast, const struct plan *plan)
{
        for (size_t j = 0; j < plan->n_jobs; j++) {
                forecast->jobs[j].kept = plan->intervals + plan->jobs[j].first;
                forecast->jobs[j].n_kept = plan->jobs[j].n;
        }
        forecast->problem.last = &plan->multipliers;
}

static void forget(struct forecast *forecast)
{
        for (size_t j = 0; j < forecast->problem.n_jobs; j++) {
                forecast->jobs[j].kept = NULL;
                forecast->jobs[j].n_kept = 0;
        }
        forecast->problem.last = NULL;
}

static size_t count_moved(const struct plan *a, const struct plan *b)
{
        size_t moved = 0;

        for (size_t j = 0; j < a->n_jobs; j++)
                moved += a->jobs[j].n > 0 && b->jobs[j].n > 0 &&
                         a->intervals[a->jobs[j].first].start != b->intervals[b->jobs[j].first].start;
        return moved;
}

static double now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int compute(const struct forecast *forecast, uint64_t work, struct plan *plan, double *ms, double *gap,
                   struct offpeak_error *err)
{
        struct plan_budget budget = { .work = work };
        struct plan_verdict verdict;
        double start = now_ms();
        int code = plan_compute(&forecast->problem, &budget, plan, err);

        *ms = now_ms() - start;
        if (code == 0)
                code = plan_check(&forecast->problem, plan, &verdict, err);
        if (code == 0)
                *gap = verdict.gap / fabs(verdict.terms.total);
        return code;
}

/* One forecast: from the last plan, which the new one replaces, and without it. */
static int one_forecast(struct forecast *forecast, const struct plan_problem *truth, struct plan *last, uint64_t work,
                        double *figures, size_t stride, struct offpeak_error *err)
{
        struct plan warm, cold;
        int code;

        plan_init(&warm);
        plan_init(&cold);
        forecast_anew(forecast, truth);
        remember(forecast, last);
        code = compute(forecast, work / SHARE, &warm, &figures[WARM_MS * stride], &figures[WARM_GAP * stride], err);
        forget(forecast);
        if (code == 0)
                code = compute(forecast, work, &cold, &figures[COLD_MS * stride], &figures[COLD_GAP * stride], err);
        if (code == 0) {
                figures[MOVED * stride] = (double)count_moved(last, &warm) / (double)warm.n_jobs;
                figures[DEARER * stride] = warm.terms.total / cold.terms.total - 1;
        }
        plan_finish(&cold);
        plan_finish(last);
        *last = warm;
        return code;
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static void print_line(const struct plan_problem *problem, double *figures, size_t n)
{
        static const char *const names[FIGURES] = { "median_ms", "gap", "starts_moved", "anew_ms", "anew_gap", "dearer" };

        printf("{\"event\":\"a new forecast\",\"jobs\":%zu,\"forecasts\":%zu", problem->n_jobs, n);
        for (size_t f = 0; f < FIGURES; f++) {
                qsort(&figures[f * n], n, sizeof(*figures), by_value);
                printf(",\"%s\":%.6g", names[f], figures[f * n + n / 2]);
        }
        printf("}\n");
}

int plan_time_forecasts(const struct plan_problem *problem, size_t n, uint64_t work, struct offpeak_error *err)
{
        double *figures = calloc(FIGURES * n + 1, sizeof(*figures));
        struct plan_budget budget = { .work = work };
        struct forecast forecast;
        struct plan last;
        int code = figures == NULL ? OFFPEAK_ENOMEM : forecast_init(&forecast, problem);

        plan_init(&last);
        if (code == 0)
                code = plan_compute(problem, &budget, &last, err);
        for (size_t i = 0; code == 0 && i < n; i++)
                code = one_forecast(&forecast, problem, &last, work, &figures[i], n, err);
        if (code == 0)
                print_line(problem, figures, n);
        else if (code == OFFPEAK_ENOMEM)
                fail(err, code, "out of memory");
        plan_finish(&last);
        forecast_finish(&forecast);
        free(figures);
        return code;
}
