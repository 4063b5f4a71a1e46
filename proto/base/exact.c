/* SPDX-License-Identifier: Apache-2.0 */
#include "base/exact.h"

int64_t exact_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *remainder)
{
        __int128 sum = (__int128)a * b + *remainder;
        __int128 quotient = sum / divisor;
        __int128 rest = sum % divisor;

        if (rest < 0) {
                rest += divisor;
                quotient -= 1;
        }
        *remainder = (int64_t)rest;
        if (quotient > INT64_MAX)
                return INT64_MAX;
        if (quotient < INT64_MIN + 1) /* INT64_MIN itself means "unknown" in series */
                return INT64_MIN + 1;
        return (int64_t)quotient;
}
