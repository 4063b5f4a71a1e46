/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/io/random_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/exact.h"

/*
 * A field more than the codec and this walk know would be lost at the next restart. (One that fits into padding is not
 * caught here; on machines with other sizes none is.)
 */
#if UINTPTR_MAX == UINT64_MAX
#define KNOWN(type, size)                                                                                              \
        _Static_assert(sizeof(type) == (size), "teach record.proto, its codec and this walk the new field")
KNOWN(struct request, 64);
KNOWN(struct offpeak_width, 24);
KNOWN(struct offpeak_job_spec, 264);
KNOWN(struct policy, 80);
KNOWN(struct policy_site, 2864);
KNOWN(struct supply_terms, 2544);
KNOWN(struct supply_store, 72);
KNOWN(struct policy_class, 176);
KNOWN(struct adopted_plan, 232);
KNOWN(struct plan_interval, 24);
KNOWN(struct plan_flow, 32);
KNOWN(struct month_use, 24);
KNOWN(struct record_planned_job, 56);
KNOWN(struct booking, 192);
KNOWN(struct book, 152);
KNOWN(struct stock, 40);
KNOWN(struct inventory, 120);
KNOWN(struct device, 36);
KNOWN(struct leg, 64);
KNOWN(struct attempt, 168);
KNOWN(struct job, 880);
KNOWN(struct pause, 56);
KNOWN(struct failure, 48);
KNOWN(struct device_health, 32);
KNOWN(struct unwell, 16);
KNOWN(struct node, 336);
KNOWN(struct site, 3632);
KNOWN(struct push_source, 48);
KNOWN(struct site_meter, 24);
KNOWN(struct job_profile, 160);
KNOWN(struct profile_point, 56);
KNOWN(struct profile_width, 40);
KNOWN(struct late_exit, 12);
#endif

struct walk {
        uint64_t seed;
        bool check;
        const char *wrong;
};

uint64_t random_draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

static uint64_t below(struct walk *walk, uint64_t n)
{
        return random_draw(&walk->seed) % n;
}

static void differs(struct walk *walk, bool wrong, const char *field)
{
        if (walk->check && wrong && walk->wrong == NULL)
                walk->wrong = field;
}

/* Each of these draws one value of a type and stores it, or compares. */

static void take_u64(struct walk *walk, uint64_t *field, const char *name)
{
        uint64_t value = random_draw(&walk->seed) >> below(walk, 64);

        differs(walk, *field != value, name);
        if (!walk->check)
                *field = value;
}

static void take_i64(struct walk *walk, int64_t *field, const char *name)
{
        static const int64_t edges[] = { 0, -1, INT64_MIN, INT64_MAX, INT32_MIN };
        int64_t value =
                below(walk, 8) == 0 ? edges[below(walk, 5)] : (int64_t)random_draw(&walk->seed) >> below(walk, 63);

        differs(walk, *field != value, name);
        if (!walk->check)
                *field = value;
}

static void take_u32(struct walk *walk, uint32_t *field, const char *name)
{
        uint32_t value =
                below(walk, 8) == 0 ? UINT32_MAX : (uint32_t)(random_draw(&walk->seed) >> (32 + below(walk, 32)));

        differs(walk, *field != value, name);
        if (!walk->check)
                *field = value;
}

static void take_i32(struct walk *walk, int32_t *field, const char *name)
{
        int32_t value = (int32_t)(random_draw(&walk->seed) >> 32) >> below(walk, 31);

        differs(walk, *field != value, name);
        if (!walk->check)
                *field = value;
}

static void take_bool(struct walk *walk, bool *field, const char *name)
{
        bool value = below(walk, 2) != 0;

        differs(walk, *field != value, name);
        if (!walk->check)
                *field = value;
}

static void take_double(struct walk *walk, double *field, const char *name)
{
        uint64_t bits = below(walk, 6) == 0 ? 0 : random_draw(&walk->seed) | 1; /* -0.0 is written as 0.0 */

        differs(walk, memcmp(field, &bits, sizeof(bits)) != 0, name);
        if (!walk->check)
                memcpy(field, &bits, sizeof(bits));
}

/* In [low, high]. */
static int64_t within(struct walk *walk, int64_t low, int64_t high)
{
        return low + (int64_t)below(walk, (uint64_t)(high - low) + 1);
}

