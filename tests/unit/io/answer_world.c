/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/io/answer_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/record.h"
#include "io/answer.h"

#define MICRO INT64_C(1000000)

static int64_t at(int64_t hour)
{
        return WORLD_DAY + hour * WORLD_HOUR;
}

/* ---- policy, sites, nodes */

static void make_policy(struct policy *policy)
{
        policy_init(policy);
        policy->n_sites = 2;
        policy->sites = calloc(2, sizeof(*policy->sites));
        policy->sites[0] = (struct policy_site){ .name = strdup("hanford"), .currency = strdup("EUR") };
        policy->sites[1] = (struct policy_site){ .name = strdup("lulea"), .currency = strdup("SEK") };
        for (size_t i = 0; i < 2; i++)
                policy->sites[i].terms = (struct supply_terms){ .grid_limit_w = INT64_MAX, .pue_ppm = 1000000 };
        policy->sites[0].terms.pue_ppm = 1500000;
        policy->sites[0].terms.grid_limit_w = 2 * MICRO;
        policy->n_classes = 2;
        policy->classes = calloc(2, sizeof(*policy->classes));
        policy_class_defaults(&policy->classes[0]);
        policy_class_defaults(&policy->classes[1]);
        policy->classes[0].name = strdup("default");
        policy->classes[1].name = strdup("nightly");
        policy->classes[1].delay_cost = 400000;
        policy->classes[0].start_cost_s = policy->classes[1].start_cost_s = 0;
}

static void make_sites(struct state *state)
{
        static const int64_t prices[][2] = { { 0, 100 }, { 15, 20 }, { 17, 100 }, { 20, 40 } };

        state->n_sites = 2;
        state->sites = calloc(2, sizeof(*state->sites));
        for (uint32_t i = 0; i < 2; i++) {
                state->sites[i].id = i;
                state->sites[i].name = strdup(state->policy.sites[i].name);
                for (unsigned kind = 1; kind < SERIES_COUNT; kind++)
                        series_init(&state->sites[i].series[kind], kind);
        }
        for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
                assert_int_equal(
                        series_append(&state->sites[0].series[SERIES_PRICE], at(prices[i][0]), prices[i][1] * MICRO),
                        0);
        state->sites[0].series[SERIES_PRICE].end = at(24);
        state->sites[0].series[SERIES_PRICE].issued = at(12);
        state->sites[0].series[SERIES_PRICE].version = 3;
        assert_int_equal(series_set_names(&state->sites[0].series[SERIES_PRICE], "hanford", "prices.csv"), 0);
}

static void make_node(struct node *node, uint32_t id, const char *name, const char *site, uint32_t gpus)
{
        *node = (struct node){ .id = id, .name = strdup(name), .site = strdup(site) };
        node->inventory.n_devices = gpus;
        node->inventory.devices = calloc(gpus, sizeof(*node->inventory.devices));
        for (uint32_t d = 0; d < gpus; d++)
                node->inventory.devices[d] =
                        (struct device){ .kind = DEVICE_GPU, .max_w = 100, .address = "0000:01:00.0" };
}

static void make_nodes(struct state *state)
{
        state->n_nodes = 3;
        state->nodes = calloc(3, sizeof(*state->nodes));
        make_node(&state->nodes[0], 0, "n1", "hanford", 8);
        make_node(&state->nodes[1], 1, "n2", "hanford", 8);
        make_node(&state->nodes[2], 2, "n7", "lulea", 2);
        for (unsigned i = 0; i < 2; i++) {
                state->nodes[i].inventory.idle_w = 1000;
                state->nodes[i].inventory.cores = 64;
                state->nodes[i].inventory.power_quality = QUALITY_MEASURED;
                state->nodes[i].session = (struct session){ .state = SESSION_UP, .number = 1, .last_renew_ms = 97000 };
        }
        state->nodes[0].inventory.model = strdup("DGX");
        state->nodes[2].inventory.rack = strdup("r7");
        state->nodes[2].inventory.features = calloc(2, sizeof(char *));
        state->nodes[2].inventory.features[0] = strdup("ib");
        state->nodes[2].inventory.n_features = 1;
        state->nodes[2].inventory.links = calloc(1, sizeof(struct place_link));
        state->nodes[2].inventory.links[0].gb_per_s = 40;
        state->nodes[2].inventory.n_links = 1;
        state->nodes[2].session = (struct session){ .state = SESSION_SILENT, .number = 2, .last_renew_ms = 1000 };
        state_bind_nodes(state);
}

/* ---- jobs */

static struct job *add_job(struct state *state, uint64_t id, const char *name, const char *user, uint32_t gpus)
{
        struct job *job;

