/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record -> parts, field by field. A part is NULL only when the arena failed; the caller looks at arena->failed once.
 * What lives in memory only (sessions, monotonic times, legs seen armed or running) stays behind.
 */
#include "io/record_parts.h"

#include <string.h>

#include <protobuf-c/protobuf-c.h>

/* n parts of one kind, initialised: an array of pointers to them, as protobuf-c has repeated fields. */
static void *parts_new(struct arena *arena, const ProtobufCMessageDescriptor *kind, size_t n)
{
        void **pointers = arena_take(arena, n, sizeof(void *));
        char *parts = arena_take(arena, n, kind->sizeof_message);

        if (pointers == NULL || parts == NULL)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                pointers[i] = parts + i * kind->sizeof_message;
                protobuf_c_message_init(kind, pointers[i]);
        }
        return pointers;
}

static void *part_new(struct arena *arena, const ProtobufCMessageDescriptor *kind)
{
        void **one = parts_new(arena, kind, 1);

        return one != NULL ? one[0] : NULL;
}

/* protobuf-c does not write to what it packs: the const goes away only for its structs. */
static char *text(const char *text)
{
        return text != NULL ? (char *)(uintptr_t)text : (char *)(uintptr_t) "";
}

static void fill_request(Log__Request *to, const struct request *from)
{
        to->id.data = (uint8_t *)(uintptr_t)from->id;
        to->id.len = sizeof(from->id);
        to->uid = from->uid;
        to->digest = from->digest;
        to->job = from->job;
        to->code = from->code;
        to->text = text(from->text);
        to->at = from->at;
}

static Log__Request *request_part(struct arena *arena, const struct request *from)
{
        Log__Request *to = part_new(arena, &log__request__descriptor);

        if (to != NULL)
                fill_request(to, from);
        return to;
}

static Log__Width **width_parts(struct arena *arena, const struct offpeak_width *from, size_t n)
{
        Log__Width **to = parts_new(arena, &log__width__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->nodes = from[i].nodes;
                to[i]->gpus_per_node = from[i].gpus_per_node;
                to[i]->speed_ppm = from[i].speed_ppm;
                to[i]->power_w = from[i].power_w;
        }
        return to;
}

static Log__JobSpec *spec_part(struct arena *arena, const struct offpeak_job_spec *from)
{
        Log__JobSpec *to = part_new(arena, &log__job_spec__descriptor);

        if (to == NULL)
                return NULL;
        to->name = text(from->name);
        to->class_name = text(from->class_name);
        to->n_argv = from->argc;
        to->argv = from->argv;
        to->n_env = from->envc;
        to->env = from->env;
        to->directory = text(from->directory);
        to->stdout_path = text(from->stdout_path);
        to->stderr_path = text(from->stderr_path);
        to->checkpoint_dir = text(from->checkpoint_dir);
        to->site = text(from->site);
        to->nodes = from->nodes;
        to->gpus_per_node = from->gpus_per_node;
        to->time_s = from->time_s;
        to->begin = from->begin;
        to->deadline = from->deadline;
        to->power_w = from->power_w;
        to->signal = from->signal;
        to->signal_lead_s = from->signal_lead_s;
        to->interruptible = from->interruptible;
        to->hold = from->hold;
        to->strict_deadline = from->strict_deadline;
        to->n_after_ok = from->n_after_ok;
        to->after_ok = from->after_ok;
        to->n_after_any = from->n_after_any;
        to->after_any = from->after_any;
        to->n_widths = from->n_widths;
        to->widths = width_parts(arena, from->widths, from->n_widths);
        to->exclusive = from->exclusive;
        to->switches = from->switches;
        to->n_features = from->n_features;
        to->features = from->features;
        to->launcher = from->launcher;
        if (from->launcher == OFFPEAK_LAUNCHER_HEAD)
                to->secret = (ProtobufCBinaryData){ sizeof(from->secret), (uint8_t *)from->secret };
        return to;
}

/* ---- policy */

static void fill_ppa(Log__PurchaseAgreement *to, const struct supply_ppa *from)
{
        to->name = text(from->name);
        to->kind = from->kind;
        to->has_series = from->has_series;
        to->take_or_pay = from->take_or_pay;
        to->behind_meter = from->behind_meter;
        to->strike = from->strike;
        to->share_ppm = from->share_ppm;
        to->power_w = from->power_w;
        to->start = from->start;
        to->end = from->end;
        to->carbon = from->carbon;
}

static void fill_demand(Log__DemandCharge *to, const struct supply_demand *from)
{
        to->per_kw = from->per_kw;
        to->interval_s = from->interval_s;
        to->days = from->hours.days;
        to->from_minute = from->hours.from_minute;
        to->to_minute = from->hours.to_minute;
        to->contract_w = from->contract_w;
        to->minimum_share_ppm = from->minimum_share_ppm;
}

