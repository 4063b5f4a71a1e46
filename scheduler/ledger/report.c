/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the actual side is a sum. The other side is computed: the same jobs go through plan_run_now, and what they
 * would have drawn is booked hour by hour with the ledger's own arithmetic.
 *
 *   jobs, sites -> problem -> plan_run_now -> runs by site -> stretches of steady power -> book_split -> a book
 */
#include "ledger/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/exact.h"
#include "base/fail.h"
#include "ledger/paid.h"
#include "ledger/report_accounts.h"
#include "plan/plan.h"

#define PPM 1000000

/* The problem, and the memory behind it. */
struct rerun {
        const struct report_input *input;
        int64_t now, horizon;
        struct plan_site *sites;
        struct plan_step **steps; /* of each site */
        struct plan_job *jobs;    /* those with work to do */
        struct plan_mode *modes;
        size_t *source; /* jobs[i] is input->jobs[source[i]] */
        size_t n_jobs;
        size_t *after; /* of all jobs, one after the other */
        size_t n_after;
};

/* A job on its GPUs without a break. */
struct run {
        uint32_t site;
        int64_t start, end;
        int64_t joules; /* over all of it, evenly */
};

struct runs {
        struct run *at;
        size_t n;
};

/* ---- what both sides share */

static int64_t shortest_run(const struct report_job *job)
{
        return job->start_cost_s + job->work_s;
}

/* At once it starts no sooner, whoever of the compared jobs comes before it. */
static int64_t earliest_start(const struct report_job *job)
{
        return job->others_end > job->release ? job->others_end : job->release;
}

/* A job that ended at `finish` in `starts` starts, on one of the sides; money of delay keeps its remainder. */
static void add_outcome(struct report_side *side, const struct report_job *job, int64_t finish, uint32_t starts,
                        int64_t *delay_rest)
{
        int64_t delay = finish - job->release - shortest_run(job);

        if (delay < 0)
                delay = 0;
        side->delay_s += delay;
        side->gpu_delay_s += delay * job->gpus;
        side->delay_cost += exact_mul_div(delay * job->gpus, job->delay_cost, 3600, delay_rest);
        side->starts += starts;
        if (job->deadline != 0 && finish > job->deadline)
                side->missed_deadlines++;
}

/* ---- the problem */

static struct plan_step make_step(const struct report_site *site, int64_t time, uint32_t gpus)
{
        struct supply_curve curve = site_supply_at(&site->supply, time);
        struct plan_step step = { .start = time, .gpus = gpus };

        /* running at once does not look at prices: only the limits are asked for, and all in one */
        step.n_segments = 1;
        step.segments[0].limit_w = (double)supply_limit(&curve);
        return step;
}

/* The GPUs that were there: at least as many as the widest job had, should a node have gone since. */
static uint32_t gpus_of(const struct report_input *input, size_t s)
{
        uint32_t gpus = input->sites[s].gpus;

        for (size_t j = 0; j < input->n_jobs; j++)
                if (input->jobs[j].site == s && input->jobs[j].gpus > gpus)
                        gpus = input->jobs[j].gpus;
        return gpus;
}

static int64_t pue_ppm(const struct supply_terms *terms)
{
        return terms->pue_ppm > PPM ? terms->pue_ppm : PPM;
}

static int make_site(struct rerun *rerun, size_t s)
{
        const struct report_site *site = &rerun->input->sites[s];
        const struct supply_terms *terms = &site->supply.terms;
        uint32_t gpus = gpus_of(rerun->input, s);
        struct plan_step *steps;
        size_t n = 0;

        for (int64_t time = rerun->now; time < rerun->horizon; time = site_supply_next_edge(&site->supply, time))
                n++;
        steps = calloc(n, sizeof(*steps));
        if (steps == NULL)
                return OFFPEAK_ENOMEM;
        rerun->steps[s] = steps;
        n = 0;
        for (int64_t time = rerun->now; time < rerun->horizon; time = site_supply_next_edge(&site->supply, time))
                steps[n++] = make_step(site, time, gpus);
        rerun->sites[s] = (struct plan_site){
                .name = site->name,
                .steps = steps,
                .n_steps = n,
                .idle_w = (double)site->idle_w,
                .pue_fixed_w = (double)terms->pue_fixed_w,
                .pue_factor = (double)pue_ppm(terms) / PPM,
        };
        return 0;
}

