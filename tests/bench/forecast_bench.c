/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast_bench.c - how far forecasts of real day-ahead prices are off: all files of one price column in
 * open/prices (others are named and left out), an origin each day from the 98 days on that a forecast looks back over, seven days ahead; one line of
 * JSON for each file. Errors are mean absolute ones in EUR/MWh, by lead in days; `mean` is that of days 1 to 7.
 *
 * `naive` is what series_fill gives, `chosen` the method that forecast_choose takes at each origin, regression_share of
 * them the regression. below_0.9: the part of prices that stayed below the regression's quantile 0.9.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feeds/csv.h"
#include "supply/forecast.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

enum { PAST_DAYS = 98, NAIVE = 0, REGRESSION, CHOSEN, METHODS };

struct tally {
        double error[METHODS][FORECAST_LEADS];
        double n[FORECAST_LEADS], below[FORECAST_LEADS];
        int origins, regressions;
};

static double cpu_seconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The series as it stands when its values up to the origin are published. */
static int fill_from(const struct series *series, int64_t origin, struct series *ret_filled)
{
        struct series past = *series; /* points shared */
        int64_t ignored;

        past.end = origin;
        while (past.n_points > 0 && past.points[past.n_points - 1].start >= origin)
                past.n_points--;
        return series_fill(&past, origin, origin + FORECAST_LEADS * DAY, ret_filled, &ignored);
}

static void count(const struct series *series, int64_t origin, const struct series *naive,
                  const struct forecast *regression, enum forecast_method chosen, struct tally *tally)
{
        for (int64_t t = origin; t < origin + FORECAST_LEADS * DAY; t += HOUR) {
                int64_t value = series_at(series, t), lead = (t - origin) / DAY;
                double by_naive, by_regression;

                if (value == SERIES_UNKNOWN)
                        continue;
                by_naive = fabs((double)(value - series_at(naive, t))) / 1e6;
                by_regression = fabs((double)(value - series_at(&regression->value, t))) / 1e6;
                tally->error[NAIVE][lead] += by_naive;
                tally->error[REGRESSION][lead] += by_regression;
                tally->error[CHOSEN][lead] += chosen == FORECAST_REGRESSION ? by_regression : by_naive;
                tally->below[lead] += value <= series_at(&regression->quantiles[0], t);
                tally->n[lead]++;
        }
}

static int measure(const struct series *series, int64_t origin, struct tally *tally)
{
        struct forecast_request request = { .origin = origin,
                                            .to = origin + FORECAST_LEADS * DAY,
                                            .east_s = HOUR,
                                            .method = FORECAST_REGRESSION,
                                            .quantiles = { 0.9 },
                                            .n_quantiles = 1 };
        struct forecast_choice choice;
        struct forecast regression;
        struct series naive;

        if (forecast_choose(series, &request, &choice) != 0 || forecast_make(series, &request, &regression) != 0)
                return -1;
        if (fill_from(series, origin, &naive) != 0) {
                forecast_finish(&regression);
                return -1;
        }
        count(series, origin, &naive, &regression, choice.method, tally);
        tally->origins++;
        tally->regressions += choice.method == FORECAST_REGRESSION;
        series_finish(&naive);
        forecast_finish(&regression);
        return 0;
}

static double print_errors(const char *name, const double *errors, const double *n)
{
        double mean = 0;

        printf("\"%s\":[", name);
        for (int i = 0; i < FORECAST_LEADS; i++) {
                printf("%s%.3f", i > 0 ? "," : "", errors[i] / n[i]);
                mean += errors[i] / n[i] / FORECAST_LEADS;
        }
        printf("],");
        return mean;
}

static int run(const char *folder, const char *name)
{
        struct csv_request request = { .kind = SERIES_PRICE, .site = "hanford" };
        struct tally tally = { 0 };
        double start = cpu_seconds(), mean[METHODS];
        struct offpeak_error err;
        struct series series;
        char path[1024];

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        request.file = path;
        if (csv_read(&request, &series, &err) != 0) {
                fprintf(stderr, "forecast_bench: left out: %s\n", err.text);
                return 0;
        }
        for (int64_t t = series.points[0].start + PAST_DAYS * DAY; t + FORECAST_LEADS * DAY <= series.end; t += DAY)
                if (measure(&series, t, &tally) != 0)
                        return 1;
        series_finish(&series);
        printf("{\"file\":\"%s\",\"origins\":%d,", name, tally.origins);
        mean[NAIVE] = print_errors("naive", tally.error[NAIVE], tally.n);
        mean[REGRESSION] = print_errors("regression", tally.error[REGRESSION], tally.n);
        mean[CHOSEN] = print_errors("chosen", tally.error[CHOSEN], tally.n);
        print_errors("below_0.9", tally.below, tally.n);
        printf("\"naive_mean\":%.3f,\"regression_mean\":%.3f,\"chosen_mean\":%.3f,\"regression_share\":%.3f,"
               "\"lower_by\":%.4f,\"cpu_seconds\":%.1f}\n",
               mean[NAIVE], mean[REGRESSION], mean[CHOSEN], (double)tally.regressions / tally.origins,
               1 - mean[REGRESSION] / mean[NAIVE], cpu_seconds() - start);
        fflush(stdout);
        return 0;
}

static int is_csv(const struct dirent *entry)
{
        size_t length = strlen(entry->d_name);

        return length > 4 && strcmp(entry->d_name + length - 4, ".csv") == 0;
}

int main(int argc, char **argv)
{
        const char *folder = argc > 1 ? argv[1] : OFFPEAK_SHARED_DATA "/open/prices";
        struct dirent **entries;
        int n = scandir(folder, &entries, is_csv, alphasort), failed = 0;

        if (n < 0) {
                fprintf(stderr, "forecast_bench: cannot list %s\n", folder);
                return 66;
        }
        for (int i = 0; i < n; i++) {
                failed |= run(folder, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return failed;
}
