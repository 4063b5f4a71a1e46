/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_nvml.c - a libnvidia-ml.so.1 of our own, with the real one's symbols and layouts (NVML API Reference Guide), for
 * machines without a GPU. It has its declarations to itself: the driver's own would agree with its mistakes.
 *
 * What it says stands in the file that $OFFPEAK_FAKE_NVML names, which is read again whenever it has changed (put a new
 * one in place by rename). A line is `BUSID KEY VALUE`; `*` is all GPUs named so far, and a later line wins:
 *
 *   0000:04:00.0 uuid GPU-1      the GPU exists. Other keys:
 *     name TEXT                    power MW, default MW, min MW, max MW (limits)
 *     energy MJ                    of its counter; rise MJ_PER_S: it goes on by itself, from the start of the library
 *     ecc N, mig 0|1, used MIB, memory MIB, util PERCENT, mhz N
 *     xid 79 45                    events, one after the other, each time that this changes
 *     link N WHERE                 NVLink N is up, to a bus id, to `switch` or to `other`; `down`
 *     nvlink N                     the version of all its links (1), as nvmlNvlinkVersion_t; speed MB_PER_S: of each
 *     clamp MW                     a limit below this is taken, and becomes this
 *     fault WORD                   good, lost, reset, unknown, hang (until the file changes), denied (to set a limit),
 *                                  no-counter, no-power, no-limit, no-health, no-links
 *   library init N                 nvmlInit_v2 fails with N
 *
 * Limits that were set are kept in FILE.limits, a line `BUSID MW` for each time, so that they outlive the process as on
 * a card, and tests can read what happened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

enum { MAX = 64, MAX_PATH = 4096, MAX_LINKS = 18 };

struct gpu {
        unsigned domain, bus, slot;
        char uuid[64], name[64], fault[16];
        unsigned power, default_limit, min, max, clamp, ecc, mig, used, memory, util, mhz;
        char xids[64], told_xids[64], *left; /* left: of those told, what is still to tell */
        unsigned long long energy, rise;
        int watched;
        unsigned nvlink, speed;
        char links[MAX_LINKS][16]; /* "": down */
};

struct utilization {
        unsigned gpu, memory;
};

struct memory {
        unsigned long long total, free, used;
};

struct event {
        struct gpu *device;
        unsigned long long type, data;
        unsigned gpu_instance, compute_instance;
};

static struct gpu gpus[MAX];
static unsigned n_gpus, init_result;
static struct stat seen;
static struct timespec born;
static int event_set;

/* ---- the script */

static const char *script(void)
{
        const char *path = getenv("OFFPEAK_FAKE_NVML");

        return path != NULL ? path : "";
}

static struct gpu *gpu_named(const char *text, int make)
{
        unsigned domain, bus, slot;

        if (sscanf(text, "%x:%x:%x.", &domain, &bus, &slot) != 3)
                return NULL;
        for (unsigned i = 0; i < n_gpus; i++)
                if (gpus[i].domain == domain && gpus[i].bus == bus && gpus[i].slot == slot)
                        return &gpus[i];
        if (!make || n_gpus == MAX)
                return NULL;
        gpus[n_gpus] = (struct gpu){ .domain = domain, .bus = bus, .slot = slot, .fault = "good", .nvlink = 1 };
        return &gpus[n_gpus++];
}

static void take_link(struct gpu *gpu, const char *value)
{
        char where[16];
        unsigned link;

        if (sscanf(value, "%u %15s", &link, where) == 2 && link < MAX_LINKS)
                snprintf(gpu->links[link], sizeof(gpu->links[link]), "%s", strcmp(where, "down") != 0 ? where : "");
}

static void take(struct gpu *gpu, const char *key, const char *value)
{
        const struct {
                const char *key;
                unsigned *number;
        } numbers[] = { { "power", &gpu->power },   { "default", &gpu->default_limit },
                        { "min", &gpu->min },       { "max", &gpu->max },
                        { "clamp", &gpu->clamp },   { "ecc", &gpu->ecc },
                        { "mig", &gpu->mig },       { "used", &gpu->used },
                        { "memory", &gpu->memory }, { "util", &gpu->util },
                        { "mhz", &gpu->mhz },       { "nvlink", &gpu->nvlink },
                        { "speed", &gpu->speed } };

        if (strcmp(key, "uuid") == 0)
                snprintf(gpu->uuid, sizeof(gpu->uuid), "%s", value);
        else if (strcmp(key, "name") == 0)
                snprintf(gpu->name, sizeof(gpu->name), "%s", value);
        else if (strcmp(key, "fault") == 0)
                snprintf(gpu->fault, sizeof(gpu->fault), "%s", value);
        else if (strcmp(key, "energy") == 0)
                gpu->energy = strtoull(value, NULL, 10);
        else if (strcmp(key, "rise") == 0)
                gpu->rise = strtoull(value, NULL, 10);
        else if (strcmp(key, "xid") == 0)
                snprintf(gpu->xids, sizeof(gpu->xids), "%s", value);
        else if (strcmp(key, "link") == 0)
                take_link(gpu, value);
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
                if (strcmp(key, numbers[i].key) == 0)
                        *numbers[i].number = (unsigned)strtoul(value, NULL, 10);
}

