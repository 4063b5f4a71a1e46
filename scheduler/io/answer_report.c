/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_report.c - what a time cost against running at once. Sites of one currency are reported together; money of
 * two currencies is never added.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/after.h"
#include "core/outcome.h"
#include "core/possible.h"
#include "io/answer_demand.h"
#include "io/answer_load.h"
#include "io/answer_parts.h"
#include "io/answer_ran.h"
#include "ledger/report.h"
#include "ledger/surplus.h"

enum { WEEK = 7 * 86400 };

struct question {
        int64_t from, to;
        const char *site, *user; /* NULL: all */
        bool steps;              /* with what was drawn, and which jobs ran, over time */
        struct ran *ran;         /* of all jobs; only with steps */
        size_t n_ran;
};

/* The sites of one currency, their jobs and bookings, as the report wants them. */
struct group {
        const char *currency;
        struct report_site *sites;
        uint32_t *index;         /* stable site id -> index in sites, or NONE_U32 */
        size_t n_sites;
        struct report_job *jobs;
        size_t n_jobs;
        size_t *after; /* of all jobs, one after the other: indices in jobs */
        size_t n_after;
        struct booking *bookings;
        size_t n_bookings;
};

static bool same_currency(const char *a, const char *b)
{
        return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- gathering */

static void take_sites(const struct answer *answer, const struct question *question, struct group *group)
{
        const struct state *state = answer->state;

        for (uint32_t i = 0; i < state->n_sites; i++) {
                const struct site *site = &state->sites[i];
                struct report_site *to = &group->sites[group->n_sites];

                group->index[i] = NONE_U32;
                if (!same_currency(answer_site_currency(state, site), group->currency) ||
                    (question->site != NULL && strcmp(question->site, site->name) != 0))
                        continue;
                *to = outcome_of_site(state, site);
                group->index[i] = (uint32_t)group->n_sites++;
        }
}

static bool is_compared(const struct state *state, const struct question *question, const struct group *group,
                        const struct job *job)
{
        return outcome_is_known(job, question->from, question->to) && job->site < state->n_sites &&
               group->index[job->site] != NONE_U32 &&
               (question->user == NULL || (job->user != NULL && strcmp(question->user, job->user) == 0));
}

static void take_bookings(const struct state *state, const struct booking *bookings, size_t n, struct group *group)
{
        for (size_t i = 0; i < n; i++) {
                uint32_t site = bookings[i].site;

                if (site >= state->n_sites || group->index[site] == NONE_U32)
                        continue;
                group->bookings[group->n_bookings] = bookings[i];
                group->bookings[group->n_bookings++].site = group->index[site];
        }
}

static void group_finish(struct group *group)
{
        free(group->sites);
        free(group->index);
        free(group->jobs);
        free(group->after);
        free(group->bookings);
}

static size_t count_after(const struct state *state)
{
        size_t n = 0;

        for (size_t i = 0; i < state->n_jobs; i++)
                n += after_count(&state->jobs[i]);
        return n;
}

static size_t index_of(const struct group *group, uint64_t id)
{
        size_t i = 0;

        while (i < group->n_jobs && group->jobs[i].id != id)
                i++;
        return i;
}

/* At once it might have gone where there was room: not only where the plan has put it. */
static uint64_t sites_at_once(const struct state *state, const struct job *job, const struct group *group)
{
        uint64_t allowed = possible_at_first(state, job), sites = 0;

        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++)
                if ((allowed >> s & 1) != 0 && group->index[s] != NONE_U32)
                        sites |= UINT64_C(1) << group->index[s];
        return sites;
}

