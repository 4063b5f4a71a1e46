/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/room.h"

int state_init(struct state *state)
{
        memset(state, 0, sizeof(*state));
        state->next_job = 1;
        policy_init(&state->policy);
        return 0;
}

void state_finish(struct state *state)
{
        for (uint32_t i = 0; i < state->n_sites; i++)
                site_finish(&state->sites[i]);
        for (uint32_t i = 0; i < state->n_nodes; i++)
                node_finish(&state->nodes[i]);
        for (size_t i = 0; i < state->n_jobs; i++)
                job_finish(&state->jobs[i]);
        for (size_t i = 0; i < state->n_requests; i++)
                request_finish(&state->requests[i]);
        free(state->sites);
        free(state->nodes);
        free(state->jobs);
        free(state->open);
        free(state->requests);
        free(state->flows);
        free(state->past_flows);
        month_uses_finish(state->month_uses, state->n_month_uses);
        for (uint32_t i = 0; i < state->n_profiles; i++)
                profile_finish(&state->profiles[i]);
        free(state->profiles);
        policy_finish(&state->policy);
        memset(state, 0, sizeof(*state));
}

int state_open(struct state *state)
{
        size_t *open = room_for_one((void **)&state->open, state->n_open, sizeof(*open));

        if (open == NULL)
                return OFFPEAK_ENOMEM;
        *open = state->n_jobs - 1;
        state->n_open++;
        return 0;
}

void state_close(struct state *state, const struct job *job)
{
        size_t index = (size_t)(job - state->jobs), i = 0;

        while (i < state->n_open && state->open[i] != index)
                i++;
        if (i == state->n_open)
                return;
        memmove(&state->open[i], &state->open[i + 1], (state->n_open - i - 1) * sizeof(*state->open));
        state->n_open--;
}

static uint32_t site_id_of(const struct state *state, const struct node *node)
{
        const struct site *site = state_site(state, node->site);

        return site != NULL ? site->id : NONE_U32;
}

/* Of a node's devices, or of those of a whole site so far: the most that one draws. */
static uint32_t hungrier(uint32_t watts, const struct node *node)
{
        for (uint32_t d = 0; d < node->inventory.n_devices; d++)
                if (node->inventory.devices[d].max_w > watts)
                        watts = node->inventory.devices[d].max_w;
        return watts;
}

/* The lowest cap that this node's devices can have, too. 0: some device can have none. */
static uint32_t lowest_cap(uint32_t ppm, const struct node *node)
{
        for (uint32_t d = 0; d < node->inventory.n_devices; d++) {
                const struct device *device = &node->inventory.devices[d];
                uint32_t least = device->least_w == 0 || device->max_w == 0
                                         ? 0
                                         : (uint32_t)(((uint64_t)device->least_w * 1000000 + device->max_w - 1) / device->max_w);

                if (least == 0 || ppm == 0)
                        return 0;
                ppm = least > ppm ? least : ppm;
        }
        return ppm;
}

struct draw {
        uint32_t hungriest_w, least_cap_ppm;
};

/* Of a site's devices. */
static struct draw draw_at(const struct state *state, uint32_t site)
{
        struct draw draw = { 0, 1 };
        bool any = false;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                if (state->nodes[i].site_id != site)
                        continue;
                draw.hungriest_w = hungrier(draw.hungriest_w, &state->nodes[i]);
                draw.least_cap_ppm = lowest_cap(draw.least_cap_ppm, &state->nodes[i]);
                any = any || state->nodes[i].inventory.n_devices > 0;
        }
        draw.least_cap_ppm = any ? draw.least_cap_ppm : 0;
        return draw;
}

void state_bind_health(struct node *node)
{
        node->withheld = 0;
        for (uint32_t i = 0; i < node->n_health; i++)
                if (node->health[i].unwell || node->health[i].kept_off)
                        node->withheld |= UINT64_C(1) << node->health[i].device;
        node->withheld &= state_all_devices(node);
}

void state_bind_nodes(struct state *state)
{
        for (uint32_t i = 0; i < state->n_nodes; i++)
                state->nodes[i].site_id = site_id_of(state, &state->nodes[i]);
        for (uint32_t s = 0; s < state->n_sites; s++) {
                struct draw draw = draw_at(state, s);

                state->sites[s].hungriest_w = draw.hungriest_w;
                state->sites[s].least_cap_ppm = draw.least_cap_ppm;
        }
}

static bool nodes_are_bound(const struct state *state)
{
        for (uint32_t i = 0; i < state->n_nodes; i++) {
                struct node again = state->nodes[i];

                state_bind_health(&again);
                if (again.site_id != site_id_of(state, &again) || again.withheld != state->nodes[i].withheld)
                        return false;
        }
        for (uint32_t s = 0; s < state->n_sites; s++) {
                struct draw draw = draw_at(state, s);

                if (state->sites[s].hungriest_w != draw.hungriest_w || state->sites[s].least_cap_ppm != draw.least_cap_ppm)
                        return false;
        }
        return true;
}

bool state_is_bound(const struct state *state)
{
        size_t next = 0;

        for (size_t j = 0; j < state->n_jobs; j++) {
                bool listed = next < state->n_open && state->open[next] == j;

                if ((!listed && state->jobs[j].state <= OFFPEAK_JOB_ACTIVE) || !profile_is_bound(state, &state->jobs[j]))
                        return false;
                next += listed;
        }
        return next == state->n_open && nodes_are_bound(state);
}

