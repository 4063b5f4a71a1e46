/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.c - one table of keys: each row says where in struct mapping its value lies and how its text is read. */
#include "feeds/mapping.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "feeds/time_form.h"
#include "feeds/unit.h"
#include "feeds/zone.h"

enum key_type {
        TEXT,
        CHARACTER,
        WORD,
        TRUTH,
        COUNT,
        DURATION,
        FACTOR,
        POWER,
        CURRENCY,
        UNIT,
        FORM,
        ZONE,
        WHERE,
        PART,
        MARKER
};

struct key {
        const char *name;
        enum key_type type;
        size_t offset;
        const char *const *words; /* of a WORD, as its enum counts, NULL behind the last */
};

static const char *const formats[] = { "csv", "json", "entsoe-a44", "entsoe-a80", NULL };
static const char *const encodings[] = { "utf-8", "latin-1", "cp932", NULL };
static const char *const stamps[] = { "begin", "end", "hour-ending", "numbered", NULL };
static const char *const missing_hours[] = { "refuse", "skip", NULL };

#define AT(member) offsetof(struct mapping, member)

static const struct key keys[] = {
        { "format", WORD, AT(format), formats },
        { "delimiter", CHARACTER, AT(delimiter), NULL },
        { "decimal", CHARACTER, AT(decimal), NULL },
        { "thousands", CHARACTER, AT(thousands), NULL },
        { "quote", CHARACTER, AT(quote), NULL },
        { "comment", CHARACTER, AT(comment), NULL },
        { "skip", COUNT, AT(skip), NULL },
        { "encoding", WORD, AT(encoding), encodings },
        { "ragged", TRUTH, AT(ragged), NULL },
        { "rows", TEXT, AT(rows), NULL },
        { "arrays", TRUTH, AT(arrays), NULL },
        { "date", TEXT, AT(date), NULL },
        { "time", TEXT, AT(time), NULL },
        { "period", TEXT, AT(period), NULL },
        { "subperiod", TEXT, AT(subperiod), NULL },
        { "period_length", DURATION, AT(period_s), NULL },
        { "subperiod_length", DURATION, AT(subperiod_s), NULL },
        { "time_format", FORM, AT(time_form), NULL },
        { "zone", ZONE, AT(zone), NULL },
        { "stamps", WORD, AT(stamps), stamps },
        { "marker", TEXT, AT(marker), NULL },
        { "marker_second", TEXT, AT(marker_second), NULL },
        { "missing_hour", WORD, AT(missing_hour), missing_hours },
        { "column", TEXT, AT(column), NULL },
        { "unit", UNIT, AT(unit), NULL },
        { "unit_column", TEXT, AT(unit_column), NULL },
        { "currency", CURRENCY, AT(currency), NULL },
        { "scale", FACTOR, AT(scale_ppm), NULL },
        { "vat", FACTOR, AT(vat_ppm), NULL },
        { "rating", POWER, AT(rating_w), NULL },
        { "missing", MARKER, 0, NULL },
        { "name_column", TEXT, AT(name_column), NULL },
        { "name", TEXT, AT(pick), NULL },
        { "parts", PART, 0, NULL },
        { "where", WHERE, 0, NULL },
        { "step", DURATION, AT(step_s), NULL },
};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

const char *mapping_key(size_t index)
{
        return index < N_KEYS ? keys[index].name : NULL;
}

void mapping_init(struct mapping *mapping, const struct mapping *from)
{
        *mapping = *from;
        mapping->owned = NULL;
        mapping->n_owned = 0;
}

void mapping_finish(struct mapping *mapping)
{
        for (size_t i = 0; i < mapping->n_owned; i++)
                free(mapping->owned[i]);
        free(mapping->owned);
        memset(mapping, 0, sizeof(*mapping));
}

/* ---- texts */

/* A copy that the mapping keeps; NULL: ENOMEM. */
static const char *keep(struct mapping *mapping, const char *text, size_t size)
{
        char **owned = realloc(mapping->owned, (mapping->n_owned + 1) * sizeof(*owned));
        char *copy = owned != NULL ? strndup(text, size) : NULL;

        if (owned != NULL)
                mapping->owned = owned;
        if (copy != NULL)
                mapping->owned[mapping->n_owned++] = copy;
        return copy;
}

static int no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

static int set_text(struct mapping *mapping, const char **member, const char *text, struct offpeak_error *err)
{
        const char *copy = keep(mapping, text, strlen(text));

        if (copy == NULL)
                return no_memory(err);
        *member = copy;
        return 0;
}

/* ---- copies */

/* Where a text of `from` lies in its copy; texts that nobody owns stay where they are. */
static const char *moved(const struct mapping *from, const struct mapping *copy, const char *text)
{
        for (size_t i = 0; i < from->n_owned; i++)
                if (from->owned[i] == text)
                        return copy->owned[i];
        return text;
}

