/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - messages made up at random from a seed, within all bounds; and a comparison that knows nothing of the
 * codec. */
#ifndef OFFPEAK_TESTS_SAMPLE_H
#define OFFPEAK_TESTS_SAMPLE_H

#include "wire/message.h"

uint64_t sample_random(uint64_t *seed);

/* A message of this type; message_finish frees it. Aborts when out of memory. */
struct message sample_message(enum message_type type, uint64_t *seed);

/* A small spec that may be submitted. */
struct offpeak_push sample_push(void); /* a value at once; room for one point more than is allowed */
struct offpeak_job_spec sample_spec(void);

/* The name of the first field that differs; NULL if none does. */
const char *sample_difference(const struct message *a, const struct message *b);

#endif
