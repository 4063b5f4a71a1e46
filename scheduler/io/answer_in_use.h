/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_in_use.h - which layer of a signal is in use at a time, and why. The one place where answers learn it.
 */
#ifndef OFFPEAK_IO_ANSWER_IN_USE_H
#define OFFPEAK_IO_ANSWER_IN_USE_H

#include "io/answer_supply.h"

struct in_use {
        const char *what; /* "published", "forecast", "nothing" */
        const char *why;  /* a sentence without its full stop */
};

struct in_use answer_in_use(const struct answer_supply *supply, enum series_kind kind, int64_t time);

#endif
