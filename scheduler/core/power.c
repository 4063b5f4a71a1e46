/* SPDX-License-Identifier: Apache-2.0 */
#include "core/power.h"

#include "core/caps.h"
#include "core/width.h"

/* How long after a restart a node that has not called yet still counts as there. */
enum { RETURN_MS = 60000 };

/* Devices at full load, under the caps of a mode. */
static int64_t capped(const struct job *job, uint32_t mode, int64_t watts)
{
        return (int64_t)((double)watts * caps_power(width_level(&job->spec, mode)));
}

static int64_t leg_in_mode(const struct state *state, const struct job *job, const struct leg *leg, uint32_t mode)
{
        const struct inventory *inventory = &state->nodes[leg->node].inventory;
        uint32_t nodes = width_of(&job->spec, mode).nodes;
        int64_t watts = width_power(job, mode);

        if (watts > 0)
                return watts / (nodes > 0 ? nodes : 1);
        for (uint32_t d = 0; d < inventory->n_devices; d++)
                if (leg->devices >> d & 1)
                        watts += inventory->devices[d].max_w;
        return capped(job, mode, watts);
}

int64_t power_of_leg(const struct state *state, const struct job *job, const struct leg *leg)
{
        return leg_in_mode(state, job, leg, job->attempt.mode);
}

int64_t power_spent_by_leg(const struct state *state, const struct job *job, const struct leg *leg, int64_t start, int64_t end)
{
        const struct attempt *attempt = &job->attempt;
        int64_t change = start;

        if (attempt->before_since != 0 && attempt->mode_since > start)
                change = attempt->mode_since < end ? attempt->mode_since : end;
        return leg_in_mode(state, job, leg, attempt->mode_before) * (change - start) +
               power_of_leg(state, job, leg) * (end - change);
}

int64_t power_of_job_at(const struct job *job, uint32_t mode, const struct site *site)
{
        int64_t watts = width_power(job, mode);

        return watts > 0 ? watts : capped(job, mode, (int64_t)site->hungriest_w * width_gpus(&job->spec, mode));
}

int64_t power_at_meter(const struct supply_terms *terms, int64_t it_w)
{
        return (int64_t)((__int128)it_w * terms->pue_ppm / 1000000);
}

static int64_t legs_at_site(const struct state *state, const struct job *job, const struct site *site)
{
        int64_t watts = 0;

        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                const struct leg *leg = &job->attempt.legs[l];

                if (leg->state != LEG_ENDED && state->nodes[leg->node].site_id == site->id)
                        watts += power_of_leg(state, job, leg);
        }
        return watts;
}

int64_t power_of_site(const struct state *state, const struct site *site)
{
        return power_of_site_before(state, site, INT64_MAX);
}

static int64_t leg_not_capped_yet(const struct state *state, const struct job *job, const struct leg *leg)
{
        uint32_t mode = job->attempt.mode;
        int64_t more;

        if (leg->state == LEG_ENDED || leg->level >= width_level(&job->spec, mode))
                return 0;
        more = leg_in_mode(state, job, leg, width_at_level(&job->spec, mode, leg->level)) - leg_in_mode(state, job, leg, mode);
        return more > 0 ? more : 0;
}

int64_t power_not_capped_yet(const struct state *state, const struct site *site)
{
        int64_t it_w = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                for (uint32_t l = 0; job->state == OFFPEAK_JOB_ACTIVE && l < job->attempt.n_legs; l++)
                        if (state->nodes[job->attempt.legs[l].node].site_id == site->id)
                                it_w += leg_not_capped_yet(state, job, &job->attempt.legs[l]);
        }
        return power_at_meter(state_terms(state, site), it_w);
}

int64_t power_of_site_before(const struct state *state, const struct site *site, int64_t time)
{
        const struct supply_terms *terms = state_terms(state, site);
        int64_t it_w = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (state->nodes[i].site_id == site->id)
                        it_w += state->nodes[i].inventory.idle_w;
        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE &&
                    state_open_job(state, i)->attempt.launched_at < time)
                        it_w += legs_at_site(state, state_open_job(state, i), site);
        return terms->pue_fixed_w + power_at_meter(terms, it_w);
}

/* A job that runs on a node nobody hears holds its devices there all the same. */
static bool holds_a_leg(const struct state *state, const struct node *node)
{
        return state_held_devices(state, node) != 0;
}

bool node_in_service(const struct state *state, const struct node *node, int64_t mono_ms)
{
        if (node->fenced)
                return false;
        if (node->session.state != SESSION_NONE)
                return true;
        if (node->session.number == 0 && mono_ms - state->started_ms < RETURN_MS)
                return true;
        return holds_a_leg(state, node);
}

int64_t power_idle_at(const struct state *state, const struct site *site, int64_t mono_ms)
{
        int64_t watts = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (state->nodes[i].site_id == site->id && node_in_service(state, &state->nodes[i], mono_ms))
                        watts += state->nodes[i].inventory.idle_w;
        return watts;
}

int64_t power_full_at(const struct state *state, const struct site *site, int64_t mono_ms)
{
        int64_t watts = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                if (node->site_id != site->id || !node_in_service(state, node, mono_ms))
                        continue;
                watts += node->inventory.idle_w;
                for (uint32_t d = 0; d < node->inventory.n_devices; d++)
                        watts += node->inventory.devices[d].max_w;
        }
        return watts;
}
