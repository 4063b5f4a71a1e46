/* SPDX-License-Identifier: Apache-2.0 */
/* test_forecast.c - the regression against series that it can tell exactly, and that it reads nothing of the future. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supply/forecast.h"

#define HOUR    INT64_C(3600)
#define DAY     INT64_C(86400)
#define QUARTER INT64_C(900)
#define T0      INT64_C(1767225600) /* 2026-01-01T00:00:00Z, a Thursday */
#define EURO    INT64_C(1000000)

enum { PAST = 170, AHEAD = 9 };

static double unit(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return (double)(*seed >> 11) / 9007199254740992.0;
}

/*
 * Slot of the day + weekday (by UTC plus east) + a level that rises evenly; all of it within what is not bent, so that it can be
 * told exactly.
 */
static int64_t known_answer(int64_t time, int64_t step, int64_t east)
{
        int64_t day = (time - T0) / DAY, weekday = ((time + east) / DAY + 3) % 7;
        int64_t slot = time % DAY / step;

        return 40 * EURO + slot % 3 * 10 * EURO + slot % 5 * EURO / 5 + day * EURO / 32 -
               (weekday == 5 ? 3 * EURO : weekday == 6 ? 5 * EURO : 0);
}

static struct series made(int64_t days, int64_t step, int64_t east)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_set_names(&series, "hanford", "prices.csv"), 0);
        for (int64_t t = T0; t < T0 + days * DAY; t += step)
                assert_int_equal(series_append(&series, t, known_answer(t, step, east)), 0);
        series.end = T0 + days * DAY;
        return series;
}

static struct forecast_request asked(int64_t origin, enum forecast_method method)
{
        return (struct forecast_request){
                .origin = origin, .to = origin + AHEAD * DAY, .method = method, .quantiles = { 0.5, 0.9 }, .n_quantiles = 2
        };
}

static struct forecast forecast_of(const struct series *series, const struct forecast_request *request)
{
        struct forecast forecast;

        assert_int_equal(forecast_make(series, request, &forecast), 0);
        assert_int_equal(forecast.value.end, request->to);
        assert_int_equal(forecast.n_quantiles, request->n_quantiles);
        return forecast;
}

static void assert_near(int64_t value, int64_t wanted)
{
        if (llabs(value - wanted) > 2) /* of a millionth */
                fail_msg("%lld, not %lld", (long long)value, (long long)wanted);
}

/* The regression tells all of it, and counts four fifths; the last day and that of a week ago a tenth each. */
static int64_t told(int64_t time, int64_t origin, int64_t step, int64_t east)
{
        int64_t last = origin - DAY + (time - origin) % DAY;

        return (8 * known_answer(time, step, east) + known_answer(last, step, east) +
                known_answer(time - 7 * DAY, step, east)) / 10;
}

/* The seven days ahead; behind these that week again, so that weekends are told, and a level that rises is not. */
static void assert_told(const struct series *past, int64_t step, int64_t east)
{
        struct forecast_request request = asked(past->end, FORECAST_REGRESSION);
        struct forecast forecast;

        request.east_s = east;
        forecast = forecast_of(past, &request);
        assert_int_equal(forecast.method, FORECAST_REGRESSION);
        assert_string_equal(forecast.value.site, "hanford");
        assert_int_equal(forecast.value.points[0].start, request.origin);
        for (int64_t t = request.origin; t < request.origin + FORECAST_LEADS * DAY; t += step) {
                assert_near(series_at(&forecast.value, t), told(t, request.origin, step, east));
                assert_true(series_at(&forecast.quantiles[1], t) >= known_answer(t, step, east) - EURO / 5);
        }
        for (int64_t t = request.origin + FORECAST_LEADS * DAY; t < request.to; t += step)
                assert_near(series_at(&forecast.value, t), told(t - 7 * DAY, request.origin, step, east));
        forecast_finish(&forecast);
}

static void hour_weekday_and_level_are_told(void **state)
{
        struct series past = made(PAST, HOUR, 0);

        (void)state;
        assert_told(&past, HOUR, 0);
        series_finish(&past);
}

static void weekends_go_by_the_clock_asked_for(void **state)
{
        struct series past = made(PAST, HOUR, 5 * HOUR);

        (void)state;
        assert_told(&past, HOUR, 5 * HOUR);
        series_finish(&past);
}

