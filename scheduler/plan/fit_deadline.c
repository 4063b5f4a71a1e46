/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the earliest end is a best response to a problem in which nothing but time costs. That is asked for as
 * things are, and with limits taken away, until the job is in time.
 */
#include "plan/fit_deadline.h"

#include <stdlib.h>

#include "plan/solo.h"
#include "plan/variant.h"

const char *fit_cause_name(enum fit_cause cause)
{
        static const char *const names[] = { "nothing", "time", "gpus", "power", "gpus and power" };

        return (size_t)cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "?";
}

enum { WITHOUT_GPUS = 1, WITHOUT_POWER = 2 };

/* As it is but in a hurry, with limits taken away. */
static int hurry(struct variant *variant, const struct lone_question *question, unsigned without)
{
        int code = variant_init(variant, question->problem);

        if (code != 0)
                return code;
        if ((without & WITHOUT_GPUS) != 0)
                code = variant_take_gpus(variant, question->empty);
        if (code == 0 && (without & WITHOUT_POWER) != 0)
                code = variant_take_power(variant, question->empty);
        if (code != 0)
                variant_finish(variant);
        else
                variant_hurry(variant);
        return code;
}

/* When it is done at the earliest; 0: not before the horizon. */
static int find_earliest(const struct lone_question *question, unsigned without, int64_t *ret_end)
{
        struct variant variant;
        struct plan_way way;
        int code = hurry(&variant, question, without);

        if (code != 0)
                return code;
        code = solo_best_way(&variant.problem, &way);
        variant_finish(&variant);
        if (code != 0)
                return code;
        *ret_end = way.rest_s > 0 ? 0 : way.finish;
        way_finish(&way);
        return 0;
}

static bool is_in_time(int64_t end, int64_t deadline)
{
        return end != 0 && end <= deadline;
}

static int find_cause(const struct lone_question *question, int64_t deadline, enum fit_cause *ret_cause)
{
        static const struct {
                unsigned without;
                enum fit_cause cause;
        } tries[] = {
                { WITHOUT_GPUS, FIT_GPUS },
                { WITHOUT_POWER, FIT_POWER },
                { WITHOUT_GPUS | WITHOUT_POWER, FIT_GPUS_AND_POWER },
        };

        for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
                int64_t end;

                if (find_earliest(question, tries[i].without, &end) != 0)
                        return OFFPEAK_ENOMEM;
                *ret_cause = tries[i].cause;
                if (is_in_time(end, deadline))
                        return 0;
        }
        *ret_cause = FIT_TIME;
        return 0;
}

/* What is left undone if all ends at the deadline. */
static int find_missing(const struct lone_question *question, int64_t deadline, double *ret_gpu_s)
{
        const struct plan_job *job = &question->problem->jobs[0];
        double undone_s = job->work_s, gpus = job->modes[0].gpus / job->modes[0].speed;
        struct variant variant;
        struct plan_way way;
        int code;

        *ret_gpu_s = undone_s * gpus;
        if (deadline <= job->release || deadline <= question->problem->now)
                return 0;
        code = hurry(&variant, question, 0);
        if (code != 0)
                return code;
        if (deadline < variant.problem.horizon)
                variant_cut(&variant, deadline);
        code = solo_best_way(&variant.problem, &way);
        variant_finish(&variant);
        if (code != 0)
                return code;
        *ret_gpu_s = way.rest_s * gpus;
        way_finish(&way);
        return 0;
}

/* The end that a plan comes to at the problem's own prices. */
static int find_deadline(const struct lone_question *question, struct deadline_fit *fit)
{
        struct plan_way way;

        if (solo_best_way(question->problem, &way) != 0)
                return OFFPEAK_ENOMEM;
        if (way.n > 0 && way.rest_s <= 0)
                fit->deadline = way.finish;
        if (fit->deadline != 0 && (fit->earliest == 0 || fit->earliest > fit->deadline))
                fit->earliest = fit->deadline;
        way_finish(&way);
        return 0;
}

/* Is it in time if it may begin at `release`? */
static int try_release(struct solo *solo, const struct variant *variant, int64_t release, int64_t deadline,
                       struct choice *choice, bool *ret_in_time)
{
        struct plan_job job = variant->job;
        double progress;
        int code;

        job.release = job.earliest_finish = release;
        code = solo_best(solo, &job, choice);
        if (code != 0)
                return code;
        progress = job_progress(&variant->problem, &job, choice->intervals, choice->n);
        *ret_in_time = choice->n > 0 && progress >= job.work_s * (1 - PLAN_WORK_TOLERANCE) &&
                       choice->intervals[choice->n - 1].end <= deadline;
        return 0;
}

/* The later it may begin the later it ends: halve what lies between. 0: even now is too late. */
static int search_release(struct solo *solo, const struct variant *variant, int64_t deadline, int64_t *ret_release)
{
        int64_t low = variant->problem.now, high = variant->job.release;
        struct choice choice = { 0 };
        bool in_time = false;
        int code = try_release(solo, variant, low, deadline, &choice, &in_time);

        *ret_release = in_time ? low : 0;
        while (code == 0 && *ret_release != 0 && high - low > 1) {
                int64_t middle = low + (high - low) / 2;

                code = try_release(solo, variant, middle, deadline, &choice, &in_time);
                if (in_time)
                        *ret_release = low = middle;
                else
                        high = middle;
        }
        free(choice.intervals);
        return code;
}

static int find_release(const struct lone_question *question, int64_t deadline, int64_t *ret_release)
{
        struct variant variant;
        struct solo solo;
        int code;

        *ret_release = 0;
        if (question->problem->jobs[0].release <= question->problem->now)
                return 0;
        code = hurry(&variant, question, 0);
        if (code != 0)
                return code;
        code = solo_init(&solo, &variant.problem);
        if (code == 0) {
                code = search_release(&solo, &variant, deadline, ret_release);
                solo_finish(&solo);
        }
        variant_finish(&variant);
        return code;
}

int fit_deadline(const struct lone_question *question, int64_t deadline, struct deadline_fit *ret)
{
        struct deadline_fit fit = { 0 };
        int code = find_earliest(question, 0, &fit.earliest);

        if (code == 0)
                code = find_deadline(question, &fit);
        if (code == 0 && !is_in_time(fit.earliest, deadline) &&
            (fit.earliest != 0 || deadline <= question->problem->horizon)) {
                code = find_cause(question, deadline, &fit.cause);
                if (code == 0)
                        code = find_missing(question, deadline, &fit.missing_gpu_s);
                if (code == 0)
                        code = find_release(question, deadline, &fit.release);
        }
        if (code == 0)
                *ret = fit;
        return code;
}
