/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_push.c - somebody says what a signal is, or that what was said holds no more.
 *
 *   who may      operators, and keys of role push
 *   what, where  a site of the policy that has such a signal, in its own currency
 *   when         not older than what was pushed last, not from the future, not expired
 *   how much     values that can be
 *
 * Then the push becomes a series that ends where it expires: nothing has to happen for it to end.
 */
#include "core/decide_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "supply/layers.h"
#include "supply/price_limits.h"

#define MICRO INT64_C(1000000)

enum {
        DEFAULT_LIFE_S = 3600,  /* of a value that came without one */
        CLOCKS_APART_S = 300,   /* what a pusher's clock may be ahead of ours */
};

/* Beyond these a unit was mistaken. */
#define MOST_PRICE   (100000 * MICRO)        /* 100,000 a MWh; more where that buys little */
#define MOST_UNKNOWN (10000000 * MICRO)      /* a MWh in a currency of which nothing is known */
#define MOST_CARBON  (10000 * INT64_C(1000)) /* 10 kg a kWh */
#define MOST_POWER   (1000000 * MICRO)       /* 1 TW */

/* A push on its way to become a record: the first thing that is wrong is answered. */
struct pushing {
        const struct state *state;
        const struct now *now;
        struct turn *turn;
        const struct client *client;
        const struct offpeak_push *push;
        const struct site *site;
        const struct supply_terms *terms;
        const char *currency;
        enum series_kind kind;
        char source[OFFPEAK_MAX_SOURCE];
        int64_t issued, expires;
        bool refused;
};

