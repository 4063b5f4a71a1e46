/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/simulate_options.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/option_values.h"
#include "trial/contender.h"

#define PPM 1e6
#define LEAST_CAP_FLOOR 0.5 /* below, GPUs need more energy for the same work */

enum { MOST_GPUS = 1000000, MOST_PER_NODE = 64, MOST_COUNT = 100000, LEAST_MTBF_S = 600 };

const struct option_row simulate_rows[] = {
        { SIMULATE_OPT_JOBS, 0, "jobs", "FILE",
          "CSV: id,submit,gpus,duration_s and more (docs/cli.md); - is the standard input" },
        { SIMULATE_OPT_PRICE, 0, "price", "FILE",
          "what power costs, as `offpeak price --file` reads it; or a value, \"65 EUR/MWh\"" },
        { SIMULATE_OPT_CARBON, 0, "carbon", "FILE", "carbon intensity, likewise" },
        { SIMULATE_OPT_CAPACITY, 0, "capacity", "FILE",
          "power that the site may draw: time,capacity_mw; or a value, \"3 MW\"" },
        { SIMULATE_OPT_CONFIG, 0, "config", "FILE",
          "a scheduler's own configuration: sites, classes, supply, and their series" },
        { SIMULATE_OPT_SITE, 0, "site", "NAME", "whose the series on this line are, where there are several" },
        { SIMULATE_OPT_GPUS, 'G', "gpus", "N", "a cluster of so many GPUs" },
        { SIMULATE_OPT_PER_NODE, 0, "gpus-per-node", "N", "with --gpus: GPUs in a node (8)" },
        { SIMULATE_OPT_NODES, 0, "nodes", "[SITE=]NxG[@W]",
          "N nodes of G GPUs of W each at a site; may be given several times" },
        { SIMULATE_OPT_GPU_POWER, 0, "gpu-power", "WATTS", "what a GPU draws where the jobs do not say it (400)" },
        { SIMULATE_OPT_IDLE_POWER, 0, "idle-power", "WATTS", "what a node draws beside (0)" },
        { SIMULATE_OPT_PUE, 0, "pue", "X", "facility power per IT power (1)" },
        { SIMULATE_OPT_OBJECTIVE, 0, "objective", "WHAT",
          "cost, carbon, or both (cost; without prices carbon; with --config what it says)" },
        { SIMULATE_OPT_CARBON_PRICE, 0, "carbon-price", "X",
          "what a tonne counts in plans, in the currency; for --objective both" },
        { SIMULATE_OPT_DELAY_COST, 0, "delay-cost", "X",
          "what an hour of waiting counts for each GPU of a job, in the currency (0)" },
        { SIMULATE_OPT_MAX_DELAY, 0, "max-delay", "TIME",
          "a job without deadline starts no later than this after its submission (24h; 0: whenever)" },
        { SIMULATE_OPT_START_COST, 0, "start-cost", "TIME",
          "what each start takes without progress, where the jobs do not say it (0)" },
        { SIMULATE_OPT_CAP_FLOOR, 0, "cap-floor", "SHARE",
          "how far plans may cap GPUs, of their power limit: 0.5 to 1; 0: not at all (with --config what it says)" },
        { SIMULATE_OPT_RAMP, 0, "ramp", "TIME",
          "from a start until the job draws all of its power, rising evenly (0)" },
        { SIMULATE_OPT_NODE_MTBF, 0, "node-mtbf", "TIME",
          "nodes fail: mean time until a node does, drawn from --seed (0: never)" },
        { SIMULATE_OPT_NODE_REPAIR, 0, "node-repair", "TIME",
          "with --node-mtbf: a node is back so long after it failed (4h)" },
        { SIMULATE_OPT_CHECKPOINT, 0, "checkpoint", "TIME",
          "with --node-mtbf: jobs that may be interrupted save their work so often (1h; 0: all the time)" },
        { SIMULATE_OPT_FORECAST, 0, "forecast", "WHAT",
          "what planners see: perfect (default), noise:SIGMA (a share of the mean), or model" },
        { SIMULATE_OPT_PRICE_FORECAST, 0, "price-forecast", "FILE",
          "what planners see of prices; --price is what is paid" },
        { SIMULATE_OPT_CARBON_FORECAST, 0, "carbon-forecast", "FILE", "likewise of carbon" },
        { SIMULATE_OPT_PROFILES, 0, "profiles", "FILE",
          "CSV: class,gpus,throughput,power_w: the jobs of such a class may change their width" },
        { SIMULATE_OPT_SEED, 0, "seed", "N", "of the noise, and of failures (1)" },
        { SIMULATE_OPT_POLICY, 'p', "policy", "NAME",
          "offpeak, run-now, oracle, wait-awhile, ...; several times (offpeak, oracle)" },
        { SIMULATE_OPT_PLAN_GAP, 0, "plan-gap", "TIME",
          "plans are made no sooner than so long after each other (5m; of more than 5,000 jobs 1h)" },
        { SIMULATE_OPT_SEGMENTS, 0, "segments", NULL, "with --json: when each job ran" },
        { SIMULATE_OPT_EVENTS, 0, "events", "FILE", "write every decision of policy offpeak as a line of JSON" },
        { SIMULATE_OPT_SVG, 0, "svg", "FILE",
          "draw what the first policy did into this file too; - in place of the text" },
        { SIMULATE_OPT_STRICT, 0, "strict", NULL, "refuse a list of jobs in which anything is wrong" },
        { SIMULATE_OPT_EPOCH, 0, "epoch", "WHEN", "what submit_s counts from (where the series begin)" },
        PRICE_FILE_OPTIONS(SIMULATE_OPT_MAPPING, SIMULATE_OPT_COLUMN, SIMULATE_OPT_SET),
        { SIMULATE_OPT_CARBON_MAPPING, 0, "carbon-mapping", "NAME", "what the carbon file is" },
        { SIMULATE_OPT_CARBON_COLUMN, 0, "carbon-column", "NAME", "its column" },
        { SIMULATE_OPT_CARBON_SET, 0, "carbon-set", "KEY=VALUE", "another property of its mapping" },
        COMMAND_OPTIONS,
};

