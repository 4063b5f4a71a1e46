/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_form.h - times as files write them, told by a form:
 *
 *   iso        2026-11-22T08:00[:00[.000]][Z|+01:00|-00:00], also with a blank for T, and a date alone
 *   epoch      seconds since 1970 UTC          epoch-ms   milliseconds
 *   a pattern  %Y year, %y year of this century, %m month, %b its English name, %d day, %H hour (24 too), %I %p hour of
 *              12 with AM or PM, %M minute, %S second (a fraction behind it is passed over), %z offset or Z, %% itself;
 *              a blank is any blanks, and a final * is anything at all. Numbers need no leading zeros.
 *
 * Several forms may be given, parted by "||": the first that fits counts.
 */
#ifndef OFFPEAK_FEEDS_TIME_FORM_H
#define OFFPEAK_FEEDS_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

struct time_stamp {
        int64_t seconds; /* since 1970, of UTC or of a local clock */
        bool is_utc;     /* the text told its zone */
};

/* size bytes of text. EINVAL, ret_stamp is then untouched. Years are 1970 to 9999. */
int time_form_read(const char *form, const char *text, size_t size, struct time_stamp *ret_stamp);

/* Is the form one? EINVAL names what is wrong in it. */
int time_form_check(const char *form, struct offpeak_error *err);

#endif
