/* SPDX-License-Identifier: Apache-2.0 */
/* submit_widths.h - `--gpus 4-32`: the widths between the two. */
#ifndef OFFPEAK_CLI_SUBMIT_WIDTHS_H
#define OFFPEAK_CLI_SUBMIT_WIDTHS_H

#include "cli/submit_options.h"

/*
 * The shape in settings->spec is that of the widest: halve it down to settings->least_gpus, and add that. With -N all
 * have as many nodes; without, nodes stay full while more than one is needed. What cannot be shared evenly is left out,
 * but for the narrowest: EINVAL. ENOMEM.
 */
int submit_widths(struct submit_settings *settings, struct offpeak_error *err);

#endif
