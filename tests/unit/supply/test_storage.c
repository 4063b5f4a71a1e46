/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random small stores against a search over every state of charge: all amounts are whole numbers of stored units, so that an
 * optimum in whole units exists. What the values prove (weak duality) must be the optimum, too.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supply/storage.h"

enum { MAX_SLOTS = 12, MAX_TRADES = 4, MOST_STORED = 12, CASES = 4000 };

struct scene {
        struct storage_plant plant;
        struct storage_slot slots[MAX_SLOTS];
        struct storage_trade trades[MAX_SLOTS][2][MAX_TRADES];
        size_t n;
};

static uint64_t seed;

static int random_below(int n)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (int)((seed >> 33) % (uint64_t)n);
}

/* Prices of one supply curve: what is saved below the load, and what is paid above it, ascending through both. */
static void make_slot(struct scene *scene, size_t t, int lowest)
{
        double price = lowest + random_below(60);
        struct storage_slot *slot = &scene->slots[t];

        *slot = (struct storage_slot){ scene->trades[t][0], scene->trades[t][1], (size_t)random_below(MAX_TRADES + 1),
                                       (size_t)random_below(MAX_TRADES + 1) };
        for (size_t i = slot->n_discharge; i-- > 0; price += random_below(15)) {
                scene->trades[t][1][i].price = price;
                scene->trades[t][1][i].energy = random_below(4) * scene->plant.discharge_efficiency;
        }
        for (size_t i = 0; i < slot->n_charge; i++, price += random_below(15)) {
                scene->trades[t][0][i].price = price;
                scene->trades[t][0][i].energy = random_below(4) / scene->plant.charge_efficiency;
        }
}

static void make_scene(struct scene *scene, int lowest)
{
        struct storage_plant *plant = &scene->plant;

        *scene = (struct scene){ .n = 1 + (size_t)random_below(MAX_SLOTS) };
        plant->charge_efficiency = random_below(2) ? 1 : 0.5;
        plant->discharge_efficiency = random_below(2) ? 1 : 0.5;
        plant->energy = 1 + random_below(MOST_STORED);
        plant->start = random_below((int)plant->energy + 1);
        plant->reserve = random_below((int)plant->start + 1);
        plant->least_end = plant->reserve + random_below((int)(plant->start - plant->reserve) + 1);
        plant->end_value = random_below(3) * 25;
        for (size_t t = 0; t < scene->n; t++)
                make_slot(scene, t, lowest);
}

/* What one slot's flow costs, INFINITY if it cannot have it. Dearest first where it gives, cheapest first where it draws. */
static double flow_cost(const struct storage_slot *slot, double flow)
{
        const struct storage_trade *trades = flow > 0 ? slot->charge : slot->discharge;
        size_t n = flow > 0 ? slot->n_charge : slot->n_discharge;
        double left = fabs(flow), cost = 0;

        for (size_t i = 0; i < n && left > 0; i++) {
                double taken = fmin(left, trades[i].energy);

                cost += (flow > 0 ? taken : -taken) * trades[i].price;
                left -= taken;
        }
        return left > 1e-9 ? INFINITY : cost;
}

static double search(const struct scene *scene)
{
        const struct storage_plant *plant = &scene->plant;
        int energy = (int)plant->energy;
        double least[MOST_STORED + 1], next[MOST_STORED + 1], best = INFINITY;

        for (int e = 0; e <= energy; e++)
                least[e] = e == (int)plant->start ? 0 : INFINITY;
        for (size_t t = 0; t < scene->n; t++, memcpy(least, next, sizeof(least)))
                for (int to = 0; to <= energy; to++) {
                        next[to] = INFINITY;
                        for (int from = 0; to >= (int)plant->reserve && from <= energy; from++) {
                                double stored = to - from;
                                double flow = stored > 0 ? stored / plant->charge_efficiency :
                                                           stored * plant->discharge_efficiency;

                                next[to] = fmin(next[to], least[from] + flow_cost(&scene->slots[t], flow));
                        }
                }
        for (int e = (int)plant->least_end; e <= energy; e++)
                best = fmin(best, least[e] - plant->end_value * e);
        return best;
}

static double cost_of(const struct scene *scene, const double *flows)
{
        const struct storage_plant *plant = &scene->plant;
        double stored = plant->start, cost = 0;

        for (size_t t = 0; t < scene->n; t++) {
                cost += flow_cost(&scene->slots[t], fabs(flows[t]) < 1e-9 ? 0 : flows[t]);
                stored += storage_stored(plant, flows[t]);
                assert_true(stored >= plant->reserve - 1e-9 && stored <= plant->energy + 1e-9);
        }
        assert_true(stored >= plant->least_end - 1e-9);
        assert_true(isfinite(cost));
        return cost - plant->end_value * stored;
}

