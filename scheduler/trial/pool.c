/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/pool.h"

#include <stdlib.h>
#include <string.h>

#include "core/room.h"

int pool_init(struct pool *pool, const struct trial *trial)
{
        *pool = (struct pool){ .trial = trial };
        pool->free = calloc(trial->n_nodes + 1, sizeof(*pool->free));
        pool->down_until = calloc(trial->n_nodes + 1, sizeof(*pool->down_until));
        if (pool->free == NULL || pool->down_until == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < trial->n_nodes; i++)
                pool->free[i] = trial->nodes[i].gpus;
        return 0;
}

void pool_finish(struct pool *pool)
{
        free(pool->free);
        free(pool->down_until);
        *pool = (struct pool){ 0 };
}

static bool may_take(const struct pool *pool, size_t node, const char *site)
{
        return pool->down_until[node] == 0 && strcmp(pool->trial->nodes[node].site, site) == 0;
}

uint32_t pool_free(const struct pool *pool, const char *site)
{
        uint32_t sum = 0;

        for (size_t i = 0; i < pool->trial->n_nodes; i++)
                sum += may_take(pool, i, site) ? pool->free[i] : 0;
        return sum;
}

/* The fullest one that has room for all of them, else the emptiest. */
static size_t best_node(const struct pool *pool, const char *site, uint32_t gpus)
{
        size_t best = pool->trial->n_nodes;

        for (size_t i = 0; i < pool->trial->n_nodes; i++) {
                uint32_t here = pool->free[i], there = best < pool->trial->n_nodes ? pool->free[best] : 0;

                if (!may_take(pool, i, site) || here == 0)
                        continue;
                if (best == pool->trial->n_nodes || (here >= gpus ? there < gpus || here < there : here > there))
                        best = i;
        }
        return best;
}

int pool_take(struct pool *pool, const char *site, uint32_t gpus, struct pool_share *ret_share)
{
        *ret_share = (struct pool_share){ 0 };
        while (gpus > 0) {
                size_t node = best_node(pool, site, gpus);
                struct pool_hold *hold = node < pool->trial->n_nodes
                                                 ? room_for_one((void **)&ret_share->holds, ret_share->n, sizeof(*hold))
                                                 : NULL;

                if (hold == NULL) {
                        pool_give_back(pool, ret_share);
                        return OFFPEAK_ENOMEM;
                }
                hold->node = (uint32_t)node;
                hold->gpus = pool->free[node] < gpus ? pool->free[node] : gpus;
                ret_share->n++;
                pool->free[node] -= hold->gpus;
                gpus -= hold->gpus;
        }
        return 0;
}

void pool_give_back(struct pool *pool, struct pool_share *share)
{
        for (size_t i = 0; i < share->n; i++)
                pool->free[share->holds[i].node] += share->holds[i].gpus;
        free(share->holds);
        *share = (struct pool_share){ 0 };
}

void pool_return(struct pool *pool, int64_t time)
{
        for (size_t i = 0; i < pool->trial->n_nodes; i++)
                if (pool->down_until[i] <= time)
                        pool->down_until[i] = 0;
}

bool pool_fail(struct pool *pool, int64_t time, uint32_t *ret_node)
{
        const struct outages *outages = &pool->trial->hardware.outages;

        while (pool->next < outages->n && outages->at[pool->next].from <= time) {
                const struct outage *outage = &outages->at[pool->next++];

                if (outage->to <= time)
                        continue;
                pool->down_until[outage->node] = outage->to;
                *ret_node = outage->node;
                return true;
        }
        return false;
}

bool pool_share_has(const struct pool_share *share, uint32_t node)
{
        for (size_t i = 0; i < share->n; i++)
                if (share->holds[i].node == node)
                        return true;
        return false;
}

int64_t pool_next(const struct pool *pool, int64_t time)
{
        const struct outages *outages = &pool->trial->hardware.outages;
        int64_t next = pool->next < outages->n ? outages->at[pool->next].from : INT64_MAX;

        for (size_t i = 0; i < pool->trial->n_nodes; i++)
                if (pool->down_until[i] > time && pool->down_until[i] < next)
                        next = pool->down_until[i];
        return next;
}
