/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside.h - a thread for calls that may hang: a vendor's driver can keep its caller for minutes when a card dies, and
 * the agent has leases to renew.
 *
 * One call at a time. One that is not back in time goes on there; until it is, further calls are turned away.
 */
#ifndef OFFPEAK_AGENT_ASIDE_H
#define OFFPEAK_AGENT_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>

struct aside;

/* ENOMEM, EIO: no thread can be made. */
int aside_open(struct aside **ret_aside, struct offpeak_error *err);

/*
 * Run work(context) there and wait for so many ms. ETRYAGAIN: it, or one before it, is not back yet. A call that was
 * begun keeps its context in use until a later call is not turned away.
 */
int aside_call(struct aside *aside, void (*work)(void *context), void *context, int64_t wait_ms);

/* Nothing is under way: what is given to calls may be looked at. */
bool aside_is_idle(struct aside *aside);

/*
 * Run last(context) there, end the thread, and wait for that for so many ms. Where a call hangs, all of it happens once
 * it is back. aside may be NULL: last runs here.
 */
void aside_close(struct aside *aside, void (*last)(void *context), void *context, int64_t wait_ms);

#endif
