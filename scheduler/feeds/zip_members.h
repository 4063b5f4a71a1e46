/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_members.h - the files in a ZIP that is in memory; hardened.
 *
 * What a member says of its size is not believed: bytes are counted as they are unpacked, and a member or an archive that
 * becomes too large is refused there. Encrypted members, and those whose checksum is wrong, are refused. Folders are passed
 * over; nothing is written to disk, so names do no harm.
 */
#ifndef OFFPEAK_FEEDS_ZIP_MEMBERS_H
#define OFFPEAK_FEEDS_ZIP_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <offpeak/error.h>

enum { ZIP_MOST_MEMBERS = 5000, ZIP_LARGEST_MEMBER = 16 << 20, ZIP_LARGEST = 64 << 20 };

/* Does it begin as a ZIP does? */
bool zip_is(const char *text, size_t size);

/* How many files and folders it says are in it, by its last bytes alone: quick, and no more than its word. 0: it says nothing. */
size_t zip_count(const char *bytes, size_t size);

/*
 * take is called for each member, with its place ("FILE(NAME)") and bytes, which are its for the call only; what it returns
 * other than 0 ends the walk and is returned. file: named in errors. EINVAL, ENOMEM.
 */
int zip_walk(const char *file, const char *bytes, size_t size,
             int (*take)(void *context, const char *place, const char *text, size_t size, struct offpeak_error *err),
             void *context, struct offpeak_error *err);

#endif
