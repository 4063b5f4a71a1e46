/* SPDX-License-Identifier: Apache-2.0 */
/* common_step.h - the commonest of a file's steps. */
#ifndef OFFPEAK_FEEDS_COMMON_STEP_H
#define OFFPEAK_FEEDS_COMMON_STEP_H

#include <stddef.h>
#include <stdint.h>

/* Of n steps, in seconds, which are sorted by this: the commonest, the shortest of those if there are several. 0: n is 0. */
int64_t common_step(int64_t *steps, size_t n);

#endif
