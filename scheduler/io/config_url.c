/* SPDX-License-Identifier: Apache-2.0 */
/* config_url.c - an address is read as a form (feeds/url_form.h), and what could give a secret away is refused here. */
#include "io/config_url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/text.h"
#include "io/secret_file.h"

#define SECOND INT64_C(1000)
#define DAY    (86400 * SECOND)
#define MIB    (INT64_C(1) << 20)

enum { EVERY_S = 900, TIMEOUT_S = 20, DEFAULT_MIB = 8, LARGEST_MIB = 64 };

static void no_memory(struct config_reading *r)
{
        if (config_goes_on(r))
                r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
}

/* ---- the address */

static bool is_secure(const char *text)
{
        return strncasecmp(text, "https://", 8) == 0;
}

/* The machine's name: from its first character, size long. */
static const char *host_of(const char *text, size_t *ret_size)
{
        const char *host = strstr(text, "://") + 3;

        *ret_size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
        return host;
}

/* May what is sent there be read on the way? Not when it does not leave this machine. */
static bool is_here(const char *text)
{
        size_t size;
        const char *host = host_of(text, &size);

        return (size == 9 && strncasecmp(host, "localhost", 9) == 0) || (size == 5 && memcmp(host, "[::1]", 5) == 0) ||
               (size > 4 && memcmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= size);
}

/* Scheme and machine must stand there as they are: what is asked for may change, but not who is asked. */
static void check_address(struct config_reading *r, const char *value)
{
        const char *text = config_text(value), *host;
        size_t size, authority;

        if (!is_secure(text) && strncasecmp(text, "http://", 7) != 0) {
                config_refuse(r, value, "\"url\": \"%.64s\" is no address: it begins with https:// or http://", text);
                return;
        }
        host = host_of(text, &size);
        authority = strcspn(host, "/?#");
        if (size == 0 || memchr(host, '{', authority) != NULL)
                config_refuse(r, value, "\"url\": the machine must be named, and cannot be filled in");
        else if (memchr(host, '@', authority) != NULL)
                config_refuse(r, value,
                              "\"url\": names and passwords do not belong into the address: write headers: {Authorization: "
                              "\"Basic {secret:FILE}\"}");
        else if (text[strcspn(text, " \t\r\n\"<>\\^`|")] != '\0')
                config_refuse(r, value, "\"url\": a blank or one of \"<>\\^`| stands in it: write it as %%XX");
}

/* `https://host/path`: what a log may say. Times are cut as written; secrets in the path stay in their braces. */
static char *shown_of(struct config_reading *r, const char *text)
{
        size_t size = 0;
        char *shown;

        for (int depth = 0; text[size] != '\0' && (depth > 0 || strchr("?#", text[size]) == NULL); size++)
                depth += text[size] == '{' ? 1 : text[size] == '}' ? -1 : 0;
        shown = strndup(text, size);
        if (shown == NULL)
                no_memory(r);
        return shown;
}

/* Make the paths of its secrets absolute, and see that they can be read, and by nobody else. */
static void take_secrets(struct config_reading *r, const char *value, struct url_form *form, unsigned *n_secrets)
{
        for (size_t i = 0; config_goes_on(r) && i < form->n; i++) {
                struct offpeak_error why;
                char *secret, *path;

                if (form->parts[i].kind != URL_SECRET)
                        continue;
                if (++*n_secrets > CONFIG_MOST_SECRETS)
                        config_refuse(r, value, "more than %d secrets in one request", CONFIG_MOST_SECRETS);
                if (form->parts[i].text[0] != '/') {
                        if (asprintf(&path, "%s/%s", r->folder, form->parts[i].text) < 0) {
                                no_memory(r);
                                return;
                        }
                        free(form->parts[i].text);
                        form->parts[i].text = path;
                }
                if (secret_file_read(form->parts[i].text, &secret, &why) == 0)
                        secret_free(secret);
                else
                        config_doubt(r, value, "%s", why.text);
        }
}

static void take_form(struct config_reading *r, const char *key, const char *value, struct url_form *form,
                      unsigned *n_secrets)
{
        struct offpeak_error why;
        int code;

        if (!config_goes_on(r))
                return;
        code = url_form_parse(config_text(value), form, &why);
        if (code == OFFPEAK_ENOMEM)
                no_memory(r);
        else if (code != 0)
                config_refuse(r, value, "\"%s\": %s", key, why.text);
        else
                take_secrets(r, value, form, n_secrets);
}

/* ---- headers */

/* Of our own making, or such as would make another message of it. */
static const char *const not_these[] = { "Host",          "Content-Length",    "Transfer-Encoding", "Connection",
                                         "If-None-Match", "If-Modified-Since", "Accept-Encoding",   NULL };

