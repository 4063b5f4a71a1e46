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

const char *device_set_cpus(const struct device_set *set, uint64_t devices, char *buffer, size_t size)
{
        hwloc_bitmap_t cpus = hwloc_bitmap_alloc();

        buffer[0] = '\0';
        if (cpus == NULL)
                return buffer;
        for (uint32_t i = 0; i < set->n; i++)
                if (has(devices, i))
                        hwloc_bitmap_or(cpus, cpus, set->at[i].cpus);
        if (hwloc_bitmap_weight(cpus) < 0 || hwloc_bitmap_list_snprintf(buffer, size, cpus) >= (int)size)
                buffer[0] = '\0';
        hwloc_bitmap_free(cpus);
        return buffer;
}
