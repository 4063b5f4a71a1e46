/* SPDX-License-Identifier: Apache-2.0 */
/* http_reason.h - why a transfer of libcurl's failed, in sentences that are the same each time. */
#ifndef OFFPEAK_IO_HTTP_REASON_H
#define OFFPEAK_IO_HTTP_REASON_H

#include <curl/curl.h>

#include <offpeak/error.h>

/* verified: CURLINFO_SSL_VERIFYRESULT. ETRYAGAIN where it may be better next time, else EIO. */
int http_reason(CURLcode result, long verified, struct offpeak_error *err);

#endif
