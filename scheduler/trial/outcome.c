/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/error.h>

#include "core/room.h"

int outcome_init(struct outcome *outcome, size_t n_jobs)
{
        *outcome = (struct outcome){ .n_jobs = n_jobs, .bound = NAN };
        outcome->finish = calloc(n_jobs + 1, sizeof(*outcome->finish));
        return outcome->finish != NULL ? 0 : OFFPEAK_ENOMEM;
}

void outcome_finish(struct outcome *outcome)
{
        free(outcome->segments);
        free(outcome->finish);
        free(outcome->losses);
        *outcome = (struct outcome){ 0 };
}

int outcome_add(struct outcome *outcome, struct segment segment, bool joins)
{
        struct segment *last = outcome->n > 0 ? &outcome->segments[outcome->n - 1] : NULL;

        segment.goes_on = joins && last != NULL && last->job == segment.job && last->end == segment.start &&
                          last->site == segment.site && last->gpus == segment.gpus;
        if (segment.goes_on && last->level == segment.level) {
                last->end = segment.end;
                return 0;
        }
        if (outcome->n == outcome->room) {
                size_t room = 2 * outcome->room + 64;
                struct segment *larger = realloc(outcome->segments, room * sizeof(*larger));

                if (larger == NULL)
                        return OFFPEAK_ENOMEM;
                outcome->segments = larger;
                outcome->room = room;
        }
        outcome->segments[outcome->n++] = segment;
        return 0;
}

int outcome_lose(struct outcome *outcome, struct loss loss)
{
        struct loss *kept = room_for_one((void **)&outcome->losses, outcome->n_losses, sizeof(*kept));

        if (kept == NULL)
                return OFFPEAK_ENOMEM;
        *kept = loss;
        outcome->n_losses++;
        return 0;
}

static int by_job_and_time(const void *a, const void *b)
{
        const struct segment *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        return x->start < y->start ? -1 : x->start > y->start;
}

void outcome_sort(struct outcome *outcome)
{
        if (outcome->n > 0)
                qsort(outcome->segments, outcome->n, sizeof(*outcome->segments), by_job_and_time);
}
