/* SPDX-License-Identifier: Apache-2.0 */
/* test_profiles.c - speed and power by width from CSV: what is read, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/profiles.h"

#define HEADER "class,gpus,throughput,power_w\n"

static struct profiles parse(const char *text)
{
        struct profiles profiles;
        struct offpeak_error err = { 0 };

        if (profiles_parse("p.csv", text, strlen(text), &profiles, &err) != 0)
                fail_msg("%s", err.text);
        return profiles;
}

static void rows_stand_by_class_and_width(void **state)
{
        struct profiles profiles = parse("\xef\xbb\xbf# measured in May\n\n" HEADER "bert,8,2230.5,2600\r\n\"vit, large\",2,90,700\n"
                                         "bert,4,1180,1310.25\n\n gpt , 1 ,1e-3,500\n");
        static const struct profile rows[] = {
                { "bert", 4, 1180000000, 1310250 },
                { "bert", 8, INT64_C(2230500000), 2600000 },
                { "vit, large", 2, 90000000, 700000 },
                { "gpt", 1, 1000, 500000 },
        };
        struct offpeak_error err;
        const struct profile *found;
        size_t n;

        (void)state;
        assert_int_equal(profiles.n, 4);
        for (size_t i = 0; i < 4; i++) {
                assert_string_equal(profiles.rows[i].class, rows[i].class);
                assert_int_equal(profiles.rows[i].gpus, rows[i].gpus);
                assert_int_equal(profiles.rows[i].throughput, rows[i].throughput);
                assert_int_equal(profiles.rows[i].milliwatts, rows[i].milliwatts);
        }
        assert_int_equal(profiles_class(&profiles, "p.csv", "bert", &found, &n, &err), 0);
        assert_int_equal(n, 2);
        assert_ptr_equal(found, profiles.rows);
        assert_int_equal(profiles_class(&profiles, "p.csv", "gpt", &found, &n, &err), 0);
        assert_int_equal(n, 1);
        assert_int_equal(profiles_class(&profiles, "p.csv", "brt", &found, &n, &err), OFFPEAK_ENOTFOUND);
        assert_string_equal(err.text, "p.csv: has no class \"brt\" (did you mean \"bert\"?)");
        assert_int_equal(profiles_class(&profiles, "p.csv", "resnet", &found, &n, &err), OFFPEAK_ENOTFOUND);
        assert_string_equal(err.text, "p.csv: has no class \"resnet\"; it has: bert, vit, large, gpt");
        profiles_finish(&profiles);
        profiles_finish(&profiles); /* twice is fine */
}

static void columns_may_stand_in_any_order(void **state)
{
        struct profiles profiles = parse("power_w,note,gpus,class,throughput\n2600,warm,8,bert,2230\n");

        (void)state;
        assert_int_equal(profiles.n, 1);
        assert_int_equal(profiles.rows[0].milliwatts, 2600000);
        assert_int_equal(profiles.rows[0].throughput, INT64_C(2230000000));
        profiles_finish(&profiles);
}

static void what_is_wrong_has_its_place(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "", "p.csv:1:1: the file holds no header" },
                { "# a\n" HEADER, "p.csv:2:1: the file holds no rows" },
                { "# a\nclass,gpus,power_w\n", "p.csv:2:1: the header lacks: throughput." },
                { "bert,8,1,2\n", "p.csv:1:1: the header lacks: class, gpus, throughput, power_w." },
                { "class,gpus,gpus,throughput,power_w\n", "p.csv:1:12: a second column \"gpus\"" },
                { HEADER "bert,8,10\n", "p.csv:2:1: this row has 3 fields, the header has 4" },
                { HEADER "bert,8,10,1,5\n", "p.csv:2:1: this row has 5 fields" },
                { HEADER "bert,8,10,20\nbert,0,10,20\n", "p.csv:3:6: gpus 0: must be above 0" },
                { HEADER "bert,1.5,10,20\n", "p.csv:2:6: gpus 1.5: write a whole number from 1 to 1000000" },
                { HEADER "bert,1000001,10,20\n", "p.csv:2:6: gpus 1000001: write a whole number" },
                { HEADER "bert,8,,20\n", "p.csv:2:8: no throughput in this row" },
                { HEADER "bert,8,nan,20\n", "p.csv:2:8: throughput \"nan\" is not a number" },
                { HEADER "bert,8,1e30,20\n", "p.csv:2:8: throughput \"1e30\" is not a number, or too large" },
                { HEADER "bert,8,-3,20\n", "p.csv:2:8: throughput -3: must be above 0" },
                { HEADER "bert,8,1,0\n", "p.csv:2:10: power_w 0: must be above 0" },
                { HEADER "bert,8,1,300 W\n", "p.csv:2:10: power_w \"300 W\" is not a number" },
                { HEADER ",8,1,2\n", "p.csv:2:1: no class in this row" },
                { HEADER "bert,8,1,2\ngpt,8,1,2\nbert,8,2,2\n", "p.csv:4:1: bert with 8 GPUs stands in line 2 already" },
                { HEADER "0123456789012345678901234567890123456789012345678901234567890123,8,1,2\n", "at most 63 bytes" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct profiles profiles = { NULL, 77 };
                struct offpeak_error err = { 0 };

                assert_int_equal(profiles_parse("p.csv", cases[i].text, strlen(cases[i].text), &profiles, &err), OFFPEAK_EINVAL);
                if (strstr(err.text, cases[i].says) == NULL)
                        fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
                assert_int_equal(profiles.n, 77);
        }
}

static void a_file_that_is_not_there(void **state)
{
        struct profiles profiles;
        struct offpeak_error err = { 0 };

        (void)state;
        assert_int_equal(profiles_read("/nonexistent/p.csv", &profiles, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "/nonexistent/p.csv"));
}

static void time_is_work_over_throughput(void **state)
{
        struct profile narrow = { "bert", 4, 3000000, 1 }, wide = { "bert", 8, 5000000, 1 }; /* 3 and 5 a second */

        (void)state;
        assert_int_equal(profile_seconds(&narrow, 9000), 3);
        assert_int_equal(profile_seconds(&narrow, 9001), 4); /* up: the last unit must be done */
        assert_int_equal(profile_seconds_like(&wide, &narrow, 3600), 2160);
        assert_int_equal(profile_seconds_like(&narrow, &narrow, 3600), 3600);
        assert_int_equal(profile_seconds_like(&narrow, &wide, 1), 2);
        assert_int_equal(profile_seconds(&narrow, INT64_MAX), 3074457345618259); /* the product needs more than 64 bits */
        narrow.throughput = 1;
        assert_int_equal(profile_seconds(&narrow, INT64_MAX), 0); /* beyond 64 bits */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_stand_by_class_and_width), cmocka_unit_test(columns_may_stand_in_any_order),
                cmocka_unit_test(what_is_wrong_has_its_place),   cmocka_unit_test(a_file_that_is_not_there),
                cmocka_unit_test(time_is_work_over_throughput),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
