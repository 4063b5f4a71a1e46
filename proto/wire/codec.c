/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.c - message_encode and message_decode: frame, bounds and the table of messages; and the steps they share.
 *
 *      encode: bounds -> pack -> frame
 *      decode: frame -> protobuf -> written as we would write it? -> copy -> bounds
 *
 * The third step of decoding compares sizes: a field that comes twice, a number padded with zero bits, or a string with
 * a NUL inside (which C would cut) makes what was decoded shorter than what came. Fields that we do not know count as
 * they are: a later version of the same protocol may add some.
 */
#include "wire/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "wire/bounds.h"
#include "wire/frame.h"
#include "wire/utf8.h"

static const struct codec {
        const ProtobufCMessageDescriptor *descriptor;
        int (*pack)(const struct message *message, struct frame *ret_frame, struct offpeak_error *err);
        int (*unpack)(const ProtobufCMessage *wire, struct message *message, struct offpeak_error *err);
} codecs[] = {
        [MESSAGE_REQUEST] = { &offpeak__wire__request__descriptor, codec_pack_request, codec_unpack_request },
        [MESSAGE_REPLY] = { &offpeak__wire__reply__descriptor, codec_pack_reply, codec_unpack_reply },
        [MESSAGE_HELLO] = { &offpeak__wire__hello__descriptor, codec_pack_hello, codec_unpack_hello },
        [MESSAGE_WELCOME] = { &offpeak__wire__welcome__descriptor, codec_pack_welcome, codec_unpack_welcome },
        [MESSAGE_RENEW] = { &offpeak__wire__renew__descriptor, codec_pack_renew, codec_unpack_renew },
        [MESSAGE_GRANT] = { &offpeak__wire__grant__descriptor, codec_pack_grant, codec_unpack_grant },
        [MESSAGE_STALE] = { &offpeak__wire__stale__descriptor, codec_pack_stale, codec_unpack_stale },
        [MESSAGE_ORDER] = { &offpeak__wire__order__descriptor, codec_pack_order, codec_unpack_order },
};

static const struct codec *find_codec(uint32_t type)
{
        if (type >= sizeof(codecs) / sizeof(codecs[0]) || codecs[type].descriptor == NULL)
                return NULL;
        return &codecs[type];
}

size_t codec_frame_max(uint16_t type)
{
        return type == MESSAGE_REPLY ? FRAME_MAX_REPLY : FRAME_MAX;
}

int codec_write(const ProtobufCMessage *wire, enum message_type type, struct frame *ret_frame,
                struct offpeak_error *err)
{
        size_t size = FRAME_HEADER_SIZE + protobuf_c_message_get_packed_size(wire);
        uint8_t *bytes;

        if (size > codec_frame_max((uint16_t)type))
                return fail(err, OFFPEAK_EINVAL, "the message has %zu bytes: at most %zu are allowed", size,
                            codec_frame_max((uint16_t)type));
        bytes = malloc(size);
        if (bytes == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        frame_write_header(bytes, PROTOCOL_VERSION, (uint16_t)type);
        protobuf_c_message_pack(wire, bytes + FRAME_HEADER_SIZE);
        *ret_frame = (struct frame){ bytes, size };
        return 0;
}

int message_encode(const struct message *message, uint8_t **ret_bytes, size_t *ret_size, struct offpeak_error *err)
{
        const struct codec *codec = find_codec(message->type);
        struct frame frame;
        int code;

        if (codec == NULL)
                return fail(err, OFFPEAK_EINVAL, "there is no message of type %d", (int)message->type);
        code = bounds_check(message, err);
        if (code == 0)
                code = codec->pack(message, &frame, err);
        if (code != 0)
                return code;
        *ret_bytes = frame.bytes;
        *ret_size = frame.size;
        return 0;
}

static int unpack(const struct codec *codec, const uint8_t *payload, size_t size, struct message *message,
                  struct offpeak_error *err)
{
        ProtobufCMessage *wire = protobuf_c_message_unpack(codec->descriptor, NULL, size, payload);
        int code;

        if (wire == NULL)
                return fail(err, OFFPEAK_EINVAL, "the message is cut off or garbled");
        if (protobuf_c_message_get_packed_size(wire) != size)
                code = fail(err, OFFPEAK_EINVAL, "the message is not in its plain form (a NUL inside a string?)");
        else
                code = codec->unpack(wire, message, err);
        protobuf_c_message_free_unpacked(wire, NULL);
        return code;
}

int message_decode(const uint8_t *bytes, size_t size, struct message *ret_message, struct offpeak_error *err)
{
        struct message message = { 0 };
        const struct codec *codec;
        uint16_t type;
        int code = frame_read_header(bytes, size, &type, err);

        if (code != 0)
                return code;
        codec = find_codec(type);
        if (codec == NULL)
                return fail(err, OFFPEAK_EINVAL, "there is no message of type %u", type);
        if (size > codec_frame_max(type))
                return fail(err, OFFPEAK_EINVAL, "the message has %zu bytes: at most %zu are allowed", size,
                            codec_frame_max(type));
        message.type = type;
        code = unpack(codec, bytes + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, &message, err);
        if (code == 0)
                code = bounds_check(&message, err);
        if (code != 0) {
                message_finish(&message);
                return code;
        }
        *ret_message = message;
        return 0;
}

char *codec_borrow_text(const char *text)
{
        return (char *)(text != NULL ? text : protobuf_c_empty_string);
}

int codec_copy_text(const char *text, char **ret_text, struct offpeak_error *err)
{
        if (text[0] == '\0') {
                *ret_text = NULL;
                return 0;
        }
        *ret_text = strdup(text);
        return *ret_text != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

int codec_copy_sentence(const char *text, char **ret_text, struct offpeak_error *err)
{
        int code = codec_copy_text(text, ret_text, err);

        if (code == 0 && *ret_text != NULL)
                utf8_repair(*ret_text);
        return code;
}

int codec_copy_array(const char *text, char *array, size_t size, struct offpeak_error *err)
{
        size_t length = strlen(text);

        if (length >= size)
                return fail(err, OFFPEAK_EINVAL, "\"%.20s...\" is longer than %zu bytes", text, size - 1);
        memcpy(array, text, length + 1);
        return 0;
}

int codec_copy_id(const ProtobufCBinaryData *bytes, uint8_t ret_id[16], struct offpeak_error *err)
{
        if (bytes->len != 16)
                return fail(err, OFFPEAK_EINVAL, "an id has %zu bytes: it must have 16", bytes->len);
        memcpy(ret_id, bytes->data, 16);
        return 0;
}

int codec_copy_words(char *const *words, size_t n, char ***ret_words, size_t *ret_n, struct offpeak_error *err)
{
        char **copy = calloc(n + 1, sizeof(*copy));

        if (copy == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        *ret_words = copy;
        *ret_n = n;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(words[i]);
                if (copy[i] == NULL)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        return 0;
}
