/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hardware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/devices/device.h"
#include "agent/power/power.h"
#include "agent/topology.h"
#include "base/fail.h"
#include "wire/log.h"

struct hardware {
        struct topology *topology;
        struct device_set devices;
        struct device as_told[OFFPEAK_MAX_DEVICES];
        struct inventory inventory;
        int64_t idle_w, device_w;    /* declared; 0: not */
        struct power sensor;         /* driver NULL: there is none */
        struct power model;          /* driver NULL: nothing is declared */
        int64_t sensor_uj, model_uj; /* last readings */
        int64_t model_ms;            /* the model's clock */
        double seen_idle_w;          /* by a sensor, while nothing ran; 0: not yet */
};

static int find_devices(struct hardware *hardware, const struct agent_config *config, struct offpeak_error *err)
{
        if (config->devices == AGENT_DEVICES_CPU_SLOT)
                return devices_make_slots(hardware->topology, config->n_slots, &hardware->devices, err);
        return devices_find_gpus(hardware->topology, &hardware->devices, err);
}

/*
 * The sensors that there are see processors and memory. That is the node where jobs run on its cores; where they run on
 * GPUs it is the smaller part, and would be taken for the whole.
 */
static void open_power(struct hardware *hardware, const struct agent_config *config, const char *powercap)
{
        const struct power_config declared = { .powercap = powercap,
                                               .idle_w = config->idle_w,
                                               .device_w = config->device_w };
        const struct power_moment beginning = { 0 };
        struct offpeak_error no_model, no_sensor = { 0 };

        power_open_driver(&power_model, &declared, &hardware->model, &no_model);
        if (hardware->model.driver != NULL)
                power_read(&hardware->model, &beginning, &hardware->model_uj, NULL);
        if (config->devices == AGENT_DEVICES_CPU_SLOT && power_open(&declared, &hardware->sensor, &no_sensor) == 0 &&
            hardware->sensor.driver->quality != QUALITY_MEASURED)
                power_close(&hardware->sensor);
        if (hardware->sensor.driver == NULL && hardware->model.driver == NULL)
                log_warning("no energy will be reported: %s", no_sensor.code != 0 ? no_sensor.text : no_model.text);
}

static enum quality power_quality(const struct hardware *hardware)
{
        if (hardware->sensor.driver != NULL)
                return hardware->sensor.driver->quality;
        return hardware->model.driver != NULL ? QUALITY_MODELLED : QUALITY_ESTIMATED;
}

static void fill_inventory(struct hardware *hardware)
{
        struct topology_facts facts = topology_facts(hardware->topology);

        for (uint32_t i = 0; i < hardware->devices.n; i++) {
                const struct node_device *device = &hardware->devices.at[i];
                hardware->as_told[i] = (struct device){ .kind = device->kind,
                                                        .numa = device->numa,
                                                        .max_w = (uint32_t)hardware->device_w };
                memcpy(hardware->as_told[i].address, device->address, sizeof(device->address));
        }
        hardware->inventory = (struct inventory){ .model = (char *)(uintptr_t)facts.model,
                                                  .cores = facts.cores,
                                                  .memory_mb = facts.memory_mb,
                                                  .idle_w = hardware->idle_w,
                                                  .power_quality = power_quality(hardware),
                                                  .devices = hardware->as_told,
                                                  .n_devices = hardware->devices.n };
}

int hardware_open(const struct agent_config *config, const char *powercap, struct hardware **ret_hardware,
                  struct offpeak_error *err)
{
        struct hardware *hardware = calloc(1, sizeof(*hardware));
        int code;

