/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_value.h - values of a configuration: strings "LINE:COLUMN:text" (config_yaml.h) with units, bounds, places.
 *
 * Each config_take_* reads one value. NULL, a key that was not given, leaves the result as it is, which is the default.
 * The first failure is kept in the reading, and everything after it does nothing: the caller takes all values in a
 * row and looks at `code` once. Bounds are inclusive. With `faults` values are taken on, and all that is wrong with
 * them is added there; what must hold between values is looked at only where `code` is still 0, so that nothing is told
 * twice.
 */
#ifndef OFFPEAK_IO_CONFIG_VALUE_H
#define OFFPEAK_IO_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "io/config_faults.h"

struct config_reading {
        const char *file;   /* as errors name it */
        const char *folder; /* absolute; what relative paths start from */
        struct offpeak_error *err;
        int code;           /* of the first failure; 0 so far */
        struct config_faults *faults; /* NULL: the first failure ends it */
};

/* Whether more is to be read: nothing has failed, or all failures are wanted. */
bool config_goes_on(const struct config_reading *reading);

/* Fail at a value: "FILE:LINE:COLUMN: ..."; at none, with NULL: "FILE: ...". */
void config_refuse(struct config_reading *reading, const char *value, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * The same of what is not in the file itself, such as a secret that cannot be read: who wants all failures may be
 * another user on another machine, and is warned.
 */
void config_doubt(struct config_reading *reading, const char *value, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The text of a value without its place. */
const char *config_text(const char *value);

/* `null`, `~` or nothing at all after the key; false for a key that was not given. */
bool config_is_null(const char *value);

/* `36h`, `45m`, `90s`; a bare number other than 0 is refused. Seconds. */
void config_take_seconds(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                         int64_t *seconds);

/* The same, and `500ms`. Milliseconds. */
void config_take_ms(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                    int64_t *ms);

/* A decimal number times 10^scale: money in micro-currency and factors in millionths have scale 6. */
void config_take_number(struct config_reading *reading, const char *key, const char *value, int scale, int64_t min,
                        int64_t max, int64_t *number);

/* A whole number from min on. */
void config_take_count(struct config_reading *reading, const char *key, const char *value, uint64_t min, uint64_t max,
                       uint64_t *count);

/* `20 MW`, `5 kW`, `300 W`. Watts, >= 0. */
void config_take_power(struct config_reading *reading, const char *key, const char *value, int64_t *watts);

/* `100 MWh`, `5 kWh`. Wh, >= 0. */
void config_take_energy(struct config_reading *reading, const char *key, const char *value, int64_t *wh);

/* `8 MB`, `500 kB`, `64 MiB`, `2 TiB`. Bytes; max is 1 PiB at the most. */
void config_take_size(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                      int64_t *bytes);

/* UTC, `2026-11-22T08:00:00Z`. */
void config_take_time(struct config_reading *reading, const char *key, const char *value, int64_t *time);

/* true, false, yes or no. */
void config_take_bool(struct config_reading *reading, const char *key, const char *value, bool *truth);

/* One of n words; its index. */
void config_take_choice(struct config_reading *reading, const char *key, const char *value, const char *const *words,
                        size_t n, size_t *index);

/* A name: letters, digits, `.`, `_`, `-`, `+`, below OFFPEAK_MAX_NAME. *name is malloc'ed, and the old one freed. */
void config_take_name(struct config_reading *reading, const char *key, const char *value, char **name);

/* A path, made absolute. *path is malloc'ed, and the old one freed. */
void config_take_path(struct config_reading *reading, const char *key, const char *value, char **path);

/*
 * A key of the design that does nothing yet: only the value that says what is done anyway (null, if `only` is NULL) is
 * let through, so that nobody believes in another.
 */
void config_take_only(struct config_reading *reading, const char *key, const char *value, const char *only);

/* strdup that fails the reading when memory is out. */
char *config_copy(struct config_reading *reading, const char *text);

#endif
