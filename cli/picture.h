/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.h - what a picture of a time shows, whoever knows it: for each site price, carbon, the load stacked by who
 * supplies it, the limit, and a bar for each job. picture_draw makes SVG of it: the same picture gives the same bytes.
 *
 * Building does not stop at a failure: what had no memory marks the picture as failed, and picture_draw gives it up.
 * All texts are copied. Times are UTC seconds; what lies outside of the picture's time is cut off, and what nobody adds
 * is not known: it stays a gap.
 */
#ifndef OFFPEAK_CLI_PICTURE_H
#define OFFPEAK_CLI_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

enum { PICTURE_LAYERS = 8, PICTURE_TEXT = 256 };

/* A value from start until end; steps of a series ascend and do not overlap. */
struct picture_step {
        int64_t start, end;
        double value;
        bool forecast; /* nobody has said it: drawn apart from what was published */
};

struct picture_series {
        struct picture_step *steps;
        size_t n, room;
};

/* Who supplies: each has its colour and its pattern. */
enum picture_supplier {
        PICTURE_REACTOR,
        PICTURE_PPA,
        PICTURE_SOLAR,
        PICTURE_STORE,
        PICTURE_GRID,
        PICTURE_OTHER,
        PICTURE_SUPPLIERS
};

/* One layer of the load; several of one supplier (two agreements) have their own names. */
struct picture_layer {
        enum picture_supplier supplier;
        char name[PICTURE_TEXT];
};

/* W by layer. Loads of a site ascend and do not overlap. */
struct picture_load {
        int64_t start, end;
        double watts[PICTURE_LAYERS];
        bool planned; /* expected, not drawn yet */
};

struct picture_run {
        int64_t start, end;
        bool planned;
};

struct picture_job {
        uint64_t id; /* 0: it has none, and goes by its name */
        char *name;
        int64_t gpus;
        int64_t deadline;         /* 0: none */
        int64_t late_s;           /* behind it; 0: not late */
        struct picture_run *runs; /* in any order when added; ascending when drawn */
        size_t n, room;
};

struct picture_site {
        char *name;
        char currency[8];
        struct picture_series price;                 /* currency per MWh */
        struct picture_series carbon;                /* g CO2e per kWh */
        struct picture_series limit;                 /* W */
        struct picture_layer layers[PICTURE_LAYERS]; /* from the bottom up */
        unsigned n_layers;
        struct picture_load *loads;
        size_t n_loads, room_loads;
        struct picture_job *jobs;
        size_t n_jobs, room_jobs;
};

struct picture {
        int64_t from, to; /* what is shown; from < to */
        int64_t now;      /* a mark; 0: none */
        int32_t (*utc_offset)(
                int64_t time); /* of the clock that the picture is read by, seconds east of UTC; NULL: UTC */
        char title[PICTURE_TEXT];
        char **captions; /* what it is worth, a line each */
        size_t n_captions;
        struct picture_site *sites;
        size_t n_sites;
        bool failed;
};

void picture_init(struct picture *picture, int64_t from, int64_t to);
void picture_finish(struct picture *picture);

/* A line of text under the title. */
void picture_caption(struct picture *picture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A site, to be filled before the next one is added. NULL: out of memory, and the functions below accept it. */
struct picture_site *picture_add_site(struct picture *picture, const char *name, const char *currency);

/*
 * A step of one of a site's series; joined with the last one if it goes on with the same. A value that is no number is
 * not known.
 */
void picture_add_step(struct picture *picture, struct picture_series *series, int64_t start, int64_t end, double value,
                      bool forecast);

/* The site's layer of that supplier and name (NULL: the supplier's own), made if it is new. Beyond PICTURE_LAYERS: the
 * last. */
unsigned picture_layer(struct picture_site *site, enum picture_supplier supplier, const char *name);

/* Watts by layer from start until end; likewise. */
void picture_add_load(struct picture *picture, struct picture_site *site, const struct picture_load *load);

/* A job, to be filled before the next one is added; NULL likewise. */
struct picture_job *picture_add_job(struct picture *picture, struct picture_site *site, uint64_t id, const char *name,
                                    int64_t gpus);
void picture_add_run(struct picture *picture, struct picture_job *job, int64_t start, int64_t end, bool planned);

/* "grid", "reactor": what a supplier is called. */
const char *picture_supplier_name(enum picture_supplier supplier);

/* The picture as SVG; ret_text is malloc'ed. Sorts each job's runs. ENOMEM, EINVAL (no time to show), EINTERNAL. */
int picture_draw(struct picture *picture, char **ret_text, struct offpeak_error *err);

#endif
