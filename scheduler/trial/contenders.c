/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/contender.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "trial/contend_known.h"
#include "trial/contend_offpeak.h"
#include "trial/contend_rules.h"
#include "trial/contend_run_now.h"

const struct contender contenders[] = {
        { "offpeak", NULL, "this scheduler: its core and planner in virtual time", contend_offpeak },
        { "run-now", NULL, "in the order of submission, with backfill, as soon as there is room", contend_run_now },
        { "threshold", "RATE|SHARE%", "while a job's rate is no higher than that, or than so large a share of its time (Ecovisor)", contend_threshold },
        { "cheapest-window", NULL, "each job in one piece where that is cheapest (GAIA's Lowest-Window)", contend_cheapest_window },
        { "wait-awhile", NULL, "each job in the cheapest instants, with pauses (Let's Wait Awhile)", contend_wait_awhile },
        { "carbon-time", NULL, "each job in one piece where it saves most for each second until it is done (GAIA)", contend_carbon_time },
        { "oracle", NULL, "one plan that knows all jobs and all that comes true, and a bound below all policies", contend_oracle },
        { NULL, NULL, NULL, NULL },
};

int contender_find(const char *text, const struct contender **ret_contender, const char **ret_parameter, struct offpeak_error *err)
{
        size_t size = strcspn(text, ":");
        char list[200] = "";

        for (const struct contender *contender = contenders; contender->name != NULL; contender++) {
                if (strlen(contender->name) == size && strncmp(contender->name, text, size) == 0) {
                        *ret_contender = contender;
                        *ret_parameter = text[size] == ':' ? text + size + 1 : NULL;
                        if (*ret_parameter != NULL && contender->parameter == NULL)
                                return fail(err, OFFPEAK_EUSAGE, "\"%s\": %s takes nothing behind a colon", text, contender->name);
                        if (*ret_parameter == NULL && contender->parameter != NULL)
                                return fail(err, OFFPEAK_EUSAGE, "\"%s\": write it as %s:%s", text, contender->name,
                                            contender->parameter);
                        return 0;
                }
                text_list_add(list, sizeof(list), contender->name);
        }
        return fail(err, OFFPEAK_EUSAGE, "there is no policy \"%s\": there are %s", text, list);
}
