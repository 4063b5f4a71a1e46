/* SPDX-License-Identifier: Apache-2.0 */
/* fake_client.h - liboffpeak's functions with canned answers, so that commands can be run without a scheduler. */
#ifndef OFFPEAK_TESTS_FAKE_CLIENT_H
#define OFFPEAK_TESTS_FAKE_CLIENT_H

#include <offpeak/client.h>

enum { FAKE_MAX_DOCUMENTS = 8, FAKE_MAX_CALLS = 32 };

struct fake_client {
        /* canned */
        struct {
                const char *target;
                const char *document;
        } documents[FAKE_MAX_DOCUMENTS];
        int open_code;         /* what offpeak_open fails with; 0: it does not */
        uint64_t refused_job;  /* cancel, hold and release of it fail */
        uint64_t new_job;      /* what submit gives */
        const char *text;      /* what mutations say */
        /* recorded */
        unsigned opened, closed;
        char calls[FAKE_MAX_CALLS][256]; /* "query jobs {...}", "cancel 42" */
        unsigned n_calls;
        struct offpeak_job_spec submitted; /* a copy; finish with offpeak_job_spec_finish */
};

/* The one that the functions use from now on. */
void fake_client_use(struct fake_client *fake);

#endif
