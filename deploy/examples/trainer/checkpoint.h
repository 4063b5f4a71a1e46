/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.h - all that training needs to go on exactly where it was, in one file that is whole or absent.
 */
#ifndef OFFPEAK_EXAMPLE_CHECKPOINT_H
#define OFFPEAK_EXAMPLE_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

/* What must be the same for a resumed run to end with the same weights. */
struct recipe {
        uint64_t seed;
        uint64_t text_hash;
        uint64_t hidden;
        uint64_t batch;
        double rate;
};

struct progress {
        uint64_t step;   /* steps done */
        uint64_t random; /* the generator's state after them */
};

enum checkpoint_result {
        CHECKPOINT_LOADED,
        CHECKPOINT_NONE,       /* there is no such file: a new run */
        CHECKPOINT_UNREADABLE, /* errno says why */
        CHECKPOINT_DAMAGED,
        CHECKPOINT_OTHER, /* of a run with another recipe */
};

/*
 * Write to a temporary file, fsync, rename, fsync the folder: a crash at any moment leaves the old file or the new one.
 * 0, or -1 with errno set.
 */
int checkpoint_save(const char *folder, const char *name, const struct recipe *recipe, const struct progress *progress,
                    const float *weights, size_t n_weights);

/* Read it back. Weights and progress are written only when CHECKPOINT_LOADED is returned. */
enum checkpoint_result checkpoint_load(const char *folder, const char *name, const struct recipe *recipe,
                                       struct progress *ret_progress, float *ret_weights, size_t n_weights);

#endif
