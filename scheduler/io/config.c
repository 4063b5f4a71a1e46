/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - file -> text -> strings with places (config_yaml.c, config_schema.c) -> values with units (config_value.c)
 * -> struct config, part by part; then what must hold between parts.
 */
#include "io/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/text.h"
#include "io/config_feed.h"
#include "io/config_limits.h"
#include "io/config_schema.h"
#include "io/config_signal.h"
#include "io/config_supply.h"
#include "io/config_value.h"
#include "io/config_yaml.h"
#include "wire/endpoint.h"
#include "wire/log.h"

#define MICRO        INT64_C(1000000)
#define MOST_MONEY   (1000000000 * MICRO) /* in any of the units here */
#define MOST_FIXED_W (10000 * MICRO)      /* 10 GW; plans know no more */
#define MOST_GPU_HOURS UINT64_C(1000000000)
#define MINUTE       INT64_C(60)
#define DAY          INT64_C(86400)
#define DRAIN_AFTER    2 /* jobs that failed in a row */

enum { MOST_SITES = 64, DEFAULT_SNAPSHOT_RECORDS = 10000 }; /* a plan's job names its sites in 64 bits */

#define SYSTEM_STATE "/var/lib/offpeak"

/* ---- a class */

static void take_retry(struct config_reading *r, const struct said_class *said, struct policy_class *class)
{
        static const char *const ways[] = { "wait", "relaunch" };
        size_t way = class->on_lost == ON_LOST_RELAUNCH;
        uint64_t retries = class->retries;

        config_take_choice(r, "on_lost", said->on_lost, ways, 2, &way);
        config_take_ms(r, "lease", said->lease, 1000, DAY * 1000, &class->lease_ms);
        config_take_count(r, "retries", said->retries, 0, 1000, &retries);
        class->on_lost = way == 1 ? ON_LOST_RELAUNCH : ON_LOST_WAIT;
        class->retries = (uint32_t)retries;
        if (config_is_null(said->time_limit_factor))
                class->limit_ppm = 0;
        else
                config_take_number(r, "time_limit_factor", said->time_limit_factor, 6, MICRO, 1000 * MICRO,
                                   &class->limit_ppm);
}

static void take_pauses(struct config_reading *r, const struct said_class *said, struct policy_class *class)
{
        uint64_t pauses = class->max_pauses;

        config_take_bool(r, "interruptible", said->interruptible, &class->interruptible);
        if (config_is_null(said->max_pauses))
                pauses = UINT32_MAX;
        else
                config_take_count(r, "max_pauses", said->max_pauses, 0, 1000000, &pauses);
        class->max_pauses = (uint32_t)pauses;
        config_take_seconds(r, "min_run", said->min_run, 0, 30 * DAY, &class->min_run_s);
        config_take_seconds(r, "start_cost", said->start_cost, 0, DAY, &class->start_cost_s);
        config_take_seconds(r, "stop_grace", said->stop_grace, 1, DAY, &class->stop_grace_s);
}

static void take_costs(struct config_reading *r, const struct said_class *said, struct policy_class *class)
{
        config_take_number(r, "delay_cost_per_gpu_hour", said->delay_cost_per_gpu_hour, 6, 0, MOST_MONEY,
                           &class->delay_cost);
        config_take_number(r, "lateness_cost_per_hour", said->lateness_cost_per_hour, 6, 0, MOST_MONEY,
                           &class->lateness_cost);
        config_take_number(r, "carbon_price_per_t", said->carbon_price_per_t, 6, 0, MOST_MONEY, &class->carbon_price);
        config_take_number(r, "deadline_margin", said->deadline_margin, 6, 0, 500000, &class->deadline_margin_ppm);
        if (!config_is_null(said->cap_floor))
                config_take_number(r, "cap_floor", said->cap_floor, 6, 500000, 1000000, &class->cap_floor_ppm);
        if (config_is_null(said->max_delay))
                class->max_delay_s = 0;
        else
                config_take_seconds(r, "max_delay", said->max_delay, MINUTE, 365 * DAY, &class->max_delay_s);
}

