/* SPDX-License-Identifier: Apache-2.0 */
#include "core/placing.h"

#include <stdlib.h>
#include <string.h>

/* Names of switches, racks or blocks, and the number of each: its place in here plus 1. Open addressing. */
struct names {
        const char **slots;
        uint32_t *numbers;
        size_t room;
        uint32_t n;
};

static int names_init(uint32_t most, struct names *ret_names)
{
        *ret_names = (struct names){ .room = 2 * (size_t)most + 1 };
        ret_names->slots = calloc(ret_names->room, sizeof(*ret_names->slots));
        ret_names->numbers = calloc(ret_names->room, sizeof(*ret_names->numbers));
        return ret_names->slots != NULL && ret_names->numbers != NULL ? 0 : OFFPEAK_ENOMEM;
}

static void names_finish(struct names *names)
{
        free(names->slots);
        free(names->numbers);
}

static uint64_t hash_of(const char *name)
{
        uint64_t hash = UINT64_C(14695981039346656037);

        for (; *name != '\0'; name++)
                hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
        return hash;
}

static uint32_t number_of(struct names *names, const char *name)
{
        size_t at;

        if (name == NULL)
                return 0;
        for (at = hash_of(name) % names->room; names->slots[at] != NULL; at = (at + 1) % names->room)
                if (strcmp(names->slots[at], name) == 0)
                        return names->numbers[at];
        names->slots[at] = name;
        return names->numbers[at] = ++names->n;
}

/* Names are taken as they are said: two racks of one name are one rack. */
static int number_positions(const struct state *state, struct place_node *nodes)
{
        struct names switches = { 0 }, racks = { 0 }, blocks = { 0 };
        int code = names_init(state->n_nodes, &switches);

        if (code == 0)
                code = names_init(state->n_nodes, &racks);
        if (code == 0)
                code = names_init(state->n_nodes, &blocks);
        for (uint32_t i = 0; code == 0 && i < state->n_nodes; i++) {
                const struct inventory *inventory = &state->nodes[i].inventory;

                nodes[i].at = (struct place_position){ number_of(&switches, inventory->leaf_switch),
                                                       number_of(&racks, inventory->rack),
                                                       number_of(&blocks, inventory->block) };
        }
        names_finish(&switches);
        names_finish(&racks);
        names_finish(&blocks);
        return code;
}

static int fill_node(const struct node *node, struct place_shapes *shapes, struct place_node *ret_node)
{
        const struct inventory *inventory = &node->inventory;
        uint8_t numa[OFFPEAK_MAX_DEVICES];

        for (uint32_t d = 0; d < inventory->n_devices; d++)
                numa[d] = inventory->devices[d].numa;
        *ret_node = (struct place_node){ .node = node->id,
                                         .free = state_all_devices(node) & ~node->withheld,
                                         .empty = true };
        return place_shapes_find(shapes, inventory->n_devices, numa, inventory->links, &ret_node->shape);
}

int placing_init(const struct state *state, struct placing *ret_placing)
{
        int code;

        *ret_placing = (struct placing){ .nodes = calloc(state->n_nodes + 1, sizeof(*ret_placing->nodes)) };
        code = ret_placing->nodes != NULL ? place_shapes_create(&ret_placing->shapes) : OFFPEAK_ENOMEM;
        for (uint32_t i = 0; code == 0 && i < state->n_nodes; i++)
                code = fill_node(&state->nodes[i], ret_placing->shapes, &ret_placing->nodes[i]);
        return code == 0 ? number_positions(state, ret_placing->nodes) : code;
}

void placing_finish(struct placing *placing)
{
        place_shapes_destroy(placing->shapes);
        free(placing->nodes);
        *placing = (struct placing){ 0 };
}
