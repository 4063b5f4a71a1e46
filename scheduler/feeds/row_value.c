/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/row_value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/text.h"
#include "feeds/csv_column.h"

#define LARGEST_VALUE INT64_C(1000000000000000) /* in any kind's unit: 1e9 per MWh, 1e9 MW, 1e6 t per kWh */
#define MICRO         INT64_C(1000000)

/* ---- the unit */

/* What the column's own name says: price_eur_per_mwh, or a unit in brackets. */
static bool unit_of_name(const char *name, struct unit *unit)
{
        const char *open = strpbrk(name, "[(");
        struct csv_column column = { 0 };
        char text[48];

        if (csv_column_read(name, &column) && column.unit_known) {
                unit->what = column.kind == SERIES_PRICE         ? UNIT_PRICE
                             : column.kind == SERIES_CARBON      ? UNIT_CARBON
                             : (int)column.kind == SERIES_STORED ? UNIT_ENERGY
                                                                 : UNIT_POWER;
                unit->scale = column.scale;
                memcpy(unit->currency, column.currency, sizeof(unit->currency));
                return true;
        }
        if (open == NULL)
                return false;
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(open + 1, "])"), open + 1);
        return unit_parse(text, unit);
}

static const char *noun(enum series_kind kind)
{
        return kind == 0 ? "known quantity" : kind == SERIES_CARBON ? "carbon intensity" : (int)kind == SERIES_STORED ? "stored energy" : series_kind_name(kind);
}

/* The unit must be of the kind, in the currency. Called again for each new unit of a unit column. */
static int check_unit(struct row_value *value, enum series_kind wanted, const char *currency, const char *name,
                      struct offpeak_error *err)
{
        struct unit *unit = &value->unit;

        if (!unit_fits(unit, wanted))
                return fail(err, OFFPEAK_EINVAL,
                            "\"%.64s\" does not hold a %s, by its unit: name another column, or its \"unit\" (%s)",
                            name, noun(wanted), unit_example(wanted));
        if (unit->what == UNIT_PRICE && unit->currency[0] == '\0' && value->mapping->currency != NULL)
                memcpy(unit->currency, value->mapping->currency, 4);
        if (unit->what == UNIT_PRICE && currency != NULL && unit->currency[0] != '\0' &&
            strcmp(unit->currency, currency) != 0)
                return fail(err, OFFPEAK_EINVAL,
                            "\"%.64s\" is in %s, but the site's currency is %s: convert it, or change the site's", name,
                            unit->currency, currency);
        value->kind = unit->what == UNIT_PRICE    ? SERIES_PRICE
                      : unit->what == UNIT_CARBON ? SERIES_CARBON
                      : wanted != 0               ? wanted
                                                  : SERIES_CAPACITY;
        return 0;
}

int row_value_init(struct row_value *value, const struct mapping *mapping, const struct rows *rows,
                   enum series_kind wanted, const char *currency, struct offpeak_error *err)
{
        const char *name = rows_value_name(rows);

        *value = (struct row_value){ .mapping = mapping };
        if (mapping->unit != NULL ? !unit_parse(mapping->unit, &value->unit) : !unit_of_name(name, &value->unit))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" does not tell its unit: name it as \"unit\", %s, say", name,
                            unit_example(wanted));
        return check_unit(value, wanted, currency, name, err);
}

/* A row with a unit of its own; most have the same as the row above. */
static int use_unit_column(struct row_value *value, const struct rows *rows, const struct row *row,
                           struct offpeak_error *err)
{
        const struct cell *cell = &row->cells[CELL_UNIT];
        char currency[4], text[64];
        struct unit unit;

        if (cell->size == 0 || cell->size >= sizeof(value->unit_text) ||
            (strlen(value->unit_text) == cell->size && memcmp(value->unit_text, cell->text, cell->size) == 0))
                return 0;
        memcpy(text, cell->text, cell->size);
        text[cell->size] = '\0';
        if (!unit_parse(text, &unit) || unit.what != value->unit.what)
                return rows_refuse(rows, row, CELL_UNIT, err, "\"%s\" is no unit of a %s: it should be such as %s",
                                   csv_cell_text(cell, text), noun(value->kind), unit_example(value->kind));
        memcpy(currency, value->unit.currency, sizeof(currency));
        if (unit.currency[0] != '\0' && currency[0] != '\0' && strcmp(unit.currency, currency) != 0)
                return rows_refuse(rows, row, CELL_UNIT, err, "this is in %s, but %s is wanted", unit.currency,
                                   currency);
        memcpy(value->unit_text, text, cell->size + 1);
        value->unit = unit;
        memcpy(value->unit.currency, currency, sizeof(currency));
        return 0;
}