/* At once, too, it runs behind those that it came after: they have ended, some of them beside the compared jobs. */
static void take_job(const struct state *state, const struct job *job, struct group *group)
{
        struct report_job *to = &group->jobs[group->n_jobs];

        *to = outcome_of_job(state, job, group->index[job->site]);
        to->sites = sites_at_once(state, job, group);
        to->after = &group->after[group->n_after];
        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);
                size_t at = index_of(group, link.id);

                if (at < group->n_jobs)
                        group->after[group->n_after + to->n_after++] = at;
                else if (link.other != NULL && link.other->ended_at > to->others_end)
                        to->others_end = link.other->ended_at;
        }
        group->n_after += to->n_after;
        group->n_jobs++;
}

static int group_init(const struct answer *answer, const struct question *question, const char *currency,
                      const struct booking *bookings, size_t n_bookings, struct group *ret_group)
{
        const struct state *state = answer->state;
        struct group group = { .currency = currency };

        group.sites = calloc(state->n_sites + 1, sizeof(*group.sites));
        group.index = calloc(state->n_sites + 1, sizeof(*group.index));
        group.jobs = calloc(state->n_jobs + 1, sizeof(*group.jobs));
        group.after = calloc(count_after(state) + 1, sizeof(*group.after));
        group.bookings = calloc(n_bookings + 1, sizeof(*group.bookings));
        if (group.sites == NULL || group.index == NULL || group.jobs == NULL || group.after == NULL ||
            group.bookings == NULL) {
                group_finish(&group);
                return OFFPEAK_ENOMEM;
        }
        take_sites(answer, question, &group);
        for (size_t i = 0; i < state->n_jobs; i++)
                if (is_compared(state, question, &group, &state->jobs[i]))
                        take_job(state, &state->jobs[i], &group);
        take_bookings(state, bookings, n_bookings, &group);
        *ret_group = group;
        return 0;
}

/* ---- telling */

/* What a site has itself emits what the configuration says; only the grid needs a series. */
static bool carbon_is_known(const struct group *group)
{
        for (size_t i = 0; i < group->n_sites; i++) {
                const struct site_supply *supply = &group->sites[i].supply;

                if (supply->carbon->n_points == 0 && supply->terms.grid_limit_w != 0)
                        return false;
        }
        return true;
}

static json_t *side(struct answer *answer, const struct report_side *side, uint32_t n_jobs, bool carbon_known)
{
        json_t *object = json_object();

        answer_put(answer, object, "energy_j", json_integer(side->joules));
        answer_put(answer, object, "cost_micro", json_integer(side->cost));
        answer_put(answer, object, "unpriced_energy_j", json_integer(side->unpriced_joules));
        answer_put(answer, object, "carbon_mg", answer_known(carbon_known, side->carbon_mg));
        answer_put(answer, object, "market_carbon_mg", answer_known(carbon_known, side->market_mg));
        answer_put(answer, object, "delay_s", json_integer(side->delay_s));
        answer_put(answer, object, "mean_delay_s", answer_known(n_jobs > 0, n_jobs > 0 ? side->delay_s / n_jobs : 0));
        answer_put(answer, object, "gpu_delay_s", json_integer(side->gpu_delay_s));
        answer_put(answer, object, "delay_cost_micro", json_integer(side->delay_cost));
        answer_put(answer, object, "missed_deadlines", json_integer(side->missed_deadlines));
        answer_put(answer, object, "starts", json_integer(side->starts));
        return object;
}

static json_t *accounts(struct answer *answer, const struct report *report)
{
        json_t *object = json_object();

        for (unsigned a = ACCOUNT_JOB; a < ACCOUNT_COUNT; a++) {
                const struct book *book = &report->accounts[a];
                json_t *item = json_object();

                answer_put(answer, item, "energy_j", json_integer(book->joules));
                answer_put(answer, item, "cost_micro", json_integer(book->cost));
                answer_put(answer, item, "carbon_mg", json_integer(book->carbon_mg));
                answer_put(answer, item, "market_carbon_mg", json_integer(book->market_mg));
                answer_put(answer, item, "unpriced_energy_j", json_integer(book->unpriced_joules));
                answer_put(answer, item, "uncounted_energy_j", json_integer(book->uncounted_joules));
                answer_put(answer, item, "market_uncounted_energy_j", json_integer(book->unmarketed_joules));
                answer_put(answer, object, account_name(a), item);
        }
        return object;
}

