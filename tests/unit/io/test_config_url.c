/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_url.c - feeds that are fetched, and limits beside feeds: what is read, and what is refused where. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/config.h"
#include "io/config_url.h"

#define SITE(price) "sites: [{name: a, currency: EUR, grid: {price: " price "}}]\n"

static char folder[] = "/tmp/offpeak-config-url-XXXXXX", file[64], token[64];

static int read_config(const char *text, struct config *ret_config, struct offpeak_error *err)
{
        FILE *out = fopen(file, "we");

        assert_non_null(out);
        fputs(text, out);
        assert_int_equal(fclose(out), 0);
        return config_read(file, ret_config, err);
}

static struct config good(const char *text)
{
        struct offpeak_error err;
        struct config config;

        if (read_config(text, &config, &err) != 0)
                fail_msg("%s", err.text);
        return config;
}

static void refused(const char *text, const char *expected)
{
        struct offpeak_error err = { 0 };
        struct config config;

        if (read_config(text, &config, &err) == 0)
                fail_msg("accepted: %s", text);
        assert_int_equal(err.code, OFFPEAK_ECONFIG);
        if (strncmp(err.text + strlen(folder) + 1, expected, strlen(expected)) != 0)
                fail_msg("\"%s\" is not \"%s\"", err.text + strlen(folder) + 1, expected);
}

static void an_address_is_read(void **state)
{
        struct config c = good(SITE("{url: \"https://api.example/p/{today:%Y?%m}?k={secret:token}\", mapping: energy_charts, every: 5m,"
                                    "timeout: 1500ms, max_bytes: 2.5 MB, ca: c.yaml, headers: {auth-token: {secret: token},"
                                    "Authorization: \"Bearer {secret:token}\", Accept: application/json}}"));
        const struct config_url *url = c.files[0].price.url;
        char path[64];

        (void)state;
        assert_non_null(url);
        assert_null(c.files[0].price.path);
        assert_string_equal(c.files[0].price.mapping->name, "energy_charts");
        assert_string_equal(url->shown, "https://api.example/p/{today:%Y?%m}");
        assert_int_equal(url->every_ms, 300000);
        assert_int_equal(url->timeout_ms, 1500);
        assert_int_equal(url->max_bytes, 2500000);
        snprintf(path, sizeof(path), "%s/c.yaml", folder);
        assert_string_equal(url->ca, path);
        assert_int_equal(url->n_headers, 3);
        assert_int_equal(url->n_secrets, 3);
        assert_false(url->here);
        assert_string_equal(url->headers[0].name, "auth-token");
        assert_string_equal(url->headers[0].value.parts[0].text, token);
        assert_int_equal(url->headers[1].value.n, 2);
        assert_string_equal(url->headers[2].value.parts[0].text, "application/json");
        config_finish(&c);
}

static void the_least_has_defaults(void **state)
{
        struct config c = good(SITE("{url: \"http://127.0.0.1:8080/p\"}"));

        (void)state;
        assert_null(c.files[0].price.mapping); /* our own CSV */
        assert_int_equal(c.files[0].price.url->every_ms, 900000);
        assert_int_equal(c.files[0].price.url->timeout_ms, 20000);
        assert_int_equal(c.files[0].price.url->max_bytes, 8 << 20);
        assert_true(c.files[0].price.url->here);
        config_finish(&c);
}

static void one_source_each(void **state)
{
        (void)state;
        refused(SITE("{mapping: smard}"), "c.yaml:1:58: \"price\" names no source: give its \"file\" or \"url\"");
        refused(SITE("{}"), "c.yaml: \"price\" names no source");
        refused(SITE("{file: a.csv, url: \"https://a/b\"}"), "c.yaml:1:67: there is a \"file\" as well");
        refused(SITE("{file: a.csv, every: 5m}"), "c.yaml:1:69: \"every\" is of a \"url\", and this is a file");
        refused(SITE("{file: a.csv, headers: {A: b}}"), "c.yaml:1:72: \"headers\" is of a \"url\"");
}

static void addresses_are_strict(void **state)
{
        (void)state;
        refused(SITE("{url: \"ftp://a/b\"}"), "c.yaml:1:54: \"url\": \"ftp://a/b\" is no address");
        refused(SITE("{url: \"file:///etc/passwd\"}"), "c.yaml:1:54: \"url\": \"file:///etc/passwd\" is no address");
        refused(SITE("{url: \"https://{secret:token}/b\"}"), "c.yaml:1:54: \"url\": the machine must be named");
        refused(SITE("{url: \"https:///b\"}"), "c.yaml:1:54: \"url\": the machine must be named");
        refused(SITE("{url: \"https://me:pw@a/b\"}"), "c.yaml:1:54: \"url\": names and passwords do not belong");
        refused(SITE("{url: \"https://a/b c\"}"), "c.yaml:1:54: \"url\": a blank");
        refused(SITE("{url: \"https://a/{from}\"}"), "c.yaml:1:54: \"url\": {from} is not known");
        refused(SITE("{url: \"https://a/b\", every: 100ms}"), "c.yaml:1:76: \"every\" is 100ms, too short: 1 s");
        refused(SITE("{url: \"https://a/b\", max_bytes: 8}"), "c.yaml:1:80: \"max_bytes\": \"8\" is no size with a unit");
        refused(SITE("{url: \"https://a/b\", max_bytes: 1000 MB}"), "c.yaml:1:80: \"max_bytes\" is 1000 MB: it must be");
        refused(SITE("{url: \"http://a/b\", ca: x.pem}"), "c.yaml:1:72: \"ca\" is of https");
        refused(SITE("{url: \"https://a/b\", ca: x.pem}"), "c.yaml:1:73: \"ca\": /tmp/offpeak-config-url-");
}

