/* SPDX-License-Identifier: Apache-2.0 */
#include "core/promise.h"

#include <math.h>
#include <stdlib.h>

#include "core/health.h"
#include "core/room.h"
#include "core/width.h"
#include "core/work.h"

void promise_finish(struct promise *promise)
{
        free(promise->kept);
        free(promise->spare);
        free(promise->beside);
        free(promise->releases);
        *promise = (struct promise){ 0 };
}

bool promise_look(struct promise *promise, const struct state *state, int64_t wall)
{
        if (promise->looked)
                return !promise->failed;
        promise->looked = true;
        promise->kept = calloc(state->n_nodes + 1, sizeof(*promise->kept));
        promise->spare = calloc(state->n_nodes + 1, sizeof(*promise->spare));
        promise->beside = calloc(state->n_nodes + 1, sizeof(*promise->beside));
        promise->failed = promise->kept == NULL || promise->spare == NULL || promise->beside == NULL ||
                          fit_room_once(state, wall, promise->room) == NULL;
        return !promise->failed;
}

/* ---- when devices will be free */

int64_t promise_done_at(const struct state *state, const struct job *job, uint32_t mode, int64_t wall)
{
        const struct policy_class *class = state_class(state, job);
        double left = work_rest(job, class, wall) / width_speed(job, mode);

        if (job->state != OFFPEAK_JOB_ACTIVE)
                return wall + class->start_cost_s + (int64_t)ceil(left);
        return wall + (left > 1 ? (int64_t)ceil(left) : 1); /* one that overruns may end at any moment */
}

static int add_releases(struct promise *promise, const struct state *state, const struct job *job, int64_t at)
{
        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                const struct leg *leg = &job->attempt.legs[l];
                struct soonest_release *release;

                if (leg->state == LEG_ENDED)
                        continue;
                release = room_for_one((void **)&promise->releases, promise->n_releases, sizeof(*release));
                if (release == NULL)
                        return OFFPEAK_ENOMEM;
                *release = (struct soonest_release){
                        at, leg->node, (uint32_t)__builtin_popcountll(leg->devices & ~state->nodes[leg->node].withheld)
                };
                promise->n_releases++;
        }
        return 0;
}

static int fill_releases(struct promise *promise, const struct state *state, int64_t wall)
{
        int code = 0;

        if (promise->releases != NULL)
                return 0;
        for (size_t i = 0; code == 0 && i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state == OFFPEAK_JOB_ACTIVE)
                        code = add_releases(promise, state, job, promise_done_at(state, job, job->attempt.mode, wall));
        }
        soonest_sort(promise->releases, promise->n_releases);
        return code;
}

/* ---- whose nodes they are */

/* The site's nodes that are in touch and promised to none. */
static void fill_nodes(const struct promise *promise, const struct state *state, const struct site *site,
                       uint32_t *free_on, bool *taken)
{
        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                free_on[i] = (uint32_t)__builtin_popcountll(promise->room->free_devices[i]);
                taken[i] = promise->kept[i] != 0 || !health_takes_jobs(node) ||
                           node->site_id != site->id;
        }
}

static int keep_nodes(struct promise *promise, const struct state *state, const struct offpeak_width *width,
                      const struct site *site, int64_t wall)
{
        uint32_t *free_on = calloc(state->n_nodes + 1, sizeof(*free_on)),
                 *chosen = calloc(width->nodes, sizeof(*chosen));
        bool *taken = calloc(state->n_nodes + 1, sizeof(*taken));
        bool memory = free_on != NULL && chosen != NULL && taken != NULL && fill_releases(promise, state, wall) == 0;
        struct soonest_nodes nodes = { free_on, taken, state->n_nodes };
        int64_t at;

        if (memory)
                fill_nodes(promise, state, site, free_on, taken);
        if (memory && soonest_gang(&nodes, promise->releases, promise->n_releases, width->nodes,
                                   width->gpus_per_node, wall, chosen, &at) == OFFPEAK_OK)
                for (uint32_t i = 0; i < width->nodes; i++) {
                        promise->kept[chosen[i]] = at;
                        promise->spare[chosen[i]] = free_on[chosen[i]] - width->gpus_per_node;
                        promise->any = true;
                }
        free(taken);
        free(chosen);
        free(free_on);
        return memory ? 0 : OFFPEAK_ENOMEM;
}

/* Room for it is a matter of nodes: one GPU is free or is not. */
static bool needs_nodes(const struct offpeak_width *width)
{
        return width->nodes > 1 || width->gpus_per_node > 1;
}

static const uint64_t *free_beside(struct promise *promise, const struct state *state, int64_t done_at)
{
        for (uint32_t i = 0; i < state->n_nodes; i++) {
                uint64_t all = promise->room->free_devices[i];
                bool is_free = promise->kept[i] == 0 || done_at <= promise->kept[i];

                promise->beside[i] = is_free ? all : soonest_some(all, promise->spare[i]);
        }
        return promise->beside;
}

struct place_leg *promise_find(struct promise *promise, const struct state *state, const struct job *job, uint32_t mode,
                               const struct site *site, const struct now *now, bool is_due)
{
        struct offpeak_width width = width_of(&job->spec, mode);
        struct place_leg *places;
        struct fit_room room;

        if (!promise_look(promise, state, now->wall))
                return NULL;
        room = *promise->room;
        if (promise->any)
                room.free_devices = (uint64_t *)free_beside(promise, state, promise_done_at(state, job, mode, now->wall));
        places = fit_find(state, job, mode, site, &room);
        if (places == NULL && is_due && needs_nodes(&width))
                promise->failed = keep_nodes(promise, state, &width, site, now->wall) != 0;
        return places;
}