#define U64(field)    take_u64(walk, &(field), #field)
#define I64(field)    take_i64(walk, &(field), #field)
#define U32(field)    take_u32(walk, &(field), #field)
#define I32(field)    take_i32(walk, &(field), #field)
#define BOOL(field)   take_bool(walk, &(field), #field)
#define DOUBLE(field) take_double(walk, &(field), #field)
#define WITHIN(field, low, high)                                                                                       \
        do {                                                                                                           \
                int64_t value_ = within(walk, low, high);                                                              \
                differs(walk, (int64_t)(field) != value_, #field);                                                     \
                if (!walk->check)                                                                                      \
                        (field) = (__typeof__(field))value_;                                                           \
        } while (0)

static void draw_word(struct walk *walk, char *word, size_t length)
{
        for (size_t i = 0; i < length; i++)
                word[i] = (char)(1 + below(walk, 255));
        word[length] = '\0';
}

static void take_text(struct walk *walk, char **field, size_t least, const char *name)
{
        char word[48];

        draw_word(walk, word, least + below(walk, sizeof(word) - 1 - least));
        if (!walk->check)
                *field = strdup(word);
        else
                differs(walk, *field == NULL || strcmp(*field, word) != 0, name);
}

static void take_optional(struct walk *walk, char **field, const char *name)
{
        if (below(walk, 3) != 0)
                take_text(walk, field, 1, name);
        else
                differs(walk, *field != NULL, name);
}

static void take_chars(struct walk *walk, char *field, size_t size, const char *name)
{
        char word[64];

        draw_word(walk, word, below(walk, size));
        differs(walk, strcmp(field, word) != 0, name);
        if (!walk->check)
                strcpy(field, word);
}

static void take_bytes(struct walk *walk, uint8_t *field, size_t size, const char *name)
{
        for (size_t i = 0; i < size; i++) {
                uint8_t byte = (uint8_t)below(walk, 256);

                differs(walk, field[i] != byte, name);
                if (!walk->check)
                        field[i] = byte;
        }
}

#define TEXT(field)     take_text(walk, &(field), 0, #field)
#define OPTIONAL(field) take_optional(walk, &(field), #field)
#define CHARS(field)    take_chars(walk, field, sizeof(field), #field)
#define BYTES(field)    take_bytes(walk, field, sizeof(field), #field)

/* How many items an array has; when filling, the memory for them. */
static size_t take_count(struct walk *walk, size_t have, void *array, size_t item, size_t most, const char *name)
{
        size_t n = below(walk, most + 1);

        differs(walk, have != n, name);
        if (!walk->check && n > 0) {
                void *items = calloc(n, item);

                memcpy(array, &items, sizeof(items));
        }
        return walk->check && have < n ? have : n;
}

#define ARRAY(n, items, most) ((n) = (__typeof__(n))take_count(walk, n, &(items), sizeof((items)[0]), most, #n))

static void take_words(struct walk *walk, char ***field, size_t *n, const char *name)
{
        size_t count = below(walk, 5);

        differs(walk, *n != count, name);
        if (!walk->check && count > 0)
                *field = calloc(count + 1, sizeof(char *));
        if (!walk->check)
                *n = count;
        for (size_t i = 0; i < count && i < *n; i++)
                take_text(walk, &(*field)[i], 0, name);
        differs(walk, *field != NULL && (*field)[*n] != NULL, name);
}

static void walk_request(struct walk *walk, struct request *request)
{
        BYTES(request->id);
        U32(request->uid);
        U64(request->digest);
        U64(request->job);
        I32(request->code);
        OPTIONAL(request->text);
        I64(request->at);
}

static void walk_spec(struct walk *walk, struct offpeak_job_spec *spec)
{
        OPTIONAL(spec->name);
        OPTIONAL(spec->class_name);
        take_words(walk, &spec->argv, &spec->argc, "spec->argv");
        take_words(walk, &spec->env, &spec->envc, "spec->env");
        OPTIONAL(spec->directory);
        OPTIONAL(spec->stdout_path);
        OPTIONAL(spec->stderr_path);
        OPTIONAL(spec->checkpoint_dir);
        OPTIONAL(spec->site);
        U32(spec->nodes);
        U32(spec->gpus_per_node);
        I64(spec->time_s);
        I64(spec->begin);
        I64(spec->deadline);
        I64(spec->power_w);
        I32(spec->signal);
        I64(spec->signal_lead_s);
        WITHIN(spec->interruptible, OFFPEAK_CLASS_DECIDES, OFFPEAK_NO);
        BOOL(spec->hold);
        BOOL(spec->strict_deadline);
        ARRAY(spec->n_after_ok, spec->after_ok, 4);
        for (size_t i = 0; i < spec->n_after_ok; i++)
                U64(spec->after_ok[i]);
        ARRAY(spec->n_after_any, spec->after_any, 4);
        for (size_t i = 0; i < spec->n_after_any; i++)
                U64(spec->after_any[i]);
        ARRAY(spec->n_widths, spec->widths, 4);
        for (size_t i = 0; i < spec->n_widths; i++) {
                U32(spec->widths[i].nodes);
                U32(spec->widths[i].gpus_per_node);
                I64(spec->widths[i].speed_ppm);
                I64(spec->widths[i].power_w);
        }
        take_words(walk, &spec->features, &spec->n_features, "spec->features");
        U32(spec->switches);
        BOOL(spec->exclusive);
        WITHIN(spec->launcher, OFFPEAK_LAUNCHER_NODE, OFFPEAK_LAUNCHER_HEAD);
        for (size_t i = 0; spec->launcher == OFFPEAK_LAUNCHER_HEAD && i < sizeof(spec->secret); i++)
                WITHIN(spec->secret[i], 0, UINT8_MAX);
}

/* Lists of fixed room: how many are used. */
#define LENGTH(n, most) WITHIN(n, 0, most)

static void walk_demand(struct walk *walk, struct supply_demand *demand)
{
        I64(demand->per_kw);
        WITHIN(demand->interval_s, SUPPLY_METER_S, 86400);
        WITHIN(demand->hours.days, 0, 127);
        WITHIN(demand->hours.from_minute, 0, 1440);
        WITHIN(demand->hours.to_minute, 0, 1440);
        I64(demand->contract_w);
        I64(demand->minimum_share_ppm);
}

static void walk_ppa(struct walk *walk, struct supply_ppa *ppa)
{
        CHARS(ppa->name);
        WITHIN(ppa->kind, PPA_AS_PRODUCED, PPA_VIRTUAL);
        BOOL(ppa->has_series);
        BOOL(ppa->take_or_pay);
        BOOL(ppa->behind_meter);
        I64(ppa->strike);
        I64(ppa->share_ppm);
        I64(ppa->power_w);
        I64(ppa->start);
        I64(ppa->end);
        I64(ppa->carbon);
}

static void walk_reactors(struct walk *walk, struct supply_terms *terms)
{
        LENGTH(terms->n_reactors, SUPPLY_MAX_REACTORS);
        for (uint32_t i = 0; i < terms->n_reactors; i++) {
                CHARS(terms->reactors[i].name);
                I64(terms->reactors[i].rating_w);
                I64(terms->reactors[i].minimum_w);
                I64(terms->reactors[i].ramp_w_per_min);
                I64(terms->reactors[i].restart_s);
        }
        LENGTH(terms->n_outages, terms->n_reactors > 0 ? SUPPLY_MAX_OUTAGES : 0);
        for (uint32_t i = 0; i < terms->n_outages; i++) {
                WITHIN(terms->outages[i].unit, 0, terms->n_reactors - 1);
                I64(terms->outages[i].from);
                I64(terms->outages[i].to);
                I64(terms->outages[i].power_w);
        }
}

static void walk_store(struct walk *walk, struct supply_store *store)
{
        I64(store->energy_wh);
        I64(store->reserve_wh);
        I64(store->charge_w);
        I64(store->discharge_w);
        I64(store->charge_ppm);
        I64(store->discharge_ppm);
        BOOL(store->has_end_value);
        I64(store->end_value);
        BOOL(store->from_reactor);
}

static void walk_contracts(struct walk *walk, struct supply_terms *terms)
{
        I64(terms->grid_tax_ppm);
        BOOL(terms->has_firm);
        I64(terms->grid_firm_w);
        I64(terms->grid_curtailable_w);
        I64(terms->export_limit_w);
        BOOL(terms->has_export_price);
        I64(terms->export_price);
        I64(terms->utc_offset_s);
        BOOL(terms->has_solar);
        I64(terms->solar_carbon);
        I64(terms->reactor_house_w);
        LENGTH(terms->n_demands, SUPPLY_MAX_DEMANDS);
        for (uint32_t i = 0; i < terms->n_demands; i++)
                walk_demand(walk, &terms->demands[i]);
        LENGTH(terms->n_ppas, SUPPLY_MAX_PPAS);
        for (uint32_t i = 0; i < terms->n_ppas; i++)
                walk_ppa(walk, &terms->ppas[i]);
        walk_reactors(walk, terms);
        BOOL(terms->has_store);
        if (terms->has_store)
                walk_store(walk, &terms->store);
}

static void walk_meter(struct walk *walk, struct site_meter *meter)
{
        int64_t start = SUPPLY_METER_S * within(walk, -1000, 1000000);

        ARRAY(meter->n, meter->intervals, 40);
        for (size_t i = 0; i < meter->n; i++) {
                start += SUPPLY_METER_S * within(walk, 1, 9);
                WITHIN(meter->intervals[i].start, start, start);
                I64(meter->intervals[i].joules);
        }
        if (!walk->check)
                meter->room = meter->n;
}

static void walk_policy_site(struct walk *walk, struct policy_site *site)
{
        TEXT(site->name);
        TEXT(site->currency);
        I64(site->terms.grid_adder);
        I64(site->terms.grid_limit_w);
        BOOL(site->terms.has_reactor);
        I64(site->terms.reactor_fuel);
        I64(site->terms.reactor_carbon);
        I64(site->terms.pue_fixed_w);
        I64(site->terms.pue_ppm);
        walk_contracts(walk, &site->terms);
        I64(site->wan_mbit_per_s);
        I64(site->egress_cost);
        for (uint32_t kind = SERIES_PRICE; kind <= SERIES_LAST; kind++) {
                if (below(walk, 4) != 0)
                        continue;
                WITHIN(site->signals[kind].stale_after_s, 0, 1000000);
                WITHIN(site->signals[kind].fallback, SIGNAL_BY_KIND, SIGNAL_TAKE_VALUE);
                I64(site->signals[kind].value);
        }
}

static void walk_class(struct walk *walk, struct policy_class *class)
{
        TEXT(class->name);
        I64(class->delay_cost);
        I64(class->max_delay_s);
        I64(class->carbon_price);
        BOOL(class->interruptible);
        U32(class->max_pauses);
        I64(class->min_run_s);
        I64(class->start_cost_s);
        I64(class->stop_grace_s);
        I64(class->lateness_cost);
        WITHIN(class->on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH);
        I64(class->lease_ms);
        U32(class->retries);
        I64(class->limit_ppm);
        U32(class->quota_gpus);
        I64(class->quota_gpu_hours);
        I64(class->deadline_margin_ppm);
        I64(class->cap_floor_ppm);
        I64(class->risk_ppm);
        BOOL(class->may_move);
        I64(class->move_mb);
        take_words(walk, &class->sites, &class->n_sites, "class->sites");
}

static void walk_policy(struct walk *walk, struct policy *policy)
{
        ARRAY(policy->n_sites, policy->sites, 3);
        for (size_t i = 0; i < policy->n_sites; i++)
                walk_policy_site(walk, &policy->sites[i]);
        ARRAY(policy->n_classes, policy->classes, 3);
        for (size_t i = 0; i < policy->n_classes; i++)
                walk_class(walk, &policy->classes[i]);
        I64(policy->plan_interval_s);
        I64(policy->plan_horizon_s);
        U64(policy->plan_work);
        I64(policy->arm_timeout_ms);
        I64(policy->backoff_ms);
        U32(policy->drain_after);
}

static void walk_series(struct walk *walk, struct series *series, size_t most)
{
        int64_t start = within(walk, -100000, 2000000000);

        TEXT(series->site);
        TEXT(series->source);
        I64(series->issued);
        WITHIN(series->version, 1, 1000000);
        ARRAY(series->n_points, series->points, most);
        for (size_t i = 0; i < series->n_points; i++) {
                WITHIN(series->points[i].start, start, start);
                I64(series->points[i].value);
                start += within(walk, 1, 100000);
        }
        WITHIN(series->end, start, start);
}

static void walk_plan_terms(struct walk *walk, struct plan_terms *terms)
{
        DOUBLE(terms->supply);
        DOUBLE(terms->carbon);
        DOUBLE(terms->delay);
        DOUBLE(terms->lateness);
        DOUBLE(terms->unfinished);
        DOUBLE(terms->starts);
        DOUBLE(terms->demand);
        DOUBLE(terms->risk);
        DOUBLE(terms->moves);
        DOUBLE(terms->storage);
        DOUBLE(terms->over_limit);
        DOUBLE(terms->total);
}

static void walk_adopted(struct walk *walk, struct adopted_plan *plan)
{
        U64(plan->version);
        I64(plan->made_at);
        I64(plan->horizon);
        walk_plan_terms(walk, &plan->terms);
        walk_plan_terms(walk, &plan->run_now);
        DOUBLE(plan->bound);
        U64(plan->work);
}

static void walk_interval(struct walk *walk, struct plan_interval *interval)
{
        I64(interval->start);
        I64(interval->end);
        U32(interval->site);
        U32(interval->mode);
}

static void walk_planned(struct walk *walk, struct record_planned_job *job)
{
        U64(job->job);
        ARRAY(job->n_intervals, job->intervals, 4);
        for (uint32_t i = 0; i < job->n_intervals; i++)
                walk_interval(walk, &job->intervals[i]);
        WITHIN(job->reason, 0, PLAN_PINNED);
        I64(job->finish);
        I64(job->late_s);
        DOUBLE(job->cost);
        DOUBLE(job->run_now_cost);
}

static void walk_booking(struct walk *walk, struct booking *booking)
{
        WITHIN(booking->account, ACCOUNT_JOB, ACCOUNT_STORAGE);
        WITHIN(booking->quality, QUALITY_MEASURED, QUALITY_ESTIMATED);
        U32(booking->site);
        U32(booking->node);
        U64(booking->job);
        U32(booking->attempt);
        WITHIN(booking->start, 0, 2000000000);
        WITHIN(booking->end, 2000000000, INT64_C(4000000000));
        I64(booking->joules);
        I64(booking->price);
        I64(booking->carbon);
        U64(booking->price_version);
        U64(booking->carbon_version);
        I64(booking->cost);
        I64(booking->carbon_mg);
        I64(booking->market);
        I64(booking->market_mg);
        for (unsigned unit = 1; unit < SUPPLY_UNITS; unit++)
                I64(booking->unit_joules[unit]);
}

static void walk_book(struct walk *walk, struct book *book)
{
        I64(book->joules);
        I64(book->cost);
        WITHIN(book->cost_rest, 0, JOULES_PER_MWH - 1);
        I64(book->carbon_mg);
        WITHIN(book->carbon_rest, 0, JOULES_PER_KWH - 1);
        I64(book->unpriced_joules);
        I64(book->uncounted_joules);
        I64(book->market_mg);
        WITHIN(book->market_rest, 0, JOULES_PER_KWH - 1);
        I64(book->unmarketed_joules);
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                I64(book->unit_joules[unit]);
}

static void walk_stock(struct walk *walk, struct stock *stock)
{
        I64(stock->charged_until);
        I64(stock->counted_at);
        WITHIN(stock->lost, 0, INT64_C(1000000000000000));
        WITHIN(stock->charge_rest, 0, STOCK_REST_END - 1);
        WITHIN(stock->discharge_rest, 0, STOCK_REST_END - 1);
}

/* Of all pairs, or of none. */
static void walk_links(struct walk *walk, struct inventory *inventory)
{
        uint32_t n = below(walk, 2) != 0 ? (uint32_t)place_pairs(inventory->n_devices) : 0;

        differs(walk, inventory->n_links != n, "inventory->n_links");
        if (!walk->check && n > 0)
                inventory->links = calloc(n, sizeof(*inventory->links));
        if (!walk->check)
                inventory->n_links = n;
        for (uint32_t i = 0; i < n && i < inventory->n_links; i++) {
                WITHIN(inventory->links[i].gb_per_s, 0, UINT16_MAX);
                WITHIN(inventory->links[i].near, 0, UINT16_MAX);
        }
}

static void walk_inventory(struct walk *walk, struct inventory *inventory)
{
        OPTIONAL(inventory->model);
        OPTIONAL(inventory->address);
        U32(inventory->cores);
        I64(inventory->memory_mb);
        I64(inventory->idle_w);
        WITHIN(inventory->power_quality, 0, QUALITY_ESTIMATED);
        ARRAY(inventory->n_devices, inventory->devices, OFFPEAK_MAX_DEVICES);
        for (uint32_t i = 0; i < inventory->n_devices; i++) {
                WITHIN(inventory->devices[i].kind, DEVICE_GPU, DEVICE_CPU_SLOT);
                WITHIN(inventory->devices[i].numa, 0, UINT8_MAX);
                U32(inventory->devices[i].max_w);
                U32(inventory->devices[i].least_w);
                CHARS(inventory->devices[i].address);
        }
        walk_links(walk, inventory);
        OPTIONAL(inventory->block);
        OPTIONAL(inventory->rack);
        OPTIONAL(inventory->leaf_switch);
        take_words(walk, &inventory->features, &inventory->n_features, "inventory->features");
}

static void walk_leg(struct walk *walk, struct leg *leg)
{
        static const enum leg_state states[] = { 0, LEG_ORDERED, LEG_ENDED };
        enum leg_state state = states[below(walk, 3)];

        U32(leg->node);
        U64(leg->devices);
        WITHIN(leg->state, state, state);
        WITHIN(leg->level, 0, 0);
        WITHIN(leg->how, 0, LEG_NO_GO);
        I32(leg->status);
        BOOL(leg->killed);
        BOOL(leg->before_stop);
        I64(leg->started_at);
        I64(leg->booked_until);
        I64(leg->joules);
}

static void walk_leg_ref(struct walk *walk, struct record_leg_ref *leg)
{
        U64(leg->job);
        U32(leg->attempt);
        U32(leg->node);
}

static void walk_pause(struct walk *walk, struct pause *pause)
{
        WITHIN(pause->cause, PAUSE_UNKNOWN, PAUSE_PINNED);
        U32(pause->attempt);
        I64(pause->at);
        I64(pause->drawn_w);
        I64(pause->limit_w);
        WITHIN(pause->signal, 0, SERIES_LAST);
        WITHIN(pause->use, SIGNAL_NOTHING, SIGNAL_VALUE);
        U64(pause->other);
        U32(pause->site);
        U32(pause->gpus);
}

/* One of attempt 0 is none. */
static void walk_failure(struct walk *walk, struct failure *failure)
{
        U32(failure->attempt);
        if (failure->attempt == 0)
                return;
        U32(failure->node);
        U32(failure->rank);
        WITHIN(failure->how, 0, LEG_NO_GO);
        I32(failure->status);
        BOOL(failure->killed);
        I64(failure->at);
        OPTIONAL(failure->why);
        OPTIONAL(failure->tail);
}

static void walk_attempt(struct walk *walk, struct attempt *attempt)
{
        U32(attempt->number);
        U64(attempt->epoch);
        WITHIN(attempt->state, 0, ATTEMPT_STOPPING);
        WITHIN(attempt->stop, STOP_NONE, STOP_SHED);
        BOOL(attempt->go);
        U32(attempt->mode);
        I64(attempt->launched_at);
        WITHIN(attempt->launched_ms, 0, 0);
        I64(attempt->lease_ms);
        I64(attempt->grace_s);
        WITHIN(attempt->on_lost, 0, ON_LOST_RELAUNCH);
        DOUBLE(attempt->fraction_before);
        I64(attempt->over_at);
        I64(attempt->mode_since);
        U32(attempt->mode_before);
        I64(attempt->before_since);
        DOUBLE(attempt->made_s);
        DOUBLE(attempt->drawn_s);
        DOUBLE(attempt->carried_s);
        I64(attempt->mark_at);
        DOUBLE(attempt->mark_fraction);
        ARRAY(attempt->n_legs, attempt->legs, 5);
        for (uint32_t i = 0; i < attempt->n_legs; i++)
                walk_leg(walk, &attempt->legs[i]);
}

static void walk_site(struct walk *walk, struct site *site)
{
        U32(site->id);
        TEXT(site->name);
        for (uint32_t kind = SERIES_PRICE; kind <= SERIES_LAST; kind++) {
                WITHIN(site->series[kind].kind, kind, kind); /* in force: made of the layers when the image is applied */
                WITHIN(site->feed[kind].kind, kind, kind);
                WITHIN(site->pushed[kind].kind, kind, kind);
                if (below(walk, 3) != 0)
                        walk_series(walk, &site->feed[kind], 50);
                if (below(walk, 3) == 0)
                        walk_series(walk, &site->pushed[kind], 20);
        }
        ARRAY(site->n_push_sources, site->push_sources, 3);
        for (uint32_t i = 0; i < site->n_push_sources; i++) {
                WITHIN(site->push_sources[i].kind, SERIES_PRICE, SERIES_LAST);
                TEXT(site->push_sources[i].name);
                U64(site->push_sources[i].seq);
                U64(site->push_sources[i].digest);
                I64(site->push_sources[i].issued);
                I64(site->push_sources[i].at);
        }
        for (size_t account = 0; account < ACCOUNT_COUNT; account++)
                walk_book(walk, &site->books[account]);
        I64(site->overhead_until);
        I64(site->pue_rest);
        walk_stock(walk, &site->stock);
        walk_meter(walk, &site->meter);
}

static void walk_node(struct walk *walk, struct node *node)
{
        U32(node->id);
        TEXT(node->name);
        TEXT(node->site);
        CHARS(node->boot);
        walk_inventory(walk, &node->inventory);
        BOOL(node->fenced);
        OPTIONAL(node->drain_reason);
        U32(node->faults);
        U64(node->fault_job);
        I64(node->fault_at);
        WITHIN(node->fault_how, 0, LEG_NO_GO);
        ARRAY(node->n_health, node->health, 3);
        for (uint32_t i = 0; i < node->n_health; i++) {
                WITHIN(node->health[i].device, 20 * i, 20 * i + 19);
                BOOL(node->health[i].unwell);
                BOOL(node->health[i].kept_off);
                U32(node->health[i].faults);
                I64(node->health[i].since);
                OPTIONAL(node->health[i].reason);
        }
        I64(node->idle_until);
        WITHIN(node->session.state, SESSION_NONE, SESSION_NONE);
}

static void walk_profile(struct walk *walk, struct job_profile *profile)
{
        U32(profile->uid);
        OPTIONAL(profile->class);
        TEXT(profile->name);
        U32(profile->gpus);
        I64(profile->time_s);
        I64(profile->used_at);
        U64(profile->fitted_index);
        BOOL(profile->knows_time);
        ARRAY(profile->n_points, profile->points, 6);
        for (uint32_t i = 0; i < profile->n_points; i++) {
                U32(profile->points[i].gpus);
                WITHIN(profile->points[i].level, 0, CAPS_LEVELS - 1);
                I64(profile->points[i].ran_s);
                DOUBLE(profile->points[i].work_s);
                I64(profile->points[i].metered_ms);
                I64(profile->points[i].joules);
                I64(profile->points[i].fitted_ran_s);
                I64(profile->points[i].fitted_ms);
        }
        ARRAY(profile->n_widths, profile->widths, 6);
        for (uint32_t i = 0; i < profile->n_widths; i++) {
                U32(profile->widths[i].gpus);
                I64(profile->widths[i].seed_ppm);
                I64(profile->widths[i].seed_w);
                I64(profile->widths[i].speed_ppm);
                I64(profile->widths[i].power_w);
        }
        for (unsigned level = 0; level < CAPS_LEVELS; level++) {
                I64(profile->cap_speed_ppm[level]);
                I64(profile->cap_power_ppm[level]);
        }
}

static void walk_job_books(struct walk *walk, struct job *job)
{
        I64(job->joules);
        I64(job->cost);
        I64(job->carbon_mg);
        I64(job->unpriced_joules);
        I64(job->overhead_joules);
        I64(job->overhead_cost);
        I64(job->overhead_carbon_mg);
        I64(job->market_mg);
        I64(job->overhead_market_mg);
}

static void walk_job_plan(struct walk *walk, struct job *job)
{
        ARRAY(job->n_planned, job->planned, 5);
        for (uint32_t i = 0; i < job->n_planned; i++)
                walk_interval(walk, &job->planned[i]);
        ARRAY(job->n_pins, job->pins, 5);
        for (uint32_t i = 0; i < job->n_pins; i++)
                walk_interval(walk, &job->pins[i]);
        U64(job->pinned_index);
        WITHIN(job->reason, 0, PLAN_PINNED);
        I64(job->planned_finish);
        I64(job->planned_late_s);
        DOUBLE(job->planned_cost);
        DOUBLE(job->planned_run_now_cost);
        I64(job->cost_when_planned);
}

static void walk_job(struct walk *walk, struct job *job)
{
        U64(job->id);
        walk_spec(walk, &job->spec);
        U32(job->uid);
        TEXT(job->user);
        I64(job->submitted_at);
        WITHIN(job->state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED);
        BOOL(job->held);
        BOOL(job->unmet);
        BOOL(job->anyhow);
        BOOL(job->cancel);
        walk_attempt(walk, &job->attempt);
        U32(job->attempts);
        U32(job->pauses);
        walk_pause(walk, &job->last_pause);
        walk_failure(walk, &job->failure);
        U32(job->losses);
        I64(job->first_started_at);
        I64(job->ended_at);
        WITHIN(job->end, END_NONE, END_LIMIT);
        I32(job->status);
        DOUBLE(job->fraction);
        BOOL(job->fraction_reported);
        I64(job->fraction_at);
        I64(job->total_s);
        I64(job->ran_s);
        I64(job->worked_s);
        I64(job->gpu_s);
        walk_job_books(walk, job);
        U32(job->site);
        U32(job->avoid_node);
        WITHIN(job->not_before_ms, 0, 0);
        WITHIN(job->profile, 0, 0);
        ARRAY(job->n_late_exits, job->late_exits, 3);
        for (uint32_t i = 0; i < job->n_late_exits; i++) {
                U32(job->late_exits[i].attempt);
                U32(job->late_exits[i].node);
                I32(job->late_exits[i].status);
        }
        walk_job_plan(walk, job);
}

static void walk_submitted(struct walk *walk, struct record *record)
{
        U64(record->u.submitted.job);
        walk_spec(walk, &record->u.submitted.spec);
        U32(record->u.submitted.uid);
        TEXT(record->u.submitted.user);
        BOOL(record->u.submitted.held);
        walk_request(walk, &record->u.submitted.request);
}

static void walk_launch(struct walk *walk, struct record *record)
{
        U64(record->u.launch.job);
        U32(record->u.launch.attempt);
        U32(record->u.launch.mode);
        BOOL(record->u.launch.go);
        I64(record->u.launch.lease_ms);
        I64(record->u.launch.grace_s);
        WITHIN(record->u.launch.on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH);
        ARRAY(record->u.launch.n_legs, record->u.launch.legs, 5);
        for (uint32_t i = 0; i < record->u.launch.n_legs; i++)
                walk_leg(walk, &record->u.launch.legs[i]);
        WITHIN(record->u.launch.launched_ms, 0, 0);
}

static void walk_over(struct walk *walk, struct record *record)
{
        U64(record->u.over.job);
        U32(record->u.over.attempt);
        BOOL(record->u.over.paused);
        BOOL(record->u.over.lost);
        I64(record->u.over.ran_s);
        U32(record->u.over.avoid_node);
        U32(record->u.over.blamed_node);
        U64(record->u.over.blamed);
}

static void walk_flow(struct walk *walk, struct plan_flow *flow)
{
        I64(flow->start);
        I64(flow->end);
        U32(flow->site);
        DOUBLE(flow->watts);
}

static void walk_plan(struct walk *walk, struct record *record)
{
        walk_adopted(walk, &record->u.plan.plan);
        ARRAY(record->u.plan.n_jobs, record->u.plan.jobs, 4);
        for (uint32_t i = 0; i < record->u.plan.n_jobs; i++)
                walk_planned(walk, &record->u.plan.jobs[i]);
        ARRAY(record->u.plan.n_flows, record->u.plan.flows, 4);
        for (uint32_t i = 0; i < record->u.plan.n_flows; i++)
                walk_flow(walk, &record->u.plan.flows[i]);
}

static void walk_meta(struct walk *walk, struct record *record)
{
        U64(record->u.meta.log_index);
        U64(record->u.meta.term);
        U64(record->u.meta.next_job);
        BOOL(record->u.meta.fenced_start);
        walk_policy(walk, &record->u.meta.policy);
        walk_adopted(walk, &record->u.meta.plan);
        ARRAY(record->u.meta.n_flows, record->u.meta.flows, 4);
        for (uint32_t i = 0; i < record->u.meta.n_flows; i++)
                walk_flow(walk, &record->u.meta.flows[i]);
        ARRAY(record->u.meta.n_past_flows, record->u.meta.past_flows, 4);
        for (uint32_t i = 0; i < record->u.meta.n_past_flows; i++)
                walk_flow(walk, &record->u.meta.past_flows[i]);
        ARRAY(record->u.meta.n_month_uses, record->u.meta.month_uses, 3);
        for (uint32_t i = 0; i < record->u.meta.n_month_uses; i++) {
                TEXT(record->u.meta.month_uses[i].class);
                I64(record->u.meta.month_uses[i].month);
                I64(record->u.meta.month_uses[i].gpu_s);
        }
}

static void walk_small(struct walk *walk, struct record *record)
{
        switch (record->type) {
        case RECORD_TERM:
                U64(record->u.term.term);
                BOOL(record->u.term.fenced_start);
                break;
        case RECORD_HELD:
                U64(record->u.held.job);
                BOOL(record->u.held.held);
                BOOL(record->u.held.unmet);
                walk_request(walk, &record->u.held.request);
                break;
        case RECORD_PINNED:
                U64(record->u.pinned.job);
                ARRAY(record->u.pinned.n_hours, record->u.pinned.hours, 5);
                for (uint32_t i = 0; i < record->u.pinned.n_hours; i++)
                        walk_interval(walk, &record->u.pinned.hours[i]);
                walk_request(walk, &record->u.pinned.request);
                break;
        case RECORD_CANCEL:
                U64(record->u.cancel.job);
                walk_request(walk, &record->u.cancel.request);
                break;
        case RECORD_DEVICES:
                U32(record->u.devices.node);
                ARRAY(record->u.devices.n_unwell, record->u.devices.unwell, 3);
                for (uint32_t i = 0; i < record->u.devices.n_unwell; i++) {
                        WITHIN(record->u.devices.unwell[i].device, 0, OFFPEAK_MAX_DEVICES - 1);
                        TEXT(record->u.devices.unwell[i].reason);
                }
                break;
        case RECORD_DRAINED:
                U32(record->u.drained.node);
                OPTIONAL(record->u.drained.reason);
                walk_request(walk, &record->u.drained.request);
                break;
        case RECORD_NODE_FENCED:
                U32(record->u.node_fenced.node);
                BOOL(record->u.node_fenced.fenced);
                walk_request(walk, &record->u.node_fenced.request);
                break;
        case RECORD_CAPPED:
                U64(record->u.capped.job);
                U32(record->u.capped.attempt);
                U32(record->u.capped.mode);
                break;
        case RECORD_LEARNED:
                walk_profile(walk, &record->u.learned.fitted);
                break;
        case RECORD_GO:
                U64(record->u.go.job);
                U32(record->u.go.attempt);
                break;
        case RECORD_STOP:
                U64(record->u.stop.job);
                U32(record->u.stop.attempt);
                WITHIN(record->u.stop.reason, STOP_NONE, STOP_SHED);
                walk_pause(walk, &record->u.stop.pause);
                U32(record->u.stop.node);
                OPTIONAL(record->u.stop.why);
                break;
        case RECORD_LEG_END:
                walk_leg_ref(walk, &record->u.leg_end.leg);
                WITHIN(record->u.leg_end.how, LEG_EXIT, LEG_NO_GO);
                I32(record->u.leg_end.status);
                BOOL(record->u.leg_end.killed);
                OPTIONAL(record->u.leg_end.why);
                OPTIONAL(record->u.leg_end.tail);
                U32(record->u.leg_end.rank);
                break;
        case RECORD_LATE_EXIT:
                walk_leg_ref(walk, &record->u.late_exit.leg);
                I32(record->u.late_exit.status);
                break;
        case RECORD_ENDED:
                U64(record->u.ended.job);
                WITHIN(record->u.ended.state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED);
                WITHIN(record->u.ended.end, END_NONE, END_LIMIT);
                I32(record->u.ended.status);
                break;
        case RECORD_PROGRESS:
                U64(record->u.progress.job);
                DOUBLE(record->u.progress.fraction);
                BOOL(record->u.progress.reported);
                I64(record->u.progress.total_s);
                break;
        default:
                walk->wrong = "a type the walk does not know";
                break;
        }
}

static void walk_body(struct walk *walk, struct record *record)
{
        switch (record->type) {
        case RECORD_CONFIG:
                walk_policy(walk, &record->u.config.policy);
                break;
        case RECORD_SERIES:
                WITHIN(record->u.series.series.kind, SERIES_PRICE, SERIES_LAST);
                walk_series(walk, &record->u.series.series, 200);
                break;
        case RECORD_PUSHED:
                WITHIN(record->u.pushed.series.kind, SERIES_PRICE, SERIES_LAST);
                walk_series(walk, &record->u.pushed.series, 200);
                U64(record->u.pushed.seq);
                U64(record->u.pushed.digest);
                walk_request(walk, &record->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                TEXT(record->u.confirmed.site);
                WITHIN(record->u.confirmed.kind, SERIES_PRICE, SERIES_LAST);
                break;
        case RECORD_SUBMITTED:
                walk_submitted(walk, record);
                break;
        case RECORD_NODE_UP:
                TEXT(record->u.node_up.name);
                TEXT(record->u.node_up.site);
                CHARS(record->u.node_up.boot);
                walk_inventory(walk, &record->u.node_up.inventory);
                break;
        case RECORD_LAUNCH:
                walk_launch(walk, record);
                break;
        case RECORD_OVER:
                walk_over(walk, record);
                break;
        case RECORD_PLAN:
                walk_plan(walk, record);
                break;
        case RECORD_BOOKED:
                walk_booking(walk, &record->u.booked.booking);
                I64(record->u.booked.pue_rest);
                BOOL(record->u.booked.has_stock);
                if (record->u.booked.has_stock)
                        walk_stock(walk, &record->u.booked.stock);
                break;
        case RECORD_I_META:
                walk_meta(walk, record);
                break;
        case RECORD_I_SITE:
                walk_site(walk, &record->u.site.site);
                break;
        case RECORD_I_NODE:
                walk_node(walk, &record->u.node.node);
                break;
        case RECORD_I_JOB:
                walk_job(walk, &record->u.job.job);
                break;
        case RECORD_I_PROFILE:
                walk_profile(walk, &record->u.profile.profile);
                break;
        case RECORD_I_REQUEST:
                walk_request(walk, &record->u.request.request);
                break;
        default:
                walk_small(walk, record);
                break;
        }
}

static void walk_record(struct walk *walk, struct record *record)
{
        U64(record->index);
        I64(record->at);
        walk_body(walk, record);
}

enum record_type random_record_type(size_t nth)
{
        static const enum record_type types[] = {
#define RECORD_X(name, number) RECORD_##name,
                RECORD_TYPES(RECORD_X)
#undef RECORD_X
        };

        return nth < sizeof(types) / sizeof(types[0]) && types[nth] < RECORD_V_SESSION ? types[nth] : 0;
}

void random_record_fill(struct record *ret_record, enum record_type type, uint64_t seed)
{
        struct walk walk = { .seed = seed };

        memset(ret_record, 0, sizeof(*ret_record));
        ret_record->type = type;
        walk_record(&walk, ret_record);
}

const char *random_record_check(struct record *record, enum record_type type, uint64_t seed)
{
        struct walk walk = { .seed = seed, .check = true };

        if (record->type != type)
                return "type";
        walk_record(&walk, record);
        return walk.wrong;
}
