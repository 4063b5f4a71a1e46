/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/submit_options.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/screen.h"
#include "cli/script.h"

enum {
        OPT_GPUS = 1,
        OPT_NODES,
        OPT_GPUS_PER_NODE,
        OPT_SWITCHES,
        OPT_EXCLUSIVE,
        OPT_CONSTRAINT,
        OPT_LAUNCHER,
        OPT_TIME,
        OPT_DEADLINE,
        OPT_STRICT_DEADLINE,
        OPT_BEGIN,
        OPT_DEPENDENCY,
        OPT_NAME,
        OPT_CLASS,
        OPT_SITE,
        OPT_OUTPUT,
        OPT_ERROR,
        OPT_CHDIR,
        OPT_CHECKPOINT_DIR,
        OPT_ENV,
        OPT_EXPORT,
        OPT_SIGNAL,
        OPT_INTERRUPTIBLE,
        OPT_POWER,
        OPT_HOLD,
        OPT_PARSABLE,
};

const struct option_row submit_rows[] = {
        { OPT_GPUS, 'G', "gpus", "[LEAST-]N",
          "GPUs of the whole job; without -N all on one node (1). With LEAST the plan may narrow it" },
        { OPT_NODES, 'N', "nodes", "N", "nodes of the gang (1)" },
        { OPT_GPUS_PER_NODE, 0, "gpus-per-node", "N", "GPUs on each node" },
        { OPT_SWITCHES, 0, "switches", "N", "nodes of a gang on at most N switches" },
        { OPT_EXCLUSIVE, 0, "exclusive", NULL, "no other job on its nodes" },
        { OPT_CONSTRAINT, 'C', "constraint", "LIST", "nodes with all of these features: a100,ib; repeatable" },
        { OPT_LAUNCHER, 0, "launcher", "node|gpu|head",
          "begin one process on each node, for each GPU, or on the first node only (node)" },
        { OPT_TIME, 't', "time", "TIME", "how long it runs, uninterrupted: 6h, 90m, 1-12:00 (required)" },
        { OPT_DEADLINE, 0, "deadline", "WHEN", "finished by: 08:00, tomorrow, now+12h, 2026-11-22T08:00" },
        { OPT_STRICT_DEADLINE, 0, "strict-deadline", NULL, "refuse the job if no plan meets its deadline" },
        { OPT_BEGIN, 'b', "begin", "WHEN", "do not start before" },
        { OPT_DEPENDENCY, 'd', "dependency", "LIST", "start after others: afterok:ID[:ID...], afterany:ID[:ID...]" },
        { OPT_NAME, 'J', "job-name", "NAME", "name to show (that of the script or command)" },
        { OPT_CLASS, 0, "class", "NAME", "policy class (default)" },
        { OPT_SITE, 0, "site", "NAME", "run there only (any that the class allows)" },
        { OPT_OUTPUT, 'o', "output", "PATH", "standard output; %j job, %a attempt, %n node, %r rank (offpeak-%j.out)" },
        { OPT_ERROR, 'e', "error", "PATH", "standard error (with the output)" },
        { OPT_CHDIR, 'D', "chdir", "PATH", "working directory (this one)" },
        { OPT_CHECKPOINT_DIR, 0, "checkpoint-dir", "PATH", "where the job keeps its checkpoints" },
        { OPT_ENV, 0, "env", "NAME[=V]", "set or pass on a variable; repeatable" },
        { OPT_EXPORT, 0, "export", "LIST", "ALL (as if not given), NONE, or NAME[=V],... beside nothing else" },
        { OPT_SIGNAL, 0, "signal", "SIG[@S]", "stop with this signal, S seconds before SIGKILL (TERM)" },
        { OPT_INTERRUPTIBLE, 0, "interruptible", "yes|no", "may be paused and resumed from its checkpoint (class)" },
        { OPT_POWER, 0, "power", "WATTS", "its draw above idle, for plans only: 4.2kW; the books are metered" },
        { OPT_HOLD, 'H', "hold", NULL, "submit held; `offpeak release` lets it go" },
        { OPT_PARSABLE, 0, "parsable", NULL, "print the job's number and nothing else" },
        COMMAND_OPTIONS,
};