static json_t *qualities(struct answer *answer, const struct report *report)
{
        json_t *object = json_object();

        for (unsigned q = QUALITY_MEASURED; q <= QUALITY_ESTIMATED; q++) {
                char key[32];

                snprintf(key, sizeof(key), "%s_j", quality_name(q));
                answer_put(answer, object, key, json_integer(report->quality_joules[q]));
        }
        return object;
}

/* Nodes whose energy of the time was not measured, or not all of it. */
static json_t *unmeasured_nodes(struct answer *answer, const struct question *question, const struct group *group)
{
        const struct state *state = answer->state;
        json_t *list = json_array();
        bool *unmeasured = calloc(state->n_nodes + 1, sizeof(*unmeasured));

        if (unmeasured == NULL)
                answer->failed = true;
        for (size_t i = 0; unmeasured != NULL && i < group->n_bookings; i++)
                if (group->bookings[i].node < state->n_nodes && group->bookings[i].quality != QUALITY_MEASURED &&
                    group->bookings[i].end > question->from)
                        unmeasured[group->bookings[i].node] = true;
        for (uint32_t n = 0; unmeasured != NULL && n < state->n_nodes; n++)
                if (unmeasured[n])
                        answer_add(answer, list, answer_text(state->nodes[n].name));
        free(unmeasured);
        return list;
}

/* When a job ran within the report's time. */
static json_t *job_intervals(struct answer *answer, const struct question *question, uint64_t job)
{
        json_t *list = json_array();

        for (size_t i = 0; i < question->n_ran; i++) {
                const struct ran *ran = &question->ran[i];
                int64_t start = ran->start > question->from ? ran->start : question->from;
                int64_t end = ran->end < question->to ? ran->end : question->to;
                json_t *item;

                if (ran->job != job || start >= end)
                        continue;
                item = json_object();
                answer_put(
                        answer, item, "site",
                        answer_text(ran->site < answer->state->n_sites ? answer->state->sites[ran->site].name : NULL));
                answer_put(answer, item, "start_utc", answer_utc(start));
                answer_put(answer, item, "end_utc", answer_utc(end));
                answer_add(answer, list, item);
        }
        return list;
}

/* What it takes to run the job once more on paper: what it asked for, and what it took. */
static void put_work(struct answer *answer, json_t *item, const struct report_job *job, const struct job *known)
{
        const struct offpeak_job_spec *spec = &known->spec;
        bool decides = spec->interruptible == OFFPEAK_CLASS_DECIDES;

        answer_put(answer, item, "site_asked", answer_text(spec->site));
        answer_put(answer, item, "interruptible_asked",
                   decides ? json_null() : json_boolean(spec->interruptible == OFFPEAK_YES));
        answer_put(answer, item, "starts", json_integer(job->starts));
        answer_put(answer, item, "start_cost_s", json_integer(job->start_cost_s));
        answer_put(answer, item, "work_s", json_integer(job->work_s));
        answer_put(answer, item, "ran_s", json_integer(known->ran_s));
        answer_put(answer, item, "job_energy_j", json_integer(known->joules));
        answer_put(answer, item, "power_w", answer_real(job->power_w));
}

