/* SPDX-License-Identifier: Apache-2.0 */
/* help_late.h - jobs that are late, at sites with stores whose power is limited: the stores are asked for each. */
#ifndef OFFPEAK_PLAN_HELP_LATE_H
#define OFFPEAK_PLAN_HELP_LATE_H

#include "plan/joint.h"

/*
 * Each gets stores that give what it needs from an hour on at which they carry it, and jobs move one by one beside these. Nothing where
 * power is not limited: there stores make no job late. ENOMEM.
 */
int help_the_late(struct joint *joint);

#endif
