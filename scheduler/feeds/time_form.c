/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/time_form.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/when.h"

#define CONVERSIONS "YymbdHIMSpz%"

static const char *const months[] = {
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
};

struct scan {
        const char *at, *end;
        struct when_civil civil;
        bool has_offset, has_half, afternoon;
        int32_t offset;
};

/* ---- pieces */

static bool number(struct scan *scan, unsigned most_digits, int *ret_number)
{
        int value = 0;
        unsigned n = 0;

        for (; n < most_digits && scan->at < scan->end && isdigit((unsigned char)*scan->at); n++)
                value = value * 10 + (*scan->at++ - '0');
        *ret_number = value;
        return n > 0;
}

static bool literal(struct scan *scan, char c)
{
        if (scan->at == scan->end || *scan->at != c)
                return false;
        scan->at++;
        return true;
}

static void skip_fraction(struct scan *scan)
{
        if (scan->end - scan->at < 2 || *scan->at != '.' || !isdigit((unsigned char)scan->at[1]))
                return;
        for (scan->at++; scan->at < scan->end && isdigit((unsigned char)*scan->at);)
                scan->at++;
}

/* Z, +01:00, +0100 or +01. */
static bool zone(struct scan *scan)
{
        int hours, minutes = 0, sign;

        scan->has_offset = true;
        if (literal(scan, 'Z') || literal(scan, 'z'))
                return true;
        sign = literal(scan, '-') ? -1 : literal(scan, '+') ? 1 : 0;
        if (sign == 0 || !number(scan, 2, &hours))
                return false;
        if ((literal(scan, ':') || (scan->at < scan->end && isdigit((unsigned char)*scan->at))) &&
            !number(scan, 2, &minutes))
                return false;
        scan->offset = sign * (hours * 3600 + minutes * 60);
        return hours <= 24 && minutes < 60;
}

static bool month_name(struct scan *scan)
{
        if (scan->end - scan->at < 3)
                return false;
        for (int i = 0; i < 12; i++) {
                if (strncasecmp(scan->at, months[i], 3) != 0)
                        continue;
                scan->civil.month = i + 1;
                while (scan->at < scan->end && isalpha((unsigned char)*scan->at))
                        scan->at++;
                return true;
        }
        return false;
}

static bool half_of_day(struct scan *scan)
{
        if (scan->end - scan->at < 2 || (scan->at[1] | 32) != 'm')
                return false;
        scan->has_half = true;
        scan->afternoon = (scan->at[0] | 32) == 'p';
        if (!scan->afternoon && (scan->at[0] | 32) != 'a')
                return false;
        scan->at += 2;
        return true;
}

/* ---- forms */

static bool convert(struct scan *scan, char conversion)
{
        struct when_civil *civil = &scan->civil;

        switch (conversion) {
        case 'Y':
                return number(scan, 4, &civil->year);
        case 'y':
                if (!number(scan, 2, &civil->year))
                        return false;
                civil->year += 2000;
                return true;
        case 'm':
                return number(scan, 2, &civil->month);
        case 'b':
                return month_name(scan);
        case 'd':
                return number(scan, 2, &civil->day);
        case 'H':
        case 'I':
                return number(scan, 2, &civil->hour);
        case 'M':
                return number(scan, 2, &civil->minute);
        case 'S':
                if (!number(scan, 2, &civil->second))
                        return false;
                skip_fraction(scan);
                return true;
        case 'p':
                return half_of_day(scan);
        case 'z':
                return zone(scan);
        default:
                return literal(scan, conversion);
        }
}

static bool by_pattern(struct scan *scan, const char *form, const char *form_end)
{
        for (; form < form_end; form++) {
                if (*form == '*' && form + 1 == form_end)
                        return true;
                if (*form == ' ') {
                        while (scan->at < scan->end && *scan->at == ' ')
                                scan->at++;
                } else if (*form == '%' && form + 1 < form_end) {
                        if (!convert(scan, *++form))
                                return false;
                } else if (!literal(scan, *form)) {
                        return false;
                }
        }
        return scan->at == scan->end;
}

