/* SPDX-License-Identifier: Apache-2.0 */
#include "core/after.h"

size_t after_count(const struct job *job)
{
        return job->spec.n_after_ok + job->spec.n_after_any;
}

struct after_link after_link_at(const struct state *state, const struct job *job, size_t i)
{
        const struct offpeak_job_spec *spec = &job->spec;
        bool ok = i < spec->n_after_ok;
        uint64_t id = ok ? spec->after_ok[i] : spec->after_any[i - spec->n_after_ok];

        return (struct after_link){ .id = id, .ok = ok, .other = state_job(state, id) };
}

bool after_is_open(const struct after_link *link)
{
        return link->other != NULL && link->other->state < OFFPEAK_JOB_DONE;
}

static bool ended_well(const struct after_link *link)
{
        return link->other != NULL && link->other->state == OFFPEAK_JOB_DONE;
}

enum after_word after_look(const struct state *state, const struct job *job, const struct job **ret_other)
{
        enum after_word word = AFTER_MET;
        const struct job *other = NULL;

        for (size_t i = 0; word != AFTER_NEVER && i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);

                if (after_is_open(&link)) {
                        other = word == AFTER_MET ? link.other : other;
                        word = AFTER_WAITS;
                } else if (link.ok && !job->anyhow && !ended_well(&link)) {
                        other = link.other;
                        word = AFTER_NEVER;
                }
        }
        if (ret_other != NULL)
                *ret_other = other;
        return word;
}

int64_t after_last_end(const struct state *state, const struct job *job)
{
        int64_t last = 0;

        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);
                int64_t end = 0;

                if (link.other != NULL)
                        end = after_is_open(&link) ? link.other->planned_finish : link.other->ended_at;
                last = end > last ? end : last;
        }
        return last;
}

bool after_is_unknown(const struct state *state, const struct job *job)
{
        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);

                if (after_is_open(&link) &&
                    (link.other->held || link.other->cancel || link.other->n_planned == 0 || link.other->planned_finish == 0))
                        return true;
        }
        return false;
}
