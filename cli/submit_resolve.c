/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit_resolve.c - the second half of submit_options.h: what the options mean together.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/screen.h"
#include "cli/submit_options.h"
#include "cli/submit_widths.h"
#include "wire/utf8.h"

static int no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

bool submit_needs_clock(const struct submit_settings *settings)
{
        return settings->begin != NULL || settings->deadline != NULL;
}

/* ---- the gang's shape */

static int uneven(int64_t gpus, int64_t nodes, struct offpeak_error *err)
{
        int64_t below = gpus / nodes * nodes, above = below + nodes;

        if (below == 0)
                return fail(err, OFFPEAK_EINVAL,
                            "--gpus %lld -N %lld: every node of a gang has at least one GPU: ask for --gpus %lld, or "
                            "-N %lld",
                            (long long)gpus, (long long)nodes, (long long)above, (long long)gpus);
        return fail(err, OFFPEAK_EINVAL,
                    "--gpus %lld -N %lld: %lld GPUs cannot be shared evenly by %lld nodes: ask for --gpus %lld or "
                    "--gpus %lld",
                    (long long)gpus, (long long)nodes, (long long)gpus, (long long)nodes, (long long)below,
                    (long long)above);
}

/* --gpus on the command line takes the place of --gpus-per-node in the script, and the other way round. */
static void drop_overridden(struct submit_settings *settings)
{
        if (settings->gpus.source < settings->gpus_per_node.source)
                settings->gpus.source = 0;
        else if (settings->gpus_per_node.source < settings->gpus.source)
                settings->gpus_per_node.source = 0;
}

static int resolve_shape(struct submit_settings *settings, struct offpeak_error *err)
{
        int64_t nodes, per_node, gpus = settings->gpus.value;

        drop_overridden(settings);
        nodes = settings->nodes.source != 0 ? settings->nodes.value : 1;
        per_node = settings->gpus_per_node.source != 0 ? settings->gpus_per_node.value : 1;
        if (settings->gpus.source != 0 && settings->gpus_per_node.source != 0 && settings->nodes.source == 0) {
                if (gpus % per_node != 0)
                        return fail(err, OFFPEAK_EINVAL,
                                    "--gpus %lld --gpus-per-node %lld: does not come out even: ask for --gpus %lld",
                                    (long long)gpus, (long long)per_node,
                                    (long long)((gpus / per_node + 1) * per_node));
                nodes = gpus / per_node;
        } else if (settings->gpus.source != 0) {
                if (gpus % nodes != 0)
                        return uneven(gpus, nodes, err);
                if (settings->gpus_per_node.source != 0 && per_node != gpus / nodes)
                        return fail(err, OFFPEAK_EINVAL,
                                    "--gpus %lld contradicts -N %lld --gpus-per-node %lld, which are %lld: leave "
                                    "--gpus out",
                                    (long long)gpus, (long long)nodes, (long long)per_node,
                                    (long long)(nodes * per_node));
                per_node = gpus / nodes;
        }
        if (per_node > OFFPEAK_MAX_DEVICES)
                return fail(err, OFFPEAK_EINVAL,
                            "--gpus %lld: no node has more than %d GPUs: spread them, -N %lld --gpus %lld",
                            (long long)gpus, OFFPEAK_MAX_DEVICES, (long long)((gpus + 7) / 8),
                            (long long)((gpus + 7) / 8 * 8));
        if (nodes > OFFPEAK_MAX_NODES)
                return fail(err, OFFPEAK_EINVAL,
                            "%lld nodes are more than a gang can have (%d): ask for more GPUs per node",
                            (long long)nodes, OFFPEAK_MAX_NODES);
        settings->spec.nodes = (uint32_t)nodes;
        settings->spec.gpus_per_node = (uint32_t)per_node;
        return 0;
}

/* ---- times */

/* Local time: the zone's offset is that of the time meant, not of now (summer time may begin in between). */
int submit_resolve_time(const char *option, const char *text, int64_t now, int64_t *ret_time, struct offpeak_error *err)
{
        int32_t offset = screen_utc_offset(now);
        int64_t time;
        int r = when_parse(text, now, offset, &time, err);

        if (r == 0 && screen_utc_offset(time) != offset)
                r = when_parse(text, now, screen_utc_offset(time), &time, err);
        if (r != 0)
                return fail_at(err, "%s", option);
        *ret_time = time;
        return 0;
}

static int resolve_times(struct submit_settings *settings, int64_t now, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        char utc[WHEN_TEXT_SIZE], clock[WHEN_TEXT_SIZE];
        int r = 0;

        if (settings->begin != NULL)
                r = submit_resolve_time("--begin", settings->begin, now, &spec->begin, err);
        if (r == 0 && settings->deadline != NULL)
                r = submit_resolve_time("--deadline", settings->deadline, now, &spec->deadline, err);
        if (r != 0 || settings->deadline == NULL)
                return r;
        if (spec->deadline <= now)
                return fail(err, OFFPEAK_EINVAL,
                            "--deadline %s: has passed (it means %s, and now is %s): give a later one, like now+%lldm",
                            settings->deadline, when_format_utc(spec->deadline, utc), when_format_utc(now, clock),
                            (long long)(spec->time_s / 60 + 60));
        if (spec->deadline <= spec->begin)
                return fail(err, OFFPEAK_EINVAL, "--deadline %s: lies before --begin %s: swap them, or give one only",
                            settings->deadline, settings->begin);
        return 0;
}

