/* SPDX-License-Identifier: Apache-2.0 */
/* answer_signals.c - each signal of each site: where from, how old, how far it reaches, what is in use, how its feed does. */
#include <string.h>

#include "io/answer_in_use.h"
#include "io/answer_parts.h"
#include "supply/reactor.h"

static const struct feed_status *feed_of(const struct answer *answer, const char *site, enum series_kind kind)
{
        for (size_t i = 0; i < answer->feeds.n; i++)
                if (answer->feeds.items[i].kind == kind && strcmp(answer->feeds.items[i].site, site) == 0)
                        return &answer->feeds.items[i];
        return NULL;
}

/* The worst that there is to say of it in one word. */
static const char *state_of(const struct feed_status *feed, const struct series *series, const struct signal *signal,
                            int64_t now)
{
        if (feed == NULL)
                return "none";
        if (feed->failures > 0)
                return "failing";
        if (feed->good_at == 0)
                return "waiting";
        if (series->n_points == 0 || series->end <= now || signal_expiry(signal) <= now)
                return "late";
        return feed->quarantine.n_values > 0 ? "quarantined" : "ok";
}

static json_t *quarantined(struct answer *answer, const struct feed_status *feed)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < feed->quarantine.n_listed; i++) {
                const struct quarantined *value = &feed->quarantine.listed[i];
                json_t *item = json_object();

                answer_put(answer, item, "start_utc", answer_utc(value->start));
                answer_put(answer, item, "end_utc", answer_utc(value->end));
                answer_put(answer, item, answer_value_key(feed->kind), answer_value(value->value));
                answer_put(answer, item, "reason", json_string(value->high ? "above the highest" : "below the lowest"));
                answer_add(answer, list, item);
        }
        return list;
}

static json_t *feed_object(struct answer *answer, const struct feed_status *feed)
{
        json_t *object;

        if (feed == NULL)
                return json_null();
        object = json_object();
        answer_put(answer, object, "transport", answer_text(feed->transport));
        answer_put(answer, object, "source", answer_text(feed->source));
        answer_put(answer, object, "mapping", answer_text(feed->mapping));
        answer_put(answer, object, "pages", answer_known(feed->pages > 0, feed->pages));
        answer_put(answer, object, "tried_utc", answer_utc(feed->tried_at));
        answer_put(answer, object, "good_utc", answer_utc(feed->good_at));
        answer_put(answer, object, "next_try_utc", answer_utc(feed->next_at));
        answer_put(answer, object, "failing_since_utc", answer_utc(feed->failing_since));
        answer_put(answer, object, "failures", json_integer(feed->failures));
        answer_put(answer, object, "error", answer_text(feed->failures > 0 ? feed->error.text : NULL));
        answer_put(answer, object, "n_quarantined", json_integer(feed->quarantine.n_values));
        answer_put(answer, object, "quarantined", quarantined(answer, feed));
        return object;
}

static json_t *signal_object(struct answer *answer, const struct answer_supply *supply, const struct site *site,
                             enum series_kind kind)
{
        const struct series *series = &site->series[kind], *told = answer_told(site, kind, answer->now.wall);
        const struct feed_status *feed = feed_of(answer, site->name, kind);
        struct in_use in_use = answer_in_use(supply, kind, answer->now.wall);
        int64_t age = answer->now.wall - told->issued, gaps_s;
        bool known = series->n_points > 0;
        json_t *object = json_object();
        uint32_t gaps;

        quarantine_gaps(series, &gaps, &gaps_s);
        answer_put(answer, object, "kind", json_string(series_kind_name(kind)));
        if (series_kind_is_ppa(kind))
                answer_put(answer, object, "name", answer_text(supply->supply.terms.ppas[(int)kind - SERIES_PPA].name));
        answer_put(answer, object, "source", answer_text(known ? told->source : NULL));
        answer_put(answer, object, "issued_utc", known ? answer_utc(told->issued) : json_null());
        answer_put(answer, object, "age_s", answer_known(known && told->issued != 0, age > 0 ? age : 0));
        answer_put(answer, object, "covers_from_utc", known ? answer_utc(series->points[0].start) : json_null());
        answer_put(answer, object, "covers_until_utc", known ? answer_utc(series->end) : json_null());
        answer_put(answer, object, "gaps", answer_known(known, gaps));
        answer_put(answer, object, "gaps_s", answer_known(known, gaps_s));
        answer_put(answer, object, "pushed_until_utc",
                   site->pushed[kind].n_points > 0 ? answer_utc(site->pushed[kind].end) : json_null());
        answer_put(answer, object, "in_use", json_string(in_use.what));
        answer_put(answer, object, "why", answer_text(in_use.why));
        answer_put(answer, object, answer_now_key(kind), answer_value(in_use.value));
        answer_put(answer, object, "state", json_string(state_of(feed, series, &supply->signals[kind], answer->now.wall)));
        answer_put(answer, object, "feed", feed_object(answer, feed));
        return object;
}

