/* SPDX-License-Identifier: Apache-2.0 */
#include "core/question_jobs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/after.h"
#include "core/claim.h"
#include "core/due.h"
#include "core/month_door.h"
#include "core/move.h"
#include "core/pin.h"
#include "core/pools.h"
#include "core/possible.h"
#include "core/power.h"
#include "core/quotas.h"
#include "core/width.h"
#include "core/work.h"

#define MICRO 1e-6

/* Currency per GPU-hour of waiting, for every job: of two plans that cost the same, the one that ends sooner. */
#define SOONER 1e-5

int64_t question_release(const struct state *state, const struct now *now, const struct job *job, bool lone)
{
        int64_t release = job->spec.begin > now->wall ? job->spec.begin : now->wall;
        int64_t last_end = lone ? after_last_end(state, job) : 0;

        return last_end > release ? last_end : release;
}

static uint32_t starts_left(const struct job *job, const struct policy_class *class, bool running)
{
        uint32_t pauses;

        if (!work_may_pause(job, class))
                return running ? 0 : 1;
        if (class->max_pauses == UINT32_MAX)
                return PLAN_ANY_STARTS;
        pauses = class->max_pauses > job->pauses ? class->max_pauses - job->pauses : 0;
        return running ? pauses : pauses + 1;
}

/* Between runs it may go on at another site; what it needs is on its way since its last run has ended. */
static void fill_moves(const struct state *state, const struct job *job, struct plan_job *ret_job)
{
        uint64_t home = job->site < POSSIBLE_SITES ? UINT64_C(1) << job->site : 0;
        struct move_terms terms;

        ret_job->home = home != 0 ? job->site : PLAN_ANYWHERE;
        if (ret_job->running)
                ret_job->home = ret_job->run_site;
        ret_job->may_move = move_is_allowed(state, job) && __builtin_popcountll(ret_job->sites | home) > 1;
        if (!ret_job->may_move)
                return;
        terms = move_dearest(state, job, ret_job->sites | home);
        ret_job->move_cost = terms.cost;
        ret_job->move_s = terms.seconds;
        if (job->state == OFFPEAK_JOB_QUEUED && job->attempts > 0 && job->attempt.over_at < ret_job->release)
                ret_job->rests_since = job->attempt.over_at;
}

static bool wants_hours(const struct job *job)
{
        return (job->state == OFFPEAK_JOB_QUEUED && !job->held && !job->cancel) ||
               (job->state == OFFPEAK_JOB_ACTIVE && !job->held && !job->cancel);
}

/* Where a job may run, in which of its modes, and the limits that its GPUs count in: a bit each. */
struct fitting {
        uint64_t sites, limits, modes;
};

static struct fitting find_fitting(const struct state *state, const struct now *now, const struct possible_site *possible,
                                   const struct quotas *quotas, const struct job *job)
{
        struct fitting fitting = { 0 };

        if (!wants_hours(job))
                return fitting;
        fitting.sites = possible_sites(state, now, possible, job, &fitting.modes);
        fitting.limits = quotas_bit(quotas, state_class(state, job)) | pools_bit(quotas, &job->spec);
        return fitting;
}

/* With what they draw at a site. */
static void fill_modes(const struct state *state, const struct job *job, const struct site *site, const struct fitting *fitting, struct plan_mode *modes,
                       struct plan_job *ret_job)
{
        uint32_t uncapped = width_at_level(&job->spec, job->attempt.mode, 0);

        ret_job->modes = modes;
        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++) {
                if ((fitting->modes >> mode & 1) == 0)
                        continue;
                if (ret_job->running && (mode == job->attempt.mode || mode == uncapped)) /* a cap may be allowed no more */
                        ret_job->run_mode = (uint32_t)ret_job->n_modes;
                modes[ret_job->n_modes++] =
                        (struct plan_mode){ .gpus = claim_gpus(state, job, mode),
                                            .watts = (double)power_of_job_at(job, mode, site),
                                            .speed = width_speed(job, mode),
                                            .limits = fitting->limits,
                                            .id = mode };
        }
}


