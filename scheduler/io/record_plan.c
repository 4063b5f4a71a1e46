/* SPDX-License-Identifier: Apache-2.0 */
/* record_plan.c - series, plans and books, as parts and back. */
#include "io/record_fields.h"

#include <string.h>

#include "base/exact.h"

/* ---- outwards */

/* Small differences are few bytes. Unsigned arithmetic: a hole's INT64_MIN wraps and comes back. */
void record_fill_series(struct arena *arena, Log__Series *to, const struct series *from)
{
        uint64_t start = 0, value = 0;

        to->kind = from->kind;
        to->site = record_text(from->site);
        to->source = record_text(from->source);
        to->issued = from->issued;
        to->version = from->version;
        to->end = from->end;
        to->starts = arena_take(arena, from->n_points, sizeof(int64_t));
        to->values = arena_take(arena, from->n_points, sizeof(int64_t));
        if (to->starts == NULL || to->values == NULL)
                return;
        to->n_starts = to->n_values = from->n_points;
        for (size_t i = 0; i < from->n_points; i++) {
                to->starts[i] = (int64_t)((uint64_t)from->points[i].start - start);
                to->values[i] = (int64_t)((uint64_t)from->points[i].value - value);
                start = (uint64_t)from->points[i].start;
                value = (uint64_t)from->points[i].value;
        }
}

static Log__PlanTerms *plan_terms_part(struct arena *arena, const struct plan_terms *from)
{
        Log__PlanTerms *to = record_part_new(arena, &log__plan_terms__descriptor);

        if (to == NULL)
                return NULL;
        to->supply = from->supply;
        to->carbon = from->carbon;
        to->delay = from->delay;
        to->lateness = from->lateness;
        to->unfinished = from->unfinished;
        to->starts = from->starts;
        to->demand = from->demand;
        to->risk = from->risk;
        to->moves = from->moves;
        to->storage = from->storage;
        to->over_limit = from->over_limit;
        to->total = from->total;
        return to;
}

Log__AdoptedPlan *record_adopted_part(struct arena *arena, const struct adopted_plan *from)
{
        Log__AdoptedPlan *to = record_part_new(arena, &log__adopted_plan__descriptor);

        if (to == NULL)
                return NULL;
        to->version = from->version;
        to->made_at = from->made_at;
        to->horizon = from->horizon;
        to->terms = plan_terms_part(arena, &from->terms);
        to->run_now = plan_terms_part(arena, &from->run_now);
        to->bound = from->bound;
        to->work = from->work;
        return to;
}

Log__Interval **record_interval_parts(struct arena *arena, const struct plan_interval *from, size_t n)
{
        Log__Interval **to = record_parts_new(arena, &log__interval__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->start = from[i].start;
                to[i]->end = from[i].end;
                to[i]->site = from[i].site;
                to[i]->mode = from[i].mode;
        }
        return to;
}

Log__Flow **record_flow_parts(struct arena *arena, const struct plan_flow *from, size_t n)
{
        Log__Flow **to = record_parts_new(arena, &log__flow__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->start = from[i].start;
                to[i]->end = from[i].end;
                to[i]->site = from[i].site;
                to[i]->watts = from[i].watts;
        }
        return to;
}

Log__PlannedJob **record_planned_parts(struct arena *arena, const struct record_planned_job *from, size_t n)
{
        Log__PlannedJob **to = record_parts_new(arena, &log__planned_job__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->job = from[i].job;
                to[i]->n_intervals = from[i].n_intervals;
                to[i]->intervals = record_interval_parts(arena, from[i].intervals, from[i].n_intervals);
                to[i]->reason = from[i].reason;
                to[i]->finish = from[i].finish;
                to[i]->late_s = from[i].late_s;
                to[i]->cost = from[i].cost;
                to[i]->run_now_cost = from[i].run_now_cost;
        }
        return to;
}

/* Without the zeros at the end: a record from before there were units reads and writes the same. */
static size_t used_units(const int64_t *joules)
{
        size_t n = SUPPLY_UNITS;

        while (n > 0 && joules[n - 1] == 0)
                n--;
        return n;
}

