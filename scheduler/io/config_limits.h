/* SPDX-License-Identifier: Apache-2.0 */
/* config_limits.h - `lowest` and `highest` beside a feed: values with a unit that fits what it tells. */
#ifndef OFFPEAK_IO_CONFIG_LIMITS_H
#define OFFPEAK_IO_CONFIG_LIMITS_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* Of all feeds of a site whose name and currency are taken. */
void config_take_limits(struct config_reading *reading, const struct said_site *said, const char *currency,
                        struct config_site_files *files);

#endif
