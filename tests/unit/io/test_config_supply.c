/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/config.h"
#include "io/config_supply.h"
#include "supply/presets.h"

#define MW INT64_C(1000000)
#define SITE(text) "sites:\n  - {name: a, currency: EUR, " text "}\n"

static char path[64];

static int set_up(void **state)
{
        int fd;

        (void)state;
        strcpy(path, "/tmp/offpeak-config-XXXXXX");
        fd = mkstemp(path);
        assert_true(fd >= 0);
        close(fd);
        setenv("STATE_DIRECTORY", "/var/lib/unit", 1);
        setenv("RUNTIME_DIRECTORY", "/run/unit", 1);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        return unlink(path);
}

static int read_text(const char *text, struct config *config, struct offpeak_error *err)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        return config_read(path, config, err);
}

static struct config good(const char *text)
{
        struct offpeak_error err = { 0 };
        struct config config;

        if (read_text(text, &config, &err) != 0)
                fail_msg("%s", err.text);
        return config;
}

/* The error must be "FILE:where: text", to the letter. */
static void refused(const char *text, const char *expected)
{
        struct offpeak_error err = { 0 };
        struct config config;

        if (read_text(text, &config, &err) == 0)
                fail_msg("accepted:\n%s", text);
        assert_int_equal(err.code, OFFPEAK_ECONFIG);
        assert_memory_equal(err.text, path, strlen(path));
        assert_string_equal(err.text + strlen(path) + 1, expected);
}

static const char full[] = "sites:\n"
                           "  - name: hanford\n"
                           "    currency: EUR\n"
                           "    grid:\n"
                           "      price: /p.csv\n"
                           "      limit: 30 MW\n"
                           "      adder_per_mwh: 5\n"
                           "      tax: 0.19\n"
                           "      firm: 20 MW\n"
                           "      curtailable: 10 MW\n"
                           "      export_limit: 15 MW\n"
                           "      export_price: /x.csv\n"
                           "      utc_offset: \"+01:00\"\n"
                           "      demand:\n"
                           "        - {per_kw: 12.5, window: month, interval: 15m, hours: 07-20 Mon-Fri, contract: 5 MW, "
                           "minimum_share: 0.85}\n"
                           "        - {per_kw: 2}\n"
                           "    ppa:\n"
                           "      wind: {kind: as_produced, strike_per_mwh: 41.5, share: 0.25, series: /w.csv, take_or_pay: no, behind_meter: yes,\n"
                           "             start: 2026-01-01T00:00:00Z, end: 2036-01-01T00:00:00Z, carbon_g_per_kwh: 11}\n"
                           "      helion: {preset: helion, strike_per_mwh: 60}\n"
                           "      paper: {kind: virtual, power: 3 MW, strike_per_mwh: 50, carbon_g_per_kwh: 0}\n"
                           "    solar: {series: /s.csv}\n"
                           "    reactor:\n"
                           "      fuel_cost_per_mwh: 8\n"
                           "      house_load: 4 MW\n"
                           "      units:\n"
                           "        - {name: u1, rating: 77 MW, minimum: 15 MW, ramp_per_min: 770 kW, restart: 24h}\n"
                           "        - {name: u2, rating: 77 MW}\n"
                           "      outages:\n"
                           "        - {unit: u2, from: 2026-11-01T00:00:00Z, to: 2026-11-20T00:00:00Z, power: 10 MW}\n";

static void a_tariff(void **state)
{
        struct config c = good(full);
        const struct supply_terms *t = &c.policy.sites[0].terms;

        (void)state;
        assert_int_equal(t->grid_tax_ppm, 190000);
        assert_true(t->has_firm);
        assert_int_equal(t->grid_firm_w, 20 * MW);
        assert_int_equal(t->grid_curtailable_w, 10 * MW);
        assert_int_equal(t->export_limit_w, 15 * MW);
        assert_false(t->has_export_price);
        assert_string_equal(c.files[0].export_price.path, "/x.csv");
        assert_int_equal(t->utc_offset_s, 3600);
        assert_int_equal(t->n_demands, 2);
        assert_int_equal(t->demands[0].per_kw, 12500000);
        assert_int_equal(t->demands[0].interval_s, 900);
        assert_int_equal(t->demands[0].hours.days, 31);
        assert_int_equal(t->demands[0].hours.from_minute, 420);
        assert_int_equal(t->demands[0].hours.to_minute, 1200);
        assert_int_equal(t->demands[0].contract_w, 5 * MW);
        assert_int_equal(t->demands[0].minimum_share_ppm, 850000);
        assert_int_equal(t->demands[1].interval_s, 900);
        assert_int_equal(t->demands[1].hours.days, 0);
        assert_int_equal(t->demands[1].minimum_share_ppm, 0);
        config_finish(&c);
}

