/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: sizes and prices are drawn from the data; the hidden schedule puts the longest jobs first, each at the earliest
 * hour of a random rotation at which it fits; the number of GPUs is the least at which all find a place.
 */
#include "bench/plan_instance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/caps.h"

#define PUE 1.1

enum { HOUR = 3600, NOW = 1000 * 3600, MAX_SLACK_H = 120 };

const char *const instance_kind_names[INSTANCE_KINDS] = {
        "loose", "tight", "reactor", "peak", "sites", "elastic", "mixed", "shift", "shift-reactor", "battery", "salt", "offgrid", "shift-battery",
        "capped",
};

static bool is_shift(enum instance_kind kind)
{
        return kind == INSTANCE_SHIFT || kind == INSTANCE_SHIFT_REACTOR || kind == INSTANCE_SHIFT_BATTERY;
}

/* ---- chance */

struct chance {
        uint64_t state;
};

static uint64_t next(struct chance *chance)
{
        uint64_t x = chance->state += UINT64_C(0x9E3779B97F4A7C15);

        x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
        return x ^ x >> 31;
}

static double unit(struct chance *chance)
{
        return (double)(next(chance) >> 11) / 9007199254740992.0;
}

static size_t below(struct chance *chance, size_t n)
{
        return (size_t)(unit(chance) * (double)n);
}

/* ---- data */

struct size {
        uint32_t gpus;
        int64_t hours;
};

/* Numbers of a column of a CSV, the header left out; NULL if there is no such file. */
static double *read_column(const char *data, const char *name, int column, size_t *ret_n)
{
        char path[512], line[512];
        double *values = NULL;
        size_t n = 0, room = 0;
        FILE *file;

        *ret_n = 0;
        if (data == NULL)
                return NULL;
        snprintf(path, sizeof(path), "%s/%s", data, name);
        file = fopen(path, "r");
        if (file == NULL)
                return NULL;
        for (bool header = true; fgets(line, sizeof(line), file) != NULL; header = false) {
                char *at = line, *end;

                for (int i = 0; i < column && at != NULL; i++)
                        at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
                if (header || at == NULL)
                        continue;
                if (n == room) {
                        double *grown = realloc(values, (room = room > 0 ? 2 * room : 1024) * sizeof(*values));

                        if (grown == NULL)
                                break;
                        values = grown;
                }
                values[n] = strtod(at, &end);
                if (end != at)
                        n++;
        }
        fclose(file);
        *ret_n = n;
        return values;
}

/* Three in four are one GPU wide; lengths fall off like those of the trace. */
static struct size generated_size(struct chance *chance)
{
        static const uint32_t widths[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16 };

        return (struct size){ widths[below(chance, sizeof(widths) / sizeof(widths[0]))],
                              1 + (int64_t)(exp(4 * pow(unit(chance), 3)) - 1) };
}

static void draw_sizes(struct instance *instance, const struct instance_shape *shape, struct chance *chance,
                       struct size *sizes)
{
        static const char name[] = "open/traces/philly_chronus_20k.csv";
        size_t n_gpus, n_seconds;
        double *gpus = read_column(shape->data, name, 1, &n_gpus);
        double *seconds = read_column(shape->data, name, 2, &n_seconds);

        instance->real_jobs = n_gpus > 0 && n_gpus == n_seconds;
        for (size_t j = 0; j < shape->n_jobs; j++) {
                struct size *size = &sizes[j];

                *size = generated_size(chance);
                if (instance->real_jobs) {
                        size_t row = below(chance, n_gpus);

                        *size = (struct size){ (uint32_t)gpus[row], (int64_t)ceil(seconds[row] / HOUR) };
                }
                if (size->hours > (int64_t)shape->n_slots / 3)
                        size->hours = (int64_t)shape->n_slots / 3;
                if (size->hours < 1)
                        size->hours = 1;
        }
        free(gpus);
        free(seconds);
}

/* n prices in a row, from the hour that `place` says in [0, 1). */
static void draw_prices(struct instance *instance, const struct instance_shape *shape, const char *zone, double place,
                        struct chance *chance, double *prices)
{
        char name[128];
        size_t n, first;
        double *real;

