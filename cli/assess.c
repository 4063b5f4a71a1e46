/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assess.c - `offpeak assess`: the same jobs under a supply as it is and with changes, and what these make.
 *
 * configurations -> simulations, open -> the time that all of them have -> the jobs in it -> each one's hours -> who
 * supplied them -> document -> view.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/assess_document.h"
#include "cli/commands.h"
#include "cli/policy.h"
#include "cli/progress.h"
#include "cli/views.h"
#include "io/config_document.h"
#include "trial/contender.h"

struct assessing {
        struct command_run *run;
        struct assess_options options;
        struct assess_case cases[1 + ASSESS_MOST_CHANGES];
        size_t n; /* cases that are begun */
        const char *policy;
        struct progress progress;
        int64_t from, to; /* counted */
};

static int no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- configurations */

/* `values` of a configuration, as policy_changes() compares them. NULL: ENOMEM. */
static json_t *values_of(const struct config *config)
{
        json_t *values = config_document(config, true);

        return values != NULL ? json_pack("{s:o}", "values", values) : NULL;
}

static int find_changes(const struct assess_case *base, struct assess_case *one, struct offpeak_error *err)
{
        json_t *before = values_of(&base->config), *after = values_of(&one->config);

        if (before != NULL && after != NULL)
                one->changes = policy_changes(before, after);
        json_decref(before);
        json_decref(after);
        if (one->changes == NULL || assess_add_changes(&one->added, &one->config, one->changes) != 0)
                return no_memory(err);
        return 0;
}

static int open_case(struct assessing *assessing, const struct assess_change *change, struct offpeak_error *err)
{
        struct simulate_options options = assessing->options.simulate;
        struct assess_case *one = &assessing->cases[assessing->n++];
        int code;

        one->change = change;
        one->text = change != NULL ? change->text : options.config;
        if (change != NULL && change->is_file)
                options.config = change->text;
        code = config_read(options.config, &one->config, err);
        one->has_config = code == 0;
        if (code == 0 && change != NULL && !change->is_file)
                code = assess_add(change->text, &one->config, &one->added, err);
        if (code == 0)
                code = simulation_open(&one->simulation, &options, &one->config, err);
        if (code == 0)
                code = assess_add_series(&one->added, &one->simulation, err);
        if (code == 0 && change != NULL)
                code = find_changes(&assessing->cases[0], one, err);
        if (code == 0 && strcmp(one->simulation.currency, assessing->cases[0].simulation.currency) != 0)
                code = fail(err, OFFPEAK_EINVAL, "%s is in %s, and %s in %s: nobody can compare them", one->text,
                            one->simulation.currency, assessing->cases[0].text,
                            assessing->cases[0].simulation.currency);
        return code;
}

static int open_all(struct assessing *assessing, struct offpeak_error *err)
{
        int code = open_case(assessing, NULL, err);

        for (size_t i = 0; code == 0 && i < assessing->options.n_changes; i++) {
                const struct assess_change *change = &assessing->options.changes[i];

                code = open_case(assessing, change, err);
                if (code != 0 && change->is_file && strstr(err->text, change->text) == NULL)
                        fail_at(err, "%s", change->text);
        }
        return code;
}

/* ---- the same jobs in the same time */

static int take_jobs(struct assessing *assessing, struct offpeak_error *err)
{
        int64_t first = 0, end = INT64_MAX;
        int code = 0;

        for (size_t i = 0; i < assessing->n; i++) {
                int64_t own_first, own_end;

                simulation_span(&assessing->cases[i].simulation, &own_first, &own_end);
                first = own_first > first ? own_first : first;
                end = own_end < end ? own_end : end;
        }
        for (size_t i = 0; code == 0 && i < assessing->n; i++) {
                struct assess_case *one = &assessing->cases[i];

                one->simulation.trial.not_before = first;
                one->simulation.trial.not_after = end != INT64_MAX ? end : 0;
                code = simulation_take_jobs(&one->simulation, &assessing->options.simulate, first, err);
                if (code == 0 && one->simulation.trial.trace.n != assessing->cases[0].simulation.trial.trace.n)
                        code = fail(err, OFFPEAK_EINVAL,
                                    "%s holds %zu jobs of the list, and %s %zu: nobody can compare them. Take from the "
                                    "list what does not fit both: `offpeak simulate` names what is left out",
                                    one->text, one->simulation.trial.trace.n, assessing->cases[0].text,
                                    assessing->cases[0].simulation.trial.trace.n);
        }
        return code;
}

