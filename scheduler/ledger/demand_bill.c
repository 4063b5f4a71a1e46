/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/demand_bill.h"

#include "supply/tariff.h"

struct demand_bill demand_bill(const struct site_meter *meter, const struct supply_terms *terms,
                               const struct supply_demand *demand, int64_t time)
{
        struct demand_bill bill = { .start = tariff_month(terms, time), .end = tariff_next_month(terms, time) };

        bill.peak_w = site_meter_peak(meter, terms, demand, bill.start, bill.end, &bill.peak_at);
        bill.billed_w = tariff_billed_w(demand, bill.peak_w);
        bill.charge = tariff_charge(demand, bill.billed_w);
        return bill;
}
