/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entsoe_prices.c - a first walk over the TimeSeries tells area, currency and auction; a second one gathers the blocks of that
 * auction; these are cut into cells of the shortest resolution, sorted, and become the series.
 */
#include "feeds/entsoe_prices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "feeds/entsoe_document.h"

#define LARGEST_PRICE INT64_C(1000000000000000)
#define SEQUENCE      "classificationSequence_AttributeInstanceComponent.position"

enum { MOST_CELLS = 1000000 }; /* 28 years of quarters */

struct block {
        int64_t start, end, step, value;
        unsigned line;
};

struct cell {
        int64_t start;
        const struct block *block;
};

struct reader {
        const struct mapping *mapping;
        const struct csv_request *request;
        struct offpeak_error *err;
        struct xml_document *document;
        char area[64], currency[4];
        int64_t sequence; /* the lowest */
        int64_t step;     /* the shortest */
        struct block *blocks;
        size_t n_blocks, room;
        struct cell *cells;
        size_t n_cells;
};

/* ---- which TimeSeries count */

static int sequence_of(const struct reader *r, const struct _xmlNode *series, int64_t *ret_sequence)
{
        const struct _xmlNode *element = xml_child(series, SEQUENCE);

        *ret_sequence = 1;
        return element == NULL ? 0 : entsoe_count(r->document, element, ret_sequence, r->err);
}

static const char *wanted_area(const struct reader *r)
{
        return r->mapping->pick != NULL ? r->mapping->pick : r->mapping->column;
}

/* Day-ahead (A01), and no intraday auction (A07), if it says so at all. */
static bool is_day_ahead(const struct _xmlNode *series)
{
        const struct _xmlNode *contract = xml_child(series, "contract_MarketAgreement.type");

        return contract == NULL || xml_text_is(contract, "A01");
}

/* Day-ahead, and of the area that is meant; *ret_is says so. */
static int check_area(struct reader *r, const struct _xmlNode *series, bool *ret_is)
{
        const struct _xmlNode *element = xml_child(series, "in_Domain.mRID");
        char text[64];

        *ret_is = is_day_ahead(series);
        if (!*ret_is)
                return 0;
        if (wanted_area(r) != NULL) {
                *ret_is = element != NULL && xml_text_is(element, wanted_area(r));
                return 0;
        }
        xml_show(element, text);
        if (r->sequence == 0)
                memcpy(r->area, text, sizeof(text));
        if (strcmp(text, r->area) == 0)
                return 0;
        return xml_refuse(r->document, element != NULL ? element : series, r->err,
                          "the file holds prices of several areas, %s and %s first: say which one as \"name\"", r->area,
                          text);
}

static int check_unit(struct reader *r, const struct _xmlNode *series)
{
        const struct _xmlNode *currency = xml_child(series, "currency_Unit.name"),
                              *unit = xml_child(series, "price_Measure_Unit.name");
        char text[64];

        if (unit != NULL && !xml_text_is(unit, "MWH"))
                return xml_refuse(r->document, unit, r->err, "these prices are per %s, and not per MWH",
                                  xml_show(unit, text));
        if (strlen(xml_show(currency, text)) != 3)
                return xml_refuse(r->document, currency != NULL ? currency : series, r->err,
                                  "this TimeSeries tells no currency");
        if (r->request->currency != NULL && strcmp(text, r->request->currency) != 0)
                return xml_refuse(r->document, currency, r->err,
                                  "these prices are in %s, but the site's currency is %s: convert them, or change the "
                                  "site's",
                                  text, r->request->currency);
        if (r->currency[0] != '\0' && strcmp(text, r->currency) != 0)
                return xml_refuse(r->document, currency, r->err, "these prices are in %s, those above in %s", text,
                                  r->currency);
        memcpy(r->currency, text, sizeof(r->currency));
        return 0;
}

