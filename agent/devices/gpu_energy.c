/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/gpu_energy.h"

/* mW times ms is uJ. */
static int64_t trapezoid(const struct gpu_energy *energy, const struct gpu_reading *reading, int64_t now_ms)
{
        int64_t passed_ms = now_ms > energy->ms ? now_ms - energy->ms : 0;
        int64_t before_mw = energy->power_mw >= 0 ? energy->power_mw : reading->power_mw;
        int64_t after_mw = reading->power_mw >= 0 ? reading->power_mw : before_mw;

        return after_mw < 0 ? 0 : (before_mw + after_mw) * passed_ms / 2;
}

enum quality gpu_energy_add(struct gpu_energy *energy, const struct gpu_reading *reading, int64_t now_ms)
{
        bool counted = energy->counter_uj >= 0 && reading->counter_uj >= energy->counter_uj;
        bool began_anew = energy->counter_uj >= 0 && reading->counter_uj >= 0 && !counted;
        enum quality quality = QUALITY_MEASURED;

        if (energy->started && counted) {
                energy->uj += reading->counter_uj - energy->counter_uj;
        } else if (energy->started) {
                energy->uj += trapezoid(energy, reading, now_ms);
                if (began_anew || now_ms - energy->ms > GPU_ENERGY_GAP_MS)
                        quality = QUALITY_ESTIMATED;
        }
        if (!energy->started)
                energy->power_mw = GPU_UNKNOWN;
        energy->started = true;
        energy->counter_uj = reading->counter_uj;
        if (reading->power_mw >= 0 || reading->counter_uj < 0)
                energy->power_mw = reading->power_mw;
        if (now_ms > energy->ms)
                energy->ms = now_ms;
        return quality;
}

void gpu_energy_lose(struct gpu_energy *energy)
{
        energy->started = false;
}
