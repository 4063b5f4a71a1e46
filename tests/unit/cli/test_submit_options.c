/* SPDX-License-Identifier: Apache-2.0 */
/* test_submit_options.c - a command line, and what job it asks for or what is said about it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/script.h"
#include "cli/submit_options.h"

enum { HOUR = 3600, DAY = 86400 };

/* Sunday 2026-11-22 10:00 UTC */
#define NOW INT64_C(1795341600)

static char *const no_environ[] = { NULL };

static int take_words(struct submit_settings *settings, int argc, char **argv, struct offpeak_error *err)
{
        struct option_found found;
        struct option_walk walk;
        int r;

        option_walk_init(&walk, submit_rows, argc, argv);
        for (;;) {
                r = option_next(&walk, &found, err);
                if (r != 0 || found.id == OPTION_END)
                        return r;
                r = submit_take(settings, &found, err);
                if (r != 0)
                        return r;
        }
}

static int take_line(struct submit_settings *settings, const char *line, struct offpeak_error *err)
{
        char **words;
        int n, r = script_split(line, &words, &n, err);

        assert_int_equal(r, 0);
        r = take_words(settings, n, words, err);
        script_free_words(words);
        return r;
}

/* Options and a command, all the way. */
static int resolve_in(struct submit_settings *settings, const char *line, char *const *environment,
                      struct offpeak_error *err)
{
        char program[] = "/opt/bin/train.sh", option[] = "--fast";
        char *command[] = { program, option };
        int r;

        submit_settings_init(settings);
        r = take_line(settings, line, err);
        if (r == 0)
                r = submit_command(settings, NULL, 0, command, 2, err);
        if (r == 0)
                r = submit_resolve(settings, NOW, "/home/ana", environment, err);
        return r;
}

static int resolve(struct submit_settings *settings, const char *line, struct offpeak_error *err)
{
        return resolve_in(settings, line, no_environ, err);
}

static void expect(const char *line, struct submit_settings *settings)
{
        struct offpeak_error err = { 0 };

        if (resolve(settings, line, &err) != 0)
                fail_msg("%s: %s", line, err.text);
}

/* ---- shape */

static void the_gang_takes_its_shape(void **state)
{
        static const struct {
                const char *line;
                uint32_t nodes, gpus_per_node;
        } cases[] = {
                { "-t 1h", 1, 1 },
                { "-t 1h -G 8", 1, 8 },
                { "-t 1h --gpus=64", 1, 64 },
                { "-t 1h -N 4", 4, 1 },
                { "-t 1h -N 4 --gpus 32", 4, 8 },
                { "-t 1h -N 2 --gpus-per-node 6", 2, 6 },
                { "-t 1h --gpus-per-node 6", 1, 6 },
                { "-t 1h --gpus 16 --gpus-per-node 8", 2, 8 },
                { "-t 1h -N 2 --gpus 16 --gpus-per-node 8", 2, 8 },
                { "-t 1h -G 4 -G 2", 1, 2 }, /* the last one counts */
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;

                expect(cases[i].line, &settings);
                assert_int_equal(settings.spec.nodes, cases[i].nodes);
                assert_int_equal(settings.spec.gpus_per_node, cases[i].gpus_per_node);
                submit_settings_finish(&settings);
        }
}

static void what_nodes_must_be(void **state)
{
        struct submit_settings settings;

        (void)state;
        expect("-t 1h", &settings);
        assert_true(!settings.spec.exclusive && settings.spec.switches == 0 && settings.spec.n_features == 0);
        assert_int_equal(settings.spec.launcher, OFFPEAK_LAUNCHER_NODE);
        submit_settings_finish(&settings);
        expect("-t 1h --exclusive --switches 3 -C a100,ib --constraint=x86-64_v3,ib", &settings);
        assert_true(settings.spec.exclusive);
        assert_int_equal(settings.spec.switches, 3);
        assert_int_equal(settings.spec.n_features, 3);
        assert_string_equal(settings.spec.features[0], "a100");
        assert_string_equal(settings.spec.features[1], "ib");
        assert_string_equal(settings.spec.features[2], "x86-64_v3");
        submit_settings_finish(&settings);
}

