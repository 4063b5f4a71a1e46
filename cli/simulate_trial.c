/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_trial.c - options -> policy and nodes (simulate_cluster.c) -> series (simulate_signals.c) -> jobs -> what
 * planners see.
 */
#include "cli/simulate_trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/period.h"
#include "cli/simulate_building.h"
#include "cli/simulate_series.h"
#include "feeds/file_text.h"
#include "wire/utf8.h"

enum { DAY = 86400, LEAST_HORIZON_D = 2, MOST_HORIZON_D = 30, PLAN_GAP_S = 300 };

/* Of long lists. Figures as docs/measurements.md has them: neither made a plan of thousands of jobs dearer by a per
 * cent. */
enum { MANY_JOBS = 5000, MANY_GAP_S = 3600, PLAN_WORK = 1000000 };

/* What a tonne counts where only carbon does: any figure would do, as long as lateness stays the worse. */
#define CARBON_ALONE 100

#define MICRO 1e6

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
                return building_no_memory(err);
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
        if (code == 0 && options->profiles != NULL)
                code = profiles_read(options->profiles, &trial->profiles, err);
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
                        return building_no_memory(err);
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
                        return building_no_memory(err);
                if (trial_take(trial, &trial->truth[i], TRIAL_PAID) != 0) {
                        series_finish(&nothing);
                        return building_no_memory(err);
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

/* ---- what breaks */

enum { REPAIR_S = 4 * 3600, CHECKPOINT_S = 3600 };

static int set_hardware(struct trial *trial, const struct simulate_options *options, struct offpeak_error *err)
{
        struct outage_law law = { .mtbf_s = options->mtbf_s,
                                  .repair_s = options->has_repair ? options->repair_s : REPAIR_S,
                                  .seed = options->seed != 0 ? options->seed : 1 };

        trial->hardware.ramp_s = options->ramp_s;
        if (options->mtbf_s == 0)
                return 0;
        trial->hardware.checkpoint_s = options->has_checkpoint ? options->checkpoint_s : CHECKPOINT_S;
        return trial_draw_outages(trial, &law) == 0 ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- all of it */

int simulation_open(struct simulation *simulation, const struct simulate_options *options, const struct config *config,
                    struct offpeak_error *err)
{
        struct building building = { .simulation = simulation, .options = options, .config = config };
        int code;

        *simulation = (struct simulation){ 0 };
        trial_init(&simulation->trial);
        code = building_make_policy(&building, err);
        if (code == 0)
                code = building_make_nodes(&building, err);
        if (code == 0)
                code = building_take_feeds(&building, err);
        if (code == 0)
                code = building_take_line(&building, err);
        return code == 0 ? building_find_currency(&building, err) : code;
}

/* Those that leave nothing out are no fault of the list but for --strict. */
static int refuse_findings(const struct trace *trace, const char *file, struct offpeak_error *err)
{
        char list[600];

        trace_findings_text(trace, false, list, sizeof(list));
        if (list[0] == '\0')
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s: %s. Mend them, or leave out --strict", file, list);
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
        if (code == 0)
                code = trial_prepare(&simulation->trial, options->config != NULL, err);
        if (code == 0)
                code = set_hardware(&simulation->trial, options, err);
        return code == 0 && options->strict ? refuse_findings(&simulation->trial.trace, options->jobs, err) : code;
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
