/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "core/state.h"

/* On disk, in the machine's own byte order: the file never leaves its machine. */
struct header {
        char magic[8];
        uint64_t next_seq; /* as of the last writing anew; records only raise it */
        uint64_t acked;
        uint64_t sum;
};

struct record {
        uint64_t seq; /* 0: a mark */
        uint64_t job;
        int64_t start, end, joules;
        uint32_t attempt, quality;
        uint64_t sum;
};

static const char MAGIC[8] = { 'O', 'F', 'P', 'S', 'P', 'O', 'O', '1' };

enum { ANEW_RECORDS = 4096 }; /* records that are no longer needed before the file is written anew */

struct spool {
        int fd;
        char *path;
        uint64_t next_seq, acked, synced; /* synced: highest seq on disk */
        struct message_reading *waiting;  /* ring of unacknowledged ones, ascending */
        size_t n_waiting, cap_waiting, first;
        struct message_reading *last; /* of each leg that is not forgotten */
        size_t n_last, cap_last;
        size_t n_records; /* in the file */
        bool dirty;
};

/* FNV-1a. Guards against torn writes, not against people. */
static uint64_t checksum(const void *bytes, size_t size)
{
        const unsigned char *p = bytes;
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < size; i++)
                sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
        return sum;
}

static struct record to_record(const struct message_reading *reading)
{
        struct record record = { .seq = reading->seq,
                                 .job = reading->job,
                                 .start = reading->start,
                                 .end = reading->end,
                                 .joules = reading->joules,
                                 .attempt = reading->attempt,
                                 .quality = reading->quality };

        record.sum = checksum(&record, offsetof(struct record, sum));
        return record;
}

/* Agents wrote readings without a quality for a while, which no scheduler takes. */
static struct message_reading from_record(const struct record *record)
{
        return (struct message_reading){ .seq = record->seq,
                                         .job = record->job,
                                         .attempt = record->attempt,
                                         .start = record->start,
                                         .end = record->end,
                                         .joules = record->joules,
                                         .quality = record->quality != 0 ? record->quality : QUALITY_ESTIMATED };
}

/* ---- in memory */

static struct message_reading *waiting_at(const struct spool *spool, size_t i)
{
        return &spool->waiting[(spool->first + i) % spool->cap_waiting];
}

static int push_waiting(struct spool *spool, const struct message_reading *reading)
{
        if (spool->n_waiting == spool->cap_waiting) {
                size_t cap = spool->cap_waiting == 0 ? 64 : 2 * spool->cap_waiting;
                struct message_reading *ring = calloc(cap, sizeof(*ring));
                if (ring == NULL)
                        return OFFPEAK_ENOMEM;
                for (size_t i = 0; i < spool->n_waiting; i++)
                        ring[i] = *waiting_at(spool, i);
                free(spool->waiting);
                spool->waiting = ring;
                spool->cap_waiting = cap;
                spool->first = 0;
        }
        *waiting_at(spool, spool->n_waiting++) = *reading;
        return 0;
}

static struct message_reading *find_last(const struct spool *spool, uint64_t job, uint32_t attempt)
{
        for (size_t i = 0; i < spool->n_last; i++)
                if (spool->last[i].job == job && spool->last[i].attempt == attempt)
                        return &spool->last[i];
        return NULL;
}

static int keep_last(struct spool *spool, const struct message_reading *reading)
{
        struct message_reading *last = find_last(spool, reading->job, reading->attempt);

        if (last == NULL && spool->n_last == spool->cap_last) {
                size_t cap = spool->cap_last == 0 ? 16 : 2 * spool->cap_last;
                struct message_reading *table = realloc(spool->last, cap * sizeof(*table));
                if (table == NULL)
                        return OFFPEAK_ENOMEM;
                spool->last = table;
                spool->cap_last = cap;
        }
        if (last == NULL)
                last = &spool->last[spool->n_last++];
        *last = *reading;
        return 0;
}

static int remember(struct spool *spool, const struct message_reading *reading)
{
        if (reading->seq >= spool->next_seq)
                spool->next_seq = reading->seq + 1;
        if (reading->seq > spool->acked && push_waiting(spool, reading) != 0)
                return OFFPEAK_ENOMEM;
        return keep_last(spool, reading);
}

/* ---- on disk */

static int io_error(const struct spool *spool, const char *verb, struct offpeak_error *err)
{
        return fail(err, OFFPEAK_EIO, "%s: cannot %s: %s", spool->path, verb, strerror(errno));
}

