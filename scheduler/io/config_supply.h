/* SPDX-License-Identifier: Apache-2.0 */
/* config_supply.h - a site's contracts and plant: tariff, agreements, solar, reactor units. */
#ifndef OFFPEAK_IO_CONFIG_SUPPLY_H
#define OFFPEAK_IO_CONFIG_SUPPLY_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* What the site says beside price, carbon, limit and fuel. The first failure stays in the reading. */
void config_take_supply(struct config_reading *reading, const struct said_site *said, struct supply_terms *terms,
                        struct config_site_files *files);

/* `07-20 Mon-Fri`, `07:30-20:00`, `00-24 Sat,Sun`: hours of the week. False if it is none of that. */
bool config_parse_hours(const char *text, struct supply_hours *ret_hours);

#endif
