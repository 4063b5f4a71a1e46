/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { DAY = 86400, PLAIN_WIDTH = 120, NARROWEST = 40 };

static bool locale_is_utf8(void)
{
        static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const char *value = getenv(names[i]);

                if (value == NULL || *value == '\0')
                        continue;
                return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
        return false;
}

static unsigned terminal_width(int fd)
{
        struct winsize size;

        if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
                return 80;
        return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

struct screen screen_of(FILE *out)
{
        struct screen screen = { .width = PLAIN_WIDTH, .now = time(NULL) };
        const char *term = getenv("TERM");

        if (!isatty(fileno(out)))
                return screen;
        screen.width = terminal_width(fileno(out));
        screen.utf8 = locale_is_utf8();
        screen.colour = getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
        return screen;
}

size_t screen_columns(const char *text)
{
        size_t n = 0;

        for (; *text != '\0'; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

/* Bytes of the well-formed UTF-8 character at text, or 0. */
static size_t character(const unsigned char *text)
{
        size_t n = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                 : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;

        for (size_t i = 1; i < n; i++)
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

/* What a terminal would obey instead of show: C0 and DEL, C1, and the marks that turn the direction of writing. */
static bool is_control(const unsigned char *text, size_t n)
{
        if (n == 1)
                return text[0] < 0x20 || text[0] == 0x7f;
        if (n == 2)
                return text[0] == 0xc2 && text[1] < 0xa0;
        if (n == 3 && text[0] == 0xe2)
                return (text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae) ||
                       (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
        return false;
}

char *screen_text(const struct screen *screen, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;
        char *clean = malloc(strlen(text) + 1), *to = clean;

        if (clean == NULL)
                return NULL;
        while (*at != '\0') {
                size_t n = character(at);

                if (*at == '\n') {
                        *to++ = '\n';
                } else if (n == 0 || is_control(at, n)) {
                        *to++ = '?';
                } else if (n > 1 && !screen->utf8) {
                        *to++ = n == 2 && at[0] == 0xc2 && at[1] == 0xb7 ? '-' : '?'; /* the middle dot parts clauses */
                } else {
                        memcpy(to, at, n);
                        to += n;
                }
                at += n > 0 ? n : 1;
        }
        *to = '\0';
        return clean;
}

void screen_print(const struct screen *screen, FILE *out, const char *text)
{
        char *clean = screen_text(screen, text);

        if (clean != NULL)
                fputs(clean, out);
        free(clean);
}

static struct tm local(int64_t seconds)
{
        time_t time = (time_t)seconds;
        struct tm tm = { 0 };

        localtime_r(&time, &tm);
        return tm;
}

int32_t screen_utc_offset(int64_t time)
{
        return (int32_t)local(time).tm_gmtoff;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
        return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

/* How much of a time has to be said. */
enum form { FORM_HOUR, FORM_DAY, FORM_ALL };

static void format_time(enum form form, const struct tm *then, char buffer[SCREEN_TIME_SIZE])
{
        if (form == FORM_HOUR)
                strftime(buffer, SCREEN_TIME_SIZE, "%H:%M", then);
        else if (form == FORM_DAY)
                strftime(buffer, SCREEN_TIME_SIZE, "%a %H:%M", then);
        else
                strftime(buffer, SCREEN_TIME_SIZE, "%Y-%m-%d %H:%M", then);
}

static enum form form_of(const struct screen *screen, int64_t time)
{
        struct tm then = local(time), today = local(screen->now);
        int64_t ahead = time - screen->now;

        if ((ahead >= 0 && ahead < DAY) || same_day(&then, &today))
                return FORM_HOUR;
        return ahead > -6 * DAY && ahead < 6 * DAY ? FORM_DAY : FORM_ALL;
}

const char *screen_time(const struct screen *screen, int64_t time, char buffer[SCREEN_TIME_SIZE])
{
        struct tm then;

        if (time == 0) {
                strcpy(buffer, "-");
                return buffer;
        }
        then = local(time);
        format_time(form_of(screen, time), &then, buffer);
        return buffer;
}

/* A day is told once; a start of tomorrow has it, too, where the end has: else it would read as one of today. */
const char *screen_span(const struct screen *screen, int64_t start, int64_t end, char buffer[2 * SCREEN_TIME_SIZE])
{
        struct tm from = local(start), to = local(end), today = local(screen->now);
        enum form of_start = form_of(screen, start), of_end = form_of(screen, end);
        char left[SCREEN_TIME_SIZE], right[SCREEN_TIME_SIZE];

        if (start == 0 || end == 0) {
                snprintf(buffer, 2 * SCREEN_TIME_SIZE, "%s-%s", screen_time(screen, start, left),
                         screen_time(screen, end, right));
                return buffer;
        }
        if (of_start < of_end && !same_day(&from, &today))
                of_start = of_end;
        if (of_start > FORM_HOUR && same_day(&from, &to))
                of_end = FORM_HOUR;
        format_time(of_start, &from, left);
        format_time(of_end, &to, right);
        snprintf(buffer, 2 * SCREEN_TIME_SIZE, "%s-%s", left, right);
        return buffer;
}

const char *screen_bar(const struct screen *screen, double fraction, char buffer[64])
{
        const char *full = screen->utf8 ? "\xe2\x96\x88" : "#";
        int filled = (int)floor(fmin(fmax(fraction, 0), 1) * 10);
        size_t used = 0;

        buffer[used++] = '[';
        for (int i = 0; i < 10; i++)
                used += (size_t)snprintf(buffer + used, 64 - used, "%s", i < filled ? full : " ");
        snprintf(buffer + used, 64 - used, "]");
        return buffer;
}

const char *screen_colour(const struct screen *screen, const char *number, char buffer[16])
{
        snprintf(buffer, 16, "%s%s%s", screen->colour ? "\033[" : "", screen->colour ? number : "",
                 screen->colour ? "m" : "");
        return buffer;
}

const char *screen_plain(const struct screen *screen)
{
        return screen->colour ? "\033[0m" : "";
}