static void a_launcher_is_one_of_three(void **state)
{
        static const char *const lines[] = { "-t 1h --launcher node", "-t 1h --launcher=gpu", "-t 1h --launcher head" };

        (void)state;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                struct submit_settings settings;

                expect(lines[i], &settings);
                assert_int_equal(settings.spec.launcher, i);
                submit_settings_finish(&settings);
        }
}

static void a_range_names_the_widths_between(void **state)
{
        static const struct {
                const char *line;
                size_t n;
                uint32_t nodes, gpus_per_node; /* of the widest */
                struct offpeak_width widths[6];
        } cases[] = {
                { "-t 1h --gpus 8-8", 0, 1, 8, { { 0 } } },
                { "-t 1h --gpus 4-32", 3, 1, 32, { { 1, 16, 0, 0 }, { 1, 8, 0, 0 }, { 1, 4, 0, 0 } } },
                { "-t 1h --gpus 3-32", 4, 1, 32, { { 1, 16, 0, 0 }, { 1, 8, 0, 0 }, { 1, 4, 0, 0 }, { 1, 3, 0, 0 } } },
                { "-t 1h --gpus 2-6", 2, 1, 6, { { 1, 3, 0, 0 }, { 1, 2, 0, 0 } } },
                { "-t 1h --gpus 4-32 --gpus-per-node 8", 3, 4, 8, { { 2, 8, 0, 0 }, { 1, 8, 0, 0 }, { 1, 4, 0, 0 } } },
                { "-t 1h -N 4 --gpus 8-32", 2, 4, 8, { { 4, 4, 0, 0 }, { 4, 2, 0, 0 } } },
                { "-t 1h --gpus 4-32 -G 8", 0, 1, 8, { { 0 } } }, /* the last one counts */
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;

                expect(cases[i].line, &settings);
                assert_int_equal(settings.spec.nodes, cases[i].nodes);
                assert_int_equal(settings.spec.gpus_per_node, cases[i].gpus_per_node);
                assert_int_equal(settings.spec.n_widths, cases[i].n);
                for (size_t w = 0; w < cases[i].n; w++)
                        assert_memory_equal(&settings.spec.widths[w], &cases[i].widths[w],
                                            sizeof(struct offpeak_width));
                submit_settings_finish(&settings);
        }
}

/* ---- what is wrong */

