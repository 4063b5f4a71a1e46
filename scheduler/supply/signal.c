/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/signal.h"

#define DAY INT64_C(86400)

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

enum signal_fallback signal_fallback(const struct signal_rule *rule, enum series_kind kind)
{
        bool forecast = kind == SERIES_PRICE || kind == SERIES_CARBON || (int)kind == SERIES_EXPORT_PRICE;

        if (rule->fallback != SIGNAL_BY_KIND)
                return rule->fallback;
        return forecast ? SIGNAL_TAKE_FORECAST : SIGNAL_BY_KIND;
}

int64_t signal_expires_at(const struct signal_rule *rule, int64_t issued)
{
        if (rule->stale_after_s == 0 || issued == 0 || issued > INT64_MAX - rule->stale_after_s)
                return INT64_MAX;
        return issued + rule->stale_after_s;
}

int64_t signal_expiry(const struct signal *signal)
{
        int64_t expiry = signal_expires_at(&signal->rule, signal->issued);

        return signal->now >= expiry ? expiry : INT64_MAX;
}

/* ---- what was said */

static int64_t value_of(const struct series *series, int64_t time)
{
        return series != NULL ? series_at(series, time) : SERIES_UNKNOWN;
}

static int64_t edge_of(const struct series *series, int64_t time)
{
        return series != NULL ? series_next_edge(series, time) : INT64_MAX;
}

/* True: somebody said it, and it holds. */
static bool said(const struct signal *signal, int64_t time, struct signal_value *value)
{
        int64_t expiry = signal_expiry(signal);

        value->until = earlier(edge_of(signal->pushed, time), edge_of(signal->in_force, time));
        if (expiry > time)
                value->until = earlier(value->until, expiry);
        value->use = SIGNAL_PUSHED;
        value->value = value_of(signal->pushed, time);
        if (value->value == SERIES_UNKNOWN && time < expiry) {
                value->use = SIGNAL_PUBLISHED;
                value->value = value_of(signal->in_force, time);
        }
        return value->value != SERIES_UNKNOWN;
}

/* ---- what stands in for it */

struct known {
        int64_t value, at; /* at: the last second at which it was known */
};

/* The last known value before `time` and before `expiry`. */
static struct known last_known(const struct series *series, int64_t time, int64_t expiry)
{
        struct known known = { SERIES_UNKNOWN, INT64_MIN };
        int64_t end;

        if (series == NULL)
                return known;
        end = earlier(earlier(series->end, expiry), time);
        for (size_t i = series->n_points; i-- > 0;) {
                if (series->points[i].start >= end)
                        continue;
                if (series->points[i].value != SERIES_UNKNOWN)
                        return (struct known){ series->points[i].value, end };
                end = series->points[i].start;
        }
        return known;
}

static void take_last(const struct signal *signal, int64_t time, struct signal_value *value)
{
        struct known published = last_known(signal->in_force, time, signal_expiry(signal));
        struct known pushed = last_known(signal->pushed, time, INT64_MAX);

        value->use = SIGNAL_LAST;
        value->value = pushed.value != SERIES_UNKNOWN && pushed.at >= published.at ? pushed.value : published.value;
}

struct series signal_fresh(const struct signal *signal)
{
        struct series fresh = signal->past != NULL ? *signal->past : *signal->in_force;

        fresh.end = earlier(fresh.end, signal_expiry(signal));
        return fresh;
}

/* The same time a day earlier, itself so if need be. */
static void repeat_day(const struct signal *signal, int64_t time, struct signal_value *value)
{
        struct series fresh;

        if (signal->past == NULL && signal->in_force == NULL)
                return;
        fresh = signal_fresh(signal);
        for (int64_t days = 1; fresh.n_points > 0 && time - days * DAY >= fresh.points[0].start; days++) {
                int64_t then = time - days * DAY, edge = series_next_edge(&fresh, then);

                if (edge < INT64_MAX - days * DAY)
                        value->until = earlier(value->until, edge + days * DAY);
                value->value = series_at(&fresh, then);
                if (value->value != SERIES_UNKNOWN)
                        return;
        }
}