static int survey(struct reader *r)
{
        for (const struct _xmlNode *series = xml_child(xml_root(r->document), "TimeSeries"); series != NULL;
             series = xml_next(series, "TimeSeries")) {
                int64_t sequence;
                bool counts;
                int code = check_area(r, series, &counts);

                if (code == 0 && !counts)
                        continue;
                if (code == 0)
                        code = check_unit(r, series);
                if (code == 0)
                        code = sequence_of(r, series, &sequence);
                if (code != 0)
                        return code;
                if (sequence < 1)
                        return xml_refuse(r->document, xml_child(series, SEQUENCE), r->err, "auctions count from 1");
                if (r->sequence == 0 || sequence < r->sequence)
                        r->sequence = sequence;
        }
        if (r->sequence == 0)
                return xml_refuse(r->document, NULL, r->err, "the file holds no day-ahead prices%s%.64s",
                                  wanted_area(r) != NULL ? " of area " : "",
                                  wanted_area(r) != NULL ? wanted_area(r) : "");
        return 0;
}

/* ---- blocks */

static int read_price(struct reader *r, const struct _xmlNode *point, int64_t *ret_value)
{
        const struct _xmlNode *element = xml_child(point, "price.amount");
        char shown[64];
        size_t size;
        const char *text = xml_text(element, &size);

        *ret_value = SERIES_UNKNOWN;
        if (size == 0)
                return 0;
        if (text_parse_decimal(text, size, 6, ret_value) != 0 || *ret_value > LARGEST_PRICE ||
            *ret_value < -LARGEST_PRICE)
                return xml_refuse(r->document, element, r->err, "\"%s\" is not a price", xml_show(element, shown));
        return 0;
}

static int take_block(void *context, const struct entsoe_block *block)
{
        struct reader *r = context;
        int64_t value;
        int code;

        if (block->point == NULL)
                return 0;
        code = read_price(r, block->point, &value);
        if (code != 0 || value == SERIES_UNKNOWN)
                return code;
        if ((block->end - block->start) % block->step != 0 || block->start % block->step != 0)
                return xml_refuse(r->document, block->point, r->err,
                                  "its period does not begin and end on full steps of its resolution");
        if (r->n_blocks == r->room) {
                struct block *more = realloc(r->blocks, (r->room * 2 + 256) * sizeof(*more));

                if (more == NULL)
                        return fail(r->err, OFFPEAK_ENOMEM, "out of memory");
                r->blocks = more;
                r->room = r->room * 2 + 256;
        }
        if (r->step == 0 || block->step < r->step)
                r->step = block->step;
        r->blocks[r->n_blocks++] =
                (struct block){ block->start, block->end, block->step, value, xml_line(block->point) };
        return 0;
}

static int gather_blocks(struct reader *r)
{
        for (const struct _xmlNode *series = xml_child(xml_root(r->document), "TimeSeries"); series != NULL;
             series = xml_next(series, "TimeSeries")) {
                enum entsoe_curve curve;
                int64_t sequence;
                bool counts;
                int code = check_area(r, series, &counts);

                if (code == 0)
                        code = sequence_of(r, series, &sequence);
                if (code == 0 && (!counts || sequence != r->sequence))
                        continue;
                if (code == 0)
                        code = entsoe_curve(r->document, series, ENTSOE_CURVE_EACH, &curve, r->err);
                for (const struct _xmlNode *period = xml_child(series, "Period"); code == 0 && period != NULL;
                     period = xml_next(period, "Period"))
                        code = entsoe_blocks(r->document, period, curve, take_block, r, r->err);
                if (code != 0)
                        return code;
        }
        return r->n_blocks > 0 ? 0 : xml_refuse(r->document, NULL, r->err, "the file holds no prices");
}

/* ---- cells */

static int cut_blocks(struct reader *r)
{
        size_t n = 0;

        for (size_t i = 0; i < r->n_blocks; i++) {
                const struct block *block = &r->blocks[i];

                if (block->step % r->step != 0)
                        return xml_refuse(r->document, NULL, r->err,
                                          "line %u: its resolution is no multiple of the shortest in the file",
                                          block->line);
                if ((block->end - block->start) / r->step > MOST_CELLS - (int64_t)n)
                        return xml_refuse(r->document, NULL, r->err, "holds more than %d intervals: cut it",
                                          MOST_CELLS);
                n += (size_t)((block->end - block->start) / r->step);
        }
        r->cells = malloc(n * sizeof(*r->cells));
        if (r->cells == NULL)
                return fail(r->err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t i = 0; i < r->n_blocks; i++)
                for (int64_t t = r->blocks[i].start; t < r->blocks[i].end; t += r->step)
                        r->cells[r->n_cells++] = (struct cell){ t, &r->blocks[i] };
        return 0;
}

