/* SPDX-License-Identifier: Apache-2.0 */
/*
 * close_others.h - a process that keeps none of the descriptors it was born with but these.
 */
#ifndef OFFPEAK_SHIM_CLOSE_OTHERS_H
#define OFFPEAK_SHIM_CLOSE_OTHERS_H

#include <stddef.h>

/* All but 0, 1, 2 and the spared ones, in any order; a negative one is none. Safe between fork and exec. */
void close_others(const int *spared, size_t n);

#endif
