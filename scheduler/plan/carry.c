/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: charging as much as there is, a store holds most_j; what it must hold is counted back from the horizon. A slot that leaves no
 * less than is needed behind it is carried, whatever was there before: so a job is asked slot by slot, and never has to look ahead.
 */
#include "plan/carry.h"

#include <math.h>
#include <stdlib.h>

#include "plan/idle_lack.h"
#include "plan/supply_rate.h"

/* Sums are rounded: by so much of what a store holds or gives, and so many W. */
#define MARGIN 1e-9
#define WATTS  1e-6

/* ---- life */

/* Those of steps, by slots. */
static int find_lacks(struct carry *carry)
{
        size_t n = carry->slots->n;

        for (size_t s = 0; s < carry->problem->n_sites; s++) {
                const struct plan_site *site = &carry->problem->sites[s];
                double *lack_w = site->store != NULL ? malloc((site->n_steps + 1) * sizeof(*lack_w)) : NULL;

                if (site->store == NULL)
                        continue;
                if (lack_w == NULL)
                        return OFFPEAK_ENOMEM;
                idle_lack(carry->problem, site, lack_w);
                for (size_t t = 0; t < n; t++)
                        carry->lack_w[s * n + t] = lack_w[carry->steps[s * n + t] - site->steps];
                free(lack_w);
        }
        return 0;
}

int carry_init(struct carry *carry, const struct plan_problem *problem, const struct slots *slots)
{
        size_t n = slots->n;

        *carry = (struct carry){ .problem = problem, .slots = slots };
        if (capacities_init(&carry->capacities, problem) != 0)
                return OFFPEAK_ENOMEM;
        carry->gpus = calloc(carry->capacities.n * n + 1, sizeof(*carry->gpus));
        carry->watts = calloc(problem->n_sites * n + 1, sizeof(double));
        carry->steps = calloc(carry->capacities.n * n + 1, sizeof(*carry->steps));
        carry->lack_w = calloc(problem->n_sites * n + 1, sizeof(double));
        carry->most_j = calloc(problem->n_sites * (n + 1) + 1, sizeof(double));
        carry->least_j = calloc(problem->n_sites * (n + 1) + 1, sizeof(double));
        if (carry->gpus == NULL || carry->watts == NULL || carry->steps == NULL || carry->lack_w == NULL || carry->most_j == NULL ||
            carry->least_j == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t c = 0; c < carry->capacities.n; c++)
                for (size_t t = 0, i = 0; t < n; t++) {
                        const struct plan_site *site = carry->capacities.at[c];

                        while (i + 1 < site->n_steps && site->steps[i + 1].start <= slots->edges[t])
                                i++;
                        carry->steps[c * n + t] = &site->steps[i];
                        carry->gpus[c * n + t] = site->steps[i].gpus;
                }
        if (find_lacks(carry) != 0)
                return OFFPEAK_ENOMEM;
        carry_refresh(carry, 0, n);
        return 0;
}

void carry_finish(struct carry *carry)
{
        free(carry->least_j);
        free(carry->most_j);
        free(carry->lack_w);
        free(carry->steps);
        free(carry->watts);
        free(carry->gpus);
        capacities_finish(&carry->capacities);
        *carry = (struct carry){ 0 };
}

/* ---- what is on it */

static void count(struct carry *carry, const struct plan_job *job, const struct choice *choice, int sign)
{
        size_t n = carry->slots->n;

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct plan_mode *mode = &job->modes[run->mode];
                uint32_t at[CAPACITIES_OF_ONE];
                size_t n_at = capacities_of(&carry->capacities, run->site, mode, at);

                for (size_t t = slots_find(carry->slots, run->start); t < n && carry->slots->edges[t] < run->end; t++) {
                        for (size_t c = 0; c < n_at; c++)
                                carry->gpus[at[c] * n + t] -= sign * (int64_t)mode->gpus;
                        carry->watts[run->site * n + t] += sign * mode->watts;
                        carry->work++;
                }
        }
}

void carry_put(struct carry *carry, const struct plan_job *job, const struct choice *choice)
{
        count(carry, job, choice, 1);
}

void carry_lift(struct carry *carry, const struct plan_job *job, const struct choice *choice)
{
        count(carry, job, choice, -1);
}

/* What must be carried in a slot at which jobs draw so much: of idle power alone no more than can be. */
static double must_carry(const struct carry *carry, size_t k, double jobs_w)
{
        size_t s = k / carry->slots->n;

        return site_facility_w(&carry->problem->sites[s], jobs_w) - (jobs_w > WATTS ? 0 : carry->lack_w[k]);
}

