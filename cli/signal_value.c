/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signal_value.h"

#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/text.h"
#include "feeds/unit.h"

size_t signal_value_number(const char *text)
{
        size_t length = strspn(text, "+-.0123456789");

        if ((text[length] == 'e' || text[length] == 'E') && strspn(text + length + 1, "+-0123456789") > 0)
                length += 1 + strspn(text + length + 1, "+-0123456789");
        return strcspn(text, "0123456789") < length ? length : 0;
}

bool signal_value_is_file(const char *text)
{
        return signal_value_number(text) == 0 || access(text, F_OK) == 0;
}

bool signal_value_is_price(const char *text)
{
        size_t length = signal_value_number(text), blanks = strspn(text + length, " ");
        struct unit unit;

        return length > 0 && unit_parse(text + length + blanks, &unit) && unit.what == UNIT_PRICE;
}

int signal_value_read(const char *text, enum series_kind kind, const char *noun, int64_t *ret_value, char ret_currency[4],
                      struct offpeak_error *err)
{
        size_t length = signal_value_number(text), blanks = strspn(text + length, " ");
        struct unit unit;

        if (!unit_parse(text + length + blanks, &unit) || !unit_fits_value(&unit, kind))
                return fail(err, OFFPEAK_EINVAL, "\"%s\": in which unit is this %s? Write %.*s and then %s", text, noun, (int)length,
                            text, unit_example(kind));
        if (text_parse_decimal(text, length, unit.scale, ret_value) != 0)
                return fail(err, OFFPEAK_EINVAL, "\"%s\" is no number, or too large", text);
        memcpy(ret_currency, unit.currency, sizeof(unit.currency));
        return 0;
}

int signal_value_series(const char *text, enum series_kind kind, const char *noun, struct series *ret_series,
                        char ret_currency[4], struct offpeak_error *err)
{
        struct series series;
        int64_t value;
        int code = signal_value_read(text, kind, noun, &value, ret_currency, err);

        if (code != 0)
                return code;
        if (kind != SERIES_PRICE && value < 0)
                return fail(err, OFFPEAK_EINVAL, "\"%s\": a %s cannot be negative", text, noun);
        series_init(&series, kind);
        if (series_append(&series, 0, value) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        series.end = INT64_MAX;
        *ret_series = series;
        return 0;
}
