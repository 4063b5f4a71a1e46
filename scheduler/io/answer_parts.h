/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_parts.h - what the answers are made of: values that may be unknown, arguments, and the facts that several
 * share.
 *
 * Building does not stop at a failure: a value that could not be made marks the answer as failed, and answer_query
 * gives up the whole.
 */
#ifndef OFFPEAK_IO_ANSWER_PARTS_H
#define OFFPEAK_IO_ANSWER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "io/answer.h"

struct answer {
        const struct state *state;
        struct store *store;
        const struct config *config; /* NULL: none to show */
        struct feed_statuses feeds;
        struct now now;
        const json_t *arguments;  /* an object */
        json_t *root;             /* the document */
        bool failed;              /* out of memory */
};

/* One target: fills answer->root. */
int answer_jobs(struct answer *answer, struct offpeak_error *err);
int answer_job(struct answer *answer, struct offpeak_error *err);
int answer_nodes(struct answer *answer, struct offpeak_error *err);
int answer_plan(struct answer *answer, struct offpeak_error *err);
int answer_policy(struct answer *answer, struct offpeak_error *err);
int answer_profile(struct answer *answer, struct offpeak_error *err);
int answer_price(struct answer *answer, struct offpeak_error *err);
int answer_report(struct answer *answer, struct offpeak_error *err);
int answer_signals(struct answer *answer, struct offpeak_error *err);

/* ---- building; the value is taken, NULL marks the answer as failed */

void answer_put(struct answer *answer, json_t *object, const char *key, json_t *value);
void answer_add(struct answer *answer, json_t *array, json_t *value);

/* ---- values; what is unknown is null */

json_t *answer_utc(int64_t time);                /* 0 and INT64_MAX are unknown */
json_t *answer_value(int64_t value);             /* SERIES_UNKNOWN is */

/* Keys of a signal's values, with their unit: "value_micro_per_mwh", "now_w". */
const char *answer_value_key(enum series_kind kind);
const char *answer_now_key(enum series_kind kind);
json_t *answer_known(bool known, int64_t value);
json_t *answer_real(double value);               /* what is not finite is */
json_t *answer_money(double currency_units);     /* in micro-currency */
json_t *answer_text(const char *text);           /* NULL is; bytes that are not UTF-8 are replaced */

json_t *answer_terms(struct answer *answer, const struct plan_terms *terms); /* what a plan costs */
json_t *answer_captured(const struct adopted_plan *plan); /* share of what can be saved that it saves; null where nothing can be */

/* ---- arguments */

/* EINVAL names an argument that is not in names (ended by NULL). */
int answer_expect(const struct answer *answer, const char *const *names, struct offpeak_error *err);
int answer_argument_text(const struct answer *answer, const char *name, const char **ret_text,
                         struct offpeak_error *err);
int answer_argument_bool(const struct answer *answer, const char *name, bool *ret_value, struct offpeak_error *err);
/* "job", which must be there. ENOTFOUND: there is none of that number. */
int answer_argument_job(const struct answer *answer, const struct job **ret_job, struct offpeak_error *err);
/* An ISO time; untouched if it is not given. */
int answer_argument_time(const struct answer *answer, const char *name, int64_t *ret_time, struct offpeak_error *err);
/* from_utc and to_utc, at most 400 days apart and ahead; in: what holds where they are not given. */
int answer_argument_window(const struct answer *answer, int64_t *from, int64_t *to, struct offpeak_error *err);
/* ENOTFOUND, with the sites that there are. */
int answer_no_site(const struct answer *answer, const char *name, struct offpeak_error *err);

/* ---- shared facts */

/* What a job does or waits for: planned, held, paused, retrying, queued, starting, running, silent, stopping, done,
 * failed, cancelled. */
const char *answer_job_status(const struct state *state, const struct job *job);

/* The job as `jobs` lists it and `job` begins with. */
json_t *answer_job_summary(struct answer *answer, const struct job *job);

/* exit_code and exit_signal of a status as of wait(2); both null where none is known. */
void answer_put_status(struct answer *answer, json_t *object, bool known, int32_t status);

/* The currency of a site, or of all sites if they have one in common; NULL if not. */
const char *answer_site_currency(const struct state *state, const struct site *site);
const char *answer_currency(const struct state *state);

/* "ended" and its kin. */
const char *answer_leg_how(enum leg_how how);
const char *answer_stop_reason(enum stop_reason reason);
const char *answer_session(const struct node *node);

#endif
