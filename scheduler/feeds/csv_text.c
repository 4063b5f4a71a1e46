/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/csv_text.h"

#include <ctype.h>
#include <string.h>

const char *csv_skip_mark(const char *at, const char *end)
{
        return end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0 ? at + 3 : at;
}

bool csv_next_line(const char **at, const char *end, struct csv_span *ret_line)
{
        const char *stop;

        if (*at == end)
                return false;
        stop = memchr(*at, '\n', (size_t)(end - *at));
        stop = stop != NULL ? stop : end;
        *ret_line = (struct csv_span){ *at, (size_t)(stop - *at), 1 };
        while (ret_line->size > 0 && ret_line->text[ret_line->size - 1] == '\r')
                ret_line->size--;
        *at = stop < end ? stop + 1 : stop;
        return true;
}

struct csv_span csv_trim(struct csv_span span)
{
        while (span.size > 0 && (span.text[0] == ' ' || span.text[0] == '\t')) {
                span.text++;
                span.size--;
                span.column++;
        }
        while (span.size > 0 && (span.text[span.size - 1] == ' ' || span.text[span.size - 1] == '\t'))
                span.size--;
        return span;
}

bool csv_is_blank(struct csv_span span)
{
        return csv_trim(span).size == 0;
}

bool csv_next_field(struct csv_span *line, struct csv_span *ret_field)
{
        size_t size = 0;
        bool quoted = false;

        if (line->text == NULL)
                return false;
        for (; size < line->size && (quoted || line->text[size] != ','); size++)
                if (line->text[size] == '"')
                        quoted = !quoted;
        *ret_field = csv_trim((struct csv_span){ line->text, size, line->column });
        if (ret_field->size >= 2 && ret_field->text[0] == '"' && ret_field->text[ret_field->size - 1] == '"')
                *ret_field = csv_trim((struct csv_span){ ret_field->text + 1, ret_field->size - 2, ret_field->column + 1 });
        if (size == line->size)
                *line = (struct csv_span){ NULL, 0, 0 };
        else
                *line = (struct csv_span){ line->text + size + 1, line->size - size - 1,
                                           line->column + (unsigned)size + 1 };
        return true;
}

const char *csv_field_text(struct csv_span field, char text[64])
{
        size_t size = field.size < 63 ? field.size : 63;

        for (size_t i = 0; i < size; i++)
                text[i] = isprint((unsigned char)field.text[i]) ? field.text[i] : '?';
        text[size] = '\0';
        return text;
}
