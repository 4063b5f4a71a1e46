/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: EASY backfill, event by event. Running jobs go on. At every event the queue is walked in submit order: jobs
 * start while they fit; the first that does not gets a reservation at the earliest time it will; those behind it start
 * if they fit beside the reservation. Nothing is paused. A run fits where GPUs and power last for all of it.
 *
 * Where capacity is known to go away, what runs is cut there and queues again for the rest; and a job longer than any
 * stretch of capacity runs in pieces of half the longest or more, as no other way would ever begin it.
 *
 * Where the problem is blind nobody knows what capacity goes away: a job begins where it would fit if all stayed as it is,
 * but for those that run, unless it would be cut before its start is done.
 *
 * Pinned jobs run in their hours; a job that comes after others is ready when these are done; nothing moves.
 */
#include <math.h>
#include <stdlib.h>

#include "plan/capacities.h"
#include "plan/dependents.h"
#include "plan/run_now.h"
#include "plan/supply_rate.h"
#include "plan/timeline.h"

struct waiting {
        size_t job;
        uint32_t mode;
        uint64_t sites;
        int64_t ready;
        int64_t left_s;    /* progress to make, in seconds of the mode */
        int64_t longest_s; /* stretch of capacity that it can ever have, before the horizon */
        uint32_t starts;   /* left */
        bool over;         /* runs to its end, or never will */
        size_t before;     /* jobs that must be done before it, and are not */
};

struct backfill {
        const struct plan_problem *problem;
        struct capacities capacities;
        struct dependents dependents;
        struct timeline *sites; /* of each capacity */
        struct waiting *queue;  /* all jobs, in submit order */
        struct waiting **later; /* those that are not ready yet, the next one last */
        struct waiting **ready; /* the others that still hope, in submit order */
        size_t n_later, n_ready;
        struct plan_step *least; /* of each site: as few GPUs and as little power as there ever are */
        struct schedule *schedule;
        bool walking; /* the queue is filled: who becomes ready joins it */
};

static const struct plan_mode *mode_of(const struct backfill *backfill, const struct waiting *waiting)
{
        return &backfill->problem->jobs[waiting->job].modes[waiting->mode];
}

static int64_t start_cost(const struct backfill *backfill, const struct waiting *waiting)
{
        return backfill->problem->jobs[waiting->job].start_cost_s;
}

static int64_t whole(const struct backfill *backfill, const struct waiting *waiting)
{
        return waiting->left_s + start_cost(backfill, waiting);
}

static int64_t shortest_piece(const struct backfill *backfill, const struct waiting *waiting)
{
        int64_t min_run = backfill->problem->jobs[waiting->job].min_run_s;
        int64_t progress = start_cost(backfill, waiting) + 1;

        return min_run > progress ? min_run : progress;
}

/* A run must fit for this long to be started. */
static int64_t wanted(const struct backfill *backfill, const struct waiting *waiting)
{
        int64_t piece = shortest_piece(backfill, waiting);

        if (backfill->problem->blind || whole(backfill, waiting) <= waiting->longest_s)
                return whole(backfill, waiting);
        return waiting->longest_s / 2 > piece ? waiting->longest_s / 2 : piece;
}

static void fill_least(struct backfill *backfill)
{
        for (size_t s = 0; s < backfill->capacities.n; s++) {
                const struct plan_site *site = backfill->capacities.at[s];
                struct plan_step *least = &backfill->least[s];
                double limit = INFINITY;

                *least = (struct plan_step){ .n_segments = 1, .gpus = UINT32_MAX };
                for (size_t t = 0; t < site->n_steps; t++) {
                        least->gpus = site->steps[t].gpus < least->gpus ? site->steps[t].gpus : least->gpus;
                        limit = fmin(limit, supply_firm_limit(&site->steps[t]));
                }
                least->segments[0].limit_w = limit;
        }
}

/* Does the mode fit at a site when nothing else is there, under this step? */
static bool fits_alone(const struct plan_site *site, const struct plan_step *step, const struct plan_mode *mode)
{
        const struct timeline empty = { .site = site };
        const struct span span = { .step = step };

        return timeline_has_room(&empty, &span, mode);
}

