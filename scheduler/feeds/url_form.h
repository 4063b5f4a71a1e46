/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url_form.h - addresses and header values with places in braces, filled in for each request.
 *
 *   {now}                        this moment, 2026-11-22T14:30:00Z
 *   {now-1d:%Y-%m-%dT%H:%MZ}     a day before it, in a form of its own
 *   {today+2d:%Y%m%d%H%M}        the midnight (UTC) that begins this day, and two days later
 *   {secret:keys/token}          what a file says (io/secret_file.h)
 *
 * A form knows %Y %m %d %H %M %S, %s (seconds since 1970) and %%; all in UTC. Offsets are durations as when.h reads them.
 */
#ifndef OFFPEAK_FEEDS_URL_FORM_H
#define OFFPEAK_FEEDS_URL_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

enum url_part_kind { URL_TEXT, URL_NOW, URL_TODAY, URL_SECRET };

struct url_part {
        enum url_part_kind kind;
        char *text;       /* owned: the text; the form of a time; the path of a secret */
        int64_t offset_s; /* of a time */
};

struct url_form {
        struct url_part *parts;
        size_t n;
};

/* EINVAL says what is wrong; ENOMEM. ret_form is written on success only. */
int url_form_parse(const char *text, struct url_form *ret_form, struct offpeak_error *err);
void url_form_finish(struct url_form *form);

/* The form as text, which parses to the same form. Malloc'ed; NULL: ENOMEM. */
char *url_form_text(const struct url_form *form);

/*
 * Fill in. secrets: one for each secret part, in order; in an address (`escape`) what is not a letter, a digit or one of
 * -._~ is written as %XX in secrets. Malloc'ed; NULL: ENOMEM.
 */
char *url_form_fill(const struct url_form *form, int64_t now, const char *const *secrets, bool escape);

#endif
