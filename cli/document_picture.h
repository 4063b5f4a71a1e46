/* SPDX-License-Identifier: Apache-2.0 */
/* document_picture.h - what answers have in common, as parts of a picture: series, loads, captions. */
#ifndef OFFPEAK_CLI_DOCUMENT_PICTURE_H
#define OFFPEAK_CLI_DOCUMENT_PICTURE_H

#include <jansson.h>

#include "cli/picture.h"

/* Price, carbon and limit of a list of steps. What has no value stays a gap. */
void document_picture_steps(struct picture *picture, struct picture_site *site, const json_t *steps);

/*
 * The load of a list of items with `power_w` and `units`: what is over or under them comes from, or goes to, where
 * nobody knows. Where power_w is null there is a gap. planned_from: from then on it is expected; INT64_MAX: nothing is.
 */
void document_picture_loads(struct picture *picture, struct picture_site *site, const json_t *items,
                            int64_t planned_from);

/* `Offpeak plan at hanford, 2026-11-22 13:00 to 2026-11-23 10:00`, of the picture's time and clock; site NULL: of all.
 */
void document_picture_title(struct picture *picture, const char *what, const char *site);

/* Each line of a text as a caption. */
void document_picture_captions(struct picture *picture, const char *text);

#endif
