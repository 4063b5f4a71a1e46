/* SPDX-License-Identifier: Apache-2.0 */
/* config_files.h - the files that a configuration names: would the daemon start with them? */
#ifndef OFFPEAK_IO_CONFIG_FILES_H
#define OFFPEAK_IO_CONFIG_FILES_H

#include "io/config.h"

/*
 * Read each file of a feed, and the keys, as a start does; what is wrong is added as a warning at the place of its
 * name: they may be another machine's. Nothing is fetched. Secrets are the reader's own matter (config_read_all).
 */
void config_files_check(const struct config *config, struct config_faults *faults);

#endif
