/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - the durable state as a list of records that rebuild it. The images borrow from the state. */
#include "core/record.h"

#include <string.h>

static int emit_meta(const struct state *state, int (*emit)(void *, const struct record *), void *context)
{
        struct record image = { .type = RECORD_I_META };

        image.u.meta.log_index = state->log_index;
        image.u.meta.term = state->term;
        image.u.meta.next_job = state->next_job;
        image.u.meta.fenced_start = state->fenced_start;
        image.u.meta.policy = state->policy;
        image.u.meta.plan = state->plan;
        image.u.meta.flows = state->flows;
        image.u.meta.n_flows = state->n_flows;
        image.u.meta.past_flows = state->past_flows;
        image.u.meta.n_past_flows = state->n_past_flows;
        image.u.meta.month_uses = state->month_uses;
        image.u.meta.n_month_uses = state->n_month_uses;
        return emit(context, &image);
}

int state_images(const struct state *state, int (*emit)(void *context, const struct record *image), void *context)
{
        struct record image;
        int code = emit_meta(state, emit, context);

        for (uint32_t i = 0; code == 0 && i < state->n_sites; i++) {
                memset(&image, 0, sizeof(image));
                image.type = RECORD_I_SITE;
                image.u.site.site = state->sites[i];
                code = emit(context, &image);
        }
        for (uint32_t i = 0; code == 0 && i < state->n_nodes; i++) {
                memset(&image, 0, sizeof(image));
                image.type = RECORD_I_NODE;
                image.u.node.node = state->nodes[i];
                memset(&image.u.node.node.session, 0, sizeof(struct session));
                code = emit(context, &image);
        }
        for (size_t i = 0; code == 0 && i < state->n_jobs; i++) {
                memset(&image, 0, sizeof(image));
                image.type = RECORD_I_JOB;
                image.u.job.job = state->jobs[i];
                code = emit(context, &image);
        }
        for (size_t i = 0; code == 0 && i < state->n_requests; i++) {
                memset(&image, 0, sizeof(image));
                image.type = RECORD_I_REQUEST;
                image.u.request.request = state->requests[i];
                code = emit(context, &image);
        }
        for (uint32_t i = 0; code == 0 && i < state->n_profiles; i++) {
                memset(&image, 0, sizeof(image));
                image.type = RECORD_I_PROFILE;
                image.u.profile.profile = state->profiles[i];
                code = emit(context, &image);
        }
        return code;
}
