/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/utf8.h"

#include <stdint.h>

static bool is_tail(uint8_t byte)
{
        return (byte & 0xc0) == 0x80;
}

size_t utf8_character(const char *text)
{
        const uint8_t *at = (const uint8_t *)text;

        if (at[0] < 0x80)
                return 1;
        if (at[0] < 0xc2 || at[0] > 0xf4 || !is_tail(at[1]))
                return 0;
        if (at[0] < 0xe0)
                return 2;
        if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) /* too long a form; surrogates */
                return 0;
        if (!is_tail(at[2]))
                return 0;
        if (at[0] < 0xf0)
                return 3;
        if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) /* too long; beyond U+10FFFF */
                return 0;
        return is_tail(at[3]) ? 4 : 0;
}

bool utf8_valid(const char *text)
{
        for (size_t n; *text != '\0'; text += n) {
                n = utf8_character(text);
                if (n == 0)
                        return false;
        }
        return true;
}

bool utf8_is_control(const char *text)
{
        const uint8_t *at = (const uint8_t *)text;

        return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

bool utf8_printable(const char *text)
{
        for (size_t n; *text != '\0'; text += n) {
                n = utf8_character(text);
                if (n == 0 || utf8_is_control(text))
                        return false;
        }
        return true;
}

void utf8_repair(char *text)
{
        for (size_t n; *text != '\0'; text += n) {
                n = utf8_character(text);
                if (n == 0) {
                        *text = '?';
                        n = 1;
                }
        }
}
