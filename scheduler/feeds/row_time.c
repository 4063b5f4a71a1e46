/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/row_time.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "feeds/time_form.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

struct reading {
        const struct mapping *mapping;
        const struct zone *zone;
        const struct rows *rows;
        const struct row *row;
        struct offpeak_error *err;
};

/* The cell by which errors about time are placed. */
static enum rows_cell time_cell(const struct mapping *mapping)
{
        return mapping->date != NULL ? CELL_DATE : CELL_TIME;
}

/* The date and the time, with a blank between if there are both. */
static struct cell written(const struct reading *r, char text[128])
{
        const struct cell *date = &r->row->cells[CELL_DATE], *time = &r->row->cells[CELL_TIME];

        if (r->mapping->date == NULL)
                return *time;
        if (r->mapping->time == NULL || date->size + time->size > 126)
                return *date;
        memcpy(text, date->text, date->size);
        text[date->size] = ' ';
        memcpy(text + date->size + 1, time->text, time->size);
        return (struct cell){ text, date->size + 1 + time->size, date->column };
}

static int read_stamp(const struct reading *r, struct time_stamp *stamp)
{
        const char *form = r->mapping->time_form != NULL ? r->mapping->time_form : "iso";
        char both[128], text[64];
        struct cell cell = written(r, both);

        if (time_form_read(form, cell.text, cell.size, stamp) != 0)
                return rows_refuse(r->rows, r->row, time_cell(r->mapping), r->err,
                                   "\"%s\" is no time written as %s: is \"time_format\" right?",
                                   csv_cell_text(&cell, text), form);
        if (!stamp->is_utc && r->zone == NULL)
                return rows_refuse(r->rows, r->row, time_cell(r->mapping), r->err,
                                   "\"%s\" does not tell its time zone: name it as \"zone\", Europe/Berlin or UTC, say",
                                   csv_cell_text(&cell, text));
        return 0;
}

/* A number of a period, from 1 on; "07:00" is hour 7. */
static int read_number(const struct reading *r, enum rows_cell cell, int most, int *ret_number)
{
        const struct cell *c = &r->row->cells[cell];
        size_t i = 0;
        char text[64];
        int number = 0;

        for (; i < c->size && i < 4 && isdigit((unsigned char)c->text[i]); i++)
                number = number * 10 + (c->text[i] - '0');
        if (i == 0 || number < 1 || number > most ||
            (i < c->size && (c->size != i + 3 || memcmp(c->text + i, ":00", 3) != 0)))
                return rows_refuse(r->rows, r->row, cell, r->err, "\"%s\" is no number from 1 to %d",
                                   csv_cell_text(c, text), most);
        *ret_number = number;
        return 0;
}

/* What the numbers of period and subperiod add to a row's date. */
static int read_periods(const struct reading *r, int64_t *ret_seconds)
{
        int64_t length =
                r->mapping->stamps == MAPPING_HOUR_ENDING || r->mapping->period_s == 0 ? HOUR : r->mapping->period_s;
        int most = r->mapping->stamps == MAPPING_HOUR_ENDING ? 24 : (int)((DAY + HOUR) / length);
        int number, below = 1, code;

        *ret_seconds = 0;
        if (r->mapping->period == NULL)
                return 0;
        code = read_number(r, CELL_PERIOD, most > 1 ? most : 1, &number);
        if (code == 0 && r->mapping->subperiod != NULL) {
                most = (int)(length / r->mapping->subperiod_s);
                code = read_number(r, CELL_SUBPERIOD, most > 1 ? most : 1, &below);
        }
        if (code == 0)
                *ret_seconds = (number - 1) * length + (below - 1) * r->mapping->subperiod_s;
        return code;
}

/* In the doubled hour the marker tells which pass it is. */
static void use_marker(const struct reading *r, struct row_time *time)
{
        const struct cell *cell = &r->row->cells[CELL_MARKER];
        const char *second = r->mapping->marker_second;
        bool is_second;

        if (time->n != 2 || r->mapping->marker == NULL)
                return;
        is_second = cell->size == strlen(second) && strncasecmp(cell->text, second, cell->size) == 0;
        time->times[0] = time->times[is_second ? 1 : 0];
        time->n = 1;
}

int row_time(const struct mapping *mapping, const struct zone *zone, const struct rows *rows, const struct row *row,
             struct row_time *ret_time, struct offpeak_error *err)
{
        const struct reading r = { mapping, zone, rows, row, err };
        bool numbered = mapping->stamps == MAPPING_NUMBERED;
        struct row_time time = { .n = 1 };
        struct time_stamp stamp;
        int64_t periods;
        int code = read_stamp(&r, &stamp);

        if (code == 0)
                code = read_periods(&r, &periods);
        if (code != 0)
                return code;
        if (stamp.is_utc) {
                time.times[0] = stamp.seconds + periods;
        } else { /* hours are of the clock, numbered periods of what has really passed */
                time.n = zone_from_local(zone, stamp.seconds + (numbered ? 0 : periods), time.times);
                use_marker(&r, &time);
                for (int i = 0; numbered && i < time.n; i++)
                        time.times[i] += periods;
        }
        if (time.n > 0 && time.times[0] <= 0)
                return rows_refuse(rows, row, time_cell(mapping), err,
                                   "this lies before 1970: is \"time_format\" right?");
        *ret_time = time;
        return 0;
}