static void refuse(struct pushing *p, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The first refusal is the answer. */
static void refuse(struct pushing *p, int code, const char *format, ...)
{
        char text[512];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (!p->refused)
                reply(p->turn, p->client, code, 0, "%s", text);
        p->refused = true;
}

/* ---- who */

static void check_pusher(struct pushing *p)
{
        const char *source = p->push->source != NULL && p->push->source[0] != '\0' ? p->push->source : p->client->user;

        if (!p->client->may_push)
                refuse(p, OFFPEAK_EPERMISSION,
                       "only root, the scheduler's own user, and keys of role push or operator may push signals");
        snprintf(p->source, sizeof(p->source), "%s", source);
}

/* ---- what, where */

static void find_site(struct pushing *p)
{
        const struct policy_site *policy;

        if (p->refused)
                return;
        policy = policy_site(&p->state->policy, p->push->site);
        p->site = state_site(p->state, p->push->site);
        if (policy == NULL || p->site == NULL) {
                refuse(p, OFFPEAK_ENOTFOUND, "the scheduler's configuration names no site \"%.64s\"; `offpeak price` lists them",
                       p->push->site);
                return;
        }
        p->terms = &policy->terms;
        p->currency = policy->currency;
}

/* The agreements of the site: `north, south`. */
static const char *agreement_names(const struct pushing *p, char *text, size_t size)
{
        size_t used = 0;

        text[0] = '\0';
        for (uint32_t i = 0; i < p->terms->n_ppas && used < size; i++)
                used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", p->terms->ppas[i].name);
        return text;
}

/* Its index, or n_ppas. */
static uint32_t named_agreement(const struct pushing *p)
{
        uint32_t i = 0;

        while (i < p->terms->n_ppas && strcmp(p->terms->ppas[i].name, p->push->agreement) != 0)
                i++;
        return i;
}

static void find_agreement(struct pushing *p)
{
        char names[SUPPLY_MAX_PPAS * (SUPPLY_NAME + 2)];
        uint32_t i;

        agreement_names(p, names, sizeof(names));
        if (p->terms->n_ppas == 0) {
                refuse(p, OFFPEAK_EINVAL,
                       "%s has no purchase agreement whose production could be told: add `ppa` to its configuration",
                       p->site->name);
                return;
        }
        if (p->push->agreement == NULL) {
                refuse(p, OFFPEAK_EINVAL, "which agreement's production is it? Name it with --agreement: %s has %s",
                       p->site->name, names);
                return;
        }
        i = named_agreement(p);
        if (i == p->terms->n_ppas) {
                refuse(p, OFFPEAK_ENOTFOUND, "%s has no agreement \"%.64s\"; it has %s", p->site->name,
                       p->push->agreement, names);
                return;
        }
        p->kind = (enum series_kind)(SERIES_PPA + i);
        if (!p->terms->ppas[i].has_series)
                refuse(p, OFFPEAK_EINVAL,
                       "agreement \"%s\" at %s delivers the constant power that its configuration says (`power`): "
                       "change that, or "
                       "give it a `series`",
                       p->push->agreement, p->site->name);
}

/* A figure of an agreement other than its production is none that is pushed. */
static void check_agreement(struct pushing *p)
{
        if (p->refused || p->push->agreement == NULL || p->push->signal == OFFPEAK_PPA)
                return;
        refuse(p, OFFPEAK_EINVAL,
               "%s is of the site %s, not of its agreement \"%.64s\", of which the production alone is pushed (ppa); "
               "what that costs "
               "is in the configuration (`strike_per_mwh`). Leave out --agreement",
               series_kind_name(p->kind), p->site->name, p->push->agreement);
}

static void find_kind(struct pushing *p)
{
        if (p->refused)
                return;
        p->kind = p->push->signal == OFFPEAK_STORED ? (enum series_kind)SERIES_STORED : (enum series_kind)p->push->signal;
        if (p->push->signal == OFFPEAK_PPA)
                find_agreement(p);
        else if (p->push->withdraw && p->site->pushed[p->kind].n_points > 0)
                return; /* also where the configuration has lost what it is of */
        else if (p->push->signal == OFFPEAK_CAPACITY && !p->terms->has_reactor)
                refuse(p, OFFPEAK_EINVAL, "%s has no reactor whose capacity could change: add `reactor` to its configuration",
                       p->site->name);
        else if (p->push->signal == OFFPEAK_SOLAR && !p->terms->has_solar)
                refuse(p, OFFPEAK_EINVAL, "%s has no solar power: add `solar` to its configuration", p->site->name);
        else if (p->push->signal == OFFPEAK_STORED && !p->terms->has_store)
                refuse(p, OFFPEAK_EINVAL,
                       "%s has no store whose energy could be told: add `battery`, or `storage` to its reactor, in its "
                       "configuration",
                       p->site->name);
        else if (p->push->signal == OFFPEAK_EXPORT && p->terms->has_export_price)
                refuse(p, OFFPEAK_EINVAL,
                       "the export price of %s is a constant of its configuration (`export_price_per_mwh`): change it "
                       "there, or name a "
                       "series instead (`export_price`)",
                       p->site->name);
        else if (p->push->signal == OFFPEAK_EXPORT && p->terms->export_limit_w == 0)
                refuse(p, OFFPEAK_EINVAL, "%s exports nothing: add `export_limit` to its configuration", p->site->name);
}

static bool is_price(enum series_kind kind)
{
        return kind == SERIES_PRICE || (int)kind == SERIES_EXPORT_PRICE;
}

static void check_currency(struct pushing *p)
{
        if (p->refused || p->push->withdraw || !is_price(p->kind))
                return;
        if (p->push->currency == NULL)
                refuse(p, OFFPEAK_EINVAL, "in which currency? Prices at %s are in %s/MWh", p->site->name, p->currency);
        else if (strcmp(p->push->currency, p->currency) != 0)
                refuse(p, OFFPEAK_EINVAL, "prices at %s are in %s, and these are in %s", p->site->name, p->currency,
                       p->push->currency);
}

/* ---- when */

/* The end that the push itself gives; INT64_MAX: none. */
static int64_t own_end(const struct offpeak_push *push)
{
        return push->end != 0 ? push->end : INT64_MAX;
}

static void settle_times(struct pushing *p)
{
        const struct offpeak_push *push = p->push;
        char then[WHEN_TEXT_SIZE], now[WHEN_TEXT_SIZE];

        if (p->refused)
                return;
        p->issued = push->issued != 0 ? push->issued : p->now->wall;
        p->expires = push->expires != 0 ? push->expires : push->life_s != 0 ? p->now->wall + push->life_s : own_end(push);
        if (p->expires == INT64_MAX)
                p->expires = p->now->wall + DEFAULT_LIFE_S;
        if (own_end(push) < p->expires)
                p->expires = push->end;
        when_format_utc(p->now->wall, now);
        if (p->issued > p->now->wall + CLOCKS_APART_S)
                refuse(p, OFFPEAK_EINVAL, "it was issued at %s, and here it is %s: is one of the clocks wrong?",
                       when_format_utc(p->issued, then), now);
        else if (!push->withdraw && p->expires <= p->now->wall)
                refuse(p, OFFPEAK_EINVAL, "it has expired at %s, and now it is %s", when_format_utc(p->expires, then), now);
        else if (!push->withdraw && push->n_points > 0 && push->points[0].start >= p->expires)
                refuse(p, OFFPEAK_EINVAL, "it expires at %s, before its first value holds", when_format_utc(p->expires, then));
}

static void check_order(struct pushing *p)
{
        const struct push_source *source = p->refused ? NULL : state_push_source(p->site, p->kind, p->source);
        const struct series *standing;
        char then[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];

        if (p->refused)
                return;
        standing = &p->site->pushed[p->kind];
        if (source != NULL && p->push->seq != 0 && p->push->seq <= source->seq)
                refuse(p, OFFPEAK_ESTATE, "%s has already sent number %" PRIu64 " of this signal, and this is number %" PRIu64
                       ": give the next push a higher one", p->source, source->seq, p->push->seq);
        else if (standing->version > 0 && p->issued < standing->issued)
                refuse(p, OFFPEAK_ESTATE, "it was issued at %s, before what %s pushed last (%s): that stays in force",
                       when_format_utc(p->issued, then), standing->source, when_format_utc(standing->issued, last));
}

/* ---- how much */

/* Whoever pushes may say what no market does, but nothing that is another unit. */
static int64_t most_price(const char *currency)
{
        int64_t lowest, highest;

        if (!price_limits(currency, &lowest, &highest))
                return MOST_UNKNOWN;
        return highest > MOST_PRICE ? highest : MOST_PRICE;
}

static int64_t most_of(const struct pushing *p)
{
        int64_t ratings = 0;

        if (is_price(p->kind))
                return most_price(p->currency);
        if (p->kind == SERIES_CARBON)
                return MOST_CARBON;
        if ((int)p->kind == SERIES_STORED)
                return p->terms->store.energy_wh;
        for (uint32_t i = 0; i < p->terms->n_reactors; i++)
                ratings += p->terms->reactors[i].rating_w;
        return p->kind == SERIES_CAPACITY && ratings > 0 ? ratings : MOST_POWER;
}

static const char *value_text(const struct pushing *p, int64_t value, char text[TEXT_SIZE])
{
        if (is_price(p->kind))
                return text_format_price(value, p->currency, text);
        if ((int)p->kind == SERIES_STORED)
                return text_format_wh(value, text);
        if (p->kind != SERIES_CARBON)
                return text_format_power(value, text);
        snprintf(text, TEXT_SIZE, "%.6g g CO2e/kWh", (double)value / 1000);
        return text;
}

static void refuse_value(struct pushing *p, size_t i, const char *why, int64_t bound)
{
        char value[TEXT_SIZE], most[TEXT_SIZE], start[WHEN_TEXT_SIZE];
        int64_t at = p->push->points[i].start;

        refuse(p, OFFPEAK_EINVAL, "value %zu (%s) is %s: %s %s. Nothing of it was taken", i + 1,
               at != 0 ? when_format_utc(at, start) : "now", value_text(p, p->push->points[i].value, value), why,
               value_text(p, bound, most));
}

static void check_values(struct pushing *p)
{
        int64_t most = p->refused ? 0 : most_of(p), least = is_price(p->kind) ? -most : 0;
        bool rated = p->kind == SERIES_CAPACITY && most < MOST_POWER;
        size_t n_known = 0;

        for (size_t i = 0; !p->refused && i < p->push->n_points; i++) {
                int64_t value = p->push->points[i].value;

                if (value == OFFPEAK_UNKNOWN)
                        continue;
                n_known++;
                if (value < least)
                        refuse_value(p, i, "it cannot be below", least);
                else if (value > most)
                        refuse_value(p, i, rated                             ? "the reactor's units are rated" :
                                           (int)p->kind == SERIES_STORED ? "the store holds no more than" :
                                                                           "it cannot be above",
                                     most);
        }
        if (!p->refused && n_known == 0 && !p->push->withdraw)
                refuse(p, OFFPEAK_EINVAL, "it has no known value: a push that says nothing changes nothing. What was pushed is "
                       "taken back with `offpeak push --clear`");
}

/* ---- the record */

static uint64_t mix(uint64_t hash, int64_t number)
{
        for (int byte = 0; byte < 8; byte++)
                hash = (hash ^ ((uint64_t)number >> 8 * byte & 0xff)) * UINT64_C(1099511628211);
        return hash;
}

/* FNV-1a over what is said, not over when it arrived. */
static uint64_t digest_of(const struct offpeak_push *push)
{
        uint64_t hash = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < push->n_points; i++)
                hash = mix(mix(hash, push->points[i].start), push->points[i].value);
        hash = mix(mix(mix(hash, push->end), push->issued), push->expires);
        return mix(mix(hash, push->life_s), push->withdraw);
}

