/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - `offpeak show`: all about one job. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/job_text.h"
#include "cli/pause_text.h"
#include "cli/views.h"

/* `  when       23:00-05:00`; nothing for an unknown text. */
static void line(const struct screen *screen, FILE *out, const char *label, const char *text)
{
        if (text == NULL || strcmp(text, "-") == 0)
                return;
        fprintf(out, "  %-12s", label);
        screen_print(screen, out, text + strspn(text, " "));
        putc('\n', out);
}

/* 4 (0.28), 8 (0.54): with what the job gets done of what it does at the width asked for. */
static void show_widths(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *widths = json_object_get(job, "widths");
        char text[640] = "", one[40];
        json_t *width;
        size_t i;

        json_array_foreach(widths, i, width)
        {
                const int64_t gpus = document_int_or(width, "gpus", 0);

                snprintf(one, sizeof(one), "%lld GPU%s %.2f", (long long)gpus, gpus == 1 ? "" : "s",
                         json_number_value(json_object_get(width, "speed")));
                text_list_add(text, sizeof(text), one);
        }
        if (i > 0)
                line(screen, out, "speed", text);
}

/* What its nodes must be. */
static void show_claims(const json_t *job, const struct screen *screen, FILE *out)
{
        char text[640] = "", switches[40];
        int64_t most;
        json_t *feature;
        size_t i;

        json_array_foreach(json_object_get(job, "constraint"), i, feature)
                text_list_add(text, sizeof(text), json_string_value(feature));
        if (json_is_true(json_object_get(job, "exclusive")))
                text_list_add(text, sizeof(text), "no other job there");
        if (document_int(job, "switches", &most)) {
                snprintf(switches, sizeof(switches), "on %lld switch%s at most", (long long)most,
                         most == 1 ? "" : "es");
                text_list_add(text, sizeof(text), switches);
        }
        if (text[0] != '\0')
                line(screen, out, "nodes", text);
}

/* How its processes begin, unless as always. */
static void show_launcher(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *launcher = document_text(job, "launcher");

        if (launcher != NULL && strcmp(launcher, "gpu") == 0)
                line(screen, out, "launcher", "gpu: one process for each GPU");
        else if (launcher != NULL && strcmp(launcher, "head") == 0)
                line(screen, out, "launcher", "head: one process on the first node, which starts the others");
}

static void show_shape(const json_t *job, const struct screen *screen, FILE *out)
{
        int64_t nodes = document_int_or(job, "nodes", 0), per_node = document_int_or(job, "gpus_per_node", 0);
        const char *site = document_text(job, "site");
        char text[320], capped[64] = "";
        double cap;

        if (document_real(job, "cap", &cap))
                snprintf(capped, sizeof(capped), ", capped at %.0f %% of their limit", cap * 100);
        if (nodes == 1)
                snprintf(text, sizeof(text), "%lld on one node%s%.128s%s", (long long)per_node,
                         site != NULL ? " at " : "", site != NULL ? site : "", capped);
        else
                snprintf(text, sizeof(text), "%lld on %lld nodes, %lld each%s%.128s%s", (long long)(nodes * per_node),
                         (long long)nodes, (long long)per_node, site != NULL ? " at " : "", site != NULL ? site : "",
                         capped);
        line(screen, out, "GPUs", text);
        show_launcher(job, screen, out);
        show_widths(job, screen, out);
        show_claims(job, screen, out);
}

static void show_moves(const json_t *job, const struct screen *screen, FILE *out)
{
        int64_t mb = document_int_or(job, "move_mb", 0);
        json_t *move;
        size_t i;

        json_array_foreach(json_object_get(job, "moves"), i, move) {
                const char *from = document_text(move, "from"), *to = document_text(move, "to");
                char text[400], at[SCREEN_TIME_SIZE], size[128] = "", money[TEXT_SIZE];

                if (mb > 0)
                        snprintf(size, sizeof(size), " with %.6g GB (%s)", (double)mb / 1000,
                                 document_money(move, "cost_micro", document_text(job, "currency"), money));
                snprintf(text, sizeof(text), "from %.128s to %.128s%s, goes on %s", from != NULL ? from : "?",
                         to != NULL ? to : "?", size, screen_time(screen, document_time(move, "start_utc"), at));
                line(screen, out, i == 0 ? "moves" : "", text);
        }
}