Log__Booking *record_booking_part(struct arena *arena, const struct booking *from)
{
        Log__Booking *to = record_part_new(arena, &log__booking__descriptor);

        if (to == NULL)
                return NULL;
        to->account = from->account;
        to->quality = from->quality;
        to->site = from->site;
        to->node = from->node;
        to->job = from->job;
        to->attempt = from->attempt;
        to->start = from->start;
        to->end = from->end;
        to->joules = from->joules;
        to->price = from->price;
        to->carbon = from->carbon;
        to->price_version = from->price_version;
        to->carbon_version = from->carbon_version;
        to->cost = from->cost;
        to->carbon_mg = from->carbon_mg;
        to->market_known = from->market != SERIES_UNKNOWN;
        to->market = to->market_known ? from->market : 0;
        to->market_mg = from->market_mg;
        to->n_unit_joules = used_units(from->unit_joules);
        to->unit_joules = (int64_t *)(uintptr_t)from->unit_joules;
        return to;
}

void record_fill_book(Log__Book *to, const struct book *from)
{
        to->joules = from->joules;
        to->cost = from->cost;
        to->cost_rest = from->cost_rest;
        to->carbon_mg = from->carbon_mg;
        to->carbon_rest = from->carbon_rest;
        to->unpriced_joules = from->unpriced_joules;
        to->uncounted_joules = from->uncounted_joules;
        to->market_mg = from->market_mg;
        to->market_rest = from->market_rest;
        to->unmarketed_joules = from->unmarketed_joules;
        to->n_unit_joules = used_units(from->unit_joules);
        to->unit_joules = (int64_t *)(uintptr_t)from->unit_joules;
}

Log__Stock **record_stock_parts(struct arena *arena, const struct stock *from, size_t n)
{
        Log__Stock **to = record_parts_new(arena, &log__stock__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->charged_until = from[i].charged_until;
                to[i]->counted_at = from[i].counted_at;
                to[i]->lost = from[i].lost;
                to[i]->charge_rest = from[i].charge_rest;
                to[i]->discharge_rest = from[i].discharge_rest;
        }
        return to;
}

/* ---- inwards */

static void take_points(struct taker *taker, const Log__Series *from, struct series *to)
{
        uint64_t start = 0, value = 0;

        if (from->n_starts != from->n_values) {
                taker->wrong = "series.values";
                return;
        }
        to->points = record_take_memory(taker, from->n_starts, sizeof(to->points[0]));
        to->n_points = to->points != NULL ? from->n_starts : 0;
        for (size_t i = 0; i < to->n_points; i++) {
                start += (uint64_t)from->starts[i];
                value += (uint64_t)from->values[i];
                to->points[i].start = (int64_t)start;
                to->points[i].value = (int64_t)value;
                if (i > 0 && to->points[i].start <= to->points[i - 1].start)
                        taker->wrong = "series.starts";
        }
        if (to->n_points > 0 && to->end < to->points[to->n_points - 1].start)
                taker->wrong = "series.end";
}

void record_take_series(struct taker *taker, const Log__Series *from, struct series *to)
{
        to->kind = record_take_enum(taker, from->kind, SERIES_PRICE, SERIES_LAST, "series.kind");
        to->site = record_take_text(taker, from->site);
        to->source = record_take_text(taker, from->source);
        to->issued = from->issued;
        to->version = from->version;
        to->end = from->end;
        take_points(taker, from, to);
}

static struct plan_terms take_plan_terms(const Log__PlanTerms *from)
{
        return (struct plan_terms){
                .supply = from->supply,
                .carbon = from->carbon,
                .delay = from->delay,
                .lateness = from->lateness,
                .unfinished = from->unfinished,
                .starts = from->starts,
                .demand = from->demand,
                .risk = from->risk,
                .moves = from->moves,
                .storage = from->storage,
                .over_limit = from->over_limit,
                .total = from->total,
        };
}

struct adopted_plan record_take_adopted(const Log__AdoptedPlan *from)
{
        return (struct adopted_plan){
                .version = from->version,
                .made_at = from->made_at,
                .horizon = from->horizon,
                .terms = take_plan_terms(from->terms),
                .run_now = take_plan_terms(from->run_now),
                .bound = from->bound,
                .work = from->work,
        };
}

struct plan_interval *record_take_intervals(struct taker *taker, Log__Interval *const *from, size_t n, uint32_t *ret_n)
{
        struct plan_interval *to = record_take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++) {
                to[i].start = from[i]->start;
                to[i].end = from[i]->end;
                to[i].site = from[i]->site;
                to[i].mode = from[i]->mode;
        }
        return to;
}

