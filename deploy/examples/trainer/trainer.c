/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offpeak-example-trainer - a training job that can be stopped at any step and goes on as if it had not been.
 *
 * It shows all that a job owes Offpeak, and runs without Offpeak as well:
 *   - on the stop signal it saves a checkpoint and exits 0;
 *   - when it is started again it goes on from its checkpoint, and ends at once if there is nothing left to do;
 *   - it appends lines "done total" to $OFFPEAK_PROGRESS.
 *
 * The stop signals are blocked and asked for between steps (sigtimedwait), so that a signal which comes during
 * start-up, a step or a save is neither lost nor in the way.
 */
#include "checkpoint.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { LOSS_LINE = 27 }; /* bytes of a line of the loss log: a step's line has its place */

struct options {
        uint64_t steps, save_every, step_ms;
        struct recipe recipe;
        const char *checkpoint, *data, *loss_log;
        int signal;
};

struct run {
        const struct options *options;
        struct text text;
        struct model model;
        struct progress progress;
        char checkpoint_name[64];
        sigset_t stop_signals;
        int progress_fd, loss_fd; /* -1: none */
        int64_t told_ms;          /* when progress was last reported, monotonic */
        double loss;              /* of the last step; 0 before the first */
};

static int64_t monotonic_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void usage(FILE *to)
{
        fputs("usage: offpeak-example-trainer [options]\n"
              "Train a small character model; stop at any time with SIGTERM, start again to go on.\n\n"
              "  --steps N             steps in all (default 600)\n"
              "  --batch N             examples a step (16)\n"
              "  --hidden N            width of the hidden layer (64)\n"
              "  --rate X              learning rate (0.1)\n"
              "  --seed N              of weights and batches (1)\n"
              "  --data FILE           text to learn (the one beside this program)\n"
              "  --checkpoint DIR      where to save and resume ($OFFPEAK_CHECKPOINT_DIR, else the current folder)\n"
              "  --checkpoint-every N  steps between periodic checkpoints (50; 0: only at a stop and at the end)\n"
              "  --step-ms N           a step takes at least so long, to make a demonstration last (0)\n"
              "  --loss-log FILE       a line \"step loss\" for each step\n"
              "  --signal NAME         another stop signal: USR1, USR2 or HUP (TERM and INT always stop)\n",
              to);
}

static bool parse_count(const char *text, uint64_t least, uint64_t most, uint64_t *ret_value)
{
        char *end;
        errno = 0;
        unsigned long long value = strtoull(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || value < least || value > most)
                return false;
        *ret_value = value;
        return true;
}

static bool parse_rate(const char *text, double *ret_value)
{
        char *end;
        double value = strtod(text, &end);
        if (end == text || *end || !(value > 0.0 && value <= 10.0))
                return false;
        *ret_value = value;
        return true;
}

static bool parse_signal(const char *text, int *ret_signal)
{
        static const struct {
                const char *name;
                int number;
        } known[] = {
                { "TERM", SIGTERM }, { "INT", SIGINT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "HUP", SIGHUP }
        };
        if (strncmp(text, "SIG", 3) == 0)
                text += 3;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (strcmp(text, known[i].name) == 0) {
                        *ret_signal = known[i].number;
                        return true;
                }
        }
        return false;
}

static bool parse_option(int key, const char *value, struct options *options)
{
        switch (key) {
        case 'n':
                return parse_count(value, 1, INT64_MAX, &options->steps);
        case 'b':
                return parse_count(value, 1, 65536, &options->recipe.batch);
        case 'w':
                return parse_count(value, 1, 65536, &options->recipe.hidden);
        case 'r':
                return parse_rate(value, &options->recipe.rate);
        case 's':
                return parse_count(value, 0, UINT64_MAX, &options->recipe.seed);
        case 'd':
                options->data = value;
                return true;
        case 'c':
                options->checkpoint = value;
                return true;
        case 'e':
                return parse_count(value, 0, INT64_MAX, &options->save_every);
        case 'p':
                return parse_count(value, 0, 3600000, &options->step_ms);
        case 'l':
                options->loss_log = value;
                return true;
        case 'g':
                return parse_signal(value, &options->signal);
        default:
                return false;
        }
}

