/* SPDX-License-Identifier: Apache-2.0 */
/* estimate_signal.h - a price or a carbon intensity over time for `offpeak estimate`: a value, a file, or a site's. */
#ifndef OFFPEAK_CLI_ESTIMATE_SIGNAL_H
#define OFFPEAK_CLI_ESTIMATE_SIGNAL_H

#include <jansson.h>

#include "cli/price_file.h"
#include "supply/series.h"

enum estimate_source { ESTIMATE_NONE, ESTIMATE_VALUE, ESTIMATE_FILE, ESTIMATE_SITE };

struct estimate_signal {
        enum estimate_source source;
        const char *name;       /* not owned: file or site; NULL: a value */
        struct series series;   /* owned; a value holds at all times */
        struct series guessed;  /* owned; 1 where nobody has said the value and a forecast or a rule stands in */
        char currency[4];       /* of a price */
};

/* text: as --price and --carbon have it; file: what describes it, its path aside. EINVAL, ENOTFOUND, EIO, ENOMEM. */
int estimate_signal_read(const char *text, const struct price_file *file, enum series_kind kind,
                         struct estimate_signal *ret_signal, struct offpeak_error *err);

/*
 * Of a site as the scheduler's answer to "price" has it; prices as they are paid, with the contract's adder and tax. Without
 * a series of that kind ret_signal is ESTIMATE_NONE.
 */
int estimate_signal_of_site(const json_t *site, enum series_kind kind, struct estimate_signal *ret_signal,
                            struct offpeak_error *err);

void estimate_signal_finish(struct estimate_signal *signal);

/* Does it change over time? */
bool estimate_signal_varies(const struct estimate_signal *signal);

/* EINVAL unless all of [start, end) is known; names the hours that are not. */
int estimate_signal_covers(const struct estimate_signal *signal, int64_t start, int64_t end, struct offpeak_error *err);

/* The first known time from `time` on; INT64_MAX: none. */
int64_t estimate_signal_first(const struct estimate_signal *signal, int64_t time);

#endif