        if (hardware == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        hardware->idle_w = config->idle_w > 0 ? config->idle_w : 0;
        hardware->device_w = config->device_w > 0 ? config->device_w : 0;
        code = topology_open(config->topology, &hardware->topology, err);
        if (code == 0)
                code = find_devices(hardware, config, err);
        if (code != 0) {
                hardware_close(hardware);
                return code;
        }
        open_power(hardware, config, powercap);
        fill_inventory(hardware);
        *ret_hardware = hardware;
        return 0;
}

void hardware_close(struct hardware *hardware)
{
        power_close(&hardware->sensor);
        power_close(&hardware->model);
        device_set_finish(&hardware->devices);
        topology_close(hardware->topology);
        free(hardware);
}

const struct inventory *hardware_inventory(const struct hardware *hardware)
{
        return &hardware->inventory;
}

uint64_t hardware_mask(const struct hardware *hardware)
{
        uint32_t n = hardware->devices.n;

        return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

const char *hardware_visible(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        return device_set_visible(&hardware->devices, devices, buffer, size);
}

const char *hardware_cpus(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        buffer[0] = '\0';
        if (hwloc_topology_is_thissystem(topology_hwloc(hardware->topology)) == 0)
                return buffer; /* the CPU numbers of another machine bind nothing here */
        return device_set_cpus(&hardware->devices, devices, buffer, size);
}

/* ---- energy */

int64_t hardware_idle_uj(const struct hardware *hardware, int64_t wall_ms)
{
        double watts = hardware->seen_idle_w > 0 ? hardware->seen_idle_w : (double)hardware->idle_w;

        return (int64_t)(watts * (double)wall_ms * 1000);
}

int64_t hardware_busy_uj(const struct hardware *hardware, uint64_t devices, int64_t wall_ms)
{
        return hardware->device_w * __builtin_popcountll(devices) * wall_ms * 1000;
}

/* A slow mean over time in which nothing ran: what a sensor sees of an idle node is not what was declared for all of
 * it. */
static void learn_idle(struct hardware *hardware, int64_t uj, int64_t ms)
{
        double watts = (double)uj / (double)ms / 1000, weight = ms < 60000 ? (double)ms / 60000 : 1;

        if (hardware->seen_idle_w > 0)
                hardware->seen_idle_w += weight * (watts - hardware->seen_idle_w);
        else
                hardware->seen_idle_w = watts;
}

static void read_sensor(struct hardware *hardware, int64_t wall_ms, uint64_t busy, struct hardware_energy *ret_energy)
{
        const struct power_moment moment = { .busy = busy };
        struct offpeak_error err;
        int64_t uj;

        if (power_read(&hardware->sensor, &moment, &uj, &err) != 0) {
                log_debug("%s", err.text);
                uj = hardware->sensor_uj; /* the next reading includes what this one missed */
        }
        ret_energy->node_uj = uj - hardware->sensor_uj;
        hardware->sensor_uj = uj;
        if (busy == 0 && wall_ms > 0 && ret_energy->node_uj > 0)
                learn_idle(hardware, ret_energy->node_uj, wall_ms);
        ret_energy->idle_uj = hardware_idle_uj(hardware, wall_ms);
        ret_energy->quality = hardware->sensor.driver->quality;
}

static bool read_model(struct hardware *hardware, int64_t wall_ms, uint64_t busy, struct hardware_energy *ret_energy)
{
        const struct power_moment moment = { .ms = hardware->model_ms += wall_ms, .busy = busy };
        int64_t uj;

        if (hardware->model.driver == NULL || power_read(&hardware->model, &moment, &uj, NULL) != 0)
                return false;
        ret_energy->node_uj = uj - hardware->model_uj;
        hardware->model_uj = uj;
        ret_energy->idle_uj = hardware->idle_w * wall_ms * 1000;
        ret_energy->quality = QUALITY_MODELLED;
        return true;
}

bool hardware_energy(struct hardware *hardware, int64_t wall_ms, uint64_t busy, bool scaled,
                     struct hardware_energy *ret_energy)
{
        if (hardware->sensor.driver == NULL || scaled)
                return read_model(hardware, wall_ms, busy, ret_energy);
        read_sensor(hardware, wall_ms, busy, ret_energy);
        return true;
}
