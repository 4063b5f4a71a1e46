/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_rows.h - what each key of the configuration comes to: one row a key, beside the schema that names it.
 *
 * The schema (config_schema.h) says which keys there are, and a row where a key's value lies in struct config, how it
 * is written, in which unit, and when a change of it counts. Who shows or compares configurations walks both
 * (config_document.h); a new key is a field there and a row here.
 */
#ifndef OFFPEAK_IO_CONFIG_ROWS_H
#define OFFPEAK_IO_CONFIG_ROWS_H

#include <jansson.h>

#include "io/config.h"
#include "io/config_schema.h"

/* Where in a configuration: what is not set does not belong there. Borrowed. */
struct config_at {
        const struct config *config;
        bool whole; /* read here, with all that is in it; else what a daemon tells everybody of its own */
        const struct policy_site *site;
        const struct config_site_files *files;
        const struct policy_class *class;
        const struct supply_demand *demand;
        const struct supply_ppa *ppa;
        const struct supply_reactor *unit;
        const struct supply_outage *outage;
        const struct config_feed *feed;
        enum series_kind kind; /* of the feed */
        const void *said;      /* the part as written, a struct said_*; NULL: it is not */
        const char *value;     /* the key's value as written, with its place; NULL: it is not given */
        const struct config_row *row;
};

/* When what is changed counts. */
enum config_change {
        CONFIG_BY_RELOAD = 0,
        CONFIG_BY_RESTART,
        CONFIG_BY_NEW_STORE, /* the store keeps what it was begun with */
};

enum config_what {
        CONFIG_VALUE = 0, /* one value */
        CONFIG_NAME,      /* what an entry of a list is called: part of its path, and no value of its own */
        CONFIG_PART,      /* keys below it */
        CONFIG_PARTS,     /* a list of such */
        CONFIG_SHORT,     /* stands for other keys, which say what it comes to */
        CONFIG_NOT_YET,   /* does nothing yet */
        CONFIG_IF_SAID,   /* a value that counts only where it is given */
        CONFIG_GUARDED,   /* likewise, and not everybody may see all of it */
        CONFIG_IMPLIED,   /* a value that, where it is not given, a file cannot say without meaning more by it */
};

/* Structs of struct config that members are of. */
enum config_from {
        CONFIG_OF_NONE = 0,
        CONFIG_OF_PROCESS, /* struct config itself */
        CONFIG_OF_POLICY,
        CONFIG_OF_SITE,
        CONFIG_OF_TERMS,
        CONFIG_OF_STORE,
        CONFIG_OF_CLASS,
        CONFIG_OF_DEMAND,
        CONFIG_OF_PPA,
        CONFIG_OF_UNIT,
        CONFIG_OF_OUTAGE,
        CONFIG_OF_FEED,
        CONFIG_OF_URL,
        CONFIG_OF_RULE,
};

struct config_row {
        const char *part, *key; /* config_rows_part of the keys above it; "" is the file itself */
        enum config_what what;
        bool null; /* the file may say null for what is not there */
        enum config_change change;
        const char *unit; /* for people; `{}` is the currency; NULL: the value tells it, or has none */
        const char *none; /* what it means that nothing is there; NULL: that there is no such thing */

        /* The value: a member of `from` that is a number or, without `write`, a text; or whatever `value` makes of it
         * all. */
        enum config_from from;
        size_t offset, size;
        const char *(*write)(int64_t number, char *buffer);
        bool has_nothing; /* one number says that nothing is there, unless the file says that very number */
        int64_t nothing;
        json_t *(*value)(const struct config_at *at);

        /* Of parts: is there an entry i (of a single part: 0)? Sets what belongs to it in at. */
        const char *below; /* what the rows below it name as `part` */
        bool (*enter)(struct config_at *at, size_t i);
        const char *(*name)(const struct config_at *at); /* of an entry; NULL: it has none, and is counted */
};

/*
 * The value of at->row: a string, a list, or an object from names to strings; null: there is nothing. A new reference;
 * NULL: ENOMEM.
 */
json_t *config_row_value(const struct config_at *at);

/* NULL: there is no such row. */
const struct config_row *config_row(const char *part, const char *key);

/* All of them; NULL behind the last. */
const struct config_row *config_row_at(size_t i);

#endif
