/* SPDX-License-Identifier: Apache-2.0 */
#include "io/inputs.h"

#include <stdlib.h>
#include <string.h>

int input_from_request(const struct message_request *request, const struct client *client, struct input *ret_input)
{
        struct input input = { 0 };

        switch (request->verb) {
        case VERB_SUBMIT:
                input.type = INPUT_SUBMIT;
                input.u.submit.client = *client;
                input.u.submit.spec = &request->spec;
                break;
        case VERB_CANCEL:
        case VERB_HOLD:
        case VERB_RELEASE:
                input.type = request->verb == VERB_CANCEL ? INPUT_CANCEL :
                             request->verb == VERB_HOLD   ? INPUT_HOLD :
                                                            INPUT_RELEASE;
                input.u.job.client = *client;
                input.u.job.job = request->job;
                break;
        case VERB_PIN:
        case VERB_UNPIN:
                input.type = request->verb == VERB_PIN ? INPUT_PIN : INPUT_UNPIN;
                input.u.job.client = *client;
                input.u.job.job = request->job;
                input.u.job.start = request->start;
                break;
        case VERB_FENCE:
                if (request->target == NULL)
                        return OFFPEAK_EINVAL;
                input.type = INPUT_FENCE;
                input.u.fence.client = *client;
                input.u.fence.node = request->target;
                break;
        case VERB_DRAIN:
        case VERB_RESUME:
                if (request->target == NULL)
                        return OFFPEAK_EINVAL;
                input.type = request->verb == VERB_DRAIN ? INPUT_DRAIN : INPUT_RESUME;
                input.u.drain.client = *client;
                input.u.drain.node = request->target;
                input.u.drain.reason = request->arguments;
                break;
        case VERB_PUSH:
                input.type = INPUT_PUSH;
                input.u.push.client = *client;
                input.u.push.push = &request->push;
                break;
        default:
                return OFFPEAK_EINVAL;
        }
        *ret_input = input;
        return 0;
}

/* ---- hello */

static int take_devices(const struct message_hello *hello, struct inventory *inventory)
{
        inventory->devices = calloc(hello->n_devices > 0 ? hello->n_devices : 1, sizeof(*inventory->devices));
        if (inventory->devices == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t i = 0; i < hello->n_devices; i++) {
                const struct message_device *device = &hello->devices[i];

                if (device->kind < DEVICE_GPU || device->kind > DEVICE_CPU_SLOT)
                        return OFFPEAK_EINVAL;
                inventory->devices[i].kind = (enum device_kind)device->kind;
                inventory->devices[i].numa = (uint8_t)device->numa;
                inventory->devices[i].max_w = device->max_w;
                inventory->devices[i].least_w = device->least_w;
                memcpy(inventory->devices[i].address, device->address, sizeof(device->address));
        }
        inventory->n_devices = hello->n_devices;
        return 0;
}

static int take_links(const struct message_hello *hello, struct inventory *inventory)
{
        inventory->links = calloc(hello->n_links > 0 ? hello->n_links : 1, sizeof(*inventory->links));
        if (inventory->links == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t i = 0; i < hello->n_links; i++)
                inventory->links[i] = (struct place_link){ hello->links[i].gb_per_s, hello->links[i].near };
        inventory->n_links = hello->n_links;
        return 0;
}

static int take_hello(const struct message_hello *hello, uint64_t connection, struct node_input *made)
{
        int code = take_devices(hello, &made->inventory);

        if (code == 0)
                code = take_links(hello, &made->inventory);
        if (code != 0)
                return code;
        made->inventory.block = hello->block;
        made->inventory.rack = hello->rack;
        made->inventory.leaf_switch = hello->leaf_switch;
        made->inventory.features = hello->features;
        made->inventory.n_features = hello->n_features;
        if (hello->power_quality > QUALITY_ESTIMATED || hello->node == NULL || hello->site == NULL)
                return OFFPEAK_EINVAL;
        made->inventory.model = hello->model;
        made->inventory.address = hello->address;
        made->inventory.cores = hello->cores;
        made->inventory.memory_mb = hello->memory_mb;
        made->inventory.idle_w = hello->idle_w;
        made->inventory.power_quality = (enum quality)hello->power_quality;
        made->input.type = INPUT_HELLO;
        made->input.u.hello.connection = connection;
        made->input.u.hello.node = hello->node;
        made->input.u.hello.site = hello->site;
        made->input.u.hello.boot = hello->boot;
        memcpy(made->input.u.hello.nonce, hello->nonce, sizeof(hello->nonce));
        made->input.u.hello.inventory = &made->inventory;
        return 0;
}

