/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/device.h"

#include <stdio.h>

#include "base/fail.h"

/* The cores in logical order: neighbours share caches and sockets. Without cores, the hardware threads. */
static hwloc_obj_t core_at(hwloc_topology_t hwloc, uint32_t i)
{
        hwloc_obj_type_t type = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;

        return hwloc_get_obj_by_type(hwloc, type, i);
}

static int make_slot(const struct topology *topology, uint32_t first, uint32_t end, uint32_t number,
                     struct node_device *ret_slot)
{
        *ret_slot = (struct node_device){ .kind = DEVICE_CPU_SLOT, .cpus = hwloc_bitmap_alloc() };
        if (ret_slot->cpus == NULL)
                return OFFPEAK_ENOMEM;
        snprintf(ret_slot->address, sizeof(ret_slot->address), "slot%u", number);
        for (uint32_t i = first; i < end; i++)
                hwloc_bitmap_or(ret_slot->cpus, ret_slot->cpus, core_at(topology_hwloc(topology), i)->cpuset);
        ret_slot->numa = topology_numa_of(topology, core_at(topology_hwloc(topology), first)->cpuset);
        return 0;
}

int devices_make_slots(const struct topology *topology, uint32_t count, struct device_set *ret_set,
                       struct offpeak_error *err)
{
        uint32_t cores = topology_facts(topology).cores;
        struct device_set set = { .n = 0 };

        if (count == 0 || count > OFFPEAK_MAX_DEVICES)
                return fail(err, OFFPEAK_ECONFIG, "devices: %u cpu-slots cannot be made; ask for 1 to %d", count,
                            OFFPEAK_MAX_DEVICES);
        if (cores == 0)
                return fail(err, OFFPEAK_ECONFIG, "devices: the topology has no cores to make cpu-slots of");
        for (; set.n < count; set.n++) {
                uint32_t first = (uint32_t)((uint64_t)set.n * cores / count);
                uint32_t end = (uint32_t)((uint64_t)(set.n + 1) * cores / count);

                if (make_slot(topology, first, end > first ? end : first + 1, set.n, &set.at[set.n]) != 0) {
                        device_set_finish(&set);
                        return fail(err, OFFPEAK_ENOMEM, "out of memory for the devices");
                }
        }
        *ret_set = set;
        return 0;
}
