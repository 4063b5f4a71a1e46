/* SPDX-License-Identifier: Apache-2.0 */
/* presets.h - plants by name, so that a configuration need not copy data sheets. presets.c has each value's source. */
#ifndef OFFPEAK_SUPPLY_PRESETS_H
#define OFFPEAK_SUPPLY_PRESETS_H

#include "supply/terms.h"

/*
 * The units of a plant: names, ratings, minima, ramps, restarts. False: no such preset. Writes at most
 * SUPPLY_MAX_REACTORS.
 */
bool preset_reactors(const char *name, struct supply_reactor reactors[SUPPLY_MAX_REACTORS], uint32_t *ret_n);

/* The store that comes with a plant: false if there is none. Its reserve and what it is worth at the end are 0. */
bool preset_store(const char *name, struct supply_store *ret_store);

/* An agreement's kind, power, start, carbon and take-or-pay; not its name and strike. */
bool preset_ppa(const char *name, struct supply_ppa *ret_ppa);

/* All names, for a sentence; ends with NULL. */
extern const char *const preset_reactor_names[];
extern const char *const preset_ppa_names[];

#endif
