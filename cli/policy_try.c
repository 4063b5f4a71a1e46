/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_try.c - `offpeak policy try NEW`: the last days of this cluster under a new policy, side by side with what
 * happened.
 *
 * the new file, the policy in force, the past -> one trial under each policy, of the jobs that both can have -> what
 * happened, the policy in force, the new one, running at once -> what they come to -> document -> view.
 *
 * What happened is tallied as the rest is. The policy in force is replayed beside it: where the two differ it is not
 * the policy, but the replay, which knows how long jobs take and nothing of losses and failures.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/policy.h"
#include "cli/policy_try_document.h"
#include "cli/progress.h"
#include "cli/views.h"
#include "io/config.h"
#include "trial/contender.h"

enum { REPLAY_S = 30 * 86400 };

struct trying {
        struct command_run *run;
        const char *source;
        int64_t replay_s;
        struct config in_force, renewed; /* all 0: not read yet */
        struct past past;
        struct trial old_trial, new_trial;
        struct try_result results[TRY_ROWS];
        struct progress progress;
};

/* ---- what there is */

static int ask(struct trying *trying, struct offpeak_error *err)
{
        struct offpeak_client *client;
        json_t *document;
        int code = command_open(trying->run, &client, err);

        if (code != 0)
                return code;
        code = command_ask(client, "policy", NULL, &document, err);
        if (code == 0) {
                code = policy_in_force(document, &trying->in_force, err);
                json_decref(document);
        }
        if (code == 0)
                code = past_ask(client, trying->replay_s, &trying->past, err);
        if (code == 0)
                trying->run->screen.now = trying->past.now;
        offpeak_close(client);
        return code;
}

/* Sums are made over all sites of both. */
static int check_currency(const struct trying *trying, struct offpeak_error *err)
{
        const struct policy *policies[] = { &trying->in_force.policy, &trying->renewed.policy };
        const char *first = policies[0]->sites[0].currency;

        for (int p = 0; p < 2; p++)
                for (size_t s = 0; s < policies[p]->n_sites; s++)
                        if (strcmp(policies[p]->sites[s].currency, first) != 0)
                                return fail(
                                        err, OFFPEAK_EINVAL,
                                        "site %s is in %s and site %s, by %s, in %s: nobody adds these up. A policy "
                                        "can be tried where all sites have one currency",
                                        policies[0]->sites[0].name, first, policies[p]->sites[s].name,
                                        p == 0 ? "the policy in force" : trying->source,
                                        policies[p]->sites[s].currency);
        return 0;
}

/* Without a site of the past there is nothing to replay. */
static int check_sites(const struct trying *trying, struct offpeak_error *err)
{
        const struct policy *old = &trying->in_force.policy;
        char names[400] = "";

        for (size_t s = 0; s < old->n_sites; s++) {
                if (policy_site(&trying->renewed.policy, old->sites[s].name) != NULL)
                        return 0;
                text_list_add(names, sizeof(names), old->sites[s].name);
        }
        return fail(err, OFFPEAK_ENOTFOUND,
                    "%s has no site that the cluster has, and so no nodes: name a site as it is in force (%s), or try "
                    "the file with `offpeak simulate --config %s`",
                    trying->source, names, trying->source);
}

static int refuse_nothing(const struct trying *trying, struct offpeak_error *err)
{
        char list[900] = "", one[200], time[WHEN_TEXT_SIZE];

        for (int i = PAST_KEPT + 1; i <= PAST_LEFT_OUT; i++)
                if (trying->past.notes[i].count > 0) {
                        snprintf(one, sizeof(one), "%zu %s", trying->past.notes[i].count,
                                 past_finding_name((enum past_finding)i));
                        text_list_add(list, sizeof(list), one);
                }
        return fail(
                err, OFFPEAK_ENOTFOUND,
                "no job was submitted and done in the last %s%s%s: there is nothing to try %s on; a longer --replay "
                "may have some",
                when_format_exact(trying->replay_s, time), list[0] != '\0' ? ", but there are " : "", list,
                trying->source);
}

/* ---- the same jobs under both */

/* Those that ran at a site of which the policy in force says nothing have no price any more. */
static void leave_out_gone_sites(struct trying *trying)
{
        for (size_t i = 0; i < trying->past.n_jobs; i++) {
                struct past_job *job = &trying->past.jobs[i];

                for (size_t k = 0; k < job->n_runs && job->out == PAST_KEPT; k++)
                        if (policy_site(&trying->in_force.policy, job->runs[k].site) == NULL)
                                past_leave_out(&trying->past, job, PAST_NO_SITE);
        }
}

static size_t count_kept(const struct past *past)
{
        size_t n = 0;

        for (size_t i = 0; i < past->n_jobs; i++)
                n += past->jobs[i].out == PAST_KEPT;
        return n;
}