/* What it says, up to where it expires. */
static int make_series(const struct pushing *p, struct series *ret_series)
{
        struct series series;
        int code;

        series_init(&series, p->kind);
        code = series_set_names(&series, p->site->name, p->source);
        for (size_t i = 0; code == 0 && i < p->push->n_points && p->push->points[i].start < p->expires; i++) {
                int64_t start = p->push->points[i].start;

                code = series_append(&series, start != 0 ? start : p->now->wall, p->push->points[i].value);
        }
        if (code != 0) {
                series_finish(&series);
                return code;
        }
        if (series.n_points > 0)
                series.end = p->expires;
        series.issued = p->issued;
        series.version = p->site->series[p->kind].version + 1;
        *ret_series = series;
        return 0;
}

/* `capacity`, `ppa north`. */
static const char *signal_name(const struct pushing *p, char text[SUPPLY_NAME + 16])
{
        bool of_agreement = series_kind_is_ppa(p->kind) && p->push->agreement != NULL;

        snprintf(text, SUPPLY_NAME + 16, "%s%s%.64s", series_kind_name(p->kind), of_agreement ? " " : "",
                 of_agreement ? p->push->agreement : "");
        return text;
}

/* "capacity of hanford: 310 MW until 2026-11-22T08:00:00Z (for an hour, as it came without an end); then its feed holds" */
static void tell_push(const struct pushing *p, char text[512])
{
        const char *after = series_at(&p->site->feed[p->kind], p->expires) != SERIES_UNKNOWN ? "its feed holds again" :
                                                                                               "nothing is published";
        bool by_default = p->push->expires == 0 && p->push->life_s == 0 && p->push->end == 0;
        char value[TEXT_SIZE], until[WHEN_TEXT_SIZE], what[TEXT_SIZE + 16], name[SUPPLY_NAME + 16];

        if (p->push->withdraw) {
                snprintf(text, 512, "%s of %.64s: what was pushed holds no more; %s", signal_name(p, name),
                         p->site->name,
                         series_at(&p->site->feed[p->kind], p->now->wall) != SERIES_UNKNOWN ? "its feed holds again"
                                                                                            : "nothing is published");
                return;
        }
        if (p->push->n_points == 1 && p->push->points[0].value != OFFPEAK_UNKNOWN)
                snprintf(what, sizeof(what), "%s", value_text(p, p->push->points[0].value, value));
        else
                snprintf(what, sizeof(what), "%zu values", p->push->n_points);
        snprintf(text, 512, "%s of %.64s: %s until %s%s; then %s", signal_name(p, name), p->site->name, what,
                 when_format_utc(p->expires, until), by_default ? " (an hour, as no end was given)" : "", after);
}

