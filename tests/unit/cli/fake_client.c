/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/version.h>

#include "base/fail.h"

static struct fake_client *fake;

void fake_client_use(struct fake_client *client)
{
        fake = client;
}

static void record(const char *call, const char *what, const char *arguments)
{
        if (fake->n_calls < FAKE_MAX_CALLS)
                snprintf(fake->calls[fake->n_calls++], sizeof(fake->calls[0]), "%s%s%s%s%s", call,
                         *what != '\0' ? " " : "", what, arguments != NULL ? " " : "",
                         arguments != NULL ? arguments : "");
}

static void answer_text(struct offpeak_answer *ret_answer, uint64_t job)
{
        *ret_answer = (struct offpeak_answer){ .job = job, .text = fake->text != NULL ? strdup(fake->text) : NULL };
}

void offpeak_answer_finish(struct offpeak_answer *answer)
{
        free(answer->text);
        free(answer->document);
        memset(answer, 0, sizeof(*answer));
}

int offpeak_open(const char *endpoint, const struct offpeak_options *options, struct offpeak_client **ret_client,
                 struct offpeak_error *err)
{
        char timeout[32];

        snprintf(timeout, sizeof(timeout), "%d", options->timeout_ms);
        if (fake->open_code != 0)
                return fail(err, fake->open_code, "nobody listens on %s", endpoint != NULL ? endpoint : "the default");
        fake->opened++;
        if (endpoint != NULL)
                record("open", endpoint, timeout);
        *ret_client = (struct offpeak_client *)fake;
        return 0;
}

void offpeak_close(struct offpeak_client *client)
{
        fake->closed += client != NULL;
}

int offpeak_submit(struct offpeak_client *client, const struct offpeak_job_spec *spec,
                   struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        (void)client;
        (void)err;
        record("submit", spec->name, NULL);
        answer_text(ret_answer, fake->new_job);
        return offpeak_job_spec_copy(spec, &fake->submitted);
}

static int change(const char *verb, uint64_t job, struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        char number[24];

        snprintf(number, sizeof(number), "%llu", (unsigned long long)job);
        record(verb, number, NULL);
        if (job == fake->refused_job)
                return fail(err, OFFPEAK_EPERMISSION, "job %s belongs to ana", number);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_cancel(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err)
{
        (void)client;
        return change("cancel", job, ret_answer, err);
}

int offpeak_hold(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err)
{
        (void)client;
        return change("hold", job, ret_answer, err);
}

int offpeak_release(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                    struct offpeak_error *err)
{
        (void)client;
        return change("release", job, ret_answer, err);
}

int offpeak_pin(struct offpeak_client *client, uint64_t job, int64_t start, struct offpeak_answer *ret_answer,
                struct offpeak_error *err)
{
        char verb[40];

        (void)client;
        snprintf(verb, sizeof(verb), "pin %lld", (long long)start);
        return change(verb, job, ret_answer, err);
}

int offpeak_unpin(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err)
{
        (void)client;
        return change("unpin", job, ret_answer, err);
}

int offpeak_fence(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err)
{
        (void)client;
        (void)err;
        record("fence", node, NULL);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_drain(struct offpeak_client *client, const char *node, const char *reason,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        (void)client;
        (void)err;
        record("drain", node, reason);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_resume(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err)
{
        (void)client;
        (void)err;
        record("resume", node, NULL);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_push(struct offpeak_client *client, const struct offpeak_push *push, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err)
{
        char text[256];

        (void)client;
        (void)err;
        snprintf(text, sizeof(text), "n=%zu first=%lld/%lld last=%lld/%lld end=%lld issued=%lld expires=%lld life=%lld seq=%llu %s %s%s",
                 push->n_points, push->n_points > 0 ? (long long)push->points[0].start : -1,
                 push->n_points > 0 ? (long long)push->points[0].value : -1,
                 push->n_points > 0 ? (long long)push->points[push->n_points - 1].start : -1,
                 push->n_points > 0 ? (long long)push->points[push->n_points - 1].value : -1, (long long)push->end,
                 (long long)push->issued, (long long)push->expires, (long long)push->life_s, (unsigned long long)push->seq,
                 push->currency != NULL ? push->currency : "-", push->source != NULL ? push->source : "-",
                 push->withdraw ? " withdraw" : "");
        record("push", push->site, text);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_reload(struct offpeak_client *client, struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        (void)client;
        (void)err;
        record("reload", "", NULL);
        answer_text(ret_answer, 0);
        return 0;
}

int offpeak_query(struct offpeak_client *client, const char *what, const char *arguments,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        (void)client;
        record("query", what, arguments);
        for (unsigned i = 0; i < FAKE_MAX_DOCUMENTS; i++) {
                if (fake->documents[i].target == NULL || strcmp(fake->documents[i].target, what) != 0)
                        continue;
                *ret_answer = (struct offpeak_answer){ .document = strdup(fake->documents[i].document) };
                return 0;
        }
        return fail(err, OFFPEAK_ENOTFOUND, "no canned answer for %s", what);
}

const char *offpeak_version(void)
{
        return "9.8.7";
}