/* Said as a quantile, kept as its distance from the median. */
static void take_risk(struct config_reading *r, const struct said_class *said, struct policy_class *class)
{
        int64_t quantile = class->risk_ppm + 500000;

        config_take_number(r, "risk", said->risk, 6, 50000, 950000, &quantile);
        class->risk_ppm = quantile - 500000;
}

static void take_quota(struct config_reading *r, const struct said_quota *said, struct policy_class *class)
{
        uint64_t gpus = class->quota_gpus, hours = (uint64_t) class->quota_gpu_hours;

        if (said == NULL)
                return;
        if (!config_is_null(said->gpus))
                config_take_count(r, "gpus", said->gpus, 1, UINT32_MAX, &gpus);
        class->quota_gpus = (uint32_t)gpus;
        if (!config_is_null(said->gpu_hours_per_month))
                config_take_count(r, "gpu_hours_per_month", said->gpu_hours_per_month, 1, MOST_GPU_HOURS, &hours);
        class->quota_gpu_hours = (int64_t)hours;
}

/* Keys of the design that the core does not act on yet. */
static void refuse_what_does_nothing(struct config_reading *r, const struct said_class *said)
{
        config_take_only(r, "carbon_basis", said->carbon_basis, "location");
        config_take_only(r, "shed_tier", said->shed_tier, NULL);
        config_take_only(r, "max_price_per_mwh", said->max_price_per_mwh, NULL);
        for (unsigned i = 0; i < said->flex_count; i++)
                config_take_only(r, "flex", said->flex[i], "stop");
}

/* The sites a class may use, each a site of this file, each once. */
static void take_class_sites(struct config_reading *r, const struct said_class *said, const struct policy *policy,
                             struct policy_class *class)
{
        const char *names[MOST_SITES];

        if (said->sites_count == 0)
                return;
        for (size_t i = 0; i < policy->n_sites; i++)
                names[i] = policy->sites[i].name;
        class->sites = calloc(said->sites_count, sizeof(*class->sites));
        if (class->sites == NULL) {
                r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
                return;
        }
        for (unsigned i = 0; config_goes_on(r) && i < said->sites_count; i++) {
                const char *name = config_text(said->sites[i]), *nearest = text_nearest(name, names, policy->n_sites);

                class->n_sites++;
                config_take_name(r, "sites", said->sites[i], &class->sites[i]);
                for (unsigned j = 0; j < i; j++)
                        if (strcmp(name, config_text(said->sites[j])) == 0)
                                config_refuse(r, said->sites[i], "site \"%s\" is named twice", name);
                if (policy_site(policy, name) == NULL)
                        config_refuse(r, said->sites[i], "there is no site \"%.64s\"%s%s%s", name,
                                      nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                                      nearest != NULL ? "\"?)" : "");
        }
}

static bool may_use(const struct policy_class *class, const struct policy_site *site)
{
        for (size_t i = 0; i < class->n_sites; i++)
                if (strcmp(class->sites[i], site->name) == 0)
                        return true;
        return class->n_sites == 0;
}

/* What has to be carried takes time: over a link that nobody has told of nobody knows how much. */
static void take_moves(struct config_reading *r, const struct said_class *said, const struct policy *policy,
                       struct policy_class *class)
{
        size_t n = 0;

        config_take_bool(r, "may_move", said->may_move, &class->may_move);
        config_take_number(r, "move_gb", said->move_gb, 3, 0, INT64_C(1000000000), &class->move_mb);
        for (size_t s = 0; s < policy->n_sites; s++)
                n += may_use(class, &policy->sites[s]);
        if (!class->may_move || class->move_mb == 0 || n < 2)
                return;
        for (size_t s = 0; r->code == 0 && s < policy->n_sites; s++)
                if (may_use(class, &policy->sites[s]) && policy->sites[s].wan_mbit_per_s == 0)
                        config_refuse(r, said->move_gb,
                                      "jobs of class \"%s\" carry this between their sites, and site \"%s\" does not say "
                                      "how fast: give it wan: {gbit_per_s: 10}, say",
                                      class->name, policy->sites[s].name);
}

