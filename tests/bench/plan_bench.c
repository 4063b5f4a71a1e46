/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_bench.c - how long the planner thinks, and how good its plan is: one line of JSON for each kind of instance.
 *
 * Every plan goes through the checker, whose figures are the ones printed; its time is printed beside the planner's. The
 * gap is (cost - bound) / |cost|; captured is what is saved of what can be, (run_now - cost) / (run_now - bound). What
 * run_now pays for deadlines that it misses stands by itself: counted in, it would make every saving look complete.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/plan_events.h"
#include "bench/plan_forecasts.h"
#include "bench/plan_guess.h"
#include "bench/plan_instance.h"
#include "bench/plan_mps.h"
#include "bench/plan_solution.h"
#include "plan/beside_stores.h"
#include "plan/check.h"
#include "plan/plan.h"

enum { MAX_REPEAT = 99 };

struct settings {
        struct instance_shape shape;
        const char *kind;     /* NULL: all */
        const char *mps;      /* file to write the instance to; NULL: none */
        const char *lp;       /* likewise, as a linear program */
        const char *solution; /* file with the program's solution, to be looked at instead of planning; NULL: none */
        size_t guesses;       /* likewise: the best plan of whole slots of so many tries */
        bool show;            /* print the intervals */
        uint64_t work;
        int repeat;
        size_t events; /* of each kind, after the plan; 0: none */
        size_t forecasts; /* new ones, after the plan; 0: none */
};

static const char usage[] =
        "usage: plan_bench [--kind K] [--jobs N] [--slots T] [--seed S] [--work W] [--repeat R] [--mps FILE] [--lp FILE]\n"
        "                  [--solution FILE] [--guess N] [--show] [--generated]\n"
        "  --kind K      loose, tight, reactor, peak, sites, elastic, mixed, shift,\n"
        "                shift-reactor, battery, salt, offgrid,\n"
        "                shift-battery or capped; all of them if not given\n"
        "  --work W      the planner's budget in units (default: 1,000,000 and 750 for each job; four times\n"
        "                that for sites, elastic, capped, offgrid and with quarters, ten times for mixed)\n"
        "  --events E    then time E events of each kind: a job goes, a job comes, a price changes; a line each\n"
        "  --forecasts F then plan F times from the last plan, every price off by 6 % at random\n"
        "  --quarters H  a price for each quarter of the first H hours (default 0)\n"
        "  --repeat R    plan R times and print the median of the seconds (default 1)\n"
        "  --mps FILE    write the instance as a MILP, too (with --kind)\n"
        "  --solution F  do not plan: check CBC's solution of that program as a plan, and print its bill\n"
        "  --guess N     do not plan: the best of N guesses at a plan of whole slots\n"
        "  --show        print the intervals, too: job, site, mode, begin and end in hours\n"
        "  --lp FILE     write it as a linear program, too (with --kind shift...)\n"
        "  --generated   generated jobs and prices, also where the traces are there\n";