static void fill_reactor(Log__ReactorUnit *to, const struct supply_reactor *from)
{
        to->name = text(from->name);
        to->rating_w = from->rating_w;
        to->minimum_w = from->minimum_w;
        to->ramp_w_per_min = from->ramp_w_per_min;
        to->restart_s = from->restart_s;
}

static void fill_outage(Log__Outage *to, const struct supply_outage *from)
{
        to->unit = from->unit;
        to->from = from->from;
        to->to = from->to;
        to->power_w = from->power_w;
}

/* The lists of contracts and units. */
static void fill_lists(struct arena *arena, Log__SupplyTerms *to, const struct supply_terms *from)
{
        to->demands = parts_new(arena, &log__demand_charge__descriptor, from->n_demands);
        to->ppas = parts_new(arena, &log__purchase_agreement__descriptor, from->n_ppas);
        to->reactors = parts_new(arena, &log__reactor_unit__descriptor, from->n_reactors);
        to->outages = parts_new(arena, &log__outage__descriptor, from->n_outages);
        if (to->demands == NULL || to->ppas == NULL || to->reactors == NULL || to->outages == NULL)
                return;
        to->n_demands = from->n_demands;
        to->n_ppas = from->n_ppas;
        to->n_reactors = from->n_reactors;
        to->n_outages = from->n_outages;
        for (uint32_t i = 0; i < from->n_demands; i++)
                fill_demand(to->demands[i], &from->demands[i]);
        for (uint32_t i = 0; i < from->n_ppas; i++)
                fill_ppa(to->ppas[i], &from->ppas[i]);
        for (uint32_t i = 0; i < from->n_reactors; i++)
                fill_reactor(to->reactors[i], &from->reactors[i]);
        for (uint32_t i = 0; i < from->n_outages; i++)
                fill_outage(to->outages[i], &from->outages[i]);
}

static void fill_store(Log__Store *to, const struct supply_store *from)
{
        to->energy_wh = from->energy_wh;
        to->reserve_wh = from->reserve_wh;
        to->charge_w = from->charge_w;
        to->discharge_w = from->discharge_w;
        to->charge_ppm = from->charge_ppm;
        to->discharge_ppm = from->discharge_ppm;
        to->has_end_value = from->has_end_value;
        to->end_value = from->end_value;
        to->from_reactor = from->from_reactor;
}

static Log__SupplyTerms *terms_part(struct arena *arena, const struct supply_terms *from)
{
        Log__SupplyTerms *to = part_new(arena, &log__supply_terms__descriptor);

        if (to == NULL)
                return NULL;
        to->grid_adder = from->grid_adder;
        to->grid_limit_w = from->grid_limit_w;
        to->has_reactor = from->has_reactor;
        to->reactor_fuel = from->reactor_fuel;
        to->reactor_carbon = from->reactor_carbon;
        to->pue_fixed_w = from->pue_fixed_w;
        to->pue_ppm = from->pue_ppm;
        to->grid_tax_ppm = from->grid_tax_ppm;
        to->has_firm = from->has_firm;
        to->grid_firm_w = from->grid_firm_w;
        to->grid_curtailable_w = from->grid_curtailable_w;
        to->export_limit_w = from->export_limit_w;
        to->has_export_price = from->has_export_price;
        to->export_price = from->export_price;
        to->utc_offset_s = from->utc_offset_s;
        to->has_solar = from->has_solar;
        to->solar_carbon = from->solar_carbon;
        to->reactor_house_w = from->reactor_house_w;
        to->stores = parts_new(arena, &log__store__descriptor, from->has_store);
        to->n_stores = to->stores != NULL && from->has_store;
        if (to->n_stores > 0)
                fill_store(to->stores[0], &from->store);
        fill_lists(arena, to, from);
        return to;
}

static void fill_class(Log__PolicyClass *to, const struct policy_class *from)
{
        to->name = text(from->name);
        to->delay_cost = from->delay_cost;
        to->max_delay_s = from->max_delay_s;
        to->carbon_price = from->carbon_price;
        to->interruptible = from->interruptible;
        to->max_pauses = from->max_pauses;
        to->min_run_s = from->min_run_s;
        to->start_cost_s = from->start_cost_s;
        to->stop_grace_s = from->stop_grace_s;
        to->lateness_cost = from->lateness_cost;
        to->on_lost = from->on_lost;
        to->lease_ms = from->lease_ms;
        to->retries = from->retries;
        to->limit_ppm = from->limit_ppm;
        to->quota_gpus = from->quota_gpus;
        to->quota_gpu_hours = from->quota_gpu_hours;
        to->risk_ppm = from->risk_ppm;
        to->cap_floor_ppm = from->cap_floor_ppm;
        to->deadline_margin_less_ppm = record_margin(from->deadline_margin_ppm);
        to->may_move = from->may_move;
        to->move_mb = from->move_mb;
        to->n_sites = from->n_sites;
        to->sites = from->sites;
}

