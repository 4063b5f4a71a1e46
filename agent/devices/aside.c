/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/aside.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"

enum { STACK_SIZE = 1 << 20 };

struct aside {
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t begun, ended;
        void (*work)(void *context); /* NULL: idle */
        void *context;
        void (*last)(void *context); /* NULL: it is not closed */
        void *last_context;
        bool finished;  /* last has run */
        bool abandoned; /* nobody waits for that */
};

static void destroy(struct aside *aside)
{
        pthread_cond_destroy(&aside->begun);
        pthread_cond_destroy(&aside->ended);
        pthread_mutex_destroy(&aside->mutex);
        free(aside);
}

/* With the mutex held, but for the call. */
static void run(struct aside *aside, void (*work)(void *context), void *context)
{
        pthread_mutex_unlock(&aside->mutex);
        work(context);
        pthread_mutex_lock(&aside->mutex);
}

static void *serve(void *context)
{
        struct aside *aside = context;
        bool abandoned;

        pthread_mutex_lock(&aside->mutex);
        while (aside->work != NULL || aside->last == NULL) {
                if (aside->work == NULL) {
                        pthread_cond_wait(&aside->begun, &aside->mutex);
                        continue;
                }
                run(aside, aside->work, aside->context);
                aside->work = NULL;
                pthread_cond_broadcast(&aside->ended);
        }
        run(aside, aside->last, aside->last_context);
        aside->finished = true;
        abandoned = aside->abandoned;
        pthread_cond_broadcast(&aside->ended);
        pthread_mutex_unlock(&aside->mutex);
        if (abandoned)
                destroy(aside);
        return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct aside *aside)
{
        sigset_t all, before;
        pthread_attr_t attributes;
        int rc;

        sigfillset(&all);
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_SIZE);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        rc = pthread_create(&aside->thread, &attributes, serve, aside);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return rc;
}

int aside_open(struct aside **ret_aside, struct offpeak_error *err)
{
        struct aside *aside = calloc(1, sizeof(*aside));
        pthread_condattr_t monotonic;
        int rc;

        if (aside == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_mutex_init(&aside->mutex, NULL);
        pthread_cond_init(&aside->begun, NULL);
        pthread_cond_init(&aside->ended, &monotonic);
        pthread_condattr_destroy(&monotonic);
        rc = start_thread(aside);
        if (rc != 0) {
                destroy(aside);
                return fail(err, OFFPEAK_EIO, "cannot make a thread: %s", strerror(rc));
        }
        *ret_aside = aside;
        return 0;
}

static struct timespec from_now(int64_t wait_ms)
{
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_sec++;
                until.tv_nsec -= 1000000000;
        }
        return until;
}

int aside_call(struct aside *aside, void (*work)(void *context), void *context, int64_t wait_ms)
{
        const struct timespec until = from_now(wait_ms);
        bool begun, done;

        pthread_mutex_lock(&aside->mutex);
        begun = aside->work == NULL;
        if (begun) {
                aside->context = context;
                aside->work = work;
                pthread_cond_signal(&aside->begun);
        }
        while (begun && aside->work != NULL)
                if (pthread_cond_timedwait(&aside->ended, &aside->mutex, &until) == ETIMEDOUT)
                        break;
        done = begun && aside->work == NULL;
        pthread_mutex_unlock(&aside->mutex);
        return done ? 0 : OFFPEAK_ETRYAGAIN;
}

bool aside_is_idle(struct aside *aside)
{
        bool idle;

        pthread_mutex_lock(&aside->mutex);
        idle = aside->work == NULL;
        pthread_mutex_unlock(&aside->mutex);
        return idle;
}

void aside_close(struct aside *aside, void (*last)(void *context), void *context, int64_t wait_ms)
{
        const struct timespec until = from_now(wait_ms);
        pthread_t thread;
        bool finished;

        if (aside == NULL) {
                last(context);
                return;
        }
        pthread_mutex_lock(&aside->mutex);
        thread = aside->thread;
        aside->last_context = context;
        aside->last = last;
        pthread_cond_signal(&aside->begun);
        while (!aside->finished)
                if (pthread_cond_timedwait(&aside->ended, &aside->mutex, &until) == ETIMEDOUT)
                        break;
        finished = aside->finished;
        aside->abandoned = !finished;
        pthread_mutex_unlock(&aside->mutex); /* an abandoned one may be gone from here on */
        if (!finished) {
                pthread_detach(thread);
                return;
        }
        pthread_join(thread, NULL);
        destroy(aside);
}
