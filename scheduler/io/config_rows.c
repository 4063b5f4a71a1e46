/* SPDX-License-Identifier: Apache-2.0 */
/* config_rows.c - the table, in the order of config_schema.c, and before it how numbers are found and written. */
#include "io/config_rows.h"

#include <stddef.h>
#include <string.h>

#include "base/when.h"
#include "io/config_rows_parts.h"
#include "io/config_url.h"
#include "io/config_write.h"
#include "wire/log.h"

/* ---- numbers */

static const char *as_seconds(int64_t number, char *buffer)
{
        return when_format_exact(number, buffer);
}

static const char *as_ms(int64_t number, char *buffer)
{
        return config_write_ms(number, buffer);
}

static const char *as_time(int64_t number, char *buffer)
{
        return when_format_utc(number, buffer);
}

static const char *as_power(int64_t number, char *buffer)
{
        return config_write_power(number, buffer);
}

static const char *as_energy(int64_t number, char *buffer)
{
        return config_write_energy(number, buffer);
}

static const char *as_offset(int64_t number, char *buffer)
{
        return config_write_offset(number, buffer);
}

static const char *as_bytes(int64_t number, char *buffer)
{
        return config_write_bytes(number, buffer);
}

static const char *as_count(int64_t number, char *buffer)
{
        return config_write_number(number, 0, buffer);
}

static const char *as_milli(int64_t number, char *buffer)
{
        return config_write_number(number, 3, buffer);
}

static const char *as_micro(int64_t number, char *buffer)
{
        return config_write_number(number, 6, buffer);
}

static const char *as_truth(int64_t number, char *buffer)
{
        return strcpy(buffer, number != 0 ? "true" : "false");
}

/* Kept as the distance from the median. */
static const char *as_quantile(int64_t number, char *buffer)
{
        return config_write_number(number + 500000, 6, buffer);
}

static const char *as_on_lost(int64_t number, char *buffer)
{
        return strcpy(buffer, number == ON_LOST_RELAUNCH ? "relaunch" : "wait");
}

static const char *as_kind(int64_t number, char *buffer)
{
        return strcpy(buffer, number == PPA_VIRTUAL ? "virtual" : number == PPA_BASELOAD ? "baseload" : "as_produced");
}

static const char *as_log_level(int64_t number, char *buffer)
{
        return strcpy(buffer, number == LOG_LEVEL_ERROR     ? "error"
                              : number == LOG_LEVEL_WARNING ? "warning"
                              : number == LOG_LEVEL_INFO    ? "info"
                                                            : "debug");
}

static const void *base_of(const struct config_at *at, enum config_from from)
{
        switch (from) {
        case CONFIG_OF_PROCESS:
                return at->config;
        case CONFIG_OF_POLICY:
                return &at->config->policy;
        case CONFIG_OF_SITE:
                return at->site;
        case CONFIG_OF_TERMS:
                return &at->site->terms;
        case CONFIG_OF_STORE:
                return &at->site->terms.store;
        case CONFIG_OF_CLASS:
                return at->class;
        case CONFIG_OF_DEMAND:
                return at->demand;
        case CONFIG_OF_PPA:
                return at->ppa;
        case CONFIG_OF_UNIT:
                return at->unit;
        case CONFIG_OF_OUTAGE:
                return at->outage;
        case CONFIG_OF_FEED:
                return at->feed;
        case CONFIG_OF_URL:
                return at->feed->url;
        case CONFIG_OF_RULE:
                return &at->site->signals[at->kind];
        case CONFIG_OF_NONE:
                break;
        }
        return NULL;
}

static int64_t number_at(const void *member, size_t size)
{
        int64_t wide;
        uint32_t narrow;
        bool truth;

        if (size == sizeof(wide)) {
                memcpy(&wide, member, size);
                return wide;
        }
        if (size == sizeof(narrow)) {
                memcpy(&narrow, member, size);
                return narrow;
        }
        memcpy(&truth, member, sizeof(truth));
        return truth;
}