static void headers_are_strict(void **state)
{
        (void)state;
        refused(SITE("{url: \"https://a/b\", headers: {\"a b\": c}}"), "c.yaml:1:79: \"a b\" is no name of a header");
        refused(SITE("{url: \"https://a/b\", headers: {host: c}}"), "c.yaml:1:79: the header \"Host\" is not yours");
        refused(SITE("{url: \"https://a/b\", headers: {a: c, A: d}}"), "c.yaml:1:85: \"A\" is given twice");
        refused(SITE("{url: \"https://a/b\", headers: {a: \"b\\r\\nX: y\"}}"), "c.yaml:1:82: \"a\": a header is one line");
        refused(SITE("{url: \"https://a/b\", headers: {a: {value: b, secret: token}}}"), "c.yaml:1:79: \"a\" takes a value, or");
        refused(SITE("{url: \"https://a/b\", headers: {a: }}"), "c.yaml:1:79: \"a\" takes a value, or");
}

static void secrets_are_kept(void **state)
{
        struct config c;

        (void)state;
        refused(SITE("{url: \"http://a/b\", headers: {t: {secret: token}}}"),
                "c.yaml:1:54: \"url\": a secret would go over http to another machine");
        refused(SITE("{url: \"http://127.0.0.1.evil.test/b?{secret:token}\"}"), "c.yaml:1:54: \"url\": a secret would go");
        refused(SITE("{url: \"http://localhost.evil.test/b?{secret:token}\"}"), "c.yaml:1:54: \"url\": a secret would go");
        c = good(SITE("{url: \"http://[::1]:80/b?{secret:token}\"}"));
        assert_true(c.files[0].price.url->here);
        config_finish(&c);
        refused(SITE("{url: \"https://a/b?{secret:none}\"}"), "c.yaml:1:54: /tmp/offpeak-config-url-");
        assert_int_equal(chmod(token, 0644), 0);
        refused(SITE("{url: \"https://a/b\", headers: {t: {secret: token}}}"), "c.yaml:1:91: /tmp/offpeak-config-url-");
        assert_int_equal(chmod(token, 0600), 0);
}

static void limits_have_units(void **state)
{
        struct config c = good("sites: [{name: a, currency: EUR, grid: {price: {file: a.csv, lowest: -500 EUR/MWh, highest: 40 ct/kWh},"
                               "carbon: {file: b.csv, highest: 900 g/kWh}, limit_series: {url: \"https://a/b\", highest: 20 MW}},"
                               "solar: {series: {file: s.csv, highest: 5 MW}}}]\n");

        (void)state;
        assert_true(c.files[0].price.has_lowest && c.files[0].price.has_highest);
        assert_int_equal(c.files[0].price.lowest, -500000000);
        assert_int_equal(c.files[0].price.highest, 400000000);
        assert_null(c.files[0].price.mapping); /* limits are no description */
        assert_false(c.files[0].carbon.has_lowest);
        assert_int_equal(c.files[0].carbon.highest, 900000);
        assert_int_equal(c.files[0].limit.highest, 20000000);
        assert_int_equal(c.files[0].solar.highest, 5000000);
        config_finish(&c);
        refused(SITE("{file: a.csv, highest: 4000}"), "c.yaml:1:71: \"highest\": \"4000\" is no value with a unit that fits");
        refused(SITE("{file: a.csv, highest: 20 MW}"), "c.yaml:1:71: \"highest\": \"20 MW\" is no value with a unit that fits: "
                                                       "write it as 400 EUR/MWh");
        refused(SITE("{file: a.csv, highest: 40 USD/MWh}"), "c.yaml:1:71: \"highest\" is in USD, and the site's currency");
        refused(SITE("{file: a.csv, lowest: 50 EUR/MWh, highest: 40 EUR/MWh}"), "c.yaml:1:91: \"highest\" is less");
}

static uint64_t fingerprint(const char *text)
{
        struct config config = good(text);
        uint64_t result = config.files[0].price.fingerprint;

        config_finish(&config);
        return result;
}

static void what_is_said_has_a_fingerprint(void **state)
{
        static const char *const others[] = {
                SITE("{url: \"https://a/c\", headers: {a: b, c: d}}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: e}}"),
                SITE("{url: \"https://a/b\", headers: {a: b}}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: d}, every: 5m}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: d}, mapping: smard}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: d}, highest: 5 EUR/MWh}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: d}, missing: [x]}"),
                SITE("{url: \"https://a/b\", headers: {a: b, c: d}, where: {x: y}}"),
        };
        uint64_t same = fingerprint(SITE("{url: \"https://a/b\", headers: {a: b, c: d}}"));

        (void)state;
        assert_true(same == fingerprint("\n\n" SITE("{headers: {a: b,   c: d}, url: https://a/b}")));
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                if (fingerprint(others[i]) == same)
                        fail_msg("the same: %s", others[i]);
}

static int begin(void **state)
{
        int fd;

        (void)state;
        if (mkdtemp(folder) == NULL)
                return -1;
        snprintf(file, sizeof(file), "%s/c.yaml", folder);
        snprintf(token, sizeof(token), "%s/token", folder);
        fd = open(token, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        return fd < 0 || write(fd, "hush hush\n", 10) != 10 || close(fd) != 0;
}

static int end(void **state)
{
        (void)state;
        unlink(file);
        unlink(token);
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_address_is_read),   cmocka_unit_test(the_least_has_defaults),
                cmocka_unit_test(one_source_each),      cmocka_unit_test(addresses_are_strict),
                cmocka_unit_test(headers_are_strict),   cmocka_unit_test(secrets_are_kept),
                cmocka_unit_test(limits_have_units),    cmocka_unit_test(what_is_said_has_a_fingerprint),
        };

        return cmocka_run_group_tests(tests, begin, end);
}
