/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact.h - the books' arithmetic: 64-bit integers, products in 128 bits, remainders carried.
 *
 * Units: energy J; time s (UTC); price micro-currency per MWh; carbon intensity mg CO2e per kWh;
 * cost micro-currency; emission mg CO2e.
 *
 *   cost     = J * price  / 3.6e9   (1 MWh = 3.6e9 J)
 *   emission = J * carbon / 3.6e6   (1 kWh = 3.6e6 J)
 */
#ifndef OFFPEAK_BASE_EXACT_H
#define OFFPEAK_BASE_EXACT_H

#include <stdint.h>

#define JOULES_PER_MWH INT64_C(3600000000)
#define JOULES_PER_KWH INT64_C(3600000)

/*
 * (a * b + *remainder) / divisor, rounded towards minus infinity; the remainder
 * (0 <= *remainder < divisor) is left for the next call, so that a sum of parts
 * equals the whole. divisor > 0. Saturates at INT64_MIN + 1 and INT64_MAX.
 */
int64_t exact_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *remainder);

#endif
