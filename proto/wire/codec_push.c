/* SPDX-License-Identifier: Apache-2.0 */
/* codec_push.c - a pushed signal. Each start and value travels as the difference to the one before it: few bytes. */
#include "wire/codec.h"

#include <stdlib.h>

#include "base/fail.h"

int codec_borrow_push(const struct offpeak_push *push, Offpeak__Wire__Push *ret_wire, struct offpeak_error *err)
{
        uint64_t start = 0, value = 0;
        int64_t *numbers = malloc((2 * push->n_points + 1) * sizeof(*numbers));

        if (numbers == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        offpeak__wire__push__init(ret_wire);
        ret_wire->signal = push->signal;
        ret_wire->site = codec_borrow_text(push->site);
        ret_wire->agreement = codec_borrow_text(push->agreement);
        ret_wire->currency = codec_borrow_text(push->currency);
        ret_wire->source = codec_borrow_text(push->source);
        ret_wire->starts = numbers;
        ret_wire->values = numbers + push->n_points;
        ret_wire->n_starts = ret_wire->n_values = push->n_points;
        for (size_t i = 0; i < push->n_points; i++) { /* unsigned: an unknown value wraps and comes back */
                ret_wire->starts[i] = (int64_t)((uint64_t)push->points[i].start - start);
                ret_wire->values[i] = (int64_t)((uint64_t)push->points[i].value - value);
                start = (uint64_t)push->points[i].start;
                value = (uint64_t)push->points[i].value;
        }
        ret_wire->end = push->end;
        ret_wire->issued = push->issued;
        ret_wire->expires = push->expires;
        ret_wire->life_s = push->life_s;
        ret_wire->seq = push->seq;
        ret_wire->withdraw = push->withdraw;
        return 0;
}

void codec_return_push(Offpeak__Wire__Push *wire)
{
        free(wire->starts);
}

static int copy_points(const Offpeak__Wire__Push *wire, struct offpeak_push *push, struct offpeak_error *err)
{
        uint64_t start = 0, value = 0;

        if (wire->n_starts != wire->n_values)
                return fail(err, OFFPEAK_EINVAL, "a push has %zu times and %zu values", wire->n_starts, wire->n_values);
        push->points = calloc(wire->n_starts + 1, sizeof(*push->points));
        if (push->points == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        push->n_points = wire->n_starts;
        for (size_t i = 0; i < push->n_points; i++) {
                start += (uint64_t)wire->starts[i];
                value += (uint64_t)wire->values[i];
                push->points[i].start = (int64_t)start;
                push->points[i].value = (int64_t)value;
        }
        return 0;
}

int codec_copy_push(const Offpeak__Wire__Push *wire, struct offpeak_push *push, struct offpeak_error *err)
{
        int code = codec_copy_text(wire->site, &push->site, err);

        if (code == 0)
                code = codec_copy_text(wire->agreement, &push->agreement, err);
        if (code == 0)
                code = codec_copy_text(wire->currency, &push->currency, err);
        if (code == 0)
                code = codec_copy_text(wire->source, &push->source, err);
        if (code == 0)
                code = copy_points(wire, push, err);
        push->signal = (enum offpeak_signal)wire->signal;
        push->end = wire->end;
        push->issued = wire->issued;
        push->expires = wire->expires;
        push->life_s = wire->life_s;
        push->seq = wire->seq;
        push->withdraw = wire->withdraw;
        return code;
}
