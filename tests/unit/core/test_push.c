/* SPDX-License-Identifier: Apache-2.0 */
/* test_push.c - signals that are pushed: who may, what is refused and how, what holds and until when, and a reactor's trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/pause.h"
#include "unit/core/scene.h"

#define MW INT64_C(1000000)
#define EUR INT64_C(1000000)

/* Two units of 300 MW each, and a grid that gives nothing beside them. */
static void give_reactor(struct scene *scene)
{
        struct supply_terms *terms = &scene->policy.sites[0].terms;

        terms->has_reactor = true;
        terms->n_reactors = 2;
        terms->reactors[0] = (struct supply_reactor){ .name = "a", .rating_w = 300 * MW };
        terms->reactors[1] = (struct supply_reactor){ .name = "b", .rating_w = 300 * MW };
        terms->grid_limit_w = 0;
        scene_set_policy(scene);
}

static const char *send_push_as(struct scene *scene, struct client who, struct offpeak_push push, int expected)
{
        struct input input = { .type = INPUT_PUSH };
        const struct action *reply;

        if (push.site == NULL)
                push.site = (char *)"hanford";
        input.u.push.client = who;
        input.u.push.push = &push;
        scene_send(scene, &input);
        reply = scene_sent(scene, ACTION_REPLY);
        assert_non_null(reply);
        if (reply->code != expected)
                fail_msg("answered %d: %s", reply->code, reply->text);
        assert_true(expected == 0 || scene_recorded(scene, RECORD_PUSHED) == NULL); /* no effect on failure */
        return reply->text;
}

static struct client pusher(struct scene *scene)
{
        struct client client = scene_client(scene);

        client.may_push = true;
        return client;
}

static const char *send_push(struct scene *scene, struct offpeak_push push, int expected)
{
        return send_push_as(scene, pusher(scene), push, expected);
}

static struct offpeak_push value(enum offpeak_signal signal, int64_t value)
{
        static struct offpeak_signal_point points[8];
        static size_t next;
        struct offpeak_signal_point *point = &points[next++ % 8];

        *point = (struct offpeak_signal_point){ 0, value };
        return (struct offpeak_push){ .signal = signal, .currency = signal == OFFPEAK_PRICE ? (char *)"EUR" : NULL,
                                      .points = point, .n_points = 1 };
}

static int64_t in_force(const struct scene *scene, enum series_kind kind, int64_t time)
{
        return series_at(&scene->state.sites[0].series[kind], time);
}

static void check_says(const char *text, const char *part)
{
        if (text == NULL || strstr(text, part) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- what holds */

static void a_value_holds_for_its_life_and_then_the_feed_again(void **unused)
{
        struct scene scene;
        struct offpeak_push push = value(OFFPEAK_PRICE, 82 * EUR);

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.life_s = 2 * HOUR;
        check_says(send_push(&scene, push, 0), "price of hanford: 82.00 EUR/MWh until 2025-06-09T02:00:00Z; then its feed holds again");
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START), 82 * EUR);
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START + 2 * HOUR - 1), 82 * EUR);
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START + 2 * HOUR), 30 * EUR); /* as published */
        assert_int_equal(scene.state.sites[0].series[SERIES_PRICE].version, 2);
        scene_finish(&scene);
}

static void what_is_stored_can_be_told_where_there_is_a_store(void **unused)
{
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, value(OFFPEAK_STORED, 60000000), OFFPEAK_EINVAL), "hanford has no store");
        scene.state.policy.sites[0].terms.has_store = true;
        scene.state.policy.sites[0].terms.store.energy_wh = 100000000;
        check_says(send_push(&scene, value(OFFPEAK_STORED, 60000000), 0), "stored of hanford: 60.0 MWh until");
        assert_int_equal(in_force(&scene, (enum series_kind)SERIES_STORED, WORLD_START), 60000000);
        check_says(send_push(&scene, value(OFFPEAK_STORED, 100000001), OFFPEAK_EINVAL), "the store holds no more than 100");
        scene_finish(&scene);
}

static void a_bare_value_lives_an_hour_and_is_told_so(void **unused)
{
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, value(OFFPEAK_CARBON, 120000), 0),
                   "carbon of hanford: 120 g CO2e/kWh until 2025-06-09T01:00:00Z (an hour, as no end was given); then nothing is published");
        assert_int_equal(in_force(&scene, SERIES_CARBON, WORLD_START + HOUR - 1), 120000);
        assert_int_equal(in_force(&scene, SERIES_CARBON, WORLD_START + HOUR), SERIES_UNKNOWN);
        scene_finish(&scene);
}

