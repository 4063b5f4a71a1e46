/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_document.h - what policies came to, as the document offpeak.simulate/1 (docs/json.md). */
#ifndef OFFPEAK_CLI_SIMULATE_DOCUMENT_H
#define OFFPEAK_CLI_SIMULATE_DOCUMENT_H

#include <jansson.h>

#include "cli/simulate_trial.h"
#include "trial/outcome.h"
#include "trial/tally.h"

/* One policy's run. */
struct simulate_result {
        const char *name; /* as the command line has it */
        struct outcome outcome;
        struct tally tally;
};

/* What is wrong with a list of jobs, as `findings` of the document. */
json_t *simulate_findings(const struct trace *trace);

/* run_now: what the rest is compared with. The same results give the same bytes. ENOMEM. */
int simulate_document(const struct simulation *simulation, const struct simulate_options *options,
                      const struct simulate_result *results, size_t n, const struct simulate_result *run_now,
                      json_t **ret_document, struct offpeak_error *err);

#endif
