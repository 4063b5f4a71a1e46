/* SPDX-License-Identifier: Apache-2.0 */
/*
 * width.h - the modes that a job may run in: a width, at a level of power caps (caps.h). Of the w widths, width 0 is the
 * one asked for, width i > 0 the spec's widths[i - 1]; mode m is width m mod w at level m / w, so that the first w modes
 * are uncapped. Attempts and planned intervals say their mode by this number.
 *
 * What nobody said or measured of a width: its speed is (GPUs / GPUs asked for)^0.9 of the width asked for, 1.87 times
 * for twice the GPUs. Published speed-ups on 8 workers lie from 3.1 (vgg16) to 7.7 (densenet121); this gives 6.5. What
 * was measured (profile.h) holds over what was said.
 */
#ifndef OFFPEAK_CORE_WIDTH_H
#define OFFPEAK_CORE_WIDTH_H

#include "core/state.h"

/* Speed 1 of struct offpeak_width. */
#define WIDTH_SPEED_AS_ASKED INT64_C(1000000)

/* How many widths there are: at least 1. And modes, whether the job's class and site allow them or not. */
uint32_t width_count(const struct offpeak_job_spec *spec);
uint32_t width_modes(const struct offpeak_job_spec *spec);

/* The level of caps of a mode, and the mode of as wide a run at another level. */
uint32_t width_level(const struct offpeak_job_spec *spec, uint32_t mode);
uint32_t width_at_level(const struct offpeak_job_spec *spec, uint32_t mode, uint32_t level);

/* As many GPUs, whatever their caps: going from one to the other needs no restart. */
bool width_is_same(const struct offpeak_job_spec *spec, uint32_t a, uint32_t b);

/* Its cap as a node is told, and tells: of each GPU's limit, in millionths; 0: none. */
uint32_t width_cap_ppm(const struct offpeak_job_spec *spec, uint32_t mode);

/* As declared. One that does not exist is as asked for: what a log of another time says must not read beyond the list. */
struct offpeak_width width_of(const struct offpeak_job_spec *spec, uint32_t mode);
uint32_t width_gpus(const struct offpeak_job_spec *spec, uint32_t mode);

/* GPUs of the narrowest: without these it never runs. */
uint32_t width_least_gpus(const struct offpeak_job_spec *spec);

/* Progress per second of running, 1 at the width asked for without a cap: as measured, declared or supposed. */
double width_speed(const struct job *job, uint32_t mode);
double width_fastest(const struct job *job);

/* W of the whole job above the nodes' idle, as measured or declared; 0: it is what its devices draw. */
int64_t width_power(const struct job *job, uint32_t mode);

/* What it draws in that mode, of what it would draw as asked for. */
double width_power_share(const struct job *job, uint32_t mode);

/* Of its attempt: the last one, if it does not run now. As asked for before the first. */
uint32_t width_held(const struct job *job);

/* Seconds of running, in attempts that have ended, that what they did would have taken at the width asked for. */
int64_t width_worked_s(const struct job *job);

/* Fill in what the owner left open of the spec's widths. */
void width_complete(struct offpeak_job_spec *spec);

#endif
