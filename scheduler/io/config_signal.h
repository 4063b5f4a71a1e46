/* SPDX-License-Identifier: Apache-2.0 */
/* config_signal.h - what stands in for a signal that nobody publishes, or that has grown old: stale_after and fallback. */
#ifndef OFFPEAK_IO_CONFIG_SIGNAL_H
#define OFFPEAK_IO_CONFIG_SIGNAL_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* The rules of all signals of a site, from what its feeds say. The first failure stays in the reading. */
void config_take_signals(struct config_reading *reading, const struct said_site *said, struct policy_site *site);

#endif
