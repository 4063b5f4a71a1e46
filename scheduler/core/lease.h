/* SPDX-License-Identifier: Apache-2.0 */
/* lease.h - how long the scheduler waits before a lease is surely over (docs/protocol, section 4). */
#ifndef OFFPEAK_CORE_LEASE_H
#define OFFPEAK_CORE_LEASE_H

#include <stdint.h>

/* Clock rates differ from real time by at most 1/1000; the margin covers timers and the kill itself. */
enum { LEASE_RHO_PPM = 1000, LEASE_MARGIN_MS = 1000 };

/* W = L (1 + rho) / (1 - rho) + margin, milliseconds. */
static inline int64_t lease_wait_ms(int64_t lease_ms)
{
        return lease_ms * (1000000 + LEASE_RHO_PPM) / (1000000 - LEASE_RHO_PPM) + 1 + LEASE_MARGIN_MS;
}

#endif
