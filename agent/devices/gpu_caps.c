/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/devices/gpu_caps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

enum { RECORD_MAX = 8192, ADDRESS_SIZE = 20 };

struct record {
        struct leg_id leg;
        char driver[16], library[PATH_MAX]; /* library "": as the system finds it */
        uint32_t before_mw;
};

/* The folder, and the lock on it. */
struct folder {
        int fd, lock_fd;
};

/* A vendor's library: to start one can take seconds, so it serves several cards. Zeroed: none is open. */
struct library {
        const struct gpu_driver *driver;
        void *state;
        char path[PATH_MAX];
};

/* ---- the folder */

static int open_folder(const char *state, bool make, struct folder *ret_folder, struct offpeak_error *err)
{
        struct folder folder;
        char path[PATH_MAX];

        if (snprintf(path, sizeof(path), "%s/caps", state) >= PATH_MAX)
                return fail(err, OFFPEAK_EINVAL, "the path %s is too long", state);
        if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "cannot create %s: %s", path, strerror(errno));
        folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder.fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s: %s", path,
                            strerror(errno));
        folder.lock_fd = openat(folder.fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (folder.lock_fd < 0 || flock(folder.lock_fd, LOCK_EX) < 0) {
                fail(err, OFFPEAK_EIO, "cannot lock %s: %s", path, strerror(errno));
                if (folder.lock_fd >= 0)
                        close(folder.lock_fd);
                close(folder.fd);
                return OFFPEAK_EIO;
        }
        *ret_folder = folder;
        return 0;
}

static void close_folder(const struct folder *folder)
{
        close(folder->lock_fd);
        close(folder->fd);
}

/* ---- a record */

static int read_record(int fd, const char *address, struct record *ret_record, struct offpeak_error *err)
{
        char *text, leg[LEG_NAME_SIZE];
        int64_t before;
        bool good;
        int code = leg_file_get(fd, address, RECORD_MAX, &text, NULL, err);

        if (code != 0)
                return code;
        good = leg_file_field(text, "leg", leg, sizeof(leg)) && leg_name_parse(leg, &ret_record->leg) &&
               leg_file_field(text, "driver", ret_record->driver, sizeof(ret_record->driver)) &&
               leg_file_field(text, "library", ret_record->library, sizeof(ret_record->library)) &&
               leg_file_number(text, "before", 1, UINT32_MAX, &before);
        free(text);
        if (!good)
                return fail(
                        err, OFFPEAK_EINVAL,
                        "the record of GPU %s's power limit is damaged: set the limit by hand (nvidia-smi -pl), and "
                        "remove the file from the folder caps of the agent's state_dir",
                        address);
        ret_record->before_mw = (uint32_t)before;
        return 0;
}

static int write_record(int fd, const char *address, const struct record *record, struct offpeak_error *err)
{
        char text[RECORD_MAX], leg[LEG_NAME_SIZE];
        int n = snprintf(text, sizeof(text), "leg %s\ndriver %s\nlibrary %s\nbefore %" PRIu32 "\n",
                         leg_name(record->leg, leg), record->driver, record->library, record->before_mw);
        int code = leg_file_put(fd, address, text, (size_t)n, 0600, err);

        if (code == 0 && fsync(fd) < 0)
                code = fail(err, OFFPEAK_EIO, "cannot write a power limit's record to disk: %s", strerror(errno));
        return code;
}

bool gpu_caps_before(const char *state, const char *address, uint32_t *ret_mw)
{
        struct record record;
        char path[PATH_MAX];
        int fd, code;

        if (snprintf(path, sizeof(path), "%s/caps", state) >= PATH_MAX)
                return false;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return false;
        code = read_record(fd, address, &record, NULL);
        close(fd);
        if (code == 0)
                *ret_mw = record.before_mw;
        return code == 0;
}

/* ---- a card */

static void close_library(struct library *library)
{
        if (library->driver != NULL)
                library->driver->close(library->state);
        library->driver = NULL;
}

/* path "": as the system finds it. */
static int open_library(struct library *library, const struct gpu_driver *driver, const char *path,
                        struct offpeak_error *err)
{
        int code;

        if (library->driver == driver && strcmp(library->path, path) == 0)
                return 0;
        close_library(library);
        code = driver->open(path[0] != '\0' ? path : NULL, &library->state, err);
        if (code != 0)
                return code;
        library->driver = driver;
        snprintf(library->path, sizeof(library->path), "%s", path);
        return 0;
}

/* In the library of the driver of this name or, if that is NULL, of the first that knows the card. */
static int find_card(struct library *library, const char *name, const char *path, const char *address, void **ret_gpu,
                     struct offpeak_error *err)
{
        int code = fail(err, OFFPEAK_ENOTFOUND, "%s: there is no GPU driver \"%s\"", address, name != NULL ? name : "");

        for (size_t i = 0; gpu_drivers[i] != NULL && code != 0; i++) {
                if (name != NULL && strcmp(gpu_drivers[i]->name, name) != 0)
                        continue;
                code = open_library(library, gpu_drivers[i], path, err);
                if (code == 0)
                        code = library->driver->find(library->state, address, ret_gpu, err);
        }
        return code;
}

/* ---- putting a cap */

static uint32_t within(uint32_t mw, const struct gpu_facts *facts)
{
        if (facts->max_mw > 0 && mw > facts->max_mw)
                mw = facts->max_mw;
        return mw < facts->min_mw ? facts->min_mw : mw;
}

