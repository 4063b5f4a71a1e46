/* SPDX-License-Identifier: Apache-2.0 */
/* body_check.h - is what a web server answered worth reading? */
#ifndef OFFPEAK_FEEDS_BODY_CHECK_H
#define OFFPEAK_FEEDS_BODY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <offpeak/error.h>

/*
 * status: of HTTP, 200 to 599 but 304. 0: a body to be read. EIO or ETRYAGAIN with the cause, without naming the address: no 2xx
 * (with the beginning of what a program said), nothing in it, a page for people
 * or a packed file where data was expected (zip: a ZIP is what was expected).
 */
int body_check(long status, const char *body, size_t size, bool zip, struct offpeak_error *err);

#endif
