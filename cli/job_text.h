/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_text.h - a job of an answer in a few words: when, at what cost, against which deadline. All buffers:
 * JOB_TEXT_SIZE.
 */
#ifndef OFFPEAK_CLI_JOB_TEXT_H
#define OFFPEAK_CLI_JOB_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/screen.h"

enum { JOB_TEXT_SIZE = 160 };

/* Whether it is longer than all that is planned: its end is an estimate, its cost a part. */
bool job_goes_beyond(const json_t *job);

/* Those that it comes after and that have not ended: `41`, `41 and 42`, `41, 42 and 3 more`; NULL: none. */
const char *job_after(const json_t *job, char *buffer);

/* How many of the GPU-hours of a month its class has used, and until when; NULL: it has no such quota, or they are not
 * told. */
const char *job_gpu_hours(const json_t *job, const struct screen *screen, char *buffer);

/* The hours it is pinned to, and whether it has them; NULL: it is not pinned. */
const char *job_pin(const json_t *job, const struct screen *screen, char *buffer);

/* Of a job that is on hold because of it: the first that it comes after and that did not end well; NULL: that is not why. */
const json_t *job_unmet(const json_t *job);

/*
 * `23:00-05:00, 1 pause`, `until 19:40`, `resumes 01:00`, `resumes 01:00 at lulea`,
 * `ended Tue 04:10`, `23:00-Tue 05:00, beyond what is planned`,
 * `23:00-05:00, after 41`, `until released: 41 failed`.
 */
const char *job_when(const json_t *job, const struct screen *screen, char *buffer);

/*
 * Booked and still planned together: `31.40 EUR`; more than that where energy had no price: `> 12.02 EUR`, and where the
 * job goes on behind the plan: `31.40 EUR so far planned`; "-".
 */
const char *job_cost(const json_t *job, char *buffer);

/* Micro-currency of what is still planned, and of the same at once; false where that is unknown. */
bool job_costs(const json_t *job, int64_t *ret_planned, int64_t *ret_run_now);

/*
 * What is saved by that, of what it would cost at once: `46 %`; `-8 %` where it costs more; `0.12 EUR` where running at
 * once would cost (nearly) nothing, or would be paid; "-" where it is unknown.
 */
const char *job_saved(const json_t *job, char *buffer);

/* `62 %  [######    ]`, `~62 %` where it is estimated from the time; "-" before the first start. */
const char *job_done(const json_t *job, const struct screen *screen, char *buffer);

/* Pauses within hours (`planned`, or of an alternative): another power cap is none, another width is. */
size_t job_pauses(const json_t *hours);

/* `08:00 (3 h early)`, `08:00 (20 min late)`, "-". */
const char *job_deadline(const json_t *job, const struct screen *screen, char *buffer);

/* Seconds before (positive) or behind its deadline; false without a deadline or a plan. */
bool job_slack(const json_t *job, int64_t *ret_slack_s);

/* What there is not for a job that has no hours: `no power for it now`; NULL where that is not why. */
const char *job_impossible(const json_t *job);

/* Why it has its hours, as half a sentence: `its hours are the cheapest it can have`; NULL where there is no plan. */
const char *job_reason(const json_t *job, const struct screen *screen, char *buffer);

#endif