static void bad_values_name_option_value_and_remedy(void **state)
{
        static const struct {
                const char *line;
                int code;
                const char *says[3];
        } cases[] = {
                { "-t 1h -G 0", OFFPEAK_EINVAL, { "-G 0", "from 1 to" } },
                { "-t 1h -G -4", OFFPEAK_EINVAL, { "-G -4", "from 1 to" } },
                { "-t 1h -N 2-4", OFFPEAK_EINVAL, { "-N 2-4", "range", "one number" } },
                { "-t 1h --gpus 16-8", OFFPEAK_EINVAL, { "--gpus 16-8", "smaller number", "--gpus 8-16" } },
                { "-t 1h --gpus 4-", OFFPEAK_EINVAL, { "--gpus", "whole number" } },
                { "-t 1h --gpus 4-8-16", OFFPEAK_EINVAL, { "--gpus", "range" } },
                { "-t 1h --gpus 0-8", OFFPEAK_EINVAL, { "from 1 to" } },
                { "-t 1h -N 4 --gpus 6-32", OFFPEAK_EINVAL, { "--gpus 6-32", "6 GPUs", "4 nodes" } },
                { "-t 1h --gpus eight", OFFPEAK_EINVAL, { "--gpus eight", "whole number" } },
                { "-t 1h --gpus 99999999999999999999", OFFPEAK_EINVAL, { "from 1 to" } },
                { "-t 1h --gpus ''", OFFPEAK_EINVAL, { "--gpus" } },
                { "-t 1h -N 5 --gpus 12", OFFPEAK_EINVAL, { "--gpus 12 -N 5", "--gpus 10", "--gpus 15" } },
                { "-t 1h -N 8 --gpus 4", OFFPEAK_EINVAL, { "-N 4", "--gpus 8" } },
                { "-t 1h --gpus 12 --gpus-per-node 8", OFFPEAK_EINVAL, { "--gpus 16" } },
                { "-t 1h -N 2 --gpus 8 --gpus-per-node 8", OFFPEAK_EINVAL, { "contradicts" } },
                { "-t 1h --gpus 128", OFFPEAK_EINVAL, { "-N 16 --gpus 128" } },
                { "-t 1h -N 2000", OFFPEAK_EINVAL, { "-N 2000" } },
                { "--gpus 8", OFFPEAK_EUSAGE, { "-t 6h" } },
                { "-t 0", OFFPEAK_EINVAL, { "-t 0", "6h" } },
                { "-t sixhours", OFFPEAK_EINVAL, { "-t", "sixhours" } },
                { "-t -5", OFFPEAK_EINVAL, { "-t" } },
                { "-t 1h --deadline 2020-01-01", OFFPEAK_EINVAL, { "--deadline 2020-01-01", "has passed", "now+" } },
                { "-t 1h --deadline now", OFFPEAK_EINVAL, { "has passed" } },
                { "-t 1h --deadline whenever", OFFPEAK_EINVAL, { "--deadline", "whenever" } },
                { "-t 1h --begin 2026-11-30 --deadline 2026-11-29", OFFPEAK_EINVAL, { "before --begin" } },
                { "-t 1h --strict-deadline", OFFPEAK_EUSAGE, { "--deadline" } },
                { "-t 1h --signal FOO", OFFPEAK_EINVAL, { "--signal FOO", "USR1@120" } },
                { "-t 1h --signal KILL", OFFPEAK_EINVAL, { "cannot catch" } },
                { "-t 1h --signal USR1@", OFFPEAK_EINVAL, { "seconds" } },
                { "-t 1h --signal USR1@0", OFFPEAK_EINVAL, { "seconds" } },
                { "-t 1h --signal USR1@2m", OFFPEAK_EINVAL, { "seconds" } },
                { "-t 1h --signal 99", OFFPEAK_EINVAL, { "no such signal" } },
                { "-t 1h --interruptible=maybe", OFFPEAK_EINVAL, { "maybe", "yes nor no" } },
                { "-t 1h --power 0", OFFPEAK_EINVAL, { "--power 0", "4.2kW" } },
                { "-t 1h --power -5", OFFPEAK_EINVAL, { "--power -5" } },
                { "-t 1h --power kW", OFFPEAK_EINVAL, { "--power kW" } },
                { "-t 1h --power 5hp", OFFPEAK_EINVAL, { "--power 5hp" } },
                { "-t 1h -J ''", OFFPEAK_EINVAL, { "-J", "empty" } },
                { "-t 1h --env =x", OFFPEAK_EINVAL, { "NAME=value" } },
                { "-t 1h --env ''", OFFPEAK_EINVAL, { "NAME=value" } },
                { "-t 1h --env UNSET", OFFPEAK_EINVAL, { "UNSET", "not set" } },
                { "-t 1h --export A=1,,B=2", OFFPEAK_EINVAL, { "NAME=value" } },
                { "-t 1h -o %x-%j.out", OFFPEAK_EINVAL, { "-o %x-%j.out: %x stands for nothing", "%j (job)" } },
                { "-t 1h --error %%%N", OFFPEAK_EINVAL, { "%N stands for nothing" } },
                { "-t 1h --launcher mpi", OFFPEAK_EINVAL, { "--launcher mpi", "head one on the first node" } },
                { "-t 1h --switches 0", OFFPEAK_EINVAL, { "--switches", "from 1 to" } },
                { "-t 1h --constraint 'a100,'", OFFPEAK_EINVAL, { "--constraint", "a100,ib" } },
                { "-t 1h --constraint 'a100|ib'", OFFPEAK_EINVAL, { "--constraint", "all of them" } },
                { "-t 1h --dependency ''", OFFPEAK_EINVAL, { "--dependency", "afterok:ID" } },
                { "-t 1h --dependency 41", OFFPEAK_EINVAL, { "no \"41\"", "afterok:ID", "afterany:ID" } },
                { "-t 1h -d afterok", OFFPEAK_EINVAL, { "-d afterok", "names no job", "afterok:41" } },
                { "-t 1h -d afterok:", OFFPEAK_EINVAL, { "\"\" is no job's number" } },
                { "-t 1h -d afterok:0", OFFPEAK_EINVAL, { "\"0\" is no job's number" } },
                { "-t 1h -d afterok:-1", OFFPEAK_EINVAL, { "\"-1\" is no job's number" } },
                { "-t 1h -d 'afterok: 1'", OFFPEAK_EINVAL, { "\" 1\" is no job's number" } },
                { "-t 1h -d afterok:1+10", OFFPEAK_EINVAL, { "\"1+10\" is no job's number" } },
                { "-t 1h -d afterok:99999999999999999999", OFFPEAK_EINVAL, { "is no job's number" } },
                { "-t 1h -d afterok:1,", OFFPEAK_EINVAL, { "there is no \"\"" } },
                { "-t 1h -d afterok:1,2", OFFPEAK_EINVAL, { "there is no \"2\"" } },
                { "-t 1h -d afternotok:1", OFFPEAK_EINVAL, { "no \"afternotok\"" } },
                { "-t 1h -d singleton", OFFPEAK_EINVAL, { "no \"singleton\"" } },
                { "-t 1h -d afterok:1?afterok:2", OFFPEAK_EINVAL, { "is no job's number" } },
                { "-t 1h --dealine 08:00", OFFPEAK_EUSAGE, { "--deadline?" } },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;
                struct offpeak_error err = { 0 };
                int r = resolve(&settings, cases[i].line, &err);

                if (r != cases[i].code)
                        fail_msg("%s: %d (%s)", cases[i].line, r, err.text);
                for (size_t k = 0; k < 3 && cases[i].says[k] != NULL; k++)
                        if (strstr(err.text, cases[i].says[k]) == NULL)
                                fail_msg("%s: says \"%s\", not \"%s\"", cases[i].line, err.text, cases[i].says[k]);
                submit_settings_finish(&settings);
        }
}