struct plan_flow *record_take_flows(struct taker *taker, Log__Flow *const *from, size_t n, uint32_t *ret_n)
{
        struct plan_flow *to = record_take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                to[i] = (struct plan_flow){ from[i]->start, from[i]->end, from[i]->site, from[i]->watts };
        return to;
}

void record_take_planned(struct taker *taker, const Log__PlannedJob *from, struct record_planned_job *to)
{
        to->job = from->job;
        to->intervals = record_take_intervals(taker, from->intervals, from->n_intervals, &to->n_intervals);
        to->reason = record_take_enum(taker, from->reason, 0, PLAN_PINNED, "plan.reason");
        to->finish = from->finish;
        to->late_s = from->late_s;
        to->cost = from->cost;
        to->run_now_cost = from->run_now_cost;
}

/* An older record has none. */
static void take_units(struct taker *taker, const int64_t *from, size_t n, int64_t *to, const char *field)
{
        if (n > SUPPLY_UNITS)
                taker->wrong = field;
        else if (n > 0)
                memcpy(to, from, n * sizeof(*to));
}

void record_take_booking(struct taker *taker, const Log__Booking *from, struct booking *to)
{
        to->account = record_take_enum(taker, from->account, ACCOUNT_JOB, ACCOUNT_STORAGE, "booking.account");
        to->quality = record_take_enum(taker, from->quality, QUALITY_MEASURED, QUALITY_ESTIMATED, "booking.quality");
        to->site = from->site;
        to->node = from->node;
        to->job = from->job;
        to->attempt = from->attempt;
        to->start = from->start;
        to->end = from->end;
        to->joules = from->joules;
        to->price = from->price;
        to->carbon = from->carbon;
        to->price_version = from->price_version;
        to->carbon_version = from->carbon_version;
        to->cost = from->cost;
        to->carbon_mg = from->carbon_mg;
        to->market = from->market_known ? from->market : SERIES_UNKNOWN;
        to->market_mg = from->market_mg;
        take_units(taker, from->unit_joules, from->n_unit_joules, to->unit_joules, "booking.unit_joules");
        if (to->end < to->start)
                taker->wrong = "booking.end";
}

/* None, or one. False: none. */
bool record_take_stock(struct taker *taker, Log__Stock *const *parts, size_t n, struct stock *to)
{
        const Log__Stock *from = n > 0 ? parts[0] : NULL;

        if (n > 1)
                taker->wrong = "stock";
        if (from == NULL)
                return false;
        to->charged_until = from->charged_until;
        to->counted_at = from->counted_at;
        to->lost = from->lost;
        to->charge_rest = from->charge_rest;
        to->discharge_rest = from->discharge_rest;
        if (to->lost < 0)
                taker->wrong = "stock.lost";
        if (to->charge_rest < 0 || to->charge_rest >= STOCK_REST_END)
                taker->wrong = "stock.charge_rest";
        if (to->discharge_rest < 0 || to->discharge_rest >= STOCK_REST_END)
                taker->wrong = "stock.discharge_rest";
        return true;
}

void record_take_book(struct taker *taker, const Log__Book *from, struct book *to)
{
        to->joules = from->joules;
        to->cost = from->cost;
        to->cost_rest = from->cost_rest;
        to->carbon_mg = from->carbon_mg;
        to->carbon_rest = from->carbon_rest;
        to->unpriced_joules = from->unpriced_joules;
        to->uncounted_joules = from->uncounted_joules;
        to->market_mg = from->market_mg;
        to->market_rest = from->market_rest;
        to->unmarketed_joules = from->unmarketed_joules;
        take_units(taker, from->unit_joules, from->n_unit_joules, to->unit_joules, "book.unit_joules");
        if (to->market_rest < 0 || to->market_rest >= JOULES_PER_KWH)
                taker->wrong = "book.market_rest";
        if (to->cost_rest < 0 || to->cost_rest >= JOULES_PER_MWH)
                taker->wrong = "book.cost_rest";
        if (to->carbon_rest < 0 || to->carbon_rest >= JOULES_PER_KWH)
                taker->wrong = "book.carbon_rest";
}
