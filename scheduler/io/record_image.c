/* SPDX-License-Identifier: Apache-2.0 */
/* record_image.c - the images of a snapshot, as parts and back. */
#include "io/record_fields.h"

#include <string.h>

/* ---- outwards */

static Log__MonthUse **month_parts(struct arena *arena, const struct month_use *from, size_t n)
{
        Log__MonthUse **to = record_parts_new(arena, &log__month_use__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->class_name = record_text(from[i].class);
                to[i]->month = from[i].month;
                to[i]->gpu_s = from[i].gpu_s;
        }
        return to;
}

void record_fill_meta(struct arena *arena, Log__Meta *to, const struct record *record)
{
        to->log_index = record->u.meta.log_index;
        to->term = record->u.meta.term;
        to->next_job = record->u.meta.next_job;
        to->fenced_start = record->u.meta.fenced_start;
        to->policy = record_policy_part(arena, &record->u.meta.policy);
        to->plan = record_adopted_part(arena, &record->u.meta.plan);
        to->n_flows = record->u.meta.n_flows;
        to->flows = record_flow_parts(arena, record->u.meta.flows, record->u.meta.n_flows);
        to->n_past_flows = record->u.meta.n_past_flows;
        to->past_flows = record_flow_parts(arena, record->u.meta.past_flows, record->u.meta.n_past_flows);
        to->n_month_uses = record->u.meta.n_month_uses;
        to->month_uses = month_parts(arena, record->u.meta.month_uses, record->u.meta.n_month_uses);
}

static void fill_meter(struct arena *arena, Log__Site *to, const struct site_meter *from)
{
        int64_t start = 0;

        to->meter_starts = arena_take(arena, from->n, sizeof(int64_t));
        to->meter_joules = arena_take(arena, from->n, sizeof(int64_t));
        if (to->meter_starts == NULL || to->meter_joules == NULL)
                return;
        to->n_meter_starts = to->n_meter_joules = from->n;
        for (size_t i = 0; i < from->n; i++) {
                to->meter_starts[i] = (int64_t)((uint64_t)from->intervals[i].start - (uint64_t)start);
                to->meter_joules[i] = from->intervals[i].joules;
                start = from->intervals[i].start;
        }
}

static void fill_push_sources(struct arena *arena, Log__Site *to, const struct site *from)
{
        to->push_sources = record_parts_new(arena, &log__push_source__descriptor, from->n_push_sources);
        if (to->push_sources == NULL)
                return;
        to->n_push_sources = from->n_push_sources;
        for (uint32_t i = 0; i < from->n_push_sources; i++) {
                to->push_sources[i]->kind = from->push_sources[i].kind;
                to->push_sources[i]->name = record_text(from->push_sources[i].name);
                to->push_sources[i]->seq = from->push_sources[i].seq;
                to->push_sources[i]->digest = from->push_sources[i].digest;
                to->push_sources[i]->issued = from->push_sources[i].issued;
                to->push_sources[i]->at = from->push_sources[i].at;
        }
}

/* The layers: what is in force is made of them. */
static void fill_layers(struct arena *arena, Log__Site *to, const struct site *from)
{
        to->series = record_parts_new(arena, &log__series__descriptor, SERIES_COUNT);
        to->pushed = record_parts_new(arena, &log__series__descriptor, SERIES_COUNT);
        if (to->series == NULL || to->pushed == NULL)
                return;
        for (size_t kind = 1; kind < SERIES_COUNT; kind++) {
                if (from->feed[kind].n_points > 0 || from->feed[kind].version > 0)
                        record_fill_series(arena, to->series[to->n_series++], &from->feed[kind]);
                if (from->pushed[kind].n_points > 0 || from->pushed[kind].version > 0)
                        record_fill_series(arena, to->pushed[to->n_pushed++], &from->pushed[kind]);
        }
}

/* A site without a store reads and writes as it did before there was an account of storage. */
static size_t used_books(const struct book books[ACCOUNT_COUNT])
{
        static const struct book nothing;

        return memcmp(&books[ACCOUNT_STORAGE], &nothing, sizeof(nothing)) != 0 ? ACCOUNT_COUNT : ACCOUNT_STORAGE;
}

void record_fill_site(struct arena *arena, Log__Site *to, const struct site *from)
{
        static const struct stock no_stock;

        to->id = from->id;
        to->name = record_text(from->name);
        to->books = record_parts_new(arena, &log__book__descriptor, ACCOUNT_COUNT);
        if (to->books == NULL)
                return;
        fill_layers(arena, to, from);
        fill_push_sources(arena, to, from);
        to->n_books = used_books(from->books);
        for (size_t account = 0; account < to->n_books; account++)
                record_fill_book(to->books[account], &from->books[account]);
        to->n_stock = memcmp(&from->stock, &no_stock, sizeof(no_stock)) != 0;
        to->stock = record_stock_parts(arena, &from->stock, to->n_stock);
        to->overhead_until = from->overhead_until;
        to->pue_rest = from->pue_rest;
        fill_meter(arena, to, &from->meter);
}

