/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - the core on a libuv loop: inputs in, records committed, then actions out.
 *
 * One loop turn: whatever arrives is decided and applied at once and gathers in one turn; before the loop waits again, the
 * turn's records are committed in one transaction, and only then its actions are carried out. If the commit fails nothing
 * was promised to anyone: the process ends, and the next one recovers from the log.
 */
#ifndef OFFPEAK_IO_ENGINE_H
#define OFFPEAK_IO_ENGINE_H

#include <uv.h>

#include "core/decide.h"
#include "io/clocks.h"
#include "io/store.h"

struct engine;

struct engine_options {
        uv_loop_t *loop;
        struct store *store;          /* borrowed: closed by the caller, after the engine */
        struct clocks clocks;
        uint32_t snapshot_records;
        bool forecasts;               /* act makes forecasts when asked */
        void (*act)(void *context, const struct action *action);     /* after the commit */
        void (*acted)(void *context);                                 /* after the last action of a turn */
        void (*fail)(void *context, const struct offpeak_error *err); /* the process must end without saying anything more */
        void *context;
};

/* Recover the state from the store, begin a new term, and start the loop's handles. */
int engine_open(const struct engine_options *options, struct engine **ret_engine, struct offpeak_error *err);

/* Take an input; its `now` is filled in. Nothing leaves before the next flush. */
void engine_input(struct engine *engine, struct input *input);

/* Commit and act now, so that what is read from the state is on record. */
void engine_flush(struct engine *engine);

const struct state *engine_state(const struct engine *engine);
const struct clocks *engine_clocks(const struct engine *engine);

/* Flush, write a snapshot, and close the handles; `closed` is called once none is left. The engine is gone then. */
void engine_close(struct engine *engine, void (*closed)(void *context), void *context);

#endif
