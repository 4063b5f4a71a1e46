/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of made-up messages, and frames that no honest sender would write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "offpeak.pb-c.h"
#include "unit/wire/sample.h"
#include "wire/frame.h"

struct bytes {
        uint8_t *at;
        size_t size;
};

static struct bytes encode(const struct message *message)
{
        struct offpeak_error err;
        struct bytes bytes = { NULL, 0 };

        if (message_encode(message, &bytes.at, &bytes.size, &err) != 0)
                fail_msg("type %d: %s", (int)message->type, err.text);
        return bytes;
}

/* What is decoded must be in order: it can be encoded, and comes back the same. */
static int decode_and_check(const uint8_t *at, size_t size)
{
        struct message message = { 0 }, again;
        struct offpeak_error err = { 0 };
        struct bytes bytes;
        int code = message_decode(at, size, &message, &err);

        if (code != 0) {
                assert_int_equal(message.type, 0); /* written on success only */
                assert_int_equal(err.code, code);
                assert_true(err.text[0] != '\0');
                return code;
        }
        bytes = encode(&message);
        assert_int_equal(message_decode(bytes.at, bytes.size, &again, &err), 0);
        assert_null(sample_difference(&message, &again));
        free(bytes.at);
        message_finish(&again);
        message_finish(&message);
        return 0;
}

static void every_message_comes_back_as_it_was(void **state)
{
        uint64_t seed = 1;

        (void)state;
        for (int type = MESSAGE_REQUEST; type <= MESSAGE_ORDER; type++)
                for (int i = 0; i < 60; i++) {
                        struct message message = sample_message((enum message_type)type, &seed), back;
                        struct bytes bytes = encode(&message), again;
                        struct offpeak_error err;
                        const char *difference;

                        if (message_decode(bytes.at, bytes.size, &back, &err) != 0)
                                fail_msg("type %d: %s", type, err.text);
                        difference = sample_difference(&message, &back);
                        if (difference != NULL)
                                fail_msg("type %d: %s differs", type, difference);
                        again = encode(&back);
                        assert_int_equal(again.size, bytes.size);
                        assert_memory_equal(again.at, bytes.at, bytes.size);
                        free(again.at);
                        free(bytes.at);
                        message_finish(&back);
                        message_finish(&message);
                }
}

/* A prefix is refused, or is by chance a whole message: then it is what such a message would be. */
static void a_message_may_be_cut_anywhere(void **state)
{
        uint64_t seed = 2;

        (void)state;
        for (int type = MESSAGE_REQUEST; type <= MESSAGE_ORDER; type++) {
                struct message message = sample_message((enum message_type)type, &seed);
                struct bytes bytes = encode(&message);
                size_t step = bytes.size > 3000 ? bytes.size / 3000 : 1;

                for (size_t size = 0; size < bytes.size; size += size < 300 ? 1 : step) {
                        uint8_t *exact = malloc(size + 1);

                        memcpy(exact + 1, bytes.at, size);
                        decode_and_check(exact + 1, size);
                        free(exact);
                }
                free(bytes.at);
                message_finish(&message);
        }
}

static void one_byte_may_be_anything(void **state)
{
        uint64_t seed = 3;

        (void)state;
        for (int type = MESSAGE_REQUEST; type <= MESSAGE_ORDER; type++)
                for (int i = 0; i < 4; i++) {
                        struct message message = sample_message((enum message_type)type, &seed);
                        struct bytes bytes = encode(&message);

                        for (int j = 0; j < 200; j++) {
                                size_t at = FRAME_HEADER_SIZE + sample_random(&seed) % (bytes.size - FRAME_HEADER_SIZE);
                                uint8_t was = bytes.at[at];

                                bytes.at[at] = (uint8_t)sample_random(&seed);
                                decode_and_check(bytes.at, bytes.size);
                                bytes.at[at] = was;
                        }
                        free(bytes.at);
                        message_finish(&message);
                }
}

static void garbage_is_refused_or_in_order(void **state)
{
        uint64_t seed = 4;
        uint8_t bytes[200];

        (void)state;
        for (int i = 0; i < 4000; i++) {
                size_t size = FRAME_HEADER_SIZE + sample_random(&seed) % (sizeof(bytes) - FRAME_HEADER_SIZE);

                for (size_t j = 0; j < size; j++)
                        bytes[j] = (uint8_t)(sample_random(&seed) >> sample_random(&seed) % 56);
                frame_write_header(bytes, PROTOCOL_VERSION, (uint16_t)(1 + i % 8));
                decode_and_check(bytes, size);
        }
}

