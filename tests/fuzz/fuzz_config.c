/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a configuration: every string that comes out has its place, every refusal says why; who wants all that
 * is wrong hears of something if, and only if, who wants the first thing does.
 */
#include <stdint.h>
#include <stdlib.h>

#include "io/config_schema.h"
#include "io/config_value.h"
#include "io/config_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct config_reading *reading, const struct said *said)
{
        char *name = NULL, *path = NULL;
        int64_t number = 0;
        bool truth = false;

        for (unsigned i = 0; i < said->classes_count; i++) {
                const struct said_class *class = &said->classes[i];

                reading->code = 0;
                config_take_name(reading, "name", class->name, &name);
                config_take_seconds(reading, "max_delay", class->max_delay, 60, 1000000, &number);
                config_take_ms(reading, "lease", class->lease, 0, 1000000, &number);
                config_take_number(reading, "cost", class->delay_cost_per_gpu_hour, 6, 0, 1000000, &number);
                config_take_bool(reading, "interruptible", class->interruptible, &truth);
        }
        for (unsigned i = 0; i < said->sites_count; i++) {
                reading->code = 0;
                if (said->sites[i].grid != NULL)
                        config_take_power(reading, "limit", said->sites[i].grid->limit, &number);
                config_take_path(reading, "name", said->sites[i].name, &path);
        }
        free(name);
        free(path);
}

static size_t count_all(const uint8_t *data, size_t size)
{
        struct config_faults faults = { 0 };
        struct offpeak_error err = { 0 };
        struct config_reading reading = { .file = "fuzz.yaml", .folder = "/", .err = &err, .faults = &faults };
        void *said = NULL;
        size_t n;
        int code = config_yaml_load("fuzz.yaml", (const char *)data, size, &config_schema, &faults, &said, &err);

        n = faults.n_errors;
        if (code == 0) {
                take(&reading, said);
                config_yaml_free(&config_schema, said);
        } else if (n == 0) {
                abort();
        }
        config_faults_finish(&faults);
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        size_t all = count_all(data, size);
        struct offpeak_error err = { 0 };
        struct config_reading reading = { .file = "fuzz.yaml", .folder = "/", .err = &err };
        void *said = NULL;

        if (config_yaml_load("fuzz.yaml", (const char *)data, size, &config_schema, NULL, &said, &err) == 0) {
                take(&reading, said);
                config_yaml_free(&config_schema, said);
                if (all > 0)
                        abort();
        } else if (all == 0 || err.code != OFFPEAK_ECONFIG || err.text[0] == '\0') {
                abort();
        }
        return 0;
}
