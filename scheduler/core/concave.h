/* SPDX-License-Identifier: Apache-2.0 */
/* concave.h - a curve that rises ever less, through points that do not quite. */
#ifndef OFFPEAK_CORE_CONCAVE_H
#define OFFPEAK_CORE_CONCAVE_H

#include <stdbool.h>
#include <stddef.h>

enum { CONCAVE_MOST = 64 };

struct concave_point {
        double x;      /* > 0, ascending, no two the same */
        double y;
        double weight; /* > 0 */
};

/*
 * ret_y[i]: the values of least weighted squared distance to the points among those that never fall and whose slope
 * never rises; origin: from (0, 0) on. Exact but for rounding: 1e-9 of the largest |y|. n: 1 to CONCAVE_MOST.
 */
void concave_fit(const struct concave_point *points, size_t n, bool origin, double *ret_y);

#endif
