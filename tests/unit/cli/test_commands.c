/* SPDX-License-Identifier: Apache-2.0 */
/* test_commands.c - whole commands against a client with canned answers: what they ask, what they print, how they fail.
 */
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
#include <jansson.h>

#include "base/when.h"
#include "cli/command.h"
#include "run_line.h"

#define NO_JOBS "{\"schema\":\"offpeak.jobs/1\",\"now_utc\":\"2026-11-22T10:00:00Z\",\"jobs\":[]}"
#define VERSION "{\"schema\":\"offpeak.version/1\",\"now_utc\":\"2031-01-01T10:00:00Z\",\"version\":\"0.1.0\"}"

/* ---- files of prices */

#define FEEDS OFFPEAK_SOURCE_DIR "/tests/fixtures/feeds/"

static void a_file_is_summed_up(void **state)
{
        struct fake_client fake = { .open_code = OFFPEAK_EUNREACHABLE }; /* nobody is asked */

        (void)state;
        expect_line(
                &fake, "price --file " FEEDS "awattar.json", 0,
                "mean 1.25 EUR/MWh, lowest -0.01 EUR/MWh, highest 2.16 EUR/MWh; 3 values, one every 1 h, 0 missing\n");
        expect_line(&fake, "price --file " FEEDS "awattar.json", 0, "read as awattar, guessed from its header");
        expect_line(&fake, "price --file " FEEDS "awattar.json --mapping awattar", 0, "\nread as awattar\n");
        expect_line(&fake, "price --file " FEEDS "entsoe_csv.csv --from 2024-03-31T02:00Z", 0, "nothing is known; 0 values");
        expect_line(&fake, "price --file " FEEDS "nrc_power_new.txt", 0,
                    "mean 50.00 %, lowest 0.00 %, highest 100.00 %");
        expect_line(&fake, "price --file " FEEDS "nrc_power_new.txt --set rating=500MW", 0,
                    "mean 250 MW, lowest 0 W, highest 500 MW");
        expect_line(&fake, "price --file " FEEDS "nrc_power_new.txt --set rating=7kW", 0,
                    "mean 3.5 kW, lowest 0 W, highest 7.0 kW");
        expect_line(&fake, "price --file " FEEDS "ercot_dam_spp.csv --column LZ_HOUSTON", 0, "26 values");
        expect_line(&fake, "price --file " FEEDS "own.csv --to 2026-11-22T01:00Z", 0, "1 value, one every 1 h, 0 missing");
        expect_line(&fake, "price --file " FEEDS "own.csv --to 2020-01-01", OFFPEAK_EINVAL, "holds nothing between");
        expect_line(&fake, "price --file " FEEDS "own.csv --mapping smart", OFFPEAK_EINVAL, "did you mean \"smard\"?");
        expect_line(&fake, "price --file " FEEDS "own.csv --set colum=x", OFFPEAK_EUSAGE,
               "--set colum: unknown key \"colum\" (did you mean \"column\"?)");
        expect_line(&fake, "price --file " FEEDS "own.csv --set x", OFFPEAK_EUSAGE, "write --set KEY=VALUE");
        expect_line(&fake, "price --file " FEEDS "own.csv --site a", OFFPEAK_EUSAGE, "--site and --next ask the scheduler");
        expect_line(&fake, "price --file /nonexistent", OFFPEAK_ENOTFOUND, "/nonexistent: cannot be opened");
        expect_line(&fake, "price --file " OFFPEAK_SOURCE_DIR "/LICENSE", OFFPEAK_EINVAL, "no mapping is known");
        expect_line(&fake, "price --file " FEEDS "../entsoe/a44.xml", 0,
                    "mean 88.50 EUR/MWh, lowest -3.50 EUR/MWh, highest 196.99 EUR/MWh; 192 values, one every 15 min, 0 "
                    "missing\n");
        expect_line(&fake, "price --file " FEEDS "../entsoe/a44.xml", 0, "read as entsoe_a44, guessed");
        expect_line(&fake, "price --file " FEEDS "../entsoe/no_data.xml", OFFPEAK_EINVAL, "\"No matching data found");
        expect_line(&fake, "price --file " FEEDS "../zip/a80.zip", OFFPEAK_EINVAL, "say which one as \"name\"");
        expect_line(&fake, "price --file " FEEDS "../zip/a80.zip --set name=Gas_1 --set rating=4MW", 0, "mean 4.0 MW");
        expect_line(&fake, "price --file " FEEDS "../zip/a80.zip --set parts=X=4MW --set parts=44W-G-0000000001=1GW", 0,
               "no outage here of X: at its rating all the time. Is that its name?\n");
        expect_line(&fake, "price --json --file " FEEDS "../zip/a80.zip --set parts=X=4MW", 0, "\"unmatched\": \"X\"");
        expect_line(&fake, "price --column x", OFFPEAK_EUSAGE, "name it with --file");
        assert_int_equal(fake.n_calls, 0);
}

