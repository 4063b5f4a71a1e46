/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.c - the file is a header, the weights, and a hash of both, in the machine's own byte order.
 */
#include "checkpoint.h"

#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct header {
        char magic[8];
        struct recipe recipe;
        struct progress progress;
        uint64_t n_weights;
};

static const char magic[8] = "offpeak1";

static uint64_t hash_of(const struct header *header, const float *weights)
{
        uint64_t hash = hash_bytes(HASH_START, header, sizeof(*header));
        return hash_bytes(hash, weights, header->n_weights * sizeof(*weights));
}

static int write_all(int fd, const void *bytes, size_t size)
{
        const char *at = bytes;
        while (size > 0) {
                ssize_t wrote = write(fd, at, size);
                if (wrote < 0 && errno == EINTR)
                        continue;
                if (wrote < 0)
                        return -1;
                at += wrote;
                size -= (size_t)wrote;
        }
        return 0;
}

static int write_file(const char *path, const struct header *header, const float *weights)
{
        uint64_t hash = hash_of(header, weights);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return -1;
        if (write_all(fd, header, sizeof(*header)) || write_all(fd, weights, header->n_weights * sizeof(*weights)) ||
            write_all(fd, &hash, sizeof(hash)) || fsync(fd)) {
                int why = errno;
                close(fd);
                errno = why;
                return -1;
        }
        return close(fd);
}

/* A rename is on disk only after its folder is. */
static int sync_folder(const char *folder)
{
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -1;
        int failed = fsync(fd), why = errno;
        close(fd);
        errno = why;
        return failed;
}

int checkpoint_save(const char *folder, const char *name, const struct recipe *recipe, const struct progress *progress,
                    const float *weights, size_t n_weights)
{
        char path[PATH_MAX], temporary[PATH_MAX];
        struct header header = { .recipe = *recipe, .progress = *progress, .n_weights = n_weights };
        memcpy(header.magic, magic, sizeof(magic));
        if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
            snprintf(temporary, sizeof(temporary), "%s/%s.new", folder, name) >= (int)sizeof(temporary)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        if (write_file(temporary, &header, weights) || rename(temporary, path))
                return -1;
        return sync_folder(folder);
}

static enum checkpoint_result read_file(FILE *file, const struct recipe *recipe, struct progress *ret_progress,
                                        float *weights, size_t n_weights)
{
        struct header header;
        uint64_t hash;
        if (fread(&header, sizeof(header), 1, file) != 1 || memcmp(header.magic, magic, sizeof(magic)) != 0)
                return CHECKPOINT_DAMAGED;
        if (memcmp(&header.recipe, recipe, sizeof(*recipe)) != 0)
                return CHECKPOINT_OTHER;
        if (header.n_weights != n_weights || fread(weights, sizeof(*weights), n_weights, file) != n_weights ||
            fread(&hash, sizeof(hash), 1, file) != 1 || fgetc(file) != EOF || hash != hash_of(&header, weights))
                return CHECKPOINT_DAMAGED;
        *ret_progress = header.progress;
        return CHECKPOINT_LOADED;
}

enum checkpoint_result checkpoint_load(const char *folder, const char *name, const struct recipe *recipe,
                                       struct progress *ret_progress, float *ret_weights, size_t n_weights)
{
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
                errno = ENAMETOOLONG;
                return CHECKPOINT_UNREADABLE;
        }
        FILE *file = fopen(path, "rb");
        if (!file)
                return errno == ENOENT ? CHECKPOINT_NONE : CHECKPOINT_UNREADABLE;
        enum checkpoint_result result = CHECKPOINT_UNREADABLE;
        float *weights = malloc(n_weights * sizeof(*weights));
        if (weights)
                result = read_file(file, recipe, ret_progress, weights, n_weights);
        if (result == CHECKPOINT_LOADED)
                memcpy(ret_weights, weights, n_weights * sizeof(*weights));
        free(weights);
        fclose(file);
        return result;
}
