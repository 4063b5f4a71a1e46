/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - what the codec's files share: plain structs to protobuf-c's and back, one pair of functions a message.
 *
 * Packing borrows: protobuf-c's structs point into the message for as long as it takes to write the frame. Unpacking
 * copies into a zeroed message, which the caller finishes when a step fails. Bounds are bounds.h's matter; here it is
 * only checked that things fit where they go.
 */
#ifndef OFFPEAK_WIRE_CODEC_H
#define OFFPEAK_WIRE_CODEC_H

#include "offpeak.pb-c.h"

#include "wire/message.h"

struct frame {
        uint8_t *bytes;
        size_t size;
};

/* Write a frame: header and packed message. ENOMEM, EINVAL (longer than its type may be). */
int codec_write(const ProtobufCMessage *wire, enum message_type type, struct frame *ret_frame,
                struct offpeak_error *err);

/* Bytes that a frame of this type may have. */
size_t codec_frame_max(uint16_t type);

/* A string for protobuf-c, which wants "" for none. */
char *codec_borrow_text(const char *text);
int codec_copy_text(const char *text, char **ret_text, struct offpeak_error *err);           /* NULL for "" */
int codec_copy_sentence(const char *text, char **ret_text, struct offpeak_error *err);       /* the same, repaired */
int codec_copy_array(const char *text, char *array, size_t size, struct offpeak_error *err); /* EINVAL: too long */
int codec_copy_id(const ProtobufCBinaryData *bytes, uint8_t ret_id[16], struct offpeak_error *err);
/* n words and a NULL. *ret_n counts what is to be freed, also on failure. */
int codec_copy_words(char *const *words, size_t n, char ***ret_words, size_t *ret_n, struct offpeak_error *err);

/* A spec to be written, with what it points to: it stays where it is. */
struct codec_spec {
        Offpeak__Wire__JobSpec wire;
        Offpeak__Wire__Width widths[OFFPEAK_MAX_WIDTHS];
        Offpeak__Wire__Width *pointers[OFFPEAK_MAX_WIDTHS];
};

void codec_borrow_spec(const struct offpeak_job_spec *spec, struct codec_spec *ret_spec);
int codec_copy_spec(const Offpeak__Wire__JobSpec *wire, struct offpeak_job_spec *spec, struct offpeak_error *err);
/* Borrows all but the points, which codec_return_push gives back. ENOMEM. */
int codec_borrow_push(const struct offpeak_push *push, Offpeak__Wire__Push *ret_wire, struct offpeak_error *err);
void codec_return_push(Offpeak__Wire__Push *wire);
int codec_copy_push(const Offpeak__Wire__Push *wire, struct offpeak_push *push, struct offpeak_error *err);

/* EINVAL: the whole is longer than OFFPEAK_MAX_SPEC. */
int codec_check_spec_size(const Offpeak__Wire__JobSpec *wire, struct offpeak_error *err);

int codec_pack_request(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_reply(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_hello(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_welcome(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_renew(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_grant(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_stale(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
int codec_pack_order(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);

int codec_unpack_request(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_reply(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_hello(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_welcome(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_renew(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_grant(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_stale(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
int codec_unpack_order(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);

#endif
