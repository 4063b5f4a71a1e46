/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lone_room.h - what a site's store could give a lone job on top of what the plan in force has it do: that keeps energy for the hours
 * that were promised, and no more.
 */
#ifndef OFFPEAK_CORE_LONE_ROOM_H
#define OFFPEAK_CORE_LONE_ROOM_H

#include "core/state.h"
#include "core/usage.h"

struct lone_room {
        const struct state *state;
        const struct site *site;
        const struct site_supply *supply;
        int64_t now, horizon;
        int64_t release, seconds; /* of the job: not before, and so long in one piece */
        double job_w, idle_w;     /* at the meter; idle_w: of the site */
        uint32_t job_gpus, gpus;  /* gpus: of the site, in service */
};

/*
 * The first hours at which sources and store carry the job beside the others', and these and the idle site behind it as before: what is
 * missing there is added to the usage, as power below 0. The usage: that of the others' hours, sorted; it is not afterwards. Nothing
 * is added where the site has no store that is known of, where its power is not limited, or there are no such hours. ENOMEM.
 */
int lone_room_add(const struct lone_room *room, struct usage **usage, size_t *n);

#endif
