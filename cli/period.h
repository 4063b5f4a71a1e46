/* SPDX-License-Identifier: Apache-2.0 */
/*
 * period.h - which time and which site a question is about: --last, --from, --to, --site, --svg, shared by plan, price
 * and report.
 */
#ifndef OFFPEAK_CLI_PERIOD_H
#define OFFPEAK_CLI_PERIOD_H

#include "cli/command.h"
#include "cli/picture_file.h"

struct period {
        const char *from, *to;  /* as written; NULL: not given */
        int64_t last_s;         /* of --last; 0: not given */
        int64_t next_s;         /* of --next; 0: not given */
        const char *site, *user;
        const char *svg; /* file of a picture, "-": the standard output; NULL: none */
};

enum { PERIOD_FROM = 900, PERIOD_TO, PERIOD_LAST, PERIOD_NEXT, PERIOD_SITE, PERIOD_USER, PERIOD_SVG };

/* A command_take; settings is a struct period. */
int period_take(void *settings, const struct option_found *found, struct offpeak_error *err);

/*
 * A time as written, local unless it names a zone: the zone's offset is that of the time meant, not of now (summer time may
 * begin in between). option: its place in errors. EINVAL.
 */
int period_when(const char *option, const char *text, int64_t now, int64_t *ret_time, struct offpeak_error *err);

/* The query's arguments, with times against now. EINVAL, EUSAGE. */
int period_arguments(const struct period *period, int64_t now, json_t **ret_arguments, struct offpeak_error *err);

/* Ask for target in that period and show it. */
int period_ask(struct command_run *run, const struct period *period, const char *target, command_view view,
               struct offpeak_error *err);

/* A command that has these options and no operands: asks for target and shows it. */
int period_command(struct command_run *run, int argc, char **argv, const char *target, command_view view,
                   struct offpeak_error *err);

/* How a command's answer is drawn: the argument that the question then has besides, and what fills the picture. */
struct period_picture {
        const char *argument;
        picture_of_document fill;
};

/* The same with --svg: the picture into a file, beside the text or the JSON; of "-" in their place. */
int period_command_with_picture(struct command_run *run, int argc, char **argv, const char *target, command_view view,
                                const struct period_picture *picture, struct offpeak_error *err);

#endif