static bool is_text(enum key_type type)
{
        return type == TEXT || type == CURRENCY || type == UNIT || type == FORM || type == ZONE;
}

static void move_texts(const struct mapping *from, struct mapping *copy)
{
        for (size_t i = 0; i < N_KEYS; i++) {
                const char **member = (const char **)(void *)((char *)copy + keys[i].offset);

                if (is_text(keys[i].type))
                        *member = moved(from, copy, *member);
        }
        copy->ready_column = moved(from, copy, copy->ready_column);
        for (size_t i = 0; i < copy->n_missing; i++)
                copy->missing[i] = moved(from, copy, copy->missing[i]);
        for (size_t i = 0; i < copy->n_parts; i++)
                copy->parts[i].name = moved(from, copy, copy->parts[i].name);
        for (size_t i = 0; i < copy->n_where; i++) {
                copy->where[i].column = moved(from, copy, copy->where[i].column);
                copy->where[i].value = moved(from, copy, copy->where[i].value);
        }
}

int mapping_copy(const struct mapping *from, struct mapping *ret_mapping)
{
        struct mapping copy;

        mapping_init(&copy, from);
        for (size_t i = 0; i < from->n_owned; i++) {
                if (keep(&copy, from->owned[i], strlen(from->owned[i])) == NULL) {
                        mapping_finish(&copy);
                        return OFFPEAK_ENOMEM;
                }
        }
        move_texts(from, &copy);
        *ret_mapping = copy;
        return 0;
}

/* ---- values */

static int set_character(char *member, const char *text, struct offpeak_error *err)
{
        if (strcasecmp(text, "tab") == 0)
                *member = '\t';
        else if (strcasecmp(text, "blank") == 0)
                *member = ' ';
        else if (strcasecmp(text, "none") == 0)
                *member = MAPPING_NO_MARK;
        else if (strlen(text) == 1 && !isalnum((unsigned char)text[0]))
                *member = text[0];
        else
                return fail(err, OFFPEAK_EINVAL,
                            "\"%.64s\" is no single mark: write one such as \";\", or tab, blank, none", text);
        return 0;
}

static int set_word(const struct key *key, void *member, const char *text, struct offpeak_error *err)
{
        char all[120] = "";

        for (unsigned i = 0; key->words[i] != NULL; i++) {
                if (strcasecmp(key->words[i], text) == 0) {
                        memcpy(member, &i, sizeof(i)); /* an enum without negative values is an unsigned */
                        return 0;
                }
                strncat(all, i > 0 ? ", " : "", sizeof(all) - strlen(all) - 1);
                strncat(all, key->words[i], sizeof(all) - strlen(all) - 1);
        }
        return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is not known: there are %s", text, all);
}

static int set_truth(bool *member, const char *text, struct offpeak_error *err)
{
        bool yes = strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0;

        if (!yes && strcasecmp(text, "false") != 0 && strcasecmp(text, "no") != 0)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is neither true nor false", text);
        *member = yes;
        return 0;
}

static int set_count(unsigned *member, const char *text, struct offpeak_error *err)
{
        if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > 4)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is not a whole number from 0 to 9999", text);
        *member = (unsigned)strtoul(text, NULL, 10);
        return 0;
}

static int set_duration(int64_t *member, const char *text, struct offpeak_error *err)
{
        int64_t seconds;

        if (text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0')
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" has no unit: write %.64sm, or %.64sh", text, text, text);
        if (when_parse_duration(text, &seconds, err) != 0)
                return OFFPEAK_EINVAL;
        if (seconds < 1 || seconds > 366 * 86400)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\": it must be between a second and a year", text);
        *member = seconds;
        return 0;
}

static int set_factor(int64_t *member, const char *text, struct offpeak_error *err)
{
        int64_t ppm;

        if (text_parse_decimal(text, strlen(text), 6, &ppm) != 0 || ppm <= 0 || ppm > INT64_C(1000000000000))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is no factor: write one such as 1.24, above 0", text);
        *member = ppm;
        return 0;
}

static int set_power(int64_t *member, const char *text, struct offpeak_error *err)
{
        size_t size = strspn(text, "0123456789.");
        struct unit unit;
        int64_t watts;

        if (!unit_parse(text + size, &unit) || unit.what != UNIT_POWER ||
            text_parse_decimal(text, size, unit.scale, &watts) != 0 || watts <= 0 || watts > INT64_C(1000000000000))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is no power with a unit: write one such as 836 MW", text);
        *member = watts;
        return 0;
}

