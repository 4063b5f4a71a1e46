/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.h - messages as inputs of the core. Numbers that name enums are checked here: the core trusts its inputs. */
#ifndef OFFPEAK_IO_INPUTS_H
#define OFFPEAK_IO_INPUTS_H

#include "core/input.h"
#include "wire/message.h"

/* A mutation of a client. Borrows from the request. EINVAL for an unknown verb. */
int input_from_request(const struct message_request *request, const struct client *client, struct input *ret_input);

/* A hello or a renewal. Owns its arrays, borrows its strings from the message. */
struct node_input {
        struct input input;
        struct inventory inventory;
        struct leg_report *legs;
        struct reading *readings;
        struct unwell *unwell;
};

/* EINVAL for another message, or a number that names nothing; ENOMEM. */
int node_input_init(const struct message *message, uint64_t connection, struct node_input *ret_input);
void node_input_finish(struct node_input *input);

#endif
