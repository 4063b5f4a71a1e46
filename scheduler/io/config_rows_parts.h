/* SPDX-License-Identifier: Apache-2.0 */
/* config_rows_parts.h - for config_rows.c: values that are more than a member of a struct, and what lies below parts
 * and lists. */
#ifndef OFFPEAK_IO_CONFIG_ROWS_PARTS_H
#define OFFPEAK_IO_CONFIG_ROWS_PARTS_H

#include "io/config_rows.h"

/* As `value` of a row: config_row_values.c. */
json_t *row_said(const struct config_at *at);
json_t *row_state_dir(const struct config_at *at);
json_t *row_listen_on(const struct config_at *at);
json_t *row_clock_rate(const struct config_at *at);
json_t *row_class_sites(const struct config_at *at);
json_t *row_export_price(const struct config_at *at);
json_t *row_firm(const struct config_at *at);
json_t *row_curtailable(const struct config_at *at);
json_t *row_end_value(const struct config_at *at);
json_t *row_demand_window(const struct config_at *at);
json_t *row_demand_hours(const struct config_at *at);
json_t *row_minimum_share(const struct config_at *at);
json_t *row_ppa_share(const struct config_at *at);
json_t *row_outage_unit(const struct config_at *at);
json_t *row_feed_url(const struct config_at *at);
json_t *row_feed_headers(const struct config_at *at);
json_t *row_feed_lowest(const struct config_at *at);
json_t *row_feed_highest(const struct config_at *at);
json_t *row_feed_fallback(const struct config_at *at);
json_t *row_missing(const struct config_at *at);
json_t *row_where(const struct config_at *at);
json_t *row_parts(const struct config_at *at);

/* As `enter` and `name` of a row: config_row_places.c. */
bool enter_always(struct config_at *at, size_t i);
bool enter_curve(struct config_at *at, size_t i);
bool enter_sites(struct config_at *at, size_t i);
bool enter_classes(struct config_at *at, size_t i);
bool enter_grid(struct config_at *at, size_t i);
bool enter_reactor(struct config_at *at, size_t i);
bool enter_solar(struct config_at *at, size_t i);
bool enter_battery(struct config_at *at, size_t i);
bool enter_storage(struct config_at *at, size_t i);
bool enter_demands(struct config_at *at, size_t i);
bool enter_ppas(struct config_at *at, size_t i);
bool enter_units(struct config_at *at, size_t i);
bool enter_outages(struct config_at *at, size_t i);
bool enter_price(struct config_at *at, size_t i);
bool enter_carbon(struct config_at *at, size_t i);
bool enter_limit_series(struct config_at *at, size_t i);
bool enter_export_series(struct config_at *at, size_t i);
bool enter_capacity(struct config_at *at, size_t i);
bool enter_solar_series(struct config_at *at, size_t i);
bool enter_stored(struct config_at *at, size_t i);
bool enter_ppa_series(struct config_at *at, size_t i);

const char *site_name(const struct config_at *at);
const char *class_name(const struct config_at *at);
const char *ppa_name(const struct config_at *at);
const char *unit_name(const struct config_at *at);

#endif
