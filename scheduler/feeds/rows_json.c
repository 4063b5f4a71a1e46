/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows_json.c - rows of a JSON document: an array of objects, or arrays side by side.
 *
 * A cell is found by its path, member names parted by dots, below its row; side by side, below the object with the
 * arrays, where a member that is no array speaks for every row. What is null, or not there, is an empty cell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fail.h"
#include "feeds/rows_parts.h"

enum { NUMBER_SIZE = 40 };

struct document {
        struct rows rows;
        json_t *root;
        const json_t *list;  /* the array of rows, or the object with the arrays */
        char list_path[100]; /* as errors name it; "": the document itself */
        size_t at, n;
        bool value_seen;
        char numbers[CELLS][NUMBER_SIZE];
};

/* ---- paths */

/* Follow size bytes of path; NULL if it ends early. */
static const json_t *follow(const json_t *value, const char *path, size_t size)
{
        const char *end = path + size;

        while (value != NULL && path < end) {
                const char *dot = memchr(path, '.', (size_t)(end - path));
                size_t length = (size_t)((dot != NULL ? dot : end) - path);
                char key[100];

                if (length >= sizeof(key))
                        return NULL;
                memcpy(key, path, length);
                key[length] = '\0';
                value = json_object_get(value, key);
                path += length + 1;
        }
        return value;
}

/* The members of an object, for an error. */
static const char *list_members(const json_t *value, char *text, size_t room)
{
        size_t used = 0;
        const char *key;
        json_t *member;

        snprintf(text, room, json_is_object(value) ? "it has " : "it is no object");
        used = strlen(text);
        json_object_foreach((json_t *)value, key, member)
        {
                if (used + 50 > room)
                        break;
                used += (size_t)snprintf(text + used, room - used, "\"%.40s\" ", key);
        }
        return text;
}

/* ---- opening */

/* Where the rows are. */
static int find_list(struct document *document, struct offpeak_error *err)
{
        const struct mapping *mapping = document->rows.mapping;
        const char *names = mapping->rows != NULL ? mapping->rows : "", *name;
        char members[250];
        size_t size;

        document->list = mapping->rows == NULL ? document->root : NULL;
        while (document->list == NULL && (size = rows_alternative(&names, &name)) > 0) {
                document->list = follow(document->root, name, size);
                snprintf(document->list_path, sizeof(document->list_path), "%.*s", (int)size, name);
        }
        if (document->list == NULL)
                return fail(err, OFFPEAK_EINVAL, "%s: the document has no \"%s\": %s", document->rows.file,
                            mapping->rows, list_members(document->root, members, sizeof(members)));
        if (mapping->arrays ? !json_is_object(document->list) : !json_is_array(document->list))
                return fail(err, OFFPEAK_EINVAL, "%s: %s is no %s", document->rows.file,
                            document->list_path[0] != '\0' ? document->list_path : "the document",
                            mapping->arrays ? "object with arrays" : "array of rows");
        return 0;
}

/* The first array among the paths of a cell. */
static const json_t *column_array(const struct document *document, enum rows_cell cell)
{
        const char *paths = rows_wanted(document->rows.mapping, cell), *path;
        const json_t *found = NULL;
        size_t size;

        while (paths != NULL && !json_is_array(found) && (size = rows_alternative(&paths, &path)) > 0)
                found = follow(document->list, path, size);
        return found;
}

/* Side by side: as many rows as times. Values may end early, which makes them unknown, but not go on. */
static int count_arrays(struct document *document, struct offpeak_error *err)
{
        enum rows_cell time = document->rows.mapping->date != NULL ? CELL_DATE : CELL_TIME;
        const json_t *times = column_array(document, time), *values = column_array(document, CELL_VALUE);
        char members[250];

        if (!json_is_array(times) || !json_is_array(values))
                return fail(err, OFFPEAK_EINVAL, "%s: there is no array \"%s\": %s", document->rows.file,
                            rows_wanted(document->rows.mapping, json_is_array(times) ? CELL_VALUE : time),
                            list_members(document->list, members, sizeof(members)));
        document->n = json_array_size(times);
        document->value_seen = true;
        if (json_array_size(values) > document->n)
                return fail(
                        err, OFFPEAK_EINVAL,
                        "%s: \"%s\" has %zu values, but there are only %zu times: the answer is damaged, fetch it anew",
                        document->rows.file, document->rows.mapping->column, json_array_size(values), document->n);
        return 0;
}

/* ---- rows */