static void a_name_too_long_is_refused(void **state)
{
        struct submit_settings settings;
        struct offpeak_error err = { 0 };
        char line[OFFPEAK_MAX_NAME + 32];
        int used = snprintf(line, sizeof(line), "-t 1h -J ");

        (void)state;
        memset(line + used, 'x', OFFPEAK_MAX_NAME);
        line[used + OFFPEAK_MAX_NAME] = '\0';
        assert_int_equal(resolve(&settings, line, &err), OFFPEAK_EINVAL);
        submit_settings_finish(&settings);
        line[used + OFFPEAK_MAX_NAME - 1] = '\0';
        assert_int_equal(resolve(&settings, line, &err), 0);
        submit_settings_finish(&settings);
}

static void without_a_command_there_is_no_job(void **state)
{
        struct submit_settings settings;
        struct offpeak_error err = { 0 };

        (void)state;
        submit_settings_init(&settings);
        assert_int_equal(take_line(&settings, "-t 1h", &err), 0);
        assert_int_equal(submit_resolve(&settings, NOW, "/", no_environ, &err), OFFPEAK_EUSAGE);
        assert_non_null(strstr(err.text, "behind --"));
        submit_settings_finish(&settings);
}

/* ---- what is asked for */

static void all_that_is_given_arrives(void **state)
{
        struct submit_settings settings;
        const struct offpeak_job_spec *spec = &settings.spec;

        (void)state;
        expect("-J llama -t 1-12:00 --class nightly --site hanford -o out-%j.txt -e err.txt -D sub --checkpoint-dir "
               "/ckpt "
               "--signal=USR1@120 --interruptible=no --power 4.2kW --hold --deadline now+2days --begin now+1h "
               "--strict-deadline",
               &settings);
        assert_string_equal(spec->name, "llama");
        assert_int_equal(spec->time_s, 36 * HOUR);
        assert_string_equal(spec->class_name, "nightly");
        assert_string_equal(spec->site, "hanford");
        assert_string_equal(spec->stdout_path, "out-%j.txt");
        assert_string_equal(spec->stderr_path, "err.txt");
        assert_string_equal(spec->directory, "/home/ana/sub");
        assert_string_equal(spec->checkpoint_dir, "/ckpt");
        assert_int_equal(spec->signal, SIGUSR1);
        assert_int_equal(spec->signal_lead_s, 120);
        assert_int_equal(spec->interruptible, OFFPEAK_NO);
        assert_int_equal(spec->power_w, 4200);
        assert_true(spec->hold);
        assert_true(spec->strict_deadline);
        assert_int_equal(spec->deadline, NOW + 2 * DAY);
        assert_int_equal(spec->begin, NOW + HOUR);
        assert_int_equal(spec->argc, 2);
        assert_string_equal(spec->argv[1], "--fast");
        assert_null(spec->argv[2]);
        submit_settings_finish(&settings);
}

