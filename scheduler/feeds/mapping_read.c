/* SPDX-License-Identifier: Apache-2.0 */
/* mapping_read.c - file -> rows (rows.h) -> a time and a value each (row_time.h, row_value.h) -> series (gather.h). */
#include "feeds/mapping_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "feeds/entsoe_outages.h"
#include "feeds/entsoe_prices.h"
#include "feeds/file_text.h"
#include "feeds/gather.h"
#include "feeds/row_time.h"
#include "feeds/row_value.h"
#include "feeds/rows.h"

enum { SKIPPED = 1 };

struct reader {
        const struct mapping *mapping;
        const struct csv_request *request;
        struct offpeak_error *err;
        struct rows *rows;
        struct zone *zone;
        struct row_value value;
        struct gather gather;
        char first_name[64]; /* in the name column, where none is picked */
};

/* ---- which rows count */

static bool cell_is(const struct cell *cell, const char *text)
{
        return strlen(text) == cell->size && strncasecmp(cell->text, text, cell->size) == 0;
}

static bool passes(const struct mapping *mapping, const struct row *row)
{
        for (size_t i = 0; i < mapping->n_where; i++)
                if (!cell_is(&row->cells[CELL_WHERE + i], mapping->where[i].value))
                        return false;
        return true;
}

/* Where nothing is picked all rows must be of one name. */
static int check_name(struct reader *r, const struct row *row)
{
        char text[64];

        csv_cell_text(&row->cells[CELL_NAME], text);
        if (r->gather.n == 0)
                memcpy(r->first_name, text, sizeof(text));
        if (strcmp(text, r->first_name) == 0)
                return 0;
        return rows_refuse(r->rows, row, CELL_NAME, r->err,
                           "the file holds several series, \"%s\" and \"%s\" first: say which one as \"name\"",
                           r->first_name, text);
}

/* The part that a row belongs to, SKIPPED if it is none of those asked for. */
static int find_part(struct reader *r, const struct row *row, unsigned *part, int64_t *rating_w)
{
        const char *pick = rows_pick(r->rows);

        *part = 0;
        *rating_w = r->mapping->rating_w;
        if (r->mapping->name_column == NULL)
                return 0;
        if (pick != NULL)
                return cell_is(&row->cells[CELL_NAME], pick) ? 0 : SKIPPED;
        if (r->mapping->n_parts == 0)
                return check_name(r, row);
        for (unsigned i = 0; i < r->mapping->n_parts; i++) {
                if (!cell_is(&row->cells[CELL_NAME], r->mapping->parts[i].name))
                        continue;
                *part = i;
                if (r->mapping->parts[i].rating_w != 0)
                        *rating_w = r->mapping->parts[i].rating_w;
                return 0;
        }
        return SKIPPED;
}

/* ---- rows */

static int take_row(struct reader *r, const struct row *row)
{
        struct gather_point point = { .number = row->number };
        struct row_time time;
        int64_t rating_w;
        int code;

        if (!passes(r->mapping, row))
                return 0;
        code = find_part(r, row, &point.part, &rating_w);
        if (code == 0)
                code = row_time(r->mapping, r->zone, r->rows, row, &time, r->err);
        if (code == 0 && time.n == 0) {
                if (row_value_is_missing(r->mapping, row) || r->mapping->missing_hour == MAPPING_SKIP_HOUR)
                        return 0;
                return rows_refuse(r->rows, row, r->mapping->date != NULL ? CELL_DATE : CELL_TIME, r->err,
                                   "this hour does not exist in %s, where clocks jump over it: is the zone right? If "
                                   "the row is a filler, say \"missing_hour: skip\"",
                                   r->mapping->zone);
        }
        if (code == 0)
                code = row_value(&r->value, r->rows, row, rating_w, &point.value, r->err);
        if (code != 0)
                return code == SKIPPED ? 0 : code;
        point.time = time.times[0];
        point.later = time.n == 2 ? time.times[1] : 0;
        return gather_add(&r->gather, &point) == 0 ? 0 : fail(r->err, OFFPEAK_ENOMEM, "out of memory");
}

static int take_rows(struct reader *r)
{
        struct row row;
        int code;

        while ((code = rows_next(r->rows, &row, r->err)) == 1) {
                code = take_row(r, &row);
                if (code != 0)
                        return code;
        }
        return code;
}

static int open_reader(struct reader *r, const char *text, size_t size)
{
        const struct csv_request *request = r->request;
        int code = mapping_check(r->mapping, r->err);

        if (code == 0 && r->mapping->zone != NULL)
                code = zone_open(r->mapping->zone, &r->zone, r->err);
        if (code == 0)
                code = rows_open(r->mapping, request->file, request->kind, text, size, &r->rows, r->err);
        if (code == 0)
                code = row_value_init(&r->value, r->mapping, r->rows, request->kind, request->currency, r->err);
        return code;
}

