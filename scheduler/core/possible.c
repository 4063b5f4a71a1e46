/* SPDX-License-Identifier: Apache-2.0 */
#include "core/possible.h"

#include <string.h>

#include "core/caps.h"
#include "core/claim.h"
#include "core/health.h"
#include "core/month.h"
#include "core/move.h"
#include "core/placing.h"
#include "core/power.h"
#include "core/stored.h"
#include "core/width.h"

/* The limit at its highest, over the hours of a plan made now; what is in a store, or comes into it, can add its power at any. */
static struct possible_site look_at(const struct state *state, const struct now *now, const struct site *site)
{
        struct site_supply supply = state_supply_in_use(state, site, now->wall);
        struct possible_site result = { .idle_w = power_idle_at(state, site, now->mono_ms), .known = true };
        int64_t horizon = now->wall + state->policy.plan_horizon_s, more = stored_most_w(&supply, now->wall);

        supply.signals[SERIES_PRICE] = supply.signals[SERIES_CARBON] = (struct signal){ 0 }; /* their edges do not matter here, */
        supply.signals[SERIES_EXPORT_PRICE] = (struct signal){ 0 };                          /* nor do these */
        for (int64_t t = now->wall; t < horizon; t = site_supply_next_edge(&supply, t)) {
                struct supply_curve curve = site_supply_at(&supply, t);
                int64_t limit = supply_limit(&curve);

                limit = limit > INT64_MAX - more ? INT64_MAX : limit + more;
                result.limit_w = limit > result.limit_w ? limit : result.limit_w;
                if (!site_supply_is_known(&supply, t))
                        result.known = false;
        }
        return result;
}

void possible_init(const struct state *state, const struct now *now, struct possible_site sites[POSSIBLE_SITES])
{
        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++)
                sites[s] = look_at(state, now, &state->sites[s]);
}

/* What the job itself and its class say, wherever it may be. */
static bool class_allows(const struct state *state, const struct job *job, const struct site *site)
{
        const struct policy_class *class = state_class(state, job);

        if (policy_site(&state->policy, site->name) == NULL)
                return false;
        if (job->spec.site != NULL)
                return strcmp(job->spec.site, site->name) == 0;
        if (class == NULL || class->n_sites == 0)
                return true;
        for (size_t i = 0; i < class->n_sites; i++)
                if (strcmp(class->sites[i], site->name) == 0)
                        return true;
        return false;
}

static bool site_allowed(const struct state *state, const struct job *job, const struct site *site)
{
        if (job->site == site->id)
                return policy_site(&state->policy, site->name) != NULL;
        if (job->site != NONE_U32 && !move_is_allowed(state, job))
                return false;
        return class_allows(state, job, site);
}

uint64_t possible_at_first(const struct state *state, const struct job *job)
{
        uint64_t sites = 0;

        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++)
                if (class_allows(state, job, &state->sites[s]))
                        sites |= UINT64_C(1) << s;
        return sites;
}

/* Devices that a node may ever give. now NULL, here and below: once it is back. */
static uint32_t devices_of(const struct state *state, const struct now *now, const struct node *node)
{
        if (now == NULL)
                return node->fenced ? 0 : node->inventory.n_devices;
        return node_in_service(state, node, now->mono_ms) ? health_devices_ever(state, node) : 0;
}

static bool may_hold(const struct state *state, const struct now *now, const struct site *site, const struct job *job,
                     const struct offpeak_width *width, const struct node *node)
{
        return node->site_id == site->id && devices_of(state, now, node) >= width->gpus_per_node &&
               claim_fits(&job->spec, width, node);
}

/* Do as few switches hold the gang? Without memory: no. */
static bool has_switches(const struct state *state, const struct now *now, const struct site *site,
                         const struct job *job, const struct offpeak_width *width)
{
        struct placing placing;
        uint32_t n = 0, fewest = 0;

        if (placing_init(state, &placing) == 0) {
                for (uint32_t i = 0; i < state->n_nodes; i++)
                        if (may_hold(state, now, site, job, width, &state->nodes[i]))
                                placing.nodes[n++] = placing.nodes[i];
                fewest = place_fewest_switches(placing.nodes, n, width->nodes);
        }
        placing_finish(&placing);
        return fewest != 0 && fewest <= job->spec.switches;
}

