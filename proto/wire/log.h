/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - what a daemon says while it runs: one line to stderr, one write per line.
 *
 * A line stands as it is, but for the journal ($JOURNAL_STREAM is stderr): there it opens with its syslog priority as
 * `<6>`, which the journal strips and understands (sd-daemon(3)). Control characters inside a line become spaces: job
 * names and peers' texts cannot forge lines.
 * The level is the process's; nothing else is kept. Safe from any thread, not from signal handlers.
 */
#ifndef OFFPEAK_WIRE_LOG_H
#define OFFPEAK_WIRE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* The numbers are syslog's priorities. */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Lines above this level are dropped. Without a call: LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Something is lost or will not happen without a person. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Something is wrong, and the program goes on. */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A person who reads along wants to know. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Every message and step, to find a fault. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum { LOG_LINE_SIZE = 1024 };

/*
 * The line as it is written, cut to fit and closed by a newline; returns its length. What the four above do before the
 * write, for tests and for other sinks.
 */
size_t log_line(char line[LOG_LINE_SIZE], enum log_level level, bool with_priority, const char *text);

#endif