static int set_currency(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        if (strlen(text) != 3 || !isupper((unsigned char)text[0]) || !isupper((unsigned char)text[1]) ||
            !isupper((unsigned char)text[2]))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is no currency code: write three letters, such as EUR",
                            text);
        return set_text(mapping, &mapping->currency, text, err);
}

static int set_unit(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        struct unit unit;

        if (!unit_parse(text, &unit))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is no unit known here: write one such as %s", text,
                            unit_example(0));
        return set_text(mapping, &mapping->unit, text, err);
}

static int set_zone(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        struct offpeak_error why;
        struct zone *zone;
        int code = zone_open(text, &zone, &why);

        if (code != 0) /* to the caller a zone that is not there is a wrong value, not a missing key */
                return fail(err, code == OFFPEAK_ENOTFOUND ? OFFPEAK_EINVAL : code, "%s", why.text);
        zone_destroy(zone);
        return set_text(mapping, &mapping->zone, text, err);
}

/* ---- several of a kind */

/* "NAME=VALUE" cut at its last "=", as names may have one. */
static int split(struct mapping *mapping, const char *text, const char **ret_name, const char **ret_value,
                 struct offpeak_error *err)
{
        const char *equals = strrchr(text, '=');

        if (equals == NULL || equals == text)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is not NAME=VALUE", text);
        *ret_name = keep(mapping, text, (size_t)(equals - text));
        *ret_value = keep(mapping, equals + 1, strlen(equals + 1));
        return *ret_name != NULL && *ret_value != NULL ? 0 : no_memory(err);
}

static int add_where(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        struct mapping_where where;
        size_t i = 0;
        int code = split(mapping, text, &where.column, &where.value, err);

        if (code != 0)
                return code;
        while (i < mapping->n_where && strcasecmp(mapping->where[i].column, where.column) != 0)
                i++;
        if (i == MAPPING_MOST_WHERE)
                return fail(err, OFFPEAK_EINVAL, "more than %d conditions are not supported", MAPPING_MOST_WHERE);
        mapping->where[i] = where;
        mapping->n_where += i == mapping->n_where;
        return 0;
}

static int add_part(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        struct mapping_part part = { 0 };
        const char *power;
        int code = split(mapping, text, &part.name, &power, err);

        if (code == 0 && power[0] != '\0')
                code = set_power(&part.rating_w, power, err);
        if (code != 0)
                return code;
        for (size_t i = 0; i < mapping->n_parts; i++)
                if (strcasecmp(mapping->parts[i].name, part.name) == 0)
                        return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is given twice", part.name);
        if (mapping->n_parts == MAPPING_MOST_PARTS)
                return fail(err, OFFPEAK_EINVAL, "more than %d parts are not supported", MAPPING_MOST_PARTS);
        mapping->parts[mapping->n_parts++] = part;
        return 0;
}

static int add_marker(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        if (mapping->n_missing == MAPPING_MOST_MARKERS)
                return fail(err, OFFPEAK_EINVAL, "more than %d markers are not supported", MAPPING_MOST_MARKERS);
        if (set_text(mapping, &mapping->missing[mapping->n_missing], text, err) != 0)
                return OFFPEAK_ENOMEM;
        mapping->n_missing++;
        return 0;
}

static int set_form(struct mapping *mapping, const char *text, struct offpeak_error *err)
{
        return time_form_check(text, err) != 0 ? OFFPEAK_EINVAL : set_text(mapping, &mapping->time_form, text, err);
}

/* ---- the whole */

static int set(struct mapping *mapping, const struct key *key, const char *text, struct offpeak_error *err)
{
        void *member = (char *)mapping + key->offset;

        if (member == &mapping->column && mapping->name_column != NULL && mapping->ready_column == NULL)
                mapping->ready_column = mapping->column;
        switch (key->type) {
        case TEXT:
                if (text[0] != '\0')
                        return set_text(mapping, member, text, err);
                *(const char **)member = NULL;
                return 0;
        case CHARACTER:
                return set_character(member, text, err);
        case WORD:
                return set_word(key, member, text, err);
        case TRUTH:
                return set_truth(member, text, err);
        case COUNT:
                return set_count(member, text, err);
        case DURATION:
                return set_duration(member, text, err);
        case FACTOR:
                return set_factor(member, text, err);
        case POWER:
                return set_power(member, text, err);
        case CURRENCY:
                return set_currency(mapping, text, err);
        case UNIT:
                return set_unit(mapping, text, err);
        case FORM:
                return set_form(mapping, text, err);
        case ZONE:
                return set_zone(mapping, text, err);
        case WHERE:
                return add_where(mapping, text, err);
        case PART:
                return add_part(mapping, text, err);
        case MARKER:
                return add_marker(mapping, text, err);
        }
        return fail(err, OFFPEAK_EINTERNAL, "\"%s\" has no type", key->name);
}

