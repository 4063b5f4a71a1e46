/* SPDX-License-Identifier: Apache-2.0 */
/* picture_jobs.c - a bar for each job: when it ran and will run, how wide its gang is, its pauses, its deadline. */
#include "cli/picture_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/when.h"

enum { ROW = 22, THINNEST = 5, THICKEST = 17 };

/* ---- which */

struct sized {
        size_t index;
        double gpu_s;
};

static double gpu_seconds(const struct picture_job *job)
{
        double seconds = 0;

        for (size_t i = 0; i < job->n; i++)
                seconds += (double)(job->runs[i].end - job->runs[i].start);
        return seconds * (double)job->gpus;
}

static int larger_first(const void *a, const void *b)
{
        const struct sized *x = a, *y = b;

        if (x->gpu_s != y->gpu_s)
                return x->gpu_s > y->gpu_s ? -1 : 1;
        return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
        const struct sized *x = a, *y = b;

        return x->index < y->index ? -1 : x->index > y->index;
}

/* ---- one job */

static int earlier_first(const void *a, const void *b)
{
        const struct picture_run *x = a, *y = b;

        return x->start < y->start ? -1 : x->start > y->start;
}

/* Breaks between its runs: a planned run that begins where it runs now is none. */
static unsigned count_pauses(const struct picture_job *job)
{
        unsigned n = 0;

        for (size_t i = 1; i < job->n; i++)
                n += job->runs[i].start > job->runs[i - 1].end;
        return n;
}

static void note_job(const struct picture_job *job, char *note, size_t size)
{
        unsigned pauses = count_pauses(job);
        char late[WHEN_TEXT_SIZE];
        size_t used = (size_t)snprintf(note, size, "%lld GPU%s", (long long)job->gpus, job->gpus == 1 ? "" : "s");

        if (pauses > 0 && used < size)
                used += (size_t)snprintf(note + used, size - used, ", %u pause%s", pauses, pauses == 1 ? "" : "s");
        if (job->late_s > 0 && used < size)
                snprintf(note + used, size - used, ", %s late", when_format_duration(job->late_s, late));
}

/* `42 `, before its name. */
static const char *number_text(const struct picture_job *job, char buffer[24])
{
        buffer[0] = '\0';
        if (job->id != 0)
                snprintf(buffer, 24, "%llu ", (unsigned long long)job->id);
        return buffer;
}

/* What a reader of the screen hears, and what hangs at the pointer: the whole name, its hours, its deadline. */
static void describe_job(struct sheet *sheet, const struct picture_job *job, const char *note)
{
        char from[SHEET_CLOCK_SIZE], to[SHEET_CLOCK_SIZE], by[SHEET_CLOCK_SIZE], number[24], *text = NULL;
        const char *hours = job->n > 0 ? sheet_clock(sheet->picture, job->runs[0].start, from) : "";

        if (asprintf(&text, "%s%s: %s%s%s%s%s%s%s", number_text(job, number), job->name, note, job->n > 0 ? ", " : "",
                     hours, job->n > 0 ? " to " : "",
                     job->n > 0 ? sheet_clock(sheet->picture, job->runs[job->n - 1].end, to) : "",
                     job->deadline != 0 ? ", deadline " : "",
                     job->deadline != 0 ? sheet_clock(sheet->picture, job->deadline, by) : "") < 0) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return;
        }
        svg_open(sheet->svg, "title");
        svg_text(sheet->svg, text);
        svg_close(sheet->svg);
        free(text);
}

static void draw_runs(struct sheet *sheet, const struct picture_job *job, double middle, double thickness)
{
        for (size_t i = 0; i < job->n; i++) {
                const struct picture_run *run = &job->runs[i];
                double x = sheet_x(sheet, run->start), end = sheet_x(sheet, run->end);

                if (i > 0 && run->start > run[-1].end)
                        sheet_line(sheet, "pause", sheet_x(sheet, run[-1].end), middle, x, middle);
                sheet_rect(sheet, run->planned ? "run planned" : "run ran", x, middle - thickness / 2,
                           end > x + 1 ? end - x : 1, thickness);
        }
}

/* A mark at its deadline, open while it is kept; nothing where that lies outside. */
static void draw_deadline(struct sheet *sheet, const struct picture_job *job, double middle)
{
        double x = sheet_x(sheet, job->deadline);
        char corner[SVG_NUMBER_SIZE], y[SVG_NUMBER_SIZE];

        if (job->deadline < sheet->picture->from || job->deadline > sheet->picture->to)
                return;
        svg_open(sheet->svg, "path");
        svg_attribute(sheet->svg, "class", job->late_s > 0 ? "deadline missed" : "deadline");
        svg_attributef(sheet->svg, "d", "M%s %sl5 7l-5 7l-5 -7Z", svg_format(x, corner), svg_format(middle - 7, y));
        svg_close(sheet->svg);
}

