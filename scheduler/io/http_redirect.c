/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/fail.h"

enum { MOST_REDIRECTS = 5 };

char *http_origin(const char *url)
{
        char *scheme = NULL, *host = NULL, *port = NULL, *origin = NULL;
        CURLU *parts = curl_url();

        if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
            curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
            curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
            curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
                size_t size = strlen(scheme) + strlen(host) + strlen(port) + 8;

                origin = malloc(size);
                if (origin != NULL)
                        snprintf(origin, size, "%s://%s:%s", scheme, host, port);
        }
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(parts);
        return origin;
}

static bool is_secure(const char *url)
{
        return strncasecmp(url, "https://", 8) == 0;
}

static bool has_origin(const char *url, const char *origin)
{
        char *its = http_origin(url);
        bool same = its != NULL && strcasecmp(its, origin) == 0;

        free(its);
        return same;
}

int http_redirect_check(const char *origin, const char *from, const char *to, unsigned n, bool has_secret,
                        struct offpeak_error *err)
{
        if (n > MOST_REDIRECTS)
                return fail(err, OFFPEAK_EIO, "the server redirects more than %d times", MOST_REDIRECTS);
        if (!is_secure(to) && strncasecmp(to, "http://", 7) != 0)
                return fail(err, OFFPEAK_EIO, "the server redirects to something that is neither http nor https");
        if (is_secure(from) && !is_secure(to))
                return fail(err, OFFPEAK_EIO, "the server redirects from https to http, which is not followed");
        if (has_secret && !has_origin(to, origin))
                return fail(err, OFFPEAK_EIO,
                            "the server redirects to another machine, which must not see the secret: write the new address "
                            "into the configuration");
        return 0;
}
