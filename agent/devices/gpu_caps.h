/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_caps.h - power caps of GPUs while a leg has them, put back whatever happens.
 *
 *   STATE/caps/ADDRESS   whose cap it is, what the limit was before, how to reach the card: durable before the limit is
 * set STATE/caps/lock      flock: held by who changes a limit or a record
 *
 * Whoever finds the leg over puts the limit back and removes the record: its agent, its shim, or the next agent. A card
 * that is capped anew before that keeps the first limit as the one to go back to. Each call opens the vendor's library
 * for itself and may hang with it.
 *
 * Errors as of gpu_driver.h; limits in mW.
 */
#ifndef OFFPEAK_AGENT_GPU_CAPS_H
#define OFFPEAK_AGENT_GPU_CAPS_H

#include "agent/devices/gpu_driver.h"
#include "agent/shim/leg_dir.h"

/*
 * Cap the GPU at this bus id for a leg: at mw, or what the card allows that is nearest; never above the limit that is
 * in force. library: NVML's file, or NULL. *ret_mw: what holds now, as read back. ESTATE: it is split, or has no
 * limits; EPERMISSION: not root. On failure nothing has changed.
 */
int gpu_caps_put(const char *state, struct leg_id leg, const char *address, const char *library, uint32_t mw,
                 uint32_t *ret_mw, struct offpeak_error *err);

/*
 * Put back the limits of all legs for which is_over says so. 0: none of them is left. Else the first failure; its
 * record stays, and the others are put back all the same. *ret_n (may be NULL): how many were.
 */
int gpu_caps_put_back(const char *state, bool (*is_over)(void *context, struct leg_id leg), void *context,
                      unsigned *ret_n, struct offpeak_error *err);

/* The limit that a capped GPU goes back to. False: it is not capped. */
bool gpu_caps_before(const char *state, const char *address, uint32_t *ret_mw);

#endif
