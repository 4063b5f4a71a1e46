/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fit.h"

#include <stdlib.h>
#include <string.h>

#include "core/after.h"
#include "core/caps.h"
#include "core/claim.h"
#include "core/health.h"
#include "core/month.h"
#include "core/move.h"
#include "core/power.h"
#include "core/quotas.h"
#include "core/stored.h"
#include "core/width.h"

const struct plan_interval *fit_interval(const struct job *job, int64_t wall)
{
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].start <= wall && wall < job->planned[i].end)
                        return &job->planned[i];
        return NULL;
}

bool fit_caps(const struct state *state, const struct job *job, uint32_t mode, const struct site *site)
{
        uint32_t level = width_level(&job->spec, mode);

        return caps_in_class(state_class(state, job), level) && caps_at_site(site, level);
}

bool fit_quota(const struct state *state, const struct job *job, uint32_t mode)
{
        const struct policy_class *class = state_class(state, job);

        return class->quota_gpus == 0 ||
               quotas_in_use(state, class) + width_gpus(&job->spec, mode) <= class->quota_gpus;
}

bool fit_month(const struct state *state, const struct job *job, int64_t wall)
{
        return month_left(state, state_class(state, job), wall) > 0;
}

bool fit_power(const struct state *state, const struct job *job, uint32_t mode, const struct site *site, int64_t wall)
{
        int64_t more = power_at_meter(state_terms(state, site), power_of_job_at(job, mode, site));

        return power_of_site(state, site) + power_not_capped_yet(state, site) + more <= stored_limit(state, site, wall);
}

/* After a loss of the log's tail, what it launched may run: nothing starts until every node has shown that it does not. */
static bool launches_allowed(const struct state *state)
{
        if (!state->fenced_start)
                return true;
        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (!state->nodes[i].fenced &&
                    (state->nodes[i].session.state != SESSION_UP || state->nodes[i].session.foreign))
                        return false;
        return true;
}

static bool may_take_jobs(const struct node *node, const struct site *site)
{
        return health_takes_jobs(node) && node->site_id == site->id;
}

/* The shapes are found when the first asks for devices: most turns start nothing. */
static const struct placing *placing_of(const struct state *state, const struct fit_room *room)
{
        if (room->placing->nodes == NULL && placing_init(state, room->placing) != 0)
                placing_finish(room->placing);
        return room->placing->nodes != NULL ? room->placing : NULL;
}

/* The legs of its last attempt stay when it is over: what it left behind there is of use to it. */
static void mark_last(const struct job *job, struct place_node *nodes)
{
        for (uint32_t l = 0; job->attempts > 0 && l < job->attempt.n_legs; l++)
                nodes[job->attempt.legs[l].node].was = true;
        if (job->avoid_node != NONE_U32)
                nodes[job->avoid_node].avoid = true;
}

/* The nodes of this site that may take the job, in place of those of all. */
static size_t list_nodes(const struct state *state, const struct job *job, const struct offpeak_width *width,
                         const struct site *site, const uint64_t *free_devices, struct place_node *nodes)
{
        size_t n = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                if (!may_take_jobs(&state->nodes[i], site) || !claim_fits(&job->spec, width, &state->nodes[i]))
                        continue;
                nodes[i].empty = (free_devices[i] & nodes[i].free) == nodes[i].free;
                nodes[i].free &= free_devices[i]; /* a leg may hold devices that the node has no more */
                nodes[n++] = nodes[i];
        }
        return n;
}

static bool place(const struct state *state, const struct job *job, const struct offpeak_width *width,
                  const struct site *site, const struct fit_room *room, struct place_leg *legs)
{
        const struct place_want want = { .legs = width->nodes,
                                         .devices_per_leg = width->gpus_per_node,
                                         .exclusive = job->spec.exclusive,
                                         .switches = job->spec.switches };
        const struct placing *placing = placing_of(state, room);
        struct place_node *nodes = placing != NULL ? calloc(state->n_nodes + 1, sizeof(*nodes)) : NULL;
        bool placed;

        if (nodes == NULL)
                return false;
        memcpy(nodes, placing->nodes, state->n_nodes * sizeof(*nodes));
        mark_last(job, nodes);
        placed = place_gang(nodes, list_nodes(state, job, width, site, room->free_devices, nodes), &want, legs) ==
                 OFFPEAK_OK;
        free(nodes);
        return placed;
}

bool fit_may_start(const struct state *state, const struct job *job, uint32_t mode, const struct site *site, const struct now *now)
{
        return job->state == OFFPEAK_JOB_QUEUED && !job->held && !job->cancel && now->mono_ms >= job->not_before_ms &&
               now->wall >= job->spec.begin && after_look(state, job, NULL) == AFTER_MET && now->wall >= move_ready_at(state, job, site) &&
               launches_allowed(state) && fit_caps(state, job, mode, site) && fit_quota(state, job, mode) && fit_month(state, job, now->wall);
}

