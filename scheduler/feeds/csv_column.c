/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/csv_column.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 8 };

/* A name cut at its underscores, in lower case, without "per". */
struct words {
        char memory[64];
        const char *word[MAX_WORDS];
        unsigned n;
};

/* Powers of ten of a unit's words. */
struct power_of_ten {
        const char *word;
        int scale;
};

static const struct power_of_ten energies[] = { { "wh", 3 }, { "kwh", 0 }, { "mwh", -3 }, { "gwh", -6 } }; /* per kWh */
static const struct power_of_ten masses[] = { { "mg", 0 }, { "g", 3 }, { "kg", 6 }, { "t", 9 } };          /* in mg */
static const struct power_of_ten powers[] = { { "w", 0 }, { "kw", 3 }, { "mw", 6 }, { "gw", 9 } };         /* in W */

static bool look_up(const struct power_of_ten *table, const char *word, size_t size, int *ret_scale)
{
        for (unsigned i = 0; i < 4; i++) {
                if (strlen(table[i].word) == size && memcmp(table[i].word, word, size) == 0) {
                        *ret_scale = table[i].scale;
                        return true;
                }
        }
        return false;
}

static bool split(const char *name, struct words *words)
{
        size_t size = strlen(name);

        words->n = 0;
        if (size >= sizeof(words->memory))
                return false;
        for (size_t i = 0; i <= size; i++)
                words->memory[i] = (char)tolower((unsigned char)name[i]);
        for (char *at = words->memory, *end; at != NULL; at = end) {
                end = strchr(at, '_');
                if (end != NULL)
                        *end++ = '\0';
                if (strcmp(at, "per") == 0)
                        continue;
                if (words->n == MAX_WORDS)
                        return false;
                words->word[words->n++] = at;
        }
        return words->n > 1;
}

static bool is(const struct words *words, unsigned i, const char *word)
{
        return i < words->n && strcmp(words->word[i], word) == 0;
}

static bool is_cents(const struct words *words, unsigned i)
{
        return is(words, i, "ct") || is(words, i, "cent") || is(words, i, "cents");
}

static bool is_currency(const char *word)
{
        return strlen(word) == 3 && isalpha((unsigned char)word[0]) && isalpha((unsigned char)word[1]) &&
               isalpha((unsigned char)word[2]);
}

static void set_currency(struct csv_column *column, const char *word)
{
        for (unsigned i = 0; i < 3; i++)
                column->currency[i] = (char)toupper((unsigned char)word[i]);
}

/* price [currency] [cents] energy */
static void read_price(const struct words *words, struct csv_column *column)
{
        unsigned i = 1;
        int energy, cents = 0;

        if (i < words->n && is_currency(words->word[i]))
                set_currency(column, words->word[i++]);
        if (is_cents(words, i)) {
                cents = 1;
                i++;
        } else if (i == 1 && (is(words, i, "p") || is(words, i, "pence"))) {
                set_currency(column, "GBP");
                cents = 1;
                i++;
        }
        if (i == 1 || i + 1 != words->n || !look_up(energies, words->word[i], strlen(words->word[i]), &energy))
                return;
        column->unit_known = true;
        column->scale =
                6 + 3 + energy - (cents ? 2 : 0); /* micro-currency; energies are per kWh, the series is per MWh */
}

/* The bytes of a mass word before "co2", "co2e" or "co2eq"; the whole word if it ends in none of them. */
static size_t before_co2(const char *word)
{
        static const char *const endings[] = { "co2", "co2e", "co2eq" };
        size_t size = strlen(word);

        for (unsigned i = 0; i < 3; i++) {
                size_t n = strlen(endings[i]);

                if (size > n && strcmp(word + size - n, endings[i]) == 0)
                        return size - n;
        }
        return size;
}

/* anything mass energy */
static bool read_carbon(const struct words *words, struct csv_column *column)
{
        bool named = is(words, 0, "carbon") || is(words, 0, "ci"), co2;
        const char *mass_word = words->n > 2 ? words->word[words->n - 2] : "";
        const char *energy_word = words->word[words->n - 1];
        size_t size = before_co2(mass_word);
        int mass, energy;

        co2 = size < strlen(mass_word);
        if (!named && !co2)
                return false;
        column->kind = SERIES_CARBON;
        if (look_up(masses, mass_word, size, &mass) && look_up(energies, energy_word, strlen(energy_word), &energy)) {
                column->unit_known = true;
                column->scale = mass + energy;
        }
        return true;
}

/* anything power */
static bool read_power(const struct words *words, struct csv_column *column)
{
        const char *unit = words->word[words->n - 1];

        column->kind = is(words, 0, "capacity") ? SERIES_CAPACITY : is(words, 0, "limit") ? SERIES_LIMIT : 0;
        column->unit_known =
                look_up(powers, unit, strlen(unit), &column->scale) && (column->kind == 0 || words->n == 2);
        return column->kind != 0 || column->unit_known;
}

/* stored energy */
static bool read_stored(const struct words *words, struct csv_column *column)
{
        int per_kwh;

        if (!is(words, 0, "stored"))
                return false;
        column->kind = (enum series_kind)SERIES_STORED;
        column->unit_known = words->n == 2 && look_up(energies, words->word[1], strlen(words->word[1]), &per_kwh);
        column->scale = column->unit_known ? 3 - per_kwh : 0;
        return true;
}

bool csv_column_read(const char *name, struct csv_column *ret_column)
{
        struct csv_column column = { 0 };
        struct words words;

        if (!split(name, &words))
                return false;
        if (is(&words, 0, "price")) {
                column.kind = SERIES_PRICE;
                read_price(&words, &column);
        } else if (!read_stored(&words, &column) && !read_carbon(&words, &column) && !read_power(&words, &column)) {
                return false;
        }
        *ret_column = column;
        return true;
}

const char *csv_column_example(enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return "price_eur_per_mwh";
        case SERIES_CARBON:
                return "carbon_g_per_kwh";
        case SERIES_CAPACITY:
                return "capacity_mw";
        case SERIES_LIMIT:
                return "limit_mw";
        }
        return (int)kind == SERIES_STORED ? "stored_mwh" :
                                            "price_eur_per_mwh, carbon_g_per_kwh, capacity_mw, limit_mw or stored_mwh";
}
