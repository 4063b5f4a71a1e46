/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_in_use.h - what of a signal is in use at a time, and why, in words. supply/signal.h decides it.
 */
#ifndef OFFPEAK_IO_ANSWER_IN_USE_H
#define OFFPEAK_IO_ANSWER_IN_USE_H

#include "io/answer_supply.h"

struct in_use {
        const char *what; /* "published", "pushed", "forecast" (whatever its method), "last", "value", "nothing" */
        int64_t value;    /* SERIES_UNKNOWN with "nothing" */
        char why[160];    /* a sentence without its full stop */
};

struct in_use answer_in_use(const struct answer_supply *supply, enum series_kind kind, int64_t time);

#endif