/* The longest stretch on which a capacity could hold the mode, were nothing else there. */
static int64_t longest_at(const struct backfill *backfill, size_t at, const struct plan_mode *mode)
{
        const struct plan_site *site = backfill->capacities.at[at];
        int64_t longest = 0, since = INT64_MAX;

        if (fits_alone(site, &backfill->least[at], mode))
                return backfill->problem->horizon - backfill->problem->now;
        for (size_t t = 0; t < site->n_steps; t++) {
                int64_t end = t + 1 < site->n_steps ? site->steps[t + 1].start : backfill->problem->horizon;

                if (!fits_alone(site, &site->steps[t], mode)) {
                        since = INT64_MAX;
                        continue;
                }
                if (since == INT64_MAX)
                        since = site->steps[t].start;
                if (end - since > longest)
                        longest = end - since;
        }
        return longest;
}

/* The longest time that the job could run were it alone. */
static int64_t longest_stretch(const struct backfill *backfill, const struct waiting *waiting)
{
        const struct plan_mode *mode = mode_of(backfill, waiting);
        int64_t longest = 0;

        for (uint32_t s = 0; s < backfill->problem->n_sites; s++) {
                uint32_t used[CAPACITIES_OF_ONE];
                size_t n = capacities_of(&backfill->capacities, s, mode, used);
                int64_t here = INT64_MAX;

                for (size_t u = 0; (waiting->sites >> s & 1) != 0 && u < n; u++) {
                        int64_t there = longest_at(backfill, used[u], mode);

                        here = there < here ? there : here;
                }
                if (here < INT64_MAX && here > longest)
                        longest = here;
        }
        return longest;
}

/* ---- room at a site, within the limits */