static bool iso(struct scan *scan)
{
        struct when_civil *civil = &scan->civil;

        if (!number(scan, 4, &civil->year) || !literal(scan, '-') || !number(scan, 2, &civil->month) ||
            !literal(scan, '-') || !number(scan, 2, &civil->day))
                return false;
        if (scan->at == scan->end)
                return true;
        if (!literal(scan, 'T') && !literal(scan, ' '))
                return false;
        if (!number(scan, 2, &civil->hour) || !literal(scan, ':') || !number(scan, 2, &civil->minute))
                return false;
        if (literal(scan, ':')) {
                if (!number(scan, 2, &civil->second))
                        return false;
                skip_fraction(scan);
        }
        return scan->at == scan->end || (zone(scan) && scan->at == scan->end);
}

static bool is_real(const struct when_civil *civil)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);

        return civil->year >= 1970 && civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
               civil->day <= days[civil->month - 1] + (civil->month == 2 && leap) && civil->minute < 60 &&
               civil->second <= 60 &&
               (civil->hour < 24 || (civil->hour == 24 && civil->minute == 0 && civil->second == 0));
}

static bool finish(struct scan *scan, struct time_stamp *stamp)
{
        if (scan->has_half) {
                if (scan->civil.hour < 1 || scan->civil.hour > 12)
                        return false;
                scan->civil.hour = scan->civil.hour % 12 + (scan->afternoon ? 12 : 0);
        }
        if (!is_real(&scan->civil))
                return false;
        *stamp = (struct time_stamp){ when_from_civil(&scan->civil) - scan->offset, scan->has_offset };
        return true;
}

static bool epoch(const char *text, size_t size, int64_t divisor, struct time_stamp *stamp)
{
        int64_t value = 0;

        if (size == 0 || size > 15)
                return false;
        for (size_t i = 0; i < size; i++) {
                if (!isdigit((unsigned char)text[i]))
                        return false;
                value = value * 10 + (text[i] - '0');
        }
        *stamp = (struct time_stamp){ value / divisor, true };
        return value / divisor < INT64_C(253402300800); /* the year 10000 */
}

static bool is_form(const char *form, const char *end, const char *word)
{
        return (size_t)(end - form) == strlen(word) && memcmp(form, word, strlen(word)) == 0;
}

static bool read_one(const char *form, const char *form_end, const char *text, size_t size, struct time_stamp *stamp)
{
        struct scan scan = { .at = text, .end = text + size, .civil = { .year = 1970, .month = 1, .day = 1 } };

        if (is_form(form, form_end, "epoch"))
                return epoch(text, size, 1, stamp);
        if (is_form(form, form_end, "epoch-ms"))
                return epoch(text, size, 1000, stamp);
        if (is_form(form, form_end, "iso"))
                return iso(&scan) && finish(&scan, stamp);
        return by_pattern(&scan, form, form_end) && finish(&scan, stamp);
}

static const char *form_end(const char *form)
{
        const char *end = strstr(form, "||");

        return end != NULL ? end : form + strlen(form);
}

int time_form_read(const char *form, const char *text, size_t size, struct time_stamp *ret_stamp)
{
        for (;;) {
                const char *end = form_end(form);
                struct time_stamp stamp;

                if (read_one(form, end, text, size, &stamp)) {
                        *ret_stamp = stamp;
                        return 0;
                }
                if (*end == '\0')
                        return OFFPEAK_EINVAL;
                form = end + 2;
        }
}

int time_form_check(const char *form, struct offpeak_error *err)
{
        bool has_conversion = false;

        for (const char *at = form; *at != '\0'; at++) {
                if (*at != '%')
                        continue;
                at++;
                if (*at == '\0' || strchr(CONVERSIONS, *at) == NULL)
                        return fail(err, OFFPEAK_EINVAL,
                                    "\"%.64s\": %%%c is no part of a time: there are %%Y %%y %%m %%b %%d "
                                    "%%H %%I %%p %%M %%S %%z",
                                    form, *at != '\0' ? *at : ' ');
                has_conversion = true;
        }
        if (has_conversion || strcmp(form, "iso") == 0 || strcmp(form, "epoch") == 0 || strcmp(form, "epoch-ms") == 0)
                return 0;
        return fail(
                err, OFFPEAK_EINVAL,
                "\"%.64s\" is no form of a time: write iso, epoch, epoch-ms, or a pattern such as %%d.%%m.%%Y %%H:%%M",
                form);
}
