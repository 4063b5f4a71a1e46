/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - which nodes the GPUs of a policy's runs are on: all that a policy without nodes needs to meet their
 * failures.
 *
 * A run takes the node that it fills best; where none has room for it, the emptiest ones. So it is on as few as may be,
 * and whatever is free can be used.
 */
#ifndef OFFPEAK_TRIAL_POOL_H
#define OFFPEAK_TRIAL_POOL_H

#include "trial/trial.h"

struct pool_hold {
        uint32_t node, gpus; /* node: index into the trial's nodes */
};

struct pool_share {
        struct pool_hold *holds; /* owned */
        size_t n;
};

struct pool {
        const struct trial *trial; /* borrowed */
        uint32_t *free;            /* owned: of each node; of one that is down what will be free */
        int64_t *down_until;       /* owned: 0: it is up */
        size_t next;               /* of the trial's outages: the next one that begins */
};

int pool_init(struct pool *pool, const struct trial *trial); /* ENOMEM; pool_finish() in any case */
void pool_finish(struct pool *pool);

/* GPUs of a site that are free on nodes that are up. */
uint32_t pool_free(const struct pool *pool, const char *site);

/* No more than pool_free(). ENOMEM. */
int pool_take(struct pool *pool, const char *site, uint32_t gpus, struct pool_share *ret_share);
void pool_give_back(struct pool *pool, struct pool_share *share);

/* Nodes that are back by `time` are up. */
void pool_return(struct pool *pool, int64_t time);

/* The next node that fails at `time` or has before, and is down from now on; false: none. One that is back already is
 * skipped. */
bool pool_fail(struct pool *pool, int64_t time, uint32_t *ret_node);
bool pool_share_has(const struct pool_share *share, uint32_t node);

/* When the next node fails or is back, behind `time`; INT64_MAX: never. */
int64_t pool_next(const struct pool *pool, int64_t time);

#endif
