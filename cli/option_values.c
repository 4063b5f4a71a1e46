/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_values.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "cli/signal_value.h"

#define PPM INT64_C(1000000)

enum { MOST_PUE = 10 };

int option_whole(const struct option_found *found, int64_t most, int64_t *ret_value, struct offpeak_error *err)
{
        const char *text = found->value;
        int64_t value;

        if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' ||
            text_parse_decimal(text, strlen(text), 0, &value) != 0 || value < 1 || value > most)
                return fail(err, OFFPEAK_EINVAL, "%s %s: write a whole number from 1 to %lld", found->name, text,
                            (long long)most);
        *ret_value = value;
        return 0;
}

bool option_quantity(const char *text, enum unit_what what, bool bare, int places, int64_t *ret_value)
{
        size_t length = signal_value_number(text), blanks = strspn(text + length, " ");
        struct unit unit = { .what = what };

        if (length == 0)
                return false;
        if ((text[length] != '\0' || !bare) && (!unit_parse(text + length + blanks, &unit) || unit.what != what))
                return false;
        return text_parse_decimal(text, length, unit.scale + places, ret_value) == 0 && *ret_value > 0;
}

int option_power(const struct option_found *found, int64_t *ret_milliwatts, struct offpeak_error *err)
{
        if (option_quantity(found->value, UNIT_POWER, true, 3, ret_milliwatts))
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s %s: is no power above 0: write %s 400 (watts), or 0.4kW", found->name,
                    found->value, found->name);
}

int option_pue(const struct option_found *found, int64_t *ret_ppm, struct offpeak_error *err)
{
        int64_t ppm;

        if (text_parse_decimal(found->value, strlen(found->value), 6, &ppm) != 0 || ppm < PPM || ppm > MOST_PUE * PPM)
                return fail(err, OFFPEAK_EINVAL,
                            "%s %s: is facility power per IT power: write a number from 1 to %d, like 1.1", found->name,
                            found->value, MOST_PUE);
        *ret_ppm = ppm;
        return 0;
}

int option_money(const struct option_found *found, int64_t *ret_micro, struct offpeak_error *err)
{
        if (text_parse_decimal(found->value, strlen(found->value), 6, ret_micro) == 0 && *ret_micro >= 0)
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s %s: is no sum of money: write a number from 0, like 0.5", found->name,
                    found->value);
}

int option_set(struct price_file *file, const struct option_found *found, struct offpeak_error *err)
{
        if (file->n_sets == PRICE_FILE_MOST_SETS)
                return fail(err, OFFPEAK_EUSAGE, "more than %d times %s", PRICE_FILE_MOST_SETS, found->name);
        file->sets[file->n_sets++] = found->value;
        return 0;
}

int option_check_file(const struct price_file *file, const char *text, const char *option, const char *prefix,
                      struct offpeak_error *err)
{
        if ((file->mapping == NULL && file->column == NULL && file->n_sets == 0) ||
            (text != NULL && signal_value_is_file(text)))
                return 0;
        return fail(err, OFFPEAK_EUSAGE, "--%smapping, --%scolumn and --%sset describe a file: name it with %s", prefix,
                    prefix, prefix, option);
}
