/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_schema.h"

#define MAY  (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define MUST CYAML_FLAG_POINTER

/* In each: `key` is also the member's name. */
#define VALUE(flags, type, key)           CYAML_FIELD_STRING_PTR(#key, flags, type, key, 0, CYAML_UNLIMITED)
#define PART(type, key, fields)           CYAML_FIELD_MAPPING_PTR(#key, MAY, type, key, fields)
#define LIST(flags, type, key, entry)     CYAML_FIELD_SEQUENCE(#key, flags, type, key, entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t word = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED) };

static const cyaml_schema_field_t pair_fields[] = {
        VALUE(MUST, struct said_pair, name),
        VALUE(MAY, struct said_pair, value),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t pair = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_pair, pair_fields) };

static const cyaml_schema_field_t header_fields[] = {
        VALUE(MUST, struct said_header, name),
        VALUE(MAY, struct said_header, value),
        VALUE(MAY, struct said_header, secret),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t header = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_header, header_fields) };

static const cyaml_schema_field_t feed[] = { /* "file" first: config_yaml.c then takes the name alone */
        VALUE(MAY, struct said_feed, file),
        VALUE(MAY, struct said_feed, mapping),
        VALUE(MAY, struct said_feed, url),
        VALUE(MAY, struct said_feed, every),
        VALUE(MAY, struct said_feed, timeout),
        VALUE(MAY, struct said_feed, max_bytes),
        VALUE(MAY, struct said_feed, ca),
        LIST(MAY, struct said_feed, headers, &header),
        VALUE(MAY, struct said_feed, lowest),
        VALUE(MAY, struct said_feed, highest),
#define SAID_FEED_FIELD(key) VALUE(MAY, struct said_feed, key),
        SAID_FEED_TEXTS(SAID_FEED_FIELD)
#undef SAID_FEED_FIELD
        LIST(MAY, struct said_feed, missing, &word),
        LIST(MAY, struct said_feed, where, &pair),
        LIST(MAY, struct said_feed, parts, &pair),
        VALUE(MAY, struct said_feed, stale_after),
        VALUE(MAY, struct said_feed, fallback),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t demand_fields[] = {
        VALUE(MUST, struct said_demand, per_kw),
        VALUE(MAY, struct said_demand, window),
        VALUE(MAY, struct said_demand, interval),
        VALUE(MAY, struct said_demand, hours),
        VALUE(MAY, struct said_demand, contract),
        VALUE(MAY, struct said_demand, minimum_share),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t demand = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_demand, demand_fields) };

static const cyaml_schema_field_t grid[] = {
        PART(struct said_grid, price, feed),
        PART(struct said_grid, carbon, feed),
        VALUE(MAY, struct said_grid, limit),
        PART(struct said_grid, limit_series, feed),
        VALUE(MAY, struct said_grid, adder_per_mwh),
        VALUE(MAY, struct said_grid, tax),
        VALUE(MAY, struct said_grid, export_limit),
        PART(struct said_grid, export_price, feed),
        VALUE(MAY, struct said_grid, export_price_per_mwh),
        VALUE(MAY, struct said_grid, firm),
        VALUE(MAY, struct said_grid, curtailable),
        VALUE(MAY, struct said_grid, utc_offset),
        LIST(MAY, struct said_grid, demand, &demand),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t ppa_fields[] = {
        VALUE(MUST, struct said_ppa, name),
        VALUE(MAY, struct said_ppa, preset),
        VALUE(MAY, struct said_ppa, kind),
        VALUE(MUST, struct said_ppa, strike_per_mwh),
        VALUE(MAY, struct said_ppa, share),
        VALUE(MAY, struct said_ppa, power),
        PART(struct said_ppa, series, feed),
        VALUE(MAY, struct said_ppa, take_or_pay),
        VALUE(MAY, struct said_ppa, behind_meter),
        VALUE(MAY, struct said_ppa, start),
        VALUE(MAY, struct said_ppa, end),
        VALUE(MAY, struct said_ppa, carbon_g_per_kwh),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t ppa = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_ppa, ppa_fields) };

static const cyaml_schema_field_t solar[] = {
        CYAML_FIELD_MAPPING_PTR("series", MUST, struct said_solar, series, feed),
        VALUE(MAY, struct said_solar, carbon_g_per_kwh),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t store[] = {
        VALUE(MAY, struct said_store, energy),
        VALUE(MAY, struct said_store, power),
        VALUE(MAY, struct said_store, charge),
        VALUE(MAY, struct said_store, discharge),
        VALUE(MAY, struct said_store, efficiency),
        VALUE(MAY, struct said_store, charge_efficiency),
        VALUE(MAY, struct said_store, discharge_efficiency),
        VALUE(MAY, struct said_store, reserve),
        VALUE(MAY, struct said_store, end_value_per_mwh),
        PART(struct said_store, stored, feed),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t unit_fields[] = {
        VALUE(MUST, struct said_unit, name),
        VALUE(MUST, struct said_unit, rating),
        VALUE(MAY, struct said_unit, minimum),
        VALUE(MAY, struct said_unit, ramp_per_min),
        VALUE(MAY, struct said_unit, restart),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t unit = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_unit, unit_fields) };

static const cyaml_schema_field_t outage_fields[] = {
        VALUE(MUST, struct said_outage, unit),
        VALUE(MUST, struct said_outage, from),
        VALUE(MUST, struct said_outage, to),
        VALUE(MAY, struct said_outage, power),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t outage = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_outage, outage_fields) };

