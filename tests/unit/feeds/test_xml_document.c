/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile documents and archives: each is refused with its name and a reason, and soon; good ones are found their way in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "feeds/xml_document.h"
#include "feeds/zip_members.h"
#include "unit/feeds/zip_made.h"

static double seconds_used(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void refuse(const char *text, size_t size, const char *why)
{
        struct xml_document *document = NULL;
        struct offpeak_error err = { 0 };
        double start = seconds_used();

        assert_int_equal(xml_document_parse("bad.xml", text, size, &document, &err), OFFPEAK_EINVAL);
        assert_null(document);
        if (strstr(err.text, why) == NULL || strncmp(err.text, "bad.xml:", 8) != 0)
                fail_msg("\"%s\" does not say \"%s\"", err.text, why);
        assert_true(seconds_used() - start < 10); /* with a sanitizer on a slow machine */
}

static void refuse_text(const char *text, const char *why)
{
        refuse(text, strlen(text), why);
}

/* n times `part`, in a root. */
static char *repeated(const char *head, const char *part, size_t n, const char *tail, size_t *ret_size)
{
        size_t size = strlen(head) + n * strlen(part) + strlen(tail) + 1;
        char *text = malloc(size), *at;

        assert_non_null(text);
        at = stpcpy(text, head);
        for (size_t i = 0; i < n; i++)
                at = stpcpy(at, part);
        stpcpy(at, tail);
        *ret_size = size - 1;
        return text;
}

static void refuse_repeated(const char *head, const char *part, size_t n, const char *tail, const char *why)
{
        size_t size;
        char *text = repeated(head, part, n, tail, &size);

        refuse(text, size, why);
        free(text);
}

static void elements_are_found_whatever_their_namespace(void **state)
{
        static const char text[] = "<?xml version=\"1.0\"?>\n<!-- a comment --><x:a xmlns:x=\"urn:1\">\n <x:b> one </x:b><c/>\n"
                                   "<x:b><!-- no --> t&amp;o\n</x:b><d>1<e/></d></x:a>";
        struct xml_document *document;
        struct offpeak_error err;
        const struct _xmlNode *b;
        char shown[64], name[64];

        (void)state;
        assert_int_equal(xml_document_parse("f", text, sizeof(text) - 1, &document, &err), 0);
        assert_true(xml_is(xml_root(document), "a"));
        b = xml_child(xml_root(document), "b");
        assert_string_equal(xml_show(b, shown), "one");
        assert_int_equal(xml_line(b), 3);
        assert_true(xml_text_is(b, "ONE"));
        assert_false(xml_text_is(b, "on"));
        b = xml_next(b, "b");
        assert_string_equal(xml_show(b, shown), "t&o");
        assert_null(xml_next(b, "b"));
        assert_null(xml_child(xml_root(document), "nothing"));
        assert_string_equal(xml_show(xml_child(xml_root(document), "c"), shown), "");
        assert_string_equal(xml_show(xml_child(xml_root(document), "d"), shown), "");
        assert_string_equal(xml_show(xml_child(NULL, "d"), shown), "");
        xml_refuse(document, b, &err, "no %d", 7);
        assert_string_equal(err.text, "f:4: no 7");
        xml_document_destroy(document);
        assert_string_equal(xml_root_name(text, sizeof(text) - 1, name), "a");
        assert_string_equal(xml_root_name("time,price\n", 11, name), "");
        assert_string_equal(xml_root_name("", 0, name), "");
}

static void what_is_no_xml_is_refused(void **state)
{
        (void)state;
        refuse("", 0, "bad.xml:");
        refuse_text("time,price", "bad.xml:1: is no XML");
        refuse_text("<a>\n<b>\n</a>", "bad.xml:3: is no XML");
        refuse_text("<a>&unknown;</a>", "is no XML");
        refuse_text("<a>\xff\xfe</a>", "is no XML");
        refuse_text("<a/><b/>", "is no XML");
}

static void a_type_declaration_is_refused_before_it_does_anything(void **state)
{
        char bomb[2000], *at = bomb;

        (void)state;
        at += sprintf(at, "<?xml version=\"1.0\"?>\n<!DOCTYPE a [\n<!ENTITY e0 \"lol\">\n");
        for (int i = 1; i < 10; i++) {
                at += sprintf(at, "<!ENTITY e%d \"", i);
                for (int k = 0; k < 10; k++)
                        at += sprintf(at, "&e%d;", i - 1);
                at += sprintf(at, "\">\n");
        }
        sprintf(at, "]><a>&e9;</a>");
        refuse_text(bomb, "document type");
        refuse_text("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "document type");
        refuse_text("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/a.dtd\"><a/>", "document type");
        refuse_text("<!DOCTYPE a [<!ENTITY % p SYSTEM \"file:///dev/zero\">%p;]><a/>", "document type");
        refuse_text("<!DOCTYPE a><a/>", "document type");
}

static void size_and_depth_are_limited(void **state)
{
        (void)state;
        refuse_repeated("", "<a>", 65, "", "more than 64 deep");
        refuse_repeated("", "<a>", 100000, "", "more than 64 deep");
        refuse_repeated("<a>", "<b/>", XML_MOST_NODES, "</a>", "elements and attributes");
        refuse_repeated("<a ", "x='' ", 1, "><b c='' c=''/></a>", "is no XML");
        refuse_repeated("<a>", " ", XML_LARGEST, "</a>", "larger than 16 MiB");
        /* as many comments as there is room for take no memory */
        {
                struct xml_document *document;
                size_t size;
                char *text = repeated("<a>", "<!---->", 1000000, "<b/></a>", &size);

                assert_int_equal(xml_document_parse("f", text, size, &document, NULL), 0);
                assert_non_null(xml_child(xml_root(document), "b"));
                assert_null(xml_child(xml_root(document), "comment"));
                xml_document_destroy(document);
                free(text);
        }
}

/* ---- archives */

struct seen {
        int n;
        char places[4][80];
        size_t sizes[4];
        int stop_at;
};

static int see(void *context, const char *place, const char *text, size_t size, struct offpeak_error *err)
{
        struct seen *seen = context;

        (void)text;
        (void)err;
        if (seen->n < 4) {
                snprintf(seen->places[seen->n], 80, "%s", place);
                seen->sizes[seen->n] = size;
        }
        return ++seen->n == seen->stop_at ? OFFPEAK_ESTATE : 0;
}

static void members_come_one_by_one(void **state)
{
        static const struct zip_made_member members[] = { { "one.xml", "<a/>", 0 }, { "folder/", "", 0 },
                                                           { "../../etc/two\n.xml", "<bb/>", 0 } };
        struct seen seen = { .stop_at = 0 };
        struct offpeak_error err;
        size_t size;
        char *bytes = zip_made(members, 3, NULL, &size);

        (void)state;
        assert_true(zip_is(bytes, size));
        assert_false(zip_is("PK", 2));
        assert_false(zip_is("<a/>", 4));
        assert_int_equal(zip_walk("z.zip", bytes, size, see, &seen, &err), 0);
        assert_int_equal(seen.n, 2);
        assert_string_equal(seen.places[0], "z.zip(one.xml)");
        assert_string_equal(seen.places[1], "z.zip(../../etc/two?.xml)");
        assert_int_equal(seen.sizes[1], 5);
        seen = (struct seen){ .stop_at = 1 };
        assert_int_equal(zip_walk("z.zip", bytes, size, see, &seen, &err), OFFPEAK_ESTATE);
        assert_int_equal(seen.n, 1);
        free(bytes);
}

static void check_zip(char *bytes, size_t size, const char *why)
{
        struct seen seen = { .stop_at = 0 };
        struct offpeak_error err = { 0 };

        assert_int_equal(zip_walk("z.zip", bytes, size, see, &seen, &err), OFFPEAK_EINVAL);
        if (strstr(err.text, why) == NULL || strncmp(err.text, "z.zip", 5) != 0)
                fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

/* Where the central directory says how large its first member is. */
static unsigned char *size_in_directory(char *bytes, size_t size)
{
        for (size_t i = 0; i + 46 < size; i++)
                if (memcmp(bytes + i, "PK\1\2", 4) == 0)
                        return (unsigned char *)bytes + i + 24;
        fail_msg("no central directory");
        return NULL;
}

static void bombs_are_not_unpacked(void **state)
{
        struct zip_made_member members[5];
        char *zeros = calloc(1, ZIP_LARGEST_MEMBER + 1), *bytes;
        size_t size;

        (void)state;
        assert_non_null(zeros);
        members[0] = (struct zip_made_member){ "one", zeros, ZIP_LARGEST_MEMBER + 1 };
        bytes = zip_made(members, 1, NULL, &size);
        assert_true(size < 100000);
        check_zip(bytes, size, "z.zip(one): unpacks to more than 16 MiB: ask");
        /* one that says it is small is no smaller for that */
        memcpy(size_in_directory(bytes, size), "\x10\0\0\0", 4);
        check_zip(bytes, size, "z.zip(one): ");
        free(bytes);
        for (int i = 0; i < 5; i++)
                members[i] = (struct zip_made_member){ (const char *[]){ "a", "b", "c", "d", "e" }[i], zeros,
                                                       ZIP_LARGEST_MEMBER };
        bytes = zip_made(members, 5, NULL, &size);
        check_zip(bytes, size, "z.zip(e): unpacks to more than 64 MiB with those before it");
        free(bytes);
        free(zeros);
}

static void too_many_members_are_refused(void **state)
{
        struct zip_made_member *members = calloc(ZIP_MOST_MEMBERS + 1, sizeof(*members));
        char (*names)[8] = calloc(ZIP_MOST_MEMBERS + 1, sizeof(*names)), *bytes;
        size_t size;

        (void)state;
        for (int i = 0; i <= ZIP_MOST_MEMBERS; i++) {
                snprintf(names[i], sizeof(names[i]), "%d", i);
                members[i] = (struct zip_made_member){ names[i], "x", 0 };
        }
        bytes = zip_made(members, ZIP_MOST_MEMBERS + 1, NULL, &size);
        check_zip(bytes, size, "more than 5000 files");
        free(bytes);
        free(members);
        free(names);
}

static void broken_archives_are_refused(void **state)
{
        static const struct zip_made_member member[] = { { "one", "<a>some text that is long enough to be packed, packed, packed</a>", 0 } };
        size_t size;
        char *bytes = zip_made(member, 1, NULL, &size);

        (void)state;
        check_zip(bytes, size / 2, "is no ZIP, or is cut short");
        check_zip(bytes, 4, "is no ZIP, or is cut short");
        bytes[40] ^= 0x55; /* in its data, behind a header of 30 bytes and a name of three */
        check_zip(bytes, size, "z.zip(one): cannot be unpacked");
        free(bytes);
        bytes = zip_made(member, 1, "secret", &size);
        check_zip(bytes, size, "z.zip(one): cannot be unpacked");
        free(bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(elements_are_found_whatever_their_namespace),
                cmocka_unit_test(what_is_no_xml_is_refused),
                cmocka_unit_test(a_type_declaration_is_refused_before_it_does_anything),
                cmocka_unit_test(size_and_depth_are_limited),
                cmocka_unit_test(members_come_one_by_one),
                cmocka_unit_test(bombs_are_not_unpacked),
                cmocka_unit_test(too_many_members_are_refused),
                cmocka_unit_test(broken_archives_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