json_t *config_row_value(const struct config_at *at)
{
        const struct config_row *row = at->row;
        const char *member;
        char buffer[TEXT_SIZE];
        int64_t number;

        if (row->value != NULL)
                return row->value(at);
        member = base_of(at, row->from);
        if (member == NULL)
                return json_null();
        member += row->offset;
        if (row->write == NULL) {
                const char *text = *(const char *const *)(const void *)member;

                return text != NULL ? json_string(text) : json_null();
        }
        number = number_at(member, row->size);
        if (row->has_nothing && number == row->nothing && (row->null || at->value == NULL))
                return json_null();
        return json_string(row->write(number, buffer));
}

/* ---- the table */

#define MEMBER(of, type, member) .from = (of), .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define PROCESS(member)          MEMBER(CONFIG_OF_PROCESS, struct config, member)
#define POLICY(member)           MEMBER(CONFIG_OF_POLICY, struct policy, member)
#define SITE(member)             MEMBER(CONFIG_OF_SITE, struct policy_site, member)
#define TERMS(member)            MEMBER(CONFIG_OF_TERMS, struct supply_terms, member)
#define STORE(member)            MEMBER(CONFIG_OF_STORE, struct supply_store, member)
#define CLASS(member)            MEMBER(CONFIG_OF_CLASS, struct policy_class, member)
#define DEMAND(member)           MEMBER(CONFIG_OF_DEMAND, struct supply_demand, member)
#define PPA(member)              MEMBER(CONFIG_OF_PPA, struct supply_ppa, member)
#define UNIT(member)             MEMBER(CONFIG_OF_UNIT, struct supply_reactor, member)
#define OUTAGE(member)           MEMBER(CONFIG_OF_OUTAGE, struct supply_outage, member)
#define FEED(member)             MEMBER(CONFIG_OF_FEED, struct config_feed, member)
#define URL(member)              MEMBER(CONFIG_OF_URL, struct config_url, member)
#define RULE(member)             MEMBER(CONFIG_OF_RULE, struct signal_rule, member)

#define NOTHING(number) .has_nothing = true, .nothing = (number)
#define RESTART         .change = CONFIG_BY_RESTART
#define SAID            .what = CONFIG_IF_SAID, .value = row_said