static void a_feed_that_speaks_later_does_not_undo_a_push(void **unused)
{
        static const double prices[] = { 1, 2, 3 };
        struct input input = { .type = INPUT_SERIES };
        struct series series;
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        send_push(&scene, value(OFFPEAK_PRICE, 82 * EUR), 0);
        world_series(&series, SERIES_PRICE, WORLD_START, prices, 3);
        input.u.series.series = &series;
        scene_send(&scene, &input);
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START), 82 * EUR);
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START + HOUR), 2 * EUR);
        assert_int_equal(scene.state.sites[0].series[SERIES_PRICE].version, 3);
        series_finish(&series);
        scene_finish(&scene);
}

static void a_new_push_takes_the_place_of_the_last_one(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_LIMIT, 5 * MW);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.life_s = 4 * HOUR;
        send_push(&scene, push, 0);
        scene.now.wall += HOUR;
        push = value(OFFPEAK_LIMIT, 7 * MW);
        push.life_s = HOUR;
        send_push(&scene, push, 0);
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START), 5 * MW); /* what was stays */
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START + HOUR), 7 * MW);
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START + 2 * HOUR), SERIES_UNKNOWN); /* not 5 MW again */
        scene_finish(&scene);
}

static void a_series_is_cut_where_it_expires(void **unused)
{
        struct offpeak_signal_point points[] = { { WORLD_START, 1 * MW }, { WORLD_START + HOUR, OFFPEAK_UNKNOWN },
                                                 { WORLD_START + 2 * HOUR, 3 * MW }, { WORLD_START + 3 * HOUR, 4 * MW } };
        struct offpeak_push push = { .signal = OFFPEAK_LIMIT, .points = points, .n_points = 4, .end = WORLD_START + 4 * HOUR,
                                     .expires = WORLD_START + 2 * HOUR + 60 };
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, push, 0), "4 values until 2025-06-09T02:01:00Z");
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START + HOUR), SERIES_UNKNOWN);
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START + 2 * HOUR), 3 * MW);
        assert_int_equal(in_force(&scene, SERIES_LIMIT, WORLD_START + 2 * HOUR + 60), SERIES_UNKNOWN);
        scene_finish(&scene);
}

static void what_was_pushed_is_taken_back(void **unused)
{
        struct offpeak_push back = { .signal = OFFPEAK_PRICE, .withdraw = true };
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, back, 0), "nothing that was pushed holds any more");
        assert_null(scene_recorded(&scene, RECORD_PUSHED));
        send_push(&scene, value(OFFPEAK_PRICE, 82 * EUR), 0);
        scene.now.wall += 600;
        check_says(send_push(&scene, back, 0), "what was pushed holds no more; its feed holds again");
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START + 599), 82 * EUR); /* it did hold */
        assert_int_equal(in_force(&scene, SERIES_PRICE, WORLD_START + 600), 10 * EUR);
        scene_finish(&scene);
}

/* ---- what is refused */

/* The configuration may lose its reactor, and get it back with what was pushed of it: that can be ended in between. */
static void what_was_pushed_of_what_is_no_more_is_taken_back(void **unused)
{
        struct offpeak_push back = { .signal = OFFPEAK_CAPACITY, .withdraw = true };
        struct offpeak_push push = value(OFFPEAK_CAPACITY, 5 * MW);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, back, OFFPEAK_EINVAL), "no reactor");
        give_reactor(&scene);
        push.life_s = 2 * HOUR;
        send_push(&scene, push, 0);
        scene.policy.sites[0].terms.has_reactor = false;
        scene_set_policy(&scene);
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "no reactor");
        check_says(send_push(&scene, back, 0), "what was pushed holds no more");
        assert_int_equal(in_force(&scene, SERIES_CAPACITY, scene.now.wall), SERIES_UNKNOWN);
        scene_finish(&scene);
}

static struct offpeak_push production(const char *agreement, int64_t watts)
{
        struct offpeak_push push = value(OFFPEAK_PPA, watts);

        push.agreement = (char *)agreement;
        push.source = (char *)agreement;
        push.seq = 5;
        return push;
}

