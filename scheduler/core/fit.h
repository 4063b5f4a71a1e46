/* SPDX-License-Identifier: Apache-2.0 */
/* fit.h - whether a queued job may start, and where it fits in one of its modes (width.h): hours, quota, power, devices. */
#ifndef OFFPEAK_CORE_FIT_H
#define OFFPEAK_CORE_FIT_H

#include "core/input.h"
#include "core/placing.h"

/* The planned interval of a job that holds at `wall`, or NULL. */
const struct plan_interval *fit_interval(const struct job *job, int64_t wall);

/*
 * Queued, not held, its begin and its back-off over, those it comes after ended, its class's quotas not used up, caps allowed; and at
 * this site, if it ran at another before.
 */
bool fit_may_start(const struct state *state, const struct job *job, uint32_t mode, const struct site *site, const struct now *now);

/* Of what a start needs beside devices: caps that class and site allow, room in the class's quota, GPU-hours of its month, and the power just now. */
bool fit_caps(const struct state *state, const struct job *job, uint32_t mode, const struct site *site);
bool fit_quota(const struct state *state, const struct job *job, uint32_t mode);
bool fit_month(const struct state *state, const struct job *job, int64_t wall);
bool fit_power(const struct state *state, const struct job *job, uint32_t mode, const struct site *site, int64_t wall);

/* What there is for jobs to start on, of one state and time, so that many can be asked for at once. */
struct fit_room {
        uint64_t *free_devices;     /* owned: of each node */
        uint32_t (*ready)[OFFPEAK_MAX_DEVICES +
                          1];       /* owned: of each site, [n]: its nodes in touch with n devices free or more */
        int64_t *drawn_w, *limit_w; /* owned: of each site */
        int64_t *late_w;            /* owned: what it may draw beside drawn_w until nodes have their caps */
        struct placing *placing;    /* owned: found when it is needed first */
};

/* ENOMEM; fit_room_finish() also then. */
int fit_room_init(const struct state *state, int64_t wall, struct fit_room *ret_room);
/* The same for a room that is all 0 until somebody asks: NULL is ENOMEM. */
const struct fit_room *fit_room_once(const struct state *state, int64_t wall, struct fit_room *room);
void fit_room_finish(struct fit_room *room);

/* Power, and nodes enough with devices enough: any that are will do. */
bool fit_has_room(const struct state *state, const struct job *job, uint32_t mode, const struct site *site, const struct fit_room *room);

/* Devices for each leg of a job that has power at this site, malloc'ed; NULL: no room. */
struct place_leg *fit_find(const struct state *state, const struct job *job, uint32_t mode, const struct site *site,
                           const struct fit_room *room);

/* Whether a running job would fit at its site in another mode, were what it holds now free: quota, devices, power. ENOMEM is no. */
bool fit_instead(const struct state *state, const struct job *job, uint32_t mode, int64_t wall);

#endif
