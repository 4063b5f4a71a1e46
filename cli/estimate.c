/* SPDX-License-Identifier: Apache-2.0 */
/*
 * estimate.c - `offpeak estimate`: energy, cost and carbon of a training run before it starts, and its cheapest start this
 * week.
 *
 * options -> runs (one, or one for each width) -> signals (values, files, or a site's) -> begin -> document -> view.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/estimate_document.h"
#include "cli/period.h"
#include "cli/views.h"
#include "feeds/profiles.h"

enum { WEEK = 7 * 86400 };

/* ---- runs */

static int take_energy(const struct estimate_question *question, struct estimate_run *run, struct offpeak_error *err)
{
        const struct estimate_options *options = question->options;
        struct estimate_draw draw = { .gpus = 1, .gpu_milliwatts = run->milliwatts, .seconds = run->seconds };
        struct estimate_energy energy = { .total = options->joules };
        int code = 0;

        if (options->joules == 0 && !options->includes_pue)
                code = estimate_energy_of_draw(&draw, question->pue_ppm, &run->energy);
        else if (options->joules == 0)
                code = estimate_energy_of_draw(&draw, ESTIMATE_NO_PUE, &energy);
        if (code == 0 && (options->joules != 0 || options->includes_pue))
                code = estimate_energy_of_joules(energy.total, question->pue_ppm, options->includes_pue, &run->energy);
        return code == 0 ? 0 : fail(err, OFFPEAK_EINVAL, "the energy is beyond 64 bits: are GPUs, hours and power right?");
}

/* What its computers draw: GPUs, and what stands beside them in the nodes. */
static int take_draw(const struct estimate_options *options, int64_t gpus, int64_t gpu_milliwatts, struct estimate_run *run,
                     struct offpeak_error *err)
{
        __int128 power = (__int128)gpu_milliwatts;

        run->gpus = gpus;
        if (options->gpus_per_node != 0) {
                run->nodes = estimate_nodes(gpus, options->gpus_per_node);
                power += (__int128)run->nodes * options->node_milliwatts;
        }
        if (power > INT64_MAX)
                return fail(err, OFFPEAK_EINVAL, "the power is beyond 64 bits: are GPUs and watts right?");
        run->milliwatts = (int64_t)power;
        return 0;
}

