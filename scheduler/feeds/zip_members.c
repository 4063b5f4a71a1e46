/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/zip_members.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/fail.h"

enum { PLACE_SIZE = 400 };

struct walk {
        const char *file;
        zip_t *zip;
        struct offpeak_error *err;
        char *text;  /* of the member; room bytes */
        size_t room;
        size_t left; /* that the archive may still become */
};

bool zip_is(const char *text, size_t size)
{
        return size >= 4 && memcmp(text, "PK", 2) == 0 &&
               (memcmp(text + 2, "\3\4", 2) == 0 || memcmp(text + 2, "\5\6", 2) == 0); /* the second: without members */
}

static int no_memory(struct walk *walk)
{
        return fail(walk->err, OFFPEAK_ENOMEM, "out of memory");
}

static int too_large(struct walk *walk, const char *place)
{
        bool member = walk->left >= ZIP_LARGEST_MEMBER;

        return fail(walk->err, OFFPEAK_EINVAL, "%s: unpacks to more than %d MiB%s: ask for less", place,
                    (member ? ZIP_LARGEST_MEMBER : ZIP_LARGEST) >> 20, member ? "" : " with those before it");
}

/* All bytes of an open member: they are counted, whatever it says of itself. */
static int read_bytes(struct walk *walk, zip_file_t *member, const char *place, size_t *ret_size)
{
        size_t most = walk->left < ZIP_LARGEST_MEMBER ? walk->left : ZIP_LARGEST_MEMBER, size = 0;
        zip_int64_t got;

        do {
                if (size == walk->room) {
                        char *more = realloc(walk->text, walk->room * 2 + 65536);

                        if (more == NULL)
                                return no_memory(walk);
                        walk->text = more;
                        walk->room = walk->room * 2 + 65536;
                }
                got = zip_fread(member, walk->text + size, walk->room - size);
                if (got < 0)
                        return fail(walk->err, OFFPEAK_EINVAL, "%s: cannot be unpacked: %s", place,
                                    zip_file_strerror(member));
                size += (size_t)got;
                if (size > most)
                        return too_large(walk, place);
        } while (got > 0);
        walk->left -= size;
        *ret_size = size;
        return 0;
}

static void name_place(const struct walk *walk, const char *name, char place[PLACE_SIZE])
{
        char shown[100];
        size_t n = 0;

        for (; name[n] != '\0' && n + 1 < sizeof(shown); n++)
                shown[n] = isprint((unsigned char)name[n]) ? name[n] : '?';
        shown[n] = '\0';
        snprintf(place, PLACE_SIZE, "%.256s(%s)", walk->file, shown);
}

static int read_member(struct walk *walk, zip_uint64_t index, const char *place, size_t *ret_size)
{
        zip_file_t *member = zip_fopen_index(walk->zip, index, 0);
        int code;

        if (member == NULL)
                return fail(walk->err, OFFPEAK_EINVAL, "%s: cannot be unpacked: %s", place, zip_strerror(walk->zip));
        code = read_bytes(walk, member, place, ret_size);
        zip_fclose(member);
        return code;
}

static int walk_members(struct walk *walk,
                        int (*take)(void *, const char *, const char *, size_t, struct offpeak_error *), void *context)
{
        zip_int64_t n = zip_get_num_entries(walk->zip, 0);

        if (n > ZIP_MOST_MEMBERS)
                return fail(walk->err, OFFPEAK_EINVAL, "%s: has more than %d files in it: ask for less", walk->file,
                            ZIP_MOST_MEMBERS);
        for (zip_int64_t i = 0; i < n; i++) {
                const char *name = zip_get_name(walk->zip, (zip_uint64_t)i, ZIP_FL_ENC_GUESS);
                char place[PLACE_SIZE];
                size_t size;
                int code;

                if (name == NULL || (name[0] != '\0' && name[strlen(name) - 1] == '/'))
                        continue;
                name_place(walk, name, place);
                code = read_member(walk, (zip_uint64_t)i, place, &size);
                if (code == 0)
                        code = take(context, place, walk->text, size, walk->err);
                if (code != 0)
                        return code;
        }
        return 0;
}

static int open_archive(struct walk *walk, const char *bytes, size_t size)
{
        zip_error_t error;
        zip_source_t *source;
        int code = 0;

        zip_error_init(&error);
        source = zip_source_buffer_create(bytes, size, 0, &error);
        walk->zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
        if (walk->zip == NULL) {
                bool memory = zip_error_code_zip(&error) == ZIP_ER_MEMORY;

                zip_source_free(source);
                code = memory ? no_memory(walk)
                              : fail(walk->err, OFFPEAK_EINVAL, "%s: is no ZIP, or is cut short: %s", walk->file,
                                     zip_error_strerror(&error));
        }
        zip_error_fini(&error);
        return code;
}

int zip_walk(const char *file, const char *bytes, size_t size,
             int (*take)(void *context, const char *place, const char *text, size_t size, struct offpeak_error *err),
             void *context, struct offpeak_error *err)
{
        struct walk walk = { .file = file, .err = err, .left = ZIP_LARGEST };
        int code = open_archive(&walk, bytes, size);

        if (code != 0)
                return code;
        code = walk_members(&walk, take, context);
        zip_discard(walk.zip);
        free(walk.text);
        return code;
}

/* The record that ends a ZIP: 22 bytes and a comment of up to 64 KiB; the number of members is in its 11th and 12th. */
size_t zip_count(const char *bytes, size_t size)
{
        enum { RECORD = 22, COMMENT = 65535, COUNT = 10 };
        const unsigned char *end = (const unsigned char *)bytes;

        for (size_t back = RECORD; back <= size && back <= RECORD + COMMENT; back++) {
                const unsigned char *at = end + (size - back);

                if (memcmp(at, "PK\5\6", 4) == 0)
                        return (size_t)at[COUNT] | (size_t)at[COUNT + 1] << 8;
        }
        return 0;
}