/* ---- the number */

bool row_value_is_missing(const struct mapping *mapping, const struct row *row)
{
        static const char *const usual[] = { "-", "n/e", "N/A", "null", "NaN" };
        const char *const *markers = mapping->n_missing > 0 ? mapping->missing : usual;
        size_t n = mapping->n_missing > 0 ? mapping->n_missing : sizeof(usual) / sizeof(usual[0]);
        const struct cell *cell = &row->cells[CELL_VALUE];

        if (cell->size == 0)
                return true;
        if (isdigit((unsigned char)cell->text[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (strlen(markers[i]) == cell->size && strncasecmp(markers[i], cell->text, cell->size) == 0)
                        return true;
        return false;
}

/*
 * The number with a decimal point and without thousands marks; 0 if they do not stand where they should: before three
 * digits each, and none behind the decimal mark. (Or "12.34" in a German file would be 1234.)
 */
static size_t plain(const struct mapping *mapping, const struct cell *cell, char text[64])
{
        char decimal = mapping->decimal != 0 ? mapping->decimal : '.';
        bool grouped = false, fraction = false;
        size_t used = 0, run = 0;

        if (cell->size > 60)
                return 0;
        for (size_t i = 0; i < cell->size; i++) {
                char c = cell->text[i];

                if (c == mapping->thousands && c != 0 && !fraction) {
                        if (grouped ? run != 3 : run == 0 || run > 3)
                                return 0;
                        grouped = true;
                        run = 0;
                        continue;
                }
                if (c == decimal || c == '.') {
                        if (c != decimal || (grouped && run != 3))
                                return 0;
                        fraction = true;
                        c = '.';
                }
                run = isdigit((unsigned char)c) ? run + 1 : 0;
                text[used++] = c;
        }
        return grouped && !fraction && run != 3 ? 0 : used;
}

/* number * factor / divisor, rounded half away from zero; LARGEST_VALUE + 1 if it is beyond that. */
static int64_t scaled(int64_t number, int64_t factor, int64_t divisor)
{
        __int128 product = (__int128)number * factor, half = divisor / 2;
        __int128 result = (product < 0 ? product - half : product + half) / divisor;

        return result > LARGEST_VALUE || result < -LARGEST_VALUE ? LARGEST_VALUE + 1 : (int64_t)result;
}

static int64_t apply_factors(const struct mapping *mapping, const struct unit *unit, int64_t number, int64_t rating_w)
{
        if (unit->what == UNIT_PERCENT)
                number = scaled(number, rating_w, 100 * MICRO);
        if (mapping->scale_ppm == 0 && mapping->vat_ppm == 0)
                return number;
        return scaled(number, mapping->scale_ppm != 0 ? mapping->scale_ppm : MICRO,
                      mapping->vat_ppm != 0 ? mapping->vat_ppm : MICRO);
}

int row_value(struct row_value *value, const struct rows *rows, const struct row *row, int64_t rating_w,
              int64_t *ret_value, struct offpeak_error *err)
{
        const struct cell *cell = &row->cells[CELL_VALUE];
        int64_t number;
        char text[64];
        int code = use_unit_column(value, rows, row, err);

        if (code != 0)
                return code;
        if (row_value_is_missing(value->mapping, row)) {
                *ret_value = SERIES_UNKNOWN;
                return 0;
        }
        if (text_parse_decimal(text, plain(value->mapping, cell, text),
                               value->unit.what == UNIT_PERCENT ? 6 : value->unit.scale, &number) != 0)
                return rows_refuse(rows, row, CELL_VALUE, err,
                                   "\"%s\" is not a number: are \"decimal\" and \"thousands\" right? If it means "
                                   "unknown, name it as \"missing\"",
                                   csv_cell_text(cell, text));
        if (value->unit.what == UNIT_PERCENT && rating_w == 0)
                return rows_refuse(rows, row, CELL_VALUE, err,
                                   "this is a share in per cent: of how much? Name it as \"rating\", 836 MW, say");
        number = apply_factors(value->mapping, &value->unit, number, rating_w);
        if (number > LARGEST_VALUE || number < -LARGEST_VALUE)
                return rows_refuse(rows, row, CELL_VALUE, err, "%s is too large: is the unit right?",
                                   csv_cell_text(cell, text));
        if (number < 0 && value->kind != SERIES_PRICE)
                return rows_refuse(rows, row, CELL_VALUE, err, "%s: a %s cannot be negative",
                                   csv_cell_text(cell, text), noun(value->kind));
        *ret_value = number;
        return 0;
}
