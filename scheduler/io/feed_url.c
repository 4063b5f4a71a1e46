/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_url.c - the transport of addresses: asked every so often, and again by and by where that brought nothing.
 *
 *   timer -> http_get -> answered: 304 -> confirm     settled(good) -> timer, `every` later
 *                                  2xx -> deliver     settled(bad)  -> timer, later each time (feeds/retry.h)
 *                                  else -> failed
 *
 * An answer that may have a next page (feeds/feed_pages.h) is kept, and that page is asked for at once; all of them are one
 * delivery, and where one fails nothing is delivered.
 *
 * A validator (ETag, Last-Modified) counts only for the address that it came from, and only once its answer was taken: what
 * was refused is fetched again. It speaks of one page: with several none is kept. Secrets are read when the feed is opened,
 * and are in no error, log line or status.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "feeds/body_check.h"
#include "feeds/feed_pages.h"
#include "feeds/file_text.h"
#include "feeds/retry.h"
#include "io/config_url.h"
#include "io/http.h"
#include "io/secret_file.h"
#include "io/transports.h"

enum { FIRST_WITHIN_MS = 250 };

struct feed_url {
        struct feed *feed;
        const struct config_url *config;
        struct http *http;
        struct http_get *get; /* under way; NULL: none */
        uv_timer_t timer;
        char *secrets[CONFIG_MOST_SECRETS]; /* in order of the address, then of the headers */
        size_t n_secrets;
        uint64_t seed, tries;
        int64_t retry_after_s;                                          /* of the last answer */
        struct feed_page pages[FEED_MOST_PAGES];                        /* of this try, owned */
        size_t n_pages, n_bytes;
        char *asked, *good;                                             /* the address now; that of the last good answer */
        char etag[HTTP_TAG_SIZE], last_modified[HTTP_TAG_SIZE];         /* of that answer */
        char new_etag[HTTP_TAG_SIZE], new_last_modified[HTTP_TAG_SIZE]; /* of the one being read */
};

static bool carries(const struct config_feed *config)
{
        return config->url != NULL;
}

static int check(const struct feed *feed, struct offpeak_error *err)
{
        (void)feed;
        return http_check(err);
}

static void redact(const struct feed *feed, char *text)
{
        const struct feed_url *url = feed->way;

        if (url != NULL)
                secret_redact(text, (const char *const *)url->secrets, url->n_secrets);
}

/* ---- secrets */

static int read_secrets(struct feed_url *url, const struct url_form *form, struct offpeak_error *err)
{
        for (size_t i = 0; i < form->n; i++) {
                int code;

                if (form->parts[i].kind != URL_SECRET)
                        continue;
                code = secret_file_read(form->parts[i].text, &url->secrets[url->n_secrets], err);
                if (code != 0)
                        return code;
                url->n_secrets++;
        }
        return 0;
}

static int read_all_secrets(struct feed_url *url, struct offpeak_error *err)
{
        int code = read_secrets(url, &url->config->form, err);

        for (size_t i = 0; code == 0 && i < url->config->n_headers; i++)
                code = read_secrets(url, &url->config->headers[i].value, err);
        return code;
}

static size_t count_secrets(const struct url_form *form)
{
        size_t n = 0;

        for (size_t i = 0; i < form->n; i++)
                n += form->parts[i].kind == URL_SECRET;
        return n;
}

/* ---- asking */

static void drop_pages(struct feed_url *url)
{
        while (url->n_pages > 0)
                free(url->pages[--url->n_pages].text);
        url->n_bytes = 0;
}

static void give_up(struct feed_url *url, const struct offpeak_error *why)
{
        struct offpeak_error err = *why;

        drop_pages(url);
        fail_at(&err, "%s", url->config->shown);
        feed_failed(url->feed, &err);
}

/* The page that was asked for did not come. */
static void give_up_page(struct feed_url *url, const struct offpeak_error *why)
{
        struct offpeak_error err = *why;

        if (url->n_pages > 0)
                fail_at(&err, "page %zu", url->n_pages + 1);
        give_up(url, &err);
}

/* One header line, malloc'ed. */
static char *header_line(const char *name, const char *value)
{
        size_t size = strlen(name) + strlen(value) + 3;
        char *line = malloc(size);

        if (line != NULL)
                snprintf(line, size, "%s: %s", name, value);
        return line;
}

static bool add_line(char **lines, size_t *n, char *line)
{
        if (line == NULL)
                return false;
        lines[(*n)++] = line;
        return true;
}

