/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - a plan that is kept in mind: when a job comes or goes, or a price changes, only what that touches is looked at
 * again, and cost and bound are brought up to date.
 *
 * The bound stays true: a job that comes brings its own least cost, one that goes takes it along, and a price that falls, or rises from
 * below zero, takes off what it could save at the most, until the job's turn comes to be bounded anew: a few of them are with every
 * event. What was found before a price rose holds on, too, though the multipliers may show a little less now: the plan that is told
 * claims no more than they show. Other jobs' hours move only where that pays more than the hysteresis of plans. With time the
 * multipliers grow old and the gap wide: make a plan anew then.
 */
#ifndef OFFPEAK_PLAN_SESSION_H
#define OFFPEAK_PLAN_SESSION_H

#include "plan/plan.h"

struct plan_session;

struct plan_change {
        double cost, bound; /* of the plan as it is now */
        size_t moved;       /* jobs whose hours changed, a new one not counted */
        uint64_t work;      /* units spent on this event */
};

/*
 * From a plan of this problem. Borrows what the problem points to, but for its array of jobs, which the session has a copy of, and
 * the steps of its sites. EINVAL: the plan has no multipliers, or a site stores energy. ENOMEM.
 */
int plan_session_create(const struct plan_problem *problem, const struct plan *plan, struct plan_session **ret_session,
                        struct offpeak_error *err);
void plan_session_destroy(struct plan_session *session); /* NULL is fine */

/*
 * What may be spent on an event beyond what it needs: units of work, on moving others.
 *
 * add      a job that was submitted, last in order (its `after` counts the session's jobs).
 * remove   the job that is done or cancelled; ENOTFOUND. Those that come after it wait for it no longer.
 * reprice  `price` for segment `segment` of a step of a site, from `step` of its steps on, that one only. EINVAL: no such thing, or
 *          segments would not ascend.
 *
 * ENOMEM: the session can only be destroyed.
 */
int plan_session_add(struct plan_session *session, const struct plan_job *job, uint64_t work, struct plan_change *ret_change,
                     struct offpeak_error *err);
int plan_session_remove(struct plan_session *session, uint64_t id, uint64_t work, struct plan_change *ret_change,
                        struct offpeak_error *err);
int plan_session_reprice(struct plan_session *session, uint32_t site, size_t step, unsigned segment, double price, uint64_t work,
                         struct plan_change *ret_change, struct offpeak_error *err);

/* The problem as it is now; it changes with the next event. */
const struct plan_problem *plan_session_problem(const struct plan_session *session);

/* The plan as it is now, without run_now and reasons: intervals, results, terms, bound, multipliers. ENOMEM. */
int plan_session_plan(const struct plan_session *session, struct plan *ret_plan);

#endif
