/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_frame.h - what offpeak-rsh and the holder on a node say to each other: one byte for the kind, then bytes.
 *
 *      asks:     RUN  version, command          holder:   REFUSED  why
 *                ACK  (one OUT or ERR is written)          OUT, ERR bytes
 *                END                                      STATUS   as of wait(2), four bytes, the lowest first
 *                                                         ALIVE    at its start and each second
 *
 * At most REMOTE_WINDOW frames of output are under way unacknowledged, so that no queue overflows and whoever writes
 * faster than the other side reads has to wait.
 */
#ifndef OFFPEAK_REMOTE_FRAME_H
#define OFFPEAK_REMOTE_FRAME_H

enum remote_frame {
        REMOTE_RUN = 1,
        REMOTE_ACK,
        REMOTE_END,
        REMOTE_REFUSED = 65,
        REMOTE_OUT,
        REMOTE_ERR,
        REMOTE_STATUS,
        REMOTE_ALIVE,
};

enum {
        REMOTE_VERSION = 1,
        REMOTE_WINDOW = 32,
        REMOTE_CHUNK = 32 * 1024,        /* bytes of output in a frame */
        REMOTE_MAX_COMMAND = 120 * 1024, /* the kernel takes less than 128 KiB as one argument */
        REMOTE_ALIVE_MS = 1000,
};

#endif
