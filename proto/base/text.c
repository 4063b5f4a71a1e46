/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <offpeak/error.h>

/* ---- the word that was meant */

enum { LONGEST_WORD = 63 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
        unsigned ab = a < b ? a : b;

        return ab < c ? ab : c;
}

static int letter(const char *word, size_t i)
{
        return tolower((unsigned char)word[i]);
}

/* Damerau-Levenshtein, optimal string alignment: no part is edited twice. Three rows are enough. */
unsigned text_distance(const char *a, const char *b)
{
        unsigned rows[3][LONGEST_WORD + 1];
        size_t n = strnlen(a, LONGEST_WORD), m = strnlen(b, LONGEST_WORD);

        for (size_t j = 0; j <= m; j++)
                rows[0][j] = (unsigned)j;
        for (size_t i = 1; i <= n; i++) {
                unsigned *now = rows[i % 3];
                const unsigned *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];

                now[0] = (unsigned)i;
                for (size_t j = 1; j <= m; j++) {
                        bool same = letter(a, i - 1) == letter(b, j - 1);

                        now[j] = min3(above[j] + 1, now[j - 1] + 1, above[j - 1] + (same ? 0 : 1));
                        if (i > 1 && j > 1 && letter(a, i - 1) == letter(b, j - 2) &&
                            letter(a, i - 2) == letter(b, j - 1) && above2[j - 2] + 1 < now[j])
                                now[j] = above2[j - 2] + 1;
                }
        }
        return rows[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *words, size_t n)
{
        unsigned limit = 1 + (unsigned)strnlen(word, LONGEST_WORD) / 4;
        const char *nearest = NULL;

        for (size_t i = 0; i < n; i++) {
                unsigned distance = words[i] != NULL ? text_distance(word, words[i]) : UINT32_MAX;

                if (distance <= limit && distance < strlen(words[i])) {
                        nearest = words[i];
                        if (distance == 0)
                                break;
                        limit = distance - 1;
                }
        }
        return nearest;
}

void text_list_add(char *list, size_t size, const char *word)
{
        size_t used = strnlen(list, size);

        if (used < size)
                snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", word);
}

/* ---- exact decimals */

/* mantissa x 10^exponent. Digits beyond the 27th are dropped: they cannot change how a half is rounded away from 0. */
struct decimal {
        bool negative;
        unsigned __int128 mantissa;
        long exponent;
};

enum { MANTISSA_DIGITS = 27, LARGEST_EXPONENT = 1000 };

static bool scan_mantissa(const char **at, const char *end, struct decimal *number)
{
        bool point = false, any = false;
        int kept = 0;

        for (; *at < end; (*at)++) {
                if (**at == '.' && !point) {
                        point = true;
                        continue;
                }
                if (!isdigit((unsigned char)**at))
                        break;
                any = true;
                if (kept < MANTISSA_DIGITS) {
                        number->mantissa = number->mantissa * 10 + (unsigned)(**at - '0');
                        kept += number->mantissa != 0;
                        number->exponent -= point;
                } else {
                        number->exponent += !point;
                }
        }
        return any;
}

static bool scan_exponent(const char **at, const char *end, struct decimal *number)
{
        bool negative = false;
        long value = 0;

        if (*at == end || (**at != 'e' && **at != 'E'))
                return true;
        (*at)++;
        if (*at < end && (**at == '-' || **at == '+'))
                negative = *(*at)++ == '-';
        if (*at == end)
                return false;
        for (; *at < end && isdigit((unsigned char)**at); (*at)++)
                if (value <= LARGEST_EXPONENT)
                        value = value * 10 + (**at - '0');
        number->exponent += negative ? -value : value;
        return true;
}

/* mantissa x 10^exponent rounded to a whole number; beyond INT64_MAX any larger number will do. */
static unsigned __int128 decimal_whole(const struct decimal *number)
{
        unsigned __int128 value = number->mantissa;
        bool up = false;

        for (long e = number->exponent; e > 0 && value != 0 && value <= INT64_MAX; e--)
                value *= 10;
        for (long e = number->exponent; e < 0 && (value != 0 || up); e++) {
                up = value % 10 >= 5;
                value /= 10;
        }
        return value + up;
}

int text_parse_decimal(const char *text, size_t size, int scale, int64_t *ret_value)
{
        struct decimal number = { .exponent = scale };
        const char *at = text, *end = text + size;
        unsigned __int128 whole;

        if (at < end && (*at == '-' || *at == '+'))
                number.negative = *at++ == '-';
        if (!scan_mantissa(&at, end, &number) || !scan_exponent(&at, end, &number) || at != end)
                return OFFPEAK_EINVAL;
        whole = decimal_whole(&number);
        if (whole > INT64_MAX)
                return OFFPEAK_EINVAL;
        *ret_value = number.negative ? -(int64_t)whole : (int64_t)whole;
        return 0;
}