/* The configured headers and the conditions. False: out of memory. */
static bool make_headers(const struct feed_url *url, int64_t now, char **lines, size_t *n)
{
        const char *const *secrets = (const char *const *)url->secrets + count_secrets(&url->config->form);
        bool same = url->n_pages == 0 && url->good != NULL && strcmp(url->good, url->asked) == 0, fine = true;

        for (size_t i = 0; fine && i < url->config->n_headers; i++) {
                const struct config_header *header = &url->config->headers[i];
                char *value = url_form_fill(&header->value, now, secrets, false);

                fine = value != NULL && add_line(lines, n, header_line(header->name, value));
                secret_free(value);
                secrets += count_secrets(&header->value);
        }
        if (fine && same && url->etag[0] != '\0')
                fine = add_line(lines, n, header_line("If-None-Match", url->etag));
        if (fine && same && url->last_modified[0] != '\0')
                fine = add_line(lines, n, header_line("If-Modified-Since", url->last_modified));
        return fine;
}

static void on_answer(void *context, struct http_answer *answer);

/* The address of the page that comes next; malloc'ed, NULL: out of memory. */
static char *next_address(struct feed_url *url, int64_t now)
{
        if (url->n_pages > 0)
                return feed_pages_address(url->asked, (unsigned)url->n_pages);
        secret_free(url->asked);
        url->asked = url_form_fill(&url->config->form, now, (const char *const *)url->secrets, true);
        return url->asked != NULL ? strdup(url->asked) : NULL;
}

static int ask(struct feed_url *url, struct offpeak_error *err)
{
        const struct config_url *config = url->config;
        int64_t now = clocks_now(engine_clocks(url->feed->engine)).wall;
        struct http_request request = { .ca = config->ca, .timeout_ms = config->timeout_ms,
                                        .max_bytes = (size_t)config->max_bytes, .has_secret = config->n_secrets > 0,
                                        .here = config->here };
        char *lines[CONFIG_MOST_HEADERS + 2], *address = next_address(url, now);
        size_t n = 0;
        int code = OFFPEAK_ENOMEM;

        if (address == NULL || !make_headers(url, now, lines, &n)) {
                fail(err, OFFPEAK_ENOMEM, "out of memory");
        } else {
                request.url = address;
                request.headers = (const char *const *)lines;
                request.n_headers = n;
                code = http_get(url->http, &request, on_answer, url, &url->get, err);
        }
        while (n > 0)
                secret_free(lines[--n]);
        secret_free(address);
        return code;
}

static void on_timer(uv_timer_t *timer)
{
        struct feed_url *url = timer->data;
        struct offpeak_error err;

        url->tries++;
        url->retry_after_s = 0;
        if (ask(url, &err) != 0)
                give_up(url, &err);
}

/* ---- answers */

static void deliver(struct feed_url *url)
{
        feed_deliver_pages(url->feed, url->pages, url->n_pages);
        url->n_pages = url->n_bytes = 0;
}

/* A server that passes nothing over gives the same for ever. */
static bool is_the_last_again(const struct feed_url *url, const struct http_answer *answer)
{
        const struct feed_page *last = &url->pages[url->n_pages - 1];

        return last->size == answer->size && memcmp(last->text, answer->body, answer->size) == 0;
}

static int check_page(const struct feed_url *url, const struct http_answer *answer, struct offpeak_error *err)
{
        int code = body_check(answer->status, answer->body, answer->size, feed_pages_are_zips(url->feed->config->mapping), err);

        if (code != 0)
                return code;
        if (url->n_pages > 0 && is_the_last_again(url, answer))
                return fail(err, OFFPEAK_EIO, "the server gives the same page again: does it know \"offset\"? Write offset=0 into "
                                              "the address to ask for one page only");
        if (answer->size > FILE_TEXT_LARGEST - url->n_bytes)
                return fail(err, OFFPEAK_EIO, "all pages together are larger than %zu MiB: ask for less",
                            FILE_TEXT_LARGEST >> 20);
        return 0;
}

/* What is in hand is full: more may follow. */
static void ask_for_more(struct feed_url *url)
{
        struct offpeak_error err;

        if (url->n_pages == FEED_MOST_PAGES) {
                fail(&err, OFFPEAK_EIO, "there are more than %d pages of %d documents: ask for a shorter time, or for fewer units",
                     FEED_MOST_PAGES, FEED_PAGE_DOCUMENTS);
                give_up(url, &err);
        } else if (ask(url, &err) != 0) {
                give_up_page(url, &err);
        }
}

static void take_page(struct feed_url *url, struct http_answer *answer)
{
        struct feed_page *page = &url->pages[url->n_pages++];

        *page = (struct feed_page){ answer->body, answer->size };
        url->n_bytes += answer->size;
        answer->body = NULL;
        if (feed_pages_follow(url->feed->config->mapping, url->asked) && feed_pages_is_full(page))
                ask_for_more(url);
        else
                deliver(url);
}

