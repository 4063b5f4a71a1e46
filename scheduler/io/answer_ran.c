/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_ran.h"

#include <stdlib.h>

#include "base/fail.h"

/* Readings of one run may leave this much between them. */
enum { SEAM_S = 120 };

static int by_job_and_time(const void *a, const void *b)
{
        const struct ran *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        return x->start < y->start ? -1 : x->start > y->start;
}

static size_t take_bookings(const struct booking *bookings, size_t n, uint64_t job, struct ran *ran)
{
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                const struct booking *booking = &bookings[i];

                if (booking->account != ACCOUNT_JOB || booking->job == 0 || (job != 0 && booking->job != job))
                        continue;
                ran[used++] = (struct ran){ .job = booking->job,
                                            .site = booking->site,
                                            .start = booking->start,
                                            .end = booking->end,
                                            .joules = booking->joules,
                                            .cost = booking->cost,
                                            .unpriced_joules = booking->price == SERIES_UNKNOWN ? booking->joules : 0 };
        }
        return used;
}

static bool runs_now(const struct job *job)
{
        return job->state == OFFPEAK_JOB_ACTIVE && job->attempt.go && job->site != NONE_U32;
}

/* What runs now, from its start to now: the meter comes later. */
static size_t take_running(const struct answer *answer, uint64_t only, struct ran *ran)
{
        size_t used = 0;

        for (size_t i = 0; i < answer->state->n_jobs; i++) {
                const struct job *job = &answer->state->jobs[i];

                if (!runs_now(job) || (only != 0 && job->id != only) || job->attempt.launched_at >= answer->now.wall)
                        continue;
                ran[used++] = (struct ran){ .job = job->id,
                                            .site = job->site,
                                            .start = job->attempt.launched_at,
                                            .end = answer->now.wall };
        }
        return used;
}

static size_t merge(struct ran *ran, size_t n)
{
        size_t last = 0;

        if (n == 0)
                return 0;
        for (size_t i = 1; i < n; i++) {
                struct ran *before = &ran[last];

                if (ran[i].job != before->job || ran[i].site != before->site || ran[i].start > before->end + SEAM_S) {
                        ran[++last] = ran[i];
                        continue;
                }
                before->end = ran[i].end > before->end ? ran[i].end : before->end;
                before->joules += ran[i].joules;
                before->cost += ran[i].cost;
                before->unpriced_joules += ran[i].unpriced_joules;
        }
        return last + 1;
}

int answer_ran(const struct answer *answer, uint64_t job, int64_t from, struct ran **ret_ran, size_t *ret_n,
               struct offpeak_error *err)
{
        struct booking *bookings = NULL;
        struct ran *ran;
        size_t n_bookings = 0, n;
        int r = 0;

        if (answer->store != NULL && from < answer->now.wall)
                r = store_bookings(answer->store, from, answer->now.wall, &bookings, &n_bookings, err);
        if (r != 0)
                return r;
        ran = calloc(n_bookings + answer->state->n_jobs + 1, sizeof(*ran));
        if (ran == NULL) {
                free(bookings);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        n = take_bookings(bookings, n_bookings, job, ran);
        n += take_running(answer, job, ran + n);
        free(bookings);
        qsort(ran, n, sizeof(*ran), by_job_and_time);
        *ret_n = merge(ran, n);
        *ret_ran = ran;
        return 0;
}
