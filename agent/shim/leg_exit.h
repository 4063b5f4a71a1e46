/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_exit.h - the exit record: a file that is created once and never changed.
 *
 * A writer fills a file of its own, fsyncs it, and links it to the record's name, which fails if the name is taken: so
 * whoever comes first decides, whatever the others do, and a reader never sees half a record. The first writer takes the
 * space that was allocated before the leg ran; it needs no free block of the disk.
 */
#ifndef OFFPEAK_SHIM_LEG_EXIT_H
#define OFFPEAK_SHIM_LEG_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "core/state.h"

enum { LEG_WHY_SIZE = 128 };

struct leg_exit {
        enum leg_how how;
        int32_t status;            /* as of wait(2); of EXIT and ASKED */
        bool killed;               /* the grace ran out */
        uint32_t rank;             /* whose status it is */
        int64_t started, ended;    /* UTC seconds; 0: it never ran, or nobody saw */
        char why[LEG_WHY_SIZE];    /* for people: what went wrong; "" */
};

/* Allocate the record's space in the directory. EIO: no room. */
int leg_exit_reserve(int dir, struct offpeak_error *err);

/* The record that stands. ENOTFOUND: none. EINVAL: not readable as one. */
int leg_exit_read(int dir, struct leg_exit *ret_exit, struct offpeak_error *err);

/*
 * Create the record, durably, unless one stands; *ret_standing (may be NULL) is the one that stands now. 0 in both
 * cases. EIO: it could not be made durable; the caller stays and tries again.
 */
int leg_exit_decide(int dir, const struct leg_exit *mine, struct leg_exit *ret_standing, struct offpeak_error *err);

#endif
