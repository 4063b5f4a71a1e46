/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg.h - writes an SVG document into memory: elements that are closed in their order, text that is escaped, numbers
 * with few digits. It knows nothing of what is drawn, and loads nothing: no script, no font, no link can be written
 * with it.
 *
 *      svg_open(&svg, "rect");
 *      svg_number(&svg, "x", 12.5);
 *      svg_close(&svg);
 *
 * A fault (no memory, a close without its open) is kept, and svg_finish tells it.
 */
#ifndef OFFPEAK_CLI_SVG_H
#define OFFPEAK_CLI_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SVG_DEPTH = 16, SVG_NUMBER_SIZE = 32 };

struct svg {
        FILE *out; /* open_memstream on the two below */
        char *text;
        size_t size;
        const char *open[SVG_DEPTH];
        unsigned depth;
        bool in_tag; /* attributes may follow */
        int code;    /* of the first fault */
};

/* Begin a document. After it svg_finish must be called, whatever this returns. ENOMEM. */
int svg_init(struct svg *svg);

/* End it. ret_text: malloc'ed, written on success only. ENOMEM; EINTERNAL if elements are open. */
int svg_finish(struct svg *svg, char **ret_text);

/* Begin an element; its attributes come next, then what is in it. name is kept until it is closed. */
void svg_open(struct svg *svg, const char *name);
void svg_close(struct svg *svg);

void svg_attribute(struct svg *svg, const char *name, const char *value);
void svg_attributef(struct svg *svg, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void svg_number(struct svg *svg, const char *name, double value);

/* Text within an element, with its blanks as they are. */
void svg_text(struct svg *svg, const char *text);

/*
 * Text as XML can have it, to out: markup as entities; what XML forbids, a terminal would obey, or is not UTF-8, as
 * U+FFFD; line ends and tabs as blanks.
 */
void svg_escape(FILE *out, const char *text);

/* At most two decimals, none that are zero: `12.5`, `-0.25`, `3`; `0` for what is no number. No locale. Returns buffer.
 */
const char *svg_format(double value, char buffer[SVG_NUMBER_SIZE]);

#endif
