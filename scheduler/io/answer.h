/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - answers to queries, as JSON documents (docs/json.md), from the state and the books. Changes nothing.
 */
#ifndef OFFPEAK_IO_ANSWER_H
#define OFFPEAK_IO_ANSWER_H

#include <offpeak/error.h>

#include "core/input.h"
#include "core/state.h"
#include "io/config.h"
#include "io/feed_status.h"
#include "io/store.h"

/*
 * Target is jobs, job, nodes, plan, policy, price, report, signals or version; arguments a JSON object, "" or NULL.
 * config: the one in force; NULL: there is none to show. feeds: how they are doing. ret_document is malloc'ed,
 * {"schema": "offpeak.<target>/1", "now_utc": ..., ...}. ENOTFOUND: no such target, job or site; EINVAL: arguments that
 * are wrong, named; ENOMEM; or what the store says. ret_document is written on success only.
 */
int answer_query(const struct state *state, struct store *store, const struct config *config,
                 struct feed_statuses feeds, const struct now *now, const char *target, const char *arguments,
                 char **ret_document, struct offpeak_error *err);

#endif
