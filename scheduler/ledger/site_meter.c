/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/site_meter.h"

#include <stdlib.h>
#include <string.h>

#include "base/exact.h"
#include "supply/tariff.h"

void site_meter_finish(struct site_meter *meter)
{
        free(meter->intervals);
        *meter = (struct site_meter){ 0 };
}

int site_meter_copy(const struct site_meter *meter, struct site_meter *ret_meter)
{
        struct site_meter copy = { 0 };

        if (meter->n > 0) {
                copy.intervals = malloc(meter->n * sizeof(*copy.intervals));
                if (copy.intervals == NULL)
                        return OFFPEAK_ENOMEM;
                memcpy(copy.intervals, meter->intervals, meter->n * sizeof(*copy.intervals));
                copy.n = copy.room = meter->n;
        }
        *ret_meter = copy;
        return 0;
}

static int64_t floor_to(int64_t time, int64_t step)
{
        return time - (time % step + step) % step;
}

/* How many intervals start before `time`. */
static size_t count_before(const struct site_meter *meter, int64_t time)
{
        size_t low = 0, high = meter->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (meter->intervals[middle].start < time)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static int make_room(struct site_meter *meter, size_t more)
{
        size_t room = 2 * meter->n + more;
        struct meter_interval *larger;

        if (meter->n + more <= meter->room)
                return 0;
        larger = realloc(meter->intervals, room * sizeof(*larger));
        if (larger == NULL)
                return OFFPEAK_ENOMEM;
        meter->intervals = larger;
        meter->room = room;
        return 0;
}

/* There is room. */
static void add_one(struct site_meter *meter, int64_t start, int64_t joules)
{
        size_t i = count_before(meter, start);

        if (i == meter->n || meter->intervals[i].start != start) {
                memmove(&meter->intervals[i + 1], &meter->intervals[i], (meter->n - i) * sizeof(*meter->intervals));
                meter->intervals[i] = (struct meter_interval){ .start = start };
                meter->n++;
        }
        if (__builtin_add_overflow(meter->intervals[i].joules, joules, &meter->intervals[i].joules))
                meter->intervals[i].joules = joules > 0 ? INT64_MAX : INT64_MIN + 1;
}

static void forget_the_old(struct site_meter *meter)
{
        size_t old = meter->n > 0 ? count_before(meter, meter->intervals[meter->n - 1].start - SITE_METER_KEPT_S) : 0;

        if (old == 0)
                return;
        memmove(meter->intervals, &meter->intervals[old], (meter->n - old) * sizeof(*meter->intervals));
        meter->n -= old;
}

/* What of the joules was drawn by `time`. */
static int64_t drawn_by(int64_t joules, int64_t start, int64_t end, int64_t time)
{
        int64_t rest = 0;

        return time >= end ? joules : exact_mul_div(joules, time - start, end - start, &rest);
}

int site_meter_add(struct site_meter *meter, int64_t start, int64_t end, int64_t joules)
{
        int64_t newest = meter->n > 0 ? meter->intervals[meter->n - 1].start : INT64_MIN / 2, at;

        end = end > start ? end : start;
        newest = end > newest ? end : newest;
        at = start > newest - SITE_METER_KEPT_S ? start : newest - SITE_METER_KEPT_S;
        if (joules == 0 || (at >= end && at > start))
                return 0;
        if (make_room(meter, (size_t)((end - at) / SUPPLY_METER_S) + 2) != 0)
                return OFFPEAK_ENOMEM;
        do {
                int64_t interval = floor_to(at, SUPPLY_METER_S), to = interval + SUPPLY_METER_S;

                to = to < end ? to : end;
                add_one(meter, interval,
                        start == end ? joules : drawn_by(joules, start, end, to) - drawn_by(joules, start, end, at));
                at = to;
        } while (at < end);
        forget_the_old(meter);
        return 0;
}

int64_t site_meter_peak(const struct site_meter *meter, const struct supply_terms *terms,
                        const struct supply_demand *demand, int64_t from, int64_t to, int64_t *ret_start)
{
        int64_t highest = 0, sum = 0, current = INT64_MIN;

        *ret_start = from;
        for (size_t i = count_before(meter, from); i < meter->n && meter->intervals[i].start < to; i++) {
                int64_t start = floor_to(meter->intervals[i].start, demand->interval_s);

                if (start != current)
                        sum = 0;
                current = start;
                if (!tariff_counts(terms, demand, meter->intervals[i].start) ||
                    __builtin_add_overflow(sum, meter->intervals[i].joules, &sum))
                        continue;
                if (sum > highest) {
                        highest = sum;
                        *ret_start = start;
                }
        }
        return highest / demand->interval_s + (highest % demand->interval_s * 2 >= demand->interval_s ? 1 : 0);
}
