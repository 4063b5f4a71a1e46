/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/slots.h"

#include <stdlib.h>
#include <string.h>

/* A round length, so that there are about as many. */
static int64_t round_length(int64_t horizon_s, size_t about)
{
        static const int64_t lengths[] = {
                1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200
        };
        size_t n = sizeof(lengths) / sizeof(lengths[0]);

        for (size_t i = 0; i < n; i++)
                if (horizon_s / lengths[i] <= (int64_t)about)
                        return lengths[i];
        return (horizon_s / (int64_t)about / 86400 + 1) * 86400;
}

static int by_value(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void note_lengths(struct slots *slots)
{
        slots->inner_s = slots->n > 2 ? slots_length(slots, 1) : 0;
        for (size_t t = 2; t + 1 < slots->n && slots->inner_s > 0; t++)
                if (slots_length(slots, t) != slots->inner_s)
                        slots->inner_s = 0;
        for (size_t t = slots->n; t-- > 0;) {
                bool same = t + 1 < slots->n && slots_length(slots, t) == slots_length(slots, t + 1);

                slots->same_until[t] = same ? slots->same_until[t + 1] : t + 1;
        }
}

/* Edges of steps and months inside the horizon; returns how many. */
static size_t site_edges(const struct plan_problem *problem, const struct plan_site *site, int64_t *edges)
{
        size_t n = 0;

        for (size_t t = 1; t < site->n_steps; t++)
                edges[n++] = site->steps[t].start;
        for (size_t d = 0; d < site->n_demands; d++) {
                if (site->demands[d].start > problem->now && site->demands[d].start < problem->horizon)
                        edges[n++] = site->demands[d].start;
                if (site->demands[d].end > problem->now && site->demands[d].end < problem->horizon)
                        edges[n++] = site->demands[d].end;
        }
        return n;
}

int slots_init(struct slots *slots, const struct plan_problem *problem, size_t about)
{
        int64_t length = round_length(problem->horizon - problem->now, about);
        size_t most = (size_t)((problem->horizon - problem->now) / length) + 3, n = 0, kept = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                most += problem->sites[s].n_steps + 2 * problem->sites[s].n_demands;
        for (size_t l = 0; l < problem->n_limits; l++)
                most += problem->limits[l].n_steps;
        *slots = (struct slots){ .edges = calloc(most, sizeof(int64_t)), .same_until = calloc(most, sizeof(size_t)) };
        if (slots->edges == NULL || slots->same_until == NULL) {
                slots_finish(slots);
                return OFFPEAK_ENOMEM;
        }
        slots->edges[n++] = problem->now;
        for (int64_t edge = (problem->now / length + 1) * length; edge < problem->horizon; edge += length)
                slots->edges[n++] = edge;
        for (size_t s = 0; s < problem->n_sites; s++)
                n += site_edges(problem, &problem->sites[s], &slots->edges[n]);
        for (size_t l = 0; l < problem->n_limits; l++)
                for (size_t t = 1; t < problem->limits[l].n_steps; t++)
                        slots->edges[n++] = problem->limits[l].steps[t].start;
        qsort(slots->edges, n, sizeof(*slots->edges), by_value);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || slots->edges[i] != slots->edges[kept - 1])
                        slots->edges[kept++] = slots->edges[i];
        slots->edges[kept] = problem->horizon;
        slots->n = kept;
        note_lengths(slots);
        return 0;
}

int slots_cut(struct slots *ret_slots, const struct slots *slots, const struct schedule *schedule)
{
        size_t n = slots->n + 1, last = 0;
        int64_t *edges;

        for (size_t j = 0; j < schedule->n_jobs; j++)
                n += 2 * schedule->jobs[j].n;
        edges = calloc(n, sizeof(*edges));
        if (edges == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(edges, slots->edges, (slots->n + 1) * sizeof(*edges));
        n = slots->n + 1;
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t i = 0; i < schedule->jobs[j].n; i++) {
                        edges[n++] = schedule->jobs[j].intervals[i].start;
                        edges[n++] = schedule->jobs[j].intervals[i].end;
                }
        qsort(edges, n, sizeof(*edges), by_value);
        for (size_t i = 1; i < n; i++)
                if (edges[i] != edges[last])
                        edges[++last] = edges[i];
        *ret_slots = (struct slots){ .n = last, .edges = edges };
        return 0;
}

void slots_finish(struct slots *slots)
{
        free(slots->edges);
        free(slots->same_until);
        *slots = (struct slots){ 0 };
}

size_t slots_find(const struct slots *slots, int64_t time)
{
        size_t low = 0, high = slots->n;

        if (slots->inner_s > 0) {
                if (time < slots->edges[1])
                        return 0;
                low = 1 + (size_t)((time - slots->edges[1]) / slots->inner_s);
                if (low >= slots->n - 1) /* the last may be shorter, or longer */
                        return time < slots->edges[slots->n - 1] ? slots->n - 2 : slots->n - 1;
                return low;
        }
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (slots->edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}
