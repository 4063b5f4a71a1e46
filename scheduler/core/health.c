/* SPDX-License-Identifier: Apache-2.0 */
#include "core/health.h"

#include "core/power.h"

/* Faults closer than that are one event. */
enum { APART_S = 60 };

bool health_takes_jobs(const struct node *node)
{
        return node->session.state == SESSION_UP && !node->session.foreign && !node->fenced && node->drain_reason == NULL;
}

uint32_t health_devices(const struct state *state, const struct node *node)
{
        uint64_t out = node->drain_reason != NULL ? state_all_devices(node) : node->withheld;

        if (out != 0)
                out &= ~state_held_devices(state, node);
        return node->inventory.n_devices - (uint32_t)__builtin_popcountll(out);
}

uint32_t health_gpus(const struct state *state, const struct site *site, int64_t mono_ms)
{
        uint32_t gpus = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                if (node->site_id == site->id && node_in_service(state, node, mono_ms))
                        gpus += health_devices(state, node);
        }
        return gpus;
}

uint32_t health_devices_ever(const struct state *state, const struct node *node)
{
        return node->drain_reason != NULL ? health_devices(state, node) : node->inventory.n_devices;
}

bool health_is_bad(const struct state *state, const struct node *node)
{
        return node->drain_reason == NULL && state->policy.drain_after > 0 && node->faults >= state->policy.drain_after;
}

static bool is_fault(const struct node *node, const struct leg *leg, int64_t wall)
{
        if (leg->how == LEG_NEVER)
                return leg->before_stop && (leg->devices & health_unwell_at(node, wall)) == 0;
        return leg->how == LEG_SHIM_LOST || leg->how == LEG_REBOOT || leg->how == LEG_ABSENT;
}

/* The attempt before this one, or another leg of this one. */
static bool another_refused_it(const struct job *job, const struct leg *leg)
{
        const struct failure *before = &job->failure;

        return leg->how == LEG_NEVER && before->attempt > 0 && before->attempt + 1 >= job->attempt.number &&
               before->how == LEG_NEVER && before->node != leg->node;
}

static void take_back(struct state *state, uint32_t node, uint64_t job)
{
        struct node *first = node < state->n_nodes ? &state->nodes[node] : NULL;

        if (first == NULL || first->fault_job != job || first->faults == 0)
                return;
        first->faults--;
        first->fault_job = 0;
        first->fault_at = 0;
}

void health_note(struct state *state, const struct job *job, const struct leg *leg, int64_t wall)
{
        struct node *node = &state->nodes[leg->node];

        if (leg_succeeded(leg) && leg->before_stop) {
                node->faults = 0;
                for (uint32_t i = 0; i < node->n_health; i++)
                        if ((leg->devices >> node->health[i].device & 1) != 0 && !node->health[i].kept_off)
                                node->health[i].faults = 0;
        }
        if (!is_fault(node, leg, wall))
                return;
        if (another_refused_it(job, leg)) {
                take_back(state, job->failure.node, job->id);
                return;
        }
        if (node->faults > 0 && (node->fault_job == job->id || wall - node->fault_at < APART_S))
                return;
        node->faults++;
        node->fault_job = job->id;
        node->fault_at = wall;
        node->fault_how = leg->how;
}

/* ---- devices */

bool health_tells(const struct device_health *health, int64_t wall)
{
        return health->unwell || health->kept_off || health->faults > 0 || wall - health->since <= APART_S;
}

uint64_t health_unwell_at(const struct node *node, int64_t wall)
{
        uint64_t unwell = 0;

        for (uint32_t i = 0; i < node->n_health; i++) {
                const struct device_health *health = &node->health[i];

                if (health->unwell ? health->since - wall <= APART_S : wall - health->since <= APART_S)
                        unwell |= UINT64_C(1) << health->device;
        }
        return unwell;
}

uint64_t health_unwell_held(const struct state *state, const struct attempt *attempt, int64_t wall, uint32_t *ret_node)
{
        for (uint32_t l = 0; l < attempt->n_legs; l++) {
                const struct leg *leg = &attempt->legs[l];
                uint64_t unwell = leg->devices & health_unwell_at(&state->nodes[leg->node], wall);

                if (unwell != 0) {
                        *ret_node = leg->node;
                        return unwell;
                }
        }
        return 0;
}