/* ---- values */

static int take_objective(const char *text, enum simulate_objective *ret_objective, struct offpeak_error *err)
{
        static const char *const names[] = {
                [SIMULATE_COST] = "cost", [SIMULATE_CARBON] = "carbon", [SIMULATE_BOTH] = "both"
        };

        for (int i = SIMULATE_COST; i <= SIMULATE_BOTH; i++)
                if (strcmp(text, names[i]) == 0) {
                        *ret_objective = (enum simulate_objective)i;
                        return 0;
                }
        return fail(err, OFFPEAK_EUSAGE, "--objective %s: write cost, carbon or both", text);
}

/* "0.05", "5%". */
static int take_share(const char *text, double *ret_share)
{
        char *end;
        double share = strtod(text, &end);

        if (end == text || !isdigit((unsigned char)text[0]))
                return OFFPEAK_EINVAL;
        if (strcmp(end, "%") == 0)
                share /= 100;
        else if (*end != '\0')
                return OFFPEAK_EINVAL;
        if (!(share >= 0 && share <= 10))
                return OFFPEAK_EINVAL;
        *ret_share = share;
        return 0;
}

static int take_forecast(const char *text, struct simulate_options *options, struct offpeak_error *err)
{
        if (strcmp(text, "perfect") == 0)
                options->forecast = SIMULATE_PERFECT;
        else if (strcmp(text, "model") == 0)
                options->forecast = SIMULATE_MODEL;
        else if (strncmp(text, "noise:", 6) == 0 && take_share(text + 6, &options->sigma) == 0)
                options->forecast = SIMULATE_NOISE;
        else
                return fail(err, OFFPEAK_EUSAGE,
                            "--forecast %s: write perfect, model, or noise:0.05 (a normal error of 5 %% of the mean)",
                            text);
        return 0;
}

