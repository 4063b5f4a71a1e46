/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_series.h - series that a simulation is made of: a value, a file, or another one with an error added. */
#ifndef OFFPEAK_CLI_SIMULATE_SERIES_H
#define OFFPEAK_CLI_SIMULATE_SERIES_H

#include "cli/price_file.h"
#include "supply/series.h"

/*
 * option: "--price", in errors. text: a value with its unit, which then holds from 0 to INT64_MAX, or a file (- is the
 * standard input) that `described` describes. site: whose it is. ret_currency: of a price that tells it, else "".
 * EINVAL, ENOTFOUND, EIO, ENOMEM.
 */
int simulate_series_read(const char *option, const char *text, const struct price_file *described,
                         enum series_kind kind, const char *site, struct series *ret_series, char ret_currency[4],
                         struct offpeak_error *err);

/* Does it hold at all times? */
bool simulate_series_is_constant(const struct series *series);

/*
 * The same series with a normal error of so large a share of its mean value at every point, independent of each other,
 * as Let's Wait Awhile makes forecasts. Carbon and power stay at least 0. *seed moves on. ENOMEM.
 */
int simulate_series_blur(const struct series *series, double sigma, uint64_t *seed, struct series *ret_series);

/* 0 at all points. ENOMEM. */
int simulate_series_void(const struct series *series, struct series *ret_series);

#endif