static int check_facts(const char *address, const struct gpu_facts *facts, struct offpeak_error *err)
{
        if (facts->is_split)
                return fail(err, OFFPEAK_ESTATE,
                            "GPU %s is split into instances (MIG) that share its power: no cap is put on it", address);
        if (facts->limit_mw == 0)
                return fail(err, OFFPEAK_ESTATE, "GPU %s tells no power limit: no cap is put on it", address);
        return 0;
}

/* Recorded, then set. What could not be set needs no record, unless one was there. */
static int set(int fd, const struct library *library, void *gpu, const char *address, const struct record *record,
               bool is_new, uint32_t mw, struct offpeak_error *err)
{
        int code = write_record(fd, address, record, err);

        if (code != 0)
                return code;
        code = library->driver->set_limit(library->state, gpu, mw, err);
        if (code != 0 && is_new)
                unlinkat(fd, address, 0);
        return code;
}

static int put(int fd, struct leg_id leg, const char *address, const struct library *library, void *gpu, uint32_t mw,
               uint32_t *ret_mw, struct offpeak_error *err)
{
        struct record record = { .before_mw = 0 };
        struct gpu_facts facts;
        bool is_new = read_record(fd, address, &record, NULL) != 0;
        int code = library->driver->facts(library->state, gpu, &facts, err);

        if (code == 0)
                code = check_facts(address, &facts, err);
        if (code != 0)
                return code;
        if (is_new)
                record.before_mw = facts.limit_mw;
        mw = within(mw, &facts);
        *ret_mw = facts.limit_mw;
        if (is_new && mw >= facts.limit_mw)
                return 0; /* a cap raises nothing */
        record.leg = leg;
        snprintf(record.driver, sizeof(record.driver), "%s", library->driver->name);
        snprintf(record.library, sizeof(record.library), "%s", library->path);
        code = set(fd, library, gpu, address, &record, is_new, mw < record.before_mw ? mw : record.before_mw, err);
        return code != 0 ? code : library->driver->limit(library->state, gpu, ret_mw, err);
}

int gpu_caps_put(const char *state, struct leg_id leg, const char *address, const char *path, uint32_t mw,
                 uint32_t *ret_mw, struct offpeak_error *err)
{
        struct library library = { .driver = NULL };
        struct folder folder;
        void *gpu;
        int code = open_folder(state, true, &folder, err);

        if (code != 0)
                return code;
        code = find_card(&library, NULL, path != NULL ? path : "", address, &gpu, err);
        if (code == 0)
                code = put(folder.fd, leg, address, &library, gpu, mw, ret_mw, err);
        close_library(&library);
        close_folder(&folder);
        return code;
}

/* ---- putting it back */

static int set_back(struct library *library, const char *address, const struct record *record,
                    struct offpeak_error *err)
{
        uint32_t now_mw;
        void *gpu;
        int code = find_card(library, record->driver, record->library, address, &gpu, err);

        if (code == 0)
                code = library->driver->limit(library->state, gpu, &now_mw, err);
        if (code == 0 && now_mw != record->before_mw)
                code = library->driver->set_limit(library->state, gpu, record->before_mw, err);
        return code;
}

/* What one round of putting back goes by, and what it did. */
struct round {
        int fd;
        struct library library;
        bool (*is_over)(void *context, struct leg_id leg);
        void *context;
        unsigned n;
};

static int put_back(struct round *round, const char *address, struct offpeak_error *err)
{
        struct record record;
        int code = read_record(round->fd, address, &record, err);

        if (code != 0 || !round->is_over(round->context, record.leg))
                return code;
        code = set_back(&round->library, address, &record, err);
        if (code != 0)
                return code;
        round->n++;
        if (unlinkat(round->fd, address, 0) < 0 && errno != ENOENT)
                return fail(err, OFFPEAK_EIO, "the record of GPU %s's power limit cannot be removed: %s", address,
                            strerror(errno));
        return 0;
}

static bool is_record(const char *name)
{
        return name[0] != '.' && strcmp(name, "lock") != 0 && strlen(name) < ADDRESS_SIZE;
}

static int put_all_back(struct round *round, struct offpeak_error *err)
{
        DIR *listing = fdopendir(openat(round->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct offpeak_error why;
        int code = 0;

        if (listing == NULL)
                return fail(err, OFFPEAK_EIO, "the records of power limits cannot be listed: %s", strerror(errno));
        for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
                if (is_record(entry->d_name) && put_back(round, entry->d_name, &why) != 0 && code == 0)
                        code = fail(err, why.code, "%s", why.text);
        closedir(listing);
        return code;
}

int gpu_caps_put_back(const char *state, bool (*is_over)(void *context, struct leg_id leg), void *context,
                      unsigned *ret_n, struct offpeak_error *err)
{
        struct round round = { .is_over = is_over, .context = context };
        struct folder folder;
        int code = open_folder(state, false, &folder, err);

        if (ret_n != NULL)
                *ret_n = 0;
        if (code != 0)
                return code == OFFPEAK_ENOTFOUND ? 0 : code;
        round.fd = folder.fd;
        code = put_all_back(&round, err);
        close_library(&round.library);
        close_folder(&folder);
        if (ret_n != NULL)
                *ret_n = round.n;
        return code;
}
