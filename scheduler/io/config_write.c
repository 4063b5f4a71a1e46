/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_write.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"

const char *config_write_number(int64_t number, int scale, char buffer[TEXT_SIZE])
{
        uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number, one = 1;
        char *end;

        for (int i = 0; i < scale; i++)
                one *= 10;
        snprintf(buffer, TEXT_SIZE, "%s%" PRIu64, number < 0 ? "-" : "", size / one);
        if (size % one == 0)
                return buffer;
        end = buffer + strlen(buffer);
        snprintf(end, TEXT_SIZE - (size_t)(end - buffer), ".%0*" PRIu64, scale, size % one);
        for (end = buffer + strlen(buffer) - 1; *end == '0'; end--)
                *end = '\0';
        return buffer;
}

const char *config_write_ms(int64_t ms, char buffer[TEXT_SIZE])
{
        if (ms % 1000 == 0)
                return when_format_exact(ms / 1000, buffer);
        snprintf(buffer, TEXT_SIZE, "%" PRId64 "ms", ms);
        return buffer;
}

static const char *write_amount(int64_t amount, const char *unit, char buffer[TEXT_SIZE])
{
        static const char *const prefixes[] = { "", "k", "M", "G" };
        int p = 0;

        for (int64_t one = 1000; p < 3 && amount >= one; one *= 1000)
                p++;
        config_write_number(amount, 3 * p, buffer);
        snprintf(buffer + strlen(buffer), TEXT_SIZE - strlen(buffer), " %s%s", prefixes[p], unit);
        return buffer;
}

const char *config_write_power(int64_t watts, char buffer[TEXT_SIZE])
{
        return write_amount(watts, "W", buffer);
}

const char *config_write_energy(int64_t wh, char buffer[TEXT_SIZE])
{
        return write_amount(wh, "Wh", buffer);
}

const char *config_write_bytes(int64_t bytes, char buffer[TEXT_SIZE])
{
        static const struct {
                const char *name;
                int64_t size;
        } units[] = { { "MiB", 1 << 20 }, { "MB", 1000000 }, { "kB", 1000 }, { "B", 1 } };
        unsigned u = 0;

        while (bytes % units[u].size != 0)
                u++;
        snprintf(buffer, TEXT_SIZE, "%" PRId64 " %s", bytes / units[u].size, units[u].name);
        return buffer;
}

const char *config_write_hours(const struct supply_hours *hours, char buffer[TEXT_SIZE])
{
        static const char days[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        bool all = hours->days == 127, first = true;

        snprintf(buffer, TEXT_SIZE, "%02d:%02d-%02d:%02d", hours->from_minute / 60, hours->from_minute % 60,
                 hours->to_minute / 60, hours->to_minute % 60);
        for (unsigned d = 0; d < 7 && !all; d++) {
                if ((hours->days >> d & 1) == 0)
                        continue;
                snprintf(buffer + strlen(buffer), TEXT_SIZE - strlen(buffer), "%c%s", first ? ' ' : ',', days[d]);
                first = false;
        }
        return buffer;
}

const char *config_write_offset(int64_t seconds, char buffer[TEXT_SIZE])
{
        int64_t minutes = (seconds < 0 ? -seconds : seconds) / 60;

        snprintf(buffer, TEXT_SIZE, "%c%02d:%02d", seconds < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
        return buffer;
}

const char *config_write_signal(enum series_kind kind, const char *currency, int64_t value, char buffer[TEXT_SIZE])
{
        bool price = series_kind_in_files(kind) == SERIES_PRICE;

        if ((int)kind == SERIES_STORED && value >= 0)
                return config_write_energy(value, buffer);
        if (!price && kind != SERIES_CARBON && value >= 0)
                return config_write_power(value, buffer);
        config_write_number(value, price ? 6 : kind == SERIES_CARBON ? 3 : 0, buffer);
        snprintf(buffer + strlen(buffer), TEXT_SIZE - strlen(buffer), " %.3s%s", price ? currency : "",
                 price                        ? "/MWh"
                 : kind == SERIES_CARBON      ? "g/kWh"
                 : (int)kind == SERIES_STORED ? "Wh"
                                              : "W");
        return buffer;
}