        state->jobs = realloc(state->jobs, (state->n_jobs + 1) * sizeof(*state->jobs));
        job = &state->jobs[state->n_jobs++];
        assert_int_equal(state_open(state), 0);
        *job = (struct job){ .id = id, .uid = 1000, .user = strdup(user), .state = OFFPEAK_JOB_QUEUED };
        offpeak_job_spec_init(&job->spec);
        job->spec.name = strdup(name);
        job->spec.class_name = strdup("nightly");
        job->spec.directory = strdup("/home/ana");
        job->spec.argv = calloc(3, sizeof(char *));
        job->spec.argv[0] = strdup("torchrun");
        job->spec.argv[1] = strdup("train.py");
        job->spec.argc = 2;
        job->spec.gpus_per_node = gpus;
        job->spec.time_s = job->total_s = 6 * WORLD_HOUR;
        job->submitted_at = at(8);
        job->site = job->avoid_node = NONE_U32;
        return job;
}

static void plan_job(struct job *job, int64_t start, int64_t end, double cost, double run_now)
{
        job->planned = calloc(1, sizeof(*job->planned));
        job->planned[0] = (struct plan_interval){ .start = start, .end = end };
        job->n_planned = 1;
        job->reason = PLAN_CHEAPEST;
        job->planned_finish = end;
        job->planned_cost = cost;
        job->planned_run_now_cost = run_now;
}

static void launch_job(struct job *job, uint32_t node, int64_t when)
{
        job->attempts = 1;
        job->site = 0;
        job->first_started_at = when;
        job->attempt = (struct attempt){ .number = 1, .state = ATTEMPT_GOING, .go = true, .launched_at = when };
        job->attempt.lease_ms = 60000;
        job->attempt.on_lost = ON_LOST_WAIT;
        job->attempt.legs = calloc(1, sizeof(*job->attempt.legs));
        job->attempt.legs[0] = (struct leg){ .node = node, .devices = (UINT64_C(1) << job->spec.gpus_per_node) - 1,
                                             .state = LEG_RUNNING, .started_at = when };
        job->attempt.n_legs = 1;
}

static void end_attempt(struct job *job, enum leg_how how, int32_t status)
{
        job->attempt.legs[0].state = LEG_ENDED;
        job->attempt.legs[0].how = how;
        job->attempt.legs[0].status = status;
}

static void make_jobs(struct state *state)
{
        struct job *job;

        job = add_job(state, 39, "eval", "ana", 1);
        launch_job(job, 1, at(10));
        end_attempt(job, LEG_EXIT, 0);
        job->state = OFFPEAK_JOB_DONE;
        job->end = END_DONE;
        job->ended_at = at(12);
        job->fraction = 1;
        job->ran_s = 2 * WORLD_HOUR;

        job = add_job(state, 40, "bert", "ana", 8);
        launch_job(job, 1, at(9));
        end_attempt(job, LEG_ASKED, 15);
        job->attempt.stop = STOP_PAUSE;
        job->pauses = 1;
        job->fraction = 0.25;
        job->fraction_reported = true;
        job->spec.deadline = at(48);
        plan_job(job, at(20), at(25), 10, 20);

        job = add_job(state, 41, "vit-b", "jun", 8);
        launch_job(job, 0, at(12));
        job->state = OFFPEAK_JOB_ACTIVE;
        plan_job(job, at(14), at(19), 3, 3);
        job->reason = PLAN_RUNNING;

        job = add_job(state, 42, "llama-ft", "ana", 8);
        job->spec.deadline = at(26);
        job->spec.stdout_path = strdup("out-%j-%a-%n.%%txt");
        plan_job(job, at(20), at(26) + 600, 31.4, 58.1);

        job = add_job(state, 43, "probe", "eve", 2);
        job->held = true;
        state->next_job = 44;
}

/* ---- books */

void world_book(struct world *world, uint64_t id, int64_t start, int64_t end)
{
        struct record record = { .type = RECORD_BOOKED, .index = ++world->state.log_index, .at = end };
        struct booking *booking = &record.u.booked.booking;
        struct job *job = world_job(world, id);

        *booking = (struct booking){ .account = ACCOUNT_JOB, .quality = QUALITY_MEASURED, .job = id, .attempt = 1,
                                     .node = job->attempt.legs[0].node, .start = start, .end = end };
        booking->joules = 1000 * (end - start);
        booking->price = 50 * MICRO;
        booking->carbon = SERIES_UNKNOWN;
        booking->cost = booking->joules / 72; /* 50 EUR for 3.6e9 J */
        job->joules += booking->joules;
        job->cost += booking->cost;
        assert_int_equal(store_commit(world->store, &record, 1, NULL), 0);
}

