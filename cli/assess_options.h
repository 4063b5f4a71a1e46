/* SPDX-License-Identifier: Apache-2.0 */
/* assess_options.h - what `offpeak assess` is asked: a simulation, and what would be changed about its supply. */
#ifndef OFFPEAK_CLI_ASSESS_OPTIONS_H
#define OFFPEAK_CLI_ASSESS_OPTIONS_H

#include "cli/simulate_options.h"

enum { ASSESS_MOST_CHANGES = 7 }; /* as many as the table has columns for */

/* Texts are argv's. */
struct assess_change {
        const char *text; /* a file, or what is added to the configuration (assess_add.h) */
        bool is_file;
        bool has_yearly_cost;
        int64_t yearly_cost; /* micro-currency: of the change itself, capital and upkeep */
};

struct assess_options {
        struct simulate_options simulate;
        struct assess_change changes[ASSESS_MOST_CHANGES];
        size_t n_changes;
};

/* A command_take. */
int assess_options_take(void *options, const struct option_found *found, struct offpeak_error *err);

/* EUSAGE names what lacks. */
int assess_options_check(const struct assess_options *options, struct offpeak_error *err);

#endif