static void types_that_are_not_there_are_refused(void **state)
{
        uint8_t bytes[FRAME_HEADER_SIZE];
        struct message message = { .type = (enum message_type)99 };
        struct offpeak_error err;
        struct bytes out;

        (void)state;
        frame_write_header(bytes, PROTOCOL_VERSION, 0);
        assert_int_equal(decode_and_check(bytes, sizeof(bytes)), OFFPEAK_EINVAL);
        frame_write_header(bytes, PROTOCOL_VERSION, 9);
        assert_int_equal(decode_and_check(bytes, sizeof(bytes)), OFFPEAK_EINVAL);
        frame_write_header(bytes, PROTOCOL_VERSION, 65535);
        assert_int_equal(decode_and_check(bytes, sizeof(bytes)), OFFPEAK_EINVAL);
        assert_int_equal(message_encode(&message, &out.at, &out.size, &err), OFFPEAK_EINVAL);
}

static void frames_have_a_largest_size(void **state)
{
        struct message message = { 0 };
        struct offpeak_error err;
        uint8_t *bytes = calloc(1, FRAME_MAX + 1);

        (void)state;
        frame_write_header(bytes, PROTOCOL_VERSION, MESSAGE_REQUEST);
        assert_int_equal(message_decode(bytes, FRAME_MAX + 1, &message, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "at most 1835008"));
        assert_int_equal(message_decode(bytes, FRAME_MAX, &message, &err), OFFPEAK_EINVAL);
        assert_null(strstr(err.text, "at most")); /* not for its size */
        free(bytes);
}

/* ---- frames made by hand */

static struct bytes frame(enum message_type type, const ProtobufCMessage *wire)
{
        struct bytes bytes = { NULL, FRAME_HEADER_SIZE + protobuf_c_message_get_packed_size(wire) };

        bytes.at = malloc(bytes.size + 16);
        frame_write_header(bytes.at, PROTOCOL_VERSION, (uint16_t)type);
        protobuf_c_message_pack(wire, bytes.at + FRAME_HEADER_SIZE);
        return bytes;
}

static void expect(enum message_type type, const ProtobufCMessage *wire, int code)
{
        struct bytes bytes = frame(type, wire);

        assert_int_equal(decode_and_check(bytes.at, bytes.size), code);
        free(bytes.at);
}

static Offpeak__Wire__JobSpec plain_spec(char **argv)
{
        Offpeak__Wire__JobSpec spec = OFFPEAK__WIRE__JOB_SPEC__INIT;

        spec.n_argv = 1;
        spec.argv = argv;
        spec.nodes = spec.gpus_per_node = 1;
        spec.time_s = 60;
        return spec;
}

static Offpeak__Wire__Request plain_request(uint8_t id[16], Offpeak__Wire__JobSpec *spec)
{
        Offpeak__Wire__Request request = OFFPEAK__WIRE__REQUEST__INIT;

        request.request_id = (ProtobufCBinaryData){ 16, id };
        request.verb = spec != NULL ? VERB_SUBMIT : VERB_CANCEL;
        request.spec = spec;
        return request;
}

static void a_submission_has_a_spec_and_nothing_else_has_one(void **state)
{
        uint8_t id[16] = { 1 };
        char *argv[] = { (char *)"true" };
        Offpeak__Wire__JobSpec spec = plain_spec(argv);
        Offpeak__Wire__Request request = plain_request(id, &spec);

        (void)state;
        expect(MESSAGE_REQUEST, &request.base, 0);
        request.verb = VERB_CANCEL;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        request.spec = NULL;
        expect(MESSAGE_REQUEST, &request.base, 0);
        request.verb = VERB_SUBMIT;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
}

static void a_secret_goes_with_its_launcher(void **state)
{
        uint8_t id[16] = { 1 }, secret[40] = { 5 };
        char *argv[] = { (char *)"true" };
        Offpeak__Wire__JobSpec spec = plain_spec(argv);
        Offpeak__Wire__Request request = plain_request(id, &spec);

        (void)state;
        for (uint32_t launcher = 0; launcher <= 3; launcher++)
                for (size_t size = 0; size <= sizeof(secret); size += 8) {
                        const bool good = launcher == OFFPEAK_LAUNCHER_HEAD ? size == 32 : launcher < 3 && size == 0;

                        spec.launcher = launcher;
                        spec.secret = (ProtobufCBinaryData){ size, secret };
                        expect(MESSAGE_REQUEST, &request.base, good ? 0 : OFFPEAK_EINVAL);
                }
}

