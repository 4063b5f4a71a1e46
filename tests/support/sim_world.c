/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sim_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void journal(void *context, const struct record *record)
{
        struct sim_world *world = context;
        struct record copy = *record; /* apply() writes only the index, which is set */

        assert_int_equal(apply(&world->replayed, &copy), 0);
        world->records++;
}

void sim_world_init_failing(struct sim_world *world, const double *prices, size_t n, const struct sim_options *like)
{
        struct sim_options options = *like;
        struct series price;

        options.start = WORLD_START;
        options.policy = &world->policy;
        options.journal = journal;
        options.context = world;
        state_init(&world->replayed);
        assert_int_equal(sim_create(&options, &world->sim), 0);
        world_series(&price, SERIES_PRICE, WORLD_START, prices, n);
        assert_int_equal(sim_take_series(world->sim, &price), 0);
        series_finish(&price);
}

static void init(struct sim_world *world, const double *prices, size_t n, bool forecasts)
{
        sim_world_init_failing(world, prices, n, &(struct sim_options){ .forecasts = forecasts });
}

void sim_world_init(struct sim_world *world, const double *prices, size_t n)
{
        init(world, prices, n, false);
}

void sim_world_init_forecasting(struct sim_world *world, const double *prices, size_t n)
{
        init(world, prices, n, true);
}

void sim_world_finish(struct sim_world *world)
{
        char *live = state_dump(sim_state(world->sim));
        char *replayed = state_dump(&world->replayed);

        assert_true(state_is_bound(sim_state(world->sim)) && state_is_bound(&world->replayed));
        assert_string_equal(live, replayed); /* replaying the log gives the same state, byte for byte */
        free(live);
        free(replayed);
        sim_destroy(world->sim);
        state_finish(&world->replayed);
        policy_finish(&world->policy);
}

const struct job *sim_world_job(const struct sim_world *world, uint64_t id)
{
        return state_job(sim_state(world->sim), id);
}
