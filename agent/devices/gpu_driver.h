/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_driver.h - what a vendor's library tells of its GPUs, and the power limit that it sets: one driver per file.
 *
 * A driver is found in the table of gpu_drivers.c; another vendor's is one more file and one more row. A card is named
 * by its PCI bus id, as everywhere on a node. Calls come from one thread at a time, and may hang with the vendor's
 * driver: gpus.c and gpu_caps.c see to it that nothing else does.
 *
 * Units: mW, uJ, ms on any clock that does not go back.
 */
#ifndef OFFPEAK_AGENT_GPU_DRIVER_H
#define OFFPEAK_AGENT_GPU_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>

enum { GPU_UNKNOWN = -1, GPU_UUID_SIZE = 48, GPU_MODEL_SIZE = 64, GPU_MAX_LINKS = 36 };

/* A link of a GPU that is up, to another GPU or to a switch of them. */
struct gpu_link {
        char remote[20]; /* the PCI bus id at its other end, as devices have it; "" of a switch */
        bool to_switch;
        uint32_t mb_per_s; /* in one direction */
};

/* Numbers are 0 where the card does not say. */
struct gpu_facts {
        char uuid[GPU_UUID_SIZE]; /* "" : not known */
        char model[GPU_MODEL_SIZE];
        uint32_t limit_mw; /* in force now */
        uint32_t default_mw, min_mw, max_mw;
        bool has_counter; /* it counts its energy itself */
        bool is_split;    /* into instances that share its power (MIG): no cap is put on it */
};

/* Numbers are GPU_UNKNOWN where the card does not say. */
struct gpu_reading {
        int64_t counter_uj; /* of the card's own counter, which begins when its driver is loaded */
        int64_t power_mw;
        int64_t ecc_errors; /* uncorrected, since the driver was loaded */
        int64_t memory_used_mb, memory_mb;
        int32_t compute_percent; /* utilisation */
        int32_t clock_mhz, memory_clock_mhz;
        uint32_t fault;    /* what the vendor calls a fault (Xid) since the last reading, the gravest; 0: none */
        const char *fatal; /* for people: what it means, where the card must not be used before a reset; else NULL */
};

/* Errors: ENOTFOUND, EPERMISSION, EINVAL (a limit that the card refuses), ESTATE (not supported), EIO (does not
 * answer). */
struct gpu_driver {
        const char *name;
        /* library: its file, NULL: as the system finds it. ENOTFOUND: it is not on this machine, or has no GPU to
         * drive. */
        int (*open)(const char *library, void **ret_state, struct offpeak_error *err);
        void (*close)(void *state);
        /*
         * The GPU at a PCI bus id ("0000:04:00.0"), valid until close. ENOTFOUND: none of this driver's; ESTATE: it is
         * one, and is lost.
         */
        int (*find)(void *state, const char *address, void **ret_gpu, struct offpeak_error *err);
        int (*facts)(void *state, void *gpu, struct gpu_facts *ret_facts, struct offpeak_error *err);
        /*
         * Its energy: the counter, or the power where there is none. all: power, health, utilisation, memory and clocks
         * as well. ENOTFOUND: the GPU is lost.
         */
        int (*read)(void *state, void *gpu, bool all, struct gpu_reading *ret_reading, struct offpeak_error *err);
        /*
         * Its links that are up, at most GPU_MAX_LINKS; those to anything but GPUs and switches, and those of unknown
         * speed, are left out. NULL: this driver knows of none.
         */
        int (*links)(void *state, void *gpu, struct gpu_link *ret_links, uint32_t *ret_n, struct offpeak_error *err);
        int (*limit)(void *state, void *gpu, uint32_t *ret_mw, struct offpeak_error *err);
        int (*set_limit)(void *state, void *gpu, uint32_t mw, struct offpeak_error *err);
};

extern const struct gpu_driver gpu_nvml; /* nvml.c: NVIDIA */

/* All of them, in gpu_drivers.c; NULL ends the table. */
extern const struct gpu_driver *const gpu_drivers[];
enum { GPU_DRIVERS = 1 };

#endif
