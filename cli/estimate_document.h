/* SPDX-License-Identifier: Apache-2.0 */
/* estimate_document.h - `offpeak estimate` computed: the document offpeak.estimate/1 (docs/json.md), which view_estimate prints. */
#ifndef OFFPEAK_CLI_ESTIMATE_DOCUMENT_H
#define OFFPEAK_CLI_ESTIMATE_DOCUMENT_H

#include <jansson.h>

#include "cli/estimate_options.h"
#include "cli/estimate_signal.h"
#include "ledger/estimate.h"

enum { ESTIMATE_MOST_RUNS = 4096 };

/* One way to run it. */
struct estimate_run {
        int64_t gpus, nodes;    /* 0: not told */
        int64_t milliwatts;     /* at the IT, or with the PUE in it; 0: not told */
        int64_t seconds;        /* 0: not told */
        struct estimate_energy energy;
};

/* All that is known before the arithmetic. */
struct estimate_question {
        const struct estimate_options *options;
        struct estimate_run *runs; /* by width */
        size_t n_runs;
        int64_t pue_ppm;           /* 0: not told */
        int64_t now, begin, by;    /* UTC seconds; by 0: none */
        struct estimate_signal price, carbon;
        enum estimate_objective objective; /* ESTIMATE_ANY: no start is looked for */
};

/*
 * EINVAL: hours that no run has (with several widths, one that has them is enough), or none that ends by `by`; more than 64
 * bits. ENOMEM.
 */
int estimate_document(const struct estimate_question *question, json_t **ret_document, struct offpeak_error *err);

#endif