        snprintf(name, sizeof(name), "open/prices/smard_dayahead_%s_2025-01_2026-02.csv", zone);
        real = read_column(shape->data, name, 1, &n);
        instance->real_prices = n >= shape->n_slots;
        first = (size_t)(place * (double)(instance->real_prices ? n - shape->n_slots + 1 : 24));
        for (size_t t = 0; t < shape->n_slots; t++) {
                double day = sin((double)(first + t) * 2 * M_PI / 24), dip = sin((double)(first + t) * 4 * M_PI / 24);

                prices[t] = instance->real_prices ? real[first + t] : 80 + 35 * day - 30 * dip + 20 * unit(chance);
        }
        free(real);
}

/* ---- the hidden schedule */

struct hidden {
        size_t n_slots;
        const struct size *sizes;
        size_t *order;   /* longest first */
        size_t *start;   /* of each job */
        size_t n_sites;  /* job j is at site j modulo this */
        uint32_t *used;  /* GPUs in each hour of each site */
};

static const struct size *sorted; /* for qsort, which takes no context */

static int longest_first(const void *a, const void *b)
{
        const struct size *x = &sorted[*(const size_t *)a], *y = &sorted[*(const size_t *)b];

        if (x->hours * x->gpus != y->hours * y->gpus)
                return x->hours * x->gpus > y->hours * y->gpus ? -1 : 1;
        return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

/* The first of all hours, from `from` on and around, at which there is room. */
static bool find_hour(const struct hidden *hidden, size_t j, uint32_t gpus, size_t from, size_t *ret)
{
        const struct size *size = &hidden->sizes[j];
        const uint32_t *used = &hidden->used[j % hidden->n_sites * hidden->n_slots];
        size_t hours = (size_t)size->hours, places = hidden->n_slots - hours + 1;

        for (size_t i = 0, start = from % places; i < places;) {
                size_t t = 0;

                while (t < hours && used[start + t] + size->gpus <= gpus)
                        t++;
                if (t == hours) {
                        *ret = start;
                        return true;
                }
                i += t + 1; /* no start before the full hour helps */
                start += t + 1;
                if (start >= places)
                        start = 0;
        }
        return false;
}

static bool pack(struct hidden *hidden, size_t n_jobs, uint32_t gpus, struct chance chance)
{
        memset(hidden->used, 0, hidden->n_sites * hidden->n_slots * sizeof(*hidden->used));
        for (size_t i = 0; i < n_jobs; i++) {
                size_t j = hidden->order[i];
                const struct size *size = &hidden->sizes[j];

                if (size->gpus > gpus ||
                    !find_hour(hidden, j, gpus, below(&chance, hidden->n_slots), &hidden->start[j]))
                        return false;
                for (size_t t = 0; t < (size_t)size->hours; t++)
                        hidden->used[j % hidden->n_sites * hidden->n_slots + hidden->start[j] + t] += size->gpus;
        }
        return true;
}

/* GPUs of each site for which all find a place; not fewer than the load asks for. */
static uint32_t pack_all(struct hidden *hidden, size_t n_jobs, double load, const struct chance *chance)
{
        double sum = 0;
        uint32_t gpus = 1;

        for (size_t j = 0; j < n_jobs; j++) {
                sum += hidden->sizes[j].gpus * (double)hidden->sizes[j].hours;
                if (hidden->sizes[j].gpus > gpus)
                        gpus = hidden->sizes[j].gpus;
        }
        sum /= (double)(hidden->n_slots * hidden->n_sites);
        if (gpus < sum / load)
                gpus = (uint32_t)ceil(sum / load);
        while (!pack(hidden, n_jobs, gpus, *chance))
                gpus += 1 + gpus / 200;
        return gpus;
}

/* ---- jobs and sites */

static void fill_job(struct instance *instance, const struct instance_shape *shape, size_t j, const struct size *size,
                     size_t start, struct chance *chance)
{
        struct plan_job *job = &instance->jobs[j];
        struct plan_mode *mode = &instance->modes[j * INSTANCE_MODES];
        double before = 0, after = 0;
        int64_t release, deadline;

        if (unit(chance) >= 0.1) {
                double slack = MAX_SLACK_H * pow(unit(chance), 2), share = unit(chance);

                before = floor(slack * share);
                after = ceil(slack * (1 - share));
        }
        release = (int64_t)start - (int64_t)before;
        deadline = (int64_t)start + size->hours + (int64_t)after;
        *mode = (struct plan_mode){ size->gpus, size->gpus * floor(350 + 350 * unit(chance)), 1, 0, 0 };
        *job = (struct plan_job){
                .id = j + 1,
                .sites = 1,
                .modes = mode,
                .n_modes = 1,
                .release = NOW + HOUR * (release > 0 ? release : 0),
                .deadline = NOW + HOUR * (deadline < (int64_t)shape->n_slots ? deadline : (int64_t)shape->n_slots),
                .lateness_cost = 1000.0 * size->gpus,
                .start_cost_s = 60 * (1 + (int64_t)below(chance, 10)),
                .max_starts = PLAN_ANY_STARTS,
        };
        if (is_shift(shape->kind) || shape->kind == INSTANCE_SALT || shape->kind == INSTANCE_OFFGRID)
                job->start_cost_s = 0;
        job->work_s = (double)(size->hours * HOUR - job->start_cost_s);
        job->earliest_finish = job->release + size->hours * HOUR;
}

/* Half as wide and twice, each with a cap of 70 % that leaves 85 % of the speed. */
static void widen(struct instance *instance, size_t j, uint32_t most_gpus)
{
        static const double widths[] = { 1, 2, 0.5 }, speeds[] = { 1, 1.8, 0.55 };
        struct plan_job *job = &instance->jobs[j];
        struct plan_mode *modes = &instance->modes[j * INSTANCE_MODES], whole = modes[0];

        job->n_modes = 0;
        for (int w = 0; w < 3; w++) {
                double gpus = widths[w] * whole.gpus;

                if (gpus < 1 || gpus > most_gpus || gpus != floor(gpus))
                        continue;
                modes[job->n_modes++] = (struct plan_mode){ (uint32_t)gpus, widths[w] * whole.watts, speeds[w], 0, 0 };
                modes[job->n_modes++] = (struct plan_mode){ (uint32_t)gpus, 0.7 * widths[w] * whole.watts, 0.85 * speeds[w], 0, 0 };
        }
}

/* At each level of power caps; waiting costs a hundredth an hour. */
static void cap(struct instance *instance, size_t j)
{
        struct plan_job *job = &instance->jobs[j];
        struct plan_mode *modes = &instance->modes[j * INSTANCE_MODES];

        job->n_modes = CAPS_LEVELS;
        job->delay_cost = 0.01;
        for (uint32_t level = 1; level < CAPS_LEVELS; level++)
                modes[level] = (struct plan_mode){ modes[0].gpus, modes[0].watts * caps_power(level), caps_speed(level), 0, 0 };
}

/* One job in three may move, from where it has its hidden place, for the price of some of its energy and a quarter of an hour. */
static void let_move(struct instance *instance, size_t j, uint32_t home, struct chance *chance)
{
        struct plan_job *job = &instance->jobs[j];

        if (unit(chance) > 1 / 3.0)
                return;
        job->may_move = true;
        job->home = home;
        job->move_s = 900;
        job->move_cost = 50 * job->modes[0].watts / 1e6; /* an hour at 50 per MWh */
}

static double mean_watts(const struct instance *instance, const struct size *sizes, size_t n_slots)
{
        double sum = 0;

        for (size_t j = 0; j < instance->problem.n_jobs; j++)
                sum += instance->modes[j * INSTANCE_MODES].watts * (double)sizes[j].hours;
        return sum / (double)n_slots;
}

/* A plant at 85 % of the mean load; refuelling takes a seventh of the time, a trip a twenty-eighth. */
static double plant_w(double mean_w, size_t t, size_t n_slots)
{
        bool refuels = t >= n_slots / 2 && t < n_slots / 2 + n_slots / 7;
        bool trips = t >= n_slots / 4 && t < n_slots / 4 + n_slots / 28;

        return refuels || trips ? 0 : 0.85 * mean_w;
}

static bool has_plant(enum instance_kind kind, size_t site)
{
        return kind == INSTANCE_REACTOR || kind == INSTANCE_SALT || kind == INSTANCE_SHIFT_REACTOR || (kind == INSTANCE_MIXED && site == 0);
}

static bool has_demand(enum instance_kind kind, size_t site)
{
        return kind == INSTANCE_PEAK || kind == INSTANCE_BATTERY || kind == INSTANCE_SHIFT_BATTERY || (kind == INSTANCE_MIXED && site == 1);
}

static bool has_store(enum instance_kind kind)
{
        return kind == INSTANCE_BATTERY || kind == INSTANCE_SHIFT_BATTERY || kind == INSTANCE_SALT || kind == INSTANCE_OFFGRID;
}

/* On average twice what the jobs need, from six to six: not all of it goes through the store. */
static double sun_w(double mean_w, size_t t)
{
        double height = sin(((double)(t % 24) + 0.5 - 6) * M_PI / 12);

        return 6.3 * PUE * mean_w * (height > 0 ? height : 0);
}

/* Half full, and not emptier in the end; a tenth is kept. */
static void fill_store(struct plan_store *store, enum instance_kind kind, double mean_w)
{
        double load_w = PUE * mean_w, plant = 0.85 * mean_w;
        bool sun = kind == INSTANCE_OFFGRID, salt = kind == INSTANCE_SALT;
        double give_w = salt ? 0.45 * plant : sun ? 2 * load_w : 0.5 * load_w, hours = salt ? 5.5 : sun ? 9 : 4;

        *store = (struct plan_store){
                .energy_j = give_w * hours * HOUR,
                .reserve_j = 0.1 * give_w * hours * HOUR,
                .start_j = 0.5 * give_w * hours * HOUR,
                .least_end_j = 0.5 * give_w * hours * HOUR,
                .charge_w = salt ? 0.7 * plant : sun ? 6 * load_w : give_w,
                .discharge_w = give_w,
                .charge_efficiency = salt ? 0.99 : 0.95,
                .discharge_efficiency = salt ? 0.99 : 0.95,
                .by_step = salt,
        };
}

static bool is_elastic(enum instance_kind kind)
{
        return kind == INSTANCE_ELASTIC || kind == INSTANCE_MIXED;
}

static void fill_site(struct instance *instance, const struct instance_shape *shape, size_t s, const double *prices,
                      uint32_t gpus, double mean_w)
{
        static const char *const names[] = { "hall", "mill", "yard" };
        struct plan_site *site = &instance->sites[s];
        struct plan_step *steps = &instance->steps[s * (shape->n_slots + 3 * shape->quarters)];
        size_t n = 0;

        for (size_t t = 0; t < shape->n_slots; t++)
                for (size_t q = 0, n_q = t < shape->quarters ? 4 : 1; q < n_q; q++) {
                        struct plan_step *step = &steps[n++];
                        double plant = has_plant(shape->kind, s) ? plant_w(mean_w, t, shape->n_slots) : 0;
                        double next = prices[t + 1 < shape->n_slots ? t + 1 : t]; /* a quarter's price is on the way there */
                        double price = prices[t] + (double)q / 4 * (next - prices[t]);

                        *step = (struct plan_step){ .start = NOW + HOUR * (int64_t)t + 900 * (int64_t)q, .gpus = gpus };
                        if (shape->kind == INSTANCE_OFFGRID) {
                                step->segments[step->n_segments++] = (struct plan_segment){ 0, sun_w(mean_w, t) };
                                continue;
                        }
                        step->charge_w = plant;
                        if (plant > 0 && price > 9)
                                step->segments[step->n_segments++] = (struct plan_segment){ 9, plant };
                        step->segments[step->n_segments++] = (struct plan_segment){ price, INFINITY };
                }
        *site = (struct plan_site){ .name = names[s], .steps = steps, .n_steps = n, .pue_factor = PUE };
        if (has_store(shape->kind)) {
                fill_store(&instance->store, shape->kind, mean_w);
                site->store = &instance->store;
        }
        if (!has_demand(shape->kind, s))
                return;
        instance->demands[0] = (struct plan_demand){
                .start = NOW,
                .end = instance->problem.horizon,
                .price = 10000.0 * (double)shape->n_slots / 720, /* 10 per kW and month, by time */
                .paid_w = 0.9 * PUE * mean_w,
                .interval_s = 900,
        };
        site->demands = instance->demands;
        site->n_demands = 1;
}

/* A job may run where it has its hidden place, and at each other site with a chance of a half. */
static void open_sites(struct instance *instance, size_t n_sites, struct chance *chance)
{
        for (size_t j = 0; j < instance->problem.n_jobs; j++) {
                instance->jobs[j].sites = UINT64_C(1) << j % n_sites;
                for (size_t s = 0; n_sites > 1 && s < n_sites; s++)
                        if (unit(chance) < 0.5)
                                instance->jobs[j].sites |= UINT64_C(1) << s;
                if (n_sites > 1)
                        let_move(instance, j, (uint32_t)(j % n_sites), chance);
        }
}

/* The jobs of a quota hold no more at once than they do in the hidden schedule. */
static void make_quota(struct instance *instance, const struct hidden *hidden)
{
        uint32_t most = 1;

        for (size_t t = 0; t < hidden->n_slots; t++) {
                uint32_t used = 0;

                for (size_t j = 0; j < instance->problem.n_jobs; j += 2)
                        if (t >= hidden->start[j] && t < hidden->start[j] + (size_t)hidden->sizes[j].hours)
                                used += hidden->sizes[j].gpus;
                most = used > most ? used : most;
        }
        instance->limit_step = (struct plan_limit_step){ NOW, most };
        instance->limit = (struct plan_limit){ "quota", &instance->limit_step, 1 };
        instance->problem.limits = &instance->limit;
        instance->problem.n_limits = 1;
        for (size_t j = 0; j < instance->problem.n_jobs; j += 2)
                for (size_t m = 0; m < instance->jobs[j].n_modes; m++)
                        instance->modes[j * INSTANCE_MODES + m].limits = 1;
}

/* In the order of submission: every fifth job after an earlier one that is done before it begins in the hidden schedule. */
static void make_chains(struct instance *instance, const struct hidden *hidden)
{
        for (size_t i = 1; i < instance->problem.n_jobs; i++) {
                struct plan_job *job = &instance->jobs[i];
                size_t j = (size_t)job->id - 1;

                for (size_t k = i; j % 5 == 0 && job->n_after == 0 && k-- > 0 && i - k < 50;) {
                        size_t before = (size_t)instance->jobs[k].id - 1;

                        if (hidden->start[before] + (size_t)hidden->sizes[before].hours > hidden->start[j])
                                continue;
                        instance->after[i] = k;
                        job->after = &instance->after[i];
                        job->n_after = 1;
                }
        }
}

static double load_of(const struct instance_shape *shape)
{
        static const double loads[INSTANCE_KINDS] = { 0.60, 0.95, 0.80, 0.80, 0.80, 0.80, 0.80, 0.60, 0.60, 0.80, 0.80, 0.50, 0.60, 0.60 };
        struct chance chance = { ~shape->seed };

        return loads[shape->kind] + (is_shift(shape->kind) ? 0.35 * unit(&chance) : 0);
}

static void fill(struct instance *instance, const struct instance_shape *shape, struct hidden *hidden,
                 struct size *sizes, double *prices)
{
        static const char *const zones[] = { "DE-LU", "FR", "NL", "SE4" };
        struct chance chance = { shape->seed };
        double sum = 0, place;
        uint32_t gpus;

        draw_sizes(instance, shape, &chance, sizes);
        for (size_t j = 0; j < shape->n_jobs; j++) {
                hidden->order[j] = j;
                sum += sizes[j].gpus * (double)sizes[j].hours;
        }
        sorted = sizes;
        qsort(hidden->order, shape->n_jobs, sizeof(size_t), longest_first);
        gpus = pack_all(hidden, shape->n_jobs, load_of(shape), &chance);
        instance->load = sum / (double)(shape->n_slots * hidden->n_sites) / gpus;
        for (size_t j = 0; j < shape->n_jobs; j++)
                fill_job(instance, shape, j, &sizes[j], hidden->start[j], &chance);
        for (size_t j = 0; is_elastic(shape->kind) && j < shape->n_jobs; j++)
                widen(instance, j, gpus);
        for (size_t j = 0; shape->kind == INSTANCE_CAPPED && j < shape->n_jobs; j++)
                cap(instance, j);
        open_sites(instance, hidden->n_sites, &chance);
        for (size_t j = 0; shape->kind == INSTANCE_MIXED && j < shape->n_jobs; j++)
                instance->jobs[j].delay_cost = j % 3 == 0 ? 0.0005 : 0;
        for (size_t j = 0; shape->kind == INSTANCE_OFFGRID && j < shape->n_jobs; j++)
                instance->jobs[j].delay_cost = 0.001;
        if (shape->kind == INSTANCE_MIXED)
                make_quota(instance, hidden);
        place = unit(&chance);
        for (size_t site = 0; site < hidden->n_sites; site++) {
                draw_prices(instance, shape, zones[(shape->seed + site) % 4], place, &chance, prices);
                fill_site(instance, shape, site, prices, gpus, mean_watts(instance, sizes, shape->n_slots));
        }
}

static int by_release(const void *a, const void *b)
{
        const struct plan_job *x = a, *y = b;

        if (x->release != y->release)
                return x->release < y->release ? -1 : 1;
        return x->id < y->id ? -1 : x->id > y->id;
}

int instance_init(struct instance *instance, const struct instance_shape *shape, struct offpeak_error *err)
{
        size_t n_sites = shape->kind == INSTANCE_SITES || shape->kind == INSTANCE_MIXED ? 3 : 1;
        struct hidden hidden = { .n_slots = shape->n_slots, .n_sites = n_sites };
        struct size *sizes = calloc(shape->n_jobs + 1, sizeof(*sizes));
        double *prices = calloc(shape->n_slots + 1, sizeof(*prices));
        int code = OFFPEAK_ENOMEM;

        *instance = (struct instance){ 0 };
        hidden.order = calloc(shape->n_jobs + 1, sizeof(size_t));
        hidden.start = calloc(shape->n_jobs + 1, sizeof(size_t));
        hidden.used = calloc(n_sites * shape->n_slots + 1, sizeof(uint32_t));
        hidden.sizes = sizes;
        instance->sites = calloc(n_sites, sizeof(*instance->sites));
        instance->demands = calloc(1, sizeof(*instance->demands));
        instance->steps = calloc(n_sites * (shape->n_slots + 3 * shape->quarters) + 1, sizeof(*instance->steps));
        instance->jobs = calloc(shape->n_jobs + 1, sizeof(*instance->jobs));
        instance->modes = calloc(INSTANCE_MODES * shape->n_jobs + 1, sizeof(*instance->modes));
        instance->after = calloc(shape->n_jobs + 1, sizeof(*instance->after));
        if (sizes == NULL || prices == NULL || hidden.order == NULL || hidden.start == NULL || hidden.used == NULL ||
            instance->sites == NULL || instance->demands == NULL || instance->steps == NULL || instance->jobs == NULL ||
            instance->modes == NULL || instance->after == NULL) {
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
                goto out;
        }
        if (shape->quarters > shape->n_slots) {
                code = fail(err, OFFPEAK_EINVAL, "there are no %zu hours to cut in quarters", shape->quarters);
                goto out;
        }
        if (shape->n_slots < 3) {
                code = fail(err, OFFPEAK_EINVAL, "an instance needs at least 3 slots, not %zu", shape->n_slots);
                goto out;
        }
        instance->problem = (struct plan_problem){
                .now = NOW,
                .horizon = NOW + HOUR * (int64_t)shape->n_slots,
                .sites = instance->sites,
                .n_sites = n_sites,
                .jobs = instance->jobs,
                .n_jobs = shape->n_jobs,
                .terminal_price = 1000,
                .unfinished_cost = 10000,
                .over_limit_cost = 10000,
        };
        fill(instance, shape, &hidden, sizes, prices);
        qsort(instance->jobs, shape->n_jobs, sizeof(*instance->jobs), by_release); /* the order of submission */
        if (shape->kind == INSTANCE_MIXED)
                make_chains(instance, &hidden);
        code = 0;
out:
        free(hidden.used);
        free(hidden.start);
        free(hidden.order);
        free(prices);
        free(sizes);
        return code;
}

void instance_finish(struct instance *instance)
{
        free(instance->modes);
        free(instance->after);
        free(instance->jobs);
        free(instance->steps);
        free(instance->demands);
        free(instance->sites);
        *instance = (struct instance){ 0 };
}
