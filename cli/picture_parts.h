/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_parts.h - what a picture is made of, from its style to its bars. Each part draws at sheet->y and moves it
 * below itself; without anything to draw it leaves it where it is.
 */
#ifndef OFFPEAK_CLI_PICTURE_PARTS_H
#define OFFPEAK_CLI_PICTURE_PARTS_H

#include "cli/picture_sheet.h"

enum { PICTURE_MOST_JOBS = 40, PANEL_GAP = 20 };

/* Colours for light and dark, and the patterns that suppliers are told apart by without them. */
void picture_style(struct svg *svg);

/* `url(#offpeak-grid)`: what a layer's areas are filled with; the second agreement looks another way than the first. */
const char *picture_fill(const struct picture_site *site, unsigned layer);

/* Price and carbon, as step lines. */
void picture_price(struct sheet *sheet, const struct picture_site *site);
void picture_carbon(struct sheet *sheet, const struct picture_site *site);

/* The load, stacked, against the limit. */
void picture_loads(struct sheet *sheet, const struct picture_site *site);

/* A bar for each job, the largest by GPU-hours if they are many; sorts their runs. */
void picture_jobs(struct sheet *sheet, struct picture_site *site);

/* What the bars' forms mean. plans: some are of hours to come. */
void picture_bar_key(struct sheet *sheet, bool plans);

/* Lines at round hours of the picture's clock from top to sheet->y, their names below, and now. Drawn before what lies
 * over it. */
void picture_time_lines(struct sheet *sheet, double top, double bottom);
void picture_time_names(struct sheet *sheet);
void picture_now(struct sheet *sheet, double top, double bottom);

/* A step line through a series, as paths of that class; what is a forecast is of class "forecast" besides. */
void picture_steps(struct sheet *sheet, const char *class_name, const struct picture_series *series,
                   const struct value_scale *scale, double factor);

#endif