/* ---- quantities */

static uint64_t magnitude(int64_t value)
{
        return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static uint64_t rounded(uint64_t value, uint64_t divisor)
{
        return value / divisor + (value % divisor >= divisor - value % divisor ? 1 : 0);
}

/* A whole number with a comma before each third digit. */
static void group(uint64_t value, char *text, size_t size)
{
        char digits[24];
        size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value), used = 0;

        for (size_t i = 0; i < n && used + 2 < size; i++) {
                if (i > 0 && (n - i) % 3 == 0)
                        text[used++] = ',';
                text[used++] = digits[i];
        }
        text[used] = '\0';
}

/* value / unit with so many decimals, then the words. unit is a multiple of 10^decimals. */
static const char *quantity(int64_t value, uint64_t unit, int decimals, const char *word, const char *word2,
                            char buffer[TEXT_SIZE])
{
        uint64_t power = 1, number;
        char whole[32];

        for (int i = 0; i < decimals; i++)
                power *= 10;
        number = rounded(magnitude(value), unit / power);
        group(number / power, whole, sizeof(whole));
        if (decimals == 0)
                snprintf(buffer, TEXT_SIZE, "%s%s %.8s%s", value < 0 && number > 0 ? "-" : "", whole, word, word2);
        else
                snprintf(buffer, TEXT_SIZE, "%s%s.%0*u %.8s%s", value < 0 && number > 0 ? "-" : "", whole, decimals,
                         (unsigned)(number % power), word, word2);
        return buffer;
}

static const char *unknown(char buffer[TEXT_SIZE])
{
        snprintf(buffer, TEXT_SIZE, "unknown");
        return buffer;
}

static const char *money(int64_t micro, const char *currency, const char *per, char buffer[TEXT_SIZE])
{
        uint64_t size = magnitude(micro);
        int decimals = 2;

        if (micro == INT64_MIN)
                return unknown(buffer);
        if (rounded(size, 10000) >= 100000)
                decimals = 0;
        else if (size > 0 && size < 100)
                decimals = 6;
        else if (size > 0 && rounded(size, 100) < 100)
                decimals = 4;
        return quantity(micro, 1000000, decimals, currency, per, buffer);
}

const char *text_format_money(int64_t micro, const char *currency, char buffer[TEXT_SIZE])
{
        return money(micro, currency, "", buffer);
}

const char *text_format_price(int64_t micro_per_mwh, const char *currency, char buffer[TEXT_SIZE])
{
        return money(micro_per_mwh, currency, "/MWh", buffer);
}

struct unit {
        const char *name;
        uint64_t size;
};

/* In the largest unit that fits; one decimal below 100, but none in the smallest unit. */
static const char *scaled(int64_t value, const struct unit *units, size_t n, char buffer[TEXT_SIZE])
{
        uint64_t size = magnitude(value);
        size_t i = n - 1;

        if (value == INT64_MIN)
                return unknown(buffer);
        while (i > 0 && size < units[i].size)
                i--;
        if (i + 1 < n && rounded(size, units[i].size) * units[i].size >= units[i + 1].size)
                i++; /* 999.6 kWh reads 1.0 MWh, not 1,000 kWh */
        return quantity(value, units[i].size, i > 0 && rounded(size, units[i].size / 10) < 1000, units[i].name, "",
                        buffer);
}

const char *text_format_energy(int64_t joules, char buffer[TEXT_SIZE])
{
        static const struct unit units[] = { { "J", 1 },
                                             { "Wh", 3600 },
                                             { "kWh", UINT64_C(3600000) },
                                             { "MWh", UINT64_C(3600000000) },
                                             { "GWh", UINT64_C(3600000000000) } };

        return scaled(joules, units, sizeof(units) / sizeof(units[0]), buffer);
}

const char *text_format_wh(int64_t wh, char buffer[TEXT_SIZE])
{
        static const struct unit units[] = { { "Wh", 1 }, { "kWh", 1000 }, { "MWh", 1000000 }, { "GWh", 1000000000 } };

        return scaled(wh, units, sizeof(units) / sizeof(units[0]), buffer);
}

const char *text_format_power(int64_t watts, char buffer[TEXT_SIZE])
{
        static const struct unit units[] = { { "W", 1 }, { "kW", 1000 }, { "MW", 1000000 }, { "GW", 1000000000 } };

        return scaled(watts, units, sizeof(units) / sizeof(units[0]), buffer);
}

const char *text_format_mass(int64_t mg, char buffer[TEXT_SIZE])
{
        static const struct unit units[] = {
                { "mg", 1 }, { "g", 1000 }, { "kg", 1000000 }, { "t", 1000000000 }, { "kt", UINT64_C(1000000000000) }
        };

        return scaled(mg, units, sizeof(units) / sizeof(units[0]), buffer);
}