static int take_time(const struct option_found *found, bool *has, int64_t *ret_seconds, struct offpeak_error *err)
{
        *has = true;
        if (strcmp(found->value, "0") == 0) {
                *ret_seconds = 0;
                return 0;
        }
        return when_parse_duration(found->value, ret_seconds, err) != 0 ? fail_at(err, "%s", found->name) : 0;
}

static int take_cap_floor(const struct option_found *found, struct simulate_options *options, struct offpeak_error *err)
{
        double share;

        if (take_share(found->value, &share) != 0 || (share != 0 && (share < LEAST_CAP_FLOOR || share > 1)))
                return fail(err, OFFPEAK_EINVAL, "%s %s: write a share of a GPU's power limit from 0.5 to 1, or 0 for no caps",
                            found->name, found->value);
        options->has_cap_floor = true;
        options->cap_floor_ppm = llround(share * PPM);
        return 0;
}

static int take_seed(const struct option_found *found, uint64_t *ret_seed, struct offpeak_error *err)
{
        int64_t seed;

        if (option_whole(found, INT64_MAX, &seed, err) != 0)
                return err->code;
        *ret_seed = (uint64_t)seed;
        return 0;
}

static int take_policy(const struct option_found *found, struct simulate_options *options, struct offpeak_error *err)
{
        const struct contender *contender;
        const char *parameter;

        if (options->n_policies == SIMULATE_MOST_POLICIES)
                return fail(err, OFFPEAK_EUSAGE, "more than %d times %s", SIMULATE_MOST_POLICIES, found->name);
        if (contender_find(found->value, &contender, &parameter, err) != 0)
                return fail_at(err, "%s", found->name);
        options->policies[options->n_policies++] = found->value;
        return 0;
}

static const char *take_number(const char *text, int64_t most, int64_t *ret_number)
{
        char *end;

        *ret_number = strtoll(text, &end, 10);
        return !isdigit((unsigned char)text[0]) || *ret_number < 1 || *ret_number > most ? NULL : end;
}

/* "hanford=4x8@700W" */
static int take_nodes(const struct option_found *found, struct simulate_options *options, struct offpeak_error *err)
{
        const char *equals = strchr(found->value, '='), *at = equals != NULL ? equals + 1 : found->value;
        struct simulate_nodes nodes = { .site = equals != NULL ? found->value : NULL,
                                        .site_size = equals != NULL ? (size_t)(equals - found->value) : 0 };

        if (options->n_nodes == SIMULATE_MOST_NODES)
                return fail(err, OFFPEAK_EUSAGE, "more than %d times %s", SIMULATE_MOST_NODES, found->name);
        at = take_number(at, MOST_COUNT, &nodes.count);
        if (at != NULL)
                at = *at == 'x' ? take_number(at + 1, MOST_PER_NODE, &nodes.gpus) : NULL;
        if (at != NULL && *at == '@')
                at = option_quantity(at + 1, UNIT_POWER, true, 3, &nodes.gpu_milliwatts) ? "" : NULL;
        if (at == NULL || *at != '\0' || (nodes.site != NULL && nodes.site_size == 0))
                return fail(err, OFFPEAK_EINVAL,
                            "%s %s: write %s 4x8 (nodes, and GPUs in each: up to %d), or hanford=4x8@700W", found->name,
                            found->value, found->name, MOST_PER_NODE);
        options->nodes[options->n_nodes++] = nodes;
        return 0;
}