static void what_is_not_given_has_a_default(void **state)
{
        struct submit_settings settings;
        const struct offpeak_job_spec *spec = &settings.spec;

        (void)state;
        expect("-t 90", &settings);
        assert_string_equal(spec->name, "train.sh");
        assert_int_equal(spec->time_s, 90 * 60);
        assert_string_equal(spec->directory, "/home/ana");
        assert_null(spec->class_name);
        assert_null(spec->stdout_path);
        assert_int_equal(spec->begin, 0);
        assert_int_equal(spec->deadline, 0);
        assert_int_equal(spec->power_w, 0);
        assert_int_equal(spec->signal, 0);
        assert_int_equal(spec->interruptible, OFFPEAK_CLASS_DECIDES);
        assert_false(submit_needs_clock(&settings));
        submit_settings_finish(&settings);
}

static void dependencies_add_up(void **state)
{
        struct submit_settings settings;
        const struct offpeak_job_spec *spec = &settings.spec;

        (void)state;
        expect("-t 1h --dependency afterok:41:42,afterany:7 -d afterok:18446744073709551615", &settings);
        assert_int_equal(spec->n_after_ok, 3);
        assert_int_equal(spec->after_ok[0], 41);
        assert_int_equal(spec->after_ok[1], 42);
        assert_true(spec->after_ok[2] == UINT64_MAX);
        assert_int_equal(spec->n_after_any, 1);
        assert_int_equal(spec->after_any[0], 7);
        submit_settings_finish(&settings);
}

static void signals_have_many_spellings(void **state)
{
        static const struct {
                const char *line;
                int signal;
                int64_t lead;
        } cases[] = {
                { "-t 1 --signal TERM", SIGTERM, 0 },        { "-t 1 --signal SIGUSR2@5", SIGUSR2, 5 },
                { "-t 1 --signal usr1", SIGUSR1, 0 },        { "-t 1 --signal B:USR1@300", SIGUSR1, 300 },
                { "-t 1 --signal 10@30", 10, 30 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;

                expect(cases[i].line, &settings);
                assert_int_equal(settings.spec.signal, cases[i].signal);
                assert_int_equal(settings.spec.signal_lead_s, cases[i].lead);
                submit_settings_finish(&settings);
        }
}

static void power_has_units(void **state)
{
        static const struct {
                const char *line;
                int64_t watts;
        } cases[] = { { "-t 1 --power 300", 300 },
                      { "-t 1 --power 300W", 300 },
                      { "-t 1 --power 2.5kW", 2500 },
                      { "-t 1 --power 0.012MW", 12000 } };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;

                expect(cases[i].line, &settings);
                assert_int_equal(settings.spec.power_w, cases[i].watts);
                submit_settings_finish(&settings);
        }
}

/* ---- time zones */

static void a_deadline_is_local_time_of_its_own_day(void **state)
{
        struct submit_settings settings;

        (void)state;
        /* clocks in Berlin go forward on 2027-03-28: offset +1 now, +2 then */
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        expect("-t 1h --deadline 08:00", &settings);
        assert_int_equal(settings.spec.deadline, NOW - 10 * HOUR + DAY + 7 * HOUR);
        submit_settings_finish(&settings);
        expect("-t 1h --deadline '2027-06-01 08:00'", &settings);
        assert_int_equal(settings.spec.deadline % DAY, 6 * HOUR);
        submit_settings_finish(&settings);
        setenv("TZ", "UTC", 1);
        tzset();
}

/* ---- environment */

static const char *env_of(const struct offpeak_job_spec *spec, const char *name)
{
        const char *value = NULL;
        size_t length = strlen(name);

        for (size_t i = 0; i < spec->envc; i++)
                if (strncmp(spec->env[i], name, length) == 0 && spec->env[i][length] == '=') {
                        assert_null(value); /* each name once */
                        value = spec->env[i] + length + 1;
                }
        assert_null(spec->env[spec->envc]);
        return value;
}

