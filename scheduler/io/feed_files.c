/* SPDX-License-Identifier: Apache-2.0 */
#include "io/feed_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "feeds/csv.h"
#include "feeds/mapping_read.h"
#include "io/config_feed.h"
#include "wire/log.h"

enum { LOOK_EVERY_MS = 1000, KINDS = SERIES_LAST };

struct feed_file {
        struct feed_files *owner;
        uv_fs_poll_t poll;
        struct config_feed feed;
        char *site, *currency;
        enum series_kind kind;
};

struct feed_files {
        struct engine *engine;
        struct feed_file *files;
        size_t n_files, n_open;
        void (*closed)(void *context);
        void *closed_context;
};

static const struct config_feed *feed_of(const struct config_site_files *files, enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return &files->price;
        case SERIES_CARBON:
                return &files->carbon;
        case SERIES_CAPACITY:
                return &files->capacity;
        case SERIES_LIMIT:
                return &files->limit;
        }
        if ((int)kind == SERIES_EXPORT_PRICE)
                return &files->export_price;
        return (int)kind == SERIES_SOLAR ? &files->solar : &files->ppas[(int)kind - SERIES_PPA];
}

/* In a file every price is a price, and all power of plants a capacity. */
static enum series_kind kind_in_file(enum series_kind kind)
{
        if ((int)kind == SERIES_EXPORT_PRICE)
                return SERIES_PRICE;
        return (int)kind > SERIES_EXPORT_PRICE ? SERIES_CAPACITY : kind;
}

static int read_feed(const struct config_feed *feed, const char *site, enum series_kind kind, const char *currency,
                     struct series *series, struct offpeak_error *err)
{
        struct csv_request request = { .file = feed->path,
                                       .site = site,
                                       .kind = kind_in_file(kind),
                                       .currency = kind_in_file(kind) == SERIES_PRICE ? currency : NULL };

        return feed->mapping != NULL ? mapping_read(feed->mapping, &request, series, NULL, err)
                                     : csv_read(&request, series, err);
}

/* ---- reading */

static int read_file(struct feed_file *file, struct offpeak_error *err)
{
        struct input input = { .type = INPUT_SERIES };
        struct series series;
        int code = read_feed(&file->feed, file->site, file->kind, file->currency, &series, err);

        if (code != 0)
                return code;
        series.kind = file->kind;
        input.u.series.series = &series;
        engine_input(file->owner->engine, &input);
        series_finish(&series);
        return 0;
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *after)
{
        struct feed_file *file = poll->data;
        struct offpeak_error err;

        (void)before;
        (void)after;
        if (status != 0)
                log_warning("%s: %s; what it last said stays in force", file->feed.path, uv_strerror(status));
        else if (read_file(file, &err) != 0)
                log_warning("%s; what it last said stays in force", err.text);
}

/* ---- life */

static void free_files(struct feed_files *files)
{
        for (size_t i = 0; i < files->n_files; i++) {
                config_feed_finish(&files->files[i].feed);
                free(files->files[i].site);
                free(files->files[i].currency);
        }
        free(files->files);
        free(files);
}

/* A copy that does not need the configuration. */
static int copy_feed(const struct config_feed *from, struct config_feed *feed)
{
        feed->path = strdup(from->path);
        if (feed->path == NULL)
                return OFFPEAK_ENOMEM;
        if (from->mapping == NULL)
                return 0;
        feed->mapping = calloc(1, sizeof(*feed->mapping));
        return feed->mapping != NULL ? mapping_copy(from->mapping, feed->mapping) : OFFPEAK_ENOMEM;
}

static int add_file(struct feed_files *files, const struct policy_site *site, const struct config_feed *feed,
                    enum series_kind kind)
{
        struct feed_file *file = &files->files[files->n_files];

        file->owner = files;
        file->kind = kind;
        file->site = strdup(site->name);
        file->currency = strdup(site->currency);
        files->n_files++;
        return file->site != NULL && file->currency != NULL ? copy_feed(feed, &file->feed) : OFFPEAK_ENOMEM;
}

static int list_files(struct feed_files *files, const struct config *config)
{
        files->files = calloc(config->policy.n_sites * KINDS + 1, sizeof(*files->files));
        if (files->files == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < config->policy.n_sites; s++)
                for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++) {
                        const struct config_feed *feed = feed_of(&config->files[s], (enum series_kind)kind);

                        if (feed->path != NULL &&
                            add_file(files, &config->policy.sites[s], feed, (enum series_kind)kind) != 0)
                                return OFFPEAK_ENOMEM;
                }
        return 0;
}

static int read_all(struct feed_files *files, bool strict, struct offpeak_error *err)
{
        for (size_t i = 0; i < files->n_files; i++) {
                struct offpeak_error wrong;

                if (read_file(&files->files[i], &wrong) == 0)
                        continue;
                if (strict) {
                        *err = wrong;
                        return wrong.code;
                }
                log_warning("%s; what it last said stays in force", wrong.text);
        }
        return 0;
}

static void watch_all(struct feed_files *files, uv_loop_t *loop)
{
        for (size_t i = 0; i < files->n_files; i++) {
                struct feed_file *file = &files->files[i];

                uv_fs_poll_init(loop, &file->poll);
                file->poll.data = file;
                uv_fs_poll_start(&file->poll, on_change, file->feed.path, LOOK_EVERY_MS);
                files->n_open++;
        }
}

int feed_files_open(uv_loop_t *loop, const struct config *config, struct engine *engine, bool strict,
                    struct feed_files **ret_files, struct offpeak_error *err)
{
        struct feed_files *files = calloc(1, sizeof(*files));
        int code;

        if (files == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        files->engine = engine;
        code = list_files(files, config);
        if (code != 0)
                fail(err, code, "out of memory");
        else
                code = read_all(files, strict, err);
        if (code != 0) {
                free_files(files);
                return code;
        }
        watch_all(files, loop);
        *ret_files = files;
        return 0;
}

static void finish(struct feed_files *files)
{
        void (*closed)(void *) = files->closed;
        void *context = files->closed_context;

        free_files(files);
        if (closed != NULL)
                closed(context);
}

static void on_closed(uv_handle_t *handle)
{
        struct feed_file *file = handle->data;

        if (--file->owner->n_open == 0)
                finish(file->owner);
}

void feed_files_close(struct feed_files *files, void (*closed)(void *context), void *context)
{
        if (files == NULL) {
                if (closed != NULL)
                        closed(context);
                return;
        }
        files->closed = closed;
        files->closed_context = context;
        if (files->n_open == 0) {
                finish(files);
                return;
        }
        for (size_t i = 0; i < files->n_files; i++)
                uv_close((uv_handle_t *)&files->files[i].poll, on_closed);
}

int feed_files_check(const struct config *config, struct offpeak_error *err)
{
        for (size_t s = 0; s < config->policy.n_sites; s++)
                for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++) {
                        const struct config_feed *feed = feed_of(&config->files[s], (enum series_kind)kind);
                        const struct policy_site *site = &config->policy.sites[s];
                        struct series series;
                        int code;

                        if (feed->path == NULL)
                                continue;
                        code = read_feed(feed, site->name, (enum series_kind)kind, site->currency, &series, err);
                        if (code != 0)
                                return code;
                        series_finish(&series);
                }
        return 0;
}
