/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the present way is priced; then, as often as an alternative is wanted, all that might be the cheapest one
 * that differs from those known is tried, and the cheapest kept:
 *   1. the best response at every site and in every mode, hours around known starts there being closed
 *   2. one run at every time at which what it costs bends: its cost is linear between them, so the cheapest is at one
 *   3. the best response to everything, if it happens to differ
 */
#include "plan/alternatives.h"

#include <math.h>
#include <stdlib.h>

#include "plan/solo.h"
#include "plan/variant.h"

enum { LEAST_APART_S = 900 };

/* A run without a pause. */
struct single {
        struct plan_interval run;
        double cost; /* as the board counts it */
};

struct search {
        const struct plan_problem *problem;
        const struct plan_job *job;
        struct alternatives *found;
        struct solo solo;
        struct single *singles; /* ascending by cost */
        size_t n_singles, room;
        struct choice choice; /* scratch */
        struct plan_way best; /* of this round; n == 0: none yet */
};

/* ---- what differs */

static unsigned differs(const struct plan_way *a, const struct plan_interval *b, int64_t apart_s)
{
        const struct plan_interval *first = &a->intervals[0];
        unsigned what = 0;

        if (a->n == 0)
                return DIFFERS_START;
        if (first->site != b->site)
                what |= DIFFERS_SITE;
        if (first->mode != b->mode)
                what |= DIFFERS_MODE;
        if (llabs(first->start - b->start) >= apart_s)
                what |= DIFFERS_START;
        return what;
}

/* The known ways: the present one, then those found. */
static size_t n_known(const struct search *search)
{
        return 1 + search->found->n_others;
}

static const struct plan_way *known(const struct search *search, size_t i)
{
        return i == 0 ? &search->found->present : &search->found->others[i - 1].way;
}

static bool is_new(const struct search *search, const struct plan_interval *first)
{
        for (size_t i = 0; i < n_known(search); i++)
                if (differs(known(search, i), first, search->found->apart_s) == 0)
                        return false;
        return true;
}

/* It leaves no more undone than the present way, and is not late where that is not. */
static bool is_as_good(const struct search *search, const struct plan_way *way)
{
        const struct plan_way *present = &search->found->present;

        return way->rest_s <= present->rest_s + PLAN_WORK_TOLERANCE * search->job->work_s &&
               (way->late_s == 0 || present->late_s > 0);
}

/* Keep a way if it is new, as good and the cheapest of this round. */
static int consider(struct search *search, const struct plan_interval *intervals, size_t n)
{
        struct plan_way way;

        if (n == 0 || !is_new(search, &intervals[0]))
                return 0;
        if (way_init(&way, search->problem, intervals, n) != 0)
                return OFFPEAK_ENOMEM;
        if (is_as_good(search, &way) && (search->best.n == 0 || way.terms.total < search->best.terms.total)) {
                way_finish(&search->best);
                search->best = way;
        } else {
                way_finish(&way);
        }
        return 0;
}

/* ---- best responses */

/* Close what is known at the site in this mode, and what is too late. */
static int close_known(const struct search *search, struct variant *variant, uint32_t site, uint32_t mode)
{
        int64_t apart_s = search->found->apart_s;
        int code = 0;

        for (size_t i = 0; code == 0 && i < n_known(search); i++) {
                const struct plan_interval *first = known(search, i)->intervals;

                if (known(search, i)->n > 0 && first->site == site && first->mode == mode)
                        code = variant_close(variant, site, first->start - apart_s + 1, first->start + apart_s);
        }
        if (code == 0 && search->job->deadline != 0 && search->found->present.late_s == 0)
                code = variant_close(variant, site, search->job->deadline, search->problem->horizon);
        return code;
}

static int respond_elsewhere(struct search *search, uint32_t site, uint32_t mode)
{
        struct variant variant;
        struct solo solo;
        int code = variant_init(&variant, search->problem);

        if (code != 0)
                return code;
        variant_bind(&variant, site, mode);
        code = close_known(search, &variant, site, mode);
        if (code == 0)
                code = solo_init(&solo, &variant.problem);
        if (code == 0) {
                code = solo_best(&solo, &variant.job, &search->choice);
                solo_finish(&solo);
        }
        variant_finish(&variant);
        for (size_t i = 0; i < search->choice.n; i++)
                search->choice.intervals[i].mode = mode;
        return code == 0 ? consider(search, search->choice.intervals, search->choice.n) : code;
}

