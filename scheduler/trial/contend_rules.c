/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contend_rules.c - from one time at which something may change to the next: runs end, jobs are submitted and ask their rule, and whoever
 * wants to run and fits is started. A job stays at the first site that its class may use.
 */
#include "trial/contend_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/room.h"
#include "supply/site_supply.h"
#include "trial/needs.h"
#include "trial/pool.h"
#include "trial/rules.h"

#define MICRO 1e-6

struct runner {
        size_t j;
        const struct trace_job *job;
        uint32_t site;
        int64_t start_cost_s;
        bool interruptible;
        struct wishes wishes;
        int64_t ran_s, done_s;     /* in runs that ended: all of it, and what was progress */
        int64_t since, until;      /* its run now; since 0: it does not run */
        struct pool_share share;   /* of it, where nodes fail */
        const struct segment *hours; /* what was planned, a wish each; NULL: its rule's wishes */
};

/* GPUs and power that are in use at a site. */
struct place {
        struct site_supply supply;
        double pue, idle_w, used_w; /* at the meter */
        uint32_t gpus, used;
};

struct field {
        const struct trial *trial;
        const struct trial_watch *watch;
        rule rule;
        double level, share;
        struct rates *rates;       /* of each site and class, at [site * n_classes + class]; edges NULL: not made yet */
        struct place *places;      /* of each site */
        struct runner *active;     /* submitted and not done, in that order */
        size_t n_active;
        size_t next;               /* job to be submitted */
        const struct outcome *hours; /* in place of a rule */
        size_t next_hours;           /* of them: the first of a job that is not submitted yet */
        bool fails;                  /* nodes do */
        struct pool pool;            /* where they do */
        struct outcome outcome;
};

/* ---- what a job wants */

static const struct rates *rates_of(struct field *field, uint32_t site, uint32_t class)
{
        const struct policy *policy = &field->trial->policy;
        struct rates *rates = &field->rates[site * policy->n_classes + class];

        if (rates->edges == NULL &&
            rates_init(rates, field->trial, policy->sites[site].name, (double)policy->classes[class].carbon_price * MICRO) != 0)
                return NULL;
        return rates;
}

static uint32_t site_of(const struct trial *trial, const struct policy_class *class)
{
        for (uint32_t s = 0; s < trial->policy.n_sites; s++)
                if (class->n_sites == 0 || strcmp(class->sites[0], trial->policy.sites[s].name) == 0)
                        return s;
        return 0;
}

/* From `time` on, what is left of it. */
static int ask(struct field *field, struct runner *runner, int64_t time)
{
        const struct trial *trial = field->trial;
        uint32_t class = trial->classes[runner->j];
        struct rule_question question = {
                .rates = rates_of(field, runner->site, class),
                .earliest = time,
                .latest = runner->job->deadline,
                .seconds = runner->job->duration_s - runner->done_s + runner->start_cost_s,
                .interruptible = runner->interruptible,
                .level = field->level,
                .share = field->share,
        };
        int64_t max_delay_s = trial->policy.classes[class].max_delay_s,
                bounded = runner->job->submit + max_delay_s + runner->job->duration_s + runner->start_cost_s;

        if (question.rates == NULL)
                return OFFPEAK_ENOMEM;
        if (max_delay_s > 0 && (question.latest == 0 || bounded < question.latest))
                question.latest = bounded;
        if (question.latest == 0 || question.latest > trial->to)
                question.latest = trial->to;
        if (question.latest < question.earliest + question.seconds)
                question.latest = question.earliest + question.seconds;
        if (question.latest > trial->to) /* what it cannot know it does not ask for: it runs at once */
                question.latest = trial->to;
        if (question.latest - question.earliest < question.seconds) {
                runner->wishes.n = 0;
                return 0;
        }
        return field->rule(&question, &runner->wishes);
}

/* Its planned hours. ENOMEM. */
static int take_hours(struct field *field, struct runner *runner)
{
        const struct outcome *hours = field->hours;
        size_t first = field->next_hours, n = 0;

        while (first + n < hours->n && hours->segments[first + n].job == runner->j)
                n++;
        field->next_hours = first + n;
        runner->hours = &hours->segments[first];
        runner->wishes.at = calloc(n + 1, sizeof(*runner->wishes.at));
        if (runner->wishes.at == NULL)
                return OFFPEAK_ENOMEM;
        runner->wishes.n = n;
        for (size_t i = 0; i < n; i++)
                runner->wishes.at[i] = (struct wish){ runner->hours[i].start, runner->hours[i].end };
        return 0;
}

