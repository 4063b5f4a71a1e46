/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts -> record, field by field. What is wrong is remembered in the taker and the rest is taken all the same;
 * record_from_parts looks at it once and throws away what cannot be used.
 */
#include "io/record_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/exact.h"
#include "base/fail.h"

struct taker {
        bool no_memory;
        const char *wrong; /* a field that is out of bounds */
};

static void *take_memory(struct taker *taker, size_t n, size_t size)
{
        void *memory = n > 0 ? calloc(n, size) : NULL;

        if (memory == NULL && n > 0)
                taker->no_memory = true;
        return memory;
}

static char *take_text(struct taker *taker, const char *text)
{
        char *copy = strdup(text);

        if (copy == NULL)
                taker->no_memory = true;
        return copy;
}

static char *take_optional(struct taker *taker, const char *text)
{
        return text[0] != '\0' ? take_text(taker, text) : NULL;
}

/* At most size - 1 bytes; NULL for none. */
static char *take_bounded(struct taker *taker, const char *text, size_t size, const char *field)
{
        if (strnlen(text, size) < size)
                return take_optional(taker, text);
        taker->wrong = field;
        return NULL;
}

/* A NULL behind the last word. No words: NULL. */
static char **take_words(struct taker *taker, char *const *words, size_t n, size_t *ret_n)
{
        char **copy = take_memory(taker, n > 0 ? n + 1 : 0, sizeof(char *));

        *ret_n = copy != NULL ? n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                copy[i] = take_text(taker, words[i]);
        return copy;
}

static uint64_t *take_ids(struct taker *taker, const uint64_t *ids, size_t n, size_t *ret_n)
{
        uint64_t *copy = take_memory(taker, n, sizeof(*copy));

        *ret_n = copy != NULL ? n : 0;
        if (copy != NULL)
                memcpy(copy, ids, n * sizeof(*copy));
        return copy;
}

static void take_chars(struct taker *taker, const char *text, char *to, size_t size, const char *field)
{
        size_t length = strlen(text);

        if (length >= size)
                taker->wrong = field;
        else
                memcpy(to, text, length + 1);
}

static uint32_t take_enum(struct taker *taker, uint32_t value, uint32_t low, uint32_t high, const char *field)
{
        if (value >= low && value <= high)
                return value;
        taker->wrong = field;
        return low;
}

static void take_request(struct taker *taker, const Log__Request *from, struct request *to)
{
        if (from->id.len == sizeof(to->id))
                memcpy(to->id, from->id.data, sizeof(to->id));
        else
                taker->wrong = "request.id";
        to->uid = from->uid;
        to->digest = from->digest;
        to->job = from->job;
        to->code = from->code;
        to->text = take_optional(taker, from->text);
        to->at = from->at;
}

static void take_widths(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        to->widths = take_memory(taker, from->n_widths, sizeof(*to->widths));
        to->n_widths = to->widths != NULL ? from->n_widths : 0;
        for (size_t i = 0; i < to->n_widths; i++)
                to->widths[i] = (struct offpeak_width){ from->widths[i]->nodes, from->widths[i]->gpus_per_node,
                                                        from->widths[i]->speed_ppm, from->widths[i]->power_w };
}

static void take_secret(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        const size_t size = to->launcher == OFFPEAK_LAUNCHER_HEAD ? sizeof(to->secret) : 0;

        if (from->secret.len != size)
                taker->wrong = "spec.secret";
        else if (size > 0)
                memcpy(to->secret, from->secret.data, size);
}

static void take_spec(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        to->name = take_optional(taker, from->name);
        to->class_name = take_optional(taker, from->class_name);
        to->argv = take_words(taker, from->argv, from->n_argv, &to->argc);
        to->env = take_words(taker, from->env, from->n_env, &to->envc);
        to->directory = take_optional(taker, from->directory);
        to->stdout_path = take_optional(taker, from->stdout_path);
        to->stderr_path = take_optional(taker, from->stderr_path);
        to->checkpoint_dir = take_optional(taker, from->checkpoint_dir);
        to->site = take_optional(taker, from->site);
        to->nodes = from->nodes;
        to->gpus_per_node = from->gpus_per_node;
        to->time_s = from->time_s;
        to->begin = from->begin;
        to->deadline = from->deadline;
        to->power_w = from->power_w;
        to->signal = from->signal;
        to->signal_lead_s = from->signal_lead_s;
        to->interruptible =
                take_enum(taker, from->interruptible, OFFPEAK_CLASS_DECIDES, OFFPEAK_NO, "spec.interruptible");
        to->hold = from->hold;
        to->strict_deadline = from->strict_deadline;
        to->after_ok = take_ids(taker, from->after_ok, from->n_after_ok, &to->n_after_ok);
        to->after_any = take_ids(taker, from->after_any, from->n_after_any, &to->n_after_any);
        take_widths(taker, from, to);
        to->exclusive = from->exclusive;
        to->switches = from->switches;
        to->features = take_words(taker, from->features, from->n_features, &to->n_features);
        to->launcher = take_enum(taker, from->launcher, OFFPEAK_LAUNCHER_NODE, OFFPEAK_LAUNCHER_HEAD, "spec.launcher");
        take_secret(taker, from, to);
}

