/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/zone_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/when.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

/* ---- reading */

/* A name of letters, or anything between < and >. */
static bool skip_name(const char **at)
{
        const char *from = *at;

        if (*from == '<') {
                *at = strchr(from, '>');
                if (*at == NULL)
                        return false;
                ++*at;
                return true;
        }
        while (isalpha((unsigned char)**at))
                ++*at;
        return *at - from >= 3;
}

static bool take_number(const char **at, int most, int *ret_number)
{
        int number = 0, n = 0;

        for (; isdigit((unsigned char)**at) && n < 4; n++, ++*at)
                number = number * 10 + (**at - '0');
        *ret_number = number;
        return n > 0 && number <= most;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_clock(const char **at, int most_hours, int32_t *ret_seconds)
{
        int sign = **at == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;

        if (**at == '-' || **at == '+')
                ++*at;
        if (!take_number(at, most_hours, &hours))
                return false;
        if (**at == ':' && (++*at, !take_number(at, 59, &minutes)))
                return false;
        if (**at == ':' && (++*at, !take_number(at, 59, &seconds)))
                return false;
        *ret_seconds = (int32_t)(sign * (hours * HOUR + minutes * 60 + seconds));
        return true;
}

static bool take_change(const char **at, struct zone_rule_change *change)
{
        *change = (struct zone_rule_change){ .clock_s = 2 * (int32_t)HOUR };
        if (**at == 'M') {
                ++*at;
                change->form = ZONE_RULE_WEEK;
                if (!take_number(at, 12, &change->month) || change->month == 0 || *(*at)++ != '.' ||
                    !take_number(at, 5, &change->week) || change->week == 0 || *(*at)++ != '.' ||
                    !take_number(at, 6, &change->day))
                        return false;
        } else {
                change->form = **at == 'J' ? ZONE_RULE_JULIAN : ZONE_RULE_DAY;
                *at += **at == 'J';
                if (!take_number(at, 365, &change->day) || (change->form == ZONE_RULE_JULIAN && change->day == 0))
                        return false;
        }
        return **at != '/' || (++*at, take_clock(at, 167, &change->clock_s));
}

int zone_rule_parse(const char *text, struct zone_rule *ret_rule)
{
        struct zone_rule rule = { 0 };
        const char *at = text;
        int32_t west;

        if (!skip_name(&at) || !take_clock(&at, 24, &west))
                return OFFPEAK_EINVAL;
        rule.standard_s = -west;
        rule.summer_s = rule.standard_s + (int32_t)HOUR;
        if (*at != '\0') {
                rule.has_summer = true;
                if (!skip_name(&at))
                        return OFFPEAK_EINVAL;
                if (*at != ',') {
                        if (!take_clock(&at, 24, &west))
                                return OFFPEAK_EINVAL;
                        rule.summer_s = -west;
                }
                if (*at++ != ',' || !take_change(&at, &rule.begin) || *at++ != ',' || !take_change(&at, &rule.end) ||
                    *at != '\0')
                        return OFFPEAK_EINVAL;
        }
        *ret_rule = rule;
        return 0;
}

/* ---- asking */

static bool is_leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t midnight(int year, int month, int day)
{
        return when_from_civil(&(struct when_civil){ .year = year, .month = month, .day = day });
}

/* The day of a change, as midnight of local time read as if it were UTC. */
static int64_t change_day(const struct zone_rule_change *change, int year)
{
        int64_t first, day;
        int weekday;

        if (change->form == ZONE_RULE_JULIAN)
                return midnight(year, 1, 1) + (change->day - 1 + (change->day > 59 && is_leap(year))) * DAY;
        if (change->form == ZONE_RULE_DAY)
                return midnight(year, 1, 1) + change->day * DAY;
        first = midnight(year, change->month, 1);
        weekday = (int)(((first / DAY + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
        day = first + ((change->day - weekday + 7) % 7 + (change->week - 1) * 7) * DAY;
        return day < midnight(year, change->month + 1, 1) ? day : day - 7 * DAY;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t time)
{
        int64_t begin, end;
        int year;

        if (!rule->has_summer)
                return rule->standard_s;
        year = when_civil(time + rule->standard_s).year;
        begin = change_day(&rule->begin, year) + rule->begin.clock_s - rule->standard_s;
        end = change_day(&rule->end, year) + rule->end.clock_s - rule->summer_s;
        if (begin < end)
                return time >= begin && time < end ? rule->summer_s : rule->standard_s;
        return time >= end && time < begin ? rule->standard_s : rule->summer_s; /* the southern summer spans new year */
}