/* 170 days by hour of day alone, told exactly; then `noise`. */
static void write_prices(char path[], int noise)
{
        FILE *file = fdopen(mkstemp(path), "w");
        uint32_t seed = 5;

        assert_non_null(file);
        fputs("time,price_eur_per_mwh\n", file);
        for (int64_t hour = 0; hour < 170 * 24; hour++) {
                char at[WHEN_TEXT_SIZE];

                seed = seed * 1664525 + 1013904223;
                fprintf(file, "%s,%d\n", when_format_utc(INT64_C(1767225600) + hour * 3600, at),
                        20 + 10 * (int)(hour % 24 % 3) + (noise != 0 ? (int)(seed >> 16) % noise : 0));
        }
        fclose(file);
}

static void a_file_is_forecast(void **state)
{
        struct fake_client fake = { .open_code = OFFPEAK_EUNREACHABLE };
        char path[] = "/tmp/offpeak-test-XXXXXX", line[200];

        (void)state;
        write_prices(path, 9);
        snprintf(line, sizeof(line), "price --file %s --forecast --days 8", path);
        expect_line(&fake, line, 0, "forecast from 2026-06-20");
        expect_line(&fake, line, 0, "in EUR/MWh, by regression: forecasts of the last eight weeks were off by 2.");
        expect_line(&fake, line, 0, "ERROR: NAIVE  REGRESSION\n2026-06-20");
        expect_line(&fake, line, 0, "          -           -\n"); /* the eighth day was not tested */
        snprintf(line, sizeof(line), "price --file %s --forecast --to 2026-01-04", path);
        expect_line(&fake, line, 0, "by repeating the last known day: what is known before is too short");
        snprintf(line, sizeof(line), "price --file %s --forecast --to 2025-01-04", path);
        expect_line(&fake, line, OFFPEAK_EINVAL, "nothing is known to forecast from");
        snprintf(line, sizeof(line), "price --file %s --forecast --from 2026-01-04", path);
        expect_line(&fake, line, OFFPEAK_EUSAGE, "leave out --from");
        snprintf(line, sizeof(line), "price --file %s --days 3", path);
        expect_line(&fake, line, OFFPEAK_EUSAGE, "--days says how far --forecast goes");
        expect_line(&fake, "price --file x --forecast --days 61", OFFPEAK_EUSAGE, "a number of days from 1 to 60");
        expect_line(&fake, "price --file x --forecast --days 0", OFFPEAK_EUSAGE, "a number of days from 1 to 60");
        expect_line(&fake, "price --forecast", OFFPEAK_EUSAGE, "name it with --file");
        assert_int_equal(unlink(path), 0);
}

static void a_forecast_in_json(void **state)
{
        struct fake_client fake = { .open_code = OFFPEAK_EUNREACHABLE };
        char path[] = "/tmp/offpeak-test-XXXXXX", line[200];
        struct outcome outcome;
        json_t *document, *values;

        (void)state;
        write_prices(path, 0);
        snprintf(line, sizeof(line), "price --file %s --forecast --days 2 --json", path);
        outcome = run_line(&fake, line);
        document = json_loads(outcome.text, 0, NULL);
        values = json_object_get(document, "values");
        assert_string_equal(json_string_value(json_object_get(document, "from_utc")), "2026-06-20T00:00:00Z");
        assert_string_equal(json_string_value(json_object_get(document, "method")), "naive"); /* both tell it exactly */
        assert_true(json_is_true(json_object_get(document, "compared")));
        assert_int_equal(json_array_size(json_object_get(document, "naive_errors")), 7);
        assert_int_equal(json_array_size(json_object_get(document, "regression_errors")), 7);
        assert_int_equal(json_array_size(values), 48);
        for (size_t i = 0; i < 48; i++) {
                static const char *const keys[] = { "value", "q10", "q50", "q90" };

                for (int k = 0; k < 4; k++)
                        assert_true(json_real_value(json_object_get(json_array_get(values, i), keys[k])) ==
                                    20 + 10 * (double)(i % 24 % 3));
        }
        json_decref(document);
        free(outcome.text);
        assert_int_equal(unlink(path), 0);
}

static void a_file_in_json(void **state)
{
        static const char *const keys[] = { "count", "mean", "min", "max", "missing", "unit", "step_s" };
        struct fake_client fake = { 0 };
        struct outcome outcome = run_line(&fake, "price --json --file " FEEDS "energy_charts.json");
        json_t *document = json_loads(outcome.text, 0, NULL);

        (void)state;
        assert_int_equal(json_object_size(document), 7);
        for (unsigned i = 0; i < 7; i++)
                assert_non_null(json_object_get(document, keys[i]));
        assert_int_equal(json_integer_value(json_object_get(document, "count")), 3);
        assert_int_equal(json_integer_value(json_object_get(document, "missing")), 2);
        assert_int_equal(json_integer_value(json_object_get(document, "step_s")), 3600);
        assert_string_equal(json_string_value(json_object_get(document, "unit")), "EUR/MWh");
        assert_non_null(strstr(outcome.text, "\"max\": 2.16,")); /* and not 2.1600000000000001 */
        json_decref(document);
        free(outcome.text);
}

/* ---- all commands */

