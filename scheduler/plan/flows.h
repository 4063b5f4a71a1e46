/* SPDX-License-Identifier: Apache-2.0 */
/* flows.h - what stores do, under construction: site by site, ascending in time. */
#ifndef OFFPEAK_PLAN_FLOWS_H
#define OFFPEAK_PLAN_FLOWS_H

#include "plan/plan.h"

struct flows {
        struct plan_flow *at; /* owned */
        size_t n, room;
};

/* Behind those that are there; none where nothing flows, and one with the last if it goes on as that does. ENOMEM. */
int flows_append(struct flows *flows, struct plan_flow flow);
int flows_copy(struct flows *to, const struct flows *from);
void flows_finish(struct flows *flows);

#endif
