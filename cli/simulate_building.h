/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_building.h - a simulation under construction: for the files that simulate_trial.c calls one after the other,
 * and no others. */
#ifndef OFFPEAK_CLI_SIMULATE_BUILDING_H
#define OFFPEAK_CLI_SIMULATE_BUILDING_H

#include "base/fail.h"
#include "cli/simulate_trial.h"

struct building {
        struct simulation *simulation;
        const struct simulate_options *options;
        const struct config *config; /* NULL: none */
        const char *site; /* whose the series of the command line are; NULL: there are several, and nobody said */
};

/* ENOMEM, with its sentence. */
static inline int building_no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* Each: EINVAL, ENOTFOUND, EUSAGE, EIO, ENOMEM. Sites, classes and building->site; then nodes. */
int building_make_policy(struct building *building, struct offpeak_error *err);
int building_make_nodes(struct building *building, struct offpeak_error *err);

/* Series of the configuration's files, then those of the command line; then all sites are in one currency. */
int building_take_feeds(struct building *building, struct offpeak_error *err);
int building_take_line(struct building *building, struct offpeak_error *err);
int building_find_currency(struct building *building, struct offpeak_error *err);

#endif
