/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_events.h - what the scheduler decided in a simulation, record by record, as lines of JSON (docs/json.md). */
#ifndef OFFPEAK_CLI_SIMULATE_EVENTS_H
#define OFFPEAK_CLI_SIMULATE_EVENTS_H

#include <stdio.h>

#include "core/record.h"
#include "trial/trial.h"

struct simulate_events {
        const struct trial *trial; /* borrowed */
        const char *path;
        FILE *out;    /* NULL: nobody asked */
        char **names; /* owned: of the job with id k at [k]; NULL: none */
        size_t n_names;
        bool failed; /* out of memory */
};

/* path: "-" is the standard output; NULL: no events. EIO. */
int simulate_events_open(struct simulate_events *events, const struct trial *trial, const char *path,
                         struct offpeak_error *err);

/* One more record; what no decision is leaves no line. */
void simulate_events_write(struct simulate_events *events, const struct record *record);

/* EIO: not all of it was written; ENOMEM. */
int simulate_events_close(struct simulate_events *events, struct offpeak_error *err);

#endif
