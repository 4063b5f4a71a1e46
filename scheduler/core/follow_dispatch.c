/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_dispatch.c - the difference between plan and reality, as launches and stops.
 *
 *   queued, in its hours, nodes up, devices and power there -> launch (one at a time: the next one sees it)
 *   running, out of its hours, with later ones to come      -> pause
 *   running far beyond what was asked for                   -> stop at its limit
 *   hours missed or used up with work left                  -> a new plan
 */
#include "core/decide_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/power.h"
#include "place/place.h"

/* The interval that holds at `wall`, or NULL. */
static const struct plan_interval *interval_at(const struct job *job, int64_t wall)
{
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].start <= wall && wall < job->planned[i].end)
                        return &job->planned[i];
        return NULL;
}

static bool has_interval_after(const struct job *job, int64_t wall)
{
        return job->n_planned > 0 && job->planned[job->n_planned - 1].start > wall;
}

/* ---- launch */

static uint32_t gpus_in_use(const struct state *state, const struct policy_class *class)
{
        uint32_t gpus = 0;

        for (size_t i = 0; i < state->n_jobs; i++)
                if (state->jobs[i].state == OFFPEAK_JOB_ACTIVE && state_class(state, &state->jobs[i]) == class)
                        gpus += state->jobs[i].spec.nodes * state->jobs[i].spec.gpus_per_node;
        return gpus;
}

static bool quota_allows(const struct state *state, const struct job *job)
{
        const struct policy_class *class = state_class(state, job);

        return class->quota_gpus == 0 ||
               gpus_in_use(state, class) + job->spec.nodes * job->spec.gpus_per_node <= class->quota_gpus;
}

static bool power_allows(const struct state *state, const struct job *job, const struct site *site, int64_t wall)
{
        struct site_supply supply = state_supply(state, site);
        struct supply_curve curve = site_supply_at(&supply, wall);
        int64_t more = power_at_meter(&supply.terms, power_of_job_at(state, job, site));

        return power_of_site(state, site) + more <= supply_limit(&curve);
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

static bool place(const struct state *state, const struct job *job, const struct site *site, struct place_leg *legs)
{
        struct place_node *nodes = calloc(state->n_nodes, sizeof(*nodes));
        uint8_t(*numa)[OFFPEAK_MAX_DEVICES] = calloc(state->n_nodes, sizeof(*numa));
        size_t n = 0;
        bool placed = false;

        for (uint32_t i = 0; nodes != NULL && numa != NULL && i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                if (node->session.state != SESSION_UP || node->fenced || strcmp(node->site, site->name) != 0)
                        continue;
                for (uint32_t d = 0; d < node->inventory.n_devices; d++)
                        numa[n][d] = node->inventory.devices[d].numa;
                nodes[n] = (struct place_node){ .node = i,
                                                .free = state_free_devices(state, node),
                                                .numa = numa[n],
                                                .avoid = i == job->avoid_node };
                n++;
        }
        if (nodes != NULL && numa != NULL)
                placed = place_gang(nodes, n, job->spec.nodes, job->spec.gpus_per_node, legs) == OFFPEAK_OK;
        free(numa);
        free(nodes);
        return placed;
}

/* A lease that must leave room for the shim to stop the job before it ends. */
static int64_t lease_for(const struct policy_class *class, int64_t grace_s)
{
        int64_t least = class->on_lost == ON_LOST_RELAUNCH ? 2 * grace_s * 1000 + 4000 : 0;

        return class->lease_ms > least ? class->lease_ms : least;
}

static void record_launch(const struct state *state, const struct job *job, const struct plan_interval *interval,
                          const struct place_leg *places, const struct now *now, struct turn *turn)
{
        const struct policy_class *class = state_class(state, job);
        struct record *record = turn_record(turn, RECORD_LAUNCH, now);
        int64_t grace_s = job->spec.signal_lead_s > 0 ? job->spec.signal_lead_s : class->stop_grace_s;

        record->u.launch.legs = calloc(job->spec.nodes, sizeof(struct leg));
        if (record->u.launch.legs == NULL) {
                turn->failed = true;
                return;
        }
        for (uint32_t l = 0; l < job->spec.nodes; l++)
                record->u.launch.legs[l] =
                        (struct leg){ .node = places[l].node, .devices = places[l].devices, .state = LEG_ORDERED };
        record->u.launch.n_legs = job->spec.nodes;
        record->u.launch.job = job->id;
        record->u.launch.attempt = job->attempts + 1;
        record->u.launch.mode = interval->mode;
        record->u.launch.go = job->spec.nodes == 1;
        record->u.launch.lease_ms = lease_for(class, grace_s);
        record->u.launch.grace_s = grace_s;
        record->u.launch.on_lost = class->on_lost;
        record->u.launch.launched_ms = now->mono_ms;
}

static void try_launch(const struct state *state, const struct job *job, const struct plan_interval *interval,
                       const struct now *now, struct turn *turn)
{
        const struct site *site = &state->sites[interval->site];
        struct place_leg *places;

        if (!launches_allowed(state) || now->mono_ms < job->not_before_ms || !quota_allows(state, job) ||
            !power_allows(state, job, site, now->wall))
                return;
        places = calloc(job->spec.nodes, sizeof(*places));
        if (places != NULL && place(state, job, site, places))
                record_launch(state, job, interval, places, now, turn);
        free(places);
}

/* ---- stop */

static void record_stop(const struct job *job, enum stop_reason reason, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_STOP, now);

        record->u.stop.job = job->id;
        record->u.stop.attempt = job->attempt.number;
        record->u.stop.reason = reason;
}

static bool ran_too_long(const struct state *state, const struct job *job, int64_t wall)
{
        int64_t limit_ppm = state_class(state, job)->limit_ppm;
        int64_t ran = job->ran_s + wall - job->attempt.launched_at;

        return limit_ppm > 0 && ran > (int64_t)((__int128)job->spec.time_s * limit_ppm / 1000000);
}

static void follow_queued(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        const struct plan_interval *interval = interval_at(job, now->wall);

        if (job->held || job->cancel)
                return;
        if (interval != NULL && interval->site < state->n_sites)
                try_launch(state, job, interval, now, turn);
        else if (job->n_planned > 0 && !has_interval_after(job, now->wall))
                want_plan(state, now, turn); /* its hours went by without it */
}

static void follow_running(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        if (job->attempt.state != ATTEMPT_GOING)
                return;
        if (ran_too_long(state, job, now->wall))
                record_stop(job, STOP_LIMIT, now, turn);
        else if (job->n_planned == 0 || interval_at(job, now->wall) != NULL)
                return;
        else if (has_interval_after(job, now->wall))
                record_stop(job, STOP_PAUSE, now, turn);
        else
                want_plan(state, now, turn); /* not done where the plan thought it would be */
}

void follow_dispatch(const struct state *state, const struct now *now, struct turn *turn)
{
        size_t before = turn->n_records;

        for (size_t i = 0; i < state->n_jobs && turn->n_records == before; i++)
                if (state->jobs[i].state == OFFPEAK_JOB_ACTIVE)
                        follow_running(state, &state->jobs[i], now, turn);
        for (size_t i = 0; i < state->n_jobs && turn->n_records == before; i++)
                if (state->jobs[i].state == OFFPEAK_JOB_QUEUED)
                        follow_queued(state, &state->jobs[i], now, turn);
}
