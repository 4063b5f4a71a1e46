/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecaster.h - forecasts are made in a worker thread, one after the other, on copies of the series; they come back on the loop.
 *
 * A wish takes the place of an older one for the same signal that has not begun. On closing what waits is dropped.
 */
#ifndef OFFPEAK_IO_FORECASTER_H
#define OFFPEAK_IO_FORECASTER_H

#include <uv.h>

#include "core/decide.h"

struct forecaster;

/* On the loop, with the answer as an input to hand to the core. */
typedef void (*forecaster_ready)(void *context, struct input *input);

int forecaster_create(uv_loop_t *loop, forecaster_ready ready, void *context, struct forecaster **ret_forecaster);

/* Begin, or begin when the one under way is done. A wish that memory is short for is logged, and answered with nothing. */
void forecaster_ask(struct forecaster *forecaster, const struct state *state, const struct forecast_wish *wish);

/* `closed` is called when no thread works on it any more, at once or later. The forecaster is gone then. */
void forecaster_close(struct forecaster *forecaster, void (*closed)(void *context), void *context);

#endif
