/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rapl.c - the processors' own energy counters, through the kernel's powercap class.
 *
 * Counted are the packages and, where a package has it as a zone of its own, its memory (a package's counter contains
 * its cores, but not its DRAM). "psys" and the mmio view are other views of the same energy. A counter wraps at
 * max_energy_range_uj: it must be read more often than that, about once a minute at full load.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/power/power.h"
#include "base/fail.h"

enum { MAX_ZONES = 64 };

struct zone {
        char path[PATH_MAX]; /* of its counter */
        int64_t range_uj;
        int64_t last_uj;
};

struct rapl {
        struct zone *zones;
        size_t n_zones;
        int64_t uj; /* drawn since open */
};

/* One number, or one word, from a file in sysfs. 0, or the errno. */
static int read_line(const char *path, char line[64])
{
        FILE *file = fopen(path, "re");
        int rc = 0;

        if (file == NULL)
                return errno;
        errno = 0;
        if (fgets(line, 64, file) == NULL)
                rc = errno != 0 ? errno : ENODATA;
        fclose(file);
        if (rc == 0)
                line[strcspn(line, "\n")] = '\0';
        return rc;
}

static int read_number(const char *path, int64_t *ret_number)
{
        char line[64], *end;
        long long number;
        int rc = read_line(path, line);

        if (rc != 0)
                return rc;
        number = strtoll(line, &end, 10);
        if (end == line || *end != '\0' || number < 0)
                return EBADMSG;
        *ret_number = number;
        return 0;
}

/* intel-rapl:0 is a package if it says so; intel-rapl:0:2 is memory if it says so. AMD's are called so too. */
static bool is_counted(const char *folder, const char *entry)
{
        char path[PATH_MAX], name[64];
        int package, zone, used = 0;

        snprintf(path, sizeof(path), "%s/%s/name", folder, entry);
        if (sscanf(entry, "intel-rapl:%d:%d%n", &package, &zone, &used) == 2 && entry[used] == '\0')
                return read_line(path, name) == 0 && strcmp(name, "dram") == 0;
        if (sscanf(entry, "intel-rapl:%d%n", &package, &used) == 1 && entry[used] == '\0')
                return read_line(path, name) == 0 && strncmp(name, "package", strlen("package")) == 0;
        return false;
}

static int add_zone(struct rapl *rapl, const char *folder, const char *entry, struct offpeak_error *err)
{
        struct zone *zone = &rapl->zones[rapl->n_zones];
        char range[PATH_MAX];
        int rc;

        snprintf(range, sizeof(range), "%s/%s/max_energy_range_uj", folder, entry);
        snprintf(zone->path, sizeof(zone->path), "%s/%s/energy_uj", folder, entry);
        rc = read_number(range, &zone->range_uj);
        if (rc == 0)
                rc = read_number(zone->path, &zone->last_uj);
        if (rc == EACCES || rc == EPERM)
                return fail(err, OFFPEAK_EIO, "%s may only be read by root: run the agent as root", zone->path);
        if (rc != 0)
                return fail(err, OFFPEAK_EIO, "%s cannot be read: %s", zone->path, strerror(rc));
        rapl->n_zones++;
        return 0;
}

static int find_zones(struct rapl *rapl, const char *folder, struct offpeak_error *err)
{
        DIR *listing = opendir(folder);
        struct dirent *entry;
        int rc = 0;

        if (listing == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "no RAPL counters (%s: %s)", folder, strerror(errno));
        while (rc == 0 && rapl->n_zones < MAX_ZONES && (entry = readdir(listing)) != NULL)
                if (is_counted(folder, entry->d_name))
                        rc = add_zone(rapl, folder, entry->d_name, err);
        closedir(listing);
        if (rc == 0 && rapl->n_zones == 0)
                rc = fail(err, OFFPEAK_ENOTFOUND, "no RAPL counters in %s", folder);
        return rc;
}

static void rapl_close(void *source)
{
        struct rapl *rapl = source;

        free(rapl->zones);
        free(rapl);
}

static int rapl_open(const struct power_config *config, void **ret_source, struct offpeak_error *err)
{
        const char *folder = config->powercap != NULL ? config->powercap : "/sys/class/powercap";
        struct rapl *rapl = calloc(1, sizeof(*rapl));
        int rc;

        if (rapl != NULL)
                rapl->zones = calloc(MAX_ZONES, sizeof(*rapl->zones));
        if (rapl == NULL || rapl->zones == NULL) {
                free(rapl);
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the power counters");
        }
        rc = find_zones(rapl, folder, err);
        if (rc == 0)
                *ret_source = rapl;
        else
                rapl_close(rapl);
        return rc;
}

static int64_t drawn(const struct zone *zone, int64_t now_uj)
{
        return now_uj >= zone->last_uj ? now_uj - zone->last_uj : now_uj + zone->range_uj - zone->last_uj;
}

/* A zone that does not answer keeps its last value, so that its energy comes with the next reading. */
static int rapl_read(void *source, const struct power_moment *moment, int64_t *ret_uj, struct offpeak_error *err)
{
        struct rapl *rapl = source;

        (void)moment;
        for (size_t i = 0; i < rapl->n_zones; i++) {
                struct zone *zone = &rapl->zones[i];
                int64_t now_uj;
                int rc = read_number(zone->path, &now_uj);

                if (rc != 0)
                        return fail(err, OFFPEAK_EIO, "%s cannot be read: %s", zone->path, strerror(rc));
                rapl->uj += drawn(zone, now_uj);
                zone->last_uj = now_uj;
        }
        *ret_uj = rapl->uj;
        return 0;
}

const struct power_driver power_rapl = {
        .name = "RAPL",
        .quality = QUALITY_MEASURED,
        .open = rapl_open,
        .read = rapl_read,
        .close = rapl_close,
};
