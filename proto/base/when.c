/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.c - reading and writing times. All arithmetic is on UTC seconds; a local form is UTC minus a fixed offset,
 * so that no day here has 23 or 25 hours.
 */
#include "base/when.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"

#define MINUTE INT64_C(60)
#define HOUR   INT64_C(3600)
#define DAY    INT64_C(86400)

#define LONGEST_DURATION (366000 * DAY)             /* a thousand years: sums with any real time cannot overflow */
#define LATEST_CIVIL     INT64_C(67000000000000000) /* beyond, the year does not fit an int */

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0 ? 1 : 0);
}

/* ---- the calendar */

/*
 * Days from 1970-01-01 to the 1st of March of a year. Years that begin in March have their leap day at the end, and the
 * days before month m (March is 0) are (153 m + 2) / 5.
 */
static int64_t march_first(int64_t year)
{
        return 365 * year + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) - 719468;
}

int64_t when_from_civil(const struct when_civil *civil)
{
        int64_t year = civil->year + floor_div((int64_t)civil->month - 3, 12);
        int64_t month = (int64_t)civil->month - 3 - 12 * floor_div((int64_t)civil->month - 3, 12);
        int64_t days = march_first(year) + (153 * month + 2) / 5 + civil->day - 1;

        return days * DAY + civil->hour * HOUR + civil->minute * MINUTE + civil->second;
}

struct when_civil when_civil(int64_t time)
{
        int64_t t = time > LATEST_CIVIL ? LATEST_CIVIL : time < -LATEST_CIVIL ? -LATEST_CIVIL : time;
        int64_t day = floor_div(t, DAY);
        int64_t second = t - day * DAY;
        int64_t year = floor_div((day + 719468) * 400, 146097);
        int64_t month;

        while (march_first(year) > day)
                year--;
        while (march_first(year + 1) <= day)
                year++;
        day -= march_first(year);
        month = (5 * day + 2) / 153;
        return (struct when_civil){
                .year = (int)(year + (month >= 10)),
                .month = (int)(month >= 10 ? month - 9 : month + 3),
                .day = (int)(day - (153 * month + 2) / 5 + 1),
                .hour = (int)(second / HOUR),
                .minute = (int)(second / MINUTE % 60),
                .second = (int)(second % 60),
        };
}

/* ---- reading: each scan_ takes what it knows from *at, and leaves *at alone when it does not match */

static bool scan_char(const char **at, char c)
{
        if (**at != c)
                return false;
        (*at)++;
        return true;
}

static bool scan_word(const char **at, const char *word)
{
        size_t n = strlen(word);

        if (strncasecmp(*at, word, n) != 0 || isalnum((unsigned char)(*at)[n]))
                return false;
        *at += n;
        return true;
}

/* Exactly n digits. */
static bool scan_digits(const char **at, int n, int *ret_value)
{
        int value = 0;

        for (int i = 0; i < n; i++) {
                if (!isdigit((unsigned char)(*at)[i]))
                        return false;
                value = value * 10 + ((*at)[i] - '0');
        }
        *at += n;
        *ret_value = value;
        return true;
}

/* Any number of digits; too many for a duration give a value beyond LONGEST_DURATION. */
static bool scan_count(const char **at, int64_t *ret_value)
{
        int64_t value = 0;

        if (!isdigit((unsigned char)**at))
                return false;
        for (; isdigit((unsigned char)**at); (*at)++)
                if (value <= LONGEST_DURATION)
                        value = value * 10 + (**at - '0');
        *ret_value = value;
        return true;
}

static int days_in_month(int year, int month)
{
        struct when_civil first = { .year = year, .month = month, .day = 1 };
        struct when_civil next = { .year = year, .month = month + 1, .day = 1 };

        return (int)((when_from_civil(&next) - when_from_civil(&first)) / DAY);
}

/* YYYY-MM-DD, as the time at which that day begins in UTC. */
static bool scan_date(const char **at, int64_t *ret_midnight)
{
        struct when_civil civil = { 0 };
        const char *p = *at;

        if (!scan_digits(&p, 4, &civil.year) || !scan_char(&p, '-') || !scan_digits(&p, 2, &civil.month) ||
            !scan_char(&p, '-') || !scan_digits(&p, 2, &civil.day))
                return false;
        if (civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > days_in_month(civil.year, civil.month))
                return false;
        *ret_midnight = when_from_civil(&civil);
        *at = p;
        return true;
}

/* HH:MM or HH:MM:SS, as seconds into the day; 24:00 ends it. */
static bool scan_clock(const char **at, int64_t *ret_seconds)
{
        const char *p = *at;
        int hour, minute, second = 0;

        if (!scan_digits(&p, 2, &hour) || !scan_char(&p, ':') || !scan_digits(&p, 2, &minute))
                return false;
        if (scan_char(&p, ':') && !scan_digits(&p, 2, &second))
                return false;
        if (minute > 59 || second > 59 || hour * HOUR + minute * MINUTE + second > DAY)
                return false;
        *ret_seconds = hour * HOUR + minute * MINUTE + second;
        *at = p;
        return true;
}

