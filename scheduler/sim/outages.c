/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/outages.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

#include "core/room.h"

/* splitmix64 (Steele et al. 2014). */
static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

/* In whole seconds, at least one; what no double of seconds holds is never. */
static int64_t exponential(uint64_t *state, int64_t mean_s)
{
        double uniform = ((double)(next_random(state) >> 11) + 1) / 9007199254740992.0; /* (0, 1] */
        double seconds = -log(uniform) * (double)mean_s;

        return seconds >= 1e15 ? (int64_t)1e15 : (int64_t)seconds + 1;
}

static int draw_node(const struct outage_law *law, uint32_t node, int64_t from, int64_t to, struct outages *outages)
{
        uint64_t state = law->seed, mixed = next_random(&state) ^ ((uint64_t)node << 32 | node);

        for (int64_t at = from + exponential(&mixed, law->mtbf_s); at < to;
             at += law->repair_s + exponential(&mixed, law->mtbf_s)) {
                struct outage *outage = room_for_one((void **)&outages->at, outages->n, sizeof(*outage));

                if (outage == NULL)
                        return OFFPEAK_ENOMEM;
                *outage = (struct outage){ node, at, at + law->repair_s };
                outages->n++;
        }
        return 0;
}

static int by_time(const void *a, const void *b)
{
        const struct outage *x = a, *y = b;

        if (x->from != y->from)
                return x->from < y->from ? -1 : 1;
        return x->node < y->node ? -1 : x->node > y->node;
}

int outages_draw(const struct outage_law *law, uint32_t n_nodes, int64_t from, int64_t to, struct outages *ret_outages)
{
        struct outages outages = { 0 };
        int code = 0;

        for (uint32_t node = 0; code == 0 && node < n_nodes; node++)
                code = draw_node(law, node, from, to, &outages);
        if (code != 0) {
                outages_finish(&outages);
                return code;
        }
        if (outages.n > 0)
                qsort(outages.at, outages.n, sizeof(*outages.at), by_time);
        *ret_outages = outages;
        return 0;
}

void outages_finish(struct outages *outages)
{
        free(outages->at);
        *outages = (struct outages){ 0 };
}