/* What any values prove: each slot and each edge alone. */
static double proven(const struct scene *scene, const double *values)
{
        const struct storage_plant *plant = &scene->plant;
        double bound = -values[0] * plant->start, last = values[scene->n - 1] - plant->end_value;

        for (size_t t = 0; t < scene->n; t++) {
                const struct storage_slot *slot = &scene->slots[t];

                for (size_t i = 0; i < slot->n_charge; i++)
                        bound += slot->charge[i].energy *
                                 fmin(0, slot->charge[i].price - values[t] * plant->charge_efficiency);
                for (size_t i = 0; i < slot->n_discharge; i++)
                        bound += slot->discharge[i].energy *
                                 fmin(0, values[t] / plant->discharge_efficiency - slot->discharge[i].price);
                if (t > 0)
                        bound += fmin((values[t - 1] - values[t]) * plant->reserve,
                                      (values[t - 1] - values[t]) * plant->energy);
        }
        return bound + fmin(last * plant->least_end, last * plant->energy);
}

static void dispatch_is_the_optimum_and_its_values_prove_it(void **state)
{
        (void)state;
        seed = 1;
        for (int i = 0; i < CASES; i++) {
                struct scene scene;
                double flows[MAX_SLOTS], values[MAX_SLOTS], best;

                make_scene(&scene, 0);
                best = search(&scene);
                assert_int_equal(storage_dispatch(&scene.plant, scene.slots, scene.n, flows, values), 0);
                assert_true(fabs(cost_of(&scene, flows) - best) < 1e-6);
                assert_true(fabs(proven(&scene, values) - best) < 1e-6);
        }
}

/*
 * Nobody is paid for losses: real flows, never dearer than none at all, and the optimum where a discharge saves no more than the next
 * charge costs.
 */
static void negative_prices_do_not_burn_power(void **state)
{
        (void)state;
        seed = 2;
        for (int i = 0; i < CASES; i++) {
                struct scene scene;
                double flows[MAX_SLOTS], none;

                make_scene(&scene, -60);
                none = -scene.plant.end_value * scene.plant.start;
                assert_int_equal(storage_dispatch(&scene.plant, scene.slots, scene.n, flows, NULL), 0);
                assert_true(cost_of(&scene, flows) >= search(&scene) - 1e-6);
                assert_true(cost_of(&scene, flows) <= none + 1e-6);
                for (size_t t = 0; t < scene.n; t++)
                        for (size_t k = 0; k < scene.slots[t].n_discharge && scene.slots[t].n_charge > 0; k++) {
                                double both = scene.plant.charge_efficiency * scene.plant.discharge_efficiency;

                                scene.trades[t][1][k].price = fmin(scene.trades[t][1][k].price, scene.trades[t][0][0].price / both);
                        }
                assert_true(fabs(cost_of(&scene, flows) - search(&scene)) < 1e-6);
        }
}

/* Charge at 10 and 20, give at 100: worth what the dearest unit that is drawn costs, as the store is not full. */
static void a_day_by_hand(void **state)
{
        struct storage_plant plant = { .energy = 10, .charge_efficiency = 0.8, .discharge_efficiency = 1 };
        struct storage_trade night[] = { { 10, 5 }, { 20, 5 } }, day[] = { { 100, 6 }, { 30, 6 } };
        struct storage_slot slots[] = { { .charge = night, .n_charge = 2 }, { .discharge = day, .n_discharge = 2 } };
        double flows[2], values[2];

        (void)state;
        assert_int_equal(storage_dispatch(&plant, slots, 2, flows, values), 0);
        assert_true(fabs(flows[0] - 10) < 1e-9);
        assert_true(fabs(flows[1] + 8) < 1e-9);
        assert_true(values[0] >= 25 && values[0] <= 30);
        assert_true(fabs(values[0] - values[1]) < 1e-9);
        plant.reserve = plant.start = plant.least_end = 7; /* of ten only three are to be had */
        assert_int_equal(storage_dispatch(&plant, slots, 2, flows, values), 0);
        assert_true(fabs(flows[0] - 3.75) < 1e-9);
        assert_true(fabs(flows[1] + 3) < 1e-9);
}

static void nothing_to_trade(void **state)
{
        struct storage_plant plant = { .energy = 4, .start = 3, .charge_efficiency = 0.9, .discharge_efficiency = 0.9,
                                       .end_value = 5 };
        struct storage_slot slot = { 0 };
        double flow = 1, value = 0;

        (void)state;
        assert_int_equal(storage_dispatch(&plant, &slot, 1, &flow, &value), 0);
        assert_true(flow == 0);
        assert_true(value == 5);
        assert_int_equal(storage_dispatch(&plant, &slot, 0, &flow, &value), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dispatch_is_the_optimum_and_its_values_prove_it),
                cmocka_unit_test(negative_prices_do_not_burn_power),
                cmocka_unit_test(a_day_by_hand),
                cmocka_unit_test(nothing_to_trade),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