static void ids_have_sixteen_bytes(void **state)
{
        uint8_t id[17] = { 1 };
        Offpeak__Wire__Request request = plain_request(id, NULL);

        (void)state;
        for (size_t size = 0; size <= 17; size++) {
                request.request_id.len = size;
                expect(MESSAGE_REQUEST, &request.base, size == 16 ? 0 : OFFPEAK_EINVAL);
        }
}

static void what_must_be_there_is_missed(void **state)
{
        Offpeak__Wire__Welcome welcome = OFFPEAK__WIRE__WELCOME__INIT;
        Offpeak__Wire__Hello hello = OFFPEAK__WIRE__HELLO__INIT;
        Offpeak__Wire__Order order = OFFPEAK__WIRE__ORDER__INIT;
        Offpeak__Wire__Launch launch = OFFPEAK__WIRE__LAUNCH__INIT;
        Offpeak__Wire__Grant grant = OFFPEAK__WIRE__GRANT__INIT;
        uint8_t nonce[16] = { 0 };

        (void)state;
        welcome.nonce = hello.nonce = (ProtobufCBinaryData){ 16, nonce };
        welcome.renew_ms = 1;
        expect(MESSAGE_WELCOME, &welcome.base, OFFPEAK_EINVAL); /* no clock */
        expect(MESSAGE_GRANT, &grant.base, OFFPEAK_EINVAL);
        hello.node = hello.site = (char *)"n1";
        expect(MESSAGE_HELLO, &hello.base, OFFPEAK_EINVAL); /* no inventory */
        expect(MESSAGE_ORDER, &order.base, 0);
        order.launch = &launch;
        expect(MESSAGE_ORDER, &order.base, OFFPEAK_EINVAL); /* no spec */
}

static void strings_that_do_not_fit_are_refused(void **state)
{
        Offpeak__Wire__Hello hello = OFFPEAK__WIRE__HELLO__INIT;
        Offpeak__Wire__Inventory inventory = OFFPEAK__WIRE__INVENTORY__INIT;
        Offpeak__Wire__Device device = OFFPEAK__WIRE__DEVICE__INIT, *devices[] = { &device };
        uint8_t nonce[16] = { 0 };

        (void)state;
        hello.nonce = (ProtobufCBinaryData){ 16, nonce };
        hello.node = hello.site = (char *)"n1";
        hello.inventory = &inventory;
        inventory.n_devices = 1;
        inventory.devices = devices;
        device.address = (char *)"0123456789012345678";
        hello.boot = (char *)"0123456789012345678901234567890123456789";
        expect(MESSAGE_HELLO, &hello.base, OFFPEAK_EINVAL);
        hello.boot++;
        expect(MESSAGE_HELLO, &hello.base, 0);
        device.address = (char *)"01234567890123456789";
        expect(MESSAGE_HELLO, &hello.base, OFFPEAK_EINVAL);
}

/* The bounds stand on the way in, too: what encoding would refuse, and a sender wrote all the same. */
static void bounds_hold_for_what_comes_in(void **state)
{
        uint8_t id[16] = { 1 };
        char *argv[] = { (char *)"true", (char *)"\xff" };
        Offpeak__Wire__JobSpec spec = plain_spec(argv);
        Offpeak__Wire__Request request = plain_request(id, &spec);

        (void)state;
        spec.time_s = -1;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        spec = plain_spec(argv);
        spec.nodes = UINT32_MAX;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        spec = plain_spec(argv);
        spec.n_argv = 2;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        spec = plain_spec(argv);
        spec.name = (char *)"a\x1b[2J";
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        spec = plain_spec(argv);
        spec.interruptible = 3;
        expect(MESSAGE_REQUEST, &request.base, OFFPEAK_EINVAL);
        spec = plain_spec(argv);
        expect(MESSAGE_REQUEST, &request.base, 0);
}

static void numbers_must_be_numbers(void **state)
{
        static const double nonsense[] = { NAN, INFINITY, -INFINITY, -1e-9 };
        Offpeak__Wire__Renew renew = OFFPEAK__WIRE__RENEW__INIT;
        Offpeak__Wire__LegReport leg = OFFPEAK__WIRE__LEG_REPORT__INIT, *legs[] = { &leg };
        Offpeak__Wire__Grant grant = OFFPEAK__WIRE__GRANT__INIT;
        Offpeak__Wire__Clock clock = OFFPEAK__WIRE__CLOCK__INIT;

        (void)state;
        renew.node = (char *)"n1";
        renew.n_legs = 1;
        renew.legs = legs;
        grant.clock = &clock;
        for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
                leg.done = nonsense[i];
                leg.total = 0;
                expect(MESSAGE_RENEW, &renew.base, OFFPEAK_EINVAL);
                leg.done = 0;
                leg.total = nonsense[i];
                expect(MESSAGE_RENEW, &renew.base, OFFPEAK_EINVAL);
                clock.rate = nonsense[i];
                expect(MESSAGE_GRANT, &grant.base, OFFPEAK_EINVAL);
        }
        leg.total = 1e300;
        expect(MESSAGE_RENEW, &renew.base, 0);
        clock.rate = 0; /* a clock that stands still */
        expect(MESSAGE_GRANT, &grant.base, OFFPEAK_EINVAL);
        clock.rate = 60;
        expect(MESSAGE_GRANT, &grant.base, 0);
}

