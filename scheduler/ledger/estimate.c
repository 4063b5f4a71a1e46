/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/estimate.h"

#include "base/exact.h"

#define PPM INT64_C(1000000)

/* value x numerator / denominator rounded half up; false beyond 64 bits. Nothing here is negative. */
static bool scale(unsigned __int128 value, uint64_t numerator, uint64_t denominator, int64_t *ret_result)
{
        const unsigned __int128 most = ~(unsigned __int128)0;
        unsigned __int128 result;

        if (value > (most - denominator) / numerator)
                return false;
        result = (value * numerator + denominator / 2) / denominator;
        if (result > INT64_MAX)
                return false;
        *ret_result = (int64_t)result;
        return true;
}

/* Of an energy at the IT, in 1/`unit` J. */
static int energy_of(unsigned __int128 it, uint64_t unit, int64_t pue_ppm, struct estimate_energy *ret_energy)
{
        struct estimate_energy energy = { .overhead = SERIES_UNKNOWN };

        if (!scale(it, 1, unit, &energy.it))
                return OFFPEAK_EINVAL;
        energy.total = energy.it;
        if (pue_ppm != ESTIMATE_NO_PUE) {
                if (!scale(it, (uint64_t)pue_ppm, unit * (uint64_t)PPM, &energy.total))
                        return OFFPEAK_EINVAL;
                energy.overhead = energy.total - energy.it;
        }
        *ret_energy = energy;
        return 0;
}

static bool is_pue(int64_t pue_ppm)
{
        return pue_ppm == ESTIMATE_NO_PUE || pue_ppm >= PPM;
}

int estimate_energy_of_draw(const struct estimate_draw *draw, int64_t pue_ppm, struct estimate_energy *ret_energy)
{
        unsigned __int128 power;

        if (draw->gpus < 0 || draw->gpu_milliwatts < 0 || draw->nodes < 0 || draw->node_milliwatts < 0 ||
            draw->seconds < 0 || !is_pue(pue_ppm))
                return OFFPEAK_EINVAL;
        power = (unsigned __int128)draw->gpus * (uint64_t)draw->gpu_milliwatts +
                (unsigned __int128)draw->nodes * (uint64_t)draw->node_milliwatts;
        if (power > INT64_MAX)
                return OFFPEAK_EINVAL;
        return energy_of(power * (uint64_t)draw->seconds, 1000, pue_ppm, ret_energy);
}

int estimate_energy_of_joules(int64_t joules, int64_t pue_ppm, bool includes_pue, struct estimate_energy *ret_energy)
{
        struct estimate_energy energy = { .it = SERIES_UNKNOWN, .overhead = SERIES_UNKNOWN, .total = joules };

        if (joules < 0 || !is_pue(pue_ppm))
                return OFFPEAK_EINVAL;
        if (!includes_pue)
                return energy_of((uint64_t)joules, 1, pue_ppm, ret_energy);
        if (pue_ppm != ESTIMATE_NO_PUE) {
                if (!scale((uint64_t)joules, (uint64_t)PPM, (uint64_t)pue_ppm, &energy.it))
                        return OFFPEAK_EINVAL;
                energy.overhead = joules - energy.it;
        }
        *ret_energy = energy;
        return 0;
}

int64_t estimate_nodes(int64_t gpus, int64_t gpus_per_node)
{
        return (gpus - 1) / gpus_per_node + 1;
}

/* ---- over time */

/* The end of the piece that holds at `time`: the series' next edge, or `end`. Before its first point: that point. */
static int64_t piece_end(const struct series *series, int64_t time, int64_t end)
{
        int64_t edge = series_next_edge(series, time);

        return edge < end ? edge : end;
}

int64_t estimate_amount(const struct series *series, int64_t joules, int64_t start, int64_t end)
{
        int64_t divisor = series->kind == SERIES_CARBON ? JOULES_PER_KWH : JOULES_PER_MWH;
        int64_t amount = 0, joules_rest = 0, amount_rest = 0, until;

        if (end <= start)
                return SERIES_UNKNOWN;
        for (int64_t t = start; t < end; t = until) {
                int64_t value = series_at(series, t), part, sum;

                if (value == SERIES_UNKNOWN)
                        return SERIES_UNKNOWN;
                until = piece_end(series, t, end);
                part = exact_mul_div(joules, until - t, end - start, &joules_rest);
                part = exact_mul_div(part, value, divisor, &amount_rest);
                if (part == INT64_MAX || part == INT64_MIN + 1 || __builtin_add_overflow(amount, part, &sum))
                        return SERIES_UNKNOWN; /* saturated */
                amount = sum;
        }
        return amount;
}

size_t estimate_gaps(const struct series *series, int64_t start, int64_t end, struct estimate_gap *gaps, size_t room)
{
        size_t n = 0;
        int64_t until, gap_end = INT64_MIN;

        for (int64_t t = start; t < end; t = until) {
                until = piece_end(series, t, end);
                if (series_at(series, t) != SERIES_UNKNOWN)
                        continue;
                if (gap_end != t)
                        n++;
                if (gap_end != t && n <= room)
                        gaps[n - 1].start = t;
                if (n <= room)
                        gaps[n - 1].end = until;
                gap_end = until;
        }
        return n;
}

int64_t estimate_seconds_of(const struct series *series, int64_t value, int64_t start, int64_t end)
{
        int64_t seconds = 0, until;

        for (int64_t t = start; t < end; t = until) {
                until = piece_end(series, t, end);
                if (series_at(series, t) == value)
                        seconds += until - t;
        }
        return seconds;
}
