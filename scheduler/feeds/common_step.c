/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/common_step.h"

#include <stdlib.h>

static int compare_steps(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

        return (left > right) - (left < right);
}

int64_t common_step(int64_t *steps, size_t n)
{
        size_t best = 0, run = 0;
        int64_t step = 0;

        qsort(steps, n, sizeof(*steps), compare_steps);
        for (size_t i = 0; i < n; i++) {
                run = i > 0 && steps[i] == steps[i - 1] ? run + 1 : 1;
                if (run > best) {
                        best = run;
                        step = steps[i];
                }
        }
        return step;
}