static void fill_rules(struct arena *arena, Log__PolicySite *to, const struct policy_site *from)
{
        static const struct signal_rule none;

        to->signals = parts_new(arena, &log__signal_rule__descriptor, SERIES_COUNT);
        for (uint32_t kind = 1; to->signals != NULL && kind < SERIES_COUNT; kind++) {
                Log__SignalRule *rule = to->signals[to->n_signals];

                if (signal_rule_same(&from->signals[kind], &none))
                        continue;
                rule->kind = kind;
                rule->stale_after_s = from->signals[kind].stale_after_s;
                rule->fallback = from->signals[kind].fallback;
                rule->value = from->signals[kind].value;
                to->n_signals++;
        }
}

static Log__Policy *policy_part(struct arena *arena, const struct policy *from)
{
        Log__Policy *to = part_new(arena, &log__policy__descriptor);

        if (to == NULL)
                return NULL;
        to->sites = parts_new(arena, &log__policy_site__descriptor, from->n_sites);
        to->classes = parts_new(arena, &log__policy_class__descriptor, from->n_classes);
        if (to->sites == NULL || to->classes == NULL)
                return NULL;
        to->n_sites = from->n_sites;
        for (size_t i = 0; i < from->n_sites; i++) {
                to->sites[i]->name = text(from->sites[i].name);
                to->sites[i]->currency = text(from->sites[i].currency);
                to->sites[i]->terms = terms_part(arena, &from->sites[i].terms);
                to->sites[i]->wan_mbit_per_s = from->sites[i].wan_mbit_per_s;
                to->sites[i]->egress_cost = from->sites[i].egress_cost;
                fill_rules(arena, to->sites[i], &from->sites[i]);
        }
        to->n_classes = from->n_classes;
        for (size_t i = 0; i < from->n_classes; i++)
                fill_class(to->classes[i], &from->classes[i]);
        to->plan_interval_s = from->plan_interval_s;
        to->plan_horizon_s = from->plan_horizon_s;
        to->plan_work = from->plan_work;
        to->arm_timeout_ms = from->arm_timeout_ms;
        to->backoff_ms = from->backoff_ms;
        to->drain_after = from->drain_after;
        return to;
}

/* ---- series, plan, books */

