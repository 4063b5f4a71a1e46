/* SPDX-License-Identifier: Apache-2.0 */
#include "io/forecaster.h"

#include <stdlib.h>
#include <string.h>

#include "core/room.h"
#include "wire/log.h"

/* One forecast to make: a copy of the series, so that the worker needs nothing of the state. */
struct task {
        struct forecast_wish wish;
        struct series series;
};

struct forecaster {
        uv_loop_t *loop;
        forecaster_ready ready;
        void *context;
        uv_work_t work;
        bool busy, stopping;
        struct task task;          /* the worker's until it is done */
        struct forecast_use use;
        int code;
        struct task *waiting;
        size_t n_waiting;
        void (*closed)(void *context);
        void *closed_context;
};

int forecaster_create(uv_loop_t *loop, forecaster_ready ready, void *context, struct forecaster **ret_forecaster)
{
        struct forecaster *forecaster = calloc(1, sizeof(*forecaster));

        if (forecaster == NULL)
                return OFFPEAK_ENOMEM;
        forecaster->loop = loop;
        forecaster->ready = ready;
        forecaster->context = context;
        forecaster->work.data = forecaster;
        *ret_forecaster = forecaster;
        return 0;
}

/* In the worker thread: touches task, use and code only. */
static void compute(uv_work_t *work)
{
        struct forecaster *forecaster = work->data;
        const struct forecast_wish *wish = &forecaster->task.wish;

        memset(&forecaster->use, 0, sizeof(forecaster->use));
        forecaster->code = forecast_use_make(&forecaster->task.series, wish->origin, wish->to, wish->east_s, &forecaster->use);
}

static void hand_back(struct forecaster *forecaster, const struct forecast_wish *wish, const struct forecast_use *use)
{
        struct input input = { .type = INPUT_FORECAST_READY };

        input.u.forecast_ready.wish = *wish;
        input.u.forecast_ready.use = use;
        forecaster->ready(forecaster->context, &input);
}

static void begin_next(struct forecaster *forecaster);

static void after(uv_work_t *work, int status)
{
        struct forecaster *forecaster = work->data;
        struct task done = forecaster->task;
        struct forecast_use use = forecaster->use;
        int code = status != 0 ? OFFPEAK_EINTERNAL : forecaster->code;

        forecaster->busy = false;
        if (code != 0 && !forecaster->stopping)
                log_error("no forecast of %s at %s, the last known day is repeated: %s", series_kind_name(done.series.kind),
                          done.series.site != NULL ? done.series.site : "?", offpeak_code_text(code));
        if (!forecaster->stopping)
                hand_back(forecaster, &done.wish, code == 0 ? &use : NULL);
        forecast_use_finish(&use);
        series_finish(&done.series);
        if (forecaster->stopping)
                forecaster_close(forecaster, forecaster->closed, forecaster->closed_context);
        else
                begin_next(forecaster);
}

static void begin_next(struct forecaster *forecaster)
{
        if (forecaster->busy || forecaster->n_waiting == 0)
                return;
        forecaster->task = forecaster->waiting[0];
        forecaster->n_waiting--;
        memmove(forecaster->waiting, forecaster->waiting + 1, forecaster->n_waiting * sizeof(*forecaster->waiting));
        forecaster->busy = true;
        if (uv_queue_work(forecaster->loop, &forecaster->work, compute, after) != 0) {
                forecaster->busy = false;
                hand_back(forecaster, &forecaster->task.wish, NULL);
                series_finish(&forecaster->task.series);
        }
}

static struct task *waiting_for(struct forecaster *forecaster, const struct forecast_wish *wish)
{
        for (size_t i = 0; i < forecaster->n_waiting; i++)
                if (forecaster->waiting[i].wish.site == wish->site && forecaster->waiting[i].wish.kind == wish->kind)
                        return &forecaster->waiting[i];
        return NULL;
}

static int put(struct forecaster *forecaster, const struct series *series, const struct forecast_wish *wish)
{
        struct task *task = waiting_for(forecaster, wish);
        struct series copy;

        if (series_copy(series, &copy) != 0)
                return OFFPEAK_ENOMEM;
        if (task != NULL) {
                series_finish(&task->series);
        } else {
                task = room_for_one((void **)&forecaster->waiting, forecaster->n_waiting, sizeof(*task));
                if (task == NULL) {
                        series_finish(&copy);
                        return OFFPEAK_ENOMEM;
                }
                forecaster->n_waiting++;
        }
        *task = (struct task){ *wish, copy };
        return 0;
}

void forecaster_ask(struct forecaster *forecaster, const struct state *state, const struct forecast_wish *wish)
{
        if (put(forecaster, state_past(&state->sites[wish->site], wish->kind), wish) == 0) {
                begin_next(forecaster);
                return;
        }
        log_error("out of memory: no forecast was made");
        hand_back(forecaster, wish, NULL);
}

void forecaster_close(struct forecaster *forecaster, void (*closed)(void *context), void *context)
{
        forecaster->stopping = true;
        forecaster->closed = closed;
        forecaster->closed_context = context;
        if (forecaster->busy)
                return; /* after() comes back here */
        for (size_t i = 0; i < forecaster->n_waiting; i++)
                series_finish(&forecaster->waiting[i].series);
        free(forecaster->waiting);
        free(forecaster);
        if (closed != NULL)
                closed(context);
}
