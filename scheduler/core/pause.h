/* SPDX-License-Identifier: Apache-2.0 */
/* pause.h - whether a running job whose hours are over for now is really stopped. */
#ifndef OFFPEAK_CORE_PAUSE_H
#define OFFPEAK_CORE_PAUSE_H

#include "core/fit.h"
#include "core/input.h"
#include "supply/price_ahead.h"

/* A queued job whose hour has come, and that finds no room. */
struct pause_waiting {
        const struct job *job;
        uint32_t site;
        int64_t left_s; /* of its run */
        int64_t start_cost_s, delay_cost; /* its class's */
        double price;                     /* mean over its run from now on, micro-currency per MWh; NAN: not known */
};

/* What does not depend on whose pause is asked for: looked up when first needed, and good for one state and time. All 0
 * at first. */
struct pause_look {
        struct fit_room room;
        struct price_ahead *prices;  /* owned: of each site, of what it draws as it is */
        struct pause_waiting *crowd; /* owned */
        size_t n;
        uint32_t n_prices;
        bool looked; /* for the crowd */
        bool failed; /* out of memory */
};

void pause_look_finish(struct pause_look *look);

/*
 * Many plans cost the same, and the next one may find another of them: what changes nothing is not done. A pause is due
 * when it saves power cost, when less power is there than is drawn, or when somebody whose hour has come finds no room and
 * would lose by waiting: its deadline, cheaper hours, or a class whose time is worth more. Until a run has lasted its
 * minimum only power that is gone ends it. ret_why is written when it is due: the first of these that holds.
 */
bool pause_is_due(const struct state *state, const struct job *job, const struct now *now, struct pause_look *look,
                  struct pause *ret_why);

/* Whether it is to be stopped to go on at once at the width of its present hours: there is room for that, and its minimum run is over. */
bool pause_to_resize(const struct state *state, const struct job *job, const struct plan_interval *present, int64_t wall,
                     struct pause *ret_why);

/* Does the site draw more than it may just now? By what is in use of its signals: a capacity that was pushed counts at once. */
bool pause_for_power(const struct state *state, const struct site *site, int64_t wall);

/*
 * The same of a running job's site, and why. The signal that is named is the one whose unit has lost most of what it gave
 * since the attempt began; none where none has, as when others began to draw.
 */
bool pause_lacks_power(const struct state *state, const struct job *job, int64_t wall, struct pause_look *look,
                       struct pause *ret_why);

#endif
