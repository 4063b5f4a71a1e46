/* SPDX-License-Identifier: Apache-2.0 */
/* trial_document.h - what a policy came to on a trial, as the `policies` of offpeak.simulate/1 and its kin have it. */
#ifndef OFFPEAK_CLI_TRIAL_DOCUMENT_H
#define OFFPEAK_CLI_TRIAL_DOCUMENT_H

#include <jansson.h>

#include "trial/outcome.h"
#include "trial/tally.h"

/* Whether the trial has any series of them: what needs one is null without. */
struct trial_known {
        bool price, carbon;
};

/* One policy. bound: NAN if nobody has proved one. NULL, here and below: ENOMEM. */
json_t *trial_row(const char *name, const struct tally *tally, const struct tally *run_now, double bound,
                  struct trial_known known);

/* Its hours, job by job. */
json_t *trial_segments(const struct trial *trial, const struct outcome *outcome);

/* To nine digits behind the point: more is noise of the sums. null where nothing is known. */
json_t *trial_number(double value);
json_t *trial_number_if(bool known, double value);

json_t *trial_time(int64_t time);

#endif
