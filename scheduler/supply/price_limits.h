/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_limits.h - how low and how high a price of power can be, by its currency: what holds where a configuration says nothing.
 *
 * These are no forecasts of prices, but what no market has ever published: a value beyond them is another unit, or a slip. They
 * are wider than any rule of a market, for a price at a node has congestion in it, and a tariff taxes. What is not marked as
 * assumed was read in a publication of who makes the rule.
 *
 *   EUR  -9,999 to 9,999. Intraday coupling (SIDC), ACER decisions of 14 November 2017 under Articles 41 and 54 of Regulation (EU)
 *        2015/1222; day-ahead (SDAC) -500 and 3,000 then, 4,000 since May 2022. Both move when prices come near: by 1,000 at first,
 *        less and later since January 2023.
 *   GBP  the same figures, assumed: day-ahead auctions stop at -500 and 4,000 to ask again (Nord Pool, September 2021).
 *   USD  -10,000 to 20,000. ERCOT capped offers at 9,000 until 2021 and at 5,000 since (Public Utility Commission of Texas, 16 TAC
 *        25.505), others at 2,000 (FERC Order 831), on top of which come reserves and congestion; what is not served counts 10,000
 *        in MISO since September 2025. Offers go down to -250 (ERCOT), -150 (CAISO) and -1,000 (NYISO): assumed.
 *   CAD  -10,000 to 10,000, assumed: Ontario's market clears within +-2,000, Alberta's below 1,000.
 *   AUD  -2,000 to 40,000. The market's floor is -1,000, its cap follows prices every year and was 20,300 from July 2025 on
 *        (AEMC; the figure of that year is assumed).
 *   JPY  -999,000 to 999,000: bids of the day-ahead market end at 999 JPY/kWh, and none is negative; both are assumed.
 *   CHF, CZK, DKK, HUF, NOK, PLN, RON, SEK: 9,999 EUR at a rate that is assumed, and half of it again for what rates do.
 */
#ifndef OFFPEAK_SUPPLY_PRICE_LIMITS_H
#define OFFPEAK_SUPPLY_PRICE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Micro-currency per MWh, inclusive. False: nothing is known of that currency (or it is NULL), and nothing is written. */
bool price_limits(const char *currency, int64_t *ret_lowest, int64_t *ret_highest);

#endif
