/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - a bar on a terminal for work that takes long: what, how far, how long. Nothing where nobody looks. */
#ifndef OFFPEAK_CLI_PROGRESS_H
#define OFFPEAK_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/screen.h"

struct progress {
        FILE *out; /* NULL: it is no terminal */
        struct screen screen;
        const char *what;          /* not owned */
        int64_t began_ms, told_ms; /* CLOCK_MONOTONIC */
        bool on_screen;
};

/* out: the standard error, as a rule. */
void progress_begin(struct progress *progress, FILE *out, const char *what);

/* share: 0 to 1. Drawn a few times a second at the most. */
void progress_tell(struct progress *progress, double share);

/* Wipe the bar. */
void progress_end(struct progress *progress);

#endif
