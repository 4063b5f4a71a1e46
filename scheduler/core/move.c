/* SPDX-License-Identifier: Apache-2.0 */
#include "core/move.h"

#define MICRO 1e-6

bool move_is_allowed(const struct state *state, const struct job *job)
{
        return state_class(state, job)->may_move && job->spec.site == NULL;
}

/* Seconds over a link of `mbit_per_s`; 0 is a link that nobody has told of. */
static int64_t seconds_over(int64_t mb, int64_t mbit_per_s)
{
        return mbit_per_s > 0 ? (mb * 8 + mbit_per_s - 1) / mbit_per_s : 0;
}

static int64_t slower(int64_t a, int64_t b)
{
        if (a == 0 || b == 0)
                return a + b;
        return a < b ? a : b;
}

static int64_t link_of(const struct state *state, const struct site *site)
{
        const struct policy_site *terms = policy_site(&state->policy, site->name);

        return terms != NULL ? terms->wan_mbit_per_s : 0;
}

int64_t move_ready_at(const struct state *state, const struct job *job, const struct site *site)
{
        if (job->site == NONE_U32 || job->site == site->id)
                return 0;
        if (job->site >= state->n_sites || !move_is_allowed(state, job))
                return INT64_MAX;
        return job->attempt.over_at + seconds_over(state_class(state, job)->move_mb,
                                                   slower(link_of(state, &state->sites[job->site]), link_of(state, site)));
}

int64_t move_price(const struct state *state, const struct job *job, const struct site *from)
{
        const struct policy_site *terms = policy_site(&state->policy, from->name);

        return terms != NULL ? (int64_t)((__int128)state_class(state, job)->move_mb * terms->egress_cost / 1000) : 0;
}

struct move_terms move_dearest(const struct state *state, const struct job *job, uint64_t sites)
{
        int64_t mb = state_class(state, job)->move_mb, slowest = 0, dearest = 0;

        for (uint32_t s = 0; s < state->n_sites && s < 64; s++) {
                const struct policy_site *terms = policy_site(&state->policy, state->sites[s].name);

                if ((sites >> s & 1) == 0 || terms == NULL)
                        continue;
                slowest = slower(slowest, terms->wan_mbit_per_s);
                dearest = terms->egress_cost > dearest ? terms->egress_cost : dearest;
        }
        return (struct move_terms){ .cost = (double)mb / 1000 * (double)dearest * MICRO, .seconds = seconds_over(mb, slowest) };
}