/* A variable from the shell is named, so that one knows what to leave out. */
static void a_garbled_variable_is_named(void **state)
{
        char path[] = "PATH=/bin", odd[] = "LOOK=\xff";
        char *const environment[] = { path, odd, NULL };
        struct submit_settings settings;
        struct offpeak_error err = { 0 };

        (void)state;
        assert_int_equal(resolve_in(&settings, "-t 1", environment, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "LOOK is not UTF-8"));
        submit_settings_finish(&settings);
        assert_int_equal(resolve_in(&settings, "-t 1 --export=PATH", environment, &err), 0);
        submit_settings_finish(&settings);
}

static void the_environment_goes_along(void **state)
{
        char path[] = "PATH=/bin", home[] = "HOME=/home/ana", empty[] = "EMPTY=", lr[] = "LR=1";
        char *const environment[] = { path, home, empty, lr, NULL };
        static const struct {
                const char *line;
                size_t n;
                const char *path, *lr, *extra;
        } cases[] = {
                { "-t 1", 4, "/bin", "1", NULL },
                { "-t 1 --export=ALL", 4, "/bin", "1", NULL },
                { "-t 1 --export=ALL,EXTRA=x", 5, "/bin", "1", "x" },
                { "-t 1 --export=NONE", 0, NULL, NULL, NULL },
                { "-t 1 --export=PATH,EXTRA=x", 2, "/bin", NULL, "x" },
                { "-t 1 --export=NONE --env LR", 1, NULL, "1", NULL },
                { "-t 1 --env LR=2 --env EXTRA=a,b --env LR=3", 5, "/bin", "3", "a,b" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;
                struct offpeak_error err = { 0 };
                const char *value;

                assert_int_equal(resolve_in(&settings, cases[i].line, environment, &err), 0);
                assert_int_equal(settings.spec.envc, cases[i].n);
                value = env_of(&settings.spec, "PATH");
                assert_true(cases[i].path == NULL ? value == NULL : strcmp(value, cases[i].path) == 0);
                value = env_of(&settings.spec, "LR");
                assert_true(cases[i].lr == NULL ? value == NULL : strcmp(value, cases[i].lr) == 0);
                value = env_of(&settings.spec, "EXTRA");
                assert_true(cases[i].extra == NULL ? value == NULL : strcmp(value, cases[i].extra) == 0);
                submit_settings_finish(&settings);
        }
}

static void an_unset_variable_is_named_with_its_option(void **state)
{
        static const char *const lines[] = { "-t 1 --env LR", "-t 1 --export LR,HOME=/" };
        static const char *const texts[] = { "--env LR: is not set here: write --env LR=value, or leave it out",
                                             "--export LR: is not set here: write --export LR=value, or leave it out" };
        char *const environment[] = { NULL };

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                struct submit_settings settings;
                struct offpeak_error err = { 0 };

                assert_int_equal(resolve_in(&settings, lines[i], environment, &err), OFFPEAK_EINVAL);
                assert_string_equal(err.text, texts[i]);
                submit_settings_finish(&settings);
        }
}

/* ---- scripts */

static int take_script(struct submit_settings *settings, const char *header, struct offpeak_error *err)
{
        struct script_line line = { .number = 3 };
        struct script script = { .lines = &line, .n_lines = 1 };
        int r;

        assert_int_equal(script_split(header, &line.argv, &line.argc, err), 0);
        r = submit_take_script(settings, "train.sh", &script, err);
        script_free_words(line.argv);
        return r;
}