static int write_all(int fd, const void *bytes, size_t size)
{
        const char *p = bytes;

        while (size > 0) {
                ssize_t n = write(fd, p, size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

static int write_header(const struct spool *spool, int fd)
{
        struct header header = { .next_seq = spool->next_seq, .acked = spool->acked };

        memcpy(header.magic, MAGIC, sizeof(MAGIC));
        header.sum = checksum(&header, offsetof(struct header, sum));
        return write_all(fd, &header, sizeof(header));
}

static int write_record(int fd, const struct message_reading *reading)
{
        struct record record = to_record(reading);

        return write_all(fd, &record, sizeof(record));
}

static int sync_directory(const char *path)
{
        char copy[4096];
        int fd, rc;

        snprintf(copy, sizeof(copy), "%s", path);
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -1;
        rc = fsync(fd);
        close(fd);
        return rc;
}

static int write_needed(const struct spool *spool, int fd, size_t *ret_count)
{
        size_t count = 0;

        if (write_header(spool, fd) != 0)
                return -1;
        for (size_t i = 0; i < spool->n_last; i++) {
                if (spool->last[i].seq > spool->acked)
                        continue; /* waits, and comes below */
                if (write_record(fd, &spool->last[i]) != 0)
                        return -1;
                count++;
        }
        for (size_t i = 0; i < spool->n_waiting; i++, count++)
                if (write_record(fd, waiting_at(spool, i)) != 0)
                        return -1;
        *ret_count = count;
        return fsync(fd);
}

/* A new file with what is still needed takes the old one's place; until then the old one is whole. */
static int write_anew(struct spool *spool, struct offpeak_error *err)
{
        char path[4096 + 8];
        size_t count = 0;
        int code;

        snprintf(path, sizeof(path), "%s.new", spool->path);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return io_error(spool, "make a new file beside it", err);
        if (write_needed(spool, fd, &count) != 0 || rename(path, spool->path) != 0) {
                code = io_error(spool, "write it anew", err);
                close(fd);
                return code;
        }
        if (spool->fd >= 0)
                close(spool->fd);
        spool->fd = fd;
        spool->n_records = count;
        spool->dirty = true;
        if (sync_directory(spool->path) != 0)
                return io_error(spool, "make its place in the directory durable", err);
        spool->synced = spool->next_seq - 1;
        spool->dirty = false;
        return 0;
}

static int read_header(struct spool *spool, struct offpeak_error *err)
{
        struct header header;
        ssize_t n = pread(spool->fd, &header, sizeof(header), 0);

        if (n < 0)
                return io_error(spool, "read", err);
        if (n != sizeof(header) || memcmp(header.magic, MAGIC, sizeof(MAGIC)) != 0 ||
            header.sum != checksum(&header, offsetof(struct header, sum)))
                return fail(err, OFFPEAK_EIO,
                            "%s is not a spool of this version, or it is damaged. Move it away to go on without the "
                            "readings in it",
                            spool->path);
        spool->next_seq = header.next_seq;
        spool->acked = header.acked;
        return 0;
}

/* Records up to the first that does not check; what follows was cut short by a crash. */
static int read_records(struct spool *spool, size_t *ret_dropped, struct offpeak_error *err)
{
        off_t offset = sizeof(struct header);
        struct record record;
        struct stat st;

        while (pread(spool->fd, &record, sizeof(record), offset) == sizeof(record)) {
                if (record.sum != checksum(&record, offsetof(struct record, sum)))
                        break;
                struct message_reading reading = from_record(&record);
                if (remember(spool, &reading) != 0)
                        return fail(err, OFFPEAK_ENOMEM, "%s: out of memory", spool->path);
                offset += (off_t)sizeof(record);
                spool->n_records++;
        }
        if (fstat(spool->fd, &st) != 0)
                return io_error(spool, "look at it", err);
        *ret_dropped = (size_t)(st.st_size - offset);
        if (st.st_size > offset && ftruncate(spool->fd, offset) != 0)
                return io_error(spool, "cut its damaged end", err);
        spool->synced = spool->next_seq - 1;
        spool->dirty = true; /* what an earlier agent wrote may not be on disk: told only after the next sync */
        return spool_sync(spool, err);
}

int spool_open(const char *path, uint64_t first_seq, struct spool **ret_spool, size_t *ret_dropped,
               struct offpeak_error *err)
{
        struct spool *spool = calloc(1, sizeof(*spool));
        size_t dropped = 0;
        int code;

        if (spool == NULL || (spool->path = strdup(path)) == NULL) {
                free(spool);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        spool->next_seq = first_seq;
        spool->acked = first_seq - 1;
        spool->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        if (spool->fd >= 0) {
                code = read_header(spool, err);
                if (code == 0)
                        code = read_records(spool, &dropped, err);
        } else if (errno == ENOENT) {
                code = write_anew(spool, err);
        } else {
                code = io_error(spool, "open", err);
        }
        if (code != 0) {
                spool_close(spool);
                return code;
        }
        if (ret_dropped != NULL)
                *ret_dropped = dropped;
        *ret_spool = spool;
        return 0;
}

void spool_close(struct spool *spool)
{
        if (spool == NULL)
                return;
        if (spool->fd >= 0)
                close(spool->fd);
        free(spool->path);
        free(spool->waiting);
        free(spool->last);
        free(spool);
}

/* A record that was written in part only is cut off again: the next one must begin where a record begins. */
static int append(struct spool *spool, const struct message_reading *reading, struct offpeak_error *err)
{
        off_t size = (off_t)(sizeof(struct header) + spool->n_records * sizeof(struct record));

        if (write_record(spool->fd, reading) != 0) {
                int code = io_error(spool, "append", err);
                if (ftruncate(spool->fd, size) != 0)
                        return io_error(spool, "append, nor cut what was appended,", err);
                return code;
        }
        spool->n_records++;
        spool->dirty = true;
        return remember(spool, reading) == 0 ? 0 : fail(err, OFFPEAK_ENOMEM, "%s: out of memory", spool->path);
}

int spool_append(struct spool *spool, const struct message_reading *reading, struct offpeak_error *err)
{
        struct message_reading numbered = *reading;

        if (spool->n_waiting >= SPOOL_MAX)
                return fail(err, OFFPEAK_ETRYAGAIN, "%s is full: %d readings wait for the scheduler", spool->path,
                            SPOOL_MAX);
        numbered.seq = spool->next_seq;
        return append(spool, &numbered, err);
}

int spool_mark(struct spool *spool, const struct message_reading *reading, struct offpeak_error *err)
{
        struct message_reading mark = *reading;

        mark.seq = 0;
        return append(spool, &mark, err);
}

int spool_sync(struct spool *spool, struct offpeak_error *err)
{
        if (!spool->dirty)
                return 0;
        if (fdatasync(spool->fd) != 0)
                return io_error(spool, "make it durable", err);
        spool->synced = spool->next_seq - 1;
        spool->dirty = false;
        return 0;
}

size_t spool_peek(const struct spool *spool, struct message_reading *ret_readings, size_t max)
{
        size_t n = 0;

        while (n < max && n < spool->n_waiting && waiting_at(spool, n)->seq <= spool->synced) {
                ret_readings[n] = *waiting_at(spool, n);
                n++;
        }
        return n;
}

size_t spool_waiting(const struct spool *spool)
{
        return spool->n_waiting;
}

int spool_ack(struct spool *spool, uint64_t seq, struct offpeak_error *err)
{
        if (seq > spool->synced)
                seq = spool->synced; /* of another life of this node: what was not told cannot be known */
        if (seq <= spool->acked)
                return 0;
        spool->acked = seq;
        while (spool->n_waiting > 0 && waiting_at(spool, 0)->seq <= seq) {
                spool->first = (spool->first + 1) % spool->cap_waiting;
                spool->n_waiting--;
        }
        if (spool->n_records < ANEW_RECORDS + spool->n_waiting + spool->n_last)
                return 0;
        return write_anew(spool, err);
}

bool spool_last(const struct spool *spool, uint64_t job, uint32_t attempt, struct message_reading *ret_reading)
{
        const struct message_reading *last = find_last(spool, job, attempt);

        if (last != NULL)
                *ret_reading = *last;
        return last != NULL;
}

void spool_forget(struct spool *spool, uint64_t job, uint32_t attempt)
{
        struct message_reading *last = find_last(spool, job, attempt);

        if (last != NULL)
                *last = spool->last[--spool->n_last];
}

void spool_forget_others(struct spool *spool, bool (*keep)(void *context, uint64_t job, uint32_t attempt),
                         void *context)
{
        for (size_t i = spool->n_last; i-- > 0;)
                if (!keep(context, spool->last[i].job, spool->last[i].attempt))
                        spool->last[i] = spool->last[--spool->n_last];
}
