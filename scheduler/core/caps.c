/* SPDX-License-Identifier: Apache-2.0 */
#include "core/caps.h"

#define PPM          1000000
#define DRAWN_SHARE  0.9 /* of its limit, by a job without a cap */

uint32_t caps_ppm(uint32_t level)
{
        static const uint32_t caps[CAPS_LEVELS] = { PPM, 850000, 700000, 550000 };

        return level < CAPS_LEVELS ? caps[level] : PPM;
}

double caps_power(uint32_t level)
{
        double share = (double)caps_ppm(level) / PPM / DRAWN_SHARE;

        return level == 0 || share > 1 ? 1 : share;
}

double caps_speed(uint32_t level)
{
        static const struct { double power, speed; } curve[] = {
                { 0.567, 0.81 }, { 0.702, 0.90 }, { 0.836, 0.95 }, { 1, 1 },
        };
        double power = caps_power(level);
        unsigned next = 1;

        if (level == 0)
                return 1; /* most that ask: jobs without caps */
        while (curve[next].power < power)
                next++;
        return curve[next - 1].speed + (power - curve[next - 1].power) *
                                               (curve[next].speed - curve[next - 1].speed) /
                                               (curve[next].power - curve[next - 1].power);
}

bool caps_in_class(const struct policy_class *class, uint32_t level)
{
        return level == 0 || (class->cap_floor_ppm > 0 && caps_ppm(level) >= class->cap_floor_ppm);
}

bool caps_at_site(const struct site *site, uint32_t level)
{
        return level == 0 || (site->least_cap_ppm > 0 && caps_ppm(level) >= site->least_cap_ppm);
}
