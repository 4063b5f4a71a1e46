/* SPDX-License-Identifier: Apache-2.0 */
/* signal_value.h - a value of a signal with its unit, as people write it: "65 EUR/MWh", "385g/kWh", "310 MW". */
#ifndef OFFPEAK_CLI_SIGNAL_VALUE_H
#define OFFPEAK_CLI_SIGNAL_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "supply/series.h"

/* Bytes of the number that the text begins with; 0: none, so this is no value. */
size_t signal_value_number(const char *text);

/* Is it a file and not a value? What begins with a number is a value unless a file has that name. */
bool signal_value_is_file(const char *text);

/* Is it a value whose unit is a price's? */
bool signal_value_is_price(const char *text);

/*
 * noun: what it is, in errors ("price"). ret_value in the kind's unit, exactly; ret_currency: of a price that tells it, else
 * "". EINVAL: no unit, another kind's, no number.
 */
int signal_value_read(const char *text, enum series_kind kind, const char *noun, int64_t *ret_value, char ret_currency[4],
                      struct offpeak_error *err);

/*
 * The same as a series that holds at all times: from 0 to INT64_MAX. Nothing but a price may be negative. ret_series is
 * written on success only. Also ENOMEM.
 */
int signal_value_series(const char *text, enum series_kind kind, const char *noun, struct series *ret_series,
                        char ret_currency[4], struct offpeak_error *err);

#endif
