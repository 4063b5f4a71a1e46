/* SPDX-License-Identifier: Apache-2.0 */
/* unit.c - a unit in small letters without blanks is `amount/energy`, or one word. */
#include "feeds/unit.h"

#include <ctype.h>
#include <string.h>

struct word {
        const char *text;
        int scale;
};

static const struct word energies[] = { { "wh", 0 },   { "kwh", 3 },  { "mwh", 6 }, { "gwh", 9 },
                                        { "mwhr", 6 }, { "kwhr", 3 }, { NULL, 0 } };
static const struct word powers[] = { { "w", 0 }, { "kw", 3 }, { "mw", 6 }, { "gw", 9 }, { NULL, 0 } };
static const struct word masses[] = { { "mg", 0 }, { "g", 3 }, { "kg", 6 }, { "t", 9 }, { NULL, 0 } };

/* Written beside a sum of money, and the currency if it tells one. */
static const struct {
        const char *text, *currency;
        int scale;
} coins[] = {
        { "ct", "", -2 },         { "cent", "", -2 },       { "cents", "", -2 },
        { "c", "", -2 },          { "\xc2\xa2", "", -2 },   { "p", "GBP", -2 },
        { "pence", "GBP", -2 },   { "$", "", 0 },           { "\xe2\x82\xac", "EUR", 0 },
        { "\xc2\xa3", "GBP", 0 }, { "\xc2\xa5", "JPY", 0 }, { "\xe5\x86\x86", "JPY", 0 },
        { "us$", "USD", 0 },
};

static bool look_up(const struct word *words, const char *text, int *ret_scale)
{
        for (; words->text != NULL; words++) {
                if (strcmp(words->text, text) == 0) {
                        *ret_scale = words->scale;
                        return true;
                }
        }
        return false;
}

/* Small letters without blanks; " per " and "_per_" become "/". False if it is too long. */
static bool simplify(const char *text, char simple[48])
{
        size_t used = 0;
        char *per;

        for (; *text != '\0'; text++) {
                if (*text == ' ' || *text == '_' || *text == '\t')
                        continue;
                if (used == 47)
                        return false;
                simple[used++] = (char)tolower((unsigned char)*text);
        }
        simple[used] = '\0';
        per = strchr(simple, '/') == NULL ? strstr(simple, "per") : NULL;
        if (per != NULL) {
                *per = '/';
                memmove(per + 1, per + 3, strlen(per + 3) + 1);
        }
        return true;
}

static bool is_code(const char *text)
{
        return islower((unsigned char)text[0]) && islower((unsigned char)text[1]) && islower((unsigned char)text[2]);
}

/* A currency's code, its sign, or its cents. */
static bool read_money(const char *text, struct unit *unit)
{
        size_t size = strlen(text);

        unit->what = UNIT_PRICE;
        for (unsigned i = 0; i < sizeof(coins) / sizeof(coins[0]); i++) {
                bool alone = strcmp(text, coins[i].text) == 0;

                if (!alone &&
                    (size <= 3 || !is_code(text) || strcmp(text + 3, coins[i].text) != 0 || coins[i].scale == 0))
                        continue;
                unit->scale = coins[i].scale;
                memcpy(unit->currency, coins[i].currency, strlen(coins[i].currency) + 1);
                if (alone)
                        return true;
                size = 3;
                break;
        }
        if (size != 3 || !is_code(text))
                return false;
        for (unsigned i = 0; i < 3; i++)
                unit->currency[i] = (char)toupper((unsigned char)text[i]);
        unit->currency[3] = '\0';
        return true;
}

/* A mass, "co2", "co2e" or "co2eq" behind it or not. */
static bool read_mass(char *text, struct unit *unit)
{
        char *co2 = strstr(text, "co2");

        if (co2 != NULL) {
                if (strcmp(co2, "co2") != 0 && strcmp(co2, "co2e") != 0 && strcmp(co2, "co2eq") != 0)
                        return false;
                *co2 = '\0';
        }
        unit->what = UNIT_CARBON;
        return look_up(masses, text, &unit->scale);
}

static bool read_whole(const char *text, struct unit *unit)
{
        if (strcmp(text, "%") == 0 || strcmp(text, "percent") == 0)
                unit->what = UNIT_PERCENT;
        else if (look_up(powers, text, &unit->scale))
                unit->what = UNIT_POWER;
        else if (look_up(energies, text, &unit->scale))
                unit->what = UNIT_ENERGY;
        return unit->what != UNIT_NONE;
}

/* A milliwatt, written as it should be: nobody means it, and it is not a megawatt. In small letters alone many mean
 * that one. */
static bool has_milliwatts(const char *text)
{
        const char *at = strstr(text, "mW");

        return at != NULL && (at == text || !isalpha((unsigned char)at[-1]));
}

bool unit_parse(const char *text, struct unit *ret_unit)
{
        struct unit unit = { 0 };
        char simple[48], *over;
        int energy;

        if (has_milliwatts(text) || !simplify(text, simple))
                return false;
        over = strchr(simple, '/');
        if (over == NULL) {
                if (!read_whole(simple, &unit))
                        return false;
                *ret_unit = unit;
                return true;
        }
        *over = '\0';
        if (!look_up(energies, over + 1, &energy))
                return false;
        if (read_mass(simple, &unit)) {
                unit.scale += 3 - energy; /* mg per kWh */
        } else {
                unit = (struct unit){ 0 };
                if (!read_money(simple, &unit))
                        return false;
                unit.scale += 6 + 6 - energy; /* micro per MWh */
        }
        *ret_unit = unit;
        return true;
}

bool unit_fits(const struct unit *unit, enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return unit->what == UNIT_PRICE;
        case SERIES_CARBON:
                return unit->what == UNIT_CARBON;
        case SERIES_CAPACITY:
        case SERIES_LIMIT:
                return unit->what == UNIT_POWER || unit->what == UNIT_ENERGY || unit->what == UNIT_PERCENT;
        }
        return (int)kind == SERIES_STORED ? unit->what == UNIT_ENERGY : unit->what != UNIT_NONE;
}

bool unit_fits_value(const struct unit *unit, enum series_kind kind)
{
        return unit_fits(unit, kind) && unit->what != UNIT_PERCENT &&
               (unit->what != UNIT_ENERGY || (int)kind == SERIES_STORED);
}

const char *unit_example(enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return "EUR/MWh or ct/kWh";
        case SERIES_CARBON:
                return "g/kWh";
        case SERIES_CAPACITY:
        case SERIES_LIMIT:
                return "MW";
        }
        if ((int)kind == SERIES_STORED)
                return "MWh";
        return "EUR/MWh, g/kWh or MW";
}
