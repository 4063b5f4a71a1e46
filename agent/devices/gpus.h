/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpus.h - the GPUs of this node through their vendors' libraries: who they are, what they draw, how they are, and
 * their power limits.
 *
 * A library that is missing, a card that is lost and a call that hangs are said once in the log and in gpu_now.why;
 * nothing else of the node stops for them. Calls are made aside (aside.h), and never wait longer than GPUS_WAIT_MS.
 */
#ifndef OFFPEAK_AGENT_GPUS_H
#define OFFPEAK_AGENT_GPUS_H

#include "agent/devices/device.h"
#include "agent/devices/gpu_driver.h"
#include "agent/devices/gpu_links.h"
#include "ledger/booking.h"

enum {
        GPUS_OPEN_WAIT_MS = 10000, /* drivers that nobody used for a while take seconds to start */
        GPUS_WAIT_MS = 500,
        GPUS_FRESH_MS = 50, /* cards count in steps of 20 to 100 ms: within these nothing is asked again */
        GPUS_HEALTH_MS =
                10000, /* how often utilisation, memory, clocks and errors are looked at, and lost ones sought */
};

/* One GPU as it is known now. */
struct gpu_now {
        const struct gpu_driver *driver; /* NULL: no library knows it, and why is all there is below */
        struct gpu_facts facts;
        struct gpu_reading reading; /* the last one that worked */
        bool lost;                  /* fallen off the bus, or in need of a reset */
        bool answers;               /* the last reading worked */
        int64_t uj;                 /* drawn since open; what a missed reading missed comes with a later one */
        enum quality quality;       /* of what came with the last reading; ESTIMATED if it did not work */
        char why[200];              /* what is wrong with it; "": nothing */
        char unwell[160];           /* why no job should be given it; "": it is well, or nobody knows */
        int64_t ecc_errors;         /* uncorrected ones that were there before; GPU_UNKNOWN: not looked at yet */
};

struct gpus;

/*
 * Open the libraries that there are, and find the set's GPUs in them. library: NVML's file, or NULL. ENOMEM, EIO;
 * ENOTFOUND: no library knows any of them, err says why of each.
 */
int gpus_open(const struct device_set *set, const char *library, struct gpus **ret_gpus, struct offpeak_error *err);
void gpus_close(struct gpus *gpus); /* accepts NULL */

/* What the libraries knew of the cards' links when they were opened, over what `links` has (gpu_links.h). */
void gpus_links(const struct gpus *gpus, const struct device_set *set, struct place_link *links);

/* By the device's number. Valid until close. */
const struct gpu_now *gpus_at(const struct gpus *gpus, uint32_t device);

/* "GPU 0000:04:00.0: NAME, GPU-..., limit ..." for a person. */
void gpu_describe(const struct gpu_now *now, const char *address, char *buffer, size_t size);

/*
 * A card is unwell while it is lost; and from a fault that takes a reset, or a memory error that could not be
 * corrected, until it was lost and found again, or its counter of errors begins anew. What happened before the agent
 * began is not held against it, and a library that is missing or hangs says nothing about a card.
 */

/* Bring all up to date. now_ms: any clock that does not go back. */
void gpus_read(struct gpus *gpus, int64_t now_ms);

/* The same, and look at health now: something has gone wrong. */
void gpus_look(struct gpus *gpus, int64_t now_ms);

#endif
