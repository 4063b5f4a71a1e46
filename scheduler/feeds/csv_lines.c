/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/csv_lines.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

int csv_lines_start(struct csv_lines *lines, const char *text, size_t size, struct offpeak_error *err)
{
        lines->at = text;
        lines->end = size > 0 ? text + size : text;
        lines->line = lines->line_end = text;
        lines->number = 0;
        if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return fail(err, OFFPEAK_EINVAL, "%s:1:1: the file is in UTF-16: save it as UTF-8", lines->file);
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                lines->at += 3;
        return 0;
}

bool csv_lines_next(struct csv_lines *lines)
{
        const char *end;

        if (lines->at == lines->end)
                return false;
        end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        end = end != NULL ? end : lines->end;
        lines->line = lines->at;
        lines->at = end < lines->end ? end + 1 : end;
        while (end > lines->line && end[-1] == '\r')
                end--;
        lines->line_end = end;
        lines->number++;
        return true;
}

static bool is_passed_over(const struct csv_lines *lines)
{
        const char *c = lines->line;

        while (c < lines->line_end && (*c == ' ' || *c == '\t'))
                c++;
        return c == lines->line_end || (lines->comment != 0 && *c == lines->comment);
}

bool csv_lines_next_row(struct csv_lines *lines)
{
        while (csv_lines_next(lines))
                if (!is_passed_over(lines))
                        return true;
        return false;
}

const char *csv_field_end(const struct csv_lines *lines, const char *at)
{
        const char *end = lines->line_end;
        bool quoted = false;

        for (; at < end && (quoted || *at != lines->delimiter); at++)
                if (*at == lines->quote)
                        quoted = !quoted;
        return quoted ? NULL : at;
}

static void trim(struct cell *cell)
{
        while (cell->size > 0 && (cell->text[0] == ' ' || cell->text[0] == '\t')) {
                cell->text++;
                cell->size--;
                cell->column++;
        }
        while (cell->size > 0 && (cell->text[cell->size - 1] == ' ' || cell->text[cell->size - 1] == '\t'))
                cell->size--;
}

struct cell csv_field(const struct csv_lines *lines, const char *at, const char *end)
{
        struct cell cell = { at, (size_t)(end - at), (unsigned)(at - lines->line) + 1 };

        trim(&cell);
        if (cell.size >= 2 && cell.text[0] == lines->quote && cell.text[cell.size - 1] == lines->quote) {
                cell = (struct cell){ cell.text + 1, cell.size - 2, cell.column + 1 };
                trim(&cell);
        }
        return cell;
}

const char *csv_cell_text(const struct cell *cell, char text[64])
{
        size_t size = cell->size < 63 ? cell->size : 63;

        for (size_t i = 0; i < size; i++)
                text[i] = isprint((unsigned char)cell->text[i]) ? cell->text[i] : '?';
        text[size] = '\0';
        return text;
}

int csv_refuse(const struct csv_lines *lines, unsigned column, struct offpeak_error *err, const char *format, ...)
{
        char text[500];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return fail(err, OFFPEAK_EINVAL, "%s:%zu:%u: %s", lines->file, lines->number, column, text);
}

int csv_refuse_open_quote(const struct csv_lines *lines, const char *at, struct offpeak_error *err)
{
        return csv_refuse(lines, (unsigned)(at - lines->line) + 1, err, "a quote is open to the end of the line");
}
