/* SPDX-License-Identifier: Apache-2.0 */
#include "io/planner.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "wire/log.h"

struct planner {
        uv_loop_t *loop;
        planner_compute compute;
        planner_ready ready;
        void *context;
        uv_work_t work;
        bool busy;
        atomic_bool stop;       /* set on the loop, read by the worker */
        atomic_bool drop;       /* likewise: this one is not wanted any more */
        struct plan_question question;
        struct plan answer;     /* the worker's until it is done */
        struct plan_multipliers last; /* of the last answer: the next begins with them */
        int code;
        struct offpeak_error err;
        void (*closed)(void *context);
        void *closed_context;
};

int planner_create(uv_loop_t *loop, planner_compute compute, planner_ready ready, void *context,
                   struct planner **ret_planner)
{
        struct planner *planner = calloc(1, sizeof(*planner));

        if (planner == NULL)
                return OFFPEAK_ENOMEM;
        planner->loop = loop;
        planner->compute = compute;
        planner->ready = ready;
        planner->context = context;
        planner->work.data = planner;
        atomic_init(&planner->stop, false);
        atomic_init(&planner->drop, false);
        *ret_planner = planner;
        return 0;
}

static bool is_aborted(void *context)
{
        struct planner *planner = context;

        return atomic_load(&planner->stop) || atomic_load(&planner->drop);
}

/* In the worker thread: touches question, answer, last, code and err only. */
static void compute(uv_work_t *work)
{
        struct planner *planner = work->data;
        struct plan_budget budget = { .work = planner->question.work, .aborted = is_aborted, .context = planner };

        planner->err.text[0] = '\0';
        planner->question.problem.last = &planner->last;
        planner->code = planner->compute(&planner->question.problem, &budget, &planner->answer, &planner->err);
}

static void hand_back(struct planner *planner, int code)
{
        struct input input = { .type = INPUT_PLAN_READY };

        if (code != 0)
                log_error("no plan could be made, the old one stays: %s",
                          planner->err.text[0] != '\0' ? planner->err.text : offpeak_code_text(code));
        input.u.plan_ready.plan = &planner->answer;
        input.u.plan_ready.problem = &planner->question.problem;
        input.u.plan_ready.asked_index = planner->question.log_index;
        input.u.plan_ready.code = code;
        planner->ready(planner->context, &input);
}

static void after(uv_work_t *work, int status)
{
        struct planner *planner = work->data;
        bool stopped = atomic_load(&planner->stop);

        if (!stopped)
                hand_back(planner, status != 0 ? OFFPEAK_EINTERNAL : planner->code);
        if (!stopped && status == 0 && planner->code == 0 && !atomic_load(&planner->drop))
                plan_multipliers_take(&planner->last, &planner->answer);
        plan_finish(&planner->answer);
        plan_question_finish(&planner->question);
        planner->busy = false;
        if (stopped)
                planner_close(planner, planner->closed, planner->closed_context);
}

void planner_ask(struct planner *planner, struct plan_question *question)
{
        planner->question = *question;
        plan_init(&planner->answer);
        planner->code = 0;
        planner->busy = true;
        atomic_store(&planner->drop, false);
        if (uv_queue_work(planner->loop, &planner->work, compute, after) != 0) {
                planner->busy = false;
                hand_back(planner, OFFPEAK_EINTERNAL);
                plan_question_finish(&planner->question);
        }
}

void planner_drop(struct planner *planner)
{
        atomic_store(&planner->drop, true);
}

void planner_close(struct planner *planner, void (*closed)(void *context), void *context)
{
        atomic_store(&planner->stop, true);
        planner->closed = closed;
        planner->closed_context = context;
        if (planner->busy)
                return; /* after() comes back here */
        plan_multipliers_finish(&planner->last);
        free(planner);
        if (closed != NULL)
                closed(context);
}
