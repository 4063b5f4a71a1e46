/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtual_node.h - a node as the simulator has it: an agent, its shims, its jobs and its meter, without processes.
 *
 * Pure: it is told the time, takes orders, and says when it wants to speak next.
 */
#ifndef OFFPEAK_SIM_VIRTUAL_NODE_H
#define OFFPEAK_SIM_VIRTUAL_NODE_H

#include "core/decide.h"

struct virtual_leg {
        uint64_t job;
        uint32_t attempt;
        uint64_t epoch;
        enum report_state state;
        enum leg_how how;
        int64_t started_at;   /* wall: when it began to run */
        int64_t metered_until, metered_j; /* told so far */
        int64_t progress_at;  /* wall: progress is made from here on, in its present mode */
        double made_before;   /* in this attempt, in modes before it: seconds of progress */
        double done_before;   /* seconds of progress when the attempt began */
        double total;         /* seconds of progress that the job takes */
        double speed;         /* seconds of progress per second */
        int64_t exits_at;     /* wall; INT64_MAX: not before something happens */
        int64_t watts;
        int64_t drawn_from, drawn_before; /* wall: since when it draws them; J before that */
        uint32_t cap_ppm;                 /* of its GPUs' limits; 0: none */
        int64_t ramp_s; /* until it draws all of them: from none, evenly */
};

struct virtual_node {
        char *name;
        char *site;
        struct inventory inventory;
        uint64_t term, session, seq;  /* session 0: none yet */
        uint64_t readings;            /* ever made */
        int64_t idle_until;
        int64_t renews_at;            /* wall */
        int64_t renew_s;              /* without news, so often */
        int64_t ramp_s;               /* of its legs */
        int64_t down_until;           /* wall: when it is back; 0: it is up */
        uint32_t boots;
        struct virtual_leg *legs;
        uint32_t n_legs;
};

int virtual_node_init(struct virtual_node *node, const char *name, const char *site, uint32_t devices, int64_t idle_w,
                      uint32_t device_w, int64_t now);
void virtual_node_finish(struct virtual_node *node);

/* An order of the scheduler, for a job of which `done` seconds of `total` are done. stop_s: how long a stop takes. */
int virtual_node_order(struct virtual_node *node, const struct action *order, const struct state *state, double done,
                       int64_t stop_s, int64_t now);

/* What became of the legs by now. True: the scheduler should hear of it at once. */
bool virtual_node_pass(struct virtual_node *node, int64_t now);

/* Seconds of progress that a leg has made in all by now. */
double virtual_leg_done(const struct virtual_leg *leg, int64_t now);

/* What the last checkpoint holds of it, one being made after every checkpoint_s of progress (0: all the time). */
double virtual_leg_saved(const struct virtual_leg *leg, int64_t checkpoint_s, int64_t now);

/* Its attempt is lost: no more than `saved` seconds of progress are left of it. It runs on, to no purpose, until it is
 * stopped. */
void virtual_leg_lose(struct virtual_leg *leg, double saved);

/* The node fails: it says no more, and what it held is gone. What it drew by now was read before. */
void virtual_node_fail(struct virtual_node *node, int64_t until);
/* And is back, with nothing running, to say hello. */
void virtual_node_return(struct virtual_node *node, int64_t now);

/* The next time at which something happens here by itself. */
int64_t virtual_node_next(const struct virtual_node *node);

/* The renewal to send now; its arrays are malloc'ed and the caller's. */
int virtual_node_renewal(struct virtual_node *node, int64_t now, struct input *ret_input);
void virtual_renewal_finish(struct input *input);

#endif
