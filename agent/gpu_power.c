/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/gpu_power.h"

#include <string.h>

/* Shorter rests say nothing: cards count in steps of a tenth of a second. */
enum { REST_MS = 1000, MEAN_MS = 60000 };

static void learn_idle(struct gpu_power *power, uint32_t i, int64_t uj, int64_t ms)
{
        double watts, weight;

        power->resting_uj[i] += uj;
        power->resting_ms[i] += ms;
        if (power->resting_ms[i] < REST_MS)
                return;
        watts = (double)power->resting_uj[i] / (double)power->resting_ms[i] / 1000;
        weight = power->resting_ms[i] < MEAN_MS ? (double)power->resting_ms[i] / MEAN_MS : 1;
        power->idle_w[i] += (power->idle_w[i] > 0 ? weight : 1) * (watts - power->idle_w[i]);
        power->resting_uj[i] = power->resting_ms[i] = 0;
}

static void begin_rest(struct gpu_power *power, uint32_t i)
{
        power->resting_uj[i] = power->resting_ms[i] = 0;
}

/* One that a library knows. */
static void sample_known(struct gpu_power *power, uint32_t i, const struct gpu_now *now, int64_t ms, bool busy,
                         struct gpu_power_sample *sample)
{
        int64_t uj = now->uj - power->last_uj[i], idle_uj = uj;

        power->last_uj[i] = now->uj;
        power->owed_ms[i] += ms;
        if (busy) {
                idle_uj = (int64_t)(power->idle_w[i] * (double)power->owed_ms[i] * 1000);
                if (idle_uj > uj)
                        idle_uj = uj;
                begin_rest(power, i);
        } else if (now->answers) {
                learn_idle(power, i, uj, power->owed_ms[i]);
        }
        if (now->answers || now->lost)
                power->owed_ms[i] = 0;
        sample->uj += uj;
        sample->idle_uj += idle_uj;
        sample->above_uj[i] = uj - idle_uj;
        sample->qualities[i] = now->quality;
}

static void sample_unknown(const struct gpu_power *power, uint32_t i, int64_t ms, bool busy,
                           struct gpu_power_sample *sample)
{
        sample->qualities[i] = power->declared_w > 0 ? QUALITY_MODELLED : QUALITY_ESTIMATED;
        if (!busy)
                return;
        sample->above_uj[i] = power->declared_w * ms * 1000;
        sample->uj += sample->above_uj[i];
}

void gpu_power_sample(struct gpu_power *power, uint32_t n, int64_t now_ms, uint64_t busy,
                      struct gpu_power_sample *ret_sample)
{
        int64_t ms = power->started && now_ms > power->ms ? now_ms - power->ms : 0;

        memset(ret_sample, 0, sizeof(*ret_sample));
        ret_sample->quality = QUALITY_MEASURED;
        gpus_read(power->gpus, now_ms);
        for (uint32_t i = 0; i < n; i++) {
                const struct gpu_now *now = gpus_at(power->gpus, i);
                bool used = (busy >> i & 1) != 0;

                if (now->driver != NULL)
                        sample_known(power, i, now, ms, used, ret_sample);
                else
                        sample_unknown(power, i, ms, used, ret_sample);
                if (!used && ret_sample->qualities[i] > ret_sample->quality)
                        ret_sample->quality = ret_sample->qualities[i];
        }
        power->started = true;
        if (now_ms > power->ms)
                power->ms = now_ms;
}

double gpu_power_idle_w(const struct gpu_power *power, uint32_t n, uint64_t busy)
{
        double sum = 0;

        for (uint32_t i = 0; i < n; i++) {
                const struct gpu_now *now = gpus_at(power->gpus, i);

                if (power->idle_w[i] > 0)
                        sum += power->idle_w[i];
                else if ((busy >> i & 1) == 0 && now->answers && now->reading.power_mw > 0)
                        sum += (double)now->reading.power_mw / 1000;
        }
        return sum;
}

double gpu_power_above_w(const struct gpu_power *power, uint32_t device)
{
        const struct gpu_now *now = gpus_at(power->gpus, device);
        double above;

        if (now->driver == NULL)
                return (double)power->declared_w;
        above = now->answers ? (double)now->reading.power_mw / 1000 - power->idle_w[device] : 0;
        return above > 0 ? above : 0;
}
