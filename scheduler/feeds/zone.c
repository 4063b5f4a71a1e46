/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c - a TZif file is a header with counts and arrays of big-endian numbers, first with 32-bit times, then (from
 * version 2 on) once more with 64-bit ones and a rule for the time after the last of them. The second is used if it is
 * there.
 */
#include "feeds/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "feeds/file_text.h"
#include "feeds/zone_rule.h"

#define FOLDER  "/usr/share/zoneinfo"
#define LARGEST (1u << 20)
#define HOUR    INT64_C(3600)

enum { HEADER = 44, MOST_TIMES = 100000 };

struct change {
        int64_t time; /* UTC, from which on it holds */
        int32_t offset;
};

struct zone {
        int32_t first; /* before all changes */
        struct change *changes;
        size_t n_changes;
        bool has_rule; /* after the last change */
        struct zone_rule rule;
};

/* One of the two blocks of a file. */
struct block {
        const unsigned char *body;
        uint32_t n_utc, n_standard, n_leap, n_times, n_types, n_chars;
        size_t time_size, size;
        unsigned version;
};

static int32_t read_32(const unsigned char *at)
{
        return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

static int64_t read_64(const unsigned char *at)
{
        return (int64_t)((uint64_t)(uint32_t)read_32(at) << 32 | (uint32_t)read_32(at + 4));
}

/* The block that begins here; false unless all of it is there. */
static bool read_header(const unsigned char *at, size_t left, size_t time_size, struct block *block)
{
        uint32_t counts[6];

        if (left < HEADER || memcmp(at, "TZif", 4) != 0)
                return false;
        for (unsigned i = 0; i < 6; i++) {
                counts[i] = (uint32_t)read_32(at + 20 + 4 * i);
                if (counts[i] > MOST_TIMES)
                        return false;
        }
        *block = (struct block){ at + HEADER, counts[0], counts[1], counts[2], counts[3],
                                 counts[4],   counts[5], time_size, 0,         at[4] };
        block->size = (size_t)block->n_times * (time_size + 1) + (size_t)block->n_types * 6 + block->n_chars +
                      (size_t)block->n_leap * (time_size + 4) + block->n_standard + block->n_utc;
        return block->size <= left - HEADER && block->n_types > 0;
}

static bool read_changes(const struct block *block, struct zone *zone)
{
        const unsigned char *times = block->body, *indexes = times + block->n_times * block->time_size;
        const unsigned char *types = indexes + block->n_times;

        zone->first = read_32(types);
        for (uint32_t i = 0; i < block->n_times; i++) {
                struct change *change = &zone->changes[i];

                if (indexes[i] >= block->n_types)
                        return false;
                change->time = block->time_size == 8 ? read_64(times + 8 * i) : read_32(times + 4 * i);
                change->offset = read_32(types + 6 * indexes[i]);
                if (change->offset < -26 * HOUR || change->offset > 26 * HOUR ||
                    (i > 0 && change->time <= change[-1].time))
                        return false;
        }
        zone->n_changes = block->n_times;
        return zone->first >= -26 * HOUR && zone->first <= 26 * HOUR;
}

/* "\nRULE\n" behind the second block; an empty rule says nothing. */
static bool read_footer(const unsigned char *at, size_t left, struct zone *zone)
{
        const unsigned char *end = left > 1 && at[0] == '\n' ? memchr(at + 1, '\n', left - 1) : NULL;
        char text[128];
        size_t size;

        if (end == NULL)
                return false;
        size = (size_t)(end - at) - 1;
        if (size == 0)
                return true;
        if (size >= sizeof(text))
                return false;
        memcpy(text, at + 1, size);
        text[size] = '\0';
        zone->has_rule = zone_rule_parse(text, &zone->rule) == 0;
        return zone->has_rule;
}

static bool find_block(const unsigned char *bytes, size_t size, struct block *block)
{
        if (!read_header(bytes, size, 4, block))
                return false;
        if (block->version < '2')
                return true;
        bytes += HEADER + block->size;
        size -= HEADER + block->size;
        return read_header(bytes, size, 8, block);
}

int zone_parse(const char *name, const void *bytes, size_t size, struct zone **ret_zone, struct offpeak_error *err)
{
        struct block block = { 0 };
        struct zone *zone;
        bool good;

        if (!find_block(bytes, size, &block))
                return fail(err, OFFPEAK_EINVAL, "time zone \"%.64s\": its file is no TZif file", name);
        if (block.n_leap > 0)
                return fail(err, OFFPEAK_EINVAL,
                            "time zone \"%.64s\" counts leap seconds: name the one without \"right/\"", name);
        zone = calloc(1, sizeof(*zone));
        if (zone == NULL || (zone->changes = calloc(block.n_times + 1, sizeof(*zone->changes))) == NULL) {
                free(zone);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        good = read_changes(&block, zone);
        if (good && block.time_size == 8)
                good = read_footer(block.body + block.size,
                                   size - (size_t)(block.body + block.size - (const unsigned char *)bytes), zone);
        if (!good) {
                zone_destroy(zone);
                return fail(err, OFFPEAK_EINVAL, "time zone \"%.64s\": its file is damaged", name);
        }
        *ret_zone = zone;
        return 0;
}

/* ---- opening */

static int fixed(int32_t offset, struct zone **ret_zone, struct offpeak_error *err)
{
        struct zone *zone = calloc(1, sizeof(*zone));

        if (zone == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        zone->first = offset;
        *ret_zone = zone;
        return 0;
}

/* "+01:00", "-0500", "+9": false for anything else. */
static bool scan_offset(const char *text, int32_t *ret_offset)
{
        int hours = 0, minutes = 0, n = 0;
        const char *at = text + 1;

        if (text[0] != '+' && text[0] != '-')
                return false;
        for (; n < 2 && isdigit((unsigned char)*at); n++)
                hours = hours * 10 + *at++ - '0';
        if (n == 0 || hours > 24)
                return false;
        at += *at == ':';
        if (isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[1])) {
                minutes = (at[0] - '0') * 10 + at[1] - '0';
                at += 2;
        }
        *ret_offset = (text[0] == '-' ? -1 : 1) * (hours * (int32_t)HOUR + minutes * 60);
        return *at == '\0' && minutes < 60;
}

/* A name that stays below the folder. */
static bool is_name(const char *name)
{
        size_t size = strlen(name);

        if (size > 64 || !isalpha((unsigned char)name[0]) || name[size - 1] == '/' || strstr(name, "..") != NULL)
                return false;
        for (; *name != '\0'; name++)
                if (!isalnum((unsigned char)*name) && strchr("/_+-", *name) == NULL)
                        return false;
        return true;
}

int zone_open(const char *name, struct zone **ret_zone, struct offpeak_error *err)
{
        struct offpeak_error why;
        char path[128], *bytes;
        int32_t offset;
        size_t size;
        int code;

        if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0 || strcmp(name, "GMT") == 0)
                return fixed(0, ret_zone, err);
        if (scan_offset(name, &offset))
                return fixed(offset, ret_zone, err);
        if (!is_name(name))
                return fail(err, OFFPEAK_EINVAL,
                            "\"%.64s\" is no time zone: write one such as Europe/Berlin, UTC or +01:00", name);
        snprintf(path, sizeof(path), FOLDER "/%s", name);
        code = file_text_read(path, LARGEST, &bytes, &size, &why);
        if (code == OFFPEAK_ENOTFOUND)
                return fail(err, code,
                            "there is no time zone \"%.64s\" in " FOLDER ": write one such as Europe/Berlin, UTC or "
                            "+01:00 (is the package tzdata installed?)",
                            name);
        if (code != 0)
                return fail(err, code, "time zone \"%.64s\": %s", name, why.text);
        code = zone_parse(name, bytes, size, ret_zone, err);
        free(bytes);
        return code;
}

void zone_destroy(struct zone *zone)
{
        if (zone == NULL)
                return;
        free(zone->changes);
        free(zone);
}

/* ---- asking */

int32_t zone_offset(const struct zone *zone, int64_t time)
{
        size_t low = 0, high = zone->n_changes;

        if (zone->has_rule && (high == 0 || time >= zone->changes[high - 1].time))
                return zone_rule_offset(&zone->rule, time);
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (zone->changes[middle].time <= time)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low > 0 ? zone->changes[low - 1].offset : zone->first;
}

/*
 * A local time belongs to UTC times at most 26 hours away. The offsets on either side of that stretch are the only
 * candidates, as nowhere clocks change twice within it.
 */
int zone_from_local(const struct zone *zone, int64_t local, int64_t ret_times[2])
{
        int32_t before = zone_offset(zone, local - 26 * HOUR), after = zone_offset(zone, local + 26 * HOUR);
        int n = 0;

        if (zone_offset(zone, local - before) == before)
                ret_times[n++] = local - before;
        if (after != before && zone_offset(zone, local - after) == after)
                ret_times[n++] = local - after;
        return n;
}