void submit_settings_init(struct submit_settings *settings)
{
        memset(settings, 0, sizeof(*settings));
        settings->source = SUBMIT_LINE;
        offpeak_job_spec_init(&settings->spec);
}

void submit_settings_finish(struct submit_settings *settings)
{
        offpeak_job_spec_finish(&settings->spec);
        free(settings->begin);
        free(settings->deadline);
        for (size_t i = 0; i < settings->n_env; i++)
                free(settings->env[i].word);
        free(settings->env);
        memset(settings, 0, sizeof(*settings));
}

static int no_memory(struct offpeak_error *err)
{
        return fail(err, OFFPEAK_ENOMEM, "out of memory");
}

/* ---- values */

static int take_text(const struct option_found *found, size_t longest, char **ret_text, struct offpeak_error *err)
{
        char *copy;

        if (*found->value == '\0')
                return fail(err, OFFPEAK_EINVAL, "%s: the value is empty: give one, or leave the option out",
                            found->name);
        if (strlen(found->value) >= longest)
                return fail(err, OFFPEAK_EINVAL, "%s: %.20s... is too long: at most %zu bytes", found->name,
                            found->value, longest - 1);
        copy = strdup(found->value);
        if (copy == NULL)
                return no_memory(err);
        free(*ret_text);
        *ret_text = copy;
        return 0;
}

static int take_count(const struct option_found *found, int64_t most, int64_t *ret_count, struct offpeak_error *err)
{
        char *end;
        long long count;

        errno = 0;
        count = strtoll(found->value, &end, 10);
        if (end != found->value && *end == '-')
                return fail(err, OFFPEAK_EINVAL, "%s %s: a range is not supported: give one number", found->name,
                            found->value);
        if (end == found->value || *end != '\0')
                return fail(err, OFFPEAK_EINVAL, "%s %s: is not a whole number: write %s 8, say", found->name,
                            found->value, found->name);
        if (count < 1 || count > most || errno != 0)
                return fail(err, OFFPEAK_EINVAL, "%s %s: must be from 1 to %lld", found->name, found->value,
                            (long long)most);
        *ret_count = count;
        return 0;
}

static int take_number(const struct submit_settings *settings, const struct option_found *found, int64_t most,
                       struct submit_number *ret_number, struct offpeak_error *err)
{
        int r = take_count(found, most, &ret_number->value, err);

        if (r == 0)
                ret_number->source = settings->source;
        return r;
}

/* 32, or 4-32. */
static int take_gpus(struct submit_settings *settings, const struct option_found *found, int64_t most,
                     struct offpeak_error *err)
{
        const char *dash = strchr(found->value, '-');
        struct option_found widest = *found, least = *found;
        char text[32] = "";
        int code;

        settings->least_gpus = 0;
        if (dash == NULL || dash == found->value || (size_t)(dash - found->value) >= sizeof(text))
                return take_number(settings, found, most, &settings->gpus, err);
        memcpy(text, found->value, (size_t)(dash - found->value));
        least.value = text;
        widest.value = dash + 1;
        code = take_count(&least, most, &settings->least_gpus, err);
        if (code == 0)
                code = take_number(settings, &widest, most, &settings->gpus, err);
        if (code == 0 && settings->least_gpus > settings->gpus.value)
                return fail(err, OFFPEAK_EINVAL, "%s %s: the smaller number comes first: write %s %lld-%lld",
                            found->name, found->value, found->name, (long long)settings->gpus.value,
                            (long long)settings->least_gpus);
        if (settings->least_gpus == settings->gpus.value)
                settings->least_gpus = 0;
        return code;
}