/* Those of them that had work to do: the others are over as soon as they begin. */
static size_t take_after(struct rerun *rerun, const struct report_job *job)
{
        size_t first = rerun->n_after;

        for (size_t i = 0; i < job->n_after; i++)
                for (size_t j = 0; j < rerun->n_jobs; j++)
                        if (rerun->source[j] == job->after[i])
                                rerun->after[rerun->n_after++] = j;
        return rerun->n_after - first;
}

static void make_job(struct rerun *rerun, size_t source)
{
        const struct report_job *job = &rerun->input->jobs[source];
        struct plan_mode *mode = &rerun->modes[rerun->n_jobs];
        const size_t *after = &rerun->after[rerun->n_after];
        size_t n_after = take_after(rerun, job);

        *mode = (struct plan_mode){ .gpus = job->gpus, .watts = job->power_w, .speed = 1 };
        rerun->source[rerun->n_jobs] = source;
        rerun->jobs[rerun->n_jobs++] = (struct plan_job){
                .id = job->id,
                .sites = job->sites | UINT64_C(1) << job->site,
                .modes = mode,
                .n_modes = 1,
                .work_s = (double)job->work_s,
                .release = earliest_start(job),
                .after = after,
                .n_after = n_after,
                .start_cost_s = job->start_cost_s,
                .max_starts = PLAN_ANY_STARTS, /* after the first: only where power or GPUs went */
                .earliest_finish = earliest_start(job) + shortest_run(job),
        };
}

/* From the first release until all jobs would be done if they ran one after the other, each started twice. */
static void set_times(struct rerun *rerun)
{
        int64_t last = rerun->input->to;

        rerun->now = INT64_MAX;
        for (size_t j = 0; j < rerun->input->n_jobs; j++) {
                const struct report_job *job = &rerun->input->jobs[j];

                rerun->now = job->release < rerun->now ? job->release : rerun->now;
                last = earliest_start(job) > last ? earliest_start(job) : last;
        }
        rerun->horizon = last + 1;
        for (size_t j = 0; j < rerun->input->n_jobs; j++)
                rerun->horizon += shortest_run(&rerun->input->jobs[j]) + rerun->input->jobs[j].start_cost_s;
}

static void rerun_finish(struct rerun *rerun)
{
        for (size_t s = 0; rerun->steps != NULL && s < rerun->input->n_sites; s++)
                free(rerun->steps[s]);
        free(rerun->steps);
        free(rerun->sites);
        free(rerun->jobs);
        free(rerun->modes);
        free(rerun->source);
        free(rerun->after);
}

static size_t count_after(const struct report_input *input)
{
        size_t n = 0;

        for (size_t j = 0; j < input->n_jobs; j++)
                n += input->jobs[j].n_after;
        return n;
}

static int rerun_init(struct rerun *rerun, const struct report_input *input)
{
        *rerun = (struct rerun){ .input = input };
        rerun->sites = calloc(input->n_sites, sizeof(*rerun->sites));
        rerun->steps = calloc(input->n_sites, sizeof(*rerun->steps));
        rerun->jobs = calloc(input->n_jobs, sizeof(*rerun->jobs));
        rerun->modes = calloc(input->n_jobs, sizeof(*rerun->modes));
        rerun->source = calloc(input->n_jobs, sizeof(*rerun->source));
        rerun->after = calloc(count_after(input) + 1, sizeof(*rerun->after));
        if (rerun->sites == NULL || rerun->steps == NULL || rerun->jobs == NULL || rerun->modes == NULL ||
            rerun->source == NULL || rerun->after == NULL)
                return OFFPEAK_ENOMEM;
        set_times(rerun);
        for (size_t s = 0; s < input->n_sites; s++)
                if (make_site(rerun, s) != 0)
                        return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < input->n_jobs; j++)
                if (input->jobs[j].work_s > 0)
                        make_job(rerun, j);
        return 0;
}

/* ---- what would have run */

static void add_run(struct runs *runs, const struct report_job *job, int64_t start, int64_t end)
{
        runs->at[runs->n++] = (struct run){
                .site = job->site,
                .start = start,
                .end = end,
                .joules = llround(job->power_w * (double)(end - start)),
        };
}

/* A job that the limits on record have no room for did run, so it is taken to have run at once all the same. */
static void add_runs(struct runs *runs, const struct report_job *job, const struct plan *plan,
                     const struct plan_job_result *result, struct report *report, int64_t *delay_rest)
{
        struct report_side *side = &report->run_now;
        int64_t finish = earliest_start(job) + shortest_run(job);

        if (result->unfinished_s > 0 || result->n == 0) {
                add_run(runs, job, earliest_start(job), finish);
                add_outcome(side, job, finish, 1, delay_rest);
                report->without_room++;
                return;
        }
        for (size_t i = result->first; i < result->first + result->n; i++)
                add_run(runs, job, plan->intervals[i].start, plan->intervals[i].end);
        add_outcome(side, job, result->finish, (uint32_t)result->n, delay_rest);
        side->cuts += (uint32_t)result->n - 1;
}