/* ---- renew */

static int take_leg(const struct message_leg *leg, struct leg_report *ret_report)
{
        if (leg->state < REPORT_ARMED || leg->state > REPORT_EXITED)
                return OFFPEAK_EINVAL;
        if (leg->state == REPORT_EXITED && (leg->how < LEG_EXIT || leg->how > LEG_NO_GO))
                return OFFPEAK_EINVAL;
        *ret_report = (struct leg_report){ .job = leg->job,
                                           .attempt = leg->attempt,
                                           .epoch = leg->epoch,
                                           .state = (enum report_state)leg->state,
                                           .how = (enum leg_how)leg->how,
                                           .status = leg->status,
                                           .cap_ppm = leg->cap_ppm,
                                           .rank = leg->rank,
                                           .killed = leg->killed,
                                           .done = leg->done,
                                           .total = leg->total,
                                           .tail = leg->tail };
        memcpy(ret_report->why, leg->why[0] != '\0' ? leg->why : leg->refused, sizeof(ret_report->why));
        return 0;
}

static int take_reading(const struct message_reading *reading, struct reading *ret_reading)
{
        if (reading->quality < QUALITY_MEASURED || reading->quality > QUALITY_ESTIMATED)
                return OFFPEAK_EINVAL;
        *ret_reading = (struct reading){ .seq = reading->seq,
                                         .job = reading->job,
                                         .attempt = reading->attempt,
                                         .start = reading->start,
                                         .end = reading->end,
                                         .joules = reading->joules,
                                         .quality = (enum quality)reading->quality };
        return 0;
}

static int take_renew(const struct message_renew *renew, uint64_t connection, struct node_input *made)
{
        int code = 0;

        made->legs = calloc(renew->n_legs + 1, sizeof(*made->legs));
        made->readings = calloc(renew->n_readings + 1, sizeof(*made->readings));
        made->unwell = calloc(renew->n_unwell + 1, sizeof(*made->unwell));
        if (made->legs == NULL || made->readings == NULL || made->unwell == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t i = 0; i < renew->n_unwell; i++)
                made->unwell[i] = (struct unwell){ renew->unwell[i].device, renew->unwell[i].reason };
        for (uint32_t i = 0; code == 0 && i < renew->n_legs; i++)
                code = take_leg(&renew->legs[i], &made->legs[i]);
        for (uint32_t i = 0; code == 0 && i < renew->n_readings; i++)
                code = take_reading(&renew->readings[i], &made->readings[i]);
        if (code != 0 || renew->node == NULL)
                return OFFPEAK_EINVAL;
        made->input.type = INPUT_RENEW;
        made->input.u.renew.connection = connection;
        made->input.u.renew.node = renew->node;
        made->input.u.renew.term = renew->term;
        made->input.u.renew.session = renew->session;
        made->input.u.renew.seq = renew->seq;
        made->input.u.renew.sure = renew->sure;
        made->input.u.renew.legs = made->legs;
        made->input.u.renew.n_legs = renew->n_legs;
        made->input.u.renew.readings = made->readings;
        made->input.u.renew.n_readings = renew->n_readings;
        made->input.u.renew.unwell = made->unwell;
        made->input.u.renew.n_unwell = renew->n_unwell;
        return 0;
}

int node_input_init(const struct message *message, uint64_t connection, struct node_input *ret_input)
{
        int code;

        memset(ret_input, 0, sizeof(*ret_input));
        if (message->type == MESSAGE_HELLO)
                code = take_hello(&message->u.hello, connection, ret_input);
        else if (message->type == MESSAGE_RENEW)
                code = take_renew(&message->u.renew, connection, ret_input);
        else
                code = OFFPEAK_EINVAL;
        if (code != 0)
                node_input_finish(ret_input);
        return code;
}

void node_input_finish(struct node_input *input)
{
        free(input->inventory.devices);
        free(input->inventory.links);
        free(input->legs);
        free(input->readings);
        free(input->unwell);
        memset(input, 0, sizeof(*input));
}