int simulate_options_take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct simulate_options *options = context;
        const char **const texts[] = {
                [SIMULATE_OPT_JOBS] = &options->jobs,
                [SIMULATE_OPT_PROFILES] = &options->profiles,
                [SIMULATE_OPT_PRICE] = &options->price,
                [SIMULATE_OPT_CARBON] = &options->carbon,
                [SIMULATE_OPT_CAPACITY] = &options->capacity,
                [SIMULATE_OPT_CONFIG] = &options->config,
                [SIMULATE_OPT_SITE] = &options->site,
                [SIMULATE_OPT_PRICE_FORECAST] = &options->price_forecast,
                [SIMULATE_OPT_CARBON_FORECAST] = &options->carbon_forecast,
                [SIMULATE_OPT_EVENTS] = &options->events,
                [SIMULATE_OPT_SVG] = &options->svg,
                [SIMULATE_OPT_EPOCH] = &options->epoch,
                [SIMULATE_OPT_MAPPING] = &options->price_file.mapping,
                [SIMULATE_OPT_COLUMN] = &options->price_file.column,
                [SIMULATE_OPT_CARBON_MAPPING] = &options->carbon_file.mapping,
                [SIMULATE_OPT_CARBON_COLUMN] = &options->carbon_file.column,
        };

        switch (found->id) {
        case SIMULATE_OPT_GPUS:
                return option_whole(found, MOST_GPUS, &options->gpus, err);
        case SIMULATE_OPT_PER_NODE:
                return option_whole(found, MOST_PER_NODE, &options->gpus_per_node, err);
        case SIMULATE_OPT_NODES:
                return take_nodes(found, options, err);
        case SIMULATE_OPT_GPU_POWER:
                return option_power(found, &options->gpu_milliwatts, err);
        case SIMULATE_OPT_IDLE_POWER:
                return option_power(found, &options->idle_milliwatts, err);
        case SIMULATE_OPT_PUE:
                return option_pue(found, &options->pue_ppm, err);
        case SIMULATE_OPT_OBJECTIVE:
                return take_objective(found->value, &options->objective, err);
        case SIMULATE_OPT_CARBON_PRICE:
                options->has_carbon_price = true;
                return option_money(found, &options->carbon_price, err);
        case SIMULATE_OPT_DELAY_COST:
                options->has_delay_cost = true;
                return option_money(found, &options->delay_cost, err);
        case SIMULATE_OPT_CAP_FLOOR:
                return take_cap_floor(found, options, err);
        case SIMULATE_OPT_MAX_DELAY:
                return take_time(found, &options->has_max_delay, &options->max_delay_s, err);
        case SIMULATE_OPT_START_COST:
                return take_time(found, &options->has_start_cost, &options->start_cost_s, err);
        case SIMULATE_OPT_RAMP:
                return take_time(found, &options->has_ramp, &options->ramp_s, err);
        case SIMULATE_OPT_NODE_MTBF:
                return take_time(found, &options->has_mtbf, &options->mtbf_s, err);
        case SIMULATE_OPT_NODE_REPAIR:
                return take_time(found, &options->has_repair, &options->repair_s, err);
        case SIMULATE_OPT_CHECKPOINT:
                return take_time(found, &options->has_checkpoint, &options->checkpoint_s, err);
        case SIMULATE_OPT_PLAN_GAP:
                return take_time(found, &options->has_plan_gap, &options->plan_gap_s, err);
        case SIMULATE_OPT_FORECAST:
                return take_forecast(found->value, options, err);
        case SIMULATE_OPT_SEED:
                return take_seed(found, &options->seed, err);
        case SIMULATE_OPT_POLICY:
                return take_policy(found, options, err);
        case SIMULATE_OPT_SEGMENTS:
                options->segments = true;
                return 0;
        case SIMULATE_OPT_STRICT:
                options->strict = true;
                return 0;
        case SIMULATE_OPT_SET:
                return option_set(&options->price_file, found, err);
        case SIMULATE_OPT_CARBON_SET:
                return option_set(&options->carbon_file, found, err);
        default:
                *texts[found->id] = found->value;
                return 0;
        }
}

/* ---- against each other */

static int check_cluster(const struct simulate_options *options, struct offpeak_error *err)
{
        if (options->gpus == 0 && options->n_nodes == 0)
                return fail(err, OFFPEAK_EUSAGE, "how large is the cluster? Add --gpus N, or --nodes 4x8");
        if (options->gpus != 0 && options->n_nodes != 0)
                return fail(err, OFFPEAK_EUSAGE, "--gpus and --nodes both say how large the cluster is: give one");
        if (options->gpus_per_node != 0 && options->gpus == 0)
                return fail(err, OFFPEAK_EUSAGE, "--gpus-per-node goes with --gpus; --nodes says it itself");
        return 0;
}