static void a_nul_inside_a_string_is_refused(void **state)
{
        uint8_t id[16] = { 1 };
        char *argv[] = { (char *)"rmXrf" };
        Offpeak__Wire__JobSpec spec = plain_spec(argv);
        Offpeak__Wire__Request request = plain_request(id, &spec);
        struct bytes bytes = frame(MESSAGE_REQUEST, &request.base);
        uint8_t *x = memchr(bytes.at, 'X', bytes.size);

        (void)state;
        assert_int_equal(decode_and_check(bytes.at, bytes.size), 0);
        *x = '\0';
        assert_int_equal(decode_and_check(bytes.at, bytes.size), OFFPEAK_EINVAL);
        free(bytes.at);
}

static void a_field_may_come_once_and_new_ones_may_come(void **state)
{
        static const uint8_t twice[] = { 0x08, 0x05 }, new_field[] = { 0xa0, 0x06, 0x05 }; /* 1: 5; 100: 5 */
        Offpeak__Wire__Stale stale = OFFPEAK__WIRE__STALE__INIT;
        struct bytes bytes;

        (void)state;
        stale.term = 4;
        bytes = frame(MESSAGE_STALE, &stale.base);
        memcpy(bytes.at + bytes.size, twice, sizeof(twice));
        assert_int_equal(decode_and_check(bytes.at, bytes.size + sizeof(twice)), OFFPEAK_EINVAL);
        memcpy(bytes.at + bytes.size, new_field, sizeof(new_field));
        assert_int_equal(decode_and_check(bytes.at, bytes.size + sizeof(new_field)), 0);
        free(bytes.at);
}

static void a_sentence_cut_in_a_character_still_arrives(void **state)
{
        struct message message = { .type = MESSAGE_REPLY }, back;
        struct offpeak_error err;
        struct bytes bytes;

        (void)state;
        message.u.reply.text = strdup("31.40 \xe2\x82");
        bytes = encode(&message);
        assert_int_equal(message_decode(bytes.at, bytes.size, &back, &err), 0);
        assert_string_equal(back.u.reply.text, "31.40 ??");
        assert_string_equal(message.u.reply.text, "31.40 \xe2\x82"); /* encoding only reads */
        free(bytes.at);
        message_finish(&back);
        message_finish(&message);
}

static void empty_strings_arrive_as_not_given(void **state)
{
        struct message message = { .type = MESSAGE_REPLY }, back;
        struct offpeak_error err;
        struct bytes bytes;

        (void)state;
        message.u.reply.text = strdup("");
        message.u.reply.document = strdup("");
        bytes = encode(&message);
        assert_int_equal(message_decode(bytes.at, bytes.size, &back, &err), 0);
        assert_null(back.u.reply.text);
        assert_null(back.u.reply.document);
        free(bytes.at);
        message_finish(&back);
        message_finish(&message);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_message_comes_back_as_it_was),
                cmocka_unit_test(a_message_may_be_cut_anywhere),
                cmocka_unit_test(one_byte_may_be_anything),
                cmocka_unit_test(garbage_is_refused_or_in_order),
                cmocka_unit_test(types_that_are_not_there_are_refused),
                cmocka_unit_test(frames_have_a_largest_size),
                cmocka_unit_test(a_submission_has_a_spec_and_nothing_else_has_one),
                cmocka_unit_test(a_secret_goes_with_its_launcher),
                cmocka_unit_test(ids_have_sixteen_bytes),
                cmocka_unit_test(what_must_be_there_is_missed),
                cmocka_unit_test(strings_that_do_not_fit_are_refused),
                cmocka_unit_test(bounds_hold_for_what_comes_in),
                cmocka_unit_test(numbers_must_be_numbers),
                cmocka_unit_test(a_nul_inside_a_string_is_refused),
                cmocka_unit_test(a_field_may_come_once_and_new_ones_may_come),
                cmocka_unit_test(a_sentence_cut_in_a_character_still_arrives),
                cmocka_unit_test(empty_strings_arrive_as_not_given),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
