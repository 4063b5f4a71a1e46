/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - is it UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF)? */
#ifndef OFFPEAK_WIRE_UTF8_H
#define OFFPEAK_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character that text (NUL-terminated) begins with, 1 to 4; 0 if it begins with none. */
size_t utf8_character(const char *text);

bool utf8_valid(const char *text);

/* Valid, and fit to be printed on a line: no control characters (C0, DEL, C1). */
bool utf8_printable(const char *text);

/* It begins with a control character (C0, DEL, C1). */
bool utf8_is_control(const char *text);

/* Put '?' for each byte that is part of no character. */
void utf8_repair(char *text);

#endif
