/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/flows.h"

#include <stdlib.h>
#include <string.h>

static int reserve(struct flows *flows, size_t n)
{
        size_t room = flows->room > 0 ? flows->room : 16;
        struct plan_flow *at;

        while (room < n)
                room *= 2;
        if (room == flows->room)
                return 0;
        at = realloc(flows->at, room * sizeof(*at));
        if (at == NULL)
                return OFFPEAK_ENOMEM;
        flows->at = at;
        flows->room = room;
        return 0;
}

int flows_append(struct flows *flows, struct plan_flow flow)
{
        struct plan_flow *last = flows->n > 0 ? &flows->at[flows->n - 1] : NULL;

        if (flow.watts == 0)
                return 0;
        if (last != NULL && last->site == flow.site && last->end == flow.start && last->watts == flow.watts) {
                last->end = flow.end;
                return 0;
        }
        if (reserve(flows, flows->n + 1) != 0)
                return OFFPEAK_ENOMEM;
        flows->at[flows->n++] = flow;
        return 0;
}

int flows_copy(struct flows *to, const struct flows *from)
{
        if (reserve(to, from->n) != 0)
                return OFFPEAK_ENOMEM;
        if (from->n > 0)
                memcpy(to->at, from->at, from->n * sizeof(*from->at));
        to->n = from->n;
        return 0;
}

void flows_finish(struct flows *flows)
{
        free(flows->at);
        *flows = (struct flows){ 0 };
}
