/* SPDX-License-Identifier: Apache-2.0 */
/* zip_made.h - a ZIP made in memory. Include after cmocka.h. */
#ifndef OFFPEAK_TESTS_ZIP_MADE_H
#define OFFPEAK_TESTS_ZIP_MADE_H

#include <stdlib.h>
#include <string.h>

#include <zip.h>

struct zip_made_member {
        const char *name, *text;
        size_t size; /* 0: as long as text is */
};

/* malloc'ed. password: NULL, or what all members are encrypted with. */
static inline char *zip_made(const struct zip_made_member *members, size_t n, const char *password, size_t *ret_size)
{
        zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
        zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
        zip_stat_t stat;
        char *bytes;

        assert_non_null(zip);
        zip_source_keep(source);
        for (size_t i = 0; i < n; i++) {
                size_t size = members[i].size != 0 ? members[i].size : strlen(members[i].text);
                zip_int64_t at = zip_file_add(zip, members[i].name, zip_source_buffer(zip, members[i].text, size, 0), 0);

                assert_true(at >= 0);
                if (password != NULL)
                        assert_int_equal(zip_file_set_encryption(zip, (zip_uint64_t)at, ZIP_EM_AES_256, password), 0);
        }
        assert_int_equal(zip_close(zip), 0);
        assert_int_equal(zip_source_stat(source, &stat), 0);
        bytes = malloc(stat.size);
        assert_int_equal(zip_source_open(source), 0);
        assert_int_equal(zip_source_read(source, bytes, stat.size), (zip_int64_t)stat.size);
        zip_source_close(source);
        zip_source_free(source);
        *ret_size = stat.size;
        return bytes;
}

#endif
