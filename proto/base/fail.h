/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.h - fill in an error in one line: `return fail(err, OFFPEAK_EINVAL, "...", ...)`.
 */
#ifndef OFFPEAK_BASE_FAIL_H
#define OFFPEAK_BASE_FAIL_H

#include <offpeak/error.h>

/* Store code and sentence in err (which may be NULL) and return code. A text too long is cut. */
int fail(struct offpeak_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put "prefix: " before the text of err: a caller that knows the place adds it. Returns err->code. */
int fail_at(struct offpeak_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
