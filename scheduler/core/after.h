/* SPDX-License-Identifier: Apache-2.0 */
/*
 * after.h - the jobs that a job comes after: whom it waits for, and whether that can still be met.
 *
 * They were submitted before it, so there are no cycles. The scheduler forgets no job; one that is not in a state (a
 * view of a part of it, say) counts as ended, and not known to have ended well.
 */
#ifndef OFFPEAK_CORE_AFTER_H
#define OFFPEAK_CORE_AFTER_H

#include "core/state.h"

enum after_word {
        AFTER_MET = 0, /* all of them have ended, as it asks for */
        AFTER_WAITS,   /* some have not ended */
        AFTER_NEVER,   /* one that should have ended well did not */
};

/* ret_other (may be NULL): the first that makes it so; NULL where that is not in the state. */
enum after_word after_look(const struct state *state, const struct job *job, const struct job **ret_other);

/* They, in the order in which they were named: those that must end well first. */
struct after_link {
        uint64_t id;
        bool ok;                 /* it must end well */
        const struct job *other; /* NULL: not in the state */
};
size_t after_count(const struct job *job);
struct after_link after_link_at(const struct state *state, const struct job *job, size_t i);

/* Not ended. A job that is not in the state has. */
bool after_is_open(const struct after_link *link);

/* The last of their ends, those that are planned among them. 0: it comes after none, or none has either. */
int64_t after_last_end(const struct state *state, const struct job *job);

/* Is one of those that have not ended without hours, so that nobody can say when the job may start? */
bool after_is_unknown(const struct state *state, const struct job *job);

#endif
