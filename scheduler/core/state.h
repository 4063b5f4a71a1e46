/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - the cluster as the scheduler knows it. Read by everyone, changed by apply() alone.
 *
 *   job      QUEUED -> ACTIVE -> DONE | FAILED | CANCELLED        (ACTIVE -> QUEUED: a pause, or a loss)
 *   attempt  ARMING -> GOING -> STOPPING -> over                  (one node: born GOING)
 *   leg      ORDERED -> ARMED -> RUNNING -> ENDED                 (only forward)
 *   session  NONE -> PENDING -> UP <-> SILENT                     (memory only)
 *
 * Two parts: what is on record (durable), and what only lives in memory (marked "volatile"): sessions, legs seen
 * armed or running, the plan request under way. A restart rebuilds the first from the log and begins the second anew.
 */
#ifndef OFFPEAK_CORE_STATE_H
#define OFFPEAK_CORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/job.h>

#include "core/policy.h"
#include "ledger/booking.h"
#include "ledger/site_meter.h"
#include "ledger/stock.h"
#include "place/pick.h"
#include "plan/plan.h"
#include "supply/forecast_use.h"
#include "supply/series.h"
#include "supply/signal.h"

#define NONE_U32 UINT32_MAX

/* Of power caps (caps.h); level 0: none. */
enum { CAPS_LEVELS = 4 };

/* ---- nodes */

enum device_kind { DEVICE_GPU = 1, DEVICE_CPU_SLOT = 2 };

struct device {
        enum device_kind kind;
        uint8_t numa;
        uint32_t max_w;       /* above idle, at full load; declared or read */
        uint32_t least_w;     /* lowest power limit that can be set; 0: none can */
        char address[20];     /* PCI bus id, or "slot3" */
};

struct inventory {
        char *model;          /* what the machine calls itself; may be NULL */
        char *address;        /* where other nodes reach it; NULL: by its name */
        uint32_t cores;
        int64_t memory_mb;
        int64_t idle_w;       /* whole node, nothing running; 0: unknown */
        enum quality power_quality;
        struct device *devices;
        uint32_t n_devices;
        struct place_link *links; /* n_links: place_pairs(n_devices), or 0: nothing is known */
        uint32_t n_links;
        char *block, *rack, *leaf_switch; /* where it stands; NULL: not known */
        char **features;                  /* n_features words that jobs can ask for, then NULL */
        size_t n_features;
};

enum session_state { SESSION_NONE = 0, SESSION_PENDING, SESSION_UP, SESSION_SILENT };

struct session {              /* volatile */
        enum session_state state;
        uint64_t term, number;
        uint8_t nonce[16];
        uint64_t last_seq;
        int64_t last_renew_ms;  /* mono */
        int64_t last_reply_ms;  /* mono; from it the lease of every leg there is counted */
        bool foreign;           /* its last renewal told of a live leg that is not on record */
};

/* How a leg came to its end. Only LEG_EXIT carries a status that is believed. */
enum leg_how {
        LEG_EXIT = 1,   /* exit record with a status (as of wait(2)) */
        LEG_ASKED,      /* exited after it had been asked to stop; status kept, not believed */
        LEG_NEVER,      /* never started: refused, stopped before go */
        LEG_SHIM_LOST,  /* the shim died, its processes with it */
        LEG_REBOOT,     /* the node rebooted */
        LEG_ABSENT,     /* not in the first renewal of a session */
        LEG_LEASE_OVER, /* its lease is surely over */
        LEG_FENCED,     /* the operator's word */
        LEG_NO_GO,      /* no go on record: no rank ever ran */
};

/* A device that its node would give to no job. */
struct unwell {
        uint32_t device;
        char *reason; /* for people, never NULL */
};

enum { UNWELL_REASON_SIZE = 160 }; /* with the NUL at its end */

/* What is told of a device: that it is unwell, or was; and attempts that failed on it while it was (health.h). */
struct device_health {
        uint32_t device;
        bool unwell;     /* by its node's word */
        bool kept_off;   /* it failed too often: until an operator resumes the node */
        uint32_t faults; /* attempts that failed on it, in a row */
        int64_t since;   /* wall: when it became what `unwell` says */
        char *reason;    /* the last one that was told; NULL: none was */
};

