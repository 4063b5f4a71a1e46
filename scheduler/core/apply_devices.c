/* SPDX-License-Identifier: Apache-2.0 */
/* apply_devices.c - what is known of a node's devices: what its agent told, and attempts that failed on them. */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/health.h"
#include "core/room.h"

/* The device's place among the others; NULL: no memory. */
static struct device_health *find_or_add(struct node *node, uint32_t device)
{
        uint32_t at = 0;

        while (at < node->n_health && node->health[at].device < device)
                at++;
        if (at < node->n_health && node->health[at].device == device)
                return &node->health[at];
        if (room_for_one((void **)&node->health, node->n_health, sizeof(*node->health)) == NULL)
                return NULL;
        memmove(&node->health[at + 1], &node->health[at], (node->n_health - at) * sizeof(*node->health));
        node->n_health++;
        node->health[at] = (struct device_health){ .device = device };
        return &node->health[at];
}

static void forget_settled(struct node *node, int64_t at)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < node->n_health; i++) {
                if (health_tells(&node->health[i], at))
                        node->health[kept++] = node->health[i];
                else
                        free(node->health[i].reason);
        }
        node->n_health = kept;
        state_bind_health(node);
}

static bool is_listed(const struct record *record, uint32_t device)
{
        for (uint32_t i = 0; i < record->u.devices.n_unwell; i++)
                if (record->u.devices.unwell[i].device == device)
                        return true;
        return false;
}

static int take_unwell(struct node *node, const struct unwell *unwell, int64_t at)
{
        struct device_health *health = find_or_add(node, unwell->device);
        char *reason;

        if (health == NULL || copy_text(unwell->reason, &reason) != 0)
                return OFFPEAK_ENOMEM;
        free(health->reason);
        health->reason = reason;
        if (!health->unwell)
                health->since = at;
        health->unwell = true;
        return 0;
}

int apply_devices(struct state *state, const struct record *record)
{
        struct node *node;

        if (record->u.devices.node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        node = &state->nodes[record->u.devices.node];
        for (uint32_t i = 0; i < node->n_health; i++) {
                struct device_health *health = &node->health[i];

                if (health->unwell && !is_listed(record, health->device)) {
                        health->unwell = false;
                        health->since = record->at;
                }
        }
        for (uint32_t i = 0; i < record->u.devices.n_unwell; i++)
                if (take_unwell(node, &record->u.devices.unwell[i], record->at) != 0)
                        return OFFPEAK_ENOMEM;
        forget_settled(node, record->at);
        return 0;
}

int apply_blame(struct state *state, uint32_t node_id, uint64_t devices)
{
        struct node *node = &state->nodes[node_id];

        for (uint32_t device = 0; device < OFFPEAK_MAX_DEVICES; device++) {
                struct device_health *health;

                if ((devices >> device & 1) == 0)
                        continue;
                health = find_or_add(node, device);
                if (health == NULL)
                        return OFFPEAK_ENOMEM;
                health->faults++;
                health->kept_off = state->policy.drain_after > 0 && health->faults >= state->policy.drain_after;
        }
        state_bind_health(node);
        return 0;
}

void apply_resume(struct node *node, int64_t at)
{
        for (uint32_t i = 0; i < node->n_health; i++) {
                node->health[i].kept_off = false;
                node->health[i].faults = 0;
        }
        forget_settled(node, at);
}

/* The same one first: addresses may be alike where there is nothing to address. */
static uint32_t number_of(const struct inventory *inventory, const struct inventory *before, uint32_t device)
{
        const char *address = device < before->n_devices ? before->devices[device].address : NULL;

        if (address != NULL && device < inventory->n_devices &&
            strcmp(inventory->devices[device].address, address) == 0)
                return device;
        for (uint32_t d = 0; address != NULL && d < inventory->n_devices; d++)
                if (strcmp(inventory->devices[d].address, address) == 0)
                        return d;
        return NONE_U32;
}

/* By their addresses; a device that is not there any more is forgotten. */
int apply_renumbered(struct node *node, const struct inventory *before)
{
        struct device_health *old = node->health;
        uint32_t n = node->n_health;
        int code = 0;

        node->health = NULL;
        node->n_health = 0;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t device = number_of(&node->inventory, before, old[i].device);
                struct device_health *health = device != NONE_U32 ? find_or_add(node, device) : NULL;

                if (health == NULL || health->reason != NULL) {
                        code = device != NONE_U32 && health == NULL ? OFFPEAK_ENOMEM : code;
                        free(old[i].reason);
                        continue;
                }
                *health = old[i];
                health->device = device;
        }
        free(old);
        state_bind_health(node);
        return code;
}