static void check_header(struct config_reading *r, const struct said_header *said)
{
        const char *name = config_text(said->name), *value = said->value != NULL ? config_text(said->value) : "";

        if (name[0] == '\0' || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] != '\0')
                config_refuse(r, said->name, "\"%.64s\" is no name of a header: use letters, digits and \"-\"", name);
        for (size_t i = 0; not_these[i] != NULL; i++)
                if (strcasecmp(name, not_these[i]) == 0)
                        config_refuse(r, said->name, "the header \"%s\" is not yours to set", not_these[i]);
        for (const char *at = value; *at != '\0'; at++)
                if ((unsigned char)*at < 0x20 || *at == 0x7f)
                        config_refuse(r, said->value, "\"%s\": a header is one line", name);
        if (r->code == 0 && (said->value == NULL || config_is_null(said->value)) == (said->secret == NULL))
                config_refuse(r, said->name, "\"%s\" takes a value, or {secret: FILE}", name);
}

/* `{secret: FILE}` is a short form of "{secret:FILE}". */
static void take_header(struct config_reading *r, const struct said_header *said, struct config_header *header,
                        unsigned *n_secrets)
{
        check_header(r, said);
        if (r->code != 0)
                return;
        header->name = config_copy(r, config_text(said->name));
        if (said->secret == NULL) {
                take_form(r, config_text(said->name), said->value, &header->value, n_secrets);
                return;
        }
        header->value.parts = calloc(1, sizeof(*header->value.parts));
        if (header->value.parts == NULL) {
                no_memory(r);
                return;
        }
        header->value.parts[0] = (struct url_part){ .kind = URL_SECRET,
                                                    .text = config_copy(r, config_text(said->secret)) };
        header->value.n = 1;
        if (r->code == 0)
                take_secrets(r, said->secret, &header->value, n_secrets);
}

static void take_headers(struct config_reading *r, const struct said_feed *said, struct config_url *url)
{
        if (said->headers_count == 0)
                return;
        if (said->headers_count > CONFIG_MOST_HEADERS) {
                config_refuse(r, said->headers[0].name, "more than %d headers", CONFIG_MOST_HEADERS);
                return;
        }
        url->headers = calloc(said->headers_count, sizeof(*url->headers));
        if (url->headers == NULL) {
                no_memory(r);
                return;
        }
        for (unsigned i = 0; config_goes_on(r) && i < said->headers_count; i++) {
                take_header(r, &said->headers[i], &url->headers[url->n_headers++], &url->n_secrets);
                for (unsigned k = 0; r->code == 0 && k < i; k++)
                        if (strcasecmp(url->headers[k].name, url->headers[i].name) == 0)
                                config_refuse(r, said->headers[i].name, "\"%.64s\" is given twice", url->headers[i].name);
        }
}

/* ---- the rest */

static void take_all(struct config_reading *r, const struct said_feed *said, struct config_url *url)
{
        check_address(r, said->url);
        take_form(r, "url", said->url, &url->form, &url->n_secrets);
        if (r->code == 0)
                url->shown = shown_of(r, config_text(said->url));
        take_headers(r, said, url);
        config_take_ms(r, "every", said->every, SECOND, DAY, &url->every_ms);
        config_take_ms(r, "timeout", said->timeout, 100, 600 * SECOND, &url->timeout_ms);
        config_take_size(r, "max_bytes", said->max_bytes, 1, LARGEST_MIB * MIB, &url->max_bytes);
        config_take_path(r, "ca", said->ca, &url->ca);
        if (r->code != 0)
                return;
        url->here = is_here(config_text(said->url));
        if (url->n_secrets > 0 && !is_secure(config_text(said->url)) && !url->here)
                config_refuse(r, said->url, "\"url\": a secret would go over http to another machine, for everybody on the way "
                                            "to read: write https://");
        else if (url->ca != NULL && !is_secure(config_text(said->url)))
                config_refuse(r, said->ca, "\"ca\" is of https, and the address is http");
        else if (url->ca != NULL && access(url->ca, R_OK) != 0)
                config_doubt(r, said->ca, "\"ca\": %s: %s", url->ca, strerror(errno));
}

void config_take_url(struct config_reading *reading, const struct said_feed *said, struct config_url **ret_url)
{
        struct config_url *url;

        if (!config_goes_on(reading))
                return;
        url = calloc(1, sizeof(*url));
        if (url == NULL) {
                no_memory(reading);
                return;
        }
        url->every_ms = EVERY_S * SECOND;
        url->timeout_ms = TIMEOUT_S * SECOND;
        url->max_bytes = DEFAULT_MIB * MIB;
        take_all(reading, said, url);
        if (reading->code == 0)
                *ret_url = url;
        else
                config_url_free(url);
}

const char *config_url_only(const struct said_feed *said, const char **ret_key)
{
        const struct {
                const char *key, *value;
        } keys[] = { { "every", said->every },
                     { "timeout", said->timeout },
                     { "max_bytes", said->max_bytes },
                     { "ca", said->ca },
                     { "headers", said->headers_count > 0 ? said->headers[0].name : NULL } };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (keys[i].value != NULL) {
                        *ret_key = keys[i].key;
                        return keys[i].value;
                }
        return NULL;
}

void config_url_free(struct config_url *url)
{
        if (url == NULL)
                return;
        url_form_finish(&url->form);
        for (size_t i = 0; i < url->n_headers; i++) {
                free(url->headers[i].name);
                url_form_finish(&url->headers[i].value);
        }
        free(url->headers);
        free(url->shown);
        free(url->ca);
        free(url);
}