static json_t *job_lines(struct answer *answer, const struct question *question, const struct group *group)
{
        json_t *list = json_array();

        for (size_t i = 0; i < group->n_jobs; i++) {
                const struct report_job *job = &group->jobs[i];
                const struct job *known = state_job(answer->state, job->id);
                json_t *item = json_object();

                answer_put(answer, item, "id", json_integer((json_int_t)job->id));
                answer_put(answer, item, "name", answer_text(known->spec.name));
                answer_put(answer, item, "user", answer_text(known->user));
                answer_put(answer, item, "status", json_string(answer_job_status(answer->state, known)));
                answer_put(answer, item, "gpus", json_integer(job->gpus));
                answer_put(answer, item, "ended_utc", answer_utc(job->finish));
                answer_put(answer, item, "energy_j", json_integer(job->joules));
                answer_put(answer, item, "cost_micro", json_integer(job->cost));
                answer_put(answer, item, "carbon_mg", json_integer(job->carbon_mg));
                answer_put(answer, item, "market_carbon_mg", json_integer(job->market_mg));
                answer_put(answer, item, "unpriced_energy_j", json_integer(job->unpriced_joules));
                answer_put(answer, item, "late_s",
                           answer_known(job->deadline != 0,
                                        job->finish > job->deadline ? job->finish - job->deadline : 0));
                answer_put(answer, item, "deadline_utc", answer_utc(job->deadline));
                put_work(answer, item, job, known);
                if (question->steps)
                        answer_put(answer, item, "intervals", job_intervals(answer, question, job->id));
                answer_add(answer, list, item);
        }
        return list;
}

/* Units that supplied anything; an agreement by the name that it has now. */
static json_t *units(struct answer *answer, const struct supply_terms *terms, const int64_t *joules)
{
        json_t *list = json_array();

        for (int unit = SUPPLY_REACTOR; unit < SUPPLY_UNITS; unit++) {
                int ppa = unit - SUPPLY_PPA;
                bool named = ppa >= 0 && ppa < (int)terms->n_ppas;
                json_t *item;

                if (joules[unit] == 0)
                        continue;
                item = json_object();
                answer_put(answer, item, "unit", json_string(supply_unit_name((enum supply_unit)unit)));
                answer_put(answer, item, "name", named ? answer_text(terms->ppas[ppa].name) : json_null());
                answer_put(answer, item, "energy_j", json_integer(joules[unit]));
                answer_add(answer, list, item);
        }
        return list;
}

/* What the store did in the time, and what is in it now, by the books. */
static json_t *store_at(struct answer *answer, const struct site *site, const struct report_store *store)
{
        const struct book *held = &site->books[ACCOUNT_STORAGE];
        json_t *object;

        if (site->stock.counted_at == 0)
                return json_null();
        object = json_object();
        answer_put(answer, object, "charged_j", json_integer(store->charged));
        answer_put(answer, object, "given_j", json_integer(store->given));
        answer_put(answer, object, "lost_j", json_integer(store->lost));
        answer_put(answer, object, "opened_with_j", json_integer(store->found));
        answer_put(answer, object, "held_j", json_integer(held->joules));
        answer_put(answer, object, "held_cost_micro", json_integer(held->cost));
        answer_put(answer, object, "held_unpriced_j", json_integer(held->unpriced_joules));
        answer_put(answer, object, "counted_utc", answer_utc(site->stock.counted_at));
        return object;
}

static json_t *supplied_at(struct answer *answer, const struct question *question, const struct site *site,
                           const int64_t *joules, const struct report_store *store)
{
        struct site_supply supply = state_supply(answer->state, site);
        int64_t to = question->to < answer->now.wall ? question->to : answer->now.wall;
        struct surplus surplus = surplus_of(&site->meter, &supply, question->from, to);
        bool known = surplus_is_possible(&supply.terms);
        json_t *object = json_object();

        answer_put(answer, object, "site", answer_text(site->name));
        answer_put(answer, object, "units", units(answer, &supply.terms, joules));
        answer_put(answer, object, "store", store_at(answer, site, store));
        answer_put(answer, object, "surplus_from_utc", known ? answer_utc(surplus.from) : json_null());
        answer_put(answer, object, "exported_j", answer_known(known, surplus.exported));
        answer_put(answer, object, "curtailed_j", answer_known(known, surplus.curtailed));
        answer_put(answer, object, "settled_micro", answer_known(known && surplus.settled_known, surplus.settled));
        return object;
}

