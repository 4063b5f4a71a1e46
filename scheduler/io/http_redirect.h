/* SPDX-License-Identifier: Apache-2.0 */
/* http_redirect.h - where a request may be sent on to. */
#ifndef OFFPEAK_IO_HTTP_REDIRECT_H
#define OFFPEAK_IO_HTTP_REDIRECT_H

#include <stdbool.h>

#include <offpeak/error.h>

/* `https://host:443`, malloc'ed; NULL: no address that can be asked, or no memory. */
char *http_origin(const char *url);

/*
 * origin: of the first address; from: the one that redirects; n: of this redirect, from 1. EIO: too many of them, another
 * scheme, from https to http, or with a secret to another origin.
 */
int http_redirect_check(const char *origin, const char *from, const char *to, unsigned n, bool has_secret,
                        struct offpeak_error *err);

#endif
