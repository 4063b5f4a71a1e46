/* SPDX-License-Identifier: Apache-2.0 */
/* secret_file.h - a token or key of somebody else's service: one line in a file that nobody else can read. */
#ifndef OFFPEAK_IO_SECRET_FILE_H
#define OFFPEAK_IO_SECRET_FILE_H

#include <stddef.h>

#include <offpeak/error.h>

/*
 * The line without the blanks around it, malloc'ed. ENOTFOUND, EIO; EPERMISSION: others can read it, or it is another
 * user's; ECONFIG: empty, several lines, longer than 4096 bytes, or with bytes that no header can hold. No error shows any
 * of it.
 */
int secret_file_read(const char *path, char **ret_secret, struct offpeak_error *err);

/* Overwrite and free. NULL is fine. */
void secret_free(char *secret);

/* Replace each secret in a text, as it is or as an address has it (%XX), by `***`. In place: a secret is never shorter. */
void secret_redact(char *text, const char *const *secrets, size_t n);

#endif
