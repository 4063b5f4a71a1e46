/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - the rules of published schedulers: when one job, looked at by itself when it is submitted, wants to run.
 *
 *   cheapest window   the contiguous run that is cheapest (GAIA's Lowest-Window: Hanafy et al., ASPLOS 2024)
 *   wait awhile       the cheapest instants, with pauses (Wiesner et al., Middleware 2021, doi 10.1145/3464298.3493399)
 *   threshold         whenever the rate is no higher than a level, and at last anyhow (Ecovisor's: Souza et al., ASPLOS 2023)
 *   carbon time       the contiguous run that saves most for each second until it is done (GAIA's Carbon-Time)
 *
 * They look at the rates that may be seen. A job that cannot be interrupted has the best contiguous run of the same kind.
 */
#ifndef OFFPEAK_TRIAL_RULES_H
#define OFFPEAK_TRIAL_RULES_H

#include "trial/rates.h"

struct wish {
        int64_t start, end;
};

struct wishes {
        struct wish *at; /* owned, ascending, apart */
        size_t n, room;
};

/* What one job asks of a rule. */
struct rule_question {
        const struct rates *rates;
        int64_t earliest, latest; /* its hours lie within; latest - earliest >= seconds */
        int64_t seconds;          /* of running */
        bool interruptible;
        double level;             /* threshold: a rate, or */
        double share;             /* above 0: the quantile of the rates it may see within its time */
};

typedef int (*rule)(const struct rule_question *question, struct wishes *wishes);

/* wishes: empty or used before. ENOMEM. */
int rule_cheapest_window(const struct rule_question *question, struct wishes *wishes);
int rule_wait_awhile(const struct rule_question *question, struct wishes *wishes);
int rule_threshold(const struct rule_question *question, struct wishes *wishes);
int rule_carbon_time(const struct rule_question *question, struct wishes *wishes);

void wishes_finish(struct wishes *wishes);

#endif
