/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/walk.h"

#include <math.h>
#include <stdlib.h>

#include "trial/widths.h"

#define PPM 1e6

static int by_time(const void *a, const void *b)
{
        const struct walk_change *x = a, *y = b;

        return x->at < y->at ? -1 : x->at > y->at;
}

static size_t changes_of_each(const struct trial *trial)
{
        return trial->hardware.ramp_s > 0 ? 2 * WALK_RAMP_STEPS : 2;
}

struct walk_change *walk_room(const struct trial *trial, const struct outcome *outcome)
{
        return malloc((changes_of_each(trial) * outcome->n + 1) * sizeof(struct walk_change));
}

/* Steps that it did not live to see are not there; those of its run before it are there from its start on. */
static size_t ramp_up(const struct segment *segment, int64_t began, double watts, int64_t ramp_s, struct walk_change *changes)
{
        size_t n = 0;

        for (int k = 0; k < WALK_RAMP_STEPS; k++) {
                int64_t at = began + ramp_s * (2 * k + 1) / (2 * WALK_RAMP_STEPS);

                if (at >= segment->end)
                        break;
                at = at > segment->start ? at : segment->start;
                changes[n++] = (struct walk_change){ at, watts / WALK_RAMP_STEPS };
        }
        for (size_t i = 0, steps = n; i < steps; i++)
                changes[n++] = (struct walk_change){ segment->end, -watts / WALK_RAMP_STEPS };
        return n;
}

double walk_watts(const struct trial *trial, const struct segment *segment)
{
        double pue = (double)trial->policy.sites[segment->site].terms.pue_ppm / PPM;

        return pue * (segment->drawn_w > 0 ? segment->drawn_w :
                                             widths_watts(trial, segment->job, segment->gpus, segment->level));
}

size_t walk_changes(const struct trial *trial, const struct outcome *outcome, const uint32_t *only,
                    struct walk_change *changes)
{
        int64_t began = 0;
        size_t n = 0;

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];
                double watts = walk_watts(trial, segment);

                began = segment->goes_on ? began : segment->start;
                if (only != NULL && segment->site != *only)
                        continue;
                if (trial->hardware.ramp_s > 0) {
                        n += ramp_up(segment, began, watts, trial->hardware.ramp_s, &changes[n]);
                        continue;
                }
                changes[n++] = (struct walk_change){ segment->start, watts };
                changes[n++] = (struct walk_change){ segment->end, -watts };
        }
        qsort(changes, n, sizeof(*changes), by_time);
        return n;
}

/* [from, to) at the same power: cut where the supply changes. */
static int steady(const struct site_supply *supply, int64_t from, int64_t to, double watts, walk_visit visit,
                  void *context)
{
        int code = 0;

        for (int64_t t = from, next; code == 0 && t < to; t = next) {
                int64_t edge = site_supply_next_edge(supply, t);
                struct walk_cut cut = { .from = t, .watts = watts, .curve = site_supply_at(supply, t) };

                cut.to = next = edge < to ? edge : to;
                code = visit(context, &cut);
        }
        return code;
}

int walk_site(const struct site_supply *supply, const struct walk_change *changes, size_t n, int64_t from, int64_t to,
              walk_visit visit, void *context)
{
        double watts = 0;
        int code = 0;
        size_t i = 0;

        for (int64_t t = from, next; code == 0 && t < to; t = next) {
                for (; i < n && changes[i].at <= t; i++)
                        watts += changes[i].watts;
                next = i < n && changes[i].at < to ? changes[i].at : to;
                code = steady(supply, t, next, fmax(0, watts), visit, context);
        }
        return code;
}
