/* SPDX-License-Identifier: Apache-2.0 */
/* What every key of a configuration comes to: a row for each, its value in force, and whether anybody gave it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/config_document.h"
#include "io/config_rows.h"
#include "io/config_write.h"

/* ---- rows and schema */

static bool seen[1024];

static void mark(const struct config_row *row)
{
        for (size_t i = 0; config_row_at(i) != NULL; i++)
                if (config_row_at(i) == row)
                        seen[i] = true;
}

static void every_key_has_a_row(const cyaml_schema_field_t *fields, const char *part)
{
        for (; fields->key != NULL; fields++) {
                const struct config_row *row = config_row(part, fields->key);
                const cyaml_schema_value_t *entry =
                        fields->value.type == CYAML_SEQUENCE ? fields->value.sequence.entry : NULL;
                bool goes_on;

                if (row == NULL)
                        fail_msg("\"%s\" of \"%s\" has no row in config_rows.c", fields->key, part);
                mark(row);
                goes_on = row->what == CONFIG_PART || row->what == CONFIG_PARTS;
                if (goes_on)
                        assert_true(row->enter != NULL && row->below != NULL);
                else if (row->what != CONFIG_NAME && row->what != CONFIG_NOT_YET)
                        assert_true(row->value != NULL || row->from != CONFIG_OF_NONE);
                assert_int_equal(row->what == CONFIG_PART, fields->value.type == CYAML_MAPPING);
                if (row->what == CONFIG_PART)
                        every_key_has_a_row(fields->value.mapping.fields, row->below);
                if (row->what == CONFIG_PARTS)
                        every_key_has_a_row(entry->mapping.fields, row->below);
        }
}

static void rows_and_schema_are_of_the_same_keys(void **state)
{
        (void)state;
        every_key_has_a_row(config_schema.mapping.fields, "");
        for (size_t i = 0; config_row_at(i) != NULL; i++)
                if (!seen[i])
                        fail_msg("the row \"%s\" of \"%s\" is of no key", config_row_at(i)->key,
                                 config_row_at(i)->part);
}

/* ---- values */

static json_t *document(const char *text, bool whole)
{
        char path[] = "/tmp/offpeak-document-XXXXXX";
        int file = mkstemp(path);
        struct offpeak_error err;
        struct config config;
        json_t *values;

        assert_true(file >= 0);
        assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
        close(file);
        if (config_read(path, &config, &err) != 0)
                fail_msg("%s", err.text);
        unlink(path);
        values = config_document(&config, whole);
        assert_non_null(values);
        config_finish(&config);
        return values;
}

static const json_t *entry(const json_t *values, const char *path)
{
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)values, i,
                           one) if (strcmp(json_string_value(json_object_get(one, "path")), path) == 0) return one;
        return NULL;
}

/* value NULL: nothing is there. */
static void says(const json_t *values, const char *path, const char *value, bool is_default)
{
        const json_t *one = entry(values, path);

        if (one == NULL)
                fail_msg("nothing is said of %s", path);
        if (value == NULL)
                assert_true(json_is_null(json_object_get(one, "value")));
        else
                assert_string_equal(json_string_value(json_object_get(one, "value")), value);
        if (json_is_true(json_object_get(one, "default")) != is_default)
                fail_msg("%s: default is wrong", path);
}

static const char text[] =
        "sites:\n"
        "  h: {currency: SEK, grid: {price: {file: /p.csv, mapping: awattar, lowest: -5 SEK/MWh}, limit: 1500 kW,\n"
        "      demand: [{per_kw: 2.5, hours: 07-20 Mon-Wed}]}, reactor: {fuel_cost_per_mwh: 8, preset: natrium},\n"
        "      ppa: [{name: f, preset: helion, strike_per_mwh: 60}]}\n"
        "classes: {nightly: {max_delay: null, min_run: 5400s, deadline_margin: 0.05, lease: 1500ms, risk: 0.9}}\n";

