/* SPDX-License-Identifier: Apache-2.0 */
/* test_picture_command.c - `plan --svg`, `report --svg` and `simulate --svg`: what is asked, what is written where, how
 * it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libxml/parser.h>

#include "cli/picture_file.h"
#include "run_line.h"

#define FIXTURES OFFPEAK_SOURCE_DIR "/tests/fixtures/cli/"
#define LISTS    OFFPEAK_SOURCE_DIR "/tests/fixtures/simulate/"
#define SIMULATE                                                                                                       \
        "simulate --jobs " LISTS "jobs.csv --price " LISTS "prices.csv --carbon " LISTS "carbon.csv --gpus 8 --site "  \
        "mill --capacity 5kW -p oracle -p run-now "

/* A folder of the test's own, and the answers. */
struct desk {
        char folder[64];
        char *plan, *report;
        struct fake_client fake;
};

static char *read_file(const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = calloc(1, 1 << 20);

        if (file == NULL)
                fail_msg("no %s", path);
        assert_non_null(text);
        assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
        fclose(file);
        return text;
}

static int setup(void **state)
{
        struct desk *desk = calloc(1, sizeof(*desk));

        strcpy(desk->folder, "/tmp/offpeak-picture-XXXXXX");
        assert_non_null(mkdtemp(desk->folder));
        desk->plan = read_file(FIXTURES "plan_picture.json");
        desk->report = read_file(FIXTURES "report_picture.json");
        desk->fake.documents[0].target = "plan";
        desk->fake.documents[0].document = desk->plan;
        desk->fake.documents[1].target = "report";
        desk->fake.documents[1].document = desk->report;
        *state = desk;
        return 0;
}

static int teardown(void **state)
{
        struct desk *desk = *state;
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", desk->folder);
        assert_int_equal(system(command), 0);
        free(desk->plan);
        free(desk->report);
        free(desk);
        return 0;
}

static void expect_xml(const char *text)
{
        xmlDoc *document = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);

        if (document == NULL)
                fail_msg("is not XML: %s", text);
        xmlFreeDoc(document);
}

static void expect_words(const char *text, const char *const *words)
{
        for (; *words != NULL; words++)
                if (strstr(text, *words) == NULL)
                        fail_msg("no \"%s\" in %s", *words, text);
}

static const char *at(struct desk *desk, const char *name, char path[128])
{
        snprintf(path, 128, "%s/%s", desk->folder, name);
        return path;
}

static void the_plan_goes_to_the_output(void **state)
{
        static const char *const words[] = {
                "Offpeak plan at hanford", "EUR/MWh",  "wind",       "reactor", "42 llama-ft", "8 GPUs",
                "bound 78.60 EUR",         "forecast", "limit 4 MW", NULL
        };
        struct desk *desk = *state;
        struct outcome outcome = run_line(&desk->fake, "plan --svg -");

        assert_int_equal(outcome.code, 0);
        expect_xml(outcome.text);
        expect_words(outcome.text, words);
        assert_null(strstr(outcome.text, "######")); /* of the text */
        assert_string_equal(desk->fake.calls[0], "query plan {\"load\":true}");
        free(outcome.text);
}

static void the_report_goes_to_the_output(void **state)
{
        static const char *const words[] = { "Offpeak report at hanford",
                                             "saved 1,208 EUR (-32 %), 4.2 t CO2e",
                                             "solar",
                                             "run at once 3,812 EUR",
                                             "7 vit-b",
                                             "20 min late",
                                             NULL };
        struct desk *desk = *state;
        struct outcome outcome = run_line(&desk->fake, "report --svg -");

        assert_int_equal(outcome.code, 0);
        expect_xml(outcome.text);
        expect_words(outcome.text, words);
        assert_string_equal(desk->fake.calls[0], "query report {\"steps\":true}");
        free(outcome.text);
}

static void a_file_comes_beside_the_text(void **state)
{
        struct desk *desk = *state;
        char path[128], line[256], *text;
        struct outcome outcome, again;

        snprintf(line, sizeof(line), "plan --svg %s", at(desk, "plan.svg", path));
        outcome = run_line(&desk->fake, line);
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "######"));
        text = read_file(path);
        expect_xml(text);
        again = run_line(&desk->fake, "plan --svg -");
        assert_string_equal(text, again.text);
        free(text);
        free(again.text);
        free(outcome.text);
}

static void json_comes_beside_a_file(void **state)
{
        struct desk *desk = *state;
        char path[128], line[256], *text;
        struct outcome outcome;

        snprintf(line, sizeof(line), "report --json --svg %s", at(desk, "r.svg", path));
        outcome = run_line(&desk->fake, line);
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "offpeak.report/1"));
        text = read_file(path);
        expect_xml(text);
        free(text);
        free(outcome.text);
        expect_line(&desk->fake, "report --json --svg -", OFFPEAK_EUSAGE, "write --svg FILE beside --json");
}

static void without_it_nothing_more_is_asked(void **state)
{
        struct desk *desk = *state;
        struct outcome outcome = run_line(&desk->fake, "plan");

        assert_int_equal(outcome.code, 0);
        assert_null(strstr(desk->fake.calls[0], "load"));
        free(outcome.text);
}

/* ---- of a simulation */

