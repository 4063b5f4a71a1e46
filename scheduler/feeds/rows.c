/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/rows.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "feeds/rows_parts.h"

#define USUAL_TIME "timestamp_utc||time" /* where the mapping names neither a time nor a date */

const char *rows_wanted(const struct mapping *mapping, enum rows_cell cell)
{
        switch (cell) {
        case CELL_DATE:
                return mapping->date;
        case CELL_TIME:
                return mapping->time == NULL && mapping->date == NULL ? USUAL_TIME : mapping->time;
        case CELL_PERIOD:
                return mapping->period;
        case CELL_SUBPERIOD:
                return mapping->subperiod;
        case CELL_MARKER:
                return mapping->marker;
        case CELL_VALUE:
                return mapping->column;
        case CELL_UNIT:
                return mapping->unit_column;
        case CELL_NAME:
                return mapping->name_column;
        default:
                return cell - CELL_WHERE < mapping->n_where ? mapping->where[cell - CELL_WHERE].column : NULL;
        }
}

size_t rows_alternative(const char **names, const char **ret_name)
{
        const char *bars;

        if (**names == '\0')
                return 0;
        *ret_name = *names;
        bars = strstr(*names, "||");
        *names = bars != NULL ? bars + 2 : *names + strlen(*names);
        return (size_t)((bars != NULL ? bars : *names) - *ret_name);
}

void rows_close(struct rows *rows)
{
        if (rows != NULL)
                rows->driver->close(rows);
}

int rows_next(struct rows *rows, struct row *row, struct offpeak_error *err)
{
        return rows->driver->next(rows, row, err);
}

const char *rows_value_name(const struct rows *rows)
{
        return rows->value_name;
}

const char *rows_pick(const struct rows *rows)
{
        return rows->pick;
}

const char *rows_place(const struct rows *rows, const struct row *row, enum rows_cell cell, char place[ROWS_PLACE_SIZE])
{
        rows->driver->place(rows, row, cell, place);
        return place;
}

int rows_refuse(const struct rows *rows, const struct row *row, enum rows_cell cell, struct offpeak_error *err,
                const char *format, ...)
{
        char place[ROWS_PLACE_SIZE], text[400];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return fail(err, OFFPEAK_EINVAL, "%s: %s", rows_place(rows, row, cell, place), text);
}

