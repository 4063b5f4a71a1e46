/* SPDX-License-Identifier: Apache-2.0 */
/* price_file.h - `offpeak price --file`: what a file of prices, carbon intensities or power says, without a scheduler.
 */
#ifndef OFFPEAK_CLI_PRICE_FILE_H
#define OFFPEAK_CLI_PRICE_FILE_H

#include "cli/command.h"

enum { PRICE_FILE_MOST_SETS = 32 };

/* As the command line has it; NULL: not given. */
struct price_file {
        const char *file, *mapping, *column, *from, *to;
        const char *sets[PRICE_FILE_MOST_SETS]; /* KEY=VALUE, properties of the mapping */
        size_t n_sets;
        unsigned forecast_days; /* 0: sum it up; else forecast so many days behind its end */
};

int price_file_run(struct command_run *run, const struct price_file *what, struct offpeak_error *err);

#endif