static int by_site_and_start(const void *left, const void *right)
{
        const struct run *a = left, *b = right;

        if (a->site != b->site)
                return a->site < b->site ? -1 : 1;
        return (a->start > b->start) - (a->start < b->start);
}

/* ---- what that would have drawn */

struct meter {
        const struct report_site *site;
        const struct paid *paid; /* at a site with a store; else NULL */
        struct book *book;
        int64_t pue_rest;
};

static void take_booking(void *context, const struct booking *part)
{
        book_apply(context, part);
}

/* The jobs draw so many joules from start to end: booked at the average price of all that the site draws then. */
static void draw(struct meter *meter, int64_t joules, int64_t start, int64_t end)
{
        const struct supply_terms *terms = &meter->site->supply.terms;
        int64_t it_w = meter->site->idle_w + joules / (end - start);
        int64_t site_w = terms->pue_fixed_w + (int64_t)((__int128)it_w * pue_ppm(terms) / PPM);
        struct booking whole = { .account = ACCOUNT_JOB, .quality = QUALITY_MODELLED, .start = start, .end = end };

        whole.joules = exact_mul_div(joules, pue_ppm(terms), PPM, &meter->pue_rest);
        if (meter->paid != NULL)
                paid_book(meter->paid, start, end, whole.joules, meter->book);
        else
                book_split(&whole, &meter->site->supply, site_w, meter->book, take_booking, meter->book);
}

/* What a run has drawn by a time within it. Stretches that abut add up exactly. */
static int64_t run_until(const struct run *run, int64_t time)
{
        int64_t rest = 0;

        return exact_mul_div(run->joules, time - run->start, run->end - run->start, &rest);
}

/* The runs of one site, ascending by start: stretch by stretch of steady power. `active` has room for all. */
static void meter_site(struct meter *meter, const struct run *runs, size_t n, const struct run **active)
{
        size_t next = 0, n_active = 0;
        int64_t time = n > 0 ? runs[0].start : 0;

        while (next < n || n_active > 0) {
                int64_t until = next < n ? runs[next].start : INT64_MAX, joules = 0;
                size_t kept = 0;

                for (size_t i = 0; i < n_active; i++)
                        until = active[i]->end < until ? active[i]->end : until;
                for (size_t i = 0; i < n_active; i++)
                        joules += run_until(active[i], until) - run_until(active[i], time);
                if (n_active > 0 && until > time)
                        draw(meter, joules, time, until);
                time = until;
                for (size_t i = 0; i < n_active; i++)
                        if (active[i]->end > time)
                                active[kept++] = active[i];
                n_active = kept;
                while (next < n && runs[next].start == time)
                        active[n_active++] = &runs[next++];
        }
}

/* The runs of one site, which all of `runs` are. */
static int meter_runs_of_site(const struct report_input *input, const struct run *runs, size_t n, struct book *book)
{
        const struct run **active = calloc(n + 1, sizeof(const struct run *));
        uint32_t site = runs[0].site;
        struct meter meter = { .site = &input->sites[site], .book = book };
        bool has_store = meter.site->supply.terms.has_store;
        struct paid *paid = has_store ? paid_create(input->bookings, input->n_bookings, site) : NULL;
        int code = active == NULL || (has_store && paid == NULL) ? OFFPEAK_ENOMEM : 0;

        meter.paid = paid;
        if (code == 0)
                meter_site(&meter, runs, n, active);
        paid_destroy(paid);
        free(active);
        return code;
}

static int meter_runs(const struct report_input *input, struct runs *runs, struct book *book)
{
        int code = 0;

        qsort(runs->at, runs->n, sizeof(runs->at[0]), by_site_and_start);
        for (size_t first = 0, n; code == 0 && first < runs->n; first += n) {
                for (n = 1; first + n < runs->n && runs->at[first + n].site == runs->at[first].site;)
                        n++;
                code = meter_runs_of_site(input, &runs->at[first], n, book);
        }
        return code;
}

/* ---- the two sides */

