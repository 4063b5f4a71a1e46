/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assess_add.h - a change of a supply on the command line, put into a configuration that was read:
 *
 *   reactor=voygr:1@SITE       modules of a plant of supply/presets.h; further parts: a power that they are scaled to
 * in all
 *                              ("40kW"), the avoidable cost of fuel ("9EUR/MWh"; without it nothing)
 *   ppa=50EUR/MWh:3MW@SITE     the same power at all times, through the grid, paid for whether it is used or not
 *   solar=FILE:2MW@SITE        what FILE produces, scaled so that its highest value is 2 MW
 *   limit=+30%@SITE            the connection; or "5MW"
 *   battery=2MW:8MWh:85%@SITE  charges and gives 2 MW, holds 8 MWh, loses 15 % there and back (without it nothing)
 *
 * Several of them, parted by commas, are one change. @SITE may lack where there is one site.
 */
#ifndef OFFPEAK_CLI_ASSESS_ADD_H
#define OFFPEAK_CLI_ASSESS_ADD_H

#include <jansson.h>

#include "cli/simulate_trial.h"
#include "io/config.h"

enum { ASSESS_MOST_PARTS = 8 };

/* A series that is made or scaled. */
struct assess_series {
        uint32_t site;     /* index into policy.sites */
        char *file;        /* owned: of the sun; NULL: the connection's limit is scaled */
        int64_t peak_w;    /* of the sun */
        int64_t share_ppm; /* of the limit: times so much */
        bool was_there;    /* there was such a series to scale */
};

struct assess_added {
        struct assess_series series[ASSESS_MOST_PARTS];
        size_t n;
        bool free_fuel;  /* a reactor's fuel was not said, and costs nothing */
        bool no_carbon;  /* an agreement's carbon by contract was not said */
        bool no_losses;  /* a battery's efficiency was not said, and it loses nothing */
        bool store_left; /* the plant's own store was left out */
};

void assess_added_finish(struct assess_added *added);

/* Change the configuration. EINVAL, ENOTFOUND name the part; ENOMEM. ret_added is to be finished in any case. */
int assess_add(const char *text, struct config *config, struct assess_added *ret_added, struct offpeak_error *err);

/* The same of the series, once the simulation of that configuration is open. EINVAL, ENOTFOUND, EIO, ENOMEM. */
int assess_add_series(struct assess_added *added, struct simulation *simulation, struct offpeak_error *err);

/* What it changes that no value of the configuration shows, behind `changes` of offpeak.policy_diff/1. ENOMEM. */
int assess_add_changes(const struct assess_added *added, const struct config *config, json_t *changes);

#endif
