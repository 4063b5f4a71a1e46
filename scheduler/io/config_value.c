/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_value.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <offpeak/job.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"

const char *config_text(const char *value)
{
        const char *line_end = strchr(value, ':');

        return strchr(line_end + 1, ':') + 1;
}

bool config_goes_on(const struct config_reading *reading)
{
        return reading->code == 0 || (reading->code == OFFPEAK_ECONFIG && reading->faults != NULL);
}

static void add_fault(struct config_reading *reading, const char *value, bool warning, const char *text)
{
        unsigned line = 0, column = 0;

        if (value != NULL)
                sscanf(value, "%u:%u:", &line, &column);
        config_faults_add(reading->faults, line, column, warning, text);
}

__attribute__((format(printf, 4, 0))) static void refuse(struct config_reading *reading, const char *value,
                                                         bool warning, const char *format, va_list args)
{
        int place = value != NULL ? (int)(config_text(value) - value) : 0;
        char text[600];

        if (!config_goes_on(reading))
                return;
        vsnprintf(text, sizeof(text), format, args);
        if (reading->faults != NULL)
                add_fault(reading, value, warning, text);
        if (reading->faults == NULL || !warning)
                reading->code = fail(reading->err, OFFPEAK_ECONFIG, "%s:%.*s %s", reading->file, place, value, text);
}

void config_refuse(struct config_reading *reading, const char *value, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        refuse(reading, value, false, format, args);
        va_end(args);
}

void config_doubt(struct config_reading *reading, const char *value, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        refuse(reading, value, true, format, args);
        va_end(args);
}

bool config_is_null(const char *value)
{
        const char *text;

        if (value == NULL)
                return false;
        text = config_text(value);
        return text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

/* Is there a value to take? One that is null is refused: keys for which null means something ask before. */
static bool is_given(struct config_reading *reading, const char *key, const char *value)
{
        if (!config_goes_on(reading) || value == NULL)
                return false;
        if (!config_is_null(value))
                return true;
        config_refuse(reading, value, "\"%s\" has no value: write one, or leave the key out for the default", key);
        return false;
}

/* ---- times */

static bool is_bare_number(const char *text)
{
        return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0' && strcmp(text, "0") != 0;
}

/* Whether a duration lies within its bounds, both in ms. */
static bool check_duration(struct config_reading *reading, const char *key, const char *value, int64_t ms, int64_t min,
                           int64_t max)
{
        bool low = ms < min;
        char bound[WHEN_TEXT_SIZE];

        if (ms >= min && ms <= max)
                return true;
        if ((low ? min : max) < 1000)
                snprintf(bound, sizeof(bound), "%lld ms", (long long)(low ? min : max));
        else
                when_format_duration((low ? min : max) / 1000, bound);
        config_refuse(reading, value, "\"%s\" is %s, %s: %s is the %s allowed", key, config_text(value),
                      low ? "too short" : "too long", bound, low ? "least" : "most");
        return false;
}

void config_take_ms(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                    int64_t *ms)
{
        struct offpeak_error why;
        const char *text;
        size_t size;
        int64_t taken;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        size = strlen(text);
        if (is_bare_number(text)) {
                config_refuse(reading, value, "\"%s\" has no unit: write %sm, %sh or %ss", key, text, text, text);
                return;
        }
        if (size > 2 && strcmp(text + size - 2, "ms") == 0) {
                size = text[size - 3] == ' ' ? size - 3 : size - 2;
                if (text_parse_decimal(text, size, 0, &taken) != 0) {
                        config_refuse(reading, value, "\"%s\": \"%s\" is not a duration: write 500ms", key, text);
                        return;
                }
        } else if (when_parse_duration(text, &taken, &why) != 0) {
                config_refuse(reading, value, "\"%s\": %s", key, why.text);
                return;
        } else {
                taken *= 1000; /* when_parse_duration ends at a thousand years */
        }
        if (check_duration(reading, key, value, taken, min, max))
                *ms = taken;
}

void config_take_seconds(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                         int64_t *seconds)
{
        int64_t ms = -1;

        config_take_ms(reading, key, value, min * 1000, max * 1000, &ms);
        if (ms < 0)
                return;
        if (ms % 1000 != 0)
                config_refuse(reading, value, "\"%s\" is %s: whole seconds are wanted", key, config_text(value));
        else
                *seconds = ms / 1000;
}

/* In the largest unit that it is a whole number of. */
static const char *size_text(int64_t bytes, char buffer[32])
{
        static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
        size_t unit = 0;

        while (unit + 1 < sizeof(names) / sizeof(names[0]) && bytes >= 1024 && bytes % 1024 == 0) {
                bytes /= 1024;
                unit++;
        }
        snprintf(buffer, 32, "%lld %s", (long long)bytes, names[unit]);
        return buffer;
}

void config_take_size(struct config_reading *reading, const char *key, const char *value, int64_t min, int64_t max,
                      int64_t *bytes)
{
        static const struct {
                const char *name;
                int64_t size;
        } units[] = { { "B", 1 },
                      { "kB", 1000 },
                      { "MB", 1000000 },
                      { "GB", 1000000000 },
                      { "TB", 1000000000000 },
                      { "KiB", INT64_C(1) << 10 },
                      { "MiB", INT64_C(1) << 20 },
                      { "GiB", INT64_C(1) << 30 },
                      { "TiB", INT64_C(1) << 40 } };
        char least[32], most[32];
        const char *text, *unit;
        size_t size;
        int64_t number;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        size = strspn(text, "0123456789.");
        unit = text + size + strspn(text + size, " ");
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (strcasecmp(unit, units[i].name) != 0 || text_parse_decimal(text, size, 3, &number) != 0)
                        continue;
                if (number > max * 1000 / units[i].size || number * units[i].size / 1000 < min)
                        config_refuse(reading, value, "\"%s\" is %s: it must be between %s and %s", key, text,
                                      size_text(min, least), size_text(max, most));
                else
                        *bytes = number * units[i].size / 1000;
                return;
        }
        config_refuse(reading, value, "\"%s\": \"%.64s\" is no size with a unit: write it as 8 MB or 500 kB", key,
                      text);
}