/* Nothing is drawn from a grid that is not there, or whose limit is 0: what is said of it may be meant for another site. */
static bool is_of_no_grid(const struct pushing *p)
{
        bool of_grid = p->kind == SERIES_PRICE || p->kind == SERIES_CARBON || p->kind == SERIES_LIMIT;

        return of_grid && p->terms->grid_limit_w == 0 && !p->push->withdraw;
}

static void tell(const struct pushing *p, char text[512])
{
        size_t n;

        tell_push(p, text);
        n = strlen(text);
        if (is_of_no_grid(p))
                snprintf(text + n, 512 - n, "; %.64s draws nothing from the grid, so it counts for nothing", p->site->name);
}

static void count_pushed(struct pushing *p)
{
        struct series series;

        if (make_series(p, &series) != 0) {
                p->turn->failed = true;
                return;
        }
        count_stored(p->state, p->now, p->site, &series, p->turn);
        series_finish(&series);
}

static void record_push(struct pushing *p)
{
        struct record *record;
        char text[512];

        tell(p, text);
        record = turn_record(p->turn, RECORD_PUSHED, p->now);
        turn_check(p->turn, make_series(p, &record->u.pushed.series));
        record->u.pushed.seq = p->push->seq;
        record->u.pushed.digest = digest_of(p->push);
        record->u.pushed.request = request_on_record(p->turn, p->client, p->now, 0, text);
        if ((int)p->kind == SERIES_STORED)
                count_pushed(p);
        want_plan(p->state, p->now, p->turn);
        reply(p->turn, p->client, OFFPEAK_OK, 0, "%s", text);
}

