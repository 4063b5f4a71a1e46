/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/entsoe_document.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "feeds/time_form.h"

#define ACKNOWLEDGEMENT "Acknowledgement_MarketDocument"
#define LONGEST_STEP    INT64_C(31622400) /* a leap year */

/* ---- the root */

static int refuse_acknowledgement(const struct xml_document *document, struct offpeak_error *err)
{
        const struct _xmlNode *reason = xml_child(xml_root(document), "Reason");
        const char *text;
        size_t size;

        text = xml_text(xml_child(reason, "text"), &size);
        if (size == 0) {
                text = "no reason given";
                size = strlen(text);
        }
        return xml_refuse(document, NULL, err,
                          "holds no data, but the platform's answer that there is none: \"%.*s\": ask for another "
                          "period, area or unit",
                          (int)(size < 300 ? size : 300), text);
}

static bool has_word(const char *words, const char *word, size_t size)
{
        for (const char *at = words; (at = strstr(at, word)) != NULL; at += size)
                if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
                        return true;
        return false;
}

int entsoe_check_root(const struct xml_document *document, const char *name, const char *types,
                      struct offpeak_error *err)
{
        const struct _xmlNode *root = xml_root(document), *type = xml_child(root, "type");
        char text[64];

        if (xml_is(root, ACKNOWLEDGEMENT))
                return refuse_acknowledgement(document, err);
        if (!xml_is(root, name))
                return xml_refuse(document, root, err, "this is no %s: does \"mapping\" name what the file is?", name);
        if (type != NULL && (xml_show(type, text)[0] == '\0' || !has_word(types, text, strlen(text))))
                return xml_refuse(document, type, err, "this %s is of type %s, and not %s: ask the platform for that",
                                  name, text, types);
        return 0;
}

/* ---- values */

int entsoe_time(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_time,
                struct offpeak_error *err)
{
        struct time_stamp stamp;
        char shown[64];
        size_t size;
        const char *text = xml_text(element, &size);

        if (time_form_read("iso", text, size, &stamp) != 0 || !stamp.is_utc)
                return xml_refuse(document, element, err, "\"%s\" is not a time in UTC such as 2025-09-30T22:00Z",
                                  xml_show(element, shown));
        *ret_time = stamp.seconds;
        return 0;
}

int entsoe_interval(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_start,
                    int64_t *ret_end, struct offpeak_error *err)
{
        const struct _xmlNode *start = xml_child(element, "start"), *end = xml_child(element, "end");
        int64_t from = 0, to = 0;
        int code;

        if (start == NULL || end == NULL)
                return xml_refuse(document, element, err, "a time interval here has no start or no end");
        code = entsoe_time(document, start, &from, err);
        if (code == 0)
                code = entsoe_time(document, end, &to, err);
        if (code == 0 && to <= from)
                return xml_refuse(document, end, err, "this interval ends before it begins");
        if (code == 0) {
                *ret_start = from;
                *ret_end = to;
        }
        return code;
}

int entsoe_count(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_count,
                 struct offpeak_error *err)
{
        char shown[64];
        int64_t count = 0;
        size_t size;
        const char *text = xml_text(element, &size);

        for (size_t i = 0; i < size; i++) {
                if (text[i] < '0' || text[i] > '9' || count > INT64_C(1000000000000))
                        size = 0;
                else
                        count = count * 10 + (text[i] - '0');
        }
        if (size == 0)
                return xml_refuse(document, element, err, "\"%s\" is not a whole number", xml_show(element, shown));
        *ret_count = count;
        return 0;
}

/* ISO-8601: P1D, P7D, PT15M, PT1H30M. A month or a year has no one length. */
static int64_t read_duration(const char *text, size_t size)
{
        int64_t total = 0, number = -1;
        bool time = false;

        if (size < 2 || text[0] != 'P')
                return 0;
        for (size_t i = 1; i < size; i++) {
                char c = text[i];

                if (c >= '0' && c <= '9' && number < 1000000) {
                        number = (number < 0 ? 0 : number) * 10 + (c - '0');
                        continue;
                }
                if (c == 'T' && !time && number < 0) {
                        time = true;
                        continue;
                }
                if (number < 0 || strchr(time ? "HMS" : "WD", c) == NULL)
                        return 0;
                total += number * (c == 'W' ? 604800 : c == 'D' ? 86400 : c == 'H' ? 3600 : c == 'M' ? 60 : 1);
                number = -1;
        }
        return number < 0 && total <= LONGEST_STEP ? total : 0;
}

