/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounds.h - what a message may say: every limit of job.h and message.h, and no nonsense (negative times, NaN, names
 * that would break a terminal). The same check stands before encoding and after decoding.
 */
#ifndef OFFPEAK_WIRE_BOUNDS_H
#define OFFPEAK_WIRE_BOUNDS_H

#include <offpeak/error.h>

#include "wire/message.h"

/* EINVAL names the field, its limit and what it holds. */
int bounds_check(const struct message *message, struct offpeak_error *err);

/* The part of a job spec, for other doors of the system. */
int bounds_check_spec(const struct offpeak_job_spec *spec, struct offpeak_error *err);

#endif
