/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <offpeak/job.h>

#include "base/fail.h"
#include "base/text.h"
#include "io/config_value.h"
#include "io/config_yaml.h"
#include "wire/endpoint.h"
#include "wire/log.h"

#define SYSTEM_STATE "/var/lib/offpeak-agent"

enum { MAX_W = 1000000 };

static const char *const KINDS[] = { "gpu", "cpu-slot" };
static const char *const LEVELS[] = { "error", "warning", "info", "debug" };
static const int LEVEL_NUMBERS[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void agent_config_init(struct agent_config *config)
{
        *config = (struct agent_config){ .devices = AGENT_DEVICES_GPU,
                                         .idle_w = AGENT_POWER_UNKNOWN,
                                         .device_w = AGENT_POWER_UNKNOWN,
                                         .log_level = LOG_LEVEL_INFO };
        agent_jobs_init(&config->jobs);
}

static void free_features(struct agent_config *config)
{
        for (size_t i = 0; i < config->n_features; i++)
                free(config->features[i]);
        free(config->features);
        config->features = NULL;
        config->n_features = 0;
}

void agent_config_finish(struct agent_config *config)
{
        free(config->server);
        free(config->node);
        free(config->site);
        free(config->address);
        free(config->state_dir);
        free(config->topology);
        free(config->nvml);
        free(config->block);
        free(config->rack);
        free(config->leaf_switch);
        free_features(config);
        free(config->curve_secret);
        free(config->curve_server);
        agent_config_init(config);
}

/* ---- the file */

struct said_devices {
        char *kind, *count;
};

struct said_power {
        char *idle, *per_device, *cap;
};

struct said_curve {
        char *secret, *server;
};

struct said_position {
        char *block, *rack, *sw;
};

struct said {
        char *server, *node, *address, *site, *state_dir, *topology, *nvml, *log_level;
        struct said_devices *devices;
        struct said_power *power;
        struct said_curve *curve;
        struct said_position *position;
        char **features;
        unsigned features_count;
        struct said_jobs jobs;
};

#define MAY                     (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define VALUE(flags, type, key) CYAML_FIELD_STRING_PTR(#key, flags, type, key, 0, CYAML_UNLIMITED)
#define PART(key, fields)       CYAML_FIELD_MAPPING_PTR(#key, MAY, struct said, key, fields)
#define JOBS_VALUE(key)         CYAML_FIELD_STRING_PTR(#key, MAY, struct said, jobs.key, 0, CYAML_UNLIMITED)
#define JOBS_PART(key, fields)  CYAML_FIELD_MAPPING_PTR(#key, MAY, struct said, jobs.key, fields)

static const cyaml_schema_field_t devices_fields[] = {
        VALUE(CYAML_FLAG_POINTER, struct said_devices, kind),
        VALUE(MAY, struct said_devices, count),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t power_fields[] = {
        VALUE(MAY, struct said_power, idle),
        VALUE(MAY, struct said_power, per_device),
        VALUE(MAY, struct said_power, cap),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t curve_fields[] = {
        VALUE(CYAML_FLAG_POINTER, struct said_curve, secret),
        VALUE(CYAML_FLAG_POINTER, struct said_curve, server),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t position_fields[] = {
        VALUE(MAY, struct said_position, block),
        VALUE(MAY, struct said_position, rack),
        CYAML_FIELD_STRING_PTR("switch", MAY, struct said_position, sw, 0, CYAML_UNLIMITED),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t feature = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED) };

static const cyaml_schema_field_t top_fields[] = {
        VALUE(MAY, struct said, server),
        VALUE(MAY, struct said, node),
        VALUE(MAY, struct said, site),
        VALUE(MAY, struct said, state_dir),
        VALUE(MAY, struct said, address),
        VALUE(MAY, struct said, topology),
        VALUE(MAY, struct said, nvml),
        VALUE(MAY, struct said, log_level),
        PART(devices, devices_fields),
        PART(power, power_fields),
        PART(curve, curve_fields),
        PART(position, position_fields),
        JOBS_VALUE(allow_root),
        JOBS_VALUE(job_log_limit),
        JOBS_VALUE(job_log_files),
        JOBS_PART(isolation, agent_isolation_fields),
        JOBS_PART(limits, agent_limits_fields),
        CYAML_FIELD_SEQUENCE("features", MAY, struct said, features, &feature, 0, CYAML_UNLIMITED),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct said, top_fields) };

static void take_server(struct config_reading *r, const char *said, char **server)
{
        struct endpoint endpoint;
        struct offpeak_error why;

        if (said == NULL || r->code != 0)
                return;
        if (endpoint_parse(config_text(said), &endpoint, &why) != 0) {
                config_refuse(r, said, "\"server\": %s", why.text);
                return;
        }
        free(*server);
        *server = config_copy(r, config_text(said));
}

static void take_watts(struct config_reading *r, const char *key, const char *value, int64_t *watts)
{
        config_take_power(r, key, value, watts);
        if (r->code == 0 && value != NULL && *watts > MAX_W)
                config_refuse(r, value, "\"%s\" is %s: 1 MW is the most allowed", key, config_text(value));
}

static void take_devices(struct config_reading *r, const struct said_devices *said, struct agent_config *config)
{
        size_t kind = config->devices - AGENT_DEVICES_GPU;
        uint64_t count = 0;

        if (said == NULL)
                return;
        config_take_choice(r, "kind", said->kind, KINDS, 2, &kind);
        config_take_count(r, "count", said->count, 1, OFFPEAK_MAX_DEVICES, &count);
        config->devices = AGENT_DEVICES_GPU + (enum agent_devices)kind;
        config->n_slots = (uint32_t)count;
        if (r->code != 0)
                return;
        if (config->devices == AGENT_DEVICES_CPU_SLOT && count == 0)
                config_refuse(r, said->kind, "\"devices\": a node of cpu-slots needs their \"count\"");
        if (config->devices == AGENT_DEVICES_GPU && count != 0)
                config_refuse(r, said->count, "\"count\": GPUs are found, not counted; it belongs to kind: cpu-slot");
}

static void take_position(struct config_reading *r, const struct said_position *said, struct agent_config *config)
{
        if (said == NULL)
                return;
        config_take_name(r, "block", said->block, &config->block);
        config_take_name(r, "rack", said->rack, &config->rack);
        config_take_name(r, "switch", said->sw, &config->leaf_switch);
}

static void take_features(struct config_reading *r, const struct said *said, struct agent_config *config)
{
        if (said->features_count > OFFPEAK_MAX_FEATURES) {
                config_refuse(r, said->features[OFFPEAK_MAX_FEATURES], "\"features\": a node has %d at most",
                              OFFPEAK_MAX_FEATURES);
                return;
        }
        if (said->features_count == 0)
                return;
        free_features(config);
        config->features = calloc(said->features_count, sizeof(char *));
        if (config->features == NULL) {
                r->code = fail(r->err, OFFPEAK_ENOMEM, "out of memory");
                return;
        }
        for (unsigned i = 0; r->code == 0 && i < said->features_count; i++) {
                for (size_t j = 0; j < config->n_features; j++)
                        if (strcmp(config_text(said->features[i]), config->features[j]) == 0)
                                config_refuse(r, said->features[i], "\"features\": \"%.64s\" is named twice",
                                              config->features[j]);
                config_take_name(r, "features", said->features[i], &config->features[config->n_features]);
                config->n_features += config->features[config->n_features] != NULL;
        }
}

static void take_all(struct config_reading *r, const struct said *said, struct agent_config *config)
{
        size_t level = 2;

        take_server(r, said->server, &config->server);
        config_take_name(r, "node", said->node, &config->node);
        config_take_name(r, "site", said->site, &config->site);
        config_take_name(r, "address", said->address, &config->address);
        config_take_path(r, "state_dir", said->state_dir, &config->state_dir);
        config_take_path(r, "topology", said->topology, &config->topology);
        config_take_path(r, "nvml", said->nvml, &config->nvml);
        take_devices(r, said->devices, config);
        take_position(r, said->position, config);
        take_features(r, said, config);
        agent_jobs_take(r, &said->jobs, &config->jobs);
        if (said->power != NULL) {
                take_watts(r, "idle", said->power->idle, &config->idle_w);
                take_watts(r, "per_device", said->power->per_device, &config->device_w);
                take_watts(r, "cap", said->power->cap, &config->cap_w);
        }
        if (said->curve != NULL) {
                config_take_path(r, "secret", said->curve->secret, &config->curve_secret);
                config_take_path(r, "server", said->curve->server, &config->curve_server);
        }
        config_take_choice(r, "log_level", said->log_level, LEVELS, 4, &level);
        config->log_level = LEVEL_NUMBERS[level];
}

int agent_config_read(const char *path, struct agent_config *config, struct offpeak_error *err)
{
        struct config_reading reading = { .file = path, .err = err };
        char *folder;
        void *said;
        int code = config_yaml_read(path, &schema, NULL, &said, &folder, err);

        if (code != 0)
                return code;
        reading.folder = folder;
        take_all(&reading, said, config);
        config_yaml_free(&schema, said);
        free(folder);
        return reading.code;
}

/* ---- options */

static int set_text(char **text, const char *value, struct offpeak_error *err)
{
        char *copy = strdup(value);

        if (copy == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        free(*text);
        *text = copy;
        return 0;
}

/* The file need not exist yet; only what is relative is taken from here. */
static int set_path(char **path, const char *value, struct offpeak_error *err)
{
        char here[PATH_MAX], *absolute;

        if (value[0] == '/')
                return set_text(path, value, err);
        if (getcwd(here, sizeof(here)) == NULL)
                return fail(err, OFFPEAK_EIO, "%s: the current directory is unknown: %s", value, strerror(errno));
        if (asprintf(&absolute, "%s/%s", here, value) < 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        free(*path);
        *path = absolute;
        return 0;
}

static int set_name(char **name, const char *option, const char *value, struct offpeak_error *err)
{
        static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";
        size_t size = strlen(value);

        if (size == 0 || size >= OFFPEAK_MAX_NAME || strspn(value, fit) != size)
                return fail(err, OFFPEAK_EUSAGE,
                            "--%s \"%.64s\": a name is made of letters, digits, '.', '_', '-' and '+'", option, value);
        return set_text(name, value, err);
}

/* `120`, or `120 W` as in the file. */
static int set_watts(int64_t *watts, const char *option, const char *value, struct offpeak_error *err)
{
        size_t size = strcspn(value, " W");
        int64_t number;

        if (text_parse_decimal(value, size, 0, &number) != 0 || number < 0 || number > MAX_W ||
            (value[size] != '\0' && strcmp(value + size, " W") != 0 && strcmp(value + size, "W") != 0))
                return fail(err, OFFPEAK_EUSAGE, "--%s \"%.64s\": watts are wanted, as in --%s 120", option, value,
                            option);
        *watts = number;
        return 0;
}

static int bad_devices(const char *value, const char *why, struct offpeak_error *err)
{
        return fail(err, OFFPEAK_EUSAGE, "--devices \"%.64s\": %s. Say kind=cpu-slot,count=N (1 to %d), or kind=gpu",
                    value, why, OFFPEAK_MAX_DEVICES);
}

/* `kind=cpu-slot,count=4`, in any order. */
static int set_devices(struct agent_config *config, const char *value, struct offpeak_error *err)
{
        char words[128], *rest = words, *word;
        enum agent_devices kind = 0;
        int64_t count = 0;

        if (strlen(value) >= sizeof(words))
                return bad_devices(value, "too long", err);
        strcpy(words, value);
        while ((word = strsep(&rest, ",")) != NULL) {
                if (strcmp(word, "kind=gpu") == 0)
                        kind = AGENT_DEVICES_GPU;
                else if (strcmp(word, "kind=cpu-slot") == 0)
                        kind = AGENT_DEVICES_CPU_SLOT;
                else if (strncmp(word, "count=", 6) != 0)
                        return bad_devices(value, "a word is none of kind= and count=", err);
                else if (text_parse_decimal(word + 6, strlen(word + 6), 0, &count) != 0 || count < 1 ||
                         count > OFFPEAK_MAX_DEVICES)
                        return bad_devices(value, "the count is none", err);
        }
        if (kind == 0)
                return bad_devices(value, "the kind is missing", err);
        if (kind == AGENT_DEVICES_CPU_SLOT && count == 0)
                return bad_devices(value, "cpu-slots need their count", err);
        if (kind == AGENT_DEVICES_GPU && count != 0)
                return bad_devices(value, "GPUs are found, not counted", err);
        config->devices = kind;
        config->n_slots = (uint32_t)count;
        return 0;
}

static int set_server(struct agent_config *config, const char *value, struct offpeak_error *err)
{
        struct endpoint endpoint;

        if (endpoint_parse(value, &endpoint, err) != 0) {
                fail_at(err, "--server");
                return err != NULL ? err->code = OFFPEAK_EUSAGE : OFFPEAK_EUSAGE;
        }
        return set_text(&config->server, value, err);
}

int agent_config_option(const char *name, const char *value, struct agent_config *config, struct offpeak_error *err)
{
        if (strcmp(name, "server") == 0)
                return set_server(config, value, err);
        if (strcmp(name, "node") == 0)
                return set_name(&config->node, name, value, err);
        if (strcmp(name, "address") == 0)
                return set_name(&config->address, name, value, err);
        if (strcmp(name, "site") == 0)
                return set_name(&config->site, name, value, err);
        if (strcmp(name, "state-dir") == 0)
                return set_path(&config->state_dir, value, err);
        if (strcmp(name, "topology") == 0)
                return set_path(&config->topology, value, err);
        if (strcmp(name, "devices") == 0)
                return set_devices(config, value, err);
        if (strcmp(name, "idle-w") == 0)
                return set_watts(&config->idle_w, name, value, err);
        if (strcmp(name, "slot-w") == 0)
                return set_watts(&config->device_w, name, value, err);
        if (strcmp(name, "allow-root") == 0) {
                config->jobs.allow_root = true;
                return 0;
        }
        return fail(err, OFFPEAK_ENOTFOUND, "no option --%s", name);
}

/* ---- what nobody said */

static int guess_node(struct agent_config *config, struct offpeak_error *err)
{
        char name[HOST_NAME_MAX + 1];

        if (gethostname(name, sizeof(name)) != 0)
                return fail(err, OFFPEAK_ECONFIG,
                            "the node has no name, and the host has none either: give --node NAME");
        return set_text(&config->node, name, err);
}

static int guess_state_dir(struct agent_config *config, struct offpeak_error *err)
{
        const char *unit = getenv("STATE_DIRECTORY"), *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
        char path[PATH_MAX];

        if (unit != NULL && unit[0] == '/')
                return set_text(&config->state_dir, unit, err);
        if (geteuid() == 0)
                return set_text(&config->state_dir, SYSTEM_STATE, err);
        if (state != NULL && state[0] == '/')
                snprintf(path, sizeof(path), "%s/offpeak-agent", state);
        else if (home != NULL && home[0] == '/')
                snprintf(path, sizeof(path), "%s/.local/state/offpeak-agent", home);
        else
                return fail(err, OFFPEAK_ECONFIG, "there is no place for the agent's state: give --state-dir DIR");
        return set_text(&config->state_dir, path, err);
}

int agent_config_complete(struct agent_config *config, struct offpeak_error *err)
{
        char endpoint[ENDPOINT_TEXT];
        struct endpoint parsed;
        int code = 0;

        if (config->site == NULL)
                return fail(
                        err, OFFPEAK_ECONFIG,
                        "this node belongs to no site: give --site NAME, or site: in the configuration, with a name "
                        "that the scheduler's configuration knows");
        if (config->node == NULL)
                code = guess_node(config, err);
        if (code == 0 && config->state_dir == NULL)
                code = guess_state_dir(config, err);
        if (code == 0 && config->server == NULL) {
                code = endpoint_default(endpoint, err);
                if (code == 0)
                        code = set_text(&config->server, endpoint, err);
        }
        if (code != 0)
                return code;
        if (endpoint_parse(config->server, &parsed, err) != 0)
                return fail_at(err, "the scheduler's endpoint");
        if (!endpoint_is_local(&parsed) && config->curve_secret == NULL)
                return fail(
                        err, OFFPEAK_ECONFIG,
                        "%s is on another machine: that needs keys, see curve: in the configuration (offpeak keygen "
                        "makes them)",
                        config->server);
        return 0;
}
