/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/estimate_options.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/option_values.h"

#define PPM INT64_C(1000000)

enum { OPT_GPUS = 1, OPT_HOURS, OPT_GPU_POWER, OPT_PER_NODE, OPT_NODE_OVERHEAD, OPT_ENERGY, OPT_PUE, OPT_INCLUDES, OPT_PRICE,
       OPT_CARBON, OPT_MAPPING, OPT_COLUMN, OPT_SET, OPT_CARBON_MAPPING, OPT_CARBON_COLUMN, OPT_CARBON_SET, OPT_BEGIN, OPT_BY,
       OPT_OBJECTIVE, OPT_SITE, OPT_PROFILES, OPT_CLASS, OPT_WORK };
enum { MOST_GPUS = 1000000, MOST_HOURS = 876600 };

const struct option_row estimate_rows[] = {
        { OPT_GPUS, 'G', "gpus", "N", "GPUs of the run" },
        { OPT_HOURS, 0, "hours", "H", "how long it runs: 240, 36.5; or as a duration: 10d, 1h30m" },
        { OPT_GPU_POWER, 0, "gpu-power", "WATTS", "what one GPU draws on average while it trains: 400, 0.7kW" },
        { OPT_NODE_OVERHEAD, 0, "node-overhead", "WATTS", "what a node draws beside its GPUs; with --gpus-per-node" },
        { OPT_PER_NODE, 0, "gpus-per-node", "N", "GPUs in a node" },
        { OPT_ENERGY, 0, "energy", "ENERGY", "instead of GPUs, hours and power: \"1287 MWh\"" },
        { OPT_PUE, 0, "pue", "X", "facility power per IT power, 1 to 10 (of --site: the site's)" },
        { OPT_INCLUDES, 0, "energy-includes-pue", NULL, "the power or energy given is the facility's, not the IT's" },
        { OPT_PRICE, 0, "price", "VALUE|FILE", "\"65 EUR/MWh\", or a file of prices as `offpeak price --file` reads it" },
        { OPT_CARBON, 0, "carbon", "VALUE|FILE", "\"385 g/kWh\", or a file of carbon intensities" },
        PRICE_FILE_OPTIONS(OPT_MAPPING, OPT_COLUMN, OPT_SET),
        { OPT_CARBON_MAPPING, 0, "carbon-mapping", "NAME", "the same three of the carbon file" },
        { OPT_CARBON_COLUMN, 0, "carbon-column", "NAME", "" },
        { OPT_CARBON_SET, 0, "carbon-set", "KEY=VALUE", "" },
        { OPT_BEGIN, 0, "begin", "WHEN", "when it would start (now; where a file says nothing of now, its first hour)" },
        { OPT_BY, 0, "by", "WHEN", "it must have ended then" },
        { OPT_OBJECTIVE, 0, "objective", "WHAT", "look for the start of least cost (the default) or carbon" },
        { OPT_SITE, 0, "site", "NAME", "ask the scheduler: prices and carbon of this site, known and forecast" },
        { OPT_PROFILES, 0, "profiles", "FILE", "speed and power by width: class,gpus,throughput,power_w" },
        { OPT_CLASS, 0, "class", "NAME", "the class in it" },
        { OPT_WORK, 0, "work", "UNITS", "how much work, in the units of its throughput; or give --hours at the width --gpus" },
        COMMAND_OPTIONS,
};

/* ---- quantities */

static int take_hours(const struct option_found *found, int64_t *ret_seconds, struct offpeak_error *err)
{
        int64_t micro, seconds = 0;

        if (text_parse_decimal(found->value, strlen(found->value), 6, &micro) == 0)
                seconds = micro > MOST_HOURS * PPM ? INT64_MAX : micro < 0 ? 0 : (micro * 3600 + PPM / 2) / PPM;
        else if (when_parse_duration(found->value, &seconds, NULL) != 0)
                return fail(err, OFFPEAK_EINVAL, "%s %s: is no time: write hours, like 240 or 36.5, or a duration, like 10d or 1h30m",
                            found->name, found->value);
        if (seconds < 1 || seconds > MOST_HOURS * INT64_C(3600))
                return fail(err, OFFPEAK_EINVAL, "%s %s: must be above 0, and at most %d hours", found->name, found->value, MOST_HOURS);
        *ret_seconds = seconds;
        return 0;
}

static int take_energy(const struct option_found *found, int64_t *ret_joules, struct offpeak_error *err)
{
        int64_t milli_wh;

        /* 1 mWh is 3.6 J */
        if (option_quantity(found->value, UNIT_ENERGY, false, 3, &milli_wh) && milli_wh <= INT64_MAX / 18 &&
            (milli_wh * 18 + 2) / 5 > 0) {
                *ret_joules = (milli_wh * 18 + 2) / 5;
                return 0;
        }
        return fail(err, OFFPEAK_EINVAL, "%s %s: is no energy above 0: write a number and its unit, like \"1287 MWh\"", found->name,
                    found->value);
}

static int take_work(const struct option_found *found, int64_t *ret_milli, struct offpeak_error *err)
{
        int64_t milli;

        if (text_parse_decimal(found->value, strlen(found->value), 3, &milli) != 0 || milli <= 0)
                return fail(err, OFFPEAK_EINVAL, "%s %s: is no amount of work above 0: write a number, like 3e9", found->name,
                            found->value);
        *ret_milli = milli;
        return 0;
}

