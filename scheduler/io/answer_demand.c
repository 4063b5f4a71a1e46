/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_demand.h"

#include <stdio.h>
#include <string.h>

#include "ledger/demand_bill.h"
#include "supply/tariff.h"

/* As the configuration writes them, "07:00-20:00 Mon,Tue"; null: at all times. */
static json_t *hours_text(const struct supply_hours *hours)
{
        static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        char text[80];

        if (hours->days == 0)
                return json_null();
        snprintf(text, sizeof(text), "%02d:%02d-%02d:%02d", hours->from_minute / 60, hours->from_minute % 60,
                 hours->to_minute / 60, hours->to_minute % 60);
        for (unsigned d = 0, first = 1; d < 7 && hours->days != 127; d++) {
                size_t used = strlen(text);

                if ((hours->days >> d & 1) == 0)
                        continue;
                snprintf(text + used, sizeof(text) - used, "%s%s", first ? " " : ",", days[d]);
                first = 0;
        }
        return json_string(text);
}

static json_t *bill(struct answer *answer, const struct site *site, const struct supply_terms *terms,
                    const struct supply_demand *demand, int64_t time)
{
        struct demand_bill bill = demand_bill(&site->meter, terms, demand, time);
        json_t *object = json_object();

        answer_put(answer, object, "site", answer_text(site->name));
        answer_put(answer, object, "month_utc", answer_utc(bill.start));
        answer_put(answer, object, "until_utc", answer_utc(bill.end));
        answer_put(answer, object, "utc_offset_s", json_integer(terms->utc_offset_s));
        answer_put(answer, object, "hours", hours_text(&demand->hours));
        answer_put(answer, object, "interval_s", json_integer(demand->interval_s));
        answer_put(answer, object, "micro_per_kw", json_integer(demand->per_kw));
        answer_put(answer, object, "contract_w", answer_known(demand->contract_w > 0, demand->contract_w));
        answer_put(answer, object, "least_w", json_integer(tariff_least_w(demand)));
        answer_put(answer, object, "peak_w", json_integer(bill.peak_w));
        answer_put(answer, object, "peak_utc", bill.peak_w > 0 ? answer_utc(bill.peak_at) : json_null());
        answer_put(answer, object, "billed_w", json_integer(bill.billed_w));
        answer_put(answer, object, "charge_micro", json_integer(bill.charge));
        return object;
}

void answer_demands(struct answer *answer, const struct site *site, int64_t from, int64_t to, json_t *list)
{
        const struct supply_terms terms = state_supply(answer->state, site).terms;
        int64_t this_month = tariff_month(&terms, answer->now.wall), known = tariff_month(&terms, this_month - 1);

        from = from > known ? from : known;
        to = to < answer->now.wall ? to : answer->now.wall;
        if (terms.n_demands == 0)
                return;
        for (int64_t t = from; t < to; t = tariff_next_month(&terms, t))
                for (uint32_t i = 0; i < terms.n_demands; i++)
                        answer_add(answer, list, bill(answer, site, &terms, &terms.demands[i], t));
}
