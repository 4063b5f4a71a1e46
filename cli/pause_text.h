/* SPDX-License-Identifier: Apache-2.0 */
/* pause_text.h - why a job of an answer was paused, and why it does not run. Buffers: JOB_TEXT_SIZE. */
#ifndef OFFPEAK_CLI_PAUSE_TEXT_H
#define OFFPEAK_CLI_PAUSE_TEXT_H

#include "cli/job_text.h"

/*
 * Why it was paused last, as a sentence without its "because": `the site may draw 500 W (capacity, pushed) and drew 1.20 kW`,
 * `later hours are cheaper`, `job 42 needed the room`. NULL: it never was; where a pause is on record without its cause it says so.
 */
const char *pause_text(const json_t *job, char *buffer);

/*
 * Why it does not run, in a word: what paused it (`power`, `cost`, `job 42`), or what it waits for (`hours`, `release`).
 * NULL: it runs, or has ended.
 */
const char *pause_word(const json_t *job, char *buffer);

/* Is the last pause that of its last attempt, after which none has begun? */
bool pause_lasts(const json_t *job);

#endif
