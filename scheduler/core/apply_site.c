/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <string.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/room.h"
#include "ledger/surplus.h"

static int add_site(struct state *state, const char *name)
{
        struct site *site = room_for_one((void **)&state->sites, state->n_sites, sizeof(*site));

        if (site == NULL)
                return OFFPEAK_ENOMEM;
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
                series_init(&site->series[kind], (enum series_kind)kind);
                series_init(&site->feed[kind], (enum series_kind)kind);
                series_init(&site->pushed[kind], (enum series_kind)kind);
        }
        if (copy_text(name, &site->name) != 0)
                return OFFPEAK_ENOMEM;
        site->id = state->n_sites++;
        return 0;
}

/* Sites are never taken away: bookings and jobs speak of their ids. */
int apply_config(struct state *state, const struct record *record)
{
        struct policy policy;

        if (policy_copy(&record->u.config.policy, &policy) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < policy.n_sites; i++) {
                const struct policy_site *before = policy_site(&state->policy, policy.sites[i].name);
                struct site *site = state_site(state, policy.sites[i].name);

                if (before != NULL && site != NULL)
                        apply_agreements(site, &before->terms, &policy.sites[i].terms);
        }
        policy_finish(&state->policy);
        state->policy = policy;
        for (size_t i = 0; i < policy.n_sites; i++)
                if (state_site(state, policy.sites[i].name) == NULL && add_site(state, policy.sites[i].name) != 0)
                        return OFFPEAK_ENOMEM;
        state_bind_nodes(state);
        return 0;
}

static int book_job(struct state *state, const struct booking *booking)
{
        struct job *job = state_job(state, booking->job);

        if (job == NULL)
                return 0;
        job->joules += booking->joules;
        job->cost += booking->cost;
        job->carbon_mg += booking->carbon_mg;
        job->market_mg += booking->market_mg;
        if (booking->price == SERIES_UNKNOWN)
                job->unpriced_joules += booking->joules;
        if (job->attempts == 0 || job->attempt.number != booking->attempt)
                return 0;
        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                struct leg *leg = &job->attempt.legs[l];

                if (leg->node != booking->node)
                        continue;
                if (leg->started_at == 0)
                        leg->started_at = booking->start;
                leg->booked_until = booking->end;
                leg->joules += booking->joules;
        }
        if (job->first_started_at == 0)
                job->first_started_at = booking->start;
        return profile_note_energy(state, job, booking);
}

static void book_overhead(struct state *state, struct site *site, const struct record *record)
{
        const struct booking *booking = &record->u.booked.booking;
        struct job *job = state_job(state, booking->job);

        site->pue_rest = record->u.booked.pue_rest;
        if (booking->node == NONE_U32 && booking->job == 0)
                site->overhead_until = booking->end; /* the site's fixed part */
        if (job == NULL)
                return;
        job->overhead_joules += booking->joules;
        job->overhead_cost += booking->cost;
        job->overhead_carbon_mg += booking->carbon_mg;
        job->overhead_market_mg += booking->market_mg;
}

/* For demand charges, and for what the site does not use of what it has. */
static bool is_metered(const struct state *state, const struct site *site)
{
        const struct policy_site *policy = policy_site(&state->policy, site->name);

        return policy != NULL && (policy->terms.n_demands > 0 || surplus_is_possible(&policy->terms));
}

int apply_booked(struct state *state, const struct record *record)
{
        const struct booking *booking = &record->u.booked.booking;
        struct site *site;

        if (booking->site >= state->n_sites || booking->account < ACCOUNT_JOB || (int)booking->account >= ACCOUNT_COUNT)
                return OFFPEAK_EINVAL;
        site = &state->sites[booking->site];
        if (is_metered(state, site) &&
            site_meter_add(&site->meter, booking->start, booking->end, booking_metered(booking)) != 0)
                return OFFPEAK_ENOMEM;
        books_apply(site->books, booking);
        if (record->u.booked.has_stock)
                site->stock = record->u.booked.stock;
        if (booking->account == ACCOUNT_JOB)
                return book_job(state, booking);
        if (booking->account == ACCOUNT_OVERHEAD)
                book_overhead(state, site, record);
        else if (booking->account == ACCOUNT_IDLE && booking->node < state->n_nodes)
                state->nodes[booking->node].idle_until = booking->end;
        return 0;
}
