/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "io/answer_parts.h"

static int answer_version(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { NULL };
        int r = answer_expect(answer, names, err);

        if (r != 0)
                return r;
        answer_put(answer, answer->root, "version", json_string(OFFPEAK_VERSION));
        answer_put(answer, answer->root, "term", json_integer((json_int_t)answer->state->term));
        answer_put(answer, answer->root, "log_index", json_integer((json_int_t)answer->state->log_index));
        answer_put(answer, answer->root, "fenced_start", json_boolean(answer->state->fenced_start));
        return 0;
}

static const struct {
        const char *target;
        const char *schema;
        int (*fill)(struct answer *answer, struct offpeak_error *err);
} targets[] = {
        { "jobs", "offpeak.jobs/1", answer_jobs },          { "job", "offpeak.job/1", answer_job },
        { "nodes", "offpeak.nodes/1", answer_nodes },       { "plan", "offpeak.plan/1", answer_plan },
        { "policy", "offpeak.policy/1", answer_policy },    { "price", "offpeak.price/1", answer_price },
        { "profile", "offpeak.profile/1", answer_profile }, { "report", "offpeak.report/1", answer_report },    { "signals", "offpeak.signals/1", answer_signals },
        { "version", "offpeak.version/1", answer_version },
};

enum { N_TARGETS = sizeof(targets) / sizeof(targets[0]) };

static int find_target(const char *target, size_t *ret_index, struct offpeak_error *err)
{
        const char *names[N_TARGETS], *nearest;

        for (size_t i = 0; i < N_TARGETS; i++) {
                if (target != NULL && strcmp(target, targets[i].target) == 0) {
                        *ret_index = i;
                        return 0;
                }
                names[i] = targets[i].target;
        }
        nearest = target != NULL ? text_nearest(target, names, N_TARGETS) : NULL;
        return fail(err, OFFPEAK_ENOTFOUND, "there is no query \"%.40s\"; did you mean \"%s\"?",
                    target != NULL ? target : "", nearest != NULL ? nearest : "jobs");
}

static int parse_arguments(const char *text, json_t **ret_arguments, struct offpeak_error *err)
{
        json_error_t why;
        json_t *arguments =
                text == NULL || *text == '\0' ? json_object() : json_loads(text, JSON_REJECT_DUPLICATES, &why);

        if (arguments == NULL)
                return fail(err, OFFPEAK_EINVAL, "the query's arguments are not JSON: %s at byte %d", why.text,
                            why.position);
        if (!json_is_object(arguments)) {
                json_decref(arguments);
                return fail(err, OFFPEAK_EINVAL, "the query's arguments must be a JSON object, as in {\"all\": true}");
        }
        *ret_arguments = arguments;
        return 0;
}

int answer_query(const struct state *state, struct store *store, const struct config *config,
                 struct feed_statuses feeds, const struct now *now, const char *target, const char *arguments,
                 char **ret_document, struct offpeak_error *err)
{
        struct answer answer = { .state = state, .store = store, .config = config, .feeds = feeds, .now = *now };
        json_t *parsed;
        char *document = NULL;
        size_t t;
        int r;

        r = find_target(target, &t, err);
        if (r == 0)
                r = parse_arguments(arguments, &parsed, err);
        if (r != 0)
                return r;
        answer.arguments = parsed;
        answer.root = json_object();
        answer_put(&answer, answer.root, "schema", json_string(targets[t].schema));
        answer_put(&answer, answer.root, "now_utc", answer_utc(now->wall));
        r = targets[t].fill(&answer, err);
        if (r == 0 && !answer.failed)
                document = json_dumps(answer.root, JSON_COMPACT);
        if (r == 0 && document == NULL)
                r = fail(err, OFFPEAK_ENOMEM, "out of memory");
        json_decref(answer.root);
        json_decref(parsed);
        if (r == 0)
                *ret_document = document;
        return r;
}
