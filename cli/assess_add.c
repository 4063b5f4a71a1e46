/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/assess_add.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "cli/option_values.h"
#include "cli/signal_value.h"
#include "cli/simulate_series.h"
#include "supply/presets.h"

#define PPM INT64_C(1000000)
#define MOST_POWER_W INT64_C(1000000000000)
#define MOST_STORE_W  INT64_C(10000000000) /* as of a file */
#define MOST_STORE_WH INT64_C(1000000000000)

enum { MOST_WORDS = 5, REACTOR_CARBON = 12000, SOLAR_CARBON = 48000 }; /* mg/kWh: a configuration's own defaults */

/* One part: what=word:word...@site. */
struct part {
        char *what, *words[MOST_WORDS];
        size_t n_words;
        char *body; /* the words, before they were cut */
        const char *text;
        struct config *config;
        uint32_t site;
        struct assess_added *added;
};

static struct policy_site *site_of(const struct part *part)
{
        return &part->config->policy.sites[part->site];
}

void assess_added_finish(struct assess_added *added)
{
        for (size_t i = 0; i < added->n; i++)
                free(added->series[i].file);
        *added = (struct assess_added){ 0 };
}

static int add_series(const struct part *part, struct assess_series series, struct offpeak_error *err)
{
        struct assess_added *added = part->added;

        if (added->n == ASSESS_MOST_PARTS) {
                free(series.file);
                return fail(err, OFFPEAK_EINVAL, "more than %d series in one --add", ASSESS_MOST_PARTS);
        }
        series.site = part->site;
        added->series[added->n++] = series;
        return 0;
}

/* "50EUR/MWh" of the site's currency. 0; EINVAL without words if it is no price. */
static int take_price(const struct part *part, const char *text, int64_t *ret_price, struct offpeak_error *err)
{
        char currency[4];
        int code;

        if (!signal_value_is_price(text))
                return OFFPEAK_EINVAL;
        code = signal_value_read(text, SERIES_PRICE, "price", ret_price, currency, err);
        if (code == 0 && currency[0] != '\0' && strcmp(currency, site_of(part)->currency) != 0)
                code = fail(err, OFFPEAK_EINVAL, "\"%s\": site %s is in %s", text, site_of(part)->name,
                            site_of(part)->currency);
        return code;
}

/* ---- a reactor */

/* "voygr-4" is a plant; "voygr" are modules of the largest such plant. */
static const char *find_plant(const char *name, bool *ret_modules)
{
        const char *found = NULL;
        size_t size = strlen(name);

        for (size_t i = 0; preset_reactor_names[i] != NULL; i++) {
                const char *plant = preset_reactor_names[i];

                if (strcmp(plant, name) == 0) {
                        *ret_modules = false;
                        return plant;
                }
                if (strncmp(plant, name, size) == 0 && plant[size] == '-')
                        found = plant;
        }
        *ret_modules = true;
        return found;
}

/* To the nearest; none of them is below 0. */
static int64_t scaled(int64_t value, int64_t to, int64_t from)
{
        return (int64_t)(((__int128)value * to + from / 2) / from);
}

static void scale_units(struct supply_terms *terms, int64_t power_w)
{
        int64_t whole = 0;

        for (uint32_t u = 0; u < terms->n_reactors; u++)
                whole += terms->reactors[u].rating_w;
        for (uint32_t u = 0; u < terms->n_reactors; u++) {
                struct supply_reactor *unit = &terms->reactors[u];

                unit->rating_w = scaled(unit->rating_w, power_w, whole);
                unit->minimum_w = scaled(unit->minimum_w, power_w, whole);
                if (unit->ramp_w_per_min > 0) /* 0 would mean at once */
                        unit->ramp_w_per_min = scaled(unit->ramp_w_per_min, power_w, whole) + 1;
        }
}

static int take_count(const char *word, struct supply_terms *terms, struct offpeak_error *err)
{
        int64_t count;

        if (text_parse_decimal(word, strlen(word), 0, &count) != 0 || count < 1 || count > terms->n_reactors)
                return fail(err, OFFPEAK_EINVAL, "\"%s\": write a number of modules from 1 to %u", word,
                            terms->n_reactors);
        terms->n_reactors = (uint32_t)count;
        return 0;
}

