/* SPDX-License-Identifier: Apache-2.0 */
/* What a kWh's carbon counts as in plans: the grid's, where the site's nodes can draw more than cleaner sources give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/power.h"
#include "unit/core/scene.h"

enum { GRID_G = 400, WIND_G = 11 };

/* A site with an agreement over so many watts that costs nothing to use, beside the grid; its first step. */
static double carbon_beside(int64_t wind_w, bool has_wind)
{
        double intensities[] = { GRID_G, GRID_G, GRID_G };
        struct input input = { .type = INPUT_SERIES };
        struct plan_question question;
        struct supply_terms *terms;
        struct scene scene;
        struct series carbon;
        double told;

        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        terms = &scene.state.policy.sites[0].terms;
        if (has_wind) {
                terms->n_ppas = 1;
                terms->ppas[0] = (struct supply_ppa){ .name = "wind", .kind = PPA_BASELOAD, .take_or_pay = true, .behind_meter = true,
                                                      .power_w = wind_w, .share_ppm = 1000000, .carbon = WIND_G * 1000 };
        }
        world_series(&carbon, SERIES_CARBON, WORLD_START, intensities, 3);
        input.u.series.series = &carbon;
        scene_send(&scene, &input);
        series_finish(&carbon);
        assert_true(scene_submit(&scene, scene_client(&scene), 1) > 0);
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_int_equal(question.problem.n_sites, 1);
        told = question.problem.sites[0].steps[0].carbon;
        plan_question_finish(&question);
        scene_finish(&scene);
        return told;
}

static void the_grid_counts_where_it_is_needed(void **state)
{
        struct scene scene;
        int64_t full_w;

        (void)state;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        full_w = power_full_at(&scene.state, &scene.state.sites[0], scene.now.mono_ms);
        assert_true(full_w > power_idle_at(&scene.state, &scene.state.sites[0], scene.now.mono_ms));
        scene_finish(&scene);
        assert_true(carbon_beside(0, false) == GRID_G);
        assert_true(carbon_beside(full_w - 1, true) == GRID_G);
        assert_true(carbon_beside(full_w, true) == WIND_G);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_grid_counts_where_it_is_needed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