static int respond_to_all(struct search *search)
{
        int code = solo_best(&search->solo, search->job, &search->choice);

        return code == 0 ? consider(search, search->choice.intervals, search->choice.n) : code;
}

/* ---- single runs */

/* A run from `start` on; its cost INFINITY if it may not be or has no room. */
static int price_run(struct search *search, uint32_t site, uint32_t mode, int64_t start, struct single *ret)
{
        const struct plan_job *job = search->job;
        bool goes_on = job_goes_on(search->problem, job, site, mode, start);
        int64_t seconds = job_seconds(job, &job->modes[mode]) + (goes_on ? 0 : job->start_cost_s);

        *ret = (struct single){ { start, start + seconds, site, mode }, INFINITY };
        if (start < job_first_second(job, site) || ret->run.end > search->problem->horizon || (!goes_on && job->max_starts == 0))
                return 0;
        return solo_cost(&search->solo, &ret->run, 1, &ret->cost);
}

static int collect(struct search *search, uint32_t site, uint32_t mode, int64_t start)
{
        struct single single, *grown;
        int code = price_run(search, site, mode, start, &single);

        if (code != 0 || isinf(single.cost))
                return code;
        if (search->n_singles == search->room) {
                search->room = search->room > 0 ? 2 * search->room : 256;
                grown = realloc(search->singles, search->room * sizeof(*grown));
                if (grown == NULL)
                        return OFFPEAK_ENOMEM;
                search->singles = grown;
        }
        search->singles[search->n_singles++] = single;
        return 0;
}

/* Runs that begin, make progress or end when something changes. */
static int collect_around(struct search *search, uint32_t site, uint32_t mode, int64_t time)
{
        int64_t seconds = job_seconds(search->job, &search->job->modes[mode]), overhead = search->job->start_cost_s;
        int code = collect(search, site, mode, time);

        if (code == 0 && overhead > 0)
                code = collect(search, site, mode, time - overhead);
        return code == 0 ? collect(search, site, mode, time - overhead - seconds) : code;
}

static int collect_all(struct search *search, uint32_t site, uint32_t mode)
{
        const struct slots *slots = &search->solo.prices.slots;
        const struct plan_job *job = search->job;
        int code = collect(search, site, mode, job_first_second(job, site));

        for (size_t t = 0; code == 0 && t <= slots->n; t++)
                code = collect_around(search, site, mode, slots->edges[t]);
        if (code == 0)
                code = collect_around(search, site, mode, job->earliest_finish);
        return code == 0 && job->deadline != 0 ? collect_around(search, site, mode, job->deadline) : code;
}

static int by_board(const void *a, const void *b)
{
        const struct single *x = a, *y = b;

        if (x->cost != y->cost)
                return x->cost < y->cost ? -1 : 1;
        return (x->run.start > y->run.start) - (x->run.start < y->run.start);
}

/* The board counts in float32: whatever comes near the best of this round is priced in full. */
static bool is_near_best(const struct search *search, double cost)
{
        double best = search->best.terms.total;

        return search->best.n == 0 || cost <= best + 1e-4 * fabs(best) + 1e-6;
}