struct node {
        uint32_t id;          /* stable: index in state.nodes */
        uint32_t site_id;     /* of the site below, by its name (state_bind_nodes); NONE_U32: there is none */
        char *name;
        char *site;
        char boot[40];        /* kernel's boot id of the last session */
        struct inventory inventory;
        bool fenced;          /* by the operator, until a renewal without old legs */
        char *drain_reason;   /* it takes no jobs, for this (health.h); NULL: it does */
        uint32_t faults;      /* in a row */
        uint64_t fault_job;   /* of the last one, when, and how its leg ended */
        int64_t fault_at;
        enum leg_how fault_how;
        struct device_health *health; /* n_health, by ascending device: of the others nothing is known to be wrong */
        uint32_t n_health;
        uint64_t withheld;    /* devices given to no job: unwell or kept off; follows from these (state_bind_health) */
        int64_t idle_until;   /* wall: idle energy is booked up to here; 0: not begun */
        struct session session;
};

/* ---- attempts */

enum leg_state { LEG_ORDERED = 1, LEG_ARMED, LEG_RUNNING, LEG_ENDED };

struct leg {
        uint32_t node;
        uint64_t devices;       /* bit mask over the node's devices */
        enum leg_state state;   /* ENDED is on record; ORDERED, ARMED, RUNNING are volatile */
        uint32_t level;         /* volatile: of the caps that it may still have: those of its mode once its node told so */
        enum leg_how how;       /* when ENDED */
        int32_t status;
        bool killed;            /* the grace ran out: work since the last checkpoint is lost */
        bool before_stop;       /* ended before a stop was recorded: its status is believed */
        int64_t started_at;     /* wall: its first booked second; 0: it has not begun */
        int64_t booked_until;   /* wall: its energy is booked up to here; 0: it has not begun */
        int64_t joules;         /* booked so far */
};

/* It ended well: by itself, with 0. */
static inline bool leg_succeeded(const struct leg *leg)
{
        return leg->state == LEG_ENDED && leg->how == LEG_EXIT && leg->status == 0;
}

enum attempt_state { ATTEMPT_ARMING = 1, ATTEMPT_GOING, ATTEMPT_STOPPING };

enum stop_reason {
        STOP_NONE = 0,
        STOP_PAUSE,        /* the plan says: later */
        STOP_CANCEL,
        STOP_HOLD,
        STOP_LIMIT,        /* ran far longer than asked for */
        STOP_LEG_FAILED,   /* another rank ended without success */
        STOP_ARM_TIMEOUT,
        STOP_SHED,         /* power is gone */
};

/* Stored as numbers: only append. */
enum pause_cause {
        PAUSE_UNKNOWN = 0, /* not on record */
        PAUSE_COST,        /* later hours are cheaper */
        PAUSE_MOVE,        /* its next hours are at another site */
        PAUSE_POWER,       /* the site drew more than its limit */
        PAUSE_PEAK,        /* the site drew more than its demand charge is billed for */
        PAUSE_ROOM,        /* another job found no room and would have lost by waiting */
        PAUSE_OWNER,       /* its owner put it on hold */
        PAUSE_OPERATOR,    /* somebody else did */
        PAUSE_RESIZE,      /* it goes on at once, at another width */
        PAUSE_MONTH,       /* its class had used up the GPU-hours of the month */
        PAUSE_PINNED,      /* it is pinned to later hours */
};

/* Why an attempt was paused. What does not belong to its cause is 0. */
struct pause {
        enum pause_cause cause;
        uint32_t attempt;         /* 0: none was ever paused */
        int64_t at;               /* wall: when the stop was decided */
        int64_t drawn_w, limit_w; /* POWER, PEAK: what the site drew, and might have */
        enum series_kind signal;  /* POWER: the one that fell most since the attempt began; 0: none did */
        enum signal_use use;      /* POWER: where its value came from */
        uint64_t other;           /* ROOM: the job */
        uint32_t site;            /* MOVE: id of the site to come */
        uint32_t gpus;            /* RESIZE: of the width to come */
};

struct attempt {
        uint32_t number;
        uint64_t epoch;            /* log index of the launch record */
        enum attempt_state state;
        enum stop_reason stop;
        bool go;                   /* on record: ranks may have run */
        uint32_t mode;             /* its width and caps (width.h) */
        int64_t launched_at;       /* wall */
        int64_t mode_since;        /* wall: since when it has that mode; 0: since its launch */
        uint32_t mode_before;      /* the mode before it, */
        int64_t before_since;      /* and since when it had that; 0: there was none */
        double made_s, drawn_s;    /* seconds of running before that, each times its mode's speed (a start: 1), and power share */
        double carried_s;          /* progress before that and after the last that is known, s (work.h) */
        int64_t mark_at;           /* wall: when it reported its progress last, in this mode; 0: not yet */
        double mark_fraction;
        int64_t launched_ms;       /* mono, volatile; 0 after a restart */
        int64_t lease_ms;          /* fixed in the launch record */
        int64_t grace_s;
        enum on_lost on_lost;
        double fraction_before;    /* of the work done when it began */
        int64_t over_at;           /* wall: when its last leg had ended; 0: it has not */
        struct leg *legs;
        uint32_t n_legs;
};

