/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_record.h - records with random content in every durable field, and the check that a record has that content.
 *
 * One walk over the fields serves both: filling draws a value for each, checking draws the same values again from the
 * same seed and compares. A field that the walk forgets is caught neither way; one that a codec forgets is.
 */
#ifndef TESTS_RANDOM_RECORD_H
#define TESTS_RANDOM_RECORD_H

#include "core/record.h"

/* splitmix64: the same numbers on every machine. */
uint64_t random_draw(uint64_t *seed);

/* The nth durable type, 0 when there is none left. */
enum record_type random_record_type(size_t nth);

/* Fill a record of this type; it owns what it points to (record_finish). */
void random_record_fill(struct record *ret_record, enum record_type type, uint64_t seed);

/* NULL if the record is what random_record_fill made of this type and seed, else the name of a field that differs. */
const char *random_record_check(struct record *record, enum record_type type, uint64_t seed);

#endif
