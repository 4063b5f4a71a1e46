/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_alternatives.h"

#include <math.h>
#include <string.h>

#include "core/after.h"
#include "core/lone.h"
#include "core/due.h"
#include "core/width.h"
#include "plan/blockers.h"
#include "plan/fit_deadline.h"

/* ---- ways */

static json_t *hours(struct answer *answer, const struct job *job, const struct plan_way *way)
{
        json_t *list = json_array();

        for (size_t i = 0; i < way->n; i++) {
                uint32_t mode = way->intervals[i].mode, cap_ppm = width_cap_ppm(&job->spec, mode);
                json_t *item = json_object();

                answer_put(answer, item, "start_utc", answer_utc(way->intervals[i].start));
                answer_put(answer, item, "end_utc", answer_utc(way->intervals[i].end));
                answer_put(answer, item, "site", answer_text(answer->state->sites[way->intervals[i].site].name));
                answer_put(answer, item, "gpus", json_integer(width_gpus(&job->spec, mode)));
                answer_put(answer, item, "cap", cap_ppm > 0 ? answer_real((double)cap_ppm / 1e6) : json_null());
                answer_add(answer, list, item);
        }
        return list;
}

/* Its site, and what it is paid in. */
static const char *currency(const struct answer *answer, const struct plan_way *way)
{
        return way->n > 0 ? answer_site_currency(answer->state, &answer->state->sites[way->intervals[0].site]) : NULL;
}

/* Money of two currencies is not compared. */
static bool is_comparable(const struct answer *answer, const struct plan_way *a, const struct plan_way *b)
{
        const char *x = currency(answer, a), *y = currency(answer, b);

        return x != NULL && y != NULL && strcmp(x, y) == 0;
}

static json_t *way_object(struct answer *answer, const struct job *job, const struct plan_way *way)
{
        json_t *object = json_object();
        int64_t deadline = job->spec.deadline, late_s = way->finish > deadline ? way->finish - deadline : 0;

        answer_put(answer, object, "hours", hours(answer, job, way));
        answer_put(answer, object, "finish_utc", answer_utc(way->finish));
        answer_put(answer, object, "late_s", answer_known(deadline != 0, late_s));
        answer_put(answer, object, "cost_micro", answer_money(way->terms.total));
        return object;
}

static json_t *differs(struct answer *answer, unsigned what)
{
        json_t *list = json_array();

        if ((what & DIFFERS_START) != 0)
                answer_add(answer, list, json_string("start"));
        if ((what & DIFFERS_SITE) != 0)
                answer_add(answer, list, json_string("site"));
        if ((what & DIFFERS_MODE) != 0)
                answer_add(answer, list, json_string("mode"));
        return list;
}

static json_t *alternatives(struct answer *answer, const struct job *job, const struct alternatives *found)
{
        json_t *list = json_array();

        for (size_t i = 0; i < found->n_others; i++) {
                const struct alternative *other = &found->others[i];
                json_t *object;

                if (!is_comparable(answer, &found->present, &other->way))
                        continue;
                object = way_object(answer, job, &other->way);
                answer_put(answer, object, "difference_micro", answer_money(other->difference));
                answer_put(answer, object, "differs", differs(answer, other->differs));
                answer_add(answer, list, object);
        }
        return list;
}

/* ---- what it is kept from */

static bool waits(const struct answer *answer, const struct job *job)
{
        return after_look(answer->state, job, NULL) == AFTER_WAITS;
}

/* The deadline of its class is its max_delay; and what it may not begin before may be the end of others. */
static const char *limit_name(const struct answer *answer, const struct job *job, enum blocker_limit limit)
{
        if (limit == BLOCKER_RELEASE && waits(answer, job))
                return "dependency";
        return limit == BLOCKER_DEADLINE && due_class_decides(answer->state, job) ? "max_delay"
                                                                                       : blocker_name(limit);
}

static json_t *blocker_object(struct answer *answer, const struct job *job, const struct blocker *blocker)
{
        const struct shortage *shortage = &blocker->shortage;
        json_t *object = way_object(answer, job, &blocker->way);

        answer_put(answer, object, "limit", json_string(limit_name(answer, job, blocker->limit)));
        answer_put(answer, object, "saving_micro", answer_money(blocker->saving));
        answer_put(answer, object, "missing_gpus", json_integer(shortage->gpus));
        answer_put(answer, object, "missing_w", json_integer((json_int_t)ceil(shortage->watts)));
        answer_put(answer, object, "missing_from_utc", answer_utc(shortage->from));
        answer_put(answer, object, "missing_to_utc", answer_utc(shortage->to));
        return object;
}

