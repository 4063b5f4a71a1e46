/* SPDX-License-Identifier: Apache-2.0 */
/* mapping_guess.h - which ready mapping a file is of. */
#ifndef OFFPEAK_FEEDS_MAPPING_GUESS_H
#define OFFPEAK_FEEDS_MAPPING_GUESS_H

#include "feeds/mapping.h"

/*
 * Of XML and ZIPs by what they are; else the first mapping of the table whose columns (all but the value's) the file has, and whose form the time of its first
 * row is written in, if that row can be taken apart; NULL if there is none.
 */
const struct mapping *mapping_guess(const char *text, size_t size);

#endif
