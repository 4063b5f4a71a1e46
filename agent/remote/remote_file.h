/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_file.h - what offpeak-rsh must know: a file in the leg's directory that only the job's user can read.
 *
 *      rank 0
 *      signal 15
 *      secret 64 hexadecimal digits
 *      node NAME HOST:PORT           one line each, by rank
 *
 * Made with launcher head alone; $OFFPEAK_REMOTE names it in the job's environment.
 */
#ifndef OFFPEAK_REMOTE_FILE_H
#define OFFPEAK_REMOTE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>

#include "wire/message.h"

struct remote_node {
        char *name, *address; /* address: HOST:PORT */
};

struct remote_file {
        uint32_t rank; /* of this leg */
        int signal;    /* by which the job is asked to stop */
        uint8_t secret[OFFPEAK_SECRET_SIZE];
        struct remote_node *nodes; /* n_nodes, rank < n_nodes */
        size_t n_nodes;
};

/* Into the leg's directory (its descriptor), for the order's user. EINVAL: a name with a blank in it; EIO; ENOMEM. */
int remote_file_write(int dir, const struct message_order *order, struct offpeak_error *err);

/* Finish it with remote_file_finish, which wipes the secret. ENOTFOUND, EINVAL, EIO, ENOMEM. */
int remote_file_read(const char *path, struct remote_file *ret_file, struct offpeak_error *err);
void remote_file_finish(struct remote_file *file);

/* The node of that name, or else of that address's host; a user before an @ is passed over. NULL: none. */
const struct remote_node *remote_file_find(const struct remote_file *file, const char *host);

/* Where offpeak-rsh lies: beside the running program. Returns buffer. */
const char *remote_program(char *buffer, size_t size);

#endif
