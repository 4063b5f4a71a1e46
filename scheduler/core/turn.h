/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.h - how the parts of decide() append to a turn.
 *
 * When memory runs out the turn is marked failed and a spare element takes the rest of the writes, so that
 * deciding needs no error paths: a failed turn is never committed.
 */
#ifndef OFFPEAK_CORE_TURN_H
#define OFFPEAK_CORE_TURN_H

#include "core/decide.h"

/* A new record or action, zeroed but for its type (and a record's time). Valid until the next append. */
struct record *turn_record(struct turn *turn, enum record_type type, const struct now *now);
struct action *turn_action(struct turn *turn, enum action_type type);

/* strdup for the fields of records and actions; NULL marks the turn failed. */
char *turn_text(struct turn *turn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Note the result of a copy: anything but 0 marks the turn failed. */
void turn_check(struct turn *turn, int code);

#endif
