/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_file.h - the --svg of a command: the answer as a picture, into a file or to the standard output.
 */
#ifndef OFFPEAK_CLI_PICTURE_FILE_H
#define OFFPEAK_CLI_PICTURE_FILE_H

#include "cli/command.h"
#include "cli/picture.h"

/*
 * Text into a file, whole or not at all: what was there stays until the new text is on disk beside it. A pipe or a
 * device is written to as it is. option: its place in errors. EIO, ENOTFOUND (no such folder), EPERMISSION.
 */
int picture_write(const char *option, const char *path, const char *text, struct offpeak_error *err);

/* Draw and write: path "-" is out. */
int picture_save(struct picture *picture, const char *path, FILE *out, struct offpeak_error *err);

/* Fill a picture, not yet initialised, from a document. 0 or ENOMEM; it is finished by the caller in any case. */
typedef int (*picture_of_document)(const json_t *document, const struct screen *screen, struct picture *picture);

/* The picture of an answer. */
int picture_of_answer(const json_t *document, const struct screen *screen, picture_of_document fill, const char *path,
                      FILE *out, struct offpeak_error *err);

#endif
