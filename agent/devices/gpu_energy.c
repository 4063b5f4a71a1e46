/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/gpu_energy.h"

/* Counters go in steps, so that a short time may seem to hold more than it does. */
enum { SLACK_MS = 1000 };

/* mW times ms is uJ. */
static int64_t trapezoid(const struct gpu_energy *energy, int64_t power_mw, int64_t passed_ms)
{
        int64_t before_mw = energy->power_mw >= 0 ? energy->power_mw : power_mw;
        int64_t after_mw = power_mw >= 0 ? power_mw : before_mw;

        return after_mw < 0 ? 0 : (before_mw + after_mw) * passed_ms / 2;
}

/* What was drawn since the last reading; quality and `strange` go with it. */
static int64_t drawn_since(struct gpu_energy *energy, const struct gpu_reading *reading, int64_t power_mw, int64_t most_mw,
                           int64_t passed_ms, enum quality *quality)
{
        bool counts = energy->counter_uj >= 0 && reading->counter_uj >= 0;

        if (counts && reading->counter_uj >= energy->counter_uj) {
                int64_t uj = reading->counter_uj - energy->counter_uj;

                energy->strange = uj / 2 / most_mw > passed_ms + SLACK_MS;
                if (!energy->strange)
                        return uj;
                *quality = QUALITY_ESTIMATED;
                return energy->power_mw >= 0 || power_mw >= 0 ? trapezoid(energy, power_mw, passed_ms) :
                                                                energy->mean_mw * passed_ms;
        }
        if (counts || energy->strange || passed_ms > GPU_ENERGY_GAP_MS)
                *quality = QUALITY_ESTIMATED;
        return trapezoid(energy, power_mw, passed_ms);
}

static int64_t most_of(uint32_t most_mw)
{
        return most_mw > 0 ? most_mw : GPU_ENERGY_MOST_MW;
}

int64_t gpu_energy_believed_mw(int64_t power_mw, uint32_t most_mw)
{
        return power_mw > 2 * most_of(most_mw) ? GPU_UNKNOWN : power_mw;
}

enum quality gpu_energy_add(struct gpu_energy *energy, const struct gpu_reading *reading, uint32_t most_mw, int64_t now_ms)
{
        const int64_t power_mw = gpu_energy_believed_mw(reading->power_mw, most_mw);
        const int64_t passed_ms = energy->started && now_ms > energy->ms ? now_ms - energy->ms : 0;
        enum quality quality = QUALITY_MEASURED;

        energy->strange = power_mw != reading->power_mw;
        if (energy->started) {
                int64_t uj = drawn_since(energy, reading, power_mw, most_of(most_mw), passed_ms, &quality);

                energy->uj += uj;
                if (passed_ms >= SLACK_MS && !energy->strange)
                        energy->mean_mw = uj / passed_ms;
        } else {
                energy->power_mw = GPU_UNKNOWN;
        }
        energy->started = true;
        energy->counter_uj = reading->counter_uj;
        if (power_mw >= 0 || (reading->counter_uj < 0 && !energy->strange))
                energy->power_mw = power_mw;
        if (now_ms > energy->ms)
                energy->ms = now_ms;
        return quality;
}

void gpu_energy_lose(struct gpu_energy *energy)
{
        energy->started = false;
}
