/* SPDX-License-Identifier: Apache-2.0 */
/* test_concave.c - the nearest monotone concave curve: its shape, what it leaves alone, and that none is nearer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/concave.h"

#define CLOSE 1e-7

static double draw(uint64_t *seed)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(*seed >> 11) / (double)(UINT64_C(1) << 53);
}

static double distance(const struct concave_point *points, size_t n, const double *y)
{
        double sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += points[i].weight * (y[i] - points[i].y) * (y[i] - points[i].y);
        return sum;
}

static bool has_shape(const struct concave_point *points, size_t n, bool origin, const double *y, double slack)
{
        double slope = origin ? y[0] / points[0].x : INFINITY;

        for (size_t i = 1; i < n; i++) {
                double next = (y[i] - y[i - 1]) / (points[i].x - points[i - 1].x);

                if (next > slope + slack || next < -slack)
                        return false;
                slope = next;
        }
        return true;
}

static size_t draw_points(uint64_t *seed, struct concave_point *ret_points)
{
        size_t n = 1 + (size_t)(draw(seed) * 7);
        double x = 0;

        for (size_t i = 0; i < n; i++) {
                x += 0.2 + draw(seed) * 3;
                ret_points[i] = (struct concave_point){ x, draw(seed) * 5, 0.01 + draw(seed) * 100 };
        }
        return n;
}

/* Any curve of that shape: slopes that fall, from 0 or from anywhere. */
static void draw_curve(uint64_t *seed, const struct concave_point *points, size_t n, bool origin, double *ret_y)
{
        double slope = draw(seed) * 4;

        ret_y[0] = origin ? slope * points[0].x : draw(seed) * 5;
        for (size_t i = 1; i < n; i++) {
                slope *= draw(seed);
                ret_y[i] = ret_y[i - 1] + slope * (points[i].x - points[i - 1].x);
        }
}

/*
 * The curves of that shape are a convex set: y is the nearest of it if it is not farther than any other, and nothing
 * on the way from it to any other is nearer.
 */
static void no_other_is_nearer(void **state)
{
        uint64_t seed = 1;

        (void)state;
        for (int round = 0; round < 300; round++) {
                struct concave_point points[8];
                size_t n = draw_points(&seed, points);
                bool origin = round % 2 == 0;
                double y[8];

                concave_fit(points, n, origin, y);
                assert_true(has_shape(points, n, origin, y, CLOSE));
                for (int other = 0; other < 200; other++) {
                        double curve[8], between[8];

                        draw_curve(&seed, points, n, origin, curve);
                        for (size_t i = 0; i < n; i++)
                                between[i] = y[i] + 0.001 * (curve[i] - y[i]);
                        assert_true(distance(points, n, y) <= distance(points, n, curve) + CLOSE);
                        assert_true(distance(points, n, y) <= distance(points, n, between) + CLOSE);
                }
        }
}

static void a_curve_of_that_shape_stays(void **state)
{
        const struct concave_point points[] = { { 1, 1, 1 }, { 2, 1.9, 5 }, { 4, 3.4, 2 }, { 8, 5.8, 1 } };
        double y[4];

        (void)state;
        concave_fit(points, 4, true, y);
        for (size_t i = 0; i < 4; i++)
                assert_true(fabs(y[i] - points[i].y) < 1e-12);
}

/* Two of equal weight that fall become their mean; of unequal weight, the weighted one. */
static void what_falls_is_levelled(void **state)
{
        const struct concave_point equal[] = { { 1, 4, 1 }, { 2, 2, 1 } };
        const struct concave_point unequal[] = { { 1, 4, 3 }, { 2, 2, 1 } };
        double y[2];

        (void)state;
        concave_fit(equal, 2, true, y);
        assert_true(fabs(y[0] - 3) < CLOSE && fabs(y[1] - 3) < CLOSE);
        concave_fit(unequal, 2, true, y);
        assert_true(fabs(y[0] - 3.5) < CLOSE && fabs(y[1] - 3.5) < CLOSE);
}

/* More than twice the speed on twice the GPUs is no concave curve from 0: the straight line nearest to both. */
static void what_rises_too_fast_is_straightened(void **state)
{
        const struct concave_point points[] = { { 1, 1, 1 }, { 2, 3, 1 } };
        double y[2];

        (void)state;
        concave_fit(points, 2, true, y);
        assert_true(fabs(y[0] - 1.4) < CLOSE && fabs(y[1] - 2.8) < CLOSE); /* (1 + 2 x 3) / (1 + 4) a step */
        concave_fit(points, 2, false, y);
        assert_true(fabs(y[0] - 1) < CLOSE && fabs(y[1] - 3) < CLOSE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_other_is_nearer),
                cmocka_unit_test(a_curve_of_that_shape_stays),
                cmocka_unit_test(what_falls_is_levelled),
                cmocka_unit_test(what_rises_too_fast_is_straightened),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
