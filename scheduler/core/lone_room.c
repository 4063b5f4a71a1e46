/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lone_room.h"

#include <math.h>
#include <stdlib.h>

#include "core/room.h"
#include "core/stored.h"
#include "plan/idle_lack.h"
#include "plan/supply_rate.h"

/* Starts that are tried. */
enum { MOST_TRIES = 100 };

/* Time in which neither supply nor the others' hours change. */
struct stretch {
        int64_t start, end;
        double others_w;
        int64_t gpus; /* not in use */
};

struct search {
        const struct lone_room *room;
        struct plan_store store;
        struct plan_step *steps; /* one for each stretch: all its power as one segment */
        struct stretch *stretches;
        double *lack_w;
        size_t n;
};

static void search_finish(struct search *search)
{
        free(search->lack_w);
        free(search->stretches);
        free(search->steps);
}

static int append(struct search *search, const struct stretch *stretch)
{
        const struct site_supply *supply = search->room->supply;
        struct supply_curve curve = site_supply_at(supply, stretch->start);
        int64_t limit = supply_limit(&curve);
        struct plan_step *step = room_for_one((void **)&search->steps, search->n, sizeof(*step));
        struct stretch *place = room_for_one((void **)&search->stretches, search->n, sizeof(*place));

        if (step == NULL || place == NULL)
                return OFFPEAK_ENOMEM;
        *place = *stretch;
        step->start = stretch->start;
        step->n_segments = 1;
        step->segments[0].limit_w = limit == INT64_MAX ? INFINITY : (double)limit;
        step->charge_w = stored_charge_at(supply, stretch->start);
        search->n++;
        return 0;
}

static int cut(struct search *search, const struct usage *usage, size_t n)
{
        const struct lone_room *room = search->room;
        struct stretch stretch = { .start = room->now, .gpus = room->gpus };
        size_t next = 0;

        while (stretch.start < room->horizon) {
                for (; next < n && usage[next].at <= stretch.start; next++) {
                        stretch.others_w += usage[next].facility_w;
                        stretch.gpus -= usage[next].gpus;
                }
                stretch.end = site_supply_next_edge(room->supply, stretch.start);
                stretch.end = stretch.end < room->horizon ? stretch.end : room->horizon;
                if (next < n && usage[next].at < stretch.end)
                        stretch.end = usage[next].at;
                if (append(search, &stretch) != 0)
                        return OFFPEAK_ENOMEM;
                stretch.start = stretch.end;
        }
        return 0;
}

static int find_lacks(struct search *search)
{
        const struct lone_room *room = search->room;
        struct plan_problem problem = { .now = room->now, .horizon = room->horizon };
        struct plan_site site = { .steps = search->steps, .n_steps = search->n, .idle_w = room->idle_w, .pue_factor = 1,
                                  .store = &search->store };

        search->lack_w = calloc(search->n + 1, sizeof(double));
        if (search->lack_w == NULL)
                return OFFPEAK_ENOMEM;
        idle_lack(&problem, &site, search->lack_w);
        return 0;
}

static double load(const struct search *search, size_t i, bool with)
{
        const struct lone_room *room = search->room;
        double others = search->stretches[i].others_w;

        if (with)
                return room->idle_w + others + room->job_w;
        return room->idle_w + others - (others > 1 ? 0 : search->lack_w[i]);
}

/* Is all carried with the job in [start, start + seconds)? */
static bool carries(const struct search *search, int64_t start)
{
        int64_t end = start + search->room->seconds;
        double energy = search->store.start_j;

        for (size_t i = 0; i < search->n; i++) {
                const struct stretch *stretch = &search->stretches[i];

                for (int64_t from = stretch->start, to; from < stretch->end; from = to) {
                        bool with = from >= start && from < end;

                        to = from < start && start < stretch->end ? start : from < end && end < stretch->end ? end : stretch->end;
                        if (with && stretch->gpus < search->room->job_gpus)
                                return false;
                        if (!store_carries(&search->store, &search->steps[i], load(search, i, with), (double)(to - from), &energy))
                                return false;
                }
        }
        return energy >= search->store.least_end_j - 1e-9 * search->store.energy_j;
}

/* The most that sources lack in those hours, with what the plan has the store charge. */
static double missing_w(const struct search *search, int64_t start)
{
        const struct lone_room *room = search->room;
        int64_t end = start + room->seconds;
        double missing = 0, charged = 0;

        for (size_t i = 0; i < search->n; i++)
                if (search->stretches[i].start < end && search->stretches[i].end > start)
                        missing = fmax(missing, load(search, i, true) - supply_firm_limit(&search->steps[i]));
        for (uint32_t i = 0; i < room->state->n_flows; i++) {
                const struct plan_flow *flow = &room->state->flows[i];

                if (flow->site == room->site->id && flow->start < end && flow->end > start)
                        charged = fmax(charged, flow->watts);
        }
        return missing > 0 ? missing + charged : 0;
}

/* The first start; INT64_MAX: none. */
static int64_t find_start(const struct search *search)
{
        const struct lone_room *room = search->room;
        int tries = 0;

        for (size_t i = 0; i < search->n && tries < MOST_TRIES; i++) {
                int64_t start = search->stretches[i].start > room->release ? search->stretches[i].start : room->release;

                if (start >= search->stretches[i].end || search->stretches[i].gpus < room->job_gpus)
                        continue;
                if (start + room->seconds > room->horizon)
                        break;
                tries++;
                if (carries(search, start))
                        return start;
        }
        return INT64_MAX;
}

int lone_room_add(const struct lone_room *room, struct usage **usage, size_t *n)
{
        struct search search = { .room = room };
        int64_t start = INT64_MAX;
        double missing = 0;
        int code = 0;

        if (!stored_for_plan(room->state, room->site, room->supply, room->now, &search.store))
                return 0;
        code = cut(&search, *usage, *n);
        if (code == 0)
                code = find_lacks(&search);
        if (code == 0)
                start = find_start(&search);
        if (start != INT64_MAX)
                missing = missing_w(&search, start);
        if (code == 0 && missing > 0)
                code = usage_add(usage, n, start, 0, -missing);
        if (code == 0 && missing > 0)
                code = usage_add(usage, n, start + room->seconds, 0, missing);
        search_finish(&search);
        return code;
}
