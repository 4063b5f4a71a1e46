/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hardware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/devices/device.h"
#include "agent/devices/gpu_caps.h"
#include "agent/gpu_power.h"
#include "agent/links.h"
#include "agent/power/power.h"
#include "agent/topology.h"
#include "base/fail.h"
#include "wire/log.h"

struct hardware {
        struct topology *topology;
        struct device_set devices;
        struct device as_told[OFFPEAK_MAX_DEVICES];
        struct place_link links[OFFPEAK_MAX_DEVICES * (OFFPEAK_MAX_DEVICES - 1) / 2];
        struct inventory inventory;
        int64_t idle_w, device_w;    /* declared; 0: not */
        struct power sensor;         /* driver NULL: there is none */
        struct power model;          /* driver NULL: nothing is declared */
        int64_t sensor_uj, model_uj; /* last readings */
        int64_t model_ms;            /* the model's clock */
        double seen_idle_w;          /* by a sensor, while nothing ran; 0: not yet */
        struct gpu_power gpus;       /* gpus NULL: no library knows any */
        struct gpu_power_sample gpu_sample;
};

static int find_devices(struct hardware *hardware, const struct agent_config *config, struct offpeak_error *err)
{
        if (config->devices == AGENT_DEVICES_CPU_SLOT)
                return devices_make_slots(hardware->topology, config->n_slots, &hardware->devices, err);
        return devices_find_gpus(hardware->topology, &hardware->devices, err);
}

/* Also of cards that are found later: they were lost. */
static void take_uuids(struct hardware *hardware)
{
        for (uint32_t i = 0; i < hardware->devices.n; i++) {
                const struct gpu_now *now = gpus_at(hardware->gpus.gpus, i);

                if (now->facts.uuid[0] != '\0')
                        memcpy(hardware->devices.at[i].uuid, now->facts.uuid, sizeof(now->facts.uuid));
        }
}

/* Libraries that are missing are told, and leave their GPUs to what is declared. */
static void open_gpus(struct hardware *hardware, const struct agent_config *config)
{
        struct offpeak_error err;

        hardware->gpus.declared_w = hardware->device_w;
        if (gpus_open(&hardware->devices, config->nvml, &hardware->gpus.gpus, &err) != 0) {
                log_warning("the GPUs are not measured: %s", err.text);
                return;
        }
        take_uuids(hardware);
        for (uint32_t i = 0; i < hardware->devices.n; i++) {
                const struct gpu_now *now = gpus_at(hardware->gpus.gpus, i);
                const struct node_device *device = &hardware->devices.at[i];

                if (now->driver == NULL)
                        log_warning("GPU %s is not measured: %s", device->address, now->why);
                if (now->facts.is_split)
                        log_warning("GPU %s is split into instances (MIG): a job gets it whole, CUDA shows it one of "
                                    "them, and "
                                    "no power cap is put on it",
                                    device->address);
        }
}

/*
 * Processors and memory have sensors of their own. That is the node where jobs run on its cores; where they run on GPUs
 * it is the smaller part, and would be taken for the whole if these are not measured.
 */
static void open_power(struct hardware *hardware, const struct agent_config *config, const char *powercap)
{
        const struct power_config declared = { .powercap = powercap,
                                               .idle_w = config->idle_w,
                                               .device_w = config->device_w };
        const struct power_moment beginning = { 0 };
        struct offpeak_error no_model, no_sensor = { 0 };
        bool sensed = config->devices == AGENT_DEVICES_CPU_SLOT || hardware->gpus.gpus != NULL;

        power_open_driver(&power_model, &declared, &hardware->model, &no_model);
        if (hardware->model.driver != NULL)
                power_read(&hardware->model, &beginning, &hardware->model_uj, NULL);
        if (sensed && power_open(&declared, &hardware->sensor, &no_sensor) == 0 &&
            hardware->sensor.driver->quality != QUALITY_MEASURED)
                power_close(&hardware->sensor);
        if (hardware->sensor.driver != NULL || hardware->model.driver != NULL)
                return;
        if (hardware->gpus.gpus == NULL)
                log_warning("no energy will be reported: %s", no_sensor.code != 0 ? no_sensor.text : no_model.text);
        else
                log_warning("the GPUs are measured, and the rest of the node is not: say what it draws with nothing "
                            "running, "
                            "power: {idle: 400 W}, in the agent's configuration");
}

