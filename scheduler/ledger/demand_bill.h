/* SPDX-License-Identifier: Apache-2.0 */
/* demand_bill.h - what a month's demand charge comes to, from the site's meter. Exact integers. */
#ifndef OFFPEAK_LEDGER_DEMAND_BILL_H
#define OFFPEAK_LEDGER_DEMAND_BILL_H

#include "ledger/site_meter.h"

struct demand_bill {
        int64_t start, end; /* the tariff's month */
        int64_t peak_w;     /* highest mean of an interval that counts; 0: nothing was drawn */
        int64_t peak_at;    /* when that interval began */
        int64_t billed_w;   /* the peak, or what is billed at least */
        int64_t charge;     /* micro-currency */
};

/* Of the month that holds `time`, with what was drawn of it so far. */
struct demand_bill demand_bill(const struct site_meter *meter, const struct supply_terms *terms,
                               const struct supply_demand *demand, int64_t time);

#endif
