/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_world.h - a small cluster to ask about, at Sunday 2026-11-22 14:30 UTC.
 *
 *   hanford, EUR   n1, n2 with 8 GPUs each (idle 1000 W); PUE 1.5; grid price by the hour for the day, 00:00-24:00:
 *                  100 EUR/MWh, but 20 from 15:00 to 17:00 and 40 from 20:00 on
 *   lulea, SEK     n7 with 2 GPUs, silent; no price known
 *   jobs           39 done   1 GPU  ana   41 running 8 GPUs on n1  jun   43 held     2 GPUs eve
 *                  40 paused 8 GPUs ana   42 planned 8 GPUs        ana
 */
#ifndef OFFPEAK_TESTS_ANSWER_WORLD_H
#define OFFPEAK_TESTS_ANSWER_WORLD_H

#include <jansson.h>

#include "core/input.h"
#include "core/state.h"
#include "io/feed_status.h"
#include "io/store.h"

#define WORLD_DAY INT64_C(1795305600) /* 2026-11-22T00:00:00Z */
#define WORLD_HOUR INT64_C(3600)
#define WORLD_NOW (WORLD_DAY + 14 * WORLD_HOUR + 1800)

struct world {
        struct state state;
        struct now now;
        struct feed_statuses feeds; /* none */
        struct config *config;      /* none */
        struct store *store;      /* in a directory of its own; holds the bookings of jobs 39, 40 and 41 */
        char directory[64];
};

void world_init(struct world *world);
void world_finish(struct world *world);

struct job *world_job(struct world *world, uint64_t id);

/* Book a job's energy: 1 kW above idle over [start, end) at hanford for 50 EUR/MWh. */
void world_book(struct world *world, uint64_t job, int64_t start, int64_t end);
/* So many joules that idle nodes of the first site drew from its store. */
void world_book_store(struct world *world, int64_t joules, int64_t start, int64_t end);

/* The answer as JSON; must succeed. */
json_t *world_ask(struct world *world, const char *target, const char *arguments);

/* A value by a path of keys and indices: "jobs.0.name". NULL if there is none. */
const json_t *world_at(const json_t *document, const char *path);

/* Assert what stands at a path. */
void world_expect_text(const json_t *document, const char *path, const char *text);
void world_expect_int(const json_t *document, const char *path, int64_t value);
void world_expect_null(const json_t *document, const char *path);

#endif
