/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology.h - what machine this is: sockets, NUMA nodes, cores, memory, PCI devices, as hwloc sees them.
 *
 * From this machine, or from an XML file of another (tests, and nodes described by hand). hwloc falls back on the real
 * machine when it cannot read a file it was given; this does not: it refuses.
 */
#ifndef OFFPEAK_AGENT_TOPOLOGY_H
#define OFFPEAK_AGENT_TOPOLOGY_H

#include <stdint.h>

#include <hwloc.h>

#include <offpeak/error.h>

struct topology;

/*
 * path: an XML file that hwloc 2 wrote; NULL: this machine. ENOTFOUND: no such file; ECONFIG: not a topology that can
 * be read (place, cause and remedy in err); EIO: this machine cannot be looked at.
 */
int topology_open(const char *path, struct topology **ret_topology, struct offpeak_error *err);
void topology_close(struct topology *topology); /* accepts NULL */

struct topology_facts {
        const char *model;     /* what the machine calls itself; NULL: nothing. Lives as long as the topology */
        uint32_t sockets, numa_nodes;
        uint32_t cores, pus;   /* that may be used; hardware threads */
        int64_t memory_mb;
};
struct topology_facts topology_facts(const struct topology *topology);

/* For drivers of devices. */
hwloc_topology_t topology_hwloc(const struct topology *topology);

/* The first NUMA node (by logical index) that has one of these CPUs; 0 if none has. */
uint8_t topology_numa_of(const struct topology *topology, hwloc_const_bitmap_t cpus);

#endif
