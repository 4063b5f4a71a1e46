/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - liboffpeak: ask the scheduler, from any program.
 *
 *      struct offpeak_client *client;
 *      struct offpeak_answer answer;
 *      struct offpeak_error err;
 *
 *      if (offpeak_open(NULL, NULL, &client, &err) != 0 || offpeak_submit(client, &spec, &answer, &err) != 0)
 *              fprintf(stderr, "%s\n", err.text);
 *
 * Calls block until the answer is there or the time is over; one thread at a time may use a client. Every request
 * carries a random id, and a try that gets no answer is sent again under the same id until the time is over, so a lost
 * answer never submits a job twice.
 *
 * Errors: EUNREACHABLE (nobody answers; a mutation may or may not have happened), EPROTOCOL (scheduler and library
 * speak different versions), EINVAL (a bound of job.h is not kept), ENOMEM, or what the scheduler answered.
 */
#ifndef OFFPEAK_CLIENT_H
#define OFFPEAK_CLIENT_H

#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>
#include <offpeak/push.h>

#ifdef __cplusplus
extern "C" {
#endif

struct offpeak_client;

/* All zero is the default. */
struct offpeak_options {
        int timeout_ms;              /* for one request, all its tries together; 0: 10,000 */
        const char *key_file;        /* own NAME.key, for tcp; NULL: $OFFPEAK_KEY */
        const char *server_key_file; /* the scheduler's NAME.pub, for tcp; NULL: $OFFPEAK_SERVER_KEY */
};

/* What the scheduler said. Its strings are NULL where it said nothing. */
struct offpeak_answer {
        uint64_t job;   /* the job that was submitted; else 0 */
        char *text;     /* a sentence for a person */
        char *document; /* offpeak_query: JSON */
};

void offpeak_answer_finish(struct offpeak_answer *answer);

/*
 * `ipc://PATH` or `tcp://HOST:PORT`. NULL: $OFFPEAK_SERVER, else the socket of the daemon on this machine (the
 * system's, else the user's own). Keys are needed for tcp to another machine. options may be NULL. EUNREACHABLE at once
 * if no process listens on an ipc path; ECONFIG for an endpoint or key file that is wrong.
 */
int offpeak_open(const char *endpoint, const struct offpeak_options *options, struct offpeak_client **ret_client,
                 struct offpeak_error *err);
void offpeak_close(struct offpeak_client *client); /* NULL is fine */

/* The endpoint in use. */
const char *offpeak_endpoint(const struct offpeak_client *client);

/* Each writes ret_answer (which may be NULL) on success only; finish it with offpeak_answer_finish. */
int offpeak_submit(struct offpeak_client *client, const struct offpeak_job_spec *spec,
                   struct offpeak_answer *ret_answer, struct offpeak_error *err);
int offpeak_cancel(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err);
int offpeak_hold(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err);
int offpeak_release(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                    struct offpeak_error *err);

/*
 * Keep the job to hours, whatever they cost, until they are over or it is unpinned: to those that are planned for it,
 * or with a start (UTC seconds; 0: none) to one unbroken run from then on. ESTATE: it has none, comes after others, or
 * what it needs is pinned for others or held by what cannot be interrupted; the sentence says which.
 */
int offpeak_pin(struct offpeak_client *client, uint64_t job, int64_t start, struct offpeak_answer *ret_answer,
                struct offpeak_error *err);
int offpeak_unpin(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err);

/* An operator's word that nothing runs on a node any more. */
int offpeak_fence(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err);

/* A node takes no more jobs, and does again; what runs there goes on. reason: a sentence, or NULL. */
int offpeak_drain(struct offpeak_client *client, const char *node, const char *reason,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err);
int offpeak_resume(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err);

/*
 * Say what a signal of a site is (push.h). The answer's sentence says until when it holds, and what does then. The same push
 * a second time (its source and sequence number, or its values) is answered as the first and changes nothing. ENOTFOUND: no
 * such site or agreement; EINVAL: currency, times or values that cannot be, with the place; ESTATE: older than what was
 * pushed last; EPERMISSION: only root, the scheduler's own user, and keys of role push or operator may.
 */
int offpeak_push(struct offpeak_client *client, const struct offpeak_push *push, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err);

/* Have the scheduler read its configuration again. */
int offpeak_reload(struct offpeak_client *client, struct offpeak_answer *ret_answer, struct offpeak_error *err);

/* `what` is a view's name ("jobs", "plan"); arguments a JSON object, or NULL. The answer's document is JSON. */
int offpeak_query(struct offpeak_client *client, const char *what, const char *arguments,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err);

#ifdef __cplusplus
}
#endif

#endif