static void the_command_line_wins_over_the_script(void **state)
{
        static const struct {
                const char *header, *line;
                uint32_t nodes, gpus_per_node;
                int64_t time_s;
        } cases[] = {
                { "-t 6h --gpus 8", "", 1, 8, 6 * HOUR },
                { "-t 6h --gpus 8", "-t 1h", 1, 8, HOUR },
                { "-t 6h --gpus 8", "--gpus 4", 1, 4, 6 * HOUR },
                { "-t 6h --gpus 8", "-N 2", 2, 4, 6 * HOUR },
                { "-t 6h --gpus 8", "-N 2 --gpus-per-node 6", 2, 6, 6 * HOUR },
                { "-t 6h -N 2 --gpus-per-node 6", "--gpus 8", 2, 4, 6 * HOUR },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;
                struct offpeak_error err = { 0 };
                char program[] = "x", *command[] = { program };

                submit_settings_init(&settings);
                assert_int_equal(take_script(&settings, cases[i].header, &err), 0);
                assert_int_equal(take_line(&settings, cases[i].line, &err), 0);
                assert_int_equal(submit_command(&settings, NULL, 0, command, 1, &err), 0);
                assert_int_equal(submit_resolve(&settings, NOW, "/", no_environ, &err), 0);
                assert_int_equal(settings.spec.nodes, cases[i].nodes);
                assert_int_equal(settings.spec.gpus_per_node, cases[i].gpus_per_node);
                assert_int_equal(settings.spec.time_s, cases[i].time_s);
                submit_settings_finish(&settings);
        }
}

static void a_lines_dependencies_take_the_place_of_the_scripts(void **state)
{
        struct submit_settings settings;
        struct offpeak_error err = { 0 };

        (void)state;
        submit_settings_init(&settings);
        assert_int_equal(take_script(&settings, "-d afterok:1 -d afterany:2", &err), 0);
        assert_int_equal(settings.spec.n_after_ok + settings.spec.n_after_any, 2);
        assert_int_equal(take_line(&settings, "-t 1h -d afterok:3 -d afterok:4", &err), 0);
        assert_int_equal(settings.spec.n_after_any, 0);
        assert_int_equal(settings.spec.n_after_ok, 2);
        assert_int_equal(settings.spec.after_ok[0], 3);
        submit_settings_finish(&settings);
}

static void errors_in_a_script_name_its_line(void **state)
{
        static const struct {
                const char *header;
                int code;
                const char *says;
        } cases[] = {
                { "--gpus 0", OFFPEAK_EINVAL, "train.sh:3: --gpus 0" },
                { "--gpsu 8", OFFPEAK_EUSAGE, "train.sh:3: unknown option --gpsu (did you mean --gpus?)" },
                { "--gpus", OFFPEAK_EUSAGE, "train.sh:3: --gpus needs a value" },
                { "--dependency afterko:1", OFFPEAK_EINVAL, "train.sh:3: --dependency afterko:1: there is no \"afterko\"" },
                { "python3 train.py", OFFPEAK_EINVAL, "options only" },
                { "-- train", OFFPEAK_EINVAL, "options only" },
                { "--json", OFFPEAK_EINVAL, "command line" },
                { "--parsable", OFFPEAK_EINVAL, "command line" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct submit_settings settings;
                struct offpeak_error err = { 0 };

                submit_settings_init(&settings);
                assert_int_equal(take_script(&settings, cases[i].header, &err), cases[i].code);
                if (strstr(err.text, cases[i].says) == NULL)
                        fail_msg("%s: says \"%s\"", cases[i].header, err.text);
                submit_settings_finish(&settings);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_gang_takes_its_shape),
                cmocka_unit_test(what_nodes_must_be),
                cmocka_unit_test(a_launcher_is_one_of_three),
                cmocka_unit_test(a_range_names_the_widths_between),
                cmocka_unit_test(bad_values_name_option_value_and_remedy),
                cmocka_unit_test(a_name_too_long_is_refused),
                cmocka_unit_test(without_a_command_there_is_no_job),
                cmocka_unit_test(all_that_is_given_arrives),
                cmocka_unit_test(what_is_not_given_has_a_default),
                cmocka_unit_test(dependencies_add_up),
                cmocka_unit_test(a_lines_dependencies_take_the_place_of_the_scripts),
                cmocka_unit_test(signals_have_many_spellings),
                cmocka_unit_test(power_has_units),
                cmocka_unit_test(a_deadline_is_local_time_of_its_own_day),
                cmocka_unit_test(a_garbled_variable_is_named),
                cmocka_unit_test(the_environment_goes_along),
                cmocka_unit_test(an_unset_variable_is_named_with_its_option),
                cmocka_unit_test(the_command_line_wins_over_the_script),
                cmocka_unit_test(errors_in_a_script_name_its_line),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