static void on_progress(void *context, double share)
{
        progress_tell(&((struct assessing *)context)->progress, share);
}

static int run_case(struct assessing *assessing, struct assess_case *one, struct offpeak_error *err)
{
        struct trial_watch watch = { .progress = on_progress, .context = assessing };
        const struct contender *contender;
        const char *parameter;
        int code = contender_find(assessing->policy, &contender, &parameter, err);

        if (code != 0)
                return code;
        progress_begin(&assessing->progress, stderr, one->text);
        code = contender->run(&one->simulation.trial, parameter, &watch, &one->outcome, err);
        progress_end(&assessing->progress);
        if (code == 0)
                code = tally(&one->simulation.trial, &one->outcome, &one->tally, err);
        return code == 0 ? 0 : fail_at(err, "%s", one->text);
}

/* From the first submission to the last end of any of them: what every case is counted in. */
static void find_window(struct assessing *assessing)
{
        const struct trace *trace = &assessing->cases[0].simulation.trial.trace;

        assessing->from = assessing->to = trace->jobs[0].submit;
        for (size_t i = 0; i < assessing->n; i++)
                for (size_t k = 0; k < assessing->cases[i].outcome.n; k++)
                        if (assessing->cases[i].outcome.segments[k].end > assessing->to)
                                assessing->to = assessing->cases[i].outcome.segments[k].end;
}

static int count_case(const struct assessing *assessing, struct assess_case *one, struct offpeak_error *err)
{
        const struct trial *trial = &one->simulation.trial;
        int code = 0;

        one->sites = calloc(trial->policy.n_sites + 1, sizeof(*one->sites));
        for (uint32_t s = 0; one->sites != NULL && code == 0 && s < trial->policy.n_sites; s++)
                code = sources_of(trial, &one->outcome, s, assessing->from, assessing->to, &one->sites[s]);
        return one->sites != NULL && code == 0 ? 0 : no_memory(err);
}

static int count_all(struct assessing *assessing, struct offpeak_error *err)
{
        int code = 0;

        find_window(assessing);
        if (assessing->to <= assessing->from)
                return fail(err, OFFPEAK_EINVAL, "no job ever ran: what would be assessed?");
        for (size_t i = 0; code == 0 && i < assessing->n; i++)
                code = count_case(assessing, &assessing->cases[i], err);
        return code;
}

/* ---- the command */

static int show(struct assessing *assessing, struct offpeak_error *err)
{
        struct command_run *run = assessing->run;
        json_t *document;
        int code = assess_document(assessing->cases, assessing->n, assessing->policy, assessing->from, assessing->to,
                                   &document, err);

        if (code != 0)
                return code;
        if (run->json)
                command_print_json(run, document);
        else if (view_assess(document, &run->screen, run->out) != 0)
                code = no_memory(err);
        json_decref(document);
        return code;
}

static int assess(struct assessing *assessing, struct offpeak_error *err)
{
        const struct simulate_options *options = &assessing->options.simulate;
        int code;

        assessing->policy = options->n_policies > 0 ? options->policies[0] : "oracle";
        code = open_all(assessing, err);
        if (code == 0)
                code = take_jobs(assessing, err);
        for (size_t i = 0; code == 0 && i < assessing->n; i++)
                code = run_case(assessing, &assessing->cases[i], err);
        if (code == 0)
                code = count_all(assessing, err);
        return code == 0 ? show(assessing, err) : code;
}

static void finish_case(struct assess_case *one)
{
        json_decref(one->changes);
        free(one->sites);
        outcome_finish(&one->outcome);
        simulation_finish(&one->simulation);
        assess_added_finish(&one->added);
        if (one->has_config)
                config_finish(&one->config);
}

int command_assess(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct assessing *assessing = calloc(1, sizeof(*assessing));
        int code;

        if (assessing == NULL)
                return no_memory(err);
        assessing->run = run;
        code = command_parse(run, argc, argv, assess_options_take, &assessing->options, err);
        if (code == 0)
                code = command_expect(run, 0, 0, "nothing beside its options", err);
        if (code == 0)
                code = assess_options_check(&assessing->options, err);
        if (code == 0)
                code = assess(assessing, err);
        for (size_t i = 0; i < assessing->n; i++)
                finish_case(&assessing->cases[i]);
        free(assessing);
        return code;
}