/* Errors that no row is to blame for get the file's name before them. */
static int name_file(const struct reader *r, int code)
{
        size_t size = strlen(r->request->file);

        if (r->err == NULL || strncmp(r->err->text, r->request->file, size) == 0)
                return code;
        return fail_at(r->err, "%s", r->request->file);
}

static void note_facts(const struct reader *r, int64_t step, struct mapping_facts *ret_facts)
{
        struct mapping_facts facts = { .step_s = step, .percent = r->value.unit.what == UNIT_PERCENT };

        memcpy(facts.currency, r->value.unit.currency, sizeof(facts.currency));
        snprintf(facts.column, sizeof(facts.column), "%s", rows_value_name(r->rows));
        *ret_facts = facts;
}

static int read_rows(struct reader *r, const char *text, size_t size, struct series *series,
                     struct mapping_facts *facts)
{
        struct gather_way way = { 0 };
        int64_t step;
        int code = open_reader(r, text, size);

        if (code == 0)
                code = take_rows(r);
        if (code != 0)
                return code;
        way.n_parts = (unsigned)r->mapping->n_parts;
        way.ends = r->mapping->stamps == MAPPING_END;
        way.energy = r->value.unit.what == UNIT_ENERGY && (int)r->value.kind != SERIES_STORED;
        way.step_s = r->mapping->step_s;
        way.zone = r->zone;
        code = gather_series(&r->gather, &way, r->rows, series, &step, r->err);
        if (code != 0)
                return code;
        series->kind = r->value.kind;
        note_facts(r, step, facts);
        return 0;
}

/* Readers of documents whose form is known: of a mapping they need little. The others have rows. */
typedef int (*document_reader)(const struct mapping *mapping, const struct csv_request *request, const char *text,
                               size_t size, struct series *series, struct mapping_facts *facts,
                               struct offpeak_error *err);

static const document_reader documents[] = {
        [MAPPING_CSV] = NULL,
        [MAPPING_JSON] = NULL,
        [MAPPING_ENTSOE_PRICES] = entsoe_prices_parse,
        [MAPPING_ENTSOE_OUTAGES] = entsoe_outages_parse,
};

static int read_all(struct reader *r, const struct feed_page *pages, size_t n, struct series *series,
                    struct mapping_facts *facts)
{
        document_reader read_document = documents[r->mapping->format];
        int code;

        if (n != 1 && !feed_pages_are_zips(r->mapping))
                return fail(r->err, OFFPEAK_EINVAL, "%s: what this mapping reads comes in one piece", r->request->file);
        if (read_document == NULL)
                return read_rows(r, pages[0].text, pages[0].size, series, facts);
        code = mapping_check(r->mapping, r->err);
        if (code != 0)
                return code;
        if (n != 1)
                return entsoe_outages_parse_pages(r->mapping, r->request, pages, n, series, facts, r->err);
        return read_document(r->mapping, r->request, pages[0].text, pages[0].size, series, facts, r->err);
}

int mapping_parse(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                  struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        const struct feed_page page = { (char *)(uintptr_t)text, size }; /* it is only read */

        return mapping_parse_pages(mapping, request, &page, 1, ret_series, ret_facts, err);
}

int mapping_parse_pages(const struct mapping *mapping, const struct csv_request *request, const struct feed_page *pages,
                        size_t n, struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        struct offpeak_error ignored;
        struct reader r = { .mapping = mapping, .request = request, .err = err != NULL ? err : &ignored };
        struct series series = { 0 };
        struct mapping_facts facts;
        int code = read_all(&r, pages, n, &series, &facts);

        if (code == 0 && series_set_names(&series, request->site, request->file) != 0)
                code = fail(r.err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0) {
                series.issued = request->issued;
                if (ret_facts != NULL)
                        *ret_facts = facts;
                *ret_series = series;
        } else {
                series_finish(&series);
                code = name_file(&r, code);
        }
        gather_finish(&r.gather);
        rows_close(r.rows);
        zone_destroy(r.zone);
        return code;
}

int mapping_read(const struct mapping *mapping, const struct csv_request *request, struct series *ret_series,
                 struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        char *text;
        size_t size;
        int code = file_text_read(request->file, FILE_TEXT_LARGEST, &text, &size, err);

        if (code != 0)
                return code;
        code = mapping_parse(mapping, request, text, size, ret_series, ret_facts, err);
        free(text);
        return code;
}