/* No more than anybody has: above it money and energy would be too large to be told. */
static bool read_power(const char *word, int64_t *ret_w)
{
        return option_quantity(word, UNIT_POWER, false, 0, ret_w) && *ret_w <= MOST_POWER_W;
}

static int take_reactor_words(const struct part *part, struct supply_terms *terms, bool counted,
                              struct offpeak_error *err)
{
        int64_t power_w = 0, price;

        part->added->free_fuel = true;
        for (size_t i = 1; i < part->n_words; i++) {
                const char *word = part->words[i];

                if (word[strspn(word, "0123456789")] == '\0' && !counted) {
                        if (take_count(word, terms, err) != 0)
                                return err->code;
                        counted = true;
                } else if (signal_value_is_price(word)) {
                        if (take_price(part, word, &price, err) != 0)
                                return err->code;
                        terms->reactor_fuel = price;
                        part->added->free_fuel = false;
                } else if (!read_power(word, &power_w)) {
                        return fail(err, OFFPEAK_EINVAL,
                                    "\"%s\": is neither a number of modules, nor a power (40kW, up to 1 TW), nor a "
                                    "cost of fuel "
                                    "(9%s/MWh)",
                                    word, site_of(part)->currency);
                }
        }
        if (!counted)
                return fail(err, OFFPEAK_EINVAL, "how many modules? Write reactor=%s:1", part->words[0]);
        if (power_w > 0)
                scale_units(terms, power_w);
        return 0;
}

static int64_t rating_of(const struct supply_reactor *units, uint32_t n)
{
        int64_t sum = 0;

        for (uint32_t u = 0; u < n; u++)
                sum += units[u].rating_w;
        return sum;
}

/* The one that comes with the plant, as large as what is left of that, unless the site has one already. */
static void take_plant_store(const struct part *part, const char *plant, struct supply_terms *terms)
{
        struct supply_reactor whole[SUPPLY_MAX_REACTORS];
        struct supply_store store;
        int64_t from, to = rating_of(terms->reactors, terms->n_reactors);
        uint32_t n;

        if (!preset_store(plant, &store))
                return;
        if (terms->has_store) {
                part->added->store_left = true;
                return;
        }
        preset_reactors(plant, whole, &n);
        from = rating_of(whole, n);
        store.energy_wh = scaled(store.energy_wh, to, from);
        store.charge_w = scaled(store.charge_w, to, from);
        store.discharge_w = scaled(store.discharge_w, to, from);
        terms->store = store;
        terms->has_store = true;
}

static int take_reactor(const struct part *part, struct offpeak_error *err)
{
        struct supply_terms *terms = &site_of(part)->terms;
        bool modules;
        const char *plant = find_plant(part->words[0], &modules);
        char known[200] = "";

        for (size_t i = 0; preset_reactor_names[i] != NULL; i++)
                text_list_add(known, sizeof(known), preset_reactor_names[i]);
        if (plant == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "there is no plant \"%s\": there are %s", part->words[0], known);
        if (terms->has_reactor)
                return fail(err, OFFPEAK_EINVAL, "site %s has a reactor: write its units in a file, and use --with",
                            site_of(part)->name);
        preset_reactors(plant, terms->reactors, &terms->n_reactors);
        terms->has_reactor = true;
        terms->reactor_carbon = REACTOR_CARBON;
        if (take_reactor_words(part, terms, !modules, err) != 0)
                return err->code;
        take_plant_store(part, plant, terms);
        return 0;
}

/* ---- an agreement */

static void name_ppa(struct supply_terms *terms, struct supply_ppa *ppa)
{
        for (unsigned number = 1;; number++) {
                bool taken = false;

                snprintf(ppa->name, sizeof(ppa->name), number == 1 ? "added" : "added-%u", number);
                for (uint32_t i = 0; i < terms->n_ppas; i++)
                        taken = taken || strcmp(terms->ppas[i].name, ppa->name) == 0;
                if (!taken)
                        return;
        }
}

