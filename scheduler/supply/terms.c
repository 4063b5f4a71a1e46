/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/terms.h"

#include <string.h>

static bool same_demand(const struct supply_demand *a, const struct supply_demand *b)
{
        return a->per_kw == b->per_kw && a->interval_s == b->interval_s && a->hours.days == b->hours.days &&
               a->hours.from_minute == b->hours.from_minute && a->hours.to_minute == b->hours.to_minute &&
               a->contract_w == b->contract_w && a->minimum_share_ppm == b->minimum_share_ppm;
}

static bool same_ppa(const struct supply_ppa *a, const struct supply_ppa *b)
{
        return strcmp(a->name, b->name) == 0 && a->kind == b->kind && a->has_series == b->has_series &&
               a->take_or_pay == b->take_or_pay && a->behind_meter == b->behind_meter && a->strike == b->strike && a->share_ppm == b->share_ppm &&
               a->power_w == b->power_w && a->start == b->start && a->end == b->end && a->carbon == b->carbon;
}

static bool same_reactor(const struct supply_reactor *a, const struct supply_reactor *b)
{
        return strcmp(a->name, b->name) == 0 && a->rating_w == b->rating_w && a->minimum_w == b->minimum_w &&
               a->ramp_w_per_min == b->ramp_w_per_min && a->restart_s == b->restart_s;
}

static bool same_outage(const struct supply_outage *a, const struct supply_outage *b)
{
        return a->unit == b->unit && a->from == b->from && a->to == b->to && a->power_w == b->power_w;
}

static bool same_store(const struct supply_store *a, const struct supply_store *b)
{
        return a->energy_wh == b->energy_wh && a->reserve_wh == b->reserve_wh && a->charge_w == b->charge_w &&
               a->discharge_w == b->discharge_w && a->charge_ppm == b->charge_ppm && a->discharge_ppm == b->discharge_ppm &&
               a->has_end_value == b->has_end_value && a->end_value == b->end_value && a->from_reactor == b->from_reactor;
}

static bool same_grid(const struct supply_terms *a, const struct supply_terms *b)
{
        if (a->n_demands != b->n_demands)
                return false;
        for (uint32_t i = 0; i < a->n_demands; i++)
                if (!same_demand(&a->demands[i], &b->demands[i]))
                        return false;
        return a->grid_adder == b->grid_adder && a->grid_tax_ppm == b->grid_tax_ppm &&
               a->grid_limit_w == b->grid_limit_w && a->has_firm == b->has_firm && a->grid_firm_w == b->grid_firm_w &&
               a->grid_curtailable_w == b->grid_curtailable_w && a->export_limit_w == b->export_limit_w &&
               a->has_export_price == b->has_export_price && a->export_price == b->export_price &&
               a->utc_offset_s == b->utc_offset_s;
}

static bool same_own(const struct supply_terms *a, const struct supply_terms *b)
{
        if (a->n_ppas != b->n_ppas || a->n_reactors != b->n_reactors || a->n_outages != b->n_outages)
                return false;
        for (uint32_t i = 0; i < a->n_ppas; i++)
                if (!same_ppa(&a->ppas[i], &b->ppas[i]))
                        return false;
        for (uint32_t i = 0; i < a->n_reactors; i++)
                if (!same_reactor(&a->reactors[i], &b->reactors[i]))
                        return false;
        for (uint32_t i = 0; i < a->n_outages; i++)
                if (!same_outage(&a->outages[i], &b->outages[i]))
                        return false;
        return a->has_solar == b->has_solar && a->solar_carbon == b->solar_carbon && a->has_reactor == b->has_reactor &&
               a->reactor_fuel == b->reactor_fuel && a->reactor_carbon == b->reactor_carbon &&
               a->reactor_house_w == b->reactor_house_w;
}

bool supply_terms_same(const struct supply_terms *a, const struct supply_terms *b)
{
        return same_grid(a, b) && same_own(a, b) && a->has_store == b->has_store && same_store(&a->store, &b->store) &&
               a->pue_fixed_w == b->pue_fixed_w && a->pue_ppm == b->pue_ppm;
}
