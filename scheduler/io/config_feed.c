/* SPDX-License-Identifier: Apache-2.0 */
/* config_feed.c - each text of a feed goes to mapping_set by its key, and comes back with a place if it is wrong. */
#include "io/config_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "feeds/mappings.h"
#include "io/config_url.h"

static const struct {
        const char *key;
        size_t offset;
} texts[] = {
#define SAID_FEED_ROW(key) { #key, offsetof(struct said_feed, key) },
        SAID_FEED_TEXTS(SAID_FEED_ROW)
#undef SAID_FEED_ROW
};

enum { N_TEXTS = sizeof(texts) / sizeof(texts[0]) };

static const char *text_of(const struct said_feed *said, size_t i)
{
        return *(char *const *)(const void *)((const char *)said + texts[i].offset);
}

/* Is anything said but the file's name? */
static bool is_described(const struct said_feed *said)
{
        for (size_t i = 0; i < N_TEXTS; i++)
                if (text_of(said, i) != NULL)
                        return true;
        return said->mapping != NULL || said->missing_count > 0 || said->where_count > 0 || said->parts_count > 0;
}

static void set(struct config_reading *r, struct mapping *mapping, const char *key, const char *value, const char *text)
{
        struct offpeak_error why;
        int code;

        if (!config_goes_on(r))
                return;
        code = mapping_set(mapping, key, text, &why);
        if (code == OFFPEAK_ENOMEM)
                r->code = fail(r->err, code, "%s: out of memory", r->file);
        else if (code != 0)
                config_refuse(r, value, "\"%s\": %s", key, why.text);
}

/* NAME: VALUE, as "where" and "parts" have them. */
static void set_pairs(struct config_reading *r, struct mapping *mapping, const char *key, const struct said_pair *pairs,
                      unsigned n)
{
        for (unsigned i = 0; config_goes_on(r) && i < n; i++) {
                const char *value = pairs[i].value != NULL ? config_text(pairs[i].value) : "";
                char text[300];

                for (unsigned j = 0; j < i; j++)
                        if (strcasecmp(config_text(pairs[i].name), config_text(pairs[j].name)) == 0)
                                config_refuse(r, pairs[i].name, "\"%.64s\" is given twice", config_text(pairs[i].name));
                if (strlen(config_text(pairs[i].name)) + strlen(value) + 2 > sizeof(text) || strchr(value, '=') != NULL)
                        config_refuse(r, pairs[i].name, "\"%s\": this is too long, or has a \"=\"", key);
                snprintf(text, sizeof(text), "%s=%s", config_text(pairs[i].name), value);
                set(r, mapping, key, pairs[i].value != NULL ? pairs[i].value : pairs[i].name, text);
        }
}

static void set_all(struct config_reading *r, const struct said_feed *said, struct mapping *mapping)
{
        for (size_t i = 0; i < N_TEXTS; i++)
                if (text_of(said, i) != NULL)
                        set(r, mapping, texts[i].key, text_of(said, i), config_text(text_of(said, i)));
        for (unsigned i = 0; i < said->missing_count; i++)
                set(r, mapping, "missing", said->missing[i], config_text(said->missing[i]));
        set_pairs(r, mapping, "where", said->where, said->where_count);
        set_pairs(r, mapping, "parts", said->parts, said->parts_count);
}

static void take_mapping(struct config_reading *r, const struct said_feed *said, struct mapping *mapping)
{
        const struct mapping *ready = mappings_find(MAPPING_OWN);
        struct offpeak_error why;

        if (said->mapping != NULL && mappings_need(config_text(said->mapping), &ready, &why) != 0) {
                config_refuse(r, said->mapping, "%s", why.text);
                return;
        }
        mapping_init(mapping, ready);
        set_all(r, said, mapping);
        if (r->code == 0 && mapping_check(mapping, &why) != 0)
                config_refuse(r, said->mapping != NULL ? said->mapping : config_feed_place(said), "%s", why.text);
}

const char *config_feed_place(const struct said_feed *said)
{
        const char *key, *only;

        if (said->file != NULL || said->url != NULL)
                return said->file != NULL ? said->file : said->url;
        for (size_t i = 0; i < N_TEXTS; i++)
                if (text_of(said, i) != NULL)
                        return text_of(said, i);
        only = config_url_only(said, &key);
        return said->mapping != NULL ? said->mapping : only;
}

static void take_source(struct config_reading *r, const char *key, const struct said_feed *said, struct config_feed *feed)
{
        const char *place = config_feed_place(said), *only_key, *only = config_url_only(said, &only_key);

        if (said->file == NULL && said->url == NULL && place == NULL)
                config_refuse(r, NULL, "\"%s\" names no source: give its \"file\" or \"url\"", key);
        else if (said->file == NULL && said->url == NULL)
                config_refuse(r, place, "\"%s\" names no source: give its \"file\" or \"url\"", key);
        else if (said->file != NULL && said->url != NULL)
                config_refuse(r, said->url, "there is a \"file\" as well: a series has one source");
        else if (said->url != NULL)
                config_take_url(r, said, &feed->url);
        else if (only != NULL)
                config_refuse(r, only, "\"%s\" is of a \"url\", and this is a file", only_key);
        else
                config_take_path(r, key, said->file, &feed->path);
}

/* FNV-1a of a text with its end; NULL is another than "". */
static uint64_t add_text(uint64_t hash, const char *value)
{
        const char *text = value != NULL ? config_text(value) : "\001";

        do
                hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
        while (*text++ != '\0');
        return hash;
}

static uint64_t add_pairs(uint64_t hash, const struct said_pair *pairs, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                hash = add_text(add_text(hash, pairs[i].name), pairs[i].value);
        return hash;
}

/* Of all that is said of a feed, wherever in the file it stands. */
static uint64_t fingerprint(const struct said_feed *said)
{
        const char *const values[] = { said->file,      said->mapping, said->url,    said->every,  said->timeout,
                                       said->max_bytes, said->ca,      said->lowest, said->highest };
        uint64_t hash = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
                hash = add_text(hash, values[i]);
        for (size_t i = 0; i < N_TEXTS; i++)
                hash = add_text(hash, text_of(said, i));
        for (unsigned i = 0; i < said->missing_count; i++)
                hash = add_text(hash, said->missing[i]);
        hash = add_pairs(hash, said->where, said->where_count);
        hash = add_pairs(add_text(hash, NULL), said->parts, said->parts_count);
        for (unsigned i = 0; i < said->headers_count; i++)
                hash = add_text(add_text(add_text(hash, said->headers[i].name), said->headers[i].value),
                                said->headers[i].secret);
        return hash;
}

void config_take_feed(struct config_reading *reading, const char *key, const struct said_feed *said,
                      struct config_feed *feed)
{
        if (!config_goes_on(reading) || said == NULL)
                return;
        take_source(reading, key, said, feed);
        feed->fingerprint = fingerprint(said);
        if (!config_goes_on(reading) || !is_described(said))
                return;
        feed->mapping = calloc(1, sizeof(*feed->mapping));
        if (feed->mapping == NULL)
                reading->code = fail(reading->err, OFFPEAK_ENOMEM, "%s: out of memory", reading->file);
        else
                take_mapping(reading, said, feed->mapping);
}

void config_feed_finish(struct config_feed *feed)
{
        if (feed->mapping != NULL)
                mapping_finish(feed->mapping);
        free(feed->mapping);
        config_url_free(feed->url);
        free(feed->path);
        *feed = (struct config_feed){ 0 };
}