void world_book_store(struct world *world, int64_t joules, int64_t start, int64_t end)
{
        struct record record = { .type = RECORD_BOOKED, .index = ++world->state.log_index, .at = end };
        struct booking *booking = &record.u.booked.booking;

        *booking = (struct booking){ .account = ACCOUNT_IDLE, .quality = QUALITY_MEASURED, .start = start, .end = end,
                                     .joules = joules, .price = SERIES_UNKNOWN, .carbon = SERIES_UNKNOWN };
        booking->unit_joules[SUPPLY_STORE] = joules;
        assert_int_equal(store_commit(world->store, &record, 1, NULL), 0);
}

static int ignore_record(void *context, struct record *record)
{
        (void)context;
        record_finish(record);
        return 0;
}

static void open_store(struct world *world)
{
        struct offpeak_error err;
        char path[96];
        bool lost;

        strcpy(world->directory, "/tmp/offpeak-answer-XXXXXX");
        assert_non_null(mkdtemp(world->directory));
        snprintf(path, sizeof(path), "%s/store.db", world->directory);
        if (store_open(path, &world->store, &err) != 0 ||
            store_replay(world->store, ignore_record, NULL, &lost, &err) != 0)
                fail_msg("%s", err.text);
}

void world_init(struct world *world)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(state_init(&world->state), 0);
        policy_finish(&world->state.policy);
        make_policy(&world->state.policy);
        make_sites(&world->state);
        make_nodes(&world->state);
        make_jobs(&world->state);
        world->state.plan = (struct adopted_plan){ .version = 7,
                                                   .made_at = WORLD_NOW - 60,
                                                   .horizon = at(24 * 7),
                                                   .terms = { .supply = 79.1, .total = 79.1 },
                                                   .run_now = { .supply = 118.4, .total = 118.4 },
                                                   .bound = 78.6 };
        world->now = (struct now){ .wall = WORLD_NOW, .mono_ms = 100000 };
        open_store(world);
        world_book(world, 39, at(10), at(11));
        world_book(world, 39, at(11), at(12));
        world_book(world, 40, at(9), at(10));
        world_book(world, 40, at(10) + 30, at(11)); /* a seam that is no pause */
        world_book(world, 41, at(12), at(14));
}

void world_finish(struct world *world)
{
        static const char *const files[] = { "store.db", "store.db-wal", "store.db-shm", "store.db.lock",
                                             "store.db-lock" };
        char path[128];

        store_close(world->store);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(path, sizeof(path), "%s/%s", world->directory, files[i]);
                unlink(path);
        }
        assert_int_equal(rmdir(world->directory), 0);
        state_finish(&world->state);
}

/* ---- asking */

struct job *world_job(struct world *world, uint64_t id)
{
        struct job *job = state_job(&world->state, id);

        assert_non_null(job);
        return job;
}

json_t *world_ask(struct world *world, const char *target, const char *arguments)
{
        struct offpeak_error err = { 0 };
        char *text = NULL;
        json_t *document;

        if (answer_query(&world->state, world->store, world->config, world->feeds, &world->now, target, arguments,
                         &text, &err) != 0)
                fail_msg("%s %s: %s", target, arguments, err.text);
        document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(document);
        free(text);
        return document;
}

const json_t *world_at(const json_t *document, const char *path)
{
        char copy[256], *rest = copy;

        snprintf(copy, sizeof(copy), "%s", path);
        for (char *key; document != NULL && (key = strsep(&rest, ".")) != NULL;)
                document = json_is_array(document) ? json_array_get(document, strtoul(key, NULL, 10))
                                                   : json_object_get(document, key);
        return document;
}

static const json_t *must(const json_t *document, const char *path)
{
        const json_t *value = world_at(document, path);

        if (value == NULL)
                fail_msg("nothing at %s", path);
        return value;
}

void world_expect_text(const json_t *document, const char *path, const char *text)
{
        const json_t *value = must(document, path);

        if (!json_is_string(value) || strcmp(json_string_value(value), text) != 0)
                fail_msg("%s is %s, not %s", path, json_is_string(value) ? json_string_value(value) : "no text", text);
}

void world_expect_int(const json_t *document, const char *path, int64_t value)
{
        const json_t *found = must(document, path);

        if (!json_is_integer(found) || json_integer_value(found) != value)
                fail_msg("%s is %lld, not %lld", path, (long long)json_integer_value(found), (long long)value);
}

void world_expect_null(const json_t *document, const char *path)
{
        if (!json_is_null(must(document, path)))
                fail_msg("%s is not null", path);
}
