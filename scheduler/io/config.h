/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the scheduler's one configuration file (YAML; docs/configuration.md names every key).
 *
 * Strict: an unknown key, a wrong unit, a name used twice is an error that names file, line and column, and the
 * nearest known key. What the core decides by ends up in `policy`, and from there in the log; the rest is how
 * this process runs.
 */
#ifndef OFFPEAK_IO_CONFIG_H
#define OFFPEAK_IO_CONFIG_H

#include <offpeak/error.h>

#include "core/policy.h"
#include "feeds/mapping.h"
#include "io/config_faults.h"

/* Where a series comes from. */
struct config_url; /* config_url.h */

struct config_feed {
        char *path;              /* absolute (relative ones start at the file's folder); NULL: no file */
        struct config_url *url;  /* NULL: nothing to fetch. With both NULL there is no such feed */
        struct mapping *mapping; /* NULL: our own CSV form, strictly (feeds/csv.h) */
        uint64_t fingerprint;    /* of all that is said of it */
        bool has_lowest, has_highest;
        int64_t lowest, highest; /* what a value may be, in the kind's unit */
};

/* Where the series of a site come from. */
struct config_site_files {
        struct config_feed price, carbon, capacity, limit, export_price, solar, stored;
        struct config_feed ppas[SUPPLY_MAX_PPAS]; /* production, in the order of the terms */
};

struct config {
        struct policy policy;
        struct config_site_files *files; /* policy.n_sites of them, same order */
        char **listen;                   /* endpoints; at least one (default: the machine's ipc endpoint) */
        size_t n_listen;
        char *state_dir;                 /* the store lives here; default /var/lib/offpeak as root, else under $HOME */
        char *curve_secret;              /* own NAME.key; NULL: no CURVE */
        char *curve_clients;             /* folder of authorised NAME.pub files; NULL with curve_secret NULL */
        bool clock_scaled;
        int64_t clock_start;             /* UTC seconds; 0: now */
        double clock_rate;
        uint32_t snapshot_records;       /* a snapshot after so many log records */
        int log_level;                   /* enum log_level of wire/log.h */
        struct said *said;               /* the file as written (config_schema.h), for who shows it */
        bool reread;                     /* what counts at the start alone may be of an older file than `said` */
};

/* ECONFIG with "FILE:LINE:COLUMN: ..."; ENOTFOUND, EIO if it cannot be read. ret_config is written on success only. */
int config_read(const char *path, struct config *ret_config, struct offpeak_error *err);

/*
 * The same, and all that is wrong and not the first alone, in the order of the file: faults begins empty and is to be
 * finished in any case. What config_read refuses because of the machine or the user, secrets that cannot be read say,
 * is a warning.
 */
int config_read_all(const char *path, struct config *ret_config, struct config_faults *faults,
                    struct offpeak_error *err);

void config_finish(struct config *config);

#endif
