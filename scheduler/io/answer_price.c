/* SPDX-License-Identifier: Apache-2.0 */
/* answer_price.c - what the series say of each site: where from, how old, how far they reach, and their values. */
#include <string.h>

#include "base/fail.h"
#include "io/answer_supply.h"

enum { DAY = 86400 };

struct window {
        int64_t from, to;
};

/* Runs of equal value and source in the window; a hole is null. */
static json_t *values(struct answer *answer, const struct answer_supply *supply, enum series_kind kind,
                      struct window window)
{
        json_t *list = json_array();
        int64_t until;

        for (int64_t t = window.from; t < window.to; t = until) {
                const char *source = answer_source(supply, kind, t, &until);
                json_t *item = json_object();

                until = until < window.to ? until : window.to;
                answer_put(answer, item, "start_utc", answer_utc(t));
                answer_put(answer, item, "end_utc", answer_utc(until));
                answer_put(answer, item, answer_value_key(kind), answer_value(answer_signal(supply, kind, t).value));
                answer_put(answer, item, "source", json_string(source));
                answer_add(answer, list, item);
        }
        return list;
}

/* The method in use behind what is known, and how both did on the series' own past; null where no forecast stands in. */
static json_t *forecast_object(struct answer *answer, const struct site *site, enum series_kind kind)
{
        static const struct site_forecast none;
        const struct site_forecast *forecast = site->forecasts != NULL ? &site->forecasts[kind] : &none;
        struct signal signal = state_signal(answer->state, site, kind, answer->now.wall);
        bool known = forecast->made_for.version == signal.past->version && forecast->made.compared;
        json_t *object;

        if (signal_fallback(&signal.rule, kind) != SIGNAL_TAKE_FORECAST)
                return json_null();
        object = json_object();
        answer_put(answer, object, "method",
                   json_string(forecast_method_name(signal.forecast != NULL ? FORECAST_REGRESSION : FORECAST_NAIVE)));
        answer_put(answer, object, "naive_error", answer_known(known, (int64_t)forecast->made.naive_error));
        answer_put(answer, object, "regression_error", answer_known(known, (int64_t)forecast->made.regression_error));
        return object;
}

static json_t *series_object(struct answer *answer, const struct site *site, const struct answer_supply *supply,
                             enum series_kind kind, struct window window)
{
        const struct series *published = &supply->published[kind];
        bool known = published->n_points > 0;
        const struct series *told = answer_told(site, kind, answer->now.wall);
        int64_t age = answer->now.wall - told->issued, until;
        json_t *object = json_object();

        answer_put(answer, object, "kind", json_string(series_kind_name(kind)));
        if (series_kind_is_ppa(kind))
                answer_put(answer, object, "name",
                           answer_text(supply->supply.terms.ppas[(int)kind - SERIES_PPA].name));
        answer_put(answer, object, "source", answer_text(known ? told->source : NULL));
        answer_put(answer, object, "issued_utc", known ? answer_utc(told->issued) : json_null());
        answer_put(answer, object, "age_s", answer_known(known && told->issued != 0, age > 0 ? age : 0));
        answer_put(answer, object, "version", answer_known(known, (int64_t)published->version));
        answer_put(answer, object, "published_from_utc", known ? answer_utc(published->points[0].start) : json_null());
        answer_put(answer, object, "published_until_utc", known ? answer_utc(published->end) : json_null());
        answer_put(answer, object, "forecast_from_utc",
                   answer_utc(answer_forecast_from(supply, kind, answer->now.wall, window.to)));
        answer_put(answer, object, answer_now_key(kind),
                   answer_value(answer_signal(supply, kind, answer->now.wall).value));
        answer_put(answer, object, "now_source", json_string(answer_source(supply, kind, answer->now.wall, &until)));
        answer_put(answer, object, "forecast", forecast_object(answer, site, kind));
        answer_put(answer, object, "values", values(answer, supply, kind, window));
        return object;
}

static void put_contract(struct answer *answer, json_t *object, const struct supply_terms *terms)
{
        answer_put(answer, object, "grid_adder_micro_per_mwh", json_integer(terms->grid_adder));
        answer_put(answer, object, "grid_limit_w", answer_known(terms->grid_limit_w != INT64_MAX, terms->grid_limit_w));
        answer_put(answer, object, "grid_tax_ppm", json_integer(terms->grid_tax_ppm));
        answer_put(answer, object, "grid_firm_w", answer_known(terms->has_firm, terms->grid_firm_w));
        answer_put(answer, object, "grid_curtailable_w", json_integer(terms->grid_curtailable_w));
        answer_put(answer, object, "export_limit_w", json_integer(terms->export_limit_w));
        answer_put(answer, object, "export_micro_per_mwh", answer_known(terms->has_export_price, terms->export_price));
        answer_put(answer, object, "reactor_fuel_micro_per_mwh", answer_known(terms->has_reactor, terms->reactor_fuel));
        answer_put(answer, object, "pue_ppm", json_integer(terms->pue_ppm));
        answer_put(answer, object, "pue_fixed_w", json_integer(terms->pue_fixed_w));
}

static json_t *site_object(struct answer *answer, const struct site *site, struct window window)
{
        struct answer_supply supply;
        json_t *object = json_object(), *list = json_array();

        if (answer_supply_init(answer->state, site, answer->now.wall, window.to, &supply) != 0) {
                answer->failed = true;
                json_decref(list);
                return object;
        }
        answer_put(answer, object, "name", answer_text(site->name));
        answer_put(answer, object, "currency", answer_text(answer_site_currency(answer->state, site)));
        put_contract(answer, object, &supply.supply.terms);
        for (unsigned k = SERIES_PRICE; k <= SERIES_LAST; k++) {
                if (k != SERIES_PRICE && site->series[k].n_points == 0 && supply.signals[k].rule.fallback == SIGNAL_BY_KIND)
                        continue; /* a site without a reactor has no capacity to tell of; a price it must have */
                answer_add(answer, list, series_object(answer, site, &supply, k, window));
        }
        answer_put(answer, object, "series", list);
        answer_supply_finish(&supply);
        return object;
}

int answer_price(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "site", "from_utc", "to_utc", NULL };
        const struct state *state = answer->state;
        struct window window = { answer->now.wall, answer->now.wall + DAY };
        const char *only = NULL;
        json_t *list;
        int r = answer_expect(answer, names, err);

        if (r == 0)
                r = answer_argument_text(answer, "site", &only, err);
        if (r == 0)
                r = answer_argument_window(answer, &window.from, &window.to, err);
        if (r != 0)
                return r;
        if (only != NULL && state_site(state, only) == NULL)
                return answer_no_site(answer, only, err);
        list = json_array();
        for (uint32_t i = 0; i < state->n_sites; i++)
                if (only == NULL || strcmp(only, state->sites[i].name) == 0)
                        answer_add(answer, list, site_object(answer, &state->sites[i], window));
        answer_put(answer, answer->root, "from_utc", answer_utc(window.from));
        answer_put(answer, answer->root, "to_utc", answer_utc(window.to));
        answer_put(answer, answer->root, "sites", list);
        return 0;
}
