/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: rows over slots, cells over the number k of whole slots used so far, in two layers: the rest not yet used (0),
 * or used (1).
 *
 *   on[t][k]   slot t-1 was run to its end       next whole slot:  on'[k] = full + min(on[k-1], off[k-1] + start)
 *   off[t][k]  running or not: the better        off'[k] = min(off[k], on'[k])
 *   layer 1 is entered by a head (then on) or a tail (then off). A first run pays no start.
 *
 * Only cells that can still reach the end are filled. The path is read back by comparing once more.
 */
#include "plan/grid_path.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

/* One row: on and off of both layers, each whole + 2 cells; cell k stands at [k + 1], so that [0] is a wall. */
struct row {
        float *on[2], *off[2];
};

struct search {
        const struct grid_question *ask;
        struct grid_path *path;
        size_t stride; /* cells of one of a row's arrays */
        float best;
        size_t best_slot;
        bool best_tail;
};

void grid_path_init(struct grid_path *path)
{
        *path = (struct grid_path){ .cost = INFINITY };
}

void grid_path_finish(struct grid_path *path)
{
        free(path->cells);
        free(path->runs);
        grid_path_init(path);
}

static struct row row_at(const struct search *search, size_t t)
{
        size_t layers = search->ask->has_rest ? 2 : 1;
        float *at = search->path->cells + t * 2 * layers * search->stride;

        return (struct row){ { at, at + 2 * search->stride }, { at + search->stride, at + 3 * search->stride } };
}

static int reserve(struct search *search)
{
        struct grid_path *path = search->path;
        size_t cells = (search->ask->n + 1) * (search->ask->has_rest ? 4 : 2) * search->stride;

        if (cells > path->room_cells) {
                free(path->cells);
                path->room_cells = 0;
                path->cells = malloc(cells * sizeof(*path->cells));
                if (path->cells == NULL)
                        return OFFPEAK_ENOMEM;
                path->room_cells = cells;
        }
        if (search->ask->n + 1 > path->room_runs) {
                free(path->runs);
                path->room_runs = 0;
                path->runs = malloc((search->ask->n + 1) * sizeof(*path->runs));
                if (path->runs == NULL)
                        return OFFPEAK_ENOMEM;
                path->room_runs = search->ask->n + 1;
        }
        return 0;
}

static float lesser(float a, float b)
{
        return a < b ? a : b;
}

/* ---- jobs of one slot or less */

static void find_part(const struct grid_question *ask, size_t n, float *best, struct grid_run *run)
{
        for (size_t t = 0; t < n; t++) {
                float head = ask->goes_on ? INFINITY : ask->head[t] + ask->end_full[t];
                float tail = ask->tail[t] + ask->end_tail[t];
                float cost = lesser(tail, head);

                if (!(cost < *best))
                        continue;
                *best = cost;
                *run = (struct grid_run){ (uint32_t)t, (uint32_t)t, head < tail, !(head < tail) };
        }
}

static void find_whole(const struct grid_question *ask, size_t n, float *best, struct grid_run *run)
{
        for (size_t t = 0; t < n; t++) {
                float cost = ask->full[t] + ask->end_full[t];

                if (!(cost < *best))
                        continue;
                *best = cost;
                *run = (struct grid_run){ .first = (uint32_t)t, .last = (uint32_t)t };
        }
}

static void find_one(struct search *search)
{
        const struct grid_question *ask = search->ask;
        struct grid_path *path = search->path;
        size_t n = ask->goes_on ? 1 : ask->n;

        if (ask->has_rest)
                find_part(ask, n, &path->cost, &path->runs[0]);
        else
                find_whole(ask, n, &path->cost, &path->runs[0]);
        path->n_runs = !isinf(path->cost);
}

/* ---- rows */

static void fill_first(const struct search *search)
{
        struct row row = row_at(search, 0);

        for (int layer = 0; layer <= (int)search->ask->has_rest; layer++)
                for (size_t k = 0; k < search->stride; k++)
                        row.on[layer][k] = row.off[layer][k] = INFINITY;
        row.off[0][1] = search->ask->goes_on ? INFINITY : 0;
        row.on[0][1] = search->ask->goes_on ? 0 : INFINITY;
}

/* Few cells: not worth a vector's preparations, which the empty statement forbids. */
enum { FEW = 8 };

static inline void step_few(const float *restrict on, const float *restrict off, float *restrict next_on,
                            float *restrict next_off, float full, float start, size_t low, size_t high)
{
        for (size_t k = low; k <= high; k++) {
                float cost = lesser(on[k], off[k] + start) + full;

                next_on[k + 1] = cost;
                next_off[k + 1] = lesser(off[k + 1], cost);
                __asm__ volatile("");
        }
}

