/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - jobs and sites as they turned out, in the form that the ledger's report compares. */
#ifndef OFFPEAK_CORE_OUTCOME_H
#define OFFPEAK_CORE_OUTCOME_H

#include "core/state.h"
#include "ledger/report.h"

/* Whether the job ended in [from, to) after having run: only such jobs can be compared with running at once. */
bool outcome_is_known(const struct job *job, int64_t from, int64_t to);

/* Its real power, and the work that it really did; `site` is its site's index in the report. */
struct report_job outcome_of_job(const struct state *state, const struct job *job, uint32_t site);

/* A site with the devices and the idle power of all its nodes. Borrows from the state. */
struct report_site outcome_of_site(const struct state *state, const struct site *site);

#endif
