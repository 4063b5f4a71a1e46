/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c - `offpeak reload`: the scheduler reads its configuration again, whole or not at all. */
#include "cli/command.h"
#include "cli/commands.h"

const struct option_row reload_rows[] = { COMMAND_OPTIONS };

static int reload(struct command_run *run, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        int r = command_open(run, &client, err);

        if (r != 0)
                return r;
        r = offpeak_reload(client, &answer, err);
        if (r == 0)
                r = command_print_answer(run, &answer, "configuration", "reloaded", err);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return r;
}

int command_reload(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        return r != 0 ? r : reload(run, err);
}
