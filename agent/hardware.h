/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hardware.h - what this node has and what it draws: devices, topology and sensors behind one door for the agent.
 */
#ifndef OFFPEAK_AGENT_HARDWARE_H
#define OFFPEAK_AGENT_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "agent/config.h"
#include "core/state.h"

struct hardware;
struct gpu_now;

/*
 * Look at the machine, or at what the configuration says it is. powercap: where its power counters are; NULL: where the
 * kernel shows them. ECONFIG, ENOTFOUND (no GPU), EIO.
 */
int hardware_open(const struct agent_config *config, const char *powercap, struct hardware **ret_hardware,
                  struct offpeak_error *err);
void hardware_close(struct hardware *hardware);

/* As the scheduler is told; devices by their number. Valid until close, and as long as the configuration. */
const struct inventory *hardware_inventory(const struct hardware *hardware);
uint64_t hardware_mask(const struct hardware *hardware); /* all devices */

/* What its library says of a GPU; NULL: it is none, or no library knows it. Valid until the next call of anything here.
 */
const struct gpu_now *hardware_gpu(const struct hardware *hardware, uint32_t device);

/* The GPU's library, name, limit and health, for a person; "" for what is no GPU. Returns buffer. */
const char *hardware_describe(const struct hardware *hardware, uint32_t device, char *buffer, size_t size);

/* Why a device should be given to no job; "": it is well, or nobody knows. Valid until the next call of anything here.
 */
const char *hardware_unwell(const struct hardware *hardware, uint32_t device);
uint64_t hardware_unwell_mask(const struct hardware *hardware);

/* A job has failed: look at its devices' health now. now_ms as in hardware_energy. */
void hardware_look(struct hardware *hardware, int64_t now_ms);

/* ENOTFOUND: one of these devices is lost; err says which, why, and what to do. */
int hardware_check(const struct hardware *hardware, uint64_t devices, struct offpeak_error *err);

/* What a job with these devices gets as CUDA_VISIBLE_DEVICES, and the CPUs near them as "0-3,8" ("": no binding). */
const char *hardware_visible(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size);
const char *hardware_cpus(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size);
/* The latter of each device by itself, as "0-3;4-7". */
const char *hardware_near(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size);

/* The memory nodes of those CPUs and their bytes; "" where they are all the same to it. Returns buffer. */
const char *hardware_mems(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size,
                          int64_t *ret_bytes);

/* False: it is described by a file, and its CPUs and memory are another machine's. */
bool hardware_is_here(const struct hardware *hardware);

struct hardware_moment {
        int64_t now_ms;  /* CLOCK_BOOTTIME, or any that does not go back */
        int64_t wall_ms; /* how much of the books' time passed since the last call */
        uint64_t busy;   /* the devices that legs used in it */
        bool scaled;     /* the books' time is not real time: sensors are of no use, and the declared model speaks */
};

struct hardware_energy {
        int64_t node_uj;      /* since the last call */
        int64_t idle_uj;      /* what the idle node would have drawn in that time */
        enum quality quality; /* of what legs share */
        enum quality idle_quality;
        const int64_t *device_uj; /* above its idle, by device number; NULL: unknown. Valid until the next call */
        const enum quality *device_quality; /* of that; NULL with it */
};

/* Energy drawn since the last call. False: nothing is known of this node's power. */
bool hardware_energy(struct hardware *hardware, const struct hardware_moment *moment,
                     struct hardware_energy *ret_energy);

/*
 * For time that nobody metered: what the idle node, and these devices above that, draw in so many ms. As declared, or
 * as last seen.
 */
int64_t hardware_idle_uj(const struct hardware *hardware, int64_t wall_ms);
int64_t hardware_busy_uj(const struct hardware *hardware, uint64_t devices, int64_t wall_ms);

#endif
