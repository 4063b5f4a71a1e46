/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_rig.h - a small agent around real shims: temp state directory, one leg, a libuv loop, and what was heard.
 *
 * The job of a leg is a shell script. Its processes are found again by a mark in their environment, so that a test can
 * tell that none is left. Failures end the test (cmocka asserts).
 */
#ifndef OFFPEAK_TESTS_SHIM_RIG_H
#define OFFPEAK_TESTS_SHIM_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "agent/shim/link.h"

struct rig {
        char root[64], state[80], node[32], mark[64];
        char *argv[4], *env[2], *nodes[2];
        struct message_order order; /* change before rig_start */
        struct leg_local local;
        struct link_config config;
        uv_loop_t loop;
        struct link *link; /* NULL: none */
        struct leg_dir dir;
        /* heard over the link */
        struct link_state last;
        unsigned states; /* set of 1 << report_state */
        bool gone;
        int keeper; /* as rig_keeper last found it */
};

/* A rig with a leg of one node, `wait`, a lease of 60 s, grace 10 s, ordered GO. The namespace where contain says so.
 */
void rig_open(struct rig *rig, enum link_contain contain, const char *script);
/* Make the leg's directory and start its shim. */
void rig_start(struct rig *rig);
/* Hang up; link again as a new agent would. */
void rig_hang_up(struct rig *rig);
void rig_connect(struct rig *rig);
/* Kills what is left, and asserts that the loop closes clean. */
void rig_close(struct rig *rig);

/* Run the loop until done(rig) holds; fails the test after 20 s. */
void rig_wait(struct rig *rig, bool (*done)(struct rig *rig));
bool rig_is_armed(struct rig *rig);
bool rig_is_running(struct rig *rig);
bool rig_is_gone(struct rig *rig);    /* the link's end */
bool rig_is_ready(struct rig *rig);   /* the script made the file "ready" in root */
bool rig_is_extinct(struct rig *rig); /* no process of the leg is left, zombies aside */

/* The exit record, once it is there. */
struct leg_exit rig_exit(struct rig *rig);
/* Contents of a file in root, "" if there is none; valid until the next call with the same buffer. */
const char *rig_read(const struct rig *rig, const char *name, char *buffer, size_t size);
/* The shim's process; 0 if it is dead. Its keeper, the job's init or guard. */
int rig_shim(const struct rig *rig);
int rig_keeper(struct rig *rig);
int rig_logs(const struct rig *rig); /* who looks after its output */
/* A signal to one process of the rig; fails the test if there is none. */
void rig_kill(int pid, int signal);
int64_t rig_now_ms(void); /* CLOCK_BOOTTIME */
/* True where pid namespaces can be made here. */
bool rig_has_namespaces(void);

#endif