/* As good as the worst of its GPUs. */
static enum quality gpus_quality(const struct hardware *hardware)
{
        for (uint32_t i = 0; i < hardware->devices.n; i++)
                if (gpus_at(hardware->gpus.gpus, i)->driver == NULL)
                        return hardware->device_w > 0 ? QUALITY_MODELLED : QUALITY_ESTIMATED;
        return QUALITY_MEASURED;
}

static enum quality power_quality(const struct hardware *hardware)
{
        if (hardware->gpus.gpus != NULL)
                return gpus_quality(hardware);
        if (hardware->sensor.driver != NULL)
                return hardware->sensor.driver->quality;
        return hardware->model.driver != NULL ? QUALITY_MODELLED : QUALITY_ESTIMATED;
}

/* A card's limit bounds what it draws, a job's cap left out; where no card tells one, what is declared. */
static uint32_t max_w(const struct hardware *hardware, const struct agent_config *config, uint32_t device)
{
        uint32_t limit_mw = 0;

        if (hardware->gpus.gpus != NULL)
                limit_mw = gpus_at(hardware->gpus.gpus, device)->facts.limit_mw;
        if (config->state_dir != NULL)
                gpu_caps_before(config->state_dir, hardware->devices.at[device].address, &limit_mw);
        return limit_mw > 0 ? (limit_mw + 999) / 1000 : (uint32_t)hardware->device_w;
}

/* The lowest limit that can be set: by root, on a card that is nobody else's. 0: none can. */
static uint32_t least_w(const struct hardware *hardware, uint32_t device)
{
        const struct gpu_now *now = hardware->gpus.gpus != NULL ? gpus_at(hardware->gpus.gpus, device) : NULL;

        if (now == NULL || now->driver == NULL || now->facts.is_split || now->facts.min_mw == 0 || geteuid() != 0)
                return 0;
        return (now->facts.min_mw + 999) / 1000;
}

static void fill_inventory(struct hardware *hardware, const struct agent_config *config)
{
        struct topology_facts facts = topology_facts(hardware->topology);

        for (uint32_t i = 0; i < hardware->devices.n; i++) {
                const struct node_device *device = &hardware->devices.at[i];
                hardware->as_told[i] = (struct device){ .kind = device->kind,
                                                        .numa = device->numa,
                                                        .max_w = max_w(hardware, config, i),
                                                        .least_w = least_w(hardware, i) };
                if (hardware->as_told[i].least_w > hardware->as_told[i].max_w)
                        hardware->as_told[i].least_w = hardware->as_told[i].max_w;
                memcpy(hardware->as_told[i].address, device->address, sizeof(device->address));
        }
        hardware->inventory = (struct inventory){ .model = (char *)(uintptr_t)facts.model,
                                                  .cores = facts.cores,
                                                  .memory_mb = facts.memory_mb,
                                                  .idle_w = hardware->idle_w,
                                                  .power_quality = power_quality(hardware),
                                                  .devices = hardware->as_told,
                                                  .n_devices = hardware->devices.n,
                                                  .links = hardware->links,
                                                  .block = config->block,
                                                  .rack = config->rack,
                                                  .leaf_switch = config->leaf_switch,
                                                  .features = config->features,
                                                  .n_features = config->n_features };
        if (config->devices == AGENT_DEVICES_GPU)
                hardware->inventory.n_links = links_find(hardware->topology, &hardware->devices, hardware->links);
        if (hardware->gpus.gpus != NULL)
                gpus_links(hardware->gpus.gpus, &hardware->devices, hardware->links);
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
        if (config->devices == AGENT_DEVICES_GPU)
                open_gpus(hardware, config);
        open_power(hardware, config, powercap);
        fill_inventory(hardware, config);
        *ret_hardware = hardware;
        return 0;
}