/* ---- policy */

static void take_demand(struct taker *taker, const Log__DemandCharge *from, struct supply_demand *to)
{
        to->per_kw = from->per_kw;
        to->interval_s = from->interval_s;
        to->hours.days = (uint8_t)take_enum(taker, from->days, 0, 127, "demand.days");
        to->hours.from_minute = (uint16_t)take_enum(taker, from->from_minute, 0, 1440, "demand.from_minute");
        to->hours.to_minute = (uint16_t)take_enum(taker, from->to_minute, 0, 1440, "demand.to_minute");
        to->contract_w = from->contract_w;
        to->minimum_share_ppm = from->minimum_share_ppm;
        if (to->interval_s < SUPPLY_METER_S)
                taker->wrong = "demand.interval_s";
}

static void take_ppa(struct taker *taker, const Log__PurchaseAgreement *from, struct supply_ppa *to)
{
        take_chars(taker, from->name, to->name, sizeof(to->name), "ppa.name");
        to->kind = take_enum(taker, from->kind, PPA_AS_PRODUCED, PPA_VIRTUAL, "ppa.kind");
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

static void take_reactor(struct taker *taker, const Log__ReactorUnit *from, struct supply_reactor *to)
{
        take_chars(taker, from->name, to->name, sizeof(to->name), "reactor.name");
        to->rating_w = from->rating_w;
        to->minimum_w = from->minimum_w;
        to->ramp_w_per_min = from->ramp_w_per_min;
        to->restart_s = from->restart_s;
}

static void take_lists(struct taker *taker, const Log__SupplyTerms *from, struct supply_terms *to)
{
        if (from->n_demands > SUPPLY_MAX_DEMANDS || from->n_ppas > SUPPLY_MAX_PPAS ||
            from->n_reactors > SUPPLY_MAX_REACTORS || from->n_outages > SUPPLY_MAX_OUTAGES) {
                taker->wrong = "site.terms";
                return;
        }
        to->n_demands = (uint32_t)from->n_demands;
        to->n_ppas = (uint32_t)from->n_ppas;
        to->n_reactors = (uint32_t)from->n_reactors;
        to->n_outages = (uint32_t)from->n_outages;
        for (uint32_t i = 0; i < to->n_demands; i++)
                take_demand(taker, from->demands[i], &to->demands[i]);
        for (uint32_t i = 0; i < to->n_ppas; i++)
                take_ppa(taker, from->ppas[i], &to->ppas[i]);
        for (uint32_t i = 0; i < to->n_reactors; i++)
                take_reactor(taker, from->reactors[i], &to->reactors[i]);
        for (uint32_t i = 0; i < to->n_outages; i++) {
                to->outages[i] = (struct supply_outage){ .from = from->outages[i]->from,
                                                         .to = from->outages[i]->to,
                                                         .power_w = from->outages[i]->power_w };
                to->outages[i].unit = from->outages[i]->unit;
                if (to->outages[i].unit >= to->n_reactors)
                        taker->wrong = "outage.unit";
        }
}

static void take_store(const Log__Store *from, struct supply_store *to)
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

static void take_contracts(struct taker *taker, const Log__SupplyTerms *from, struct supply_terms *to)
{
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
        to->has_store = from->n_stores > 0;
        if (to->has_store)
                take_store(from->stores[0], &to->store);
        take_lists(taker, from, to);
}

static void take_rules(struct taker *taker, const Log__PolicySite *from, struct policy_site *to)
{
        for (size_t i = 0; i < from->n_signals; i++) {
                struct signal_rule *rule =
                        &to->signals[take_enum(taker, from->signals[i]->kind, SERIES_PRICE, SERIES_LAST, "rule.kind")];

                rule->stale_after_s = from->signals[i]->stale_after_s;
                rule->fallback = take_enum(taker, from->signals[i]->fallback, SIGNAL_BY_KIND, SIGNAL_TAKE_VALUE, "rule.fallback");
                rule->value = from->signals[i]->value;
                if (rule->stale_after_s < 0)
                        taker->wrong = "rule.stale_after_s";
        }
}

static void take_policy_site(struct taker *taker, const Log__PolicySite *from, struct policy_site *to)
{
        to->name = take_text(taker, from->name);
        to->currency = take_text(taker, from->currency);
        to->terms.grid_adder = from->terms->grid_adder;
        to->terms.grid_limit_w = from->terms->grid_limit_w;
        to->terms.has_reactor = from->terms->has_reactor;
        to->terms.reactor_fuel = from->terms->reactor_fuel;
        to->terms.reactor_carbon = from->terms->reactor_carbon;
        to->terms.pue_fixed_w = from->terms->pue_fixed_w;
        to->terms.pue_ppm = from->terms->pue_ppm;
        take_contracts(taker, from->terms, &to->terms);
        to->wan_mbit_per_s = from->wan_mbit_per_s;
        to->egress_cost = from->egress_cost;
        take_rules(taker, from, to);
}

static void take_class(struct taker *taker, const Log__PolicyClass *from, struct policy_class *to)
{
        to->name = take_text(taker, from->name);
        to->delay_cost = from->delay_cost;
        to->max_delay_s = from->max_delay_s;
        to->carbon_price = from->carbon_price;
        to->interruptible = from->interruptible;
        to->max_pauses = from->max_pauses;
        to->min_run_s = from->min_run_s;
        to->start_cost_s = from->start_cost_s;
        to->stop_grace_s = from->stop_grace_s;
        to->lateness_cost = from->lateness_cost;
        to->on_lost = take_enum(taker, from->on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH, "class.on_lost");
        to->lease_ms = from->lease_ms;
        to->retries = from->retries;
        to->limit_ppm = from->limit_ppm;
        to->quota_gpus = from->quota_gpus;
        to->quota_gpu_hours = from->quota_gpu_hours;
        to->risk_ppm = from->risk_ppm;
        to->cap_floor_ppm = from->cap_floor_ppm;
        to->deadline_margin_ppm = record_margin(from->deadline_margin_less_ppm);
        to->may_move = from->may_move;
        to->move_mb = from->move_mb;
        to->sites = take_words(taker, from->sites, from->n_sites, &to->n_sites);
}

static void take_policy(struct taker *taker, const Log__Policy *from, struct policy *to)
{
        to->sites = take_memory(taker, from->n_sites, sizeof(to->sites[0]));
        to->n_sites = to->sites != NULL ? from->n_sites : 0;
        for (size_t i = 0; i < to->n_sites; i++)
                take_policy_site(taker, from->sites[i], &to->sites[i]);
        to->classes = take_memory(taker, from->n_classes, sizeof(to->classes[0]));
        to->n_classes = to->classes != NULL ? from->n_classes : 0;
        for (size_t i = 0; i < to->n_classes; i++)
                take_class(taker, from->classes[i], &to->classes[i]);
        to->plan_interval_s = from->plan_interval_s;
        to->plan_horizon_s = from->plan_horizon_s;
        to->plan_work = from->plan_work;
        to->arm_timeout_ms = from->arm_timeout_ms;
        to->backoff_ms = from->backoff_ms;
        to->drain_after = from->drain_after;
}

/* ---- series, plan, books */

static void take_points(struct taker *taker, const Log__Series *from, struct series *to)
{
        uint64_t start = 0, value = 0;

        if (from->n_starts != from->n_values) {
                taker->wrong = "series.values";
                return;
        }
        to->points = take_memory(taker, from->n_starts, sizeof(to->points[0]));
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

static void take_series(struct taker *taker, const Log__Series *from, struct series *to)
{
        to->kind = take_enum(taker, from->kind, SERIES_PRICE, SERIES_LAST, "series.kind");
        to->site = take_text(taker, from->site);
        to->source = take_text(taker, from->source);
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

static struct adopted_plan take_adopted(const Log__AdoptedPlan *from)
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

static struct plan_interval *take_intervals(struct taker *taker, Log__Interval *const *from, size_t n, uint32_t *ret_n)
{
        struct plan_interval *to = take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++) {
                to[i].start = from[i]->start;
                to[i].end = from[i]->end;
                to[i].site = from[i]->site;
                to[i].mode = from[i]->mode;
        }
        return to;
}

static struct plan_flow *take_flows(struct taker *taker, Log__Flow *const *from, size_t n, uint32_t *ret_n)
{
        struct plan_flow *to = take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                to[i] = (struct plan_flow){ from[i]->start, from[i]->end, from[i]->site, from[i]->watts };
        return to;
}

static void take_planned(struct taker *taker, const Log__PlannedJob *from, struct record_planned_job *to)
{
        to->job = from->job;
        to->intervals = take_intervals(taker, from->intervals, from->n_intervals, &to->n_intervals);
        to->reason = take_enum(taker, from->reason, 0, PLAN_PINNED, "plan.reason");
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

static void take_booking(struct taker *taker, const Log__Booking *from, struct booking *to)
{
        to->account = take_enum(taker, from->account, ACCOUNT_JOB, ACCOUNT_STORAGE, "booking.account");
        to->quality = take_enum(taker, from->quality, QUALITY_MEASURED, QUALITY_ESTIMATED, "booking.quality");
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
static bool take_stock(struct taker *taker, Log__Stock *const *parts, size_t n, struct stock *to)
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

static void take_book(struct taker *taker, const Log__Book *from, struct book *to)
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

/* ---- nodes and attempts */

static void take_device(struct taker *taker, const Log__Device *from, struct device *to)
{
        to->kind = take_enum(taker, from->kind, DEVICE_GPU, DEVICE_CPU_SLOT, "device.kind");
        to->numa = (uint8_t)take_enum(taker, from->numa, 0, UINT8_MAX, "device.numa");
        to->max_w = from->max_w;
        to->least_w = from->least_w;
        take_chars(taker, from->address, to->address, sizeof(to->address), "device.address");
}

static void take_links(struct taker *taker, const Log__Inventory *from, struct inventory *to)
{
        if (from->n_link_gbps != from->n_link_near ||
            (from->n_link_gbps != 0 && from->n_link_gbps != place_pairs(from->n_devices))) {
                taker->wrong = "inventory.link_gbps";
                return;
        }
        to->links = take_memory(taker, from->n_link_gbps, sizeof(*to->links));
        to->n_links = to->links != NULL ? (uint32_t)from->n_link_gbps : 0;
        for (size_t i = 0; i < to->n_links; i++)
                to->links[i] = (struct place_link){
                        (uint16_t)take_enum(taker, from->link_gbps[i], 0, UINT16_MAX, "inventory.link_gbps"),
                        (uint16_t)take_enum(taker, from->link_near[i], 0, UINT16_MAX, "inventory.link_near"),
                };
}

static void take_inventory(struct taker *taker, const Log__Inventory *from, struct inventory *to)
{
        to->model = take_optional(taker, from->model);
        to->address = take_optional(taker, from->address);
        to->cores = from->cores;
        to->memory_mb = from->memory_mb;
        to->idle_w = from->idle_w;
        to->power_quality = take_enum(taker, from->power_quality, 0, QUALITY_ESTIMATED, "inventory.power_quality");
        if (from->n_devices > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "inventory.devices";
                return;
        }
        to->devices = take_memory(taker, from->n_devices, sizeof(to->devices[0]));
        to->n_devices = to->devices != NULL ? (uint32_t)from->n_devices : 0;
        for (size_t i = 0; i < to->n_devices; i++)
                take_device(taker, from->devices[i], &to->devices[i]);
        take_links(taker, from, to);
        to->block = take_optional(taker, from->block);
        to->rack = take_optional(taker, from->rack);
        to->leaf_switch = take_optional(taker, from->leaf_switch);
        to->features = take_words(taker, from->features, from->n_features, &to->n_features);
}

static void take_leg(struct taker *taker, const Log__Leg *from, struct leg *to)
{
        to->node = from->node;
        to->devices = from->devices;
        to->state = take_enum(taker, from->state, 0, LEG_ENDED, "leg.state");
        to->how = take_enum(taker, from->how, 0, LEG_NO_GO, "leg.how");
        to->status = from->status;
        to->killed = from->killed;
        to->before_stop = from->before_stop;
        to->started_at = from->started_at;
        to->booked_until = from->booked_until;
        to->joules = from->joules;
}

static struct leg *take_legs(struct taker *taker, Log__Leg *const *from, size_t n, uint32_t *ret_n)
{
        struct leg *to;

        if (n > OFFPEAK_MAX_NODES) {
                taker->wrong = "legs";
                return NULL;
        }
        to = take_memory(taker, n, sizeof(*to));
        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                take_leg(taker, from[i], &to[i]);
        return to;
}

static struct record_leg_ref take_leg_ref(const Log__LegRef *from)
{
        return (struct record_leg_ref){ .job = from->job, .attempt = from->attempt, .node = from->node };
}

/* Of none or one. Numbers of a site or a job are looked at where they are used. */
static void take_pause(struct taker *taker, Log__Pause *const *from, size_t n, struct pause *to)
{
        if (n > 1)
                taker->wrong = "pause";
        if (n != 1)
                return;
        to->cause = take_enum(taker, from[0]->cause, PAUSE_UNKNOWN, PAUSE_PINNED, "pause.cause");
        to->attempt = from[0]->attempt;
        to->at = from[0]->at;
        to->drawn_w = from[0]->drawn_w;
        to->limit_w = from[0]->limit_w;
        to->signal = take_enum(taker, from[0]->signal, 0, SERIES_LAST, "pause.signal");
        to->use = take_enum(taker, from[0]->use, SIGNAL_NOTHING, SIGNAL_VALUE, "pause.use");
        to->other = from[0]->other;
        to->site = from[0]->site;
        to->gpus = from[0]->gpus;
}

/* Of none or one. */
static void take_failure(struct taker *taker, Log__Failure *const *from, size_t n, struct failure *to)
{
        if (n > 1)
                taker->wrong = "failure";
        if (n != 1)
                return;
        to->attempt = from[0]->attempt;
        to->node = from[0]->node;
        to->rank = from[0]->rank;
        to->how = take_enum(taker, from[0]->how, 0, LEG_NO_GO, "failure.how");
        to->status = from[0]->status;
        to->killed = from[0]->killed;
        to->at = from[0]->at;
        to->why = take_bounded(taker, from[0]->why, FAILURE_WHY_SIZE, "failure.why");
        to->tail = take_bounded(taker, from[0]->tail, FAILURE_TAIL_SIZE, "failure.tail");
}

/* A job that was never launched has an attempt of zeros. */
static void take_attempt(struct taker *taker, const Log__Attempt *from, struct attempt *to)
{
        to->number = from->number;
        to->epoch = from->epoch;
        to->state = take_enum(taker, from->state, 0, ATTEMPT_STOPPING, "attempt.state");
        to->stop = take_enum(taker, from->stop, STOP_NONE, STOP_SHED, "attempt.stop");
        to->go = from->go;
        to->mode = from->mode;
        to->launched_at = from->launched_at;
        to->lease_ms = from->lease_ms;
        to->grace_s = from->grace_s;
        to->on_lost = take_enum(taker, from->on_lost, 0, ON_LOST_RELAUNCH, "attempt.on_lost");
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
        to->legs = take_legs(taker, from->legs, from->n_legs, &to->n_legs);
}

/* ---- bodies: facts and decisions */

static void take_submitted(struct taker *taker, const Log__Submitted *from, struct record *to)
{
        to->u.submitted.job = from->job;
        take_spec(taker, from->spec, &to->u.submitted.spec);
        to->u.submitted.uid = from->uid;
        to->u.submitted.user = take_text(taker, from->user);
        to->u.submitted.held = from->held;
        take_request(taker, from->request, &to->u.submitted.request);
}

static void take_node_up(struct taker *taker, const Log__NodeUp *from, struct record *to)
{
        to->u.node_up.name = take_text(taker, from->name);
        to->u.node_up.site = take_text(taker, from->site);
        take_chars(taker, from->boot, to->u.node_up.boot, sizeof(to->u.node_up.boot), "node_up.boot");
        take_inventory(taker, from->inventory, &to->u.node_up.inventory);
}

static void take_launch(struct taker *taker, const Log__Launch *from, struct record *to)
{
        to->u.launch.job = from->job;
        to->u.launch.attempt = from->attempt;
        to->u.launch.mode = from->mode;
        to->u.launch.go = from->go;
        to->u.launch.lease_ms = from->lease_ms;
        to->u.launch.grace_s = from->grace_s;
        to->u.launch.on_lost = take_enum(taker, from->on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH, "launch.on_lost");
        to->u.launch.legs = take_legs(taker, from->legs, from->n_legs, &to->u.launch.n_legs);
}

static void take_leg_end(struct taker *taker, const Log__LegEnd *from, struct record *to)
{
        to->u.leg_end.leg = take_leg_ref(from->leg);
        to->u.leg_end.how = take_enum(taker, from->how, LEG_EXIT, LEG_NO_GO, "leg_end.how");
        to->u.leg_end.status = from->status;
        to->u.leg_end.killed = from->killed;
        to->u.leg_end.why = take_bounded(taker, from->why, FAILURE_WHY_SIZE, "leg_end.why");
        to->u.leg_end.tail = take_bounded(taker, from->tail, FAILURE_TAIL_SIZE, "leg_end.tail");
        to->u.leg_end.rank = from->rank;
}

static void take_unwell(struct taker *taker, const Log__Devices *from, struct record *to)
{
        to->u.devices.node = from->node;
        if (from->n_unwell > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "devices.unwell";
                return;
        }
        to->u.devices.unwell = take_memory(taker, from->n_unwell, sizeof(*to->u.devices.unwell));
        to->u.devices.n_unwell = to->u.devices.unwell != NULL ? (uint32_t)from->n_unwell : 0;
        for (size_t i = 0; i < to->u.devices.n_unwell; i++) {
                to->u.devices.unwell[i].device =
                        take_enum(taker, from->unwell[i]->device, 0, OFFPEAK_MAX_DEVICES - 1, "unwell.device");
                to->u.devices.unwell[i].reason = take_text(taker, from->unwell[i]->reason);
        }
}

static void take_over(const Log__Over *from, struct record *to)
{
        to->u.over.job = from->job;
        to->u.over.attempt = from->attempt;
        to->u.over.paused = from->paused;
        to->u.over.lost = from->lost;
        to->u.over.ran_s = from->ran_s;
        to->u.over.avoid_node = from->avoid_node;
        to->u.over.blamed_node = from->blamed_node;
        to->u.over.blamed = from->blamed;
}

static void take_ended(struct taker *taker, const Log__Ended *from, struct record *to)
{
        to->u.ended.job = from->job;
        to->u.ended.state = take_enum(taker, from->state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED, "ended.state");
        to->u.ended.end = take_enum(taker, from->end, END_NONE, END_LIMIT, "ended.end");
        to->u.ended.status = from->status;
}

static void take_progress(const Log__Progress *from, struct record *to)
{
        to->u.progress.job = from->job;
        to->u.progress.fraction = from->fraction;
        to->u.progress.reported = from->reported;
        to->u.progress.total_s = from->total_s;
}

static void take_plan(struct taker *taker, const Log__Plan *from, struct record *to)
{
        to->u.plan.plan = take_adopted(from->plan);
        to->u.plan.jobs = take_memory(taker, from->n_jobs, sizeof(to->u.plan.jobs[0]));
        to->u.plan.n_jobs = to->u.plan.jobs != NULL ? (uint32_t)from->n_jobs : 0;
        for (size_t i = 0; i < to->u.plan.n_jobs; i++)
                take_planned(taker, from->jobs[i], &to->u.plan.jobs[i]);
        to->u.plan.flows = take_flows(taker, from->flows, from->n_flows, &to->u.plan.n_flows);
}

/* ---- bodies: images */

static struct month_use *take_months(struct taker *taker, Log__MonthUse *const *from, size_t n, uint32_t *ret_n)
{
        struct month_use *to = take_memory(taker, n, sizeof(*to));

        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++) {
                to[i].class = take_text(taker, from[i]->class_name);
                to[i].month = from[i]->month;
                to[i].gpu_s = from[i]->gpu_s;
        }
        return to;
}

static void take_meta(struct taker *taker, const Log__Meta *from, struct record *to)
{
        to->u.meta.log_index = from->log_index;
        to->u.meta.term = from->term;
        to->u.meta.next_job = from->next_job;
        to->u.meta.fenced_start = from->fenced_start;
        take_policy(taker, from->policy, &to->u.meta.policy);
        to->u.meta.plan = take_adopted(from->plan);
        to->u.meta.flows = take_flows(taker, from->flows, from->n_flows, &to->u.meta.n_flows);
        to->u.meta.past_flows = take_flows(taker, from->past_flows, from->n_past_flows, &to->u.meta.n_past_flows);
        to->u.meta.month_uses = take_months(taker, from->month_uses, from->n_month_uses, &to->u.meta.n_month_uses);
}

static void take_meter(struct taker *taker, const Log__Site *from, struct site_meter *to)
{
        uint64_t start = 0;

        if (from->n_meter_starts != from->n_meter_joules) {
                taker->wrong = "site.meter_joules";
                return;
        }
        to->intervals = take_memory(taker, from->n_meter_starts, sizeof(to->intervals[0]));
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
                struct series *series = &layer[take_enum(taker, from[i]->kind, SERIES_PRICE, SERIES_LAST, "series.kind")];

                if (series->site != NULL)
                        taker->wrong = "site.series";
                else
                        take_series(taker, from[i], series);
        }
}

static void take_push_sources(struct taker *taker, const Log__Site *from, struct site *to)
{
        if (from->n_push_sources > PUSH_SOURCES_KEPT) {
                taker->wrong = "site.push_sources";
                return;
        }
        to->push_sources = take_memory(taker, from->n_push_sources, sizeof(to->push_sources[0]));
        to->n_push_sources = to->push_sources != NULL ? (uint32_t)from->n_push_sources : 0;
        for (uint32_t i = 0; i < to->n_push_sources; i++) {
                const Log__PushSource *source = from->push_sources[i];

                to->push_sources[i].kind = take_enum(taker, source->kind, SERIES_PRICE, SERIES_LAST, "push_source.kind");
                to->push_sources[i].name = take_text(taker, source->name);
                to->push_sources[i].seq = source->seq;
                to->push_sources[i].digest = source->digest;
                to->push_sources[i].issued = source->issued;
                to->push_sources[i].at = source->at;
        }
}

static void take_site(struct taker *taker, const Log__Site *from, struct site *to)
{
        to->id = from->id;
        to->name = take_text(taker, from->name);
        for (uint32_t kind = SERIES_PRICE; kind <= SERIES_LAST; kind++)
                to->series[kind].kind = to->feed[kind].kind = to->pushed[kind].kind = kind;
        take_layer(taker, from->series, from->n_series, to->feed);
        take_layer(taker, from->pushed, from->n_pushed, to->pushed);
        take_push_sources(taker, from, to);
        if (from->n_books > ACCOUNT_COUNT)
                taker->wrong = "site.books";
        for (size_t account = 0; account < from->n_books && account < ACCOUNT_COUNT; account++)
                take_book(taker, from->books[account], &to->books[account]);
        to->overhead_until = from->overhead_until;
        to->pue_rest = from->pue_rest;
        take_stock(taker, from->stock, from->n_stock, &to->stock);
        take_meter(taker, from, &to->meter);
}

static void take_health(struct taker *taker, const Log__Node *from, struct node *to)
{
        if (from->n_health > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "node.health";
                return;
        }
        to->health = take_memory(taker, from->n_health, sizeof(*to->health));
        to->n_health = to->health != NULL ? (uint32_t)from->n_health : 0;
        for (size_t i = 0; i < to->n_health; i++) {
                to->health[i].device =
                        take_enum(taker, from->health[i]->device, 0, OFFPEAK_MAX_DEVICES - 1, "health.device");
                if (i > 0 && to->health[i].device <= to->health[i - 1].device)
                        taker->wrong = "health.device";
                to->health[i].unwell = from->health[i]->unwell;
                to->health[i].kept_off = from->health[i]->kept_off;
                to->health[i].faults = from->health[i]->faults;
                to->health[i].since = from->health[i]->since;
                to->health[i].reason = take_optional(taker, from->health[i]->reason);
        }
}

static void take_node(struct taker *taker, const Log__Node *from, struct node *to)
{
        to->id = from->id;
        to->name = take_text(taker, from->name);
        to->site = take_text(taker, from->site);
        take_chars(taker, from->boot, to->boot, sizeof(to->boot), "node.boot");
        take_inventory(taker, from->inventory, &to->inventory);
        to->fenced = from->fenced;
        to->drain_reason = take_optional(taker, from->drain_reason);
        to->faults = from->faults;
        to->fault_job = from->fault_job;
        to->fault_at = from->fault_at;
        to->fault_how = take_enum(taker, from->fault_how, 0, LEG_NO_GO, "node.fault_how");
        take_health(taker, from, to);
        to->idle_until = from->idle_until;
}

static void take_late_exits(struct taker *taker, const Log__Job *from, struct job *to)
{
        to->late_exits = take_memory(taker, from->n_late_exits, sizeof(to->late_exits[0]));
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
        to->planned = take_intervals(taker, from->planned, from->n_planned, &to->n_planned);
        to->pins = take_intervals(taker, from->pins, from->n_pins, &to->n_pins);
        to->pinned_index = from->pinned_index;
        to->reason = take_enum(taker, from->reason, 0, PLAN_PINNED, "job.reason");
        to->planned_finish = from->planned_finish;
        to->planned_late_s = from->planned_late_s;
        to->planned_cost = from->planned_cost;
        to->planned_run_now_cost = from->planned_run_now_cost;
        to->cost_when_planned = from->cost_when_planned;
}

static void take_job(struct taker *taker, const Log__Job *from, struct job *to)
{
        to->id = from->id;
        take_spec(taker, from->spec, &to->spec);
        to->uid = from->uid;
        to->user = take_text(taker, from->user);
        to->submitted_at = from->submitted_at;
        to->state = take_enum(taker, from->state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED, "job.state");
        to->held = from->held;
        to->unmet = from->unmet;
        to->anyhow = from->anyhow;
        to->cancel = from->cancel;
        take_attempt(taker, from->attempt, &to->attempt);
        to->attempts = from->attempts;
        to->pauses = from->pauses;
        take_pause(taker, from->last_pause, from->n_last_pause, &to->last_pause);
        take_failure(taker, from->failure, from->n_failure, &to->failure);
        to->losses = from->losses;
        to->first_started_at = from->first_started_at;
        to->ended_at = from->ended_at;
        to->end = take_enum(taker, from->end, END_NONE, END_LIMIT, "job.end");
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

/* ---- the record */

static void take_caps(struct taker *taker, const int64_t *from, size_t n, int64_t to[CAPS_LEVELS])
{
        if (n == CAPS_LEVELS)
                memcpy(to, from, CAPS_LEVELS * sizeof(*to));
        else
                taker->wrong = "profile.caps";
}

static void take_profile_points(struct taker *taker, const Log__Profile *from, struct job_profile *to)
{
        to->points = take_memory(taker, from->n_points, sizeof(*to->points));
        to->n_points = to->points != NULL ? (uint32_t)from->n_points : 0;
        for (uint32_t i = 0; i < to->n_points; i++)
                to->points[i] = (struct profile_point){ .gpus = from->points[i]->gpus,
                                                        .level = take_enum(taker, from->points[i]->level, 0,
                                                                           CAPS_LEVELS - 1, "profile.level"),
                                                        .ran_s = from->points[i]->ran_s,
                                                        .work_s = from->points[i]->work_s,
                                                        .metered_ms = from->points[i]->metered_ms,
                                                        .joules = from->points[i]->joules,
                                                        .fitted_ran_s = from->points[i]->fitted_ran_s,
                                                        .fitted_ms = from->points[i]->fitted_ms };
}

static void take_profile(struct taker *taker, const Log__Profile *from, struct job_profile *to)
{
        to->uid = from->uid;
        to->class = take_optional(taker, from->class_name);
        to->name = take_text(taker, from->name);
        to->gpus = from->gpus;
        to->time_s = from->time_s;
        to->used_at = from->used_at;
        to->fitted_index = from->fitted_index;
        to->knows_time = from->knows_time;
        take_profile_points(taker, from, to);
        to->widths = take_memory(taker, from->n_widths, sizeof(*to->widths));
        to->n_widths = to->widths != NULL ? (uint32_t)from->n_widths : 0;
        for (uint32_t i = 0; i < to->n_widths; i++)
                to->widths[i] = (struct profile_width){ from->widths[i]->gpus, from->widths[i]->seed_ppm,
                                                        from->widths[i]->seed_w, from->widths[i]->speed_ppm,
                                                        from->widths[i]->power_w };
        take_caps(taker, from->cap_speed_ppm, from->n_cap_speed_ppm, to->cap_speed_ppm);
        take_caps(taker, from->cap_power_ppm, from->n_cap_power_ppm, to->cap_power_ppm);
}

static void take_fact(struct taker *taker, const Log__Record *from, struct record *to)
{
        switch (to->type) {
        case RECORD_TERM:
                to->u.term.term = from->term->term;
                to->u.term.fenced_start = from->term->fenced_start;
                break;
        case RECORD_CONFIG:
                take_policy(taker, from->config->policy, &to->u.config.policy);
                break;
        case RECORD_SERIES:
                take_series(taker, from->series, &to->u.series.series);
                break;
        case RECORD_PUSHED:
                take_series(taker, from->pushed->series, &to->u.pushed.series);
                to->u.pushed.seq = from->pushed->seq;
                to->u.pushed.digest = from->pushed->digest;
                take_request(taker, from->pushed->request, &to->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                to->u.confirmed.site = take_text(taker, from->confirmed->site);
                to->u.confirmed.kind =
                        take_enum(taker, from->confirmed->kind, SERIES_PRICE, SERIES_LAST, "confirmed.kind");
                break;
        case RECORD_SUBMITTED:
                take_submitted(taker, from->submitted, to);
                break;
        case RECORD_HELD:
                to->u.held.job = from->held->job;
                to->u.held.held = from->held->held;
                to->u.held.unmet = from->held->unmet;
                take_request(taker, from->held->request, &to->u.held.request);
                break;
        case RECORD_PINNED:
                to->u.pinned.job = from->pinned->job;
                to->u.pinned.hours =
                        take_intervals(taker, from->pinned->hours, from->pinned->n_hours, &to->u.pinned.n_hours);
                take_request(taker, from->pinned->request, &to->u.pinned.request);
                break;
        case RECORD_CANCEL:
                to->u.cancel.job = from->cancel->job;
                take_request(taker, from->cancel->request, &to->u.cancel.request);
                break;
        case RECORD_NODE_UP:
                take_node_up(taker, from->node_up, to);
                break;
        case RECORD_DEVICES:
                take_unwell(taker, from->devices, to);
                break;
        case RECORD_DRAINED:
                to->u.drained.node = from->drained->node;
                to->u.drained.reason = take_optional(taker, from->drained->reason);
                take_request(taker, from->drained->request, &to->u.drained.request);
                break;
        case RECORD_NODE_FENCED:
                to->u.node_fenced.node = from->node_fenced->node;
                to->u.node_fenced.fenced = from->node_fenced->fenced;
                take_request(taker, from->node_fenced->request, &to->u.node_fenced.request);
                break;
        case RECORD_LAUNCH:
                take_launch(taker, from->launch, to);
                break;
        case RECORD_GO:
                to->u.go.job = from->go->job;
                to->u.go.attempt = from->go->attempt;
                break;
        case RECORD_CAPPED:
                to->u.capped.job = from->capped->job;
                to->u.capped.attempt = from->capped->attempt;
                to->u.capped.mode = from->capped->mode;
                break;
        case RECORD_LEARNED:
                take_profile(taker, from->learned, &to->u.learned.fitted);
                break;
        case RECORD_STOP:
                to->u.stop.job = from->stop->job;
                to->u.stop.attempt = from->stop->attempt;
                to->u.stop.reason = take_enum(taker, from->stop->reason, STOP_NONE, STOP_SHED, "stop.reason");
                take_pause(taker, from->stop->pause, from->stop->n_pause, &to->u.stop.pause);
                to->u.stop.node = from->stop->node;
                to->u.stop.why = take_bounded(taker, from->stop->why, FAILURE_WHY_SIZE, "stop.why");
                break;
        case RECORD_LEG_END:
                take_leg_end(taker, from->leg_end, to);
                break;
        case RECORD_LATE_EXIT:
                to->u.late_exit.leg = take_leg_ref(from->late_exit->leg);
                to->u.late_exit.status = from->late_exit->status;
                break;
        case RECORD_OVER:
                take_over(from->over, to);
                break;
        case RECORD_ENDED:
                take_ended(taker, from->ended, to);
                break;
        case RECORD_PROGRESS:
                take_progress(from->progress, to);
                break;
        case RECORD_PLAN:
                take_plan(taker, from->plan, to);
                break;
        case RECORD_BOOKED:
                take_booking(taker, from->booked->booking, &to->u.booked.booking);
                to->u.booked.pue_rest = from->booked->pue_rest;
                to->u.booked.has_stock =
                        take_stock(taker, from->booked->stock, from->booked->n_stock, &to->u.booked.stock);
                break;
        default:
                taker->wrong = "type";
                break;
        }
}

static void take_image(struct taker *taker, const Log__Record *from, struct record *to)
{
        switch (to->type) {
        case RECORD_I_META:
                take_meta(taker, from->meta, to);
                break;
        case RECORD_I_SITE:
                take_site(taker, from->site, &to->u.site.site);
                break;
        case RECORD_I_NODE:
                take_node(taker, from->node, &to->u.node.node);
                break;
        case RECORD_I_JOB:
                take_job(taker, from->job, &to->u.job.job);
                break;
        case RECORD_I_PROFILE:
                take_profile(taker, from->profile, &to->u.profile.profile);
                break;
        case RECORD_I_REQUEST:
                take_request(taker, from->request, &to->u.request.request);
                break;
        default:
                taker->wrong = "type";
                break;
        }
}

int record_from_parts(const Log__Record *parts, struct record *ret_record, struct offpeak_error *err)
{
        struct taker taker = { 0 };
        struct record record = { .type = (enum record_type)parts->body_case, .index = parts->index, .at = parts->at };

        if (record.type < RECORD_I_META)
                take_fact(&taker, parts, &record);
        else
                take_image(&taker, parts, &record);
        if (!taker.no_memory && taker.wrong == NULL) {
                *ret_record = record;
                return 0;
        }
        record_finish(&record);
        if (taker.no_memory)
                return fail(err, OFFPEAK_ENOMEM, "out of memory while reading a record of the log");
        return fail(err, OFFPEAK_EINVAL, "record %llu of the log: \"%s\" is out of bounds",
                    (unsigned long long)parts->index, taker.wrong);
}