static json_t *supplied(struct answer *answer, const struct question *question, const struct group *group,
                        const struct report *report)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < answer->state->n_sites; i++)
                if (group->index[i] != NONE_U32) {
                        const struct site *site = &answer->state->sites[i];
                        struct site_supply supply = state_supply(answer->state, site);
                        json_t *item = supplied_at(answer, question, site, report->unit_joules[group->index[i]],
                                                   &report->stores[group->index[i]]);

                        if (question->steps)
                                answer_put(answer, item, "steps",
                                           answer_load_booked(answer, &supply, group->bookings, group->n_bookings,
                                                              group->index[i], question->from, question->to));
                        answer_add(answer, list, item);
                }
        return list;
}

static json_t *demand_charges(struct answer *answer, const struct question *question, const struct group *group)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < answer->state->n_sites; i++)
                if (group->index[i] != NONE_U32)
                        answer_demands(answer, &answer->state->sites[i], question->from, question->to, list);
        return list;
}

static json_t *report_object(struct answer *answer, const struct question *question, const struct group *group,
                             const struct report *report)
{
        json_t *object = json_object(), *sites = json_array();

        for (size_t i = 0; i < group->n_sites; i++)
                answer_add(answer, sites, answer_text(group->sites[i].name));
        answer_put(answer, object, "currency", answer_text(group->currency));
        answer_put(answer, object, "sites", sites);
        answer_put(answer, object, "n_jobs", json_integer(report->n_jobs));
        answer_put(answer, object, "run_now", side(answer, &report->run_now, report->n_jobs, carbon_is_known(group)));
        answer_put(answer, object, "run_now_cuts", json_integer(report->run_now.cuts));
        answer_put(answer, object, "run_now_without_room", json_integer(report->without_room));
        answer_put(answer, object, "actual", side(answer, &report->actual, report->n_jobs, carbon_is_known(group)));
        answer_put(answer, object, "saved_micro", json_integer(report->saved));
        answer_put(answer, object, "saved_carbon_mg", answer_known(carbon_is_known(group), report->saved_carbon_mg));
        answer_put(answer, object, "saved_market_carbon_mg", answer_known(carbon_is_known(group), report->saved_market_mg));
        answer_put(answer, object, "net_saved_micro", json_integer(report->net_saved));
        answer_put(answer, object, "accounts", accounts(answer, report));
        answer_put(answer, object, "supplied", supplied(answer, question, group, report));
        answer_put(answer, object, "demand_charges", demand_charges(answer, question, group));
        answer_put(answer, object, "quality", qualities(answer, report));
        answer_put(answer, object, "unmeasured_nodes", unmeasured_nodes(answer, question, group));
        answer_put(answer, object, "jobs", job_lines(answer, question, group));
        return object;
}

static int add_report(struct answer *answer, const struct question *question, const char *currency,
                      const struct booking *bookings, size_t n_bookings, json_t *list, struct offpeak_error *err)
{
        struct report_input input = { .from = question->from, .to = question->to };
        struct report report;
        struct group group;
        int r = group_init(answer, question, currency, bookings, n_bookings, &group);

        if (r != 0)
                return fail(err, r, "out of memory");
        input.sites = group.sites;
        input.n_sites = group.n_sites;
        input.jobs = group.jobs;
        input.n_jobs = group.n_jobs;
        input.bookings = group.bookings;
        input.n_bookings = group.n_bookings;
        if (group.n_sites > 0)
                r = report_compute(&input, &report, err);
        if (r == 0 && group.n_sites > 0)
                answer_add(answer, list, report_object(answer, question, &group, &report));
        group_finish(&group);
        return r;
}

/* Whether the site is the first of its currency. */
static bool opens_group(const struct state *state, uint32_t site)
{
        for (uint32_t i = 0; i < site; i++)
                if (same_currency(answer_site_currency(state, &state->sites[i]),
                                  answer_site_currency(state, &state->sites[site])))
                        return false;
        return true;
}

