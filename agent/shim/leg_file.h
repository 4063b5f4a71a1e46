/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_file.h - small files of a leg's directory: written whole and durably, read with a bound, and their `key value` lines.
 *
 * dir is the directory's descriptor; every name is one component. Nothing follows a symbolic link or waits for a fifo.
 */
#ifndef OFFPEAK_SHIM_LEG_FILE_H
#define OFFPEAK_SHIM_LEG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <offpeak/error.h>

/* Write all of it to fd and fsync. EIO. */
int leg_file_write(int fd, const char *name, const void *bytes, size_t size, struct offpeak_error *err);

/* Put the bytes in place of `name` at once: a reader sees the old file or the new one. The entry itself is not fsynced. */
int leg_file_put(int dir, const char *name, const void *bytes, size_t size, mode_t mode, struct offpeak_error *err);

/* All of a regular file, NUL-terminated, malloc'ed; ret_size may be NULL. ENOTFOUND; EINVAL: beyond max, or not a file. */
int leg_file_get(int dir, const char *name, size_t max, char **ret_text, size_t *ret_size, struct offpeak_error *err);

/* The value of the line `key value` in text. False: no such line, or it does not fit. */
bool leg_file_field(const char *text, const char *key, char *buffer, size_t size);
/* The same for a whole decimal number of min..max. */
bool leg_file_number(const char *text, const char *key, int64_t min, int64_t max, int64_t *ret_value);

#endif
