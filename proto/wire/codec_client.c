/* SPDX-License-Identifier: Apache-2.0 */
/* codec_client.c - what clients and the scheduler say to each other: request and reply. */
#include "wire/codec.h"

#include <stdlib.h>

#include "base/fail.h"

static ProtobufCBinaryData borrow_id(const uint8_t id[16])
{
        return (ProtobufCBinaryData){ .len = 16, .data = (uint8_t *)id };
}

int codec_pack_request(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_request *request = &message->u.request;
        Offpeak__Wire__Request wire = OFFPEAK__WIRE__REQUEST__INIT;
        struct codec_spec spec;
        Offpeak__Wire__Push push;
        int code;

        wire.request_id = borrow_id(request->request_id);
        wire.verb = request->verb;
        if (request->verb == VERB_SUBMIT) {
                codec_borrow_spec(&request->spec, &spec);
                if (codec_check_spec_size(&spec.wire, err) != 0)
                        return OFFPEAK_EINVAL;
                wire.spec = &spec.wire;
        }
        wire.job = request->job;
        wire.start = request->start;
        wire.target = codec_borrow_text(request->target);
        wire.arguments = codec_borrow_text(request->arguments);
        if (request->verb == VERB_PUSH) {
                if (codec_borrow_push(&request->push, &push, err) != 0)
                        return OFFPEAK_ENOMEM;
                wire.push = &push;
        }
        code = codec_write(&wire.base, MESSAGE_REQUEST, ret_frame, err);
        if (wire.push != NULL)
                codec_return_push(&push);
        return code;
}

int codec_unpack_request(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Request *wire = (const Offpeak__Wire__Request *)base;
        struct message_request *request = &message->u.request;
        int code = codec_copy_id(&wire->request_id, request->request_id, err);

        if (code == 0 && (wire->spec != NULL) != (wire->verb == VERB_SUBMIT))
                code = fail(err, OFFPEAK_EINVAL, "a submission must hold a job's spec, and nothing else may");
        if (code == 0 && (wire->push != NULL) != (wire->verb == VERB_PUSH))
                code = fail(err, OFFPEAK_EINVAL, "a push must hold a signal, and nothing else may");
        if (code == 0 && wire->push != NULL)
                code = codec_copy_push(wire->push, &request->push, err);
        if (code == 0 && wire->spec != NULL)
                code = codec_copy_spec(wire->spec, &request->spec, err);
        if (code == 0)
                code = codec_copy_text(wire->target, &request->target, err);
        if (code == 0)
                code = codec_copy_text(wire->arguments, &request->arguments, err);
        request->verb = wire->verb;
        request->job = wire->job;
        request->start = wire->start;
        return code;
}

int codec_pack_reply(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_reply *reply = &message->u.reply;
        Offpeak__Wire__Reply wire = OFFPEAK__WIRE__REPLY__INIT;
        char *text = NULL;
        int code = 0;

        wire.request_id = borrow_id(reply->request_id);
        wire.code = reply->code;
        if (reply->text != NULL)
                code = codec_copy_sentence(reply->text, &text, err);
        wire.text = codec_borrow_text(text);
        wire.job = reply->job;
        wire.document = codec_borrow_text(reply->document);
        if (code == 0)
                code = codec_write(&wire.base, MESSAGE_REPLY, ret_frame, err);
        free(text);
        return code;
}

int codec_unpack_reply(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Reply *wire = (const Offpeak__Wire__Reply *)base;
        struct message_reply *reply = &message->u.reply;
        int code = codec_copy_id(&wire->request_id, reply->request_id, err);

        if (code == 0)
                code = codec_copy_sentence(wire->text, &reply->text, err);
        if (code == 0)
                code = codec_copy_text(wire->document, &reply->document, err);
        reply->code = wire->code;
        reply->job = wire->job;
        return code;
}