/* What must be in store before slot t, so that `after` is behind it. */
static double needed_before(const struct carry *carry, size_t s, size_t t, double after)
{
        const struct plan_site *site = &carry->problem->sites[s];
        const struct plan_store *store = site->store;
        size_t k = s * carry->slots->n + t;
        double left = supply_firm_limit(carry->steps[k]) - must_carry(carry, k, carry->watts[k]), before;

        if (left < -store->discharge_w * (1 + MARGIN) - WATTS)
                return INFINITY;
        before = after - store_stored(store, fmin(store_charge_w(store, carry->steps[k]), left) * (double)slots_length(carry->slots, t));
        before = fmax(before, store->reserve_j);
        return before <= store->energy_j * (1 + MARGIN) ? before : INFINITY;
}

void carry_refresh(struct carry *carry, size_t first, size_t last)
{
        size_t n = carry->slots->n;

        for (size_t s = 0; s < carry->problem->n_sites; s++) {
                const struct plan_site *site = &carry->problem->sites[s];
                double *most = &carry->most_j[s * (n + 1)], *least = &carry->least_j[s * (n + 1)];

                if (site->store == NULL)
                        continue;
                most[0] = site->store->start_j;
                for (size_t t = first; t < n; t++) {
                        double energy = most[t];

                        (void)store_carries(site->store, carry->steps[s * n + t], must_carry(carry, s * n + t, carry->watts[s * n + t]),
                                            (double)slots_length(carry->slots, t), &energy);
                        carry->work++;
                        if (t >= last && energy == most[t + 1])
                                break;
                        most[t + 1] = energy;
                }
                least[n] = fmax(site->store->least_end_j, site->store->reserve_j);
                for (size_t t = last; t-- > 0;) {
                        double before = needed_before(carry, s, t, least[t + 1]);

                        carry->work++;
                        if (t < first && before == least[t])
                                break;
                        least[t] = before;
                }
        }
}

void carry_refresh_around(struct carry *carry, const struct choice *choice)
{
        if (choice->n > 0)
                carry_refresh(carry, slots_find(carry->slots, choice->intervals[0].start),
                              slots_find(carry->slots, choice->intervals[choice->n - 1].end - 1) + 1);
}

/* ---- where a job may run */

enum answer {
        ANSWER_YES,
        ANSWER_TAKEN, /* GPUs, or power: at this slot, whatever was before */
        ANSWER_EMPTY, /* too little in store */
};

/* The job's mode, or NULL for no job, in slot t behind `energy`, which goes on. */
static enum answer ask(struct carry *carry, uint32_t s, const struct plan_mode *mode, size_t t, double *energy)
{
        const struct plan_site *site = &carry->problem->sites[s];
        size_t n = carry->slots->n, k = s * n + t;
        double watts = must_carry(carry, k, carry->watts[k] + (mode != NULL ? mode->watts : 0));
        double limit = supply_firm_limit(carry->steps[k]), after = *energy;
        uint32_t at[CAPACITIES_OF_ONE];
        size_t n_at = mode != NULL ? capacities_of(&carry->capacities, s, mode, at) : 0;

        carry->work++;
        for (size_t c = 0; c < n_at; c++)
                if (carry->gpus[at[c] * n + t] < mode->gpus)
                        return ANSWER_TAKEN;
        if (watts > limit + (site->store != NULL ? site->store->discharge_w : 0))
                return ANSWER_TAKEN;
        if (site->store == NULL)
                return ANSWER_YES;
        if (!store_carries(site->store, carry->steps[k], watts, (double)slots_length(carry->slots, t), &after) ||
            !(after >= carry->least_j[s * (n + 1) + t + 1] + (mode != NULL ? MARGIN * site->store->energy_j : 0)))
                return ANSWER_EMPTY;
        *energy = after;
        return ANSWER_YES;
}

bool carry_has_room(struct carry *carry, const struct plan_job *job, const struct choice *choice)
{
        const struct slots *slots = carry->slots;
        double energy = 0;

        for (size_t i = 0, t = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                size_t first = slots_find(slots, run->start);

                if (i == 0 || run->site != run[-1].site) {
                        energy = carry->most_j[run->site * (slots->n + 1) + first];
                        t = first;
                }
                for (; t < slots->n && slots->edges[t] < run->end; t++)
                        if (ask(carry, run->site, t >= first ? &job->modes[run->mode] : NULL, t, &energy) != ANSWER_YES)
                                return false;
        }
        return true;
}

int64_t carry_until(struct carry *carry, const struct plan_job *job, const struct plan_interval *run)
{
        const struct slots *slots = carry->slots;
        size_t t = slots_find(slots, run->start);
        double energy = carry->most_j[run->site * (slots->n + 1) + t];

        while (t < slots->n && slots->edges[t] < run->end && ask(carry, run->site, &job->modes[run->mode], t, &energy) == ANSWER_YES)
                t++;
        return slots->edges[t] < run->start ? run->start : slots->edges[t] < run->end ? slots->edges[t] : run->end;
}

/* What is looked for, and the first end that is found for it. */
struct errand {
        const struct plan_job *job;
        uint32_t site, mode;
        struct choice runs, best; /* runs: scratch */
        int64_t end;              /* of the best; before it there was none: the first second that is too late */
};