static bool same_name(const char *a, const char *b)
{
        return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void take_class(struct config_reading *r, const struct said_class *said, struct policy *policy, bool sites_good)
{
        struct policy_class *class = &policy->classes[policy->n_classes];

        policy_class_defaults(class);
        policy->n_classes++;
        config_take_name(r, "name", said->name, &class->name);
        take_costs(r, said, class);
        take_pauses(r, said, class);
        take_retry(r, said, class);
        take_quota(r, said->quota, class);
        take_risk(r, said, class);
        refuse_what_does_nothing(r, said);
        if (r->code == 0)
                take_class_sites(r, said, policy, class);
        if (r->code == 0 && sites_good)
                take_moves(r, said, policy, class);
        for (size_t i = 0; r->code == 0 && i + 1 < policy->n_classes; i++)
                if (same_name(policy->classes[i].name, class->name))
                        config_refuse(r, said->name, "class \"%s\" is there twice", class->name);
}

/*
 * A part of its own begins: what was wrong before hides nothing of it. Unless what was left out before may be what it
 * lacks: then only its values are looked at.
 */
static void begin_part(struct config_reading *r, bool whole)
{
        if (r->code == OFFPEAK_ECONFIG && r->faults != NULL && whole)
                r->code = 0;
}

static void take_classes(struct config_reading *r, const struct said *said, struct policy *policy, bool whole)
{
        bool sites_good = r->code == 0;

        policy->classes = calloc(said->classes_count + 1, sizeof(*policy->classes));
        if (policy->classes == NULL) {
                r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
                return;
        }
        for (unsigned i = 0; config_goes_on(r) && i < said->classes_count; i++) {
                begin_part(r, whole);
                take_class(r, &said->classes[i], policy, sites_good);
        }
        if (r->code != 0 || policy_class(policy, "default") != NULL)
                return;
        policy_class_defaults(&policy->classes[policy->n_classes]);
        policy->classes[policy->n_classes++].name = config_copy(r, "default");
}

/* ---- a site */

static void take_grid(struct config_reading *r, const struct said_grid *said, struct supply_terms *terms,
                      struct config_site_files *files)
{
        if (said == NULL)
                return;
        config_take_feed(r, "price", said->price, &files->price);
        config_take_feed(r, "carbon", said->carbon, &files->carbon);
        config_take_feed(r, "limit_series", said->limit_series, &files->limit);
        if (!config_is_null(said->limit))
                config_take_power(r, "limit", said->limit, &terms->grid_limit_w);
        config_take_number(r, "adder_per_mwh", said->adder_per_mwh, 6, -MOST_MONEY, MOST_MONEY, &terms->grid_adder);
}

static void take_reactor(struct config_reading *r, const struct said_reactor *said, struct supply_terms *terms,
                         struct config_site_files *files)
{
        if (said == NULL)
                return;
        terms->has_reactor = true;
        terms->reactor_carbon = 12000;
        config_take_feed(r, "capacity", said->capacity, &files->capacity);
        config_take_number(r, "fuel_cost_per_mwh", said->fuel_cost_per_mwh, 6, 0, MOST_MONEY, &terms->reactor_fuel);
        config_take_number(r, "carbon_g_per_kwh", said->carbon_g_per_kwh, 3, 0, INT64_C(10000000),
                           &terms->reactor_carbon);
}

static void take_currency(struct config_reading *r, const char *said, char **ret_currency)
{
        const char *text = config_text(said);

        if (strlen(text) == 3 && isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]) &&
            isupper((unsigned char)text[2]))
                *ret_currency = config_copy(r, text);
        else
                config_refuse(r, said, "\"currency\": \"%.64s\" is no currency code: write three letters, such as EUR",
                              text);
}

/* The planner compares costs over sites: one currency for all until rates of exchange are known. */
static void check_currency(struct config_reading *r, const struct said_site *said, const struct policy *policy)
{
        const struct policy_site *first = &policy->sites[0], *site = &policy->sites[policy->n_sites - 1];

        if (r->code == 0 && first->currency != NULL && strcmp(first->currency, site->currency) != 0)
                config_refuse(r, said->currency,
                              "sites with different currencies (%s at %s, %s at %s) are not supported yet: convert the "
                              "prices of one",
                              first->currency, first->name, site->currency, site->name);
}