static int take_duration(const struct option_found *found, int64_t *ret_seconds, struct offpeak_error *err)
{
        int64_t seconds;

        if (when_parse_duration(found->value, &seconds, err) != 0)
                return fail_at(err, "%s", found->name);
        if (seconds == 0)
                return fail(err, OFFPEAK_EINVAL, "%s %s: a job takes some time: write %s 90m or 6h, say", found->name,
                            found->value, found->name);
        *ret_seconds = seconds;
        return 0;
}

static int take_power(const struct option_found *found, int64_t *ret_watts, struct offpeak_error *err)
{
        static const struct {
                const char *unit;
                int scale;
        } units[] = { { "MW", 6 }, { "kW", 3 }, { "W", 0 }, { "", 0 } };
        size_t length = strlen(found->value);
        int64_t watts;

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                size_t unit = strlen(units[i].unit);

                if (length <= unit || strcmp(found->value + length - unit, units[i].unit) != 0)
                        continue;
                if (text_parse_decimal(found->value, length - unit, units[i].scale, &watts) == 0 && watts > 0) {
                        *ret_watts = watts;
                        return 0;
                }
                break;
        }
        return fail(err, OFFPEAK_EINVAL, "%s %s: is no power above 0: write %s 4200 (watts), or 4.2kW", found->name,
                    found->value, found->name);
}

static int signal_number(const char *name, size_t length)
{
        char text[16], *end;
        long number;

        if (length >= sizeof(text))
                return 0;
        memcpy(text, name, length);
        text[length] = '\0';
        number = strtol(text, &end, 10);
        if (end != text && *end == '\0')
                return number > 0 && number < NSIG ? (int)number : 0;
        for (int i = 1; i < NSIG; i++) {
                const char *known = sigabbrev_np(i);

                if (known != NULL && strcasecmp(known, strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text) == 0)
                        return i;
        }
        return 0;
}

/* SIG[@SECONDS]; Slurm's `B:` before it (signal the script only) is the only way that there is here. */
static int take_signal(const struct option_found *found, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        const char *name = strncmp(found->value, "B:", 2) == 0 ? found->value + 2 : found->value;
        size_t length = strcspn(name, "@");
        int number = signal_number(name, length);
        int64_t lead = 0;
        char *end;

        if (number == 0)
                return fail(err, OFFPEAK_EINVAL, "%s %s: no such signal: write USR1@120, TERM, or a number",
                            found->name, found->value);
        if (number == SIGKILL || number == SIGSTOP)
                return fail(err, OFFPEAK_EINVAL, "%s %s: a job cannot catch it to save its state: take TERM or USR1",
                            found->name, found->value);
        if (name[length] == '@') {
                errno = 0;
                lead = strtoll(name + length + 1, &end, 10);
                if (errno != 0 || end == name + length + 1 || *end != '\0' || lead < 1 || lead > 86400)
                        return fail(err, OFFPEAK_EINVAL, "%s %s: behind @ stand seconds, from 1 to 86400: USR1@120",
                                    found->name, found->value);
        }
        spec->signal = number;
        spec->signal_lead_s = lead;
        return 0;
}

static int take_choice(const struct option_found *found, enum offpeak_choice *ret_choice, struct offpeak_error *err)
{
        if (strcmp(found->value, "yes") == 0 || strcmp(found->value, "true") == 0)
                *ret_choice = OFFPEAK_YES;
        else if (strcmp(found->value, "no") == 0 || strcmp(found->value, "false") == 0)
                *ret_choice = OFFPEAK_NO;
        else
                return fail(err, OFFPEAK_EINVAL, "%s %s: is neither yes nor no", found->name, found->value);
        return 0;
}

static int take_launcher(const struct option_found *found, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        static const char *const names[] = {
                [OFFPEAK_LAUNCHER_NODE] = "node", [OFFPEAK_LAUNCHER_GPU] = "gpu", [OFFPEAK_LAUNCHER_HEAD] = "head"
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(found->value, names[i]) == 0) {
                        spec->launcher = (enum offpeak_launcher)i;
                        return 0;
                }
        return fail(
                err, OFFPEAK_EINVAL,
                "%s %s: is no launcher: node begins one process on each node (torchrun), gpu one for each GPU, head "
                "one on the first node (mpirun, deepspeed)",
                found->name, found->value);
}

