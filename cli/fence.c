/* SPDX-License-Identifier: Apache-2.0 */
/* fence.c - `offpeak fence`: the operator's word that nothing of Offpeak's runs on a node any more. */
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "cli/command.h"
#include "cli/commands.h"

enum { OPT_YES = 1 };

const struct option_row fence_rows[] = {
        { OPT_YES, 'y', "yes", NULL, "do not ask" },
        COMMAND_OPTIONS,
};

static int take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        (void)found;
        (void)err;
        *(bool *)settings = true;
        return 0;
}

/* Only a person can be asked; a script that calls fence has decided. */
static int confirm(const struct command_run *run, const char *node, struct offpeak_error *err)
{
        char answer[16] = "";

        if (!isatty(STDIN_FILENO))
                return 0;
        fputs("Is no process of any job alive on ", run->out);
        screen_print(&run->screen, run->out, node);
        fputs(" (powered off, or looked after)? Its jobs will be started elsewhere. [yes/no] ", run->out);
        fflush(run->out);
        if (fgets(answer, sizeof(answer), stdin) != NULL && strcmp(answer, "yes\n") == 0)
                return 0;
        return fail(err, OFFPEAK_EUSAGE, "not fenced: the answer was not yes");
}

static int fence(struct command_run *run, const char *node, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        int r = command_open(run, &client, err);

        if (r != 0)
                return r;
        r = offpeak_fence(client, node, &answer, err);
        if (r == 0)
                r = command_print_answer(run, &answer, node, "fenced", err);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return r;
}

int command_fence(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        bool yes = false;
        int r = command_parse(run, argc, argv, take, &yes, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a node's name", err);
        if (r == 0 && !yes)
                r = confirm(run, run->operands[0], err);
        return r != 0 ? r : fence(run, run->operands[0], err);
}
