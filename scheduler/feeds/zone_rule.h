/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_rule.h - the rule at the end of a tz database file, "CET-1CEST,M3.5.0,M10.5.0/3": when clocks change, for ever.
 *
 * The form is POSIX's TZ (XBD 8.3) with RFC 8536's extension: a change may lie up to 167 hours off its day.
 */
#ifndef OFFPEAK_FEEDS_ZONE_RULE_H
#define OFFPEAK_FEEDS_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>

enum zone_rule_form {
        ZONE_RULE_WEEK,   /* Mm.w.d: the w-th weekday d of month m, 5 being the last */
        ZONE_RULE_JULIAN, /* Jn: day n of the year, from 1, the 29th of February never counted */
        ZONE_RULE_DAY,    /* n: day n of the year, from 0, the 29th of February counted */
};

struct zone_rule_change {
        enum zone_rule_form form;
        int month, week, day;
        int32_t clock_s; /* local time of the change, seconds after midnight */
};

struct zone_rule {
        int32_t standard_s, summer_s; /* seconds east of UTC; summer_s may be the smaller one (Dublin) */
        bool has_summer;
        struct zone_rule_change begin, end; /* of summer, each in the clock that ends with it */
};

/* EINVAL; ret_rule is written on success only. */
int zone_rule_parse(const char *text, struct zone_rule *ret_rule);

/* Seconds east of UTC at a UTC time. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t time);

#endif
