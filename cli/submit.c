/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c - `offpeak submit`: a command or a script, and what became of it in one line. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/job_text.h"
#include "cli/script.h"
#include "cli/submit_options.h"
#include "cli/views.h"

/* ---- what is printed */

static void print_money(const json_t *job, const char *dot, FILE *out)
{
        const char *currency = document_text(job, "currency");
        char cost[TEXT_SIZE], run_now[TEXT_SIZE], saved[JOB_TEXT_SIZE];
        int64_t planned, at_once;
        bool more;

        if (!job_costs(job, &planned, &at_once))
                return;
        fprintf(out, " %s %s%s", dot, text_format_money(planned, currency, cost),
                job_goes_beyond(job) ? " so far planned" : "");
        more = job_saved(job, saved)[0] == '-';
        if (strcmp(saved, "0 %") != 0)
                fprintf(out, " instead of %s now (%c%s)", text_format_money(at_once, currency, run_now),
                        more ? '+' : '-', saved + more);
}

static void print_slack(const json_t *job, const char *dot, FILE *out)
{
        char by[WHEN_TEXT_SIZE];
        int64_t slack;

        if (!job_slack(job, &slack))
                return;
        if (slack > 0)
                fprintf(out, " %s ends %s before its deadline", dot, when_format_duration(slack, by));
        else if (slack == 0)
                fprintf(out, " %s ends at its deadline", dot);
}

/* What the deadline would have to be, in a form that --deadline takes. */
static void print_remedy(const json_t *job, const struct screen *screen, FILE *out)
{
        int64_t finish = (document_time(job, "planned_finish_utc") + 59) / 60 * 60;
        time_t seconds = (time_t)finish;
        char text[32];
        struct tm local;

        localtime_r(&seconds, &local);
        if (finish - screen->now < 86400)
                strftime(text, sizeof(text), "%H:%M", &local);
        else
                strftime(text, sizeof(text), "%Y-%m-%dT%H:%M", &local);
        fprintf(out, "    it would be in time with --deadline %s\n", text);
}

static void print_warning(const json_t *job, const char *warning, const char *dot, const struct screen *screen,
                          FILE *out)
{
        char by[WHEN_TEXT_SIZE];
        int64_t slack = 0;
        bool known = job_slack(job, &slack), late = known && slack < 0;

        if (known && !late)
                warning = NULL; /* it was given before the others made room */
        if (warning != NULL && *warning != '\0') {
                fprintf(out, " %s warning: ", dot);
                screen_print(screen, out, warning);
        } else if (late) {
                fprintf(out, " %s warning: misses its deadline by %s", dot, when_format_duration(-slack, by));
        }
        putc('\n', out);
        if (late)
                print_remedy(job, screen, out);
}

/* `hanford, then lulea`: where its hours are, in their order. */
static void print_sites(const json_t *job, const char *first, const struct screen *screen, FILE *out)
{
        json_t *move;
        size_t i;

        screen_print(screen, out, first);
        json_array_foreach(json_object_get(job, "moves"), i, move) {
                fputs(", then ", out);
                screen_print(screen, out, document_text(move, "to") != NULL ? document_text(move, "to") : "?");
        }
}

/* `42  planned 23:00-05:00 at hanford, 8 GPUs - 31.40 EUR instead of 58.10 EUR now (-46 %)`, and the warning if there
 * is one. */
int view_submitted(const json_t *document, const char *warning, const struct screen *screen, FILE *out)
{
        const json_t *job = json_object_get(document, "job");
        const char *dot = screen->utf8 ? "\xc2\xb7" : "-", *status = document_text(job, "status");
        const char *site = document_text(job, "site");
        int64_t gpus = document_int_or(job, "gpus", 0);
        char when[JOB_TEXT_SIZE], after[JOB_TEXT_SIZE];
        bool starts = status != NULL && strcmp(status, "starting") == 0 &&
                      strncmp(job_when(job, screen, when), "until ", 6) == 0;

        fprintf(out, "%lld  %s %s%s", (long long)document_int_or(job, "id", 0), status != NULL ? status : "?",
                starts ? "now, " : "", job_when(job, screen, when));
        if (site != NULL) {
                fputs(job_after(job, after) != NULL ? ", at " : " at ", out);
                print_sites(job, site, screen, out);
        }
        fprintf(out, ", %lld GPU%s", (long long)gpus, gpus == 1 ? "" : "s");
        print_money(job, dot, out);
        print_slack(job, dot, out);
        print_warning(job, warning, dot, screen, out);
        return 0;
}

/* ---- what is submitted */

