/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_options.h - what `offpeak simulate` is asked: its options, read and held against each other. */
#ifndef OFFPEAK_CLI_SIMULATE_OPTIONS_H
#define OFFPEAK_CLI_SIMULATE_OPTIONS_H

#include "cli/command.h"
#include "cli/price_file.h"

enum { SIMULATE_MOST_POLICIES = 16, SIMULATE_MOST_NODES = 64 };

/* Ids of its rows, for commands that take some of them. */
enum {
        SIMULATE_OPT_JOBS = 1,
        SIMULATE_OPT_PRICE,
        SIMULATE_OPT_CARBON,
        SIMULATE_OPT_CAPACITY,
        SIMULATE_OPT_CONFIG,
        SIMULATE_OPT_GPUS,
        SIMULATE_OPT_PER_NODE,
        SIMULATE_OPT_NODES,
        SIMULATE_OPT_GPU_POWER,
        SIMULATE_OPT_IDLE_POWER,
        SIMULATE_OPT_PUE,
        SIMULATE_OPT_SITE,
        SIMULATE_OPT_OBJECTIVE,
        SIMULATE_OPT_CARBON_PRICE,
        SIMULATE_OPT_CAP_FLOOR,
        SIMULATE_OPT_DELAY_COST,
        SIMULATE_OPT_MAX_DELAY,
        SIMULATE_OPT_START_COST,
        SIMULATE_OPT_RAMP,
        SIMULATE_OPT_NODE_MTBF,
        SIMULATE_OPT_NODE_REPAIR,
        SIMULATE_OPT_CHECKPOINT,
        SIMULATE_OPT_FORECAST,
        SIMULATE_OPT_PRICE_FORECAST,
        SIMULATE_OPT_CARBON_FORECAST,
        SIMULATE_OPT_PROFILES,
        SIMULATE_OPT_SEED,
        SIMULATE_OPT_POLICY,
        SIMULATE_OPT_PLAN_GAP,
        SIMULATE_OPT_SEGMENTS,
        SIMULATE_OPT_EVENTS,
        SIMULATE_OPT_SVG,
        SIMULATE_OPT_STRICT,
        SIMULATE_OPT_EPOCH,
        SIMULATE_OPT_MAPPING,
        SIMULATE_OPT_COLUMN,
        SIMULATE_OPT_SET,
        SIMULATE_OPT_CARBON_MAPPING,
        SIMULATE_OPT_CARBON_COLUMN,
        SIMULATE_OPT_CARBON_SET,
        SIMULATE_OPT_END
};

enum simulate_objective { SIMULATE_AS_CONFIGURED, SIMULATE_COST, SIMULATE_CARBON, SIMULATE_BOTH };
enum simulate_forecast { SIMULATE_PERFECT, SIMULATE_NOISE, SIMULATE_MODEL };

/* A kind of nodes: `--nodes hanford=4x8@400W`. */
struct simulate_nodes {
        const char *site; /* not NUL-terminated: site_size bytes; NULL: the only site */
        size_t site_size;
        int64_t count, gpus, gpu_milliwatts; /* the last 0: as --gpu-power says */
};

/* 0 and NULL: not given. Texts are argv's. */
struct simulate_options {
        const char *jobs, *profiles, *config, *site, *epoch;
        const char *price, *carbon, *capacity, *price_forecast, *carbon_forecast;
        struct price_file price_file, carbon_file;
        struct simulate_nodes nodes[SIMULATE_MOST_NODES];
        size_t n_nodes;
        int64_t gpus, gpus_per_node, gpu_milliwatts, idle_milliwatts, pue_ppm;
        bool has_delay_cost, has_carbon_price, has_max_delay, has_start_cost, has_plan_gap;
        int64_t delay_cost, carbon_price; /* micro-currency for a GPU-hour, for a t */
        bool has_cap_floor;
        int64_t cap_floor_ppm; /* 0: no caps */
        int64_t max_delay_s, start_cost_s, plan_gap_s;
        bool has_ramp, has_mtbf, has_repair, has_checkpoint;
        int64_t ramp_s, mtbf_s, repair_s, checkpoint_s;
        enum simulate_objective objective;
        enum simulate_forecast forecast;
        double sigma; /* of noise, a share of the series' mean */
        uint64_t seed;
        const char *policies[SIMULATE_MOST_POLICIES];
        size_t n_policies;
        bool segments, strict;
        const char *events;
        const char *svg; /* file of a picture, "-": the standard output; NULL: none */
};

/* A command_take. */
int simulate_options_take(void *options, const struct option_found *found, struct offpeak_error *err);

/* EUSAGE names what lacks, or what does not go together. */
int simulate_options_check(const struct simulate_options *options, struct offpeak_error *err);

#endif
