/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_energy.h - one GPU's energy from its readings: by its own counter where it has one, else by its power, integrated
 * between readings by trapezoids. Pure.
 */
#ifndef OFFPEAK_AGENT_GPU_ENERGY_H
#define OFFPEAK_AGENT_GPU_ENERGY_H

#include "agent/devices/gpu_driver.h"
#include "ledger/booking.h"

/* Power readings further apart than this say little of what was drawn between them. */
enum { GPU_ENERGY_GAP_MS = 5000 };

/* No card draws so much: the bound where a card does not say its own. */
enum { GPU_ENERGY_MOST_MW = 10000000 };

/* Zeroed: no reading yet. */
struct gpu_energy {
        bool started;
        int64_t counter_uj; /* of the last reading; GPU_UNKNOWN */
        int64_t power_mw;   /* as last told; GPU_UNKNOWN */
        int64_t ms;
        int64_t mean_mw;    /* between two readings, a second or more apart, that could be believed */
        bool strange;       /* the last reading could not be: more than any card of this kind draws */
        int64_t uj; /* drawn since the first reading */
};

/* What a card says that it draws, or GPU_UNKNOWN where no card of its kind draws as much. most_mw as below. */
int64_t gpu_energy_believed_mw(int64_t power_mw, uint32_t most_mw);

/*
 * Take a reading. most_mw: the highest limit that the card can have; 0: unknown. Returns how good what was drawn since the last one
 * is known: MEASURED; ESTIMATED after a gap, where a counter began anew, and where the reading says more than twice as much as the
 * card can draw: then it counts as what it drew before.
 */
enum quality gpu_energy_add(struct gpu_energy *energy, const struct gpu_reading *reading, uint32_t most_mw, int64_t now_ms);

/* The GPU is gone: what it draws from here to its next reading is not known, and not counted. */
void gpu_energy_lose(struct gpu_energy *energy);

#endif