void hardware_close(struct hardware *hardware)
{
        gpus_close(hardware->gpus.gpus);
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

bool hardware_is_here(const struct hardware *hardware)
{
        return hwloc_topology_is_thissystem(topology_hwloc(hardware->topology)) != 0;
}

const char *hardware_cpus(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        buffer[0] = '\0';
        if (!hardware_is_here(hardware))
                return buffer; /* the CPU numbers of another machine bind nothing here */
        return device_set_cpus(&hardware->devices, devices, buffer, size);
}

const char *hardware_near(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size)
{
        buffer[0] = '\0';
        return hardware_is_here(hardware) ? device_set_near(&hardware->devices, devices, buffer, size) : buffer;
}

const char *hardware_mems(const struct hardware *hardware, uint64_t devices, char *buffer, size_t size,
                          int64_t *ret_bytes)
{
        if (hardware_is_here(hardware))
                return device_set_mems(&hardware->devices, hardware->topology, devices, buffer, size, ret_bytes);
        buffer[0] = '\0';
        *ret_bytes = 0;
        return buffer;
}

int hardware_check(const struct hardware *hardware, uint64_t devices, struct offpeak_error *err)
{
        for (uint32_t i = 0; hardware->gpus.gpus != NULL && i < hardware->devices.n; i++) {
                const struct gpu_now *now = gpus_at(hardware->gpus.gpus, i);

                if ((devices >> i & 1) != 0 && now->lost)
                        return fail(err, OFFPEAK_ENOTFOUND, "a GPU of the job is lost: %s", now->why);
        }
        return 0;
}

const char *hardware_unwell(const struct hardware *hardware, uint32_t device)
{
        return hardware->gpus.gpus != NULL ? gpus_at(hardware->gpus.gpus, device)->unwell : "";
}

uint64_t hardware_unwell_mask(const struct hardware *hardware)
{
        uint64_t mask = 0;

        for (uint32_t i = 0; i < hardware->devices.n; i++)
                if (hardware_unwell(hardware, i)[0] != '\0')
                        mask |= UINT64_C(1) << i;
        return mask;
}

void hardware_look(struct hardware *hardware, int64_t now_ms)
{
        if (hardware->gpus.gpus != NULL)
                gpus_look(hardware->gpus.gpus, now_ms);
}

const struct gpu_now *hardware_gpu(const struct hardware *hardware, uint32_t device)
{
        const struct gpu_now *now = hardware->gpus.gpus != NULL ? gpus_at(hardware->gpus.gpus, device) : NULL;

        return now != NULL && now->driver != NULL ? now : NULL;
}

const char *hardware_describe(const struct hardware *hardware, uint32_t device, char *buffer, size_t size)
{
        const struct node_device *known = &hardware->devices.at[device];
        const struct gpu_now *now = hardware_gpu(hardware, device);

        buffer[0] = '\0';
        if (known->kind != DEVICE_GPU)
                return buffer;
        if (now == NULL)
                snprintf(buffer, size, "GPU %s: no library measures it", known->address);
        else
                gpu_describe(now, known->address, buffer, size);
        return buffer;
}

/* ---- energy */

/* Of processors and memory, or of the node where it is not measured. */
static double rest_idle_w(const struct hardware *hardware)
{
        return hardware->seen_idle_w > 0 ? hardware->seen_idle_w : (double)hardware->idle_w;
}

int64_t hardware_idle_uj(const struct hardware *hardware, int64_t wall_ms)
{
        double watts = rest_idle_w(hardware), gpus_w;

        if (hardware->gpus.gpus != NULL) {
                gpus_w = gpu_power_idle_w(&hardware->gpus, hardware->devices.n, 0);
                if (hardware->sensor.driver != NULL)
                        watts = hardware->seen_idle_w + gpus_w;
                else if (gpus_w > watts)
                        watts = gpus_w;
        }
        return (int64_t)(watts * (double)wall_ms * 1000);
}

int64_t hardware_busy_uj(const struct hardware *hardware, uint64_t devices, int64_t wall_ms)
{
        double watts = 0;

        for (uint32_t i = 0; i < OFFPEAK_MAX_DEVICES; i++) {
                double seen_w = 0;

                if ((devices >> i & 1) == 0)
                        continue;
                if (hardware->gpus.gpus != NULL)
                        seen_w = gpu_power_above_w(&hardware->gpus, i);
                watts += seen_w > 0 ? seen_w : (double)hardware->device_w;
        }
        return (int64_t)(watts * (double)wall_ms * 1000);
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

static void read_sensor(struct hardware *hardware, const struct hardware_moment *moment,
                        struct hardware_energy *ret_energy)
{
        const struct power_moment beside = { .busy = moment->busy };
        struct offpeak_error err;
        int64_t uj;

        if (power_read(&hardware->sensor, &beside, &uj, &err) != 0) {
                log_debug("%s", err.text);
                uj = hardware->sensor_uj; /* the next reading includes what this one missed */
        }
        ret_energy->node_uj = uj - hardware->sensor_uj;
        hardware->sensor_uj = uj;
        if (moment->busy == 0 && moment->wall_ms > 0 && ret_energy->node_uj > 0)
                learn_idle(hardware, ret_energy->node_uj, moment->wall_ms);
        ret_energy->idle_uj = (int64_t)(rest_idle_w(hardware) * (double)moment->wall_ms * 1000);
        ret_energy->quality = ret_energy->idle_quality = hardware->sensor.driver->quality;
}

static bool read_model(struct hardware *hardware, const struct hardware_moment *moment,
                       struct hardware_energy *ret_energy)
{
        const struct power_moment then = { .ms = hardware->model_ms += moment->wall_ms, .busy = moment->busy };
        int64_t uj;

        if (hardware->model.driver == NULL || power_read(&hardware->model, &then, &uj, NULL) != 0)
                return false;
        ret_energy->node_uj = uj - hardware->model_uj;
        hardware->model_uj = uj;
        ret_energy->idle_uj = hardware->idle_w * moment->wall_ms * 1000;
        ret_energy->quality = ret_energy->idle_quality = QUALITY_MODELLED;
        return true;
}

/* What is declared for the idle node without what its GPUs draw of it. */
static void add_declared_rest(const struct hardware *hardware, const struct hardware_moment *moment,
                              struct hardware_energy *energy)
{
        double watts = (double)hardware->idle_w - gpu_power_idle_w(&hardware->gpus, hardware->devices.n, moment->busy);

        energy->quality = energy->idle_quality = QUALITY_MEASURED;
        if (hardware->idle_w == 0 || watts <= 0)
                return;
        energy->node_uj = energy->idle_uj = (int64_t)(watts * (double)moment->wall_ms * 1000);
        energy->idle_quality = QUALITY_MODELLED;
}

/* The GPUs, and beside them the processors' sensors or what is declared. */
static void read_gpus(struct hardware *hardware, const struct hardware_moment *moment, struct hardware_energy *energy)
{
        struct gpu_power_sample *sample = &hardware->gpu_sample;

        gpu_power_sample(&hardware->gpus, hardware->devices.n, moment->now_ms, moment->busy, sample);
        take_uuids(hardware);
        if (hardware->sensor.driver != NULL)
                read_sensor(hardware, moment, energy);
        else
                add_declared_rest(hardware, moment, energy);
        if (energy->idle_uj > energy->node_uj)
                energy->idle_uj = energy->node_uj; /* else it would take of the GPUs' */
        energy->node_uj += sample->uj;
        energy->idle_uj += sample->idle_uj;
        if (sample->quality > energy->idle_quality)
                energy->idle_quality = sample->quality;
        energy->device_uj = sample->above_uj;
        energy->device_quality = sample->qualities;
}

bool hardware_energy(struct hardware *hardware, const struct hardware_moment *moment,
                     struct hardware_energy *ret_energy)
{
        memset(ret_energy, 0, sizeof(*ret_energy));
        if (moment->scaled || (hardware->sensor.driver == NULL && hardware->gpus.gpus == NULL))
                return read_model(hardware, moment, ret_energy);
        if (hardware->gpus.gpus != NULL)
                read_gpus(hardware, moment, ret_energy);
        else
                read_sensor(hardware, moment, ret_energy);
        return true;
}
