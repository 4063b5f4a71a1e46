/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/document.h"

void command_run_init(struct command_run *run, const struct command *command, FILE *out)
{
        *run = (struct command_run){ .command = command, .out = out, .screen = screen_of(out) };
}

void command_run_finish(struct command_run *run)
{
        free(run->operands);
        run->operands = NULL;
        run->n_operands = 0;
}

void command_usage(const struct command *command, FILE *out)
{
        fprintf(out, "Usage: offpeak %s [options]%s%s\n%s.\n\n", command->name, *command->operands != '\0' ? " " : "",
                command->operands, command->summary);
        option_help(command->rows, out);
        if (command->details != NULL)
                fprintf(out, "\n%s", command->details);
}

static int take_common(struct command_run *run, const struct option_found *found, struct offpeak_error *err)
{
        int64_t seconds;

        switch (found->id) {
        case OPTION_JSON:
                run->json = true;
                return 0;
        case OPTION_SERVER:
                run->server = found->value;
                return 0;
        case OPTION_TIMEOUT:
                if (when_parse_duration(found->value, &seconds, err) != 0)
                        return fail_at(err, "%s", found->name);
                if (seconds < 1 || seconds > INT_MAX / 1000)
                        return fail(err, OFFPEAK_EINVAL, "%s: %s: give a time from 1s to 24d", found->name,
                                    found->value);
                run->timeout_ms = (int)seconds * 1000;
                return 0;
        case OPTION_HELP:
                command_usage(run->command, run->out);
                return COMMAND_HELPED;
        default:
                return fail(err, OFFPEAK_EINTERNAL, "option %s is in no table", found->name);
        }
}

/* From the first operand on, the words are the job's own. */
static void take_rest(struct command_run *run, const struct option_walk *walk)
{
        for (int i = walk->at; i < walk->argc; i++)
                run->operands[run->n_operands++] = walk->argv[i];
}

int command_parse(struct command_run *run, int argc, char **argv, command_take take, void *settings,
                  struct offpeak_error *err)
{
        struct option_walk walk;
        struct option_found found;
        int r;

        run->operands = calloc((size_t)argc + 1, sizeof(char *));
        if (run->operands == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        option_walk_init(&walk, run->command->rows, argc, argv);
        for (;;) {
                r = option_next(&walk, &found, err);
                if (r != 0 || found.id == OPTION_END)
                        break;
                if (found.id == OPTION_OPERAND) {
                        run->operands[run->n_operands++] = argv[walk.at - 1];
                        if (!run->command->operand_ends_options)
                                continue;
                        take_rest(run, &walk);
                        break;
                }
                r = found.id >= OPTION_JSON || take == NULL ? take_common(run, &found, err)
                                                            : take(settings, &found, err);
                if (r != 0)
                        break;
        }
        run->after_dashes = walk.after_dashes;
        return r;
}

int command_expect(const struct command_run *run, int least, int most, const char *what, struct offpeak_error *err)
{
        if (run->n_operands < least)
                return fail(err, OFFPEAK_EUSAGE, "offpeak %s needs %s: offpeak %s %s", run->command->name, what,
                            run->command->name, run->command->operands);
        if (run->n_operands > most)
                return fail(err, OFFPEAK_EUSAGE, "\"%s\" is one word too many: offpeak %s%s%s", run->operands[most],
                            run->command->name, most > 0 ? " " : "", run->command->operands);
        return 0;
}

int command_job(const char *text, uint64_t *ret_job, struct offpeak_error *err)
{
        char *end;
        unsigned long long job;

        errno = 0;
        job = strtoull(text, &end, 10);
        if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || job == 0)
                return fail(err, OFFPEAK_EINVAL,
                            "\"%s\" is not a job number: give one as `offpeak jobs` shows it, like 42", text);
        *ret_job = job;
        return 0;
}

int command_open(const struct command_run *run, struct offpeak_client **ret_client, struct offpeak_error *err)
{
        struct offpeak_options options = { .timeout_ms = run->timeout_ms };

        return offpeak_open(run->server, &options, ret_client, err);
}

int command_ask(struct offpeak_client *client, const char *target, json_t *arguments, json_t **ret_document,
                struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        char schema[64];
        char *text = arguments != NULL ? json_dumps(arguments, JSON_COMPACT) : NULL;
        int r;

        if (arguments != NULL && text == NULL)
                return fail(err, OFFPEAK_EINVAL, "an argument is not text in UTF-8");
        r = offpeak_query(client, target, text, &answer, err);
        if (r == 0) {
                snprintf(schema, sizeof(schema), "offpeak.%s/1", target);
                r = document_parse(answer.document, schema, ret_document, err);
                offpeak_answer_finish(&answer);
        }
        free(text);
        json_decref(arguments);
        return r;
}

int command_clock(const struct command_run *run, int64_t *ret_now, struct offpeak_error *err)
{
        struct offpeak_client *client;
        json_t *document;
        int r = command_open(run, &client, err);

        if (r != 0)
                return r;
        r = command_ask(client, "version", NULL, &document, err);
        if (r == 0) {
                *ret_now = document_time(document, "now_utc");
                json_decref(document);
        }
        offpeak_close(client);
        return r;
}