static void quarters_are_told(void **state)
{
        struct series past = made(PAST, QUARTER, 0);

        (void)state;
        assert_told(&past, QUARTER, 0);
        series_finish(&past);
}

/* A level that stands still, and holes everywhere: as zeros they would pull the forecast down by euros. */
static void holes_are_left_out(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request;
        struct forecast forecast;
        uint64_t seed = 5;

        (void)state;
        for (size_t i = 0; i < past.n_points; i++) {
                int64_t hour = past.points[i].start % DAY / HOUR;

                past.points[i].value = i > 0 && unit(&seed) < 0.1 ? SERIES_UNKNOWN : 50 * EURO + (hour >= 12) * 8 * EURO;
        }
        for (size_t i = past.n_points - 24; i < past.n_points - 9; i++) /* most of the last day, too */
                past.points[i].value = SERIES_UNKNOWN;
        request = asked(past.end, FORECAST_REGRESSION);
        forecast = forecast_of(&past, &request);
        assert_int_equal(forecast.method, FORECAST_REGRESSION);
        for (int64_t t = request.origin; t < request.to; t += HOUR) {
                int64_t wanted = 50 * EURO + (t % DAY >= 12 * HOUR) * 8 * EURO;

                assert_true(llabs(series_at(&forecast.value, t) - wanted) < EURO / 2);
        }
        forecast_finish(&forecast);
        series_finish(&past);
}

static void a_constant_stays_one(void **state)
{
        struct forecast_choice choice;
        struct forecast_request request;
        struct forecast forecast;
        struct series past;

        (void)state;
        series_init(&past, SERIES_PRICE);
        assert_int_equal(series_append(&past, T0, -7 * EURO), 0); /* one point for all of it */
        past.end = T0 + PAST * DAY;
        request = asked(past.end, FORECAST_REGRESSION);
        forecast = forecast_of(&past, &request);
        assert_int_equal(forecast.method, FORECAST_REGRESSION);
        assert_int_equal(forecast.value.n_points, 1);
        assert_int_equal(forecast.value.points[0].value, -7 * EURO);
        assert_int_equal(forecast.quantiles[0].points[0].value, -7 * EURO);
        assert_int_equal(forecast_choose(&past, &request, &choice), 0);
        assert_true(choice.compared);
        assert_int_equal(choice.method, FORECAST_NAIVE); /* alike */
        assert_true(choice.naive_mean == 0);
        forecast_finish(&forecast);
        series_finish(&past);
}

/* The naive one is series_fill's, hole by hole; so is the regression's where there is too little past. */
static void too_little_past_is_naive(void **state)
{
        struct series past = made(20, HOUR, 0), filled;
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast_choice choice;
        struct forecast forecast;
        int64_t ignored;

        (void)state;
        past.points[past.n_points - 3].value = SERIES_UNKNOWN;
        assert_int_equal(series_fill(&past, request.origin, request.to, &filled, &ignored), 0);
        forecast = forecast_of(&past, &request);
        assert_int_equal(forecast.method, FORECAST_NAIVE);
        for (int64_t t = request.origin; t < request.to; t += HOUR)
                assert_int_equal(series_at(&forecast.value, t), series_at(&filled, t));
        assert_true(series_at(&forecast.quantiles[1], request.origin) != SERIES_UNKNOWN); /* 19 days of errors */
        assert_int_equal(forecast_choose(&past, &request, &choice), 0);
        assert_false(choice.compared);
        assert_int_equal(choice.method, FORECAST_NAIVE);
        assert_true(choice.naive_mean == 0 && choice.regression_mean == 0);
        forecast_finish(&forecast);
        series_finish(&filled);
        series_finish(&past);
}

static void of_nothing_nothing_is_known(void **state)
{
        struct forecast_request request = asked(T0, FORECAST_REGRESSION);
        struct forecast forecast;
        struct series empty;

        (void)state;
        series_init(&empty, SERIES_CARBON);
        forecast = forecast_of(&empty, &request);
        assert_int_equal(forecast.method, FORECAST_NAIVE);
        assert_int_equal(series_at(&forecast.value, T0 + HOUR), SERIES_UNKNOWN);
        assert_int_equal(series_at(&forecast.quantiles[0], T0 + HOUR), SERIES_UNKNOWN);
        forecast_finish(&forecast);
        series_finish(&empty);
}

