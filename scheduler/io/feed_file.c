/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_file.c - the transport of local files: looked at once a second by their stat(2), which sees files replaced by
 * rename and file systems that send no events; read again when they change. Both happen in worker threads: a file system
 * that hangs holds nobody up.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "io/config_series.h"
#include "io/transports.h"

enum { LOOK_EVERY_MS = 1000 };

struct feed_file {
        struct feed *feed;
        uv_fs_poll_t poll;
        bool trying, again; /* a try is under way; the file changed meanwhile */
};

static bool carries(const struct config_feed *config)
{
        return config->path != NULL;
}

static int check(const struct feed *feed, struct offpeak_error *err)
{
        return config_series_check(feed->config, feed->kind, feed->site, feed->currency, &feed->limits, err);
}

static void try(struct feed_file *file)
{
        file->again = file->trying;
        if (file->trying)
                return;
        file->trying = true;
        feed_deliver_file(file->feed);
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *after)
{
        struct feed_file *file = poll->data;
        struct offpeak_error err;

        (void)before;
        (void)after;
        if (status == 0) {
                try(file);
                return;
        }
        if (file->trying)
                return; /* the reading that is under way will say so */
        file->trying = true;
        fail(&err, OFFPEAK_EIO, "%s: %s", file->feed->config->path, uv_strerror(status));
        feed_failed(file->feed, &err);
}

static void settled(struct feed *feed, bool good)
{
        struct feed_file *file = feed->way;

        (void)good;
        file->trying = false;
        if (file->again && !feed->closing)
                try(file);
}

static int open_file(struct feed *feed, bool strict, struct offpeak_error *err)
{
        struct feed_file *file = calloc(1, sizeof(*file));
        int code = 0;

        if (file == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        file->feed = feed;
        feed->way = file;
        if (strict)
                code = feed_read_file(feed, err);
        if (code != 0) {
                feed->way = NULL;
                free(file);
                return code;
        }
        uv_fs_poll_init(feed->loop, &file->poll);
        file->poll.data = file;
        uv_fs_poll_start(&file->poll, on_change, feed->config->path, LOOK_EVERY_MS);
        if (!strict)
                try(file);
        return 0;
}

static void on_closed(uv_handle_t *handle)
{
        struct feed_file *file = handle->data;
        struct feed *feed = file->feed;

        feed->way = NULL;
        free(file);
        feed_closed(feed);
}

static void close_file(struct feed *feed)
{
        struct feed_file *file = feed->way;

        uv_close((uv_handle_t *)&file->poll, on_closed);
}

const struct transport transport_file = {
        .name = "file",
        .carries = carries,
        .check = check,
        .open = open_file,
        .settled = settled,
        .close = close_file,
};