/* Where it was planned at that time, or last. */
static void find_site(struct runner *runner, int64_t time)
{
        for (size_t i = 0; runner->hours != NULL && i < runner->wishes.n && (i == 0 || runner->hours[i].start <= time);
             i++)
                runner->site = runner->hours[i].site;
}

/* Seconds that it wished for before `time`; whether it wishes for that second itself. */
static int64_t wished(const struct runner *runner, int64_t time, bool *ret_now)
{
        int64_t sum = 0;

        *ret_now = false;
        for (size_t i = 0; i < runner->wishes.n && runner->wishes.at[i].start <= time; i++) {
                const struct wish *wish = &runner->wishes.at[i];

                *ret_now = *ret_now || time < wish->end;
                sum += (time < wish->end ? time : wish->end) - wish->start;
        }
        return sum;
}

static int64_t last_wish(const struct runner *runner)
{
        return runner->wishes.n > 0 ? runner->wishes.at[runner->wishes.n - 1].end : INT64_MIN;
}

static bool wants(const struct runner *runner, int64_t time)
{
        bool now;
        int64_t sum = wished(runner, time, &now);

        return now || runner->ran_s < sum || time >= last_wish(runner) || (!runner->interruptible && runner->ran_s > 0);
}

/* When a run that begins at `time` ends: done, or where it has had all that it wished for so far. */
static int64_t run_until(const struct runner *runner, int64_t time)
{
        int64_t done = time + runner->start_cost_s + runner->job->duration_s - runner->done_s, sum = 0;

        for (size_t i = 0; runner->interruptible && i + 1 < runner->wishes.n; i++) {
                int64_t gap = runner->wishes.at[i].end, end = runner->wishes.at[i + 1].start, stop;

                sum += gap - runner->wishes.at[i].start;
                stop = time + sum - runner->ran_s;
                stop = stop > gap ? stop : gap;
                if (stop > time + runner->start_cost_s && stop < end)
                        return stop < done ? stop : done;
        }
        return done;
}

/* ---- room */

static bool fits(const struct field *field, const struct runner *runner, int64_t time)
{
        const struct place *place = &field->places[runner->site];
        struct supply_curve curve = site_supply_at(&place->supply, time);
        int64_t limit = supply_limit(&curve);
        double more = place->pue * needs_watts(field->trial, runner->job);

        return runner->job->gpus <= place->gpus - place->used &&
               (limit == INT64_MAX || place->idle_w + place->used_w + more <= (double)limit);
}

/* In GPUs and power; with `sign` -1 it gives them back. */
static void take(struct field *field, const struct runner *runner, int sign)
{
        struct place *place = &field->places[runner->site];

        place->used += sign > 0 ? runner->job->gpus : -runner->job->gpus;
        place->used_w += sign * place->pue * needs_watts(field->trial, runner->job);
}

static int begin(struct field *field, struct runner *runner, int64_t time)
{
        take(field, runner, 1);
        runner->since = time;
        runner->until = run_until(runner, time);
        return field->fails ? pool_take(&field->pool, field->trial->policy.sites[runner->site].name, runner->job->gpus,
                                        &runner->share)
                            : 0;
}

static void leave(struct field *field, struct runner *runner)
{
        take(field, runner, -1);
        if (field->fails)
                pool_give_back(&field->pool, &runner->share);
        runner->since = 0;
}

static int end(struct field *field, struct runner *runner)
{
        struct segment segment = { runner->j, runner->site, runner->job->gpus, runner->since, runner->until, 0, false, 0 };
        int64_t ran = runner->until - runner->since;

        leave(field, runner);
        runner->ran_s += ran;
        runner->done_s += ran - runner->start_cost_s;
        if (runner->done_s >= runner->job->duration_s)
                field->outcome.finish[runner->j] = runner->until;
        return outcome_add(&field->outcome, segment, false);
}

/* ---- failures */

