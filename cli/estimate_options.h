/* SPDX-License-Identifier: Apache-2.0 */
/* estimate_options.h - what `offpeak estimate` is asked: its options, read and held against each other. */
#ifndef OFFPEAK_CLI_ESTIMATE_OPTIONS_H
#define OFFPEAK_CLI_ESTIMATE_OPTIONS_H

#include "cli/command.h"
#include "cli/price_file.h"

enum estimate_objective { ESTIMATE_ANY, ESTIMATE_COST, ESTIMATE_CARBON };

/* 0 and NULL: not given. Texts are argv's. */
struct estimate_options {
        int64_t gpus;
        int64_t seconds;                         /* of the run; with profiles: at the width --gpus */
        int64_t gpu_milliwatts;
        int64_t gpus_per_node, node_milliwatts;
        int64_t joules;                          /* of --energy */
        int64_t pue_ppm;
        bool includes_pue;
        const char *price, *carbon;              /* value or file */
        struct price_file price_file, carbon_file; /* what describes them, where they are files */
        const char *begin, *by, *site;
        enum estimate_objective objective;
        const char *profiles, *class;
        int64_t work_milli;                      /* thousandths of a unit of work */
};

/* A command_take. */
int estimate_options_take(void *options, const struct option_found *found, struct offpeak_error *err);

/* Do they say an energy, once, and do the rest belong to it? EUSAGE names what lacks or what is too much. */
int estimate_options_check(const struct estimate_options *options, struct offpeak_error *err);

#endif