static int take_objective(const char *text, enum estimate_objective *ret_objective, struct offpeak_error *err)
{
        if (strcmp(text, "cost") != 0 && strcmp(text, "carbon") != 0)
                return fail(err, OFFPEAK_EUSAGE, "--objective %s: write cost or carbon", text);
        *ret_objective = strcmp(text, "cost") == 0 ? ESTIMATE_COST : ESTIMATE_CARBON;
        return 0;
}

int estimate_options_take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct estimate_options *options = context;
        const char **const texts[] = {
                [OPT_PRICE] = &options->price, [OPT_CARBON] = &options->carbon, [OPT_MAPPING] = &options->price_file.mapping,
                [OPT_COLUMN] = &options->price_file.column, [OPT_CARBON_MAPPING] = &options->carbon_file.mapping,
                [OPT_CARBON_COLUMN] = &options->carbon_file.column, [OPT_BEGIN] = &options->begin, [OPT_BY] = &options->by,
                [OPT_SITE] = &options->site, [OPT_PROFILES] = &options->profiles, [OPT_CLASS] = &options->class,
        };

        switch (found->id) {
        case OPT_GPUS:
                return option_whole(found, MOST_GPUS, &options->gpus, err);
        case OPT_PER_NODE:
                return option_whole(found, MOST_GPUS, &options->gpus_per_node, err);
        case OPT_HOURS:
                return take_hours(found, &options->seconds, err);
        case OPT_GPU_POWER:
                return option_power(found, &options->gpu_milliwatts, err);
        case OPT_NODE_OVERHEAD:
                return option_power(found, &options->node_milliwatts, err);
        case OPT_ENERGY:
                return take_energy(found, &options->joules, err);
        case OPT_PUE:
                return option_pue(found, &options->pue_ppm, err);
        case OPT_WORK:
                return take_work(found, &options->work_milli, err);
        case OPT_INCLUDES:
                options->includes_pue = true;
                return 0;
        case OPT_OBJECTIVE:
                return take_objective(found->value, &options->objective, err);
        case OPT_SET:
                return option_set(&options->price_file, found, err);
        case OPT_CARBON_SET:
                return option_set(&options->carbon_file, found, err);
        default:
                *texts[found->id] = found->value;
                return 0;
        }
}

/* ---- against each other */

static int check_profiles(const struct estimate_options *options, struct offpeak_error *err)
{
        if (options->joules != 0 || options->gpu_milliwatts != 0)
                return fail(err, OFFPEAK_EUSAGE, "--profiles says what each width draws: leave out --energy and --gpu-power");
        if (options->class == NULL)
                return fail(err, OFFPEAK_EUSAGE, "--profiles holds several classes: name one with --class");
        if (options->work_milli != 0 && options->seconds != 0)
                return fail(err, OFFPEAK_EUSAGE, "--work and --hours both say how much is to be done: give one");
        if (options->work_milli == 0 && (options->seconds == 0 || options->gpus == 0))
                return fail(err, OFFPEAK_EUSAGE, "how much is to be done? Give --work UNITS, or --hours H that it takes on --gpus N");
        return 0;
}

static int check_draw(const struct estimate_options *options, struct offpeak_error *err)
{
        char missing[64] = "";

        if (options->class != NULL || options->work_milli != 0)
                return fail(err, OFFPEAK_EUSAGE, "--class and --work are of profiles: name their file with --profiles");
        if (options->joules != 0 && (options->gpu_milliwatts != 0 || options->node_milliwatts != 0 || options->gpus != 0))
                return fail(err, OFFPEAK_EUSAGE, "--energy says it all: leave out --gpus, --gpu-power and --node-overhead");
        if (options->joules != 0)
                return 0;
        if (options->gpus == 0)
                text_list_add(missing, sizeof(missing), "--gpus N");
        if (options->seconds == 0)
                text_list_add(missing, sizeof(missing), "--hours H");
        if (options->gpu_milliwatts == 0)
                text_list_add(missing, sizeof(missing), "--gpu-power WATTS");
        if (missing[0] != '\0')
                return fail(err, OFFPEAK_EUSAGE, "how much energy? Add %s; or give --energy, or --profiles", missing);
        return 0;
}

static bool is_input(const char *text)
{
        return text != NULL && strcmp(text, "-") == 0;
}

int estimate_options_check(const struct estimate_options *options, struct offpeak_error *err)
{
        int code = options->profiles != NULL ? check_profiles(options, err) : check_draw(options, err);

        if (code == 0)
                code = option_check_file(&options->price_file, options->price, "--price", "", err);
        if (code == 0)
                code = option_check_file(&options->carbon_file, options->carbon, "--carbon", "carbon-", err);
        if (code == 0 && (options->node_milliwatts != 0) != (options->gpus_per_node != 0))
                code = fail(err, OFFPEAK_EUSAGE, "--node-overhead is of each node, and --gpus-per-node says how many these are: give both");
        if (code == 0 && is_input(options->price) && is_input(options->carbon))
                code = fail(err, OFFPEAK_EUSAGE, "--price and --carbon cannot both be read from the standard input");
        if (code == 0 && options->by != NULL && options->seconds == 0 && options->work_milli == 0)
                code = fail(err, OFFPEAK_EUSAGE, "--by is about a run of some length: add --hours");
        return code;
}
