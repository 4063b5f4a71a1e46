/* SPDX-License-Identifier: Apache-2.0 */
/* push.c - `offpeak push`: what a signal of a site is, as a value, a file or the standard input; or that it holds no more. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/period.h"
#include "cli/price_file.h"
#include "cli/signal_value.h"

enum { OPT_SITE = 1, OPT_AGREEMENT, OPT_ISSUED, OPT_EXPIRES, OPT_FOR, OPT_SEQ, OPT_SOURCE, OPT_CLEAR, OPT_MAPPING, OPT_COLUMN,
       OPT_SET };

const struct option_row push_rows[] = {
        { OPT_SITE, 0, "site", "NAME", "the site that it is of" },
        { OPT_AGREEMENT, 0, "agreement", "NAME", "of ppa: the agreement whose production it is" },
        { OPT_FOR, 0, "for", "TIME", "it expires so long from now: 2h (a value without an end: 1h)" },
        { OPT_EXPIRES, 0, "expires", "WHEN", "or it expires then (a file: at its end, if not sooner)" },
        { OPT_ISSUED, 0, "issued", "WHEN", "when this became known (now); older than the last push is refused" },
        { OPT_SEQ, 0, "seq", "N", "its number; a source that counts must count up" },
        { OPT_SOURCE, 0, "source", "NAME", "who says so (the user, or the key's name)" },
        { OPT_CLEAR, 0, "clear", NULL, "take back what was pushed: from now on the feeds hold" },
        PRICE_FILE_OPTIONS(OPT_MAPPING, OPT_COLUMN, OPT_SET),
        COMMAND_OPTIONS,
};

static const char *const signals[] = { "price", "carbon", "capacity", "limit", "export", "solar", "ppa", "stored" };

enum { N_SIGNALS = sizeof(signals) / sizeof(signals[0]), VALUE_ROOM = 128 };

struct settings {
        const char *site, *agreement, *issued, *expires, *life, *seq, *source;
        bool withdraw;
        struct price_file file; /* what describes it; its path is an operand */
};

/* What is pushed, and the memory behind it. */
struct made {
        struct offpeak_push push;
        struct offpeak_signal_point *points;
        char currency[4];
};

static int take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct settings *settings = context;
        const char **const texts[] = { [OPT_SITE] = &settings->site, [OPT_AGREEMENT] = &settings->agreement,
                                       [OPT_ISSUED] = &settings->issued, [OPT_EXPIRES] = &settings->expires,
                                       [OPT_FOR] = &settings->life, [OPT_SEQ] = &settings->seq,
                                       [OPT_SOURCE] = &settings->source, [OPT_MAPPING] = &settings->file.mapping,
                                       [OPT_COLUMN] = &settings->file.column };

        if (found->id == OPT_CLEAR) {
                settings->withdraw = true;
                return 0;
        }
        if (found->id != OPT_SET) {
                *texts[found->id] = found->value;
                return 0;
        }
        if (settings->file.n_sets == PRICE_FILE_MOST_SETS)
                return fail(err, OFFPEAK_EUSAGE, "more than %d times --set", PRICE_FILE_MOST_SETS);
        settings->file.sets[settings->file.n_sets++] = found->value;
        return 0;
}

/* ---- what and where */

static int take_signal(const char *word, struct offpeak_push *push, struct offpeak_error *err)
{
        const char *nearest = text_nearest(word, signals, N_SIGNALS);

        for (size_t i = 0; i < N_SIGNALS; i++)
                if (strcmp(signals[i], word) == 0) {
                        push->signal = (enum offpeak_signal)(i + 1);
                        return 0;
                }
        return fail(err, OFFPEAK_EUSAGE,
                    "\"%s\" is no signal%s%s%s: write price, carbon, capacity, limit, export, solar, ppa or stored; "
                    "all else that a site has "
                    "is in the configuration: change it there and `offpeak reload`",
                    word, nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "\"?)" : "");
}

