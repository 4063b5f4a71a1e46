/* SPDX-License-Identifier: Apache-2.0 */
/* mappings.h - the mappings of well-known sources. One more is one more row. */
#ifndef OFFPEAK_FEEDS_MAPPINGS_H
#define OFFPEAK_FEEDS_MAPPINGS_H

#include "feeds/mapping.h"

/* In the order in which a guess tries them; ended by one without a name. */
extern const struct mapping mappings[];

/* Our own CSV form (csv.h), read as leniently as the others: the base of a description without a mapping. */
#define MAPPING_OWN "offpeak"

/* NULL if there is none of that name. */
const struct mapping *mappings_find(const char *name);

/* The same with a sentence: ENOTFOUND, with the nearest name. */
int mappings_need(const char *name, const struct mapping **ret_mapping, struct offpeak_error *err);

#endif
