/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supply/presets.h"

#define MW INT64_C(1000000)

static int64_t rating(const char *name, uint32_t units)
{
        struct supply_reactor reactors[SUPPLY_MAX_REACTORS];
        int64_t sum = 0;
        uint32_t n;

        assert_true(preset_reactors(name, reactors, &n));
        assert_int_equal(n, units);
        for (uint32_t i = 0; i < n; i++)
                sum += reactors[i].rating_w;
        return sum;
}

/* As smr_specs.csv and the vendors have it. */
static void plants_have_their_published_ratings(void **state)
{
        (void)state;
        assert_int_equal(rating("voygr-4", 4), 308 * MW);
        assert_int_equal(rating("voygr-6", 6), 462 * MW);
        assert_int_equal(rating("voygr-12", 12), 924 * MW);
        assert_int_equal(rating("bwrx-300", 1), 300 * MW);
        assert_int_equal(rating("xe-100", 4), 320 * MW);
        assert_int_equal(rating("evinci", 1), 5 * MW);
        assert_int_equal(rating("natrium", 1), 345 * MW);
}

static void every_name_is_a_plant_that_can_run(void **state)
{
        (void)state;
        for (size_t i = 0; preset_reactor_names[i] != NULL; i++) {
                struct supply_reactor reactors[SUPPLY_MAX_REACTORS];
                uint32_t n;

                assert_true(preset_reactors(preset_reactor_names[i], reactors, &n));
                for (uint32_t u = 0; u < n; u++) {
                        assert_true(reactors[u].minimum_w > 0 && reactors[u].minimum_w < reactors[u].rating_w);
                        assert_true(reactors[u].ramp_w_per_min > 0 && reactors[u].restart_s > 0);
                        for (uint32_t k = 0; k < u; k++)
                                assert_string_not_equal(reactors[k].name, reactors[u].name);
                }
        }
}

/* 500 MW for 5.5 hours, of which the reactor gives 345; down to 100 MW. */
static void natrium_has_a_store(void **state)
{
        struct supply_store store;

        (void)state;
        assert_true(preset_store("natrium", &store));
        assert_int_equal(store.discharge_w + rating("natrium", 1), 500 * MW);
        assert_int_equal(2 * store.energy_wh, 11 * store.discharge_w);
        assert_int_equal(rating("natrium", 1) - store.charge_w, 100 * MW);
        assert_true(store.from_reactor);
        assert_false(preset_store("xe-100", &store));
}

static void fusion_is_an_agreement(void **state)
{
        struct supply_ppa ppa;

        (void)state;
        assert_true(preset_ppa("helion", &ppa));
        assert_int_equal(ppa.kind, PPA_BASELOAD);
        assert_int_equal(ppa.power_w, 50 * MW);
        assert_int_equal(ppa.start, INT64_C(1861920000)); /* 2029-01-01 */
        assert_true(ppa.take_or_pay);
        assert_int_equal(ppa.strike, 0);
}

static void other_names_are_none(void **state)
{
        struct supply_reactor reactors[SUPPLY_MAX_REACTORS];
        struct supply_ppa ppa;
        uint32_t n;

        (void)state;
        assert_false(preset_reactors("voygr", reactors, &n));
        assert_false(preset_reactors("", reactors, &n));
        assert_false(preset_ppa("bwrx-300", &ppa));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plants_have_their_published_ratings),
                cmocka_unit_test(every_name_is_a_plant_that_can_run),
                cmocka_unit_test(natrium_has_a_store),
                cmocka_unit_test(fusion_is_an_agreement),
                cmocka_unit_test(other_names_are_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
