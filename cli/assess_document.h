/* SPDX-License-Identifier: Apache-2.0 */
/* assess_document.h - what changes of a supply come to, as the document offpeak.assess/1 (docs/json.md). */
#ifndef OFFPEAK_CLI_ASSESS_DOCUMENT_H
#define OFFPEAK_CLI_ASSESS_DOCUMENT_H

#include <jansson.h>

#include "cli/assess_add.h"
#include "cli/assess_options.h"
#include "trial/sources.h"
#include "trial/tally.h"

/* The jobs under one configuration. */
struct assess_case {
        const char *text;                   /* the configuration's file, or what --add says */
        const struct assess_change *change; /* NULL: the supply as it is */
        struct config config;
        bool has_config;
        struct assess_added added;
        struct simulation simulation;
        struct outcome outcome;
        struct tally tally;
        struct site_sources *sites; /* owned; one for each of the policy's */
        json_t *changes;            /* owned: `changes` of offpeak.policy_diff/1; NULL: of the supply as it is */
};

/* The window that is counted is [from, to). cases[0] is the supply as it is. ENOMEM. */
int assess_document(const struct assess_case *cases, size_t n, const char *policy, int64_t from, int64_t to,
                    json_t **ret_document, struct offpeak_error *err);

#endif
