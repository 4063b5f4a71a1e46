/* SPDX-License-Identifier: Apache-2.0 */
/* policy_try_document.h - the past under two policies, as the document offpeak.policy_try/1 (docs/json.md). */
#ifndef OFFPEAK_CLI_POLICY_TRY_DOCUMENT_H
#define OFFPEAK_CLI_POLICY_TRY_DOCUMENT_H

#include "cli/policy_past.h"
#include "trial/tally.h"

enum try_row { TRY_ACTUAL = 0, TRY_IN_FORCE, TRY_NEW, TRY_RUN_NOW, TRY_ROWS };

struct try_result {
        struct outcome outcome;
        struct tally tally;
};

/* All borrowed. */
struct try_facts {
        const char *source; /* the file of the new policy */
        const struct past *past;
        const struct policy *in_force, *renewed;
        const struct trial *trials[TRY_ROWS]; /* what each row was tallied on */
        const struct try_result *results;     /* [enum try_row] */
};

/* ENOMEM. */
int policy_try_document(const struct try_facts *facts, json_t **ret_document, struct offpeak_error *err);

/* What lacks in the new policy or is otherwise than in the past, and what no row counts, a sentence each. NULL: ENOMEM.
 */
json_t *policy_try_remarks(const struct try_facts *facts);

#endif