static const cyaml_schema_field_t reactor[] = {
        PART(struct said_reactor, capacity, feed),
        VALUE(MUST, struct said_reactor, fuel_cost_per_mwh),
        VALUE(MAY, struct said_reactor, carbon_g_per_kwh),
        VALUE(MAY, struct said_reactor, preset),
        VALUE(MAY, struct said_reactor, house_load),
        LIST(MAY, struct said_reactor, units, &unit),
        LIST(MAY, struct said_reactor, outages, &outage),
        PART(struct said_reactor, storage, store),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t pue[] = {
        VALUE(MAY, struct said_pue, fixed),
        VALUE(MAY, struct said_pue, factor),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t wan[] = {
        VALUE(MAY, struct said_wan, gbit_per_s),
        VALUE(MAY, struct said_wan, egress_per_gb),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t site_fields[] = {
        VALUE(MUST, struct said_site, name),
        VALUE(MUST, struct said_site, currency),
        PART(struct said_site, grid, grid),
        PART(struct said_site, reactor, reactor),
        PART(struct said_site, pue, pue),
        PART(struct said_site, wan, wan),
        PART(struct said_site, solar, solar),
        PART(struct said_site, battery, store),
        LIST(MAY, struct said_site, ppa, &ppa),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t site = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_site, site_fields) };

static const cyaml_schema_field_t quota[] = {
        VALUE(MAY, struct said_quota, gpus),
        VALUE(MAY, struct said_quota, gpu_hours_per_month),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t class_fields[] = {
        VALUE(MUST, struct said_class, name),
        VALUE(MAY, struct said_class, delay_cost_per_gpu_hour),
        VALUE(MAY, struct said_class, max_delay),
        VALUE(MAY, struct said_class, lateness_cost_per_hour),
        VALUE(MAY, struct said_class, carbon_price_per_t),
        VALUE(MAY, struct said_class, carbon_basis),
        VALUE(MAY, struct said_class, interruptible),
        VALUE(MAY, struct said_class, max_pauses),
        VALUE(MAY, struct said_class, min_run),
        VALUE(MAY, struct said_class, start_cost),
        VALUE(MAY, struct said_class, stop_grace),
        VALUE(MAY, struct said_class, on_lost),
        VALUE(MAY, struct said_class, lease),
        VALUE(MAY, struct said_class, retries),
        VALUE(MAY, struct said_class, time_limit_factor),
        VALUE(MAY, struct said_class, shed_tier),
        VALUE(MAY, struct said_class, cap_floor),
        VALUE(MAY, struct said_class, max_price_per_mwh),
        VALUE(MAY, struct said_class, risk),
        VALUE(MAY, struct said_class, deadline_margin),
        VALUE(MAY, struct said_class, may_move),
        VALUE(MAY, struct said_class, move_gb),
        LIST(MAY, struct said_class, flex, &word),
        PART(struct said_class, quota, quota),
        LIST(MAY, struct said_class, sites, &word),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t class = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_class, class_fields) };

static const cyaml_schema_field_t planner[] = {
        VALUE(MAY, struct said_planner, interval),
        VALUE(MAY, struct said_planner, horizon),
        VALUE(MAY, struct said_planner, work),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t timing[] = {
        VALUE(MAY, struct said_timing, arm_timeout),
        VALUE(MAY, struct said_timing, backoff),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t nodes[] = {
        VALUE(MAY, struct said_nodes, drain_after),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t clock[] = {
        VALUE(MAY, struct said_clock, start),
        VALUE(MAY, struct said_clock, rate),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t curve[] = {
        VALUE(MUST, struct said_curve, secret),
        VALUE(MUST, struct said_curve, clients),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t top[] = {
        VALUE(MAY, struct said, state_dir),      VALUE(MAY, struct said, snapshot_records),
        VALUE(MAY, struct said, log_level),      LIST(MAY, struct said, listen, &word),
        PART(struct said, curve, curve),         PART(struct said, clock, clock),
        PART(struct said, planner, planner),     PART(struct said, timing, timing),
        PART(struct said, nodes, nodes),         LIST(MUST, struct said, sites, &site),
        LIST(MAY, struct said, classes, &class), CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct said, top) };
