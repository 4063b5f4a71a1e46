/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_map.h - the scheduler's wall clock as this node knows it: a straight line over CLOCK_BOOTTIME.
 *
 * The scheduler's clock may be scaled (a week in a minute), and prices, plans and books are in its time, so a node's
 * own calendar is of no use to them. Each grant carries a reading of that clock, taken at an unknown moment between the
 * renewal's sending and the grant's arrival. The line is moved only if it contradicts that, and then as little as
 * possible: the network's jitter does not move it at all, drift does by and by.
 *
 * Pure. Milliseconds throughout; wall: since 1970, UTC.
 */
#ifndef OFFPEAK_AGENT_CLOCK_MAP_H
#define OFFPEAK_AGENT_CLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

struct clock_map {
        bool known;
        int64_t boot_ms, wall_ms; /* a point of the line */
        double rate;              /* wall milliseconds per millisecond */
};

/* Take a reading made between the two moments. True if the line is another now. */
bool clock_map_update(struct clock_map *map, const struct message_clock *clock, int64_t sent_ms, int64_t received_ms);

/* The line at a moment. The map must be known. */
int64_t clock_map_wall(const struct clock_map *map, int64_t boot_ms);

enum { CLOCK_MAP_TEXT_SIZE = 160 };

/* As a line of text for the boot it holds in, and back; false: of another boot, or not such a text. */
const char *clock_map_format(const struct clock_map *map, const char *boot, char buffer[CLOCK_MAP_TEXT_SIZE]);
bool clock_map_parse(const char *text, const char *boot, struct clock_map *ret_map);

#endif