static double seconds_now(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double peak_mb(void)
{
        struct rusage used;

        getrusage(RUSAGE_SELF, &used);
        return (double)used.ru_maxrss / 1024;
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static void print_terms(const struct plan_terms *terms)
{
        printf("\"cost_terms\":{\"supply\":%.4f,\"carbon\":%.4f,\"delay\":%.4f,\"lateness\":%.4f,\"unfinished\":%.4f,"
               "\"demand\":%.4f,\"starts\":%.4f,\"risk\":%.4f,\"moves\":%.4f,\"storage\":%.4f,\"over_limit\":%.4f}",
               terms->supply, terms->carbon, terms->delay, terms->lateness, terms->unfinished, terms->demand, terms->starts,
               terms->risk, terms->moves, terms->storage, terms->over_limit);
}

/* Job, site, mode, begin and end in hours from now. */
static void print_intervals(const struct settings *settings, const struct instance *instance, const struct plan *plan)
{
        const char *before = ",\"intervals\":[";

        if (!settings->show)
                return;
        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = plan->jobs[j].first; i < plan->jobs[j].first + plan->jobs[j].n; i++) {
                        const struct plan_interval *run = &plan->intervals[i];

                        printf("%s[%" PRIu64 ",%u,%u,%.4f,%.4f]", before, plan->jobs[j].id, run->site, run->mode,
                               (double)(run->start - instance->problem.now) / 3600,
                               (double)(run->end - instance->problem.now) / 3600);
                        before = ",";
                }
        putchar(']');
}

static void print_line(const struct settings *settings, const struct instance *instance, const struct plan *plan,
                       const struct plan_verdict *verdict, double seconds, double cpu_seconds,
                       double check_seconds)
{
        double cost = verdict->terms.total, run_now = plan->run_now.total - plan->run_now.lateness;
        double possible = run_now - verdict->bound;
        char captured[32] = "null"; /* running at once leaves work undone: there is nothing to compare with */
        size_t late = 0;

        if (plan->run_now.unfinished == 0)
                snprintf(captured, sizeof(captured), "%.5f", possible > 0 ? (run_now - cost) / possible : 1);
        for (size_t j = 0; j < plan->n_jobs; j++)
                late += plan->jobs[j].late_s > 0;
        printf("{\"kind\":\"%s\",\"jobs\":%zu,\"slots\":%zu,\"seed\":%" PRIu64 ",\"real\":%s,\"gpus\":%u,\"load\":%.4f,",
               instance_kind_names[settings->shape.kind], settings->shape.n_jobs, settings->shape.n_slots,
               settings->shape.seed, instance->real_jobs && instance->real_prices ? "true" : "false",
               instance->steps[0].gpus, instance->load);
        printf("\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"check_seconds\":%.4f,", seconds, cpu_seconds, check_seconds);
        printf("\"work\":%" PRIu64 ",\"peak_mb\":%.1f,\"cost\":%.10g,", plan->work, peak_mb(), cost);
        print_terms(&verdict->terms);
        printf(",\"bound\":%.10g,\"gap\":%.8f,\"gap_absolute\":%.4f,"
               "\"gap_idle_gpus\":%.4f,\"gap_supply\":%.4f,\"gap_regret\":%.4f,\"captured_saving\":%s,\"run_now\":%.10g,"
               "\"run_now_lateness\":%.4f,\"late\":%zu,\"parts\":%zu",
               verdict->bound, verdict->gap / fmax(fabs(cost), 1e-9), verdict->gap, verdict->idle, verdict->supply,
               verdict->regret, captured, run_now, plan->run_now.lateness, late, plan_count_parts(&instance->problem, plan));
        print_intervals(settings, instance, plan);
        puts("}");
        fflush(stdout);
}

/* Jobs that mix modes, sites or slots of several lengths cost some four times as much to place; at three sites, ten times. */
static uint64_t default_work(const struct instance_shape *shape)
{
        bool mixes = shape->kind == INSTANCE_SITES || shape->kind == INSTANCE_ELASTIC || shape->kind == INSTANCE_OFFGRID ||
                     shape->kind == INSTANCE_CAPPED || shape->quarters > 0;

        return (1000000 + 750 * shape->n_jobs) * (shape->kind == INSTANCE_MIXED ? 10 : mixes ? 4 : 1);
}

/* The checker's word on what a solver found, or on the best of many guesses. */
static int check_other(const struct settings *settings, const struct instance *instance, struct offpeak_error *err)
{
        const struct plan_problem *problem = &instance->problem;
        struct plan_verdict verdict;
        struct plan plan;
        int code;

        plan_init(&plan);
        if (settings->solution != NULL)
                code = plan_read_solution(problem, settings->solution, &plan, err);
        else
                code = plan_guess(problem, settings->shape.seed, settings->guesses, &plan, err);
        if (code == 0)
                code = plan_check(problem, &plan, &verdict, err);
        if (code == 0) {
                printf("{\"bill\":%.10g,\"exact\":%s,\"parts\":%zu,", verdict.terms.total,
                       plan_is_billed_exactly(problem, &plan) ? "true" : "false", plan_count_parts(problem, &plan));
                print_terms(&verdict.terms);
                print_intervals(settings, instance, &plan);
                puts("}");
        }
        plan_finish(&plan);
        return code;
}

static int run(const struct settings *settings)
{
        struct plan_budget budget = { .work = settings->work > 0 ? settings->work : default_work(&settings->shape) };
        double seconds[MAX_REPEAT], cpu[MAX_REPEAT], start, cpu_start;
        struct plan_verdict verdict;
        struct instance instance;
        struct offpeak_error err;
        struct plan plan;
        int code = instance_init(&instance, &settings->shape, &err);

        plan_init(&plan);
        if (code == 0 && settings->mps != NULL)
                code = plan_write_mps(&instance.problem, settings->mps, &err);
        if (code == 0 && settings->lp != NULL)
                code = plan_write_lp(&instance.problem, settings->lp, &err);
        if (code == 0 && (settings->solution != NULL || settings->guesses > 0)) {
                code = check_other(settings, &instance, &err);
                goto out;
        }
        for (int i = 0; code == 0 && i < settings->repeat; i++) {
                plan_finish(&plan);
                start = seconds_now(CLOCK_MONOTONIC);
                cpu_start = seconds_now(CLOCK_PROCESS_CPUTIME_ID);
                code = plan_compute(&instance.problem, &budget, &plan, &err);
                cpu[i] = seconds_now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
                seconds[i] = seconds_now(CLOCK_MONOTONIC) - start;
        }
        start = seconds_now(CLOCK_MONOTONIC);
        if (code == 0)
                code = plan_check(&instance.problem, &plan, &verdict, &err);
        start = seconds_now(CLOCK_MONOTONIC) - start;
        if (code == 0) {
                qsort(seconds, (size_t)settings->repeat, sizeof(double), by_value);
                qsort(cpu, (size_t)settings->repeat, sizeof(double), by_value);
                print_line(settings, &instance, &plan, &verdict, seconds[settings->repeat / 2], cpu[settings->repeat / 2],
                           start);
                if (settings->events > 0 && !problem_has_stores(&instance.problem))
                        code = plan_time_events(&instance.problem, &plan, settings->events, &err);
                if (code == 0 && settings->forecasts > 0)
                        code = plan_time_forecasts(&instance.problem, settings->forecasts, budget.work, &err);
        }
out:
        if (code != 0)
                fprintf(stderr, "plan_bench: %s\n", err.text);
        plan_finish(&plan);
        instance_finish(&instance);
        return code != 0;
}

static int read_settings(int argc, char **argv, struct settings *settings)
{
        static const struct option options[] = {
                { "kind", required_argument, NULL, 'k' },   { "jobs", required_argument, NULL, 'j' },
                { "slots", required_argument, NULL, 't' },  { "seed", required_argument, NULL, 's' },
                { "work", required_argument, NULL, 'w' },   { "repeat", required_argument, NULL, 'r' },
                { "generated", no_argument, NULL, 'g' },
                { "quarters", required_argument, NULL, 'q' },
                { "events", required_argument, NULL, 'e' },      { "mps", required_argument, NULL, 'm' },
                { "forecasts", required_argument, NULL, 'f' },
                { "solution", required_argument, NULL, 'x' }, { "show", no_argument, NULL, 'i' },
                { "guess", required_argument, NULL, 'u' },
                { "lp", required_argument, NULL, 'l' },     { NULL, 0, NULL, 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == 'k')
                        settings->kind = optarg;
                else if (option == 'j')
                        settings->shape.n_jobs = strtoull(optarg, NULL, 10);
                else if (option == 't')
                        settings->shape.n_slots = strtoull(optarg, NULL, 10);
                else if (option == 's')
                        settings->shape.seed = strtoull(optarg, NULL, 10);
                else if (option == 'w')
                        settings->work = strtoull(optarg, NULL, 10);
                else if (option == 'r')
                        settings->repeat = atoi(optarg);
                else if (option == 'm')
                        settings->mps = optarg;
                else if (option == 'l')
                        settings->lp = optarg;
                else if (option == 'q')
                        settings->shape.quarters = strtoull(optarg, NULL, 10);
                else if (option == 'e')
                        settings->events = strtoull(optarg, NULL, 10);
                else if (option == 'f')
                        settings->forecasts = strtoull(optarg, NULL, 10);
                else if (option == 'x')
                        settings->solution = optarg;
                else if (option == 'u')
                        settings->guesses = strtoull(optarg, NULL, 10);
                else if (option == 'i')
                        settings->show = true;
                else if (option == 'g')
                        settings->shape.data = NULL;
                else
                        return -1;
        }
        return optind == argc && settings->repeat >= 1 && settings->repeat <= MAX_REPEAT ? 0 : -1;
}

int main(int argc, char **argv)
{
        struct settings settings = {
                .shape = { .n_jobs = 1000, .n_slots = 168, .seed = 1, .data = OFFPEAK_SHARED_DATA },
                .work = 0,
                .repeat = 1,
        };
        bool found = false;

        if (read_settings(argc, argv, &settings) != 0) {
                fputs(usage, stderr);
                return 64;
        }
        for (int k = 0; k < INSTANCE_KINDS; k++) {
                if (settings.kind != NULL && strcmp(settings.kind, instance_kind_names[k]) != 0)
                        continue;
                settings.shape.kind = (enum instance_kind)k;
                found = true;
                if (run(&settings) != 0)
                        return 1;
        }
        if (!found)
                fprintf(stderr, "plan_bench: no kind \"%s\"; %s", settings.kind, usage);
        return found ? 0 : 64;
}
