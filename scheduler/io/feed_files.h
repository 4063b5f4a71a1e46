/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_files.h - the files of the sites' series: read at the start, watched, read again when they change.
 *
 * A file that is wrong or gone keeps its last good series in force, and is said once per change. Files are looked at
 * once a second by their stat(2), which sees files replaced by rename and file systems that send no events.
 */
#ifndef OFFPEAK_IO_FEED_FILES_H
#define OFFPEAK_IO_FEED_FILES_H

#include <uv.h>

#include "io/config.h"
#include "io/engine.h"

struct feed_files;

/*
 * Read every file of the config; each good series goes into the engine. With strict, a file that is wrong or missing is an
 * error (a start should not begin with half of its signals); else it is logged. Then watch them. Borrows nothing from config.
 */
int feed_files_open(uv_loop_t *loop, const struct config *config, struct engine *engine, bool strict,
                    struct feed_files **ret_files, struct offpeak_error *err);

/* `closed` is called when no handle is left. NULL files: at once. */
void feed_files_close(struct feed_files *files, void (*closed)(void *context), void *context);

/* Only read them and say what is wrong: for offpeakd --check. */
int feed_files_check(const struct config *config, struct offpeak_error *err);

#endif
