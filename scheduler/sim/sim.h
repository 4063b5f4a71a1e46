/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - the virtual-time host of the core: the same decide and apply, the same planner, in a world without waiting.
 *
 * Time jumps from event to event. Nodes, their network and their jobs are models (virtual_node.h): a message takes no
 * time, a job makes one second of progress a second after its start cost, power is what was declared. Nodes fail when
 * they are told to (outages.h): jobs there, and their legs elsewhere, go back to their last checkpoint. The same calls
 * give the same records to the last bit. What the daemon stores, the host hands to a journal; what the ledger table
 * holds, it keeps.
 */
#ifndef OFFPEAK_SIM_SIM_H
#define OFFPEAK_SIM_SIM_H

#include "core/decide.h"
#include "sim/outages.h"

struct sim;

struct sim_options {
        int64_t start;               /* wall time at which it begins */
        const struct policy *policy; /* leases are stretched to an hour: a network that loses nothing needs no heartbeat */
        bool forecasts;              /* as the daemon makes them; else the last known day is repeated */
        int64_t renew_s;             /* nodes without news are heard so often; 0: every 15 minutes */
        int64_t plan_gap_s;          /* a plan is computed no sooner than this after the last one; 0: whenever one is asked for */
        bool unproven; /* plans have no bound, and no reasons that take a search (plan.h): nobody reads them */
        int64_t stop_s;              /* how long a job takes to checkpoint and leave; 0: none */
        int64_t ramp_s;              /* from an attempt's start until it draws all of its power, rising evenly */
        const struct outages *outages; /* borrowed, as long as the sim lives; NULL: no node fails */
        int64_t checkpoint_s; /* jobs that may be interrupted save what they have done so often, in progress; 0: all the
                                 time */
        /* every durable record, after it was applied; NULL: nobody listens */
        void (*journal)(void *context, const struct record *record);
        void *context;
};

struct sim_node {
        const char *name, *site;
        uint32_t devices;
        int64_t idle_w;
        uint32_t device_w; /* above idle, each: its power limit */
        uint32_t least_w;  /* the lowest that this can be set to; 0: it cannot be set */
};

/*
 * An attempt that ended because a node failed. The scheduler hears of it at once. Of ran_s seconds lost_s were to no
 * purpose: work since the last checkpoint and the start's cost; all of it for a job that may not be interrupted, which
 * saves nothing.
 */
struct sim_loss {
        uint64_t job;
        uint32_t attempt, site; /* stable site id */
        int64_t at;             /* wall */
        int64_t lost_s;         /* of running */
};

int sim_create(const struct sim_options *options, struct sim **ret_sim);
void sim_destroy(struct sim *sim); /* NULL is fine */

/* All of these happen at the present virtual time. */
int sim_add_node(struct sim *sim, const struct sim_node *node);
int sim_take_series(struct sim *sim, const struct series *series);
/* ret_job: its number; 0 if it was refused, and err then says why. */
int sim_submit(struct sim *sim, const struct offpeak_job_spec *spec, uint64_t *ret_job, struct offpeak_error *err);
int sim_cancel(struct sim *sim, uint64_t job);
int sim_push(struct sim *sim, const struct offpeak_push *push, struct offpeak_error *err);
int sim_release(struct sim *sim, uint64_t job);

/*
 * Let time pass up to `wall`, but for plans that are due in that second: whoever says something in it (a submission,
 * say) is in them, and they are made as soon as time goes on. Otherwise as below.
 */
int sim_run_up_to(struct sim *sim, int64_t wall);

/* Let time pass up to `wall`. Stops early, and returns the error, if the core fails. */
int sim_run_until(struct sim *sim, int64_t wall);

int64_t sim_now(const struct sim *sim);
const struct state *sim_state(const struct sim *sim);
const struct sim_loss *sim_losses(const struct sim *sim, size_t *ret_n); /* ascending in time */
const struct booking *sim_bookings(const struct sim *sim, size_t *ret_n);

#endif
