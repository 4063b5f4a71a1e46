/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/policy.h"

/* Two sites, "default" and "nightly" (which names both sites). */
static struct policy sample(void)
{
        struct policy policy;

        policy_init(&policy);
        policy.n_sites = 2;
        policy.sites = calloc(2, sizeof(*policy.sites));
        policy.sites[0] = (struct policy_site){ .name = strdup("hanford"), .currency = strdup("EUR") };
        policy.sites[0].terms = (struct supply_terms){ .grid_limit_w = 20000000, .has_reactor = true };
        policy.sites[0].terms.n_demands = policy.sites[0].terms.n_ppas = 1;
        policy.sites[0].terms.n_reactors = policy.sites[0].terms.n_outages = 1;
        policy.sites[1] = (struct policy_site){ .name = strdup("lulea"), .currency = strdup("SEK") };
        policy.n_classes = 2;
        policy.classes = calloc(2, sizeof(*policy.classes));
        policy_class_defaults(&policy.classes[0]);
        policy.classes[0].name = strdup("default");
        policy_class_defaults(&policy.classes[1]);
        policy.classes[1].name = strdup("nightly");
        policy.classes[1].n_sites = 2;
        policy.classes[1].sites = calloc(2, sizeof(char *));
        policy.classes[1].sites[0] = strdup("hanford");
        policy.classes[1].sites[1] = strdup("lulea");
        return policy;
}

static void a_new_policy_is_empty_with_workable_timing(void **state)
{
        struct policy policy;

        (void)state;
        policy_init(&policy);
        assert_int_equal(policy.n_sites, 0);
        assert_int_equal(policy.n_classes, 0);
        assert_true(policy.plan_interval_s > 0 && policy.plan_interval_s < policy.plan_horizon_s);
        assert_true(policy.plan_work > 0 && policy.arm_timeout_ms > 0 && policy.backoff_ms > 0);
        assert_null(policy_class(&policy, NULL));
        assert_null(policy_site(&policy, "hanford"));
        policy_finish(&policy);
}

static void class_defaults_make_sense(void **state)
{
        struct policy_class class;

        (void)state;
        policy_class_defaults(&class);
        assert_null(class.name);
        assert_int_equal(class.on_lost, ON_LOST_WAIT); /* never twice at once, unless somebody asks for speed */
        assert_true(class.stop_grace_s > 0 && class.lease_ms > 0);
        assert_true(class.min_run_s >= class.start_cost_s); /* else a run could be all start */
        assert_true(class.limit_ppm == 0 || class.limit_ppm >= 1000000);
        assert_int_equal(class.n_sites, 0);
}

static void finds_by_name(void **state)
{
        struct policy policy = sample();

        (void)state;
        assert_ptr_equal(policy_class(&policy, NULL), &policy.classes[0]);
        assert_ptr_equal(policy_class(&policy, "nightly"), &policy.classes[1]);
        assert_null(policy_class(&policy, "Nightly"));
        assert_null(policy_class(&policy, ""));
        assert_ptr_equal(policy_site(&policy, "lulea"), &policy.sites[1]);
        assert_null(policy_site(&policy, "oslo"));
        policy_finish(&policy);
}

static void a_copy_is_the_same_and_stands_alone(void **state)
{
        struct policy policy = sample(), copy;

        (void)state;
        assert_int_equal(policy_copy(&policy, &copy), 0);
        assert_true(policy_same(&policy, &copy));
        assert_ptr_not_equal(copy.classes[1].sites[0], policy.classes[1].sites[0]);
        policy_finish(&policy);
        assert_string_equal(copy.classes[1].sites[1], "lulea");
        assert_string_equal(policy_site(&copy, "hanford")->currency, "EUR");
        policy_finish(&copy);
        policy_finish(&copy); /* twice does no harm */
}

/* Change one value at a time, anywhere: no longer the same. */
#define DIFFERS(change)                                                                                                \
        do {                                                                                                           \
                struct policy b;                                                                                       \
                                                                                                                       \
                assert_int_equal(policy_copy(&a, &b), 0);                                                              \
                change;                                                                                                \
                assert_false(policy_same(&a, &b));                                                                     \
                assert_false(policy_same(&b, &a));                                                                     \
                policy_finish(&b);                                                                                     \
        } while (0)

