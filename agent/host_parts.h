/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_parts.h - what the files of the agent's host share; not for others.
 *
 *   host.c          beginning and end, one input into the core, its actions out
 *   host_wire.c     frames from and to the scheduler
 *   host_caps.c     power caps of GPUs
 *   host_leg.c      directories, shims and their links, burials
 *   host_recover.c  what an earlier agent left
 *   host_meter.c    clock, sensors, readings
 *
 * Everything runs on one loop. A callback makes an input of what it learnt and gives it to host_feed once.
 */
#ifndef OFFPEAK_AGENT_HOST_PARTS_H
#define OFFPEAK_AGENT_HOST_PARTS_H

#include <limits.h>

#include <uv.h>

#include "agent/clock_map.h"
#include "agent/config.h"
#include "agent/core/agent_step.h"
#include "agent/hardware.h"
#include "agent/isolation.h"
#include "agent/last_lines.h"
#include "agent/meter.h"
#include "agent/node_lock.h"
#include "agent/shim/link.h"
#include "agent/spool.h"
#include "agent/state_dir.h"
#include "wire/keys.h"
#include "wire/zuv.h"

struct host;
struct host_caps;

/* What the host knows of a leg beside the core: its link, how it is buried, its end on the way to the core. */
struct host_leg {
        struct host_leg *next;
        struct host *host;
        struct leg_id id;
        struct link *link;       /* NULL: none */
        bool adopted;            /* it began under an earlier agent */
        int64_t met_ms;          /* BOOTTIME: launched, found or linked; a shim that stays mute is given up */
        enum report_state heard; /* the last one; 0: none */
        int64_t started;         /* UTC s of this node, as its shim says; 0: not yet */
        bool burying;
        enum leg_how bury_how;
        bool complained;         /* that it cannot be buried */
        bool has_exit;           /* to be told to the core after this turn */
        struct leg_exit exit;
        char *tail;              /* the last lines of one that failed; NULL: not known */
        double done, total;      /* as last read */
        bool cap_due;            /* its GPUs are to be capped anew, */
        uint32_t cap_ppm;        /* so far */
        bool cap_failed;         /* they were not, and the core is to hear it */
};

struct host {
        const struct agent_config *config;
        struct hardware *hardware;
        struct state_dir dir;
        struct node_lock lock;
        uv_loop_t loop;
        uv_timer_t turn_timer;   /* when the core wants a tick */
        uv_timer_t second_timer; /* metering, progress, fsync */
        uv_timer_t bury_timer;   /* while something is to be buried */
        uv_signal_t term, interrupt;
        bool stopping;
        int code;                /* of what ends this process */
        struct offpeak_error err;

        struct agent_state core;

        struct zuv *socket;
        struct wire_keys keys;
        bool has_keys;
        size_t told_readings;    /* with the last renewal */
        uint64_t told_unwell;    /* with it, too: devices */
        int64_t hello_ms;        /* when the hello under way was first sent; 0: none */
        bool said_silent;        /* that the scheduler does not answer */
        bool said_foreign;       /* that what it says cannot be understood */

        struct link_config links;
        char shim_path[PATH_MAX];
        struct isolation isolation;
        struct host_leg *legs;

        struct host_caps *caps;
        struct last_lines *last_lines; /* NULL: none are read */

        struct clock_map clock;
        bool clock_kept;         /* it was known before this agent: what was metered goes on */
        struct spool *spool;
        struct meter meter;
        int64_t spool_said_ms;   /* when the last complaint about it was made */
};

/* CLOCK_BOOTTIME. */
int64_t host_now_ms(void);

/*
 * One input: a step of the core, its actions, and what these make known at once. Not from within itself. Takes legs off
 * host->legs only when the input is an order.
 */
void host_feed(struct host *host, struct agent_input *input);

/* It cannot go on: leave the loop. Legs live on. */
void host_fail(struct host *host, const struct offpeak_error *err);

/* ---- host_wire.c */
int host_wire_open(struct host *host, struct offpeak_error *err);
void host_send_hello(struct host *host);
void host_send_renew(struct host *host);
void host_watch_silence(struct host *host);
void host_watch_devices(struct host *host); /* one that is unwell, or well again, is told at once */

/* ---- host_caps.c */
int host_caps_open(struct host *host, struct offpeak_error *err);
/* cap_ppm: as ordered, of each GPU's limit; 0: none. The configuration may cap further. put: before it starts */
void host_caps_put(struct host *host, struct leg_id id, uint64_t devices, uint32_t cap_ppm);
void host_caps_change(struct host *host, struct leg_id id, uint32_t cap_ppm);
void host_caps_note_end(struct host *host); /* of a leg */
void host_caps_tell(struct host *host);     /* the core, what did not work */
void host_caps_settle(struct host *host);   /* put, and put back, what is due */
void host_caps_close(struct host *host);

/* ---- host_leg.c */
struct host_leg *host_leg(const struct host *host, struct leg_id id);
struct host_leg *host_add_leg(struct host *host, struct leg_id id); /* NULL: out of memory, and the loop ends */
void host_remove_leg(struct host *host, struct host_leg *leg);
int host_connect_leg(struct host_leg *leg, struct offpeak_error *err);    /* to its live shim */
bool host_read_end(struct host_leg *leg, struct leg_exit *ret_exit);      /* its progress; true: its exit record, too */
void host_note_exit(struct host_leg *leg, const struct leg_exit *record); /* goes to the core after this turn */
void host_launch(struct host *host, const struct agent_action *action);
void host_tell_shim(struct host *host, const struct agent_action *action);      /* GO, STOP, LEASE */
void host_bury(struct host *host, struct leg_id id);
void host_delete(struct host *host, struct leg_id id);
void host_read_progress(struct host *host);
void host_give_up_mute_shims(struct host *host);
void host_close_legs(struct host *host);

/* ---- host_recover.c: feeds the core what is found; ret_sure: absence of a leg proves something */
int host_recover(struct host *host, bool *ret_sure, struct offpeak_error *err);

/* ---- host_meter.c */
int host_meter_open(struct host *host, struct offpeak_error *err);
void host_meter_clock(struct host *host, const struct message_grant *grant, int64_t sent_ms);
void host_meter_sample(struct host *host);                                      /* up to now */
void host_meter_cut(struct host *host);                                         /* and no reading goes beyond */
void host_meter_begin_legs(struct host *host);                                  /* those that run and are not metered */
void host_meter_end_leg(struct host *host, const struct host_leg *leg);         /* its exit record is known */
void host_meter_sync(struct host *host);
void host_meter_acked(struct host *host, uint64_t seq);
void host_meter_forget(struct host *host, struct leg_id id);
void host_meter_forget_others(struct host *host);                               /* than the legs there are */
void host_meter_close(struct host *host);

#endif
