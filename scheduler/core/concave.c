/* SPDX-License-Identifier: Apache-2.0 */
/*
 * concave.c - such a curve is a sum of ramps min(x, x_k) with factors that are not negative, and, where it need not begin
 * in the origin, a constant. So the nearest one is a least-squares problem with factors >= 0, solved exactly by Lawson
 * and Hanson's active set (Solving Least Squares Problems, 1974): ramps enter one at a time where they help most, and
 * leave when their factor would turn negative.
 */
#include "core/concave.h"

#include <math.h>
#include <string.h>

enum { MOST_RAMPS = CONCAVE_MOST + 2, STEPS = 20 * CONCAVE_MOST };

#define TINY 1e-13 /* of what the largest gradient could be */

/* In units in which x, |y| and weights are at most 1. */
struct problem {
        size_t n, ramps;
        double gram[MOST_RAMPS][MOST_RAMPS], right[MOST_RAMPS];
        double factor[MOST_RAMPS];
        bool in[MOST_RAMPS];
};

/* Ramps k < n; behind them the constant, upwards and downwards. */
static double ramp(const struct concave_point *points, size_t n, size_t k, size_t i)
{
        double last = points[n - 1].x;

        if (k >= n)
                return k == n ? 1 : -1;
        return fmin(points[i].x, points[k].x) / last;
}

static void open_problem(const struct concave_point *points, size_t n, bool origin, double largest, struct problem *p)
{
        double heaviest = 0;

        memset(p, 0, sizeof(*p));
        p->n = n;
        p->ramps = origin ? n : n + 2;
        for (size_t i = 0; i < n; i++)
                heaviest = fmax(heaviest, points[i].weight);
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < p->ramps; j++) {
                        double weighted = points[i].weight / heaviest * ramp(points, n, j, i);

                        p->right[j] += weighted * points[i].y / largest;
                        for (size_t k = 0; k < p->ramps; k++)
                                p->gram[j][k] += weighted * ramp(points, n, k, i);
                }
}

/* The ramp outside whose factor would lower the distance fastest; ramps: none. */
static size_t best_outside(const struct problem *p)
{
        size_t best = p->ramps;
        double most = TINY;

        for (size_t j = 0; j < p->ramps; j++) {
                double gradient = p->right[j];

                for (size_t k = 0; k < p->ramps; k++)
                        gradient -= p->gram[j][k] * p->factor[k];
                gradient /= sqrt(p->gram[j][j]);
                if (!p->in[j] && gradient > most) {
                        most = gradient;
                        best = j;
                }
        }
        return best;
}

/* The factors of those inside without regard to sign: Gauss with pivots. False: they depend on one another. */
static bool solve_inside(const struct problem *p, double *ret_factor)
{
        double rows[MOST_RAMPS][MOST_RAMPS + 1];
        size_t at[MOST_RAMPS], n = 0;

        for (size_t j = 0; j < p->ramps; j++)
                if (p->in[j])
                        at[n++] = j;
        for (size_t r = 0; r < n; r++) {
                for (size_t c = 0; c < n; c++)
                        rows[r][c] = p->gram[at[r]][at[c]];
                rows[r][n] = p->right[at[r]];
        }
        for (size_t c = 0; c < n; c++) {
                size_t pivot = c;

                for (size_t r = c + 1; r < n; r++)
                        pivot = fabs(rows[r][c]) > fabs(rows[pivot][c]) ? r : pivot;
                if (fabs(rows[pivot][c]) < TINY * TINY)
                        return false;
                for (size_t k = c; k <= n && pivot != c; k++) {
                        double swap = rows[c][k];

                        rows[c][k] = rows[pivot][k];
                        rows[pivot][k] = swap;
                }
                for (size_t r = c + 1; r < n; r++)
                        for (size_t k = n + 1; k-- > c;)
                                rows[r][k] -= rows[r][c] / rows[c][c] * rows[c][k];
        }
        for (size_t r = n; r-- > 0;) {
                double value = rows[r][n];

                for (size_t c = r + 1; c < n; c++)
                        value -= rows[r][c] * ret_factor[at[c]];
                ret_factor[at[r]] = value / rows[r][r];
        }
        return true;
}

/* As far towards the solution as no factor turns negative; those that reach 0 leave. True: all the way. */
static bool step_towards(struct problem *p, const double *solution)
{
        double share = 1;

        for (size_t j = 0; j < p->ramps; j++)
                if (p->in[j] && solution[j] <= 0)
                        share = fmin(share, p->factor[j] / (p->factor[j] - solution[j]));
        for (size_t j = 0; j < p->ramps; j++) {
                if (!p->in[j])
                        continue;
                p->factor[j] += share * (solution[j] - p->factor[j]);
                if (solution[j] <= 0 && p->factor[j] <= TINY) {
                        p->factor[j] = 0;
                        p->in[j] = false;
                }
        }
        return share >= 1;
}

static void solve(struct problem *p)
{
        double solution[MOST_RAMPS] = { 0 };

        for (int step = 0; step < STEPS; step++) {
                size_t next = best_outside(p);

                if (next == p->ramps)
                        return;
                p->in[next] = true;
                while (step++ < STEPS) {
                        if (!solve_inside(p, solution)) {
                                p->in[next] = false; /* it adds nothing to those inside */
                                return;
                        }
                        if (step_towards(p, solution))
                                break;
                }
        }
}

void concave_fit(const struct concave_point *points, size_t n, bool origin, double *ret_y)
{
        struct problem problem;
        double largest = 0;

        for (size_t i = 0; i < n; i++)
                largest = fmax(largest, fabs(points[i].y));
        for (size_t i = 0; i < n; i++)
                ret_y[i] = 0;
        if (largest <= 0)
                return;
        open_problem(points, n, origin, largest, &problem);
        solve(&problem);
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < problem.ramps; k++)
                        ret_y[i] += largest * problem.factor[k] * ramp(points, n, k, i);
}
