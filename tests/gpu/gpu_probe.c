/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_probe.c - the agent's GPU drivers by hand, for tests/gpu/run.
 *
 *   gpu_probe list                     what each GPU is and does, a line each
 *   gpu_probe energy SECONDS           each card's counter against its power, integrated at 20 Hz:
 *                                      a line "ADDRESS COUNTER_J INTEGRATED_J DIFFERENCE_PERCENT" each
 *   gpu_probe trace SECONDS            "UPTIME_S MW..." twenty times a second, the GPUs in the order of list
 *   gpu_probe cap ADDRESS W STATE      cap it, read it back, put it back; STATE: a folder for the record
 *
 * $OFFPEAK_NVML and $OFFPEAK_TOPOLOGY: a library and a machine (hwloc's XML) other than this one's. Exits 77 where
 * there is no GPU that a driver knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/devices/gpu_caps.h"
#include "agent/devices/gpu_energy.h"
#include "agent/devices/gpus.h"

enum { PERIOD_MS = 50 };

struct probe {
        struct topology *topology;
        struct device_set set;
        const struct gpu_driver *driver;
        void *state;
        void *gpus[OFFPEAK_MAX_DEVICES]; /* NULL: another make */
};

static int64_t uptime_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void skip(const struct offpeak_error *err)
{
        printf("skipped: %s\n", err->text);
        exit(77);
}

static struct probe open_probe(void)
{
        struct probe probe = { .driver = gpu_drivers[0] };
        struct offpeak_error err;
        unsigned found = 0;

        if (topology_open(getenv("OFFPEAK_TOPOLOGY"), &probe.topology, &err) != 0 ||
            devices_find_gpus(probe.topology, &probe.set, &err) != 0 ||
            probe.driver->open(getenv("OFFPEAK_NVML"), &probe.state, &err) != 0)
                skip(&err);
        for (uint32_t i = 0; i < probe.set.n; i++)
                if (probe.driver->find(probe.state, probe.set.at[i].address, &probe.gpus[i], &err) == 0)
                        found++;
                else
                        probe.gpus[i] = NULL;
        if (found == 0)
                skip(&err);
        return probe;
}

static void close_probe(struct probe *probe)
{
        probe->driver->close(probe->state);
        device_set_finish(&probe->set);
        topology_close(probe->topology);
}

static struct gpu_reading read_gpu(const struct probe *probe, uint32_t i)
{
        struct gpu_reading reading;
        struct offpeak_error err;

        if (probe->driver->read(probe->state, probe->gpus[i], true, &reading, &err) != 0) {
                fprintf(stderr, "gpu_probe: %s\n", err.text);
                exit(1);
        }
        return reading;
}

static int list(const struct probe *probe)
{
        char line[512];

        for (uint32_t i = 0; i < probe->set.n; i++) {
                struct gpu_now now = { .driver = probe->driver };
                struct offpeak_error err;

                if (probe->gpus[i] == NULL)
                        continue;
                if (probe->driver->facts(probe->state, probe->gpus[i], &now.facts, &err) != 0) {
                        fprintf(stderr, "gpu_probe: %s\n", err.text);
                        return 1;
                }
                now.reading = read_gpu(probe, i);
                gpu_describe(&now, probe->set.at[i].address, line, sizeof(line));
                puts(line);
        }
        return 0;
}

static void rest(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = PERIOD_MS * 1000000L }, NULL);
}

static void add_round(const struct probe *probe, struct gpu_energy *counted, struct gpu_energy *integrated)
{
        for (uint32_t i = 0; i < probe->set.n; i++) {
                if (probe->gpus[i] == NULL)
                        continue;
                struct gpu_reading reading = read_gpu(probe, i);
                int64_t now_ms = uptime_ms();

                gpu_energy_add(&counted[i], &reading, 0, now_ms);
                reading.counter_uj = GPU_UNKNOWN;
                gpu_energy_add(&integrated[i], &reading, 0, now_ms);
        }
}

static int energy(const struct probe *probe, long seconds)
{
        static struct gpu_energy counted[OFFPEAK_MAX_DEVICES], integrated[OFFPEAK_MAX_DEVICES];
        int64_t end = uptime_ms() + seconds * 1000;

        while (uptime_ms() < end) {
                add_round(probe, counted, integrated);
                rest();
        }
        for (uint32_t i = 0; i < probe->set.n; i++) {
                if (probe->gpus[i] == NULL)
                        continue;
                double a = (double)counted[i].uj / 1e6, b = (double)integrated[i].uj / 1e6;
                if (counted[i].counter_uj < 0)
                        printf("%s - %.1f -\n", probe->set.at[i].address, b);
                else
                        printf("%s %.1f %.1f %.2f\n", probe->set.at[i].address, a, b, b > 0 ? 100 * (a - b) / b : 100);
        }
        return 0;
}

static int trace(const struct probe *probe, long seconds)
{
        int64_t end = uptime_ms() + seconds * 1000;

        while (uptime_ms() < end) {
                printf("%.3f", (double)uptime_ms() / 1000);
                for (uint32_t i = 0; i < probe->set.n; i++)
                        if (probe->gpus[i] != NULL)
                                printf(" %lld", (long long)read_gpu(probe, i).power_mw);
                putchar('\n');
                fflush(stdout);
                rest();
        }
        return 0;
}

static bool is_ours(void *context, struct leg_id leg)
{
        (void)context;
        return leg.job == 1;
}

static int cap(const char *address, long watts, const char *state)
{
        uint32_t got = 0;
        struct offpeak_error err;

        if (gpu_caps_put(state, (struct leg_id){ 1, 1 }, address, getenv("OFFPEAK_NVML"), (uint32_t)watts * 1000, &got,
                         &err) != 0) {
                printf("not set: %s\n", err.text);
                return 1;
        }
        printf("asked %ld W, the card has %u W\n", watts, got / 1000);
        if (gpu_caps_put_back(state, is_ours, NULL, NULL, &err) == 0)
                return 0;
        printf("NOT PUT BACK: %s\n", err.text);
        return 2;
}

int main(int argc, char **argv)
{
        if (argc == 5 && strcmp(argv[1], "cap") == 0)
                return cap(argv[2], atol(argv[3]), argv[4]);
        if (argc < 2 || (argc != 3 && strcmp(argv[1], "list") != 0)) {
                fputs("usage: gpu_probe list | energy SECONDS | trace SECONDS | cap ADDRESS W STATE\n", stderr);
                return 64;
        }
        struct probe probe = open_probe();
        int code = strcmp(argv[1], "list") == 0     ? list(&probe)
                   : strcmp(argv[1], "energy") == 0 ? energy(&probe, atol(argv[2]))
                                                    : trace(&probe, atol(argv[2]));

        close_probe(&probe);
        return code;
}
