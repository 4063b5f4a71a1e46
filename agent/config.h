/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * config.h - what an agent is told: by its configuration file, and by options that override it.
 *
 * The file (YAML; strict, errors with FILE:LINE:COLUMN):
 *
 *   server: tcp://head:6850        # default: where the scheduler of this machine listens
 *   node: n1                       # default: the host's name
 *   address: 10.0.0.7              # where the ranks of a gang meet; default: 127.0.0.1 beside an ipc scheduler, else the name
 *   site: hanford
 *   state_dir: /var/lib/offpeak-agent
 *   devices: {kind: cpu-slot, count: 4}   # default: the GPUs that are found
 *   power: {idle: 120 W, per_device: 15 W} # what a node without sensors draws; cap: 300 W for each GPU of a job
 *   topology: machine.xml          # hwloc's, instead of looking at this machine
 *   nvml: /opt/nvidia/libnvidia-ml.so.1 # NVIDIA's management library, where the system does not find it by itself
 *   position: {block: b1, rack: r7, switch: leaf3} # where it stands, so that gangs find nodes near each other
 *   features: [a100, ib]           # what jobs can ask for with --constraint
 *   curve: {secret: n1.key, server: server.pub}
 *   log_level: info
 *
 * and what jobs may do, see config_jobs.h.
 */
/* clang-format on */
#ifndef OFFPEAK_AGENT_CONFIG_H
#define OFFPEAK_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "agent/config_jobs.h"

enum agent_devices { AGENT_DEVICES_GPU = 1, AGENT_DEVICES_CPU_SLOT };

enum { AGENT_POWER_UNKNOWN = -1 };

struct agent_config {
        char *server;
        char *node, *site;
        char *address;                     /* NULL: by its name */
        char *state_dir;                   /* absolute */
        char *topology;                    /* XML file, absolute; NULL: this machine */
        char *nvml;                        /* file, absolute; NULL: as the system finds it */
        char *block, *rack, *leaf_switch;  /* NULL: not known */
        char **features;                   /* n_features words */
        size_t n_features;
        char *curve_secret, *curve_server; /* files; NULL, both: no keys */
        enum agent_devices devices;
        uint32_t n_slots;                  /* of CPU_SLOT */
        int64_t idle_w, device_w;          /* declared; AGENT_POWER_UNKNOWN */
        int64_t cap_w;                     /* on each GPU while a job has it; 0: none */
        struct agent_jobs jobs;            /* what they may do here */
        int log_level;                     /* enum log_level of wire/log.h */
};

void agent_config_init(struct agent_config *config);
void agent_config_finish(struct agent_config *config);

/* Read a file over what config holds. ECONFIG with the place, EIO. On failure config may hold a part of it. */
int agent_config_read(const char *path, struct agent_config *config, struct offpeak_error *err);

/*
 * One option of the command line by its long name, over what config holds. EUSAGE for a value that is none; ENOTFOUND:
 * no such option here (main's own are not).
 */
int agent_config_option(const char *name, const char *value, struct agent_config *config, struct offpeak_error *err);

/* Fill in what nobody said, and refuse what cannot be guessed. ECONFIG. */
int agent_config_complete(struct agent_config *config, struct offpeak_error *err);

#endif