static void every_command_helps(void **state)
{
        (void)state;
        for (const struct command *command = commands; command->name != NULL; command++) {
                struct fake_client fake = { 0 };
                char line[64];

                snprintf(line, sizeof(line), "%s --help", command->name);
                expect_line(&fake, line, COMMAND_HELPED, "Usage: offpeak ");
                snprintf(line, sizeof(line), "%s -h", command->name);
                expect_line(&fake, line, COMMAND_HELPED, command->summary);
                assert_int_equal(fake.n_calls, 0);
        }
}

static void every_command_refuses_unknown_options(void **state)
{
        (void)state;
        for (const struct command *command = commands; command->name != NULL; command++) {
                struct fake_client fake = { 0 };
                char line[64];

                snprintf(line, sizeof(line), "%s --jsno 42", command->name);
                expect_line(&fake, line, OFFPEAK_EUSAGE, "(did you mean --json?)");
                assert_int_equal(fake.opened, 0);
        }
}

static void every_option_letter_and_name_is_unique(void **state)
{
        (void)state;
        for (const struct command *command = commands; command->name != NULL; command++)
                for (const struct option_row *a = command->rows; a->id != 0; a++)
                        for (const struct option_row *b = a + 1; b->id != 0; b++) {
                                assert_string_not_equal(a->name, b->name);
                                assert_true(a->letter == 0 || a->letter != b->letter);
                                assert_int_not_equal(a->id, b->id);
                        }
}

/* "--gpus-per-node" as roff writes it: every dash escaped. */
static void in_roff(const char *text, char *roff)
{
        for (; *text != '\0'; text++) {
                if (*text == '-')
                        *roff++ = '\\';
                *roff++ = *text;
        }
        *roff = '\0';
}

static void the_manuals_name_every_option(void **state)
{
        static const char *const paths[] = { OFFPEAK_SOURCE_DIR "/docs/man/offpeak.1",
                                             OFFPEAK_SOURCE_DIR "/docs/cli.md" };
        char *manuals[2];

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                FILE *file = fopen(paths[i], "re");

                assert_non_null(file);
                manuals[i] = calloc(1, 65536);
                assert_true(fread(manuals[i], 1, 65535, file) > 0);
                fclose(file);
        }
        for (const struct command *command = commands; command->name != NULL; command++)
                for (const struct option_row *row = command->rows; row->id != 0; row++) {
                        char name[64], roff[128];

                        snprintf(name, sizeof(name), "--%s", row->name);
                        in_roff(name, roff);
                        if (strstr(manuals[0], roff) == NULL ||
                            (command->operand_ends_options && strstr(manuals[1], name) == NULL))
                                fail_msg("%s of %s stands in no manual", name, command->name);
                }
        free(manuals[0]);
        free(manuals[1]);
}

static void operands_are_counted(void **state)
{
        struct fake_client fake = { 0 };

        (void)state;
        expect_line(&fake, "jobs 42", OFFPEAK_EUSAGE, "one word too many");
        expect_line(&fake, "show", OFFPEAK_EUSAGE, "offpeak show JOB");
        expect_line(&fake, "show 1 2", OFFPEAK_EUSAGE, "\"2\"");
        expect_line(&fake, "cancel", OFFPEAK_EUSAGE, "a job number");
        expect_line(&fake, "fence", OFFPEAK_EUSAGE, "a node's name");
        expect_line(&fake, "drain", OFFPEAK_EUSAGE, "a node's name");
        expect_line(&fake, "resume n1 n2", OFFPEAK_EUSAGE, "\"n2\"");
        expect_line(&fake, "keygen", OFFPEAK_EUSAGE, "a name");
        expect_line(&fake, "submit -t 1h -- ", OFFPEAK_EUSAGE, "the command is empty");
        expect_line(&fake, "keygen a/b", OFFPEAK_EINVAL, "cannot name a key");
        expect_line(&fake, "keygen --role king ana", OFFPEAK_EINVAL, "unknown role");
        expect_line(&fake, "show forty", OFFPEAK_EINVAL, "\"forty\" is not a job number");
        expect_line(&fake, "show -- -1", OFFPEAK_EINVAL, "-1");
        expect_line(&fake, "show 0", OFFPEAK_EINVAL, "0");
        expect_line(&fake, "show 99999999999999999999", OFFPEAK_EINVAL, "not a job number");
        assert_int_equal(fake.opened, 0);
}

static void nobody_at_home_is_told(void **state)
{
        struct fake_client fake = { .open_code = OFFPEAK_EUNREACHABLE };

        (void)state;
        expect_line(&fake, "jobs", OFFPEAK_EUNREACHABLE, "nobody listens");
        expect_line(&fake, "submit -t 1h -- true", OFFPEAK_EUNREACHABLE, "nobody listens");
        expect_line(&fake, "cancel 1", OFFPEAK_EUNREACHABLE, "nobody listens");
        expect_line(&fake, "report --last 7d", OFFPEAK_EUNREACHABLE, "nobody listens");
        expect_line(&fake, "version", 0, "9.8.7"); /* its own it knows */
}

/* ---- questions */

