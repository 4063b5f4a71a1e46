/* SPDX-License-Identifier: Apache-2.0 */
/* record_log.h - what went on record, as log lines for a person who reads along. */
#ifndef OFFPEAK_IO_RECORD_LOG_H
#define OFFPEAK_IO_RECORD_LOG_H

#include "core/record.h"

/* One line for what an operator cares about (jobs, nodes, series, plans), none for the rest. */
void record_log(const struct state *state, const struct record *record);

#endif
