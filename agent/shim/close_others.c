/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/close_others.h"

#include <limits.h>
#include <unistd.h>

void close_others(const int *spared, size_t n)
{
        int from = 3;

        for (;;) {
                int next = INT_MAX;

                for (size_t i = 0; i < n; i++)
                        if (spared[i] >= from && spared[i] < next)
                                next = spared[i];
                if (next > from)
                        close_range((unsigned)from, next == INT_MAX ? ~0u : (unsigned)next - 1, 0);
                if (next == INT_MAX)
                        return;
                from = next + 1;
        }
}
