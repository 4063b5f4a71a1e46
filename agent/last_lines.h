/* SPDX-License-Identifier: Apache-2.0 */
/*
 * last_lines.h - the last lines of what a leg wrote, for people who ask why it failed.
 *
 * Where a job writes is its owner's word, and the agent is root: the file is opened with the owner's rights alone, must
 * be a regular file, and his. Its file system may hang: it is read aside (devices/aside.h), and given up after
 * LAST_LINES_WAIT_MS. However long the file is, one read at its end is all that it takes.
 */
#ifndef OFFPEAK_AGENT_LAST_LINES_H
#define OFFPEAK_AGENT_LAST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "agent/shim/leg_dir.h"
#include "agent/shim/leg_exit.h"
#include "wire/message.h"

enum { LAST_LINES = 20, LAST_LINES_SIZE = MESSAGE_MAX_TAIL + 1, LAST_LINES_WAIT_MS = 500 };

struct last_lines;

/* ENOMEM, EIO: no thread can be made. */
int last_lines_open(struct last_lines **ret_reader, struct offpeak_error *err);
void last_lines_close(struct last_lines *reader); /* accepts NULL */

/*
 * Of the error output of a leg that ended so, or of its output where they are one: of its process that failed, of its
 * first where nobody knows which. Only what was written to since it started (whenever, where that is not known). False:
 * nothing can be read, or nothing was written.
 */
bool last_lines_read(struct last_lines *reader, const struct leg_dir *dir, const struct leg_exit *exit,
                     char buffer[LAST_LINES_SIZE]);

/*
 * Of the last n bytes of a text (cut: more was before them), what is for people: at most LAST_LINES lines, of each what
 * a terminal would show of it at the end (after its last carriage return), UTF-8 without control characters but the
 * newlines between lines. In place; there is room for a NUL behind the n bytes.
 */
void last_lines_trim(char *text, size_t n, bool cut);

#endif
