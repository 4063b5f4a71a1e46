/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hardware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

struct hardware {
        struct inventory inventory;
        int64_t idle_w;
        bool known;
};

int hardware_open(const struct agent_config *config, struct hardware **ret_hardware, struct offpeak_error *err)
{
        struct hardware *hardware;

        if (config->devices != AGENT_DEVICES_CPU_SLOT)
                return fail(err, OFFPEAK_ENOTFOUND, "no GPU found");
        hardware = calloc(1, sizeof(*hardware));
        if (hardware == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        hardware->inventory.devices = calloc(config->n_slots, sizeof(struct device));
        hardware->inventory.n_devices = config->n_slots;
        hardware->inventory.cores = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
        hardware->inventory.memory_mb = sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
        hardware->inventory.power_quality = QUALITY_MODELLED;
        hardware->known = config->idle_w >= 0 || config->device_w >= 0;
        hardware->inventory.idle_w = config->idle_w > 0 ? config->idle_w : 0;
        for (uint32_t i = 0; i < config->n_slots; i++) {
                struct device *device = &hardware->inventory.devices[i];
                device->kind = DEVICE_CPU_SLOT;
                device->max_w = config->device_w > 0 ? (uint32_t)config->device_w : 0;
                snprintf(device->address, sizeof(device->address), "slot%u", i);
        }
        *ret_hardware = hardware;
        return 0;
}

void hardware_close(struct hardware *hardware)
{
        free(hardware->inventory.devices);
        free(hardware);
}

const struct inventory *hardware_inventory(const struct hardware *hardware)
{
        return &hardware->inventory;
}

uint64_t hardware_mask(const struct hardware *hardware)
{
        uint32_t n = hardware->inventory.n_devices;

        return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

const char *hardware_visible(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        (void)hardware;
        (void)devices;
        snprintf(buffer, size, "%s", "");
        return buffer;
}

const char *hardware_cpus(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        (void)hardware;
        (void)devices;
        snprintf(buffer, size, "%s", "");
        return buffer;
}

int64_t hardware_idle_uj(const struct hardware *hardware, int64_t wall_ms)
{
        return hardware->inventory.idle_w * wall_ms * 1000;
}

int64_t hardware_busy_uj(const struct hardware *hardware, uint64_t devices, int64_t wall_ms)
{
        int64_t watts = 0;

        for (uint32_t i = 0; i < hardware->inventory.n_devices; i++)
                if ((devices >> i & 1) != 0)
                        watts += hardware->inventory.devices[i].max_w;
        return watts * wall_ms * 1000;
}

bool hardware_energy(struct hardware *hardware, int64_t wall_ms, uint64_t busy, bool scaled,
                     struct hardware_energy *ret_energy)
{
        (void)scaled;
        if (!hardware->known)
                return false;
        memset(ret_energy, 0, sizeof(*ret_energy));
        ret_energy->node_uj = hardware_idle_uj(hardware, wall_ms) + hardware_busy_uj(hardware, busy, wall_ms);
        ret_energy->quality = QUALITY_MODELLED;
        return true;
}
