/* SPDX-License-Identifier: Apache-2.0 */
/* policy_show.c - `offpeak policy show [FILE]`: every value in force, those that nobody gave too. */
#include "base/fail.h"
#include "cli/document.h"
#include "cli/policy.h"

static int view(const json_t *document, const struct screen *screen, FILE *out)
{
        (void)screen;
        return policy_write_yaml(document, out);
}

int policy_show(struct command_run *run, const struct policy_options *options, struct offpeak_error *err)
{
        json_t *document;
        int r;

        (void)options;
        if (run->n_operands == 0)
                return command_answer(run, "policy", NULL, view, err);
        r = policy_read(run->operands[0], &document, err);
        if (r != 0)
                return r;
        if (run->json)
                command_print_json(run, document);
        else if (view(document, &run->screen, run->out) != 0)
                r = fail(err, OFFPEAK_ENOMEM, "out of memory");
        json_decref(document);
        return r;
}