/* ---- dependencies */

static int take_id(struct offpeak_job_spec *spec, bool ok, uint64_t id, struct offpeak_error *err)
{
        uint64_t **ids = ok ? &spec->after_ok : &spec->after_any;
        size_t *n = ok ? &spec->n_after_ok : &spec->n_after_any;
        uint64_t *longer = realloc(*ids, (*n + 1) * sizeof(*longer));

        if (longer == NULL)
                return no_memory(err);
        *ids = longer;
        longer[(*n)++] = id;
        return 0;
}

/* `:41:42` behind a kind; *at is left behind it. */
static int take_ids(const struct option_found *found, struct offpeak_job_spec *spec, bool ok, const char **at,
                    struct offpeak_error *err)
{
        do {
                const char *digits = *at + 1;
                unsigned long long id;
                char *end;
                int r;

                errno = 0;
                id = strtoull(digits, &end, 10);
                if (errno != 0 || id == 0 || *digits < '0' || *digits > '9' || (*end != ':' && *end != ',' && *end != '\0'))
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s %s: \"%.*s\" is no job's number: write afterok:41, or afterok:41:42", found->name,
                                    found->value, (int)strcspn(digits, ":,"), digits);
                r = take_id(spec, ok, id, err);
                if (r != 0)
                        return r;
                *at = end;
        } while (**at == ':');
        return 0;
}

static int wrong_kind(const struct option_found *found, const char *at, struct offpeak_error *err)
{
        size_t length = strcspn(at, ":,");

        if ((length == 7 && strncmp(at, "afterok", 7) == 0) || (length == 8 && strncmp(at, "afterany", 8) == 0))
                return fail(err, OFFPEAK_EINVAL, "%s %s: %.*s names no job: write %.*s:41, say", found->name, found->value,
                            (int)length, at, (int)length, at);
        return fail(err, OFFPEAK_EINVAL,
                    "%s %s: there is no \"%.*s\": afterok:ID waits for a good end, afterany:ID for any end", found->name,
                    found->value, (int)length, at);
}

/* Given more than once it adds up. */
static int take_dependency(struct submit_settings *settings, const struct option_found *found, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        const char *at = found->value;
        int r = 0;

        if (settings->after_source != settings->source)
                spec->n_after_ok = spec->n_after_any = 0;
        settings->after_source = settings->source;
        for (;; at++) {
                bool ok = strncmp(at, "afterok:", 8) == 0;

                if (!ok && strncmp(at, "afterany:", 9) != 0)
                        return wrong_kind(found, at, err);
                at += ok ? 7 : 8;
                r = take_ids(found, spec, ok, &at, err);
                if (r != 0 || *at == '\0')
                        return r;
        }
}

/* ---- what nodes must be */

static int take_switches(const struct option_found *found, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        int64_t switches = 0;
        int r = take_count(found, OFFPEAK_MAX_NODES, &switches, err);

        if (r == 0)
                spec->switches = (uint32_t)switches;
        return r;
}

static void drop_features(struct offpeak_job_spec *spec)
{
        for (size_t i = 0; i < spec->n_features; i++)
                free(spec->features[i]);
        free(spec->features);
        spec->features = NULL;
        spec->n_features = 0;
}

/* One that is there already is not added. */
static int add_feature(struct offpeak_job_spec *spec, const char *word, size_t length, struct offpeak_error *err)
{
        char **longer;

        for (size_t i = 0; i < spec->n_features; i++)
                if (strlen(spec->features[i]) == length && strncmp(spec->features[i], word, length) == 0)
                        return 0;
        longer = realloc(spec->features, (spec->n_features + 2) * sizeof(*longer));
        if (longer == NULL)
                return no_memory(err);
        spec->features = longer;
        longer[spec->n_features] = strndup(word, length);
        longer[spec->n_features + 1] = NULL;
        if (longer[spec->n_features] == NULL)
                return no_memory(err);
        spec->n_features++;
        return 0;
}