static int take_ppa(const struct part *part, struct offpeak_error *err)
{
        struct supply_terms *terms = &site_of(part)->terms;
        struct supply_ppa ppa = {
                .kind = PPA_BASELOAD, .take_or_pay = true, .share_ppm = PPM, .carbon = SERIES_UNKNOWN
        };
        char none[4];
        int code;

        if (part->n_words < 2 || part->n_words > 3 || !read_power(part->words[1], &ppa.power_w) ||
            !signal_value_is_price(part->words[0]))
                return fail(err, OFFPEAK_EINVAL, "write ppa=50%s/MWh:3MW (above 0, up to 1 TW), and perhaps :12g/kWh",
                            site_of(part)->currency);
        code = take_price(part, part->words[0], &ppa.strike, err);
        if (code == 0 && part->n_words == 3)
                code = signal_value_read(part->words[2], SERIES_CARBON, "carbon intensity", &ppa.carbon, none, err);
        if (code != 0)
                return code;
        if (ppa.strike < 0)
                return fail(err, OFFPEAK_EINVAL, "\"%s\": a strike cannot be negative", part->words[0]);
        if (terms->n_ppas == SUPPLY_MAX_PPAS)
                return fail(err, OFFPEAK_EINVAL, "site %s has %d agreements, and more are not supported",
                            site_of(part)->name, SUPPLY_MAX_PPAS);
        if (terms->grid_limit_w == 0)
                return fail(err, OFFPEAK_EINVAL, "site %s has no grid for an agreement to come through",
                            site_of(part)->name);
        part->added->no_carbon = part->added->no_carbon || ppa.carbon == SERIES_UNKNOWN;
        name_ppa(terms, &ppa);
        terms->ppas[terms->n_ppas++] = ppa;
        return 0;
}

/* ---- the sun */