int mapping_set(struct mapping *mapping, const char *key, const char *text, struct offpeak_error *err)
{
        const char *names[N_KEYS], *nearest;

        for (size_t i = 0; i < N_KEYS; i++) {
                if (strcmp(keys[i].name, key) == 0)
                        return set(mapping, &keys[i], text, err);
                names[i] = keys[i].name;
        }
        nearest = text_nearest(key, names, N_KEYS);
        return fail(err, OFFPEAK_ENOTFOUND, "unknown key \"%.64s\"%s%s%s", key,
                    nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "\"?)" : ": docs/configuration.md names those there are");
}

bool mapping_has_rows(const struct mapping *mapping)
{
        return mapping->format == MAPPING_CSV || mapping->format == MAPPING_JSON;
}

static bool is_set(const struct mapping *mapping, const struct key *key)
{
        static const struct mapping none;
        size_t size = key->type == CHARACTER || key->type == TRUTH                               ? 1
                      : key->type == WORD || key->type == COUNT                                  ? sizeof(unsigned)
                      : key->type == DURATION || key->type == FACTOR || key->type == POWER ? sizeof(int64_t)
                                                                                                 : sizeof(char *);

        if (key->type == WHERE || key->type == PART || key->type == MARKER)
                return (key->type == WHERE  ? mapping->n_where
                        : key->type == PART ? mapping->n_parts
                                            : mapping->n_missing) > 0;
        return memcmp((const char *)mapping + key->offset, (const char *)&none + key->offset, size) != 0;
}

/* A document whose form is known leaves little to say; what is said in vain was meant for something. */
static int check_document(const struct mapping *mapping, struct offpeak_error *err)
{
        /* comment: what a description begins with has one */
        static const char *const prices[] = { "format", "comment", "column", "name", "step", NULL };
        static const char *const outages[] = { "format", "comment", "column", "name", "rating", "parts", NULL };
        const char *const *known = mapping->format == MAPPING_ENTSOE_PRICES ? prices : outages;

        for (size_t i = 0; i < N_KEYS; i++) {
                size_t k = 0;

                while (known[k] != NULL && strcmp(known[k], keys[i].name) != 0)
                        k++;
                if (known[k] == NULL && is_set(mapping, &keys[i]))
                        return fail(err, OFFPEAK_EINVAL, "\"%s\" means nothing in an ENTSO-E document: take it out",
                                    keys[i].name);
        }
        if (mapping->n_parts > 0 && (mapping->pick != NULL || mapping->column != NULL))
                return fail(err, OFFPEAK_EINVAL, "\"name\" and \"parts\" both say which units count: keep one");
        return 0;
}

int mapping_check(const struct mapping *mapping, struct offpeak_error *err)
{
        bool counted = mapping->stamps == MAPPING_HOUR_ENDING || mapping->stamps == MAPPING_NUMBERED;

        if (!mapping_has_rows(mapping))
                return check_document(mapping, err);
        if (counted && mapping->period == NULL)
                return fail(err, OFFPEAK_EINVAL, "\"stamps\" counts hours or periods: name their column as \"period\"");
        if (!counted && mapping->period != NULL)
                return fail(err, OFFPEAK_EINVAL,
                            "\"period\" names a column of numbers: write \"stamps\" as hour-ending or numbered");
        if (mapping->stamps == MAPPING_NUMBERED && mapping->period_s == 0)
                return fail(err, OFFPEAK_EINVAL, "\"stamps: numbered\" needs \"period_length\", 30m for half-hours");
        if (mapping->subperiod != NULL && (mapping->subperiod_s == 0 || mapping->period == NULL))
                return fail(err, OFFPEAK_EINVAL, "\"subperiod\" goes with \"period\" and \"subperiod_length\"");
        if (mapping->marker != NULL && mapping->marker_second == NULL)
                return fail(err, OFFPEAK_EINVAL, "\"marker\" needs \"marker_second\": what it says in the second pass");
        if (mapping->n_parts > 0 && mapping->name_column == NULL)
                return fail(err, OFFPEAK_EINVAL, "\"parts\" needs \"name_column\": the column that holds their names");
        if (mapping->pick != NULL && mapping->name_column == NULL)
                return fail(err, OFFPEAK_EINVAL, "\"name\" needs \"name_column\": the column that holds the names");
        if (mapping->pick != NULL && mapping->n_parts > 0)
                return fail(err, OFFPEAK_EINVAL, "\"name\" and \"parts\" both say which rows count: keep one");
        if (mapping->format == MAPPING_JSON && mapping->column == NULL)
                return fail(err, OFFPEAK_EINVAL, "no \"column\": name the member that holds the values");
        return 0;
}
