/* SPDX-License-Identifier: Apache-2.0 */
/* feeds_parts.h - what the feeds of one configuration share. */
#ifndef OFFPEAK_IO_FEEDS_PARTS_H
#define OFFPEAK_IO_FEEDS_PARTS_H

#include "io/feeds.h"

struct feeds {
        uv_loop_t *loop;
        struct engine *engine;
        struct feed *feeds;
        struct feed_status *statuses; /* one each, same order */
        size_t n, n_open;
        struct http *http;            /* NULL: nothing is fetched */
        void (*closed)(void *context);
        void *closed_context;
};

#endif