/* The same number, or without one the same series: it was taken, and its answer lost. */
static bool is_repeat(struct pushing *p)
{
        const struct push_source *source = p->refused ? NULL : state_push_source(p->site, p->kind, p->source);
        struct series series;
        bool same;

        if (p->refused)
                return false;
        if (source != NULL && p->push->seq != 0)
                return p->push->seq == source->seq && digest_of(p->push) == source->digest;
        if (p->push->withdraw)
                return p->site->pushed[p->kind].end <= p->now->wall; /* there is nothing to take back */
        if (source == NULL || make_series(p, &series) != 0)
                return false;
        same = p->push->issued <= source->issued && layers_tell(&p->site->pushed[p->kind], &series);
        series_finish(&series);
        return same;
}

/* What stands since then: a life that was counted from its first coming is not counted anew. */
static void reply_again(const struct pushing *p)
{
        const struct series *standing = &p->site->pushed[p->kind];
        char until[WHEN_TEXT_SIZE], name[SUPPLY_NAME + 16];

        if (standing->end > p->now->wall)
                reply(p->turn, p->client, OFFPEAK_OK, 0,
                      "%s of %.64s: this was taken before; what is pushed holds until %s", signal_name(p, name),
                      p->site->name, when_format_utc(standing->end, until));
        else
                reply(p->turn, p->client, OFFPEAK_OK, 0, "%s of %.64s: nothing that was pushed holds any more",
                      signal_name(p, name), p->site->name);
}

void decide_push(const struct state *state, const struct input *input, struct turn *turn)
{
        struct pushing p = { .state = state, .now = &input->now, .turn = turn, .client = &input->u.push.client,
                             .push = input->u.push.push };

        if (answer_again(state, p.client, turn))
                return;
        check_pusher(&p);
        find_site(&p);
        find_kind(&p);
        check_agreement(&p);
        check_currency(&p);
        settle_times(&p);
        if (is_repeat(&p)) {
                reply_again(&p);
                return;
        }
        check_order(&p);
        check_values(&p);
        if (!p.refused)
                record_push(&p);
}