static void agreements_and_plant(void **state)
{
        struct config c = good(full);
        const struct supply_terms *t = &c.policy.sites[0].terms;

        (void)state;
        assert_int_equal(t->n_ppas, 3);
        assert_string_equal(t->ppas[0].name, "wind");
        assert_int_equal(t->ppas[0].kind, PPA_AS_PRODUCED);
        assert_true(t->ppas[0].has_series);
        assert_false(t->ppas[0].take_or_pay);
        assert_true(t->ppas[0].behind_meter);
        assert_false(t->ppas[1].behind_meter);
        assert_int_equal(t->ppas[0].strike, 41500000);
        assert_int_equal(t->ppas[0].share_ppm, 250000);
        assert_int_equal(t->ppas[0].start, INT64_C(1767225600));
        assert_int_equal(t->ppas[0].carbon, 11000);
        assert_string_equal(c.files[0].ppas[0].path, "/w.csv");
        assert_int_equal(t->ppas[1].kind, PPA_BASELOAD);
        assert_int_equal(t->ppas[1].power_w, 50 * MW);
        assert_int_equal(t->ppas[1].strike, 60 * MW);
        assert_true(t->ppas[1].take_or_pay);
        assert_null(c.files[0].ppas[1].path);
        assert_int_equal(t->ppas[2].kind, PPA_VIRTUAL);
        assert_true(t->has_solar);
        assert_int_equal(t->solar_carbon, 48000);
        assert_string_equal(c.files[0].solar.path, "/s.csv");
        assert_true(t->has_reactor);
        assert_int_equal(t->reactor_house_w, 4 * MW);
        assert_int_equal(t->n_reactors, 2);
        assert_int_equal(t->reactors[0].ramp_w_per_min, 770000);
        assert_int_equal(t->reactors[0].restart_s, 86400);
        assert_int_equal(t->n_outages, 1);
        assert_int_equal(t->outages[0].unit, 1);
        assert_int_equal(t->outages[0].power_w, 10 * MW);
        config_finish(&c);
}

static void a_preset_is_a_plant(void **state)
{
        struct config c = good(SITE("reactor: {preset: xe-100, fuel_cost_per_mwh: 8, outages: [{unit: u4, from: "
                                    "2026-11-01T00:00:00Z, to: 2026-11-02T00:00:00Z}]}"));

        (void)state;
        assert_int_equal(c.policy.sites[0].terms.n_reactors, 4);
        assert_int_equal(c.policy.sites[0].terms.reactors[3].rating_w, 80 * MW);
        assert_int_equal(c.policy.sites[0].terms.outages[0].unit, 3);
        assert_null(c.files[0].capacity.path);
        config_finish(&c);
        c = good(SITE("solar: {series: s.csv}")); /* off the grid */
        assert_int_equal(c.policy.sites[0].terms.grid_limit_w, 0);
        config_finish(&c);
        c = good(SITE("grid: {export_limit: 1 MW, export_price_per_mwh: -3}"));
        assert_true(c.policy.sites[0].terms.has_export_price);
        assert_int_equal(c.policy.sites[0].terms.export_price, -3 * MW);
        config_finish(&c);
}