static void draw_job(struct sheet *sheet, struct picture_job *job, int64_t widest)
{
        double middle = sheet->y + ROW / 2.0;
        double share = widest > 0 ? (double)job->gpus / (double)widest : 1;
        char note[128], number[24];

        if (job->n > 1)
                qsort(job->runs, job->n, sizeof(*job->runs), earlier_first);
        note_job(job, note, sizeof(note));
        svg_open(sheet->svg, "g");
        svg_attribute(sheet->svg, "class", "job");
        describe_job(sheet, job, note);
        sheet_textf(sheet, "name", NULL, SIDE, middle + 4, PLOT_LEFT - SIDE - 8, "%s%.200s", number_text(job, number),
                    job->name);
        draw_runs(sheet, job, middle, THINNEST + share * (THICKEST - THINNEST));
        if (job->deadline != 0)
                draw_deadline(sheet, job, middle);
        sheet_text(sheet, job->late_s > 0 ? "late" : "quiet", NULL, NOTES, middle + 4, PAGE_WIDTH - NOTES, note);
        svg_close(sheet->svg);
        sheet->y += ROW;
}

/* ---- all */

/* `and 460 jobs more, smaller than these (12 % of the GPU-hours)` */
static void tell_rest(struct sheet *sheet, const struct sized *sized, size_t n)
{
        double rest = 0, all = 0;

        for (size_t i = 0; i < n; i++) {
                all += sized[i].gpu_s;
                rest += i >= PICTURE_MOST_JOBS ? sized[i].gpu_s : 0;
        }
        sheet_textf(sheet, "quiet", NULL, PLOT_LEFT, sheet->y + 17, PLOT_RIGHT - PLOT_LEFT,
                    "and %zu job%s more, none larger than these: %.0f %% of the GPU-hours", n - PICTURE_MOST_JOBS,
                    n - PICTURE_MOST_JOBS == 1 ? "" : "s", all > 0 ? 100 * rest / all : 0.0);
        sheet->y += ROW + 2;
}

void picture_jobs(struct sheet *sheet, struct picture_site *site)
{
        size_t n = site->n_jobs, shown = n < PICTURE_MOST_JOBS ? n : PICTURE_MOST_JOBS;
        struct sized *sized = calloc(n + 1, sizeof(*sized));
        double top = sheet->y;
        int64_t widest = 0;

        if (sized == NULL) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return;
        }
        for (size_t i = 0; i < n; i++)
                sized[i] = (struct sized){ .index = i, .gpu_s = gpu_seconds(&site->jobs[i]) };
        qsort(sized, n, sizeof(*sized), larger_first);
        qsort(sized, shown, sizeof(*sized), by_index);
        for (size_t i = 0; i < shown; i++)
                widest = site->jobs[sized[i].index].gpus > widest ? site->jobs[sized[i].index].gpus : widest;
        for (size_t i = 0; i < shown; i++)
                draw_job(sheet, &site->jobs[sized[i].index], widest);
        if (n == 0) {
                sheet_text(sheet, "quiet", NULL, PLOT_LEFT + 8, sheet->y + 15, PLOT_RIGHT - PLOT_LEFT,
                           "no job has hours here");
                sheet->y += ROW;
        }
        sheet_rect(sheet, "frame", PLOT_LEFT, top, PLOT_RIGHT - PLOT_LEFT, sheet->y - top);
        if (n > shown)
                tell_rest(sheet, sized, n);
        free(sized);
}

void picture_bar_key(struct sheet *sheet, bool plans)
{
        static const struct {
                const char *class_name, *text;
        } kinds[] = { { "run ran", "ran" }, { "run planned", "planned" } };
        double y = sheet->y + 14, x = PLOT_LEFT;

        for (size_t i = 0; i < (plans ? 2 : 1); i++) {
                sheet_rect(sheet, kinds[i].class_name, x, y - 10, 24, 11);
                sheet_text(sheet, "quiet", NULL, x + 31, y, 100, kinds[i].text);
                x += 45 + sheet_width(kinds[i].text);
        }
        sheet_line(sheet, "pause", x, y - 4, x + 24, y - 4);
        sheet_text(sheet, "quiet", NULL, x + 31, y, 100, "paused");
        x += 84;
        svg_open(sheet->svg, "path");
        svg_attribute(sheet->svg, "class", "deadline");
        svg_attributef(sheet->svg, "d", "M%d %dl5 7l-5 7l-5 -7Z", (int)x + 6, (int)y - 11);
        svg_close(sheet->svg);
        sheet_text(sheet, "quiet", NULL, x + 17, y, 500, "deadline (filled: missed); the thicker a bar, the more GPUs");
        sheet->y += 24;
}