static void fill_job(const struct state *state, const struct now *now, const struct job *job, int64_t release,
                     const struct fitting *fitting, struct plan_mode *modes, struct plan_job *ret_job)
{
        const struct policy_class *class = state_class(state, job);
        bool running = work_goes_on(job);
        double left = work_left(job, class, now->wall);
        int64_t begin = question_release(state, now, job, true);
        int64_t let_in = !running && month_door_put_off(state, job, release, now->wall) ? release : 0;
        uint32_t first_site = 0;

        while ((fitting->sites >> first_site & 1) == 0)
                first_site++;
        *ret_job = (struct plan_job){
                .id = job->id,
                .sites = fitting->sites,
                .work_s = left,
                .release = release,
                .deadline = due_for_plan(state, job,
                                          (let_in > begin ? let_in : begin) + (running ? 0 : class->start_cost_s) +
                                                  (int64_t)(left / width_fastest(job)),
                                          let_in),
                .lateness_cost = (double)class->lateness_cost * MICRO,
                .start_cost_s = class->start_cost_s,
                .min_run_s = class->min_run_s,
                .max_starts = starts_left(job, class, running),
                .delay_cost = (double)class->delay_cost * MICRO + SOONER,
                .earliest_finish = (job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at) +
                                   class->start_cost_s + job->total_s,
                .carbon_price = (double)class->carbon_price * MICRO,
                .risk = (double)class->risk_ppm * MICRO / 0.4, /* the spread is that of the 0.9 quantile */
                .running = running,
                .run_site = running && job->site != NONE_U32 ? job->site : first_site,
        };
        fill_modes(state, job, &state->sites[first_site], fitting, modes, ret_job);
        fill_moves(state, job, ret_job);
}

uint32_t question_mode(const struct plan_job *job, uint32_t id)
{
        uint32_t mode = 0;

        while (mode < job->n_modes && job->modes[mode].id != id)
                mode++;
        return mode;
}

/* The hours that the plan in force gives the job; none, if there are such in a mode that it cannot have any more. */
static void keep_planned(const struct job *job, struct plan_interval *kept, struct plan_job *ret_job)
{
        for (uint32_t i = 0; i < job->n_planned; i++) {
                kept[i] = job->planned[i];
                kept[i].mode = question_mode(ret_job, job->planned[i].mode);
                if (kept[i].mode == ret_job->n_modes)
                        return;
        }
        if (job->n_planned == 0)
                return;
        ret_job->kept = kept;
        ret_job->n_kept = job->n_planned;
}

/* Likewise the hours it is pinned to, where it could have them; whether it can is settled when all jobs are known. */
static bool keep_pinned(const struct state *state, const struct job *job, const struct plan_problem *problem,
                        struct plan_interval *kept, struct plan_job *ret_job)
{
        size_t n = 0;

        if (pin_holds(job, problem->now))
                n = pin_hours(job, state_class(state, job), problem->now, ret_job->release, problem->horizon, kept);
        for (size_t i = 0; i < n; i++) {
                kept[i].mode = question_mode(ret_job, kept[i].mode);
                if (kept[i].site >= POSSIBLE_SITES || (ret_job->sites >> kept[i].site & 1) == 0 ||
                    kept[i].mode == ret_job->n_modes)
                        return false;
        }
        if (n == 0)
                return false;
        ret_job->kept = kept;
        ret_job->n_kept = n;
        ret_job->pinned = true;
        ret_job->may_move = false;
        return true;
}

/* The problem's index of a job, or n. */
static size_t index_of(const struct plan_job *jobs, size_t n, uint64_t id)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (jobs[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < n && jobs[low].id == id ? low : n;
}

/*
 * Those it comes after and that have not ended, from the n jobs before it. False if one is not among them, or has ended
 * as it should not: then nobody can say when the job may start.
 */
static bool take_after(const struct state *state, const struct job *job, const struct plan_job *jobs, size_t n,
                       size_t *after, size_t *ret_n_after)
{
        *ret_n_after = 0;
        if (after_look(state, job, NULL) == AFTER_NEVER)
                return false;
        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);

                if (!after_is_open(&link))
                        continue;
                after[*ret_n_after] = index_of(jobs, n, link.id);
                if (after[*ret_n_after] == n)
                        return false;
                *ret_n_after += 1;
        }
        return true;
}

