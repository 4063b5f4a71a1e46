/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/error.h>

/* Coordinates beyond it are nobody's, and would not fit. */
#define FARTHEST 1e12

int svg_init(struct svg *svg)
{
        *svg = (struct svg){ 0 };
        svg->out = open_memstream(&svg->text, &svg->size);
        if (svg->out == NULL)
                svg->code = OFFPEAK_ENOMEM;
        return svg->code;
}

int svg_finish(struct svg *svg, char **ret_text)
{
        bool failed = svg->out != NULL && ferror(svg->out);

        if (svg->out != NULL && (fclose(svg->out) != 0 || failed) && svg->code == 0)
                svg->code = OFFPEAK_ENOMEM;
        if (svg->code == 0 && svg->depth != 0)
                svg->code = OFFPEAK_EINTERNAL;
        svg->out = NULL;
        if (svg->code != 0) {
                free(svg->text);
                svg->text = NULL;
                return svg->code;
        }
        *ret_text = svg->text;
        return 0;
}

/* ---- elements */

static void fault(struct svg *svg)
{
        if (svg->code == 0)
                svg->code = OFFPEAK_EINTERNAL;
}

static void end_tag(struct svg *svg)
{
        if (svg->in_tag)
                putc('>', svg->out);
        svg->in_tag = false;
}

void svg_open(struct svg *svg, const char *name)
{
        if (svg->depth == SVG_DEPTH)
                fault(svg);
        if (svg->code != 0)
                return;
        end_tag(svg);
        fprintf(svg->out, "%s<%s", svg->depth > 0 ? "\n" : "", name);
        svg->open[svg->depth++] = name;
        svg->in_tag = true;
}

void svg_close(struct svg *svg)
{
        if (svg->depth == 0)
                fault(svg);
        if (svg->code != 0)
                return;
        svg->depth--;
        if (svg->in_tag)
                fputs("/>", svg->out);
        else
                fprintf(svg->out, "</%s>", svg->open[svg->depth]);
        svg->in_tag = false;
        if (svg->depth == 0)
                putc('\n', svg->out);
}

void svg_attribute(struct svg *svg, const char *name, const char *value)
{
        if (!svg->in_tag)
                fault(svg);
        if (svg->code != 0)
                return;
        fprintf(svg->out, " %s=\"", name);
        svg_escape(svg->out, value);
        putc('"', svg->out);
}

void svg_attributef(struct svg *svg, const char *name, const char *format, ...)
{
        char value[256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(value, sizeof(value), format, arguments);
        va_end(arguments);
        svg_attribute(svg, name, value);
}

void svg_number(struct svg *svg, const char *name, double value)
{
        char text[SVG_NUMBER_SIZE];

        svg_attribute(svg, name, svg_format(value, text));
}

void svg_text(struct svg *svg, const char *text)
{
        if (svg->depth == 0)
                fault(svg);
        if (svg->code != 0)
                return;
        end_tag(svg);
        svg_escape(svg->out, text);
}

/* ---- text and numbers */

/* The character at text and its bytes; 0 bytes: it is not UTF-8. */
static size_t decode(const unsigned char *text, unsigned *ret_character)
{
        static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t n = text[0] < 0x80   ? 1
                   : text[0] < 0xc0 ? 0
                   : text[0] < 0xe0 ? 2
                   : text[0] < 0xf0 ? 3
                   : text[0] < 0xf8 ? 4
                                    : 0;
        unsigned character = n <= 1 ? text[0] : text[0] & (0x7fU >> n);

        for (size_t i = 1; i < n; i++) {
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
                character = character << 6 | (text[i] & 0x3f);
        }
        *ret_character = character;
        return n > 0 && character >= least[n] && character <= 0x10ffff ? n : 0;
}

/* Not in XML, or nothing that a name should do to the text around it: controls, surrogates, marks that turn the
 * writing. */
static bool is_refused(unsigned c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || (c & 0xfffe) == 0xfffe ||
               (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static const char *entity(unsigned character)
{
        switch (character) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        case '\t':
        case '\n':
        case '\r':
                return " ";
        default:
                return is_refused(character) ? "\xef\xbf\xbd" : NULL;
        }
}

void svg_escape(FILE *out, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;

        while (*at != '\0') {
                unsigned character = 0;
                size_t n = decode(at, &character);
                const char *instead = n == 0 ? "\xef\xbf\xbd" : entity(character);

                if (instead != NULL)
                        fputs(instead, out);
                else
                        fwrite(at, 1, n, out);
                at += n > 0 ? n : 1;
        }
}

const char *svg_format(double value, char buffer[SVG_NUMBER_SIZE])
{
        long long hundredths = isfinite(value) ? llround(fmin(fmax(value, -FARTHEST), FARTHEST) * 100) : 0;
        unsigned long long size = (unsigned long long)llabs(hundredths);
        const char *sign = hundredths < 0 ? "-" : "";

        if (size % 100 == 0)
                snprintf(buffer, SVG_NUMBER_SIZE, "%s%llu", sign, size / 100);
        else if (size % 10 == 0)
                snprintf(buffer, SVG_NUMBER_SIZE, "%s%llu.%llu", sign, size / 100, size % 100 / 10);
        else
                snprintf(buffer, SVG_NUMBER_SIZE, "%s%llu.%02llu", sign, size / 100, size % 100);
        return buffer;
}
