/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - what a job can be given on this node: GPUs, or slots of CPU cores. One driver per file finds them.
 *
 * A device's number is its place in the set; a job's devices are a bit mask of numbers, as everywhere in Offpeak.
 */
#ifndef OFFPEAK_AGENT_DEVICE_H
#define OFFPEAK_AGENT_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/job.h>

#include "agent/topology.h"
#include "core/state.h"

struct node_device {
        enum device_kind kind;
        uint8_t numa;
        char address[20];      /* PCI bus id, or "slot3" */
        char model[64];        /* "": not known */
        char uuid[48];         /* as CUDA_VISIBLE_DEVICES takes it ("GPU-..."); "": not known */
        hwloc_bitmap_t cpus;   /* next to it; owned */
};

struct device_set {
        struct node_device at[OFFPEAK_MAX_DEVICES];
        uint32_t n;
};

void device_set_finish(struct device_set *set);

/*
 * gpu_pci.c: the GPUs on the PCI bus, by bus id. Displays of management controllers (ASPEED, Matrox) are not GPUs.
 * ENOTFOUND when there is none; ECONFIG for more than 64.
 */
int devices_find_gpus(const struct topology *topology, struct device_set *ret_set, struct offpeak_error *err);

/*
 * cpu_slot.c: `count` slots that share out the cores in order; neighbours share a core when there are more slots than
 * cores. ECONFIG for no slot, or more than 64.
 */
int devices_make_slots(const struct topology *topology, uint32_t count, struct device_set *ret_set,
                       struct offpeak_error *err);

/*
 * What a job with these devices gets as CUDA_VISIBLE_DEVICES: their UUIDs where all are known and fit into the buffer,
 * else their numbers (in the order of bus ids: CUDA_DEVICE_ORDER=PCI_BUS_ID); "" without GPUs. Returns buffer.
 */
const char *device_set_visible(const struct device_set *set, uint64_t devices, char *buffer, size_t size);

/* The CPUs next to any of these devices, as "0-3,8"; "" if that is not known or does not fit. Returns buffer. */
const char *device_set_cpus(const struct device_set *set, uint64_t devices, char *buffer, size_t size);

/* The same of each of these devices by itself, as "0-3;;8-11", in their order; "" if that does not fit. */
const char *device_set_near(const struct device_set *set, uint64_t devices, char *buffer, size_t size);

/*
 * The memory nodes of these CPUs, as "0,1" by the kernel's numbers, and their memory in bytes; "" and all of it if that
 * is every node, is not known, or does not fit. Returns buffer.
 */
const char *device_set_mems(const struct device_set *set, const struct topology *topology, uint64_t devices,
                            char *buffer, size_t size, int64_t *ret_bytes);

#endif