static int use(struct backfill *backfill, uint32_t site, int64_t start, int64_t end, const struct plan_mode *mode)
{
        uint32_t used[CAPACITIES_OF_ONE];
        size_t n = capacities_of(&backfill->capacities, site, mode, used);

        for (size_t u = 0; u < n; u++)
                if (timeline_add(&backfill->sites[used[u]], start, end, mode) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static void give_back(struct backfill *backfill, uint32_t site, int64_t start, int64_t end, const struct plan_mode *mode)
{
        uint32_t used[CAPACITIES_OF_ONE];
        size_t n = capacities_of(&backfill->capacities, site, mode, used);

        for (size_t u = 0; u < n; u++)
                timeline_remove(&backfill->sites[used[u]], start, end, mode);
}

/* By the capacities' own word, or as it looks at `time`. */
static int64_t room_by(const struct backfill *backfill, uint32_t site, int64_t time, const struct plan_mode *mode,
                       int64_t (*room)(const struct timeline *timeline, int64_t time, const struct plan_mode *mode))
{
        uint32_t used[CAPACITIES_OF_ONE];
        size_t n = capacities_of(&backfill->capacities, site, mode, used);
        int64_t until = INT64_MAX;

        for (size_t u = 0; u < n; u++) {
                int64_t here = room(&backfill->sites[used[u]], time, mode);

                until = here < until ? here : until;
        }
        return until;
}

static int64_t room_until(const struct backfill *backfill, uint32_t site, int64_t time, const struct plan_mode *mode)
{
        return room_by(backfill, site, time, mode, timeline_room_until);
}

/* The first time at which all have room for so long: whoever says later is asked with the others again. */
static int64_t first_room(const struct backfill *backfill, uint32_t site, int64_t from, int64_t seconds,
                          const struct plan_mode *mode)
{
        uint32_t used[CAPACITIES_OF_ONE];
        size_t n = capacities_of(&backfill->capacities, site, mode, used);

        for (size_t u = 0, agreed = 0; agreed < n && from < INT64_MAX; u = (u + 1) % n) {
                int64_t at = timeline_earliest(&backfill->sites[used[u]], from, seconds, mode);

                agreed = at == from ? agreed + 1 : 1;
                from = at;
        }
        return from;
}

/* ---- running */

static bool can_hope(const struct backfill *backfill, const struct waiting *waiting)
{
        return waiting->starts > 0 && (whole(backfill, waiting) <= waiting->longest_s ||
                                       waiting->longest_s >= shortest_piece(backfill, waiting));
}

static bool is_behind(const struct waiting *a, const struct waiting *b)
{
        return a->ready != b->ready ? a->ready > b->ready : a->job > b->job;
}

static void put_later(struct backfill *backfill, struct waiting *waiting)
{
        size_t i = backfill->n_later++;

        for (; i > 0 && is_behind(waiting, backfill->later[i - 1]); i--)
                backfill->later[i] = backfill->later[i - 1];
        backfill->later[i] = waiting;
}

/* A job is done: those for which it was the last that they waited for are ready. */
static void release_dependents(struct backfill *backfill, size_t j, int64_t time)
{
        const struct dependents *dependents = &backfill->dependents;

        for (size_t i = dependents->first[j]; i < dependents->first[j + 1]; i++) {
                struct waiting *waiting = &backfill->queue[dependents->jobs[i]];

                if (time > waiting->ready)
                        waiting->ready = time;
                if (--waiting->before == 0 && backfill->walking && can_hope(backfill, waiting))
                        put_later(backfill, waiting);
        }
}

/* Use the mode from `start` until `end`, note it in the schedule up to the horizon, and keep what is left. */
static int run(struct backfill *backfill, struct waiting *waiting, uint32_t site, int64_t start, int64_t end,
               bool started)
{
        struct choice *choice = &backfill->schedule->jobs[waiting->job];
        int64_t horizon = backfill->problem->horizon;
        struct plan_interval interval = { start, end < horizon ? end : horizon, site, waiting->mode };

        if (use(backfill, site, start, end, mode_of(backfill, waiting)) != 0)
                return OFFPEAK_ENOMEM;
        if (started && interval.end - start <= start_cost(backfill, waiting))
                waiting->over = true; /* all that lies before the horizon is overhead: not worth a word */
        else if (choice->n > 0 && choice->intervals[choice->n - 1].end == start)
                choice->intervals[choice->n - 1].end = interval.end;
        else if (choice_append(choice, interval) != 0)
                return OFFPEAK_ENOMEM;
        if (started)
                waiting->starts--;
        waiting->left_s -= end - start - (started ? start_cost(backfill, waiting) : 0);
        waiting->ready = end;
        waiting->sites = UINT64_C(1) << site;
        waiting->longest_s = longest_stretch(backfill, waiting);
        if (waiting->left_s <= 0 && !waiting->over && end <= horizon)
                release_dependents(backfill, waiting->job, end);
        waiting->over = waiting->over || waiting->left_s <= 0;
        return 0;
}

static int go_on(struct backfill *backfill, struct waiting *waiting)
{
        const struct plan_job *job = &backfill->problem->jobs[waiting->job];
        int64_t now = backfill->problem->now, end;

        if (job->modes[0].gpus != job->modes[job->run_mode].gpus)
                waiting->mode = job->run_mode; /* only the cap can be taken off without a restart */
        waiting->left_s = job_seconds(job, mode_of(backfill, waiting));
        end = room_until(backfill, job->run_site, now, mode_of(backfill, waiting));
        if (end > now + waiting->left_s)
                end = now + waiting->left_s;
        return end > now ? run(backfill, waiting, job->run_site, now, end, false) : 0;
}

static int run_pinned(struct backfill *backfill, size_t j)
{
        const struct plan_job *job = &backfill->problem->jobs[j];
        struct choice *choice = &backfill->schedule->jobs[j];
        int64_t end;

        for (size_t i = 0; i < job->n_kept; i++)
                if (choice_append(choice, job->kept[i]) != 0 ||
                    use(backfill, job->kept[i].site, job->kept[i].start, job->kept[i].end,
                        &job->modes[job->kept[i].mode]) != 0)
                        return OFFPEAK_ENOMEM;
        end = schedule_end(backfill->problem, j, choice);
        if (end <= backfill->problem->horizon)
                release_dependents(backfill, j, end);
        return 0;
}

/* Every job in the queue; those that run are on already. */
static int fill_queue(struct backfill *backfill)
{
        for (size_t j = 0; j < backfill->problem->n_jobs; j++) {
                const struct plan_job *job = &backfill->problem->jobs[j];
                struct waiting *waiting = &backfill->queue[j];

                *waiting = (struct waiting){ .job = j, .sites = job->sites, .ready = job->release, .before = job->n_after };
                if (job->may_move && job->home != PLAN_ANYWHERE && (job->sites >> job->home & 1) != 0)
                        waiting->sites = UINT64_C(1) << job->home;
                else if (job->may_move && job->home != PLAN_ANYWHERE)
                        waiting->ready = job_first_move(job); /* it may not run where its data is */
                waiting->over = job->pinned;
                waiting->starts = job->max_starts;
                waiting->left_s = job_seconds(job, &job->modes[0]);
                waiting->longest_s = longest_stretch(backfill, waiting);
        }
        for (size_t j = 0; j < backfill->problem->n_jobs; j++)
                if (backfill->problem->jobs[j].pinned && run_pinned(backfill, j) != 0)
                        return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < backfill->problem->n_jobs; j++)
                if (backfill->problem->jobs[j].running && !backfill->problem->jobs[j].pinned &&
                    go_on(backfill, &backfill->queue[j]) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static int start(struct backfill *backfill, struct waiting *waiting, uint32_t site, int64_t time)
{
        const struct choice *choice = &backfill->schedule->jobs[waiting->job];
        bool started = choice->n == 0 || choice->intervals[choice->n - 1].end != time; /* else it never stopped */
        int64_t end = room_until(backfill, site, time, mode_of(backfill, waiting));
        int64_t need = started ? whole(backfill, waiting) : waiting->left_s;

        return run(backfill, waiting, site, time, end - time > need ? time + need : end, started);
}

/* The site where the job can start earliest, the first of equals. INT64_MAX: nowhere, ever. */
static int64_t earliest(const struct backfill *backfill, const struct waiting *waiting, int64_t time,
                        uint32_t *ret_site)
{
        int64_t best = INT64_MAX;

        for (uint32_t s = 0; s < backfill->problem->n_sites; s++) {
                int64_t at;

                if ((waiting->sites >> s & 1) == 0)
                        continue;
                at = first_room(backfill, s, time, wanted(backfill, waiting), mode_of(backfill, waiting));
                if (at < best) {
                        best = at;
                        *ret_site = s;
                }
        }
        return best;
}

static bool lasts(int64_t time, int64_t until, int64_t seconds)
{
        return until == INT64_MAX || until - time >= seconds;
}

static bool fits_at(const struct backfill *backfill, const struct waiting *waiting, int64_t time, uint32_t site)
{
        const struct plan_mode *mode = mode_of(backfill, waiting);
        int64_t until = room_until(backfill, site, time, mode);

        if (!backfill->problem->blind)
                return lasts(time, until, wanted(backfill, waiting));
        return lasts(time, until, shortest_piece(backfill, waiting)) &&
               lasts(time, room_by(backfill, site, time, mode, timeline_seems_until), wanted(backfill, waiting));
}

/* The first site at which the job fits at once; false if none. */
static bool fits_now(const struct backfill *backfill, const struct waiting *waiting, int64_t time, uint32_t *ret_site)
{
        for (uint32_t s = 0; s < backfill->problem->n_sites; s++)
                if ((waiting->sites >> s & 1) != 0 && fits_at(backfill, waiting, time, s)) {
                        *ret_site = s;
                        return true;
                }
        return false;
}

/* ---- who waits */

static int latest_first(const void *a, const void *b)
{
        return is_behind(*(struct waiting *const *)a, *(struct waiting *const *)b) ? -1 : 1;
}

static void fill_later(struct backfill *backfill)
{
        for (size_t j = 0; j < backfill->problem->n_jobs; j++)
                if (!backfill->queue[j].over && backfill->queue[j].before == 0 && can_hope(backfill, &backfill->queue[j]))
                        backfill->later[backfill->n_later++] = &backfill->queue[j];
        if (backfill->n_later > 0)
                qsort(backfill->later, backfill->n_later, sizeof(struct waiting *), latest_first);
}

static void take_ready(struct backfill *backfill, int64_t time)
{
        while (backfill->n_later > 0 && backfill->later[backfill->n_later - 1]->ready <= time) {
                struct waiting *waiting = backfill->later[--backfill->n_later];
                size_t i = backfill->n_ready++;

                for (; i > 0 && backfill->ready[i - 1]->job > waiting->job; i--)
                        backfill->ready[i] = backfill->ready[i - 1];
                backfill->ready[i] = waiting;
        }
}

/* ---- the walk */

/* The first in the queue that does not fit: where it will. */
struct head {
        struct waiting *waiting;
        uint32_t site;
        int64_t reserved;
};

/* Start one that waits, if it can; the first that cannot reserves. */
static int try_start(struct backfill *backfill, struct waiting *waiting, int64_t time, struct head *head)
{
        uint32_t site = 0;
        int64_t at;

        if ((head->waiting != NULL || backfill->problem->blind) && fits_now(backfill, waiting, time, &site))
                return start(backfill, waiting, site, time);
        if (head->waiting != NULL)
                return 0;
        at = earliest(backfill, waiting, time, &site);
        if (at == time)
                return start(backfill, waiting, site, time);
        if (at == INT64_MAX)
                return 0;
        *head = (struct head){ waiting, site, at };
        return use(backfill, site, at, at + wanted(backfill, waiting), mode_of(backfill, waiting));
}

/* One walk through those that are ready; who has begun leaves, and comes back when its run ends with work left. */
static int walk_queue(struct backfill *backfill, int64_t time)
{
        struct head head = { 0 };
        size_t kept = 0;
        int code = 0;

        take_ready(backfill, time);
        for (size_t i = 0; i < backfill->n_ready; i++) {
                struct waiting *waiting = backfill->ready[i];

                if (code == 0)
                        code = try_start(backfill, waiting, time, &head);
                if (!waiting->over && waiting->ready <= time)
                        backfill->ready[kept++] = waiting;
                else if (!waiting->over && can_hope(backfill, waiting))
                        put_later(backfill, waiting);
        }
        backfill->n_ready = kept;
        if (head.waiting != NULL && code == 0)
                give_back(backfill, head.site, head.reserved, head.reserved + wanted(backfill, head.waiting),
                          mode_of(backfill, head.waiting));
        return code;
}

/* The next second at which anything may change: the end of a run, a step, a job that becomes ready. */
static int64_t next_event(const struct backfill *backfill, int64_t time)
{
        int64_t next = backfill->n_later > 0 ? backfill->later[backfill->n_later - 1]->ready : INT64_MAX;

        if (backfill->n_ready == 0)
                return next;
        for (size_t s = 0; s < backfill->capacities.n; s++) {
                const struct timeline *timeline = &backfill->sites[s];
                size_t i = timeline_find(timeline, time) + 1;

                if (i < timeline->n && timeline->spans[i].start < next)
                        next = timeline->spans[i].start;
        }
        return next;
}

static int backfill_run(struct backfill *backfill)
{
        int code = fill_queue(backfill);

        fill_later(backfill);
        backfill->walking = true;
        for (int64_t time = backfill->problem->now; code == 0 && time < backfill->problem->horizon;
             time = next_event(backfill, time))
                code = walk_queue(backfill, time);
        return code;
}

int run_now(const struct plan_problem *problem, struct schedule *schedule)
{
        struct backfill backfill = { .problem = problem, .schedule = schedule };
        int code = OFFPEAK_ENOMEM;

        if (capacities_init(&backfill.capacities, problem) != 0 || dependents_init(&backfill.dependents, problem) != 0)
                goto out;
        backfill.sites = calloc(backfill.capacities.n + 1, sizeof(*backfill.sites));
        backfill.queue = calloc(problem->n_jobs + 1, sizeof(*backfill.queue));
        backfill.later = calloc(problem->n_jobs + 1, sizeof(*backfill.later));
        backfill.ready = calloc(problem->n_jobs + 1, sizeof(*backfill.ready));
        backfill.least = calloc(backfill.capacities.n + 1, sizeof(*backfill.least));
        if (backfill.sites == NULL || backfill.queue == NULL || backfill.later == NULL || backfill.ready == NULL ||
            backfill.least == NULL)
                goto out;
        fill_least(&backfill);
        for (size_t s = 0; s < backfill.capacities.n; s++)
                if (timeline_init(&backfill.sites[s], backfill.capacities.at[s]) != 0)
                        goto out;
        code = backfill_run(&backfill);
out:
        for (size_t s = 0; backfill.sites != NULL && s < backfill.capacities.n; s++)
                timeline_finish(&backfill.sites[s]);
        dependents_finish(&backfill.dependents);
        capacities_finish(&backfill.capacities);
        free(backfill.least);
        free(backfill.ready);
        free(backfill.later);
        free(backfill.queue);
        free(backfill.sites);
        return code;
}
