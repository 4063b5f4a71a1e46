/* SPDX-License-Identifier: Apache-2.0 */
/* plan_records.h - a plan as the record that adopts it. */
#ifndef OFFPEAK_CORE_PLAN_RECORDS_H
#define OFFPEAK_CORE_PLAN_RECORDS_H

#include "core/turn.h"

/*
 * Append the PLAN record of `plan`, whose sites are the state's site ids. header NULL: hours for single jobs only, the
 * plan in force stays. With `keep`, jobs that it refuses are left out.
 */
void plan_records(struct turn *turn, const struct now *now, const struct adopted_plan *header, const struct plan *plan);

#endif