static void fill_health(struct arena *arena, Log__Node *to, const struct node *from)
{
        to->health = record_parts_new(arena, &log__device_health__descriptor, from->n_health);
        if (to->health == NULL)
                return;
        to->n_health = from->n_health;
        for (size_t i = 0; i < to->n_health; i++) {
                to->health[i]->device = from->health[i].device;
                to->health[i]->unwell = from->health[i].unwell;
                to->health[i]->kept_off = from->health[i].kept_off;
                to->health[i]->faults = from->health[i].faults;
                to->health[i]->since = from->health[i].since;
                to->health[i]->reason = record_text(from->health[i].reason);
        }
}

void record_fill_node(struct arena *arena, Log__Node *to, const struct node *from)
{
        to->id = from->id;
        to->name = record_text(from->name);
        to->site = record_text(from->site);
        to->boot = record_text(from->boot);
        to->inventory = record_inventory_part(arena, &from->inventory);
        to->fenced = from->fenced;
        to->drain_reason = record_text(from->drain_reason);
        to->faults = from->faults;
        to->fault_job = from->fault_job;
        to->fault_at = from->fault_at;
        to->fault_how = from->fault_how;
        fill_health(arena, to, from);
        to->idle_until = from->idle_until;
}

static Log__LateExit **late_exit_parts(struct arena *arena, const struct late_exit *from, size_t n)
{
        Log__LateExit **to = record_parts_new(arena, &log__late_exit__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->attempt = from[i].attempt;
                to[i]->node = from[i].node;
                to[i]->status = from[i].status;
        }
        return to;
}

static void fill_job_books(Log__Job *to, const struct job *from)
{
        to->joules = from->joules;
        to->cost = from->cost;
        to->carbon_mg = from->carbon_mg;
        to->unpriced_joules = from->unpriced_joules;
        to->overhead_joules = from->overhead_joules;
        to->overhead_cost = from->overhead_cost;
        to->overhead_carbon_mg = from->overhead_carbon_mg;
        to->market_mg = from->market_mg;
        to->overhead_market_mg = from->overhead_market_mg;
}

static void fill_job_plan(struct arena *arena, Log__Job *to, const struct job *from)
{
        to->n_planned = from->n_planned;
        to->planned = record_interval_parts(arena, from->planned, from->n_planned);
        to->n_pins = from->n_pins;
        to->pins = record_interval_parts(arena, from->pins, from->n_pins);
        to->pinned_index = from->pinned_index;
        to->reason = from->reason;
        to->planned_finish = from->planned_finish;
        to->planned_late_s = from->planned_late_s;
        to->planned_cost = from->planned_cost;
        to->planned_run_now_cost = from->planned_run_now_cost;
        to->cost_when_planned = from->cost_when_planned;
}

void record_fill_job(struct arena *arena, Log__Job *to, const struct job *from)
{
        to->id = from->id;
        to->spec = record_spec_part(arena, &from->spec);
        to->uid = from->uid;
        to->user = record_text(from->user);
        to->submitted_at = from->submitted_at;
        to->state = from->state;
        to->held = from->held;
        to->unmet = from->unmet;
        to->anyhow = from->anyhow;
        to->cancel = from->cancel;
        to->attempt = record_attempt_part(arena, &from->attempt);
        to->attempts = from->attempts;
        to->pauses = from->pauses;
        to->last_pause = record_pause_parts(arena, &from->last_pause, &to->n_last_pause);
        to->failure = record_failure_parts(arena, &from->failure, &to->n_failure);
        to->losses = from->losses;
        to->first_started_at = from->first_started_at;
        to->ended_at = from->ended_at;
        to->end = from->end;
        to->status = from->status;
        to->fraction = from->fraction;
        to->fraction_reported = from->fraction_reported;
        to->fraction_at = from->fraction_at;
        to->total_s = from->total_s;
        to->ran_s = from->ran_s;
        to->worked_s = from->worked_s;
        to->gpu_s = from->gpu_s;
        fill_job_books(to, from);
        to->site = from->site;
        to->avoid_node = from->avoid_node;
        to->n_late_exits = from->n_late_exits;
        to->late_exits = late_exit_parts(arena, from->late_exits, from->n_late_exits);
        fill_job_plan(arena, to, from);
}

/* ---- inwards */

