/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate.c - `offpeak simulate`: policies compared on a list of jobs, in virtual time, without a scheduler.
 *
 * options -> trial -> each policy's hours -> what they come to -> document -> view.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/commands.h"
#include "cli/picture_file.h"
#include "cli/progress.h"
#include "cli/simulate_document.h"
#include "cli/simulate_events.h"
#include "cli/simulate_picture.h"
#include "cli/views.h"
#include "trial/contender.h"

static const char *const defaults[] = { "offpeak", "oracle" };

struct simulating {
        struct command_run *run;
        struct simulate_options options;
        struct simulation simulation;
        struct simulate_events events;
        struct progress progress;
        struct simulate_result *results; /* of all policies named, and of run-now behind them */
        size_t n_results;
};

/* ---- policies */

static void on_progress(void *context, double share)
{
        progress_tell(&((struct simulating *)context)->progress, share);
}

static void on_record(void *context, const struct record *record)
{
        simulate_events_write(&((struct simulating *)context)->events, record);
}

static int run_policy(struct simulating *simulating, const char *name, struct offpeak_error *err)
{
        struct simulate_result *result = &simulating->results[simulating->n_results];
        struct trial_watch watch = { .progress = on_progress,
                                     .record = simulating->options.events != NULL ? on_record : NULL,
                                     .context = simulating };
        const struct contender *contender;
        const char *parameter;
        int code = contender_find(name, &contender, &parameter, err);

        if (code != 0)
                return code;
        *result = (struct simulate_result){ .name = name };
        progress_begin(&simulating->progress, stderr, name);
        code = contender->run(&simulating->simulation.trial, parameter, &watch, &result->outcome, err);
        progress_end(&simulating->progress);
        if (code != 0)
                return fail_at(err, "%s", name);
        simulating->n_results++;
        code = tally(&simulating->simulation.trial, &result->outcome, &result->tally, err);
        return code == 0 ? 0 : fail_at(err, "%s", name);
}

static int run_all(struct simulating *simulating, struct offpeak_error *err)
{
        size_t n = simulating->options.n_policies;
        const char *const *names = n > 0 ? simulating->options.policies : defaults;
        int code = 0;

        n = n > 0 ? n : sizeof(defaults) / sizeof(defaults[0]);
        simulating->results = calloc(n + 1, sizeof(*simulating->results));
        if (simulating->results == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t i = 0; code == 0 && i < n; i++)
                code = run_policy(simulating, names[i], err);
        return code == 0 ? run_policy(simulating, "run-now", err) : code;
}

/* ---- the command */

static bool draws_on_stdout(const struct simulate_options *options)
{
        return options->svg != NULL && strcmp(options->svg, "-") == 0;
}

/* What the first policy named did. */
static int draw(struct simulating *simulating, const json_t *document, struct offpeak_error *err)
{
        struct screen wide = simulating->run->screen; /* a picture has all letters, and no colour codes */
        struct picture picture = { 0 };
        int code;

        wide.utf8 = true;
        wide.colour = false;
        code = picture_of_simulation(&simulating->simulation, &simulating->results[0], document, &wide, &picture);
        code = code != 0 ? fail(err, code, "out of memory")
                         : picture_save(&picture, simulating->options.svg, simulating->run->out, err);
        picture_finish(&picture);
        return code;
}

static int show(struct simulating *simulating, struct offpeak_error *err)
{
        struct command_run *run = simulating->run;
        size_t n = simulating->n_results - 1;
        const struct simulate_result *run_now = &simulating->results[n];
        bool asked = false;
        json_t *document;
        int code;

        for (size_t i = 0; i < n; i++)
                asked = asked || strcmp(simulating->results[i].name, run_now->name) == 0;
        code = simulate_document(&simulating->simulation, &simulating->options, simulating->results, asked ? n : n + 1,
                                 run_now, &document, err);
        if (code != 0)
                return code;
        if (run->json)
                command_print_json(run, document);
        else if (!draws_on_stdout(&simulating->options) && view_simulate(document, &run->screen, run->out) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0 && simulating->options.svg != NULL)
                code = draw(simulating, document, err);
        json_decref(document);
        return code;
}

static int simulate(struct simulating *simulating, struct offpeak_error *err)
{
        int code = simulation_init(&simulating->simulation, &simulating->options, err), closed;
        struct offpeak_error ignored;

        if (code == 0)
                code = simulate_events_open(&simulating->events, &simulating->simulation.trial,
                                            simulating->options.events, err);
        if (code == 0)
                code = run_all(simulating, err);
        closed = simulate_events_close(&simulating->events, code == 0 ? err : &ignored);
        code = code != 0 ? code : closed;
        return code == 0 ? show(simulating, err) : code;
}

int command_simulate(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct simulating simulating = { .run = run };
        int code = command_parse(run, argc, argv, simulate_options_take, &simulating.options, err);

        if (code == 0)
                code = command_expect(run, 0, 0, "nothing beside its options", err);
        if (code == 0)
                code = simulate_options_check(&simulating.options, err);
        if (code == 0 && run->json && draws_on_stdout(&simulating.options))
                code = fail(err, OFFPEAK_EUSAGE,
                            "--svg - and --json both take the standard output: write --svg FILE beside --json");
        if (code == 0)
                code = simulate(&simulating, err);
        for (size_t i = 0; i < simulating.n_results; i++)
                outcome_finish(&simulating.results[i].outcome);
        free(simulating.results);
        simulation_finish(&simulating.simulation);
        return code;
}