static int take(struct errand *errand, int64_t end)
{
        if (!(end < errand->end))
                return 0;
        errand->end = end;
        return choice_set(&errand->best, errand->runs.intervals, errand->runs.n);
}

/* In one piece. */
static int find_piece(struct carry *carry, struct errand *errand)
{
        const struct plan_mode *mode = &errand->job->modes[errand->mode];
        int64_t release = job_first_second(errand->job, errand->site), length = errand->job->start_cost_s + job_seconds(errand->job, mode);
        size_t n = carry->slots->n, next;

        if (release >= carry->problem->horizon)
                return 0;
        for (size_t t = slots_find(carry->slots, release); t < n; t = next) {
                int64_t start = carry->slots->edges[t] > release ? carry->slots->edges[t] : release;
                double energy = carry->most_j[errand->site * (n + 1) + t];
                enum answer answer = ANSWER_YES;
                size_t u = t;

                if (start + length >= errand->end)
                        return 0;
                while (answer == ANSWER_YES && u < n && carry->slots->edges[u] < start + length)
                        answer = ask(carry, errand->site, mode, u++, &energy);
                next = answer == ANSWER_TAKEN ? u : t + 1;
                if (answer != ANSWER_YES)
                        continue;
                errand->runs.n = 0;
                if (choice_append(&errand->runs, (struct plan_interval){ start, start + length, errand->site, errand->mode }) != 0)
                        return OFFPEAK_ENOMEM;
                return take(errand, start + length);
        }
        return 0;
}

/* A run that a pause would cut shorter than it may be was none: the slots are passed without the job. */
static void take_back(struct carry *carry, const struct errand *errand, size_t from, size_t until, double *energy)
{
        for (size_t t = from; t < until; t++)
                (void)ask(carry, errand->site, NULL, t, energy);
}

/* With pauses: in each slot that carries it, from the first on. */
static int find_pieces(struct carry *carry, struct errand *errand)
{
        const struct plan_job *job = errand->job;
        const struct plan_mode *mode = &job->modes[errand->mode];
        int64_t release = job_first_second(job, errand->site), left = job_seconds(job, mode), start = 0;
        int64_t least = job->min_run_s > job->start_cost_s ? job->min_run_s : job->start_cost_s + 1;
        size_t n = carry->slots->n, t = release < carry->problem->horizon ? slots_find(carry->slots, release) : n, from = n;
        double energy = carry->most_j[errand->site * (n + 1) + (t < n ? t : 0)], before = energy;

        errand->runs.n = 0;
        for (; t < n && carry->slots->edges[t] < errand->end; t++) {
                int64_t edge = carry->slots->edges[t];
                double with = energy;
                bool runs = ask(carry, errand->site, mode, t, &with) == ANSWER_YES;

                if (!runs && from < n) {
                        if (edge - start < least) {
                                energy = before;
                                take_back(carry, errand, from, t, &energy);
                        } else {
                                left -= edge - start - job->start_cost_s;
                                if (choice_append(&errand->runs, (struct plan_interval){ start, edge, errand->site, errand->mode }) != 0)
                                        return OFFPEAK_ENOMEM;
                        }
                        from = n;
                }
                if (!runs) {
                        (void)ask(carry, errand->site, NULL, t, &energy);
                        continue;
                }
                if (from == n) {
                        if (errand->runs.n == job->max_starts)
                                return 0;
                        from = t;
                        before = energy;
                        start = edge > release ? edge : release;
                }
                energy = with;
                if (start + job->start_cost_s + left <= carry->slots->edges[t + 1]) {
                        int64_t end = start + job->start_cost_s + left;

                        if (choice_append(&errand->runs, (struct plan_interval){ start, end, errand->site, errand->mode }) != 0)
                                return OFFPEAK_ENOMEM;
                        return take(errand, end);
                }
        }
        return 0;
}

int carry_find(struct carry *carry, const struct plan_job *job, struct choice *ret_choice)
{
        struct errand errand = { .job = job, .runs = *ret_choice, .end = carry->problem->horizon + 1 };
        int code = 0;

        for (errand.site = 0; code == 0 && errand.site < carry->problem->n_sites; errand.site++)
                for (errand.mode = 0; code == 0 && (job->sites >> errand.site & 1) != 0 && errand.mode < job->n_modes; errand.mode++) {
                        code = find_piece(carry, &errand);
                        if (code == 0 && job->max_starts > 1)
                                code = find_pieces(carry, &errand);
                }
        *ret_choice = errand.runs;
        ret_choice->n = 0;
        if (code == 0 && errand.best.n > 0 && job_may_run(carry->problem, job, errand.best.intervals, errand.best.n))
                code = choice_set(ret_choice, errand.best.intervals, errand.best.n);
        free(errand.best.intervals);
        return code;
}
