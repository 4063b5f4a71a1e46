/* SPDX-License-Identifier: Apache-2.0 */
/* Where the legs of head jobs hear their heads: on ports of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/outputs.h"

enum { EPOCHS = 400, LEGS = 8 };

/* Jobs that begin in one turn have epochs beside each other, and a node may be the second of one and the first of
 * another. */
static void legs_on_one_node_have_ports_of_their_own(void **state)
{
        (void)state;
        for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
                for (uint32_t leg = 0; leg < LEGS; leg++)
                        for (uint64_t other = epoch + 1; other < epoch + LEGS; other++)
                                for (uint32_t others = 0; others < LEGS; others++)
                                        assert_int_not_equal(output_remote_port(epoch, leg, 3),
                                                             output_remote_port(other, others, 12));
}

static void legs_of_one_attempt_have_ports_of_their_own(void **state)
{
        (void)state;
        for (uint32_t leg = 0; leg < LEGS; leg++)
                for (uint32_t other = leg + 1; other < LEGS; other++)
                        assert_int_not_equal(output_remote_port(900, leg, 1), output_remote_port(900, other, 1));
}

static void ports_are_in_their_range(void **state)
{
        (void)state;
        for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
                for (uint32_t device = 0; device < OFFPEAK_MAX_DEVICES; device++) {
                        const unsigned port = output_remote_port(epoch, 0, UINT64_C(1) << device);

                        assert_true(port >= 10000 && port < 20000);
                }
        assert_true(output_remote_port(UINT64_MAX, UINT32_MAX, 0) < 20000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(legs_on_one_node_have_ports_of_their_own),
                cmocka_unit_test(legs_of_one_attempt_have_ports_of_their_own),
                cmocka_unit_test(ports_are_in_their_range),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