/* ---- jobs */

/* What was measured of one of its modes (profile.h); 0: nothing. */
struct known_mode {
        int64_t speed_ppm; /* of the mode asked for */
        int64_t power_w;
};

enum job_end {
        END_NONE = 0,
        END_DONE,
        END_EXIT,          /* a status other than 0 */
        END_CANCELLED,
        END_LOST,          /* no result, no retry left */
        END_LIMIT,         /* stopped at its time limit */
};

struct late_exit {
        uint32_t attempt, node;
        int32_t status;
};

/* How an attempt failed: the first of its legs that ended without success, or that did not get ready in time. */
struct failure {
        uint32_t attempt; /* 0: none ever failed */
        uint32_t node, rank;
        enum leg_how how; /* 0: it did not get ready in time */
        int32_t status;   /* EXIT: as of wait(2) */
        bool killed;      /* the grace ran out */
        int64_t at;       /* wall */
        char *why;        /* for people, as its node has it; NULL: nothing */
        char *tail;       /* the last lines of its error output; NULL: not known */
};

enum { FAILURE_WHY_SIZE = 128, FAILURE_TAIL_SIZE = 2001 }; /* with the NUL at their end */

struct job {
        uint64_t id;
        struct offpeak_job_spec spec;
        uint32_t uid;
        char *user;
        int64_t submitted_at;        /* wall */
        enum offpeak_job_state state;
        bool held;
        bool unmet;                  /* held because one that it comes after did not end well (after.h) */
        bool anyhow;                 /* released all the same: how they end does not matter to it any more */
        bool cancel;                 /* recorded, not yet over */
        struct attempt attempt;      /* the last one; valid when attempts > 0 */
        uint32_t attempts;           /* ever launched */
        uint32_t pauses;
        struct pause last_pause;     /* stays while later attempts run */
        struct failure failure;      /* of the last attempt that failed; stays while later ones run */
        uint32_t losses;             /* attempts that ended without a result */
        int64_t first_started_at, ended_at; /* wall */
        enum job_end end;
        int32_t status;              /* of the leg that decided */
        double fraction;             /* of the work done, 0..1, last known */
        bool fraction_reported;      /* by the job itself, not by time x speed */
        int64_t fraction_at;         /* wall: when that was known; 0: at the start */
        int64_t total_s;             /* how long all of it takes: asked at first, then measured */
        int64_t ran_s;               /* wall seconds of running in ended attempts */
        int64_t worked_s;            /* the same, each times the speed of its mode, starts as they are (work_made) */
        int64_t gpu_s;               /* the same, each times its GPUs, and less where they were capped (width_power_share) */
        int64_t joules, cost, carbon_mg; /* job account, booked */
        int64_t unpriced_joules;
        int64_t overhead_joules, overhead_cost, overhead_carbon_mg;
        int64_t market_mg, overhead_market_mg; /* carbon by contract */
        uint32_t site;               /* id of the site where it ran last, and stays unless it may move; NONE_U32: none yet */
        uint32_t avoid_node;         /* that refused or lost it last; NONE_U32 */
        int64_t not_before_ms;       /* mono, volatile: back off */
        struct late_exit *late_exits;
        uint32_t n_late_exits;
        /* as the adopted plan has it */
        struct plan_interval *planned;  /* sites are stable site ids */
        uint32_t n_planned;
        enum plan_reason reason;
        int64_t planned_finish, planned_late_s;
        double planned_cost, planned_run_now_cost;
        int64_t cost_when_planned; /* micro-currency booked by then: planned_cost is what comes on top */
        struct plan_interval *pins; /* hours that it keeps, whatever they cost (core/pin.h); sites are stable ids */
        uint32_t n_pins;
        uint64_t pinned_index; /* log index of the record that set or took them; 0: none did */
        uint32_t profile;         /* index of its own, while it is open; NONE_U32: it has none. Follows from the profiles, too: */
        struct known_mode *known; /* by mode, while it is open */
        uint32_t n_known;
};

/* ---- what was measured of jobs of one name (profile.h) */

