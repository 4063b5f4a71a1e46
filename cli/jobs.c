/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.c - `offpeak jobs`: the queue. */
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/job_text.h"
#include "cli/pause_text.h"
#include "cli/table.h"
#include "cli/views.h"

static void add_job(struct table *table, const json_t *job, const struct screen *screen)
{
        char text[JOB_TEXT_SIZE];

        table_addf(table, "%lld", (long long)document_int_or(job, "id", 0));
        table_add(table, document_text(job, "name"));
        table_add(table, document_text(job, "user"));
        table_add(table, document_text(job, "status"));
        table_addf(table, "%lld", (long long)document_int_or(job, "gpus", 0));
        table_add(table, job_done(job, screen, text));
        table_add(table, job_when(job, screen, text));
        table_add(table, pause_word(job, text));
        table_add(table, job_cost(job, text));
        table_add(table, job_saved(job, text));
        table_add(table, job_deadline(job, screen, text));
}

int view_jobs(const json_t *document, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = { { "ID", true },     { "NAME", false }, { "USER", false },
                                                       { "STATE", false }, { "GPUS", true },  { "DONE", false },
                                                       { "WHEN", false },  { "REASON", false }, { "COST", true },
                                                       { "SAVED", true },  { "DEADLINE", false } };
        const json_t *jobs = json_object_get(document, "jobs");
        struct table table;
        size_t i;
        json_t *job;
        int r;

        if (json_array_size(jobs) == 0) {
                fputs("no such jobs\n", out);
                return 0;
        }
        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        json_array_foreach(jobs, i, job)
                add_job(&table, job, screen);
        r = table_print(&table, out);
        table_finish(&table);
        return r;
}

/* ---- the command */

enum { OPT_STATE = 1, OPT_USER, OPT_ALL };

const struct option_row jobs_rows[] = {
        { OPT_STATE, 's', "state", "STATE", "only these: planned, held, paused, running, done, failed, ..." },
        { OPT_USER, 'u', "user", "NAME", "only this user's" },
        { OPT_ALL, 'a', "all", NULL, "those that have ended, too" },
        COMMAND_OPTIONS,
};

static int take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        json_t *arguments = settings;

        (void)err;
        if (found->id == OPT_ALL)
                json_object_set_new(arguments, "all", json_true());
        else
                json_object_set_new(arguments, found->id == OPT_STATE ? "status" : "user", json_string(found->value));
        return 0;
}

int command_jobs(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        json_t *arguments = json_object();
        int r = command_parse(run, argc, argv, take, arguments, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        if (r != 0) {
                json_decref(arguments);
                return r;
        }
        return command_answer(run, "jobs", arguments, view_jobs, err);
}
