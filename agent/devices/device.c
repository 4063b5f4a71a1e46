/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/device.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void device_set_finish(struct device_set *set)
{
        for (uint32_t i = 0; i < set->n; i++)
                hwloc_bitmap_free(set->at[i].cpus);
        set->n = 0;
}

static bool has(uint64_t devices, uint32_t i)
{
        return (devices >> i & 1) != 0;
}

/* Append a word behind a comma; false if it does not fit. */
static bool append(char *buffer, size_t size, const char *word)
{
        size_t used = strlen(buffer);
        int n = snprintf(buffer + used, size - used, "%s%s", used > 0 ? "," : "", word);

        return (size_t)n < size - used;
}

static bool list_uuids(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        buffer[0] = '\0';
        for (uint32_t i = 0; i < set->n; i++)
                if (has(devices, i) && (set->at[i].uuid[0] == '\0' || !append(buffer, size, set->at[i].uuid)))
                        return false;
        return true;
}

static void list_numbers(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        buffer[0] = '\0';
        for (uint32_t i = 0; i < set->n; i++) {
                char number[16];

                snprintf(number, sizeof(number), "%u", i);
                if (has(devices, i) && set->at[i].kind == DEVICE_GPU)
                        append(buffer, size, number);
        }
}

const char *device_set_visible(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        if (!list_uuids(set, devices, buffer, size))
                list_numbers(set, devices, buffer, size);
        return buffer;
}

/* NULL: no memory. */
static hwloc_bitmap_t cpus_of(const struct device_set *set, uint64_t devices)
{
        hwloc_bitmap_t cpus = hwloc_bitmap_alloc();

        for (uint32_t i = 0; cpus != NULL && i < set->n; i++)
                if (has(devices, i))
                        hwloc_bitmap_or(cpus, cpus, set->at[i].cpus);
        return cpus;
}

/* "" if it is endless, or does not fit. */
static void list_set(hwloc_const_bitmap_t bits, char *buffer, size_t size)
{
        if (hwloc_bitmap_weight(bits) < 0 || hwloc_bitmap_list_snprintf(buffer, size, bits) >= (int)size)
                buffer[0] = '\0';
}

const char *device_set_cpus(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        hwloc_bitmap_t cpus = cpus_of(set, devices);

        buffer[0] = '\0';
        if (cpus != NULL)
                list_set(cpus, buffer, size);
        hwloc_bitmap_free(cpus);
        return buffer;
}

const char *device_set_near(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        size_t used = 0;

        buffer[0] = '\0';
        for (uint32_t d = 0, n = 0; d < set->n && used < size; d++) {
                char cpus[1024];

                if ((devices >> d & 1) != 0)
                        used += (size_t)snprintf(buffer + used, size - used, "%s%s", n++ > 0 ? ";" : "",
                                                 device_set_cpus(set, UINT64_C(1) << d, cpus, sizeof(cpus)));
        }
        if (used >= size)
                buffer[0] = '\0';
        return buffer;
}

const char *device_set_mems(const struct device_set *set, const struct topology *topology, uint64_t devices,
                            char *buffer, size_t size, int64_t *ret_bytes)
{
        const hwloc_topology_t hwloc = topology_hwloc(topology);
        hwloc_bitmap_t cpus = cpus_of(set, devices), near = hwloc_bitmap_alloc();
        hwloc_obj_t numa = NULL;
        int64_t near_bytes = 0, all_bytes = 0;
        bool far = false;

        buffer[0] = '\0';
        if (cpus != NULL && near != NULL)
                hwloc_cpuset_to_nodeset(hwloc, cpus, near);
        while ((numa = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, numa)) != NULL) {
                const bool is_near = near != NULL && hwloc_bitmap_isset(near, numa->os_index);

                all_bytes += (int64_t)numa->attr->numanode.local_memory;
                near_bytes += is_near ? (int64_t)numa->attr->numanode.local_memory : 0;
                far |= !is_near;
        }
        if (far && near_bytes > 0)
                list_set(near, buffer, size);
        *ret_bytes = buffer[0] != '\0' ? near_bytes : all_bytes;
        hwloc_bitmap_free(cpus);
        hwloc_bitmap_free(near);
        return buffer;
}