/* Given more than once it adds up; on the line it takes the place of the script's. */
static int take_constraint(struct submit_settings *settings, const struct option_found *found,
                           struct offpeak_error *err)
{
        static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";
        struct offpeak_job_spec *spec = &settings->spec;
        const char *at = found->value;
        int r = 0;

        if (settings->features_source != settings->source)
                drop_features(spec);
        settings->features_source = settings->source;
        for (; r == 0; at++) {
                size_t length = strspn(at, fit);

                if (length == 0 || length >= OFFPEAK_MAX_NAME || (at[length] != ',' && at[length] != '\0'))
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s %s: write words with a comma between them, and nodes must have all of them: "
                                    "a100,ib",
                                    found->name, found->value);
                if (spec->n_features == OFFPEAK_MAX_FEATURES)
                        return fail(err, OFFPEAK_EINVAL, "%s: at most %d features can be asked for", found->name,
                                    OFFPEAK_MAX_FEATURES);
                r = add_feature(spec, at, length, err);
                at += length;
                if (*at == '\0')
                        return r;
        }
        return r;
}

/* ---- environment */

static int add_env(struct submit_settings *settings, const char *word, size_t length, const struct option_found *found,
                   struct offpeak_error *err)
{
        struct submit_variable *env;

        if (length == 0 || *word == '=')
                return fail(err, OFFPEAK_EINVAL, "%s %s: a variable has a name: write NAME=value", found->name,
                            found->value);
        env = realloc(settings->env, (settings->n_env + 1) * sizeof(*env));
        if (env == NULL)
                return no_memory(err);
        settings->env = env;
        env[settings->n_env] = (struct submit_variable){ strndup(word, length), found->id == OPT_EXPORT };
        if (env[settings->n_env].word == NULL)
                return no_memory(err);
        settings->n_env++;
        return 0;
}

/* ALL, NONE, or a list; as with sbatch a list without ALL passes on nothing else. */
static int take_export(struct submit_settings *settings, const struct option_found *found, struct offpeak_error *err)
{
        const char *at = found->value;
        bool all = false;

        for (;;) {
                size_t length = strcspn(at, ",");
                int r = 0;

                if (length == 3 && strncmp(at, "ALL", 3) == 0)
                        all = true;
                else if (length != 4 || strncmp(at, "NONE", 4) != 0)
                        r = add_env(settings, at, length, found, err);
                if (r != 0)
                        return r;
                if (at[length] == '\0')
                        break;
                at += length + 1;
        }
        settings->export_none = !all;
        return 0;
}

/* ---- one option */

/* A file for output. Letters that stand for nothing, Slurm's %x or %N, would be part of its name. */
static int take_pattern(const struct option_found *found, char **text, struct offpeak_error *err)
{
        for (const char *at = strchr(found->value, '%'); at != NULL; at = strchr(at + (at[1] == '%' ? 2 : 1), '%'))
                if (isalpha((unsigned char)at[1]) && strchr("janr", at[1]) == NULL)
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s %s: %%%c stands for nothing: there are %%j (job), %%a (attempt), %%n (rank of the node) "
                                    "and %%r (of the process); write %%%% for a %%",
                                    found->name, found->value, at[1]);
        return take_text(found, OFFPEAK_MAX_PATH, text, err);
}

