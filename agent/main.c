/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - offpeak-agent: options, configuration, then the agent. */
#include <stdio.h>
#include <string.h>

#include "agent/check.h"
#include "agent/config.h"
#include "agent/host.h"
#include "agent/show_topology.h"
#include "base/fail.h"
#include "cli/options.h"
#include "wire/log.h"

enum {
        OPTION_CONFIG = 1,
        OPTION_CHECK,
        OPTION_SHOW,
        OPTION_JSON,
        OPTION_TOPOLOGY_XML,
        OPTION_VERSION,
        OPTION_HELP,
        OPTION_SETTING
};

static const struct option_row rows[] = {
        { OPTION_CONFIG, 'c', "config", "FILE", "configuration of this agent (YAML); options override it" },
        { OPTION_SETTING, 0, "server", "ENDPOINT", "the scheduler: ipc://PATH or tcp://HOST:PORT" },
        { OPTION_SETTING, 0, "node", "NAME", "this node's name (default: the host's)" },
        { OPTION_SETTING, 0, "address", "HOST", "where the ranks of a gang meet on this node (default: its name)" },
        { OPTION_SETTING, 0, "site", "SITE", "the site it belongs to, as the scheduler's configuration names it" },
        { OPTION_SETTING, 0, "state-dir", "DIR", "where legs, readings and locks are kept" },
        { OPTION_SETTING, 0, "devices", "LIST", "kind=gpu (default), or kind=cpu-slot,count=N" },
        { OPTION_SETTING, 0, "idle-w", "W", "what the idle node draws, where no sensor says" },
        { OPTION_SETTING, 0, "slot-w", "W", "what a busy device draws above that, where no sensor says" },
        { OPTION_SETTING, 0, "topology", "XML", "hwloc's description of the machine, instead of looking at it" },
        { OPTION_SETTING, 0, "allow-root", NULL, "run jobs of uid 0, too" },
        { OPTION_CHECK, 0, "check", NULL, "say what is wrong with all that, or what would be offered, and leave" },
        { OPTION_SHOW, 0, "show-topology", NULL, "show sockets, NUMA nodes, GPUs, adapters and links, and leave" },
        { OPTION_TOPOLOGY_XML, 0, "topology-xml", "XML",
          "with --show-topology: of the machine that this file describes" },
        { OPTION_JSON, 0, "json", NULL, "with --check or --show-topology: as JSON" },
        { OPTION_VERSION, 0, "version", NULL, "print the version and leave" },
        { OPTION_HELP, 'h', "help", NULL, "print this and leave" },
        { 0 },
};

struct arguments {
        const char *config, *topology_xml;
        bool check, help, version, show, json;
};

static void print_help(void)
{
        puts("usage: offpeak-agent [--config FILE] [OPTION...]\n"
             "\n"
             "The agent of a node: offers its devices to the scheduler, runs jobs on them, measures what they draw.\n");
        option_help(rows, stdout);
        puts("\nSIGTERM ends the agent alone: jobs run on, and the next agent finds them.");
}

/* Settings are only looked at here: the configuration comes first, and they override it. */
static int read_arguments(int argc, char **argv, struct arguments *ret_arguments, struct offpeak_error *err)
{
        struct option_walk walk;
        struct option_found found;

        option_walk_init(&walk, rows, argc - 1, argv + 1);
        for (;;) {
                int code = option_next(&walk, &found, err);
                if (code != 0)
                        return code;
                if (found.id == OPTION_END)
                        return 0;
                if (found.id == OPTION_OPERAND)
                        return fail(err, OFFPEAK_EUSAGE, "unexpected word \"%.64s\"; see offpeak-agent --help",
                                    found.value);
                if (found.id == OPTION_CONFIG)
                        ret_arguments->config = found.value;
                if (found.id == OPTION_TOPOLOGY_XML)
                        ret_arguments->topology_xml = found.value;
                ret_arguments->show |= found.id == OPTION_SHOW;
                ret_arguments->json |= found.id == OPTION_JSON;
                ret_arguments->check |= found.id == OPTION_CHECK;
                ret_arguments->help |= found.id == OPTION_HELP;
                ret_arguments->version |= found.id == OPTION_VERSION;
        }
}

static int read_settings(int argc, char **argv, struct agent_config *config, struct offpeak_error *err)
{
        struct option_walk walk;
        struct option_found found = { 0 };
        int code = 0;

        option_walk_init(&walk, rows, argc - 1, argv + 1);
        while (code == 0 && (code = option_next(&walk, &found, err)) == 0 && found.id != OPTION_END)
                if (found.id == OPTION_SETTING)
                        code = agent_config_option(found.name + strlen("--"), found.value, config, err);
        return code;
}

static int check_use(const struct arguments *arguments, struct offpeak_error *err)
{
        if (!arguments->show && arguments->topology_xml != NULL)
                return fail(err, OFFPEAK_EUSAGE, "--topology-xml belongs to --show-topology: give that too");
        if (!arguments->show && !arguments->check && arguments->json)
                return fail(err, OFFPEAK_EUSAGE, "--json belongs to --check or --show-topology: give one of them too");
        return 0;
}

static int run(int argc, char **argv, const struct arguments *arguments, struct offpeak_error *err)
{
        struct agent_config config;
        int code = 0;

        agent_config_init(&config);
        if (arguments->config != NULL)
                code = agent_config_read(arguments->config, &config, err);
        if (code == 0)
                code = read_settings(argc, argv, &config, err);
        if (code == 0 && arguments->show) {
                if (arguments->topology_xml != NULL)
                        code = agent_config_option("topology", arguments->topology_xml, &config, err);
                code = code == 0 ? show_topology(&config, arguments->json, stdout, err) : code;
                agent_config_finish(&config);
                return code;
        }
        if (code == 0)
                code = agent_config_complete(&config, err);
        if (code == 0) {
                log_set_level((enum log_level)config.log_level);
                code = arguments->check ? agent_check(&config, arguments->json, stdout, err) : host_run(&config, err);
        }
        agent_config_finish(&config);
        return code;
}

int main(int argc, char **argv)
{
        struct arguments arguments = { 0 };
        struct offpeak_error err = { 0 };
        int code = read_arguments(argc, argv, &arguments, &err);

        if (code == 0 && arguments.help) {
                print_help();
                return 0;
        }
        if (code == 0 && arguments.version) {
                puts("offpeak-agent " OFFPEAK_VERSION);
                return 0;
        }
        if (code == 0)
                code = check_use(&arguments, &err);
        if (code == 0)
                code = run(argc, argv, &arguments, &err);
        if (code != 0)
                log_error("%s", err.text);
        return offpeak_exit_code(code);
}
