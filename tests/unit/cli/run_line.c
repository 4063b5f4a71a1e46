/* SPDX-License-Identifier: Apache-2.0 */
#include "run_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

struct outcome run_line(struct fake_client *fake, const char *line)
{
        struct outcome outcome = { 0 };
        struct command_run run;
        char copy[1024], *words[32], *rest = copy;
        size_t size;
        int n = 0;
        FILE *out = open_memstream(&outcome.text, &size);

        assert_non_null(out);
        fake_client_use(fake);
        snprintf(copy, sizeof(copy), "%s", line);
        for (char *word; (word = strsep(&rest, " ")) != NULL && n < 32;)
                words[n++] = word;
        assert_non_null(command_find(words[0]));
        command_run_init(&run, command_find(words[0]), stdout);
        run.out = out;
        run.screen = (struct screen){ .width = 100, .now = RUN_LINE_NOW };
        outcome.code = command_find(words[0])->run(&run, n - 1, words + 1, &outcome.err);
        command_run_finish(&run);
        fclose(out);
        assert_int_equal(fake->opened, fake->closed);
        return outcome;
}

void expect_line(struct fake_client *fake, const char *line, int code, const char *says)
{
        struct outcome outcome = run_line(fake, line);

        if (outcome.code != code)
                fail_msg("%s: %d (%s)", line, outcome.code, outcome.err.text);
        if (says != NULL && strstr(code == 0 || code == COMMAND_HELPED ? outcome.text : outcome.err.text, says) == NULL)
                fail_msg("%s: says \"%s\" and \"%s\", not \"%s\"", line, outcome.text, outcome.err.text, says);
        free(outcome.text);
}
