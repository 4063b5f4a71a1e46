/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/tariff.h"

#include "base/when.h"

#define DAY INT64_C(86400)

static int64_t month_from(int64_t local, int months)
{
        struct when_civil civil = when_civil(local);
        struct when_civil first = { .year = civil.year, .month = civil.month + months, .day = 1 };

        if (first.month > 12) {
                first.month -= 12;
                first.year++;
        }
        return when_from_civil(&first);
}

int64_t tariff_month(const struct supply_terms *terms, int64_t time)
{
        return month_from(time + terms->utc_offset_s, 0) - terms->utc_offset_s;
}

int64_t tariff_next_month(const struct supply_terms *terms, int64_t time)
{
        return month_from(time + terms->utc_offset_s, 1) - terms->utc_offset_s;
}

/* Seconds since local midnight. */
static int64_t second_of_day(int64_t local)
{
        return (local % DAY + DAY) % DAY;
}

/* 1970-01-01 was a Thursday: 3 days after Monday. */
static unsigned weekday(int64_t local)
{
        int64_t day = (local - second_of_day(local)) / DAY;

        return (unsigned)(((day + 3) % 7 + 7) % 7);
}

bool tariff_counts(const struct supply_terms *terms, const struct supply_demand *demand, int64_t time)
{
        const struct supply_hours *hours = &demand->hours;
        int64_t local = time + terms->utc_offset_s, second = second_of_day(local);

        return hours->days == 0 || ((hours->days >> weekday(local) & 1) != 0 && second >= hours->from_minute * 60 &&
                                    second < hours->to_minute * 60);
}

int64_t tariff_next_edge(const struct supply_terms *terms, const struct supply_demand *demand, int64_t time)
{
        int64_t local = time + terms->utc_offset_s, second = second_of_day(local), midnight = local - second;
        int64_t from = demand->hours.from_minute * 60, to = demand->hours.to_minute * 60;

        if (demand->hours.days == 0)
                return INT64_MAX;
        local = second < from ? midnight + from : second < to ? midnight + to : midnight + DAY + from;
        return local - terms->utc_offset_s;
}

const struct supply_demand *tariff_dearest(const struct supply_terms *terms)
{
        const struct supply_demand *best = NULL;

        for (uint32_t i = 0; i < terms->n_demands; i++)
                if (terms->demands[i].per_kw > (best != NULL ? best->per_kw : 0))
                        best = &terms->demands[i];
        return best;
}

int64_t tariff_least_w(const struct supply_demand *demand)
{
        return (int64_t)((__int128)demand->contract_w * demand->minimum_share_ppm / 1000000);
}

int64_t tariff_billed_w(const struct supply_demand *demand, int64_t peak_w)
{
        int64_t least = tariff_least_w(demand);

        return peak_w > least ? peak_w : least;
}

int64_t tariff_charge(const struct supply_demand *demand, int64_t billed_w)
{
        __int128 charge = (__int128)demand->per_kw * billed_w / 1000;

        return charge > INT64_MAX ? INT64_MAX : (int64_t)charge;
}
