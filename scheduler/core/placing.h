/* SPDX-License-Identifier: Apache-2.0 */
/* placing.h - the nodes as placement knows them (place/place.h): their shapes, and numbers for where they stand. */
#ifndef OFFPEAK_CORE_PLACING_H
#define OFFPEAK_CORE_PLACING_H

#include "core/state.h"
#include "place/place.h"

struct placing {
        struct place_shapes *shapes;
        struct place_node *nodes; /* of each node, by its id: all of its devices free */
};

/* Nodes of other sites included. ENOMEM; placing_finish() also then. */
int placing_init(const struct state *state, struct placing *ret_placing);
void placing_finish(struct placing *placing);

#endif
