/* SPDX-License-Identifier: Apache-2.0 */
/* config_row_values.c - values that are more than one number or text of a struct. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/quarantine.h"
#include "io/config_rows_parts.h"
#include "io/config_url.h"
#include "io/config_value.h"
#include "io/config_write.h"

/* ---- of the process, sites and classes */

json_t *row_said(const struct config_at *at)
{
        return at->value != NULL ? json_string(config_text(at->value)) : json_null();
}

/* Where it lies by itself depends on whom systemd or a shell starts: only the daemon knows. */
static json_t *unless_by_environment(const struct config_at *at, json_t *value)
{
        if (at->value != NULL || !at->whole)
                return value;
        json_decref(value);
        return json_null();
}

json_t *row_state_dir(const struct config_at *at)
{
        return unless_by_environment(at, json_string(at->config->state_dir != NULL ? at->config->state_dir : ""));
}

static json_t *texts(char *const *items, size_t n)
{
        json_t *list = json_array();

        for (size_t i = 0; list != NULL && i < n; i++)
                if (json_array_append_new(list, json_string(items[i])) != 0) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

json_t *row_listen_on(const struct config_at *at)
{
        const struct said *said = at->said;

        if (at->whole && (said == NULL || said->listen_count == 0))
                return json_null();
        return texts(at->config->listen, at->config->n_listen);
}

json_t *row_clock_rate(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return json_string(config_write_number(llround(at->config->clock_rate * 1e6), 6, buffer));
}

json_t *row_class_sites(const struct config_at *at)
{
        return at->class->n_sites > 0 ? texts(at->class->sites, at->class->n_sites) : json_null();
}

json_t *row_export_price(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return at->site->terms.has_export_price
                       ? json_string(config_write_number(at->site->terms.export_price, 6, buffer))
                       : json_null();
}

json_t *row_firm(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return at->site->terms.has_firm ? json_string(config_write_power(at->site->terms.grid_firm_w, buffer))
                                        : json_null();
}

json_t *row_curtailable(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return at->site->terms.has_firm ? json_string(config_write_power(at->site->terms.grid_curtailable_w, buffer))
                                        : json_null();
}

json_t *row_end_value(const struct config_at *at)
{
        const struct supply_store *store = &at->site->terms.store;
        char buffer[TEXT_SIZE];

        return store->has_end_value ? json_string(config_write_number(store->end_value, 6, buffer)) : json_null();
}

json_t *row_demand_window(const struct config_at *at)
{
        (void)at;
        return json_string("month");
}

json_t *row_demand_hours(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return at->demand->hours.days != 0 ? json_string(config_write_hours(&at->demand->hours, buffer)) : json_null();
}

json_t *row_minimum_share(const struct config_at *at)
{
        const struct said_demand *said = at->said;
        char buffer[TEXT_SIZE];

        if (at->demand->contract_w == 0 && (said == NULL || said->contract == NULL))
                return json_null();
        return json_string(config_write_number(at->demand->minimum_share_ppm, 6, buffer));
}

json_t *row_ppa_share(const struct config_at *at)
{
        char buffer[TEXT_SIZE];

        return at->ppa->has_series ? json_string(config_write_number(at->ppa->share_ppm, 6, buffer)) : json_null();
}

json_t *row_outage_unit(const struct config_at *at)
{
        return json_string(at->site->terms.reactors[at->outage->unit].name);
}

/* ---- feeds */

static json_t *owned_text(char *text)
{
        json_t *value = text != NULL ? json_string(text) : NULL;

        free(text);
        return value;
}

json_t *row_feed_url(const struct config_at *at)
{
        const struct config_url *url = at->feed->url;

        if (url == NULL)
                return json_null();
        return at->whole ? owned_text(url_form_text(&url->form)) : json_string(url->shown);
}

json_t *row_feed_headers(const struct config_at *at)
{
        const struct config_url *url = at->feed->url;
        json_t *headers;

        if (url == NULL || url->n_headers == 0)
                return json_null();
        headers = json_object();
        for (size_t i = 0; headers != NULL && i < url->n_headers; i++)
                if (json_object_set_new(headers, url->headers[i].name,
                                        at->whole ? owned_text(url_form_text(&url->headers[i].value))
                                                  : json_string("***")) != 0) {
                        json_decref(headers);
                        return NULL;
                }
        return headers;
}

static json_t *limit(const struct config_at *at, bool high)
{
        struct quarantine_limits limits;
        char buffer[TEXT_SIZE];
        int64_t value;

        quarantine_defaults(at->kind, at->site->currency, &at->site->terms, &limits);
        value = high ? limits.highest : limits.lowest;
        if (high ? at->feed->has_highest : at->feed->has_lowest)
                value = high ? at->feed->highest : at->feed->lowest;
        else if (value == INT64_MAX || value == INT64_MIN)
                return json_null();
        return json_string(config_write_signal(at->kind, at->site->currency, value, buffer));
}

json_t *row_feed_lowest(const struct config_at *at)
{
        return limit(at, false);
}

json_t *row_feed_highest(const struct config_at *at)
{
        return limit(at, true);
}

json_t *row_feed_fallback(const struct config_at *at)
{
        const struct signal_rule *rule = &at->site->signals[at->kind];
        char buffer[TEXT_SIZE];

        switch (signal_fallback(rule, at->kind)) {
        case SIGNAL_TAKE_LAST:
                return json_string("last");
        case SIGNAL_TAKE_FORECAST:
                return json_string("forecast");
        case SIGNAL_TAKE_VALUE:
                return json_string(config_write_signal(at->kind, at->site->currency, rule->value, buffer));
        case SIGNAL_BY_KIND:
                break;
        }
        return json_null();
}

json_t *row_missing(const struct config_at *at)
{
        const struct said_feed *said = at->said;
        json_t *list;

        if (said == NULL || said->missing_count == 0)
                return json_null();
        list = json_array();
        for (unsigned i = 0; list != NULL && i < said->missing_count; i++)
                if (json_array_append_new(list, json_string(config_text(said->missing[i]))) != 0) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

static json_t *pairs(const struct said_pair *said, unsigned n)
{
        json_t *object;

        if (n == 0)
                return json_null();
        object = json_object();
        for (unsigned i = 0; object != NULL && i < n; i++)
                if (json_object_set_new(object, config_text(said[i].name),
                                        said[i].value != NULL ? json_string(config_text(said[i].value))
                                                              : json_null()) != 0) {
                        json_decref(object);
                        return NULL;
                }
        return object;
}

json_t *row_where(const struct config_at *at)
{
        const struct said_feed *said = at->said;

        return said != NULL ? pairs(said->where, said->where_count) : json_null();
}

json_t *row_parts(const struct config_at *at)
{
        const struct said_feed *said = at->said;

        return said != NULL ? pairs(said->parts, said->parts_count) : json_null();
}
