/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/mappings.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"

#define HOUR    3600
#define QUARTER 900
#define DAY     86400

const struct mapping mappings[] = {
        { .name = "smard", .about = "SMARD.de export, German; name the zone as column",
          .delimiter = ';', .decimal = ',', .thousands = '.', .ragged = true,
          .time = "Datum von", .time_form = "%d.%m.%Y %H:%M", .zone = "Europe/Berlin" },
        { .name = "smard_en", .about = "SMARD.de export, English",
          .delimiter = ';', .thousands = ',', .ragged = true,
          .time = "Start date", .time_form = "%b %d, %Y %I:%M %p||%d.%m.%Y %H:%M", .zone = "Europe/Berlin" },
        { .name = "smard_old", .about = "SMARD.de export before 2024: date and time apart",
          .delimiter = ';', .decimal = ',', .thousands = '.', .ragged = true,
          .date = "Datum", .time = "Anfang", .time_form = "%d.%m.%Y %H:%M", .zone = "Europe/Berlin" },
        { .name = "entsoe_csv", .about = "ENTSO-E Transparency Platform, day-ahead prices exported in CET/CEST",
          .ragged = true, .time = "MTU (CET/CEST)", .time_form = "%d.%m.%Y %H:%M - *", .zone = "Europe/Brussels",
          .column = "Day-ahead Price" },
        { .name = "netztransparenz", .about = "netztransparenz.de spot prices",
          .time = "time", .time_form = "%Y-%m-%d %H:%M:%S", .zone = "Europe/Berlin",
          .marker = "zone_start", .marker_second = "CET", .column = "price", .unit = "ct/kWh", .currency = "EUR" },
        { .name = "ercot_dam_spp", .about = "ERCOT day-ahead settlement point prices (NP4-190); name the point",
          .date = "DeliveryDate", .period = "HourEnding", .time_form = "%m/%d/%Y", .stamps = MAPPING_HOUR_ENDING,
          .zone = "America/Chicago", .marker = "DSTFlag", .marker_second = "Y",
          .column = "SettlementPointPrice", .unit = "USD/MWh", .name_column = "SettlementPoint" },
        { .name = "ercot_rtm_spp", .about = "ERCOT real-time settlement point prices (NP6-905), 15 minutes",
          .date = "DeliveryDate", .period = "DeliveryHour", .subperiod = "DeliveryInterval", .subperiod_s = QUARTER,
          .time_form = "%m/%d/%Y", .stamps = MAPPING_HOUR_ENDING, .zone = "America/Chicago",
          .marker = "DSTFlag", .marker_second = "Y", .column = "SettlementPointPrice", .unit = "USD/MWh",
          .name_column = "SettlementPointName" },
        { .name = "caiso_lmp", .about = "CAISO OASIS PRC_LMP; name the node. Its price column is called MW",
          .time = "INTERVALSTARTTIME_GMT", .column = "MW", .unit = "USD/MWh", .name_column = "NODE",
          .where = { { "LMP_TYPE", "LMP" } }, .n_where = 1 },
        { .name = "pjm_da_lmp", .about = "PJM Data Miner 2 da_hrl_lmps; name the pnode",
          .time = "datetime_beginning_utc", .time_form = "%m/%d/%Y %I:%M:%S %p||iso", .zone = "UTC",
          .column = "total_lmp_da", .unit = "USD/MWh", .name_column = "pnode_name",
          .where = { { "row_is_current", "true" } }, .n_where = 1 },
        { .name = "pjm_rt_lmp", .about = "PJM Data Miner 2 rt_hrl_lmps; name the pnode",
          .time = "datetime_beginning_utc", .time_form = "%m/%d/%Y %I:%M:%S %p||iso", .zone = "UTC",
          .column = "total_lmp_rt", .unit = "USD/MWh", .name_column = "pnode_name",
          .where = { { "row_is_current", "true" } }, .n_where = 1 },
        { .name = "nyiso_da", .about = "NYISO day-ahead zonal or generator LBMP; name the zone",
          .time = "Time Stamp", .time_form = "%m/%d/%Y %H:%M", .zone = "America/New_York",
          .column = "LBMP", .unit = "USD/MWh", .name_column = "Name" },
        { .name = "nyiso_rt", .about = "NYISO real-time LBMP: times are the ends of the intervals",
          .time = "Time Stamp", .time_form = "%m/%d/%Y %H:%M:%S", .zone = "America/New_York", .stamps = MAPPING_END,
          .column = "LBMP", .unit = "USD/MWh", .name_column = "Name" },
        { .name = "jepx_spot", .about = "JEPX spot_summary; the column is an area's price",
          .encoding = ENCODING_CP932, .ragged = true,
          .date = "受渡日||年月日", .period = "時刻コード", .period_s = 1800, .stamps = MAPPING_NUMBERED,
          .time_form = "%Y/%m/%d", .zone = "Asia/Tokyo", .column = "システムプライス" },
        { .name = "nrc_power", .about = "NRC Power Reactor Status, daily per cent of thermal power; needs ratings",
          .delimiter = '|', .date = "ReportDt", .time_form = "%m/%d/%Y||%m/%d/%Y %I:%M:%S %p",
          .zone = "America/New_York", .column = "Power", .unit = "%", .name_column = "Unit", .step_s = DAY },
        { .name = "octopus_agile", .about = "Octopus Energy unit rates, without VAT", .format = MAPPING_JSON,
          .rows = "results", .time = "valid_from", .column = "value_exc_vat", .unit = "p/kWh", .currency = "GBP",
          .step_s = 1800 },
        { .name = "awattar", .about = "aWATTar market data", .format = MAPPING_JSON, .rows = "data",
          .time = "start_timestamp", .time_form = "epoch-ms", .column = "marketprice", .unit_column = "unit",
          .unit = "EUR/MWh" },
        { .name = "uk_carbon_intensity", .about = "carbonintensity.org.uk: actual, else forecast",
          .format = MAPPING_JSON, .rows = "data", .time = "from",
          .column = "intensity.actual||intensity.forecast", .unit = "g/kWh" },
        { .name = "electricitymaps", .about = "Electricity Maps v3 carbon intensity: history, past range or forecast",
          .format = MAPPING_JSON, .rows = "forecast||history||data", .time = "datetime", .column = "carbonIntensity",
          .unit = "g/kWh" },
        { .name = "energy_charts", .about = "energy-charts.info price", .format = MAPPING_JSON, .arrays = true,
          .time = "unix_seconds", .time_form = "epoch", .column = "price", .unit_column = "unit", .unit = "EUR/MWh" },
        { .name = "entsoe_a44", .about = "ENTSO-E Transparency Platform, day-ahead prices by its API (A44, XML)",
          .format = MAPPING_ENTSOE_PRICES },
        { .name = "entsoe_a80", .about = "ENTSO-E Transparency Platform, outages by its API (A80, ZIP or XML); name units",
          .format = MAPPING_ENTSOE_OUTAGES },
        { .name = MAPPING_OWN, .about = "Offpeak's own CSV: time or timestamp_utc, and a column that names its unit",
          .comment = '#' },
        { .name = NULL },
};

const struct mapping *mappings_find(const char *name)
{
        for (const struct mapping *mapping = mappings; mapping->name != NULL; mapping++)
                if (strcmp(mapping->name, name) == 0)
                        return mapping;
        return NULL;
}

int mappings_need(const char *name, const struct mapping **ret_mapping, struct offpeak_error *err)
{
        const char *names[sizeof(mappings) / sizeof(mappings[0])], *nearest;
        char all[500] = "";
        size_t n = 0;

        *ret_mapping = mappings_find(name);
        if (*ret_mapping != NULL)
                return 0;
        for (; mappings[n].name != NULL; n++) {
                names[n] = mappings[n].name;
                strncat(all, n > 0 ? ", " : "", sizeof(all) - strlen(all) - 1);
                strncat(all, names[n], sizeof(all) - strlen(all) - 1);
        }
        nearest = text_nearest(name, names, n);
        if (nearest != NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "there is no mapping \"%.64s\" (did you mean \"%s\"?)", name,
                            nearest);
        return fail(err, OFFPEAK_ENOTFOUND, "there is no mapping \"%.64s\": there are %s", name, all);
}