void config_take_time(struct config_reading *reading, const char *key, const char *value, int64_t *time)
{
        struct offpeak_error why;

        if (is_given(reading, key, value) && when_parse_iso(config_text(value), time, &why) != 0)
                config_refuse(reading, value, "\"%s\": %s", key, why.text);
}

/* ---- numbers */

/* A decimal as the file could have said it, for bounds. */
static const char *decimal(int64_t number, int scale, char text[48])
{
        int64_t one = 1, size = number < 0 ? -number : number;
        char *end;

        for (int i = 0; i < scale; i++)
                one *= 10;
        snprintf(text, 48, "%s%lld.%0*lld", number < 0 ? "-" : "", (long long)(size / one), scale,
                 (long long)(size % one));
        for (end = text + strlen(text) - 1; *end == '0'; end--)
                *end = '\0';
        if (*end == '.')
                *end = '\0';
        return text;
}

void config_take_number(struct config_reading *reading, const char *key, const char *value, int scale, int64_t min,
                        int64_t max, int64_t *number)
{
        char bound[48];
        const char *text;
        int64_t taken;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        if (text_parse_decimal(text, strlen(text), scale, &taken) != 0)
                config_refuse(reading, value, "\"%s\": \"%.64s\" is not a number: write it as 0.40", key, text);
        else if (taken < min)
                config_refuse(reading, value, "\"%s\" is %s: %s is the least allowed", key, text,
                              decimal(min, scale, bound));
        else if (taken > max)
                config_refuse(reading, value, "\"%s\" is %s: %s is the most allowed", key, text,
                              decimal(max, scale, bound));
        else
                *number = taken;
}

void config_take_count(struct config_reading *reading, const char *key, const char *value, uint64_t min, uint64_t max,
                       uint64_t *count)
{
        const char *text;
        uint64_t taken;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        taken = strtoull(text, NULL, 10);
        if (text[strspn(text, "0123456789")] != '\0' || strlen(text) > 18)
                config_refuse(reading, value, "\"%s\": \"%.64s\" is not a whole number from 0 on", key, text);
        else if (taken < min || taken > max)
                config_refuse(reading, value, "\"%s\" is %s: it must be between %llu and %llu", key, text,
                              (unsigned long long)min, (unsigned long long)max);
        else
                *count = taken;
}

struct amount_unit {
        const char *name;
        int scale;
};

