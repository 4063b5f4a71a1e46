/* SPDX-License-Identifier: Apache-2.0 */
/* The small readers under a mapping: times, units, encodings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/when.h"
#include "feeds/encoding.h"
#include "feeds/time_form.h"
#include "feeds/unit.h"

static int read_time(const char *form, const char *text, struct time_stamp *stamp)
{
        size_t size = strlen(text);
        char *copy = malloc(size + (size == 0)); /* of its size: a sanitizer sees a read beyond it */
        int code;

        memcpy(copy, text, size);
        code = time_form_read(form, copy, size, stamp);
        free(copy);
        return code;
}

static void times(void **state)
{
        static const struct {
                const char *form, *text, *utc; /* local ones as if they were UTC */
                bool is_utc;
        } cases[] = {
                { "iso", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z", true },
                { "iso", "2026-11-22T08:00Z", "2026-11-22T08:00:00Z", true },
                { "iso", "2026-11-22 08:00:00.000+01:00", "2026-11-22T07:00:00Z", true },
                { "iso", "2024-01-01T08:00:00-00:00", "2024-01-01T08:00:00Z", true },
                { "iso", "2026-11-22T08:00:00-0530", "2026-11-22T13:30:00Z", true },
                { "iso", "2026-11-22T08:00", "2026-11-22T08:00:00Z", false },
                { "iso", "2026-11-22", "2026-11-22T00:00:00Z", false },
                { "epoch", "1735686000", "2024-12-31T23:00:00Z", true },
                { "epoch-ms", "1735686000999", "2024-12-31T23:00:00Z", true },
                { "%d.%m.%Y %H:%M", "26.10.2025 02:00", "2025-10-26T02:00:00Z", false },
                { "%d.%m.%Y %H:%M - *", "26.10.2025 02:00 - 26.10.2025 03:00", "2025-10-26T02:00:00Z", false },
                { "%m/%d/%Y %I:%M:%S %p", "1/2/2024 12:05:00 AM", "2024-01-02T00:05:00Z", false },
                { "%m/%d/%Y %I:%M:%S %p", "1/2/2024 12:05:00 pm", "2024-01-02T12:05:00Z", false },
                { "%b %d, %Y %I:%M %p", "February 29, 2024 1:00 PM", "2024-02-29T13:00:00Z", false },
                { "%m/%d/%Y||iso", "2024-01-02", "2024-01-02T00:00:00Z", false },
                { "%Y%m%d %H%M%z", "20240102 0300+0200", "2024-01-02T01:00:00Z", true },
                { "%d.%m.%y %H:%M", "31.12.24 24:00", "2025-01-01T00:00:00Z", false },
                { "100%% %Y", "100% 2024", "2024-01-01T00:00:00Z", false },
        };
        static const char *const wrong[][2] = {
                { "iso", "" },
                { "iso", "2026-11-22T" },
                { "iso", "2026-02-29" },
                { "iso", "1969-12-31" },
                { "iso", "2026-11-22T25:00Z" },
                { "iso", "2026-11-22T08:00Zx" },
                { "epoch", "12.5" },
                { "epoch", "9999999999999999" },
                { "epoch", "-5" },
                { "%H:%M", "8" },
                { "%d.%m.%Y", "26.10.2025 " },
                { "%d.%m.%Y", "26/10/2025" },
                { "%I %p", "13 PM" },
                { "%b", "Foo" },
                { "%Y-%m-%d", "2024-13-01" },
                { "%H:%M", "23:60" },
                { "%d.%m.%Y", "00.10.2025" },
                { "%H:%M", "24:01" },
        };
        struct time_stamp stamp;

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[WHEN_TEXT_SIZE];

                assert_int_equal(read_time(cases[i].form, cases[i].text, &stamp), 0);
                assert_string_equal(when_format_utc(stamp.seconds, text), cases[i].utc);
                assert_int_equal(stamp.is_utc, cases[i].is_utc);
        }
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                if (read_time(wrong[i][0], wrong[i][1], &stamp) == 0)
                        fail_msg("%s took %s", wrong[i][0], wrong[i][1]);
}

