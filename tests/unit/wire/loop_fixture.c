/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/wire/loop_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dirent.h>

#include <cmocka.h>

enum { TICK_MS = 5, PATIENCE_MS = 20000 };

static void on_timer(uv_timer_t *timer)
{
        (void)timer;
}

int fixture_setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        strcpy(fixture->folder, "/tmp/offpeak-wire-XXXXXX");
        if (mkdtemp(fixture->folder) == NULL || uv_loop_init(&fixture->loop) != 0)
                return -1;
        uv_timer_init(&fixture->loop, &fixture->timer);
        *state = fixture;
        return 0;
}

static void remove_tree(const char *folder)
{
        DIR *directory = opendir(folder);
        struct dirent *entry;
        char path[512];

        while (directory != NULL && (entry = readdir(directory)) != NULL) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                if (unlink(path) != 0)
                        remove_tree(path);
        }
        if (directory != NULL)
                closedir(directory);
        rmdir(folder);
}

int fixture_teardown(void **state)
{
        struct fixture *fixture = *state;
        int code;

        uv_close((uv_handle_t *)&fixture->timer, NULL);
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        code = uv_loop_close(&fixture->loop);
        if (code != 0) {
                uv_print_all_handles(&fixture->loop, stderr);
                print_error("the loop does not close: %s\n", uv_strerror(code));
        }
        remove_tree(fixture->folder);
        free(fixture);
        return code;
}

/* One timer at the end of patience, and none before: a loop that stalls must not be woken by its test. */
static bool turn(struct fixture *fixture)
{
        if (!uv_is_active((uv_handle_t *)&fixture->timer))
                uv_timer_start(&fixture->timer, on_timer, PATIENCE_MS, 0);
        uv_run(&fixture->loop, UV_RUN_ONCE);
        return uv_is_active((uv_handle_t *)&fixture->timer);
}

void fixture_run_until_count(struct fixture *fixture, const unsigned *count, unsigned n)
{
        while (*count < n)
                if (!turn(fixture))
                        fail_msg("%u of %u after %d ms", *count, n, PATIENCE_MS);
        uv_timer_stop(&fixture->timer);
}

void fixture_run_turns(struct fixture *fixture, int n)
{
        uv_timer_start(&fixture->timer, on_timer, TICK_MS, TICK_MS);
        for (int i = 0; i < n; i++)
                uv_run(&fixture->loop, UV_RUN_ONCE);
        uv_timer_stop(&fixture->timer);
}

char *fixture_path(const struct fixture *fixture, const char *scheme, const char *name, char buffer[160])
{
        snprintf(buffer, 160, "%s%s/%s", scheme, fixture->folder, name);
        return buffer;
}
