/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml_xid.h - NVIDIA's Xid numbers that say that a card must not be used as it is.
 *
 * Chosen from NVIDIA's public catalogue of them ("XID Errors", GPU Deployment and Management Documentation): those
 * whose first remedy is a reset of the GPU or of the node. Not among them are
 *
 *   13, 31, 32, 43, 45   a program's own mistakes, or the end of one: the next program finds a good card
 *   63, 92               memory errors that were put right, or a row that was set aside for the next reset
 *   94                   a memory error that was contained in the program that met it; the counter of uncorrected
 * errors tells of it, too
 *
 * and whatever is not known here: unknown is not bad.
 */
#ifndef OFFPEAK_AGENT_NVML_XID_H
#define OFFPEAK_AGENT_NVML_XID_H

#include <stdint.h>

/* What it means, for people; NULL: the card can be used. */
const char *nvml_xid_fatal(uint32_t xid);

#endif