struct job *state_job(const struct state *state, uint64_t id)
{
        size_t low = 0, high = state->n_jobs;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (state->jobs[middle].id == id)
                        return &state->jobs[middle];
                if (state->jobs[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

struct node *state_node(const struct state *state, const char *name)
{
        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (strcmp(state->nodes[i].name, name) == 0)
                        return &state->nodes[i];
        return NULL;
}

struct site *state_site(const struct state *state, const char *name)
{
        for (uint32_t i = 0; i < state->n_sites; i++)
                if (strcmp(state->sites[i].name, name) == 0)
                        return &state->sites[i];
        return NULL;
}

struct push_source *state_push_source(const struct site *site, enum series_kind kind, const char *name)
{
        for (uint32_t i = 0; i < site->n_push_sources; i++)
                if (site->push_sources[i].kind == kind && strcmp(site->push_sources[i].name, name) == 0)
                        return &site->push_sources[i];
        return NULL;
}

const struct request *state_request(const struct state *state, const uint8_t id[16])
{
        for (size_t i = state->n_requests; i-- > 0;) /* a retry is most likely of a late one */
                if (memcmp(state->requests[i].id, id, 16) == 0)
                        return &state->requests[i];
        return NULL;
}

const struct policy_class *state_class(const struct state *state, const struct job *job)
{
        const struct policy_class *class = policy_class(&state->policy, job->spec.class_name);

        return class != NULL ? class : policy_class(&state->policy, NULL);
}

const struct supply_terms *state_terms(const struct state *state, const struct site *site)
{
        static const struct supply_terms none = { .pue_ppm = 1000000 };
        const struct policy_site *policy = policy_site(&state->policy, site->name);

        return policy != NULL ? &policy->terms : &none;
}

struct site_supply state_supply(const struct state *state, const struct site *site)
{
        struct site_supply supply = { .terms = *state_terms(state, site),
                                      .price = &site->series[SERIES_PRICE],
                                      .carbon = &site->series[SERIES_CARBON],
                                      .capacity = &site->series[SERIES_CAPACITY],
                                      .limit = &site->series[SERIES_LIMIT],
                                      .export_price = &site->series[SERIES_EXPORT_PRICE],
                                      .solar = &site->series[SERIES_SOLAR],
                                      .stored = &site->series[SERIES_STORED] };

        for (unsigned i = 0; i < SUPPLY_MAX_PPAS; i++)
                supply.ppas[i] = &site->series[SERIES_PPA + i];
        return supply;
}

const struct series *state_past(const struct site *site, enum series_kind kind)
{
        return site->feed[kind].n_points > 0 ? &site->feed[kind] : &site->series[kind];
}

/* policy: the site's; NULL: it has none any more. */
static struct signal signal_of(const struct policy_site *policy, const struct site *site, enum series_kind kind, int64_t wall)
{
        const struct site_forecast *forecast = site->forecasts != NULL ? &site->forecasts[kind] : NULL;
        struct signal signal = { .kind = kind,
                                 .in_force = &site->series[kind],
                                 .pushed = &site->pushed[kind],
                                 .past = state_past(site, kind),
                                 .issued = site->feed[kind].n_points > 0 ? site->feed[kind].issued : 0,
                                 .now = wall };

        if (policy != NULL)
                signal.rule = policy->signals[kind];
        if (forecast != NULL && forecast->made_for.version == signal.past->version && forecast->made.value.n_points > 0)
                signal.forecast = &forecast->made.value;
        return signal;
}

struct signal state_signal(const struct state *state, const struct site *site, enum series_kind kind, int64_t wall)
{
        return signal_of(policy_site(&state->policy, site->name), site, kind, wall);
}

struct site_supply state_supply_in_use(const struct state *state, const struct site *site, int64_t wall)
{
        const struct policy_site *policy = policy_site(&state->policy, site->name);
        struct site_supply supply = state_supply(state, site);

        supply.by_signal = true;
        for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++)
                supply.signals[kind] = signal_of(policy, site, (enum series_kind)kind, wall);
        return supply;
}

uint64_t state_all_devices(const struct node *node)
{
        return node->inventory.n_devices >= 64 ? UINT64_MAX : (UINT64_C(1) << node->inventory.n_devices) - 1;
}

/* What nobody else can have. */
static uint64_t taken_by(const struct job *job, const struct leg *leg)
{
        return job->spec.exclusive ? UINT64_MAX : leg->devices;
}

uint64_t state_held_devices(const struct state *state, const struct node *node)
{
        uint64_t held = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state != OFFPEAK_JOB_ACTIVE)
                        continue;
                for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                        if (job->attempt.legs[l].node == node->id && job->attempt.legs[l].state != LEG_ENDED)
                                held |= taken_by(job, &job->attempt.legs[l]);
        }
        return held & state_all_devices(node);
}

uint64_t state_free_devices(const struct state *state, const struct node *node)
{
        return state_all_devices(node) & ~node->withheld & ~state_held_devices(state, node);
}

void state_free_everywhere(const struct state *state, uint64_t *ret_free)
{
        for (uint32_t i = 0; i < state->n_nodes; i++)
                ret_free[i] = state_all_devices(&state->nodes[i]) & ~state->nodes[i].withheld;
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                for (uint32_t l = 0; job->state == OFFPEAK_JOB_ACTIVE && l < job->attempt.n_legs; l++)
                        if (job->attempt.legs[l].state != LEG_ENDED)
                                ret_free[job->attempt.legs[l].node] &= ~taken_by(job, &job->attempt.legs[l]);
        }
}
