/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `offpeak COMMAND ...`: find the command, run it, and tell a failure in words and in the exit code. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "cli/command.h"

static void print_help(FILE *out)
{
        fputs("Usage: offpeak COMMAND [options]\nTraining jobs when power is cheap and clean.\n\n", out);
        for (const struct command *command = commands; command->name != NULL; command++)
                fprintf(out, "  %-9s %s\n", command->name, command->summary);
        fputs("\n`offpeak COMMAND --help` tells more. Every answer comes as JSON with --json.\n", out);
}

static int unknown_command(const char *name, struct offpeak_error *err)
{
        const char *names[32], *nearest;
        size_t n = 0;

        for (const struct command *command = commands; command->name != NULL && n < 32; command++)
                names[n++] = command->name;
        nearest = text_nearest(name, names, n);
        if (nearest != NULL)
                return fail(err, OFFPEAK_EUSAGE, "there is no command \"%s\" (did you mean \"%s\"?)", name, nearest);
        return fail(err, OFFPEAK_EUSAGE, "there is no command \"%s\": `offpeak help` lists them", name);
}

static int run_command(const char *name, int argc, char **argv, struct offpeak_error *err)
{
        const struct command *command = command_find(name);
        struct command_run run;
        int r;

        if (command == NULL)
                return unknown_command(name, err);
        command_run_init(&run, command, stdout);
        r = command->run(&run, argc, argv, err);
        command_run_finish(&run);
        return r == COMMAND_HELPED ? 0 : r;
}

static int help(int argc, char **argv, struct offpeak_error *err)
{
        if (argc == 0) {
                print_help(stdout);
                return 0;
        }
        if (command_find(argv[0]) == NULL)
                return unknown_command(argv[0], err);
        command_usage(command_find(argv[0]), stdout);
        return 0;
}

int main(int argc, char **argv)
{
        struct offpeak_error err = { 0 };
        const char *name = argc > 1 ? argv[1] : NULL;
        int r;

        if (name == NULL) {
                print_help(stderr);
                return offpeak_exit_code(OFFPEAK_EUSAGE);
        }
        if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
                r = help(argc - 2, argv + 2, &err);
        else
                r = run_command(strcmp(name, "--version") == 0 ? "version" : name, argc - 2, argv + 2, &err);
        if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
                r = fail(&err, OFFPEAK_EIO, "writing the output failed");
        if (r == COMMAND_DIFFERS)
                return 1;
        if (r != 0)
                command_print_error(&err, stderr);
        return offpeak_exit_code(r);
}