static void hours(void **state)
{
        static const struct {
                const char *text;
                struct supply_hours hours;
        } good_ones[] = {
                { "07-20 Mon-Fri", { 31, 420, 1200 } },  { "07:30-20:05", { 127, 450, 1205 } },
                { "0-24 sat,sun", { 96, 0, 1440 } },     { "00-24 Sat-Mon", { 97, 0, 1440 } },
                { "09-10  Mon,Wed-Thu", { 13, 540, 600 } },
        };
        static const char *const bad[] = { "",       "07",       "07-",        "20-07",      "07-07",    "07-25",     "07-24:01",
                                           "07:60-8", "-1-7",    "07-20 ",     "07-20Mon",   "07-20 Mo", "07-20 Mon-", "07-20 Mon,",
                                           "07-20 Monday", "7:-8", "07-20 Mon Tue" };

        (void)state;
        for (size_t i = 0; i < sizeof(good_ones) / sizeof(good_ones[0]); i++) {
                struct supply_hours taken;

                assert_true(config_parse_hours(good_ones[i].text, &taken));
                assert_int_equal(taken.days, good_ones[i].hours.days);
                assert_int_equal(taken.from_minute, good_ones[i].hours.from_minute);
                assert_int_equal(taken.to_minute, good_ones[i].hours.to_minute);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct supply_hours untouched = { .days = 99 };

                assert_false(config_parse_hours(bad[i], &untouched));
                assert_int_equal(untouched.days, 99);
        }
}

static void a_wrong_tariff(void **state)
{
        (void)state;
        refused(SITE("grid: {tax: 19}"), "2:42: \"tax\" is 19: 1 is the most allowed");
        refused(SITE("grid: {export_limit: 5 MW}"),
                "2:51: what is exported has no price: add \"export_price\" or \"export_price_per_mwh\"");
        refused(SITE("grid: {export_price_per_mwh: 5}"), "2:59: nothing can be exported: add \"export_limit\"");
        refused(SITE("grid: {export_limit: 1 MW, export_price: a.csv, export_price_per_mwh: 5}"),
                "2:100: there is \"export_price\" as well: a series or a constant, not both");
        refused(SITE("grid: {limit: 5 MW, firm: 6 MW}"), "2:56: \"firm\" is more than \"limit\"");
        refused(SITE("grid: {curtailable: 6 MW}"), "2:50: \"curtailable\" comes on top of \"firm\", which is missing");
        refused(SITE("grid: {limit: 5 MW, firm: 3 MW, curtailable: 3 MW}"),
                "2:75: \"firm\" and \"curtailable\" together are more than \"limit\"");
        refused(SITE("grid: {firm: 2000 GW}"), "2:43: \"firm\" is 2000 GW: 1000 GW is the most allowed");
        refused(SITE("grid: {}, pue: {fixed: 11 GW}"), "2:53: \"fixed\" is 11 GW: 10 GW is the most allowed");
        refused(SITE("grid: {utc_offset: 1h}"),
                "2:49: \"utc_offset\": \"1h\" is no offset: write \"+01:00\", in steps of 15 minutes");
        refused(SITE("grid: {demand: [{interval: 15m}]}"), "2:46: \"per_kw\" is missing here");
        refused(SITE("grid: {demand: [{per_kw: 1, window: year}]}"),
                "2:66: \"window: year\" is not supported yet: leave the key out, or write month");
        refused(SITE("grid: {demand: [{per_kw: 1, interval: 7m}]}"),
                "2:68: \"interval\" is 7m: write 5m or a multiple of it that divides a day");
        refused(SITE("grid: {demand: [{per_kw: 1, interval: 15}]}"), "2:68: \"interval\" has no unit: write 15m, 15h or 15s");
        refused(SITE("grid: {demand: [{per_kw: 1, hours: always}]}"),
                "2:65: \"hours\": \"always\" is no hours of the week: write 07-20 Mon-Fri, or 07:30-20:00 for every day; over "
                "midnight they are two");
        refused(SITE("grid: {demand: [{per_kw: 1, hours: 07:01-08}]}"),
                "2:65: \"hours\" is 07:01-08: write times in steps of five minutes");
        refused(SITE("grid: {demand: [{per_kw: 1, minimum_share: 0.85}]}"),
                "2:73: \"minimum_share\" is a share of \"contract\", which is missing");
        refused(SITE("grid: {demand: [{per_kw: 1}, {per_kw: 1}, {per_kw: 1}, {per_kw: 1}, {per_kw: 1}]}"),
                "2:107: more than 4 demand charges are not supported");
}

