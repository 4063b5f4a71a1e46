/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_trial.h - the trial that the options of `offpeak simulate` describe: cluster, series, jobs. */
#ifndef OFFPEAK_CLI_SIMULATE_TRIAL_H
#define OFFPEAK_CLI_SIMULATE_TRIAL_H

#include "cli/simulate_options.h"
#include "io/config.h"
#include "trial/trial.h"

struct simulation {
        struct trial trial;
        char **names; /* owned: of the nodes */
        size_t n_names;
        char currency[4];          /* of all sites */
        double carbon_price;       /* currency per t that plans count, where only carbon counts */
        bool priced, carbon_known; /* there are such series */
        enum simulate_objective objective;
};

/* EINVAL, ENOTFOUND, ECONFIG, EIO, ENOMEM. simulation_finish() in any case. */
int simulation_init(struct simulation *simulation, const struct simulate_options *options, struct offpeak_error *err);

/*
 * The same in two steps, for who adds to the series in between, or has several with the same jobs in the same time
 * (trial.not_before, not_after): cluster and series, of a configuration that was read already (borrowed; NULL:
 * options->config is NULL too); then jobs. epoch: what submit_s counts from where --epoch says nothing.
 */
int simulation_open(struct simulation *simulation, const struct simulate_options *options, const struct config *config,
                    struct offpeak_error *err);
int simulation_take_jobs(struct simulation *simulation, const struct simulate_options *options, int64_t epoch,
                         struct offpeak_error *err);

/* The latest first hour, and the earliest end, of series that do not hold at all times. 0, and INT64_MAX: there are none. */
void simulation_span(const struct simulation *simulation, int64_t *ret_first, int64_t *ret_end);
void simulation_finish(struct simulation *simulation);

#endif
