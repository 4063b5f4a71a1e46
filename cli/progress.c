/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "base/when.h"

enum { FIRST_MS = 500, EVERY_MS = 200 };

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, FILE *out, const char *what)
{
        *progress = (struct progress){ .out = isatty(fileno(out)) ? out : NULL, .what = what };
        if (progress->out == NULL)
                return;
        progress->screen = screen_of(out);
        progress->began_ms = progress->told_ms = now_ms();
}

void progress_tell(struct progress *progress, double share)
{
        char bar[64], took[WHEN_TEXT_SIZE], left[WHEN_TEXT_SIZE];
        int64_t now, ran;

        if (progress->out == NULL)
                return;
        now = now_ms();
        ran = now - progress->began_ms;
        if (ran < FIRST_MS || now - progress->told_ms < EVERY_MS)
                return;
        progress->told_ms = now;
        progress->on_screen = true;
        share = fmin(1, fmax(0, share));
        fprintf(progress->out, "\r\033[K%s %s %2.0f %%, %s", progress->what, screen_bar(&progress->screen, share, bar),
                100 * share, when_format_duration(ran / 1000, took));
        if (share > 0.01)
                fprintf(progress->out, ", about %s left",
                        when_format_duration((int64_t)((double)ran * (1 - share) / share / 1000), left));
        fflush(progress->out);
}

void progress_end(struct progress *progress)
{
        if (progress->on_screen)
                fputs("\r\033[K", progress->out);
        progress->on_screen = false;
}
