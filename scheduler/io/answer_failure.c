/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_failure.h"

#include <string.h>

#include "io/answer_path.h"

static json_t *lines(struct answer *answer, const char *text)
{
        json_t *array;

        if (text == NULL)
                return json_null();
        array = json_array();
        for (const char *line = text; *line != '\0'; line += *line == '\n') {
                size_t length = strcspn(line, "\n");

                answer_add(answer, array, json_stringn(line, length));
                line += length;
        }
        return array;
}

/*
 * The file that its errors went to; null where nobody knows: with a process for each GPU an elastic job's ranks of
 * nodes are those of the width that it had.
 */
static json_t *errors(const struct job *job)
{
        const struct offpeak_job_spec *spec = &job->spec;
        const struct failure *failure = &job->failure;
        const char *pattern = spec->stderr_path != NULL ? spec->stderr_path : spec->stdout_path;
        uint32_t node = failure->rank;

        if (spec->launcher == OFFPEAK_LAUNCHER_GPU) {
                if (spec->n_widths > 0 && failure->rank > 0)
                        return json_null();
                node /= spec->gpus_per_node > 0 ? spec->gpus_per_node : 1;
        }
        return answer_path(job, pattern != NULL ? pattern : "offpeak-%j.out", failure->attempt, node, failure->rank);
}

json_t *answer_failure(struct answer *answer, const struct job *job)
{
        const struct failure *failure = &job->failure;
        const struct state *state = answer->state;
        json_t *object;

        if (failure->attempt == 0)
                return json_null();
        object = json_object();
        answer_put(answer, object, "attempt", json_integer(failure->attempt));
        answer_put(answer, object, "node",
                   answer_text(failure->node < state->n_nodes ? state->nodes[failure->node].name : NULL));
        answer_put(answer, object, "rank", json_integer(failure->rank));
        answer_put(answer, object, "how", answer_text(failure->how == 0 ? "not_ready" : answer_leg_how(failure->how)));
        answer_put_status(answer, object, failure->how == LEG_EXIT, failure->status);
        answer_put(answer, object, "killed", json_boolean(failure->killed));
        answer_put(answer, object, "at_utc", answer_utc(failure->at));
        answer_put(answer, object, "why", answer_text(failure->why));
        answer_put(answer, object, "path", errors(job));
        answer_put(answer, object, "last_lines", lines(answer, failure->tail));
        return object;
}