static json_t *blockers(struct answer *answer, const struct job *job, const struct lone_question *question,
                        const struct alternatives *found)
{
        struct blockers limits;
        json_t *list = json_array();

        if (blockers_init(&limits, question, found->least) != 0) {
                answer->failed = true;
                return list;
        }
        for (size_t i = 0; i < limits.n; i++)
                if (is_comparable(answer, &found->present, &limits.list[i].way))
                        answer_add(answer, list, blocker_object(answer, job, &limits.list[i]));
        blockers_finish(&limits);
        return list;
}

/* ---- the explanation */

static void put_nothing(struct answer *answer, json_t *explanation)
{
        answer_put(answer, explanation, "cost", json_null());
        answer_put(answer, explanation, "alternatives", json_array());
        answer_put(answer, explanation, "blockers", json_array());
}

void answer_put_alternatives(struct answer *answer, json_t *explanation, const struct job *job)
{
        struct alternatives found;
        struct lone lone;

        if (lone_init(answer->state, &answer->now, job, &lone) != 0) {
                answer->failed = true;
                return;
        }
        if (lone.question.problem == NULL || job->reason == PLAN_NO_PRICE) {
                put_nothing(answer, explanation);
        } else if (alternatives_init(&found, &lone.question) != 0) {
                answer->failed = true;
        } else {
                answer_put(answer, explanation, "cost", answer_terms(answer, &found.present.terms));
                answer_put(answer, explanation, "alternatives", alternatives(answer, job, &found));
                answer_put(answer, explanation, "blockers", blockers(answer, job, &lone.question, &found));
                alternatives_finish(&found);
        }
        lone_finish(&lone);
}

/* ---- late */

/* What its hours must end by, or 0. */
static int64_t limit_of(const struct state *state, const struct job *job)
{
        if (job->reason == PLAN_MONTH) /* its class's max_delay counts from when it has GPU-hours for it */
                return job->spec.deadline;
        return due_class_decides(state, job) ? due_by_class(state, job, 0) : job->spec.deadline;
}

static bool is_late(const struct answer *answer, const struct job *job, int64_t limit)
{
        if (job->state > OFFPEAK_JOB_ACTIVE || job->held || limit == 0)
                return false;
        if (job->n_planned > 0)
                return job->planned_finish > limit;
        /* a job without hours is late where a plan has looked for them */
        return job->reason == PLAN_LATE || job->reason == PLAN_BEYOND || job->reason == PLAN_IMPOSSIBLE ||
               limit <= answer->now.wall;
}

static json_t *fit_object(struct answer *answer, const struct job *job, const struct deadline_fit *fit, int64_t limit)
{
        json_t *object = json_object();
        bool others = fit->cause == FIT_TIME && waits(answer, job);

        answer_put(answer, object, "cause", json_string(others ? "dependency" : fit_cause_name(fit->cause)));
        answer_put(answer, object, "missing_gpu_s", json_integer((json_int_t)ceil(fit->missing_gpu_s)));
        answer_put(answer, object, "limit_utc", answer_utc(limit));
        answer_put(answer, object, "earliest_utc", answer_utc(fit->earliest));
        answer_put(answer, object, "deadline_utc", answer_utc(fit->deadline != 0 ? lone_deadline(fit->deadline) : 0));
        answer_put(answer, object, "begin_utc", answer_utc(waits(answer, job) ? 0 : fit->release));
        return object;
}

json_t *answer_deadline_fit(struct answer *answer, const struct job *job)
{
        int64_t limit = limit_of(answer->state, job);
        json_t *object = NULL;
        struct deadline_fit fit;
        struct lone lone;

        if (!is_late(answer, job, limit))
                return json_null();
        if (lone_init(answer->state, &answer->now, job, &lone) != 0)
                return NULL;
        if (lone.question.problem == NULL)
                object = json_null();
        else if (fit_deadline(&lone.question, limit, &fit) == 0)
                object = fit_object(answer, job, &fit, limit);
        lone_finish(&lone);
        return object;
}
