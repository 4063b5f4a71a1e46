/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/period.h"

#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/document.h"

int period_take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        struct period *period = settings;
        int64_t *length = found->id == PERIOD_LAST ? &period->last_s : &period->next_s;

        switch (found->id) {
        case PERIOD_FROM:
                period->from = found->value;
                return 0;
        case PERIOD_TO:
                period->to = found->value;
                return 0;
        case PERIOD_SITE:
                period->site = found->value;
                return 0;
        case PERIOD_USER:
                period->user = found->value;
                return 0;
        case PERIOD_SVG:
                period->svg = found->value;
                return 0;
        case PERIOD_LAST:
        case PERIOD_NEXT:
                if (when_parse_duration(found->value, length, err) != 0)
                        return fail_at(err, "%s", found->name);
                if (*length == 0)
                        return fail(err, OFFPEAK_EINVAL, "%s %s: is no time at all: write %s 7d, say", found->name,
                                    found->value, found->name);
                return 0;
        default:
                return fail(err, OFFPEAK_EINTERNAL, "%s is in no table", found->name);
        }
}

static int put_time(json_t *arguments, const char *key, int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return json_object_set_new(arguments, key, json_string(when_format_utc(time, text)));
}

int period_when(const char *option, const char *text, int64_t now, int64_t *ret_time, struct offpeak_error *err)
{
        int32_t offset = screen_utc_offset(now);
        int r = when_parse(text, now, offset, ret_time, err);

        if (r == 0 && screen_utc_offset(*ret_time) != offset)
                r = when_parse(text, now, screen_utc_offset(*ret_time), ret_time, err);
        return r == 0 ? 0 : fail_at(err, "%s", option);
}

static int put_written(json_t *arguments, const char *key, const char *option, const char *text, int64_t now,
                       struct offpeak_error *err)
{
        int64_t time;
        int r;

        if (text == NULL)
                return 0;
        r = period_when(option, text, now, &time, err);
        if (r != 0)
                return r;
        return put_time(arguments, key, time) != 0 ? fail(err, OFFPEAK_ENOMEM, "out of memory") : 0;
}

static int put_text(json_t *arguments, const char *key, const char *option, const char *text, struct offpeak_error *err)
{
        if (text == NULL || json_object_set_new(arguments, key, json_string(text)) == 0)
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s %s: is not UTF-8", option, text);
}

int period_arguments(const struct period *period, int64_t now, json_t **ret_arguments, struct offpeak_error *err)
{
        json_t *arguments;
        int r;

        if (period->last_s != 0 && period->from != NULL)
                return fail(err, OFFPEAK_EUSAGE, "--last and --from both say where the time begins: give one of them");
        if (period->next_s != 0 && period->to != NULL)
                return fail(err, OFFPEAK_EUSAGE, "--next and --to both say where the time ends: give one of them");
        arguments = json_object();
        r = put_written(arguments, "from_utc", "--from", period->from, now, err);
        if (r == 0)
                r = put_written(arguments, "to_utc", "--to", period->to, now, err);
        if (r == 0 && period->last_s != 0)
                put_time(arguments, "from_utc", now - period->last_s);
        if (r == 0 && period->next_s != 0)
                put_time(arguments, "to_utc", now + period->next_s);
        if (r == 0)
                r = put_text(arguments, "site", "--site", period->site, err);
        if (r == 0)
                r = put_text(arguments, "user", "--user", period->user, err);
        if (r != 0) {
                json_decref(arguments);
                return r;
        }
        *ret_arguments = arguments;
        return 0;
}

static bool needs_clock(const struct period *period)
{
        return period->from != NULL || period->to != NULL || period->last_s != 0 || period->next_s != 0;
}

int period_ask(struct command_run *run, const struct period *period, const char *target, command_view view,
               struct offpeak_error *err)
{
        int64_t now = run->screen.now;
        json_t *arguments;
        int r = needs_clock(period) ? command_clock(run, &now, err) : 0;

        if (r == 0)
                r = period_arguments(period, now, &arguments, err);
        return r != 0 ? r : command_answer(run, target, arguments, view, err);
}

static bool is_stdout(const char *path)
{
        return strcmp(path, "-") == 0;
}

static int ask_and_draw(struct command_run *run, const struct period *period, const char *target, command_view view,
                        const struct period_picture *picture, struct offpeak_error *err)
{
        int64_t now = run->screen.now;
        json_t *arguments, *document;
        int r = needs_clock(period) ? command_clock(run, &now, err) : 0;

        if (r == 0)
                r = period_arguments(period, now, &arguments, err);
        if (r != 0)
                return r;
        json_object_set_new(arguments, picture->argument, json_true());
        r = command_fetch(run, target, arguments, &document, err);
        if (r != 0)
                return r;
        if (!is_stdout(period->svg))
                r = command_print_view(run, document, view, err);
        if (r == 0)
                r = picture_of_answer(document, &run->screen, picture->fill, period->svg, run->out, err);
        json_decref(document);
        return r;
}

int period_command_with_picture(struct command_run *run, int argc, char **argv, const char *target, command_view view,
                                const struct period_picture *picture, struct offpeak_error *err)
{
        struct period period = { 0 };
        int r = command_parse(run, argc, argv, period_take, &period, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        if (r == 0 && period.svg != NULL && is_stdout(period.svg) && run->json)
                r = fail(err, OFFPEAK_EUSAGE,
                         "--svg - and --json both take the standard output: write --svg FILE beside --json");
        if (r != 0)
                return r;
        return period.svg != NULL ? ask_and_draw(run, &period, target, view, picture, err)
                                  : period_ask(run, &period, target, view, err);
}

int period_command(struct command_run *run, int argc, char **argv, const char *target, command_view view,
                   struct offpeak_error *err)
{
        struct period period = { 0 };
        int r = command_parse(run, argc, argv, period_take, &period, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        return r != 0 ? r : period_ask(run, &period, target, view, err);
}