static void take_pue(struct config_reading *r, const struct said_pue *said, struct supply_terms *terms)
{
        config_take_power(r, "fixed", said->fixed, &terms->pue_fixed_w);
        if (r->code == 0 && terms->pue_fixed_w > MOST_FIXED_W)
                config_refuse(r, said->fixed, "\"fixed\" is %s: 10 GW is the most allowed", config_text(said->fixed));
        config_take_number(r, "factor", said->factor, 6, MICRO, 10 * MICRO, &terms->pue_ppm);
}

static void take_site(struct config_reading *r, const struct said_site *said, struct policy *policy,
                      struct config_site_files *files)
{
        struct policy_site *site = &policy->sites[policy->n_sites++];
        struct supply_terms *terms = &site->terms;

        *terms = (struct supply_terms){ .grid_limit_w = said->grid != NULL ? INT64_MAX : 0, .pue_ppm = MICRO };
        config_take_name(r, "name", said->name, &site->name);
        take_currency(r, said->currency, &site->currency);
        take_grid(r, said->grid, terms, files);
        take_reactor(r, said->reactor, terms, files);
        config_take_supply(r, said, terms, files);
        config_take_limits(r, said, site->currency, files);
        config_take_signals(r, said, site);
        if (said->pue != NULL)
                take_pue(r, said->pue, terms);
        if (said->wan != NULL) {
                config_take_number(r, "gbit_per_s", said->wan->gbit_per_s, 3, 1, INT64_C(100000000), &site->wan_mbit_per_s);
                config_take_number(r, "egress_per_gb", said->wan->egress_per_gb, 6, 0, MOST_MONEY, &site->egress_cost);
        }
        if (r->code == 0 && said->grid == NULL && said->reactor == NULL && said->solar == NULL)
                config_refuse(r, said->name, "site \"%s\" has neither grid, reactor nor solar: where is its power from?",
                              config_text(said->name));
        for (size_t i = 0; r->code == 0 && i + 1 < policy->n_sites; i++)
                if (same_name(policy->sites[i].name, site->name))
                        config_refuse(r, said->name, "site \"%s\" is there twice", site->name);
        check_currency(r, said, policy);
}

static void take_sites(struct config_reading *r, const struct said *said, struct config *config, bool whole)
{
        bool good = true;

        if (said->sites_count > MOST_SITES || (said->sites_count == 0 && whole)) {
                config_refuse(r, NULL, "%s",
                              said->sites_count == 0 ? "\"sites\" is empty: name one site at least"
                                                     : "more than 64 sites are not supported");
                return;
        }
        config->policy.sites = calloc(said->sites_count + 1, sizeof(*config->policy.sites));
        config->files = calloc(said->sites_count + 1, sizeof(*config->files));
        if (config->policy.sites == NULL || config->files == NULL) {
                r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
                return;
        }
        for (unsigned i = 0; config_goes_on(r) && i < said->sites_count; i++) {
                begin_part(r, whole);
                take_site(r, &said->sites[i], &config->policy, &config->files[i]);
                good = good && r->code == 0;
        }
        if (config_goes_on(r) && !good)
                r->code = OFFPEAK_ECONFIG;
}

/* ---- this process */

static void take_timing(struct config_reading *r, const struct said *said, struct policy *policy)
{
        const struct said_planner *planner = said->planner;

        if (planner != NULL) {
                config_take_seconds(r, "interval", planner->interval, 1, DAY, &policy->plan_interval_s);
                config_take_seconds(r, "horizon", planner->horizon, 3600, 60 * DAY, &policy->plan_horizon_s);
                config_take_count(r, "work", planner->work, 1000, UINT64_C(1000000000000), &policy->plan_work);
        }
        if (r->code == 0 && planner != NULL && policy->plan_interval_s > policy->plan_horizon_s)
                config_refuse(r, planner->interval != NULL ? planner->interval : planner->horizon,
                              "the planner's interval is longer than its horizon: most of the time there were no plan");
        policy->drain_after = DRAIN_AFTER;
        if (said->nodes != NULL) {
                uint64_t after = DRAIN_AFTER;

                config_take_count(r, "drain_after", said->nodes->drain_after, 0, 1000, &after);
                policy->drain_after = (uint32_t)after;
        }
        if (said->timing != NULL) {
                config_take_ms(r, "arm_timeout", said->timing->arm_timeout, 100, DAY * 1000, &policy->arm_timeout_ms);
                config_take_ms(r, "backoff", said->timing->backoff, 1, DAY * 1000, &policy->backoff_ms);
        }
}

