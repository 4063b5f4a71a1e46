/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/retry.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY_S  INT64_C(86400)

enum { FIRST_MS = 5000 };

static uint64_t mix(uint64_t hash, unsigned char byte)
{
        return (hash ^ byte) * UINT64_C(1099511628211);
}

uint64_t retry_seed(const char *site, unsigned kind, const char *source)
{
        uint64_t hash = UINT64_C(14695981039346656037);

        while (*site != '\0')
                hash = mix(hash, (unsigned char)*site++);
        hash = mix(hash, (unsigned char)kind);
        while (*source != '\0')
                hash = mix(hash, (unsigned char)*source++);
        return hash;
}

/* From 0 up to most (splitmix64's finish). */
static int64_t draw(uint64_t seed, uint64_t try, int64_t most)
{
        uint64_t z = seed + (try + 1) * UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (int64_t)((z ^ (z >> 31)) % (uint64_t)(most + 1));
}

int64_t retry_regular_ms(int64_t every_ms, uint64_t seed, uint64_t try)
{
        return every_ms - every_ms / 10 + draw(seed, try, every_ms / 5);
}

int64_t retry_failed_ms(int64_t every_ms, uint32_t failures, int64_t retry_after_s, uint64_t seed, uint64_t try)
{
        int64_t most = every_ms < HOUR ? every_ms : HOUR, wait = FIRST_MS, asked;

        for (uint32_t i = 1; i < failures && wait < most; i++)
                wait *= 2;
        wait = wait < most ? wait : most;
        wait = wait - wait / 4 + draw(seed, try, wait / 4);
        asked = (retry_after_s < DAY_S ? retry_after_s : DAY_S) * SECOND;
        return wait > asked ? wait : asked;
}