/* The second of three agreements is taken out, and the others change places. */
static void what_was_pushed_of_an_agreement_goes_with_its_name(void **unused)
{
        struct scene scene;
        struct supply_terms *terms;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        terms = &scene.policy.sites[0].terms;
        terms->n_ppas = 3;
        terms->ppas[0] = (struct supply_ppa){ .name = "wind", .has_series = true };
        terms->ppas[1] = (struct supply_ppa){ .name = "sun", .has_series = true };
        terms->ppas[2] = (struct supply_ppa){ .name = "hydro", .has_series = true };
        scene_set_policy(&scene);
        send_push(&scene, production("wind", 1 * MW), 0);
        send_push(&scene, production("sun", 2 * MW), 0);
        send_push(&scene, production("hydro", 3 * MW), 0);
        terms->n_ppas = 3;
        terms->ppas[1] = terms->ppas[0];
        terms->ppas[0] = terms->ppas[2];
        terms->ppas[2] = (struct supply_ppa){ .name = "sea", .has_series = true };
        scene_set_policy(&scene);
        assert_int_equal(in_force(&scene, (enum series_kind)SERIES_PPA, scene.now.wall), 3 * MW);
        assert_int_equal(in_force(&scene, (enum series_kind)(SERIES_PPA + 1), scene.now.wall), 1 * MW);
        assert_int_equal(in_force(&scene, (enum series_kind)(SERIES_PPA + 2), scene.now.wall), SERIES_UNKNOWN); /* nothing of another's */
        assert_int_equal(scene.state.sites[0].n_push_sources, 2);
        check_says(send_push(&scene, production("hydro", 4 * MW), OFFPEAK_ESTATE), "number 5");
        send_push(&scene, production("sea", 4 * MW), 0);
        scene_finish(&scene);
}

static void only_who_may_is_heard(void **unused)
{
        struct client operator_, nobody;
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        nobody = scene_client(&scene);
        check_says(send_push_as(&scene, nobody, value(OFFPEAK_LIMIT, MW), OFFPEAK_EPERMISSION), "role push");
        operator_ = scene_client(&scene);
        operator_.is_operator = true; /* an agent's key is that, too: it does not make it a pusher */
        send_push_as(&scene, operator_, value(OFFPEAK_LIMIT, MW), OFFPEAK_EPERMISSION);
        scene_finish(&scene);
}

static void what_the_site_does_not_have_is_refused_by_name(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_CARBON, 1000);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.site = (char *)"hanfrod";
        check_says(send_push(&scene, push, OFFPEAK_ENOTFOUND), "\"hanfrod\"");
        check_says(send_push(&scene, value(OFFPEAK_CAPACITY, MW), OFFPEAK_EINVAL), "no reactor");
        check_says(send_push(&scene, value(OFFPEAK_SOLAR, MW), OFFPEAK_EINVAL), "no solar");
        push = value(OFFPEAK_EXPORT, EUR);
        push.currency = (char *)"EUR";
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "hanford exports nothing: add `export_limit`");
        check_says(send_push(&scene, value(OFFPEAK_STORED, MW), OFFPEAK_EINVAL),
                   "hanford has no store whose energy could be told: add `battery`, or `storage` to its reactor,");
        push = value(OFFPEAK_PPA, MW);
        check_says(send_push(&scene, push, OFFPEAK_EINVAL),
                   "hanford has no purchase agreement whose production could be told: add `ppa`");
        push.agreement = (char *)"north-sea";
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "hanford has no purchase agreement");
        scene_finish(&scene);
}

/* "north", as a plant produces, and "base", which is the same at all times. */
static void give_agreements(struct scene *scene)
{
        struct supply_terms *terms = &scene->policy.sites[0].terms;

        terms->n_ppas = 2;
        terms->ppas[0] = (struct supply_ppa){
                .name = "north", .kind = PPA_AS_PRODUCED, .has_series = true, .share_ppm = 1000000
        };
        terms->ppas[1] =
                (struct supply_ppa){ .name = "base", .kind = PPA_BASELOAD, .power_w = MW, .share_ppm = 1000000 };
        scene_set_policy(scene);
}

static void of_an_agreement_its_production_alone_is_pushed(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_PPA, MW);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        give_agreements(&scene);
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "Name it with --agreement: hanford has north, base");
        push.agreement = (char *)"nort";
        check_says(send_push(&scene, push, OFFPEAK_ENOTFOUND), "hanford has no agreement \"nort\"; it has north, base");
        push.agreement = (char *)"base";
        check_says(send_push(&scene, push, OFFPEAK_EINVAL),
                   "agreement \"base\" at hanford delivers the constant power");
        push = value(OFFPEAK_PRICE, EUR);
        push.agreement = (char *)"north"; /* its strike is meant */
        check_says(send_push(&scene, push, OFFPEAK_EINVAL),
                   "price is of the site hanford, not of its agreement \"north\"");
        push = value(OFFPEAK_PPA, MW);
        push.agreement = (char *)"north";
        check_says(send_push(&scene, push, 0), "ppa north of hanford: 1.0 MW until ");
        push.withdraw = true;
        push.n_points = 0;
        check_says(send_push(&scene, push, 0), "ppa north of hanford: what was pushed holds no more");
        scene_finish(&scene);
}

