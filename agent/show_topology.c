/* SPDX-License-Identifier: Apache-2.0 */
/* show_topology.c - makes the document. Whatever jansson has no memory for ends in NULL, which is looked at once. */
#include "agent/show_topology.h"

#include <string.h>

#include "agent/devices/gpus.h"
#include "agent/links.h"
#include "agent/nics.h"
#include "base/fail.h"

struct seen {
        const struct agent_config *config;
        struct topology *topology;
        struct device_set gpus;
        struct place_link links[OFFPEAK_MAX_DEVICES * (OFFPEAK_MAX_DEVICES - 1) / 2];
};

/* Processors' names come filled up with blanks. */
static json_t *text(const char *text)
{
        size_t size = text != NULL ? strlen(text) : 0;

        while (size > 0 && text[size - 1] == ' ')
                size--;
        return size > 0 ? json_stringn(text, size) : json_null();
}

static json_t *cpus(hwloc_const_bitmap_t set)
{
        char list[1024];

        return hwloc_bitmap_list_snprintf(list, sizeof(list), set) < (int)sizeof(list) ? text(list) : json_null();
}

static json_t *sockets(const struct seen *seen)
{
        hwloc_topology_t hwloc = topology_hwloc(seen->topology);
        json_t *list = json_array();
        hwloc_obj_t socket = NULL;

        while ((socket = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, socket)) != NULL)
                json_array_append_new(
                        list,
                        json_pack("{s:i, s:o, s:i, s:i, s:o}", "index", (int)socket->logical_index, "model",
                                  text(hwloc_obj_get_info_by_name(socket, "CPUModel")), "cores",
                                  hwloc_get_nbobjs_inside_cpuset_by_type(hwloc, socket->cpuset, HWLOC_OBJ_CORE), "pus",
                                  hwloc_get_nbobjs_inside_cpuset_by_type(hwloc, socket->cpuset, HWLOC_OBJ_PU), "cpus",
                                  cpus(socket->cpuset)));
        return list;
}

/* Index of the socket around it; null: it has several, or none. */
static json_t *socket_of(hwloc_obj_t object)
{
        while (object != NULL && object->type != HWLOC_OBJ_PACKAGE)
                object = object->parent;
        return object != NULL ? json_integer(object->logical_index) : json_null();
}

static json_t *numa_nodes(const struct seen *seen)
{
        json_t *list = json_array();
        hwloc_obj_t numa = NULL;

        while ((numa = hwloc_get_next_obj_by_type(topology_hwloc(seen->topology), HWLOC_OBJ_NUMANODE, numa)) != NULL)
                json_array_append_new(list, json_pack("{s:i, s:o, s:I, s:o}", "index", (int)numa->logical_index,
                                                      "socket", socket_of(numa), "memory_mb",
                                                      (json_int_t)(numa->attr->numanode.local_memory >> 20), "cpus",
                                                      cpus(numa->cpuset)));
        return list;
}

static json_t *gpus(const struct seen *seen)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < seen->gpus.n; i++) {
                const struct node_device *gpu = &seen->gpus.at[i];

                json_array_append_new(list, json_pack("{s:i, s:s, s:o, s:o, s:i, s:o}", "index", (int)i, "address",
                                                      gpu->address, "model", text(gpu->model), "uuid", text(gpu->uuid),
                                                      "numa", (int)gpu->numa, "cpus", cpus(gpu->cpus)));
        }
        return list;
}

static json_t *numbers(uint64_t set)
{
        json_t *list = json_array();

        for (int i = 0; i < OFFPEAK_MAX_DEVICES; i++)
                if (set >> i & 1)
                        json_array_append_new(list, json_integer(i));
        return list;
}

static json_t *nics(const struct seen *seen)
{
        struct nic found[MAX_NICS];
        uint32_t n = nics_find(seen->topology, &seen->gpus, found);
        json_t *list = json_array();

        for (uint32_t i = 0; i < n; i++)
                json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:o}", "name", found[i].name, "address",
                                                      found[i].address, "numa", (int)found[i].numa, "near",
                                                      links_near_name(found[i].near), "gpus", numbers(found[i].gpus)));
        return list;
}

static const struct place_link *link_of(const struct seen *seen, uint32_t a, uint32_t b)
{
        return &seen->links[place_pair(seen->gpus.n, a < b ? a : b, a < b ? b : a)];
}

/* Rows of GB/s, or of how near; null on the diagonal. */
static json_t *matrix(const struct seen *seen, bool near)
{
        json_t *rows = json_array();

        for (uint32_t a = 0; a < seen->gpus.n; a++) {
                json_t *row = json_array();

                for (uint32_t b = 0; b < seen->gpus.n; b++)
                        json_array_append_new(row, a == b ? json_null()
                                                   : near ? json_string(links_near_name(link_of(seen, a, b)->near))
                                                          : json_integer(link_of(seen, a, b)->gb_per_s));
                json_array_append_new(rows, row);
        }
        return rows;
}

static json_t *position(const struct agent_config *config)
{
        return json_pack("{s:o, s:o, s:o}", "block", text(config->block), "rack", text(config->rack), "switch",
                         text(config->leaf_switch));
}

static json_t *features(const struct agent_config *config)
{
        json_t *list = json_array();

        for (size_t i = 0; i < config->n_features; i++)
                json_array_append_new(list, json_string(config->features[i]));
        return list;
}

static json_t *document(const struct seen *seen)
{
        struct topology_facts facts = topology_facts(seen->topology);

        return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:I, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "schema",
                         "offpeak.topology/2", "file", text(seen->config->topology), "model", text(facts.model),
                         "position", position(seen->config), "features", features(seen->config), "cores",
                         (int)facts.cores, "pus", (int)facts.pus, "memory_mb", (json_int_t)facts.memory_mb, "sockets",
                         sockets(seen), "numa", numa_nodes(seen), "gpus", gpus(seen), "nics", nics(seen), "links",
                         "gb_per_s", matrix(seen, false), "near", matrix(seen, true));
}

static int print(const struct seen *seen, bool json, FILE *out, struct offpeak_error *err)
{
        json_t *made = document(seen);

        if (made == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (json) {
                json_dumpf(made, out, JSON_INDENT(2));
                fputc('\n', out);
        } else {
                topology_view(made, out);
        }
        json_decref(made);
        return 0;
}

/* Of this machine, or of one whose library is named: a file may be another machine's. */
static void ask_library(struct seen *seen)
{
        struct offpeak_error none;
        struct gpus *gpus;

        if (seen->gpus.n == 0 || (seen->config->topology != NULL && seen->config->nvml == NULL) ||
            gpus_open(&seen->gpus, seen->config->nvml, &gpus, &none) != 0)
                return;
        gpus_links(gpus, &seen->gpus, seen->links);
        gpus_close(gpus);
}

int show_topology(const struct agent_config *config, bool json, FILE *out, struct offpeak_error *err)
{
        struct seen seen = { .config = config };
        struct offpeak_error none;
        int code = topology_open(config->topology, &seen.topology, err);

        if (code != 0)
                return code;
        code = devices_find_gpus(seen.topology, &seen.gpus, &none);
        if (code != 0 && code != OFFPEAK_ENOTFOUND) {
                *err = none;
                topology_close(seen.topology);
                return code;
        }
        links_find(seen.topology, &seen.gpus, seen.links);
        ask_library(&seen);
        code = print(&seen, json, out, err);
        device_set_finish(&seen.gpus);
        topology_close(seen.topology);
        return code;
}
