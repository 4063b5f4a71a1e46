/* SPDX-License-Identifier: Apache-2.0 */
/* sim_world.h - a simulated cluster whose log is replayed as it is written: at the end both states must agree byte for byte. */
#ifndef OFFPEAK_TESTS_SIM_WORLD_H
#define OFFPEAK_TESTS_SIM_WORLD_H

#include "sim/sim.h"
#include "support/world.h"

struct sim_world {
        struct policy policy;  /* made by the test before sim_world_init */
        struct sim *sim;
        struct state replayed; /* rebuilt from the journal alone */
        uint64_t records;
};

/* Begins at WORLD_START, with n hourly prices of "hanford". */
void sim_world_init(struct sim_world *world, const double *prices, size_t n);
/* The same where forecasts are made, and not only the last known day repeated. */
void sim_world_init_forecasting(struct sim_world *world, const double *prices, size_t n);
/* The same with what options say of nodes: outages, checkpoints, ramp. */
void sim_world_init_failing(struct sim_world *world, const double *prices, size_t n, const struct sim_options *options);
void sim_world_finish(struct sim_world *world);

const struct job *sim_world_job(const struct sim_world *world, uint64_t id);

#endif
