/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option_values.h - quantities that options of several commands take. EINVAL names the option, what it was given, and
 * how to write it; results are written on success only.
 */
#ifndef OFFPEAK_CLI_OPTION_VALUES_H
#define OFFPEAK_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/price_file.h"
#include "feeds/unit.h"

/* From 1 to most. */
int option_whole(const struct option_found *found, int64_t most, int64_t *ret_value, struct offpeak_error *err);

/* Above 0: "400" is watts, "0.7kW". */
int option_power(const struct option_found *found, int64_t *ret_milliwatts, struct offpeak_error *err);

/* Facility power per IT power, 1 to 10. */
int option_pue(const struct option_found *found, int64_t *ret_ppm, struct offpeak_error *err);

/* A sum of money without its currency, from 0: "0.5". */
int option_money(const struct option_found *found, int64_t *ret_micro, struct offpeak_error *err);

/* A further KEY=VALUE of a mapping. */
int option_set(struct price_file *file, const struct option_found *found, struct offpeak_error *err);

/* EUSAGE: there are options that describe a file, and `text` is none. option: "--price"; prefix: "" or "carbon-". */
int option_check_file(const struct price_file *file, const char *text, const char *option, const char *prefix,
                      struct offpeak_error *err);

/* A number and its unit of that sort, in 10^-places of W or Wh, above 0. bare: it may have no unit. */
bool option_quantity(const char *text, enum unit_what what, bool bare, int places, int64_t *ret_value);

#endif
