/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feeds.h - all feeds of a configuration: what is a file is read at the start, what is not is fetched while the daemon
 * runs; both go on for as long as they are open.
 */
#ifndef OFFPEAK_IO_FEEDS_H
#define OFFPEAK_IO_FEEDS_H

#include <uv.h>

#include "io/config.h"
#include "io/engine.h"
#include "io/feed_status.h"

struct feeds;
struct feeds_past; /* feeds_past.h */

/*
 * Begin. With strict, local files are read before it returns, and one that is wrong or missing is an error (a start
 * should not begin with half of its signals), unless it was read before and what it said stands in the store; else they
 * are read by and by, and a failure is logged. No address is waited for. config is borrowed until the feeds are closed.
 * past: of the feeds before a reload, borrowed for the call; NULL.
 */
int feeds_open(uv_loop_t *loop, const struct config *config, struct engine *engine, bool strict,
               const struct feeds_past *past, struct feeds **ret_feeds, struct offpeak_error *err);

/* `closed` is called when no handle is left. NULL feeds: at once. */
void feeds_close(struct feeds *feeds, void (*closed)(void *context), void *context);

/* How they are doing; NULL feeds (between two configurations): none. Borrowed. */
struct feed_statuses feeds_statuses(const struct feeds *feeds);

/* Only read the local files and say what is wrong: for offpeakd --check and reloads, in any thread. Nothing is fetched. */
int feeds_check(const struct config *config, struct offpeak_error *err);

#endif
