/* SPDX-License-Identifier: Apache-2.0 */
/* apply_image.c - a snapshot's images, in the order in which state_images gives them. */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/room.h"
#include "core/width.h"

static int take_meta(struct state *state, const struct record *record)
{
        struct month_use *uses;
        struct policy policy;

        if (policy_copy(&record->u.meta.policy, &policy) != 0)
                return OFFPEAK_ENOMEM;
        if (apply_flows(record->u.meta.flows, record->u.meta.n_flows, &state->flows, &state->n_flows) != 0 ||
            apply_flows(record->u.meta.past_flows, record->u.meta.n_past_flows, &state->past_flows,
                        &state->n_past_flows) != 0 ||
            month_uses_copy(record->u.meta.month_uses, record->u.meta.n_month_uses, &uses) != 0) {
                policy_finish(&policy);
                return OFFPEAK_ENOMEM;
        }
        policy_finish(&state->policy);
        state->policy = policy;
        month_uses_finish(state->month_uses, state->n_month_uses);
        state->month_uses = uses;
        state->n_month_uses = record->u.meta.n_month_uses;
        state->log_index = record->u.meta.log_index;
        state->term = record->u.meta.term;
        state->next_job = record->u.meta.next_job;
        state->fenced_start = record->u.meta.fenced_start;
        state->plan = record->u.meta.plan;
        return 0;
}

/* What only lives in memory does not come back with an image, nor what follows from profiles. */
static void forget_volatile(struct job *job)
{
        free(job->known);
        job->known = NULL;
        job->n_known = 0;
        job->profile = NONE_U32;
        job->not_before_ms = 0;
        job->attempt.launched_ms = 0;
        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                struct leg *leg = &job->attempt.legs[l];

                if (leg->state != LEG_ENDED)
                        leg->state = LEG_ORDERED;
                leg->level = job->attempt.before_since != 0 ? 0 : width_level(&job->spec, job->attempt.mode);
        }
}

/* An image holds the layers; what is in force is made of them. */
static int take_site(struct state *state, const struct site *image)
{
        struct site *site = room_for_one((void **)&state->sites, state->n_sites, sizeof(*site));
        int code = 0;

        if (site == NULL || site_copy(image, site) != 0)
                return OFFPEAK_ENOMEM;
        state->n_sites++;
        for (int kind = SERIES_PRICE; code == 0 && kind <= SERIES_LAST; kind++)
                code = apply_layers(site, (enum series_kind)kind);
        return code;
}

static int take_node(struct state *state, const struct node *image)
{
        struct node *node = room_for_one((void **)&state->nodes, state->n_nodes, sizeof(*node));

        if (node == NULL || node_copy(image, node) != 0)
                return OFFPEAK_ENOMEM;
        memset(&node->session, 0, sizeof(node->session));
        state_bind_health(node);
        state->n_nodes++;
        state_bind_nodes(state);
        return 0;
}

static int take_job(struct state *state, const struct job *image)
{
        struct job *job = room_for_one((void **)&state->jobs, state->n_jobs, sizeof(*job));

        if (job == NULL || job_copy(image, job) != 0)
                return OFFPEAK_ENOMEM;
        forget_volatile(job);
        state->n_jobs++;
        return job->state <= OFFPEAK_JOB_ACTIVE ? state_open(state) : 0;
}

/* After the jobs: what they go by follows from it. */
static int take_profile(struct state *state, const struct job_profile *image)
{
        struct job_profile *profile = room_for_one((void **)&state->profiles, state->n_profiles, sizeof(*profile));

        if (profile == NULL || profile_copy(image, profile) != 0)
                return OFFPEAK_ENOMEM;
        state->n_profiles++;
        state->learn_due = state->learn_due || profile_is_due(profile);
        for (size_t i = 0; i < state->n_open; i++)
                if (profile_is_named(profile, state_open_job(state, i)))
                        profile_bind(state, state_open_job(state, i));
        return profile_teach_all(state, profile);
}

int apply_image(struct state *state, const struct record *record)
{
        switch (record->type) {
        case RECORD_I_META:
                return take_meta(state, record);
        case RECORD_I_SITE:
                return take_site(state, &record->u.site.site);
        case RECORD_I_NODE:
                return take_node(state, &record->u.node.node);
        case RECORD_I_JOB:
                return take_job(state, &record->u.job.job);
        case RECORD_I_REQUEST:
                return apply_request(state, &record->u.request.request);
        case RECORD_I_PROFILE:
                return take_profile(state, &record->u.profile.profile);
        default:
                return OFFPEAK_EINVAL;
        }
}
