/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "agent/devices/gpu_driver.h"

/* Another vendor's driver is one more row. */
const struct gpu_driver *const gpu_drivers[GPU_DRIVERS + 1] = { &gpu_nvml, NULL };