/* What a site has itself: nobody has to tell that, but what it holds and gives now. */
static json_t *store_object(struct answer *answer, const struct supply_terms *terms)
{
        const struct supply_store *store = &terms->store;
        json_t *object;

        if (!terms->has_store)
                return json_null();
        object = json_object();
        answer_put(answer, object, "energy_wh", json_integer(store->energy_wh));
        answer_put(answer, object, "reserve_wh", json_integer(store->reserve_wh));
        answer_put(answer, object, "charge_w", json_integer(store->charge_w));
        answer_put(answer, object, "discharge_w", json_integer(store->discharge_w));
        answer_put(answer, object, "from_reactor", json_boolean(store->from_reactor));
        return object;
}

static json_t *units(struct answer *answer, const struct supply_terms *terms)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < terms->n_reactors; i++) {
                json_t *item = json_object();
                int64_t from = 0, back = 0;

                reactor_unit_outage(terms, i, answer->now.wall, &from, &back);
                answer_put(answer, item, "name", answer_text(terms->reactors[i].name));
                answer_put(answer, item, "rating_w", json_integer(terms->reactors[i].rating_w));
                answer_put(answer, item, "expected_w", json_integer(reactor_unit_forecast(terms, i, answer->now.wall)));
                answer_put(answer, item, "outage_from_utc", answer_utc(from));
                answer_put(answer, item, "outage_until_utc", answer_utc(back));
                answer_add(answer, list, item);
        }
        return list;
}

/* A signal that nobody tells and nobody asks for is left out, but for those that the site needs to be planned for. */
static bool is_listed(const struct answer *answer, const struct answer_supply *supply, const struct site *site,
                      enum series_kind kind)
{
        const struct supply_terms *terms = &supply->supply.terms;

        if (kind == SERIES_PRICE || (kind == SERIES_CAPACITY && terms->has_reactor) ||
            ((int)kind == SERIES_STORED && terms->has_store))
                return true;
        return site->series[kind].n_points > 0 || feed_of(answer, site->name, kind) != NULL ||
               supply->signals[kind].rule.fallback != SIGNAL_BY_KIND;
}

static json_t *site_object(struct answer *answer, const struct site *site)
{
        struct answer_supply supply;
        json_t *object = json_object(), *list = json_array();

        if (answer_supply_init(answer->state, site, answer->now.wall, answer->now.wall + 1, &supply) != 0) {
                answer->failed = true;
                json_decref(list);
                return object;
        }
        answer_put(answer, object, "name", answer_text(site->name));
        answer_put(answer, object, "currency", answer_text(answer_site_currency(answer->state, site)));
        for (unsigned k = SERIES_PRICE; k <= SERIES_LAST; k++)
                if (is_listed(answer, &supply, site, k))
                        answer_add(answer, list, signal_object(answer, &supply, site, k));
        answer_put(answer, object, "signals", list);
        answer_put(answer, object, "store", store_object(answer, &supply.supply.terms));
        answer_put(answer, object, "units", units(answer, &supply.supply.terms));
        answer_supply_finish(&supply);
        return object;
}

int answer_signals(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "site", NULL };
        const struct state *state = answer->state;
        const char *only = NULL;
        json_t *list;
        int r = answer_expect(answer, names, err);

        if (r == 0)
                r = answer_argument_text(answer, "site", &only, err);
        if (r != 0)
                return r;
        if (only != NULL && state_site(state, only) == NULL)
                return answer_no_site(answer, only, err);
        list = json_array();
        for (uint32_t i = 0; i < state->n_sites; i++)
                if (only == NULL || strcmp(only, state->sites[i].name) == 0)
                        answer_add(answer, list, site_object(answer, &state->sites[i]));
        answer_put(answer, answer->root, "sites", list);
        return 0;
}
