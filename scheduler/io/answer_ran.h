/* SPDX-License-Identifier: Apache-2.0 */
/* answer_ran.h - when jobs ran, as far as it is on the books. */
#ifndef OFFPEAK_IO_ANSWER_RAN_H
#define OFFPEAK_IO_ANSWER_RAN_H

#include "io/answer_parts.h"

struct ran {
        uint64_t job;
        uint32_t site;       /* stable id */
        int64_t start, end;
        int64_t joules;      /* job account, what is booked of the stretch */
        int64_t cost;        /* micro-currency */
        int64_t unpriced_joules;
};

/*
 * The stretches in [from, now) in which jobs ran, by job and time; legs side by side and readings that abut are one
 * stretch. An attempt that runs now reaches until now, whatever its meter has told. job 0: all. Malloc'ed.
 */
int answer_ran(const struct answer *answer, uint64_t job, int64_t from, struct ran **ret_ran, size_t *ret_n,
               struct offpeak_error *err);

#endif
