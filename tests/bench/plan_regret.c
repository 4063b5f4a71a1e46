/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_regret.c - what not knowing costs: some days of real day-ahead prices, told day by day, while jobs come one by one;
 * one line of JSON for each zone.
 *
 * regret is what the hours cost above a plan made with hindsight, gap what that plan may itself be above the bound, way_gap the
 * mean gap of the plans made on the way, of their own cost. captured is what was saved of what could be, (run_now -
 * realised) / (run_now - bound), what run_now pays for deadlines that it misses left out on its side.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feeds/csv.h"
#include "support/campaign.h"
#include "support/world.h"

enum { PAST_DAYS = 56 };

struct settings {
        const char *zone; /* NULL: all */
        const char *data;
        const char *start;
        struct campaign campaign;
        uint64_t hindsight_work;
};

static const char usage[] =
        "usage: plan_regret [--zone Z] [--start DAY] [--days D] [--jobs N] [--load L] [--slack HOURS] [--seed S]\n"
        "                   [--nodes N] [--work W] [--hindsight-work W] [--known] [--forecasts]\n"
        "                   [--data FOLDER]\n"
        "  --zone Z      DE-LU, FR, NL or SE4; all of them if not given\n"
        "  --start DAY   the first day, such as 2025-06-09, which is what is taken if none is given\n"
        "  --slack H     a job's deadline leaves 4 hours more than it needs, and up to H (default 24)\n"
        "  --nodes N     nodes that the 16 GPUs are in: 1, 2, 4, 8 or 16 (default 1: devices are always free together)\n"
        "  --known       all prices and jobs are known from the beginning\n"
        "  --forecasts   prices that are not published are forecast as the daemon does it, not the last day repeated\n";

static double seconds_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The zone's prices from eight weeks before the start on: that is what the daemon has on record. */
static int read_price(const struct settings *settings, const char *zone, struct series *ret_price,
                      struct offpeak_error *err)
{
        char path[512];
        struct csv_request request = { .file = path, .site = "hanford", .kind = SERIES_PRICE, .currency = "EUR" };
        struct series all;
        int code;

        snprintf(path, sizeof(path), "%s/open/prices/smard_dayahead_%s_2025-01_2026-02.csv", settings->data, zone);
        code = csv_read(&request, &all, err);
        if (code != 0)
                return code;
        series_init(ret_price, SERIES_PRICE);
        code = series_set_names(ret_price, all.site, all.source);
        for (size_t i = 0; code == 0 && i < all.n_points; i++)
                if (all.points[i].start >= settings->campaign.start - PAST_DAYS * DAY)
                        code = series_append(ret_price, all.points[i].start, all.points[i].value);
        ret_price->end = all.end;
        series_finish(&all);
        return code;
}

static void print_line(const struct settings *settings, const char *zone, const struct campaign *campaign,
                       const struct regret *regret, double seconds)
{
        double run_now = regret->run_now.total - regret->run_now.lateness;
        double most = run_now - regret->bound, mean = (double)campaign->plans.n;
        uint32_t pauses = 0;
        char captured[32] = "null";

        for (size_t i = 0; i < sim_state(campaign->sim)->n_jobs; i++)
                pauses += sim_state(campaign->sim)->jobs[i].pauses;
        if (regret->run_now.unfinished == 0 && most > 0)
                snprintf(captured, sizeof(captured), "%.5f", (run_now - regret->realised.total) / most);
        printf("{\"zone\":\"%s\",\"start\":\"%s\",\"days\":%" PRId64 ",\"jobs\":%zu,\"left_out\":%zu,\"nodes\":%u,\"load\":%.2f,\"slack_h\":%" PRId64
               ",\"seed\":%" PRIu64 ",\"known\":%s,",
               zone, settings->start, campaign->days, regret->n_jobs, regret->n_left_out, campaign->nodes, campaign->load,
               campaign->slack_s / HOUR, campaign->seed, campaign->known ? "true" : "false");
        printf("\"realised\":%.4f,\"hindsight\":%.4f,\"bound\":%.4f,\"regret\":%.4f,\"gap\":%.4f,\"run_now\":%.4f,"
               "\"captured_saving\":%s,",
               regret->realised.total, regret->hindsight.total, regret->bound, regret->regret, regret->gap, run_now, captured);
        printf("\"realised_lateness\":%.4f,\"hindsight_lateness\":%.4f,\"run_now_lateness\":%.4f,\"plans\":%" PRIu64
               ",\"way_gap\":%.6f,\"way_gap_absolute\":%.4f,\"pauses\":%u,\"checked\":%s,\"seconds\":%.2f}\n",
               regret->realised.lateness, regret->hindsight.lateness, regret->run_now.lateness, campaign->plans.n,
               campaign->plans.cost > 0 ? campaign->plans.gap / campaign->plans.cost : 0,
               mean > 0 ? campaign->plans.gap / mean : 0, pauses, regret->objection.code == 0 ? "true" : "false", seconds);
        if (regret->objection.code != 0)
                fprintf(stderr, "plan_regret: %s: %s\n", zone, regret->objection.text);
        fflush(stdout);
}