static int compare(const void *a, const void *b)
{
        const struct cell *left = a, *right = b;

        if (left->start != right->start)
                return left->start < right->start ? -1 : 1;
        return left->block < right->block ? -1 : left->block > right->block;
}

static int contradiction(const struct reader *r, const struct cell *a, const struct cell *b)
{
        char at[WHEN_TEXT_SIZE], first[WHEN_TEXT_SIZE], second[WHEN_TEXT_SIZE];

        when_format_utc(a->start, at);
        if (a->block->step == b->block->step)
                return xml_refuse(r->document, NULL, r->err, "%s has two prices, in lines %u and %u: keep one of them",
                                  at, a->block->line, b->block->line);
        return xml_refuse(r->document, NULL, r->err,
                          "%s has two prices, one for every %s in line %u and one for every %s in line %u: say which "
                          "counts as \"step\"",
                          at, when_format_duration(a->block->step, first), a->block->line,
                          when_format_duration(b->block->step, second), b->block->line);
}

/* One cell for each time. */
static int merge_cells(struct reader *r)
{
        size_t kept = 0;

        qsort(r->cells, r->n_cells, sizeof(*r->cells), compare);
        for (size_t i = 0; i < r->n_cells; i++) {
                struct cell *last = kept > 0 ? &r->cells[kept - 1] : NULL;
                bool last_counts, this_counts;

                if (last == NULL || last->start != r->cells[i].start) {
                        r->cells[kept++] = r->cells[i];
                        continue;
                }
                last_counts = last->block->step == r->mapping->step_s;
                this_counts = r->cells[i].block->step == r->mapping->step_s;
                if (last_counts == this_counts && last->block->value != r->cells[i].block->value)
                        return contradiction(r, last, &r->cells[i]);
                if (this_counts)
                        *last = r->cells[i];
        }
        r->n_cells = kept;
        return 0;
}

static int fill_series(const struct reader *r, struct series *series)
{
        for (size_t i = 0; i < r->n_cells; i++) {
                if (i > 0 && r->cells[i].start > r->cells[i - 1].start + r->step &&
                    series_append(series, r->cells[i - 1].start + r->step, SERIES_UNKNOWN) != 0)
                        return OFFPEAK_ENOMEM;
                if (series_append(series, r->cells[i].start, r->cells[i].block->value) != 0)
                        return OFFPEAK_ENOMEM;
        }
        series->end = r->cells[r->n_cells - 1].start + r->step;
        return 0;
}

static int read_all(struct reader *r, const char *text, size_t size, struct series *series)
{
        int code = xml_document_parse(r->request->file, text, size, &r->document, r->err);

        if (code == 0)
                code = entsoe_check_root(r->document, "Publication_MarketDocument", "A44", r->err);
        if (code == 0 && r->request->kind != 0 && r->request->kind != SERIES_PRICE)
                code = xml_refuse(r->document, NULL, r->err, "holds prices, and no %s: name another file",
                                  series_kind_name(r->request->kind));
        if (code == 0)
                code = survey(r);
        if (code == 0)
                code = gather_blocks(r);
        if (code == 0)
                code = cut_blocks(r);
        if (code == 0)
                code = merge_cells(r);
        if (code == 0 && fill_series(r, series) != 0)
                code = fail(r->err, OFFPEAK_ENOMEM, "out of memory");
        return code;
}

int entsoe_prices_parse(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                        struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        struct reader r = { .mapping = mapping, .request = request, .err = err };
        struct mapping_facts facts = { 0 };
        struct series series;
        int code;

        series_init(&series, SERIES_PRICE);
        code = read_all(&r, text, size, &series);
        if (code == 0) {
                facts.step_s = r.step;
                memcpy(facts.currency, r.currency, sizeof(facts.currency));
                snprintf(facts.column, sizeof(facts.column), "day-ahead price of %.64s",
                         wanted_area(&r) != NULL ? wanted_area(&r) : r.area);
                *ret_facts = facts;
                *ret_series = series;
        } else {
                series_finish(&series);
        }
        xml_document_destroy(r.document);
        free(r.blocks);
        free(r.cells);
        return code;
}
