/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/plan_events.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fail.h"
#include "plan/check.h"
#include "plan/session.h"

enum { WORK = 15000 }; /* units that an event may spend on moving others: about a millisecond */

enum event { REMOVE, ADD, REPRICE, EVENTS };

static double now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* Job i goes and comes back, a price rises or falls and is what it was: the world is never far from the plan's. */
static int one_event(struct plan_session *session, const struct plan_problem *problem, enum event event, size_t i,
                     struct plan_change *change, struct offpeak_error *err)
{
        const struct plan_job *job = &problem->jobs[(i * 7919 + 13) % problem->n_jobs];
        uint32_t s = (uint32_t)(i / 2 % problem->n_sites);
        size_t step = (i / 2 * 61 + 5) % problem->sites[s].n_steps;
        const struct plan_step *at = &problem->sites[s].steps[step];
        struct plan_job again = *job;

        if (event == REMOVE)
                return plan_session_remove(session, job->id, WORK, change, err);
        again.after = NULL;
        again.n_after = 0;
        if (event == ADD)
                return plan_session_add(session, &again, WORK, change, err);
        return plan_session_reprice(session, s, step, at->n_segments - 1,
                                    at->segments[at->n_segments - 1].price + (i % 2 == 0 ? 2 * sin((double)i) : 0), WORK,
                                    change, err);
}

static int check(const struct plan_session *session, const struct plan_change *change, struct offpeak_error *err)
{
        struct plan_verdict verdict;
        struct plan plan;
        int code = plan_session_plan(session, &plan);

        if (code != 0)
                return fail(err, code, "out of memory");
        code = plan_check(plan_session_problem(session), &plan, &verdict, err);
        if (code == 0 && fabs(verdict.terms.total - change->cost) > 1e-5 * fabs(change->cost))
                code = fail(err, OFFPEAK_EINVAL, "the plan is said to cost %.9g, it costs %.9g", change->cost,
                            verdict.terms.total);
        plan_finish(&plan);
        return code;
}

int plan_time_events(const struct plan_problem *problem, const struct plan *plan, size_t n, struct offpeak_error *err)
{
        static const char *const names[EVENTS] = { "a job goes", "a job comes", "a price changes" };
        double *ms = calloc(EVENTS * n + 1, sizeof(*ms));
        struct plan_session *session = NULL;
        struct plan_change change = { 0 };
        size_t moved[EVENTS] = { 0 };
        int code = ms == NULL ? OFFPEAK_ENOMEM : plan_session_create(problem, plan, &session, err);

        for (size_t i = 0; code == 0 && i < n; i++)
                for (int event = 0; code == 0 && event < EVENTS; event++) {
                        double start = now_ms();

                        code = one_event(session, problem, (enum event)event, i, &change, err);
                        ms[(size_t)event * n + i] = now_ms() - start;
                        moved[event] += change.moved;
                }
        for (int event = 0; code == 0 && event < EVENTS; event++) {
                double *of = &ms[(size_t)event * n];

                qsort(of, n, sizeof(*of), by_value);
                printf("{\"event\":\"%s\",\"jobs\":%zu,\"events\":%zu,\"median_ms\":%.3f,\"p95_ms\":%.3f,"
                       "\"longest_ms\":%.3f,\"moved\":%zu,\"cost\":%.10g,\"bound\":%.10g,\"gap\":%.8f}\n",
                       names[event], problem->n_jobs, n, of[n / 2], of[n * 95 / 100], of[n - 1], moved[event], change.cost,
                       change.bound, (change.cost - change.bound) / fabs(change.cost));
        }
        if (code == 0)
                code = check(session, &change, err);
        plan_session_destroy(session);
        free(ms);
        return code;
}
