/* SPDX-License-Identifier: Apache-2.0 */
/* test_feed_pages.c - which answers have a next page, and what asks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feeds/feed_pages.h"
#include "feeds/file_text.h"
#include "feeds/mappings.h"
#include "feeds/zip_members.h"
#include "unit/feeds/zip_made.h"

static void an_address(const char *address, unsigned page, const char *wanted)
{
        char *text = feed_pages_address(address, page);

        assert_string_equal(text, wanted);
        free(text);
}

static void the_next_page_has_an_address(void **state)
{
        (void)state;
        an_address("https://a/api?documentType=A80&x=%20", 1, "https://a/api?documentType=A80&x=%20&offset=200");
        an_address("https://a/api", 24, "https://a/api?offset=4800");
        an_address("https://a/api?x=1#part?", 2, "https://a/api?x=1&offset=400");
        an_address("https://a/api#part?", 2, "https://a/api?offset=400");
}

static void only_outages_come_in_pages(void **state)
{
        const struct mapping *outages = mappings_find("entsoe_a80"), *prices = mappings_find("entsoe_a44");

        (void)state;
        assert_true(feed_pages_follow(outages, "https://a/api?documentType=A80"));
        assert_true(feed_pages_follow(outages, "https://a/offset=7"));
        assert_true(feed_pages_follow(outages, "https://a/api?timeoffset=7"));
        assert_false(feed_pages_follow(outages, "https://a/api?offset=0")); /* it asks for one itself */
        assert_false(feed_pages_follow(outages, "https://a/api?x=1&offset=200&y=2"));
        assert_false(feed_pages_follow(prices, "https://a/api?documentType=A44"));
        assert_false(feed_pages_follow(NULL, "https://a/api"));
        assert_true(feed_pages_are_zips(outages));
        assert_false(feed_pages_are_zips(prices));
        assert_false(feed_pages_are_zips(NULL));
}

static char *zip_of(size_t n, size_t *ret_size)
{
        static char names[250][8];
        struct zip_made_member members[250];

        for (size_t i = 0; i < n; i++) {
                snprintf(names[i], sizeof(names[i]), "%zu.xml", i);
                members[i] = (struct zip_made_member){ names[i], "<a/>", 0 };
        }
        return zip_made(members, n, NULL, ret_size);
}

static void full(size_t n, bool wanted)
{
        struct feed_page page;

        page.text = zip_of(n, &page.size);
        assert_int_equal(zip_count(page.text, page.size), n);
        assert_int_equal(feed_pages_is_full(&page), wanted);
        free(page.text);
}

static void a_full_page_has_200_documents(void **state)
{
        static char many[] = "<Unavailability_MarketDocument/>", nearly[] = "PK\003\004PK\005\006";
        struct feed_page page = { many, sizeof(many) - 1 };

        (void)state;
        full(1, false);
        full(199, false);
        full(200, true);
        full(201, true);
        assert_false(feed_pages_is_full(&page));
        page = (struct feed_page){ nearly, sizeof(nearly) - 1 }; /* cut short: nothing is read behind its end */
        assert_false(feed_pages_is_full(&page));
        assert_int_equal(zip_count("", 0), 0);
}

static void behind_the_end_there_is_a_word(void **state)
{
        struct offpeak_error err;
        char *text;
        size_t size;

        (void)state;
        assert_int_equal(file_text_read(OFFPEAK_SOURCE_DIR "/tests/fixtures/entsoe/no_data.xml", FILE_TEXT_LARGEST, &text, &size,
                                        &err), 0);
        assert_true(feed_pages_is_end(200, text, size));
        assert_true(feed_pages_is_end(400, text, size));
        assert_false(feed_pages_is_end(500, text, size));
        assert_false(feed_pages_is_end(200, text, 40));
        assert_false(feed_pages_is_end(200, NULL, 0));
        free(text);
        /* another word of the same document is no end */
        text = strdup("<Acknowledgement_MarketDocument><Reason><code>999</code><text>exceeds allowed limit</text></Reason>");
        assert_false(feed_pages_is_end(200, text, strlen(text)));
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_next_page_has_an_address),
                cmocka_unit_test(only_outages_come_in_pages),
                cmocka_unit_test(a_full_page_has_200_documents),
                cmocka_unit_test(behind_the_end_there_is_a_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