/* Z, +HH:MM, +HHMM or +HH, as seconds east of UTC. */
static bool scan_zone(const char **at, int64_t *ret_offset)
{
        const char *p = *at;
        int64_t sign = *p == '-' ? -1 : 1;
        int hour = 0, minute = 0;

        if (scan_char(&p, '+') || scan_char(&p, '-')) {
                if (!scan_digits(&p, 2, &hour) || hour > 14)
                        return false;
                if (scan_char(&p, ':') && !isdigit((unsigned char)*p))
                        return false;
                if (isdigit((unsigned char)*p) && (!scan_digits(&p, 2, &minute) || minute > 59))
                        return false;
        } else if (!scan_char(&p, 'Z') && !scan_char(&p, 'z')) {
                return false;
        }
        *ret_offset = sign * (hour * HOUR + minute * MINUTE);
        *at = p;
        return true;
}

static void skip_spaces(const char **at)
{
        while (**at == ' ')
                (*at)++;
}

/* ---- durations */

static const struct {
        const char *word;
        int64_t seconds;
} units[] = {
        { "s", 1 },          { "sec", 1 },         { "secs", 1 },      { "second", 1 },      { "seconds", 1 },
        { "m", MINUTE },     { "min", MINUTE },    { "mins", MINUTE }, { "minute", MINUTE }, { "minutes", MINUTE },
        { "h", HOUR },       { "hr", HOUR },       { "hrs", HOUR },    { "hour", HOUR },     { "hours", HOUR },
        { "d", DAY },        { "day", DAY },       { "days", DAY },    { "w", 7 * DAY },     { "wk", 7 * DAY },
        { "week", 7 * DAY }, { "weeks", 7 * DAY },
};

/* The unit's seconds, 0 if there is no such unit. */
static int64_t scan_unit(const char **at)
{
        size_t n = 0;

        while (isalpha((unsigned char)(*at)[n]))
                n++;
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (strlen(units[i].word) == n && strncasecmp(*at, units[i].word, n) == 0) {
                        *at += n;
                        return units[i].seconds;
                }
        }
        return 0;
}

/* `1h30m`, `6 h 20 min`, `2hours`: units descend, each at most once. */
static bool parse_units(const char *text, int64_t *ret_seconds)
{
        const char *p = text;
        int64_t sum = 0, above = INT64_MAX;

        do {
                int64_t count, unit;

                if (!scan_count(&p, &count))
                        return false;
                skip_spaces(&p);
                unit = scan_unit(&p);
                if (unit == 0 || unit >= above || count > (LONGEST_DURATION - sum) / unit)
                        return false;
                sum += count * unit;
                above = unit;
                skip_spaces(&p);
        } while (*p != '\0');
        *ret_seconds = sum;
        return true;
}

/* Slurm's MM, MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS. Only the first field may exceed what a clock shows. */
static bool parse_slurm(const char *text, int64_t *ret_seconds)
{
        const char *p = text;
        int64_t field[3] = { 0 }, days = 0;
        bool has_days;
        int n = 0;

        if (!scan_count(&p, &field[0]))
                return false;
        has_days = scan_char(&p, '-');
        if (has_days) {
                days = field[0];
                if (!scan_count(&p, &field[0]) || field[0] > 23)
                        return false;
        }
        for (n = 1; n < 3 && scan_char(&p, ':'); n++)
                if (!scan_count(&p, &field[n]) || field[n] > 59)
                        return false;
        if (*p != '\0' || field[0] > LONGEST_DURATION / HOUR || days > LONGEST_DURATION / DAY - 1)
                return false;
        if (!has_days && n < 3)
                *ret_seconds = field[0] * MINUTE + field[1];
        else
                *ret_seconds = days * DAY + field[0] * HOUR + field[1] * MINUTE + field[2];
        return true;
}

int when_parse_duration(const char *text, int64_t *ret_seconds, struct offpeak_error *err)
{
        const char *p = text;

        skip_spaces(&p);
        if (parse_units(p, ret_seconds) || parse_slurm(p, ret_seconds))
                return 0;
        return fail(err, OFFPEAK_EINVAL,
                    "cannot read \"%.64s\" as a duration: write 90s, 45m, 6h, 1h30m, 2d, or as in Slurm 90 (minutes), "
                    "1:30:00, 2-12 (days-hours)",
                    text);
}

/* ---- points in time */

/* now, now+2hours, now-30m; a bare number after the sign is seconds, as in Slurm. */
static bool parse_now(const char *text, int64_t now, int64_t *ret_time)
{
        const char *p = text;
        int64_t seconds, sign;

        if (!scan_word(&p, "now"))
                return false;
        skip_spaces(&p);
        if (*p == '\0') {
                *ret_time = now;
                return true;
        }
        sign = *p == '-' ? -1 : 1;
        if (!scan_char(&p, '+') && !scan_char(&p, '-'))
                return false;
        skip_spaces(&p);
        if (p[strspn(p, "0123456789")] == '\0') {
                if (!scan_count(&p, &seconds) || seconds > LONGEST_DURATION)
                        return false;
        } else if (!parse_units(p, &seconds) && !parse_slurm(p, &seconds)) {
                return false;
        }
        *ret_time = now + sign * seconds;
        return true;
}

