/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs.c - `offpeak logs`: a job's output. The file is read here, so it must be visible here: on a shared file system,
 * or on the node itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"

enum { OPT_FOLLOW = 1, OPT_ERROR, OPT_RANK };

enum { LOOK_MS = 500, ASK_EVERY = 4 };

const struct option_row logs_rows[] = {
        { OPT_FOLLOW, 'f', "follow", NULL, "go on until the job ends" },
        { OPT_ERROR, 'e', "error", NULL, "its standard error" },
        { OPT_RANK, 'r', "rank", "N", "of that rank of the gang (0)" },
        COMMAND_OPTIONS,
};

struct settings {
        bool follow, error;
        uint32_t rank;
};

static int take_rank(const struct option_found *found, uint32_t *ret_rank, struct offpeak_error *err)
{
        char *end;
        unsigned long rank;

        errno = 0;
        rank = strtoul(found->value, &end, 10);
        if (found->value[0] < '0' || found->value[0] > '9' || *end != '\0' || errno != 0 || rank > INT32_MAX)
                return fail(err, OFFPEAK_EUSAGE, "%s: \"%.32s\" is no rank: write a number from 0", found->name, found->value);
        *ret_rank = (uint32_t)rank;
        return 0;
}

static int take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct settings *settings = context;

        if (found->id == OPT_RANK)
                return take_rank(found, &settings->rank, err);
        if (found->id == OPT_FOLLOW)
                settings->follow = true;
        else
                settings->error = true;
        return 0;
}

/* ---- what the scheduler knows of the output */

struct output {
        char path[4352];
        char node[256];     /* of the rank; "" before the first start */
        char why[256];      /* the job failed for this, told by its node; "" */
        bool started, over;
};

static void read_output(const json_t *job, bool error, struct output *output)
{
        const char *path = error ? document_text(job, "stderr_path") : NULL;
        const char *node = document_text(job, "rank_node"), *state = document_text(job, "state");
        const char *why = document_text(json_object_get(job, "failure"), "why");

        if (path == NULL) /* errors go with the output unless they have a file of their own */
                path = document_text(job, "stdout_path");
        snprintf(output->path, sizeof(output->path), "%s", path != NULL ? path : "");
        snprintf(output->node, sizeof(output->node), "%s", node != NULL ? node : "");
        snprintf(output->why, sizeof(output->why), "%s", why != NULL ? why : "");
        output->started = document_int_or(job, "attempts", 0) > 0;
        output->over = state == NULL || (strcmp(state, "queued") != 0 && strcmp(state, "active") != 0);
}

static int ask_output(struct offpeak_client *client, uint64_t job, const struct settings *settings,
                      struct output *ret_output, struct offpeak_error *err)
{
        json_t *document;
        json_t *arguments = json_pack("{s:I}", "job", (json_int_t)job);
        int r;

        if (settings->rank > 0) /* which schedulers of before do not know */
                json_object_set_new(arguments, "rank", json_integer(settings->rank));
        r = command_ask(client, "job", arguments, &document, err);

        if (r != 0)
                return r;
        read_output(json_object_get(document, "job"), settings->error, ret_output);
        json_decref(document);
        return 0;
}

/* ---- the file */

/* A node takes off the older part of an output that grew too large: what is left is read from its start. */
static void start_over_if_cut(int file)
{
        const off_t at = lseek(file, 0, SEEK_CUR);
        struct stat st;

        if (at > 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode) && at > st.st_size)
                lseek(file, 0, SEEK_SET);
}

static int copy_rest(int file, const char *path, FILE *out, struct offpeak_error *err)
{
        char buffer[16384];
        ssize_t n;

        start_over_if_cut(file);
        while ((n = read(file, buffer, sizeof(buffer))) > 0)
                if (fwrite(buffer, 1, (size_t)n, out) != (size_t)n)
                        return fail(err, OFFPEAK_EIO, "writing the output failed: %s", strerror(errno));
        fflush(out);
        return n == 0 ? 0 : fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
}

static int not_visible(const struct output *output, uint64_t job, struct offpeak_error *err)
{
        if (!output->started)
                return fail(err, OFFPEAK_ETRYAGAIN,
                            "job %llu has not started yet: it will write to %s (`offpeak logs -f` waits)",
                            (unsigned long long)job, output->path);
        if (output->over && output->why[0] != '\0')
                return fail(err, OFFPEAK_ENOTFOUND,
                            "%s is not visible on this host. The job failed on node %s, perhaps before it wrote anything: %s",
                            output->path, output->node, output->why);
        return fail(err, OFFPEAK_ENOTFOUND,
                    "%s is not visible on this host: it lies on node %s. Look there, or let the job write to a file "
                    "system that both share (--output)",
                    output->path, output->node);
}

static void nap(void)
{
        struct timespec time = { .tv_nsec = LOOK_MS * 1000000L };

        nanosleep(&time, NULL);
}

/* -1: it is not there, or may not be read. A pipe is not even opened: that alone would let the job's own open of it return. */
static int open_file(const char *path, int *ret_code, struct offpeak_error *err)
{
        struct stat st;

        if (stat(path, &st) != 0)
                return -1;
        if (S_ISREG(st.st_mode))
                return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        *ret_code = fail(err, OFFPEAK_EINVAL, "%s is no file but a pipe, a device or a folder: there is no output to be shown", path);
        return -1;
}

/* One file to its present end, then on while the job lives; another attempt may write to another file (%a). */
static int follow(struct command_run *run, struct offpeak_client *client, uint64_t job, const struct settings *settings,
                  struct offpeak_error *err)
{
        struct output output = { 0 };
        char shown[sizeof(output.path)] = "";
        int file = -1, r = 0;

        for (unsigned turn = 0; r == 0; turn++) {
                bool over = output.over;

                if (turn % ASK_EVERY == 0)
                        r = ask_output(client, job, settings, &output, err);
                if (r == 0 && (file < 0 || strcmp(shown, output.path) != 0)) {
                        int next = open_file(output.path, &r, err);

                        if (r != 0)
                                break;
                        if (next < 0 && (!settings->follow || output.over)) {
                                r = file < 0 ? not_visible(&output, job, err) : 0;
                                break;
                        }
                        if (next >= 0) {
                                if (file >= 0)
                                        close(file);
                                file = next;
                                snprintf(shown, sizeof(shown), "%s", output.path);
                        }
                }
                if (r == 0 && file >= 0)
                        r = copy_rest(file, shown, run->out, err);
                if (!settings->follow || over) /* once more after its end: the last lines */
                        break;
                nap();
        }
        if (file >= 0)
                close(file);
        return r;
}

int command_logs(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct settings settings = { 0 };
        struct offpeak_client *client;
        uint64_t job;
        int r = command_parse(run, argc, argv, take, &settings, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a job number", err);
        if (r == 0)
                r = command_job(run->operands[0], &job, err);
        if (r == 0 && run->json)
                r = fail(err, OFFPEAK_EUSAGE, "a job's output is no JSON: `offpeak show %s --json` names its file",
                         run->operands[0]);
        if (r == 0)
                r = command_open(run, &client, err);
        if (r != 0)
                return r;
        r = follow(run, client, job, &settings, err);
        offpeak_close(client);
        return r;
}
