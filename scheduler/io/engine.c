/* SPDX-License-Identifier: Apache-2.0 */
#include "io/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/record_log.h"
#include "wire/log.h"

/* The core is asked at least this often, whatever it says about its next moment. */
enum { LONGEST_WAIT_MS = 1000 };

struct engine {
        struct engine_options options;
        struct state state;
        struct turn turn;
        uint64_t snapshot_index; /* log index of the last snapshot */
        bool failed;
        uv_timer_t tick;
        uv_prepare_t prepare;
        uv_check_t check;
        int handles;             /* open ones */
        void (*closed)(void *context);
        void *closed_context;
};

static void engine_fail(struct engine *engine, const struct offpeak_error *err)
{
        engine->failed = true;
        engine->options.fail(engine->options.context, err);
}

/* ---- turns */

static void take(struct engine *engine, struct input *input)
{
        struct offpeak_error err;
        int code;

        if (engine->failed)
                return;
        input->now = clocks_now(&engine->options.clocks);
        code = core_step(&engine->state, input, &engine->turn);
        if (code != 0) {
                fail(&err, code, "the core cannot go on: %s", offpeak_code_text(code));
                engine_fail(engine, &err);
        }
}

static void set_timer(struct engine *engine);

void engine_input(struct engine *engine, struct input *input)
{
        take(engine, input);
}

static int commit(struct engine *engine, struct offpeak_error *err)
{
        return store_commit(engine->options.store, engine->turn.records, engine->turn.n_records, err);
}

static void snapshot_if_due(struct engine *engine)
{
        struct offpeak_error err;

        if (engine->state.log_index - engine->snapshot_index < engine->options.snapshot_records)
                return;
        if (store_snapshot(engine->options.store, &engine->state, &err) != 0)
                log_warning("no snapshot was written, the log grows on: %s", err.text);
        engine->snapshot_index = engine->state.log_index;
}

void engine_flush(struct engine *engine)
{
        struct offpeak_error err;
        struct turn turn;

        if (engine->failed || (engine->turn.n_records == 0 && engine->turn.n_actions == 0))
                return;
        if (commit(engine, &err) != 0) {
                fail_at(&err, "what was decided could not be recorded");
                engine_fail(engine, &err);
                return;
        }
        turn = engine->turn; /* carrying out an action may begin the next turn */
        turn_init(&engine->turn);
        for (size_t i = 0; i < turn.n_records; i++)
                record_log(&engine->state, &turn.records[i]);
        for (size_t i = 0; i < turn.n_actions; i++)
                engine->options.act(engine->options.context, &turn.actions[i]);
        engine->options.acted(engine->options.context);
        turn_finish(&turn);
        snapshot_if_due(engine);
        set_timer(engine);
}

/* ---- time */

static void on_tick(uv_timer_t *timer)
{
        struct engine *engine = timer->data;
        struct input input = { .type = INPUT_TICK };

        take(engine, &input);
        set_timer(engine);
}

static void set_timer(struct engine *engine)
{
        struct now now = clocks_now(&engine->options.clocks);
        struct now next = core_next(&engine->state, &now);
        int64_t wait_ms = LONGEST_WAIT_MS;

        if (next.wall != INT64_MAX && clocks_until_wall_ms(&engine->options.clocks, next.wall) < wait_ms)
                wait_ms = clocks_until_wall_ms(&engine->options.clocks, next.wall);
        if (next.mono_ms != INT64_MAX && next.mono_ms - now.mono_ms < wait_ms)
                wait_ms = next.mono_ms > now.mono_ms ? next.mono_ms - now.mono_ms : 0;
        uv_timer_start(&engine->tick, on_tick, (uint64_t)(wait_ms > 0 ? wait_ms : 1), 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
        engine_flush(prepare->data);
}

static void on_check(uv_check_t *check)
{
        engine_flush(check->data);
}

/* ---- life */

static int take_record(void *context, struct record *record)
{
        struct engine *engine = context;

        return apply(&engine->state, record);
}

static int recover(struct engine *engine, bool *ret_lost_tail, struct offpeak_error *err)
{
        int code = store_replay(engine->options.store, take_record, engine, ret_lost_tail, err);

        if (code != 0)
                return code;
        engine->snapshot_index = engine->state.log_index;
        log_info("recovered %zu jobs and %u nodes from %llu records", engine->state.n_jobs, engine->state.n_nodes,
                 (unsigned long long)engine->state.log_index);
        if (*ret_lost_tail)
                log_error("the end of the log was damaged and set aside: nothing is launched until every node has been "
                          "heard, or was fenced with `offpeak fence NODE`");
        return 0;
}

static void start_handles(struct engine *engine)
{
        uv_loop_t *loop = engine->options.loop;

        uv_timer_init(loop, &engine->tick);
        uv_prepare_init(loop, &engine->prepare);
        uv_check_init(loop, &engine->check);
        engine->tick.data = engine->prepare.data = engine->check.data = engine;
        uv_prepare_start(&engine->prepare, on_prepare);
        uv_check_start(&engine->check, on_check);
        uv_timer_start(&engine->tick, on_tick, 1, 0);
        engine->handles = 3;
}

int engine_open(const struct engine_options *options, struct engine **ret_engine, struct offpeak_error *err)
{
        struct engine *engine = calloc(1, sizeof(*engine));
        struct input start = { .type = INPUT_START };
        bool lost_tail = false;
        int code;

        if (engine == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        engine->options = *options;
        turn_init(&engine->turn);
        state_init(&engine->state);
        code = recover(engine, &lost_tail, err);
        if (code != 0) {
                state_finish(&engine->state);
                free(engine);
                return code;
        }
        start.u.start.lost_tail = lost_tail;
        start.u.start.forecasts = options->forecasts;
        take(engine, &start);
        start_handles(engine);
        *ret_engine = engine;
        return 0;
}

const struct state *engine_state(const struct engine *engine)
{
        return &engine->state;
}

const struct clocks *engine_clocks(const struct engine *engine)
{
        return &engine->options.clocks;
}

static void on_closed(uv_handle_t *handle)
{
        struct engine *engine = handle->data;
        void (*closed)(void *) = engine->closed;
        void *context = engine->closed_context;

        if (--engine->handles > 0)
                return;
        turn_finish(&engine->turn);
        state_finish(&engine->state);
        free(engine);
        if (closed != NULL)
                closed(context);
}

void engine_close(struct engine *engine, void (*closed)(void *context), void *context)
{
        struct offpeak_error err;

        engine_flush(engine);
        if (!engine->failed && store_snapshot(engine->options.store, &engine->state, &err) != 0)
                log_warning("no snapshot at the end, the next start replays the log: %s", err.text);
        engine->failed = true; /* nothing is taken any more */
        engine->closed = closed;
        engine->closed_context = context;
        uv_close((uv_handle_t *)&engine->tick, on_closed);
        uv_close((uv_handle_t *)&engine->prepare, on_closed);
        uv_close((uv_handle_t *)&engine->check, on_closed);
}
