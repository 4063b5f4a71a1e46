/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lone.h"

#include "core/question.h"

int lone_init(const struct state *state, const struct now *now, const struct job *job, struct lone *ret_lone)
{
        struct job anywhere = *job; /* borrowed: never finished */
        struct lone lone = { 0 };
        int code = question_for_one(state, now, job, &lone.beside);

        if (code != 0)
                return code;
        anywhere.spec.site = NULL;
        anywhere.site = NONE_U32;
        code = question_for_one_alone(state, now, &anywhere, &lone.alone);
        if (code != 0) {
                plan_question_finish(&lone.beside);
                return code;
        }
        *ret_lone = lone;
        if (lone.beside.problem.n_jobs == 1 && lone.alone.problem.n_jobs == 1)
                ret_lone->question = (struct lone_question){ .problem = &ret_lone->beside.problem,
                                                             .empty = lone.alone.problem.sites,
                                                             .any_sites = lone.alone.problem.jobs[0].sites,
                                                             .present = job->planned,
                                                             .n_present = job->n_planned };
        return 0;
}

void lone_finish(struct lone *lone)
{
        plan_question_finish(&lone->beside);
        plan_question_finish(&lone->alone);
        *lone = (struct lone){ 0 };
}

int64_t lone_deadline(int64_t finish)
{
        return (finish + 119) / 60 * 60;
}
