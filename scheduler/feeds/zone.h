/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - time zones from the system's tz database, and what a local time is in UTC.
 *
 * The files under /usr/share/zoneinfo (TZif, RFC 8536) are read here, so that nothing depends on the process' TZ.
 */
#ifndef OFFPEAK_FEEDS_ZONE_H
#define OFFPEAK_FEEDS_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

struct zone;

/*
 * "Europe/Berlin", "UTC", or a fixed offset: "+01:00", "-05:00". ENOTFOUND for a name that the database does not have,
 * EINVAL for one that is no name or a file that is no zone, EIO, ENOMEM.
 */
int zone_open(const char *name, struct zone **ret_zone, struct offpeak_error *err);

/* From the bytes of a TZif file. EINVAL, ENOMEM. */
int zone_parse(const char *name, const void *bytes, size_t size, struct zone **ret_zone, struct offpeak_error *err);

void zone_destroy(struct zone *zone);

/* Seconds east of UTC at a UTC time. */
int32_t zone_offset(const struct zone *zone, int64_t time);

/*
 * The UTC times whose local time it is, `local` being seconds of that civil time read as UTC. Returns how many:
 * 0 where clocks jump over it, 1, or 2 (ascending) where they show it twice.
 */
int zone_from_local(const struct zone *zone, int64_t local, int64_t ret_times[2]);

#endif