/* A number and one of four units, never negative. */
static void take_amount(struct config_reading *reading, const char *key, const char *value,
                        const struct amount_unit units[4], const char *what, const char *example, int64_t *amount)
{
        const char *text;
        size_t size;
        int64_t taken;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        size = strspn(text, "+-.0123456789eE");
        for (unsigned i = 0; i < 4; i++) {
                const char *unit = text + size + strspn(text + size, " ");

                if (strcasecmp(unit, units[i].name) != 0 || text_parse_decimal(text, size, units[i].scale, &taken) != 0)
                        continue;
                if (taken < 0)
                        config_refuse(reading, value, "\"%s\" is %s: %s cannot be negative here", key, text, what);
                else
                        *amount = taken;
                return;
        }
        config_refuse(reading, value, "\"%s\": \"%.64s\" is no %s with a unit: write it as %s", key, text, what, example);
}

void config_take_power(struct config_reading *reading, const char *key, const char *value, int64_t *watts)
{
        static const struct amount_unit units[] = { { "W", 0 }, { "kW", 3 }, { "MW", 6 }, { "GW", 9 } };

        take_amount(reading, key, value, units, "power", "20 MW, 5 kW or 300 W", watts);
}

void config_take_energy(struct config_reading *reading, const char *key, const char *value, int64_t *wh)
{
        static const struct amount_unit units[] = { { "Wh", 0 }, { "kWh", 3 }, { "MWh", 6 }, { "GWh", 9 } };

        take_amount(reading, key, value, units, "energy", "100 MWh, 5 kWh or 300 Wh", wh);
}

/* ---- words */

void config_take_bool(struct config_reading *reading, const char *key, const char *value, bool *truth)
{
        static const char *const words[] = { "false", "true", "no", "yes" };
        const char *text;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        for (size_t i = 0; i < 4; i++) {
                if (strcasecmp(text, words[i]) == 0) {
                        *truth = i % 2 == 1;
                        return;
                }
        }
        config_refuse(reading, value, "\"%s\": \"%.64s\" is neither true nor false", key, text);
}

void config_take_choice(struct config_reading *reading, const char *key, const char *value, const char *const *words,
                        size_t n, size_t *index)
{
        char all[200] = "";
        const char *text;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        for (size_t i = 0; i < n; i++) {
                size_t used = strlen(all);

                if (strcmp(text, words[i]) == 0) {
                        *index = i;
                        return;
                }
                snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
        }
        config_refuse(reading, value, "\"%s\": \"%.64s\" is not known: write %s", key, text, all);
}

static void no_memory(struct config_reading *reading)
{
        if (config_goes_on(reading))
                reading->code = fail(reading->err, OFFPEAK_ENOMEM, "%s: out of memory", reading->file);
}

char *config_copy(struct config_reading *reading, const char *text)
{
        char *copy = strdup(text);

        if (copy == NULL)
                no_memory(reading);
        return copy;
}

static void replace(char **text, char *with)
{
        free(*text);
        *text = with;
}

void config_take_name(struct config_reading *reading, const char *key, const char *value, char **name)
{
        const char *text;
        size_t size = 0;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        while (isalnum((unsigned char)text[size]) || (text[size] != '\0' && strchr("._-+", text[size]) != NULL))
                size++;
        if (text[size] != '\0')
                config_refuse(reading, value, "\"%s\": \"%.64s\" is no name: use letters, digits, \".\", \"_\", \"-\"",
                              key, text);
        else if (size >= OFFPEAK_MAX_NAME)
                config_refuse(reading, value, "\"%s\" is longer than %d bytes", key, OFFPEAK_MAX_NAME - 1);
        else
                replace(name, config_copy(reading, text));
}

void config_take_path(struct config_reading *reading, const char *key, const char *value, char **path)
{
        char *absolute = NULL;
        const char *text;

        if (!is_given(reading, key, value))
                return;
        text = config_text(value);
        if (asprintf(&absolute, "%s%s%s", text[0] == '/' ? "" : reading->folder, text[0] == '/' ? "" : "/", text) < 0) {
                absolute = NULL;
                no_memory(reading);
        } else if (strlen(absolute) >= OFFPEAK_MAX_PATH) {
                config_refuse(reading, value, "\"%s\" is longer than %d bytes", key, OFFPEAK_MAX_PATH - 1);
        }
        replace(path, absolute);
}

void config_take_only(struct config_reading *reading, const char *key, const char *value, const char *only)
{
        if (!config_goes_on(reading) || value == NULL || (only != NULL && strcmp(config_text(value), only) == 0) ||
            (only == NULL && config_is_null(value)))
                return;
        config_refuse(reading, value, "\"%s: %.64s\" is not supported yet: leave the key out, or write %s", key,
                      config_text(value), only != NULL ? only : "null");
}