static void a_wrong_agreement(void **state)
{
        (void)state;
#define PPA(text) SITE("grid: {}, ppa: {w: {strike_per_mwh: 9, " text "}}")
        refused(SITE("grid: {}, ppa: {w: {kind: baseload}}"), "2:49: \"strike_per_mwh\" is missing here");
        refused(PPA("carbon_g_per_kwh: 0"), "2:46: agreement \"w\" has no \"kind\": write as_produced, baseload or virtual");
        refused(PPA("kind: solar"), "2:75: \"kind\": \"solar\" is not known: write as_produced, baseload or virtual");
        refused(PPA("kind: as_produced, carbon_g_per_kwh: 0"),
                "2:46: agreement \"w\" is as_produced: give its production as \"series\", and no \"power\"");
        refused(PPA("kind: as_produced, carbon_g_per_kwh: 0, series: a.csv, power: 5 MW"),
                "2:131: agreement \"w\" is as_produced: give its production as \"series\", and no \"power\"");
        refused(PPA("kind: baseload, carbon_g_per_kwh: 0"),
                "2:46: agreement \"w\" is baseload: give its \"power\", and no \"series\"");
        refused(PPA("kind: virtual, carbon_g_per_kwh: 0"),
                "2:46: agreement \"w\" is virtual: give either \"series\" or \"power\"");
        refused(PPA("kind: baseload, power: 5 MW, share: 0.5, carbon_g_per_kwh: 0"),
                "2:105: \"share\" is of a production: without \"series\" there is none");
        refused(PPA("kind: baseload, power: 5 MW"),
                "2:46: agreement \"w\" has no \"carbon_g_per_kwh\": what is not known is not zero");
        refused(SITE("solar: {series: s.csv}, ppa: {w: {preset: helion, strike_per_mwh: 9}}"),
                "2:60: agreement \"w\" comes through the grid, and the site has none: add \"grid\", or say behind_meter: true");
        refused(PPA("preset: hellion"), "2:77: \"preset\": \"hellion\" is not known: write helion");
        refused(PPA("preset: helion, end: 2028-01-01T00:00:00Z"), "2:90: agreement \"w\" ends before it starts");
        refused(PPA("kind: virtual, power: 5, carbon_g_per_kwh: 0"),
                "2:91: \"power\": \"5\" is no power with a unit: write it as 20 MW, 5 kW or 300 W");
        refused(SITE("grid: {}, ppa: {a: {preset: helion, strike_per_mwh: 1}, a: {preset: helion, strike_per_mwh: 1}}"),
                "2:86: agreement \"a\" is there twice");
}

static void what_stands_in_for_a_signal(void **state)
{
        struct config config = good(SITE("grid: {price: {file: /p.csv, stale_after: 36h, fallback: forecast}, "
                                         "carbon: {file: /c.csv, fallback: 400 g/kWh}, export_limit: 1 MW, "
                                         "export_price: {file: /x.csv, fallback: 0.02 EUR/kWh}, "
                                         "limit_series: {file: /l.csv, fallback: last}}, "
                                         "reactor: {fuel_cost_per_mwh: 6, capacity: {file: /r.csv, stale_after: 10m, fallback: 0 MW}}"));
        const struct signal_rule *rules = config.policy.sites[0].signals;

        (void)state;
        assert_int_equal(rules[SERIES_PRICE].stale_after_s, 36 * 3600);
        assert_int_equal(rules[SERIES_PRICE].fallback, SIGNAL_TAKE_FORECAST);
        assert_int_equal(rules[SERIES_CARBON].stale_after_s, 0);
        assert_int_equal(rules[SERIES_CARBON].fallback, SIGNAL_TAKE_VALUE);
        assert_int_equal(rules[SERIES_CARBON].value, 400000);
        assert_int_equal(rules[SERIES_EXPORT_PRICE].value, 20 * 1000000);
        assert_int_equal(rules[SERIES_LIMIT].fallback, SIGNAL_TAKE_LAST);
        assert_int_equal(rules[SERIES_CAPACITY].stale_after_s, 600);
        assert_int_equal(rules[SERIES_CAPACITY].fallback, SIGNAL_TAKE_VALUE);
        assert_int_equal(rules[SERIES_CAPACITY].value, 0);
        assert_int_equal(rules[SERIES_SOLAR].fallback, SIGNAL_BY_KIND);
        assert_null(config.files[0].price.mapping); /* our own CSV, strictly, as if only the name stood there */
        config_finish(&config);
}

