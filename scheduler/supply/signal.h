/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signal.h - what is in use of a site's signal at a time, and why: the one place that decides it.
 *
 *   pushed     somebody said so, and it has not expired
 *   published  a feed said so, and not too long ago
 *   else what the rule says: the forecast (until there is one, the last known day again), the last known value, or a
 *   constant. By default prices and carbon are forecast, and of limits and plants nothing is in use: then the terms of the
 *   site's contracts and plant decide (site_supply.h).
 *
 * A version that is older than the rule's stale_after counts as expired, from its issue time + stale_after on; what it said
 * of the time before stays. This is for plans and for limits of this moment. Books know only what was said: what is not known
 * stays unknown there, whatever plans went by.
 */
#ifndef OFFPEAK_SUPPLY_SIGNAL_H
#define OFFPEAK_SUPPLY_SIGNAL_H

#include "supply/series.h"

enum signal_fallback { SIGNAL_BY_KIND = 0, SIGNAL_TAKE_LAST, SIGNAL_TAKE_FORECAST, SIGNAL_TAKE_VALUE };

/* All zero is the default. */
struct signal_rule {
        int64_t stale_after_s; /* 0: a version never grows too old */
        enum signal_fallback fallback;
        int64_t value;         /* of SIGNAL_TAKE_VALUE, in the signal's unit */
};

enum signal_use {
        SIGNAL_NOTHING = 0,
        SIGNAL_PUBLISHED,
        SIGNAL_PUSHED,
        SIGNAL_FORECAST, /* by the method that its back-test chose (forecast.h) */
        SIGNAL_REPEATED, /* the last known day again (series_fill) */
        SIGNAL_LAST,
        SIGNAL_VALUE,
};

/* Not owned; any series may be NULL. */
struct signal {
        enum series_kind kind;
        const struct series *in_force; /* pushed over what feeds say */
        const struct series *pushed;
        const struct series *past;     /* what stands in looks back on: feeds, for a push is of its own time; NULL: in_force */
        int64_t issued;                /* of the feeds' version; 0: they have said nothing */
        const struct series *forecast;
        const struct series *repeated; /* series_fill of what is not expired; NULL: looked up by the same rule, time by time */
        struct signal_rule rule;
        int64_t now;
};

struct signal_value {
        enum signal_use use;
        int64_t value; /* SERIES_UNKNOWN with SIGNAL_NOTHING */
        int64_t until; /* use and value hold at least until then; INT64_MAX: for ever */
};

struct signal_value signal_at(const struct signal *signal, int64_t time);

/* Since when that was said what is in use at `time`, or what it is taken from; INT64_MIN: nobody said it. */
int64_t signal_since(const struct signal *signal, int64_t time);

/*
 * What is in use over [from, to) as a series of its own; equal neighbours are one point. Where the rule is the forecast, the
 * last known day is repeated by series_fill. ENOMEM; ret_series is written on success only, and then the caller's.
 */
int signal_series(const struct signal *signal, int64_t from, int64_t to, struct series *ret_series);

/* What there is to look back on, up to where it has expired. Borrows the points of past, or in_force, which must be there. */
struct series signal_fresh(const struct signal *signal);

/* From when on the feed's version counts as expired; INT64_MAX: it does not, or not yet. */
int64_t signal_expiry(const struct signal *signal);

/* When what was issued then will count as expired if nothing newer comes; INT64_MAX: never. */
int64_t signal_expires_at(const struct signal_rule *rule, int64_t issued);

/* What the rule comes to for a series of that kind. */
enum signal_fallback signal_fallback(const struct signal_rule *rule, enum series_kind kind);

bool signal_rule_same(const struct signal_rule *a, const struct signal_rule *b);

/* "published", "pushed", "forecast", "repeated", "last", "value"; "unknown" for nothing. */
const char *signal_use_name(enum signal_use use);

#endif
