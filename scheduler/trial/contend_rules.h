/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contend_rules.h - contenders that are a rule for each job by itself (rules.h), in a cluster that has so many GPUs and
 * so much power.
 *
 * A job is held to its wishes as far as there is room: those that want to run are started in the order of submission,
 * if they fit; one that found no room in time catches up as soon as there is some. A job that a failing node cut off
 * asks its rule anew, for what is left.
 */
#ifndef OFFPEAK_TRIAL_CONTEND_RULES_H
#define OFFPEAK_TRIAL_CONTEND_RULES_H

#include "trial/contender.h"

/*
 * Hours that somebody planned, as wishes of their jobs at the planned sites: kept as far as nodes that fail allow.
 * hours: sorted, as outcome_sort() does; of a trial without failures they are what comes out.
 */
int contend_hours(const struct trial *trial, const struct outcome *hours, const struct trial_watch *watch,
                  struct outcome *ret_outcome, struct offpeak_error *err);

int contend_cheapest_window(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                            struct outcome *ret_outcome, struct offpeak_error *err);
int contend_wait_awhile(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                        struct outcome *ret_outcome, struct offpeak_error *err);
int contend_carbon_time(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                        struct outcome *ret_outcome, struct offpeak_error *err);

/* parameter: "40", a rate, or "30%", a share of the job's time. */
int contend_threshold(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                      struct outcome *ret_outcome, struct offpeak_error *err);

#endif
