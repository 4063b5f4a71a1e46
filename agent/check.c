/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - looks at the machine once, and tells it. Whatever jansson has no memory for ends in NULL. */
#include "agent/check.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/devices/gpus.h"
#include "agent/hardware.h"
#include "agent/isolation.h"
#include "base/fail.h"

enum { LINE_SIZE = 512 };

struct checked {
        const struct agent_config *config;
        struct hardware *hardware;
        struct isolation isolation;
};

/* ---- as text */

/* Those whose limit nobody can set, as "0, 3"; "": there is none. */
static const char *uncapped(const struct checked *checked, char *buffer, size_t size)
{
        const struct inventory *inventory = hardware_inventory(checked->hardware);
        size_t used = 0;

        buffer[0] = '\0';
        for (uint32_t i = 0; i < inventory->n_devices; i++)
                if (inventory->devices[i].least_w == 0 && used < size)
                        used += (size_t)snprintf(buffer + used, size - used, "%s%u", used > 0 ? ", " : "", i);
        return buffer;
}

static void tell_cap(const struct checked *checked, FILE *out)
{
        const int64_t cap_w = checked->config->cap_w;
        char list[LINE_SIZE];

        if (cap_w == 0)
                return;
        if (uncapped(checked, list, sizeof(list))[0] == '\0')
                fprintf(out, "power cap: %" PRId64 " W on each GPU while a job has it\n", cap_w);
        else
                fprintf(out, "not kept: the power cap of %" PRId64 " W on the devices %s: that takes root, and a card whose library can "
                             "set its limit\n", cap_w, list);
}

static void tell(const struct checked *checked, FILE *out)
{
        const struct agent_config *config = checked->config;
        const struct inventory *inventory = hardware_inventory(checked->hardware);
        char line[LINE_SIZE];

        fprintf(out, "good: node %s at site %s would offer %u %s to the scheduler at %s (%s)\n", config->node,
                config->site, inventory->n_devices, config->devices == AGENT_DEVICES_CPU_SLOT ? "cpu-slots" : "GPUs",
                config->server,
                inventory->power_quality == QUALITY_MEASURED   ? "power is measured"
                : inventory->power_quality == QUALITY_MODELLED ? "power is taken from the declared model"
                                                               : "its power is unknown");
        for (uint32_t i = 0; i < inventory->n_devices; i++)
                if (hardware_describe(checked->hardware, i, line, sizeof(line))[0] != '\0')
                        fprintf(out, "%s\n", line);
        tell_cap(checked, out);
        fprintf(out, "%s\n", isolation_describe(&checked->isolation, line, sizeof(line)));
        for (int i = 0; isolation_lack(&checked->isolation, i, line, sizeof(line)); i++)
                fprintf(out, "not kept: %s\n", line);
}

/* ---- as JSON */

static json_t *text(const char *text)
{
        return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *number(int64_t number)
{
        return number >= 0 ? json_integer(number) : json_null();
}

static json_t *watts(int64_t mw)
{
        return mw > 0 ? json_integer(mw / 1000) : json_null();
}

static json_t *card(const struct gpu_now *now)
{
        const struct gpu_facts *facts = &now->facts;
        const struct gpu_reading *reading = &now->reading;

        return json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:o}",
                         "driver", now->driver->name, "model", text(facts->model), "uuid", text(facts->uuid), "split",
                         facts->is_split, "limit_w", watts(facts->limit_mw), "least_w", watts(facts->min_mw), "most_w",
                         watts(facts->max_mw), "default_w", watts(facts->default_mw), "power_w",
                         watts(reading->power_mw), "busy_percent", number(reading->compute_percent), "memory_used_mb",
                         number(reading->memory_used_mb), "memory_mb", number(reading->memory_mb), "clock_mhz",
                         number(reading->clock_mhz), "ecc_errors", number(reading->ecc_errors), "energy",
                         facts->has_counter ? "counter" : "integrated", "lost", now->lost, "wrong", text(now->why));
}

static json_t *devices(const struct checked *checked)
{
        const struct inventory *inventory = hardware_inventory(checked->hardware);
        json_t *list = json_array();

        for (uint32_t i = 0; i < inventory->n_devices; i++) {
                const struct gpu_now *now = hardware_gpu(checked->hardware, i);

                if (json_array_append_new(list, json_pack("{s:i, s:s, s:b, s:o}", "index", (int)i, "address",
                                                          inventory->devices[i].address, "can_be_capped",
                                                          inventory->devices[i].least_w > 0, "card",
                                                          now != NULL ? card(now) : json_null())) != 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

static json_t *not_kept(const struct checked *checked)
{
        char line[LINE_SIZE];
        json_t *list = json_array();

        for (int i = 0; isolation_lack(&checked->isolation, i, line, sizeof(line)); i++)
                json_array_append_new(list, json_string(line));
        return list;
}

static json_t *document(const struct checked *checked)
{
        const struct agent_config *config = checked->config;
        const struct inventory *inventory = hardware_inventory(checked->hardware);
        char line[LINE_SIZE];

        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:s, s:o}}", "schema", "offpeak.agent_check/1", "node",
                         config->node, "site", config->site, "server", config->server, "kind",
                         config->devices == AGENT_DEVICES_CPU_SLOT ? "cpu_slot" : "gpu", "power_quality",
                         text(inventory->power_quality == QUALITY_MEASURED   ? "measured"
                              : inventory->power_quality == QUALITY_MODELLED ? "modelled"
                                                                             : NULL),
                         "cap_w", config->cap_w > 0 ? json_integer(config->cap_w) : json_null(), "devices", devices(checked),
                         "isolation", "kept",
                         isolation_describe(&checked->isolation, line, sizeof(line)), "not_kept", not_kept(checked));
}

static int tell_json(const struct checked *checked, FILE *out, struct offpeak_error *err)
{
        json_t *made = document(checked);

        if (made == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        json_dumpf(made, out, JSON_INDENT(2));
        fputc('\n', out);
        json_decref(made);
        return 0;
}

/* ---- */

/* It need not be there yet. */
static int check_state_dir(const char *path, struct offpeak_error *err)
{
        const char *why = NULL;
        struct stat st;

        if (stat(path, &st) != 0)
                why = errno == ENOENT ? NULL : strerror(errno);
        else if (!S_ISDIR(st.st_mode))
                why = "it is no folder";
        else if (access(path, R_OK | W_OK | X_OK) != 0)
                why = strerror(errno);
        return why == NULL ? 0 : fail(err, OFFPEAK_ECONFIG, "state_dir %s: the agent cannot keep its state there: %s", path, why);
}

int agent_check(const struct agent_config *config, bool json, FILE *out, struct offpeak_error *err)
{
        struct checked checked = { .config = config };
        const struct hardware_moment now = { 0 };
        struct hardware_energy energy;
        int code = check_state_dir(config->state_dir, err);

        if (code == 0)
                code = hardware_open(config, NULL, &checked.hardware, err);
        if (code != 0)
                return code;
        hardware_energy(checked.hardware, &now, &energy); /* what the GPUs say of themselves now */
        code = isolation_open(config, checked.hardware, &checked.isolation, err);
        if (code == 0 && json)
                code = tell_json(&checked, out, err);
        else if (code == 0)
                tell(&checked, out);
        hardware_close(checked.hardware);
        return code;
}
