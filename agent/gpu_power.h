/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_power.h - what the node's GPUs drew: whose it is, and what of it is their idle.
 *
 * A GPU's idle is what it draws while no job has it, as a slow mean. What it drew above that while a job had it is the
 * job's. A GPU that no library knows draws what is declared for it, while a job has it.
 */
#ifndef OFFPEAK_AGENT_GPU_POWER_H
#define OFFPEAK_AGENT_GPU_POWER_H

#include "agent/devices/gpus.h"

/* Zeroed but for the first two. */
struct gpu_power {
        struct gpus *gpus;
        int64_t declared_w; /* above idle, of one that nobody measures; 0: unknown */
        bool started;
        int64_t ms;
        int64_t last_uj[OFFPEAK_MAX_DEVICES];
        int64_t owed_ms[OFFPEAK_MAX_DEVICES]; /* since its last reading: what it drew in them comes with the next */
        double idle_w[OFFPEAK_MAX_DEVICES];                                       /* 0: not seen yet */
        int64_t resting_uj[OFFPEAK_MAX_DEVICES], resting_ms[OFFPEAK_MAX_DEVICES]; /* not in idle_w yet */
};

/* Since the last one. */
struct gpu_power_sample {
        int64_t uj, idle_uj;
        int64_t above_uj[OFFPEAK_MAX_DEVICES]; /* their idle, of those that jobs have */
        enum quality quality;                  /* the worst of those without a job */
        enum quality qualities[OFFPEAK_MAX_DEVICES];
};

/* now_ms: any clock that does not go back; busy: the devices that jobs had since the last sample. */
void gpu_power_sample(struct gpu_power *power, uint32_t n, int64_t now_ms, uint64_t busy,
                      struct gpu_power_sample *ret_sample);

/* W, of all GPUs as far as it is known: those at rest that were not seen for long count as they are now. */
double gpu_power_idle_w(const struct gpu_power *power, uint32_t n, uint64_t busy);
/* W above idle that this GPU draws now; 0: not known. */
double gpu_power_above_w(const struct gpu_power *power, uint32_t device);

#endif