static void take_line(const char *line)
{
        char who[32], key[16], value[64];

        if (sscanf(line, "%31s %15s %63[^\n]", who, key, value) != 3)
                return;
        if (strcmp(who, "library") == 0)
                init_result = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(who, "*") == 0)
                for (unsigned i = 0; i < n_gpus; i++)
                        take(&gpus[i], key, value);
        else if (gpu_named(who, 1) != NULL)
                take(gpu_named(who, 1), key, value);
}

static void refresh(void)
{
        struct stat now = { 0 };
        char line[256];
        FILE *file;

        if (stat(script(), &now) != 0 ||
            (now.st_ino == seen.st_ino && now.st_size == seen.st_size && now.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
             now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec))
                return;
        seen = now;
        file = fopen(script(), "re");
        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
                take_line(line);
        if (file != NULL)
                fclose(file);
}

static int has_fault(const struct gpu *gpu, const char *fault)
{
        return strcmp(gpu->fault, fault) == 0;
}

/* What every call to a GPU begins with. */
static int reach(const struct gpu *gpu)
{
        refresh();
        while (has_fault(gpu, "hang")) {
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
                refresh();
        }
        return has_fault(gpu, "lost") ? 15 : has_fault(gpu, "reset") ? 16 : has_fault(gpu, "unknown") ? 999 : 0;
}

static int reach_unless(const struct gpu *gpu, const char *fault)
{
        int result = reach(gpu);

        return result == 0 && has_fault(gpu, fault) ? 3 : result;
}

/* ---- the limits that were set */

static void limits_path(char path[MAX_PATH])
{
        snprintf(path, MAX_PATH, "%s.limits", script());
}

static unsigned limit_of(const struct gpu *gpu)
{
        char path[MAX_PATH], who[32];
        unsigned limit = gpu->default_limit, said;
        FILE *file;

        limits_path(path);
        file = fopen(path, "re");
        while (file != NULL && fscanf(file, "%31s %u", who, &said) == 2)
                if (gpu_named(who, 0) == gpu)
                        limit = said;
        if (file != NULL)
                fclose(file);
        return limit;
}

static int keep_limit(const struct gpu *gpu, unsigned limit)
{
        char path[MAX_PATH];
        FILE *file;

        limits_path(path);
        file = fopen(path, "ae");
        if (file == NULL)
                return 999;
        fprintf(file, "%04x:%02x:%02x.0 %u\n", gpu->domain, gpu->bus, gpu->slot, limit);
        fclose(file);
        return 0;
}

/* ---- initialisation */

EXPORT int nvmlInit_v2(void);
EXPORT int nvmlInit_v2(void)
{
        refresh();
        if (born.tv_sec == 0)
                clock_gettime(CLOCK_MONOTONIC, &born);
        return (int)init_result;
}

EXPORT int nvmlShutdown(void);
EXPORT int nvmlShutdown(void)
{
        return 0;
}

EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, struct gpu **device);
EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, struct gpu **device)
{
        struct gpu *gpu;
        int result;

        refresh();
        gpu = gpu_named(bus_id, 0);
        if (gpu == NULL)
                return 6;
        result = reach(gpu);
        if (result == 0)
                *device = gpu;
        return result;
}

/* ---- what a GPU is */

static int copy_text(const struct gpu *gpu, const char *said, char *text, unsigned size)
{
        int result = reach(gpu);

        if (result == 0 && strlen(said) >= size)
                return 7;
        if (result == 0)
                strcpy(text, said);
        return result;
}

EXPORT int nvmlDeviceGetUUID(struct gpu *gpu, char *text, unsigned size);
EXPORT int nvmlDeviceGetUUID(struct gpu *gpu, char *text, unsigned size)
{
        return copy_text(gpu, gpu->uuid, text, size);
}

EXPORT int nvmlDeviceGetName(struct gpu *gpu, char *text, unsigned size);
EXPORT int nvmlDeviceGetName(struct gpu *gpu, char *text, unsigned size)
{
        return copy_text(gpu, gpu->name, text, size);
}

