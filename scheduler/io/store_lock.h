/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_lock.h - one scheduler per store: PATH.lock, locked for the process's life.
 *
 * The file names its holder's pid, for the one who is refused, and the last index committed. The latter is not synced:
 * it may lag behind after a power cut, but when it runs ahead of the log, the log has lost its tail (a damaged or
 * deleted WAL, a restored backup).
 */
#ifndef OFFPEAK_IO_STORE_LOCK_H
#define OFFPEAK_IO_STORE_LOCK_H

#include <stdint.h>

#include <offpeak/error.h>

struct store_lock {
        int fd;
};

/* ret_last: the last index noted, 0 if none. ETRYAGAIN: held by another (its pid in err); EIO. */
int store_lock_take(const char *path, struct store_lock *ret_lock, uint64_t *ret_last, struct offpeak_error *err);
void store_lock_note(const struct store_lock *lock, uint64_t last);
void store_lock_release(struct store_lock *lock); /* the file stays */

#endif
