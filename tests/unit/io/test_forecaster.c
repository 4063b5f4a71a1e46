/* SPDX-License-Identifier: Apache-2.0 */
/* test_forecaster.c - forecasts made off the loop: every wish is answered once, the latest of a signal, and none after the close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/room.h"
#include "io/forecaster.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define T0   INT64_C(1767225600)

struct rig {
        uv_loop_t loop;
        struct state state;
        struct forecaster *forecaster;
        struct forecast_wish answered[16];
        enum forecast_method methods[16];
        size_t n_answered;
        bool closed;
};

static void on_ready(void *context, struct input *input)
{
        struct rig *rig = context;

        assert_false(rig->closed);
        assert_int_equal(input->type, INPUT_FORECAST_READY);
        assert_true(rig->n_answered < 16);
        rig->methods[rig->n_answered] = input->u.forecast_ready.use != NULL ? input->u.forecast_ready.use->method : 0;
        rig->answered[rig->n_answered++] = input->u.forecast_ready.wish;
}

static void on_closed(void *context)
{
        ((struct rig *)context)->closed = true;
}

/* Sixty days of noise around a day's shape, of two kinds. */
static void fill(struct series *series, enum series_kind kind, uint64_t seed)
{
        series_init(series, kind);
        assert_int_equal(series_set_names(series, "hanford", "test"), 0);
        for (int64_t t = T0 - 60 * DAY; t < T0; t += HOUR) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                assert_int_equal(series_append(series, t, (t % DAY < 6 * HOUR ? 20000000 : 80000000) + (int64_t)(seed >> 40)), 0);
        }
        series->end = T0;
        series->version = 1;
}

static void begin(struct rig *rig)
{
        struct site *site;

        memset(rig, 0, sizeof(*rig));
        uv_loop_init(&rig->loop);
        state_init(&rig->state);
        site = room_for_one((void **)&rig->state.sites, 0, sizeof(*site));
        assert_non_null(site);
        site->name = strdup("hanford");
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
                series_init(&site->feed[kind], (enum series_kind)kind);
                series_init(&site->series[kind], (enum series_kind)kind);
        }
        fill(&site->feed[SERIES_PRICE], SERIES_PRICE, 1);
        fill(&site->feed[SERIES_CARBON], SERIES_CARBON, 2);
        rig->state.n_sites = 1;
        assert_int_equal(forecaster_create(&rig->loop, on_ready, rig, &rig->forecaster), 0);
}

static void end(struct rig *rig)
{
        uv_run(&rig->loop, UV_RUN_DEFAULT);
        assert_true(rig->closed);
        assert_int_equal(uv_loop_close(&rig->loop), 0);
        state_finish(&rig->state);
}

static void ask(struct rig *rig, enum series_kind kind, uint64_t version, int64_t to)
{
        struct forecast_wish wish = { .kind = kind, .version = version, .origin = T0, .to = to };

        forecaster_ask(rig->forecaster, &rig->state, &wish);
}

static void each_signal_is_answered(void **unused)
{
        struct rig rig;

        (void)unused;
        begin(&rig);
        ask(&rig, SERIES_PRICE, 1, T0 + 7 * DAY);
        ask(&rig, SERIES_CARBON, 1, T0 + 7 * DAY);
        assert_int_equal(rig.n_answered, 0); /* not on the loop's own time */
        uv_run(&rig.loop, UV_RUN_DEFAULT);
        assert_int_equal(rig.n_answered, 2);
        assert_int_equal(rig.answered[0].kind, SERIES_PRICE);
        assert_int_equal(rig.answered[1].kind, SERIES_CARBON);
        assert_int_equal(rig.methods[0], FORECAST_REGRESSION);
        forecaster_close(rig.forecaster, on_closed, &rig);
        end(&rig);
}

/* What has not begun when a newer version comes is not made. */
static void a_newer_wish_takes_the_place_of_one_that_waits(void **unused)
{
        struct rig rig;

        (void)unused;
        begin(&rig);
        for (uint64_t version = 1; version <= 5; version++)
                ask(&rig, SERIES_PRICE, version, T0 + 7 * DAY);
        uv_run(&rig.loop, UV_RUN_DEFAULT);
        assert_int_equal(rig.n_answered, 2);
        assert_int_equal(rig.answered[0].version, 1);
        assert_int_equal(rig.answered[1].version, 5);
        forecaster_close(rig.forecaster, on_closed, &rig);
        end(&rig);
}

static void what_cannot_be_made_is_answered_with_nothing(void **unused)
{
        struct rig rig;

        (void)unused;
        begin(&rig);
        ask(&rig, SERIES_PRICE, 1, T0); /* it ends where it begins */
        ask(&rig, SERIES_CARBON, 1, T0 + DAY);
        uv_run(&rig.loop, UV_RUN_DEFAULT);
        assert_int_equal(rig.n_answered, 2);
        assert_int_equal(rig.methods[0], 0);
        assert_int_equal(rig.methods[1], FORECAST_REGRESSION); /* the next one is made all the same */
        forecaster_close(rig.forecaster, on_closed, &rig);
        end(&rig);
}

static void a_close_waits_for_the_thread_and_drops_the_rest(void **unused)
{
        struct rig rig;

        (void)unused;
        begin(&rig);
        ask(&rig, SERIES_PRICE, 1, T0 + 7 * DAY);
        ask(&rig, SERIES_CARBON, 1, T0 + 7 * DAY);
        forecaster_close(rig.forecaster, on_closed, &rig);
        assert_false(rig.closed);
        end(&rig);
        assert_int_equal(rig.n_answered, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_signal_is_answered),
                cmocka_unit_test(a_newer_wish_takes_the_place_of_one_that_waits),
                cmocka_unit_test(what_cannot_be_made_is_answered_with_nothing),
                cmocka_unit_test(a_close_waits_for_the_thread_and_drops_the_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
