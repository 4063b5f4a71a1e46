/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml.c - NVIDIA's GPUs, by the management library that comes with their driver (nvml_abi.h).
 *
 * It is opened at run time: on a machine without it there is nothing to drive. A call that an older library or a card
 * does not have leaves its number unknown.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/devices/gpu_driver.h"
#include "agent/devices/nvml_abi.h"
#include "agent/devices/nvml_xid.h"
#include "base/fail.h"

enum { MAX_GPUS = 64, UJ_PER_MJ = 1000, BYTES_PER_MB = 1 << 20 };

struct nvml_calls {
#define MEMBER(field, symbol, needed, arguments) int(*field) arguments;
        NVML_CALLS(MEMBER)
#undef MEMBER
};

struct nvml_gpu {
        void *handle;
        char address[20];
        uint32_t fault; /* not told yet */
};

struct nvml {
        void *library;
        struct nvml_calls calls;
        void *events; /* NULL: the library tells of none */
        struct nvml_gpu gpus[MAX_GPUS];
        unsigned n_gpus;
};

/* ---- errors */

static const char *text_of(int result)
{
        switch (result) {
        case NVML_NOT_SUPPORTED:
                return "the card does not support it";
        case NVML_NO_PERMISSION:
                return "not permitted; that takes root";
        case NVML_NOT_FOUND:
                return "no such GPU";
        case NVML_INVALID_ARGUMENT:
                return "the value is refused";
        case NVML_DRIVER_NOT_LOADED:
                return "NVIDIA's kernel driver is not loaded";
        case NVML_GPU_IS_LOST:
                return "the GPU has fallen off the bus or is otherwise out of reach; reset it, or restart the node";
        case NVML_RESET_REQUIRED:
                return "the GPU needs a reset before it can be used again";
        case NVML_VERSION_MISMATCH:
                return "library and kernel driver are of different versions; restart the node after the update";
        }
        return NULL;
}

static int code_of(int result)
{
        switch (result) {
        case NVML_NOT_FOUND:
        case NVML_GPU_IS_LOST:
        case NVML_RESET_REQUIRED:
        case NVML_DRIVER_NOT_LOADED:
                return OFFPEAK_ENOTFOUND;
        case NVML_NO_PERMISSION:
                return OFFPEAK_EPERMISSION;
        case NVML_INVALID_ARGUMENT:
                return OFFPEAK_EINVAL;
        case NVML_NOT_SUPPORTED:
                return OFFPEAK_ESTATE;
        }
        return OFFPEAK_EIO;
}

static int refuse(struct offpeak_error *err, const char *place, const char *what, int result)
{
        const char *text = text_of(result);

        if (text != NULL)
                return fail(err, code_of(result), "%s: %s: %s (NVML error %d)", place, what, text, result);
        return fail(err, code_of(result), "%s: %s: NVML error %d", place, what, result);
}

/* ---- the library */

static int look_up(struct nvml *nvml, const char *library, struct offpeak_error *err)
{
        static const struct {
                size_t at;
                const char *symbol;
                bool needed;
        } rows[] = {
#define ROW(field, symbol, needed, arguments) { offsetof(struct nvml_calls, field), symbol, needed },
                NVML_CALLS(ROW)
#undef ROW
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                void *found = dlsym(nvml->library, rows[i].symbol);

                if (found == NULL && rows[i].needed)
                        return fail(err, OFFPEAK_ENOTFOUND, "%s has no %s: it is too old, or is not NVIDIA's", library,
                                    rows[i].symbol);
                memcpy((char *)&nvml->calls + rows[i].at, &found, sizeof(found));
        }
        return 0;
}

static void nvml_close(void *state)
{
        struct nvml *nvml = state;

        if (nvml->events != NULL)
                nvml->calls.event_free(nvml->events);
        nvml->calls.shutdown();
        dlclose(nvml->library);
        free(nvml);
}

static int begin(struct nvml *nvml, const char *library, struct offpeak_error *err)
{
        int code, result;

        nvml->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (nvml->library == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "%s", dlerror());
        code = look_up(nvml, library, err);
        if (code == 0 && (result = nvml->calls.init()) != NVML_SUCCESS)
                code = refuse(err, library, "cannot be started", result);
        if (code != 0)
                dlclose(nvml->library);
        return code;
}