/* Found in row number i by one path; NULL if it is not there. */
static const json_t *find(const struct document *document, size_t i, const char *path, size_t size)
{
        const json_t *value;

        if (!document->rows.mapping->arrays)
                return follow(json_array_get(document->list, i), path, size);
        value = follow(document->list, path, size);
        return json_is_array(value) ? json_array_get(value, i) : value;
}

/* As text; false if it is an array or an object. */
static bool set_cell(const json_t *value, char number[NUMBER_SIZE], struct cell *cell)
{
        switch (json_typeof(value)) {
        case JSON_STRING:
                *cell = (struct cell){ json_string_value(value), json_string_length(value), 0 };
                return true;
        case JSON_INTEGER:
                snprintf(number, NUMBER_SIZE, "%lld", (long long)json_integer_value(value));
                break;
        case JSON_REAL: /* 15 digits: what was written as a decimal comes out as the same decimal */
                snprintf(number, NUMBER_SIZE, "%.15g", json_real_value(value));
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                snprintf(number, NUMBER_SIZE, json_is_true(value) ? "true" : "false");
                break;
        case JSON_NULL:
                number[0] = '\0';
                break;
        default:
                return false;
        }
        *cell = (struct cell){ number, strlen(number), 0 };
        return true;
}

static int take_cell(struct document *document, struct row *row, enum rows_cell cell, struct offpeak_error *err)
{
        const char *names = rows_wanted(document->rows.mapping, cell), *name;
        size_t size;

        row->cells[cell] = (struct cell){ "", 0, 0 };
        while (names != NULL && row->cells[cell].size == 0 && (size = rows_alternative(&names, &name)) > 0) {
                const json_t *value = find(document, row->number, name, size);

                if (value == NULL)
                        continue;
                document->value_seen |= cell == CELL_VALUE;
                if (!set_cell(value, document->numbers[cell], &row->cells[cell]))
                        return rows_refuse(&document->rows, row, cell, err,
                                           "one value is wanted, not a list or an object");
        }
        return 0;
}

static int next(struct rows *rows, struct row *row, struct offpeak_error *err)
{
        struct document *document = (struct document *)rows;

        if (document->at == document->n) {
                char members[250];

                if (document->value_seen || document->n == 0)
                        return 0;
                row->number = 0;
                return rows_refuse(rows, row, CELL_NONE, err, "no row has \"%s\": %s", rows->mapping->column,
                                   list_members(json_array_get(document->list, 0), members, sizeof(members)));
        }
        row->number = document->at++;
        for (int cell = 0; cell < CELLS; cell++) {
                int code = take_cell(document, row, (enum rows_cell)cell, err);

                if (code != 0)
                        return code;
        }
        return 1;
}

static void place(const struct rows *rows, const struct row *row, enum rows_cell cell, char *text)
{
        const struct document *document = (const struct document *)rows;
        const char *path = cell < CELL_NONE ? rows_wanted(rows->mapping, cell) : NULL;
        const char *dot = path != NULL && document->list_path[0] != '\0' ? "." : "";

        if (rows->mapping->arrays)
                snprintf(text, ROWS_PLACE_SIZE, "%s: %s%s%.100s[%zu]", rows->file, document->list_path, dot,
                         path != NULL ? path : "row", row->number);
        else
                snprintf(text, ROWS_PLACE_SIZE, "%s: %s[%zu]%s%.100s", rows->file, document->list_path, row->number,
                         path != NULL ? "." : "", path != NULL ? path : "");
}

static void close_document(struct rows *rows)
{
        json_decref(((struct document *)rows)->root);
        free(rows);
}

static const struct rows_driver driver = { next, place, close_document };

int rows_json_open(const struct mapping *mapping, const char *file, const char *text, size_t size,
                   struct rows **ret_rows, struct offpeak_error *err)
{
        struct document *document = calloc(1, sizeof(*document));
        json_error_t why;
        int code = 0;

        if (document == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                text += 3;
                size -= 3;
        }
        document->rows = (struct rows){ &driver, mapping, file, mapping->column, mapping->pick };
        document->root = json_loadb(text, size, 0, &why);
        if (document->root == NULL)
                code = fail(err, OFFPEAK_EINVAL, "%s:%d:%d: this is not JSON: %s", file, why.line > 0 ? why.line : 1,
                            why.column > 0 ? why.column : 1, why.text);
        if (code == 0)
                code = find_list(document, err);
        if (code == 0 && mapping->arrays)
                code = count_arrays(document, err);
        else if (code == 0)
                document->n = json_array_size(document->list);
        if (code != 0) {
                close_document(&document->rows);
                return code;
        }
        *ret_rows = &document->rows;
        return 0;
}