/* Enough nodes that have enough devices each, and what else the job wants of them; free or not. */
static bool has_nodes(const struct state *state, const struct now *now, const struct site *site, const struct job *job,
                      const struct offpeak_width *width)
{
        uint32_t nodes = 0;

        for (uint32_t i = 0; i < state->n_nodes && nodes < width->nodes; i++)
                nodes += may_hold(state, now, site, job, width, &state->nodes[i]);
        if (nodes < width->nodes)
                return false;
        return job->spec.switches == 0 || job->spec.switches >= width->nodes ||
               has_switches(state, now, site, job, width);
}

static int64_t idle_at_meter(const struct state *state, const struct possible_site *possible, const struct site *site)
{
        const struct supply_terms *terms = state_terms(state, site);

        return terms->pue_fixed_w + power_at_meter(terms, possible->idle_w);
}

static int64_t needed(const struct state *state, const struct possible_site *possible, const struct site *site,
                      const struct job *job, uint32_t mode)
{
        const struct supply_terms *terms = state_terms(state, site);

        return terms->pue_fixed_w + power_at_meter(terms, possible->idle_w + power_of_job_at(job, mode, site));
}

/* It runs as wide as that, under whatever cap: what it holds it may keep. */
static bool runs_as_wide(const struct job *job, uint32_t mode)
{
        return job->state == OFFPEAK_JOB_ACTIVE && width_is_same(&job->spec, job->attempt.mode, mode);
}

/* Modes as bits, by what the class allows. */
static uint64_t modes_in_class(const struct state *state, const struct now *now, const struct job *job)
{
        const struct policy_class *class = state_class(state, job);
        bool caps = class != NULL && class->cap_floor_ppm > 0;
        uint64_t modes = 0;

        for (uint32_t mode = 0; mode < (caps ? width_modes(&job->spec) : width_count(&job->spec)); mode++) {
                bool in_quota = class == NULL || class->quota_gpus == 0 ||
                                width_gpus(&job->spec, mode) <= class->quota_gpus || runs_as_wide(job, mode);
                uint32_t level = width_level(&job->spec, mode);

                if (in_quota && (level == 0 || (class != NULL && caps_in_class(class, level) &&
                                                month_holds_cap(job, class, mode, now->wall))))
                        modes |= UINT64_C(1) << mode;
        }
        return modes;
}

static uint64_t modes_with_nodes(const struct state *state, const struct now *now, const struct site *site,
                                 const struct job *job, uint64_t of)
{
        uint64_t modes = 0;

        if (!site_allowed(state, job, site))
                return 0;
        for (uint32_t w = 0; w < width_count(&job->spec); w++) {
                struct offpeak_width width = width_of(&job->spec, w);

                if ((of >> w & 1) == 0 || !has_nodes(state, now, site, job, &width))
                        continue;
                for (uint32_t level = 0; level < CAPS_LEVELS; level++)
                        if (caps_at_site(site, level))
                                modes |= UINT64_C(1) << width_at_level(&job->spec, w, level);
        }
        return modes & of;
}

static uint64_t modes_with_power(const struct state *state, const struct possible_site *possible, const struct site *site,
                                 const struct job *job, uint64_t of)
{
        bool runs = job->state == OFFPEAK_JOB_ACTIVE && (job->site == NONE_U32 || job->site == site->id);
        uint64_t modes = 0;

        if (possible->limit_w == INT64_MAX)
                return of;
        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++)
                if ((of >> mode & 1) != 0 && ((runs && runs_as_wide(job, mode)) ||
                                              needed(state, possible, site, job, mode) <= possible->limit_w))
                        modes |= UINT64_C(1) << mode;
        return modes;
}

static bool month_is_large_enough(const struct state *state, const struct now *now, const struct job *job)
{
        const struct policy_class *class = state_class(state, job);

        return class == NULL || class->quota_gpu_hours == 0 || job->state == OFFPEAK_JOB_ACTIVE ||
               month_need(state, job, class, now->wall) <= class->quota_gpu_hours * 3600;
}