static void take_clock(struct config_reading *r, const struct said_clock *said, struct config *config)
{
        int64_t ppm = MICRO;

        config->clock_rate = 1;
        if (said == NULL)
                return;
        config_take_time(r, "start", said->start, &config->clock_start);
        config_take_number(r, "rate", said->rate, 6, 1000, 1000000 * MICRO, &ppm);
        config->clock_rate = (double)ppm / 1e6;
        config->clock_scaled = config->clock_start != 0 || ppm != MICRO;
}

static void take_log_level(struct config_reading *r, const char *said, int *level)
{
        static const char *const words[] = { "error", "warning", "info", "debug" };
        static const int levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
        size_t index = 2;

        config_take_choice(r, "log_level", said, words, 4, &index);
        *level = levels[index];
}

static char *join(struct config_reading *r, const char *a, const char *b, const char *c)
{
        char *text;

        if (asprintf(&text, "%s%s%s", a, b, c) >= 0)
                return text;
        r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
        return NULL;
}

/* systemd names both folders of a unit; else root has the system's, and everybody else one under $HOME. */
static char *default_state_dir(struct config_reading *r)
{
        const char *unit = getenv("STATE_DIRECTORY"), *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

        if (unit != NULL && unit[0] == '/')
                return config_copy(r, unit);
        if (geteuid() == 0)
                return config_copy(r, SYSTEM_STATE);
        if (state != NULL && state[0] == '/')
                return join(r, state, "/offpeak", "");
        if (home != NULL && home[0] == '/')
                return join(r, home, "/.local/state/offpeak", "");
        config_doubt(r, NULL, "\"state_dir\" is missing, and $HOME does not help");
        return NULL;
}

/* The unit's own folder, else where clients look by themselves. */
static char *default_endpoint(struct config_reading *r)
{
        const char *unit = getenv("RUNTIME_DIRECTORY");
        struct offpeak_error why;
        char text[ENDPOINT_TEXT];
        int code;

        if (unit != NULL && unit[0] == '/')
                return join(r, "ipc://", unit, "/offpeakd.sock");
        code = endpoint_default(text, &why);
        if (code == 0)
                return config_copy(r, text);
        if (r->faults != NULL)
                config_doubt(r, NULL, "\"listen\" is missing: %s", why.text);
        else
                r->code = fail(r->err, code, "%s", why.text);
        return NULL;
}

static void check_endpoint(struct config_reading *r, const char *said, bool has_keys)
{
        struct endpoint endpoint;
        struct offpeak_error why;

        if (endpoint_parse(config_text(said), &endpoint, &why) != 0)
                config_refuse(r, said, "\"listen\": %s", why.text);
        else if (r->code == 0 && !has_keys && !endpoint_is_local(&endpoint))
                config_refuse(r, said,
                              "\"listen\": %s can be reached from other machines: that needs keys, see \"curve\"",
                              config_text(said));
}

static void take_listen(struct config_reading *r, const struct said *said, struct config *config)
{
        unsigned n = said->listen_count > 0 ? said->listen_count : 1;

        config->listen = calloc(n, sizeof(*config->listen));
        if (config->listen == NULL) {
                r->code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->file);
                return;
        }
        config->n_listen = n;
        if (said->listen_count == 0)
                config->listen[0] = default_endpoint(r);
        for (unsigned i = 0; i < said->listen_count; i++) {
                check_endpoint(r, said->listen[i], said->curve != NULL);
                config->listen[i] = config_copy(r, config_text(said->listen[i]));
        }
}

