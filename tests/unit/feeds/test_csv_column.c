/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/csv_column.h"

static void names_tell_kind_and_unit(void **state)
{
        static const struct {
                const char *name;
                enum series_kind kind;
                int scale; /* 1 of the column is 10^scale in the series */
                const char *currency;
        } cases[] = {
                { "price_eur_per_mwh", SERIES_PRICE, 6, "EUR" },
                { "price_usd_mwh", SERIES_PRICE, 6, "USD" },
                { "PRICE_Jpy_MWh", SERIES_PRICE, 6, "JPY" },
                { "price_eur_per_kwh", SERIES_PRICE, 9, "EUR" }, /* 1 EUR/kWh = 1000 EUR/MWh */
                { "price_ct_per_kwh", SERIES_PRICE, 7, "" },     /* 1 ct/kWh = 10 EUR/MWh */
                { "price_eur_ct_per_kwh", SERIES_PRICE, 7, "EUR" },
                { "price_usd_cents_kwh", SERIES_PRICE, 7, "USD" },
                { "price_p_per_kwh", SERIES_PRICE, 7, "GBP" },
                { "carbon_g_per_kwh", SERIES_CARBON, 3, "" }, /* mg per kWh */
                { "ci_g_per_kwh", SERIES_CARBON, 3, "" },
                { "ci_lca_gco2eq_kwh", SERIES_CARBON, 3, "" },
                { "avg_ci_gco2_kwh", SERIES_CARBON, 3, "" },
                { "intensity_gco2e_per_kwh", SERIES_CARBON, 3, "" },
                { "carbon_kg_per_mwh", SERIES_CARBON, 3, "" }, /* kg/MWh = g/kWh */
                { "carbon_tco2_per_mwh", SERIES_CARBON, 6, "" },
                { "carbon_kg_per_kwh", SERIES_CARBON, 6, "" },
                { "capacity_mw", SERIES_CAPACITY, 6, "" },
                { "capacity_kw", SERIES_CAPACITY, 3, "" },
                { "limit_mw", SERIES_LIMIT, 6, "" },
                { "stored_mwh", (enum series_kind)SERIES_STORED, 6, "" },
                { "stored_wh", (enum series_kind)SERIES_STORED, 0, "" },
                { "limit_w", SERIES_LIMIT, 0, "" },
                { "nuclear_mw", (enum series_kind)0, 6, "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct csv_column column = { 0 };

                if (!csv_column_read(cases[i].name, &column) || !column.unit_known)
                        fail_msg("%s is not understood", cases[i].name);
                assert_int_equal(column.kind, cases[i].kind);
                assert_int_equal(column.scale, cases[i].scale);
                assert_string_equal(column.currency, cases[i].currency);
        }
}

static void strange_units_are_noticed(void **state)
{
        static const char *const names[] = {
                "price_eur_per_therm",   "price_mwh",          "price_eur",         "price_cent_kwh_incl_vat",
                "price_eur_per_mwh_vat", "price_euro_per_mwh", "carbon_lb_per_mwh", "carbon_g",
                "carbon_intensity",      "ci_g_per_km",        "capacity_pct",      "limit_mva",
                "capacity_of_unit_mw"
        };

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct csv_column column = { 0 };

                if (!csv_column_read(names[i], &column))
                        fail_msg("%s should be known by its prefix", names[i]);
                assert_false(column.unit_known);
                assert_int_not_equal(column.kind, 0);
        }
}

static void other_columns_are_left_alone(void **state)
{
        static const char *const names[] = {
                "",
                "_",
                "time",
                "price",
                "estimated",
                "low_carbon_pct",
                "biomass_mwh",
                "zone_start",
                "a_b_c_d_e_f_g_h_i_j_mw",
                "price_eur_per_mwh_price_eur_per_mwh_price_eur_per_mwh_price_eur_per_mwh"
        };

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct csv_column column = { .scale = 77 };

                if (csv_column_read(names[i], &column))
                        fail_msg("%s speaks of no quantity", names[i]);
                assert_int_equal(column.scale, 77);
        }
}

static void examples_are_understood(void **state)
{
        (void)state;
        for (int kind = SERIES_PRICE; kind <= SERIES_LIMIT; kind++) {
                struct csv_column column;

                assert_true(csv_column_read(csv_column_example((enum series_kind)kind), &column));
                assert_true(column.unit_known);
                assert_int_equal(column.kind, kind);
        }
        assert_non_null(strstr(csv_column_example((enum series_kind)0), "capacity_mw"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_tell_kind_and_unit),
                cmocka_unit_test(strange_units_are_noticed),
                cmocka_unit_test(other_columns_are_left_alone),
                cmocka_unit_test(examples_are_understood),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