static struct month_use *take_months(struct taker *taker, Log__MonthUse *const *from, size_t n, uint32_t *ret_n)
{
        struct month_use *to = record_take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++) {
                to[i].class = record_take_text(taker, from[i]->class_name);
                to[i].month = from[i]->month;
                to[i].gpu_s = from[i]->gpu_s;
        }
        return to;
}

void record_take_meta(struct taker *taker, const Log__Meta *from, struct record *to)
{
        to->u.meta.log_index = from->log_index;
        to->u.meta.term = from->term;
        to->u.meta.next_job = from->next_job;
        to->u.meta.fenced_start = from->fenced_start;
        record_take_policy(taker, from->policy, &to->u.meta.policy);
        to->u.meta.plan = record_take_adopted(from->plan);
        to->u.meta.flows = record_take_flows(taker, from->flows, from->n_flows, &to->u.meta.n_flows);
        to->u.meta.past_flows = record_take_flows(taker, from->past_flows, from->n_past_flows, &to->u.meta.n_past_flows);
        to->u.meta.month_uses = take_months(taker, from->month_uses, from->n_month_uses, &to->u.meta.n_month_uses);
}

static void take_meter(struct taker *taker, const Log__Site *from, struct site_meter *to)
{
        uint64_t start = 0;

        if (from->n_meter_starts != from->n_meter_joules) {
                taker->wrong = "site.meter_joules";
                return;
        }
        to->intervals = record_take_memory(taker, from->n_meter_starts, sizeof(to->intervals[0]));
        to->n = to->room = to->intervals != NULL ? from->n_meter_starts : 0;
        for (size_t i = 0; i < to->n; i++) {
                start += (uint64_t)from->meter_starts[i];
                to->intervals[i].start = (int64_t)start;
                to->intervals[i].joules = from->meter_joules[i];
                if ((int64_t)start % SUPPLY_METER_S != 0 || (i > 0 && (int64_t)start <= to->intervals[i - 1].start))
                        taker->wrong = "site.meter_starts";
        }
}

/* One series of each kind at the most. */
static void take_layer(struct taker *taker, Log__Series *const *from, size_t n, struct series layer[SERIES_COUNT])
{
        for (size_t i = 0; i < n; i++) {
                struct series *series = &layer[record_take_enum(taker, from[i]->kind, SERIES_PRICE, SERIES_LAST, "series.kind")];

                if (series->site != NULL)
                        taker->wrong = "site.series";
                else
                        record_take_series(taker, from[i], series);
        }
}

static void take_push_sources(struct taker *taker, const Log__Site *from, struct site *to)
{
        if (from->n_push_sources > PUSH_SOURCES_KEPT) {
                taker->wrong = "site.push_sources";
                return;
        }
        to->push_sources = record_take_memory(taker, from->n_push_sources, sizeof(to->push_sources[0]));
        to->n_push_sources = to->push_sources != NULL ? (uint32_t)from->n_push_sources : 0;
        for (uint32_t i = 0; i < to->n_push_sources; i++) {
                const Log__PushSource *source = from->push_sources[i];

                to->push_sources[i].kind = record_take_enum(taker, source->kind, SERIES_PRICE, SERIES_LAST, "push_source.kind");
                to->push_sources[i].name = record_take_text(taker, source->name);
                to->push_sources[i].seq = source->seq;
                to->push_sources[i].digest = source->digest;
                to->push_sources[i].issued = source->issued;
                to->push_sources[i].at = source->at;
        }
}

void record_take_site(struct taker *taker, const Log__Site *from, struct site *to)
{
        to->id = from->id;
        to->name = record_take_text(taker, from->name);
        for (uint32_t kind = SERIES_PRICE; kind <= SERIES_LAST; kind++)
                to->series[kind].kind = to->feed[kind].kind = to->pushed[kind].kind = kind;
        take_layer(taker, from->series, from->n_series, to->feed);
        take_layer(taker, from->pushed, from->n_pushed, to->pushed);
        take_push_sources(taker, from, to);
        if (from->n_books > ACCOUNT_COUNT)
                taker->wrong = "site.books";
        for (size_t account = 0; account < from->n_books && account < ACCOUNT_COUNT; account++)
                record_take_book(taker, from->books[account], &to->books[account]);
        to->overhead_until = from->overhead_until;
        to->pue_rest = from->pue_rest;
        record_take_stock(taker, from->stock, from->n_stock, &to->stock);
        take_meter(taker, from, &to->meter);
}