EXPORT int nvmlDeviceGetMigMode(struct gpu *gpu, unsigned *now, unsigned *pending);
EXPORT int nvmlDeviceGetMigMode(struct gpu *gpu, unsigned *now, unsigned *pending)
{
        int result = reach(gpu);

        *now = *pending = gpu->mig;
        return result;
}

/* ---- what it does */

EXPORT int nvmlDeviceGetPowerUsage(struct gpu *gpu, unsigned *mw);
EXPORT int nvmlDeviceGetPowerUsage(struct gpu *gpu, unsigned *mw)
{
        int result = reach_unless(gpu, "no-power");

        *mw = gpu->power;
        return result;
}

EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct gpu *gpu, unsigned long long *mj);
EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct gpu *gpu, unsigned long long *mj)
{
        int result = reach_unless(gpu, "no-counter");
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        *mj = gpu->energy + gpu->rise * (unsigned long long)(now.tv_sec - born.tv_sec) +
              (unsigned long long)((double)gpu->rise * (double)(now.tv_nsec - born.tv_nsec) / 1e9);
        return result;
}

EXPORT int nvmlDeviceGetUtilizationRates(struct gpu *gpu, struct utilization *utilization);
EXPORT int nvmlDeviceGetUtilizationRates(struct gpu *gpu, struct utilization *utilization)
{
        int result = reach_unless(gpu, "no-health");

        *utilization = (struct utilization){ gpu->util, gpu->util / 2 };
        return result;
}

EXPORT int nvmlDeviceGetMemoryInfo(struct gpu *gpu, struct memory *memory);
EXPORT int nvmlDeviceGetMemoryInfo(struct gpu *gpu, struct memory *memory)
{
        int result = reach_unless(gpu, "no-health");
        unsigned long long mib = 1 << 20;

        *memory = (struct memory){ gpu->memory * mib, (gpu->memory - gpu->used) * mib, gpu->used * mib };
        return result;
}

EXPORT int nvmlDeviceGetClockInfo(struct gpu *gpu, unsigned type, unsigned *mhz);
EXPORT int nvmlDeviceGetClockInfo(struct gpu *gpu, unsigned type, unsigned *mhz)
{
        int result = reach_unless(gpu, "no-health");

        *mhz = type == 2 ? 2 * gpu->mhz : gpu->mhz; /* memory */
        return type > 3 ? 2 : result;
}

EXPORT int nvmlDeviceGetTotalEccErrors(struct gpu *gpu, unsigned type, unsigned counter, unsigned long long *errors);
EXPORT int nvmlDeviceGetTotalEccErrors(struct gpu *gpu, unsigned type, unsigned counter, unsigned long long *errors)
{
        int result = reach_unless(gpu, "no-health");

        *errors = type == 1 && counter == 0 ? gpu->ecc : 12345; /* corrected ones, or those of all time */
        return result;
}

/* ---- links */

struct pci {
        char short_id[16];
        unsigned domain, bus, slot, id, sub_id;
        char long_id[32];
};

struct field {
        unsigned what, where;
        long long when, took;
        int type, result;
        union {
                double real;
                unsigned u;
                unsigned long long ull;
        } value;
};

static int reach_link(const struct gpu *gpu, unsigned link)
{
        int result = reach(gpu);

        if (result == 0 && link >= MAX_LINKS)
                return 2;
        return result == 0 && has_fault(gpu, "no-links") ? 3 : result;
}

EXPORT int nvmlDeviceGetNvLinkState(struct gpu *gpu, unsigned link, unsigned *active);
EXPORT int nvmlDeviceGetNvLinkState(struct gpu *gpu, unsigned link, unsigned *active)
{
        int result = reach_link(gpu, link);

        *active = result == 0 && gpu->links[link][0] != '\0';
        return result;
}

EXPORT int nvmlDeviceGetNvLinkVersion(struct gpu *gpu, unsigned link, unsigned *version);
EXPORT int nvmlDeviceGetNvLinkVersion(struct gpu *gpu, unsigned link, unsigned *version)
{
        *version = gpu->nvlink;
        return reach_link(gpu, link);
}

EXPORT int nvmlDeviceGetNvLinkRemoteDeviceType(struct gpu *gpu, unsigned link, unsigned *type);
EXPORT int nvmlDeviceGetNvLinkRemoteDeviceType(struct gpu *gpu, unsigned link, unsigned *type)
{
        int result = reach_link(gpu, link);

        if (result == 0)
                *type = strcmp(gpu->links[link], "switch") == 0 ? 2 : strcmp(gpu->links[link], "other") == 0 ? 1 : 0;
        return result;
}

