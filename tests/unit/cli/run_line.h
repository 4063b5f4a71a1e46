/* SPDX-License-Identifier: Apache-2.0 */
/* run_line.h - a whole command line against a client with canned answers: what it prints, how it fails. */
#ifndef OFFPEAK_TESTS_RUN_LINE_H
#define OFFPEAK_TESTS_RUN_LINE_H

#include "fake_client.h"

enum { RUN_LINE_NOW = 1795341600 }; /* 2026-11-22T10:00:00Z: the clock of those who ask nobody */

struct outcome {
        int code;
        struct offpeak_error err;
        char *text; /* to free */
};

/* Run a command line, words parted by single blanks. */
struct outcome run_line(struct fake_client *fake, const char *line);

/* Run it; it must end with that code and say that, in what it prints or in its error. says may be NULL. */
void expect_line(struct fake_client *fake, const char *line, int code, const char *says);

#endif
