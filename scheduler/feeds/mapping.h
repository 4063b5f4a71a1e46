/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping.h - what describes a file or an answer with a series in it, so that one reader (mapping_read.h) reads all.
 *
 * A mapping is plain data. Those of well-known sources stand ready in a table (mappings.h); a site's configuration may
 * change any property of one, or describe its own file from nothing. A member of zero says "the default", which
 * docs/configuration.md tells with the meaning of every key. Where several names are given, parted by "||", the first
 * that is there and says something counts.
 */
#ifndef OFFPEAK_FEEDS_MAPPING_H
#define OFFPEAK_FEEDS_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "feeds/encoding.h"

enum { MAPPING_MOST_WHERE = 8, MAPPING_MOST_PARTS = 128, MAPPING_MOST_MARKERS = 8 };

#define MAPPING_NO_MARK '\377'

enum mapping_format {
        MAPPING_CSV,
        MAPPING_JSON,
        MAPPING_ENTSOE_PRICES,  /* XML, entsoe_prices.h: of a mapping only `pick` and `step_s` count */
        MAPPING_ENTSOE_OUTAGES, /* XML or ZIP, entsoe_outages.h: `parts`, or `pick` and `rating_w` */
};

/* What a time in the file is of its interval. */
enum mapping_stamps {
        MAPPING_BEGIN,
        MAPPING_END,
        MAPPING_HOUR_ENDING, /* `period` is the hour of the day that ends, 1 to 24, by the local clock */
        MAPPING_NUMBERED,    /* `period` counts what has passed since local midnight, from 1 */
};

/* A row with a value in an hour that clocks jump over. One without a value is always passed over. */
enum mapping_missing_hour { MAPPING_REFUSE_HOUR, MAPPING_SKIP_HOUR };

struct mapping_where {
        const char *column, *value; /* rows count whose column says value, in small or capital letters */
};

struct mapping_part {
        const char *name;
        int64_t rating_w; /* what 100 % of it is; 0: the values are no shares */
};

struct mapping {
        const char *name, *about;

        /* the file */
        enum mapping_format format;
        char delimiter, decimal, thousands, quote, comment; /* 0: , . none " and none; or MAPPING_NO_MARK */
        unsigned skip;                                      /* lines before the header */
        enum encoding encoding;                             /* of column names */
        bool ragged;                                        /* rows need not have as many fields as the header */
        const char *rows; /* JSON: where the rows are, "forecast||data"; NULL: the document itself */
        bool arrays;      /* JSON: the columns are arrays side by side below `rows`, not members of row objects */

        /* time */
        const char *date, *time;        /* columns, or paths below a row; with both, the form covers "DATE TIME" */
        const char *period, *subperiod; /* columns of numbers from 1 on, counted on top of that */
        int64_t period_s, subperiod_s;
        const char *time_form; /* time_form.h; NULL: iso */
        const char *zone;      /* zone.h; NULL: each time tells its own */
        enum mapping_stamps stamps;
        const char *marker;        /* column that tells the two passes of the doubled hour apart; NULL: in order */
        const char *marker_second; /* what it says in the second pass */
        enum mapping_missing_hour missing_hour;

        /* value */
        const char *column;       /* NULL: the only one whose name tells kind and unit (csv_column.h) */
        const char *ready_column; /* what `column` was before it was set: then a column that is not there is a name to
                                     pick */
        const char *unit;         /* unit.h; NULL: as the column's name says */
        const char *unit_column;
        const char *currency;                      /* of a unit that does not tell it */
        int64_t scale_ppm;                         /* values are multiplied by it; 0: 1 */
        int64_t vat_ppm;                           /* and divided by it; 0: 1 */
        int64_t rating_w;                          /* what 100 % is */
        const char *missing[MAPPING_MOST_MARKERS]; /* read as unknown; none: - n/e N/A null NaN; empty always is */
        size_t n_missing;

        /* rows */
        const char *name_column;                       /* of files with several series, one under the other */
        const char *pick;                              /* the one that is meant */
        struct mapping_part parts[MAPPING_MOST_PARTS]; /* or several, which are added up */
        size_t n_parts;
        struct mapping_where where[MAPPING_MOST_WHERE];
        size_t n_where;
        int64_t step_s; /* 0: the commonest */

        char **owned; /* texts that mapping_set made */
        size_t n_owned;
};

/* A copy to be changed: its own texts aside, it points into `from`, which must outlive it. */
void mapping_init(struct mapping *mapping, const struct mapping *from);
void mapping_finish(struct mapping *mapping);

/* A copy with texts of its own, that outlives `from` (not the ready mapping behind it). ENOMEM. */
int mapping_copy(const struct mapping *from, struct mapping *ret_mapping);

/*
 * Set one property from text: mapping_set(m, "delimiter", ";"). "where" and "parts" take "NAME=VALUE" and add one,
 * "missing" adds a marker; an empty text takes a name away again. EINVAL: what is wrong with the value; ENOTFOUND: no such
 * key, with the nearest; ENOMEM.
 */
int mapping_set(struct mapping *mapping, const char *key, const char *text, struct offpeak_error *err);

/* The keys, for those who list them; NULL after the last. */
const char *mapping_key(size_t index);

/* Is it read as rows (rows.h)? The other formats have readers of their own. */
bool mapping_has_rows(const struct mapping *mapping);

/* What must hold between properties. EINVAL. */
int mapping_check(const struct mapping *mapping, struct offpeak_error *err);

#endif
