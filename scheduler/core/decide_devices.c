/* SPDX-License-Identifier: Apache-2.0 */
/* decide_devices.c - a renewal tells which of its node's devices are unwell: a record where that has changed. */
#include "core/decide_parts.h"

#include <stdlib.h>
#include <string.h>

static bool same_unwell(const struct input *input, const struct node *node)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < node->n_health; i++) {
                const struct device_health *health = &node->health[i];
                const struct unwell *told = &input->u.renew.unwell[n];

                if (!health->unwell)
                        continue;
                if (n++ == input->u.renew.n_unwell || told->device != health->device || health->reason == NULL ||
                    strcmp(told->reason, health->reason) != 0)
                        return false;
        }
        return n == input->u.renew.n_unwell;
}

/* On record before any leg ends: whose fault that is depends on it. */
void decide_devices(const struct state *state, const struct input *input, const struct node *node, struct turn *turn)
{
        uint32_t n = input->u.renew.n_unwell;
        struct record *record;

        if (same_unwell(input, node))
                return;
        record = turn_record(turn, RECORD_DEVICES, &input->now);
        record->u.devices.node = node->id;
        record->u.devices.unwell = calloc(n + 1, sizeof(*record->u.devices.unwell));
        turn->failed = turn->failed || record->u.devices.unwell == NULL;
        for (uint32_t i = 0; i < n && !turn->failed; i++) {
                const struct unwell *told = &input->u.renew.unwell[i];

                record->u.devices.unwell[i] = (struct unwell){
                        .device = told->device,
                        .reason = turn_text(turn, "%.*s", UNWELL_REASON_SIZE - 1, told->reason),
                };
                record->u.devices.n_unwell = i + 1;
        }
        want_plan(state, &input->now, turn);
}
