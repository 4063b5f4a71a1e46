/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_trial.c - options -> policy (a configuration's, or that of one plain site) -> nodes -> series -> jobs ->
 * what planners see.
 */
#include "cli/simulate_trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/period.h"
#include "cli/simulate_series.h"
#include "core/copy.h"
#include "core/room.h"
#include "feeds/feed_text.h"
#include "feeds/file_text.h"
#include "io/config.h"
#include "wire/utf8.h"

enum { DAY = 86400, GPU_W = 400, PER_NODE = 8, LEAST_HORIZON_D = 2, MOST_HORIZON_D = 30, PLAN_GAP_S = 300 };

/* Of long lists. Figures as docs/measurements.md has them: neither made a plan of thousands of jobs dearer by a per
 * cent. */
enum { MANY_JOBS = 5000, MANY_GAP_S = 3600, PLAN_WORK = 1000000 };

/* What a tonne counts where only carbon does: any figure would do, as long as lateness stays the worse. */
#define CARBON_ALONE 100

#define MICRO 1e6

struct building {
        struct simulation *simulation;
        const struct simulate_options *options;
        const struct config *config; /* NULL: none */
        const char *site;     /* whose the series of the command line are; NULL: there are several, and nobody said */
};

static int no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- policy */

static int plain_site(struct policy *policy, const struct simulate_options *options)
{
        policy->sites = calloc(1, sizeof(*policy->sites));
        if (policy->sites == NULL)
                return OFFPEAK_ENOMEM;
        policy->n_sites = 1;
        policy->sites[0].terms.grid_limit_w = INT64_MAX;
        policy->sites[0].terms.pue_ppm = options->pue_ppm != 0 ? options->pue_ppm : (int64_t)MICRO;
        policy->sites[0].name = strdup(options->site != NULL ? options->site : "cluster");
        policy->sites[0].currency = strdup("EUR"); /* until the prices tell */
        return policy->sites[0].name != NULL && policy->sites[0].currency != NULL ? 0 : OFFPEAK_ENOMEM;
}

/* Runs are as long as they say and starts as short, so nothing is kept back for those that are not; pausing is free. */
static int plain_class(struct policy *policy)
{
        struct policy_class *class = policy->classes = calloc(1, sizeof(*class));

        if (class == NULL)
                return OFFPEAK_ENOMEM;
        policy->n_classes = 1;
        policy_class_defaults(class);
        class->max_pauses = UINT32_MAX;
        class->min_run_s = class->start_cost_s = class->stop_grace_s = class->deadline_margin_ppm = 0;
        class->name = strdup("default");
        return class->name != NULL ? 0 : OFFPEAK_ENOMEM;
}

/* What the command line says of classes holds for all of them. */
static void tune_classes(struct policy *policy, const struct simulate_options *options)
{
        for (size_t c = 0; c < policy->n_classes; c++) {
                struct policy_class *class = &policy->classes[c];

                if (options->has_delay_cost)
                        class->delay_cost = options->delay_cost;
                if (options->has_max_delay)
                        class->max_delay_s = options->max_delay_s;
                if (options->has_start_cost)
                        class->start_cost_s = options->start_cost_s;
                if (options->has_carbon_price)
                        class->carbon_price = options->carbon_price;
        }
}

static int make_policy(struct building *building, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        struct policy *policy = &building->simulation->trial.policy;
        int code = 0;

        if (options->config != NULL) {
                if (policy_copy(&building->config->policy, policy) != 0)
                        code = no_memory(err);
        } else if (plain_site(policy, options) != 0 || plain_class(policy) != 0) {
                code = no_memory(err);
        }
        if (code != 0)
                return code;
        tune_classes(policy, options);
        building->site = policy->n_sites == 1 ? policy->sites[0].name : NULL;
        if (options->config == NULL || options->site == NULL)
                return 0;
        if (policy_site(policy, options->site) == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "--site %s: %s has no such site", options->site, options->config);
        building->site = options->site;
        return 0;
}

/* ---- nodes */

static int add_node(struct simulation *simulation, const char *site, int64_t gpus, int64_t gpu_milliwatts,
                    int64_t idle_milliwatts)
{
        char **name = room_for_one((void **)&simulation->names, simulation->n_names, sizeof(*name));
        struct trial_node *node =
                room_for_one((void **)&simulation->trial.nodes, simulation->trial.n_nodes, sizeof(*node));

        if (name == NULL || node == NULL || asprintf(name, "n%zu", simulation->n_names + 1) < 0)
                return OFFPEAK_ENOMEM;
        simulation->n_names++;
        *node = (struct trial_node){ *name, site, (uint32_t)gpus, (idle_milliwatts + 500) / 1000,
                                     (uint32_t)((gpu_milliwatts + 500) / 1000) };
        simulation->trial.n_nodes++;
        return 0;
}

/* The site that --nodes names, or the only one. NULL, with err. */
static const char *site_of(const struct building *building, const struct simulate_nodes *nodes,
                           struct offpeak_error *err)
{
        const struct policy *policy = &building->simulation->trial.policy;

        if (nodes->site == NULL && building->site == NULL)
                fail(err, OFFPEAK_EUSAGE, "at which of the sites? Write --nodes %s=4x8 for each of them",
                     policy->sites[0].name);
        if (nodes->site == NULL)
                return building->site;
        for (size_t s = 0; s < policy->n_sites; s++)
                if (strlen(policy->sites[s].name) == nodes->site_size &&
                    strncmp(policy->sites[s].name, nodes->site, nodes->site_size) == 0)
                        return policy->sites[s].name;
        fail(err, OFFPEAK_ENOTFOUND, "--nodes %s: there is no such site", nodes->site);
        return NULL;
}

static int add_nodes(struct building *building, const struct simulate_nodes *nodes, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        const char *site = site_of(building, nodes, err);
        int64_t gpu = nodes->gpu_milliwatts != 0     ? nodes->gpu_milliwatts
                      : options->gpu_milliwatts != 0 ? options->gpu_milliwatts
                                                     : GPU_W * 1000;

        if (site == NULL)
                return err->code;
        for (int64_t i = 0; i < nodes->count; i++)
                if (add_node(building->simulation, site, nodes->gpus, gpu, options->idle_milliwatts) != 0)
                        return no_memory(err);
        return 0;
}

static int make_nodes(struct building *building, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        int64_t each = options->gpus_per_node != 0 ? options->gpus_per_node : PER_NODE;
        struct simulate_nodes whole = { .count = options->gpus / each, .gpus = each };
        struct simulate_nodes rest = { .count = options->gpus % each != 0, .gpus = options->gpus % each };
        int code = 0;

        for (size_t i = 0; code == 0 && i < options->n_nodes; i++)
                code = add_nodes(building, &options->nodes[i], err);
        if (code == 0 && options->gpus != 0)
                code = add_nodes(building, &whole, err);
        if (code == 0 && options->gpus != 0)
                code = add_nodes(building, &rest, err);
        return code;
}

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
        return no_memory(err);
}

