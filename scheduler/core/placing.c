/* SPDX-License-Identifier: Apache-2.0 */
#include "core/placing.h"

#include <stdlib.h>

static int fill_node(const struct node *node, struct place_shapes *shapes, struct place_node *ret_node)
{
        const struct inventory *inventory = &node->inventory;
        uint8_t numa[OFFPEAK_MAX_DEVICES];

        for (uint32_t d = 0; d < inventory->n_devices; d++)
                numa[d] = inventory->devices[d].numa;
        *ret_node = (struct place_node){ .node = node->id,
                                         .free = inventory->n_devices >= 64 ? UINT64_MAX
                                                                            : (UINT64_C(1) << inventory->n_devices) - 1,
                                         .empty = true };
        return place_shapes_find(shapes, inventory->n_devices, numa, NULL, &ret_node->shape);
}

int placing_init(const struct state *state, struct placing *ret_placing)
{
        int code;

        *ret_placing = (struct placing){ .nodes = calloc(state->n_nodes + 1, sizeof(*ret_placing->nodes)) };
        code = ret_placing->nodes != NULL ? place_shapes_create(&ret_placing->shapes) : OFFPEAK_ENOMEM;
        for (uint32_t i = 0; code == 0 && i < state->n_nodes; i++)
                code = fill_node(&state->nodes[i], ret_placing->shapes, &ret_placing->nodes[i]);
        return code;
}

void placing_finish(struct placing *placing)
{
        place_shapes_destroy(placing->shapes);
        free(placing->nodes);
        *placing = (struct placing){ 0 };
}