int entsoe_curve(const struct xml_document *document, const struct _xmlNode *time_series, enum entsoe_curve usual,
                 enum entsoe_curve *ret_curve, struct offpeak_error *err)
{
        const struct _xmlNode *element = xml_child(time_series, "curveType");
        char text[64];

        *ret_curve = element == NULL || xml_text_is(element, "A01") ? ENTSOE_CURVE_EACH : ENTSOE_CURVE_HOLD;
        if (element == NULL)
                *ret_curve = usual;
        else if (!xml_text_is(element, "A01") && !xml_text_is(element, "A03"))
                return xml_refuse(document, element, err, "curve type \"%s\" is not known here: A01 and A03 are",
                                  xml_show(element, text));
        return 0;
}

/* ---- blocks */

struct blocks {
        const struct xml_document *document;
        struct offpeak_error *err;
        int (*take)(void *context, const struct entsoe_block *block);
        void *context;
        int64_t start, end, step;
        enum entsoe_curve curve;
};

static int give(const struct blocks *b, int64_t start, int64_t end, const struct _xmlNode *point)
{
        struct entsoe_block block = { start, end, b->step, point };

        return start < end ? b->take(b->context, &block) : 0;
}

/* A point and the time from it to `until`: all of it, or its own block and a hole. */
static int give_point(const struct blocks *b, int64_t start, int64_t until, const struct _xmlNode *point)
{
        int64_t end = start + b->step < until ? start + b->step : until;
        int code;

        if (b->curve == ENTSOE_CURVE_HOLD)
                return give(b, start, until, point);
        code = give(b, start, end, point);
        return code != 0 ? code : give(b, end, until, NULL);
}

static int position_of(const struct blocks *b, const struct _xmlNode *point, int64_t *ret_start)
{
        const struct _xmlNode *element = xml_child(point, "position");
        int64_t position;
        int code;

        if (element == NULL)
                return xml_refuse(b->document, point, b->err, "this Point has no position");
        code = entsoe_count(b->document, element, &position, b->err);
        if (code != 0)
                return code;
        if (position < 1 || position - 1 > (b->end - b->start - 1) / b->step)
                return xml_refuse(b->document, element, b->err, "position %lld lies outside its period",
                                  (long long)position);
        *ret_start = b->start + (position - 1) * b->step;
        return 0;
}

static int walk_points(const struct blocks *b, const struct _xmlNode *period)
{
        const struct _xmlNode *last = NULL;
        int64_t from = b->start;

        for (const struct _xmlNode *point = xml_child(period, "Point"); point != NULL;
             point = xml_next(point, "Point")) {
                int64_t start;
                int code = position_of(b, point, &start);

                if (code == 0 && last != NULL && start <= from)
                        return xml_refuse(b->document, point, b->err,
                                          "this position stands twice in its period, or comes after a higher one");
                if (code == 0)
                        code = last != NULL ? give_point(b, from, start, last) : give(b, from, start, NULL);
                if (code != 0)
                        return code;
                last = point;
                from = start;
        }
        return last != NULL ? give_point(b, from, b->end, last) : give(b, from, b->end, NULL);
}

int entsoe_blocks(const struct xml_document *document, const struct _xmlNode *period, enum entsoe_curve curve,
                  int (*take)(void *context, const struct entsoe_block *block), void *context,
                  struct offpeak_error *err)
{
        const struct _xmlNode *interval = xml_child(period, "timeInterval"),
                              *resolution = xml_child(period, "resolution");
        struct blocks b = { .document = document, .err = err, .take = take, .context = context, .curve = curve };
        char shown[64];
        size_t size;
        const char *text = xml_text(resolution, &size);
        int code;

        if (interval == NULL || resolution == NULL)
                return xml_refuse(document, period, err, "this period has no timeInterval or no resolution");
        code = entsoe_interval(document, interval, &b.start, &b.end, err);
        if (code != 0)
                return code;
        b.step = read_duration(text, size);
        if (b.step == 0)
                return xml_refuse(document, resolution, err,
                                  "resolution \"%s\" is not known here: PT15M, PT60M and P1D are such",
                                  xml_show(resolution, shown));
        return walk_points(&b, period);
}
