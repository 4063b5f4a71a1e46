/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/url_form.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"

#define DAY INT64_C(86400)

static const char iso[] = "%Y-%m-%dT%H:%M:%SZ";

/* ---- reading */

static int add_part(struct url_form *form, enum url_part_kind kind, const char *text, size_t size, int64_t offset_s,
                    struct offpeak_error *err)
{
        struct url_part *parts = realloc(form->parts, (form->n + 1) * sizeof(*parts));

        if (parts == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        form->parts = parts;
        parts[form->n] = (struct url_part){ .kind = kind, .text = strndup(text, size), .offset_s = offset_s };
        if (parts[form->n].text == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        form->n++;
        return 0;
}

static int check_form(const char *form, size_t size, struct offpeak_error *err)
{
        for (size_t i = 0; i < size; i++)
                if (form[i] == '%' && (++i == size || strchr("YmdHMSs%", form[i]) == NULL))
                        return fail(err, OFFPEAK_EINVAL,
                                    "\"%.*s\" is no form of a time: it is made of %%Y %%m %%d %%H %%M %%S, %%s (seconds since "
                                    "1970) and %%%%", (int)size, form);
        return 0;
}

/* `-1d`, `+36h`, or nothing. */
static int read_offset(const char *text, size_t size, int64_t *ret_offset, struct offpeak_error *err)
{
        char duration[32];
        int64_t seconds;

        *ret_offset = 0;
        if (size == 0)
                return 0;
        if ((text[0] != '+' && text[0] != '-') || size > sizeof(duration))
                return fail(err, OFFPEAK_EINVAL, "\"%.*s\" is no distance in time: write it as {now-1d} or {today+36h}",
                            (int)(size < 64 ? size : 64), text);
        snprintf(duration, sizeof(duration), "%.*s", (int)size - 1, text + 1);
        if (when_parse_duration(duration, &seconds, err) != 0)
                return OFFPEAK_EINVAL;
        if (seconds > 400 * DAY)
                return fail(err, OFFPEAK_EINVAL, "\"%s\" is more than 400 days", duration);
        *ret_offset = text[0] == '-' ? -seconds : seconds;
        return 0;
}

static int read_time(struct url_form *form, enum url_part_kind kind, const char *text, size_t size,
                     struct offpeak_error *err)
{
        const char *colon = memchr(text, ':', size);
        size_t offset_size = colon != NULL ? (size_t)(colon - text) : size;
        int64_t offset;
        int code = read_offset(text, offset_size, &offset, err);

        if (code != 0)
                return code;
        if (colon == NULL)
                return add_part(form, kind, iso, sizeof(iso) - 1, offset, err);
        size -= offset_size + 1;
        code = check_form(colon + 1, size, err);
        return code != 0 ? code : add_part(form, kind, colon + 1, size, offset, err);
}

/* What stands between braces. */
static int read_place(struct url_form *form, const char *text, size_t size, struct offpeak_error *err)
{
        if (size >= 3 && memcmp(text, "now", 3) == 0)
                return read_time(form, URL_NOW, text + 3, size - 3, err);
        if (size >= 5 && memcmp(text, "today", 5) == 0)
                return read_time(form, URL_TODAY, text + 5, size - 5, err);
        if (size > 7 && memcmp(text, "secret:", 7) == 0)
                return add_part(form, URL_SECRET, text + 7, size - 7, 0, err);
        return fail(err, OFFPEAK_EINVAL,
                    "{%.*s} is not known: there are {now-1d:%%Y-%%m-%%d}, {today+1d:%%Y-%%m-%%d} and {secret:FILE}; a brace of "
                    "the address itself is written %%7B", (int)(size < 64 ? size : 64), text);
}

int url_form_parse(const char *text, struct url_form *ret_form, struct offpeak_error *err)
{
        struct url_form form = { 0 };
        int code = 0;

        while (code == 0 && *text != '\0') {
                size_t size = strcspn(text, "{}");
                const char *end;

                if (size > 0) {
                        code = add_part(&form, URL_TEXT, text, size, 0, err);
                        text += size;
                        continue;
                }
                end = *text == '{' ? text + 1 + strcspn(text + 1, "{}") : NULL;
                if (end == NULL || *end != '}') {
                        code = fail(err, OFFPEAK_EINVAL, "a brace without its other one: write %%7B or %%7D for one of the "
                                                         "address itself");
                        break;
                }
                code = read_place(&form, text + 1, (size_t)(end - text - 1), err);
                text = end + 1;
        }
        if (code != 0) {
                url_form_finish(&form);
                return code;
        }
        *ret_form = form;
        return 0;
}

void url_form_finish(struct url_form *form)
{
        for (size_t i = 0; i < form->n; i++)
                free(form->parts[i].text);
        free(form->parts);
        *form = (struct url_form){ 0 };
}

/* ---- writing */

static void write_part(FILE *out, const struct url_part *part)
{
        int64_t offset = part->offset_s;
        char text[WHEN_TEXT_SIZE];

        if (part->kind == URL_TEXT) {
                fputs(part->text, out);
                return;
        }
        if (part->kind == URL_SECRET) {
                fprintf(out, "{secret:%s}", part->text);
                return;
        }
        fputs(part->kind == URL_NOW ? "{now" : "{today", out);
        if (offset != 0)
                fprintf(out, "%c%s", offset < 0 ? '-' : '+', when_format_exact(offset < 0 ? -offset : offset, text));
        if (strcmp(part->text, iso) != 0)
                fprintf(out, ":%s", part->text);
        putc('}', out);
}

char *url_form_text(const struct url_form *form)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        for (size_t i = 0; i < form->n; i++)
                write_part(out, &form->parts[i]);
        if (fclose(out) == 0)
                return text;
        free(text);
        return NULL;
}

/* ---- filling in */

static void write_field(FILE *out, char which, int64_t time)
{
        struct when_civil civil = when_civil(time);

        switch (which) {
        case 'Y':
                fprintf(out, "%04d", civil.year);
                break;
        case 'm':
                fprintf(out, "%02d", civil.month);
                break;
        case 'd':
                fprintf(out, "%02d", civil.day);
                break;
        case 'H':
                fprintf(out, "%02d", civil.hour);
                break;
        case 'M':
                fprintf(out, "%02d", civil.minute);
                break;
        case 'S':
                fprintf(out, "%02d", civil.second);
                break;
        case 's':
                fprintf(out, "%lld", (long long)time);
                break;
        default:
                putc(which, out);
        }
}

static void write_time(FILE *out, const struct url_part *part, int64_t now)
{
        int64_t time = (part->kind == URL_TODAY ? now - now % DAY : now) + part->offset_s;

        for (const char *at = part->text; *at != '\0'; at++) {
                if (*at == '%')
                        write_field(out, *++at, time);
                else
                        putc(*at, out);
        }
}

static void write_secret(FILE *out, const char *secret, bool escape)
{
        for (; *secret != '\0'; secret++) {
                if (!escape || isalnum((unsigned char)*secret) || strchr("-._~", *secret) != NULL)
                        putc(*secret, out);
                else
                        fprintf(out, "%%%02X", (unsigned char)*secret);
        }
}

char *url_form_fill(const struct url_form *form, int64_t now, const char *const *secrets, bool escape)
{
        char *text = NULL;
        size_t size, next = 0;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        for (size_t i = 0; i < form->n; i++) {
                const struct url_part *part = &form->parts[i];

                if (part->kind == URL_TEXT)
                        fputs(part->text, out);
                else if (part->kind == URL_SECRET)
                        write_secret(out, secrets[next++], escape);
                else
                        write_time(out, part, now);
        }
        if (fclose(out) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
