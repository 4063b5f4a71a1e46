/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_changes.c - two policy documents compared by the paths of their values.
 *
 * They are told in the order of the old file; what is new in a list comes last in it.
 *
 * What is there on one side only (a site, an agreement, a battery, a feed) is one change, told at the highest step of
 * its place that the other side lacks; what is in it is not told again.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "cli/policy.h"

struct side {
        const json_t *values;
        json_t *by_path; /* path -> entry */
        json_t *steps;   /* every place that a value lies at or below: its path -> the first such entry */
};

struct changes {
        struct side before, after;
        json_t *told; /* paths of what was added or removed as a whole */
        json_t *tree; /* step -> what is below it; CHANGES -> the changes there */
        bool failed;
};

/* ---- paths */

/* `sites.hanford.grid.demand[0]`: the first n steps of a place. Malloc'ed; NULL: ENOMEM. */
static char *path_of(const json_t *place, size_t n)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                const json_t *step = json_array_get(place, i);

                if (json_is_integer(step))
                        fprintf(out, "[%lld]", (long long)json_integer_value(step));
                else
                        fprintf(out, "%s%s", i > 0 ? "." : "", json_is_string(step) ? json_string_value(step) : "");
        }
        fclose(out);
        return text;
}

static bool is_absent(const json_t *entry)
{
        const char *kind = document_text(entry, "kind");

        return kind != NULL && (strcmp(kind, "part") == 0 || strcmp(kind, "list") == 0);
}

static bool is_short(const json_t *entry)
{
        const char *kind = document_text(entry, "kind");

        return kind != NULL && strcmp(kind, "short") == 0;
}

/* A part that is not there is no step; an empty list is one, to which entries are added. */
static bool open_side(struct side *side, const json_t *document)
{
        json_t *entry;
        size_t i;

        side->values = json_object_get(document, "values");
        side->by_path = json_object();
        side->steps = json_object();
        json_array_foreach((json_t *)side->values, i, entry)
        {
                const json_t *place = json_object_get(entry, "at");
                const char *path = document_text(entry, "path"), *kind = document_text(entry, "kind");
                size_t depth = json_array_size(place) - (kind != NULL && strcmp(kind, "part") == 0);

                if (path == NULL || json_object_set(side->by_path, path, entry) != 0)
                        return false;
                for (size_t n = 1; n <= depth; n++) {
                        char *step = path_of(place, n);
                        int r = step == NULL ? -1
                                : json_object_get(side->steps, step) != NULL
                                        ? 0
                                        : json_object_set(side->steps, step, entry);

                        free(step);
                        if (r != 0)
                                return false;
                }
        }
        return true;
}

static void close_side(struct side *side)
{
        json_decref(side->by_path);
        json_decref(side->steps);
}

/* ---- what a change means */

/* `site`: of sites.hanford alone, and nothing below it. */
static bool is_entry_of(const json_t *place, size_t n, const char *list)
{
        const char *first = json_string_value(json_array_get(place, 0));

        return n == 2 && first != NULL && strcmp(first, list) == 0;
}

static const char *meaning(const json_t *entry, const json_t *place, size_t n, const char *what)
{
        const char *change = document_text(entry, "change");

        if (strcmp(what, "removed") == 0 && is_entry_of(place, n, "classes"))
                return "its jobs go by class \"default\"";
        if (strcmp(what, "removed") == 0 && is_entry_of(place, n, "sites"))
                return "nothing more is started there";
        if (change != NULL && strcmp(change, "restart") == 0)
                return "counts when offpeakd is started again";
        if (change != NULL && strcmp(change, "new store") == 0)
                return "a store keeps the clock it was begun with: needs another state_dir";
        return NULL;
}

/* ---- all of them */

/* ---- order */

#define CHANGE "\001" /* no step is called so */

/* Where in the tree the first n steps of a place are, made if need be; NULL: ENOMEM. */
static json_t *place_in(json_t *tree, const json_t *place, size_t n)
{
        for (size_t i = 0; i < n && tree != NULL; i++) {
                const json_t *step = json_array_get(place, i);
                char number[24];
                const char *key = json_string_value(step);

                if (key == NULL) {
                        snprintf(number, sizeof(number), "[%lld]", (long long)json_integer_value(step));
                        key = number;
                }
                if (json_object_get(tree, key) == NULL && json_object_set_new(tree, key, json_object()) != 0)
                        return NULL;
                tree = json_object_get(tree, key);
        }
        return tree;
}

static void list_in_order(json_t *tree, json_t *list)
{
        const char *key;
        json_t *below;

        if (json_object_get(tree, CHANGE) != NULL)
                json_array_append(list, json_object_get(tree, CHANGE));
        json_object_foreach(tree, key, below) if (strcmp(key, CHANGE) != 0)
                list_in_order(below, list); /* as deep as the schema */
}