static void every_difference_of_a_contract_counts(void **state)
{
        struct policy a = sample();

        (void)state;
        DIFFERS(b.sites[0].terms.grid_tax_ppm++);
        DIFFERS(b.sites[0].terms.has_firm = true);
        DIFFERS(b.sites[0].terms.grid_firm_w++);
        DIFFERS(b.sites[0].terms.grid_curtailable_w++);
        DIFFERS(b.sites[0].terms.export_limit_w++);
        DIFFERS(b.sites[0].terms.has_export_price = true);
        DIFFERS(b.sites[0].terms.export_price++);
        DIFFERS(b.sites[0].terms.utc_offset_s++);
        DIFFERS(b.sites[0].terms.has_solar = true);
        DIFFERS(b.sites[0].terms.solar_carbon++);
        DIFFERS(b.sites[0].terms.reactor_house_w++);
        DIFFERS(b.sites[0].terms.n_demands = 0);
        DIFFERS(b.sites[0].terms.demands[0].per_kw++);
        DIFFERS(b.sites[0].terms.demands[0].interval_s++);
        DIFFERS(b.sites[0].terms.demands[0].hours.days++);
        DIFFERS(b.sites[0].terms.demands[0].hours.from_minute++);
        DIFFERS(b.sites[0].terms.demands[0].hours.to_minute++);
        DIFFERS(b.sites[0].terms.demands[0].contract_w++);
        DIFFERS(b.sites[0].terms.demands[0].minimum_share_ppm++);
        DIFFERS(b.sites[0].terms.n_ppas = 0);
        DIFFERS(b.sites[0].terms.ppas[0].name[0]++);
        DIFFERS(b.sites[0].terms.ppas[0].kind = PPA_VIRTUAL);
        DIFFERS(b.sites[0].terms.ppas[0].has_series = true);
        DIFFERS(b.sites[0].terms.ppas[0].take_or_pay = true);
        DIFFERS(b.sites[0].terms.ppas[0].behind_meter = true);
        DIFFERS(b.sites[0].terms.ppas[0].strike++);
        DIFFERS(b.sites[0].terms.ppas[0].share_ppm++);
        DIFFERS(b.sites[0].terms.ppas[0].power_w++);
        DIFFERS(b.sites[0].terms.ppas[0].start++);
        DIFFERS(b.sites[0].terms.ppas[0].end++);
        DIFFERS(b.sites[0].terms.ppas[0].carbon++);
        DIFFERS(b.sites[0].terms.n_reactors = 0);
        DIFFERS(b.sites[0].terms.reactors[0].name[0]++);
        DIFFERS(b.sites[0].terms.reactors[0].rating_w++);
        DIFFERS(b.sites[0].terms.reactors[0].minimum_w++);
        DIFFERS(b.sites[0].terms.reactors[0].ramp_w_per_min++);
        DIFFERS(b.sites[0].terms.reactors[0].restart_s++);
        DIFFERS(b.sites[0].terms.n_outages = 0);
        DIFFERS(b.sites[0].terms.outages[0].unit++);
        DIFFERS(b.sites[0].terms.outages[0].from++);
        DIFFERS(b.sites[0].terms.outages[0].to++);
        DIFFERS(b.sites[0].terms.outages[0].power_w++);
        policy_finish(&a);
}

static void every_difference_counts(void **state)
{
        struct policy a = sample();

        (void)state;
        DIFFERS(b.plan_interval_s++);
        DIFFERS(b.plan_horizon_s++);
        DIFFERS(b.plan_work++);
        DIFFERS(b.arm_timeout_ms++);
        DIFFERS(b.backoff_ms++);
        DIFFERS(b.sites[0].name[0] = 'x');
        DIFFERS(b.sites[1].currency[0] = 'x');
        DIFFERS(b.sites[0].terms.grid_adder++);
        DIFFERS(b.sites[0].terms.grid_limit_w++);
        DIFFERS(b.sites[0].terms.has_reactor = false);
        DIFFERS(b.sites[0].terms.reactor_fuel++);
        DIFFERS(b.sites[0].terms.reactor_carbon++);
        DIFFERS(b.sites[0].terms.pue_fixed_w++);
        DIFFERS(b.sites[0].terms.pue_ppm++);
        DIFFERS(b.sites[0].wan_mbit_per_s++);
        DIFFERS(b.sites[0].egress_cost++);
        DIFFERS(b.classes[1].name[0] = 'x');
        DIFFERS(b.classes[1].delay_cost++);
        DIFFERS(b.classes[1].max_delay_s++);
        DIFFERS(b.classes[1].carbon_price++);
        DIFFERS(b.classes[1].interruptible = false);
        DIFFERS(b.classes[1].max_pauses++);
        DIFFERS(b.classes[1].min_run_s++);
        DIFFERS(b.classes[1].start_cost_s++);
        DIFFERS(b.classes[1].stop_grace_s++);
        DIFFERS(b.classes[1].lateness_cost++);
        DIFFERS(b.classes[1].on_lost = ON_LOST_RELAUNCH);
        DIFFERS(b.classes[1].lease_ms++);
        DIFFERS(b.classes[1].retries++);
        DIFFERS(b.classes[1].limit_ppm++);
        DIFFERS(b.classes[1].quota_gpus++);
        DIFFERS(b.classes[1].quota_gpu_hours++);
        DIFFERS(b.classes[1].risk_ppm++);
        DIFFERS(b.classes[1].deadline_margin_ppm++);
        DIFFERS(b.classes[1].may_move = !b.classes[1].may_move);
        DIFFERS(b.classes[1].move_mb++);
        DIFFERS(b.classes[1].sites[1][0] = 'x');
        DIFFERS(free(b.classes[1].sites[--b.classes[1].n_sites]));
#undef DIFFERS
        policy_finish(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_policy_is_empty_with_workable_timing),
                cmocka_unit_test(class_defaults_make_sense),
                cmocka_unit_test(finds_by_name),
                cmocka_unit_test(a_copy_is_the_same_and_stands_alone),
                cmocka_unit_test(every_difference_counts),
                cmocka_unit_test(every_difference_of_a_contract_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
