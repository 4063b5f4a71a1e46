/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_rig.h - a fake scheduler that a real agent, with real shims and jobs, is held against.
 *
 * The rig answers hellos with a new session and renewals with a grant, unless told not to, and keeps what it heard.
 * Orders are the test's business. Jobs are shell scripts. Failures end the test (cmocka asserts).
 */
#ifndef OFFPEAK_TESTS_AGENT_RIG_H
#define OFFPEAK_TESTS_AGENT_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/decide.h"
#include "wire/message.h"
#include "wire/zuv.h"

enum { RIG_READINGS = 65536, RIG_LEASE_MS = 8000, RIG_RENEW_MS = 200 };

struct rig {
        char root[64], state[80], node[32], endpoint[96], mark[64];
        uv_loop_t loop;
        struct zuv *socket;
        struct zuv_peer peer; /* who spoke last */
        int agent;            /* its process; 0: none */

        /* how the scheduler behaves */
        uint64_t term, session;
        uint64_t older;       /* last session before the agent was started */
        double rate;          /* of its clock */
        int64_t wall0_ms, boot0_ms;
        bool mute_hello, mute_renew, keep_readings;

        /* what it heard */
        unsigned hellos, nonces, renewals; /* nonces: different ones */
        uint8_t nonce[16];
        struct message hello, renew;       /* the last ones; type 0: none */
        bool first_sure;
        struct message first;              /* first renewal of the last session */
        struct message_reading *readings;  /* in their order, each once */
        size_t n_readings;
};

void rig_open(struct rig *rig);
/* Kills the agent and all that is left of its legs, and asserts that the loop closes clean. */
void rig_close(struct rig *rig);

/* Start an agent with 4 cpu-slots of a made-up machine, 100 W idle and 50 W a slot; log in root/agent.log. */
void rig_start_agent(struct rig *rig);
/* Send the agent a signal and wait for its end: its status as of wait(2). */
int rig_end_agent(struct rig *rig, int signal);

/* Run the loop until done(rig) holds; fails the test after 20 s, with the agent's log. */
void rig_wait(struct rig *rig, bool (*done)(const struct rig *rig));
void rig_pass(struct rig *rig, int ms); /* let time pass */

/* This agent's session was confirmed by a renewal. */
bool rig_is_in_session(const struct rig *rig);

/* Job n.1 on device n-1, as GO or ARM. */
void rig_order_launch(struct rig *rig, uint64_t job, enum want want, bool gang, const char *script);
void rig_order(struct rig *rig, uint64_t job, enum want want);
void rig_send(struct rig *rig, const struct message *message);

/* A leg in the last renewal; NULL: not listed. */
const struct message_leg *rig_leg(const struct rig *rig, uint64_t job);
const struct message_leg *rig_first_leg(const struct rig *rig, uint64_t job); /* in `first` */

/* There is such a file in root. */
bool rig_has(const struct rig *rig, const char *name);
int rig_shim_pid(const struct rig *rig, uint64_t job); /* 0: none */
int rig_job_processes(const struct rig *rig);          /* alive, by their mark */
bool rig_log_says(const struct rig *rig, const char *text);

#endif
