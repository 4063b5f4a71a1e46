/* SPDX-License-Identifier: Apache-2.0 */
/* answer_policy.c - the configuration in force, key by key. It is the daemon's: a cluster without one has none. */
#include "base/fail.h"
#include "io/answer_parts.h"
#include "io/config_document.h"

int answer_policy(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { NULL };
        int r = answer_expect(answer, names, err);

        if (r != 0)
                return r;
        if (answer->config == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "this scheduler has no configuration");
        answer_put(answer, answer->root, "source", json_null());
        answer_put(answer, answer->root, "values", config_document(answer->config, false));
        return 0;
}