static int nvml_open(const char *library, void **ret_state, struct offpeak_error *err)
{
        struct nvml *nvml = calloc(1, sizeof(*nvml));
        const struct nvml_calls *calls;
        int code;

        if (nvml == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for NVML");
        code = begin(nvml, library != NULL ? library : NVML_LIBRARY, err);
        if (code != 0) {
                free(nvml);
                return code;
        }
        calls = &nvml->calls;
        if (calls->event_set == NULL || calls->event_free == NULL || calls->event_register == NULL ||
            calls->event_wait == NULL || calls->event_set(&nvml->events) != NVML_SUCCESS)
                nvml->events = NULL;
        *ret_state = nvml;
        return 0;
}

/* ---- one GPU */

static struct nvml_gpu *gpu_at(struct nvml *nvml, const char *address)
{
        for (unsigned i = 0; i < nvml->n_gpus; i++)
                if (strcmp(nvml->gpus[i].address, address) == 0)
                        return &nvml->gpus[i];
        if (nvml->n_gpus == MAX_GPUS)
                return NULL;
        snprintf(nvml->gpus[nvml->n_gpus].address, sizeof(nvml->gpus[0].address), "%s", address);
        return &nvml->gpus[nvml->n_gpus++];
}

static int nvml_find(void *state, const char *address, void **ret_gpu, struct offpeak_error *err)
{
        struct nvml *nvml = state;
        struct nvml_gpu *gpu;
        void *handle;
        int result = nvml->calls.find(address, &handle);

        if (result != NVML_SUCCESS) {
                bool lost = result == NVML_GPU_IS_LOST || result == NVML_RESET_REQUIRED;
                int code = refuse(err, address, lost ? "is out of reach" : "is not found", result);

                return lost ? OFFPEAK_ESTATE : code;
        }
        gpu = gpu_at(nvml, address);
        if (gpu == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "%s: more than %d GPUs", address, MAX_GPUS);
        gpu->handle = handle;
        if (nvml->events != NULL)
                nvml->calls.event_register(handle, NVML_EVENT_XID, nvml->events);
        *ret_gpu = gpu;
        return 0;
}

/* A number that the card may not have: 0 then. */
static uint32_t ask(int (*call)(void *, unsigned int *), void *handle)
{
        unsigned int value = 0;

        return call != NULL && call(handle, &value) == NVML_SUCCESS ? value : 0;
}

static bool is_split(const struct nvml_calls *calls, void *handle)
{
        unsigned int now = 0, next = 0;

        return calls->mig != NULL && calls->mig(handle, &now, &next) == NVML_SUCCESS && now == NVML_FEATURE_ENABLED;
}

static int nvml_facts(void *state, void *gpu, struct gpu_facts *ret_facts, struct offpeak_error *err)
{
        const struct nvml_calls *calls = &((struct nvml *)state)->calls;
        const struct nvml_gpu *known = gpu;
        struct gpu_facts facts = { 0 };
        char uuid[NVML_UUID_SIZE] = "", name[NVML_NAME_SIZE] = "";
        unsigned long long energy;
        int result = calls->uuid(known->handle, uuid, sizeof(uuid));

        if (result != NVML_SUCCESS)
                return refuse(err, known->address, "its UUID cannot be read", result);
        if (strlen(uuid) < sizeof(facts.uuid))
                snprintf(facts.uuid, sizeof(facts.uuid), "%s", uuid);
        if (calls->name != NULL && calls->name(known->handle, name, sizeof(name)) == NVML_SUCCESS)
                snprintf(facts.model, sizeof(facts.model), "%s", name);
        facts.limit_mw = ask(calls->limit, known->handle);
        facts.default_mw = ask(calls->default_limit, known->handle);
        if (calls->bounds == NULL || calls->bounds(known->handle, &facts.min_mw, &facts.max_mw) != NVML_SUCCESS)
                facts.min_mw = facts.max_mw = 0;
        facts.has_counter = calls->energy != NULL && calls->energy(known->handle, &energy) == NVML_SUCCESS;
        facts.is_split = is_split(calls, known->handle);
        *ret_facts = facts;
        return 0;
}

/* ---- links */

static uint32_t field_speed(const struct nvml_calls *calls, void *handle, unsigned int link)
{
        struct nvml_field field = { .field = NVML_FIELD_NVLINK_SPEED, .scope = link };

        if (calls->fields == NULL || calls->fields(handle, 1, &field) != NVML_SUCCESS || field.result != NVML_SUCCESS ||
            field.type != NVML_VALUE_UINT)
                return 0;
        return field.value.number;
}

/*
 * MB/s of a link in one direction: NVIDIA's data sheets tell the sum of both over all links. P100: 160 GB/s over 4 of
 * the first version; V100: 300 over 6, A100: 600 over 12, H100: 900 over 18; B200: 1800 over 18. Of versions to come
 * the library's own number, which has the protocol's share in it. 0: unknown.
 */
static uint32_t link_speed(const struct nvml_calls *calls, void *handle, unsigned int link)
{
        unsigned int version = 0;

        if (calls->link_version == NULL || calls->link_version(handle, link, &version) != NVML_SUCCESS)
                return field_speed(calls, handle, link);
        if (version == NVML_NVLINK_1_0)
                return 20000;
        if (version >= NVML_NVLINK_2_0 && version <= NVML_NVLINK_4_0)
                return 25000;
        return version == NVML_NVLINK_5_0 ? 50000 : field_speed(calls, handle, link);
}

/* False: it is down, or leads to neither. */
static bool read_link(const struct nvml_calls *calls, void *handle, unsigned int link, struct gpu_link *ret_link)
{
        unsigned int active = 0, type = NVML_REMOTE_UNKNOWN;
        struct nvml_pci remote = { 0 };

        *ret_link = (struct gpu_link){ 0 };
        if (calls->link_state(handle, link, &active) != NVML_SUCCESS || active != NVML_FEATURE_ENABLED)
                return false;
        if (calls->link_type != NULL && calls->link_type(handle, link, &type) != NVML_SUCCESS)
                type = NVML_REMOTE_UNKNOWN;
        ret_link->mb_per_s = link_speed(calls, handle, link);
        ret_link->to_switch = type == NVML_REMOTE_SWITCH;
        if (ret_link->to_switch)
                return ret_link->mb_per_s > 0;
        if ((type != NVML_REMOTE_GPU && type != NVML_REMOTE_UNKNOWN) ||
            calls->link_remote(handle, link, &remote) != NVML_SUCCESS)
                return false;
        snprintf(ret_link->remote, sizeof(ret_link->remote), "%04x:%02x:%02x.0", remote.domain, remote.bus & 0xff,
                 remote.device & 0xff);
        return ret_link->mb_per_s > 0;
}

static int nvml_links(void *state, void *gpu, struct gpu_link *ret_links, uint32_t *ret_n, struct offpeak_error *err)
{
        const struct nvml_calls *calls = &((struct nvml *)state)->calls;
        const struct nvml_gpu *known = gpu;
        uint32_t n = 0;

        if (calls->link_state == NULL || calls->link_remote == NULL)
                return fail(err, OFFPEAK_ESTATE, "%s: the library does not tell its NVLinks", known->address);
        for (unsigned int link = 0; link < NVML_MAX_NVLINKS && n < GPU_MAX_LINKS; link++)
                n += read_link(calls, known->handle, link, &ret_links[n]);
        *ret_n = n;
        return 0;
}

/* ---- readings */

/* Events come for all GPUs; each is kept for its own. What follows a grave one does not hide it. */
static void take_events(struct nvml *nvml)
{
        struct nvml_event event;

        for (int n = 0; nvml->events != NULL && n < 16; n++) {
                memset(&event, 0, sizeof(event));
                if (nvml->calls.event_wait(nvml->events, &event, 0) != NVML_SUCCESS)
                        return;
                for (unsigned i = 0; i < nvml->n_gpus; i++)
                        if (nvml->gpus[i].handle == event.device && event.type == NVML_EVENT_XID &&
                            nvml_xid_fatal(nvml->gpus[i].fault) == NULL)
                                nvml->gpus[i].fault = (uint32_t)event.data;
        }
}

static int32_t clock_of(const struct nvml_calls *calls, void *handle, unsigned int type)
{
        unsigned int mhz;

        return calls->clock != NULL && calls->clock(handle, type, &mhz) == NVML_SUCCESS ? (int32_t)mhz : GPU_UNKNOWN;
}

static void read_rest(struct nvml *nvml, struct nvml_gpu *gpu, struct gpu_reading *reading)
{
        const struct nvml_calls *calls = &nvml->calls;
        struct nvml_utilization utilization;
        struct nvml_memory memory;
        unsigned long long errors;

        if (calls->utilization != NULL && calls->utilization(gpu->handle, &utilization) == NVML_SUCCESS)
                reading->compute_percent = (int32_t)utilization.gpu;
        if (calls->memory != NULL && calls->memory(gpu->handle, &memory) == NVML_SUCCESS) {
                reading->memory_used_mb = (int64_t)(memory.used / BYTES_PER_MB);
                reading->memory_mb = (int64_t)(memory.total / BYTES_PER_MB);
        }
        if (calls->ecc != NULL &&
            calls->ecc(gpu->handle, NVML_ECC_UNCORRECTED, NVML_ECC_VOLATILE, &errors) == NVML_SUCCESS)
                reading->ecc_errors = (int64_t)errors;
        reading->clock_mhz = clock_of(calls, gpu->handle, NVML_CLOCK_SM);
        reading->memory_clock_mhz = clock_of(calls, gpu->handle, NVML_CLOCK_MEM);
        take_events(nvml);
        reading->fault = gpu->fault;
        reading->fatal = nvml_xid_fatal(gpu->fault);
        gpu->fault = 0;
}

/* The counter or, where there is none and in a full round, the power: one of the two must be there. */
static int read_energy(const struct nvml_calls *calls, const struct nvml_gpu *gpu, bool all,
                       struct gpu_reading *reading, struct offpeak_error *err)
{
        int by_counter = NVML_NOT_SUPPORTED, by_power = NVML_NOT_SUPPORTED;
        unsigned long long mj;
        unsigned int mw;

        if (calls->energy != NULL)
                by_counter = calls->energy(gpu->handle, &mj);
        if (by_counter == NVML_SUCCESS && mj <= INT64_MAX / UJ_PER_MJ)
                reading->counter_uj = (int64_t)mj * UJ_PER_MJ;
        else if (by_counter == NVML_SUCCESS)
                return fail(err, OFFPEAK_EIO, "%s: its energy counter says %llu mJ, which no card ever drew", gpu->address, mj);
        else if (by_counter != NVML_NOT_SUPPORTED)
                return refuse(err, gpu->address, "its energy counter cannot be read", by_counter);
        if (calls->power != NULL && (all || reading->counter_uj < 0))
                by_power = calls->power(gpu->handle, &mw);
        if (by_power == NVML_SUCCESS)
                reading->power_mw = (int64_t)mw;
        else if (reading->counter_uj < 0)
                return refuse(err, gpu->address, "its power cannot be read", by_power);
        return 0;
}

static int nvml_read(void *state, void *gpu, bool all, struct gpu_reading *ret_reading, struct offpeak_error *err)
{
        struct gpu_reading reading = { GPU_UNKNOWN, GPU_UNKNOWN, GPU_UNKNOWN, GPU_UNKNOWN, GPU_UNKNOWN,
                                       GPU_UNKNOWN, GPU_UNKNOWN, GPU_UNKNOWN, 0,           NULL };
        struct nvml *nvml = state;
        int code = read_energy(&nvml->calls, gpu, all, &reading, err);

        if (code != 0)
                return code;
        if (all)
                read_rest(nvml, gpu, &reading);
        *ret_reading = reading;
        return 0;
}

/* ---- the power limit */

static int nvml_limit(void *state, void *gpu, uint32_t *ret_mw, struct offpeak_error *err)
{
        const struct nvml *nvml = state;
        const struct nvml_gpu *known = gpu;
        unsigned int mw;
        int result = NVML_NOT_SUPPORTED;

        if (nvml->calls.limit != NULL)
                result = nvml->calls.limit(known->handle, &mw);
        if (result != NVML_SUCCESS)
                return refuse(err, known->address, "its power limit cannot be read", result);
        *ret_mw = mw;
        return 0;
}

static int nvml_set_limit(void *state, void *gpu, uint32_t mw, struct offpeak_error *err)
{
        const struct nvml *nvml = state;
        const struct nvml_gpu *known = gpu;
        int result = NVML_NOT_SUPPORTED;

        if (nvml->calls.set_limit != NULL)
                result = nvml->calls.set_limit(known->handle, mw);
        return result == NVML_SUCCESS ? 0 : refuse(err, known->address, "its power limit cannot be set", result);
}

const struct gpu_driver gpu_nvml = {
        .name = "nvml",
        .open = nvml_open,
        .close = nvml_close,
        .find = nvml_find,
        .facts = nvml_facts,
        .read = nvml_read,
        .links = nvml_links,
        .limit = nvml_limit,
        .set_limit = nvml_set_limit,
};