/* It may be the wrong site; or its limit is 0 for a while, and what is pushed of it still right. */
static void who_pushes_of_a_grid_that_gives_nothing_is_told(void **unused)
{
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        assert_null(strstr(send_push(&scene, value(OFFPEAK_PRICE, EUR), 0), "nothing from the grid"));
        give_reactor(&scene);
        check_says(send_push(&scene, value(OFFPEAK_PRICE, 2 * EUR), 0), "; hanford draws nothing from the grid, so it counts for nothing");
        check_says(send_push(&scene, value(OFFPEAK_CARBON, 1000), 0), "nothing from the grid");
        check_says(send_push(&scene, value(OFFPEAK_LIMIT, MW), 0), "nothing from the grid");
        assert_null(strstr(send_push(&scene, value(OFFPEAK_CAPACITY, MW), 0), "nothing from the grid"));
        scene_finish(&scene);
}

static void a_price_is_in_the_sites_currency(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_PRICE, EUR);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.currency = (char *)"USD";
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "are in EUR, and these are in USD");
        push.currency = NULL;
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "EUR/MWh");
        scene_finish(&scene);
}

/* In the currency of a site that has this price at the most, and no more. */
static void push_at_most(const char *currency, int64_t most)
{
        struct offpeak_push push = value(OFFPEAK_PRICE, most * EUR);
        struct scene scene;

        scene_init(&scene, ON_LOST_WAIT);
        free(scene.policy.sites[0].currency);
        scene.policy.sites[0].currency = strdup(currency);
        scene_set_policy(&scene);
        push.currency = (char *)currency;
        send_push(&scene, push, 0);
        push = value(OFFPEAK_PRICE, -most * EUR - 1);
        push.currency = (char *)currency;
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "it cannot be below");
        push = value(OFFPEAK_PRICE, most * EUR + 1);
        push.currency = (char *)currency;
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "it cannot be above");
        scene_finish(&scene);
}

static void a_price_is_one_of_its_currency(void **unused)
{
        (void)unused;
        push_at_most("EUR", 100000);
        push_at_most("JPY", 999000);
        push_at_most("HUF", 6000000);
        push_at_most("KRW", 10000000); /* of which nothing is known */
}

static void times_that_cannot_be_are_refused(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_LIMIT, MW);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.expires = WORLD_START;
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "it has expired at 2025-06-09T00:00:00Z");
        push = value(OFFPEAK_LIMIT, MW);
        push.issued = WORLD_START + 301;
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "is one of the clocks wrong?");
        push.issued = WORLD_START + 300;
        send_push(&scene, push, 0);
        push = value(OFFPEAK_LIMIT, 2 * MW);
        push.issued = WORLD_START + 299;
        check_says(send_push(&scene, push, OFFPEAK_ESTATE), "before what ana pushed last");
        scene_finish(&scene);
}

static void values_that_cannot_be_are_refused_with_their_place(void **unused)
{
        struct offpeak_signal_point points[] = { { WORLD_START, 1 * MW }, { WORLD_START + HOUR, -5 } };
        struct offpeak_push push = { .signal = OFFPEAK_LIMIT, .points = points, .n_points = 2, .end = WORLD_START + 2 * HOUR };
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        check_says(send_push(&scene, push, OFFPEAK_EINVAL), "value 2 (2025-06-09T01:00:00Z) is -5 W: it cannot be below 0 W");
        give_reactor(&scene);
        send_push(&scene, value(OFFPEAK_CAPACITY, 600 * MW), 0);
        check_says(send_push(&scene, value(OFFPEAK_CAPACITY, 601 * MW), OFFPEAK_EINVAL),
                   "value 1 (now) is 601 MW: the reactor's units are rated 600 MW");
        check_says(send_push(&scene, value(OFFPEAK_PRICE, 200000 * EUR), OFFPEAK_EINVAL), "it cannot be above");
        check_says(send_push(&scene, value(OFFPEAK_CARBON, OFFPEAK_UNKNOWN), OFFPEAK_EINVAL), "no known value");
        check_says(scene_sent(&scene, ACTION_REPLY)->text, "`offpeak push --clear`");
        assert_int_equal(in_force(&scene, SERIES_CAPACITY, WORLD_START), 600 * MW);
        scene_finish(&scene);
}

