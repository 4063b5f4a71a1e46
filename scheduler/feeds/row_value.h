/* SPDX-License-Identifier: Apache-2.0 */
/* row_value.h - what a row's value is in the series' unit, by its mapping's number format, unit, scale and VAT. */
#ifndef OFFPEAK_FEEDS_ROW_VALUE_H
#define OFFPEAK_FEEDS_ROW_VALUE_H

#include "feeds/rows.h"
#include "feeds/unit.h"

/* How values are read; by row_value_init. */
struct row_value {
        const struct mapping *mapping;
        enum series_kind kind;
        struct unit unit;
        char unit_text[48]; /* the unit column's last text */
};

/*
 * wanted: the kind asked for, 0 for any; currency: that a price must be in, NULL for any. EINVAL where the unit is not
 * told, or does not fit.
 */
int row_value_init(struct row_value *value, const struct mapping *mapping, const struct rows *rows,
                   enum series_kind wanted, const char *currency, struct offpeak_error *err);

/*
 * In the series' unit (of energy: Wh, for whoever knows the step), or SERIES_UNKNOWN. rating_w: what 100 % is; 0: not
 * known. EINVAL with the place.
 */
int row_value(struct row_value *value, const struct rows *rows, const struct row *row, int64_t rating_w,
              int64_t *ret_value, struct offpeak_error *err);

/* Does the row say nothing in its value column? */
bool row_value_is_missing(const struct mapping *mapping, const struct row *row);

#endif
