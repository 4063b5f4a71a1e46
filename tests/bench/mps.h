/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mps.h - a linear or mixed-integer program under construction, to be minimised, and its text in free MPS.
 *
 * Columns are at least 0. Memory that runs out is remembered and told by mps_write(); until then every call goes on.
 */
#ifndef OFFPEAK_TESTS_MPS_H
#define OFFPEAK_TESTS_MPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct mps;

enum mps_sense { MPS_AT_MOST = 'L', MPS_AT_LEAST = 'G', MPS_EQUAL = 'E' };

struct mps *mps_create(void); /* NULL: no memory */
void mps_destroy(struct mps *mps);

/* Both return the index. upper: INFINITY where there is none. */
size_t mps_column(struct mps *mps, bool integer, double cost, double upper, const char *name, ...)
        __attribute__((format(printf, 5, 6)));
size_t mps_row(struct mps *mps, enum mps_sense sense, double right, const char *name, ...)
        __attribute__((format(printf, 4, 5)));

/* The factor of a column in a row; each pair once. */
void mps_add(struct mps *mps, size_t row, size_t column, double factor);

/* ENOMEM, EIO. */
int mps_write(struct mps *mps, const char *path);

#endif
