/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.h - power caps as the core knows them: a few levels, each a share of the limit that a GPU has without one.
 *
 * What a cap does, until it is measured (profile.h): a training job draws 0.9 of its cards' limit, and where it may
 * draw less it is slowed down along a concave curve. Measured by others, speed and power against uncapped: A100 400 W,
 * fine-tuning an 8B model: 300 W .95 and .84, 250 W .90 and .70, 200 W .81 and .57; V100 250 W and A40 300 W with
 * ResNet-50: 150 W .85 and .66, 200 W .94 and .73. The curve goes through the first. Below half of the limit energy
 * per unit of work rises again: there is no such level.
 */
#ifndef OFFPEAK_CORE_CAPS_H
#define OFFPEAK_CORE_CAPS_H

#include "core/state.h"

/* The cap of a level, of a device's limit in millionths. Ascending levels have descending caps. */
uint32_t caps_ppm(uint32_t level);

/* Speed and power at a level against those without a cap, where nothing was measured. */
double caps_speed(uint32_t level);
double caps_power(uint32_t level);

/* Whether the class lets its jobs be capped so far; and whether the devices of the site can be. Level 0: always. */
bool caps_in_class(const struct policy_class *class, uint32_t level);
bool caps_at_site(const struct site *site, uint32_t level);

#endif