static int take_feeds(struct building *building, struct offpeak_error *err)
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
        return no_memory(err);
}

/* Of a site without a reactor: what its connection carries. */
static enum series_kind capacity_kind(const struct building *building)
{
        const struct policy_site *site = policy_site(&building->simulation->trial.policy, building->site);

        return site != NULL && site->terms.has_reactor ? SERIES_CAPACITY : SERIES_LIMIT;
}

static int take_line(struct building *building, struct offpeak_error *err)
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
static int find_currency(struct building *building, struct offpeak_error *err)
{
        struct simulation *simulation = building->simulation;
        struct policy *policy = &simulation->trial.policy;

        if (building->options->config == NULL && simulation->currency[0] != '\0') {
                free(policy->sites[0].currency);
                policy->sites[0].currency = strdup(simulation->currency);
                return policy->sites[0].currency != NULL ? 0 : no_memory(err);
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

/* ---- jobs */

void simulation_span(const struct simulation *simulation, int64_t *ret_first, int64_t *ret_end)
{
        const struct trial *trial = &simulation->trial;
        int64_t first = INT64_MIN;

        *ret_end = INT64_MAX;
        for (size_t i = 0; i < trial->n_truth; i++) {
                const struct series *series = &trial->truth[i];

                if (simulate_series_is_constant(series) || series->n_points == 0)
                        continue;
                first = series->points[0].start > first ? series->points[0].start : first;
                *ret_end = series->end < *ret_end ? series->end : *ret_end;
        }
        *ret_first = first == INT64_MIN ? 0 : first;
}

/* The list, with a zero behind it. Names stand in JSON: they must be UTF-8. */
static int read_list(const char *file, const char *name, char **ret_text, size_t *ret_size, struct offpeak_error *err)
{
        char *text, *larger;
        size_t size, line = 1;
        int code = file_text_read(file, FILE_TEXT_LARGEST, &text, &size, err);

        if (code != 0)
                return code;
        larger = realloc(text, size + 1);
        if (larger == NULL) {
                free(text);
                return no_memory(err);
        }
        larger[size] = '\0';
        for (size_t i = 0, step; i < size; i += step) {
                step = larger[i] != '\0' ? utf8_character(larger + i) : 0;
                line += larger[i] == '\n';
                if (step != 0)
                        continue;
                free(larger);
                return fail(err, OFFPEAK_EINVAL, "%s:%zu: is no text in UTF-8: save the list of jobs as UTF-8", name,
                            line);
        }
        *ret_text = larger;
        *ret_size = size;
        return 0;
}

static int read_jobs(struct building *building, int64_t epoch, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        const char *file = strcmp(options->jobs, "-") == 0 ? "/dev/stdin" : options->jobs;
        struct trial *trial = &building->simulation->trial;
        char *text;
        size_t size;
        int code = options->epoch != NULL ? period_when("--epoch", options->epoch, epoch, &epoch, err) : 0;

        if (code == 0)
                code = read_list(file, options->jobs, &text, &size, err);
        if (code != 0)
                return code;
        code = trace_parse(options->jobs, text, size, epoch, &trial->trace, err);
        free(text);
        return code;
}

static int64_t longest_wait(const struct trial *trial)
{
        int64_t longest = 0;

        for (size_t j = 0; j < trial->trace.n; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                const struct policy_class *class = policy_class(&trial->policy, job->class_name);
                int64_t max_delay = class != NULL ? class->max_delay_s : 0;
                int64_t wait = job->deadline != 0 ? job->deadline - job->submit : job->duration_s + max_delay;

                longest = wait > longest ? wait : longest;
        }
        return longest;
}

/* A value holds as long as anybody could still run. */
static void end_constants(struct trial *trial)
{
        int64_t first = INT64_MAX, last = INT64_MIN;

        for (size_t j = 0; j < trial->trace.n; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                int64_t end =
                        job->deadline > job->submit + job->duration_s ? job->deadline : job->submit + job->duration_s;

                first = job->submit < first ? job->submit : first;
                last = end > last ? end : last;
        }
        for (size_t i = 0; i < trial->n_truth; i++)
                if (simulate_series_is_constant(&trial->truth[i])) {
                        trial->truth[i].points[0].start = first - first % DAY;
                        trial->truth[i].end = last + MOST_HORIZON_D * DAY;
                }
}

/* As far ahead as some job may wait; plans of a configuration look as far as that says. */
static void set_planning(struct building *building)
{
        struct trial *trial = &building->simulation->trial;
        int64_t days = longest_wait(trial) / DAY + 1;

        trial->plan_gap_s = building->options->has_plan_gap ? building->options->plan_gap_s
                            : trial->trace.n > MANY_JOBS    ? MANY_GAP_S
                                                            : PLAN_GAP_S;
        if (building->options->config != NULL)
                return;
        days = days < LEAST_HORIZON_D ? LEAST_HORIZON_D : days > MOST_HORIZON_D ? MOST_HORIZON_D : days;
        trial->policy.plan_horizon_s = days * DAY;
        trial->policy.plan_work = PLAN_WORK;
        trial->policy.plan_interval_s = DAY / 4; /* nothing happens but what asks for a plan itself */
}

/* ---- what planners see */

static bool is_forecast(enum series_kind kind)
{
        return kind == SERIES_PRICE || kind == SERIES_CARBON;
}

static int blur_all(struct building *building, struct offpeak_error *err)
{
        struct trial *trial = &building->simulation->trial;
        uint64_t seed = (building->options->seed != 0 ? building->options->seed : 1) * UINT64_C(0x9e3779b97f4a7c15);

        for (size_t i = 0; i < trial->n_truth; i++) {
                struct series seen;

                if (!is_forecast(trial->truth[i].kind))
                        continue;
                if (simulate_series_blur(&trial->truth[i], building->options->sigma, &seed, &seen) != 0 ||
                    trial_take(trial, &seen, TRIAL_SEEN) != 0)
                        return no_memory(err);
        }
        return 0;
}

/* Where only carbon counts, policies go by prices of 0; what is paid is told all the same. */
static int hide_prices(struct trial *trial, struct offpeak_error *err)
{
        for (size_t i = 0; i < trial->n_truth; i++) {
                struct series nothing;

                if (trial->truth[i].kind != SERIES_PRICE)
                        continue;
                if (simulate_series_void(&trial->truth[i], &nothing) != 0)
                        return no_memory(err);
                if (trial_take(trial, &trial->truth[i], TRIAL_PAID) != 0) {
                        series_finish(&nothing);
                        return no_memory(err);
                }
                trial->truth[i] = nothing;
        }
        for (size_t i = trial->n_seen; i > 0; i--)
                if (trial->seen[i - 1].kind == SERIES_PRICE) {
                        series_finish(&trial->seen[i - 1]);
                        trial->seen[i - 1] = trial->seen[--trial->n_seen];
                }
        return 0;
}

static void find_out(struct building *building)
{
        struct simulation *simulation = building->simulation;

        for (size_t i = 0; i < simulation->trial.n_truth; i++) {
                simulation->priced = simulation->priced || simulation->trial.truth[i].kind == SERIES_PRICE;
                simulation->carbon_known = simulation->carbon_known || simulation->trial.truth[i].kind == SERIES_CARBON;
        }
        simulation->objective = building->options->objective;
        if (simulation->objective == SIMULATE_AS_CONFIGURED && building->options->config == NULL)
                simulation->objective = simulation->priced ? SIMULATE_COST : SIMULATE_CARBON;
}

static int set_objective(struct building *building, struct offpeak_error *err)
{
        struct simulation *simulation = building->simulation;
        struct trial *trial = &simulation->trial;
        bool alone = simulation->objective == SIMULATE_CARBON;

        simulation->carbon_price = CARBON_ALONE;
        for (size_t c = 0; c < trial->policy.n_classes; c++)
                if (simulation->objective == SIMULATE_COST || alone)
                        trial->policy.classes[c].carbon_price = alone ? (int64_t)(CARBON_ALONE * MICRO) : 0;
        return alone ? hide_prices(trial, err) : 0;
}

static int set_sight(struct building *building, struct offpeak_error *err)
{
        struct trial *trial = &building->simulation->trial;

        if (building->options->forecast == SIMULATE_MODEL)
                trial->sight = TRIAL_SEES_PUBLISHED;
        else if (building->options->forecast == SIMULATE_NOISE || trial->n_seen > 0)
                trial->sight = TRIAL_SEES_GIVEN;
        return building->options->forecast == SIMULATE_NOISE ? blur_all(building, err) : 0;
}

/* ---- all of it */

int simulation_open(struct simulation *simulation, const struct simulate_options *options, const struct config *config,
                    struct offpeak_error *err)
{
        struct building building = { .simulation = simulation, .options = options, .config = config };
        int code;

        *simulation = (struct simulation){ 0 };
        trial_init(&simulation->trial);
        code = make_policy(&building, err);
        if (code == 0)
                code = make_nodes(&building, err);
        if (code == 0)
                code = take_feeds(&building, err);
        if (code == 0)
                code = take_line(&building, err);
        return code == 0 ? find_currency(&building, err) : code;
}

int simulation_take_jobs(struct simulation *simulation, const struct simulate_options *options, int64_t epoch,
                         struct offpeak_error *err)
{
        struct building building = { .simulation = simulation, .options = options };
        int code = read_jobs(&building, epoch, err);

        if (code == 0) {
                end_constants(&simulation->trial);
                set_planning(&building);
                find_out(&building);
                code = set_sight(&building, err);
        }
        if (code == 0)
                code = set_objective(&building, err);
        return code == 0 ? trial_prepare(&simulation->trial, options->config != NULL, err) : code;
}

int simulation_init(struct simulation *simulation, const struct simulate_options *options, struct offpeak_error *err)
{
        struct config config;
        int64_t epoch, end;
        int code = 0;

        *simulation = (struct simulation){ 0 };
        trial_init(&simulation->trial);
        if (options->config != NULL)
                code = config_read(options->config, &config, err);
        if (code != 0)
                return code;
        code = simulation_open(simulation, options, options->config != NULL ? &config : NULL, err);
        if (code == 0) {
                simulation_span(simulation, &epoch, &end);
                code = simulation_take_jobs(simulation, options, epoch, err);
        }
        if (options->config != NULL)
                config_finish(&config);
        return code;
}

void simulation_finish(struct simulation *simulation)
{
        trial_finish(&simulation->trial);
        for (size_t i = 0; i < simulation->n_names; i++)
                free(simulation->names[i]);
        free(simulation->names);
        *simulation = (struct simulation){ 0 };
}
