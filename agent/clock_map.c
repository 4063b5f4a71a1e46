/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/clock_map.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t clock_map_wall(const struct clock_map *map, int64_t boot_ms)
{
        return map->wall_ms + llround(map->rate * (double)(boot_ms - map->boot_ms));
}

bool clock_map_update(struct clock_map *map, const struct message_clock *clock, int64_t sent_ms, int64_t received_ms)
{
        if (!map->known || map->rate != clock->rate) {
                map->known = true;
                map->boot_ms = sent_ms + (received_ms - sent_ms) / 2;
                map->wall_ms = clock->wall_ms;
                map->rate = clock->rate;
                return true;
        }
        int64_t earliest = clock_map_wall(map, sent_ms);
        int64_t latest = clock_map_wall(map, received_ms);
        int64_t move = 0;
        if (clock->wall_ms < earliest)
                move = clock->wall_ms - earliest;
        else if (clock->wall_ms > latest)
                move = clock->wall_ms - latest;
        map->wall_ms += move;
        return move != 0;
}

const char *clock_map_format(const struct clock_map *map, const char *boot, char buffer[CLOCK_MAP_TEXT_SIZE])
{
        snprintf(buffer, CLOCK_MAP_TEXT_SIZE, "boot %s at %" PRId64 " wall %" PRId64 " rate %.17g\n", boot,
                 map->boot_ms, map->wall_ms, map->rate);
        return buffer;
}

bool clock_map_parse(const char *text, const char *boot, struct clock_map *ret_map)
{
        struct clock_map map = { .known = true };
        char of[64];
        int used = 0;

        if (sscanf(text, "boot %63s at %" SCNd64 " wall %" SCNd64 " rate %lf%n", of, &map.boot_ms, &map.wall_ms,
                   &map.rate, &used) != 4 ||
            strcmp(text + used, "\n") != 0 || strcmp(of, boot) != 0)
                return false;
        if (!(map.rate > 0 && map.rate < 1e9) || map.wall_ms < 0 || map.boot_ms < 0)
                return false;
        *ret_map = map;
        return true;
}