/* The script's path from the root: the nodes know nothing of this shell's directory. */
static int take_script(struct submit_settings *settings, const struct command_run *run, struct script *ret_script,
                       struct offpeak_error *err)
{
        const char *path = run->operands[0];
        int r = script_read(path, ret_script, err);

        if (r != 0)
                return r;
        if (ret_script->ignored != 0)
                fprintf(stderr, "offpeak: %s:%u: ignored: #OFFPEAK lines stand above the first command\n", path,
                        ret_script->ignored);
        return submit_take_script(settings, path, ret_script, err);
}

static int script_command(struct submit_settings *settings, const struct command_run *run, const struct script *script,
                          struct offpeak_error *err)
{
        char *path = realpath(run->operands[0], NULL);
        char **first = calloc((size_t)script->n_interpreter + 2, sizeof(char *));
        int r;

        if (path == NULL || first == NULL) {
                r = fail(err, path == NULL ? OFFPEAK_EIO : OFFPEAK_ENOMEM, "%s: cannot find its place",
                         run->operands[0]);
        } else {
                memcpy(first, script->interpreter, (size_t)script->n_interpreter * sizeof(char *));
                first[script->n_interpreter] = path;
                r = submit_command(settings, first, script->n_interpreter + 1, run->operands + 1, run->n_operands - 1,
                                   err);
        }
        free(first);
        free(path);
        return r;
}

static int take_line(void *context, const struct option_found *found, struct offpeak_error *err)
{
        return submit_take(context, found, err);
}

/* The command line once to find the script, and again over what the script says. */
static int read_settings(struct submit_settings *settings, struct command_run *run, int argc, char **argv,
                         struct offpeak_error *err)
{
        struct script script = { 0 };
        int r = command_parse(run, argc, argv, take_line, settings, err);

        if (r != 0 || run->n_operands == 0 || run->after_dashes)
                return r != 0 ? r : submit_command(settings, NULL, 0, run->operands, run->n_operands, err);
        submit_settings_finish(settings);
        submit_settings_init(settings);
        r = take_script(settings, run, &script, err);
        command_run_finish(run);
        if (r == 0)
                r = command_parse(run, argc, argv, take_line, settings, err);
        if (r == 0)
                r = script_command(settings, run, &script, err);
        script_finish(&script);
        return r;
}

static int resolve(struct submit_settings *settings, const struct command_run *run, struct offpeak_error *err)
{
        int64_t now = run->screen.now;
        char *directory;
        int r = submit_needs_clock(settings) ? command_clock(run, &now, err) : 0;

        if (r != 0)
                return r;
        directory = getcwd(NULL, 0);
        if (directory == NULL)
                return fail(err, OFFPEAK_EIO,
                            "the working directory is gone: change to one that exists, or give --chdir");
        r = submit_resolve(settings, now, directory, environ, err);
        free(directory);
        return r;
}

/* ---- the answer */

static int print_job(struct command_run *run, struct offpeak_client *client, const struct offpeak_answer *answer)
{
        struct offpeak_error ignored;
        json_t *document;

        /* the job is in, whatever becomes of this question: its number is told in any case */
        if (command_ask(client, "job", json_pack("{s:I}", "job", (json_int_t)answer->job), &document, &ignored) != 0) {
                fprintf(run->out, "%llu  submitted\n", (unsigned long long)answer->job);
                return 0;
        }
        run->screen.now = document_time(document, "now_utc");
        view_submitted(document, answer->text, &run->screen, run->out);
        json_decref(document);
        return 0;
}

static int print_answer(struct command_run *run, const struct submit_settings *settings, struct offpeak_client *client,
                        const struct offpeak_answer *answer)
{
        if (settings->parsable && !run->json) {
                fprintf(run->out, "%llu\n", (unsigned long long)answer->job);
                return 0;
        }
        if (run->json)
                return command_print_replies(run, json_pack("[o]", command_reply_json(answer->job, 0, answer->text)));
        return print_job(run, client, answer);
}

static int send_job(struct command_run *run, const struct submit_settings *settings, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        int r = command_open(run, &client, err);

        if (r != 0)
                return r;
        r = offpeak_submit(client, &settings->spec, &answer, err);
        if (r == 0 && print_answer(run, settings, client, &answer) != 0)
                r = fail(err, OFFPEAK_ENOMEM, "out of memory; the job is submitted, its number is %llu",
                         (unsigned long long)answer.job);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return r;
}

int command_submit(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct submit_settings settings;
        int r;

        submit_settings_init(&settings);
        r = read_settings(&settings, run, argc, argv, err);
        if (r == 0)
                r = resolve(&settings, run, err);
        if (r == 0)
                r = send_job(run, &settings, err);
        submit_settings_finish(&settings);
        return r;
}
