/* SPDX-License-Identifier: Apache-2.0 */
#include "io/clocks.h"

#include <math.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
        struct timespec time;

        clock_gettime(id, &time);
        return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void clocks_init(struct clocks *clocks)
{
        *clocks = (struct clocks){ .rate = 1 };
}

void clocks_init_scaled(struct clocks *clocks, int64_t start_s, double rate)
{
        *clocks = (struct clocks){ .wall0_ms = start_s * 1000, .real0_ms = read_ms(CLOCK_REALTIME), .rate = rate };
}

int64_t clocks_wall_ms(const struct clocks *clocks)
{
        int64_t real = read_ms(CLOCK_REALTIME);

        if (clocks->real0_ms == 0)
                return real;
        return clocks->wall0_ms + (int64_t)floor((double)(real - clocks->real0_ms) * clocks->rate);
}

struct now clocks_now(const struct clocks *clocks)
{
        int64_t wall_ms = clocks_wall_ms(clocks);

        return (struct now){ .wall = wall_ms / 1000, .mono_ms = read_ms(CLOCK_MONOTONIC) };
}

int64_t clocks_until_wall_ms(const struct clocks *clocks, int64_t wall_s)
{
        double left = (double)(wall_s * 1000 - clocks_wall_ms(clocks)) / clocks->rate;

        if (left <= 0)
                return 0;
        return left > 1e12 ? INT64_C(1000000000000) : (int64_t)ceil(left);
}
