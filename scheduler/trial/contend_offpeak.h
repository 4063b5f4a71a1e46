/* SPDX-License-Identifier: Apache-2.0 */
/* contend_offpeak.h - the scheduler itself as a contender. */
#ifndef OFFPEAK_TRIAL_CONTEND_OFFPEAK_H
#define OFFPEAK_TRIAL_CONTEND_OFFPEAK_H

#include "trial/contender.h"

int contend_offpeak(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                    struct offpeak_error *err);

#endif