/* So that who finds no room, as most do where many wait, is told so without a look at every node. */
static void count_ready(const struct state *state, struct fit_room *room)
{
        for (uint32_t s = 0; s < state->n_sites; s++)
                for (uint32_t i = 0; i < state->n_nodes; i++) {
                        int free_here = may_take_jobs(&state->nodes[i], &state->sites[s])
                                                ? __builtin_popcountll(room->free_devices[i])
                                                : -1;

                        for (int n = 0; n <= free_here; n++)
                                room->ready[s][n]++;
                }
}

static int measure(const struct state *state, int64_t wall, struct fit_room *ret_room)
{
        *ret_room = (struct fit_room){ .free_devices = calloc(state->n_nodes + 1, sizeof(uint64_t)),
                                       .ready = calloc(state->n_sites + 1, sizeof(*ret_room->ready)),
                                       .drawn_w = calloc(state->n_sites + 1, sizeof(int64_t)),
                                       .late_w = calloc(state->n_sites + 1, sizeof(int64_t)),
                                       .limit_w = calloc(state->n_sites + 1, sizeof(int64_t)),
                                       .placing = calloc(1, sizeof(struct placing)) };
        if (ret_room->placing == NULL || ret_room->free_devices == NULL || ret_room->ready == NULL ||
            ret_room->drawn_w == NULL || ret_room->late_w == NULL || ret_room->limit_w == NULL)
                return OFFPEAK_ENOMEM;
        state_free_everywhere(state, ret_room->free_devices);
        for (uint32_t s = 0; s < state->n_sites; s++) {
                ret_room->drawn_w[s] = power_of_site(state, &state->sites[s]);
                ret_room->late_w[s] = power_not_capped_yet(state, &state->sites[s]);
                ret_room->limit_w[s] = stored_limit(state, &state->sites[s], wall);
        }
        return 0;
}

int fit_room_init(const struct state *state, int64_t wall, struct fit_room *ret_room)
{
        int code = measure(state, wall, ret_room);

        if (code == 0)
                count_ready(state, ret_room);
        return code;
}

const struct fit_room *fit_room_once(const struct state *state, int64_t wall, struct fit_room *room)
{
        if (room->free_devices == NULL && fit_room_init(state, wall, room) != 0)
                fit_room_finish(room);
        return room->free_devices != NULL ? room : NULL;
}

void fit_room_finish(struct fit_room *room)
{
        free(room->free_devices);
        free(room->ready);
        free(room->drawn_w);
        free(room->late_w);
        free(room->limit_w);
        if (room->placing != NULL)
                placing_finish(room->placing);
        free(room->placing);
        *room = (struct fit_room){ 0 };
}

bool fit_has_room(const struct state *state, const struct job *job, uint32_t mode, const struct site *site,
                  const struct fit_room *room)
{
        struct offpeak_width width = width_of(&job->spec, mode);
        int64_t more = power_at_meter(state_terms(state, site), power_of_job_at(job, mode, site));

        return room->drawn_w[site->id] + room->late_w[site->id] + more <= room->limit_w[site->id] &&
               width.gpus_per_node <= OFFPEAK_MAX_DEVICES &&
               room->ready[site->id][width.gpus_per_node] >= width.nodes;
}

struct place_leg *fit_find(const struct state *state, const struct job *job, uint32_t mode, const struct site *site,
                           const struct fit_room *room)
{
        struct offpeak_width width = width_of(&job->spec, mode);
        struct place_leg *places =
                fit_has_room(state, job, mode, site, room) ? calloc(width.nodes, sizeof(*places)) : NULL;

        if (places != NULL && place(state, job, &width, site, room, places))
                return places;
        free(places);
        return NULL;
}

/* As if the job had stopped. */
static void give_back(const struct state *state, const struct job *job, struct fit_room *room)
{
        const struct supply_terms *terms = state_terms(state, &state->sites[job->site]);

        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                const struct leg *leg = &job->attempt.legs[l];

                if (leg->state == LEG_ENDED)
                        continue;
                room->free_devices[leg->node] |=
                        (job->spec.exclusive ? state_all_devices(&state->nodes[leg->node]) : leg->devices) &
                        ~state->nodes[leg->node].withheld;
                room->drawn_w[job->site] -= power_at_meter(terms, power_of_leg(state, job, leg));
        }
}

static bool quota_instead(const struct state *state, const struct job *job, uint32_t mode)
{
        const struct policy_class *class = state_class(state, job);

        return class->quota_gpus == 0 ||
               quotas_in_use(state, class) - width_held(job) + width_gpus(&job->spec, mode) <= class->quota_gpus;
}

bool fit_instead(const struct state *state, const struct job *job, uint32_t mode, int64_t wall)
{
        struct place_leg *places = NULL;
        struct fit_room room;
        bool found;

        if (job->site >= state->n_sites || !quota_instead(state, job, mode))
                return false;
        if (measure(state, wall, &room) == 0) {
                give_back(state, job, &room);
                count_ready(state, &room);
                places = fit_find(state, job, mode, &state->sites[job->site], &room);
        }
        fit_room_finish(&room);
        found = places != NULL;
        free(places);
        return found;
}
