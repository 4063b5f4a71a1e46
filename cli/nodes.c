/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c - `offpeak nodes`: the machines, what they have, and who has it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/table.h"
#include "cli/views.h"

/* Jobs on a node, each once, in order of device: `41, 42`. */
static void list_jobs(const json_t *devices, char *text, size_t size)
{
        json_t *device;
        size_t i, used = 0;
        int64_t last = 0, job;

        text[0] = '\0';
        json_array_foreach(devices, i, device) {
                if (!document_int(device, "job", &job) || job == last || used >= size)
                        continue;
                used += (size_t)snprintf(text + used, size - used, "%s%lld", used > 0 ? ", " : "", (long long)job);
                last = job;
        }
}

/* Those that jobs have for themselves: neither free nor kept from all. */
static int64_t taken(const json_t *node, int64_t gpus)
{
        int64_t n = gpus - document_int_or(node, "gpus_free", 0), job;
        json_t *device;
        size_t i;

        json_array_foreach(json_object_get(node, "devices"), i, device) n -=
                json_is_object(json_object_get(device, "unwell")) && !document_int(device, "job", &job);
        return n;
}

static void add_node(struct table *table, const json_t *node)
{
        char text[256], idle[TEXT_SIZE], heard[WHEN_TEXT_SIZE];
        int64_t value, gpus = document_int_or(node, "gpus", 0);
        const char *quality = document_text(node, "power_quality");

        table_add(table, document_text(node, "name"));
        table_add(table, document_text(node, "site"));
        table_add(table, document_text(node, "status"));
        table_addf(table, "%lld of %lld", (long long)taken(node, gpus), (long long)gpus);
        list_jobs(json_object_get(node, "devices"), text, sizeof(text));
        table_add(table, text);
        table_add(table, document_int(node, "idle_w", &value) ? text_format_power(value, idle) : NULL);
        table_add(table, quality);
        table_add(table, document_int(node, "heard_s_ago", &value) ? when_format_duration(value, heard) : NULL);
        table_add(table, document_text(node, "model"));
}

/* Nodes that are up and get no jobs, as their agents name a site that the scheduler has not. */
static void print_strangers(const json_t *nodes, const struct screen *screen, FILE *out)
{
        json_t *node;
        size_t i;

        json_array_foreach(nodes, i, node)
        {
                if (!json_is_false(json_object_get(node, "site_known")))
                        continue;
                screen_print(screen, out, document_text(node, "name"));
                fputs(" is given no job: its agent says site \"", out);
                screen_print(screen, out, document_text(node, "site"));
                fputs("\", which the scheduler's configuration does not name: correct the one or the other\n", out);
        }
}

/* Below the table, as a reason may be long. */
static void print_drained(const json_t *nodes, const struct screen *screen, FILE *out)
{
        json_t *node;
        size_t i;

        json_array_foreach(nodes, i, node)
        {
                const char *reason = document_text(node, "drain_reason");

                if (reason == NULL)
                        continue;
                screen_print(screen, out, document_text(node, "name"));
                fputs(" is drained: ", out);
                screen_print(screen, out, reason);
                putc('\n', out);
        }
}

/* `n1 GPU 2 (0000:04:00.0) is given to no job since 14:02: Xid 79: ...` */
static void print_device(const char *name, const json_t *device, const struct screen *screen, FILE *out)
{
        const json_t *unwell = json_object_get(device, "unwell");
        const char *reason = document_text(unwell, "reason"), *kind = document_text(device, "kind");
        int64_t failed = document_int_or(unwell, "failed_attempts", 0);
        char since[SCREEN_TIME_SIZE];

        screen_print(screen, out, name);
        fprintf(out, " %s %lld (", kind != NULL && strcmp(kind, "gpu") == 0 ? "GPU" : "slot",
                (long long)document_int_or(device, "index", 0));
        screen_print(screen, out, document_text(device, "address"));
        if (document_true(unwell, "now"))
                fprintf(out, ") is unwell since %s, and is given to no job: ",
                        screen_time(screen, document_time(unwell, "since_utc"), since));
        else
                fputs(") is given to no job: ", out);
        if (document_true(unwell, "until_resumed"))
                fprintf(out, "%lld attempts failed on it, until offpeak resume %s; ", (long long)failed, name);
        screen_print(screen, out, reason != NULL ? reason : "nothing is said of it");
        putc('\n', out);
}

static void print_unwell(const json_t *nodes, const struct screen *screen, FILE *out)
{
        json_t *node, *device;
        size_t i, d;

        json_array_foreach(nodes, i, node) json_array_foreach(
                json_object_get(node, "devices"), d, device) if (json_is_object(json_object_get(device, "unwell")))
                print_device(document_text(node, "name"), device, screen, out);
}

int view_nodes(const json_t *document, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = { { "NODE", false },  { "SITE", false },      { "STATE", false },
                                                       { "GPUS", true },   { "JOBS", false },      { "IDLE", true },
                                                       { "POWER", false }, { "HEARD AGO", false }, { "MODEL", false } };
        const json_t *nodes = json_object_get(document, "nodes");
        struct table table;
        json_t *node;
        size_t i;
        int r;

        if (json_array_size(nodes) == 0) {
                fputs("no node has called yet: start offpeak-agent on one\n", out);
                return 0;
        }
        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        json_array_foreach(nodes, i, node)
                add_node(&table, node);
        r = table_print(&table, out);
        table_finish(&table);
        print_strangers(nodes, screen, out);
        print_drained(nodes, screen, out);
        print_unwell(nodes, screen, out);
        return r;
}

/* ---- the command */

const struct option_row nodes_rows[] = { COMMAND_OPTIONS };

int command_nodes(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        return r != 0 ? r : command_answer(run, "nodes", NULL, view_nodes, err);
}