/* When a plan may begin it, as far as its class's GPU-hours go; those it comes after are before it in the problem. */
static int64_t let_in(const struct state *state, const struct now *now, const struct job *job,
                      const struct plan_job *jobs, const size_t *after, size_t n_after, struct month_door *door)
{
        int64_t release = question_release(state, now, job, false), earliest = release, at;

        if (work_goes_on(job))
                return release;
        for (size_t i = 0; i < n_after; i++)
                earliest = jobs[after[i]].release > earliest ? jobs[after[i]].release : earliest;
        at = month_door_let_in(door, job, earliest);
        return at == earliest ? release : at;
}

static int jobs_room(const struct state *state, struct question_jobs *made)
{
        size_t n_kept = 0, n_after = 0, n_modes = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                n_modes += width_modes(&state_open_job(state, i)->spec);
                n_kept += state_open_job(state, i)->n_planned + state_open_job(state, i)->n_pins;
                n_after += after_count(state_open_job(state, i));
        }
        made->jobs = calloc(state->n_open + 1, sizeof(*made->jobs));
        made->modes = calloc(n_modes + 1, sizeof(*made->modes));
        made->kept = calloc(n_kept + 1, sizeof(*made->kept));
        made->after = calloc(n_after + 1, sizeof(*made->after));
        return made->jobs != NULL && made->modes != NULL && made->kept != NULL && made->after != NULL ?
                       0 : OFFPEAK_ENOMEM;
}

int question_jobs(const struct state *state, const struct now *now, const struct plan_problem *problem,
                  const struct quotas *quotas, struct question_jobs *made, size_t *ret_n)
{
        int64_t horizon = problem->horizon;
        struct possible_site possible[POSSIBLE_SITES];
        struct month_door door;
        size_t n = 0, n_kept = 0, n_after = 0, n_modes = 0;

        possible_init(state, now, possible);
        if (month_door_init(&door, state, now->wall, horizon, true, NULL) != 0 || jobs_room(state, made) != 0) {
                month_door_finish(&door);
                return OFFPEAK_ENOMEM;
        }
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);
                struct fitting fitting = find_fitting(state, now, possible, quotas, job);
                size_t after = 0;
                int64_t release;

                if (fitting.sites == 0 || job->spec.begin >= horizon ||
                    !take_after(state, job, made->jobs, n, &made->after[n_after], &after))
                        continue;
                release = let_in(state, now, job, made->jobs, &made->after[n_after], after, &door);
                if (release == INT64_MAX)
                        continue;
                fill_job(state, now, job, release, &fitting, &made->modes[n_modes], &made->jobs[n]);
                made->jobs[n].after = &made->after[n_after];
                made->jobs[n].n_after = after;
                if (after > 0 || !keep_pinned(state, job, problem, &made->kept[n_kept], &made->jobs[n]))
                        keep_planned(job, &made->kept[n_kept], &made->jobs[n]);
                n_kept += made->jobs[n].n_kept;
                n_after += after;
                n_modes += made->jobs[n].n_modes;
                n++;
        }
        month_door_finish(&door);
        *ret_n = n;
        return 0;
}

/* When a lone job may begin: others who asked before it, or run, are let into the month first. ENOMEM. */
static int let_in_alone(const struct state *state, const struct now *now, const struct job *job, int64_t horizon,
                        const struct possible_site *possible, bool beside_others, int64_t *release)
{
        struct month_door door;
        int code = 0;

        if (state_class(state, job)->quota_gpu_hours == 0 || work_goes_on(job))
                return 0;
        code = month_door_init(&door, state, now->wall, horizon, beside_others, job);
        for (size_t i = 0; code == 0 && beside_others && i < state->n_open; i++) {
                const struct job *other = state_open_job(state, i);

                if (other->id < job->id && !work_goes_on(other) && wants_hours(other) &&
                    state_class(state, other) == state_class(state, job) &&
                    possible_sites(state, now, possible, other, NULL) != 0)
                        month_door_let_in(&door, other, question_release(state, now, other, false));
        }
        if (code == 0)
                *release = month_door_let_in(&door, job, *release);
        month_door_finish(&door);
        return code;
}