static void questions_carry_their_arguments(void **state)
{
        static const struct {
                const char *line, *call;
        } cases[] = {
                { "jobs", "query jobs {}" },
                { "jobs -a", "query jobs {\"all\":true}" },
                { "jobs --state running -u ana", "query jobs {\"status\":\"running\",\"user\":\"ana\"}" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fake_client fake = { .documents = { { "jobs", NO_JOBS } } };
                struct outcome outcome = run_line(&fake, cases[i].line);

                assert_int_equal(outcome.code, 0);
                assert_string_equal(fake.calls[0], cases[i].call);
                free(outcome.text);
        }
}

static void signals_ask_for_a_site(void **state)
{
        struct fake_client fake = { .documents = { { "signals", "{\"schema\":\"offpeak.signals/1\",\"now_utc\":"
                                                                "\"2026-11-22T10:00:00Z\",\"sites\":[]}" } } };

        (void)state;
        expect_line(&fake, "signals", 0, "no sites");
        expect_line(&fake, "signals --site hall --json", 0, "offpeak.signals/1");
        assert_string_equal(fake.calls[0], "query signals {}");
        assert_string_equal(fake.calls[1], "query signals {\"site\":\"hall\"}");
        expect_line(&fake, "signals hall", OFFPEAK_EUSAGE, "one word too many");
}

static void server_and_timeout_reach_the_client(void **state)
{
        struct fake_client fake = { .documents = { { "jobs", NO_JOBS } } };

        (void)state;
        expect_line(&fake, "jobs --server ipc:///run/x --timeout 3s", 0, NULL);
        assert_string_equal(fake.calls[0], "open ipc:///run/x 3000");
        expect_line(&fake, "jobs --timeout 0", OFFPEAK_EINVAL, "--timeout");
        expect_line(&fake, "jobs --timeout soon", OFFPEAK_EINVAL, "--timeout");
}

/* Times are meant against the scheduler's clock, which is years ahead here. */
static void times_are_the_schedulers(void **state)
{
        struct fake_client fake = { .documents = { { "version", VERSION } } };

        (void)state;
        expect_line(&fake, "report --last 1d", OFFPEAK_ENOTFOUND, NULL);
        assert_string_equal(fake.calls[0], "query version");
        assert_string_equal(fake.calls[1], "query report {\"from_utc\":\"2030-12-31T10:00:00Z\"}");
        expect_line(&fake, "plan --from 09:00 --next 2h --site lulea", OFFPEAK_ENOTFOUND, NULL);
        assert_string_equal(fake.calls[3], "query plan {\"from_utc\":\"2031-01-02T09:00:00Z\","
                                           "\"to_utc\":\"2031-01-01T12:00:00Z\",\"site\":\"lulea\"}");
        expect_line(&fake, "report --last 1d --from 2020-01-01", OFFPEAK_EUSAGE, "--last and --from");
        expect_line(&fake, "report --last 0", OFFPEAK_EINVAL, "--last 0");
        expect_line(&fake, "price --next 1d --to now+2h", OFFPEAK_EUSAGE, "--next and --to");
        expect_line(&fake, "report --from yesteryear", OFFPEAK_EINVAL, "--from");
}

static void json_is_the_document(void **state)
{
        struct fake_client fake = { .documents = { { "jobs", NO_JOBS } } };
        struct outcome outcome = run_line(&fake, "jobs --json");
        json_t *printed = json_loads(outcome.text, 0, NULL), *sent = json_loads(NO_JOBS, 0, NULL);

        (void)state;
        assert_int_equal(outcome.code, 0);
        assert_true(json_equal(printed, sent));
        json_decref(printed);
        json_decref(sent);
        free(outcome.text);
}

static void a_foreign_document_is_refused(void **state)
{
        static const char *const documents[] = {
                "", "no json", "[]", "{}", "{\"schema\":7}", "{\"schema\":\"offpeak.jobs/2\",\"jobs\":[]}",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
                struct fake_client fake = { .documents = { { "jobs", documents[i] } } };

                expect_line(&fake, "jobs", OFFPEAK_EPROTOCOL, NULL);
                expect_line(&fake, "jobs --json", OFFPEAK_EPROTOCOL, NULL);
        }
}

/* ---- changes */

static void changes_name_their_job(void **state)
{
        struct fake_client fake = { 0 };

        (void)state;
        expect_line(&fake, "cancel 42", 0, "42  cancelled\n");
        expect_line(&fake, "hold 42", 0, "42  held\n");
        expect_line(&fake, "release 42", 0, "42  released\n");
        expect_line(&fake, "fence n7 --yes", 0, "n7  fenced\n");
        expect_line(&fake, "pin 42", 0, "42  pinned\n");
        expect_line(&fake, "unpin 42", 0, "42  unpinned\n");
        expect_line(&fake, "pin 42 43", OFFPEAK_EUSAGE, NULL);
        expect_line(&fake, "reload", 0, "configuration  reloaded\n");
        assert_string_equal(fake.calls[0], "cancel 42");
        assert_string_equal(fake.calls[3], "fence n7");
        assert_string_equal(fake.calls[4], "pin 0 42");
        assert_string_equal(fake.calls[5], "unpin 42");
        expect_line(&fake, "drain n7 --reason fan", 0, "n7  drained\n");
        assert_string_equal(fake.calls[7], "drain n7 fan");
        expect_line(&fake, "resume n7", 0, "n7  resumed\n");
        assert_string_equal(fake.calls[8], "resume n7");
        fake.text = "stops within 2 min";
        expect_line(&fake, "cancel 42", 0, "42  stops within 2 min\n");
}

/* A pin's start is meant against the scheduler's clock. */
static void a_start_is_pinned_by_the_schedulers_clock(void **state)
{
        struct fake_client fake = { .text = "pinned, from then on",
                                    .documents = { { "version", "{\"schema\":\"offpeak.version/1\",\"now_utc\":"
                                                                "\"2030-01-01T10:00:00Z\"}" } } };

        (void)state;
        expect_line(&fake, "pin 42 --start now+2h", 0, "42  pinned, from then on\n");
        assert_string_equal(fake.calls[fake.n_calls - 1], "pin 1893499200 42");
        expect_line(&fake, "pin 42 --start whenever", OFFPEAK_EINVAL, NULL);
}

static void a_value_is_pushed_in_the_unit_of_its_signal(void **state)
{
        static const struct {
                const char *line, *call;
        } cases[] = {
                { "push capacity 310 MW --site hall --for 2h --seq 7 --source scada",
                  "push hall n=1 first=0/310000000 last=0/310000000 end=0 issued=0 expires=0 life=7200 seq=7 - scada" },
                { "push price --site hall 82.5 EUR/MWh --expires 2026-11-22T12:00:00Z",
                  "push hall n=1 first=0/82500000 last=0/82500000 end=0 issued=0 expires=1795348800 life=0 seq=0 EUR -" },
                { "push price 0.0825EUR/kWh --site hall",
                  "push hall n=1 first=0/82500000 last=0/82500000 end=0 issued=0 expires=0 life=0 seq=0 EUR -" },
                { "push export --site hall -- -3 EUR/MWh",
                  "push hall n=1 first=0/-3000000 last=0/-3000000 end=0 issued=0 expires=0 life=0 seq=0 EUR -" },
                { "push carbon 120 g/kWh --site hall --issued 2026-11-22T10:00:00Z",
                  "push hall n=1 first=0/120000 last=0/120000 end=0 issued=1795341600 expires=0 life=0 seq=0 - -" },
                { "push limit 5e3 kW --site hall",
                  "push hall n=1 first=0/5000000 last=0/5000000 end=0 issued=0 expires=0 life=0 seq=0 - -" },
                { "push capacity --clear --site hall",
                  "push hall n=0 first=-1/-1 last=-1/-1 end=0 issued=0 expires=0 life=0 seq=0 - - withdraw" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fake_client fake = { .text = "as told" };

                expect_line(&fake, cases[i].line, 0, "as told\n");
                assert_string_equal(fake.calls[0], cases[i].call);
        }
}

/* A simulation's clock may stand in another year: only the scheduler knows what "now" is. */
static void the_times_of_a_push_are_meant_against_the_schedulers_clock(void **state)
{
        struct fake_client fake = { .text = "as told", .documents = { { "version", VERSION } } };

        (void)state;
        expect_line(&fake, "push limit 5 MW --site hall --expires now+1h --issued now-5m", 0, "as told\n");
        assert_string_equal(fake.calls[fake.n_calls - 1], "push hall n=1 first=0/5000000 last=0/5000000 end=0 issued=1925027700 "
                                                          "expires=1925031600 life=0 seq=0 - -");
        fake = (struct fake_client){ .text = "as told" };
        expect_line(&fake, "push limit 5 MW --site hall --expires soon", OFFPEAK_EINVAL, "--expires");
        expect_line(&fake, "push limit 5 MW --site hall --expires 2031-01-01T11:00:00Z", 0, "as told\n");
        assert_int_equal(fake.n_calls, 1); /* a whole time asks nobody */
}

static void a_file_is_pushed(void **state)
{
        struct fake_client fake = { .text = "as told" };

        (void)state;
        expect_line(&fake, "push price " OFFPEAK_SOURCE_DIR "/deploy/data/price_week_de.csv --site hall --json", 0, "\"text\": \"as told\"");
        assert_non_null(strstr(fake.calls[0], "push hall n=168 first="));
        assert_non_null(strstr(fake.calls[0], " EUR -"));
}

static void what_cannot_be_pushed_is_refused_here(void **state)
{
        static const struct {
                const char *line;
                int code;
                const char *says;
        } cases[] = {
                { "push", OFFPEAK_EUSAGE, "a signal, and a value or file" },
                { "push pice 5 --site hall", OFFPEAK_EUSAGE, "did you mean \"price\"?" },
                { "push price 5 EUR/MWh", OFFPEAK_EUSAGE, "--site NAME" },
                { "push price --site hall", OFFPEAK_EUSAGE, "what is it?" },
                { "push price 82.5 --site hall", OFFPEAK_EINVAL, "in which unit is this price?" },
                { "push price 82.5 MW --site hall", OFFPEAK_EINVAL, "in which unit is this price?" },
                { "push capacity 3 MWh --site hall", OFFPEAK_EINVAL, "in which unit is this capacity?" },
                { "push ppa 3 MWh --site hall --agreement a", OFFPEAK_EINVAL,
                  "in which unit is this production? Write 3 and then MW" },
                { "push ppa 50 EUR/MWh --site hall --agreement a", OFFPEAK_EINVAL,
                  "\"50 EUR/MWh\": of an agreement its plant's production is pushed, in MW; its price is in the "
                  "configuration "
                  "(`strike_per_mwh`): change it there and `offpeak reload`" },
                { "push solar 3 MWh --site hall", OFFPEAK_EINVAL,
                  "in which unit is this solar power? Write 3 and then MW" },
                { "push stored 3 MW --site hall", OFFPEAK_EINVAL,
                  "in which unit is this stored energy? Write 3 and then MWh" },
                { "push strike 50 EUR/MWh --site hall", OFFPEAK_EUSAGE,
                  "\"strike\" is no signal: write price, carbon, capacity, limit, export, solar, ppa or stored; all "
                  "else that a site has is in "
                  "the configuration: change it there and `offpeak reload`" },
                { "push capacity 50 % --site hall", OFFPEAK_EINVAL, "in which unit is this capacity?" },
                { "push capacity 1e30 MW --site hall", OFFPEAK_EINVAL, "too large" },
                { "push price no-such-file --site hall", OFFPEAK_ENOTFOUND, "no-such-file" },
                { "push limit 5 MW --site hall --for 2h --expires 2026-11-22T12:00:00Z", OFFPEAK_EUSAGE, "give one" },
                { "push limit 5 MW --site hall --for soon", OFFPEAK_EINVAL, "--for" },
                { "push limit 5 MW --site hall --seq -3", OFFPEAK_EUSAGE, "--seq -3" },
                { "push limit 5 MW --site hall --clear", OFFPEAK_EUSAGE, "give no value" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fake_client fake = { 0 };

                expect_line(&fake, cases[i].line, cases[i].code, cases[i].says);
                assert_int_equal(fake.n_calls, 0);
        }
}

static void one_refusal_does_not_stop_the_rest(void **state)
{
        struct fake_client fake = { .refused_job = 2 };
        struct outcome outcome = run_line(&fake, "cancel 1 2 3");

        (void)state;
        assert_int_equal(outcome.code, OFFPEAK_EPERMISSION);
        assert_string_equal(outcome.text, "1  cancelled\n3  cancelled\n");
        assert_int_equal(fake.n_calls, 3);
        free(outcome.text);
}

static void replies_are_json_too(void **state)
{
        struct fake_client fake = { .refused_job = 2 };
        struct outcome outcome = run_line(&fake, "cancel 1 2 --json");
        json_t *document = json_loads(outcome.text, 0, NULL);
        json_t *refused = json_array_get(json_object_get(document, "replies"), 1);

        (void)state;
        assert_int_equal(outcome.code, OFFPEAK_EPERMISSION);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.reply/1");
        assert_int_equal(json_integer_value(json_object_get(refused, "job")), 2);
        assert_string_equal(json_string_value(json_object_get(refused, "code")), "EPERMISSION");
        json_decref(document);
        free(outcome.text);
}

/* ---- submit */

#define JOB                                                                                                            \
        "{\"schema\":\"offpeak.job/"                                                                                   \
        "1\",\"now_utc\":\"2026-11-22T10:00:00Z\",\"job\":{\"id\":42,\"status\":\"planned\","                          \
        "\"gpus\":8,\"site\":\"hanford\",\"currency\":\"EUR\",\"attempts\":0,\"planned_cost_micro\":31400000,"         \
        "\"planned_run_now_cost_micro\":58100000,\"planned\":[{\"start_utc\":\"2026-11-22T23:00:00Z\","                \
        "\"end_utc\":\"2026-11-23T05:00:00Z\"}],\"planned_finish_utc\":\"2026-11-23T05:00:00Z\","                      \
        "\"deadline_utc\":\"2026-11-23T08:00:00Z\"}}"

static void a_command_is_submitted(void **state)
{
        struct fake_client fake = { .new_job = 42, .documents = { { "job", JOB } } };

        (void)state;
        expect_line(&fake, "submit -G 8 -t 6h --export=NONE -- torchrun --gpus 3 train.py", 0,
               "42  planned 23:00-05:00 at hanford, 8 GPUs - 31.40 EUR instead of 58.10 EUR now (-46 %) - ends 3 h "
               "before "
               "its deadline\n");
        assert_int_equal(fake.submitted.argc, 4);
        assert_string_equal(fake.submitted.argv[1], "--gpus"); /* the job's own */
        assert_int_equal(fake.submitted.gpus_per_node, 8);
        assert_int_equal(fake.submitted.envc, 0);
        assert_string_equal(fake.calls[0], "submit torchrun"); /* no clock was needed */
        offpeak_job_spec_finish(&fake.submitted);
}

static void parsable_is_the_number_alone(void **state)
{
        struct fake_client fake = { .new_job = 42, .text = "misses its deadline by 20 min" };

        (void)state;
        struct outcome outcome = run_line(&fake, "submit -t 6h --parsable -- true");
        assert_int_equal(outcome.code, 0);
        assert_string_equal(outcome.text, "42\n");
        assert_int_equal(fake.n_calls, 1);
        free(outcome.text);
        offpeak_job_spec_finish(&fake.submitted);
}

static void an_unanswered_question_does_not_hide_the_number(void **state)
{
        struct fake_client fake = { .new_job = 42 };

        (void)state;
        expect_line(&fake, "submit -t 6h -- true", 0, "42  submitted\n");
        offpeak_job_spec_finish(&fake.submitted);
}

static void deadlines_use_the_schedulers_clock(void **state)
{
        struct fake_client fake = { .new_job = 1, .documents = { { "version", VERSION } } };

        (void)state;
        expect_line(&fake, "submit -t 6h --deadline 2030-06-01 -- true", OFFPEAK_EINVAL, "has passed");
        expect_line(&fake, "submit -t 6h --deadline now+8h -- true", 0, NULL);
        assert_int_equal(fake.submitted.deadline,
                         INT64_C(1925028000) + 8 * 3600); /* 2031-01-01T10:00:00Z and 8 hours */
        offpeak_job_spec_finish(&fake.submitted);
}

static int make_script(void **state)
{
        char *path = strdup("/tmp/offpeak-submit-XXXXXX");
        FILE *file = fdopen(mkstemp(path), "w");

        *state = path;
        fputs("#!/bin/bash -e\n#OFFPEAK --gpus 4 -t 2h -J from-script\necho hello\n", file);
        return fclose(file);
}

static int remove_script(void **state)
{
        unlink(*state);
        free(*state);
        return 0;
}

static void a_script_is_submitted(void **state)
{
        struct fake_client fake = { .new_job = 42 };
        char line[256];

        snprintf(line, sizeof(line), "submit -t 3h %s --epochs 3", (char *)*state);
        expect_line(&fake, line, 0, "42  submitted");
        assert_int_equal(fake.submitted.time_s, 3 * 3600); /* the command line wins */
        assert_int_equal(fake.submitted.gpus_per_node, 4);
        assert_string_equal(fake.submitted.name, "from-script");
        assert_int_equal(fake.submitted.argc, 5);
        assert_string_equal(fake.submitted.argv[0], "/bin/bash");
        assert_string_equal(fake.submitted.argv[1], "-e");
        assert_string_equal(fake.submitted.argv[2], *state);
        assert_string_equal(fake.submitted.argv[3], "--epochs");
        offpeak_job_spec_finish(&fake.submitted);
}

static void a_script_names_its_job(void **state)
{
        struct fake_client fake = { .new_job = 42 };
        FILE *file = fopen(*state, "we");
        char line[256];

        fputs("#!/bin/bash -e\n#OFFPEAK -t 2h\necho hello\n", file);
        fclose(file);
        snprintf(line, sizeof(line), "submit %s --epochs 3", (char *)*state);
        expect_line(&fake, line, 0, "42  submitted");
        assert_string_equal(fake.submitted.name, strrchr(*state, '/') + 1);
        offpeak_job_spec_finish(&fake.submitted);
}

static void a_script_behind_dashes_is_a_command(void **state)
{
        struct fake_client fake = { .new_job = 42 };
        char line[256];

        snprintf(line, sizeof(line), "submit -t 3h -- %s", (char *)*state);
        expect_line(&fake, line, 0, NULL);
        assert_int_equal(fake.submitted.argc, 1);
        assert_int_equal(fake.submitted.gpus_per_node, 1);
        offpeak_job_spec_finish(&fake.submitted);
}

static void a_binary_is_no_script(void **state)
{
        struct fake_client fake = { 0 };

        (void)state;
        expect_line(&fake, "submit -t 3h /bin/true", OFFPEAK_EINVAL, "-- /bin/true");
        expect_line(&fake, "submit -t 3h ./no-such-file", OFFPEAK_ENOTFOUND, "-- ./no-such-file");
        expect_line(&fake, "submit -t 3h", OFFPEAK_EUSAGE, "no command");
        assert_int_equal(fake.n_calls, 0);
}

/* ---- logs */

static void set_job(struct fake_client *fake, char *document, size_t size, const char *state, const char *path,
                    int attempts)
{
        snprintf(document, size,
                 "{\"schema\":\"offpeak.job/1\",\"now_utc\":\"2026-11-22T10:00:00Z\",\"job\":{\"state\":\"%s\","
                 "\"stdout_path\":\"%s\",\"stderr_path\":null,\"attempts\":%d,\"rank_node\":\"n7\",\"attempt\":{\"legs\":[{\"node\":\"n7\"}]"
                 "}}}",
                 state, path, attempts);
        fake->documents[0].target = "job";
        fake->documents[0].document = document;
}

static void logs_print_the_file(void **state)
{
        struct fake_client fake = { 0 };
        char document[1024];

        set_job(&fake, document, sizeof(document), "active", *state, 1);
        expect_line(&fake, "logs 42", 0, "#OFFPEAK --gpus 4");
        expect_line(&fake, "logs 42 --error", 0, "echo hello"); /* errors go with the output */
        set_job(&fake, document, sizeof(document), "done", *state, 1);
        expect_line(&fake, "logs -f 42", 0, "echo hello"); /* the job is over: so is following */
}

static void logs_elsewhere_are_said_to_be(void **state)
{
        struct fake_client fake = { 0 };
        char document[1024];

        (void)state;
        set_job(&fake, document, sizeof(document), "done", "/nowhere/offpeak-42.out", 1);
        expect_line(&fake, "logs 42", OFFPEAK_ENOTFOUND, "not visible on this host: it lies on node n7");
        expect_line(&fake, "logs -f 42", OFFPEAK_ENOTFOUND, "not visible");
        snprintf(document, sizeof(document),
                 "{\"schema\":\"offpeak.job/1\",\"job\":{\"state\":\"failed\",\"stdout_path\":\"/nowhere/x\",\"attempts\":1,"
                 "\"failure\":{\"why\":\"uid 0 may not run jobs\"},\"rank_node\":\"n7\",\"attempt\":{\"legs\":[{\"node\":\"n7\"}]}}}");
        expect_line(&fake, "logs 42", OFFPEAK_ENOTFOUND, "failed on node n7, perhaps before it wrote anything: uid 0 may not");
        set_job(&fake, document, sizeof(document), "queued", "/nowhere/offpeak-42.out", 0);
        expect_line(&fake, "logs 42", OFFPEAK_ETRYAGAIN, "has not started yet");
        expect_line(&fake, "logs 42 --json", OFFPEAK_EUSAGE, "offpeak show 42 --json");
        expect_line(&fake, "logs 42 --rank -1", OFFPEAK_EUSAGE, "\"-1\" is no rank");
        expect_line(&fake, "logs 42 -r 1x", OFFPEAK_EUSAGE, "write a number from 0");
}

/* Opening a pipe would wait for its writer, or let one go on that waits itself. */
static void a_pipe_is_no_output(void **state)
{
        struct fake_client fake = { 0 };
        char document[1024], folder[] = "/tmp/offpeak-pipe-XXXXXX", path[64];

        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/pipe", folder);
        assert_int_equal(mkfifo(path, 0600), 0);
        set_job(&fake, document, sizeof(document), "active", path, 1);
        expect_line(&fake, "logs 42", OFFPEAK_EINVAL, "is no file but a pipe");
        expect_line(&fake, "logs -f 42", OFFPEAK_EINVAL, "is no file but a pipe");
        unlink(path);
        rmdir(folder);
}

/* ---- errors */

static void errors_are_indented_and_clean(void **state)
{
        struct offpeak_error err = { OFFPEAK_EINVAL, "first\nsecond \033[31mred" };
        char *text = NULL;
        size_t size;
        FILE *out = tmpfile();

        (void)state;
        text = calloc(1, 256);
        command_print_error(&err, out);
        rewind(out);
        size = fread(text, 1, 255, out);
        assert_true(size > 0);
        assert_string_equal(text, "offpeak: first\n         second ?[31mred\n");
        free(text);
        fclose(out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_is_summed_up),
                cmocka_unit_test(a_file_in_json),
                cmocka_unit_test(a_file_is_forecast),
                cmocka_unit_test(a_forecast_in_json),
                cmocka_unit_test(every_command_helps),
                cmocka_unit_test(every_command_refuses_unknown_options),
                cmocka_unit_test(every_option_letter_and_name_is_unique),
                cmocka_unit_test(the_manuals_name_every_option),
                cmocka_unit_test(operands_are_counted),
                cmocka_unit_test(nobody_at_home_is_told),
                cmocka_unit_test(questions_carry_their_arguments),
                cmocka_unit_test(signals_ask_for_a_site),
                cmocka_unit_test(server_and_timeout_reach_the_client),
                cmocka_unit_test(times_are_the_schedulers),
                cmocka_unit_test(json_is_the_document),
                cmocka_unit_test(a_foreign_document_is_refused),
                cmocka_unit_test(changes_name_their_job),
                cmocka_unit_test(a_start_is_pinned_by_the_schedulers_clock),
                cmocka_unit_test(a_value_is_pushed_in_the_unit_of_its_signal),
                cmocka_unit_test(the_times_of_a_push_are_meant_against_the_schedulers_clock),
                cmocka_unit_test(a_file_is_pushed),
                cmocka_unit_test(what_cannot_be_pushed_is_refused_here),
                cmocka_unit_test(one_refusal_does_not_stop_the_rest),
                cmocka_unit_test(replies_are_json_too),
                cmocka_unit_test(a_command_is_submitted),
                cmocka_unit_test(parsable_is_the_number_alone),
                cmocka_unit_test(an_unanswered_question_does_not_hide_the_number),
                cmocka_unit_test(deadlines_use_the_schedulers_clock),
                cmocka_unit_test_setup_teardown(a_script_is_submitted, make_script, remove_script),
                cmocka_unit_test_setup_teardown(a_script_names_its_job, make_script, remove_script),
                cmocka_unit_test_setup_teardown(a_script_behind_dashes_is_a_command, make_script, remove_script),
                cmocka_unit_test(a_binary_is_no_script),
                cmocka_unit_test_setup_teardown(logs_print_the_file, make_script, remove_script),
                cmocka_unit_test(logs_elsewhere_are_said_to_be),
                cmocka_unit_test(a_pipe_is_no_output),
                cmocka_unit_test(errors_are_indented_and_clean),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
