/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_draw.c - the page: title, what it is worth, and for each site its panels one below the other over one axis of
 * time.
 *
 * How high it is is known when it has been drawn; so it is drawn twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/picture_parts.h"

/* Lines at round hours lie below what is drawn over them: the site's height, as the first drawing found it. */
struct heights {
        double page;
        double *bottoms; /* of each site's panels */
};

static void draw_site(struct sheet *sheet, size_t index, struct heights *heights)
{
        struct picture_site *site = &sheet->picture->sites[index];
        double top;

        svg_open(sheet->svg, "g");
        svg_attribute(sheet->svg, "class", "at");
        if (sheet->picture->n_sites > 1) {
                sheet->y += 26;
                sheet_text(sheet, "site", NULL, SIDE, sheet->y, PAGE_WIDTH - 2 * SIDE, site->name);
                sheet->y += 4;
        }
        sheet->y += 24; /* for the name of now */
        top = sheet->y;
        picture_time_lines(sheet, top, heights->bottoms[index]);
        picture_price(sheet, site);
        picture_carbon(sheet, site);
        picture_loads(sheet, site);
        picture_jobs(sheet, site);
        heights->bottoms[index] = sheet->y;
        picture_now(sheet, top, sheet->y);
        picture_time_names(sheet);
        svg_close(sheet->svg);
}

static bool any_job(const struct picture *picture)
{
        for (size_t i = 0; i < picture->n_sites; i++)
                if (picture->sites[i].n_jobs > 0)
                        return true;
        return false;
}

static bool any_planned(const struct picture *picture)
{
        for (size_t i = 0; i < picture->n_sites; i++)
                for (size_t j = 0; j < picture->sites[i].n_jobs; j++)
                        for (size_t r = 0; r < picture->sites[i].jobs[j].n; r++)
                                if (picture->sites[i].jobs[j].runs[r].planned)
                                        return true;
        return false;
}

/* The same that the picture shows, for those who hear it. */
static void describe(struct svg *svg, const struct picture *picture)
{
        svg_open(svg, "title");
        svg_attribute(svg, "id", "offpeak-title");
        svg_text(svg, picture->title);
        svg_close(svg);
        svg_open(svg, "desc");
        svg_attribute(svg, "id", "offpeak-desc");
        for (size_t i = 0; i < picture->n_captions; i++) {
                svg_text(svg, picture->captions[i]);
                svg_text(svg, ". ");
        }
        for (size_t i = 0; i < picture->n_sites; i++) {
                const struct picture_site *site = &picture->sites[i];
                char jobs[48];

                svg_text(svg, site->name);
                svg_text(svg, site->price.n > 0 ? ": price" : ": no price known");
                svg_text(svg, site->carbon.n > 0 ? ", carbon" : "");
                svg_text(svg, site->n_loads > 0 ? ", load by who supplies it" : "");
                svg_text(svg, site->limit.n > 0 ? ", power limit" : "");
                snprintf(jobs, sizeof(jobs), ", the hours of %zu job%s. ", site->n_jobs, site->n_jobs == 1 ? "" : "s");
                svg_text(svg, jobs);
        }
        svg_close(svg);
}

static void draw_page(struct svg *svg, struct picture *picture, struct heights *heights)
{
        struct sheet sheet = { .svg = svg, .picture = picture };

        svg_open(svg, "svg");
        svg_attribute(svg, "xmlns", "http://www.w3.org/2000/svg");
        svg_attributef(svg, "viewBox", "0 0 %d %d", PAGE_WIDTH, (int)heights->page);
        svg_attribute(svg, "class", "offpeak");
        svg_attribute(svg, "role", "img");
        svg_attribute(svg, "aria-labelledby", "offpeak-title offpeak-desc");
        describe(svg, picture);
        picture_style(svg);
        sheet_rect(&sheet, "ground", 0, 0, PAGE_WIDTH, heights->page);
        sheet.y = 28;
        sheet_text(&sheet, "heading", NULL, SIDE, sheet.y, 0.62 * PAGE_WIDTH, picture->title);
        sheet.y += 5;
        for (size_t i = 0; i < picture->n_captions; i++)
                sheet_paragraph(&sheet, "caption", picture->captions[i]);
        for (size_t i = 0; i < picture->n_sites; i++)
                draw_site(&sheet, i, heights);
        if (any_job(picture))
                picture_bar_key(&sheet, any_planned(picture));
        heights->page = sheet.y + 10;
        svg_close(svg);
}

static int draw_once(struct picture *picture, struct heights *heights, char **ret_text)
{
        struct svg svg;

        if (svg_init(&svg) == 0)
                draw_page(&svg, picture, heights);
        return svg_finish(&svg, ret_text);
}

int picture_draw(struct picture *picture, char **ret_text, struct offpeak_error *err)
{
        struct heights heights = { .bottoms = calloc(picture->n_sites + 1, sizeof(double)) };
        char *first = NULL;
        int r = picture->failed || heights.bottoms == NULL ? OFFPEAK_ENOMEM : 0;

        if (r == 0 && picture->from >= picture->to) {
                free(heights.bottoms);
                return fail(err, OFFPEAK_EINVAL, "there is no time to draw: it ends before it begins");
        }
        if (r == 0)
                r = draw_once(picture, &heights, &first);
        free(first);
        if (r == 0)
                r = draw_once(picture, &heights, ret_text);
        free(heights.bottoms);
        if (r != 0)
                fail(err, r, "%s",
                     r == OFFPEAK_ENOMEM ? "out of memory"
                                         : "the picture could not be written: a fault of Offpeak's own");
        return r;
}