static int account_runs(const struct rerun *rerun, const struct plan *plan, struct report *report)
{
        struct report_side *side = &report->run_now;
        struct runs runs = { 0 };
        struct book book = { 0 };
        int64_t delay_rest = 0;
        int rc;

        runs.at = calloc(plan->n_intervals + rerun->n_jobs + 1, sizeof(*runs.at));
        if (runs.at == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < rerun->n_jobs; j++)
                add_runs(&runs, &rerun->input->jobs[rerun->source[j]], plan, &plan->jobs[j], report, &delay_rest);
        rc = meter_runs(rerun->input, &runs, &book);
        side->joules = book.joules;
        side->cost = book.cost;
        side->carbon_mg = book.carbon_mg;
        side->market_mg = book.market_mg;
        side->unpriced_joules = book.unpriced_joules;
        free(runs.at);
        return rc;
}

static int add_run_now(const struct report_input *input, struct report *report, struct offpeak_error *err)
{
        struct rerun rerun;
        struct plan plan;
        int rc = rerun_init(&rerun, input);

        if (rc == 0 && rerun.n_jobs > 0) {
                const struct plan_problem problem = {
                        .now = rerun.now,
                        .horizon = rerun.horizon,
                        .sites = rerun.sites,
                        .n_sites = input->n_sites,
                        .jobs = rerun.jobs,
                        .n_jobs = rerun.n_jobs,
                        .blind = true, /* the limits on record are those that turned out */
                };

                rc = plan_run_now(&problem, &plan, err);
                if (rc != 0) {
                        fail_at(err, "report");
                        goto out;
                }
                rc = account_runs(&rerun, &plan, report);
                plan_finish(&plan);
        }
        if (rc != 0)
                fail(err, rc, "report: out of memory");
out:
        rerun_finish(&rerun);
        return rc;
}

static void add_actual(const struct report_input *input, struct report *report)
{
        int64_t delay_rest = 0;

        for (size_t j = 0; j < input->n_jobs; j++) {
                const struct report_job *job = &input->jobs[j];

                report->actual.joules += job->joules;
                report->actual.cost += job->cost;
                report->actual.carbon_mg += job->carbon_mg;
                report->actual.market_mg += job->market_mg;
                report->actual.unpriced_joules += job->unpriced_joules;
                add_outcome(&report->actual, job, job->finish, job->starts, &delay_rest);
        }
}

/* ---- the report */

static int check_input(const struct report_input *input, struct offpeak_error *err)
{
        if (input->to < input->from)
                return fail(err, OFFPEAK_EINVAL, "report: its window ends before it begins");
        if (input->n_sites > REPORT_SITES)
                return fail(err, OFFPEAK_EINVAL, "report: at most 64 sites can be compared, not %zu", input->n_sites);
        for (size_t j = 0; j < input->n_jobs; j++) {
                const struct report_job *job = &input->jobs[j];

                if (job->site >= input->n_sites || job->gpus == 0 || job->power_w < 0 || job->work_s < 0 ||
                    job->start_cost_s < 0)
                        return fail(err, OFFPEAK_EINVAL, "report: job %llu has no site, no GPUs, or less than no work",
                                    (unsigned long long)job->id);
        }
        for (size_t i = 0; i < input->n_bookings; i++) {
                const struct booking *booking = &input->bookings[i];

                if (booking->account < ACCOUNT_JOB || (int)booking->account >= ACCOUNT_COUNT ||
                    booking->quality < QUALITY_MEASURED || booking->quality > QUALITY_ESTIMATED ||
                    booking->site >= REPORT_SITES)
                        return fail(err, OFFPEAK_EINVAL, "report: a booking of job %llu is in no account",
                                    (unsigned long long)booking->job);
        }
        return 0;
}

int report_compute(const struct report_input *input, struct report *ret_report, struct offpeak_error *err)
{
        struct report report = { .n_jobs = (uint32_t)input->n_jobs };
        int rc = check_input(input, err);

        if (rc != 0)
                return rc;
        add_actual(input, &report);
        if (input->n_jobs > 0)
                rc = add_run_now(input, &report, err);
        if (rc != 0)
                return rc;
        for (size_t i = 0; i < input->n_bookings; i++)
                report_add_booking(input, &input->bookings[i], &report);
        report.saved = report.run_now.cost - report.actual.cost;
        report.saved_carbon_mg = report.run_now.carbon_mg - report.actual.carbon_mg;
        report.saved_market_mg = report.run_now.market_mg - report.actual.market_mg;
        report.net_saved = report.saved - (report.actual.delay_cost - report.run_now.delay_cost);
        *ret_report = report;
        return 0;
}