/* Leave out the kept jobs that the trial does not have. */
static int drop_missing(struct past *past, const struct trial *trial)
{
        bool *there = calloc(past->n_jobs + 1, sizeof(*there));

        if (there == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < trial->trace.n; j++)
                there[trial->trace.jobs[j].index] = true;
        for (size_t i = 0; i < past->n_jobs; i++)
                if (past->jobs[i].out == PAST_KEPT && !there[i])
                        past_leave_out(past, &past->jobs[i], PAST_NO_ROOM);
        free(there);
        return 0;
}

static int make_one(struct trying *trying, const struct policy *policy, struct trial *trial, struct offpeak_error *err)
{
        int code;

        trial_finish(trial);
        if (count_kept(&trying->past) == 0)
                return refuse_nothing(trying, err);
        code = past_trial(&trying->past, policy, trial, err);
        if (code == OFFPEAK_EINVAL && trial->trace.n == 0) { /* none that the nodes hold */
                drop_missing(&trying->past, trial);
                return refuse_nothing(trying, err);
        }
        if (code == 0 && drop_missing(&trying->past, trial) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        return code;
}

static int make_trials(struct trying *trying, struct offpeak_error *err)
{
        int code = make_one(trying, &trying->in_force.policy, &trying->old_trial, err);

        if (code == 0)
                code = make_one(trying, &trying->renewed.policy, &trying->new_trial, err);
        if (code == 0 && trying->old_trial.trace.n != trying->new_trial.trace.n)
                code = make_one(trying, &trying->in_force.policy, &trying->old_trial, err);
        return code;
}

/* ---- rows */

static const struct trial *trial_of(const struct trying *trying, enum try_row row)
{
        return row == TRY_NEW ? &trying->new_trial : &trying->old_trial;
}

static void on_progress(void *context, double share)
{
        progress_tell(&((struct trying *)context)->progress, share);
}

static int contend(struct trying *trying, enum try_row row, const char *name, const char *what,
                   struct offpeak_error *err)
{
        struct trial_watch watch = { .progress = on_progress, .context = trying };
        const struct contender *contender;
        const char *parameter;
        int code = contender_find(name, &contender, &parameter, err);

        if (code != 0)
                return code;
        progress_begin(&trying->progress, stderr, what);
        code = contender->run(trial_of(trying, row), parameter, &watch, &trying->results[row].outcome, err);
        progress_end(&trying->progress);
        return code == 0 ? 0 : fail_at(err, "%s", what);
}

static int run_all(struct trying *trying, struct offpeak_error *err)
{
        int code = past_outcome(&trying->past, &trying->old_trial, &trying->results[TRY_ACTUAL].outcome);

        if (code != 0)
                return fail(err, code, "out of memory");
        code = contend(trying, TRY_IN_FORCE, "offpeak", "the policy in force, replayed", err);
        if (code == 0)
                code = contend(trying, TRY_NEW, "offpeak", trying->source, err);
        if (code == 0)
                code = contend(trying, TRY_RUN_NOW, "run-now", "run at once", err);
        for (int r = 0; code == 0 && r < TRY_ROWS; r++)
                code = tally(trial_of(trying, (enum try_row)r), &trying->results[r].outcome, &trying->results[r].tally,
                             err);
        return code;
}

static int show(struct trying *trying, struct offpeak_error *err)
{
        struct try_facts facts = { .source = trying->source,
                                   .past = &trying->past,
                                   .in_force = &trying->in_force.policy,
                                   .renewed = &trying->renewed.policy,
                                   .results = trying->results };
        json_t *document;
        int code;

        for (int r = 0; r < TRY_ROWS; r++)
                facts.trials[r] = trial_of(trying, (enum try_row)r);
        code = policy_try_document(&facts, &document, err);
        if (code != 0)
                return code;
        code = command_print_view(trying->run, document, view_policy_try, err);
        json_decref(document);
        return code;
}

static void finish(struct trying *trying)
{
        for (int r = 0; r < TRY_ROWS; r++)
                outcome_finish(&trying->results[r].outcome);
        trial_finish(&trying->old_trial);
        trial_finish(&trying->new_trial);
        past_finish(&trying->past);
        config_finish(&trying->in_force);
        config_finish(&trying->renewed);
}

int policy_try(struct command_run *run, const struct policy_options *options, struct offpeak_error *err)
{
        struct trying trying = { .run = run,
                                 .source = run->operands[0],
                                 .replay_s = options->replay_s != 0 ? options->replay_s : REPLAY_S };
        int code = policy_read_config(trying.source, &trying.renewed, err);

        if (code == 0)
                code = ask(&trying, err);
        if (code == 0)
                code = check_sites(&trying, err);
        if (code == 0)
                code = check_currency(&trying, err);
        if (code == 0) {
                leave_out_gone_sites(&trying);
                past_sift(&trying.past, &trying.in_force.policy);
                past_sift(&trying.past, &trying.renewed.policy);
                code = make_trials(&trying, err);
        }
        if (code == 0)
                code = run_all(&trying, err);
        if (code == 0)
                code = show(&trying, err);
        finish(&trying);
        return code;
}
