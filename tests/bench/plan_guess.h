/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_guess.h - plans of whole slots by trial and error, for small problems: to find what plan_mps.c forgot to allow.
 */
#ifndef OFFPEAK_TESTS_PLAN_GUESS_H
#define OFFPEAK_TESTS_PLAN_GUESS_H

#include "plan/plan.h"

/*
 * The best of so many tries, each a plan that the checker lets pass: slots run whole, but for a job's last. It knows no
 * rule and no cost itself. No bound. ENOMEM in err.
 */
int plan_guess(const struct plan_problem *problem, uint64_t seed, size_t tries, struct plan *ret_plan,
               struct offpeak_error *err);

#endif
