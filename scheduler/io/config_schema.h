/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_schema.h - the shape of the configuration file: its keys as libcyaml's schema, and the structs that it fills.
 *
 * Every leaf is a string "LINE:COLUMN:text" (config_yaml.h), NULL when its key is not given; so is a part that is not
 * given. docs/configuration.md says what each key means.
 */
#ifndef OFFPEAK_IO_CONFIG_SCHEMA_H
#define OFFPEAK_IO_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

struct said_pair {
        char *name, *value;
};

/* The properties of a mapping (feeds/mapping.h) that are one text each. X(key) */
#define SAID_FEED_TEXTS(X)                                                                                        \
        X(format) X(delimiter) X(decimal) X(thousands) X(quote) X(comment) X(skip) X(encoding) X(ragged) X(rows)  \
        X(arrays) X(date) X(time) X(period) X(subperiod) X(period_length) X(subperiod_length) X(time_format)      \
        X(zone) X(stamps) X(marker) X(marker_second) X(missing_hour) X(column) X(unit) X(unit_column) X(currency) \
        X(scale) X(vat) X(rating) X(name_column) X(name) X(step)

struct said_header {
        char *name, *value, *secret;
};

/* A file or an address with a series, and how it is to be read. */
struct said_feed {
        char *file, *mapping;
        char *url, *every, *timeout, *max_bytes, *ca;
        struct said_header *headers;
        unsigned headers_count;
        char *lowest, *highest;
#define SAID_FEED_MEMBER(key) char *key;
        SAID_FEED_TEXTS(SAID_FEED_MEMBER)
#undef SAID_FEED_MEMBER
        char **missing;
        unsigned missing_count;
        struct said_pair *where;
        unsigned where_count;
        struct said_pair *parts;
        unsigned parts_count;
        char *stale_after, *fallback; /* of the signal, not of its file */
};

struct said_demand {
        char *per_kw, *window, *interval, *hours, *contract, *minimum_share;
};

struct said_grid {
        struct said_feed *price, *carbon, *limit_series, *export_price;
        char *limit, *adder_per_mwh, *tax, *export_limit, *export_price_per_mwh, *firm, *curtailable, *utc_offset;
        struct said_demand *demand;
        unsigned demand_count;
};

struct said_ppa {
        char *name, *preset, *kind, *strike_per_mwh, *share, *power, *take_or_pay, *behind_meter, *start, *end;
        char *carbon_g_per_kwh;
        struct said_feed *series;
};

struct said_solar {
        struct said_feed *series;
        char *carbon_g_per_kwh;
};

/* `power` stands for charge and discharge. */
struct said_store {
        char *energy, *power, *charge, *discharge, *efficiency, *charge_efficiency, *discharge_efficiency, *reserve;
        char *end_value_per_mwh;
        struct said_feed *stored;
};

struct said_unit {
        char *name, *rating, *minimum, *ramp_per_min, *restart;
};

struct said_outage {
        char *unit, *from, *to, *power;
};

struct said_reactor {
        struct said_feed *capacity;
        char *fuel_cost_per_mwh, *carbon_g_per_kwh;
        char *preset, *house_load;
        struct said_unit *units;
        unsigned units_count;
        struct said_outage *outages;
        unsigned outages_count;
        struct said_store *storage;
};

struct said_pue {
        char *fixed, *factor;
};

struct said_wan {
        char *gbit_per_s, *egress_per_gb;
};

struct said_site {
        char *name, *currency;
        struct said_grid *grid;
        struct said_reactor *reactor;
        struct said_pue *pue;
        struct said_wan *wan;
        struct said_solar *solar;
        struct said_store *battery;
        struct said_ppa *ppa;
        unsigned ppa_count;
};

struct said_quota {
        char *gpus, *gpu_hours_per_month;
};

struct said_class {
        char *name;
        char *delay_cost_per_gpu_hour, *max_delay, *lateness_cost_per_hour;
        char *carbon_price_per_t, *carbon_basis;
        char *interruptible, *max_pauses, *min_run, *start_cost, *stop_grace;
        char *on_lost, *lease, *retries, *time_limit_factor;
        char *shed_tier, *cap_floor, *max_price_per_mwh, *risk, *deadline_margin, *may_move, *move_gb;
        char **flex;
        unsigned flex_count;
        struct said_quota *quota;
        char **sites;
        unsigned sites_count;
};

struct said_planner {
        char *interval, *horizon, *work;
};

struct said_timing {
        char *arm_timeout, *backoff;
};

struct said_nodes {
        char *drain_after;
};

struct said_clock {
        char *start, *rate;
};

struct said_curve {
        char *secret, *clients;
};

struct said {
        char *state_dir, *snapshot_records, *log_level;
        char **listen;
        unsigned listen_count;
        struct said_curve *curve;
        struct said_clock *clock;
        struct said_planner *planner;
        struct said_timing *timing;
        struct said_nodes *nodes;
        struct said_site *sites;
        unsigned sites_count;
        struct said_class *classes;
        unsigned classes_count;
};

extern const cyaml_schema_value_t config_schema;

#endif
