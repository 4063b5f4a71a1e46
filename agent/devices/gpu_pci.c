/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_pci.c - GPUs as PCI devices.
 *
 * A card can appear as several OS devices (CUDA, NVML, OpenCL, RSMI) or as none, depending on hwloc's plugins; it is
 * one PCI device in any case. So PCI devices are counted, and OS devices only asked for what they know of their card.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/devices/device.h"
#include "base/fail.h"

enum {
        CLASS_VGA = 0x0300,
        CLASS_3D = 0x0302,
        CLASS_DISPLAY = 0x0380, /* AMD Instinct, Intel Max */
        VENDOR_AMD = 0x1002,
        VENDOR_NVIDIA = 0x10de,
        VENDOR_INTEL = 0x8086,
};

/* The info of this name that the OS device of a card gives, or NULL. */
static const char *card_info(hwloc_obj_t pci, const char *name)
{
        for (hwloc_obj_t os = pci->io_first_child; os != NULL; os = os->next_sibling) {
                const char *value = os->type == HWLOC_OBJ_OS_DEVICE ? hwloc_obj_get_info_by_name(os, name) : NULL;

                if (value != NULL)
                        return value;
        }
        return NULL;
}

/* Whether a library of computing knows the card. To hwloc a mere display is an OS device of type GPU too ("card0"). */
static bool is_driven(hwloc_obj_t pci)
{
        for (hwloc_obj_t os = pci->io_first_child; os != NULL; os = os->next_sibling) {
                if (os->type != HWLOC_OBJ_OS_DEVICE)
                        continue;
                if (os->attr->osdev.type == HWLOC_OBJ_OSDEV_COPROC || strncmp(os->name, "nvml", 4) == 0 ||
                    strncmp(os->name, "rsmi", 4) == 0)
                        return true;
        }
        return false;
}

/* The graphics of Intel's processors sit on the root bus. */
static bool is_integrated(const struct hwloc_pcidev_attr_s *pci)
{
        return pci->vendor_id == VENDOR_INTEL && pci->domain == 0 && pci->bus == 0;
}

static bool is_gpu(hwloc_obj_t object)
{
        const struct hwloc_pcidev_attr_s *pci = &object->attr->pcidev;

        if (pci->class_id != CLASS_VGA && pci->class_id != CLASS_3D && pci->class_id != CLASS_DISPLAY)
                return false;
        if (is_driven(object))
                return true;
        return (pci->vendor_id == VENDOR_NVIDIA || pci->vendor_id == VENDOR_AMD || pci->vendor_id == VENDOR_INTEL) &&
               !is_integrated(pci);
}

static void take_uuid(hwloc_obj_t pci, struct node_device *gpu)
{
        const char *uuid = card_info(pci, "NVIDIAUUID");

        if (uuid != NULL && strlen(uuid) < sizeof(gpu->uuid))
                strcpy(gpu->uuid, uuid);
}

/* What the card's driver calls it, else the PCI data base, else its numbers. */
static void take_model(hwloc_obj_t pci, struct node_device *gpu)
{
        const char *names[] = { card_info(pci, "GPUModel"), hwloc_obj_get_info_by_name(pci, "PCIDevice") };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (names[i] != NULL && names[i][0] != '\0') {
                        snprintf(gpu->model, sizeof(gpu->model), "%s", names[i]);
                        return;
                }
        snprintf(gpu->model, sizeof(gpu->model), "%04x:%04x", pci->attr->pcidev.vendor_id, pci->attr->pcidev.device_id);
}

static int take_gpu(const struct topology *topology, hwloc_obj_t object, struct node_device *ret_gpu)
{
        const struct hwloc_pcidev_attr_s *pci = &object->attr->pcidev;
        hwloc_obj_t beside = hwloc_get_non_io_ancestor_obj(topology_hwloc(topology), object);

        *ret_gpu = (struct node_device){ .kind = DEVICE_GPU, .cpus = hwloc_bitmap_dup(beside->cpuset) };
        if (ret_gpu->cpus == NULL)
                return OFFPEAK_ENOMEM;
        snprintf(ret_gpu->address, sizeof(ret_gpu->address), "%04x:%02x:%02x.%x", pci->domain, pci->bus, pci->dev,
                 pci->func);
        ret_gpu->numa = topology_numa_of(topology, ret_gpu->cpus);
        take_uuid(object, ret_gpu);
        take_model(object, ret_gpu);
        return 0;
}

/* Fixed width, so that text order is bus order. */
static int by_address(const void *left, const void *right)
{
        const struct node_device *a = left, *b = right;

        return strcmp(a->address, b->address);
}

static bool is_known(const struct device_set *set, const struct node_device *gpu)
{
        for (uint32_t i = 0; i < set->n; i++)
                if (strcmp(set->at[i].address, gpu->address) == 0)
                        return true;
        return false;
}

static int add_gpu(const struct topology *topology, hwloc_obj_t pci, struct device_set *set, struct offpeak_error *err)
{
        struct node_device gpu;

        if (take_gpu(topology, pci, &gpu) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the devices");
        if (is_known(set, &gpu)) {
                hwloc_bitmap_free(gpu.cpus);
                return 0;
        }
        if (set->n == OFFPEAK_MAX_DEVICES) {
                hwloc_bitmap_free(gpu.cpus);
                return fail(err, OFFPEAK_ECONFIG, "this node has more than %d GPUs; run an agent for each part of it",
                            OFFPEAK_MAX_DEVICES);
        }
        set->at[set->n++] = gpu;
        return 0;
}

int devices_find_gpus(const struct topology *topology, struct device_set *ret_set, struct offpeak_error *err)
{
        struct device_set set = { .n = 0 };
        hwloc_obj_t pci = NULL;
        int rc = 0;

        while (rc == 0 && (pci = hwloc_get_next_pcidev(topology_hwloc(topology), pci)) != NULL)
                if (is_gpu(pci))
                        rc = add_gpu(topology, pci, &set, err);
        if (rc == 0 && set.n == 0)
                rc = fail(err, OFFPEAK_ENOTFOUND,
                          "no GPU found on this node's PCI bus; for jobs on CPUs write devices: {kind: cpu-slot, "
                          "count: 4}");
        if (rc != 0) {
                device_set_finish(&set);
                return rc;
        }
        qsort(set.at, set.n, sizeof(set.at[0]), by_address);
        *ret_set = set;
        return 0;
}