/* clang-format off */
static const struct config_row rows[] = {
        { "", "state_dir", .value = row_state_dir, RESTART, .none = "where the environment of offpeakd says" },
        { "", "snapshot_records", PROCESS(snapshot_records), .write = as_count, RESTART, .unit = "log records" },
        { "", "log_level", PROCESS(log_level), .write = as_log_level, RESTART },
        { "", "listen", .value = row_listen_on, RESTART, .none = "where the environment of offpeakd says" },
        { "", "curve", .what = CONFIG_PART, .enter = enter_curve, .below = "curve", RESTART },
        { "", "clock", .what = CONFIG_PART, .enter = enter_always, .below = "clock" },
        { "", "planner", .what = CONFIG_PART, .enter = enter_always, .below = "planner" },
        { "", "timing", .what = CONFIG_PART, .enter = enter_always, .below = "timing" },
        { "", "nodes", .what = CONFIG_PART, .enter = enter_always, .below = "nodes" },
        { "", "sites", .what = CONFIG_PARTS, .enter = enter_sites, .name = site_name, .below = "sites" },
        { "", "classes", .what = CONFIG_PARTS, .enter = enter_classes, .name = class_name, .below = "classes" },

        { "curve", "secret", PROCESS(curve_secret), RESTART },
        { "curve", "clients", PROCESS(curve_clients), RESTART },
        { "clock", "start", PROCESS(clock_start), .write = as_time, NOTHING(0), .change = CONFIG_BY_NEW_STORE, .none = "the real time" },
        { "clock", "rate", .value = row_clock_rate, .change = CONFIG_BY_NEW_STORE, .unit = "times real time" },
        { "planner", "interval", POLICY(plan_interval_s), .write = as_seconds },
        { "planner", "horizon", POLICY(plan_horizon_s), .write = as_seconds },
        { "planner", "work", POLICY(plan_work), .write = as_count, .unit = "units of the planner's own work" },
        { "timing", "arm_timeout", POLICY(arm_timeout_ms), .write = as_ms },
        { "timing", "backoff", POLICY(backoff_ms), .write = as_ms, .unit = "then doubled" },
        { "nodes", "drain_after", POLICY(drain_after), .write = as_count, .unit = "jobs in a row; 0: never" },

        { "sites", "name", .what = CONFIG_NAME },
        { "sites", "currency", SITE(currency) },
        { "sites", "grid", .what = CONFIG_PART, .enter = enter_grid, .below = "grid" },
        { "sites", "reactor", .what = CONFIG_PART, .enter = enter_reactor, .below = "reactor" },
        { "sites", "pue", .what = CONFIG_PART, .enter = enter_always, .below = "pue" },
        { "sites", "wan", .what = CONFIG_PART, .enter = enter_always, .below = "wan" },
        { "sites", "solar", .what = CONFIG_PART, .enter = enter_solar, .below = "solar" },
        { "sites", "battery", .what = CONFIG_PART, .enter = enter_battery, .below = "store" },
        { "sites", "ppa", .what = CONFIG_PARTS, .enter = enter_ppas, .name = ppa_name, .below = "ppa" },

        { "grid", "price", .what = CONFIG_PART, .enter = enter_price, .below = "feed", .none = "unknown" },
        { "grid", "carbon", .what = CONFIG_PART, .enter = enter_carbon, .below = "feed", .none = "unknown" },
        { "grid", "limit", TERMS(grid_limit_w), .write = as_power, NOTHING(INT64_MAX), .null = true, .none = "no limit" },
        { "grid", "limit_series", .what = CONFIG_PART, .enter = enter_limit_series, .below = "feed" },
        { "grid", "adder_per_mwh", TERMS(grid_adder), .write = as_micro, .unit = "{} per MWh" },
        { "grid", "tax", TERMS(grid_tax_ppm), .write = as_micro, .unit = "of price and adder" },
        { "grid", "export_limit", TERMS(export_limit_w), .write = as_power, NOTHING(0), .none = "nothing is sold" },
        { "grid", "export_price", .what = CONFIG_PART, .enter = enter_export_series, .below = "feed" },
        { "grid", "export_price_per_mwh", .value = row_export_price, .unit = "{} per MWh" },
        { "grid", "firm", .value = row_firm, .none = "all of it is relied on" },
        { "grid", "curtailable", .value = row_curtailable },
        { "grid", "utc_offset", TERMS(utc_offset_s), .write = as_offset },
        { "grid", "demand", .what = CONFIG_PARTS, .enter = enter_demands, .below = "demand" },

        { "demand", "per_kw", DEMAND(per_kw), .write = as_micro, .unit = "{} per kW and month" },
        { "demand", "window", .value = row_demand_window },
        { "demand", "interval", DEMAND(interval_s), .write = as_seconds },
        { "demand", "hours", .value = row_demand_hours, .none = "all hours" },
        { "demand", "contract", DEMAND(contract_w), .write = as_power, NOTHING(0) },
        { "demand", "minimum_share", .value = row_minimum_share, .unit = "of the contract" },

        { "ppa", "name", .what = CONFIG_NAME },
        { "ppa", "preset", .what = CONFIG_SHORT, .value = row_said },
        { "ppa", "kind", PPA(kind), .write = as_kind },
        { "ppa", "strike_per_mwh", PPA(strike), .write = as_micro, .unit = "{} per MWh" },
        { "ppa", "share", .value = row_ppa_share, .unit = "of the production" },
        { "ppa", "power", PPA(power_w), .write = as_power, NOTHING(0) },
        { "ppa", "series", .what = CONFIG_PART, .enter = enter_ppa_series, .below = "feed" },
        { "ppa", "take_or_pay", PPA(take_or_pay), .write = as_truth },
        { "ppa", "behind_meter", PPA(behind_meter), .write = as_truth },
        { "ppa", "start", PPA(start), .write = as_time, NOTHING(0), .none = "at once" },
        { "ppa", "end", PPA(end), .write = as_time, NOTHING(0), .none = "never" },
        { "ppa", "carbon_g_per_kwh", PPA(carbon), .write = as_milli, .unit = "g per kWh" },

        { "solar", "series", .what = CONFIG_PART, .enter = enter_solar_series, .below = "feed" },
        { "solar", "carbon_g_per_kwh", TERMS(solar_carbon), .write = as_milli, .unit = "g per kWh" },

        { "store", "energy", STORE(energy_wh), .write = as_energy },
        { "store", "power", .what = CONFIG_SHORT, .value = row_said },
        { "store", "charge", STORE(charge_w), .write = as_power },
        { "store", "discharge", STORE(discharge_w), .write = as_power },
        { "store", "efficiency", .what = CONFIG_SHORT, .value = row_said },
        { "store", "charge_efficiency", STORE(charge_ppm), .write = as_micro, .unit = "stored of drawn" },
        { "store", "discharge_efficiency", STORE(discharge_ppm), .write = as_micro, .unit = "given of taken out" },
        { "store", "reserve", STORE(reserve_wh), .write = as_energy },
        { "store", "end_value_per_mwh", .value = row_end_value, .unit = "{} per MWh", .none = "it is to end as full as it began" },
        { "store", "stored", .what = CONFIG_PART, .enter = enter_stored, .below = "feed", .none = "unknown" },

        { "reactor", "capacity", .what = CONFIG_PART, .enter = enter_capacity, .below = "feed", .none = "by units and outages" },
        { "reactor", "fuel_cost_per_mwh", TERMS(reactor_fuel), .write = as_micro, .unit = "{} per MWh" },
        { "reactor", "carbon_g_per_kwh", TERMS(reactor_carbon), .write = as_milli, .unit = "g per kWh" },
        { "reactor", "preset", .what = CONFIG_SHORT, .value = row_said },
        { "reactor", "house_load", TERMS(reactor_house_w), .write = as_power },
        { "reactor", "units", .what = CONFIG_PARTS, .enter = enter_units, .name = unit_name, .below = "units" },
        { "reactor", "outages", .what = CONFIG_PARTS, .enter = enter_outages, .below = "outages" },
        { "reactor", "storage", .what = CONFIG_PART, .enter = enter_storage, .below = "store" },

        { "units", "name", .what = CONFIG_NAME },
        { "units", "rating", UNIT(rating_w), .write = as_power },
        { "units", "minimum", UNIT(minimum_w), .write = as_power },
        { "units", "ramp_per_min", UNIT(ramp_w_per_min), .write = as_power, NOTHING(0), .unit = "per minute", .none = "at once" },
        { "units", "restart", UNIT(restart_s), .write = as_seconds },

        { "outages", "unit", .value = row_outage_unit },
        { "outages", "from", OUTAGE(from), .write = as_time },
        { "outages", "to", OUTAGE(to), .write = as_time },
        { "outages", "power", OUTAGE(power_w), .write = as_power, .unit = "that it leaves" },

        { "pue", "fixed", TERMS(pue_fixed_w), .write = as_power },
        { "pue", "factor", TERMS(pue_ppm), .write = as_micro, .unit = "facility power per IT power" },
        { "wan", "gbit_per_s", SITE(wan_mbit_per_s), .write = as_milli, NOTHING(0), .unit = "Gbit per second", .none = "unknown" },
        { "wan", "egress_per_gb", SITE(egress_cost), .write = as_micro, .unit = "{} per GB" },

        { "classes", "name", .what = CONFIG_NAME },
        { "classes", "delay_cost_per_gpu_hour", CLASS(delay_cost), .write = as_micro, .unit = "{} per GPU-hour" },
        { "classes", "max_delay", CLASS(max_delay_s), .write = as_seconds, NOTHING(0), .null = true, .none = "no limit" },
        { "classes", "lateness_cost_per_hour", CLASS(lateness_cost), .write = as_micro, .unit = "{} per hour" },
        { "classes", "carbon_price_per_t", CLASS(carbon_price), .write = as_micro, .unit = "{} per t CO2e" },
        { "classes", "carbon_basis", .what = CONFIG_NOT_YET },
        { "classes", "interruptible", CLASS(interruptible), .write = as_truth },
        { "classes", "max_pauses", CLASS(max_pauses), .write = as_count, NOTHING(UINT32_MAX), .null = true, .none = "any number" },
        { "classes", "min_run", CLASS(min_run_s), .write = as_seconds },
        { "classes", "start_cost", CLASS(start_cost_s), .write = as_seconds },
        { "classes", "stop_grace", CLASS(stop_grace_s), .write = as_seconds },
        { "classes", "on_lost", CLASS(on_lost), .write = as_on_lost },
        { "classes", "lease", CLASS(lease_ms), .write = as_ms },
        { "classes", "retries", CLASS(retries), .write = as_count },
        { "classes", "time_limit_factor", CLASS(limit_ppm), .write = as_micro, NOTHING(0), .null = true, .unit = "times the time asked for", .none = "no limit" },
        { "classes", "shed_tier", .what = CONFIG_NOT_YET },
        { "classes", "cap_floor", CLASS(cap_floor_ppm), .write = as_micro, NOTHING(0), .null = true, .unit = "of a GPU's limit", .none = "no caps" },
        { "classes", "max_price_per_mwh", .what = CONFIG_NOT_YET },
        { "classes", "risk", CLASS(risk_ppm), .write = as_quantile, .unit = "quantile of the price forecast" },
        { "classes", "deadline_margin", CLASS(deadline_margin_ppm), .write = as_micro, .unit = "of the run time" },
        { "classes", "may_move", CLASS(may_move), .write = as_truth },
        { "classes", "move_gb", CLASS(move_mb), .write = as_milli, .unit = "GB" },
        { "classes", "flex", .what = CONFIG_NOT_YET },
        { "classes", "quota", .what = CONFIG_PART, .enter = enter_always, .below = "quota" },
        { "classes", "sites", .value = row_class_sites, .none = "all sites" },
        { "quota", "gpus", CLASS(quota_gpus), .write = as_count, NOTHING(0), .null = true, .unit = "GPUs at once", .none = "no limit" },
        { "quota", "gpu_hours_per_month", CLASS(quota_gpu_hours), .write = as_count, NOTHING(0), .null = true, .unit = "GPU-hours a month", .none = "no limit" },

        { "feed", "file", .what = CONFIG_IF_SAID, FEED(path) },
        { "feed", "mapping", SAID },
        { "feed", "url", .what = CONFIG_GUARDED, .value = row_feed_url },
        { "feed", "every", URL(every_ms), .write = as_ms },
        { "feed", "timeout", URL(timeout_ms), .write = as_ms },
        { "feed", "max_bytes", URL(max_bytes), .write = as_bytes },
        { "feed", "ca", .what = CONFIG_IF_SAID, URL(ca) },
        { "feed", "headers", .what = CONFIG_GUARDED, .value = row_feed_headers },
        { "feed", "lowest", .what = CONFIG_IMPLIED, .value = row_feed_lowest, .none = "no limit" },
        { "feed", "highest", .what = CONFIG_IMPLIED, .value = row_feed_highest, .none = "no limit" },
#define FEED_ROW(name) { "feed", #name, SAID },
        SAID_FEED_TEXTS(FEED_ROW)
#undef FEED_ROW
        { "feed", "missing", .what = CONFIG_IF_SAID, .value = row_missing },
        { "feed", "where", .what = CONFIG_IF_SAID, .value = row_where },
        { "feed", "parts", .what = CONFIG_IF_SAID, .value = row_parts },
        { "feed", "stale_after", RULE(stale_after_s), .write = as_seconds, NOTHING(0), .none = "never" },
        { "feed", "fallback", .what = CONFIG_IMPLIED, .value = row_feed_fallback, .none = "nothing" },
        { .part = NULL },
};
/* clang-format on */

const struct config_row *config_row_at(size_t i)
{
        return i < sizeof(rows) / sizeof(rows[0]) - 1 ? &rows[i] : NULL;
}

const struct config_row *config_row(const char *part, const char *key)
{
        for (const struct config_row *row = rows; row->part != NULL; row++)
                if (strcmp(row->part, part) == 0 && strcmp(row->key, key) == 0)
                        return row;
        return NULL;
}
