/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"

enum { MAX_ROWS = 64 };

/* Options of other schedulers that people's fingers know, and what to write here. */
static const struct {
        const char *name;
        const char *remedy;
} foreign[] = {
        { "partition", "choose a class with --class or a site with --site" },
        { "account", "choose a class with --class" },
        { "qos", "choose a class with --class" },
        { "ntasks", "give -N and --gpus-per-node; --launcher says whether a process begins for each node or each GPU" },
        { "ntasks-per-node", "--launcher says whether a process begins for each node or each GPU" },
        { "nodelist", "name what the nodes must have with --constraint" },
        { "exclude", "name what the nodes must have with --constraint, or drain the nodes" },
        { "nice", "what waits for whom follows from deadlines and classes: give --deadline or --class" },
        { "priority", "what waits for whom follows from deadlines and classes: give --deadline or --class" },
        { "gres", "give --gpus or --gpus-per-node" },
        { "cpus-per-task", "a job gets the CPUs beside its GPUs: leave it out" },
        { "mem", "a job gets the memory of its nodes' share: leave it out" },
        { "array", "submit one job per task, in a loop of the shell" },
        { "wrap", "write the command behind --" },
        { "requeue", "jobs are resumed by themselves; see --interruptible" },
};

void option_walk_init(struct option_walk *walk, const struct option_row *rows, int argc, char **argv)
{
        *walk = (struct option_walk){ .rows = rows, .argc = argc, .argv = argv };
}

static const struct option_row *find_name(const struct option_row *rows, const char *name, size_t length)
{
        for (; rows->id != 0; rows++)
                if (strlen(rows->name) == length && memcmp(rows->name, name, length) == 0)
                        return rows;
        return NULL;
}

static const struct option_row *find_letter(const struct option_row *rows, char letter)
{
        for (; rows->id != 0; rows++)
                if (rows->letter == letter)
                        return rows;
        return NULL;
}

static int unknown_name(const struct option_row *rows, const char *word, size_t length, struct offpeak_error *err)
{
        const char *names[MAX_ROWS];
        size_t n = 0;
        char name[64];
        const char *nearest;

        snprintf(name, sizeof(name), "%.*s", (int)length, word);
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
                if (strcmp(foreign[i].name, name) == 0)
                        return fail(err, OFFPEAK_EUSAGE, "unknown option --%s: %s", name, foreign[i].remedy);
        for (; rows->id != 0 && n < MAX_ROWS; rows++)
                names[n++] = rows->name;
        nearest = text_nearest(name, names, n);
        if (nearest != NULL)
                return fail(err, OFFPEAK_EUSAGE, "unknown option --%s (did you mean --%s?)", name, nearest);
        return fail(err, OFFPEAK_EUSAGE, "unknown option --%s: --help lists those that exist", name);
}

static int take_value(struct option_walk *walk, const struct option_row *row, struct option_found *found,
                      struct offpeak_error *err)
{
        if (walk->at >= walk->argc)
                return fail(err, OFFPEAK_EUSAGE, "%s needs a value: %s %s", found->name, found->name, row->argument);
        found->value = walk->argv[walk->at++];
        return 0;
}

static int next_long(struct option_walk *walk, struct option_found *found, struct offpeak_error *err)
{
        const char *word = walk->argv[walk->at++] + 2;
        size_t length = strcspn(word, "=");
        const struct option_row *row = find_name(walk->rows, word, length);

        if (row == NULL)
                return unknown_name(walk->rows, word, length, err);
        found->id = row->id;
        snprintf(found->name, sizeof(found->name), "--%s", row->name);
        if (word[length] == '=') {
                if (row->argument == NULL)
                        return fail(err, OFFPEAK_EUSAGE, "--%s takes no value: write --%s alone", row->name, row->name);
                found->value = word + length + 1;
                return 0;
        }
        return row->argument != NULL ? take_value(walk, row, found, err) : 0;
}

static int next_letter(struct option_walk *walk, struct option_found *found, struct offpeak_error *err)
{
        char letter = *walk->cluster++;
        const struct option_row *row = find_letter(walk->rows, letter);

        if (row == NULL)
                return fail(err, OFFPEAK_EUSAGE, "unknown option -%c: %s", letter,
                            letter >= '0' && letter <= '9' ? "if it is a number, write -- before it, and options before that" :
                                                             "--help lists those that exist");
        found->id = row->id;
        snprintf(found->name, sizeof(found->name), "-%c", letter);
        if (row->argument == NULL) {
                if (*walk->cluster == '\0')
                        walk->cluster = NULL;
                return 0;
        }
        if (*walk->cluster != '\0') {
                found->value = walk->cluster + (*walk->cluster == '=');
                walk->cluster = NULL;
                return 0;
        }
        walk->cluster = NULL;
        return take_value(walk, row, found, err);
}

int option_next(struct option_walk *walk, struct option_found *ret_found, struct offpeak_error *err)
{
        struct option_found found = { .id = OPTION_END };
        const char *word;
        int r = 0;

        if (walk->cluster == NULL && !walk->after_dashes && walk->at < walk->argc &&
            strcmp(walk->argv[walk->at], "--") == 0) {
                walk->after_dashes = true;
                walk->at++;
        }
        if (walk->cluster == NULL && walk->at >= walk->argc) {
                *ret_found = found;
                return 0;
        }
        word = walk->cluster == NULL ? walk->argv[walk->at] : NULL;
        if (word == NULL) {
                r = next_letter(walk, &found, err);
        } else if (walk->after_dashes || word[0] != '-' || word[1] == '\0') {
                found.id = OPTION_OPERAND;
                found.value = word;
                walk->at++;
        } else if (word[1] == '-') {
                r = next_long(walk, &found, err);
        } else {
                walk->at++;
                walk->cluster = word + 1;
                r = next_letter(walk, &found, err);
        }
        if (r == 0)
                *ret_found = found;
        return r;
}

void option_help(const struct option_row *rows, FILE *out)
{
        for (; rows->id != 0; rows++) {
                char left[64];

                if (rows->help == NULL)
                        continue;
                snprintf(left, sizeof(left), "%s%c%s--%s%s%s", rows->letter != 0 ? "-" : " ",
                         rows->letter != 0 ? rows->letter : ' ', rows->letter != 0 ? ", " : "  ", rows->name,
                         rows->argument != NULL ? " " : "", rows->argument != NULL ? rows->argument : "");
                fprintf(out, "  %-30s %s\n", left, rows->help);
        }
}
