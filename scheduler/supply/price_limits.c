/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/price_limits.h"

#include <stddef.h>
#include <string.h>

#define MICRO INT64_C(1000000)

/* Whole units per MWh. */
static const struct {
        const char *currency;
        int64_t lowest, highest;
} rows[] = {
        { "EUR", -9999, 9999 },
        { "GBP", -9999, 9999 },
        { "USD", -10000, 20000 },
        { "CAD", -10000, 10000 },
        { "AUD", -2000, 40000 },
        { "JPY", -999000, 999000 },
        { "CHF", -15000, 15000 },     /* at 1.00 for a EUR */
        { "CZK", -375000, 375000 },   /* 25 */
        { "DKK", -112000, 112000 },   /* 7.46 */
        { "HUF", -6000000, 6000000 }, /* 400 */
        { "NOK", -180000, 180000 },   /* 12 */
        { "PLN", -67500, 67500 },     /* 4.50 */
        { "RON", -75000, 75000 },     /* 5 */
        { "SEK", -172500, 172500 },   /* 11.50 */
};

bool price_limits(const char *currency, int64_t *ret_lowest, int64_t *ret_highest)
{
        for (size_t i = 0; currency != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
                if (strcmp(currency, rows[i].currency) == 0) {
                        *ret_lowest = rows[i].lowest * MICRO;
                        *ret_highest = rows[i].highest * MICRO;
                        return true;
                }
        return false;
}