static void wrong_requests_are_refused(void **state)
{
        struct series past = made(2, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_NAIVE);
        struct forecast forecast;

        (void)state;
        request.to = request.origin;
        assert_int_equal(forecast_make(&past, &request, &forecast), OFFPEAK_EINVAL);
        request = asked(past.end, 0);
        assert_int_equal(forecast_make(&past, &request, &forecast), OFFPEAK_EINVAL);
        request = asked(past.end, FORECAST_NAIVE);
        request.quantiles[1] = NAN;
        assert_int_equal(forecast_make(&past, &request, &forecast), OFFPEAK_EINVAL);
        request.n_quantiles = FORECAST_MAX_QUANTILES + 1;
        assert_int_equal(forecast_make(&past, &request, &forecast), OFFPEAK_EINVAL);
        series_finish(&past);
}

/* Noise of 1 EUR mean about weekday, hour and level: repeating a day has it twice. */
static void the_better_one_is_chosen(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast_choice choice;
        uint64_t seed = 9;

        (void)state;
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value += (int64_t)(4e6 * (unit(&seed) - 0.5));
        assert_int_equal(forecast_choose(&past, &request, &choice), 0);
        assert_true(choice.compared);
        assert_int_equal(choice.method, FORECAST_REGRESSION);
        for (int i = 0; i < FORECAST_LEADS; i++)
                assert_true(choice.regression[i] > 0.9e6 && choice.regression[i] < 1.3e6 && choice.naive[i] > 1.3e6);
        series_finish(&past);
}

/* A step of the level weeks ago, and the same day ever since: the fit still sees the step. */
static void repeating_is_chosen_where_it_is_right(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast_choice choice;

        (void)state;
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value = (int64_t)(i % 24) * EURO + (past.points[i].start < past.end - 66 * DAY ? 90 * EURO : 0);
        assert_int_equal(forecast_choose(&past, &request, &choice), 0);
        assert_true(choice.compared);
        assert_int_equal(choice.method, FORECAST_NAIVE);
        assert_true(choice.naive_mean == 0 && choice.regression_mean > 0);
        series_finish(&past);
}

/* Whatever stands at the origin and after it: the same bytes. */
static void the_future_changes_nothing(void **state)
{
        struct series whole = made(PAST + 20, HOUR, 0), past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast_choice choices[2];
        struct forecast a, b;
        uint64_t seed = 3;

        (void)state;
        for (size_t i = 0; i < whole.n_points; i++) {
                int64_t noise = (int64_t)(9e6 * unit(&seed));

                whole.points[i].value += i < past.n_points ? noise : 1000 * noise;
                if (i < past.n_points)
                        past.points[i].value = whole.points[i].value;
        }
        assert_int_equal(series_append(&whole, whole.end + 1234, SERIES_UNKNOWN), 0); /* nor its step */
        memset(choices, 0, sizeof(choices));
        a = forecast_of(&past, &request);
        b = forecast_of(&whole, &request);
        assert_true(series_same_values(&a.value, &b.value));
        assert_true(series_same_values(&a.quantiles[0], &b.quantiles[0]));
        assert_true(series_same_values(&a.quantiles[1], &b.quantiles[1]));
        assert_int_equal(forecast_choose(&past, &request, &choices[0]), 0);
        assert_int_equal(forecast_choose(&whole, &request, &choices[1]), 0);
        assert_int_equal(choices[0].method, choices[1].method);
        assert_memory_equal(choices[0].naive, choices[1].naive, sizeof(choices[0].naive));
        assert_memory_equal(choices[0].regression, choices[1].regression, sizeof(choices[0].regression));
        forecast_finish(&a);
        forecast_finish(&b);
        series_finish(&whole);
        series_finish(&past);
}

/*
 * Nor does the test look ahead: the errors of the first tested day's origins are those of a forecast made then. A change on
 * the very last day changes the mean error by at most what that one day's errors change.
 */
