/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/body_check.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "feeds/zip_members.h"

enum { SHOWN = 120 };

/* What the statuses that a feed meets mean, and what to do about it. */
static const struct {
        long status;
        const char *name, *remedy;
} statuses[] = {
        { 400, "Bad Request", "; look at the address and its times" },
        { 401, "Unauthorized", "; look at the secret" },
        { 403, "Forbidden", "; look at the secret, and what it may do" },
        { 404, "Not Found", "; look at the address" },
        { 410, "Gone", "; look for the new address" },
        { 429, "Too Many Requests", "; ask less often: \"every\"" },
        { 500, "Internal Server Error", "" },
        { 502, "Bad Gateway", "" },
        { 503, "Service Unavailable", "" },
        { 504, "Gateway Timeout", "" },
};

static size_t skip_blank(const char *body, size_t size)
{
        size_t at = size >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        while (at < size && isspace((unsigned char)body[at]))
                at++;
        return at;
}

static bool begins(const char *body, size_t size, const char *word)
{
        return size >= strlen(word) && strncasecmp(body, word, strlen(word)) == 0;
}

static bool is_page(const char *body, size_t size)
{
        return begins(body, size, "<!doctype html") || begins(body, size, "<html") || begins(body, size, "<head");
}

/* Printable bytes only, blanks in one. */
static void excerpt(const char *body, size_t size, char text[SHOWN + 4])
{
        size_t used = 0;

        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)body[i];

                if (used == SHOWN) {
                        memcpy(text + used, "...", 3);
                        used += 3;
                        break;
                }
                if (!isgraph(c) && (used == 0 || text[used - 1] == ' '))
                        continue;
                text[used++] = isgraph(c) ? (char)c : ' ';
        }
        text[used] = '\0';
}

static int refuse_status(long status, const char *body, size_t size, struct offpeak_error *err)
{
        const char *name = "", *remedy = "";
        char said[SHOWN + 4] = "";

        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
                if (statuses[i].status == status) {
                        name = statuses[i].name;
                        remedy = statuses[i].remedy;
                }
        if (!is_page(body, size))
                excerpt(body, size, said);
        return fail(err, status == 429 || status >= 500 ? OFFPEAK_ETRYAGAIN : OFFPEAK_EIO,
                    "the server answered %ld%s%s%s%s%s%s", status, *name != '\0' ? " (" : "", name,
                    *name != '\0' ? ")" : "", *said != '\0' ? " and said: " : "", said, remedy);
}

int body_check(long status, const char *body, size_t size, bool zip, struct offpeak_error *err)
{
        size_t blank = size > 0 ? skip_blank(body, size) : 0;

        if (status < 200 || status > 299)
                return refuse_status(status, body + blank, size - blank, err);
        if (blank == size)
                return fail(err, OFFPEAK_ETRYAGAIN, "the server answered %ld with nothing in it", status);
        if (zip && zip_is(body, size))
                return 0;
        if (size > 4 && (memcmp(body, "PK\003\004", 4) == 0 || memcmp(body, "\037\213", 2) == 0))
                return fail(err, OFFPEAK_EIO, "the server answered with a packed file (%s): look for an address that gives "
                                              "what is in it", body[0] == 'P' ? "zip" : "gzip");
        if (is_page(body + blank, size - blank))
                return fail(err, OFFPEAK_EIO,
                            "the server answered with a page for people (HTML) instead of data: look at the address, or does "
                            "it want a login?");
        return 0;
}
