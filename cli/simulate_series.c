/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/simulate_series.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "cli/signal_value.h"

/* ---- reading */

static const char *noun_of(enum series_kind kind)
{
        return kind == SERIES_PRICE ? "price" : kind == SERIES_CARBON ? "carbon intensity" : "power";
}

static int read_file(const char *text, const struct price_file *described, enum series_kind kind, struct series *series,
                     char ret_currency[4], struct offpeak_error *err)
{
        struct price_file file = *described;

        file.file = strcmp(text, "-") == 0 ? "/dev/stdin" : text;
        return price_file_read(&file, kind, series, ret_currency, err);
}

int simulate_series_read(const char *option, const char *text, const struct price_file *described,
                         enum series_kind kind, const char *site, struct series *ret_series, char ret_currency[4],
                         struct offpeak_error *err)
{
        struct series series;
        int code;

        ret_currency[0] = '\0';
        code = signal_value_is_file(text) ? read_file(text, described, kind, &series, ret_currency, err)
                                          : signal_value_series(text, kind, noun_of(kind), &series, ret_currency, err);
        if (code != 0)
                return fail_at(err, "%s", option);
        if (series_set_names(&series, site, text) != 0) {
                series_finish(&series);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        *ret_series = series;
        return 0;
}

bool simulate_series_is_constant(const struct series *series)
{
        return series->end == INT64_MAX;
}

/* ---- made from others */

/* xorshift64*, on (0, 1]. */
static double uniform(uint64_t *seed)
{
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        return (double)((*seed * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0 + 1.0 / 9007199254740992.0;
}

/* Box and Muller's, one of the two. */
static double normal(uint64_t *seed)
{
        double radius = sqrt(-2 * log(uniform(seed)));

        return radius * cos(2 * M_PI * uniform(seed));
}

static double mean_of(const struct series *series)
{
        double sum = 0, n = 0;

        for (size_t i = 0; i < series->n_points; i++)
                if (series->points[i].value != SERIES_UNKNOWN) {
                        sum += (double)series->points[i].value;
                        n++;
                }
        return n > 0 ? fabs(sum / n) : 0;
}

int simulate_series_blur(const struct series *series, double sigma, uint64_t *seed, struct series *ret_series)
{
        double scale = sigma * mean_of(series);

        if (series_copy(series, ret_series) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < series->n_points; i++) {
                struct series_point *point = &ret_series->points[i];
                int64_t blurred =
                        point->value != SERIES_UNKNOWN ? point->value + llround(scale * normal(seed)) : SERIES_UNKNOWN;

                point->value = series->kind != SERIES_PRICE && blurred != SERIES_UNKNOWN && blurred < 0 ? 0 : blurred;
        }
        return 0;
}

int simulate_series_void(const struct series *series, struct series *ret_series)
{
        if (series_copy(series, ret_series) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < ret_series->n_points; i++)
                ret_series->points[i].value = 0;
        return 0;
}
