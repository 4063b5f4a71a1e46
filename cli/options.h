/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - strict command-line options: one table of rows, one walk over the words.
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, switches together (`-aH`), `--` ends the options. Names are
 * never abbreviated: a script that works today must not break when an option is added. What is wrong is EUSAGE, with
 * the nearest name that exists.
 */
#ifndef OFFPEAK_CLI_OPTIONS_H
#define OFFPEAK_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <offpeak/error.h>

struct option_row {
        int id;               /* > 0; a row of id 0 ends the table */
        char letter;          /* 0: none */
        const char *name;     /* without its dashes */
        const char *argument; /* what the help calls the value; NULL: a switch */
        const char *help;     /* NULL: an alias that the help does not list */
};

/* What the walk found. */
enum { OPTION_END = 0, OPTION_OPERAND = -1 };

struct option_found {
        int id;            /* a row's id, OPTION_OPERAND or OPTION_END */
        const char *value; /* of the option, or the operand; NULL for a switch */
        char name[64];     /* as the user wrote it: "--gpus", "-G" */
};

struct option_walk {
        const struct option_row *rows;
        int argc;
        char **argv;
        int at;               /* next word; after the end: the first word behind `--` */
        const char *cluster;  /* rest of a word of single letters */
        bool after_dashes;    /* `--` was seen */
};

/* Words are argv[0] .. argv[argc - 1]: the program's and the command's name are not among them. */
void option_walk_init(struct option_walk *walk, const struct option_row *rows, int argc, char **argv);

/* The next option or operand. Behind `--` everything is an operand. ret_found is written on success only. */
int option_next(struct option_walk *walk, struct option_found *ret_found, struct offpeak_error *err);

/* The rows as help text, aligned. */
void option_help(const struct option_row *rows, FILE *out);

#endif
