/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encoding.h - names of columns as UTF-8. Values are ASCII in every encoding here.
 */
#ifndef OFFPEAK_FEEDS_ENCODING_H
#define OFFPEAK_FEEDS_ENCODING_H

#include <stddef.h>

enum encoding {
        ENCODING_UTF8,
        ENCODING_LATIN1, /* and Windows-1252's euro sign */
        ENCODING_CP932,  /* Shift-JIS as Windows has it; the characters of such headers only */
};

/* The length of the text, which ends with a zero and is cut where room (5 or more) ends. */
size_t encoding_to_utf8(enum encoding encoding, const char *bytes, size_t size, char *text, size_t room);

#endif
