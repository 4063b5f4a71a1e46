/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question.c - the planning problem of this moment: question_site.c's sites, question_jobs.c's jobs. Everything a problem points
 * to hangs on one struct memory.
 */
#include "core/question.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/pools.h"
#include "core/question_jobs.h"
#include "core/question_site.h"
#include "core/quotas.h"

/* Currency per GPU-hour of work left undone at the horizon: dearer than any way to do it. */
#define UNDONE 10000.0

struct memory {
        struct plan_site *sites;
        struct plan_store *stores; /* one for each site; used where it has one */
        size_t n_sites;
        struct question_jobs made;
        struct quotas quotas;
};

void plan_question_finish(struct plan_question *question)
{
        struct memory *memory = question->memory;

        if (memory != NULL) {
                for (size_t i = 0; i < memory->n_sites; i++)
                        question_site_finish(&memory->sites[i]);
                free(memory->sites);
                free(memory->stores);
                question_jobs_finish(&memory->made);
                quotas_finish(&memory->quotas);
                free(memory);
        }
        memset(question, 0, sizeof(*question));
}

static double highest_price(const struct memory *memory)
{
        double highest = 100;

        for (size_t s = 0; s < memory->n_sites; s++)
                for (size_t t = 0; t < memory->sites[s].n_steps; t++)
                        for (unsigned i = 0; i < memory->sites[s].steps[t].n_segments; i++)
                                highest = fmax(highest, memory->sites[s].steps[t].segments[i].price);
        return highest;
}

/* candidate: the only job; NULL: all. beside_others: what their planned hours take is taken out. */
static int ask(const struct state *state, const struct now *now, const struct job *candidate, bool beside_others,
               struct plan_question *ret_question)
{
        struct plan_question question = { .log_index = state->log_index, .work = state->policy.plan_work };
        int64_t horizon = now->wall + state->policy.plan_horizon_s;
        struct memory *memory = calloc(1, sizeof(*memory));
        int code = 0;

        if (memory == NULL)
                return OFFPEAK_ENOMEM;
        question.memory = memory;
        memory->sites = calloc(state->n_sites + 1, sizeof(*memory->sites));
        memory->stores = calloc(state->n_sites + 1, sizeof(*memory->stores));
        if (memory->sites == NULL || memory->stores == NULL)
                code = OFFPEAK_ENOMEM;
        for (uint32_t i = 0; code == 0 && i < state->n_sites; i++) {
                code = question_site(state, now, &state->sites[i], horizon, beside_others ? candidate : NULL,
                                 candidate == NULL ? &memory->stores[i] : NULL, &memory->sites[i]);
                memory->n_sites++;
        }
        question.problem = (struct plan_problem){ .now = now->wall, .horizon = horizon, .sites = memory->sites };
        question.problem.n_sites = memory->n_sites;
        if (code == 0)
                code = quotas_init(&memory->quotas, state, beside_others ? candidate : NULL, now->wall, horizon);
        if (code == 0)
                code = pools_add(&memory->quotas, state, now, candidate);
        if (code == 0)
                code = candidate != NULL ? question_job(state, now, candidate, horizon, beside_others, &memory->quotas,
                                                        &memory->made, &question.problem.n_jobs)
                                         : question_jobs(state, now, &question.problem, &memory->quotas, &memory->made,
                                                         &question.problem.n_jobs);
        if (code != 0) {
                plan_question_finish(&question);
                return code;
        }
        question.problem.limits = memory->quotas.limits;
        question.problem.n_limits = memory->quotas.n;
        question.problem.jobs = memory->made.jobs;
        question.problem.terminal_price = highest_price(memory);
        question.problem.unfinished_cost = UNDONE;
        question.problem.over_limit_cost = 10 * highest_price(memory);
        if (candidate == NULL && question_settle_pins(state, &question.problem, memory->made.jobs) != 0) {
                plan_question_finish(&question);
                return OFFPEAK_ENOMEM;
        }
        *ret_question = question;
        return 0;
}

int plan_question_init(const struct state *state, const struct now *now, struct plan_question *ret_question)
{
        return ask(state, now, NULL, false, ret_question);
}

int question_for_one(const struct state *state, const struct now *now, const struct job *candidate,
                     struct plan_question *ret_question)
{
        return ask(state, now, candidate, true, ret_question);
}

int question_for_one_alone(const struct state *state, const struct now *now, const struct job *candidate,
                           struct plan_question *ret_question)
{
        return ask(state, now, candidate, false, ret_question);
}
