/* SPDX-License-Identifier: Apache-2.0 */
#include "core/health.h"

/* Faults closer than that are one event. */
enum { APART_S = 60 };

bool health_takes_jobs(const struct node *node)
{
        return node->session.state == SESSION_UP && !node->fenced && node->drain_reason == NULL;
}

uint32_t health_devices(const struct state *state, const struct node *node)
{
        uint32_t n = node->inventory.n_devices;

        return node->drain_reason == NULL ? n : n - (uint32_t)__builtin_popcountll(state_free_devices(state, node));
}

bool health_is_bad(const struct state *state, const struct node *node)
{
        return node->drain_reason == NULL && state->policy.drain_after > 0 && node->faults >= state->policy.drain_after;
}

static bool is_fault(const struct leg *leg)
{
        return leg->how == LEG_SHIM_LOST || leg->how == LEG_REBOOT || leg->how == LEG_ABSENT ||
               (leg->how == LEG_NEVER && leg->before_stop);
}

void health_note(struct node *node, uint64_t job, const struct leg *leg, int64_t wall)
{
        if (leg->how == LEG_EXIT && leg->status == 0 && leg->before_stop)
                node->faults = 0;
        if (!is_fault(leg) || (node->faults > 0 && (node->fault_job == job || wall - node->fault_at < APART_S)))
                return;
        node->faults++;
        node->fault_job = job;
        node->fault_at = wall;
        node->fault_how = leg->how;
}
