/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entsoe_outages.c - documents -> what each leaves of which unit, and when (outage_list.h) -> a capacity series.
 */
#include "feeds/entsoe_outages.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "feeds/entsoe_document.h"
#include "feeds/outage_list.h"
#include "feeds/zip_members.h"

#define LARGEST_POWER INT64_C(1000000000000000) /* W */
#define RESOURCE      "production_RegisteredResource"
#define UNIT          RESOURCE ".pSRType.powerSystemResources"

struct reader {
        const struct mapping *mapping;
        struct outage_list *list;
        struct offpeak_error *err;
        /* of the document that is read */
        const struct xml_document *document;
        size_t message;
        bool in_force;
        unsigned unit;      /* of its TimeSeries */
        char only_unit[64]; /* of all, where none is named */
};

static int no_memory(struct reader *r)
{
        return fail(r->err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- which unit */

/* What a TimeSeries is about: the generating unit, or where it names none the plant. */
static void find_names(const struct _xmlNode *series, const struct _xmlNode *names[2])
{
        names[0] = xml_child(series, UNIT ".name");
        names[1] = xml_child(series, UNIT ".mRID");
        if (names[0] != NULL || names[1] != NULL)
                return;
        names[0] = xml_child(series, RESOURCE ".name");
        names[1] = xml_child(series, RESOURCE ".mRID");
}

static bool is_named(const struct _xmlNode *const names[2], const char *name)
{
        return (names[0] != NULL && xml_text_is(names[0], name)) || (names[1] != NULL && xml_text_is(names[1], name));
}

static int find_part(struct reader *r, const struct _xmlNode *series, const struct _xmlNode *const names[2],
                     bool *ret_counts)
{
        const char *found = NULL;

        for (unsigned i = 0; i < r->mapping->n_parts; i++) {
                if (!is_named(names, r->mapping->parts[i].name))
                        continue;
                if (found != NULL)
                        return xml_refuse(r->document, series, r->err,
                                          "\"%.64s\" and \"%.64s\" both name this unit: keep one of them", found,
                                          r->mapping->parts[i].name);
                found = r->mapping->parts[i].name;
                r->unit = i;
        }
        *ret_counts = found != NULL;
        return 0;
}

/* Where nothing is named all must be of one unit. */
static int check_only_unit(struct reader *r, const struct _xmlNode *series, const struct _xmlNode *const names[2])
{
        const struct _xmlNode *element = names[0] != NULL ? names[0] : names[1];
        char text[64];

        if (element == NULL)
                return xml_refuse(r->document, series, r->err, "this outage names no unit");
        xml_show(element, text);
        if (r->only_unit[0] == '\0')
                memcpy(r->only_unit, text, sizeof(text));
        if (strcmp(text, r->only_unit) == 0)
                return 0;
        return xml_refuse(r->document, element, r->err,
                          "the file holds outages of several units, \"%s\" and \"%s\" first: say which one as \"name\", "
                          "or several with their ratings as \"parts\"",
                          r->only_unit, text);
}

static int find_unit(struct reader *r, const struct _xmlNode *series, bool *ret_counts)
{
        const struct _xmlNode *type = xml_child(series, RESOURCE ".pSRType.psrType"), *names[2];
        const char *pick = r->mapping->pick != NULL ? r->mapping->pick : r->mapping->column;

        find_names(series, names);
        r->unit = 0;
        if (r->mapping->n_parts > 0)
                return find_part(r, series, names, ret_counts);
        *ret_counts = pick != NULL ? is_named(names, pick) : type == NULL || xml_text_is(type, "B14");
        return *ret_counts && pick == NULL ? check_only_unit(r, series, names) : 0;
}

/* ---- what is left of it */

static int read_power(struct reader *r, const struct _xmlNode *element, int64_t *ret_w)
{
        char shown[64];
        size_t size;
        const char *text = xml_text(element, &size);

        if (text_parse_decimal(text, size, 6, ret_w) != 0 || *ret_w < 0 || *ret_w > LARGEST_POWER)
                return xml_refuse(r->document, element, r->err, "\"%s\" is no power in MW", xml_show(element, shown));
        return 0;
}

static int take_block(void *context, const struct entsoe_block *block)
{
        struct reader *r = context;
        const struct _xmlNode *quantity = xml_child(block->point, "quantity");
        struct outage outage = { block->start, block->end, SERIES_UNKNOWN, r->unit, r->message };
        int code = 0;

        if (quantity != NULL)
                code = read_power(r, quantity, &outage.left_w);
        else if (block->point != NULL)
                return xml_refuse(r->document, block->point, r->err, "this Point has no quantity");
        if (code != 0)
                return code;
        code = outage_list_add(r->list, &outage);
        if (code == OFFPEAK_ENOMEM)
                return no_memory(r);
        return code == 0 ? 0
                         : xml_refuse(r->document, block->point, r->err, "the file holds more than %d outages: ask for less",
                                      OUTAGE_LIST_MOST);
}

/* An outage that tells no quantities: the document says when it is. */
static int take_unsaid(struct reader *r, const struct _xmlNode *series)
{
        const struct _xmlNode *interval = xml_child(xml_root(r->document), "unavailability_Time_Period.timeInterval");
        struct entsoe_block block = { 0 };
        int code;

        if (interval == NULL)
                return xml_refuse(r->document, series, r->err,
                                  "this outage tells neither a time nor what is available (no Available_Period)");
        code = entsoe_interval(r->document, interval, &block.start, &block.end, r->err);
        return code != 0 ? code : take_block(r, &block);
}

static int take_periods(struct reader *r, const struct _xmlNode *series)
{
        const struct _xmlNode *period = xml_child(series, "Available_Period"),
                              *unit = xml_child(series, "quantity_Measure_Unit.name");
        enum entsoe_curve curve;
        char text[64];
        int code = entsoe_curve(r->document, series, ENTSOE_CURVE_HOLD, &curve, r->err);

        if (code == 0 && unit != NULL && !xml_text_is(unit, "MAW"))
                return xml_refuse(r->document, unit, r->err, "these quantities are in %s, and not in MAW (MW)",
                                  xml_show(unit, text));
        if (code == 0 && period == NULL)
                return take_unsaid(r, series);
        for (; code == 0 && period != NULL; period = xml_next(period, "Available_Period"))
                code = entsoe_blocks(r->document, period, curve, take_block, r, r->err);
        return code;
}

static int take_series(struct reader *r, const struct _xmlNode *series)
{
        const struct _xmlNode *kind = xml_child(series, "businessType"), *nominal = xml_child(series, UNIT ".nominalP");
        int64_t rating_w = 0;
        bool counts = false;
        char text[64];
        int code = find_unit(r, series, &counts);

        if (code != 0 || !counts)
                return code;
        if (kind != NULL && !xml_text_is(kind, "A53") && !xml_text_is(kind, "A54"))
                return xml_refuse(r->document, kind, r->err,
                                  "business type \"%s\" is no outage: A53 (planned) and A54 (forced) are",
                                  xml_show(kind, text));
        if (nominal != NULL)
                code = read_power(r, nominal, &rating_w);
        if (code == 0 && outage_list_note_unit(r->list, r->unit, r->message, rating_w) != 0)
                return no_memory(r);
        return code == 0 && r->in_force ? take_periods(r, series) : code;
}

/* ---- documents */

static int read_message(struct reader *r)
{
        const struct _xmlNode *root = xml_root(r->document), *revision = xml_child(root, "revisionNumber"),
                              *created = xml_child(root, "createdDateTime"),
                              *status = xml_child(xml_child(root, "docStatus"), "value");
        struct outage_message message = { .created = SERIES_UNKNOWN };
        size_t size;
        int code = 0;

        message.id = xml_text(xml_child(root, "mRID"), &size);
        message.id_size = size;
        if (revision != NULL)
                code = entsoe_count(r->document, revision, &message.revision, r->err);
        if (code == 0 && created != NULL)
                code = entsoe_time(r->document, created, &message.created, r->err);
        if (code != 0)
                return code;
        r->in_force = status == NULL || (!xml_text_is(status, "A09") && !xml_text_is(status, "A13"));
        return outage_list_add_message(r->list, &message, &r->message) == 0 ? 0 : no_memory(r);
}

static int read_document(struct reader *r)
{
        int code = entsoe_check_root(r->document, "Unavailability_MarketDocument", "A80 A77", r->err);

        if (code == 0)
                code = read_message(r);
        for (const struct _xmlNode *series = xml_child(xml_root(r->document), "TimeSeries");
             code == 0 && series != NULL; series = xml_next(series, "TimeSeries"))
                code = take_series(r, series);
        return code;
}

static int take_text(void *context, const char *place, const char *text, size_t size, struct offpeak_error *err)
{
        struct reader *r = context;
        struct xml_document *document = NULL;
        int code = xml_document_parse(place, text, size, &document, err);

        r->document = document;
        if (code == 0)
                code = read_document(r);
        xml_document_destroy(document);
        return code;
}

/* ---- the whole */

/* Errors that come after the documents are read have no line. */
static int make_series(struct reader *r, const struct csv_request *request, struct series *series,
                       struct mapping_facts *facts)
{
        struct outage_units units = { .n = r->mapping->n_parts > 0 ? (unsigned)r->mapping->n_parts : 1 };
        const char *pick = r->mapping->pick != NULL ? r->mapping->pick : r->mapping->column;
        int code;

        if (r->mapping->n_parts == 0 && pick == NULL && r->only_unit[0] == '\0')
                return fail(r->err, OFFPEAK_EINVAL,
                            "%s: holds no outage of a nuclear unit (psrType B14): say the unit that is meant as \"name\" "
                            "and \"rating\", or several as \"parts\"",
                            request->file);
        for (unsigned i = 0; i < units.n; i++) {
                const struct mapping_part *part = r->mapping->n_parts > 0 ? &r->mapping->parts[i] : NULL;

                units.rating_w[i] = part != NULL && part->rating_w != 0 ? part->rating_w : r->mapping->rating_w;
                if (units.rating_w[i] == 0)
                        units.rating_w[i] = outage_list_rating(r->list, i);
                if (units.rating_w[i] == 0)
                        return fail(r->err, OFFPEAK_EINVAL,
                                    "%s: the rating of \"%.64s\" is not known, for no outage here tells it: say it as "
                                    "\"%s\"",
                                    request->file, part != NULL ? part->name : pick != NULL ? pick : "the unit",
                                    part != NULL ? "parts" : "rating");
                if (part != NULL && !outage_list_has(r->list, i))
                        snprintf(facts->unmatched + strlen(facts->unmatched),
                                 sizeof(facts->unmatched) - strlen(facts->unmatched), "%s%s",
                                 facts->unmatched[0] != '\0' ? ", " : "", part->name);
        }
        if (pick != NULL && !outage_list_has(r->list, 0))
                snprintf(facts->unmatched, sizeof(facts->unmatched), "%s", pick);
        code = outage_list_series(r->list, &units, request->issued, ENTSOE_OUTAGES_REACH, series, &facts->step_s);
        if (code == OFFPEAK_EINVAL)
                return fail(r->err, code, "%s: holds no outage in force, and nothing that tells when it was made",
                            request->file);
        snprintf(facts->column, sizeof(facts->column), "available power of %.64s",
                 pick != NULL            ? pick
                 : r->mapping->n_parts == 0 ? r->only_unit
                 : units.n == 1             ? r->mapping->parts[0].name
                                            : "several units");
        return code == 0 ? 0 : no_memory(r);
}

static int take_page(struct reader *r, const char *file, const struct feed_page *page)
{
        return zip_is(page->text, page->size) ? zip_walk(file, page->text, page->size, take_text, r, r->err)
                                              : take_text(r, file, page->text, page->size, r->err);
}

static int take_pages(struct reader *r, const char *file, const struct feed_page *pages, size_t n)
{
        char place[400];
        int code = 0;

        for (size_t i = 0; code == 0 && i < n; i++) {
                snprintf(place, sizeof(place), n > 1 ? "%.360s, page %zu" : "%.360s", file, i + 1);
                code = take_page(r, n > 1 ? place : file, &pages[i]);
        }
        return code;
}

int entsoe_outages_parse_pages(const struct mapping *mapping, const struct csv_request *request,
                               const struct feed_page *pages, size_t n, struct series *ret_series,
                               struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        struct outage_list list = { 0 };
        struct reader r = { .mapping = mapping, .list = &list, .err = err };
        struct mapping_facts facts = { 0 };
        struct series series;
        int code;

        if (request->kind != 0 && request->kind != SERIES_CAPACITY)
                return fail(err, OFFPEAK_EINVAL, "%s: holds what units can deliver, and no %s: name another file",
                            request->file, series_kind_name(request->kind));
        series_init(&series, SERIES_CAPACITY);
        code = take_pages(&r, request->file, pages, n);
        if (code == 0)
                code = make_series(&r, request, &series, &facts);
        if (code == 0) {
                *ret_facts = facts;
                *ret_series = series;
        } else {
                series_finish(&series);
        }
        outage_list_finish(&list);
        return code;
}

int entsoe_outages_parse(const struct mapping *mapping, const struct csv_request *request, const char *text,
                         size_t size, struct series *ret_series, struct mapping_facts *ret_facts,
                         struct offpeak_error *err)
{
        const struct feed_page page = { (char *)(uintptr_t)text, size }; /* it is only read */

        return entsoe_outages_parse_pages(mapping, request, &page, 1, ret_series, ret_facts, err);
}
