/* SPDX-License-Identifier: Apache-2.0 */
/* question_site.h - a site of the planning problem: its supply as steps to the horizon, with what is known or stands in. */
#ifndef OFFPEAK_CORE_QUESTION_SITE_H
#define OFFPEAK_CORE_QUESTION_SITE_H

#include "core/input.h"
#include "core/state.h"

/*
 * candidate: the job for whom others' hours are taken out; NULL: none are. store: memory for the site's; NULL: it is left out, for
 * a lone job is placed beside what stores do for the others. ENOMEM; question_site_finish() also then.
 */
int question_site(const struct state *state, const struct now *now, const struct site *site, int64_t horizon,
                  const struct job *candidate, struct plan_store *store, struct plan_site *ret_site);
void question_site_finish(struct plan_site *site);

#endif
