/* SPDX-License-Identifier: Apache-2.0 */
/* config_url.h - a feed that is fetched, as the configuration describes it. */
#ifndef OFFPEAK_IO_CONFIG_URL_H
#define OFFPEAK_IO_CONFIG_URL_H

#include "feeds/url_form.h"
#include "io/config_schema.h"
#include "io/config_value.h"

enum { CONFIG_MOST_HEADERS = 16, CONFIG_MOST_SECRETS = 16 }; /* of one feed */

struct config_header {
        char *name;
        struct url_form value;
};

struct config_url {
        struct url_form form;          /* paths of secrets in it and in headers are absolute */
        char *shown;                   /* the address without its query, for logs and people */
        int64_t every_ms, timeout_ms;
        int64_t max_bytes;             /* of the answer, unpacked */
        char *ca;                      /* file of authorities to trust instead of the system's; NULL */
        struct config_header *headers;
        size_t n_headers;
        unsigned n_secrets;            /* in the address and in headers */
        bool here;                     /* the address is this machine */
};

/* said->url is given. *ret_url is malloc'ed; NULL when the reading has failed. */
void config_take_url(struct config_reading *reading, const struct said_feed *said, struct config_url **ret_url);

/* A key that only an address has, given without one; NULL: there is none. */
const char *config_url_only(const struct said_feed *said, const char **ret_key);

/* NULL is fine. */
void config_url_free(struct config_url *url);

#endif