static void a_number_counts_up_for_each_source(void **unused)
{
        struct offpeak_push push = value(OFFPEAK_LIMIT, 3 * MW);
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        push.source = (char *)"scada";
        push.seq = 7;
        push.life_s = HOUR;
        send_push(&scene, push, 0);
        scene.now.wall += 60;
        check_says(send_push(&scene, push, 0), "this was taken before; what is pushed holds until 2025-06-09T01:00:00Z");
        assert_null(scene_recorded(&scene, RECORD_PUSHED));
        push = value(OFFPEAK_LIMIT, 4 * MW);
        push.source = (char *)"scada";
        push.seq = 7; /* another content under the same number */
        check_says(send_push(&scene, push, OFFPEAK_ESTATE), "number 7");
        push.seq = 6;
        check_says(send_push(&scene, push, OFFPEAK_ESTATE), "number 7 of this signal, and this is number 6");
        push.source = (char *)"desk"; /* counts by itself */
        send_push(&scene, push, 0);
        push.source = (char *)"scada";
        push.seq = 8;
        send_push(&scene, push, 0);
        assert_int_equal(scene.state.sites[0].n_push_sources, 2);
        scene_finish(&scene);
}

static void a_repeated_request_is_answered_as_before(void **unused)
{
        struct scene scene;
        struct client who;
        uint64_t version;
        char *first;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        who = pusher(&scene);
        first = strdup(send_push_as(&scene, who, value(OFFPEAK_LIMIT, MW), 0));
        version = scene.state.sites[0].series[SERIES_LIMIT].version;
        scene.now.wall += 30;
        assert_string_equal(send_push_as(&scene, who, value(OFFPEAK_LIMIT, MW), 0), first);
        assert_int_equal(scene.state.sites[0].series[SERIES_LIMIT].version, version);
        free(first);
        scene_finish(&scene);
}

static void many_sources_are_bounded(void **unused)
{
        struct scene scene;
        char name[16];

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        for (int i = 0; i < PUSH_SOURCES_KEPT + 5; i++) {
                struct offpeak_push push = value(OFFPEAK_LIMIT, (i + 1) * MW);

                snprintf(name, sizeof(name), "s%d", i);
                push.source = name;
                scene.now.wall++;
                send_push(&scene, push, 0);
        }
        assert_int_equal(scene.state.sites[0].n_push_sources, PUSH_SOURCES_KEPT);
        assert_null(state_push_source(&scene.state.sites[0], SERIES_LIMIT, "s4"));
        assert_non_null(state_push_source(&scene.state.sites[0], SERIES_LIMIT, "s5"));
        scene_finish(&scene);
}

/* ---- snapshots */

/* What is in force is not part of a snapshot: it is made of the layers, to the same bytes. */
static void a_snapshot_holds_the_layers(void **unused)
{
        struct scene scene;
        struct state rebuilt;
        char *before, *after;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        give_reactor(&scene);
        send_push(&scene, value(OFFPEAK_PRICE, 82 * EUR), 0);
        scene.now.wall += 60;
        send_push(&scene, value(OFFPEAK_CAPACITY, 300 * MW), 0);
        send_push(&scene, value(OFFPEAK_CARBON, 100), 0);
        send_push(&scene, (struct offpeak_push){ .signal = OFFPEAK_CARBON, .withdraw = true }, 0);
        state_init(&rebuilt);
        assert_int_equal(state_images(&scene.state, scene_take_image, &rebuilt), 0);
        before = state_dump(&scene.state);
        after = state_dump(&rebuilt);
        assert_string_equal(before, after);
        free(before);
        free(after);
        state_finish(&rebuilt);
        scene_finish(&scene);
}

/* ---- a trip */