/* Cells k of [low, high]: one more whole slot, or the slot left out. The loop that costs the time. */
static void step_layer(const float *restrict on, const float *restrict off, float *restrict next_on,
                       float *restrict next_off, float full, float start, size_t low, size_t high)
{
        for (size_t k = low; k <= high; k++) {
                float with_start = off[k] + start; /* cell k holds k - 1 slots: the one before */
                float from = on[k] < with_start ? on[k] : with_start;
                float cost = from + full, stay = off[k + 1];

                next_on[k + 1] = cost;
                next_off[k + 1] = stay < cost ? stay : cost;
        }
}

/* Layer 1 is entered with k whole slots done: by a head, running on, or a tail, done with this run. */
static void step_rest(const struct search *search, const struct row *from, const struct row *to, size_t t, size_t low,
                      size_t high)
{
        float head = search->ask->head[t], tail = search->ask->tail[t];

        for (size_t k = low; k <= high; k++) {
                float begun = from->off[0][k + 1] + (k > 0 ? search->ask->start[t] : 0);
                float on = lesser(to->on[1][k + 1], begun + head);

                to->on[1][k + 1] = on;
                to->off[1][k + 1] = lesser(lesser(to->off[1][k + 1], on), lesser(from->on[0][k + 1], begun) + tail);
        }
}

static void note_end(struct search *search, const struct row *from, const struct row *to, size_t t)
{
        const struct grid_question *ask = search->ask;
        int layer = ask->has_rest;
        float cost = to->on[layer][ask->whole + 1] + ask->end_full[t];

        if (cost < search->best) {
                search->best = cost;
                search->best_slot = t;
                search->best_tail = false;
        }
        if (!ask->has_rest)
                return;
        cost = lesser(from->on[0][ask->whole + 1], from->off[0][ask->whole + 1] + ask->start[t]) + ask->tail[t] +
               ask->end_tail[t];
        if (cost < search->best) {
                search->best = cost;
                search->best_slot = t;
                search->best_tail = true;
        }
}

/*
 * Row t + 1 from row t. Cells that row t did not fill are walls: just beside its filled ones stand infinities, put there
 * by wall_in().
 */
static void step(struct search *search, size_t t, size_t low, size_t high)
{
        const struct grid_question *ask = search->ask;
        struct row from = row_at(search, t), to = row_at(search, t + 1);
        float full = ask->full[t];
        bool first = low == 0;

        for (int layer = 0; layer <= (int)ask->has_rest; layer++) {
                size_t begin = low > 0 ? low : 1;

                if (first) { /* no slot done: never on, but for the job that goes on */
                        to.on[layer][1] = INFINITY;
                        to.off[layer][1] = from.off[layer][1];
                }
                if (layer == 0 && begin == 1 && high >= 1) { /* the first run is free to begin */
                        float cost = lesser(from.on[0][1], from.off[0][1]) + full;

                        to.on[0][2] = cost;
                        to.off[0][2] = lesser(from.off[0][2], cost);
                        begin = 2;
                }
                if (begin <= high)
                        step_layer(from.on[layer], from.off[layer], to.on[layer], to.off[layer], full, ask->start[t],
                                   begin, high);
        }
        if (ask->has_rest)
                step_rest(search, &from, &to, t, low, high);
}

static void wall_in(const struct search *search, size_t t, size_t low, size_t high)
{
        struct row row = row_at(search, t);

        for (int layer = 0; layer <= (int)search->ask->has_rest; layer++) {
                row.on[layer][low] = row.off[layer][low] = INFINITY;
                if (high + 2 < search->stride)
                        row.on[layer][high + 2] = row.off[layer][high + 2] = INFINITY;
        }
}

/* Rows of a job without a rest: one layer, and pointers that move on. */
static void fill_plain_rows(struct search *search)
{
        const struct grid_question *ask = search->ask;
        size_t whole = ask->whole, stride = search->stride;
        float *on = search->path->cells, *off = on + stride;

        fill_first(search);
        for (size_t t = 0; t < ask->n; t++) {
                float *next_on = on + 2 * stride, *next_off = off + 2 * stride, full = ask->full[t];
                size_t after = ask->n - t - 1, low = whole > after ? whole - after : 0;
                size_t high = t + 1 < whole ? t + 1 : whole, begin = low > 2 ? low : 2;

                if (low == 0) {
                        next_on[1] = INFINITY;
                        next_off[1] = off[1];
                }
                if (low <= 1) { /* the first run is free to begin */
                        float cost = lesser(on[1], off[1]) + full;

                        next_on[2] = cost;
                        next_off[2] = lesser(off[2], cost);
                }
                if (high < begin + FEW)
                        step_few(on, off, next_on, next_off, full, ask->start[t], begin, high);
                else
                        step_layer(on, off, next_on, next_off, full, ask->start[t], begin, high);
                next_on[low] = next_off[low] = INFINITY;
                next_on[high + 2] = next_off[high + 2] = INFINITY;
                on = next_on;
                off = next_off;
                if (high == whole && on[whole + 1] + ask->end_full[t] < search->best) {
                        search->best = on[whole + 1] + ask->end_full[t];
                        search->best_slot = t;
                }
        }
}