/* Of one page; of several nothing tells whether all of them are as they were. */
static void note_validators(struct feed_url *url, const struct http_answer *answer)
{
        memcpy(url->new_etag, answer->etag, sizeof(url->new_etag));
        memcpy(url->new_last_modified, answer->last_modified, sizeof(url->new_last_modified));
        if (url->n_pages > 0)
                url->new_etag[0] = url->new_last_modified[0] = '\0';
}

static void on_answer(void *context, struct http_answer *answer)
{
        struct feed_url *url = context;
        struct offpeak_error err;
        int code = answer->code;

        url->get = NULL;
        url->retry_after_s = answer->retry_after_s;
        note_validators(url, answer);
        if (code == 0 && answer->status == 304 && url->n_pages == 0 && url->good != NULL) {
                memcpy(url->new_etag, url->etag, sizeof(url->new_etag)); /* what holds goes on to hold */
                memcpy(url->new_last_modified, url->last_modified, sizeof(url->new_last_modified));
                feed_confirm(url->feed);
                return;
        }
        if (code == 0 && url->n_pages > 0 && feed_pages_is_end(answer->status, answer->body, answer->size)) {
                deliver(url);
                return;
        }
        if (code == 0)
                code = check_page(url, answer, &err);
        if (code != 0)
                give_up_page(url, answer->code != 0 ? &answer->err : &err);
        else
                take_page(url, answer);
}

static void settled(struct feed *feed, bool good)
{
        struct feed_url *url = feed->way;
        int64_t wait_ms = good ? retry_regular_ms(url->config->every_ms, url->seed, url->tries)
                               : retry_failed_ms(url->config->every_ms, feed->status->failures, url->retry_after_s,
                                                 url->seed, url->tries);

        if (feed->closing)
                return;
        if (good) {
                secret_free(url->good);
                url->good = url->asked;
                url->asked = NULL;
                memcpy(url->etag, url->new_etag, sizeof(url->etag));
                memcpy(url->last_modified, url->new_last_modified, sizeof(url->last_modified));
        }
        feed_next_try(feed, wait_ms);
        feed->status->not_before = !good && url->retry_after_s > 0 ? feed->status->next_at : 0;
        uv_timer_start(&url->timer, on_timer, (uint64_t)wait_ms, 0);
}

/* ---- life */

static void free_url(struct feed_url *url)
{
        url->feed->way = NULL;
        drop_pages(url);
        for (size_t i = 0; i < url->n_secrets; i++)
                secret_free(url->secrets[i]);
        secret_free(url->asked);
        secret_free(url->good);
        free(url);
}

/* At once, but for what a reload keeps. */
static uint64_t first_in_ms(struct feed_url *url)
{
        struct feed *feed = url->feed;
        int64_t wait_ms = clocks_until_wall_ms(engine_clocks(feed->engine), feed->status->not_before);

        if (feed->status->not_before == 0 || wait_ms <= 0)
                return url->seed % FIRST_WITHIN_MS;
        feed_next_try(feed, wait_ms);
        return (uint64_t)wait_ms;
}

static int open_url(struct feed *feed, bool strict, struct offpeak_error *err)
{
        struct feed_url *url = calloc(1, sizeof(*url));
        int code;

        (void)strict; /* nobody waits for another machine */
        if (url == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        url->feed = feed;
        url->config = feed->config->url;
        url->seed = retry_seed(feed->site, feed->kind, url->config->shown);
        feed->way = url;
        code = read_all_secrets(url, err);
        if (code == 0)
                code = http_check(err);
        if (code == 0)
                code = feeds_http(feed->owner, &url->http, err);
        if (code != 0) {
                free_url(url);
                return code;
        }
        uv_timer_init(feed->loop, &url->timer);
        url->timer.data = url;
        uv_timer_start(&url->timer, on_timer, first_in_ms(url), 0);
        return 0;
}

static void on_closed(uv_handle_t *handle)
{
        struct feed_url *url = handle->data;
        struct feed *feed = url->feed;

        free_url(url);
        feed_closed(feed);
}

static void close_url(struct feed *feed)
{
        struct feed_url *url = feed->way;

        if (url->get != NULL)
                http_cancel(url->get);
        url->get = NULL;
        uv_close((uv_handle_t *)&url->timer, on_closed);
}

const struct transport transport_url = {
        .name = "url",
        .carries = carries,
        .check = check,
        .open = open_url,
        .settled = settled,
        .redact = redact,
        .close = close_url,
};