/* At so many GPUs and a level of caps. */
struct profile_point {
        uint32_t gpus, level;
        int64_t ran_s;               /* in which progress was told, */
        double work_s;               /* and how much: seconds of the time asked for */
        int64_t metered_ms, joules;  /* of the whole job above the nodes' idle, by sensors */
        int64_t fitted_ran_s, fitted_ms; /* of these, what the last fit knew */
};

/* At so many GPUs without a cap: what is supposed (seed) and what was made of that and the points. 0: nothing. */
struct profile_width {
        uint32_t gpus;
        int64_t seed_ppm, seed_w;
        int64_t speed_ppm, power_w;  /* speed: seconds of the time asked for, a second */
};

struct job_profile {
        uint32_t uid;                /* whose; with class, name, and what was asked for it is the key */
        char *class, *name;
        uint32_t gpus;
        int64_t time_s;
        int64_t used_at;             /* wall: the last submission */
        uint64_t fitted_index;       /* log index of the last fit; 0: none */
        bool knows_time;             /* by then it had seen at least half of a run: the time it takes is measured */
        struct profile_point *points;
        uint32_t n_points;
        struct profile_width *widths; /* ascending by GPUs */
        uint32_t n_widths;
        int64_t cap_speed_ppm[CAPS_LEVELS], cap_power_ppm[CAPS_LEVELS]; /* against no cap; 0: nothing */
};

/* ---- sites */

/* Who pushed a signal of a site: what is told twice, or late, is known by this. */
struct push_source {
        enum series_kind kind;
        char *name;
        uint64_t seq;     /* the last one; 0: it counts none */
        uint64_t digest;  /* of what it pushed last */
        int64_t issued, at; /* wall: by its own word, and when it came */
};

/* Which forecast: of this version of a series, [origin, to), with weekends so many seconds east of UTC. */
struct forecast_wish {
        uint32_t site;
        enum series_kind kind;
        uint64_t version;
        int64_t origin, to, east_s;
};

/* Volatile: what a host has computed, and what it computes (core/follow_forecast.c). Version 0: nothing. */
struct site_forecast {
        struct forecast_wish asked, made_for;
        struct forecast_use made;
};

enum { PUSH_SOURCES_KEPT = 64 }; /* of a site; the one that was silent longest goes */

struct site {
        uint32_t id;               /* stable: index in state.sites */
        uint32_t hungriest_w;      /* the most that a device of its nodes draws (state_bind_nodes) */
        uint32_t least_cap_ppm;    /* the lowest cap that all of its devices can have, of their limits; 0: some can have none */
        char *name;
        struct series series[SERIES_COUNT]; /* in force: pushed over feed. [enum series_kind]; kind 0 unused; n_points 0: nothing known */
        struct series feed[SERIES_COUNT];   /* what its feeds tell, joined with their own past (supply/layers.h) */
        struct series pushed[SERIES_COUNT]; /* what was pushed; it ends where the last push expires */
        struct push_source *push_sources;
        uint32_t n_push_sources;
        struct site_forecast *forecasts;    /* volatile; SERIES_COUNT of them, or NULL: none yet */
        struct book books[ACCOUNT_COUNT];
        int64_t overhead_until;    /* wall: fixed overhead is booked up to here; 0: not begun */
        int64_t pue_rest;          /* remainder of the proportional overhead, J x ppm */
        struct site_meter meter;   /* what it has drawn from its sources lately, while its contracts ask for it */
        struct stock stock;        /* its store, by the books: beside books[ACCOUNT_STORAGE] */
};

/* ---- requests already answered */

struct request {
        uint8_t id[16];
        uint32_t uid;
        uint64_t digest;   /* of the request's content */
        uint64_t job;      /* the answer: job number and code */
        int32_t code;
        char *text;        /* the answer's sentence; may be NULL */
        int64_t at;        /* wall */
};

/* ---- the plan in force */

#define PAST_FLOWS_KEPT_S INT64_C(86400) /* what is told later than that is booked as if stores had rested */

struct adopted_plan {
        uint64_t version;      /* counts up; 0: none yet */
        int64_t made_at;       /* wall: the `now` of its problem */
        int64_t horizon;
        struct plan_terms terms, run_now;
        double bound;
        uint64_t work;
};

/* What a class's attempts that are over have held in a month (core/month.h). */
struct month_use {
        char *class;
        int64_t month; /* when it began, UTC */
        int64_t gpu_s;
};

