/* SPDX-License-Identifier: Apache-2.0 */
/* file_text.h - all of a file in memory. */
#ifndef OFFPEAK_FEEDS_FILE_TEXT_H
#define OFFPEAK_FEEDS_FILE_TEXT_H

#include <stddef.h>

#include <offpeak/error.h>

#define FILE_TEXT_LARGEST ((size_t)64 << 20) /* of a series' file */

/* ret_text is malloc'ed, without a final zero. ENOTFOUND, EIO, ENOMEM; EINVAL beyond `largest` bytes. */
int file_text_read(const char *path, size_t largest, char **ret_text, size_t *ret_size, struct offpeak_error *err);

#endif