/* ---- one change */

/* What it means that nothing is there: "no limit". */
static json_t *means_of(const json_t *entry)
{
        const char *means = entry != NULL ? document_text(entry, "means") : NULL;

        return means != NULL ? json_string(means) : json_null();
}

/*
 * The first n steps of entry's place have changed. old and new are taken; before and after are the entries that they
 * are of, or NULL.
 */
static void add(struct changes *c, const char *what, const json_t *entry, size_t n, json_t *old, json_t *new,
                const json_t *before, const json_t *after)
{
        const json_t *place = json_object_get(entry, "at");
        const char *change = document_text(entry, "change");
        char *path = path_of(place, n);
        json_t *one = path != NULL
                              ? json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s?, s:s, s:s?}", "path", path, "what", what,
                                          "old", old, "new", new, "old_means", means_of(before), "new_means",
                                          means_of(after), "unit", document_text(entry, "unit"), "needs",
                                          change != NULL ? change : "reload", "means", meaning(entry, place, n, what))
                              : NULL;

        free(path);
        if (one == NULL || json_object_set_new(place_in(c->tree, place, n), CHANGE, one) != 0)
                c->failed = true;
}

/* What a part is told by: a feed by where it comes from. */
static json_t *summary(const struct side *side, const char *path)
{
        static const char *const keys[] = { "file", "url" };
        char text[1024];

        for (size_t i = 0; i < 2; i++) {
                snprintf(text, sizeof(text), "%s.%s", path, keys[i]);
                if (json_object_get(side->by_path, text) != NULL)
                        return json_incref(json_object_get(json_object_get(side->by_path, text), "value"));
        }
        return json_null();
}

/* The value of `entry` has no match on the other side: tell what of its place is not there, once. */
static void tell_whole(struct changes *c, const json_t *entry, const struct side *own, const struct side *other,
                       bool added)
{
        const json_t *place = json_object_get(entry, "at");
        size_t n = 1, most = json_array_size(place);
        char *path = NULL;

        for (; n < most; n++) {
                free(path);
                path = path_of(place, n);
                if (path == NULL || json_object_get(other->steps, path) == NULL)
                        break;
        }
        if (n == most) {
                free(path);
                path = path_of(place, n);
        }
        if (path == NULL || c->failed) {
                c->failed = true;
        } else if (n == most && document_true(entry, "default")) {
                /* it comes with its part, and nobody said it */
        } else if (json_object_get(c->told, path) == NULL) {
                json_t *value = n == most ? json_incref(json_object_get(entry, "value")) : summary(own, path);

                json_object_set_new(c->told, path, json_true());
                add(c, added ? "added" : "removed", entry, n, added ? json_null() : value, added ? value : json_null(),
                    NULL, NULL);
        }
        free(path);
}

static void compare(struct changes *c, const json_t *old, const json_t *new)
{
        if (!json_equal(json_object_get(old, "value"), json_object_get(new, "value")))
                add(c, "changed", json_is_null(json_object_get(new, "value")) ? old : new,
                    json_array_size(json_object_get(new, "at")), json_incref(json_object_get(old, "value")),
                    json_incref(json_object_get(new, "value")), old, new);
}

/* A part or list that is not there has no value to compare: what the other side has of it tells. */
static void walk(struct changes *c, const struct side *own, const struct side *other, bool added)
{
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)own->values, i, entry)
        {
                const json_t *match = json_object_get(other->by_path, document_text(entry, "path"));

                if (is_absent(entry) || is_short(entry))
                        continue;
                if (match == NULL)
                        tell_whole(c, entry, own, other, added);
                else if (!added)
                        compare(c, entry, match);
        }
}

static bool plant(json_t *tree, const struct side *side)
{
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)side->values, i, entry)
        {
                const json_t *place = json_object_get(entry, "at");

                if (place_in(tree, place, json_array_size(place)) == NULL)
                        return false;
        }
        return true;
}

json_t *policy_changes(const json_t *before, const json_t *after)
{
        struct changes c = { .told = json_object(), .tree = json_object() };
        json_t *list = json_array();

        c.failed = !open_side(&c.before, before) | !open_side(&c.after, after) || !plant(c.tree, &c.before);
        if (!c.failed) {
                walk(&c, &c.before, &c.after, false);
                walk(&c, &c.after, &c.before, true);
                list_in_order(c.tree, list);
        }
        close_side(&c.before);
        close_side(&c.after);
        json_decref(c.told);
        json_decref(c.tree);
        if (!c.failed)
                return list;
        json_decref(list);
        return NULL;
}
