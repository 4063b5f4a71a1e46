/* SPDX-License-Identifier: Apache-2.0 */
/* picture_axis.c - time along the sheet: lines at round hours of the picture's clock, their names, now. */
#include "cli/picture_parts.h"

#include "base/when.h"

enum { QUARTER = 900, HOUR = 3600, DAY = 86400, MONTH = 30 * DAY, YEAR = 365 * DAY };

/* The finest ticks whose names do not touch. */
static int64_t tick_step(const struct sheet *sheet)
{
        static const struct {
                int64_t step;
                double width;
        } all[] = {
                { 60, 46 },       { 300, 46 },      { QUARTER, 46 },  { 2 * QUARTER, 46 }, { HOUR, 46 },
                { 2 * HOUR, 46 }, { 3 * HOUR, 46 }, { 6 * HOUR, 46 }, { 12 * HOUR, 46 },   { DAY, 50 },
                { 2 * DAY, 50 },  { 7 * DAY, 50 },  { MONTH, 56 },    { 3 * MONTH, 56 },   { YEAR, 40 },
        };
        double per_second = (PLOT_RIGHT - PLOT_LEFT) / (double)(sheet->picture->to - sheet->picture->from);
        size_t i = 0;

        while (i < sizeof(all) / sizeof(all[0]) - 1 && (double)all[i].step * per_second < all[i].width)
                i++;
        return all[i].step;
}

/* Whether a tick stands at that local time. */
static bool is_tick(int64_t step, int64_t local)
{
        struct when_civil civil = when_civil(local);

        if (step <= DAY)
                return local % step == 0;
        if (local % DAY != 0)
                return false;
        if (step == 7 * DAY)
                return sheet_weekday(local)[0] == 'M';
        if (step < MONTH)
                return local / DAY % (step / DAY) == 0;
        return civil.day == 1 && (step == MONTH || (civil.month - 1) % 3 == 0) && (step < YEAR || civil.month == 1);
}

static void name_tick(struct sheet *sheet, int64_t step, int64_t local, double x)
{
        struct when_civil civil = when_civil(local);

        if (step < DAY)
                sheet_textf(sheet, "quiet", "middle", x, sheet->y + 15, 60, "%02d:%02d", civil.hour, civil.minute);
        else if (step < 2 * DAY)
                sheet_textf(sheet, "quiet", "middle", x, sheet->y + 15, 60, "%s %d", sheet_weekday(local), civil.day);
        else if (step < MONTH)
                sheet_textf(sheet, "quiet", "middle", x, sheet->y + 15, 60, "%d %s", civil.day,
                            sheet_month(civil.month));
        else
                sheet_textf(sheet, "quiet", "middle", x, sheet->y + 15, 60, step < YEAR ? "%s %d" : "%.0s%d",
                            sheet_month(civil.month), civil.year);
}

/* Below the hours the day that begins there; below days and weeks the year. */
static void name_day(struct sheet *sheet, int64_t step, int64_t local, double x)
{
        struct when_civil civil = when_civil(local);

        if (step < DAY)
                sheet_textf(sheet, "strong", NULL, x, sheet->y + 31, 120, "%s %d %s", sheet_weekday(local), civil.day,
                            sheet_month(civil.month));
        else
                sheet_textf(sheet, "strong", NULL, x, sheet->y + 31, 120, step < 2 * DAY ? "%s %d" : "%.0s%d",
                            sheet_month(civil.month), civil.year);
}

/* Whether another day (or, where ticks are days, another month or year) begins at a local time. */
static bool begins(int64_t step, int64_t local)
{
        struct when_civil civil = when_civil(local);

        if (local % DAY != 0 || step >= MONTH)
                return false;
        return step < DAY || (civil.day == 1 && (step < 2 * DAY || civil.month == 1));
}

/* Round times of all clocks there are are a multiple of it from each other. */
static int64_t stride(int64_t step)
{
        return step < QUARTER ? step : QUARTER;
}

static int64_t first_round(int64_t from, int64_t by)
{
        return (from + by - 1) / by * by;
}

void picture_time_lines(struct sheet *sheet, double top, double bottom)
{
        const struct picture *picture = sheet->picture;
        int64_t step = tick_step(sheet), by = stride(step);

        for (int64_t t = first_round(picture->from, by); t <= picture->to; t += by) {
                int64_t local = sheet_local(picture, t);

                if (begins(step, local))
                        sheet_line(sheet, "day", sheet_x(sheet, t), top, sheet_x(sheet, t), bottom);
                else if (is_tick(step, local))
                        sheet_line(sheet, "rule", sheet_x(sheet, t), top, sheet_x(sheet, t), bottom);
        }
}

static const char *offset_text(int64_t seconds, char buffer[16])
{
        int minutes = (int)((seconds < 0 ? -seconds : seconds) / 60);

        if (minutes % 60 == 0)
                snprintf(buffer, 16, "%c%d", seconds < 0 ? '-' : '+', minutes / 60 % 100);
        else
                snprintf(buffer, 16, "%c%d:%02d", seconds < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
        return buffer;
}

/* `UTC+1`, and where clocks change within the picture `UTC+2, then +1`. */
static void name_clock(struct sheet *sheet)
{
        const struct picture *picture = sheet->picture;
        int64_t first = sheet_local(picture, picture->from) - picture->from,
                last = sheet_local(picture, picture->to) - picture->to;
        char before[16], after[16];

        sheet_text(sheet, "strong", NULL, SIDE, sheet->y + 15, PLOT_LEFT - SIDE, "time");
        if (first != last)
                sheet_textf(sheet, "quiet", NULL, SIDE, sheet->y + 31, PLOT_LEFT - SIDE, "UTC%s, then %s",
                            offset_text(first, before), offset_text(last, after));
        else
                sheet_textf(sheet, "quiet", NULL, SIDE, sheet->y + 31, PLOT_LEFT - SIDE, "UTC%s",
                            first != 0 ? offset_text(first, before) : "");
}

void picture_time_names(struct sheet *sheet)
{
        const struct picture *picture = sheet->picture;
        int64_t step = tick_step(sheet), by = stride(step), first_day = picture->to;
        double free_from = PLOT_LEFT - 20;

        name_clock(sheet);
        for (int64_t t = first_round(picture->from, by); t <= picture->to; t += by) {
                int64_t local = sheet_local(picture, t);
                double x = sheet_x(sheet, t);

                if (is_tick(step, local) && x - 20 >= free_from) {
                        name_tick(sheet, step, local, x);
                        free_from = x + 22;
                }
                if (!begins(step, local))
                        continue;
                first_day = first_day < t ? first_day : t;
                if (x < PLOT_RIGHT - 20)
                        name_day(sheet, step, local, x);
        }
        if (step < MONTH && sheet_x(sheet, first_day) > PLOT_LEFT + 80)
                name_day(sheet, step, sheet_local(picture, picture->from), PLOT_LEFT);
        sheet->y += 38;
}

void picture_now(struct sheet *sheet, double top, double bottom)
{
        const struct picture *picture = sheet->picture;
        double x = sheet_x(sheet, picture->now);
        char clock[SHEET_CLOCK_SIZE];

        if (picture->now <= picture->from || picture->now >= picture->to)
                return;
        sheet_line(sheet, "now", x, top, x, bottom);
        sheet_textf(sheet, "now-name",
                    x < PLOT_LEFT + 60    ? NULL
                    : x > PLOT_RIGHT - 60 ? "end"
                                          : "middle",
                    x, top - 5, 200, "now %s", sheet_clock(picture, picture->now, clock));
}