static int check_values(const struct simulate_options *options, struct offpeak_error *err)
{
        if (options->config == NULL && options->price == NULL && options->carbon == NULL)
                return fail(err, OFFPEAK_EUSAGE,
                            "what does power cost? Add --price FILE, --carbon FILE, or --config FILE");
        if (options->objective == SIMULATE_COST && options->config == NULL && options->price == NULL)
                return fail(err, OFFPEAK_EUSAGE, "--objective cost: there are no prices: add --price FILE");
        if ((options->objective == SIMULATE_CARBON || options->objective == SIMULATE_BOTH) && options->config == NULL &&
            options->carbon == NULL)
                return fail(err, OFFPEAK_EUSAGE, "--objective: there are no carbon intensities: add --carbon FILE");
        if (options->objective == SIMULATE_BOTH && options->config == NULL && !options->has_carbon_price)
                return fail(err, OFFPEAK_EUSAGE,
                            "--objective both: what does a tonne of CO2e count? Add --carbon-price X");
        if (options->config != NULL && options->pue_ppm != 0)
                return fail(err, OFFPEAK_EUSAGE, "--pue is of a cluster without --config, which says it for each site");
        return 0;
}

static int check_failures(const struct simulate_options *options, struct offpeak_error *err)
{
        if (options->has_mtbf && options->mtbf_s > 0 && options->mtbf_s < LEAST_MTBF_S)
                return fail(err, OFFPEAK_EUSAGE,
                            "--node-mtbf: nodes that fail more often than every 10 minutes get nothing done");
        if (options->mtbf_s == 0 && (options->has_repair || options->has_checkpoint))
                return fail(err, OFFPEAK_EUSAGE,
                            "%s is of nodes that fail: add --node-mtbf TIME, how long one runs until it does",
                            options->has_repair ? "--node-repair" : "--checkpoint");
        if (options->has_repair && options->repair_s == 0)
                return fail(err, OFFPEAK_EUSAGE, "--node-repair 0: a node that fails is down for a second at least");
        return 0;
}

static int check_forecasts(const struct simulate_options *options, struct offpeak_error *err)
{
        bool files = options->price_forecast != NULL || options->carbon_forecast != NULL;

        if (files && options->forecast != SIMULATE_PERFECT)
                return fail(err, OFFPEAK_EUSAGE,
                            "--forecast says how forecasts are made, and a forecast file what they are: give one");
        return 0;
}

/* One file, or the standard input, is read by one reader. */
static int check_streams(const struct simulate_options *options, struct offpeak_error *err)
{
        const char *const inputs[] = { options->jobs,     options->price,          options->carbon,
                                       options->capacity, options->price_forecast, options->carbon_forecast };
        bool scheduled = options->n_policies == 0;
        int n = 0;

        for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
                n += inputs[i] != NULL && strcmp(inputs[i], "-") == 0;
        if (n > 1)
                return fail(err, OFFPEAK_EUSAGE,
                            "\"-\": the standard input can be one of them: name files for the others");
        for (size_t i = 0; i < options->n_policies; i++)
                scheduled = scheduled || strcmp(options->policies[i], "offpeak") == 0;
        if (options->events != NULL && !scheduled)
                return fail(err, OFFPEAK_EUSAGE, "--events are what policy offpeak decides: add --policy offpeak");
        return 0;
}

int simulate_options_check(const struct simulate_options *options, struct offpeak_error *err)
{
        int code = options->jobs == NULL ? fail(err, OFFPEAK_EUSAGE, "which jobs? Add --jobs FILE") : 0;

        if (code == 0)
                code = check_cluster(options, err);
        if (code == 0)
                code = check_values(options, err);
        if (code == 0)
                code = check_forecasts(options, err);
        if (code == 0)
                code = check_failures(options, err);
        if (code == 0)
                code = check_streams(options, err);
        if (code == 0)
                code = option_check_file(&options->price_file, options->price, "--price", "", err);
        if (code == 0)
                code = option_check_file(&options->carbon_file, options->carbon, "--carbon", "carbon-", err);
        return code;
}