/* Where there is a store, running at once is priced by what was booked then: since the first release of a compared job. */
static int64_t bookings_from(const struct state *state, const struct question *question)
{
        int64_t from = question->from;
        bool any_store = false;

        for (uint32_t i = 0; i < state->n_sites; i++)
                any_store = any_store || state_supply(state, &state->sites[i]).terms.has_store;
        for (size_t i = 0; any_store && i < state->n_jobs; i++) {
                const struct job *job = &state->jobs[i];

                if (outcome_is_known(job, question->from, question->to) && job->submitted_at < from)
                        from = job->submitted_at;
        }
        return from;
}

static int add_reports(struct answer *answer, const struct question *question, json_t *list, struct offpeak_error *err)
{
        struct booking *bookings = NULL;
        size_t n = 0;
        int r = 0;

        if (answer->store != NULL)
                r = store_bookings(answer->store, bookings_from(answer->state, question), question->to, &bookings, &n, err);
        for (uint32_t i = 0; r == 0 && i < answer->state->n_sites; i++)
                if (opens_group(answer->state, i))
                        r = add_report(answer, question, answer_site_currency(answer->state, &answer->state->sites[i]),
                                       bookings, n, list, err);
        free(bookings);
        return r;
}

/* Does anybody wait or run who is not on hold? */
static bool is_in_use(const struct state *state)
{
        for (size_t i = 0; i < state->n_jobs; i++)
                if (state->jobs[i].state <= OFFPEAK_JOB_ACTIVE &&
                    (!state->jobs[i].held || state->jobs[i].state == OFFPEAK_JOB_ACTIVE))
                        return true;
        return false;
}

/* How good the plan is that the coming hours follow: what was saved so far was saved by plans like it. */
static json_t *plan_in_force(struct answer *answer)
{
        const struct adopted_plan *plan = &answer->state->plan;
        json_t *object;

        if (plan->version == 0 || !is_in_use(answer->state))
                return json_null();
        object = json_object();
        answer_put(answer, object, "made_utc", answer_utc(plan->made_at));
        answer_put(answer, object, "currency", answer_text(answer_currency(answer->state)));
        answer_put(answer, object, "cost_micro", answer_money(plan->terms.total));
        answer_put(answer, object, "bound_micro", answer_money(plan->bound));
        answer_put(answer, object, "gap_micro", answer_money(plan->terms.total - plan->bound));
        answer_put(answer, object, "captured_saving", answer_captured(plan));
        return object;
}

int answer_report(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "site", "user", "from_utc", "to_utc", "steps", NULL };
        struct question question = { .from = answer->now.wall - WEEK, .to = answer->now.wall };
        json_t *list;
        int r = answer_expect(answer, names, err);

        if (r == 0)
                r = answer_argument_text(answer, "site", &question.site, err);
        if (r == 0)
                r = answer_argument_text(answer, "user", &question.user, err);
        if (r == 0)
                r = answer_argument_bool(answer, "steps", &question.steps, err);
        if (r == 0)
                r = answer_argument_window(answer, &question.from, &question.to, err);
        if (r != 0)
                return r;
        if (question.site != NULL && state_site(answer->state, question.site) == NULL)
                return answer_no_site(answer, question.site, err);
        if (question.steps)
                r = answer_ran(answer, 0, question.from, &question.ran, &question.n_ran, err);
        if (r != 0)
                return r;
        list = json_array();
        r = add_reports(answer, &question, list, err);
        free(question.ran);
        answer_put(answer, answer->root, "from_utc", answer_utc(question.from));
        answer_put(answer, answer->root, "to_utc", answer_utc(question.to));
        answer_put(answer, answer->root, "reports", list);
        answer_put(answer, answer->root, "plan", plan_in_force(answer));
        return r;
}
