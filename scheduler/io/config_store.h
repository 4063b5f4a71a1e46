/* SPDX-License-Identifier: Apache-2.0 */
/* config_store.h - a site's store of energy: a battery, or a reactor's storage. */
#ifndef OFFPEAK_IO_CONFIG_STORE_H
#define OFFPEAK_IO_CONFIG_STORE_H

#include "io/config.h"
#include "io/config_schema.h"
#include "io/config_value.h"

/* After the reactor: a preset may bring a store along. The first failure stays in the reading. */
void config_take_store(struct config_reading *reading, const struct said_site *said, struct supply_terms *terms,
                       struct config_site_files *files);

#endif
