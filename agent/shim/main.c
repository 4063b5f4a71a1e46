/* SPDX-License-Identifier: Apache-2.0 */
/* offpeak-shim: started by the agent, one per leg; see shim.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/shim/close_others.h"
#include "agent/shim/shim.h"

enum { OPTION_STATE = 1, OPTION_NODE, OPTION_LEG, OPTION_CONTAIN, OPTION_MARGIN, OPTION_LINK };

static bool parse_number(const char *text, int64_t max, int64_t *ret_number)
{
        char *end;
        long long value = strtoll(text, &end, 10);

        if (end == text || *end != '\0' || value < 0 || value > max)
                return false;
        *ret_number = value;
        return true;
}

static bool parse_contain(const char *text, enum link_contain *ret_contain)
{
        static const char *const words[] = { "auto", "namespace", "guard" };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(text, words[i]) == 0) {
                        *ret_contain = (enum link_contain)i;
                        return true;
                }
        return false;
}

static bool take_option(int option, const char *value, struct shim_options *options, bool *has_leg)
{
        int64_t number;

        switch (option) {
        case OPTION_STATE:
                options->state = value;
                return true;
        case OPTION_NODE:
                options->node = value;
                return true;
        case OPTION_LEG:
                *has_leg = leg_name_parse(value, &options->leg);
                return *has_leg;
        case OPTION_CONTAIN:
                return parse_contain(value, &options->contain);
        case OPTION_MARGIN:
                return parse_number(value, INT32_MAX, &options->margin_ms);
        case OPTION_LINK:
                if (!parse_number(value, INT32_MAX, &number))
                        return false;
                options->link_fd = (int)number;
                return true;
        }
        return false;
}

static bool parse(int argc, char **argv, struct shim_options *options)
{
        static const struct option known[] = { { "state", required_argument, NULL, OPTION_STATE },
                                               { "node", required_argument, NULL, OPTION_NODE },
                                               { "leg", required_argument, NULL, OPTION_LEG },
                                               { "contain", required_argument, NULL, OPTION_CONTAIN },
                                               { "margin-ms", required_argument, NULL, OPTION_MARGIN },
                                               { "link-fd", required_argument, NULL, OPTION_LINK },
                                               { NULL, 0, NULL, 0 } };
        bool has_leg = false;
        int option;

        while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
                if (!take_option(option, optarg, options, &has_leg))
                        return false;
        return optind == argc && has_leg && options->state != NULL && options->node != NULL;
}

int main(int argc, char **argv)
{
        struct shim_options options = { .margin_ms = LINK_MARGIN_MS, .link_fd = -1 };

        if (!parse(argc, argv, &options)) {
                fprintf(stderr, "usage: offpeak-shim --state DIR --node NAME --leg JOB.ATTEMPT\n"
                                "         [--contain auto|namespace|guard] [--margin-ms N] [--link-fd FD]\n"
                                "It is started by offpeak-agent; there is no need to run it by hand.\n");
                return offpeak_exit_code(OFFPEAK_EUSAGE);
        }
        close_others(&options.link_fd, 1); /* the leg must not hold its agent's sockets and locks when that dies */
        return shim_run(&options);
}