static void show_cost(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(job, "currency");
        char text[512], cost[JOB_TEXT_SIZE], run_now[TEXT_SIZE], saved[JOB_TEXT_SIZE], energy[TEXT_SIZE],
                mass[TEXT_SIZE];
        int64_t planned, at_once;

        line(screen, out, "cost", job_cost(job, cost));
        if (job_costs(job, &planned, &at_once)) {
                bool more = job_saved(job, saved)[0] == '-';

                snprintf(text, sizeof(text), "%s %s, %s at once (%s %s)", text_format_money(planned, currency, cost),
                         job_goes_beyond(job) ? "so far planned" : "for what is still to run",
                         text_format_money(at_once, currency, run_now), saved + more, more ? "more" : "saved");
                line(screen, out, "planned", text);
        }
        if (document_int_or(job, "energy_j", 0) > 0) {
                snprintf(text, sizeof(text), "%s, %s CO2e, %s", document_energy(job, "energy_j", energy),
                         document_mass(job, "carbon_mg", mass), document_money(job, "cost_micro", currency, cost));
                line(screen, out, "booked", text);
        }
        if (document_int_or(job, "unpriced_energy_j", 0) > 0) {
                snprintf(text, sizeof(text), "%s while no price was known: not in the cost",
                         document_energy(job, "unpriced_energy_j", energy));
                line(screen, out, "unpriced", text);
        }
}

static void show_legs(const json_t *attempt, const struct screen *screen, FILE *out)
{
        const char *state = document_text(attempt, "state");
        bool over = state != NULL && strcmp(state, "over") == 0;
        json_t *leg, *device;
        size_t i, d;

        json_array_foreach(json_object_get(attempt, "legs"), i, leg) {
                const char *how = document_text(leg, "ended_how"), *node_status = document_text(leg, "node_status");
                char text[512], energy[TEXT_SIZE];
                size_t used = (size_t)snprintf(text, sizeof(text), "%.128s, devices", document_text(leg, "node"));

                json_array_foreach(json_object_get(leg, "devices"), d, device)
                        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lld", d > 0 ? "," : " ",
                                                 (long long)json_integer_value(device));
                used += (size_t)snprintf(text + used, sizeof(text) - used, ", %s%s%s",
                                         document_text(leg, "state") != NULL ? document_text(leg, "state") : "?",
                                         how != NULL ? ": " : "", how != NULL ? how : "");
                if (how == NULL && node_status != NULL && strcmp(node_status, "up") != 0)
                        used += (size_t)snprintf(text + used, sizeof(text) - used, " (node %s)", node_status);
                if (document_int_or(leg, "energy_j", 0) > 0)
                        snprintf(text + used, sizeof(text) - used, ", %s", document_energy(leg, "energy_j", energy));
                line(screen, out, i > 0 ? "" : over ? "ran on" : "runs on", text);
        }
}

static void show_pause(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *pause = json_object_get(job, "last_pause");
        char text[320], why[JOB_TEXT_SIZE], at[SCREEN_TIME_SIZE];
        const char *because = pause_text(job, why);

        if (because == NULL)
                return;
        snprintf(text, sizeof(text), "%s, because %s", screen_time(screen, document_time(pause, "at_utc"), at), because);
        line(screen, out, pause_lasts(job) ? "paused" : "last paused", text);
}

/* What became of the leg that failed first, in a few words. */
static const char *failure_how(const json_t *failure, char buffer[TEXT_SIZE])
{
        static const struct {
                const char *name, *text;
        } hows[] = {
                { "never_started", "did not start" },
                { "shim_lost", "its shim died, and the job with it" },
                { "reboot", "the node rebooted" },
                { "absent", "the node does not know it any more" },
                { "lease_over", "the node fell silent until its lease was over" },
                { "fenced", "the node was fenced" },
                { "not_ready", "not ready in time" },
        };
        const char *how = document_text(failure, "how"), *signal = document_text(failure, "exit_signal");
        int64_t code;

        if (document_int(failure, "exit_code", &code))
                snprintf(buffer, TEXT_SIZE, "exited with %lld", (long long)code);
        else if (signal != NULL)
                snprintf(buffer, TEXT_SIZE, "killed by SIG%.16s", signal);
        else
                snprintf(buffer, TEXT_SIZE, "ended");
        for (size_t i = 0; how != NULL && i < sizeof(hows) / sizeof(hows[0]); i++)
                if (strcmp(how, hows[i].name) == 0)
                        return hows[i].text;
        return buffer;
}