struct state {
        uint64_t log_index;    /* of the last durable record applied */
        uint64_t term;
        uint64_t next_job;
        bool fenced_start;     /* the log lost its tail: no launch until every node was heard or fenced */
        struct policy policy;
        struct site *sites;
        uint32_t n_sites;
        struct node *nodes;
        uint32_t n_nodes;
        struct job *jobs;      /* ascending by id */
        size_t n_jobs;
        size_t *open; /* indices of the jobs that are not over, ascending; follows from these (one that is over may be
                         among them) */
        size_t n_open;
        struct request *requests; /* oldest first */
        size_t n_requests;
        struct adopted_plan plan;
        struct plan_flow *flows; /* what that plan has stores do: site by site, ascending in time */
        uint32_t n_flows;
        struct plan_flow *past_flows; /* what plans before it had them do until it came: energy is booked, and a charge is told, later. Any order */
        uint32_t n_past_flows;
        struct month_use *month_uses;
        uint32_t n_month_uses;
        struct job_profile *profiles;
        uint32_t n_profiles;

        bool learn_due;        /* some profile knows enough more for a new fit; follows from them */

        /* volatile */
        int64_t started_ms;    /* mono: when this process began */
        bool forecasts;        /* the host makes forecasts when asked; else the last known day is repeated */
        uint64_t next_session;
        bool plan_wanted;      /* something changed that the plan should know */
        bool plan_asked;       /* a plan is being computed */
        uint64_t plan_asked_index; /* log index of the snapshot it computes on */
        bool plan_dropped;     /* it is overtaken by a trip, and will not be adopted */
        bool plan_hurried;     /* one was dropped since the last one that was adopted: the next is waited for */
        uint64_t pushed_index; /* log index of the last push */
        int64_t plan_due_at;   /* wall: plan again then at the latest */
};

int state_init(struct state *state);
void state_finish(struct state *state);

/* A job of `open`: what is asked at every turn is asked of these, however many have ended. */
static inline struct job *state_open_job(const struct state *state, size_t i)
{
        return &state->jobs[state->open[i]];
}

/* For apply(): the last job is open; a job is over. ENOMEM. */
int state_open(struct state *state);
void state_close(struct state *state, const struct job *job);

/*
 * For apply(): nodes or sites have come or changed. What each node's site is and what the sites' devices draw is asked
 * for every job at every turn, so it is kept, and made anew here. state_is_bound: it is as it would be made anew, open
 * jobs included; for tests.
 */
void state_bind_nodes(struct state *state);
void state_bind_health(struct node *node); /* node->withheld, of what is known of its devices */
bool state_is_bound(const struct state *state);

struct job *state_job(const struct state *state, uint64_t id); /* NULL if there is none */
struct node *state_node(const struct state *state, const char *name);
struct site *state_site(const struct state *state, const char *name);
struct push_source *state_push_source(const struct site *site, enum series_kind kind, const char *name);
const struct request *state_request(const struct state *state, const uint8_t id[16]);

/* The class of a job under the policy in force; "default" if its own is gone. Never NULL once a policy is applied. */
const struct policy_class *state_class(const struct state *state, const struct job *job);

/* A site's contracts; those of a site that the policy no longer names: none. */
const struct supply_terms *state_terms(const struct state *state, const struct site *site);

/* A site's sources as series and contracts; zeroed terms if the policy no longer names it. Only what was said: for books. */
struct site_supply state_supply(const struct state *state, const struct site *site);

/* The same as it is in use at `wall`, stand-ins for what nobody said included (supply/signal.h): for plans and limits. */
struct site_supply state_supply_in_use(const struct state *state, const struct site *site, int64_t wall);
/* What forecasts of a signal are made of: what its feeds tell, or, where there are none, what is in force. */
const struct series *state_past(const struct site *site, enum series_kind kind);
struct signal state_signal(const struct state *state, const struct site *site, enum series_kind kind, int64_t wall);

uint64_t state_all_devices(const struct node *node);

/* Devices of a node that open legs hold: all where a job is alone (exclusive). */
uint64_t state_held_devices(const struct state *state, const struct node *node);

/* Those that nobody holds and that may be given to a job. Of all nodes, by their ids. */
uint64_t state_free_devices(const struct state *state, const struct node *node);
void state_free_everywhere(const struct state *state, uint64_t *ret_free);

/*
 * All durable state as text, one fact a line, in a fixed order: two states that agree on record print the same bytes.
 * Returns a malloc'ed string, NULL on ENOMEM.
 */
char *state_dump(const struct state *state);

#endif
