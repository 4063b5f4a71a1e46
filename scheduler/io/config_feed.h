/* SPDX-License-Identifier: Apache-2.0 */
/* config_feed.h - where a series is from, as the configuration names it: a file or an address, and a mapping. */
#ifndef OFFPEAK_IO_CONFIG_FEED_H
#define OFFPEAK_IO_CONFIG_FEED_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* As config_take_* do: NULL leaves the feed as it is, the first failure is kept in the reading. */
void config_take_feed(struct config_reading *reading, const char *key, const struct said_feed *said,
                      struct config_feed *feed);

/* A value of the feed, for errors about it; its key if it says nothing at all. */
const char *config_feed_place(const struct said_feed *said);

void config_feed_finish(struct config_feed *feed);

#endif