static void take_health(struct taker *taker, const Log__Node *from, struct node *to)
{
        if (from->n_health > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "node.health";
                return;
        }
        to->health = record_take_memory(taker, from->n_health, sizeof(*to->health));
        to->n_health = to->health != NULL ? (uint32_t)from->n_health : 0;
        for (size_t i = 0; i < to->n_health; i++) {
                to->health[i].device =
                        record_take_enum(taker, from->health[i]->device, 0, OFFPEAK_MAX_DEVICES - 1, "health.device");
                if (i > 0 && to->health[i].device <= to->health[i - 1].device)
                        taker->wrong = "health.device";
                to->health[i].unwell = from->health[i]->unwell;
                to->health[i].kept_off = from->health[i]->kept_off;
                to->health[i].faults = from->health[i]->faults;
                to->health[i].since = from->health[i]->since;
                to->health[i].reason = record_take_optional(taker, from->health[i]->reason);
        }
}

void record_take_node(struct taker *taker, const Log__Node *from, struct node *to)
{
        to->id = from->id;
        to->name = record_take_text(taker, from->name);
        to->site = record_take_text(taker, from->site);
        record_take_chars(taker, from->boot, to->boot, sizeof(to->boot), "node.boot");
        record_take_inventory(taker, from->inventory, &to->inventory);
        to->fenced = from->fenced;
        to->drain_reason = record_take_optional(taker, from->drain_reason);
        to->faults = from->faults;
        to->fault_job = from->fault_job;
        to->fault_at = from->fault_at;
        to->fault_how = record_take_enum(taker, from->fault_how, 0, LEG_NO_GO, "node.fault_how");
        take_health(taker, from, to);
        to->idle_until = from->idle_until;
}

static void take_late_exits(struct taker *taker, const Log__Job *from, struct job *to)
{
        to->late_exits = record_take_memory(taker, from->n_late_exits, sizeof(to->late_exits[0]));
        to->n_late_exits = to->late_exits != NULL ? (uint32_t)from->n_late_exits : 0;
        for (size_t i = 0; i < to->n_late_exits; i++) {
                to->late_exits[i].attempt = from->late_exits[i]->attempt;
                to->late_exits[i].node = from->late_exits[i]->node;
                to->late_exits[i].status = from->late_exits[i]->status;
        }
}

static void take_job_books(const Log__Job *from, struct job *to)
{
        to->joules = from->joules;
        to->cost = from->cost;
        to->carbon_mg = from->carbon_mg;
        to->unpriced_joules = from->unpriced_joules;
        to->overhead_joules = from->overhead_joules;
        to->overhead_cost = from->overhead_cost;
        to->overhead_carbon_mg = from->overhead_carbon_mg;
        to->market_mg = from->market_mg;
        to->overhead_market_mg = from->overhead_market_mg;
}

static void take_job_plan(struct taker *taker, const Log__Job *from, struct job *to)
{
        to->planned = record_take_intervals(taker, from->planned, from->n_planned, &to->n_planned);
        to->pins = record_take_intervals(taker, from->pins, from->n_pins, &to->n_pins);
        to->pinned_index = from->pinned_index;
        to->reason = record_take_enum(taker, from->reason, 0, PLAN_PINNED, "job.reason");
        to->planned_finish = from->planned_finish;
        to->planned_late_s = from->planned_late_s;
        to->planned_cost = from->planned_cost;
        to->planned_run_now_cost = from->planned_run_now_cost;
        to->cost_when_planned = from->cost_when_planned;
}

void record_take_job(struct taker *taker, const Log__Job *from, struct job *to)
{
        to->id = from->id;
        record_take_spec(taker, from->spec, &to->spec);
        to->uid = from->uid;
        to->user = record_take_text(taker, from->user);
        to->submitted_at = from->submitted_at;
        to->state = record_take_enum(taker, from->state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED, "job.state");
        to->held = from->held;
        to->unmet = from->unmet;
        to->anyhow = from->anyhow;
        to->cancel = from->cancel;
        record_take_attempt(taker, from->attempt, &to->attempt);
        to->attempts = from->attempts;
        to->pauses = from->pauses;
        record_take_pause(taker, from->last_pause, from->n_last_pause, &to->last_pause);
        record_take_failure(taker, from->failure, from->n_failure, &to->failure);
        to->losses = from->losses;
        to->first_started_at = from->first_started_at;
        to->ended_at = from->ended_at;
        to->end = record_take_enum(taker, from->end, END_NONE, END_LIMIT, "job.end");
        to->status = from->status;
        to->fraction = from->fraction;
        to->fraction_reported = from->fraction_reported;
        to->fraction_at = from->fraction_at;
        to->total_s = from->total_s;
        to->ran_s = from->ran_s;
        to->worked_s = from->worked_s;
        to->gpu_s = from->gpu_s;
        take_job_books(from, to);
        to->site = from->site;
        to->avoid_node = from->avoid_node;
        take_late_exits(taker, from, to);
        take_job_plan(taker, from, to);
}
