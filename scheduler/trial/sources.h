/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources.h - who supplied a site during an outcome, and what the site pays for it: by what came true, of the whole
 * site.
 *
 *   power      P(t) = what idles + what the jobs draw, at the meter, in whole watts; sources give it in order of merit
 *   paid       grid:      what is drawn x its price (adder and tax included)
 *              reactor:   what is used or sold x fuel
 *              agreement: what it delivers x strike if it is take-or-pay, else what is used or sold of it
 *              less what is sold at the export price and what virtual agreements settle; and each month's demand
 * charges
 *
 * That is money, where tally.h's cost is what plans weigh: what is paid anyway is in here, what could have been sold is
 * not. A store is run afterwards (store_run.h), over the time that is counted and with the demand charges in mind: P(t)
 * is what the site draws with it.
 */
#ifndef OFFPEAK_TRIAL_SOURCES_H
#define OFFPEAK_TRIAL_SOURCES_H

#include "trial/outcome.h"
#include "trial/trial.h"

/* One unit of a site over the window. */
struct source {
        bool is_there;        /* the site has it */
        double rated_w;       /* its rating; without one the most that it could give; INFINITY: a grid without limit */
        double available_mwh; /* that it could have given; INFINITY likewise */
        double used_mwh, sold_mwh;
        double curtailed_mwh; /* of sun and agreements: what nobody took. A reactor that is not needed saves its fuel */
        double cost;          /* paid for it, currency; what is sold is in `sold` below */
        double capacity_factor; /* (used + sold) / (rating x window); NAN: no rating, or no window */
};

struct site_sources {
        struct source units[SUPPLY_UNITS];  /* [enum supply_unit] */
        double energy_mwh;                  /* of the whole site */
        double cost;                        /* all that is paid, less all that comes in */
        double bought;                      /* of it: the units' costs */
        double sold, settled;               /* what comes in: exports, virtual agreements */
        double demand;                      /* demand charges of all months that the window touches */
        unsigned months;                    /* so many, in the tariff's time; 0: no demand charges */
        double carbon_kg;                   /* by location */
        double unpriced_mwh, uncounted_mwh; /* drawn at an unknown price, of unknown carbon: in no sum */
        double beyond_mwh;                  /* drawn beyond all that the sources can give */
        double curtailed_mwh, curtailed_h;  /* h: in which anything is curtailed */
        double peak_w;                      /* highest power of the whole site; in an instant, not a mean */
        int64_t peak_at;
        double stored_mwh, given_mwh;        /* what the site's store drew and gave, at the meter: both are in P(t) */
        double store_lost_mwh, store_cycles; /* store_run.h */
        bool settled_known; /* the price was known whenever something was settled */
};

/*
 * Of site `site` in [from, to), which lies in the trial's time. The outcome is one that tally() takes. ENOMEM.
 */
int sources_of(const struct trial *trial, const struct outcome *outcome, uint32_t site, int64_t from, int64_t to,
               struct site_sources *ret_sources);

#endif
