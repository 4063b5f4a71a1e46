/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/picture_sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

enum { DAY = 86400 };

double sheet_x(const struct sheet *sheet, int64_t time)
{
        double from = (double)sheet->picture->from, to = (double)sheet->picture->to;
        double share = ((double)time - from) / (to - from);

        return PLOT_LEFT + fmin(fmax(share, 0), 1) * (PLOT_RIGHT - PLOT_LEFT);
}

/* ---- values */

/* The least of 1, 2 and 5 times a power of ten that is no less. */
static double round_step(double least)
{
        double power = pow(10, floor(log10(least)));

        for (int i = 0; i < 3; i++)
                if (least <= (double[]){ 1, 2, 5 }[i] * power * (1 + 1e-9))
                        return (double[]){ 1, 2, 5 }[i] * power;
        return 10 * power;
}

struct value_scale value_scale_of(double low, double high, unsigned steps)
{
        struct value_scale scale;

        if (!(high > low)) {
                double air = low != 0 ? fabs(low) / 2 : 1;

                low -= low > 0 || low < 0 ? air : 0;
                high += air;
        }
        /* rounding outwards takes up to two steps more */
        scale.step = round_step((high - low) / (steps > 2 ? steps - 1 : 1));
        scale.low = floor(low / scale.step + 1e-9) * scale.step;
        scale.high = ceil(high / scale.step - 1e-9) * scale.step;
        scale.top = 0;
        scale.height = 1;
        return scale;
}

double value_scale_y(const struct value_scale *scale, double value)
{
        double share = (value - scale->low) / (scale->high - scale->low);

        return scale->top + (1 - fmin(fmax(share, 0), 1)) * scale->height;
}

void sheet_values(struct sheet *sheet, const struct value_scale *scale)
{
        int places = scale->step >= 1 ? 0 : (int)ceil(-log10(scale->step) - 1e-9);
        int n = (int)lround((scale->high - scale->low) / scale->step);

        for (int i = 0; i <= n; i++) {
                double value = scale->low + i * scale->step, y = value_scale_y(scale, value);
                bool zero = fabs(value) < scale->step / 2;

                sheet_line(sheet, zero && scale->low < 0 ? "zero" : "rule", PLOT_LEFT, y, PLOT_RIGHT, y);
                sheet_textf(sheet, "quiet", "end", PLOT_LEFT - 7, y + 4, 70, "%.*f", places, zero ? 0.0 : value);
        }
}

/* ---- marks */

void sheet_line(struct sheet *sheet, const char *class_name, double x1, double y1, double x2, double y2)
{
        svg_open(sheet->svg, "line");
        svg_attribute(sheet->svg, "class", class_name);
        svg_number(sheet->svg, "x1", x1);
        svg_number(sheet->svg, "y1", y1);
        svg_number(sheet->svg, "x2", x2);
        svg_number(sheet->svg, "y2", y2);
        svg_close(sheet->svg);
}

void sheet_rect(struct sheet *sheet, const char *class_name, double x, double y, double width, double height)
{
        svg_open(sheet->svg, "rect");
        svg_attribute(sheet->svg, "class", class_name);
        svg_number(sheet->svg, "x", x);
        svg_number(sheet->svg, "y", y);
        svg_number(sheet->svg, "width", width);
        svg_number(sheet->svg, "height", height);
        svg_close(sheet->svg);
}

/* ---- text */

/* A letter's width by its first byte: those of East Asia, from three bytes on, are as wide as they are high. */
static double letter(unsigned char first)
{
        return (first & 0xc0) == 0x80 ? 0 : first >= 0xe3 ? 12.5 : 6.9;
}

double sheet_width(const char *text)
{
        double width = 0;

        for (; *text != '\0'; text++)
                width += letter((unsigned char)*text);
        return width;
}

size_t sheet_fit(const char *text, double width)
{
        size_t i = 0;

        for (; text[i] != '\0'; i++) {
                width -= letter((unsigned char)text[i]);
                if (width < 0)
                        break;
        }
        return i;
}

static void put_text(struct sheet *sheet, const char *class_name, const char *anchor, double x, double y,
                     const char *text, size_t size, bool cut)
{
        char *part = malloc(size + sizeof("\xe2\x80\xa6"));

        if (part == NULL) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return;
        }
        memcpy(part, text, size);
        strcpy(part + size, cut ? "\xe2\x80\xa6" : "");
        svg_open(sheet->svg, "text");
        svg_attribute(sheet->svg, "class", class_name);
        if (anchor != NULL)
                svg_attribute(sheet->svg, "text-anchor", anchor);
        svg_number(sheet->svg, "x", x);
        svg_number(sheet->svg, "y", y);
        svg_text(sheet->svg, part);
        svg_close(sheet->svg);
        free(part);
}

void sheet_text(struct sheet *sheet, const char *class_name, const char *anchor, double x, double y, double width,
                const char *text)
{
        size_t size = strlen(text), fit = sheet_fit(text, width);

        if (fit < size)
                fit = sheet_fit(text, width - letter('.'));
        put_text(sheet, class_name, anchor, x, y, text, fit, fit < size);
}

void sheet_textf(struct sheet *sheet, const char *class_name, const char *anchor, double x, double y, double width,
                 const char *format, ...)
{
        char text[PICTURE_TEXT + 64];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        sheet_text(sheet, class_name, anchor, x, y, width, text);
}

void sheet_paragraph(struct sheet *sheet, const char *class_name, const char *text)
{
        while (*text != '\0') {
                size_t fit = sheet_fit(text, 0.9 * (PAGE_WIDTH - 2 * SIDE)), cut = fit; /* its letters are larger */

                while (text[fit] != '\0' && cut > 0 && text[cut] != ' ')
                        cut--;
                cut = cut > 0 ? cut : fit > 0 ? fit : 1;
                sheet->y += 17;
                put_text(sheet, class_name, NULL, SIDE, sheet->y, text, cut, false);
                text += cut;
                text += strspn(text, " ");
        }
}

/* ---- time */

int64_t sheet_local(const struct picture *picture, int64_t time)
{
        return time + (picture->utc_offset != NULL ? picture->utc_offset(time) : 0);
}

const char *sheet_weekday(int64_t local)
{
        static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };

        return days[(local / DAY % 7 + 7) % 7];
}

const char *sheet_month(int month)
{
        static const char names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

        return names[(month + 11) % 12];
}

const char *sheet_clock(const struct picture *picture, int64_t time, char buffer[SHEET_CLOCK_SIZE])
{
        int64_t local = sheet_local(picture, time), shown = picture->to - picture->from;
        struct when_civil civil = when_civil(local);
        bool inside = time >= picture->from && time <= picture->to;

        if (inside && shown <= DAY)
                snprintf(buffer, SHEET_CLOCK_SIZE, "%02d:%02d", civil.hour, civil.minute);
        else if (inside && shown <= 6 * DAY)
                snprintf(buffer, SHEET_CLOCK_SIZE, "%s %02d:%02d", sheet_weekday(local), civil.hour, civil.minute);
        else if (inside && shown <= 300 * DAY)
                snprintf(buffer, SHEET_CLOCK_SIZE, "%d %s %02d:%02d", civil.day, sheet_month(civil.month), civil.hour,
                         civil.minute);
        else
                snprintf(buffer, SHEET_CLOCK_SIZE, "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day,
                         civil.hour, civil.minute);
        return buffer;
}
