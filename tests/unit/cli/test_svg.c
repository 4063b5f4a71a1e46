/* SPDX-License-Identifier: Apache-2.0 */
/* test_svg.c - the writer of SVG: what it writes is XML as libxml2 reads it, whatever the text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <offpeak/error.h>

#include "cli/svg.h"

#define LOST "\xef\xbf\xbd" /* U+FFFD */

/* The text as it comes back out of a document, from an element and from an attribute. */
static void expect_read_back(const char *text, const char *expected)
{
        struct svg svg;
        char *document = NULL;
        xmlDoc *parsed;
        xmlChar *content, *value;

        assert_int_equal(svg_init(&svg), 0);
        svg_open(&svg, "text");
        svg_attribute(&svg, "class", text);
        svg_text(&svg, text);
        svg_close(&svg);
        assert_int_equal(svg_finish(&svg, &document), 0);
        parsed = xmlReadMemory(document, (int)strlen(document), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
        if (parsed == NULL)
                fail_msg("is not XML: %s", document);
        content = xmlNodeGetContent(xmlDocGetRootElement(parsed));
        value = xmlGetProp(xmlDocGetRootElement(parsed), (const xmlChar *)"class");
        if (strcmp((const char *)content, expected) != 0 || strcmp((const char *)value, expected) != 0)
                fail_msg("\"%s\" and \"%s\" instead of \"%s\"", content, value, expected);
        xmlFree(content);
        xmlFree(value);
        xmlFreeDoc(parsed);
        free(document);
}

static void markup_is_text(void **state)
{
        (void)state;
        expect_read_back("a<b>&\"c'", "a<b>&\"c'");
        expect_read_back("]]></text><script>", "]]></text><script>");
        expect_read_back("&amp; &#0; &nbsp;", "&amp; &#0; &nbsp;");
        expect_read_back("", "");
}

static void letters_of_all_kinds_stay(void **state)
{
        (void)state;
        expect_read_back("K\xc3\xb6ln \xe6\x97\xa5 \xf0\x9f\x94\x8b", "K\xc3\xb6ln \xe6\x97\xa5 \xf0\x9f\x94\x8b");
        expect_read_back("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd",
                         "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd"); /* at the edges */
}

static void what_xml_forbids_is_replaced(void **state)
{
        (void)state;
        expect_read_back("a\x01\x1b[2J\x7f"
                         "b",
                         "a" LOST LOST "[2J" LOST "b");
        expect_read_back("a\tb\nc\r", "a b c ");
        expect_read_back("\xef\xbf\xbe\xef\xbf\xbf", LOST LOST); /* U+FFFE, U+FFFF */
        expect_read_back("\xe2\x80\xae"
                         "x\xe2\x81\xa6",
                         LOST "x" LOST);    /* turn the writing */
        expect_read_back("\xc2\x85", LOST); /* C1 */
}

static void what_is_not_utf8_is_replaced(void **state)
{
        (void)state;
        expect_read_back("a\xff"
                         "b",
                         "a" LOST "b");
        expect_read_back("\x80", LOST);
        expect_read_back("\xc3", LOST);                            /* ends too soon */
        expect_read_back("\xe6\x97<", LOST LOST "<");              /* so does this, and what follows is text */
        expect_read_back("\xc0\xbc", LOST LOST);                   /* a < that is too long */
        expect_read_back("\xed\xa0\x80", LOST);                    /* half of a pair */
        expect_read_back("\xf4\x90\x80\x80", LOST LOST LOST LOST); /* beyond the last */
        expect_read_back("\xf8\x88\x80\x80\x80", LOST LOST LOST LOST LOST);
}

static void every_byte_makes_a_document(void **state)
{
        (void)state;
        for (int first = 1; first < 256; first++)
                for (int second = 1; second < 256; second += 3) {
                        char text[] = { 'a', (char)first, (char)second, '\0' };
                        struct svg svg;
                        char *document = NULL;
                        xmlDoc *parsed;

                        assert_int_equal(svg_init(&svg), 0);
                        svg_open(&svg, "text");
                        svg_attribute(&svg, "class", text);
                        svg_text(&svg, text);
                        svg_close(&svg);
                        assert_int_equal(svg_finish(&svg, &document), 0);
                        parsed = xmlReadMemory(document, (int)strlen(document), NULL, NULL,
                                               XML_PARSE_NONET | XML_PARSE_NOERROR);
                        if (parsed == NULL)
                                fail_msg("bytes %02x %02x", (unsigned)first, (unsigned)second);
                        xmlFreeDoc(parsed);
                        free(document);
                }
}

static void numbers_have_few_digits(void **state)
{
        static const struct {
                double value;
                const char *text;
        } cases[] = {
                { 0, "0" },          { -0.0, "0" },
                { -0.001, "0" },     { 3, "3" },
                { 12.5, "12.5" },    { -0.25, "-0.25" },
                { 1.005e3, "1005" }, { 0.05, "0.05" },
                { 1.0 / 3, "0.33" }, { -99.999, "-100" },
                { 100.10, "100.1" }, { NAN, "0" },
                { INFINITY, "0" },   { 1e300, "1000000000000" },
        };
        char text[SVG_NUMBER_SIZE];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_string_equal(svg_format(cases[i].value, text), cases[i].text);
}

static void what_is_open_is_closed_in_its_order(void **state)
{
        struct svg svg;
        char *document = NULL;

        (void)state;
        assert_int_equal(svg_init(&svg), 0);
        svg_open(&svg, "svg");
        svg_open(&svg, "g");
        svg_number(&svg, "x", 1);
        svg_open(&svg, "rect");
        svg_close(&svg);
        svg_close(&svg);
        svg_close(&svg);
        assert_int_equal(svg_finish(&svg, &document), 0);
        assert_string_equal(document, "<svg>\n<g x=\"1\">\n<rect/></g></svg>\n");
        free(document);
}

static void expect_fault(void (*write)(struct svg *svg))
{
        struct svg svg;
        char *document = (char *)"untouched";

        assert_int_equal(svg_init(&svg), 0);
        write(&svg);
        assert_int_equal(svg_finish(&svg, &document), OFFPEAK_EINTERNAL);
        assert_string_equal(document, "untouched");
}

static void leave_open(struct svg *svg)
{
        svg_open(svg, "svg");
}

static void close_too_often(struct svg *svg)
{
        svg_open(svg, "svg");
        svg_close(svg);
        svg_close(svg);
}

static void set_too_late(struct svg *svg)
{
        svg_open(svg, "svg");
        svg_text(svg, "text");
        svg_attribute(svg, "class", "late");
        svg_close(svg);
}

static void nest_too_deep(struct svg *svg)
{
        for (int i = 0; i <= SVG_DEPTH; i++)
                svg_open(svg, "g");
        for (int i = 0; i <= SVG_DEPTH; i++)
                svg_close(svg);
}

static void faults_are_kept(void **state)
{
        (void)state;
        expect_fault(leave_open);
        expect_fault(close_too_often);
        expect_fault(set_too_late);
        expect_fault(nest_too_deep);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(markup_is_text),
                cmocka_unit_test(letters_of_all_kinds_stay),
                cmocka_unit_test(what_xml_forbids_is_replaced),
                cmocka_unit_test(what_is_not_utf8_is_replaced),
                cmocka_unit_test(every_byte_makes_a_document),
                cmocka_unit_test(numbers_have_few_digits),
                cmocka_unit_test(what_is_open_is_closed_in_its_order),
                cmocka_unit_test(faults_are_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
