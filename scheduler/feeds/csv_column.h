/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_column.h - what the name of a CSV column says about its values.
 *
 *   price_<currency>_per_mwh     also kwh, gwh; ct, cent, cents after the currency; ct alone: of the site's currency; p
 *   carbon_g_per_kwh             also kg, t, mg; mwh; ci_...; g may read gco2, gco2e, gco2eq, then with any prefix
 *   capacity_mw                  also w, kw, gw
 *   limit_mw                     likewise
 *   stored_mwh                   also wh, kwh, gwh
 *
 * "per" may be left out, case does not matter.
 */
#ifndef OFFPEAK_FEEDS_CSV_COLUMN_H
#define OFFPEAK_FEEDS_CSV_COLUMN_H

#include <stdbool.h>

#include "supply/series.h"

struct csv_column {
        enum series_kind kind; /* 0: power, of a kind that the name does not tell (nuclear_mw) */
        bool unit_known;       /* false: the prefix tells the kind, but the rest is no unit of it */
        int scale;             /* the value times 10^scale is in the kind's unit */
        char currency[4];      /* ISO 4217; "": not a price, or not told */
};

/* False if the name speaks of no quantity known here; ret_column is then untouched. */
bool csv_column_read(const char *name, struct csv_column *ret_column);

/* How a column of this kind is best named: "price_eur_per_mwh". */
const char *csv_column_example(enum series_kind kind);

#endif
