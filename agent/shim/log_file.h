/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_file.h - keep a file that somebody else appends to below a size.
 *
 * The writer has it open and goes on writing into the same file, so its older part is copied to FILE.1 and then taken
 * off it. Where the file system can cut a range out of a file (ext4, xfs), nothing that is written meanwhile is lost;
 * elsewhere the file is truncated, and what was written between the last read and that is. At most one limit of bytes
 * is copied at a time, so that a writer who is faster than the copy does not win: what is older than that is dropped.
 *
 * Several may look at one file, also from several nodes: a lock (flock) lets one at a time rotate it.
 *
 * Everything is done with the caller's rights; regular files only.
 */
#ifndef OFFPEAK_SHIM_LOG_FILE_H
#define OFFPEAK_SHIM_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Look at it once. fd is open for writing; path is its name, beside which FILE.1 to FILE.(files - 1) are kept, each as
 * large as the limit at most. True: it was beyond the limit, and was rotated; it may be beyond it again.
 */
bool log_file_look(int fd, const char *path, int64_t limit, int64_t files);

/*
 * The same for a file of which only the end is ever read: free the disk before the last `keep` bytes. No byte of these
 * moves, so nobody who writes or reads is disturbed; the file's size stays.
 */
void log_file_forget_head(int fd, int64_t limit, int64_t keep);

#endif