static void values_in_force(void **state)
{
        json_t *values = document(text, true);

        (void)state;
        says(values, "sites.h.currency", "SEK", false);
        says(values, "sites.h.grid.price.file", "/p.csv", false);
        says(values, "sites.h.grid.price.lowest", "-5 SEK/MWh", false);
        says(values, "sites.h.grid.price.highest", "172500 SEK/MWh", true);
        says(values, "sites.h.grid.price.fallback", "forecast", true);
        says(values, "sites.h.grid.carbon", NULL, true);
        says(values, "sites.h.grid.limit", "1.5 MW", false);
        says(values, "sites.h.grid.tax", "0", true);
        says(values, "sites.h.grid.demand[0].per_kw", "2.5", false);
        says(values, "sites.h.grid.demand[0].interval", "15m", true);
        says(values, "sites.h.grid.demand[0].hours", "07:00-20:00 Mon,Tue,Wed", false);
        says(values, "sites.h.reactor.preset", "natrium", false);
        says(values, "sites.h.reactor.units.u1.rating", "345 MW", true);
        says(values, "sites.h.reactor.storage.energy", "852.5 MWh", true);
        says(values, "sites.h.battery", NULL, true);
        says(values, "sites.h.ppa.f.power", "50 MW", true);
        says(values, "sites.h.ppa.f.start", "2029-01-01T00:00:00Z", true);
        says(values, "sites.h.pue.factor", "1", true);
        says(values, "classes.nightly.max_delay", NULL, false);
        says(values, "classes.nightly.min_run", "90m", false);
        says(values, "classes.nightly.deadline_margin", "0.05", false);
        says(values, "classes.nightly.lease", "1500ms", false);
        says(values, "classes.nightly.risk", "0.9", false);
        says(values, "classes.default.max_delay", "1d", true);
        says(values, "classes.default.deadline_margin", "0.02", true);
        says(values, "planner.horizon", "7d", true);
        says(values, "timing.backoff", "2s", true);
        assert_string_equal(json_string_value(json_object_get(entry(values, "sites.h.grid.adder_per_mwh"), "unit")),
                            "SEK per MWh");
        assert_string_equal(json_string_value(json_object_get(entry(values, "log_level"), "change")), "restart");
        assert_string_equal(json_string_value(json_object_get(entry(values, "clock.rate"), "change")), "new store");
        assert_string_equal(json_string_value(json_object_get(entry(values, "classes.nightly.risk"), "change")),
                            "reload");
        json_decref(values);
}

/* Of a file nobody here can say what the environment of the daemon will be; the daemon can of its own. */
static void what_the_environment_says(void **state)
{
        json_t *values;

        (void)state;
        setenv("STATE_DIRECTORY", "/var/lib/unit", 1);
        setenv("RUNTIME_DIRECTORY", "/run/unit", 1);
        values = document(text, true);
        says(values, "state_dir", NULL, true);
        says(values, "listen", NULL, true);
        json_decref(values);
        values = document(text, false);
        says(values, "state_dir", "/var/lib/unit", true);
        json_decref(values);
}

/* Addresses may have keys of somebody else's service in them: a daemon shows them to nobody. */
static void a_daemon_keeps_secrets(void **state)
{
        static const char with_key[] =
                "sites: [{name: h, currency: EUR, grid: {price: {url: \"https://api.example/p?key=abc\", mapping: "
                "awattar, headers: {token: xyz}}}}]\n";
        json_t *values = document(with_key, true);
        char *dump;

        (void)state;
        says(values, "sites.h.grid.price.url", "https://api.example/p?key=abc", false);
        json_decref(values);
        values = document(with_key, false);
        says(values, "sites.h.grid.price.url", "https://api.example/p", false);
        dump = json_dumps(values, 0);
        assert_null(strstr(dump, "abc"));
        assert_null(strstr(dump, "xyz"));
        free(dump);
        json_decref(values);
}

/* ---- writing */

static void numbers_and_units(void **state)
{
        struct supply_hours night = { .days = 127, .from_minute = 0, .to_minute = 1440 };
        char b[TEXT_SIZE];

        (void)state;
        assert_string_equal(config_write_number(0, 6, b), "0");
        assert_string_equal(config_write_number(-1500000, 6, b), "-1.5");
        assert_string_equal(config_write_number(1, 6, b), "0.000001");
        assert_string_equal(config_write_number(INT64_MIN, 6, b), "-9223372036854.775808");
        assert_string_equal(config_write_number(400, 0, b), "400");
        assert_string_equal(config_write_power(0, b), "0 W");
        assert_string_equal(config_write_power(999, b), "999 W");
        assert_string_equal(config_write_power(15400000, b), "15.4 MW");
        assert_string_equal(config_write_power(1234567890123, b), "1234.567890123 GW");
        assert_string_equal(config_write_energy(852500000, b), "852.5 MWh");
        assert_string_equal(config_write_bytes(8 << 20, b), "8 MiB");
        assert_string_equal(config_write_bytes(2500000, b), "2500 kB");
        assert_string_equal(config_write_bytes(77, b), "77 B");
        assert_string_equal(config_write_offset(-19800, b), "-05:30");
        assert_string_equal(config_write_hours(&night, b), "00:00-24:00");
        assert_string_equal(config_write_signal(SERIES_CARBON, "EUR", 12500, b), "12.5 g/kWh");
        assert_string_equal(config_write_signal(SERIES_LIMIT, "EUR", 9000000, b), "9 MW");
        assert_string_equal(config_write_signal(SERIES_LIMIT, "EUR", -5, b), "-5 W");
        assert_string_equal(config_write_signal((enum series_kind)SERIES_STORED, "EUR", 3000, b), "3 kWh");
        assert_string_equal(config_write_signal((enum series_kind)SERIES_EXPORT_PRICE, "GBP", -50000, b),
                            "-0.05 GBP/MWh");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_and_schema_are_of_the_same_keys),
                cmocka_unit_test(values_in_force),
                cmocka_unit_test(what_the_environment_says),
                cmocka_unit_test(a_daemon_keeps_secrets),
                cmocka_unit_test(numbers_and_units),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