static int take_one(const struct estimate_options *options, struct estimate_question *question, struct offpeak_error *err)
{
        int64_t power;

        question->runs = calloc(1, sizeof(*question->runs));
        if (question->runs == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        question->n_runs = 1;
        question->runs[0].seconds = options->seconds;
        if (options->joules != 0)
                return 0;
        if (__builtin_mul_overflow(options->gpus, options->gpu_milliwatts, &power))
                return fail(err, OFFPEAK_EINVAL, "the power is beyond 64 bits: are GPUs and watts right?");
        return take_draw(options, options->gpus, power, &question->runs[0], err);
}

/* The width that --hours is about. */
static int find_reference(const struct estimate_options *options, const struct profile *rows, size_t n,
                          const struct profile **ret_reference, struct offpeak_error *err)
{
        *ret_reference = NULL;
        for (size_t i = 0; i < n; i++)
                if (rows[i].gpus == options->gpus)
                        *ret_reference = &rows[i];
        if (options->gpus == 0 || *ret_reference != NULL)
                return 0;
        return fail(err, OFFPEAK_ENOTFOUND, "%s: class \"%s\" has no row of %lld GPUs: give --gpus as one of its rows has it",
                    options->profiles, options->class, (long long)options->gpus);
}

static int take_width(const struct estimate_options *options, const struct profile *row, const struct profile *reference,
                      struct estimate_question *question, struct offpeak_error *err)
{
        struct estimate_run *run = &question->runs[question->n_runs++];

        run->seconds = options->work_milli != 0 ? profile_seconds(row, options->work_milli) :
                                                  profile_seconds_like(row, reference, options->seconds);
        if (run->seconds == 0 || run->seconds > INT64_C(1000) * 366 * 86400)
                return fail(err, OFFPEAK_EINVAL, "%s: on %lld GPUs that takes more than a thousand years: are throughput and --work in "
                                                 "the same unit, and per second?",
                            options->profiles, (long long)row->gpus);
        return take_draw(options, row->gpus, row->milliwatts, run, err);
}

/* A run for each width of the class; --work with --gpus: for this one alone. */
static int take_widths(const struct estimate_options *options, struct estimate_question *question, struct offpeak_error *err)
{
        struct profiles profiles = { 0 };
        const struct profile *rows, *reference;
        size_t n;
        int code = profiles_read(options->profiles, &profiles, err);

        if (code == 0)
                code = profiles_class(&profiles, options->profiles, options->class, &rows, &n, err);
        if (code == 0)
                code = find_reference(options, rows, n, &reference, err);
        if (code == 0 && (question->runs = calloc(n, sizeof(*question->runs))) == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t i = 0; code == 0 && i < n; i++)
                if (options->work_milli == 0 || options->gpus == 0 || options->gpus == rows[i].gpus)
                        code = take_width(options, &rows[i], reference, question, err);
        profiles_finish(&profiles);
        return code;
}

static int64_t longest(const struct estimate_question *question)
{
        int64_t seconds = 1;

        for (size_t i = 0; i < question->n_runs; i++)
                seconds = question->runs[i].seconds > seconds ? question->runs[i].seconds : seconds;
        return seconds;
}

/* ---- signals */

static int read_signals(const struct estimate_options *options, struct estimate_question *question, struct offpeak_error *err)
{
        int code = 0;

        if (options->price != NULL)
                code = estimate_signal_read(options->price, &options->price_file, SERIES_PRICE, &question->price, err);
        if (code == 0 && options->carbon != NULL)
                code = estimate_signal_read(options->carbon, &options->carbon_file, SERIES_CARBON, &question->carbon, err);
        return code;
}

static int use_site(const json_t *site, struct estimate_question *question, struct offpeak_error *err)
{
        const struct estimate_options *options = question->options;
        int64_t limit;
        int code = 0;

        if (options->price == NULL && document_int(site, "grid_limit_w", &limit) && limit == 0)
                return fail(err, OFFPEAK_EINVAL, "--site %s: draws nothing from the grid, so there is no price of it: give --price with "
                                                 "what its power costs",
                            options->site);
        if (options->price == NULL)
                code = estimate_signal_of_site(site, SERIES_PRICE, &question->price, err);
        if (code == 0 && options->carbon == NULL)
                code = estimate_signal_of_site(site, SERIES_CARBON, &question->carbon, err);
        if (code == 0 && question->pue_ppm == ESTIMATE_NO_PUE)
                question->pue_ppm = document_int_or(site, "pue_ppm", ESTIMATE_NO_PUE);
        /* the document goes away; its name is that of the option */
        question->price.name = question->price.source == ESTIMATE_SITE ? options->site : question->price.name;
        question->carbon.name = question->carbon.source == ESTIMATE_SITE ? options->site : question->carbon.name;
        return code;
}

/* The question "price" for the hours that a run begun this week can touch. */
static int ask_site(struct command_run *run, struct estimate_question *question, struct offpeak_error *err)
{
        const char *name = question->options->site;
        char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];
        struct offpeak_client *client;
        json_t *arguments, *document, *site;
        int code = command_open(run, &client, err);

        if (code != 0)
                return code;
        arguments = json_pack("{s:s, s:s, s:s}", "site", name, "from_utc", when_format_utc(question->begin, from), "to_utc",
                              when_format_utc(question->begin + WEEK + longest(question), to));
        code = arguments != NULL ? command_ask(client, "price", arguments, &document, err) :
                                   fail(err, OFFPEAK_EINVAL, "--site %s: is not UTF-8", name);
        offpeak_close(client);
        if (code != 0)
                return code;
        site = json_array_get(json_object_get(document, "sites"), 0);
        code = site != NULL ? use_site(site, question, err) : fail(err, OFFPEAK_EPROTOCOL, "the answer to \"price\" tells of no site");
        json_decref(document);
        return code;
}

/* ---- when */

static int read_times(struct command_run *run, struct estimate_question *question, struct offpeak_error *err)
{
        const struct estimate_options *options = question->options;
        int code = options->site != NULL ? command_clock(run, &run->screen.now, err) : 0;

        question->now = run->screen.now;
        question->begin = question->now;
        if (code == 0 && options->begin != NULL)
                code = period_when("--begin", options->begin, question->now, &question->begin, err);
        if (code == 0 && options->by != NULL)
                code = period_when("--by", options->by, question->now, &question->by, err);
        return code;
}

