/* SPDX-License-Identifier: Apache-2.0 */
/* record_policy.c - the policy: sites with their contracts, classes, as parts and back. */
#include "io/record_fields.h"

/* ---- outwards */

static void fill_ppa(Log__PurchaseAgreement *to, const struct supply_ppa *from)
{
        to->name = record_text(from->name);
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
        to->name = record_text(from->name);
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
        to->demands = record_parts_new(arena, &log__demand_charge__descriptor, from->n_demands);
        to->ppas = record_parts_new(arena, &log__purchase_agreement__descriptor, from->n_ppas);
        to->reactors = record_parts_new(arena, &log__reactor_unit__descriptor, from->n_reactors);
        to->outages = record_parts_new(arena, &log__outage__descriptor, from->n_outages);
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
        Log__SupplyTerms *to = record_part_new(arena, &log__supply_terms__descriptor);

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
        to->stores = record_parts_new(arena, &log__store__descriptor, from->has_store);
        to->n_stores = to->stores != NULL && from->has_store;
        if (to->n_stores > 0)
                fill_store(to->stores[0], &from->store);
        fill_lists(arena, to, from);
        return to;
}

static void fill_class(Log__PolicyClass *to, const struct policy_class *from)
{
        to->name = record_text(from->name);
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

        to->signals = record_parts_new(arena, &log__signal_rule__descriptor, SERIES_COUNT);
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

Log__Policy *record_policy_part(struct arena *arena, const struct policy *from)
{
        Log__Policy *to = record_part_new(arena, &log__policy__descriptor);

        if (to == NULL)
                return NULL;
        to->sites = record_parts_new(arena, &log__policy_site__descriptor, from->n_sites);
        to->classes = record_parts_new(arena, &log__policy_class__descriptor, from->n_classes);
        if (to->sites == NULL || to->classes == NULL)
                return NULL;
        to->n_sites = from->n_sites;
        for (size_t i = 0; i < from->n_sites; i++) {
                to->sites[i]->name = record_text(from->sites[i].name);
                to->sites[i]->currency = record_text(from->sites[i].currency);
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

/* ---- inwards */

static void take_demand(struct taker *taker, const Log__DemandCharge *from, struct supply_demand *to)
{
        to->per_kw = from->per_kw;
        to->interval_s = from->interval_s;
        to->hours.days = (uint8_t)record_take_enum(taker, from->days, 0, 127, "demand.days");
        to->hours.from_minute = (uint16_t)record_take_enum(taker, from->from_minute, 0, 1440, "demand.from_minute");
        to->hours.to_minute = (uint16_t)record_take_enum(taker, from->to_minute, 0, 1440, "demand.to_minute");
        to->contract_w = from->contract_w;
        to->minimum_share_ppm = from->minimum_share_ppm;
        if (to->interval_s < SUPPLY_METER_S)
                taker->wrong = "demand.interval_s";
}

static void take_ppa(struct taker *taker, const Log__PurchaseAgreement *from, struct supply_ppa *to)
{
        record_take_chars(taker, from->name, to->name, sizeof(to->name), "ppa.name");
        to->kind = record_take_enum(taker, from->kind, PPA_AS_PRODUCED, PPA_VIRTUAL, "ppa.kind");
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
        record_take_chars(taker, from->name, to->name, sizeof(to->name), "reactor.name");
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
                        &to->signals[record_take_enum(taker, from->signals[i]->kind, SERIES_PRICE, SERIES_LAST, "rule.kind")];

                rule->stale_after_s = from->signals[i]->stale_after_s;
                rule->fallback = record_take_enum(taker, from->signals[i]->fallback, SIGNAL_BY_KIND, SIGNAL_TAKE_VALUE, "rule.fallback");
                rule->value = from->signals[i]->value;
                if (rule->stale_after_s < 0)
                        taker->wrong = "rule.stale_after_s";
        }
}

static void take_policy_site(struct taker *taker, const Log__PolicySite *from, struct policy_site *to)
{
        to->name = record_take_text(taker, from->name);
        to->currency = record_take_text(taker, from->currency);
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
        to->name = record_take_text(taker, from->name);
        to->delay_cost = from->delay_cost;
        to->max_delay_s = from->max_delay_s;
        to->carbon_price = from->carbon_price;
        to->interruptible = from->interruptible;
        to->max_pauses = from->max_pauses;
        to->min_run_s = from->min_run_s;
        to->start_cost_s = from->start_cost_s;
        to->stop_grace_s = from->stop_grace_s;
        to->lateness_cost = from->lateness_cost;
        to->on_lost = record_take_enum(taker, from->on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH, "class.on_lost");
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
        to->sites = record_take_words(taker, from->sites, from->n_sites, &to->n_sites);
}

void record_take_policy(struct taker *taker, const Log__Policy *from, struct policy *to)
{
        to->sites = record_take_memory(taker, from->n_sites, sizeof(to->sites[0]));
        to->n_sites = to->sites != NULL ? from->n_sites : 0;
        for (size_t i = 0; i < to->n_sites; i++)
                take_policy_site(taker, from->sites[i], &to->sites[i]);
        to->classes = record_take_memory(taker, from->n_classes, sizeof(to->classes[0]));
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
