/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/nvml_xid.h"

#include <stddef.h>

const char *nvml_xid_fatal(uint32_t xid)
{
        static const struct {
                uint32_t xid;
                const char *means;
        } rows[] = {
                { 46, "the GPU has stopped processing" },
                { 48, "an uncorrectable memory error" },
                { 62, "its power controller has halted" },
                { 64, "a bad memory row cannot be set aside" },
                { 74, "an NVLink has failed" },
                { 79, "it has fallen off the bus" },
                { 95, "a memory error that was not contained" },
                { 119, "its system processor does not answer" },
                { 120, "its system processor has failed" },
                { 140, "a memory error that was not recovered from" },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (rows[i].xid == xid)
                        return rows[i].means;
        return NULL;
}