int question_job(const struct state *state, const struct now *now, const struct job *job, int64_t horizon,
                 bool beside_others, const struct quotas *quotas, struct question_jobs *made, size_t *ret_n)
{
        struct possible_site possible[POSSIBLE_SITES];
        int64_t release = question_release(state, now, job, true);
        struct fitting fitting;

        possible_init(state, now, possible);
        made->jobs = calloc(1, sizeof(*made->jobs));
        made->modes = calloc(width_modes(&job->spec), sizeof(*made->modes));
        if (made->jobs == NULL || made->modes == NULL)
                return OFFPEAK_ENOMEM;
        fitting = find_fitting(state, now, possible, quotas, job);
        if (fitting.sites != 0 && let_in_alone(state, now, job, horizon, possible, beside_others, &release) != 0)
                return OFFPEAK_ENOMEM;
        *ret_n = fitting.sites != 0 && release < horizon && after_look(state, job, NULL) != AFTER_NEVER &&
                 !after_is_unknown(state, job);
        if (*ret_n == 1)
                fill_job(state, now, job, release, &fitting, made->modes, made->jobs);
        return 0;
}

/* ---- pins: those that cannot be kept all at once are let go, so that there is a plan at all */

struct pins {
        const struct state *state;
        const struct plan_problem *problem;
        struct plan_job *kept; /* that fit; behind them room for those that are tried */
        size_t n_kept;
        size_t *jobs; /* indices of the problem, those that run first */
};

static void let_go(struct pins *pins, struct plan_job *job)
{
        job->pinned = false;
        fill_moves(pins->state, state_job(pins->state, job->id), job);
}

/* Those from `first` on, n of them: all, or the one half and then the other. */
static int settle(struct pins *pins, struct plan_job *all, size_t first, size_t n)
{
        int code;

        for (size_t i = 0; i < n; i++)
                pins->kept[pins->n_kept + i] = all[pins->jobs[first + i]];
        code = pin_fit(pins->problem, pins->kept, pins->n_kept + n, NULL);
        if (code == 0)
                pins->n_kept += n;
        if (code != OFFPEAK_EINVAL)
                return code;
        if (n == 1) {
                let_go(pins, &all[pins->jobs[first]]);
                return 0;
        }
        code = settle(pins, all, first, n / 2);
        return code == 0 ? settle(pins, all, first + n / 2, n - n / 2) : code;
}

int question_settle_pins(const struct state *state, const struct plan_problem *problem, struct plan_job *all)
{
        struct pins pins = { .state = state, .problem = problem };
        size_t n = 0;
        int code = 0;

        for (size_t j = 0; j < problem->n_jobs; j++)
                n += all[j].pinned;
        if (n == 0)
                return 0;
        pins.kept = calloc(n, sizeof(*pins.kept));
        pins.jobs = calloc(n, sizeof(*pins.jobs));
        n = 0;
        for (int running = 1; pins.jobs != NULL && running >= 0; running--)
                for (size_t j = 0; j < problem->n_jobs; j++)
                        if (all[j].pinned && all[j].running == (running == 1))
                                pins.jobs[n++] = j;
        code = pins.kept != NULL && pins.jobs != NULL ? settle(&pins, all, 0, n) : OFFPEAK_ENOMEM;
        free(pins.kept);
        free(pins.jobs);
        return code;
}

void question_jobs_finish(struct question_jobs *made)
{
        free(made->jobs);
        free(made->modes);
        free(made->kept);
        free(made->after);
        *made = (struct question_jobs){ 0 };
}
