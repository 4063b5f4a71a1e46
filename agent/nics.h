/* SPDX-License-Identifier: Apache-2.0 */
/* nics.h - the network adapters of a node, and which GPUs are near them. */
#ifndef OFFPEAK_AGENT_NICS_H
#define OFFPEAK_AGENT_NICS_H

#include "agent/devices/device.h"
#include "place/pick.h"

enum { MAX_NICS = 64 };

struct nic {
        char name[32];    /* of a port: "eth0", "mlx5_0" */
        char address[20]; /* PCI bus id */
        uint8_t numa;
        uint64_t gpus;        /* those that are nearest, if any is nearer than far */
        enum place_near near; /* how near these are */
};

/* Network and InfiniBand adapters on the PCI bus, the first MAX_NICS; one entry a card. Returns how many. */
uint32_t nics_find(const struct topology *topology, const struct device_set *gpus, struct nic nics[MAX_NICS]);

#endif