static void take_process(struct config_reading *r, const struct said *said, struct config *config)
{
        uint64_t records = DEFAULT_SNAPSHOT_RECORDS;

        if (said->state_dir != NULL)
                config_take_path(r, "state_dir", said->state_dir, &config->state_dir);
        else
                config->state_dir = default_state_dir(r);
        if (!config_goes_on(r))
                return;
        take_listen(r, said, config);
        if (said->curve != NULL) {
                config_take_path(r, "secret", said->curve->secret, &config->curve_secret);
                config_take_path(r, "clients", said->curve->clients, &config->curve_clients);
        }
        take_clock(r, said->clock, config);
        take_log_level(r, said->log_level, &config->log_level);
        config_take_count(r, "snapshot_records", said->snapshot_records, 10, 100000000, &records);
        config->snapshot_records = (uint32_t)records;
}

/* ---- the whole */

static int take_all(const char *path, const char *folder, const struct said *said, struct config_faults *faults,
                    struct config *ret_config, struct offpeak_error *err)
{
        bool whole = faults == NULL || faults->n_errors == 0; /* nothing was left out */
        struct config_reading reading = {
                .file = path, .folder = folder, .err = err, .code = whole ? 0 : OFFPEAK_ECONFIG, .faults = faults
        };
        struct config config = { .clock_rate = 1 };

        policy_init(&config.policy);
        take_sites(&reading, said, &config, whole);
        if (config_goes_on(&reading))
                take_classes(&reading, said, &config.policy, whole);
        begin_part(&reading, whole);
        if (config_goes_on(&reading))
                take_timing(&reading, said, &config.policy);
        begin_part(&reading, whole);
        if (config_goes_on(&reading))
                take_process(&reading, said, &config);
        if (reading.code == 0 && faults != NULL && faults->n_errors > 0)
                reading.code = OFFPEAK_ECONFIG;
        if (reading.code != 0) {
                config_finish(&config);
                return reading.code;
        }
        *ret_config = config;
        return 0;
}

static int read_file(const char *path, struct config_faults *faults, struct config *ret_config,
                     struct offpeak_error *err)
{
        char *folder;
        void *said;
        int code = config_yaml_read(path, &config_schema, faults, &said, &folder, err);

        if (code != 0)
                return code;
        code = take_all(path, folder, said, faults, ret_config, err);
        if (code == 0)
                ret_config->said = said;
        else
                config_yaml_free(&config_schema, said);
        free(folder);
        return code;
}

int config_read(const char *path, struct config *ret_config, struct offpeak_error *err)
{
        return read_file(path, NULL, ret_config, err);
}

int config_read_all(const char *path, struct config *ret_config, struct config_faults *faults,
                    struct offpeak_error *err)
{
        int code = read_file(path, faults, ret_config, err);

        if (code == OFFPEAK_ECONFIG && faults->n_errors == 0) /* it is no text that could have places */
                config_faults_add(faults, 0, 0, false,
                                  err->text + (strncmp(err->text, path, strlen(path)) == 0 ? strlen(path) + 2 : 0));
        if (faults->no_memory) {
                if (code == 0)
                        config_finish(ret_config);
                return fail(err, OFFPEAK_ENOMEM, "%s: out of memory", path);
        }
        config_faults_sort(faults);
        return code;
}

void config_finish(struct config *config)
{
        for (size_t i = 0; config->files != NULL && i < config->policy.n_sites; i++) {
                config_feed_finish(&config->files[i].price);
                config_feed_finish(&config->files[i].carbon);
                config_feed_finish(&config->files[i].capacity);
                config_feed_finish(&config->files[i].limit);
                config_feed_finish(&config->files[i].export_price);
                config_feed_finish(&config->files[i].solar);
                config_feed_finish(&config->files[i].stored);
                for (unsigned k = 0; k < SUPPLY_MAX_PPAS; k++)
                        config_feed_finish(&config->files[i].ppas[k]);
        }
        free(config->files);
        for (size_t i = 0; i < config->n_listen; i++)
                free(config->listen[i]);
        free(config->listen);
        free(config->state_dir);
        free(config->curve_secret);
        free(config->curve_clients);
        policy_finish(&config->policy);
        if (config->said != NULL)
                config_yaml_free(&config_schema, config->said);
        memset(config, 0, sizeof(*config));
}