static void a_wrong_stand_in(void **state)
{
        (void)state;
        refused(SITE("grid: {price: {file: /p.csv, fallback: lats}}"),
                "2:69: \"fallback\": \"lats\" is not known: write last, forecast, or a value in EUR/MWh or ct/kWh");
        refused(SITE("grid: {price: {file: /p.csv, fallback: 80 USD/MWh}}"),
                "2:69: \"fallback\": \"80 USD/MWh\" is not in the site's currency, EUR");
        refused(SITE("grid: {limit_series: {file: /p.csv, fallback: 80 EUR/MWh}}"),
                "2:76: \"fallback\": \"80 EUR/MWh\" is not known: write last, forecast, or a value in MW");
        refused(SITE("grid: {limit_series: {file: /p.csv, fallback: -1 MW}}"), "2:76: \"fallback\": \"-1 MW\" is below zero");
        refused(SITE("grid: {price: {file: /p.csv, stale_after: 10}}"),
                "2:72: \"stale_after\" has no unit: write 10m, 10h or 10s");
}

static void a_wrong_plant(void **state)
{
        (void)state;
#define REACTOR(text) SITE("reactor: {fuel_cost_per_mwh: 8" text "}")
#define OUTAGE(text)  REACTOR(", units: {u1: {rating: 9 MW}}, outages: [{" text "}]")
        refused(REACTOR(""), "2:59: nobody says what the reactor can give: add \"capacity\", \"units\" or \"preset\"");
        refused(REACTOR(", preset: rbmk"),
                "2:70: \"preset\": \"rbmk\" is not known: write voygr-4, voygr-6, voygr-12, bwrx-300, xe-100, evinci or natrium");
        refused(REACTOR(", preset: evinci, units: {a: {rating: 1 MW}}"),
                "2:70: there are \"units\" as well: write the preset or units, not both");
        refused(REACTOR(", units: {a: {rating: 1 MW, minimum: 2 MW}}"),
                "2:97: \"minimum\" of unit \"a\" is more than its rating");
        refused(OUTAGE("unit: u2, from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z"),
                "2:108: \"unit\": there is no unit \"u2\" (did you mean \"u1\"?)");
        refused(OUTAGE("unit: u1, from: 2026-01-02T00:00:00Z, to: 2026-01-02T00:00:00Z"),
                "2:144: the outage ends before it begins");
        refused(OUTAGE("unit: u1, from: 2026-01-02T00:00:00Z, to: 2026-01-03T00:00:00Z, power: 10 MW"),
                "2:173: \"power\" is what the outage leaves: more than unit \"u1\" has");
        refused(SITE("solar: {}"), "2:37: \"series\" is missing here");
}

#define SUN "solar: {series: /s.csv}, "

/* Half of what is lost is lost on the way in: 0.81 is 0.9 times 0.9. */
static void a_battery(void **state)
{
        struct config config = good(SITE(SUN "battery: {energy: 100 MWh, power: 25 MW, efficiency: 0.81, reserve: 20 MWh, "
                                             "stored: {file: /b.csv, stale_after: 10m, fallback: 30 MWh, highest: 90 MWh}}"));
        const struct supply_terms *terms = &config.policy.sites[0].terms;
        const struct signal_rule *rule = &config.policy.sites[0].signals[SERIES_STORED];

        (void)state;
        assert_true(terms->has_store);
        assert_int_equal(terms->store.energy_wh, 100000000);
        assert_int_equal(terms->store.reserve_wh, 20000000);
        assert_int_equal(terms->store.charge_w, 25 * MW);
        assert_int_equal(terms->store.discharge_w, 25 * MW);
        assert_int_equal(terms->store.charge_ppm, 900000);
        assert_int_equal(terms->store.discharge_ppm, 900000);
        assert_false(terms->store.has_end_value);
        assert_false(terms->store.from_reactor);
        assert_string_equal(config.files[0].stored.path, "/b.csv");
        assert_int_equal(config.files[0].stored.highest, 90000000);
        assert_int_equal(rule->stale_after_s, 600);
        assert_int_equal(rule->fallback, SIGNAL_TAKE_VALUE);
        assert_int_equal(rule->value, 30000000);
        config_finish(&config);
}

