/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry.h - when a source is asked again. Pure: what is random about it comes from the source's own name, so that many
 * sources, and many schedulers, do not ask at the same moment, and a test knows what comes.
 */
#ifndef OFFPEAK_FEEDS_RETRY_H
#define OFFPEAK_FEEDS_RETRY_H

#include <stdint.h>

/* A number of a name (FNV-1a). */
uint64_t retry_seed(const char *site, unsigned kind, const char *source);

/* After a good answer: `every`, up to a tenth later or sooner. try counts all tries. ms. */
int64_t retry_regular_ms(int64_t every_ms, uint64_t seed, uint64_t try);

/*
 * After so many failures in a row (from 1): from five seconds on doubling up to `every`, or up to an hour where that is
 * less, a quarter of it at random; but not before what the server asked for (Retry-After; 0: nothing), a day at most. ms.
 */
int64_t retry_failed_ms(int64_t every_ms, uint32_t failures, int64_t retry_after_s, uint64_t seed, uint64_t try);

#endif