/* Has it more than one process that could be the one that failed? */
static bool has_ranks(const json_t *job)
{
        const char *launcher = document_text(job, "launcher");

        return document_int_or(job, "nodes", 1) > 1 ||
               (launcher != NULL && strcmp(launcher, "gpu") == 0 && document_int_or(job, "gpus", 1) > 1);
}

/* The first rank that failed, why, and the last that it said. */
static void show_failure(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *failure = json_object_get(job, "failure");
        const char *node = document_text(failure, "node"), *status = document_text(job, "status");
        const char *path = document_text(failure, "path"), *output = document_text(job, "stdout_path");
        char text[640], at[SCREEN_TIME_SIZE], how[TEXT_SIZE], rank[32] = "";
        json_t *said;
        size_t i;

        if (!json_is_object(failure))
                return;
        if (has_ranks(job))
                snprintf(rank, sizeof(rank), " (rank %lld)", (long long)document_int_or(failure, "rank", 0));
        snprintf(text, sizeof(text), "attempt %lld on %.128s%s, %s: %s",
                 (long long)document_int_or(failure, "attempt", 0), node != NULL ? node : "?", rank,
                 screen_time(screen, document_time(failure, "at_utc"), at), failure_how(failure, how));
        line(screen, out, status != NULL && strcmp(status, "failed") == 0 ? "failed" : "last failed", text);
        line(screen, out, "", document_text(failure, "why"));
        json_array_foreach(json_object_get(failure, "last_lines"), i, said)
        {
                fprintf(out, "  %-12s| ", i == 0 ? "it said" : "");
                screen_print(screen, out, json_string_value(said));
                putc('\n', out);
        }
        if (i > 0 && path != NULL && (output == NULL || strcmp(path, output) != 0))
                line(screen, out, "in file", path); /* else `output` below says it */
}

/* `n2 is drained: fan 3 fails`, a line each. */
static void show_nodes_out(const json_t *job, const struct screen *screen, FILE *out)
{
        char text[512];
        json_t *node;
        size_t i;

        json_array_foreach(json_object_get(job, "nodes_out"), i, node) {
                const char *name = document_text(node, "name"), *status = document_text(node, "status");
                const char *reason = document_text(node, "drain_reason");

                snprintf(text, sizeof(text), "%.128s is %.32s%s%.256s", name != NULL ? name : "?", status != NULL ? status : "?",
                         reason != NULL ? ": " : "", reason != NULL ? reason : "");
                line(screen, out, "", text);
        }
}

static void show_waits(const json_t *job, const struct screen *screen, FILE *out)
{
        static const struct {
                const char *name, *text;
        } waits[] = {
                { "release", "its release: offpeak release" },
                { "recovery", "nodes to be heard of again, or fenced, after the scheduler lost the end of its log" },
                { "nodes", "nodes that can hold it" },
                { "features", "nodes that have what its --constraint asks for" },
                { "switches", "its nodes on as few switches as it asks for" },
                { "power", "a higher limit at its site, or a submission with less --power" },
                { "quota", "room in the quota of its class" },
                { "gpu_hours", "GPU-hours of its class" },
                { "begin", "its --begin" },
                { "dependency", "the end of what it comes after" },
                { "dependency_never",
                  "its release, to run it all the same: offpeak release; offpeak cancel removes it" },
                { "backoff", "a moment after a failed launch" },
                { "devices", "its nodes: its hours have begun, and its GPUs are not free" },
                { "hours", "its hours" },
                { "plan", "the next plan" },
        };
        const char *name = document_text(job, "waits_for");

        for (size_t i = 0; name != NULL && i < sizeof(waits) / sizeof(waits[0]); i++)
                if (strcmp(name, waits[i].name) == 0)
                        line(screen, out, "waits for", waits[i].text);
        show_nodes_out(job, screen, out);
}