static int try_singles(struct search *search)
{
        for (size_t i = 0; i < search->n_singles && is_near_best(search, search->singles[i].cost); i++)
                if (consider(search, &search->singles[i].run, 1) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

/* As near to what is known as it may be. */
static int try_beside(struct search *search, uint32_t site, uint32_t mode)
{
        for (size_t i = 0; i < 2 * n_known(search); i++) {
                const struct plan_way *way = known(search, i / 2);
                int64_t apart_s = i % 2 == 0 ? search->found->apart_s : -search->found->apart_s;
                struct single single;

                if (way->n == 0)
                        continue;
                if (price_run(search, site, mode, way->intervals[0].start + apart_s, &single) != 0)
                        return OFFPEAK_ENOMEM;
                if (!isinf(single.cost) && is_near_best(search, single.cost) && consider(search, &single.run, 1) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* ---- all of it */

/* Do it for every site and mode that the job may use. */
static int for_each(struct search *search, int (*act)(struct search *search, uint32_t site, uint32_t mode))
{
        for (uint32_t s = 0; s < search->problem->n_sites; s++)
                for (uint32_t m = 0; (search->job->sites >> s & 1) != 0 && m < search->job->n_modes; m++) {
                        int code = act(search, s, m);

                        if (code != 0)
                                return code;
                }
        return 0;
}

static int find_one(struct search *search)
{
        struct alternatives *found = search->found;
        int code = respond_to_all(search);

        if (code == 0)
                code = for_each(search, respond_elsewhere);
        if (code == 0)
                code = try_singles(search);
        if (code == 0)
                code = for_each(search, try_beside);
        if (code != 0 || search->best.n == 0)
                return code;
        found->others[found->n_others++] =
                (struct alternative){ .way = search->best,
                                      .difference = search->best.terms.total - found->present.terms.total,
                                      .differs = differs(&found->present, search->best.intervals, found->apart_s) };
        search->best = (struct plan_way){ 0 };
        return 0;
}

static int by_cost(const void *a, const void *b)
{
        const struct alternative *x = a, *y = b;

        return x->difference < y->difference ? -1 : x->difference > y->difference;
}

/* What lies ahead of given hours, whether there is room for them or not. */
static int take_ahead(struct search *search, const struct lone_question *question)
{
        const struct plan_job *job = search->job;

        search->choice.n = 0;
        for (size_t i = 0; i < question->n_present; i++) {
                struct plan_interval run = question->present[i];

                if (run.start < job->release)
                        run.start = job->release;
                if (run.end > search->problem->horizon)
                        run.end = search->problem->horizon;
                if (run.end > run.start && run.site < search->problem->n_sites && run.mode < job->n_modes &&
                    choice_append(&search->choice, run) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* As far as the hours hold, else as they were. */
static int price_present(struct search *search, const struct lone_question *question)
{
        int code = solo_kept(&search->solo, &search->choice);

        if (code == 0 && search->choice.n == 0)
                code = take_ahead(search, question);
        return code == 0
                       ? way_init(&search->found->present, search->problem, search->choice.intervals, search->choice.n)
                       : code;
}

static int price_least(struct search *search)
{
        struct plan_way way;
        int code = solo_best(&search->solo, search->job, &search->choice);

        if (code == 0)
                code = way_init(&way, search->problem, search->choice.intervals, search->choice.n);
        if (code != 0)
                return code;
        search->found->least = fmin(way.terms.total, search->found->present.terms.total);
        way_finish(&way);
        return 0;
}

static int64_t apart(const struct plan_job *job, const struct plan_way *present)
{
        const struct plan_mode *mode = &job->modes[present->n > 0 ? present->intervals[0].mode : 0];
        int64_t half = (job_seconds(job, mode) + job->start_cost_s) / 2;

        return half > LEAST_APART_S ? half : LEAST_APART_S;
}

static int find_all(struct search *search, const struct lone_question *question)
{
        struct alternatives *found = search->found;
        size_t before;
        int code = price_present(search, question);

        if (code == 0)
                code = price_least(search);
        if (code == 0)
                code = for_each(search, collect_all);
        if (code != 0)
                return code;
        if (search->n_singles > 0)
                qsort(search->singles, search->n_singles, sizeof(*search->singles), by_board);
        found->apart_s = apart(search->job, &found->present);
        do {
                before = found->n_others;
                code = find_one(search);
        } while (code == 0 && found->n_others > before && found->n_others < MOST_ALTERNATIVES);
        qsort(found->others, found->n_others, sizeof(found->others[0]), by_cost);
        for (size_t i = 0; i < found->n_others; i++)
                found->least = fmin(found->least, found->others[i].way.terms.total);
        return code;
}

int alternatives_init(struct alternatives *ret, const struct lone_question *question)
{
        struct alternatives found = { 0 };
        struct plan_problem problem = *question->problem;
        struct plan_job job = problem.jobs[0];
        struct search search = { .problem = &problem, .job = &job, .found = &found };
        int code;

        job.kept = question->present;
        job.n_kept = question->n_present;
        problem.jobs = &job;
        problem.n_jobs = 1;
        if (solo_init(&search.solo, &problem) != 0)
                return OFFPEAK_ENOMEM;
        code = find_all(&search, question);
        way_finish(&search.best);
        free(search.singles);
        free(search.choice.intervals);
        solo_finish(&search.solo);
        if (code == 0)
                *ret = found;
        else
                alternatives_finish(&found);
        return code;
}

void alternatives_finish(struct alternatives *alternatives)
{
        way_finish(&alternatives->present);
        for (size_t i = 0; i < alternatives->n_others; i++)
                way_finish(&alternatives->others[i].way);
        *alternatives = (struct alternatives){ 0 };
}