/* What it had of its wishes is what is saved: so it is behind them, and catches up at once. */
static int cut(struct field *field, struct runner *runner, int64_t time)
{
        struct segment segment = { runner->j, runner->site, runner->job->gpus, runner->since, time, 0, false, 0 };
        int64_t ran = time - runner->since, saved = trial_saved(field->trial, runner->j, ran);
        int code = 0;

        leave(field, runner);
        if (ran == 0)
                return 0;
        if (saved == 0 && !runner->interruptible)
                runner->ran_s = 0;
        runner->ran_s += saved;
        runner->done_s += saved;
        code = outcome_add(&field->outcome, segment, false);
        if (code == 0)
                code = outcome_lose(&field->outcome, (struct loss){ runner->j, segment.site, time, ran - saved });
        if (code != 0 || field->hours != NULL)
                return code;
        runner->ran_s = 0;
        return ask(field, runner, time);
}

static int change_nodes(struct field *field, int64_t time)
{
        uint32_t node;
        int code = 0;

        if (!field->fails)
                return 0;
        pool_return(&field->pool, time);
        while (code == 0 && pool_fail(&field->pool, time, &node))
                for (size_t i = 0; code == 0 && i < field->n_active; i++)
                        if (field->active[i].since != 0 && pool_share_has(&field->active[i].share, node))
                                code = cut(field, &field->active[i], time);
        for (size_t s = 0; s < field->trial->policy.n_sites; s++)
                field->places[s].gpus =
                        field->places[s].used + pool_free(&field->pool, field->trial->policy.sites[s].name);
        return code;
}

/* ---- time */

static int64_t next_wish(const struct runner *runner, int64_t time)
{
        for (size_t i = 0; i < runner->wishes.n; i++)
                if (runner->wishes.at[i].start > time)
                        return runner->wishes.at[i].start;
        return last_wish(runner) > time ? last_wish(runner) : INT64_MAX;
}

/* Behind `time`; INT64_MAX: nothing happens any more. */
static int64_t next_time(const struct field *field, int64_t time)
{
        int64_t next = field->next < field->trial->trace.n ? field->trial->trace.jobs[field->next].submit : INT64_MAX;
        bool crowded = false;

        if (field->fails && field->n_active > 0 && pool_next(&field->pool, time) < next)
                next = pool_next(&field->pool, time);
        for (size_t i = 0; i < field->n_active; i++) {
                const struct runner *runner = &field->active[i];
                int64_t at = runner->since != 0 ? runner->until : next_wish(runner, time);

                next = at > time && at < next ? at : next;
                crowded = crowded || runner->since == 0;
        }
        for (size_t s = 0; crowded && s < field->trial->policy.n_sites; s++) { /* whoever waits may wait for power */
                int64_t edge = site_supply_next_edge(&field->places[s].supply, time);

                next = edge < next && edge < field->trial->to ? edge : next;
        }
        return next;
}

static int end_runs(struct field *field, int64_t time)
{
        size_t kept = 0;
        int code = 0;

        for (size_t i = 0; code == 0 && i < field->n_active; i++) {
                struct runner *runner = &field->active[i];

                if (runner->since != 0 && runner->until <= time)
                        code = end(field, runner);
                if (field->outcome.finish[runner->j] != 0)
                        wishes_finish(&runner->wishes);
                else
                        field->active[kept++] = *runner;
        }
        if (code == 0)
                field->n_active = kept;
        return code;
}

static int submit(struct field *field)
{
        const struct trial *trial = field->trial;
        size_t j = field->next++;
        const struct policy_class *class = &trial->policy.classes[trial->classes[j]];
        struct runner *runner = room_for_one((void **)&field->active, field->n_active, sizeof(*runner));

        if (runner == NULL)
                return OFFPEAK_ENOMEM;
        *runner = (struct runner){ .j = j, .job = &trial->trace.jobs[j], .site = site_of(trial, class) };
        field->n_active++;
        runner->start_cost_s = class->start_cost_s;
        runner->interruptible = trial_may_interrupt(trial, j);
        return field->hours != NULL ? take_hours(field, runner) : ask(field, runner, runner->job->submit);
}

static int step(struct field *field, int64_t time)
{
        const struct trace *trace = &field->trial->trace;
        int code = end_runs(field, time);

        if (code == 0)
                code = change_nodes(field, time);
        while (code == 0 && field->next < trace->n && trace->jobs[field->next].submit <= time)
                code = submit(field);
        for (size_t i = 0; code == 0 && i < field->n_active; i++) {
                struct runner *runner = &field->active[i];

                if (runner->since != 0 || !wants(runner, time))
                        continue;
                find_site(runner, time);
                if (fits(field, runner, time))
                        code = begin(field, runner, time);
        }
        if (field->watch != NULL && field->watch->progress != NULL)
                field->watch->progress(field->watch->context, (double)field->next / (double)trace->n);
        return code;
}