/* Small differences are few bytes. Unsigned arithmetic: a hole's INT64_MIN wraps and comes back. */
static void fill_series(struct arena *arena, Log__Series *to, const struct series *from)
{
        uint64_t start = 0, value = 0;

        to->kind = from->kind;
        to->site = text(from->site);
        to->source = text(from->source);
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
        Log__PlanTerms *to = part_new(arena, &log__plan_terms__descriptor);

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

static Log__AdoptedPlan *adopted_part(struct arena *arena, const struct adopted_plan *from)
{
        Log__AdoptedPlan *to = part_new(arena, &log__adopted_plan__descriptor);

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

static Log__Interval **interval_parts(struct arena *arena, const struct plan_interval *from, size_t n)
{
        Log__Interval **to = parts_new(arena, &log__interval__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->start = from[i].start;
                to[i]->end = from[i].end;
                to[i]->site = from[i].site;
                to[i]->mode = from[i].mode;
        }
        return to;
}

static Log__Flow **flow_parts(struct arena *arena, const struct plan_flow *from, size_t n)
{
        Log__Flow **to = parts_new(arena, &log__flow__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->start = from[i].start;
                to[i]->end = from[i].end;
                to[i]->site = from[i].site;
                to[i]->watts = from[i].watts;
        }
        return to;
}

static Log__PlannedJob **planned_parts(struct arena *arena, const struct record_planned_job *from, size_t n)
{
        Log__PlannedJob **to = parts_new(arena, &log__planned_job__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->job = from[i].job;
                to[i]->n_intervals = from[i].n_intervals;
                to[i]->intervals = interval_parts(arena, from[i].intervals, from[i].n_intervals);
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

static Log__Booking *booking_part(struct arena *arena, const struct booking *from)
{
        Log__Booking *to = part_new(arena, &log__booking__descriptor);

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

static void fill_book(Log__Book *to, const struct book *from)
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

static Log__Stock **stock_parts(struct arena *arena, const struct stock *from, size_t n)
{
        Log__Stock **to = parts_new(arena, &log__stock__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->charged_until = from[i].charged_until;
                to[i]->counted_at = from[i].counted_at;
                to[i]->lost = from[i].lost;
                to[i]->charge_rest = from[i].charge_rest;
                to[i]->discharge_rest = from[i].discharge_rest;
        }
        return to;
}

/* ---- nodes and attempts */

static void fill_links(struct arena *arena, Log__Inventory *to, const struct inventory *from)
{
        to->link_gbps = arena_take(arena, from->n_links, sizeof(*to->link_gbps));
        to->link_near = arena_take(arena, from->n_links, sizeof(*to->link_near));
        if (to->link_gbps == NULL || to->link_near == NULL)
                return;
        to->n_link_gbps = to->n_link_near = from->n_links;
        for (size_t i = 0; i < from->n_links; i++) {
                to->link_gbps[i] = from->links[i].gbps;
                to->link_near[i] = from->links[i].near;
        }
}

static Log__Inventory *inventory_part(struct arena *arena, const struct inventory *from)
{
        Log__Inventory *to = part_new(arena, &log__inventory__descriptor);

        if (to == NULL)
                return NULL;
        to->model = text(from->model);
        to->address = text(from->address);
        to->cores = from->cores;
        to->memory_mb = from->memory_mb;
        to->idle_w = from->idle_w;
        to->power_quality = from->power_quality;
        to->devices = parts_new(arena, &log__device__descriptor, from->n_devices);
        if (to->devices == NULL)
                return NULL;
        to->n_devices = from->n_devices;
        for (size_t i = 0; i < from->n_devices; i++) {
                to->devices[i]->kind = from->devices[i].kind;
                to->devices[i]->numa = from->devices[i].numa;
                to->devices[i]->max_w = from->devices[i].max_w;
                to->devices[i]->least_w = from->devices[i].least_w;
                to->devices[i]->address = text(from->devices[i].address);
        }
        fill_links(arena, to, from);
        to->block = text(from->block);
        to->rack = text(from->rack);
        to->leaf_switch = text(from->leaf_switch);
        to->n_features = from->n_features;
        to->features = from->features;
        return to;
}

static enum leg_state on_record(enum leg_state state)
{
        return state == LEG_ARMED || state == LEG_RUNNING ? LEG_ORDERED : state;
}

static Log__Leg **leg_parts(struct arena *arena, const struct leg *from, size_t n)
{
        Log__Leg **to = parts_new(arena, &log__leg__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->node = from[i].node;
                to[i]->devices = from[i].devices;
                to[i]->state = on_record(from[i].state);
                to[i]->how = from[i].how;
                to[i]->status = from[i].status;
                to[i]->killed = from[i].killed;
                to[i]->before_stop = from[i].before_stop;
                to[i]->started_at = from[i].started_at;
                to[i]->booked_until = from[i].booked_until;
                to[i]->joules = from[i].joules;
        }
        return to;
}

static Log__LegRef *leg_ref_part(struct arena *arena, const struct record_leg_ref *from)
{
        Log__LegRef *to = part_new(arena, &log__leg_ref__descriptor);

        if (to == NULL)
                return NULL;
        to->job = from->job;
        to->attempt = from->attempt;
        to->node = from->node;
        return to;
}

static bool pause_says_nothing(const struct pause *pause)
{
        return pause->cause == PAUSE_UNKNOWN && pause->attempt == 0 && pause->at == 0 && pause->drawn_w == 0 &&
               pause->limit_w == 0 && pause->signal == 0 && pause->use == SIGNAL_NOTHING && pause->other == 0 &&
               pause->site == 0 && pause->gpus == 0;
}

/* A list of one; of none where there is nothing to tell, as in logs from before there was a record of it. */
static Log__Pause **pause_parts(struct arena *arena, const struct pause *from, size_t *ret_n)
{
        Log__Pause **to;

        if (pause_says_nothing(from) || (to = parts_new(arena, &log__pause__descriptor, 1)) == NULL)
                return NULL;
        *ret_n = 1;
        to[0]->cause = from->cause;
        to[0]->attempt = from->attempt;
        to[0]->at = from->at;
        to[0]->drawn_w = from->drawn_w;
        to[0]->limit_w = from->limit_w;
        to[0]->signal = from->signal;
        to[0]->use = from->use;
        to[0]->other = from->other;
        to[0]->site = from->site;
        to[0]->gpus = from->gpus;
        return to;
}

/* A list of one; of none where no attempt failed. */
static Log__Failure **failure_parts(struct arena *arena, const struct failure *from, size_t *ret_n)
{
        Log__Failure **to;

        if (from->attempt == 0 || (to = parts_new(arena, &log__failure__descriptor, 1)) == NULL)
                return NULL;
        *ret_n = 1;
        to[0]->attempt = from->attempt;
        to[0]->node = from->node;
        to[0]->rank = from->rank;
        to[0]->how = from->how;
        to[0]->status = from->status;
        to[0]->killed = from->killed;
        to[0]->at = from->at;
        to[0]->why = text(from->why);
        to[0]->tail = text(from->tail);
        return to;
}

static Log__Attempt *attempt_part(struct arena *arena, const struct attempt *from)
{
        Log__Attempt *to = part_new(arena, &log__attempt__descriptor);

        if (to == NULL)
                return NULL;
        to->number = from->number;
        to->epoch = from->epoch;
        to->state = from->state;
        to->stop = from->stop;
        to->go = from->go;
        to->mode = from->mode;
        to->launched_at = from->launched_at;
        to->lease_ms = from->lease_ms;
        to->grace_s = from->grace_s;
        to->on_lost = from->on_lost;
        to->fraction_before = from->fraction_before;
        to->over_at = from->over_at;
        to->mode_since = from->mode_since;
        to->made_s = from->made_s;
        to->mode_before = from->mode_before;
        to->before_since = from->before_since;
        to->drawn_s = from->drawn_s;
        to->carried_s = from->carried_s;
        to->mark_at = from->mark_at;
        to->mark_fraction = from->mark_fraction;
        to->n_legs = from->n_legs;
        to->legs = leg_parts(arena, from->legs, from->n_legs);
        return to;
}

/* ---- bodies: facts and decisions */

static void fill_submitted(struct arena *arena, Log__Submitted *to, const struct record *record)
{
        to->job = record->u.submitted.job;
        to->spec = spec_part(arena, &record->u.submitted.spec);
        to->uid = record->u.submitted.uid;
        to->user = text(record->u.submitted.user);
        to->held = record->u.submitted.held;
        to->request = request_part(arena, &record->u.submitted.request);
}

static void fill_node_up(struct arena *arena, Log__NodeUp *to, const struct record *record)
{
        to->name = text(record->u.node_up.name);
        to->site = text(record->u.node_up.site);
        to->boot = text(record->u.node_up.boot);
        to->inventory = inventory_part(arena, &record->u.node_up.inventory);
}

static void fill_launch(struct arena *arena, Log__Launch *to, const struct record *record)
{
        to->job = record->u.launch.job;
        to->attempt = record->u.launch.attempt;
        to->mode = record->u.launch.mode;
        to->go = record->u.launch.go;
        to->lease_ms = record->u.launch.lease_ms;
        to->grace_s = record->u.launch.grace_s;
        to->on_lost = record->u.launch.on_lost;
        to->n_legs = record->u.launch.n_legs;
        to->legs = leg_parts(arena, record->u.launch.legs, record->u.launch.n_legs);
}

static void fill_leg_end(struct arena *arena, Log__LegEnd *to, const struct record *record)
{
        to->leg = leg_ref_part(arena, &record->u.leg_end.leg);
        to->how = record->u.leg_end.how;
        to->status = record->u.leg_end.status;
        to->killed = record->u.leg_end.killed;
        to->why = text(record->u.leg_end.why);
        to->tail = text(record->u.leg_end.tail);
        to->rank = record->u.leg_end.rank;
}

static void fill_devices(struct arena *arena, Log__Devices *to, const struct record *record)
{
        to->node = record->u.devices.node;
        to->unwell = parts_new(arena, &log__unwell__descriptor, record->u.devices.n_unwell);
        if (to->unwell == NULL)
                return;
        to->n_unwell = record->u.devices.n_unwell;
        for (size_t i = 0; i < to->n_unwell; i++) {
                to->unwell[i]->device = record->u.devices.unwell[i].device;
                to->unwell[i]->reason = text(record->u.devices.unwell[i].reason);
        }
}

static void fill_over(Log__Over *to, const struct record *record)
{
        to->job = record->u.over.job;
        to->attempt = record->u.over.attempt;
        to->paused = record->u.over.paused;
        to->lost = record->u.over.lost;
        to->ran_s = record->u.over.ran_s;
        to->avoid_node = record->u.over.avoid_node;
        to->blamed_node = record->u.over.blamed_node;
        to->blamed = record->u.over.blamed;
}

static void fill_ended(Log__Ended *to, const struct record *record)
{
        to->job = record->u.ended.job;
        to->state = record->u.ended.state;
        to->end = record->u.ended.end;
        to->status = record->u.ended.status;
}

static void fill_progress(Log__Progress *to, const struct record *record)
{
        to->job = record->u.progress.job;
        to->fraction = record->u.progress.fraction;
        to->reported = record->u.progress.reported;
        to->total_s = record->u.progress.total_s;
}

static void fill_plan(struct arena *arena, Log__Plan *to, const struct record *record)
{
        to->plan = adopted_part(arena, &record->u.plan.plan);
        to->n_jobs = record->u.plan.n_jobs;
        to->jobs = planned_parts(arena, record->u.plan.jobs, record->u.plan.n_jobs);
        to->n_flows = record->u.plan.n_flows;
        to->flows = flow_parts(arena, record->u.plan.flows, record->u.plan.n_flows);
}

/* ---- bodies: images */

static Log__MonthUse **month_parts(struct arena *arena, const struct month_use *from, size_t n)
{
        Log__MonthUse **to = parts_new(arena, &log__month_use__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->class_name = text(from[i].class);
                to[i]->month = from[i].month;
                to[i]->gpu_s = from[i].gpu_s;
        }
        return to;
}

static void fill_meta(struct arena *arena, Log__Meta *to, const struct record *record)
{
        to->log_index = record->u.meta.log_index;
        to->term = record->u.meta.term;
        to->next_job = record->u.meta.next_job;
        to->fenced_start = record->u.meta.fenced_start;
        to->policy = policy_part(arena, &record->u.meta.policy);
        to->plan = adopted_part(arena, &record->u.meta.plan);
        to->n_flows = record->u.meta.n_flows;
        to->flows = flow_parts(arena, record->u.meta.flows, record->u.meta.n_flows);
        to->n_past_flows = record->u.meta.n_past_flows;
        to->past_flows = flow_parts(arena, record->u.meta.past_flows, record->u.meta.n_past_flows);
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
        to->push_sources = parts_new(arena, &log__push_source__descriptor, from->n_push_sources);
        if (to->push_sources == NULL)
                return;
        to->n_push_sources = from->n_push_sources;
        for (uint32_t i = 0; i < from->n_push_sources; i++) {
                to->push_sources[i]->kind = from->push_sources[i].kind;
                to->push_sources[i]->name = text(from->push_sources[i].name);
                to->push_sources[i]->seq = from->push_sources[i].seq;
                to->push_sources[i]->digest = from->push_sources[i].digest;
                to->push_sources[i]->issued = from->push_sources[i].issued;
                to->push_sources[i]->at = from->push_sources[i].at;
        }
}

/* The layers: what is in force is made of them. */
static void fill_layers(struct arena *arena, Log__Site *to, const struct site *from)
{
        to->series = parts_new(arena, &log__series__descriptor, SERIES_COUNT);
        to->pushed = parts_new(arena, &log__series__descriptor, SERIES_COUNT);
        if (to->series == NULL || to->pushed == NULL)
                return;
        for (size_t kind = 1; kind < SERIES_COUNT; kind++) {
                if (from->feed[kind].n_points > 0 || from->feed[kind].version > 0)
                        fill_series(arena, to->series[to->n_series++], &from->feed[kind]);
                if (from->pushed[kind].n_points > 0 || from->pushed[kind].version > 0)
                        fill_series(arena, to->pushed[to->n_pushed++], &from->pushed[kind]);
        }
}

/* A site without a store reads and writes as it did before there was an account of storage. */
static size_t used_books(const struct book books[ACCOUNT_COUNT])
{
        static const struct book nothing;

        return memcmp(&books[ACCOUNT_STORAGE], &nothing, sizeof(nothing)) != 0 ? ACCOUNT_COUNT : ACCOUNT_STORAGE;
}

static void fill_site(struct arena *arena, Log__Site *to, const struct site *from)
{
        static const struct stock no_stock;

        to->id = from->id;
        to->name = text(from->name);
        to->books = parts_new(arena, &log__book__descriptor, ACCOUNT_COUNT);
        if (to->books == NULL)
                return;
        fill_layers(arena, to, from);
        fill_push_sources(arena, to, from);
        to->n_books = used_books(from->books);
        for (size_t account = 0; account < to->n_books; account++)
                fill_book(to->books[account], &from->books[account]);
        to->n_stock = memcmp(&from->stock, &no_stock, sizeof(no_stock)) != 0;
        to->stock = stock_parts(arena, &from->stock, to->n_stock);
        to->overhead_until = from->overhead_until;
        to->pue_rest = from->pue_rest;
        fill_meter(arena, to, &from->meter);
}

static void fill_health(struct arena *arena, Log__Node *to, const struct node *from)
{
        to->health = parts_new(arena, &log__device_health__descriptor, from->n_health);
        if (to->health == NULL)
                return;
        to->n_health = from->n_health;
        for (size_t i = 0; i < to->n_health; i++) {
                to->health[i]->device = from->health[i].device;
                to->health[i]->unwell = from->health[i].unwell;
                to->health[i]->kept_off = from->health[i].kept_off;
                to->health[i]->faults = from->health[i].faults;
                to->health[i]->since = from->health[i].since;
                to->health[i]->reason = text(from->health[i].reason);
        }
}

static void fill_node(struct arena *arena, Log__Node *to, const struct node *from)
{
        to->id = from->id;
        to->name = text(from->name);
        to->site = text(from->site);
        to->boot = text(from->boot);
        to->inventory = inventory_part(arena, &from->inventory);
        to->fenced = from->fenced;
        to->drain_reason = text(from->drain_reason);
        to->faults = from->faults;
        to->fault_job = from->fault_job;
        to->fault_at = from->fault_at;
        to->fault_how = from->fault_how;
        fill_health(arena, to, from);
        to->idle_until = from->idle_until;
}

static Log__LateExit **late_exit_parts(struct arena *arena, const struct late_exit *from, size_t n)
{
        Log__LateExit **to = parts_new(arena, &log__late_exit__descriptor, n);

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
        to->planned = interval_parts(arena, from->planned, from->n_planned);
        to->n_pins = from->n_pins;
        to->pins = interval_parts(arena, from->pins, from->n_pins);
        to->pinned_index = from->pinned_index;
        to->reason = from->reason;
        to->planned_finish = from->planned_finish;
        to->planned_late_s = from->planned_late_s;
        to->planned_cost = from->planned_cost;
        to->planned_run_now_cost = from->planned_run_now_cost;
        to->cost_when_planned = from->cost_when_planned;
}

static void fill_job(struct arena *arena, Log__Job *to, const struct job *from)
{
        to->id = from->id;
        to->spec = spec_part(arena, &from->spec);
        to->uid = from->uid;
        to->user = text(from->user);
        to->submitted_at = from->submitted_at;
        to->state = from->state;
        to->held = from->held;
        to->unmet = from->unmet;
        to->anyhow = from->anyhow;
        to->cancel = from->cancel;
        to->attempt = attempt_part(arena, &from->attempt);
        to->attempts = from->attempts;
        to->pauses = from->pauses;
        to->last_pause = pause_parts(arena, &from->last_pause, &to->n_last_pause);
        to->failure = failure_parts(arena, &from->failure, &to->n_failure);
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

static Log__ProfilePoint **point_parts(struct arena *arena, const struct profile_point *from, size_t n)
{
        Log__ProfilePoint **to = parts_new(arena, &log__profile_point__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->gpus = from[i].gpus;
                to[i]->level = from[i].level;
                to[i]->ran_s = from[i].ran_s;
                to[i]->work_s = from[i].work_s;
                to[i]->metered_ms = from[i].metered_ms;
                to[i]->joules = from[i].joules;
                to[i]->fitted_ran_s = from[i].fitted_ran_s;
                to[i]->fitted_ms = from[i].fitted_ms;
        }
        return to;
}

static Log__ProfileWidth **profile_width_parts(struct arena *arena, const struct profile_width *from, size_t n)
{
        Log__ProfileWidth **to = parts_new(arena, &log__profile_width__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->gpus = from[i].gpus;
                to[i]->seed_ppm = from[i].seed_ppm;
                to[i]->seed_w = from[i].seed_w;
                to[i]->speed_ppm = from[i].speed_ppm;
                to[i]->power_w = from[i].power_w;
        }
        return to;
}

static void fill_profile(struct arena *arena, Log__Profile *to, const struct job_profile *from)
{
        to->uid = from->uid;
        to->class_name = text(from->class);
        to->name = text(from->name);
        to->gpus = from->gpus;
        to->time_s = from->time_s;
        to->used_at = from->used_at;
        to->fitted_index = from->fitted_index;
        to->knows_time = from->knows_time;
        to->n_points = from->n_points;
        to->points = point_parts(arena, from->points, from->n_points);
        to->n_widths = from->n_widths;
        to->widths = profile_width_parts(arena, from->widths, from->n_widths);
        to->n_cap_speed_ppm = to->n_cap_power_ppm = CAPS_LEVELS;
        to->cap_speed_ppm = (int64_t *)(uintptr_t)from->cap_speed_ppm;
        to->cap_power_ppm = (int64_t *)(uintptr_t)from->cap_power_ppm;
}

/* ---- the record */

static void fill_fact(struct arena *arena, Log__Record *to, const struct record *record)
{
        switch (record->type) {
        case RECORD_TERM:
                to->term->term = record->u.term.term;
                to->term->fenced_start = record->u.term.fenced_start;
                break;
        case RECORD_CONFIG:
                to->config->policy = policy_part(arena, &record->u.config.policy);
                break;
        case RECORD_SERIES:
                fill_series(arena, to->series, &record->u.series.series);
                break;
        case RECORD_PUSHED:
                to->pushed->series = part_new(arena, &log__series__descriptor);
                if (to->pushed->series != NULL)
                        fill_series(arena, to->pushed->series, &record->u.pushed.series);
                to->pushed->seq = record->u.pushed.seq;
                to->pushed->digest = record->u.pushed.digest;
                to->pushed->request = request_part(arena, &record->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                to->confirmed->site = text(record->u.confirmed.site);
                to->confirmed->kind = record->u.confirmed.kind;
                break;
        case RECORD_SUBMITTED:
                fill_submitted(arena, to->submitted, record);
                break;
        case RECORD_HELD:
                to->held->job = record->u.held.job;
                to->held->held = record->u.held.held;
                to->held->unmet = record->u.held.unmet;
                to->held->request = request_part(arena, &record->u.held.request);
                break;
        case RECORD_PINNED:
                to->pinned->job = record->u.pinned.job;
                to->pinned->n_hours = record->u.pinned.n_hours;
                to->pinned->hours = interval_parts(arena, record->u.pinned.hours, record->u.pinned.n_hours);
                to->pinned->request = request_part(arena, &record->u.pinned.request);
                break;
        case RECORD_CANCEL:
                to->cancel->job = record->u.cancel.job;
                to->cancel->request = request_part(arena, &record->u.cancel.request);
                break;
        case RECORD_NODE_UP:
                fill_node_up(arena, to->node_up, record);
                break;
        case RECORD_DEVICES:
                fill_devices(arena, to->devices, record);
                break;
        case RECORD_DRAINED:
                to->drained->node = record->u.drained.node;
                to->drained->reason = text(record->u.drained.reason);
                to->drained->request = request_part(arena, &record->u.drained.request);
                break;
        case RECORD_NODE_FENCED:
                to->node_fenced->node = record->u.node_fenced.node;
                to->node_fenced->fenced = record->u.node_fenced.fenced;
                to->node_fenced->request = request_part(arena, &record->u.node_fenced.request);
                break;
        case RECORD_LAUNCH:
                fill_launch(arena, to->launch, record);
                break;
        case RECORD_GO:
                to->go->job = record->u.go.job;
                to->go->attempt = record->u.go.attempt;
                break;
        case RECORD_CAPPED:
                to->capped->job = record->u.capped.job;
                to->capped->attempt = record->u.capped.attempt;
                to->capped->mode = record->u.capped.mode;
                break;
        case RECORD_LEARNED:
                fill_profile(arena, to->learned, &record->u.learned.fitted);
                break;
        case RECORD_STOP:
                to->stop->job = record->u.stop.job;
                to->stop->attempt = record->u.stop.attempt;
                to->stop->reason = record->u.stop.reason;
                to->stop->pause = pause_parts(arena, &record->u.stop.pause, &to->stop->n_pause);
                to->stop->node = record->u.stop.node;
                to->stop->why = text(record->u.stop.why);
                break;
        case RECORD_LEG_END:
                fill_leg_end(arena, to->leg_end, record);
                break;
        case RECORD_LATE_EXIT:
                to->late_exit->leg = leg_ref_part(arena, &record->u.late_exit.leg);
                to->late_exit->status = record->u.late_exit.status;
                break;
        case RECORD_OVER:
                fill_over(to->over, record);
                break;
        case RECORD_ENDED:
                fill_ended(to->ended, record);
                break;
        case RECORD_PROGRESS:
                fill_progress(to->progress, record);
                break;
        case RECORD_PLAN:
                fill_plan(arena, to->plan, record);
                break;
        case RECORD_BOOKED:
                to->booked->booking = booking_part(arena, &record->u.booked.booking);
                to->booked->pue_rest = record->u.booked.pue_rest;
                to->booked->n_stock = record->u.booked.has_stock;
                to->booked->stock = stock_parts(arena, &record->u.booked.stock, to->booked->n_stock);
                break;
        default:
                break;
        }
}

static void fill_image(struct arena *arena, Log__Record *to, const struct record *record)
{
        switch (record->type) {
        case RECORD_I_META:
                fill_meta(arena, to->meta, record);
                break;
        case RECORD_I_SITE:
                fill_site(arena, to->site, &record->u.site.site);
                break;
        case RECORD_I_NODE:
                fill_node(arena, to->node, &record->u.node.node);
                break;
        case RECORD_I_JOB:
                fill_job(arena, to->job, &record->u.job.job);
                break;
        case RECORD_I_PROFILE:
                fill_profile(arena, to->profile, &record->u.profile.profile);
                break;
        case RECORD_I_REQUEST:
                fill_request(to->request, &record->u.request.request);
                break;
        default:
                break;
        }
}

Log__Record *record_to_parts(const struct record *record, struct arena *arena)
{
        const ProtobufCFieldDescriptor *body =
                protobuf_c_message_descriptor_get_field(&log__record__descriptor, record->type);
        Log__Record *to = part_new(arena, &log__record__descriptor);

        if (to == NULL || body == NULL || !record_is_durable(record))
                return NULL;
        to->index = record->index;
        to->at = record->at;
        to->body_case = (Log__Record__BodyCase)record->type;
        to->term = part_new(arena, body->descriptor); /* a union of pointers: this sets the body, whichever it is */
        if (to->term == NULL)
                return NULL;
        if (record->type < RECORD_I_META)
                fill_fact(arena, to, record);
        else
                fill_image(arena, to, record);
        return arena->failed ? NULL : to;
}
