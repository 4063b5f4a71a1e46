/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nics.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/links.h"

/* The OS device that is a port of the card, an InfiniBand one rather than its network interface; NULL: it is no
 * adapter. */
static hwloc_obj_t port_of(hwloc_obj_t card)
{
        hwloc_obj_t port = NULL;

        for (hwloc_obj_t os = card->io_first_child; os != NULL; os = os->next_sibling) {
                if (os->type != HWLOC_OBJ_OS_DEVICE)
                        continue;
                if (os->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS)
                        return os;
                if (os->attr->osdev.type == HWLOC_OBJ_OSDEV_NETWORK && port == NULL)
                        port = os;
        }
        return port;
}

static void find_gpus(const struct topology *topology, const struct device_set *gpus, hwloc_obj_t card, struct nic *nic)
{
        for (uint32_t i = 0; i < gpus->n; i++) {
                hwloc_obj_t gpu = links_device(topology, gpus->at[i].address);
                enum place_near near = gpu != NULL ? links_near(card, gpu) : PLACE_FAR;

                if (near > nic->near) {
                        nic->near = near;
                        nic->gpus = 0;
                }
                if (near == nic->near && near != PLACE_FAR)
                        nic->gpus |= UINT64_C(1) << i;
        }
}

uint32_t nics_find(const struct topology *topology, const struct device_set *gpus, struct nic nics[MAX_NICS])
{
        hwloc_obj_t card = NULL;
        uint32_t n = 0;

        while (n < MAX_NICS && (card = hwloc_get_next_pcidev(topology_hwloc(topology), card)) != NULL) {
                const struct hwloc_pcidev_attr_s *pci = &card->attr->pcidev;
                hwloc_obj_t port = port_of(card),
                            beside = hwloc_get_non_io_ancestor_obj(topology_hwloc(topology), card);

                if (port == NULL)
                        continue;
                nics[n] = (struct nic){ .numa = topology_numa_of(topology, beside->cpuset) };
                snprintf(nics[n].name, sizeof(nics[n].name), "%s", port->name != NULL ? port->name : "?");
                snprintf(nics[n].address, sizeof(nics[n].address), "%04x:%02x:%02x.%x", pci->domain, pci->bus, pci->dev,
                         pci->func);
                find_gpus(topology, gpus, card, &nics[n]);
                n++;
        }
        return n;
}
