/* SPDX-License-Identifier: Apache-2.0 */
/* price_file.h - `offpeak price --file`: what a file of prices, carbon intensities or power says, without a scheduler.
 */
#ifndef OFFPEAK_CLI_PRICE_FILE_H
#define OFFPEAK_CLI_PRICE_FILE_H

#include "cli/command.h"
#include "supply/series.h"

enum { PRICE_FILE_MOST_SETS = 32 };

/* Options that describe a file, for a command's table. */
#define PRICE_FILE_OPTIONS(mapping, column, set)                                                                         \
        { mapping, 0, "mapping", "NAME", "what the file is: smard, nyiso_da, ... (guessed from its header)" },           \
        { column, 0, "column", "NAME", "its column; or the name of a node, zone or unit in it" },                        \
        { set, 0, "set", "KEY=VALUE", "another property of its mapping (docs/configuration.md)" }

/* As the command line has it; NULL: not given. */
struct price_file {
        const char *file, *mapping, *column, *from, *to;
        const char *sets[PRICE_FILE_MOST_SETS]; /* KEY=VALUE, properties of the mapping */
        size_t n_sets;
        unsigned forecast_days; /* 0: sum it up; else forecast so many days behind its end */
};

/*
 * The series of a file, from its beginning to its end; kind as in csv_request. Shares of a rating that nobody named are
 * refused: they are no power. ret_currency: of a price, as the file or its mapping tells it, else "".
 */
int price_file_read(const struct price_file *what, enum series_kind kind, struct series *ret_series, char ret_currency[4],
                    struct offpeak_error *err);

int price_file_run(struct command_run *run, const struct price_file *what, struct offpeak_error *err);

#endif
