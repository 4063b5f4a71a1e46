/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter.h - who drew the node's energy: its idle, and each running leg above that. Pure.
 *
 * The energy between two samples is shared out: idle gets what the idle node draws in that time (all of it if the node
 * drew less), the legs the rest, by what their devices drew or, where that is unknown, by their number of devices.
 * Nothing is lost or made up: the accounts' microjoules sum to the samples'.
 *
 * An account is a row of stretches that abut. A stretch ends at each multiple of METER_CUT_S of wall time and where its
 * leg ends; it becomes a reading in whole joules, and what is left below a joule goes on in the next. If a reading
 * cannot be taken (a full spool), its stretch just goes on.
 *
 * Units: wall ms and s since 1970 in the scheduler's time (which may be scaled), energy uJ. Wall time never goes back
 * here: a sample from before the last one adds its energy where time stands.
 */
#ifndef OFFPEAK_AGENT_METER_H
#define OFFPEAK_AGENT_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/shim/leg_dir.h"
#include "ledger/booking.h"
#include "wire/message.h"

enum { METER_CUT_S = 300 };

struct meter_account {
        struct leg_id id;        /* job 0: the node's idle */
        uint64_t devices;
        int64_t start;           /* of the open stretch, s */
        int64_t uj;              /* drawn in it, and the rest below a joule of those before */
        enum quality quality;    /* the worst of what went into it */
};

/* Where readings go; their seq is not set. Non-zero: it cannot be taken now. */
struct meter_sink {
        int (*take)(void *context, const struct message_reading *reading);
        void *context;
};

struct meter {
        bool running;
        int64_t wall_ms;              /* metered up to here */
        struct meter_account *accounts; /* [0]: idle, once running */
        size_t n_accounts, cap_accounts;
        struct meter_sink sink;
};

struct meter_sample {
        int64_t wall_ms;
        int64_t node_uj;              /* drawn since the last sample */
        int64_t idle_uj;              /* what the idle node would have drawn */
        const int64_t *device_uj;     /* above its idle, by device number, OFFPEAK_MAX_DEVICES of them; NULL: unknown */
        enum quality quality;
        enum quality idle_quality;          /* 0: as the rest */
        const enum quality *device_quality; /* a leg's energy is as good as the worst of its devices'; NULL: of all */
};

void meter_init(struct meter *meter, const struct meter_sink *sink);
void meter_finish(struct meter *meter);

/*
 * Begin. since: where the node's idle was metered up to (s), or 0: nothing is known before wall_ms. What was drawn in
 * between nobody saw: gap_uj, of that quality. ENOMEM.
 */
int meter_start(struct meter *meter, int64_t wall_ms, int64_t since, int64_t gap_uj, enum quality quality);

/* A leg began, or was found running: its first stretch begins at since (s) or, if that is 0, now. ENOMEM. */
int meter_begin(struct meter *meter, struct leg_id id, uint64_t devices, int64_t since, int64_t gap_uj,
                enum quality quality);

/* The leg is over: its last stretch ends here. */
void meter_end(struct meter *meter, struct leg_id id);
bool meter_has(const struct meter *meter, struct leg_id id);

void meter_sample(struct meter *meter, const struct meter_sample *sample);

/* A leg that ran from since (s) to end_ms and is over already, which nobody saw: its readings, at once. */
void meter_past(struct meter *meter, struct leg_id id, int64_t since, int64_t end_ms, int64_t uj, enum quality quality);

/* End all stretches at this second and go on: before the agent leaves. */
void meter_cut(struct meter *meter);

#endif