/* What still runs at the end of time is cut there. */
static int cut_off(struct field *field)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < field->n_active; i++) {
                struct runner *runner = &field->active[i];

                if (runner->since == 0 || runner->since >= field->trial->to)
                        continue;
                runner->until = runner->until < field->trial->to ? runner->until : field->trial->to;
                code = end(field, runner);
        }
        return code;
}

/* ---- the whole */

static int open_places(struct field *field)
{
        const struct trial *trial = field->trial;
        size_t n = trial->policy.n_sites;

        field->places = calloc(n + 1, sizeof(*field->places));
        field->rates = calloc(n * trial->policy.n_classes + 1, sizeof(*field->rates));
        if (field->places == NULL || field->rates == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < n; s++) {
                const struct policy_site *site = &trial->policy.sites[s];
                struct place *place = &field->places[s];

                *place = (struct place){ .supply = trial_supply(trial, site, TRIAL_TRUTH),
                                         .pue = (double)site->terms.pue_ppm * MICRO,
                                         .gpus = trial_gpus(trial, site->name) };
                place->idle_w = trial_idle_w(trial, site);
        }
        field->fails = trial->hardware.outages.n > 0;
        if (field->fails && pool_init(&field->pool, trial) != 0)
                return OFFPEAK_ENOMEM;
        return outcome_init(&field->outcome, trial->trace.n);
}

static void close_field(struct field *field)
{
        const struct policy *policy = &field->trial->policy;

        for (size_t i = 0; i < field->n_active; i++) {
                wishes_finish(&field->active[i].wishes);
                free(field->active[i].share.holds);
        }
        pool_finish(&field->pool);
        for (size_t i = 0; field->rates != NULL && i < policy->n_sites * policy->n_classes; i++)
                rates_finish(&field->rates[i]);
        free(field->active);
        free(field->rates);
        free(field->places);
}

static int contend(struct field *field, struct outcome *ret_outcome, struct offpeak_error *err)
{
        int code = open_places(field);
        int64_t time = field->trial->from;

        for (time = next_time(field, time - 1); code == 0 && time < field->trial->to; time = next_time(field, time))
                code = step(field, time);
        if (code == 0)
                code = end_runs(field, field->trial->to);
        if (code == 0)
                code = cut_off(field);
        close_field(field);
        if (code != 0) {
                outcome_finish(&field->outcome);
                return fail(err, code, "out of memory");
        }
        outcome_sort(&field->outcome);
        *ret_outcome = field->outcome;
        return 0;
}

int contend_hours(const struct trial *trial, const struct outcome *hours, const struct trial_watch *watch,
                  struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct field field = { .trial = trial, .watch = watch, .hours = hours };

        return contend(&field, ret_outcome, err);
}

int contend_cheapest_window(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                            struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct field field = { .trial = trial, .watch = watch, .rule = rule_cheapest_window };

        (void)parameter;
        return contend(&field, ret_outcome, err);
}

int contend_wait_awhile(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                        struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct field field = { .trial = trial, .watch = watch, .rule = rule_wait_awhile };

        (void)parameter;
        return contend(&field, ret_outcome, err);
}

int contend_carbon_time(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                        struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct field field = { .trial = trial, .watch = watch, .rule = rule_carbon_time };

        (void)parameter;
        return contend(&field, ret_outcome, err);
}

int contend_threshold(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                      struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct field field = { .trial = trial, .watch = watch, .rule = rule_threshold };
        char *rest = NULL;
        double number = parameter != NULL ? strtod(parameter, &rest) : NAN;
        bool is_share = rest != NULL && strcmp(rest, "%") == 0;

        if (parameter == NULL || rest == parameter || (!is_share && *rest != '\0') || !isfinite(number) ||
            (is_share && !(number > 0 && number < 100)))
                return fail(err, OFFPEAK_EUSAGE,
                            "give a rate, as threshold:40, or a share of each job's time, as threshold:30%%");
        if (is_share)
                field.share = number / 100;
        else
                field.level = number;
        return contend(&field, ret_outcome, err);
}