static void make_plan(struct scene *scene)
{
        struct plan_question question;
        struct plan_budget budget = { .work = 1000000 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan plan;

        assert_int_equal(plan_question_init(&scene->state, &scene->now, &question), 0);
        plan_init(&plan);
        assert_int_equal(plan_compute(&question.problem, &budget, &plan, NULL), 0);
        input.u.plan_ready.plan = &plan;
        input.u.plan_ready.problem = &question.problem;
        input.u.plan_ready.asked_index = question.log_index;
        scene_send(scene, &input);
        plan_finish(&plan);
        plan_question_finish(&question);
}

/* A job of 100 W on a node that idles at 10 W, both on a reactor of two units. */
static uint64_t begin_on_reactor(struct scene *scene)
{
        uint64_t job;

        scene_init(scene, ON_LOST_WAIT);
        give_reactor(scene);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
        job = scene_submit(scene, scene_client(scene), 1);
        assert_int_equal(state_job(&scene->state, job)->state, OFFPEAK_JOB_ACTIVE);
        make_plan(scene);
        assert_int_equal(state_job(&scene->state, job)->attempt.state, ATTEMPT_GOING);
        assert_false(scene->state.plan_asked);
        return job;
}

/* Shed by a pushed capacity: 110 W were drawn. */
static void check_pause(const struct pause *pause, int64_t at, int64_t limit_w)
{
        assert_int_equal(pause->cause, PAUSE_POWER);
        assert_int_equal(pause->attempt, 1);
        assert_int_equal(pause->at, at);
        assert_int_equal(pause->drawn_w, 110);
        assert_int_equal(pause->limit_w, limit_w);
        assert_int_equal(pause->signal, SERIES_CAPACITY);
        assert_int_equal(pause->use, SIGNAL_PUSHED);
}

/* The plan is asked for in the turn of the push itself; what it no longer gives hours is stopped in the turn it comes back. */
static void a_trip_plans_anew_at_once_and_stops_what_runs(void **unused)
{
        struct offpeak_push trip = value(OFFPEAK_CAPACITY, 0);
        const struct record *stop;
        struct scene scene;
        uint64_t job;

        (void)unused;
        job = begin_on_reactor(&scene);
        trip.life_s = 3 * HOUR;
        scene.now.wall += 10;
        send_push(&scene, trip, 0);
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        make_plan(&scene);
        stop = scene_recorded(&scene, RECORD_STOP);
        assert_non_null(stop);
        assert_int_equal(stop->u.stop.job, job);
        assert_int_equal(stop->u.stop.reason, STOP_SHED);
        check_pause(&state_job(&scene.state, job)->last_pause, scene.now.wall, 0);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_true(state_job(&scene.state, job)->planned[0].start >= scene.now.wall + 3 * HOUR);
        scene_finish(&scene);
}

/* For as long as the plan looks there is no power: nothing is left to wait for, and it must stop all the same. */
static void a_trip_without_end_stops_what_runs(void **unused)
{
        struct offpeak_push trip = value(OFFPEAK_CAPACITY, 0);
        struct scene scene;
        uint64_t job;

        (void)unused;
        job = begin_on_reactor(&scene);
        trip.life_s = 30 * DAY;
        scene.now.wall += 10;
        send_push(&scene, trip, 0);
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        make_plan(&scene);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(scene_recorded(&scene, RECORD_STOP)->u.stop.reason, STOP_SHED);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_int_equal(state_job(&scene.state, job)->attempt.state, ATTEMPT_STOPPING);
        check_pause(&state_job(&scene.state, job)->last_pause, scene.now.wall, 0);
        scene_finish(&scene);
}

/* What is pushed is more than nothing, and less than what is drawn; that stays on record when the job runs again. */
static void the_limit_of_a_trip_is_on_record(void **unused)
{
        struct offpeak_push trip = value(OFFPEAK_CAPACITY, 90), back = value(OFFPEAK_CAPACITY, 600 * MW);
        struct scene scene;
        int64_t at;
        uint64_t id;
        const struct job *job;

        (void)unused;
        id = begin_on_reactor(&scene);
        trip.life_s = 30 * DAY;
        scene.now.wall += 10;
        send_push(&scene, trip, 0);
        make_plan(&scene);
        at = scene.now.wall;
        check_pause(&state_job(&scene.state, id)->last_pause, at, 90);
        scene_renew_with(&scene, 0, id, REPORT_EXITED, LEG_ASKED, 0);
        scene.now.wall += 10;
        send_push(&scene, back, 0);
        make_plan(&scene);
        job = state_job(&scene.state, id);
        assert_int_equal(job->attempts, 2);
        assert_int_equal(job->state, OFFPEAK_JOB_ACTIVE);
        check_pause(&job->last_pause, at, 90);
        scene_finish(&scene);
}

/* In the second of the launch itself, and from more than there was then: what was lost is told all the same. */
static void a_trip_in_the_first_second_is_told(void **unused)
{
        struct pause why = { 0 };
        struct scene scene;
        uint64_t id;

        (void)unused;
        id = begin_on_reactor(&scene);
        send_push(&scene, value(OFFPEAK_CAPACITY, 50), 0);
        assert_int_equal(state_job(&scene.state, id)->attempt.launched_at, scene.now.wall);
        assert_true(scene_lacks_power(&scene, state_job(&scene.state, id), &why));
        assert_int_equal(why.signal, SERIES_CAPACITY);
        assert_int_equal(why.limit_w, 50);
        scene.now.wall += 10;
        send_push(&scene, value(OFFPEAK_CAPACITY, 400 * MW), 0); /* more; and then as little again */
        scene.now.wall += 10;
        send_push(&scene, value(OFFPEAK_CAPACITY, 50), 0);
        assert_true(scene_lacks_power(&scene, state_job(&scene.state, id), &why));
        assert_int_equal(why.signal, SERIES_CAPACITY);
        assert_int_equal(why.use, SIGNAL_PUSHED);
        scene_finish(&scene);
}

/* No signal fell: what was there is what others need now. */
static void where_no_signal_fell_none_is_named(void **unused)
{
        struct pause why = { 0 };
        struct scene scene;
        uint64_t id;

        (void)unused;
        id = begin_on_reactor(&scene);
        assert_false(scene_lacks_power(&scene, state_job(&scene.state, id), &why));
        assert_int_equal(why.cause, PAUSE_UNKNOWN);
        state_node(&scene.state, "n1")->inventory.idle_w = 700 * MW;
        assert_true(scene_lacks_power(&scene, state_job(&scene.state, id), &why));
        assert_int_equal(why.cause, PAUSE_POWER);
        assert_int_equal(why.drawn_w, 700 * MW + 100);
        assert_int_equal(why.limit_w, 600 * MW);
        assert_int_equal(why.signal, 0);
        assert_int_equal(why.use, SIGNAL_NOTHING);
        scene_finish(&scene);
}

static void a_trip_does_not_wait_for_a_plan_that_knows_nothing_of_it(void **unused)
{
        struct offpeak_push trip = value(OFFPEAK_CAPACITY, 0);
        struct scene scene;
        uint64_t version;

        (void)unused;
        begin_on_reactor(&scene);
        scene.now.wall += 10;
        send_push(&scene, value(OFFPEAK_CAPACITY, 500 * MW), 0);
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        scene.now.wall += 1;
        trip.life_s = 3 * HOUR;
        send_push(&scene, trip, 0);
        assert_null(scene_sent(&scene, ACTION_ASK_PLAN)); /* one at a time, but nobody waits for it any more */
        assert_non_null(scene_sent(&scene, ACTION_DROP_PLAN));
        version = scene.state.plan.version;
        make_plan(&scene);
        assert_int_equal(scene.state.plan.version, version); /* not adopted */
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        make_plan(&scene);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        scene_finish(&scene);
}

/* Pushes that come faster than plans do not keep them from being made: the one that follows a dropped one is waited for. */
static void pushes_do_not_starve_the_planner(void **unused)
{
        struct offpeak_push trip;
        struct scene scene;
        uint64_t version;

        (void)unused;
        begin_on_reactor(&scene);
        version = scene.state.plan.version;
        for (int i = 0; i < 5; i++) {
                trip = value(OFFPEAK_CAPACITY, i);
                trip.life_s = 3 * HOUR;
                scene.now.wall += 1;
                send_push(&scene, trip, 0);
                assert_int_equal(scene_sent(&scene, ACTION_DROP_PLAN) != NULL, i == 1);
                if (i == 2)
                        make_plan(&scene); /* the dropped one comes back */
        }
        assert_int_equal(scene.state.plan.version, version);
        make_plan(&scene);
        assert_int_equal(scene.state.plan.version, version + 1);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        scene_finish(&scene);
}

/* More power than before is no reason to throw a plan away. */
static void a_push_that_gives_power_drops_no_plan(void **unused)
{
        struct scene scene;

        (void)unused;
        begin_on_reactor(&scene);
        scene.now.wall += 10;
        send_push(&scene, value(OFFPEAK_CAPACITY, 500 * MW), 0);
        scene.now.wall += 1;
        send_push(&scene, value(OFFPEAK_CAPACITY, 600 * MW), 0);
        assert_null(scene_sent(&scene, ACTION_DROP_PLAN));
        scene_finish(&scene);
}

/* ---- feeds that say nothing new */

static void feed_capacity(struct scene *scene, const double *watts, size_t n)
{
        struct input input = { .type = INPUT_SERIES };
        struct series series;

        world_series(&series, SERIES_CAPACITY, WORLD_START, watts, n);
        input.u.series.series = &series;
        scene_send(scene, &input);
        series_finish(&series);
}

static void what_is_said_again_makes_no_record(void **unused)
{
        static const double watts[] = { 500, 500, 500 };
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        give_reactor(&scene);
        feed_capacity(&scene, watts, 3);
        assert_non_null(scene_recorded(&scene, RECORD_SERIES));
        scene.now.wall += 600;
        feed_capacity(&scene, watts, 3);
        assert_int_equal(scene.turn.n_records, 0);
        scene_finish(&scene);
}

/* Where its age matters, a feed that says the same again is heard: by a small record, and not more often than it must. */
static void a_feed_that_is_alive_does_not_grow_old(void **unused)
{
        static const double watts[] = { 500, 500, 500 };
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        give_reactor(&scene);
        scene.policy.sites[0].signals[SERIES_CAPACITY].stale_after_s = 600;
        scene_set_policy(&scene);
        feed_capacity(&scene, watts, 3);
        scene.now.wall += 299;
        feed_capacity(&scene, watts, 3);
        assert_null(scene_recorded(&scene, RECORD_CONFIRMED));
        scene.now.wall += 1;
        feed_capacity(&scene, watts, 3);
        assert_non_null(scene_recorded(&scene, RECORD_CONFIRMED));
        assert_int_equal(scene.state.sites[0].feed[SERIES_CAPACITY].issued, scene.now.wall);
        assert_int_equal(scene.state.sites[0].series[SERIES_CAPACITY].version, 1);
        scene.now.wall += 599;
        feed_capacity(&scene, watts, 3);
        assert_non_null(scene_recorded(&scene, RECORD_CONFIRMED));
        scene_finish(&scene);
}

/* The reactor's feed falls silent, and 0 W are what the site then relies on: what runs on it is stopped. */
static void a_signal_that_grows_stale_is_planned_without(void **unused)
{
        static const double watts[] = { 500, 500, 500, 500, 500, 500 };
        struct now next;
        struct scene scene;
        uint64_t job;

        (void)unused;
        job = begin_on_reactor(&scene);
        scene.policy.sites[0].signals[SERIES_CAPACITY] =
                (struct signal_rule){ .stale_after_s = 600, .fallback = SIGNAL_TAKE_VALUE, .value = 0 };
        scene_set_policy(&scene);
        feed_capacity(&scene, watts, 6);
        make_plan(&scene);
        if (scene.state.plan_asked)
                make_plan(&scene);
        assert_int_equal(state_job(&scene.state, job)->attempt.state, ATTEMPT_GOING);
        next = core_next(&scene.state, &scene.now);
        assert_true(next.wall <= scene.now.wall + 600);
        scene.state.plan_due_at = scene.now.wall + 100 * DAY; /* nothing else would call for a plan */
        scene.policy.plan_interval_s = 100 * DAY;
        scene.state.policy.plan_interval_s = 100 * DAY;
        scene_wait_ms(&scene, 599 * 1000);
        assert_null(scene_sent(&scene, ACTION_ASK_PLAN));
        scene_wait_ms(&scene, 1000);
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        make_plan(&scene);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(state_job(&scene.state, job)->attempt.state, ATTEMPT_STOPPING);
        assert_null(scene_sent(&scene, ACTION_ASK_PLAN)); /* once is enough */
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_value_holds_for_its_life_and_then_the_feed_again),
                cmocka_unit_test(what_is_stored_can_be_told_where_there_is_a_store),
                cmocka_unit_test(a_bare_value_lives_an_hour_and_is_told_so),
                cmocka_unit_test(a_feed_that_speaks_later_does_not_undo_a_push),
                cmocka_unit_test(a_new_push_takes_the_place_of_the_last_one),
                cmocka_unit_test(a_series_is_cut_where_it_expires),
                cmocka_unit_test(what_was_pushed_is_taken_back),
                cmocka_unit_test(what_was_pushed_of_what_is_no_more_is_taken_back),
                cmocka_unit_test(what_was_pushed_of_an_agreement_goes_with_its_name),
                cmocka_unit_test(only_who_may_is_heard),
                cmocka_unit_test(what_the_site_does_not_have_is_refused_by_name),
                cmocka_unit_test(of_an_agreement_its_production_alone_is_pushed),
                cmocka_unit_test(who_pushes_of_a_grid_that_gives_nothing_is_told),
                cmocka_unit_test(a_price_is_in_the_sites_currency),
                cmocka_unit_test(a_price_is_one_of_its_currency),
                cmocka_unit_test(times_that_cannot_be_are_refused),
                cmocka_unit_test(values_that_cannot_be_are_refused_with_their_place),
                cmocka_unit_test(a_number_counts_up_for_each_source),
                cmocka_unit_test(a_repeated_request_is_answered_as_before),
                cmocka_unit_test(many_sources_are_bounded),
                cmocka_unit_test(a_snapshot_holds_the_layers),
                cmocka_unit_test(a_trip_plans_anew_at_once_and_stops_what_runs),
                cmocka_unit_test(a_trip_without_end_stops_what_runs),
                cmocka_unit_test(the_limit_of_a_trip_is_on_record),
                cmocka_unit_test(a_trip_in_the_first_second_is_told),
                cmocka_unit_test(where_no_signal_fell_none_is_named),
                cmocka_unit_test(a_trip_does_not_wait_for_a_plan_that_knows_nothing_of_it),
                cmocka_unit_test(pushes_do_not_starve_the_planner),
                cmocka_unit_test(a_push_that_gives_power_drops_no_plan),
                cmocka_unit_test(what_is_said_again_makes_no_record),
                cmocka_unit_test(a_feed_that_is_alive_does_not_grow_old),
                cmocka_unit_test(a_signal_that_grows_stale_is_planned_without),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