static int64_t later(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* Now, if the files say something of now; else the first time of which all do. */
static void choose_begin(struct estimate_question *question)
{
        const struct estimate_signal *signals[] = { &question->price, &question->carbon };
        bool now = true;
        int64_t begin = 0, before;

        for (size_t i = 0; i < 2; i++)
                now = now && (signals[i]->source != ESTIMATE_FILE ||
                              series_at(&signals[i]->series, question->begin) != SERIES_UNKNOWN);
        if (now)
                return;
        do {
                before = begin;
                for (size_t i = 0; i < 2 && begin != INT64_MAX; i++)
                        if (signals[i]->source == ESTIMATE_FILE)
                                begin = later(begin, estimate_signal_first(signals[i], begin));
        } while (begin != before && begin != INT64_MAX);
        question->begin = begin != INT64_MAX ? begin : question->begin;
}

/* ---- what is looked for */

/* What --objective asks for must differ from start to start. */
static int check_objective(const struct estimate_question *question, enum estimate_objective objective, struct offpeak_error *err)
{
        bool by_cost = objective == ESTIMATE_COST;
        const char *name = by_cost ? "cost" : "carbon";

        if (question->runs[0].seconds == 0)
                return fail(err, OFFPEAK_EUSAGE, "--objective %s: no start is better than another: give --hours, how long it runs",
                            name);
        if (!estimate_signal_varies(by_cost ? &question->price : &question->carbon))
                return fail(err, OFFPEAK_EUSAGE, "--objective %s: no start is better than another: give --%s as a file, or --site", name,
                            by_cost ? "price" : "carbon");
        return 0;
}

static int choose_objective(struct estimate_question *question, struct offpeak_error *err)
{
        enum estimate_objective wanted = question->options->objective;
        int code = wanted != ESTIMATE_ANY ? check_objective(question, wanted, err) : 0;

        if (wanted == ESTIMATE_ANY && estimate_signal_varies(&question->price))
                wanted = ESTIMATE_COST;
        else if (wanted == ESTIMATE_ANY && estimate_signal_varies(&question->carbon))
                wanted = ESTIMATE_CARBON;
        question->objective = wanted;
        return code;
}

/* Values over time need a length. */
static int check_length(const struct estimate_question *question, struct offpeak_error *err)
{
        bool varies = estimate_signal_varies(&question->price) || estimate_signal_varies(&question->carbon);

        if (question->runs[0].seconds == 0 && varies)
                return fail(err, OFFPEAK_EUSAGE, "prices and carbon differ from hour to hour: say with --hours over which time --energy "
                                                 "is drawn");
        return 0;
}

/* ---- the command */

static int make_question(struct command_run *run, struct estimate_question *question, struct offpeak_error *err)
{
        const struct estimate_options *options = question->options;
        int code = options->profiles != NULL ? take_widths(options, question, err) : take_one(options, question, err);

        question->pue_ppm = options->pue_ppm;
        if (code == 0)
                code = read_signals(options, question, err);
        if (code == 0)
                code = read_times(run, question, err);
        if (code == 0 && options->site != NULL)
                code = ask_site(run, question, err);
        if (code == 0)
                code = check_length(question, err);
        if (code == 0 && options->begin == NULL && options->site == NULL)
                choose_begin(question);
        for (size_t i = 0; code == 0 && i < question->n_runs; i++)
                code = take_energy(question, &question->runs[i], err);
        return code == 0 ? choose_objective(question, err) : code;
}

static int show(struct command_run *run, const struct estimate_question *question, struct offpeak_error *err)
{
        json_t *document;
        int code = estimate_document(question, &document, err);

        if (code != 0)
                return code;
        if (run->json)
                command_print_json(run, document);
        else if (view_estimate(document, &run->screen, run->out) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        json_decref(document);
        return code;
}

/* "--price 65 EUR/MWh": the shell parted the two. */
static int expect_no_words(const struct command_run *run, struct offpeak_error *err)
{
        if (run->n_operands == 0)
                return 0;
        return fail(err, OFFPEAK_EUSAGE, "\"%s\" stands alone: a value and its unit are one word, like --price 65EUR/MWh or --price "
                                         "\"65 EUR/MWh\"",
                    run->operands[0]);
}

int command_estimate(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct estimate_options options = { 0 };
        struct estimate_question question = { .options = &options };
        int code = command_parse(run, argc, argv, estimate_options_take, &options, err);

        if (code == 0)
                code = expect_no_words(run, err);
        if (code == 0)
                code = estimate_options_check(&options, err);
        if (code == 0)
                code = make_question(run, &question, err);
        if (code == 0)
                code = show(run, &question, err);
        estimate_signal_finish(&question.price);
        estimate_signal_finish(&question.carbon);
        free(question.runs);
        return code;
}
