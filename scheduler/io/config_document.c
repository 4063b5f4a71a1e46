/* SPDX-License-Identifier: Apache-2.0 */
/* config_document.c - schema and rows (config_rows.h) walked together, from the file's root to each value. */
#include "io/config_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/config_rows.h"
#include "io/config_value.h"

struct maker {
        json_t *values; /* what is made */
        json_t *place;  /* keys, names and numbers down to where the walk is */
        bool failed;    /* out of memory */
};

/* ---- one entry */

/* `sites.hanford.grid.demand[0].per_kw`. */
static json_t *path_of(const json_t *place)
{
        const json_t *step;
        json_t *path = NULL;
        char *text = NULL;
        size_t i, size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        json_array_foreach((json_t *)place, i, step)
        {
                if (json_is_integer(step))
                        fprintf(out, "[%lld]", (long long)json_integer_value(step));
                else
                        fprintf(out, "%s%s", i > 0 ? "." : "", json_string_value(step));
        }
        if (fclose(out) == 0)
                path = json_string(text);
        free(text);
        return path;
}

/* The unit with the currency in it. */
static json_t *unit_of(const struct config_at *at)
{
        const struct policy_site *site = at->site != NULL ? at->site : &at->config->policy.sites[0];
        const char *unit = at->row->unit, *braces = unit != NULL ? strstr(unit, "{}") : NULL;
        char text[100];

        if (unit == NULL)
                return json_null();
        if (braces == NULL)
                return json_string(unit);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(braces - unit), unit, site->currency, braces + 2);
        return json_string(text);
}

static const char *kind_of(const struct config_at *at, bool given)
{
        if (at->row->what == CONFIG_SHORT)
                return "short";
        if (at->row->what == CONFIG_PART || at->row->what == CONFIG_PARTS)
                return at->row->what == CONFIG_PART ? "part" : "list";
        if (at->row->what == CONFIG_GUARDED && !at->whole)
                return "cut";
        return at->row->what == CONFIG_IMPLIED && !given ? "implied" : "value";
}

static const char *change_name(enum config_change change)
{
        return change == CONFIG_BY_RELOAD ? "reload" : change == CONFIG_BY_RESTART ? "restart" : "new store";
}

/* null: nobody knows any more. */
static json_t *is_default(const struct config_at *at, bool given)
{
        return at->config->reread && at->row->change != CONFIG_BY_RELOAD ? json_null() : json_boolean(!given);
}

/* value is taken. What is not there counts as a default, however that came. */
static void add(struct maker *m, const struct config_at *at, json_t *value, bool given)
{
        bool nothing = json_is_null(value);
        json_t *entry = json_object();
        int r = value == NULL ? -1 : json_object_set_new(entry, "path", path_of(m->place));

        r |= json_object_set_new(entry, "at", json_deep_copy(m->place));
        r |= json_object_set_new(entry, "value", value);
        r |= json_object_set_new(entry, "unit", nothing ? json_null() : unit_of(at));
        r |= json_object_set_new(entry, "means",
                                 nothing && at->row->none != NULL ? json_string(at->row->none) : json_null());
        r |= json_object_set_new(entry, "default", is_default(at, given && (!nothing || at->row->null)));
        r |= json_object_set_new(entry, "kind", json_string(kind_of(at, given)));
        r |= json_object_set_new(entry, "change", json_string(change_name(at->row->change)));
        if (json_array_append_new(m->values, entry) != 0 || r != 0)
                m->failed = true;
}

/* ---- the walk */

static void descend(struct maker *m, json_t *step)
{
        if (json_array_append_new(m->place, step) != 0)
                m->failed = true;
}

static void ascend(struct maker *m)
{
        json_array_remove(m->place, json_array_size(m->place) - 1);
}

static void make_part(struct maker *m, const cyaml_schema_field_t *fields, const char *part,
                      const struct config_at *at);

/* A member of what was said that is itself a pointer; NULL: none of it was. */
static const void *said_member(const struct config_at *at, const cyaml_schema_field_t *field)
{
        return at->said != NULL ? *(const void *const *)(const void *)((const char *)at->said + field->data_offset)
                                : NULL;
}

static unsigned said_count(const struct config_at *at, const cyaml_schema_field_t *field)
{
        unsigned count = 0;

        if (at->said != NULL)
                memcpy(&count, (const char *)at->said + field->count_offset, sizeof(count));
        return count;
}

static void make_value(struct maker *m, const cyaml_schema_field_t *field, struct config_at at)
{
        const struct config_row *row = at.row;
        bool given = said_member(&at, field) != NULL;
        json_t *value;

        if (row->what == CONFIG_NAME || row->what == CONFIG_NOT_YET ||
            (row->from == CONFIG_OF_URL && at.feed->url == NULL))
                return;
        if (field->value.type == CYAML_STRING)
                at.value = said_member(&at, field);
        else
                given = given && said_count(&at, field) > 0;
        value = config_row_value(&at);
        if (json_is_null(value) &&
            (row->what == CONFIG_IF_SAID || row->what == CONFIG_GUARDED || row->what == CONFIG_SHORT))
                json_decref(value);
        else
                add(m, &at, value, given);
}

static void make_one(struct maker *m, const cyaml_schema_field_t *field, struct config_at at)
{
        struct config_at below = at;

        below.said = said_member(&at, field);
        if (at.row->enter(&below, 0))
                make_part(m, field->value.mapping.fields, at.row->below, &below);
        else
                add(m, &at, json_null(), false);
}

static void make_list(struct maker *m, const cyaml_schema_field_t *field, struct config_at at)
{
        const cyaml_schema_value_t *schema = field->value.sequence.entry;
        const char *said = said_member(&at, field);
        unsigned n_said = said_count(&at, field);
        struct config_at below = at;
        size_t i = 0;

        for (; at.row->enter(&below, i); i++, below = at) {
                const char *name = at.row->name != NULL ? at.row->name(&below) : NULL;

                below.said = i < n_said ? said + i * schema->data_size : NULL;
                descend(m, name != NULL ? json_string(name) : json_integer((json_int_t)i));
                make_part(m, schema->mapping.fields, at.row->below, &below);
                ascend(m);
        }
        if (i == 0)
                add(m, &at, json_null(), false);
}

static void make_part(struct maker *m, const cyaml_schema_field_t *fields, const char *part,
                      const struct config_at *above)
{
        for (; fields->key != NULL; fields++) {
                struct config_at at = *above;

                at.value = NULL;
                at.row = config_row(part, fields->key);
                if (at.row == NULL) /* a test keeps this from happening */
                        continue;
                descend(m, json_string(fields->key));
                if (at.row->what == CONFIG_PART)
                        make_one(m, fields, at);
                else if (at.row->what == CONFIG_PARTS)
                        make_list(m, fields, at);
                else
                        make_value(m, fields, at);
                ascend(m);
        }
}

json_t *config_document(const struct config *config, bool whole)
{
        struct config_at at = { .config = config, .whole = whole, .said = config->said };
        struct maker m = { .values = json_array(), .place = json_array() };

        m.failed = m.values == NULL || m.place == NULL;
        if (!m.failed)
                make_part(&m, config_schema.mapping.fields, "", &at);
        json_decref(m.place);
        if (!m.failed)
                return m.values;
        json_decref(m.values);
        return NULL;
}