static int run(const struct settings *settings, const char *zone)
{
        struct campaign campaign = settings->campaign;
        double start = seconds_now();
        struct offpeak_error err;
        struct regret regret;
        struct series price;
        int code = read_price(settings, zone, &price, &err);

        if (code == 0) {
                campaign.price = &price;
                code = campaign_run(&campaign, &err);
                if (code == 0)
                        code = campaign_regret(&campaign, settings->hindsight_work, &regret, &err);
                if (code == 0)
                        print_line(settings, zone, &campaign, &regret, seconds_now() - start);
                campaign_finish(&campaign);
                series_finish(&price);
        }
        if (code != 0)
                fprintf(stderr, "plan_regret: %s: %s\n", zone, err.text);
        return code != 0;
}

static int read_settings(int argc, char **argv, struct settings *settings)
{
        static const struct option options[] = {
                { "zone", required_argument, NULL, 'z' },  { "start", required_argument, NULL, 't' },
                { "days", required_argument, NULL, 'd' },  { "jobs", required_argument, NULL, 'j' },
                { "load", required_argument, NULL, 'l' },  { "slack", required_argument, NULL, 'x' },
                { "seed", required_argument, NULL, 's' },  { "work", required_argument, NULL, 'w' },
                { "known", no_argument, NULL, 'k' },       { "hindsight-work", required_argument, NULL, 'h' },
                { "nodes", required_argument, NULL, 'n' }, { "data", required_argument, NULL, 'f' },
                { "forecasts", no_argument, NULL, 'r' },   { NULL, 0, NULL, 0 },
        };
        struct campaign *campaign = &settings->campaign;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == 'z')
                        settings->zone = optarg;
                else if (option == 't')
                        settings->start = optarg;
                else if (option == 'd')
                        campaign->days = strtoll(optarg, NULL, 10);
                else if (option == 'j')
                        campaign->n_jobs = strtoull(optarg, NULL, 10);
                else if (option == 'l')
                        campaign->load = strtod(optarg, NULL);
                else if (option == 'x')
                        campaign->slack_s = strtoll(optarg, NULL, 10) * HOUR;
                else if (option == 's')
                        campaign->seed = strtoull(optarg, NULL, 10);
                else if (option == 'w')
                        campaign->work = strtoull(optarg, NULL, 10);
                else if (option == 'h')
                        settings->hindsight_work = strtoull(optarg, NULL, 10);
                else if (option == 'n')
                        campaign->nodes = (uint32_t)strtoul(optarg, NULL, 10);
                else if (option == 'k')
                        campaign->known = true;
                else if (option == 'r')
                        campaign->forecasts = true;
                else if (option == 'f')
                        settings->data = optarg;
                else
                        return -1;
        }
        return optind == argc && campaign->days > 0 && campaign->n_jobs > 0 && campaign->load > 0 &&
                               campaign->nodes > 0 && CAMPAIGN_GPUS % campaign->nodes == 0
                       ? 0
                       : -1;
}

static int64_t day_of(const char *text)
{
        struct tm day = { 0 };

        return strptime(text, "%Y-%m-%d", &day) != NULL ? (int64_t)timegm(&day) : -1;
}

int main(int argc, char **argv)
{
        static const char *const zones[] = { "DE-LU", "FR", "NL", "SE4" };
        struct settings settings = { .data = OFFPEAK_SHARED_DATA, .start = "2025-06-09", .hindsight_work = 40000000 };
        int failed = 0;

        settings.campaign = (struct campaign){ .days = 14,
                                               .n_jobs = 200,
                                               .load = 0.6,
                                               .nodes = 1,
                                               .slack_s = 24 * HOUR,
                                               .seed = 1,
                                               .start_cost_s = 240,
                                               .stop_s = 30,
                                               .work = 1000000 };
        if (read_settings(argc, argv, &settings) != 0 || day_of(settings.start) < 0) {
                fputs(usage, stderr);
                return 64;
        }
        settings.campaign.start = day_of(settings.start);
        if (settings.zone != NULL)
                return run(&settings, settings.zone);
        for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
                failed |= run(&settings, zones[z]);
        return failed;
}