static void the_test_looks_not_ahead(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast_choice before, after;
        uint64_t seed = 21;

        (void)state;
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value += (int64_t)(4e6 * (unit(&seed) - 0.5));
        assert_int_equal(forecast_choose(&past, &request, &before), 0);
        for (size_t i = past.n_points - 24; i < past.n_points; i++)
                past.points[i].value += 5600 * EURO; /* forecast by no one: an error of about 5,600 on one day of 56 */
        assert_int_equal(forecast_choose(&past, &request, &after), 0);
        for (int i = 0; i < FORECAST_LEADS; i++)
                assert_true(fabs(after.regression[i] - before.regression[i] - 100e6) < 1e6);
        series_finish(&past);
}

/* An hour of 4,000 EUR in eleven weeks: least squares alone would add 48 to each such hour. */
static void a_spike_is_not_the_rule(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast before = forecast_of(&past, &request), after;

        (void)state;
        past.points[past.n_points - 10 * 24].value = 4000 * EURO;
        after = forecast_of(&past, &request);
        for (int64_t t = request.origin; t < request.to; t += HOUR)
                assert_true(llabs(series_at(&after.value, t) - series_at(&before.value, t)) < 3 * EURO);
        forecast_finish(&before);
        forecast_finish(&after);
        series_finish(&past);
}

/* Noise of -2 to 2 EUR about what can be told: nine tenths of it lie below 1.60. Farther days have less to go by. */
static void quantiles_are_of_the_noise(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        double up[2] = { 0 }, down[2] = { 0 };
        struct forecast forecast;
        uint64_t seed = 77;

        (void)state;
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value += (int64_t)(4e6 * (unit(&seed) - 0.5));
        request.quantiles[0] = 0.1;
        forecast = forecast_of(&past, &request);
        for (int i = 0; i < 48; i++) {
                int64_t t = request.origin + (i % 24) * HOUR + (i < 24 ? 0 : 6 * DAY);
                double value = (double)series_at(&forecast.value, t);

                up[i / 24] += ((double)series_at(&forecast.quantiles[1], t) - value) / 24e6;
                down[i / 24] += (value - (double)series_at(&forecast.quantiles[0], t)) / 24e6;
        }
        for (int i = 0; i < 2; i++) {
                assert_true(up[i] > 1.55 && up[i] < 2.2 && down[i] > 1.55 && down[i] < 2.2);
                assert_true(fabs(up[i] - down[i]) < 0.2);
        }
        assert_true(up[1] > up[0] + 0.05 && down[1] > down[0] + 0.05);
        forecast_finish(&forecast);
        series_finish(&past);
}

/* Price may be negative, power not; and the ends of the range do no harm. */
static void only_prices_go_below_zero(void **state)
{
        struct series past = made(PAST, HOUR, 0);
        struct forecast_request request = asked(past.end, FORECAST_REGRESSION);
        struct forecast forecast;

        (void)state;
        past.kind = SERIES_CAPACITY;
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value = (int64_t)(past.n_points - i) * EURO; /* falls to nothing, and on */
        forecast = forecast_of(&past, &request);
        assert_int_equal(series_at(&forecast.value, request.origin + 5 * DAY), 0);
        forecast_finish(&forecast);
        for (size_t i = 0; i < past.n_points; i++)
                past.points[i].value = i % 48 < 24 ? INT64_MAX : INT64_MIN + 1;
        forecast = forecast_of(&past, &request);
        assert_true(series_at(&forecast.value, request.origin) != SERIES_UNKNOWN);
        forecast_finish(&forecast);
        series_finish(&past);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hour_weekday_and_level_are_told),
                cmocka_unit_test(weekends_go_by_the_clock_asked_for),
                cmocka_unit_test(quarters_are_told),
                cmocka_unit_test(holes_are_left_out),
                cmocka_unit_test(a_constant_stays_one),
                cmocka_unit_test(too_little_past_is_naive),
                cmocka_unit_test(of_nothing_nothing_is_known),
                cmocka_unit_test(wrong_requests_are_refused),
                cmocka_unit_test(the_better_one_is_chosen),
                cmocka_unit_test(repeating_is_chosen_where_it_is_right),
                cmocka_unit_test(the_future_changes_nothing),
                cmocka_unit_test(the_test_looks_not_ahead),
                cmocka_unit_test(a_spike_is_not_the_rule),
                cmocka_unit_test(quantiles_are_of_the_noise),
                cmocka_unit_test(only_prices_go_below_zero),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
