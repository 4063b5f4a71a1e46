/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presets.c - plants by name.
 *
 * Ratings are published. Most minima, ramps and restarts are not, for no such plant runs yet: what is marked "assumed" is a
 * round figure of ours, to be replaced by the operator's own. No preset knows a house load or the price of fuel.
 */
#include "supply/presets.h"

#include <stdio.h>
#include <string.h>

#define MW   INT64_C(1000000)
#define HOUR INT64_C(3600)

struct plant {
        const char *name;
        uint32_t units;
        int64_t rating_w, minimum_w, ramp_w_per_min, restart_s;
};

static const struct plant plants[] = {
        /*
         * NuScale VOYGR: modules of 77 MWe gross (World Nuclear News, 2023-01-05), sold as 4, 6 or 12. Load is followed module
         * by module, by reactor power or turbine bypass; assumed: from 20 % on, 1 % a minute, restart 24 h.
         */
        { "voygr-4", 4, 77 * MW, 15400000, 770000, 24 * HOUR },
        { "voygr-6", 6, 77 * MW, 15400000, 770000, 24 * HOUR },
        { "voygr-12", 12, 77 * MW, 15400000, 770000, 24 * HOUR },
        /*
         * GE-Hitachi BWRX-300: 300 MWe (World Nuclear News, 2020-01-31). 50 to 100 % at 0.5 % a minute is what is usually quoted,
         * and not checked against the vendor: assumed. Restart assumed.
         */
        { "bwrx-300", 1, 300 * MW, 150 * MW, 1500000, 24 * HOUR },
        /*
         * X-energy Xe-100: 80 MWe a module, four to a plant (NEI Magazine, 2024-01-23). 40 to 100 % at 5 % a minute as usually
         * quoted: assumed. Refuels on line. Restart assumed.
         */
        { "xe-100", 4, 80 * MW, 32 * MW, 4 * MW, 24 * HOUR },
        /* Westinghouse eVinci: 5 MWe (World Nuclear News, 2024), 8 years and more without refuelling. The rest is assumed. */
        { "evinci", 1, 5 * MW, 1 * MW, 250000, 12 * HOUR },
        /*
         * TerraPower Natrium: 345 MWe; its salt store lets it give 100 to 500 MWe at constant reactor power (vendor; see
         * preset_store). Of itself it gives at most the rating, and at least 100 MW. Ramp (5 % a minute, the most of the European Utility
         * Requirements' 3 to 5) and restart are assumed.
         */
        { "natrium", 1, 345 * MW, 100 * MW, 17250000, 24 * HOUR },
};

enum { N_PLANTS = sizeof(plants) / sizeof(plants[0]) };

const char *const preset_reactor_names[] = { "voygr-4", "voygr-6", "voygr-12", "bwrx-300",
                                             "xe-100",  "evinci",  "natrium",  NULL };
const char *const preset_ppa_names[] = { "helion", NULL };

bool preset_reactors(const char *name, struct supply_reactor reactors[SUPPLY_MAX_REACTORS], uint32_t *ret_n)
{
        for (unsigned p = 0; p < N_PLANTS; p++) {
                if (strcmp(plants[p].name, name) != 0)
                        continue;
                for (uint32_t u = 0; u < plants[p].units; u++) {
                        reactors[u] = (struct supply_reactor){ .rating_w = plants[p].rating_w,
                                                               .minimum_w = plants[p].minimum_w,
                                                               .ramp_w_per_min = plants[p].ramp_w_per_min,
                                                               .restart_s = plants[p].restart_s };
                        snprintf(reactors[u].name, sizeof(reactors[u].name), "u%u", u + 1);
                }
                *ret_n = plants[p].units;
                return true;
        }
        return false;
}

/*
 * Natrium's salt store: 500 MWe for 5.5 h (vendor), so 155 MW beyond the rating, 852.5 MWh of electricity, and 245 MW less than
 * the rating down to the 100 MWe that the plant still gives. Assumed: nothing is lost of what is counted as electricity.
 */
bool preset_store(const char *name, struct supply_store *ret_store)
{
        if (strcmp(name, "natrium") != 0)
                return false;
        *ret_store = (struct supply_store){ .energy_wh = 852500000,
                                            .charge_w = 245 * MW,
                                            .discharge_w = 155 * MW,
                                            .charge_ppm = 1000000,
                                            .discharge_ppm = 1000000,
                                            .from_reactor = true };
        return true;
}

/*
 * A fusion plant as Helion has sold one: 50 MWe at least, target 2028, after a ramp of a year, through a marketer into the
 * grid (announced 2023). Relied on from the end of that ramp: 2029-01-01. Assumed: the same power at all times, paid for
 * whether it is used or not, and 12 g/kWh over its life, as of fission (IPCC AR5 median).
 */
bool preset_ppa(const char *name, struct supply_ppa *ret_ppa)
{
        if (strcmp(name, "helion") != 0)
                return false;
        *ret_ppa = (struct supply_ppa){ .kind = PPA_BASELOAD,
                                        .take_or_pay = true,
                                        .share_ppm = 1000000,
                                        .power_w = 50 * MW,
                                        .start = INT64_C(1861920000), /* 2029-01-01T00:00:00Z */
                                        .carbon = 12000 };
        return true;
}