/* [date] [time of day] [zone], at least one of the first two. */
static bool parse_calendar(const char *text, int64_t now, int64_t offset, int64_t *ret_time)
{
        const char *p = text;
        int64_t today = floor_div(now + offset, DAY) * DAY, midnight = today, clock = 0;
        bool has_date = true, has_clock = true, parted;

        if (scan_word(&p, "tomorrow"))
                midnight += DAY;
        else if (!scan_word(&p, "today"))
                has_date = scan_date(&p, &midnight);
        parted = has_date && (scan_char(&p, 'T') || scan_char(&p, ' '));
        if (scan_word(&p, "noon"))
                clock = 12 * HOUR;
        else if (!scan_word(&p, "midnight"))
                has_clock = scan_clock(&p, &clock);
        if (has_date ? parted != has_clock : !has_clock)
                return false;
        if (has_clock && scan_zone(&p, &offset) && !has_date)
                midnight = floor_div(now + offset, DAY) * DAY;
        if (*p != '\0')
                return false;
        *ret_time = midnight + clock - offset;
        while (!has_date && *ret_time <= now)
                *ret_time += DAY;
        while (!has_date && *ret_time > now + DAY) /* 24:00 is 00:00 */
                *ret_time -= DAY;
        return true;
}

int when_parse(const char *text, int64_t now, int32_t utc_offset_s, int64_t *ret_time, struct offpeak_error *err)
{
        const char *p = text;
        int64_t time;

        skip_spaces(&p);
        if (!parse_now(p, now, &time) && !parse_calendar(p, now, utc_offset_s, &time))
                return fail(err, OFFPEAK_EINVAL,
                            "cannot read \"%.64s\" as a time: write 2026-11-22T08:00, 2026-11-22, 08:00, now+2h, "
                            "tomorrow or noon, with Z or +01:00 at the end if it is not local",
                            text);
        if (time <= 0)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" lies before 1970: write a later time", text);
        *ret_time = time;
        return 0;
}

int when_parse_iso(const char *text, int64_t *ret_time, struct offpeak_error *err)
{
        const char *p = text;
        int64_t midnight, clock, offset;

        if (!scan_date(&p, &midnight) || (*p != 'T' && *p != ' ') || (p++, !scan_clock(&p, &clock)))
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is not a time: write it as 2026-11-22T08:00:00Z", text);
        if (*p == '\0')
                return fail(err, OFFPEAK_EINVAL,
                            "\"%.64s\" does not say its time zone: write UTC with a Z at the end, or an offset such "
                            "as +01:00",
                            text);
        if (!scan_zone(&p, &offset) || *p != '\0')
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" is not a time: write it as 2026-11-22T08:00:00Z", text);
        if (midnight + clock - offset <= 0)
                return fail(err, OFFPEAK_EINVAL, "\"%.64s\" lies before 1970: write a later time", text);
        *ret_time = midnight + clock - offset;
        return 0;
}

/* ---- writing */

const char *when_format_utc(int64_t time, char buffer[WHEN_TEXT_SIZE])
{
        struct when_civil c = when_civil(time);

        if (time == 0)
                snprintf(buffer, WHEN_TEXT_SIZE, "-");
        else
                snprintf(buffer, WHEN_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
                         c.minute, c.second);
        return buffer;
}

const char *when_format_duration(int64_t seconds, char buffer[WHEN_TEXT_SIZE])
{
        static const char *const names[] = { "d", "h", "min", "s" };
        uint64_t left = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
        uint64_t parts[] = { left / DAY, left / HOUR % 24, left / MINUTE % 60, left % 60 };
        const char *sign = seconds < 0 ? "-" : "";
        unsigned first = 0;
        int used;

        while (first < 3 && parts[first] == 0)
                first++;
        used = snprintf(buffer, WHEN_TEXT_SIZE, "%s%" PRIu64 " %s", sign, parts[first], names[first]);
        if (first < 3 && parts[first + 1] > 0)
                snprintf(buffer + used, WHEN_TEXT_SIZE - (size_t)used, " %" PRIu64 " %s", parts[first + 1],
                         names[first + 1]);
        return buffer;
}

const char *when_format_exact(int64_t seconds, char buffer[WHEN_TEXT_SIZE])
{
        static const struct {
                int64_t size;
                char letter;
        } sizes[] = { { DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' }, { 1, 's' } };
        unsigned u = 0;

        while (sizes[u].size > 1 && (seconds == 0 || seconds % sizes[u].size != 0))
                u++;
        snprintf(buffer, WHEN_TEXT_SIZE, "%" PRId64 "%c", seconds / sizes[u].size, sizes[u].letter);
        return buffer;
}