static void a_simulation_shows_the_first_policy(void **state)
{
        static const char *const words[] = {
                "Offpeak simulate, policy oracle at mill, 2026-01-05 00:00 to 2026-01-06 05:00",
                "run-now 1.03 EUR, 3.6 kg CO2e \xc2\xb7 oracle 0.26 EUR, 4.5 kg CO2e",
                "0.77 EUR less (-74 %), 960 g CO2e more (+27 %)",
                "3 jobs on 8 GPUs; delay 5.2 h in the mean, 0 deadlines missed",
                "bound: nobody can do it for less than 0.26 EUR",
                "highest 100",
                "highest 400",
                "limit 5 kW",
                ">grid<",
                ">a<",
                "8 GPUs",
                NULL
        };
        struct desk *desk = *state;
        struct outcome outcome;

        setenv("TZ", "UTC", 1);
        tzset();
        outcome = run_line(&desk->fake, SIMULATE "--svg -");
        assert_int_equal(outcome.code, 0);
        expect_xml(outcome.text);
        expect_words(outcome.text, words);
        assert_null(strstr(outcome.text, "POLICY")); /* of the text */
        free(outcome.text);
        expect_line(&desk->fake, "simulate --jobs " LISTS "jobs.csv --price 65EUR/MWh --gpus 8 -p run-now --svg -", 0,
                    ">run-now 0.75 EUR<"); /* against itself there is nothing to say */
}

static void a_simulation_s_file_comes_beside_the_text_or_json(void **state)
{
        static const char *const formats[] = { "", "--json " }, *const says[] = { "POLICY", "offpeak.simulate/1" };
        struct desk *desk = *state;
        struct outcome alone = run_line(&desk->fake, SIMULATE "--svg -"), outcome;
        char path[128], line[1000], *text;

        for (size_t i = 0; i < 2; i++) {
                snprintf(line, sizeof(line), SIMULATE "%s--svg %s", formats[i], at(desk, "s.svg", path));
                outcome = run_line(&desk->fake, line);
                assert_int_equal(outcome.code, 0);
                assert_non_null(strstr(outcome.text, says[i]));
                text = read_file(path);
                assert_string_equal(text, alone.text);
                assert_int_equal(unlink(path), 0);
                free(text);
                free(outcome.text);
        }
        free(alone.text);
        expect_line(&desk->fake, SIMULATE "--json --svg -", OFFPEAK_EUSAGE, "write --svg FILE beside --json");
        expect_line(&desk->fake, SIMULATE "--svg /nowhere/s.svg", OFFPEAK_ENOTFOUND,
                    "--svg /nowhere/s.svg: cannot be written");
}

/* ---- the file */

static void expect_failure(const char *path, int code, const char *says)
{
        struct offpeak_error err = { 0 };

        assert_int_equal(picture_write("--svg", path, "text", &err), code);
        if (strstr(err.text, says) == NULL || strstr(err.text, path) == NULL || strstr(err.text, "--svg") == NULL)
                fail_msg("says \"%s\", not \"%s\"", err.text, says);
}

static void a_file_that_cannot_be_says_why_and_what_to_do(void **state)
{
        struct desk *desk = *state;
        char path[128];

        expect_failure(at(desk, "no/such/folder.svg", path), OFFPEAK_ENOTFOUND, "make its folder first");
        expect_failure(desk->folder, OFFPEAK_EIO, "name a file in it");
        expect_failure("/dev/full", OFFPEAK_EIO, "make room");
        expect_failure("/proc/picture.svg", OFFPEAK_ENOTFOUND, "cannot be written");
}

static void a_file_is_replaced_whole(void **state)
{
        struct desk *desk = *state;
        char path[128], link_path[128], command[256], *text;
        struct stat status;

        at(desk, "old.svg", path);
        at(desk, "link.svg", link_path);
        assert_int_equal(picture_write("--svg", path, "a much longer text than the next", NULL), 0);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(symlink("old.svg", link_path), 0);
        assert_int_equal(picture_write("--svg", link_path, "new", NULL), 0);
        text = read_file(path);
        assert_string_equal(text, "new");
        free(text);
        assert_int_equal(lstat(link_path, &status), 0);
        assert_true(S_ISLNK(status.st_mode));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0640);
        snprintf(command, sizeof(command), "test \"$(ls %s | wc -l)\" = 2",
                 desk->folder); /* nothing temporary is left */
        assert_int_equal(system(command), 0);
}

static void a_new_file_obeys_the_umask(void **state)
{
        struct desk *desk = *state;
        mode_t before = umask(027);
        char path[128];
        struct stat status;

        assert_int_equal(picture_write("--svg", at(desk, "new.svg", path), "text", NULL), 0);
        umask(before);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0640);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_plan_goes_to_the_output, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_goes_to_the_output, setup, teardown),
                cmocka_unit_test_setup_teardown(a_file_comes_beside_the_text, setup, teardown),
                cmocka_unit_test_setup_teardown(json_comes_beside_a_file, setup, teardown),
                cmocka_unit_test_setup_teardown(without_it_nothing_more_is_asked, setup, teardown),
                cmocka_unit_test_setup_teardown(a_simulation_shows_the_first_policy, setup, teardown),
                cmocka_unit_test_setup_teardown(a_simulation_s_file_comes_beside_the_text_or_json, setup, teardown),
                cmocka_unit_test_setup_teardown(a_file_that_cannot_be_says_why_and_what_to_do, setup, teardown),
                cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, setup, teardown),
                cmocka_unit_test_setup_teardown(a_new_file_obeys_the_umask, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
