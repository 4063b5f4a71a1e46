/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power.h - what the node draws: one driver per file, each a source of cumulative energy.
 *
 * Sources are asked for in the order of the table in power.c; the first that is there speaks. Energy is cumulative uJ
 * since open, so that a reading that is missed loses nothing; each tells how good it is.
 */
#ifndef OFFPEAK_AGENT_POWER_H
#define OFFPEAK_AGENT_POWER_H

#include <stdint.h>

#include <offpeak/error.h>

#include "ledger/booking.h"

enum { POWER_NOT_DECLARED = -1 };

struct power_config {
        const char *powercap;    /* sysfs class folder; NULL: /sys/class/powercap. Read at open only */
        int64_t idle_w;          /* declared for the whole node with nothing running; POWER_NOT_DECLARED */
        int64_t device_w;        /* declared for each device in use, above idle; POWER_NOT_DECLARED */
};

/* What a reading is of. Sensors need neither; the model has nothing else. */
struct power_moment {
        int64_t ms;              /* any clock that does not go back */
        uint64_t busy;           /* devices in use since the last reading, bit mask */
};

/* read: cumulative uJ. ENOTFOUND from open: this machine has no such source; EIO: one that does not answer. */
struct power_driver {
        const char *name;
        enum quality quality;
        int (*open)(const struct power_config *config, void **ret_source, struct offpeak_error *err);
        int (*read)(void *source, const struct power_moment *moment, int64_t *ret_uj, struct offpeak_error *err);
        void (*close)(void *source);
};

extern const struct power_driver power_rapl;  /* rapl.c: processors and memory, measured by themselves */
extern const struct power_driver power_model; /* model.c: declared watts */

struct power {
        const struct power_driver *driver;
        void *source;
};

/*
 * The first source that is there. ENOTFOUND: none, and nothing is declared (err says what to declare, and why a sensor
 * that is there could not be read).
 */
int power_open(const struct power_config *config, struct power *ret_power, struct offpeak_error *err);

/* This one only. */
int power_open_driver(const struct power_driver *driver, const struct power_config *config, struct power *ret_power,
                      struct offpeak_error *err);

/* EIO: the source does not answer now; a later reading includes what this one missed. */
int power_read(const struct power *power, const struct power_moment *moment, int64_t *ret_uj,
               struct offpeak_error *err);
void power_close(struct power *power);

#endif
