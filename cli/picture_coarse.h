/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_coarse.h - steps that are too many to be told apart on a sheet, as fewer means: a year of hours would be a
 * black bar.
 */
#ifndef OFFPEAK_CLI_PICTURE_COARSE_H
#define OFFPEAK_CLI_PICTURE_COARSE_H

#include "cli/picture.h"

/* More steps, or loads, than this are drawn as means. */
enum { PICTURE_MOST_STEPS = 720 };

/*
 * Means over stretches of one round length that begin at round times of the picture's clock, of the time at which there
 * are values; where there are none a gap stays. Returns that length in seconds, and what to free; 0: they are few
 * enough, and nothing was made. ENOMEM.
 */
int64_t picture_coarse_steps(const struct picture *picture, const struct picture_series *series,
                             struct picture_step **ret_steps, size_t *ret_n);
int64_t picture_coarse_loads(const struct picture *picture, const struct picture_site *site,
                             struct picture_load **ret_loads, size_t *ret_n);

#endif
