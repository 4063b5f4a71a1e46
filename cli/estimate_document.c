/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/estimate_document.h"

#include "base/fail.h"
#include "base/when.h"
#include "ledger/best_start.h"

enum { WEEK = 7 * 86400 };

static json_t *integer(int64_t value)
{
        return value != SERIES_UNKNOWN ? json_integer((json_int_t)value) : json_null();
}

/* 0 is not told. */
static json_t *told(int64_t value)
{
        return integer(value != 0 ? value : SERIES_UNKNOWN);
}

static json_t *utc(int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return time != 0 ? json_string(when_format_utc(time, text)) : json_null();
}

/* ---- what energy comes to */

struct amounts {
        int64_t joules, cost, carbon; /* SERIES_UNKNOWN: not known */
};

static int64_t amount(const struct estimate_signal *signal, int64_t joules, int64_t start, int64_t end)
{
        if (signal->source == ESTIMATE_NONE || joules == SERIES_UNKNOWN)
                return SERIES_UNKNOWN;
        return estimate_amount(&signal->series, joules, start, end);
}

/* A run of no told length has values that hold at all times: any length will do. */
static struct amounts amounts_of(const struct estimate_question *question, int64_t joules, int64_t start, int64_t seconds)
{
        int64_t end = start + (seconds > 0 ? seconds : 1);

        return (struct amounts){ joules, amount(&question->price, joules, start, end),
                                 amount(&question->carbon, joules, start, end) };
}

static int64_t less(int64_t whole, int64_t part)
{
        return whole == SERIES_UNKNOWN || part == SERIES_UNKNOWN ? SERIES_UNKNOWN : whole - part;
}

static json_t *amounts_json(struct amounts amounts)
{
        return json_pack("{s:o, s:o, s:o}", "energy_j", integer(amounts.joules), "cost_micro", integer(amounts.cost), "carbon_mg",
                         integer(amounts.carbon));
}

/* ---- starts */

static json_t *guessed(const struct estimate_signal *signal, int64_t start, int64_t seconds)
{
        if (signal->source == ESTIMATE_NONE || seconds == 0)
                return json_null();
        return json_integer((json_int_t)estimate_seconds_of(&signal->guessed, 1, start, start + seconds));
}

static json_t *start_json(const struct estimate_question *question, const struct estimate_run *run, int64_t start,
                          struct amounts at_begin)
{
        struct amounts here = amounts_of(question, run->energy.total, start, run->seconds);

        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "start_utc", utc(start), "end_utc", utc(start + run->seconds),
                         "cost_micro", integer(here.cost), "carbon_mg", integer(here.carbon), "saved_micro",
                         integer(less(at_begin.cost, here.cost)), "saved_carbon_mg", integer(less(at_begin.carbon, here.carbon)),
                         "price_forecast_s", guessed(&question->price, start, run->seconds), "carbon_forecast_s",
                         guessed(&question->carbon, start, run->seconds));
}

static json_t *starts_json(const struct estimate_question *question, const struct estimate_run *run, struct amounts at_begin)
{
        bool by_cost = question->objective == ESTIMATE_COST;
        const struct estimate_signal *sought = by_cost ? &question->price : &question->carbon;
        const struct estimate_signal *other = by_cost ? &question->carbon : &question->price;
        struct best_start_request request = { .series = &sought->series,
                                              .also = other->source != ESTIMATE_NONE ? &other->series : NULL,
                                              .first = question->begin,
                                              .last = question->begin + WEEK,
                                              .seconds = run->seconds };
        struct best_start best;

        if (question->by != 0 && question->by - run->seconds < request.last)
                request.last = question->by - run->seconds;
        if (question->objective == ESTIMATE_ANY || !best_start_find(&request, &best))
                return json_null();
        return json_pack("{s:o, s:o, s:b, s:o, s:o}", "first_utc", utc(best.first), "last_utc", utc(best.last), "holes", best.holes,
                         "lowest", start_json(question, run, best.lowest, at_begin), "highest",
                         start_json(question, run, best.highest, at_begin));
}

/* ---- a run */

static int check_deadline(const struct estimate_question *question, const struct estimate_run *run, struct offpeak_error *err)
{
        char takes[WHEN_TEXT_SIZE], ends[WHEN_TEXT_SIZE], late[WHEN_TEXT_SIZE];
        int64_t end = question->begin + run->seconds;

        if (question->by == 0 || end <= question->by)
                return 0;
        return fail(err, OFFPEAK_EINVAL, "--by: begun then it takes %s and ends at %s, %s late: begin sooner, or give it more time",
                    when_format_duration(run->seconds, takes), when_format_utc(end, ends),
                    when_format_duration(end - question->by, late));
}

/* Why this run cannot be priced; 0: it can. */
static int check_run(const struct estimate_question *question, const struct estimate_run *run, struct offpeak_error *err)
{
        int64_t end = question->begin + (run->seconds > 0 ? run->seconds : 1);
        int code = check_deadline(question, run, err);

        if (code == 0)
                code = estimate_signal_covers(&question->price, question->begin, end, err);
        if (code == 0)
                code = estimate_signal_covers(&question->carbon, question->begin, end, err);
        return code;
}

