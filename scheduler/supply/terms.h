/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms.h - the constants of a site's contracts and plant. Plain values: copied as they are, nothing to free.
 *
 * Money is micro-currency, power W, time UTC seconds, carbon mg CO2e per kWh, shares millionths. What is not there is zero,
 * and so is a list's length.
 */
#ifndef OFFPEAK_SUPPLY_TERMS_H
#define OFFPEAK_SUPPLY_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        SUPPLY_NAME = 32, /* bytes of a unit's or a contract's name */
        SUPPLY_MAX_PPAS = 4,
        SUPPLY_MAX_REACTORS = 12,
        SUPPLY_MAX_OUTAGES = 32,
        SUPPLY_MAX_DEMANDS = 4,
};

/* ---- demand charges */

/* Hours of the week in the tariff's own time: [from_minute, to_minute) on the days of the mask; no days: always. */
struct supply_hours {
        uint8_t days; /* bit 0: Monday */
        uint16_t from_minute, to_minute; /* of the day, 0 to 1440; from < to */
};

/* What a month's highest mean power over an interval costs. Intervals begin at multiples of their length in UTC. */
struct supply_demand {
        int64_t per_kw;             /* for the month */
        int64_t interval_s;         /* a multiple of SUPPLY_METER_S that divides a day */
        struct supply_hours hours;
        int64_t contract_w;         /* 0: none */
        int64_t minimum_share_ppm;  /* at least this share of the contract is billed */
};

#define SUPPLY_METER_S INT64_C(300) /* what the site's meter keeps its energy by */

/* ---- purchase agreements */

enum supply_ppa_kind {
        PPA_AS_PRODUCED = 1, /* what a plant produces, or a share of it */
        PPA_BASELOAD = 2,    /* the same power at all times */
        PPA_VIRTUAL = 3,     /* a settlement of money and certificates: no megawatts */
};

struct supply_ppa {
        char name[SUPPLY_NAME];
        enum supply_ppa_kind kind;
        bool has_series;     /* its production comes as a series, in W */
        bool take_or_pay;    /* paid for whether it is used or not */
        bool behind_meter;   /* it has a wire of its own; else it comes through the grid, and within its limit */
        int64_t strike;      /* per MWh */
        int64_t share_ppm;   /* of the production */
        int64_t power_w;     /* where there is no series */
        int64_t start, end;  /* delivers from start until end; 0: no such bound */
        int64_t carbon;
};

/* ---- reactors */

struct supply_reactor {
        char name[SUPPLY_NAME];
        int64_t rating_w;         /* net, before the house load */
        int64_t minimum_w;        /* less than this is nothing */
        int64_t ramp_w_per_min;   /* 0: at once */
        int64_t restart_s;        /* from the end of an outage without output to the first watt */
};

/* From `from` until `to` the unit can give no more than power_w. */
struct supply_outage {
        uint32_t unit; /* index */
        int64_t from, to;
        int64_t power_w;
};

/* ---- stores */

/*
 * A battery, or a reactor's heat. Powers and efficiencies are those at the site's meter; energy is what is in it: what can be
 * taken out before the discharge loses its part.
 */
struct supply_store {
        int64_t energy_wh;         /* that it holds at the most */
        int64_t reserve_wh;        /* kept for bridging: neither plans nor dispatch go below it */
        int64_t charge_w, discharge_w;
        int64_t charge_ppm;        /* stored / drawn */
        int64_t discharge_ppm;     /* given / taken out */
        bool has_end_value;        /* what is in it when the plan ends is worth end_value; else it is to hold what it holds now */
        int64_t end_value;         /* per MWh in it */
        bool from_reactor;         /* charged with what the reactor gives, and nothing else */
};

/* ---- all of it */

struct supply_terms {
        int64_t grid_adder;      /* per MWh on top of the price series */
        int64_t grid_tax_ppm;    /* on price and adder */
        int64_t grid_limit_w;    /* INT64_MAX: none */
        bool has_firm;           /* plans rely on no more than grid_firm_w */
        int64_t grid_firm_w;
        int64_t grid_curtailable_w; /* on top of the firm power, while nobody takes it away */
        int64_t export_limit_w;  /* 0: nothing is sold */
        bool has_export_price;   /* the constant below, not a series */
        int64_t export_price;    /* per MWh */
        int64_t utc_offset_s;    /* of the tariff's months and hours */
        struct supply_demand demands[SUPPLY_MAX_DEMANDS];
        uint32_t n_demands;
        struct supply_ppa ppas[SUPPLY_MAX_PPAS];
        uint32_t n_ppas;
        bool has_solar;
        int64_t solar_carbon;    /* life cycle */
        bool has_reactor;
        int64_t reactor_fuel;    /* avoidable fuel, per MWh */
        int64_t reactor_carbon;  /* life cycle */
        int64_t reactor_house_w; /* of the plant itself, out of what the units give */
        struct supply_reactor reactors[SUPPLY_MAX_REACTORS];
        uint32_t n_reactors;
        struct supply_outage outages[SUPPLY_MAX_OUTAGES];
        uint32_t n_outages;
        bool has_store;
        struct supply_store store; /* how much is in it comes as a series */
        int64_t pue_fixed_w;     /* facility power = fixed + factor * IT power */
        int64_t pue_ppm;         /* factor in millionths, >= 1000000 */
};

bool supply_terms_same(const struct supply_terms *a, const struct supply_terms *b);

#endif