static void forms(void **state)
{
        struct offpeak_error err;

        (void)state;
        assert_int_equal(time_form_check("iso", NULL), 0);
        assert_int_equal(time_form_check("%d.%m.%Y||epoch-ms", NULL), 0);
        assert_int_equal(time_form_check("isso", &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "\"isso\" is no form of a time: write iso, epoch, epoch-ms, or a pattern"));
        assert_int_equal(time_form_check("%d.%q", &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "%q is no part of a time"));
        assert_int_equal(time_form_check("%d%", &err), OFFPEAK_EINVAL);
}

static void units(void **state)
{
        static const struct {
                const char *text;
                enum unit_what what;
                int scale;
                const char *currency;
        } cases[] = {
                { "EUR/MWh", UNIT_PRICE, 6, "EUR" },  { "Eur / MWh", UNIT_PRICE, 6, "EUR" },
                { "€/MWh", UNIT_PRICE, 6, "EUR" },    { "£/MWh", UNIT_PRICE, 6, "GBP" },
                { "円/kWh", UNIT_PRICE, 9, "JPY" },   { "$/MWHr", UNIT_PRICE, 6, "" },
                { "ct/kWh", UNIT_PRICE, 7, "" },      { "EUR ct/kWh", UNIT_PRICE, 7, "EUR" },
                { "p/kWh", UNIT_PRICE, 7, "GBP" },    { "USD per MWh", UNIT_PRICE, 6, "USD" },
                { "SEK/kWh", UNIT_PRICE, 9, "SEK" },  { "gCO2eq/kWh", UNIT_CARBON, 3, "" },
                { "g CO2e/kWh", UNIT_CARBON, 3, "" }, { "kg/MWh", UNIT_CARBON, 3, "" },
                { "tCO2/MWh", UNIT_CARBON, 6, "" },   { "g/kWh", UNIT_CARBON, 3, "" },
                { "MW", UNIT_POWER, 6, "" },          { "kw", UNIT_POWER, 3, "" },
                { "MWh", UNIT_ENERGY, 6, "" },        { "%", UNIT_PERCENT, 0, "" },
        };
        static const char *const wrong[] = {
                "",         "/",       "mW",       "EUR/mWh",
                "EUR",      "EUR/",    "/MWh",     "EUR/therm",
                "EURO/MWh", "MWh/EUR", "gCO3/kWh", "a very long unit that nobody would ever write down in a file"
        };
        struct unit unit;

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                if (!unit_parse(cases[i].text, &unit))
                        fail_msg("%s", cases[i].text);
                assert_int_equal(unit.what, cases[i].what);
                assert_int_equal(unit.scale, cases[i].scale);
                assert_string_equal(unit.currency, cases[i].currency);
        }
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                if (unit_parse(wrong[i], &unit))
                        fail_msg("%s is a unit", wrong[i]);
}

static void encodings(void **state)
{
        static const char tokyo[] =
                "\x83\x47\x83\x8a\x83\x41\x83\x76\x83\x89\x83\x43\x83\x58\x93\x8c\x8b\x9e(\x89\x7e/kWh)";
        char text[100];

        (void)state;
        encoding_to_utf8(ENCODING_CP932, tokyo, strlen(tokyo), text, sizeof(text));
        assert_string_equal(text, "エリアプライス東京(円/kWh)");
        encoding_to_utf8(ENCODING_CP932, "\xb1\x82\x60\x88\x9f\x83", 6, text, sizeof(text));
        assert_string_equal(text, "ｱA\xef\xbf\xbd\xef\xbf\xbd"); /* a kanji that no header has, and half a character */
        encoding_to_utf8(ENCODING_LATIN1, "D\xe4nemark [\x80/MWh]", 16, text, sizeof(text));
        assert_string_equal(text, "Dänemark [€/MWh]");
        encoding_to_utf8(ENCODING_UTF8, "∅ DE", 6, text, sizeof(text));
        assert_string_equal(text, "∅ DE");
        assert_in_range(encoding_to_utf8(ENCODING_LATIN1, "\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4", 8, text, 10), 5, 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(times),
                cmocka_unit_test(forms),
                cmocka_unit_test(units),
                cmocka_unit_test(encodings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
