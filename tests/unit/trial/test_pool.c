/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool.c - which nodes runs are on, and which of them are down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trial/pool.h"
#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

#define START ((int64_t)MAKE_TRIAL_START)

/* Nodes 0 to 3 of four GPUs here, 4 of eight there. */
static void make_cluster(struct trial *trial)
{
        make_trial(trial);
        make_site(trial, "there");
        make_nodes(trial, "here", 4, 4);
        make_nodes(trial, "there", 1, 8);
}

static void a_run_takes_the_node_that_it_fills_best(void **state)
{
        struct pool_share two, three, one, six;
        struct trial trial;
        struct pool pool;

        (void)state;
        make_cluster(&trial);
        assert_int_equal(pool_init(&pool, &trial), 0);
        assert_int_equal(pool_take(&pool, "here", 2, &two), 0);
        assert_int_equal(pool_take(&pool, "here", 3, &three), 0);
        assert_int_equal(pool_take(&pool, "here", 1, &one), 0);
        assert_int_equal(two.n, 1);
        assert_int_equal(three.n, 1);
        assert_int_not_equal(two.holds[0].node, three.holds[0].node); /* two are left beside the first */
        assert_int_equal(one.n, 1);
        assert_int_equal(one.holds[0].node, three.holds[0].node); /* one is left beside the second */
        assert_int_equal(pool_take(&pool, "here", 6, &six), 0);
        assert_int_equal(six.n, 2); /* an empty one, and the other that is half empty */
        assert_int_equal(six.holds[0].gpus, 4);
        assert_int_equal(six.holds[1].gpus, 2);
        assert_true(pool_share_has(&six, two.holds[0].node));
        assert_false(pool_share_has(&six, three.holds[0].node));
        assert_int_equal(pool_free(&pool, "here"), 16 - 12);
        assert_int_equal(pool_free(&pool, "there"), 8);
        pool_give_back(&pool, &two);
        pool_give_back(&pool, &three);
        pool_give_back(&pool, &one);
        pool_give_back(&pool, &six);
        assert_int_equal(pool_free(&pool, "here"), 16);
        pool_finish(&pool);
        trial_finish(&trial);
}

/* Whatever is free can be taken, to the last GPU, and no GPU twice. */
static void all_that_is_free_can_be_used(void **state)
{
        uint64_t seed = 5;

        (void)state;
        for (int round = 0; round < 200; round++) {
                struct pool_share shares[20] = { 0 };
                uint32_t taken[4] = { 0 };
                struct trial trial;
                struct pool pool;

                make_cluster(&trial);
                assert_int_equal(pool_init(&pool, &trial), 0);
                for (int i = 0; i < 20 && pool_free(&pool, "here") > 0; i++) {
                        uint32_t gpus = (uint32_t)random_range(&seed, 1, pool_free(&pool, "here")), held = 0;

                        assert_int_equal(pool_take(&pool, "here", gpus, &shares[i]), 0);
                        for (size_t k = 0; k < shares[i].n; k++) {
                                held += shares[i].holds[k].gpus;
                                taken[shares[i].holds[k].node] +=
                                        shares[i].holds[k].gpus; /* never node 4: another site's */
                                assert_true(taken[shares[i].holds[k].node] <= 4);
                        }
                        assert_int_equal(held, gpus);
                        if (random_unit(&seed) < 0.4) {
                                for (size_t k = 0; k < shares[i].n; k++)
                                        taken[shares[i].holds[k].node] -= shares[i].holds[k].gpus;
                                pool_give_back(&pool, &shares[i]);
                        }
                }
                for (int i = 0; i < 20; i++)
                        pool_give_back(&pool, &shares[i]);
                assert_int_equal(pool_free(&pool, "here"), 16);
                pool_finish(&pool);
                trial_finish(&trial);
        }
}

static void nodes_fail_and_return(void **state)
{
        static struct outage at[] = { { 1, START + 10, START + 20 },
                                      { 0, START + 15, START + 16 },
                                      { 2, START + 15, START + 40 } };
        struct trial trial;
        struct pool pool;
        uint32_t node;

        (void)state;
        make_cluster(&trial);
        assert_int_equal(pool_init(&pool, &trial), 0);
        pool.trial = &trial;
        trial.hardware.outages = (struct outages){ at, 3 };
        assert_int_equal(pool_next(&pool, START), START + 10);
        assert_false(pool_fail(&pool, START + 9, &node));
        assert_true(pool_fail(&pool, START + 10, &node));
        assert_int_equal(node, 1);
        assert_int_equal(pool_free(&pool, "here"), 12);
        assert_int_equal(pool_next(&pool, START + 10), START + 15);
        assert_true(pool_fail(&pool, START + 17, &node)); /* node 0 was back before anybody looked */
        assert_int_equal(node, 2);
        assert_false(pool_fail(&pool, START + 17, &node));
        assert_int_equal(pool_free(&pool, "here"), 8);
        assert_int_equal(pool_next(&pool, START + 17), START + 20);
        pool_return(&pool, START + 20);
        assert_int_equal(pool_free(&pool, "here"), 12);
        pool_return(&pool, START + 40);
        assert_int_equal(pool_free(&pool, "here"), 16);
        assert_int_equal(pool_next(&pool, START + 40), INT64_MAX);
        pool_finish(&pool);
        trial.hardware.outages = (struct outages){ 0 };
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_takes_the_node_that_it_fills_best),
                cmocka_unit_test(all_that_is_free_can_be_used),
                cmocka_unit_test(nodes_fail_and_return),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