EXPORT int nvmlDeviceGetNvLinkRemotePciInfo_v2(struct gpu *gpu, unsigned link, struct pci *pci);
EXPORT int nvmlDeviceGetNvLinkRemotePciInfo_v2(struct gpu *gpu, unsigned link, struct pci *pci)
{
        int result = reach_link(gpu, link);

        memset(pci, 0, sizeof(*pci));
        if (result == 0 && sscanf(gpu->links[link], "%x:%x:%x.", &pci->domain, &pci->bus, &pci->slot) != 3)
                pci->bus = 0xff; /* a switch is a PCI device, too */
        return result;
}

EXPORT int nvmlDeviceGetFieldValues(struct gpu *gpu, int n, struct field *fields);
EXPORT int nvmlDeviceGetFieldValues(struct gpu *gpu, int n, struct field *fields)
{
        int result = reach(gpu);

        for (int i = 0; i < n; i++) {
                fields[i].result = fields[i].what == 164 && gpu->speed > 0 ? reach_link(gpu, fields[i].where) : 3;
                fields[i].type = 1;
                fields[i].value.u = gpu->speed;
        }
        return result;
}

/* ---- events */

EXPORT int nvmlEventSetCreate(void **set);
EXPORT int nvmlEventSetCreate(void **set)
{
        *set = &event_set;
        return 0;
}

EXPORT int nvmlEventSetFree(void *set);
EXPORT int nvmlEventSetFree(void *set)
{
        return set == &event_set ? 0 : 2;
}

EXPORT int nvmlDeviceRegisterEvents(struct gpu *gpu, unsigned long long types, void *set);
EXPORT int nvmlDeviceRegisterEvents(struct gpu *gpu, unsigned long long types, void *set)
{
        gpu->watched = set == &event_set && (types & 8) != 0;
        return reach(gpu);
}

EXPORT int nvmlEventSetWait_v2(void *set, struct event *event, unsigned timeout_ms);
EXPORT int nvmlEventSetWait_v2(void *set, struct event *event, unsigned timeout_ms)
{
        refresh();
        for (unsigned i = 0; set == &event_set && i < n_gpus; i++) {
                if (!gpus[i].watched)
                        continue;
                if (strcmp(gpus[i].xids, gpus[i].told_xids) != 0)
                        gpus[i].left = strcpy(gpus[i].told_xids, gpus[i].xids);
                if (gpus[i].left == NULL || *gpus[i].left == '\0')
                        continue;
                *event = (struct event){ &gpus[i], 8, strtoul(gpus[i].left, &gpus[i].left, 10), ~0u, ~0u };
                return 0;
        }
        nanosleep(&(struct timespec){ timeout_ms / 1000, timeout_ms % 1000 * 1000000L }, NULL);
        return 10;
}

/* ---- limits */

EXPORT int nvmlDeviceGetPowerManagementLimit(struct gpu *gpu, unsigned *mw);
EXPORT int nvmlDeviceGetPowerManagementLimit(struct gpu *gpu, unsigned *mw)
{
        int result = reach_unless(gpu, "no-limit");

        *mw = limit_of(gpu);
        return result;
}

EXPORT int nvmlDeviceGetPowerManagementDefaultLimit(struct gpu *gpu, unsigned *mw);
EXPORT int nvmlDeviceGetPowerManagementDefaultLimit(struct gpu *gpu, unsigned *mw)
{
        int result = reach_unless(gpu, "no-limit");

        *mw = gpu->default_limit;
        return result;
}

EXPORT int nvmlDeviceGetPowerManagementLimitConstraints(struct gpu *gpu, unsigned *min, unsigned *max);
EXPORT int nvmlDeviceGetPowerManagementLimitConstraints(struct gpu *gpu, unsigned *min, unsigned *max)
{
        int result = reach_unless(gpu, "no-limit");

        *min = gpu->min;
        *max = gpu->max;
        return result;
}

EXPORT int nvmlDeviceSetPowerManagementLimit(struct gpu *gpu, unsigned mw);
EXPORT int nvmlDeviceSetPowerManagementLimit(struct gpu *gpu, unsigned mw)
{
        int result = reach_unless(gpu, "no-limit");

        if (result != 0)
                return result;
        if (has_fault(gpu, "denied"))
                return 4;
        if (mw < gpu->min || mw > gpu->max)
                return 2;
        return keep_limit(gpu, mw < gpu->clamp ? gpu->clamp : mw);
}