static void fill_rows(struct search *search)
{
        const struct grid_question *ask = search->ask;
        size_t need = ask->whole + ask->has_rest;

        fill_first(search);
        for (size_t t = 0; t < ask->n; t++) {
                size_t after = ask->n - t - 1; /* slots left behind this one */
                size_t low = need > after + ask->has_rest ? need - after - ask->has_rest : 0;
                size_t high = t + 1 < ask->whole ? t + 1 : ask->whole;

                if (low > high)
                        low = high;
                step(search, t, low, high);
                wall_in(search, t + 1, low, high);
                if (high == ask->whole) {
                        struct row from = row_at(search, t), to = row_at(search, t + 1);

                        note_end(search, &from, &to, t);
                }
        }
}

/* ---- the way back */

static void push_slot(struct grid_path *path, size_t t, bool head, bool tail)
{
        struct grid_run *run = path->n_runs > 0 ? &path->runs[path->n_runs - 1] : NULL;

        /* backwards: the run found last begins right behind this slot, and goes on from it */
        if (run != NULL && run->first == t + 1 && !run->head && !tail)
                run->first = (uint32_t)t;
        else
                path->runs[path->n_runs++] = (struct grid_run){ .first = (uint32_t)t, .last = (uint32_t)t, .tail = tail };
        path->runs[path->n_runs - 1].head = head;
}

static void turn_round(struct grid_path *path)
{
        for (size_t i = 0, k = path->n_runs; i + 1 < k; i++) {
                struct grid_run swap = path->runs[--k];

                path->runs[k] = path->runs[i];
                path->runs[i] = swap;
        }
}

/* Where the walk back stands: before slot t, k whole slots done in this layer, on or off. */
struct mark {
        size_t t, k;
        int layer;
        bool on;
};

/* From `on` at the end of a slot: how it was used. */
static void undo_on(const struct search *search, struct mark *mark)
{
        const struct grid_question *ask = search->ask;
        size_t t = mark->t - 1;
        struct row from = row_at(search, t), to = row_at(search, mark->t);
        float cost = to.on[mark->layer][mark->k + 1];

        if (mark->layer == 1) {
                float begun = from.off[0][mark->k + 1] + (mark->k > 0 ? ask->start[t] : 0);

                if (begun + ask->head[t] == cost) {
                        push_slot(search->path, t, true, false);
                        *mark = (struct mark){ t, mark->k, 0, false };
                        return;
                }
        }
        push_slot(search->path, t, false, false);
        mark->k--;
        mark->t = t;
        mark->on = from.on[mark->layer][mark->k + 1] + ask->full[t] == cost;
}

/* From `off` at the end of a slot: left out, run to its end, or run for its first seconds. */
static void undo_off(const struct search *search, struct mark *mark)
{
        size_t t = mark->t - 1, k = mark->k + 1;
        struct row from = row_at(search, t), to = row_at(search, mark->t);
        float off = to.off[mark->layer][k];

        if (off == from.off[mark->layer][k]) {
                mark->t = t;
        } else if (off == to.on[mark->layer][k]) {
                mark->on = true;
        } else {
                float begun = from.off[0][k] + (mark->k > 0 ? search->ask->start[t] : 0);

                push_slot(search->path, t, false, true);
                *mark = (struct mark){ t, mark->k, 0, from.on[0][k] <= begun };
        }
}

static struct mark mark_end(const struct search *search)
{
        const struct grid_question *ask = search->ask;
        size_t t = search->best_slot, k = ask->whole + 1;
        struct row from = row_at(search, t);

        if (!search->best_tail)
                return (struct mark){ t + 1, ask->whole, ask->has_rest, true };
        push_slot(search->path, t, false, true);
        return (struct mark){ t, ask->whole, 0, from.on[0][k] <= from.off[0][k] + ask->start[t] };
}

static void read_back(struct search *search)
{
        struct mark mark = mark_end(search);

        while (mark.t > 0 && (mark.k > 0 || mark.layer > 0)) {
                if (mark.on)
                        undo_on(search, &mark);
                else
                        undo_off(search, &mark);
        }
        turn_round(search->path);
}

int grid_path_find(const struct grid_question *question, struct grid_path *path)
{
        struct search search = { .ask = question, .path = path, .stride = question->whole + 3, .best = INFINITY };

        path->n_runs = 0;
        path->cost = INFINITY;
        if (question->n == 0 || question->whole + question->has_rest == 0 ||
            question->whole + question->has_rest > question->n)
                return 0;
        if (reserve(&search) != 0)
                return OFFPEAK_ENOMEM;
        if (question->whole + question->has_rest == 1) {
                find_one(&search);
                return 0;
        }
        if (question->has_rest)
                fill_rows(&search);
        else
                fill_plain_rows(&search);
        path->cost = search.best;
        if (!isinf(search.best))
                read_back(&search);
        return 0;
}
