/* SPDX-License-Identifier: Apache-2.0 */
/* config_faults.h - all that is wrong with a configuration, for who wants more than the first of it. */
#ifndef OFFPEAK_IO_CONFIG_FAULTS_H
#define OFFPEAK_IO_CONFIG_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_MOST_FAULTS = 200 }; /* behind them nobody reads on, and no file of aliases takes for ever */

struct config_fault {
        unsigned line, column; /* from 1; 0: of the whole file */
        bool warning;          /* the file is good, but what it names is not there, or not for this user */
        char *text;            /* owned; the place is not in it */
};

/* All zero is empty. */
struct config_faults {
        struct config_fault *items; /* owned */
        size_t n;
        size_t n_errors; /* those that are no warnings */
        bool no_memory;  /* one had no room */
};

void config_faults_add(struct config_faults *faults, unsigned line, unsigned column, bool warning, const char *text);

/* By place; at one place as they were found. */
void config_faults_sort(struct config_faults *faults);

bool config_faults_full(const struct config_faults *faults);
void config_faults_finish(struct config_faults *faults);

#endif
