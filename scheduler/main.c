/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - offpeakd: options, then the daemon. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "io/daemon.h"
#include "wire/log.h"

static const char usage[] =
        "usage: offpeakd --config FILE [--check]\n"
        "\n"
        "The scheduler: takes jobs, prices and nodes, and runs each job when power is cheap and clean.\n"
        "\n"
        "  -c, --config FILE  the configuration (see docs/configuration.md); required\n"
        "      --check        read it and every file it names, say what is wrong, and leave\n"
        "      --version\n"
        "  -h, --help\n"
        "\n"
        "SIGTERM stops it; running jobs go on. SIGHUP reads the configuration again.\n";

struct arguments {
        const char *config;
        bool check;
        bool done; /* --help or --version was all */
};

static int read_arguments(int argc, char **argv, struct arguments *ret_arguments, struct offpeak_error *err)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
                { "version", no_argument, NULL, 'v' },      { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        int letter;

        opterr = 0;
        while ((letter = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
                switch (letter) {
                case 'c':
                        ret_arguments->config = optarg;
                        break;
                case 'k':
                        ret_arguments->check = true;
                        break;
                case 'v':
                        puts("offpeakd " OFFPEAK_VERSION);
                        ret_arguments->done = true;
                        return 0;
                case 'h':
                        fputs(usage, stdout);
                        ret_arguments->done = true;
                        return 0;
                case ':':
                        return fail(err, OFFPEAK_EUSAGE, "%s needs a value; see offpeakd --help", argv[optind - 1]);
                default:
                        return fail(err, OFFPEAK_EUSAGE, "unknown option %s; see offpeakd --help", argv[optind - 1]);
                }
        }
        if (optind < argc)
                return fail(err, OFFPEAK_EUSAGE, "unexpected argument \"%s\"; see offpeakd --help", argv[optind]);
        if (ret_arguments->config == NULL)
                return fail(err, OFFPEAK_EUSAGE, "no configuration: give one with --config FILE "
                                                 "(deploy/examples/offpeak.yaml is a start)");
        return 0;
}

int main(int argc, char **argv)
{
        struct arguments arguments = { 0 };
        struct daemon_options options = { .compute = plan_compute };
        struct offpeak_error err = { 0 };
        int code = read_arguments(argc, argv, &arguments, &err);

        if (code == 0 && arguments.done)
                return 0;
        if (code == 0 && arguments.check) {
                code = daemon_check(arguments.config, &err);
                if (code == 0)
                        printf("%s: good, and so is every file it names\n", arguments.config);
        } else if (code == 0) {
                options.config_path = arguments.config;
                code = daemon_run(&options, &err);
        }
        if (code != 0)
                log_error("%s", err.text);
        return offpeak_exit_code(code);
}
