/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_trial.h - the trial that the options of `offpeak simulate` describe: cluster, series, jobs. */
#ifndef OFFPEAK_CLI_SIMULATE_TRIAL_H
#define OFFPEAK_CLI_SIMULATE_TRIAL_H

#include "cli/simulate_options.h"
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
void simulation_finish(struct simulation *simulation);

#endif
