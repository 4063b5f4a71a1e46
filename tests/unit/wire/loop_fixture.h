/* SPDX-License-Identifier: Apache-2.0 */
/* loop_fixture.h - a libuv loop and a folder of its own for a test; at its end the loop must close clean. */
#ifndef OFFPEAK_TESTS_LOOP_FIXTURE_H
#define OFFPEAK_TESTS_LOOP_FIXTURE_H

#include <stdbool.h>

#include <uv.h>

struct fixture {
        uv_loop_t loop;
        uv_timer_t timer;
        char folder[64];
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Turn the loop until *count is n; fails the test after 20 seconds. Nothing but the sockets wakes the loop meanwhile.
 */
void fixture_run_until_count(struct fixture *fixture, const unsigned *count, unsigned n);
/* So many turns of the loop, of 5 ms at the most each. */
void fixture_run_turns(struct fixture *fixture, int n);

/* "SCHEME FOLDER/NAME", in a buffer of the caller's. */
char *fixture_path(const struct fixture *fixture, const char *scheme, const char *name, char buffer[160]);

#endif