uint64_t possible_sites(const struct state *state, const struct now *now, const struct possible_site *possible,
                        const struct job *job, uint64_t *ret_modes)
{
        uint64_t quota = modes_in_class(state, now, job), modes = UINT64_MAX;
        uint64_t sites = 0;

        if (!month_is_large_enough(state, now, job))
                return 0;
        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++) {
                uint64_t here = modes_with_nodes(state, now, &state->sites[s], job, quota);

                here = modes_with_power(state, &possible[s], &state->sites[s], job, here);
                if ((here & modes) == 0)
                        continue;
                sites |= UINT64_C(1) << s;
                modes &= here;
        }
        if (job->state == OFFPEAK_JOB_ACTIVE &&
            ((job->site < POSSIBLE_SITES && (sites >> job->site & 1) == 0) || (modes >> width_at_level(&job->spec, job->attempt.mode, 0) & 1) == 0))
                return 0; /* it is where it cannot be, and cannot be elsewhere before it has ended there */
        if (ret_modes != NULL)
                *ret_modes = modes;
        return sites;
}

static enum lack lack_of(const struct state *state, const struct now *now, const struct job *job)
{
        uint64_t quota = modes_in_class(state, now, job);
        enum lack lack = LACK_NODES;

        if (quota == 0)
                return LACK_QUOTA;
        if (!month_is_large_enough(state, now, job))
                return LACK_MONTH;
        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++) {
                uint64_t modes = modes_with_nodes(state, now, &state->sites[s], job, quota);
                struct possible_site possible;

                if (modes == 0)
                        continue;
                possible = look_at(state, now, &state->sites[s]);
                if (modes_with_power(state, &possible, &state->sites[s], job, modes) != 0)
                        return LACK_NOTHING;
                lack = LACK_POWER;
        }
        return lack;
}

/* What it could do without, to have the nodes. */
static enum lack lack_of_nodes(const struct state *state, const struct now *now, const struct job *job)
{
        struct job other = *job; /* borrowed */

        other.spec.switches = 0;
        if (job->spec.switches != 0 && lack_of(state, now, &other) != LACK_NODES)
                return LACK_SWITCHES;
        other.spec.n_features = 0;
        return job->spec.n_features != 0 && lack_of(state, now, &other) != LACK_NODES ? LACK_FEATURES : LACK_NODES;
}

enum lack possible_lack(const struct state *state, const struct now *now, const struct job *job)
{
        enum lack lack = lack_of(state, now, job);

        return lack == LACK_NODES ? lack_of_nodes(state, now, job) : lack;
}

bool possible_once_back(const struct state *state, const struct job *job)
{
        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++)
                if (modes_with_nodes(state, NULL, &state->sites[s], job, UINT64_MAX) != 0)
                        return true;
        return false;
}

/* In the mode that needs least. */
static int64_t least_needed(const struct state *state, const struct possible_site *possible, const struct site *site,
                            const struct job *job, uint64_t modes)
{
        int64_t least = INT64_MAX;

        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++)
                if ((modes >> mode & 1) != 0 && needed(state, possible, site, job, mode) < least)
                        least = needed(state, possible, site, job, mode);
        return least;
}

struct possible_power possible_power(const struct state *state, const struct now *now, const struct job *job)
{
        struct possible_power closest = { 0 };

        for (uint32_t s = 0; s < state->n_sites && s < POSSIBLE_SITES; s++) {
                const struct site *site = &state->sites[s];
                uint64_t modes = modes_with_nodes(state, now, site, job, modes_in_class(state, now, job));
                struct possible_site possible;
                struct possible_power here;

                if (modes == 0)
                        continue;
                possible = look_at(state, now, site);
                if (!possible.known || modes_with_power(state, &possible, site, job, modes) != 0)
                        return (struct possible_power){ 0 };
                here = (struct possible_power){ .site = site,
                                                .needed_w = least_needed(state, &possible, site, job, modes),
                                                .limit_w = possible.limit_w,
                                                .idle_w = idle_at_meter(state, &possible, site) };
                if (closest.site == NULL || here.needed_w - here.limit_w < closest.needed_w - closest.limit_w)
                        closest = here;
        }
        return closest;
}