void command_print_json(const struct command_run *run, const json_t *value)
{
        json_dumpf(value, run->out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
        putc('\n', run->out);
}

int command_fetch(struct command_run *run, const char *target, json_t *arguments, json_t **ret_document,
                  struct offpeak_error *err)
{
        struct offpeak_client *client;
        int r = command_open(run, &client, err);

        if (r != 0) {
                json_decref(arguments);
                return r;
        }
        r = command_ask(client, target, arguments, ret_document, err);
        offpeak_close(client);
        if (r == 0)
                run->screen.now = document_time(*ret_document, "now_utc");
        return r;
}

int command_print_view(struct command_run *run, const json_t *document, command_view view, struct offpeak_error *err)
{
        if (run->json)
                command_print_json(run, document);
        else if (view(document, &run->screen, run->out) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        return 0;
}

int command_answer(struct command_run *run, const char *target, json_t *arguments, command_view view,
                   struct offpeak_error *err)
{
        json_t *document;
        int r = command_fetch(run, target, arguments, &document, err);

        if (r != 0)
                return r;
        r = command_print_view(run, document, view, err);
        json_decref(document);
        return r;
}

int command_ask_job(struct command_run *run, int argc, char **argv, command_view view, struct offpeak_error *err)
{
        uint64_t job;
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a job number", err);
        if (r == 0)
                r = command_job(run->operands[0], &job, err);
        if (r != 0)
                return r;
        return command_answer(run, "job", json_pack("{s:I}", "job", (json_int_t)job), view, err);
}

json_t *command_reply_json(uint64_t job, int code, const char *text)
{
        return json_pack("{s:o, s:s, s:s?}", "job", job != 0 ? json_integer((json_int_t)job) : json_null(), "code",
                         offpeak_code_name(code), "text", text);
}

int command_print_replies(struct command_run *run, json_t *replies)
{
        json_t *document = json_pack("{s:s, s:o}", "schema", "offpeak.reply/1", "replies", replies);

        if (document == NULL)
                return OFFPEAK_ENOMEM;
        command_print_json(run, document);
        json_decref(document);
        return 0;
}

static void print_done(struct command_run *run, const struct offpeak_answer *answer, const char *what, const char *done)
{
        bool said = answer->text != NULL && *answer->text != '\0';

        screen_print(&run->screen, run->out, what);
        fputs("  ", run->out);
        screen_print(&run->screen, run->out, said ? answer->text : done);
        putc('\n', run->out);
}

int command_print_answer(struct command_run *run, const struct offpeak_answer *answer, const char *what,
                         const char *done, struct offpeak_error *err)
{
        json_t *replies;

        if (!run->json) {
                print_done(run, answer, what, done);
                return 0;
        }
        replies = json_pack("[o]", command_reply_json(0, OFFPEAK_OK, answer->text));
        return command_print_replies(run, replies) != 0 ? fail(err, OFFPEAK_ENOMEM, "out of memory") : 0;
}

/* One job's request and what came of it: printed, or kept for --json. */
static int call_one(struct command_run *run, struct offpeak_client *client, const char *word, command_job_call call,
                    const char *done, json_t *replies, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        uint64_t job = 0;
        int r = command_job(word, &job, err);

        if (r == 0)
                r = call(client, job, &answer, err);
        if (run->json)
                json_array_append_new(replies, command_reply_json(job, r, r == 0 ? answer.text : err->text));
        else if (r == 0)
                print_done(run, &answer, word, done);
        offpeak_answer_finish(&answer);
        return r;
}

int command_each_job(struct command_run *run, int argc, char **argv, command_job_call call, const char *done,
                     struct offpeak_error *err)
{
        struct offpeak_client *client;
        struct offpeak_error failure;
        json_t *replies;
        int r, first;

        first = command_parse(run, argc, argv, NULL, NULL, err);
        if (first == 0)
                first = command_expect(run, 1, INT_MAX, "a job number", err);
        if (first == 0)
                first = command_open(run, &client, err);
        if (first != 0)
                return first;
        replies = json_array();
        for (int i = 0; i < run->n_operands; i++) {
                r = call_one(run, client, run->operands[i], call, done, replies, &failure);
                if (r != 0 && first == 0) {
                        first = r;
                        *err = failure;
                } else if (r != 0) {
                        command_print_error(&failure, stderr);
                }
        }
        offpeak_close(client);
        if (run->json)
                command_print_replies(run, replies);
        else
                json_decref(replies);
        return first;
}

void command_print_error(const struct offpeak_error *err, FILE *out)
{
        struct screen screen = screen_of(out);
        char *text = screen_text(&screen, err->text);

        fputs("offpeak: ", out);
        for (const char *at = text != NULL ? text : offpeak_code_text(err->code); *at != '\0'; at++) {
                putc(*at, out);
                if (*at == '\n')
                        fputs("         ", out);
        }
        putc('\n', out);
        free(text);
}
