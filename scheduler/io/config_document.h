/* SPDX-License-Identifier: Apache-2.0 */
/* config_document.h - a configuration as a list of all its values in force, `values` of offpeak.policy/1
 * (docs/json.md). */
#ifndef OFFPEAK_IO_CONFIG_DOCUMENT_H
#define OFFPEAK_IO_CONFIG_DOCUMENT_H

#include <jansson.h>

#include "io/config.h"

/*
 * In the order of the schema. whole: for whom the file is, with addresses and headers as they are, and without what the
 * environment of the daemon says; else what a daemon may tell everybody. NULL: ENOMEM.
 */
json_t *config_document(const struct config *config, bool whole);

#endif