static int take_solar(const struct part *part, struct offpeak_error *err)
{
        struct supply_terms *terms = &site_of(part)->terms;
        struct assess_series series = { 0 };
        char *colon = strrchr(part->body, ':');

        if (colon == NULL || colon == part->body || !read_power(colon + 1, &series.peak_w))
                return fail(err, OFFPEAK_EINVAL,
                            "write solar=FILE:2MW: what it produces, and its highest power (above 0, up to 1 TW)");
        if (terms->has_solar)
                return fail(err, OFFPEAK_EINVAL, "site %s has solar power: write both in a file, and use --with",
                            site_of(part)->name);
        terms->has_solar = true;
        terms->solar_carbon = SOLAR_CARBON;
        series.file = strndup(part->body, (size_t)(colon - part->body));
        return series.file != NULL ? add_series(part, series, err) : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- the connection */

static int take_limit(const struct part *part, struct offpeak_error *err)
{
        struct supply_terms *terms = &site_of(part)->terms;
        const char *text = part->body;
        size_t size = strlen(text);
        int64_t share;

        if (terms->grid_limit_w == 0)
                return fail(err, OFFPEAK_EINVAL, "site %s has no grid: write one in a file, and use --with",
                            site_of(part)->name);
        if (size > 1 && text[size - 1] == '%' && (text[0] == '+' || text[0] == '-') &&
            text_parse_decimal(text, size - 1, 4, &share) == 0 && share > -PPM && share <= 1000 * PPM) {
                share += PPM;
                if (terms->grid_limit_w != INT64_MAX)
                        terms->grid_limit_w = scaled(terms->grid_limit_w, share, PPM);
                terms->grid_firm_w = scaled(terms->grid_firm_w, share, PPM);
                terms->grid_curtailable_w = scaled(terms->grid_curtailable_w, share, PPM);
                return add_series(part, (struct assess_series){ .share_ppm = share }, err);
        }
        if (terms->has_firm || part->config->files[part->site].limit.path != NULL)
                return fail(err, OFFPEAK_EINVAL,
                            "the limit of site %s is not one value: write a share, limit=+30%%, or use --with",
                            site_of(part)->name);
        if (!read_power(text, &terms->grid_limit_w))
                return fail(err, OFFPEAK_EINVAL, "write limit=+30%% or limit=5MW");
        return 0;
}

/* ---- a battery */

/* "85%" or "0.85", there and back: half of what is lost is lost on the way in. 10 % at the least, as of a file. */
static bool read_efficiency(const char *word, struct supply_store *store)
{
        size_t size = strlen(word);
        bool percent = size > 1 && word[size - 1] == '%';
        int64_t both;

        if (text_parse_decimal(word, percent ? size - 1 : size, percent ? 4 : 6, &both) != 0 || both < PPM / 10 ||
            both > PPM)
                return false;
        store->charge_ppm = store->discharge_ppm = llround(sqrt((double)both * (double)PPM));
        return true;
}

static int take_battery(const struct part *part, struct offpeak_error *err)
{
        struct supply_terms *terms = &site_of(part)->terms;
        struct supply_store store = { .charge_ppm = PPM, .discharge_ppm = PPM };

        if (part->n_words < 2 || part->n_words > 3 || !read_power(part->words[0], &store.charge_w) ||
            store.charge_w > MOST_STORE_W ||
            !option_quantity(part->words[1], UNIT_ENERGY, false, 0, &store.energy_wh) ||
            store.energy_wh > MOST_STORE_WH || (part->n_words == 3 && !read_efficiency(part->words[2], &store)))
                return fail(
                        err, OFFPEAK_EINVAL,
                        "write battery=2MW:8MWh (up to 10 GW and 1000 GWh), and perhaps its efficiency there and back, "
                        ":85%% (10 to 100)");
        if (terms->has_store)
                return fail(err, OFFPEAK_EINVAL, "site %s has a store: write the other in a file, and use --with",
                            site_of(part)->name);
        store.discharge_w = store.charge_w;
        part->added->no_losses = part->added->no_losses || part->n_words == 2;
        terms->store = store;
        terms->has_store = true;
        return 0;
}

/* ---- all of it */

static int find_site(struct part *part, const char *name, struct offpeak_error *err)
{
        const struct policy *policy = &part->config->policy;
        char known[200] = "";

        for (uint32_t s = 0; s < policy->n_sites; s++) {
                part->site = s;
                if (name != NULL ? strcmp(policy->sites[s].name, name) == 0 : policy->n_sites == 1)
                        return 0;
                text_list_add(known, sizeof(known), policy->sites[s].name);
        }
        if (name == NULL)
                return fail(err, OFFPEAK_EUSAGE, "at which site? Write @SITE behind it: there are %s", known);
        return fail(err, OFFPEAK_ENOTFOUND, "there is no site \"%s\": there are %s", name, known);
}

static int take_part(struct part *part, struct offpeak_error *err)
{
        if (strcmp(part->what, "reactor") == 0)
                return take_reactor(part, err);
        if (strcmp(part->what, "ppa") == 0)
                return take_ppa(part, err);
        if (strcmp(part->what, "solar") == 0)
                return take_solar(part, err);
        if (strcmp(part->what, "limit") == 0)
                return take_limit(part, err);
        if (strcmp(part->what, "battery") == 0)
                return take_battery(part, err);
        return fail(err, OFFPEAK_EINVAL,
                    "\"%s\" is not known: write reactor=, ppa=, solar=, limit= or battery=", part->what);
}

/* text is cut in place. */
static int add_part(char *text, struct config *config, struct assess_added *added, struct offpeak_error *err)
{
        struct part part = { .what = text, .text = text, .config = config, .added = added };
        char *equals = strchr(text, '='), *at = equals != NULL ? strrchr(equals, '@') : NULL, *words, *word, *rest;
        int code;

        if (equals == NULL || equals[1] == '\0' || equals[1] == '@')
                return fail(err, OFFPEAK_EINVAL,
                            "write reactor=, ppa=, solar=, limit= or battery=, and what there would be");
        *equals = '\0';
        part.body = equals + 1;
        if (at != NULL)
                *at++ = '\0';
        words = strdup(part.body);
        if (words == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (word = strtok_r(words, ":", &rest); word != NULL && part.n_words < MOST_WORDS;
             word = strtok_r(NULL, ":", &rest))
                part.words[part.n_words++] = word;
        code = find_site(&part, at, err);
        if (code == 0)
                code = part.n_words > 0 ? take_part(&part, err)
                                        : fail(err, OFFPEAK_EINVAL, "there is nothing behind =");
        free(words);
        return code;
}

int assess_add(const char *text, struct config *config, struct assess_added *ret_added, struct offpeak_error *err)
{
        char *copy = strdup(text), *rest, *part;
        int code = 0;

        *ret_added = (struct assess_added){ 0 };
        if (copy == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        part = strtok_r(copy, ",", &rest);
        if (part == NULL)
                code = fail(err, OFFPEAK_EINVAL, "there is nothing in it");
        for (; code == 0 && part != NULL; part = strtok_r(NULL, ",", &rest))
                code = add_part(part + strspn(part, " "), config, ret_added, err);
        free(copy);
        return code == 0 ? 0 : fail_at(err, "--add \"%s\"", text);
}

/* ---- series */

static void scale_series(struct series *series, int64_t to, int64_t from)
{
        for (size_t i = 0; i < series->n_points; i++)
                if (series->points[i].value != SERIES_UNKNOWN)
                        series->points[i].value = scaled(series->points[i].value, to, from);
}

static int take_sun(const struct assess_series *made, struct simulation *simulation, struct offpeak_error *err)
{
        const struct price_file plain = { 0 };
        struct series series;
        int64_t most = 0;
        char none[4];
        int code = simulate_series_read("--add solar", made->file, &plain, SERIES_CAPACITY,
                                        simulation->trial.policy.sites[made->site].name, &series, none, err);

        if (code != 0)
                return code;
        series.kind = (enum series_kind)SERIES_SOLAR;
        for (size_t i = 0; i < series.n_points; i++)
                most = series.points[i].value > most ? series.points[i].value : most;
        if (most > 0)
                scale_series(&series, made->peak_w, most);
        if (most == 0)
                code = fail(err, OFFPEAK_EINVAL, "--add solar: %s produces nothing", made->file);
        else if (trial_take(&simulation->trial, &series, TRIAL_TRUTH) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        series_finish(&series);
        return code;
}

static int scale_limit(struct assess_series *made, struct simulation *simulation, struct offpeak_error *err)
{
        const struct policy_site *site = &simulation->trial.policy.sites[made->site];

        for (size_t i = 0; i < simulation->trial.n_truth; i++) {
                struct series *series = &simulation->trial.truth[i];

                if (series->kind == SERIES_LIMIT && strcmp(series->site, site->name) == 0) {
                        scale_series(series, made->share_ppm, PPM);
                        made->was_there = true;
                }
        }
        if (!made->was_there && site->terms.grid_limit_w == INT64_MAX && !site->terms.has_firm)
                return fail(err, OFFPEAK_EINVAL, "--add limit: site %s has no limit to change: write limit=5MW, say",
                            site->name);
        return 0;
}

int assess_add_series(struct assess_added *added, struct simulation *simulation, struct offpeak_error *err)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < added->n; i++)
                code = added->series[i].file != NULL ? take_sun(&added->series[i], simulation, err)
                                                     : scale_limit(&added->series[i], simulation, err);
        return code;
}

/* ---- what it comes to in words */

static json_t *change_of(const struct assess_series *made, const char *site)
{
        char path[300], what[400], power[TEXT_SIZE];

        if (made->file != NULL) {
                snprintf(path, sizeof(path), "sites.%.200s.solar.series", site);
                snprintf(what, sizeof(what), "%.300s, scaled to %s", made->file,
                         text_format_power(made->peak_w, power));
        } else {
                snprintf(path, sizeof(path), "sites.%.200s.grid.limit_series", site);
                snprintf(what, sizeof(what), "each value times %.6g", (double)made->share_ppm / (double)PPM);
        }
        return json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:s, s:n}", "path", path, "what", what, "old", "new",
                         "old_means", "new_means", "unit", "needs", "reload", "means");
}

int assess_add_changes(const struct assess_added *added, const struct config *config, json_t *changes)
{
        for (size_t i = 0; i < added->n; i++) {
                const struct assess_series *made = &added->series[i];

                if ((made->file != NULL || made->was_there) &&
                    json_array_append_new(changes, change_of(made, config->policy.sites[made->site].name)) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}
