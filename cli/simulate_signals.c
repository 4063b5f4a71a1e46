/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_signals.c - what comes true in a simulation: series of a configuration's files, and of the command line. */
#include "cli/simulate_building.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/simulate_series.h"
#include "feeds/feed_text.h"
#include "feeds/file_text.h"

/* ---- series of the configuration */

static bool said_here(const struct building *building, const char *site, enum series_kind kind)
{
        const char *text = kind == SERIES_PRICE      ? building->options->price
                           : kind == SERIES_CARBON   ? building->options->carbon
                           : kind == SERIES_CAPACITY ? building->options->capacity
                                                     : NULL;

        return text != NULL && building->site != NULL && strcmp(building->site, site) == 0;
}

static int read_feed(const struct config_feed *feed, enum series_kind kind, const char *site, struct series *ret_series,
                     struct offpeak_error *err)
{
        struct csv_request request = { .file = feed->path, .kind = kind, .site = site };
        char *text;
        size_t size;
        int code = file_text_read(feed->path, FILE_TEXT_LARGEST, &text, &size, err);

        if (code != 0)
                return code;
        code = feed_text_read(feed->mapping, &request, text, size, ret_series, NULL, err);
        free(text);
        if (code == 0)
                ret_series->kind = kind; /* files have one kind for several */
        return code;
}

static int take_feed(struct building *building, const struct config_feed *feed, enum series_kind kind, const char *site,
                     struct offpeak_error *err)
{
        struct series series;
        int code;

        if ((feed->path == NULL && feed->url == NULL) || said_here(building, site, kind))
                return 0;
        if (feed->path == NULL)
                return fail(err, OFFPEAK_EINVAL,
                            "%s: the %s of site %s is fetched from an address: a simulation asks nobody. Save what it "
                            "says, and name the "
                            "file with --site %s and --%s",
                            building->options->config, series_kind_name(kind), site, site, series_kind_name(kind));
        code = read_feed(feed, series_kind_in_files(kind), site, &series, err);
        if (code != 0)
                return fail_at(err, "site %s", site);
        series.kind = kind;
        if (trial_take(&building->simulation->trial, &series, TRIAL_TRUTH) == 0)
                return 0;
        series_finish(&series);
        return building_no_memory(err);
}

int building_take_feeds(struct building *building, struct offpeak_error *err)
{
        int code = 0;

        for (size_t s = 0; building->config != NULL && code == 0 && s < building->config->policy.n_sites; s++) {
                const struct config_site_files *files = &building->config->files[s];
                const char *site = building->config->policy.sites[s].name;
                const struct {
                        const struct config_feed *feed;
                        int kind;
                } feeds[] = {
                        { &files->price, SERIES_PRICE },       { &files->carbon, SERIES_CARBON },
                        { &files->capacity, SERIES_CAPACITY }, { &files->limit, SERIES_LIMIT },
                        { &files->solar, SERIES_SOLAR },       { &files->export_price, SERIES_EXPORT_PRICE },
                };

                for (size_t i = 0; code == 0 && i < sizeof(feeds) / sizeof(feeds[0]); i++)
                        code = take_feed(building, feeds[i].feed, (enum series_kind)feeds[i].kind, site, err);
                for (int p = 0; code == 0 && p < SUPPLY_MAX_PPAS; p++)
                        code = take_feed(building, &files->ppas[p], (enum series_kind)((int)SERIES_PPA + p), site, err);
        }
        return code;
}

/* ---- series of the command line */

static int take_said(struct building *building, const char *option, const char *text,
                     const struct price_file *described, enum series_kind kind, enum trial_role role,
                     struct offpeak_error *err)
{
        struct simulation *simulation = building->simulation;
        struct series series;
        char currency[4];
        int code;

        if (text == NULL)
                return 0;
        if (building->site == NULL)
                return fail(err, OFFPEAK_EUSAGE, "%s: of which site? There are several: name one with --site", option);
        code = simulate_series_read(option, text, described, kind == SERIES_LIMIT ? SERIES_CAPACITY : kind,
                                    building->site, &series, currency, err);
        if (code != 0)
                return code;
        series.kind = kind;
        if (currency[0] != '\0')
                memcpy(simulation->currency, currency, sizeof(currency));
        if (trial_take(&simulation->trial, &series, role) == 0)
                return 0;
        series_finish(&series);
        return building_no_memory(err);
}

/* Of a site without a reactor: what its connection carries. */
static enum series_kind capacity_kind(const struct building *building)
{
        const struct policy_site *site = policy_site(&building->simulation->trial.policy, building->site);

        return site != NULL && site->terms.has_reactor ? SERIES_CAPACITY : SERIES_LIMIT;
}

int building_take_line(struct building *building, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        const struct price_file plain = { 0 };
        const struct {
                const char *option, *text;
                const struct price_file *described;
                enum series_kind kind;
                enum trial_role role;
        } said[] = {
                { "--price", options->price, &options->price_file, SERIES_PRICE, TRIAL_TRUTH },
                { "--carbon", options->carbon, &options->carbon_file, SERIES_CARBON, TRIAL_TRUTH },
                { "--capacity", options->capacity, &plain, capacity_kind(building), TRIAL_TRUTH },
                { "--price-forecast", options->price_forecast, &options->price_file, SERIES_PRICE, TRIAL_SEEN },
                { "--carbon-forecast", options->carbon_forecast, &options->carbon_file, SERIES_CARBON, TRIAL_SEEN },
        };
        int code = 0;

        for (size_t i = 0; code == 0 && i < sizeof(said) / sizeof(said[0]); i++)
                code = take_said(building, said[i].option, said[i].text, said[i].described, said[i].kind, said[i].role,
                                 err);
        return code;
}

/* All sites of a trial are in one currency: sums are made over them. */
int building_find_currency(struct building *building, struct offpeak_error *err)
{
        struct simulation *simulation = building->simulation;
        struct policy *policy = &simulation->trial.policy;

        if (building->options->config == NULL && simulation->currency[0] != '\0') {
                free(policy->sites[0].currency);
                policy->sites[0].currency = strdup(simulation->currency);
                return policy->sites[0].currency != NULL ? 0 : building_no_memory(err);
        }
        for (size_t s = 0; s < policy->n_sites; s++)
                if (strcmp(policy->sites[s].currency, policy->sites[0].currency) != 0)
                        return fail(err, OFFPEAK_EINVAL,
                                    "site %s is in %s and site %s in %s: nobody adds these up; simulate them apart",
                                    policy->sites[0].name, policy->sites[0].currency, policy->sites[s].name,
                                    policy->sites[s].currency);
        if (simulation->currency[0] != '\0' && strcmp(simulation->currency, policy->sites[0].currency) != 0)
                return fail(err, OFFPEAK_EINVAL, "--price: is in %s, and the site in %s", simulation->currency,
                            policy->sites[0].currency);
        snprintf(simulation->currency, sizeof(simulation->currency), "%.3s", policy->sites[0].currency);
        return 0;
}