/* ---- environment */

/* Put NAME=value into env, in the place of an earlier one of that name. The word is copied. */
static int put_env(struct offpeak_job_spec *spec, const char *word, struct offpeak_error *err)
{
        size_t name = strcspn(word, "=") + 1, i = 0;
        char *copy;

        if (!utf8_valid(word))
                return fail(err, OFFPEAK_EINVAL, "the variable %.*s is not UTF-8: unset it, or give --export NONE, or name "
                            "what the job needs: --export HOME,PATH", (int)(name - 1), word);
        copy = strdup(word);
        if (copy == NULL)
                return no_memory(err);
        while (i < spec->envc && strncmp(spec->env[i], word, name) != 0)
                i++;
        free(spec->env[i]); /* NULL behind the last */
        spec->env[i] = copy;
        if (i == spec->envc)
                spec->envc++;
        return 0;
}

/* NAME alone passes the submitter's variable on. */
static int put_named(struct offpeak_job_spec *spec, const struct submit_variable *variable, char *const *environ,
                     struct offpeak_error *err)
{
        const char *name = variable->word, *option = variable->exported ? "--export" : "--env";
        size_t length = strlen(name);

        for (; *environ != NULL; environ++)
                if (strncmp(*environ, name, length) == 0 && (*environ)[length] == '=')
                        return put_env(spec, *environ, err);
        return fail(err, OFFPEAK_EINVAL, "%s %s: is not set here: write %s %s=value, or leave it out", option, name,
                    option, name);
}

static int resolve_env(struct submit_settings *settings, char *const *environ, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        size_t n = settings->n_env;
        int r = 0;

        for (char *const *word = environ; *word != NULL; word++)
                n++;
        spec->env = calloc(n + 1, sizeof(char *));
        if (spec->env == NULL)
                return no_memory(err);
        for (char *const *word = environ; r == 0 && !settings->export_none && *word != NULL; word++)
                if (strchr(*word, '=') != NULL)
                        r = put_env(spec, *word, err);
        for (size_t i = 0; r == 0 && i < settings->n_env; i++)
                r = strchr(settings->env[i].word, '=') != NULL ? put_env(spec, settings->env[i].word, err)
                                                               : put_named(spec, &settings->env[i], environ, err);
        return r;
}

/* ---- the whole */

int submit_command(struct submit_settings *settings, char *const *first, int m, char *const *words, int n,
                   struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;

        settings->named_by = m > 0 ? (size_t)m - 1 : 0;
        spec->argv = calloc((size_t)(m + n) + 1, sizeof(char *));
        if (spec->argv == NULL)
                return no_memory(err);
        for (int i = 0; i < m + n; i++) {
                spec->argv[i] = strdup(i < m ? first[i] : words[i - m]);
                if (spec->argv[i] == NULL)
                        return no_memory(err);
                spec->argc++;
        }
        return 0;
}

static int default_text(char **text, const char *fallback, struct offpeak_error *err)
{
        if (*text == NULL)
                *text = strndup(fallback, OFFPEAK_MAX_NAME - 1);
        return *text != NULL ? 0 : no_memory(err);
}

static const char *last_part(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* A relative --chdir is meant from here. */
static int resolve_directory(struct offpeak_job_spec *spec, const char *directory, struct offpeak_error *err)
{
        char *joined;

        if (spec->directory != NULL && spec->directory[0] == '/')
                return 0;
        if (spec->directory == NULL)
                joined = strdup(directory);
        else if (asprintf(&joined, "%s/%s", directory, spec->directory) < 0)
                joined = NULL;
        if (joined == NULL)
                return no_memory(err);
        free(spec->directory);
        spec->directory = joined;
        return 0;
}

int submit_resolve(struct submit_settings *settings, int64_t now, const char *directory, char *const *environ,
                   struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        int r;

        if (spec->argc == 0)
                return fail(err, OFFPEAK_EUSAGE,
                            "no command: write it behind --, as in: "
                            "offpeak submit --gpus 8 -t 6h -- torchrun train.py");
        if (spec->argv[0][0] == '\0')
                return fail(err, OFFPEAK_EUSAGE, "the command is empty: is a variable unset that should name it?");
        if (spec->time_s == 0)
                return fail(err, OFFPEAK_EUSAGE,
                            "no -t: planning needs to know how long the job runs. Give a good guess, like -t 6h; "
                            "progress is measured");
        if (spec->strict_deadline && settings->deadline == NULL)
                return fail(err, OFFPEAK_EUSAGE, "--strict-deadline needs a --deadline to be strict about");
        r = resolve_shape(settings, err);
        if (r == 0)
                r = submit_widths(settings, err);
        if (r == 0)
                r = resolve_times(settings, now, err);
        if (r == 0)
                r = resolve_env(settings, environ, err);
        if (r == 0)
                r = resolve_directory(spec, directory, err);
        if (r == 0)
                r = default_text(&spec->name, last_part(spec->argv[settings->named_by]), err);
        return r;
}
