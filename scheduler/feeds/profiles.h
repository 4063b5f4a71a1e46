/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profiles.h - how fast a class of jobs trains at each width, and what it draws, from a CSV file.
 *
 *   # comment lines may stand at the top
 *   class,gpus,throughput,power_w
 *   bert,4,1180,1310
 *   bert,8,2230,2600
 *
 * throughput: units of work per second (samples, tokens ..., one unit for all rows of a class); power_w: W of the whole job
 * at that width, all its GPUs together, without what idles beside it. The header names the columns, in any order; further
 * columns are left alone. A class has at least one row and each of its widths once. UTF-8, comma, decimal point; a byte order
 * mark and CRLF are fine. Decimals are read exactly, without floating point.
 *
 * Whatever else is refused, as FILE:LINE:COLUMN (bytes, from 1), cause, remedy.
 */
#ifndef OFFPEAK_FEEDS_PROFILES_H
#define OFFPEAK_FEEDS_PROFILES_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

enum { PROFILES_CLASS_SIZE = 64 };

struct profile {
        char class[PROFILES_CLASS_SIZE];
        int64_t gpus;
        int64_t throughput;      /* millionths of a unit of work per second; above 0 */
        int64_t milliwatts;      /* of the whole job; above 0 */
};

/* By class, as the file has them first, and in a class by width. */
struct profiles {
        struct profile *rows; /* owned */
        size_t n;
};

/* Read size bytes of text (they need no final zero); file: its name in errors. EINVAL, ENOMEM; nothing is written on failure. */
int profiles_parse(const char *file, const char *text, size_t size, struct profiles *ret_profiles,
                   struct offpeak_error *err);

/* The same from the file itself. Also ENOTFOUND, EIO. */
int profiles_read(const char *file, struct profiles *ret_profiles, struct offpeak_error *err);

void profiles_finish(struct profiles *profiles);

/*
 * The rows of one class, which stand side by side. ENOTFOUND: there is none; the text names the nearest, or all. file as
 * above.
 */
int profiles_class(const struct profiles *profiles, const char *file, const char *class, const struct profile **ret_rows,
                   size_t *ret_n, struct offpeak_error *err);

/* Seconds, rounded up, for so many thousandths of a unit of work; 0: more than 64 bits. */
int64_t profile_seconds(const struct profile *profile, int64_t work_milli);

/* Seconds, rounded up, for what the reference does in so many; 0: more than 64 bits. */
int64_t profile_seconds_like(const struct profile *profile, const struct profile *reference, int64_t seconds);

#endif
