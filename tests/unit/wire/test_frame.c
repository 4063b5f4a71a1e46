/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/frame.h"
#include "wire/message.h"

static void the_header_is_the_same_on_every_machine(void **state)
{
        uint8_t header[FRAME_HEADER_SIZE];
        static const uint8_t expected[] = { 'O', 'F', 'P', 'K', 0x02, 0x01, 0x04, 0x03 };

        (void)state;
        frame_write_header(header, 0x0102, 0x0304);
        assert_memory_equal(header, expected, sizeof(expected));
}

static void a_type_comes_back(void **state)
{
        uint8_t header[FRAME_HEADER_SIZE];
        struct offpeak_error err;
        uint16_t type = 0;

        (void)state;
        frame_write_header(header, PROTOCOL_VERSION, 0xabcd);
        assert_int_equal(frame_read_header(header, sizeof(header), &type, &err), 0);
        assert_int_equal(type, 0xabcd);
}

static void another_version_is_named_and_who_must_update(void **state)
{
        uint8_t header[FRAME_HEADER_SIZE];
        struct offpeak_error err;
        uint16_t type = 7;

        (void)state;
        frame_write_header(header, 9, 1);
        assert_int_equal(frame_read_header(header, sizeof(header), &type, &err), OFFPEAK_EPROTOCOL);
        assert_non_null(strstr(err.text, "version 9"));
        assert_non_null(strstr(err.text, "version 1"));
        assert_non_null(strstr(err.text, "update Offpeak on this machine"));
        frame_write_header(header, 0, 1);
        assert_int_equal(frame_read_header(header, sizeof(header), &type, &err), OFFPEAK_EPROTOCOL);
        assert_non_null(strstr(err.text, "update Offpeak on the other machine"));
        assert_int_equal(type, 7);
}

static void what_is_no_frame_is_refused(void **state)
{
        uint8_t header[FRAME_HEADER_SIZE];
        struct offpeak_error err;
        uint16_t type = 7;

        (void)state;
        frame_write_header(header, PROTOCOL_VERSION, 1);
        for (size_t size = 0; size < sizeof(header); size++) {
                uint8_t *exact = malloc(size + 1);

                memcpy(exact + 1, header, size); /* ends where the heap block ends */
                assert_int_equal(frame_read_header(exact + 1, size, &type, &err), OFFPEAK_EPROTOCOL);
                free(exact);
        }
        header[0] = 'G';
        assert_int_equal(frame_read_header(header, sizeof(header), &type, &err), OFFPEAK_EPROTOCOL);
        assert_int_equal(frame_read_header((const uint8_t *)"GET / HTTP/1.1\r\n", 16, &type, &err), OFFPEAK_EPROTOCOL);
        assert_int_equal(type, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_header_is_the_same_on_every_machine),
                cmocka_unit_test(a_type_comes_back),
                cmocka_unit_test(another_version_is_named_and_who_must_update),
                cmocka_unit_test(what_is_no_frame_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
