/* SPDX-License-Identifier: Apache-2.0 */
/*
 * width.h - the widths that a job may run at. Mode 0 is the one asked for, mode m > 0 the spec's widths[m - 1]; a rigid job has
 * mode 0 alone. Attempts and planned intervals say their mode by this number.
 *
 * What is not said of a width: its speed is (GPUs / GPUs asked for)^0.9 of the width asked for, 1.87 times for twice the
 * GPUs. Published speed-ups on 8 workers lie from 3.1 (vgg16) to 7.7 (densenet121); this gives 6.5.
 */
#ifndef OFFPEAK_CORE_WIDTH_H
#define OFFPEAK_CORE_WIDTH_H

#include "core/state.h"

/* Speed 1 of struct offpeak_width. */
#define WIDTH_SPEED_AS_ASKED INT64_C(1000000)

/* How many modes there are: at least 1. */
uint32_t width_modes(const struct offpeak_job_spec *spec);

/* One that does not exist is as asked for: what a log of another time says must not read beyond the list. */
struct offpeak_width width_of(const struct offpeak_job_spec *spec, uint32_t mode);
uint32_t width_gpus(const struct offpeak_job_spec *spec, uint32_t mode);

/* GPUs of the narrowest: without these it never runs. */
uint32_t width_least_gpus(const struct offpeak_job_spec *spec);

/* Progress per second of running, 1 at the width asked for. */
double width_speed(const struct offpeak_job_spec *spec, uint32_t mode);
double width_fastest(const struct offpeak_job_spec *spec);

/* Of its attempt: the last one, if it does not run now. As asked for before the first. */
uint32_t width_held(const struct job *job);

/* Seconds of running, in attempts that have ended, that what they did would have taken at the width asked for. */
int64_t width_worked_s(const struct job *job);

/* Fill in what the owner left open of the spec's widths. */
void width_complete(struct offpeak_job_spec *spec);

#endif
