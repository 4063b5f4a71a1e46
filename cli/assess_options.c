/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/assess_options.h"

#include <string.h>

#include "base/fail.h"
#include "cli/commands.h"
#include "cli/option_values.h"

enum { OPT_WITH = SIMULATE_OPT_END, OPT_ADD, OPT_YEARLY_COST };

const struct option_row assess_rows[] = {
        { SIMULATE_OPT_JOBS, 0, "jobs", "FILE", "the jobs that are replayed, as `offpeak simulate` reads them" },
        { SIMULATE_OPT_CONFIG, 0, "config", "FILE", "the scheduler's configuration as it is" },
        { OPT_WITH, 0, "with", "FILE", "the configuration as it would be; several times" },
        { OPT_ADD, 0, "add", "WHAT=...@SITE",
          "a change without a file: reactor=voygr:1, ppa=50EUR/MWh:3MW, solar=FILE:2MW, limit=+30%, "
          "battery=2MW:8MWh:85%; several times" },
        { OPT_YEARLY_COST, 0, "yearly-cost", "X", "what the change before it costs a year itself, in the currency" },
        { SIMULATE_OPT_NODES, 0, "nodes", "[SITE=]NxG[@W]",
          "N nodes of G GPUs of W each at a site; may be given several times" },
        { SIMULATE_OPT_GPUS, 'G', "gpus", "N", "a cluster of so many GPUs, where there is one site" },
        { SIMULATE_OPT_PER_NODE, 0, "gpus-per-node", "N", "so many in a node (8)" },
        { SIMULATE_OPT_GPU_POWER, 0, "gpu-power", "WATTS", "what a GPU draws where the jobs do not say it (400)" },
        { SIMULATE_OPT_IDLE_POWER, 0, "idle-power", "WATTS", "what a node draws beside (0)" },
        { SIMULATE_OPT_POLICY, 'p', "policy", "NAME",
          "who makes the hours: oracle (default), offpeak, run-now, wait-awhile, ..." },
        { SIMULATE_OPT_FORECAST, 0, "forecast", "WHAT",
          "what policy offpeak sees: perfect (default), noise:SIGMA, or model" },
        { SIMULATE_OPT_SEED, 0, "seed", "N", "of the noise (1)" },
        { SIMULATE_OPT_PLAN_GAP, 0, "plan-gap", "TIME",
          "plans are made no sooner than so long after each other (5m; of more than 5,000 jobs 1h)" },
        { SIMULATE_OPT_EPOCH, 0, "epoch", "WHEN",
          "what submit_s counts from (where the series of all configurations have begun)" },
        { SIMULATE_OPT_STRICT, 0, "strict", NULL, "refuse a list of jobs in which anything is wrong" },
        { SIMULATE_OPT_SITE, 0, "site", "NAME", "whose --price and --carbon are, where there are several" },
        { SIMULATE_OPT_PRICE, 0, "price", "FILE", "instead of the configurations' own: a file, or \"65 EUR/MWh\"" },
        { SIMULATE_OPT_CARBON, 0, "carbon", "FILE", "carbon intensity, likewise" },
        PRICE_FILE_OPTIONS(SIMULATE_OPT_MAPPING, SIMULATE_OPT_COLUMN, SIMULATE_OPT_SET),
        { SIMULATE_OPT_CARBON_MAPPING, 0, "carbon-mapping", "NAME", "the same three of the carbon file" },
        { SIMULATE_OPT_CARBON_COLUMN, 0, "carbon-column", "NAME", "" },
        { SIMULATE_OPT_CARBON_SET, 0, "carbon-set", "KEY=VALUE", "" },
        COMMAND_OPTIONS,
};

static int take_change(struct assess_options *options, const struct option_found *found, struct offpeak_error *err)
{
        if (options->n_changes == ASSESS_MOST_CHANGES)
                return fail(err, OFFPEAK_EUSAGE, "more than %d changes: assess them in two calls", ASSESS_MOST_CHANGES);
        options->changes[options->n_changes++] =
                (struct assess_change){ .text = found->value, .is_file = found->id == OPT_WITH };
        return 0;
}

static int take_yearly_cost(struct assess_options *options, const struct option_found *found, struct offpeak_error *err)
{
        struct assess_change *change = options->n_changes > 0 ? &options->changes[options->n_changes - 1] : NULL;

        if (change == NULL)
                return fail(err, OFFPEAK_EUSAGE, "%s is of the change before it: put it behind --with or --add",
                            found->name);
        if (change->has_yearly_cost)
                return fail(err, OFFPEAK_EUSAGE, "%s twice for \"%s\"", found->name, change->text);
        change->has_yearly_cost = true;
        return option_money(found, &change->yearly_cost, err);
}

int assess_options_take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct assess_options *options = context;

        switch (found->id) {
        case OPT_WITH:
        case OPT_ADD:
                return take_change(options, found, err);
        case OPT_YEARLY_COST:
                return take_yearly_cost(options, found, err);
        default:
                return simulate_options_take(&options->simulate, found, err);
        }
}

int assess_options_check(const struct assess_options *options, struct offpeak_error *err)
{
        if (options->simulate.config == NULL)
                return fail(err, OFFPEAK_EUSAGE, "what is the supply as it is? Add --config FILE");
        if (options->n_changes == 0)
                return fail(err, OFFPEAK_EUSAGE,
                            "what would change? Add --with FILE, or --add \"ppa=50EUR/MWh:3MW@SITE\", say");
        if (options->simulate.n_policies > 1)
                return fail(err, OFFPEAK_EUSAGE, "one --policy replays the jobs: `offpeak simulate` compares several");
        if (options->simulate.jobs != NULL && strcmp(options->simulate.jobs, "-") == 0)
                return fail(err, OFFPEAK_EUSAGE, "--jobs -: the list is read once for each configuration: name a file");
        return simulate_options_check(&options->simulate, err);
}
