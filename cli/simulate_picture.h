/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_picture.h - what one policy of a simulation made of the list, as a picture: prices, load by supply, jobs. */
#ifndef OFFPEAK_CLI_SIMULATE_PICTURE_H
#define OFFPEAK_CLI_SIMULATE_PICTURE_H

#include <jansson.h>

#include "cli/picture.h"
#include "cli/screen.h"
#include "cli/simulate_document.h"

/*
 * Of the first policy that was named: result is its run, and document (simulate_document()) says what it comes to.
 * Shown are the sites that have nodes, from the first submission until the last run ends. 0, or ENOMEM; the picture is
 * finished by the caller in any case.
 */
int picture_of_simulation(const struct simulation *simulation, const struct simulate_result *result,
                          const json_t *document, const struct screen *screen, struct picture *picture);

#endif
