/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feeds_past.h - what a reload keeps of feeds that stay as they were: how they did, what was logged of it, and when an
 * address may be asked again. Not what they delivered: a reload takes any version.
 */
#ifndef OFFPEAK_IO_FEEDS_PAST_H
#define OFFPEAK_IO_FEEDS_PAST_H

#include "io/feed.h"

struct feeds_past;

/* Of feeds that are open. NULL: nothing is kept, for want of feeds or of memory. */
struct feeds_past *feeds_past_of(const struct feeds *feeds);
void feeds_past_free(struct feeds_past *past);

/*
 * Give a feed that is about to be opened what is kept of its like: same site, signal and description. One that did well
 * goes on by its schedule, one that failed is tried at once, but not before the server wants to be asked.
 */
void feeds_past_give(const struct feeds_past *past, struct feed *feed, int64_t now);

#endif
