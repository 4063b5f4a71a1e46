/* SPDX-License-Identifier: Apache-2.0 */
#include "support/campaign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "support/world.h"

#define PUBLISHED_AT (12 * HOUR)
#define DAY_BEGINS   (-HOUR) /* of a day of delivery, from midnight UTC */
#define LEAST_SLACK  (4 * HOUR)

enum { IDLE_W = 300 };

/* ---- jobs */

static double unit(uint64_t *state)
{
        uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

        x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
        return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

static int by_release(const void *a, const void *b)
{
        const struct campaign_job *x = a, *y = b;

        return x->release < y->release ? -1 : x->release > y->release;
}

/* Mostly one GPU; lengths fall off as those of real traces do, and are stretched to the load. */
static int draw_jobs(struct campaign *campaign)
{
        static const uint32_t widths[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 8 };
        double asked = campaign->load * CAMPAIGN_GPUS * (double)(campaign->days * DAY), drawn = 0;
        uint64_t seed = campaign->seed;

        campaign->jobs = calloc(campaign->n_jobs + 1, sizeof(*campaign->jobs));
        if (campaign->jobs == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < campaign->n_jobs; i++) {
                struct campaign_job *job = &campaign->jobs[i];

                job->gpus = widths[(size_t)(unit(&seed) * (sizeof(widths) / sizeof(widths[0])))];
                job->release = campaign->start + (int64_t)(unit(&seed) * (double)(campaign->days * DAY));
                job->time_s = (int64_t)(3600 * exp(3.3 * pow(unit(&seed), 2)));
                drawn += (double)job->time_s * job->gpus;
        }
        for (size_t i = 0; i < campaign->n_jobs; i++) {
                struct campaign_job *job = &campaign->jobs[i];

                job->time_s = (int64_t)((double)job->time_s * asked / drawn);
                job->deadline = job->release + campaign->start_cost_s + job->time_s + LEAST_SLACK +
                                (int64_t)(unit(&seed) * (double)campaign->slack_s);
        }
        qsort(campaign->jobs, campaign->n_jobs, sizeof(*campaign->jobs), by_release);
        return 0;
}

static int submit(struct campaign *campaign, size_t i, struct offpeak_error *err)
{
        const struct campaign_job *job = &campaign->jobs[i];
        struct offpeak_job_spec spec;
        uint32_t most = CAMPAIGN_GPUS / campaign->nodes;
        uint64_t id = 0;
        int code;

        world_spec(&spec, "job", job->gpus < most ? job->gpus : most, job->time_s);
        spec.nodes = job->gpus / spec.gpus_per_node;
        spec.deadline = job->deadline;
        if (campaign->known)
                spec.begin = job->release;
        code = sim_submit(campaign->sim, &spec, &id, err);
        offpeak_job_spec_finish(&spec);
        if (code == 0 && id != i + 1)
                return fail(err, OFFPEAK_EINTERNAL, "job %zu has another number", i + 1);
        return code;
}

/* ---- prices */

int campaign_known_price(const struct series *price, int64_t wall, struct series *ret_known)
{
        int64_t day = wall / DAY;
        int64_t end = (day + (wall % DAY >= PUBLISHED_AT ? 2 : 1)) * DAY + DAY_BEGINS;
        int code = series_copy(price, ret_known);

        if (code != 0)
                return code;
        while (ret_known->n_points > 0 && ret_known->points[ret_known->n_points - 1].start >= end)
                ret_known->n_points--;
        if (ret_known->end > end)
                ret_known->end = end;
        return 0;
}

static int publish(struct campaign *campaign)
{
        struct series known;
        int code;

        if (campaign->known)
                return sim_take_series(campaign->sim, campaign->price);
        code = campaign_known_price(campaign->price, sim_now(campaign->sim), &known);
        if (code != 0)
                return code;
        code = sim_take_series(campaign->sim, &known);
        series_finish(&known);
        return code;
}

/* ---- the run */

static void journal(void *context, const struct record *record)
{
        struct campaign *campaign = context;

        regret_note(&campaign->plans, record);
}

static int begin(struct campaign *campaign)
{
        struct sim_options options = { .start = campaign->start,
                                       .policy = &campaign->policy,
                                       .stop_s = campaign->stop_s,
                                       .forecasts = campaign->forecasts,
                                       .journal = journal,
                                       .context = campaign };
        int code;

        world_policy(&campaign->policy);
        campaign->policy.sites[0].terms.pue_ppm = CAMPAIGN_PUE_PPM;
        campaign->policy.classes[0].max_delay_s = 0; /* the jobs' own deadlines say how long they may wait */
        campaign->policy.classes[0].min_run_s = 900;
        campaign->policy.classes[0].start_cost_s = campaign->start_cost_s;
        campaign->policy.classes[0].delay_cost = campaign->delay_cost;
        campaign->policy.classes[0].carbon_price = campaign->carbon_price;
        campaign->policy.plan_interval_s = HOUR;
        campaign->policy.plan_work = campaign->work;
        code = sim_create(&options, &campaign->sim);
        for (uint32_t i = 0; code == 0 && i < campaign->nodes; i++) {
                char name[8];

                snprintf(name, sizeof(name), "n%u", i);
                code = sim_add_node(campaign->sim, &(struct sim_node){ name, "hanford", CAMPAIGN_GPUS / campaign->nodes, IDLE_W, CAMPAIGN_GPU_W, 0 });
        }
        if (code == 0 && campaign->carbon != NULL)
                code = sim_take_series(campaign->sim, campaign->carbon);
        return code == 0 ? publish(campaign) : code;
}

int64_t campaign_end(const struct campaign *campaign)
{
        return campaign->start + campaign->days * DAY + LEAST_SLACK + campaign->slack_s + 4 * DAY;
}

int campaign_run(struct campaign *campaign, struct offpeak_error *err)
{
        int64_t published = campaign->start + PUBLISHED_AT;
        size_t next = 0;
        int code;

        campaign->end = campaign_end(campaign);
        code = draw_jobs(campaign);
        if (code == 0)
                code = begin(campaign);
        if (code != 0)
                return fail(err, code, "the campaign cannot begin: %s", offpeak_code_text(code));
        for (int64_t t = campaign->start; code == 0 && t < campaign->end; t = sim_now(campaign->sim)) {
                bool comes = next < campaign->n_jobs;
                int64_t until = comes && campaign->jobs[next].release < published ? campaign->jobs[next].release : published;

                if (campaign->known && comes)
                        until = t;
                code = sim_run_until(campaign->sim, until < campaign->end ? until : campaign->end);
                if (code != 0)
                        return fail(err, code, "the simulator stopped: %s", offpeak_code_text(code));
                if (until == published) {
                        code = publish(campaign);
                        published += DAY;
                } else if (comes) {
                        code = submit(campaign, next++, err);
                }
        }
        return code;
}

void campaign_finish(struct campaign *campaign)
{
        sim_destroy(campaign->sim);
        policy_finish(&campaign->policy);
        free(campaign->jobs);
        campaign->sim = NULL;
        campaign->jobs = NULL;
}

int campaign_regret(const struct campaign *campaign, uint64_t work, struct regret *ret_regret, struct offpeak_error *err)
{
        struct regret_input input = { .state = sim_state(campaign->sim),
                                      .truth = campaign->price,
                                      .n_truth = 1,
                                      .from = campaign->start,
                                      .to = campaign->end,
                                      .work = work };

        input.bookings = sim_bookings(campaign->sim, &input.n_bookings);
        return regret_compute(&input, ret_regret, err);
}