/* The kind that files and units know: prices are prices, and power of plants is a capacity. */
static enum series_kind kind_of(enum offpeak_signal signal)
{
        return series_kind_in_files(signal == OFFPEAK_STORED ? (enum series_kind)SERIES_STORED : (enum series_kind)signal);
}

/* ---- a value */

/* What one value of a signal is called. */
static const char *const nouns[] = { "price",        "carbon intensity", "capacity",   "limit",
                                     "export price", "solar power",      "production", "stored energy" };

/* A price where an agreement's production is meant: its strike is none that changes by the hour. */
static int refuse_strike(const char *text, struct offpeak_error *err)
{
        return fail(
                err, OFFPEAK_EINVAL,
                "\"%s\": of an agreement its plant's production is pushed, in MW; its price is in the configuration "
                "(`strike_per_mwh`): change it there and `offpeak reload`",
                text);
}

static int take_value(const char *text, struct made *made, struct offpeak_error *err)
{
        const char *noun = nouns[made->push.signal - 1];
        int64_t value;
        int code;

        if (made->push.signal == OFFPEAK_PPA && signal_value_is_price(text))
                return refuse_strike(text, err);
        code = signal_value_read(text, kind_of(made->push.signal), noun, &value, made->currency, err);

        if (code != 0)
                return code;
        made->points = malloc(sizeof(*made->points));
        if (made->points == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        made->points[0] = (struct offpeak_signal_point){ 0, value };
        made->push.n_points = 1;
        return 0;
}

/* ---- a file */

static int take_points(const char *name, const struct series *series, struct made *made, struct offpeak_error *err)
{
        size_t n = series->n_points;

        while (n > 0 && series->points[n - 1].start >= series->end)
                n--;
        if (n > OFFPEAK_MAX_PUSH_POINTS)
                return fail(err, OFFPEAK_EINVAL, "%s has %zu values: a push has at most %d, cut it", name, n,
                            OFFPEAK_MAX_PUSH_POINTS);
        made->points = calloc(n + 1, sizeof(*made->points));
        if (made->points == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++)
                made->points[i] = (struct offpeak_signal_point){ series->points[i].start, series->points[i].value };
        made->push.n_points = n;
        made->push.end = series->end;
        return 0;
}

static int take_file(const struct settings *settings, const char *path, struct made *made, struct offpeak_error *err)
{
        struct price_file file = settings->file;
        struct series series;
        int code;

        file.file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
        code = price_file_read(&file, kind_of(made->push.signal), &series, made->currency, err);
        if (code != 0)
                return code;
        code = take_points(path, &series, made, err);
        series_finish(&series);
        return code;
}

/* ---- when */

/* Does it mean another time in a year? Then it depends on now. What cannot be read at all depends on nothing. */
static bool needs_clock(const char *text)
{
        enum { THEN = 86400, YEAR_LATER = 366 * 86400 + 1 };
        struct offpeak_error ignored = { 0 };
        int64_t then, later;

        return when_parse(text, THEN, 0, &then, &ignored) == 0 && when_parse(text, YEAR_LATER, 0, &later, &ignored) == 0 &&
               then != later;
}

/* The scheduler's, where the text needs one: a key that may not ask is told how to do without. */
static int take_clock(const struct command_run *run, const char *option, const char *text, int64_t *now, struct offpeak_error *err)
{
        int code = needs_clock(text) ? command_clock(run, now, err) : 0;

        if (code != OFFPEAK_EPERMISSION)
                return code;
        return fail(err, code, "%s %s is meant against the scheduler's clock, and this key may not ask for it: write the whole time, "
                               "like 2026-11-22T08:00:00Z", option, text);
}

static int take_when(const struct command_run *run, const char *option, const char *text, int64_t *ret_time,
                     struct offpeak_error *err)
{
        int64_t now = run->screen.now;
        int code = text != NULL ? take_clock(run, option, text, &now, err) : 0;

        return code != 0 || text == NULL ? code : period_when(option, text, now, ret_time, err);
}

static int take_times(const struct command_run *run, const struct settings *settings, struct offpeak_push *push,
                      struct offpeak_error *err)
{
        int code = take_when(run, "--issued", settings->issued, &push->issued, err);

        if (code == 0)
                code = take_when(run, "--expires", settings->expires, &push->expires, err);
        if (code == 0 && settings->life != NULL && when_parse_duration(settings->life, &push->life_s, err) != 0)
                code = fail_at(err, "--for");
        if (code == 0 && settings->life != NULL && push->life_s <= 0)
                code = fail(err, OFFPEAK_EINVAL, "--for %s: what is pushed must hold for a while", settings->life);
        if (code == 0 && settings->life != NULL && settings->expires != NULL)
                code = fail(err, OFFPEAK_EUSAGE, "--for and --expires both say when it ends: give one");
        return code;
}

static int take_seq(const char *text, struct offpeak_push *push, struct offpeak_error *err)
{
        int64_t seq;

        if (text == NULL)
                return 0;
        if (text_parse_decimal(text, strlen(text), 0, &seq) != 0 || seq < 1 || strspn(text, "0123456789") != strlen(text))
                return fail(err, OFFPEAK_EUSAGE, "--seq %s: write a whole number from 1 on", text);
        push->seq = (uint64_t)seq;
        return 0;
}

/* ---- the command */

static int take_content(const struct command_run *run, const struct settings *settings, struct made *made,
                        struct offpeak_error *err)
{
        char text[VALUE_ROOM];

        made->push.withdraw = settings->withdraw;
        if (settings->withdraw && run->n_operands > 1)
                return fail(err, OFFPEAK_EUSAGE, "--clear takes back what was pushed: give no value with it");
        if (settings->withdraw)
                return 0;
        if (run->n_operands < 2)
                return fail(err, OFFPEAK_EUSAGE, "what is it? Give a value with its unit, a file, - for the standard input, or "
                                                 "--clear");
        snprintf(text, sizeof(text), "%s%s%s", run->operands[1], run->n_operands > 2 ? " " : "",
                 run->n_operands > 2 ? run->operands[2] : "");
        if (!signal_value_is_file(run->operands[1]))
                return take_value(text, made, err);
        if (run->n_operands > 2)
                return fail(err, OFFPEAK_EUSAGE, "\"%s\" is too much: one value with its unit, or one file", run->operands[2]);
        return take_file(settings, run->operands[1], made, err);
}

static int make(const struct command_run *run, const struct settings *settings, struct made *made, struct offpeak_error *err)
{
        int code = take_signal(run->operands[0], &made->push, err);

        if (code == 0 && settings->site == NULL)
                code = fail(err, OFFPEAK_EUSAGE, "of which site? Give --site NAME");
        if (code == 0)
                code = take_content(run, settings, made, err);
        if (code == 0)
                code = take_times(run, settings, &made->push, err);
        if (code == 0)
                code = take_seq(settings->seq, &made->push, err);
        made->push.site = (char *)settings->site;
        made->push.agreement = (char *)settings->agreement;
        made->push.source = (char *)settings->source;
        made->push.currency = made->currency[0] != '\0' ? made->currency : NULL;
        made->push.points = made->points;
        return code;
}

static int push(struct command_run *run, const struct offpeak_push *what, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        int code = command_open(run, &client, err);

        if (code != 0)
                return code;
        code = offpeak_push(client, what, &answer, err);
        if (code == 0 && run->json)
                code = command_print_answer(run, &answer, what->site, "pushed", err);
        else if (code == 0) {
                screen_print(&run->screen, run->out, answer.text != NULL ? answer.text : "pushed");
                putc('\n', run->out);
        }
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return code;
}

int command_push(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct settings settings = { 0 };
        struct made made = { 0 };
        int code = command_parse(run, argc, argv, take, &settings, err);

        if (code == 0)
                code = command_expect(run, 1, 3, "a signal, and a value or file", err);
        if (code == 0)
                code = make(run, &settings, &made, err);
        if (code == 0)
                code = push(run, &made.push, err);
        free(made.points);
        return code;
}
