/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/help_late.h"

#include <stdlib.h>

#include "plan/account.h"

enum {
        MOST_HELPED = 32, /* late jobs, in a round */
        TRIES = 4,        /* times at which the stores are asked for a late job */
};

static bool is_late(const struct plan_problem *problem, size_t j, const struct choice *choice)
{
        int64_t deadline = problem->jobs[j].deadline != 0 ? problem->jobs[j].deadline : problem->horizon;

        return schedule_end(problem, j, choice) > deadline && job_is_possible(problem, &problem->jobs[j]);
}

/* Stores that give what a job needs from slot t on, without what it has now: do they carry it? */
static int try_room(struct joint *joint, size_t j, uint32_t s, size_t t, struct dispatch_room *room, bool *ret_carries)
{
        const struct plan_job *job = &joint->problem->jobs[j];
        int64_t start = joint->prices.prices.slots.edges[t], seconds = job_seconds(job, &job->modes[0]) + job->start_cost_s;

        start = start > job->release ? start : job->release;
        *ret_carries = start + seconds <= (job->deadline != 0 ? job->deadline : joint->problem->horizon);
        if (!*ret_carries)
                return 0;
        room->more = (struct plan_flow){ start, start + seconds, s, joint->problem->sites[s].pue_factor * job->modes[0].watts };
        return dispatch_carries(joint->problem, &joint->best, &room->more, ret_carries);
}

/* A job that is late, where stores are so many hours' way from carrying it: ask them for it. The best plan may lose it on the way. */
static int help(struct joint *joint, size_t j, struct choice *had)
{
        const struct slots *slots = &joint->prices.prices.slots;
        const struct plan_job *job = &joint->problem->jobs[j];
        struct choice *choice = &joint->best.jobs[j];
        int tries = 0, code = choice_set(had, choice->intervals, choice->n);
        bool better = false;

        for (uint32_t s = 0; code == 0 && !better && s < joint->problem->n_sites; s++)
                for (size_t t = slots_find(slots, job->release); code == 0 && !better && t < slots->n && tries < TRIES; t++) {
                        struct dispatch_room room = { 0 };
                        bool carries;

                        if ((job->sites >> s & 1) == 0 || joint->problem->sites[s].store == NULL)
                                break;
                        choice->n = 0;
                        code = try_room(joint, j, s, t, &room, &carries);
                        if (code == 0 && carries)
                                code = dispatch_run(&joint->dispatch, joint->problem, slots, &joint->best, &room);
                        if (code == 0)
                                code = choice_set(choice, had->intervals, had->n);
                        if (code != 0 || !carries)
                                continue;
                        tries++;
                        code = joint_plan_beside(joint, ONE_BY_ONE, joint_work_left(joint), &better);
                }
        return code;
}

/* Only where power is limited: elsewhere stores make no job late. */
int help_the_late(struct joint *joint)
{
        struct choice had = { 0 };
        size_t helped = 0;
        int code = 0;

        for (size_t j = 0; code == 0 && joint->limited && j < joint->problem->n_jobs && helped < MOST_HELPED; j++) {
                const struct plan_job *job = &joint->problem->jobs[j];

                if (job->pinned || job->release >= joint->problem->horizon || !is_late(joint->problem, j, &joint->best.jobs[j]))
                        continue;
                if (joint_work_left(joint) == 0 || joint_is_aborted(joint))
                        break;
                code = help(joint, j, &had);
                helped++;
        }
        free(had.intervals);
        return code;
}
