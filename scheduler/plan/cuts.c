/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/cuts.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

size_t cuts_find(const struct cuts *cuts, int64_t time)
{
        size_t low = 0, high = cuts->n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (cuts->times[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

void cuts_finish(struct cuts *cuts)
{
        free(cuts->flows);
        free(cuts->watts);
        free(cuts->steps);
        free(cuts->times);
        *cuts = (struct cuts){ 0 };
}

static void collect_times(struct cuts *cuts, const struct plan_problem *problem, const struct schedule *schedule,
                          const struct flows *flows)
{
        size_t n = 0, unique = 0;

        for (size_t t = 0; t < cuts->site->n_steps; t++)
                cuts->times[n++] = cuts->site->steps[t].start;
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t i = 0; i < schedule->jobs[j].n; i++)
                        if (schedule->jobs[j].intervals[i].site == cuts->index) {
                                cuts->times[n++] = schedule->jobs[j].intervals[i].start;
                                cuts->times[n++] = schedule->jobs[j].intervals[i].end;
                        }
        for (size_t i = 0; flows != NULL && i < flows->n; i++)
                if (flows->at[i].site == cuts->index) {
                        cuts->times[n++] = flows->at[i].start;
                        cuts->times[n++] = flows->at[i].end;
                }
        cuts->times[n++] = problem->horizon;
        qsort(cuts->times, n, sizeof(*cuts->times), by_value);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || cuts->times[i] != cuts->times[unique - 1])
                        cuts->times[unique++] = cuts->times[i];
        cuts->n = unique - 1;
}

static void add_watts(struct cuts *cuts, const struct plan_problem *problem, const struct schedule *schedule)
{
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t k = 0; k < schedule->jobs[j].n; k++) {
                        const struct plan_interval *run = &schedule->jobs[j].intervals[k];

                        if (run->site != cuts->index)
                                continue;
                        for (size_t i = cuts_find(cuts, run->start); i < cuts->n && cuts->times[i] < run->end; i++)
                                cuts->watts[i] += problem->jobs[j].modes[run->mode].watts;
                }
}

static void add_flows(struct cuts *cuts, const struct flows *flows)
{
        for (size_t k = 0; flows != NULL && k < flows->n; k++)
                for (size_t i = flows->at[k].site == cuts->index ? cuts_find(cuts, flows->at[k].start) : cuts->n;
                     i < cuts->n && cuts->times[i] < flows->at[k].end; i++)
                        cuts->flows[i] = flows->at[k].watts;
}

int cuts_init(struct cuts *cuts, const struct plan_problem *problem, uint32_t site, const struct schedule *schedule,
              const struct flows *flows)
{
        size_t most = problem->sites[site].n_steps + 1 + (flows != NULL ? 2 * flows->n : 0);

        *cuts = (struct cuts){ .site = &problem->sites[site], .index = site };
        for (size_t j = 0; j < schedule->n_jobs; j++)
                most += 2 * schedule->jobs[j].n;
        cuts->times = calloc(most, sizeof(*cuts->times));
        cuts->steps = calloc(most, sizeof(*cuts->steps));
        cuts->watts = calloc(most, sizeof(*cuts->watts));
        cuts->flows = calloc(most, sizeof(*cuts->flows));
        if (cuts->times == NULL || cuts->steps == NULL || cuts->watts == NULL || cuts->flows == NULL) {
                cuts_finish(cuts);
                return OFFPEAK_ENOMEM;
        }
        collect_times(cuts, problem, schedule, flows);
        for (size_t i = 0, step = 0; i < cuts->n; i++) {
                while (step + 1 < cuts->site->n_steps && cuts->site->steps[step + 1].start <= cuts->times[i])
                        step++;
                cuts->steps[i] = &cuts->site->steps[step];
        }
        add_watts(cuts, problem, schedule);
        add_flows(cuts, flows);
        return 0;
}