/* EX_OK, or the code to exit with. Does not come back from --help. */
static int parse_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "steps", required_argument, NULL, 'n' },
                { "batch", required_argument, NULL, 'b' },
                { "hidden", required_argument, NULL, 'w' },
                { "rate", required_argument, NULL, 'r' },
                { "seed", required_argument, NULL, 's' },
                { "data", required_argument, NULL, 'd' },
                { "step-ms", required_argument, NULL, 'p' },
                { "checkpoint", required_argument, NULL, 'c' },
                { "signal", required_argument, NULL, 'g' },
                { "checkpoint-every", required_argument, NULL, 'e' },
                { "help", no_argument, NULL, 'h' },
                { "loss-log", required_argument, NULL, 'l' },
                { NULL, 0, NULL, 0 },
        };
        int key, which = 0;
        while ((key = getopt_long(argc, argv, "h", known, &which)) != -1) {
                if (key == 'h') {
                        usage(stdout);
                        exit(EX_OK);
                }
                if (key == '?')
                        return EX_USAGE;
                if (!parse_option(key, optarg, options)) {
                        fprintf(stderr, "trainer: --%s: \"%s\" is not a value it takes; see --help\n",
                                known[which].name, optarg);
                        return EX_USAGE;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "trainer: \"%s\" is no option; see --help\n", argv[optind]);
                return EX_USAGE;
        }
        return EX_OK;
}

/* Said once, at the end: which file or folder, and why. Returns the code to exit with. */
static int cannot(const char *what, const char *path)
{
        fprintf(stderr, "trainer: cannot %s %s: %s\n", what, path, strerror(errno));
        return EX_IOERR;
}

/* The text that lies beside this program. */
static const char *default_data(char path[PATH_MAX])
{
        ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof("text.txt"));
        while (length > 0 && path[length - 1] != '/')
                length--;
        strcpy(path + (length > 0 ? length : 0), "text.txt");
        return path;
}

static void block_stop_signals(struct run *run)
{
        sigemptyset(&run->stop_signals);
        sigaddset(&run->stop_signals, SIGTERM);
        sigaddset(&run->stop_signals, SIGINT);
        sigaddset(&run->stop_signals, run->options->signal);
        sigprocmask(SIG_BLOCK, &run->stop_signals, NULL);
}

/* Wait until the given time for a stop signal; a time in the past only looks. */
static bool stop_asked(const struct run *run, int64_t until_ms)
{
        for (;;) {
                int64_t left = until_ms - monotonic_ms();
                struct timespec wait = { 0, 0 };
                if (left > 0)
                        wait = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
                if (sigtimedwait(&run->stop_signals, NULL, &wait) > 0)
                        return true;
                if (errno != EINTR)
                        return false;
        }
}

/* One process a node may run this job; each trains the same and keeps its own checkpoint, and the first one speaks. */
static int rank(void)
{
        const char *text = getenv("RANK");
        return text ? atoi(text) : 0;
}

/* Missing progress costs a good estimate, not the training: say so and go on. */
static void open_progress(struct run *run)
{
        const char *path = getenv("OFFPEAK_PROGRESS");
        run->progress_fd = -1;
        if (!path || !*path || rank() != 0)
                return;
        run->progress_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (run->progress_fd < 0)
                cannot("write progress to", path);
}

static int open_loss_log(struct run *run)
{
        const char *path = run->options->loss_log;
        run->loss_fd = -1;
        if (!path)
                return EX_OK;
        run->loss_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        return run->loss_fd < 0 ? cannot("write", path) : EX_OK;
}

/* At the start, at each save, and otherwise five times a second at most. */
static void tell_progress(struct run *run, bool now)
{
        if (run->progress_fd < 0 || (!now && monotonic_ms() - run->told_ms < 200))
                return;
        dprintf(run->progress_fd, "%" PRIu64 " %" PRIu64 "\n", run->progress.step, run->options->steps);
        run->told_ms = monotonic_ms();
}

/* Each step has its own place in the log, so that a run which repeats steps after a crash writes the same log. */
static int log_loss(const struct run *run)
{
        char line[LOSS_LINE + 1];
        if (run->loss_fd < 0)
                return EX_OK;
        snprintf(line, sizeof(line), "%10" PRIu64 " %.9e\n", run->progress.step, run->loss);
        if (pwrite(run->loss_fd, line, LOSS_LINE, (off_t)(run->progress.step - 1) * LOSS_LINE) != LOSS_LINE)
                return cannot("write", run->options->loss_log);
        return EX_OK;
}

