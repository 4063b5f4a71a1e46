/* SPDX-License-Identifier: Apache-2.0 */
/* mix_trim.h - the picks of a mix as intervals to the second: what they do too much is cut off where that saves most. */
#ifndef OFFPEAK_PLAN_MIX_TRIM_H
#define OFFPEAK_PLAN_MIX_TRIM_H

#include "plan/mix.h"

/* A candidate as intervals that do the work and no more; false if it breaks a rule of the job. ENOMEM in *ret_code. */
bool mix_trim(const struct mix_wish *wish, const struct mix *mix, const struct mix_pick *picks,
              struct choice *ret_choice, int *ret_code);

#endif
