/* SPDX-License-Identifier: Apache-2.0 */
/* outputs.h - the core's actions for nodes, as messages. */
#ifndef OFFPEAK_IO_OUTPUTS_H
#define OFFPEAK_IO_OUTPUTS_H

#include "core/decide.h"
#include "io/clocks.h"
#include "wire/message.h"

/*
 * WELCOME, GRANT, STALE and ORDER; an order that starts something carries all that a leg needs. Borrows its strings from
 * the state: encode it before the state changes. EINVAL for other actions, and for orders about jobs that are gone; ENOMEM.
 */
int output_message(const struct state *state, const struct clocks *clocks, const struct action *action,
                   struct message *ret_message);
void output_message_finish(struct message *message);

/*
 * Where a leg of an attempt with launcher head hears its head. Legs that are on a node at a time have other devices,
 * and so other ports, whenever they began; those of one attempt too, where several agents share a machine.
 */
unsigned output_remote_port(uint64_t epoch, uint32_t leg, uint64_t devices);

#endif