static void take_forecast(const struct signal *signal, int64_t time, struct signal_value *value)
{
        value->until = earlier(value->until, edge_of(signal->forecast, time));
        value->use = SIGNAL_FORECAST;
        value->value = value_of(signal->forecast, time);
        if (value->value != SERIES_UNKNOWN)
                return;
        value->use = SIGNAL_REPEATED;
        if (signal->repeated == NULL) {
                repeat_day(signal, time, value);
                return;
        }
        value->until = earlier(value->until, edge_of(signal->repeated, time));
        value->value = series_at(signal->repeated, time);
}

int64_t signal_since(const struct signal *signal, int64_t time)
{
        int64_t pushed = signal->pushed != NULL ? series_since(signal->pushed, time) : INT64_MIN;
        int64_t in_force = signal->in_force != NULL ? series_since(signal->in_force, time) : INT64_MIN;

        return value_of(signal->pushed, time) != SERIES_UNKNOWN || pushed > in_force ? pushed : in_force;
}

struct signal_value signal_at(const struct signal *signal, int64_t time)
{
        struct signal_value value;

        if (said(signal, time, &value))
                return value;
        switch (signal_fallback(&signal->rule, signal->kind)) {
        case SIGNAL_BY_KIND:
                break;
        case SIGNAL_TAKE_LAST:
                take_last(signal, time, &value);
                break;
        case SIGNAL_TAKE_FORECAST:
                take_forecast(signal, time, &value);
                break;
        case SIGNAL_TAKE_VALUE:
                value.use = SIGNAL_VALUE;
                value.value = signal->rule.value;
                break;
        }
        if (value.value == SERIES_UNKNOWN)
                value.use = SIGNAL_NOTHING;
        return value;
}

/* ---- as a series */

static int make_repeated(const struct signal *signal, int64_t from, int64_t to, struct series *ret_repeated)
{
        struct series fresh = signal_fresh(signal);
        int64_t ignored;

        return series_fill(&fresh, from, to, ret_repeated, &ignored);
}

/* Where all is known nothing needs to stand in for it. */
static bool needs_repeating(const struct signal *signal, int64_t from, int64_t to)
{
        struct series fresh = signal_fresh(signal);

        return series_first_unknown(&fresh, from, to) < to;
}

static int put_values(const struct signal *signal, int64_t from, int64_t to, struct series *out)
{
        for (int64_t t = from; t < to;) {
                struct signal_value value = signal_at(signal, t);

                if ((out->n_points == 0 || out->points[out->n_points - 1].value != value.value) &&
                    series_append(out, t, value.value) != 0)
                        return OFFPEAK_ENOMEM;
                t = earlier(value.until, to);
                out->end = t;
        }
        return 0;
}

int signal_series(const struct signal *signal, int64_t from, int64_t to, struct series *ret_series)
{
        bool repeats = signal->in_force != NULL && signal->repeated == NULL &&
                       signal_fallback(&signal->rule, signal->kind) == SIGNAL_TAKE_FORECAST;
        struct signal whole = *signal;
        struct series repeated, out;
        int code = 0;

        series_init(&repeated, signal->kind);
        series_init(&out, signal->kind);
        repeats = repeats && needs_repeating(signal, from, to);
        if (repeats)
                code = make_repeated(signal, from, to, &repeated);
        if (code == 0 && repeats)
                whole.repeated = &repeated;
        if (code == 0)
                code = put_values(&whole, from, to, &out);
        series_finish(&repeated);
        if (code != 0) {
                series_finish(&out);
                return code;
        }
        *ret_series = out;
        return 0;
}

bool signal_rule_same(const struct signal_rule *a, const struct signal_rule *b)
{
        return a->stale_after_s == b->stale_after_s && a->fallback == b->fallback && a->value == b->value;
}

const char *signal_use_name(enum signal_use use)
{
        switch (use) {
        case SIGNAL_NOTHING:
                break;
        case SIGNAL_PUBLISHED:
                return "published";
        case SIGNAL_PUSHED:
                return "pushed";
        case SIGNAL_FORECAST:
                return "forecast";
        case SIGNAL_REPEATED:
                return "repeated";
        case SIGNAL_LAST:
                return "last";
        case SIGNAL_VALUE:
                return "value";
        }
        return "unknown";
}
