/* SPDX-License-Identifier: Apache-2.0 */
/* config_feed.h - a file with a series as the configuration names it: by its path, or with a mapping. */
#ifndef OFFPEAK_IO_CONFIG_FEED_H
#define OFFPEAK_IO_CONFIG_FEED_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* As config_take_* do: NULL leaves the feed as it is, the first failure is kept in the reading. */
void config_take_feed(struct config_reading *reading, const char *key, const struct said_feed *said,
                      struct config_feed *feed);

void config_feed_finish(struct config_feed *feed);

#endif
