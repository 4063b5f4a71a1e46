/* SPDX-License-Identifier: Apache-2.0 */
/* codec_scheduler.c - what the scheduler says to agents: welcome, grant, stale and order. */
#include "wire/codec.h"

#include "base/fail.h"

static void borrow_clock(const struct message_clock *clock, Offpeak__Wire__Clock *ret_wire)
{
        offpeak__wire__clock__init(ret_wire);
        ret_wire->wall_ms = clock->wall_ms;
        ret_wire->rate = clock->rate;
}

static int copy_clock(const Offpeak__Wire__Clock *wire, struct message_clock *clock, struct offpeak_error *err)
{
        if (wire == NULL)
                return fail(err, OFFPEAK_EINVAL, "the scheduler's clock is missing");
        clock->wall_ms = wire->wall_ms;
        clock->rate = wire->rate;
        return 0;
}

int codec_pack_welcome(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_welcome *welcome = &message->u.welcome;
        Offpeak__Wire__Welcome wire = OFFPEAK__WIRE__WELCOME__INIT;
        Offpeak__Wire__Clock clock;

        borrow_clock(&welcome->clock, &clock);
        wire.nonce = (ProtobufCBinaryData){ .len = sizeof(welcome->nonce), .data = (uint8_t *)welcome->nonce };
        wire.term = welcome->term;
        wire.session = welcome->session;
        wire.clock = &clock;
        wire.lease_ms = welcome->lease_ms;
        wire.renew_ms = welcome->renew_ms;
        return codec_write(&wire.base, MESSAGE_WELCOME, ret_frame, err);
}

int codec_unpack_welcome(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Welcome *wire = (const Offpeak__Wire__Welcome *)base;
        struct message_welcome *welcome = &message->u.welcome;
        int code = codec_copy_id(&wire->nonce, welcome->nonce, err);

        if (code == 0)
                code = copy_clock(wire->clock, &welcome->clock, err);
        welcome->term = wire->term;
        welcome->session = wire->session;
        welcome->lease_ms = wire->lease_ms;
        welcome->renew_ms = wire->renew_ms;
        return code;
}

int codec_pack_grant(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_grant *grant = &message->u.grant;
        Offpeak__Wire__Grant wire = OFFPEAK__WIRE__GRANT__INIT;
        Offpeak__Wire__Clock clock;

        borrow_clock(&grant->clock, &clock);
        wire.term = grant->term;
        wire.session = grant->session;
        wire.seq = grant->seq;
        wire.readings_acked = grant->readings_acked;
        wire.clock = &clock;
        return codec_write(&wire.base, MESSAGE_GRANT, ret_frame, err);
}

int codec_unpack_grant(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Grant *wire = (const Offpeak__Wire__Grant *)base;
        struct message_grant *grant = &message->u.grant;

        grant->term = wire->term;
        grant->session = wire->session;
        grant->seq = wire->seq;
        grant->readings_acked = wire->readings_acked;
        return copy_clock(wire->clock, &grant->clock, err);
}

int codec_pack_stale(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        Offpeak__Wire__Stale wire = OFFPEAK__WIRE__STALE__INIT;

        wire.term = message->u.stale.term;
        wire.session = message->u.stale.session;
        return codec_write(&wire.base, MESSAGE_STALE, ret_frame, err);
}

int codec_unpack_stale(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Stale *wire = (const Offpeak__Wire__Stale *)base;

        (void)err;
        message->u.stale = (struct message_stale){ .term = wire->term, .session = wire->session };
        return 0;
}

/* ---- order */

static void borrow_launch(const struct message_launch *launch, struct codec_spec *spec, Offpeak__Wire__Launch *ret_wire)
{
        offpeak__wire__launch__init(ret_wire);
        codec_borrow_spec(&launch->spec, spec);
        ret_wire->spec = &spec->wire;
        ret_wire->rank = launch->rank;
        ret_wire->n_nodes = launch->n_nodes;
        ret_wire->nodes = launch->nodes;
        ret_wire->devices = launch->devices;
        ret_wire->lease_ms = launch->lease_ms;
        ret_wire->grace_s = launch->grace_s;
        ret_wire->on_lost = launch->on_lost;
        ret_wire->uid = launch->uid;
        ret_wire->user = codec_borrow_text(launch->user);
        ret_wire->gang = launch->gang;
        ret_wire->master_address = codec_borrow_text(launch->master_address);
        ret_wire->master_port = launch->master_port;
        ret_wire->cap_ppm = launch->cap_ppm;
        ret_wire->n_addresses = launch->n_addresses;
        ret_wire->addresses = launch->addresses;
}

static int copy_launch(const Offpeak__Wire__Launch *wire, struct message_launch *launch, struct offpeak_error *err)
{
        size_t n_nodes = 0;
        int code = 0;

        if (wire->spec == NULL)
                return fail(err, OFFPEAK_EINVAL, "the job's spec is missing");
        code = codec_copy_spec(wire->spec, &launch->spec, err);
        if (code == 0)
                code = codec_copy_words(wire->nodes, wire->n_nodes, &launch->nodes, &n_nodes, err);
        launch->n_nodes = (uint32_t)n_nodes;
        if (code == 0)
                code = codec_copy_text(wire->user, &launch->user, err);
        if (code == 0)
                code = codec_copy_text(wire->master_address, &launch->master_address, err);
        if (code == 0)
                code = codec_copy_words(wire->addresses, wire->n_addresses, &launch->addresses, &launch->n_addresses,
                                        err);
        launch->rank = wire->rank;
        launch->devices = wire->devices;
        launch->lease_ms = wire->lease_ms;
        launch->grace_s = wire->grace_s;
        launch->on_lost = wire->on_lost;
        launch->uid = wire->uid;
        launch->gang = wire->gang;
        launch->master_port = wire->master_port;
        launch->cap_ppm = wire->cap_ppm;
        return code;
}

int codec_pack_order(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_order *order = &message->u.order;
        Offpeak__Wire__Order wire = OFFPEAK__WIRE__ORDER__INIT;
        Offpeak__Wire__Launch launch;
        struct codec_spec spec;

        wire.term = order->term;
        wire.session = order->session;
        wire.job = order->job;
        wire.attempt = order->attempt;
        wire.epoch = order->epoch;
        wire.want = order->want;
        wire.reason = order->reason;
        wire.grace_s = order->grace_s;
        if (order->has_launch) {
                borrow_launch(&order->launch, &spec, &launch);
                if (codec_check_spec_size(&spec.wire, err) != 0)
                        return OFFPEAK_EINVAL;
                wire.launch = &launch;
        }
        return codec_write(&wire.base, MESSAGE_ORDER, ret_frame, err);
}

int codec_unpack_order(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Order *wire = (const Offpeak__Wire__Order *)base;
        struct message_order *order = &message->u.order;

        order->term = wire->term;
        order->session = wire->session;
        order->job = wire->job;
        order->attempt = wire->attempt;
        order->epoch = wire->epoch;
        order->want = wire->want;
        order->reason = wire->reason;
        order->grace_s = wire->grace_s;
        order->has_launch = wire->launch != NULL;
        return order->has_launch ? copy_launch(wire->launch, &order->launch, err) : 0;
}
