/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.h - times and durations as people and files write them.
 *
 * A time is UTC seconds since 1970-01-01 (int64_t); 0 means "none". No function here reads a clock:
 * `now` comes from the caller, and so does the local zone's offset from UTC.
 */
#ifndef OFFPEAK_BASE_WHEN_H
#define OFFPEAK_BASE_WHEN_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#define WHEN_TEXT_SIZE 40

/*
 * A point in time: `2026-11-22T08:00:00Z`, `2026-11-22T08:00[:00][+01:00]`, `2026-11-22 08:00`, `2026-11-22`,
 * `08:00[:00]` (the next such time of day after now), `now`, `now+2hours`, `now+30m`, `tomorrow`, `today`,
 * `midnight`, `noon`, `tomorrow 08:00`, `now-1d`; after `now+` a bare number is seconds, as in Slurm. Without a zone
 * the text is local: utc_offset_s seconds east of UTC. Where clocks change, a caller asks its zone for the offset at
 * the result and, if it is another one, parses once more with that.
 * EINVAL names the text and shows forms that work; a time before 1970 is refused too, for 0 is "none".
 */
int when_parse(const char *text, int64_t now, int32_t utc_offset_s, int64_t *ret_time, struct offpeak_error *err);

/*
 * A duration: `90s`, `45m`, `2h`, `1d`, `1w`, `1h30m`, `2hours`, `90min`, Slurm's `MM`, `MM:SS`, `HH:MM:SS`,
 * `D-HH`, `D-HH:MM`, `D-HH:MM:SS`. A bare number is minutes, as in Slurm. Never negative.
 */
int when_parse_duration(const char *text, int64_t *ret_seconds, struct offpeak_error *err);

/* ISO-8601 UTC, `2026-11-22T08:00:00Z`; "-" for 0. Returns buffer. */
const char *when_format_utc(int64_t time, char buffer[WHEN_TEXT_SIZE]);

/* ISO-8601 strictly in UTC (`...Z` or an explicit offset required), as data files carry it. */
int when_parse_iso(const char *text, int64_t *ret_time, struct offpeak_error *err);

/* `6 h 20 min`, `45 s`, `2 d 3 h`: the two largest units. Returns buffer. */
const char *when_format_duration(int64_t seconds, char buffer[WHEN_TEXT_SIZE]);

/* `36h`, `45m`, `7d`: exactly, in the largest unit that gives a whole number, as when_parse_duration reads it. Returns
 * buffer. */
const char *when_format_exact(int64_t seconds, char buffer[WHEN_TEXT_SIZE]);

/* Civil date from a UTC time and back (proleptic Gregorian). */
struct when_civil {
        int year, month, day, hour, minute, second; /* month and day count from 1 */
};
struct when_civil when_civil(int64_t time);
int64_t when_from_civil(const struct when_civil *civil);

#endif