static bool too_large(const struct estimate_question *question, struct amounts total)
{
        return (question->price.source != ESTIMATE_NONE && total.cost == SERIES_UNKNOWN) ||
               (question->carbon.source != ESTIMATE_NONE && total.carbon == SERIES_UNKNOWN);
}

/* What the building adds to the IT's: where nobody knows how much that is, nobody knows what it costs. */
static struct amounts overhead_of(const struct estimate_run *run, struct amounts total, struct amounts it)
{
        if (run->energy.overhead == SERIES_UNKNOWN)
                return (struct amounts){ SERIES_UNKNOWN, SERIES_UNKNOWN, SERIES_UNKNOWN };
        return (struct amounts){ run->energy.overhead, less(total.cost, it.cost), less(total.carbon, it.carbon) };
}

/* why: NULL, or why it cannot be priced. */
static json_t *run_json(const struct estimate_question *question, const struct estimate_run *run, const char *why)
{
        const struct amounts none = { SERIES_UNKNOWN, SERIES_UNKNOWN, SERIES_UNKNOWN };
        struct amounts total = none, it = none;

        if (why == NULL) {
                total = amounts_of(question, run->energy.total, question->begin, run->seconds);
                it = amounts_of(question, run->energy.it, question->begin, run->seconds);
        }
        total.joules = run->energy.total;
        it.joules = run->energy.it;
        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}", "gpus", told(run->gpus),
                         "nodes", told(run->nodes), "power_w",
                         run->milliwatts != 0 ? json_real((double)run->milliwatts / 1000) : json_null(), "time_s",
                         told(run->seconds), "begin_utc", utc(question->begin), "end_utc",
                         run->seconds != 0 ? utc(question->begin + run->seconds) : json_null(), "it", amounts_json(it),
                         "overhead", amounts_json(overhead_of(run, total, it)), "total", amounts_json(total),
                         "price_forecast_s", guessed(&question->price, question->begin, run->seconds),
                         "carbon_forecast_s", guessed(&question->carbon, question->begin, run->seconds), "missing", why,
                         "starts", why == NULL ? starts_json(question, run, total) : json_null());
}

static int add_run(const struct estimate_question *question, const struct estimate_run *run, json_t *runs,
                   struct offpeak_error *err)
{
        int code = check_run(question, run, err);
        struct amounts total = amounts_of(question, run->energy.total, question->begin, run->seconds);

        if (code == 0 && too_large(question, total))
                code = fail(err, OFFPEAK_EINVAL, "the cost or the carbon is beyond 64 bits: is the unit right?");
        if (code != 0 && question->n_runs == 1)
                return code;
        if (json_array_append_new(runs, run_json(question, run, code != 0 ? err->text : NULL)) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory, or a name given is not text in UTF-8");
        return code;
}

/* ---- the whole */

static const char *source_name(enum estimate_source source)
{
        static const char *const names[] = {
                [ESTIMATE_NONE] = NULL, [ESTIMATE_VALUE] = "value", [ESTIMATE_FILE] = "file", [ESTIMATE_SITE] = "site"
        };

        return names[source];
}

static json_t *signal_json(const struct estimate_signal *signal, const char *key)
{
        if (signal->source == ESTIMATE_NONE)
                return json_null();
        return json_pack("{s:s, s:s?, s:o}", "source", source_name(signal->source), "name", signal->name, key,
                         signal->source == ESTIMATE_VALUE ? integer(signal->series.points[0].value) : json_null());
}

static json_t *whole_json(const struct estimate_question *question, json_t *runs)
{
        static const char *const objectives[] = { NULL, "cost", "carbon" };
        const struct estimate_options *options = question->options;
        const char *currency = question->price.currency[0] != '\0' ? question->price.currency : NULL;

        return json_pack("{s:s, s:o, s:s?, s:s?, s:o, s:b, s:o, s:o, s:s?, s:o, s:s?, s:s?, s:o, s:o}", "schema",
                         "offpeak.estimate/1", "now_utc", utc(question->now), "site", options->site, "currency", currency, "pue_ppm",
                         told(question->pue_ppm), "energy_includes_pue", options->includes_pue, "price",
                         signal_json(&question->price, "value_micro_per_mwh"), "carbon",
                         signal_json(&question->carbon, "value_mg_per_kwh"), "objective", objectives[question->objective], "by_utc",
                         utc(question->by), "profiles", options->profiles, "class", options->class, "work",
                         options->work_milli != 0 ? json_real((double)options->work_milli / 1000) : json_null(), "runs", runs);
}

int estimate_document(const struct estimate_question *question, json_t **ret_document, struct offpeak_error *err)
{
        struct offpeak_error first = { 0 };
        json_t *runs = json_array(), *document;
        size_t priced = 0;

        for (size_t i = 0; i < question->n_runs; i++) {
                struct offpeak_error why = { 0 };
                int code = add_run(question, &question->runs[i], runs, &why);

                priced += code == 0;
                if (code != 0 && first.code == 0)
                        first = why;
                if (code == OFFPEAK_ENOMEM)
                        break;
        }
        if (priced == 0 || first.code == OFFPEAK_ENOMEM) {
                json_decref(runs);
                *err = first;
                return first.code;
        }
        document = whole_json(question, runs);
        if (document == NULL)
                return fail(err, OFFPEAK_EINVAL, "a name given is not text in UTF-8");
        *ret_document = document;
        return 0;
}