static void show_after(const json_t *job, const struct screen *screen, FILE *out)
{
        json_t *other;
        size_t i;

        json_array_foreach(json_object_get(job, "after"), i, other) {
                const char *name = document_text(other, "name"), *status = document_text(other, "status");
                const char *kind = document_text(other, "kind");
                int64_t finish = document_time(other, "planned_finish_utc");
                bool any = !document_true(other, "ended") && kind != NULL && strcmp(kind, "afterany") == 0;
                char text[320], at[SCREEN_TIME_SIZE];

                snprintf(text, sizeof(text), "%lld %.128s, %.32s%s%s%s", (long long)document_int_or(other, "id", 0),
                         name != NULL ? name : "", status != NULL ? status : "not known", finish != 0 ? ", planned to end " : "",
                         finish != 0 ? screen_time(screen, finish, at) : "", any ? " (in whatever way it ends)" : "");
                line(screen, out, i == 0 ? "after" : "", text);
        }
}

static void show_ran(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(job, "currency");
        json_t *ran;
        size_t i;

        json_array_foreach(json_object_get(job, "ran"), i, ran) {
                char text[256], span[2 * SCREEN_TIME_SIZE], energy[TEXT_SIZE], cost[TEXT_SIZE];

                snprintf(text, sizeof(text), "%s  %s, %s",
                         screen_span(screen, document_time(ran, "start_utc"), document_time(ran, "end_utc"), span),
                         document_energy(ran, "energy_j", energy), document_money(ran, "cost_micro", currency, cost));
                line(screen, out, i == 0 ? "ran" : "", text);
        }
}

/* As a shell reads it back: in quotes where that takes some. */
static void show_word(const char *word, const struct screen *screen, FILE *out)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
        char *quoted, *to;

        if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
                screen_print(screen, out, word);
                return;
        }
        to = quoted = malloc(4 * strlen(word) + 3);
        if (quoted == NULL)
                return;
        *to++ = '\'';
        for (; *word != '\0'; word++)
                if (*word == '\'')
                        to = stpcpy(to, "'\\''");
                else
                        *to++ = *word;
        stpcpy(to, "'");
        screen_print(screen, out, quoted);
        free(quoted);
}

static void show_command(const json_t *job, const struct screen *screen, FILE *out)
{
        json_t *word;
        size_t i;

        fprintf(out, "  %-12s", "command");
        json_array_foreach(json_object_get(job, "command"), i, word) {
                if (i > 0)
                        putc(' ', out);
                show_word(json_string_value(word), screen, out);
        }
        putc('\n', out);
        line(screen, out, "in", document_text(job, "directory"));
        line(screen, out, "output", document_text(job, "stdout_path"));
        line(screen, out, "errors", document_text(job, "stderr_path"));
        line(screen, out, "checkpoints", document_text(job, "checkpoint_dir"));
}

int view_show(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *job = json_object_get(document, "job");
        char text[JOB_TEXT_SIZE], duration[WHEN_TEXT_SIZE];

        fprintf(out, "%lld  ", (long long)document_int_or(job, "id", 0));
        screen_print(screen, out, document_text(job, "name") != NULL ? document_text(job, "name") : "-");
        fprintf(out, "  %s  (class ", document_text(job, "status") != NULL ? document_text(job, "status") : "?");
        screen_print(screen, out, document_text(job, "class") != NULL ? document_text(job, "class") : "?");
        fputs(", user ", out);
        screen_print(screen, out, document_text(job, "user") != NULL ? document_text(job, "user") : "?");
        fputs(")\n", out);
        line(screen, out, "when", job_when(job, screen, text));
        line(screen, out, "because", job_reason(job, screen, text));
        line(screen, out, "pinned", job_pin(job, screen, text));
        show_failure(job, screen, out);
        show_pause(job, screen, out);
        show_waits(job, screen, out);
        line(screen, out, "GPU-hours", job_gpu_hours(job, screen, text));
        show_after(job, screen, out);
        line(screen, out, "deadline", job_deadline(job, screen, text));
        show_shape(job, screen, out);
        show_moves(job, screen, out);
        line(screen, out, "done", job_done(job, screen, text));
        line(screen, out, "takes", when_format_duration(document_int_or(job, "total_s", 0), duration));
        show_cost(job, screen, out);
        show_legs(json_object_get(job, "attempt"), screen, out);
        show_ran(job, screen, out);
        show_command(job, screen, out);
        return 0;
}

/* ---- the command */

const struct option_row show_rows[] = { COMMAND_OPTIONS };

int command_show(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_ask_job(run, argc, argv, view_show, err);
}