static int save(struct run *run)
{
        const struct options *options = run->options;
        if (checkpoint_save(options->checkpoint, run->checkpoint_name, &options->recipe, &run->progress,
                            run->model.weights, run->model.n_weights))
                return cannot("save a checkpoint in", options->checkpoint);
        tell_progress(run, true);
        printf("step %" PRIu64 "/%" PRIu64 "  loss %.4f\n", run->progress.step, options->steps, run->loss);
        return EX_OK;
}

static int resume(struct run *run)
{
        const struct options *options = run->options;
        switch (checkpoint_load(options->checkpoint, run->checkpoint_name, &options->recipe, &run->progress,
                                run->model.weights, run->model.n_weights)) {
        case CHECKPOINT_LOADED:
                printf("going on after step %" PRIu64 "\n", run->progress.step);
                return EX_OK;
        case CHECKPOINT_NONE:
                printf("starting\n");
                return EX_OK;
        case CHECKPOINT_OTHER:
                fprintf(stderr,
                        "trainer: %s/%s is of a run with another text, seed, size or rate; name another "
                        "--checkpoint folder\n",
                        options->checkpoint, run->checkpoint_name);
                return EX_DATAERR;
        case CHECKPOINT_DAMAGED:
                fprintf(stderr, "trainer: %s/%s is damaged; remove it to start from the beginning\n",
                        options->checkpoint, run->checkpoint_name);
                return EX_DATAERR;
        case CHECKPOINT_UNREADABLE:
                break;
        }
        return cannot("read the checkpoint in", options->checkpoint);
}

static void say_stopped(const struct run *run)
{
        const char *path = getenv("OFFPEAK_STOP_FILE");
        char why[256] = "";
        FILE *file = path ? fopen(path, "r") : NULL;
        if (file) {
                if (fgets(why, sizeof(why), file))
                        why[strcspn(why, "\n")] = '\0';
                fclose(file);
        }
        printf("stopped after step %" PRIu64 "%s%s\n", run->progress.step, *why ? ": " : "", why);
}

static int train(struct run *run)
{
        const struct options *options = run->options;
        int64_t due = monotonic_ms();

        while (run->progress.step < options->steps) {
                run->loss = model_step(&run->model, &run->text, (uint32_t)options->recipe.batch, options->recipe.rate,
                                       &run->progress.random);
                run->progress.step++;
                int code = log_loss(run);
                if (code)
                        return code;
                due += (int64_t)options->step_ms;
                bool stop = stop_asked(run, due);
                if (due < monotonic_ms())
                        due = monotonic_ms();
                bool last = run->progress.step >= options->steps;
                if (stop || last || (options->save_every && run->progress.step % options->save_every == 0))
                        code = save(run);
                if (code)
                        return code;
                if (stop && !last) {
                        say_stopped(run);
                        return EX_OK;
                }
                tell_progress(run, false);
        }
        printf("done\n");
        return EX_OK;
}

static int run_job(struct run *run)
{
        const struct options *options = run->options;
        int code = resume(run);
        if (!code)
                code = open_loss_log(run);
        if (code)
                return code;
        open_progress(run);
        tell_progress(run, true);
        code = train(run);
        if (run->progress_fd >= 0)
                close(run->progress_fd);
        if (run->loss_fd >= 0 && close(run->loss_fd) && !code)
                code = cannot("write", options->loss_log);
        return code;
}

int main(int argc, char **argv)
{
        char data[PATH_MAX];
        struct options options = {
                .steps = 600,
                .save_every = 50,
                .recipe = { .seed = 1, .hidden = 64, .batch = 16, .rate = 0.1 },
                .checkpoint = getenv("OFFPEAK_CHECKPOINT_DIR"),
                .data = default_data(data),
                .signal = SIGTERM,
        };
        struct run run = { .options = &options };
        int code = parse_options(argc, argv, &options);
        if (code)
                return code;

        setvbuf(stdout, NULL, _IOLBF, 0);
        block_stop_signals(&run);
        if (!options.checkpoint || !*options.checkpoint)
                options.checkpoint = ".";
        snprintf(run.checkpoint_name, sizeof(run.checkpoint_name), rank() ? "trainer-%d.ckpt" : "trainer.ckpt", rank());
        if (text_read(options.data, &run.text))
                return cannot("learn from", options.data);
        options.recipe.text_hash = run.text.hash;
        run.progress.random = options.recipe.seed;
        if (model_init(&run.model, run.text.vocabulary, (uint32_t)options.recipe.hidden, &run.progress.random))
                code = cannot("make a model for", options.data);
        else
                code = run_job(&run);
        model_finish(&run.model);
        text_finish(&run.text);
        return code;
}