static int take_place(struct submit_settings *settings, const struct option_found *found, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;

        switch (found->id) {
        case OPT_NAME:
                return take_text(found, OFFPEAK_MAX_NAME, &spec->name, err);
        case OPT_CLASS:
                return take_text(found, OFFPEAK_MAX_NAME, &spec->class_name, err);
        case OPT_SITE:
                return take_text(found, OFFPEAK_MAX_NAME, &spec->site, err);
        case OPT_OUTPUT:
                return take_pattern(found, &spec->stdout_path, err);
        case OPT_ERROR:
                return take_pattern(found, &spec->stderr_path, err);
        case OPT_CHDIR:
                return take_text(found, OFFPEAK_MAX_PATH, &spec->directory, err);
        case OPT_CHECKPOINT_DIR:
                return take_text(found, OFFPEAK_MAX_PATH, &spec->checkpoint_dir, err);
        default:
                return fail(err, OFFPEAK_EINTERNAL, "%s is in no table", found->name);
        }
}

int submit_take(struct submit_settings *settings, const struct option_found *found, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        const int64_t most_gpus = (int64_t)OFFPEAK_MAX_NODES * OFFPEAK_MAX_DEVICES;

        switch (found->id) {
        case OPT_GPUS:
                return take_gpus(settings, found, most_gpus, err);
        case OPT_NODES:
                return take_number(settings, found, OFFPEAK_MAX_NODES, &settings->nodes, err);
        case OPT_GPUS_PER_NODE:
                return take_number(settings, found, OFFPEAK_MAX_DEVICES, &settings->gpus_per_node, err);
        case OPT_EXCLUSIVE:
                spec->exclusive = true;
                return 0;
        case OPT_SWITCHES:
                return take_switches(found, spec, err);
        case OPT_CONSTRAINT:
                return take_constraint(settings, found, err);
        case OPT_LAUNCHER:
                return take_launcher(found, spec, err);
        case OPT_TIME:
                return take_duration(found, &spec->time_s, err);
        case OPT_DEADLINE:
                return take_text(found, OFFPEAK_MAX_NAME, &settings->deadline, err);
        case OPT_BEGIN:
                return take_text(found, OFFPEAK_MAX_NAME, &settings->begin, err);
        case OPT_DEPENDENCY:
                return take_dependency(settings, found, err);
        case OPT_STRICT_DEADLINE:
                spec->strict_deadline = true;
                return 0;
        case OPT_ENV:
                return add_env(settings, found->value, strlen(found->value), found, err);
        case OPT_EXPORT:
                return take_export(settings, found, err);
        case OPT_SIGNAL:
                return take_signal(found, spec, err);
        case OPT_INTERRUPTIBLE:
                return take_choice(found, &spec->interruptible, err);
        case OPT_POWER:
                return take_power(found, &spec->power_w, err);
        case OPT_HOLD:
                spec->hold = true;
                return 0;
        case OPT_PARSABLE:
                settings->parsable = true;
                return 0;
        default:
                return take_place(settings, found, err);
        }
}

static int take_script_line(struct submit_settings *settings, const struct script_line *line, struct offpeak_error *err)
{
        struct option_walk walk;
        struct option_found found;
        int r;

        option_walk_init(&walk, submit_rows, line->argc, line->argv);
        for (;;) {
                r = option_next(&walk, &found, err);
                if (r != 0 || found.id == OPTION_END)
                        return r;
                if (found.id == OPTION_OPERAND || walk.after_dashes)
                        return fail(err, OFFPEAK_EINVAL, "\"%s\" is no option: #OFFPEAK lines hold options only",
                                    found.value);
                if (found.id >= OPTION_JSON || found.id == OPT_PARSABLE)
                        return fail(err, OFFPEAK_EINVAL, "%s belongs on the command line, not in a script", found.name);
                r = submit_take(settings, &found, err);
                if (r != 0)
                        return r;
        }
}

int submit_take_script(struct submit_settings *settings, const char *path, const struct script *script,
                       struct offpeak_error *err)
{
        settings->source = SUBMIT_SCRIPT;
        for (size_t i = 0; i < script->n_lines; i++)
                if (take_script_line(settings, &script->lines[i], err) != 0)
                        return fail_at(err, "%s:%u", path, script->lines[i].number);
        settings->source = SUBMIT_LINE;
        return 0;
}
