/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pictures.h - the scheduler's documents (docs/json.md) as pictures. Each initialises the picture and fills it: 0, or
 * ENOMEM; the caller finishes it in any case.
 */
#ifndef OFFPEAK_CLI_PICTURES_H
#define OFFPEAK_CLI_PICTURES_H

#include <jansson.h>

#include "cli/picture.h"
#include "cli/screen.h"

/* Of the plan with `load`, and of the report with `steps`; without them there is no load. */
int picture_of_plan(const json_t *document, const struct screen *screen, struct picture *picture);
int picture_of_report(const json_t *document, const struct screen *screen, struct picture *picture);

#endif
