/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { HEAD_SIZE = 4096 }; /* the version stands in the first element */

struct topology {
        hwloc_topology_t hwloc;
};

/* Refuse by the head of the file what hwloc would refuse without a reason, or load as something else. */
static int check_head(const char *path, struct offpeak_error *err)
{
        char head[HEAD_SIZE + 1] = { 0 };
        FILE *file = fopen(path, "re");
        const char *root, *version;

        if (file == NULL)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "%s: cannot be opened: %s", path,
                            strerror(errno));
        if (fread(head, 1, HEAD_SIZE, file) == 0) {
                fclose(file);
                return fail(err, OFFPEAK_ECONFIG, "%s: is empty, or no file; export a topology to it with lstopo",
                            path);
        }
        fclose(file);
        root = strstr(head, "<topology");
        if (root == NULL && strstr(head, "<system") != NULL)
                return fail(
                        err, OFFPEAK_ECONFIG,
                        "%s: is a topology of NCCL's, not of hwloc; export one on that machine with lstopo machine.xml",
                        path);
        if (root == NULL)
                return fail(err, OFFPEAK_ECONFIG, "%s: is not a topology of hwloc; export one on that machine with lstopo machine.xml",
                            path);
        version = strstr(root, "version=\"");
        if (version != NULL && atoi(version + strlen("version=\"")) > 2)
                return fail(err, OFFPEAK_ECONFIG,
                            "%s: is written for hwloc %d, this agent reads version 2; export it again with hwloc 2's "
                            "lstopo",
                            path, atoi(version + strlen("version=\"")));
        return 0;
}

/*
 * Devices with what the kernel says of them. Left out are components that would open the devices (pci through
 * libpciaccess, opencl) or an X display (gl): an agent only looks.
 */
static void choose_components(hwloc_topology_t hwloc)
{
        static const char *const unwanted[] = { "pci", "opencl", "gl" };

        for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
                hwloc_topology_set_components(hwloc, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, unwanted[i]);
        hwloc_topology_set_io_types_filter(hwloc, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
        hwloc_topology_set_type_filter(hwloc, HWLOC_OBJ_OS_DEVICE, HWLOC_TYPE_FILTER_KEEP_ALL);
}

static int load_file(hwloc_topology_t hwloc, const char *path, struct offpeak_error *err)
{
        int rc = check_head(path, err);

        if (rc != 0)
                return rc;
        if (hwloc_topology_set_xml(hwloc, path) != 0 || hwloc_topology_load(hwloc) != 0)
                return fail(err, OFFPEAK_ECONFIG,
                            "%s: hwloc cannot read it, it is broken or cut off; export it again with lstopo", path);
        if (hwloc_topology_is_thissystem(hwloc))
                return fail(err, OFFPEAK_ECONFIG,
                            "%s: hwloc looked at this machine instead; unset HWLOC_THISSYSTEM in the environment",
                            path);
        return 0;
}

static int load_machine(hwloc_topology_t hwloc, struct offpeak_error *err)
{
        if (hwloc_topology_load(hwloc) != 0)
                return fail(err, OFFPEAK_EIO, "hwloc cannot look at this machine: %s; is /sys mounted?",
                            strerror(errno));
        if (!hwloc_topology_is_thissystem(hwloc))
                return fail(err, OFFPEAK_ECONFIG,
                            "the environment gives hwloc another machine than this one; unset "
                            "HWLOC_XMLFILE and HWLOC_SYNTHETIC, or name the file as \"topology\"");
        return 0;
}

int topology_open(const char *path, struct topology **ret_topology, struct offpeak_error *err)
{
        struct topology *topology = calloc(1, sizeof(*topology));
        int rc;

        if (topology == NULL || hwloc_topology_init(&topology->hwloc) != 0) {
                free(topology);
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the topology");
        }
        choose_components(topology->hwloc);
        rc = path != NULL ? load_file(topology->hwloc, path, err) : load_machine(topology->hwloc, err);
        if (rc == 0)
                *ret_topology = topology;
        else
                topology_close(topology);
        return rc;
}

void topology_close(struct topology *topology)
{
        if (topology == NULL)
                return;
        hwloc_topology_destroy(topology->hwloc);
        free(topology);
}

static uint32_t count(const struct topology *topology, hwloc_obj_type_t type)
{
        int n = hwloc_get_nbobjs_by_type(topology->hwloc, type);

        return n > 0 ? (uint32_t)n : 0;
}

struct topology_facts topology_facts(const struct topology *topology)
{
        hwloc_obj_t machine = hwloc_get_root_obj(topology->hwloc);
        struct topology_facts facts = {
                .model = hwloc_obj_get_info_by_name(machine, "DMIProductName"),
                .sockets = count(topology, HWLOC_OBJ_PACKAGE),
                .numa_nodes = count(topology, HWLOC_OBJ_NUMANODE),
                .cores = count(topology, HWLOC_OBJ_CORE),
                .pus = count(topology, HWLOC_OBJ_PU),
                .memory_mb = (int64_t)(machine->total_memory >> 20),
        };

        if (facts.model == NULL)
                facts.model = hwloc_obj_get_info_by_name(machine, "PlatformModel");
        if (facts.cores == 0) /* some machines do not tell threads apart */
                facts.cores = facts.pus;
        return facts;
}

hwloc_topology_t topology_hwloc(const struct topology *topology)
{
        return topology->hwloc;
}

uint8_t topology_numa_of(const struct topology *topology, hwloc_const_bitmap_t cpus)
{
        hwloc_obj_t numa = NULL;

        while ((numa = hwloc_get_next_obj_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, numa)) != NULL)
                if (hwloc_bitmap_intersects(numa->cpuset, cpus))
                        return numa->logical_index <= UINT8_MAX ? (uint8_t)numa->logical_index : UINT8_MAX;
        return 0;
}
