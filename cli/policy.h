/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - what the verbs of `offpeak policy` share; one file a verb, and one row each in policy.c. */
#ifndef OFFPEAK_CLI_POLICY_H
#define OFFPEAK_CLI_POLICY_H

#include "cli/command.h"

struct config;

/* What the options say. */
struct policy_options {
        int64_t replay_s; /* of --replay; 0: not given */
};

/* Each is given the words behind its own: run->operands. */
int policy_check(struct command_run *run, const struct policy_options *options, struct offpeak_error *err);
int policy_show(struct command_run *run, const struct policy_options *options, struct offpeak_error *err);
int policy_diff(struct command_run *run, const struct policy_options *options, struct offpeak_error *err);
int policy_try(struct command_run *run, const struct policy_options *options, struct offpeak_error *err);

/*
 * A file as a start would read it, but that what it names need not be there. EINVAL: it is no configuration, with the
 * first that is wrong; ENOTFOUND, EIO, ENOMEM.
 */
int policy_read_config(const char *path, struct config *ret_config, struct offpeak_error *err);

/* What the scheduler answered of its policy, as a configuration. EPROTOCOL, ENOMEM. */
int policy_in_force(const json_t *document, struct config *ret_config, struct offpeak_error *err);

/* A file as document, offpeak.policy/1. As policy_read_config. */
int policy_read(const char *path, json_t **ret_document, struct offpeak_error *err);

/* A document as the file that says all of it. 0 or ENOMEM. */
int policy_write_yaml(const json_t *document, FILE *out);

/* One of the changes below as a line. */
void policy_print_change(const struct screen *screen, FILE *out, const json_t *change);

/* What is different in `after`, as `changes` of offpeak.policy_diff/1. NULL: ENOMEM. */
json_t *policy_changes(const json_t *before, const json_t *after);

#endif
