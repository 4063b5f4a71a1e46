/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what all commands share: their table, the options every one has, asking the scheduler, showing the
 * answer.
 *
 * A command returns 0, a code of offpeak/error.h with its sentence in err, COMMAND_HELPED, or COMMAND_DIFFERS, with
 * which the program ends as diff(1) does: 1, and nothing has failed.
 */
#ifndef OFFPEAK_CLI_COMMAND_H
#define OFFPEAK_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <offpeak/client.h>
#include <offpeak/error.h>

#include "cli/options.h"
#include "cli/screen.h"

enum { COMMAND_HELPED = 1, COMMAND_DIFFERS };

struct command_run;

struct command {
        const char *name;
        const char *operands;      /* for the usage line */
        const char *summary;       /* one line */
        const char *details;       /* examples and remarks for --help; NULL: none */
        const struct option_row *rows; /* ends with COMMAND_OPTIONS */
        bool operand_ends_options; /* from the first operand on all words belong to the job */
        int (*run)(struct command_run *run, int argc, char **argv, struct offpeak_error *err);
};

/* One call of the program. */
struct command_run {
        const struct command *command;
        FILE *out;
        struct screen screen;
        bool json;
        const char *server;        /* NULL: what liboffpeak finds */
        int timeout_ms;            /* 0: the library's */
        char **operands;           /* n_operands words and NULL; the words are argv's */
        int n_operands;
        bool after_dashes;         /* the operands stood behind `--` */
};

/* Options of every command, and the end of its table. */
enum { OPTION_JSON = 1000, OPTION_SERVER, OPTION_TIMEOUT, OPTION_HELP };
#define COMMAND_OPTIONS                                                                                    \
        { OPTION_JSON, 0, "json", NULL, "print the answer as JSON (docs/json.md)" },                       \
        { OPTION_SERVER, 0, "server", "ENDPOINT", "scheduler: ipc://PATH or tcp://HOST:PORT (or $OFFPEAK_SERVER)" }, \
        { OPTION_TIMEOUT, 0, "timeout", "TIME", "give up after this long without an answer (10s)" },       \
        { OPTION_HELP, 'h', "help", NULL, "this text" },                                                   \
        { 0, 0, NULL, NULL, NULL }

/* The commands, ended by one without a name (commands.c). */
extern const struct command commands[];
const struct command *command_find(const char *name);

void command_run_init(struct command_run *run, const struct command *command, FILE *out);
void command_run_finish(struct command_run *run);

/*
 * Walk the words: common options and operands are kept in run, the command's own go to take (NULL: it has none).
 * COMMAND_HELPED when --help was among them and has been answered.
 */
typedef int (*command_take)(void *settings, const struct option_found *found, struct offpeak_error *err);
int command_parse(struct command_run *run, int argc, char **argv, command_take take, void *settings,
                  struct offpeak_error *err);

/* EUSAGE unless there are between least and most operands; what: "a job number". */
int command_expect(const struct command_run *run, int least, int most, const char *what, struct offpeak_error *err);

/* A job number. EINVAL. */
int command_job(const char *text, uint64_t *ret_job, struct offpeak_error *err);

int command_open(const struct command_run *run, struct offpeak_client **ret_client, struct offpeak_error *err);

/* Ask one question; arguments may be NULL and is given up. The schema is "offpeak.<target>/1". */
int command_ask(struct offpeak_client *client, const char *target, json_t *arguments, json_t **ret_document,
                struct offpeak_error *err);

/* The scheduler's own clock, UTC seconds: it may be scaled or virtual, and times are meant against it. */
int command_clock(const struct command_run *run, int64_t *ret_now, struct offpeak_error *err);

/* Prints a document for people. 0 or ENOMEM. */
typedef int (*command_view)(const json_t *document, const struct screen *screen, FILE *out);

/* Open, ask, close; the screen's clock is then the answer's. arguments is given up. */
int command_fetch(struct command_run *run, const char *target, json_t *arguments, json_t **ret_document,
                  struct offpeak_error *err);

/* Print the document itself (--json) or its view. */
int command_print_view(struct command_run *run, const json_t *document, command_view view, struct offpeak_error *err);

/* Both. */
int command_answer(struct command_run *run, const char *target, json_t *arguments, command_view view,
                   struct offpeak_error *err);

/* The same for a command whose one operand is a job. */
int command_ask_job(struct command_run *run, int argc, char **argv, command_view view, struct offpeak_error *err);

/* Print one reply, or with --json gather it: {"schema": "offpeak.reply/1", "replies": [{job, code, text}]}. */
json_t *command_reply_json(uint64_t job, int code, const char *text);
int command_print_replies(struct command_run *run, json_t *replies);

/* `n7  fenced`, or what the scheduler said; with --json a reply. */
int command_print_answer(struct command_run *run, const struct offpeak_answer *answer, const char *what,
                         const char *done, struct offpeak_error *err);

/* The same request for each job named: cancel, hold, release. All are tried; the first failure is the answer. */
typedef int (*command_job_call)(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                                struct offpeak_error *err);
int command_each_job(struct command_run *run, int argc, char **argv, command_job_call call, const char *done,
                     struct offpeak_error *err);

/* Print a JSON value with a final newline. */
void command_print_json(const struct command_run *run, const json_t *value);

/* An error as people read it: `offpeak: text`, its further lines indented under the first. */
void command_print_error(const struct offpeak_error *err, FILE *out);

void command_usage(const struct command *command, FILE *out);

#endif