static void a_reactors_storage(void **state)
{
        struct config config = good(SITE("reactor: {fuel_cost_per_mwh: 9, preset: natrium}"));
        struct supply_store preset;

        (void)state;
        assert_true(preset_store("natrium", &preset));
        assert_int_equal(config.policy.sites[0].terms.store.energy_wh, preset.energy_wh);
        config_finish(&config);
        config = good(SITE("reactor: {fuel_cost_per_mwh: 9, preset: natrium, storage: {reserve: 100 MWh, end_value_per_mwh: 8}}"));
        assert_int_equal(config.policy.sites[0].terms.store.discharge_w, preset.discharge_w);
        assert_int_equal(config.policy.sites[0].terms.store.reserve_wh, 100000000);
        assert_true(config.policy.sites[0].terms.store.has_end_value);
        assert_int_equal(config.policy.sites[0].terms.store.end_value, 8000000);
        assert_true(config.policy.sites[0].terms.store.from_reactor);
        config_finish(&config);
        config = good(SITE("reactor: {fuel_cost_per_mwh: 9, preset: xe-100, storage: {energy: 1 GWh, charge: 100 MW, discharge: 150 MW, "
                           "charge_efficiency: 0.99}}"));
        assert_true(config.policy.sites[0].terms.store.from_reactor);
        assert_int_equal(config.policy.sites[0].terms.store.charge_ppm, 990000);
        assert_int_equal(config.policy.sites[0].terms.store.discharge_ppm, 1000000);
        config_finish(&config);
        config = good(SITE("reactor: {fuel_cost_per_mwh: 9, preset: xe-100}"));
        assert_false(config.policy.sites[0].terms.has_store);
        config_finish(&config);
}

static void a_wrong_store(void **state)
{
        (void)state;
        refused(SITE(SUN "battery: {power: 25 MW}"), "2:12: \"battery\" does not say how much it holds: add \"energy\", 100 MWh say");
        refused(SITE(SUN "battery: {energy: 1 MWh, charge: 25 MW}"),
                "2:12: \"battery\" does not say how fast it is charged and discharged: add \"power\", or \"charge\" and "
                "\"discharge\"");
        refused(SITE(SUN "battery: {energy: 100 MW, power: 25 MW}"),
                "2:73: \"energy\": \"100 MW\" is no energy with a unit: write it as 100 MWh, 5 kWh or 300 Wh");
        refused(SITE(SUN "battery: {energy: 1 MWh, power: 11 GW}"),
                "2:87: \"power\" is 11 GW: it must be above 0, and 10 GW at the most");
        refused(SITE(SUN "battery: {energy: 1 MWh, power: 25 MW, reserve: 2 MWh}"),
                "2:103: \"reserve\" is more than \"energy\": nothing could ever be taken out");
        refused(SITE(SUN "battery: {energy: 1 MWh, power: 25 MW, charge: 2 MW}"),
                "2:102: there is \"power\" as well, which is both: write it, or \"charge\" and \"discharge\"");
        refused(SITE(SUN "battery: {energy: 1 MWh, power: 25 MW, efficiency: 9}"), "2:106: \"efficiency\" is 9: 1 is the most allowed");
        refused(SITE("reactor: {fuel_cost_per_mwh: 9, preset: natrium}, battery: {energy: 1 MWh, power: 25 MW}"),
                "2:12: site \"a\" has two stores, a battery and its reactor's: one is supported");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_tariff),       cmocka_unit_test(agreements_and_plant), cmocka_unit_test(a_preset_is_a_plant),
                cmocka_unit_test(hours),          cmocka_unit_test(a_wrong_tariff),       cmocka_unit_test(a_wrong_agreement),
                cmocka_unit_test(what_stands_in_for_a_signal),
                cmocka_unit_test(a_wrong_stand_in),
                cmocka_unit_test(a_wrong_plant),
                cmocka_unit_test(a_battery),
                cmocka_unit_test(a_reactors_storage),
                cmocka_unit_test(a_wrong_store),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
