/* SPDX-License-Identifier: Apache-2.0 */
/* codec_node.c - what an agent says: hello and renew. */
#include "wire/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "wire/utf8.h"

/* ---- hello */

static void borrow_device(const struct message_device *device, Offpeak__Wire__Device *ret_wire)
{
        offpeak__wire__device__init(ret_wire);
        ret_wire->kind = device->kind;
        ret_wire->numa = device->numa;
        ret_wire->max_w = device->max_w;
        ret_wire->least_w = device->least_w;
        ret_wire->address = (char *)device->address;
}

enum { MAX_LINKS = OFFPEAK_MAX_DEVICES * (OFFPEAK_MAX_DEVICES - 1) / 2 };

/* What a hello's frame points to and that is not the message itself. */
struct hello_room {
        Offpeak__Wire__Device devices[OFFPEAK_MAX_DEVICES], *pointers[OFFPEAK_MAX_DEVICES];
        uint32_t gb_per_s[MAX_LINKS], near[MAX_LINKS];
};

static void borrow_links(const struct message_hello *hello, struct hello_room *room, Offpeak__Wire__Inventory *wire)
{
        for (uint32_t i = 0; i < hello->n_links; i++) {
                room->gb_per_s[i] = hello->links[i].gb_per_s;
                room->near[i] = hello->links[i].near;
        }
        wire->n_link_gb_per_s = wire->n_link_near = hello->n_links;
        wire->link_gb_per_s = room->gb_per_s;
        wire->link_near = room->near;
}

static void borrow_position(const struct message_hello *hello, Offpeak__Wire__Inventory *wire)
{
        wire->block = codec_borrow_text(hello->block);
        wire->rack = codec_borrow_text(hello->rack);
        wire->leaf_switch = codec_borrow_text(hello->leaf_switch);
        wire->n_features = hello->n_features;
        wire->features = hello->features;
}

int codec_pack_hello(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_hello *hello = &message->u.hello;
        Offpeak__Wire__Hello wire = OFFPEAK__WIRE__HELLO__INIT;
        Offpeak__Wire__Inventory inventory = OFFPEAK__WIRE__INVENTORY__INIT;
        struct hello_room *room = malloc(sizeof(*room));
        int code;

        if (room == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (uint32_t i = 0; i < hello->n_devices; i++) {
                borrow_device(&hello->devices[i], &room->devices[i]);
                room->pointers[i] = &room->devices[i];
        }
        borrow_links(hello, room, &inventory);
        borrow_position(hello, &inventory);
        inventory.model = codec_borrow_text(hello->model);
        inventory.address = codec_borrow_text(hello->address);
        inventory.cores = hello->cores;
        inventory.memory_mb = hello->memory_mb;
        inventory.idle_w = hello->idle_w;
        inventory.power_quality = hello->power_quality;
        inventory.n_devices = hello->n_devices;
        inventory.devices = room->pointers;
        wire.node = codec_borrow_text(hello->node);
        wire.site = codec_borrow_text(hello->site);
        wire.boot = (char *)hello->boot;
        wire.nonce = (ProtobufCBinaryData){ .len = sizeof(hello->nonce), .data = (uint8_t *)hello->nonce };
        wire.inventory = &inventory;
        code = codec_write(&wire.base, MESSAGE_HELLO, ret_frame, err);
        free(room);
        return code;
}

static int copy_links(const Offpeak__Wire__Inventory *wire, struct message_hello *hello, struct offpeak_error *err)
{
        if (wire->n_link_gb_per_s != wire->n_link_near)
                return fail(err, OFFPEAK_EINVAL, "%zu links have a speed, and %zu a distance", wire->n_link_gb_per_s,
                            wire->n_link_near);
        if (wire->n_link_gb_per_s > MAX_LINKS)
                return fail(err, OFFPEAK_EINVAL, "a node has %zu links: at most %d are allowed", wire->n_link_gb_per_s,
                            MAX_LINKS);
        hello->links = calloc(wire->n_link_gb_per_s + 1, sizeof(*hello->links));
        if (hello->links == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        hello->n_links = (uint32_t)wire->n_link_gb_per_s;
        for (uint32_t i = 0; i < hello->n_links; i++) {
                if (wire->link_gb_per_s[i] > UINT16_MAX || wire->link_near[i] > UINT16_MAX)
                        return fail(err, OFFPEAK_EINVAL, "a link's speed is %u GB/s, its distance %u: at most %u",
                                    wire->link_gb_per_s[i], wire->link_near[i], UINT16_MAX);
                hello->links[i] =
                        (struct message_link){ (uint16_t)wire->link_gb_per_s[i], (uint16_t)wire->link_near[i] };
        }
        return 0;
}

static int copy_position(const Offpeak__Wire__Inventory *wire, struct message_hello *hello, struct offpeak_error *err)
{
        int code = codec_copy_text(wire->block, &hello->block, err);

        if (code == 0)
                code = codec_copy_text(wire->rack, &hello->rack, err);
        if (code == 0)
                code = codec_copy_text(wire->leaf_switch, &hello->leaf_switch, err);
        if (code == 0)
                code = codec_copy_words(wire->features, wire->n_features, &hello->features, &hello->n_features, err);
        return code;
}

static int copy_inventory(const Offpeak__Wire__Inventory *wire, struct message_hello *hello, struct offpeak_error *err)
{
        int code = codec_copy_text(wire->model, &hello->model, err);

        if (code == 0)
                code = codec_copy_text(wire->address, &hello->address, err);
        if (code != 0)
                return code;
        hello->cores = wire->cores;
        hello->memory_mb = wire->memory_mb;
        hello->idle_w = wire->idle_w;
        hello->power_quality = wire->power_quality;
        hello->devices = calloc(wire->n_devices + 1, sizeof(*hello->devices));
        if (hello->devices == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        hello->n_devices = (uint32_t)wire->n_devices;
        for (uint32_t i = 0; i < hello->n_devices && code == 0; i++) {
                const Offpeak__Wire__Device *from = wire->devices[i];
                struct message_device *to = &hello->devices[i];

                to->kind = from->kind;
                to->numa = from->numa;
                to->max_w = from->max_w;
                to->least_w = from->least_w;
                code = codec_copy_array(from->address, to->address, sizeof(to->address), err);
        }
        if (code == 0)
                code = copy_links(wire, hello, err);
        return code == 0 ? copy_position(wire, hello, err) : code;
}

int codec_unpack_hello(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Hello *wire = (const Offpeak__Wire__Hello *)base;
        struct message_hello *hello = &message->u.hello;
        int code = codec_copy_id(&wire->nonce, hello->nonce, err);

        if (code == 0)
                code = codec_copy_text(wire->node, &hello->node, err);
        if (code == 0)
                code = codec_copy_text(wire->site, &hello->site, err);
        if (code == 0)
                code = codec_copy_array(wire->boot, hello->boot, sizeof(hello->boot), err);
        if (code == 0 && wire->inventory == NULL)
                code = fail(err, OFFPEAK_EINVAL, "the node's inventory is missing");
        if (code == 0)
                code = copy_inventory(wire->inventory, hello, err);
        return code;
}

/* ---- renew */

/* All that a renewal's frame points to and that is not the message itself. */
struct renew_room {
        Offpeak__Wire__LegReport legs[MESSAGE_MAX_LEGS], *leg_pointers[MESSAGE_MAX_LEGS];
        char refused[MESSAGE_MAX_LEGS][sizeof(((struct message_leg *)NULL)->refused)];
        char why[MESSAGE_MAX_LEGS][sizeof(((struct message_leg *)NULL)->why)];
        Offpeak__Wire__Reading readings[MESSAGE_MAX_READINGS], *reading_pointers[MESSAGE_MAX_READINGS];
        Offpeak__Wire__Unwell unwell[OFFPEAK_MAX_DEVICES], *unwell_pointers[OFFPEAK_MAX_DEVICES];
        char reasons[OFFPEAK_MAX_DEVICES][sizeof(((struct message_unwell *)NULL)->reason)];
};

static void borrow_leg(const struct message_leg *leg, char *refused, char *why, Offpeak__Wire__LegReport *ret_wire)
{
        offpeak__wire__leg_report__init(ret_wire);
        memcpy(refused, leg->refused, sizeof(leg->refused));
        memcpy(why, leg->why, sizeof(leg->why));
        utf8_repair(refused);
        utf8_repair(why);
        ret_wire->job = leg->job;
        ret_wire->attempt = leg->attempt;
        ret_wire->epoch = leg->epoch;
        ret_wire->state = leg->state;
        ret_wire->how = leg->how;
        ret_wire->status = leg->status;
        ret_wire->killed = leg->killed;
        ret_wire->done = leg->done;
        ret_wire->total = leg->total;
        ret_wire->cap_ppm = leg->cap_ppm;
        ret_wire->refused = refused;
        ret_wire->why = why;
        ret_wire->tail = codec_borrow_text(leg->tail);
        ret_wire->rank = leg->rank;
}

static int copy_leg(const Offpeak__Wire__LegReport *wire, struct message_leg *leg, struct offpeak_error *err)
{
        int code = codec_copy_array(wire->refused, leg->refused, sizeof(leg->refused), err);

        if (code == 0)
                code = codec_copy_array(wire->why, leg->why, sizeof(leg->why), err);
        if (code == 0)
                code = codec_copy_sentence(wire->tail, &leg->tail, err);
        if (code != 0)
                return code;
        utf8_repair(leg->refused);
        utf8_repair(leg->why);
        leg->job = wire->job;
        leg->attempt = wire->attempt;
        leg->epoch = wire->epoch;
        leg->state = wire->state;
        leg->how = wire->how;
        leg->status = wire->status;
        leg->killed = wire->killed;
        leg->done = wire->done;
        leg->total = wire->total;
        leg->cap_ppm = wire->cap_ppm;
        leg->rank = wire->rank;
        return 0;
}

static void borrow_reading(const struct message_reading *reading, Offpeak__Wire__Reading *ret_wire)
{
        offpeak__wire__reading__init(ret_wire);
        ret_wire->seq = reading->seq;
        ret_wire->job = reading->job;
        ret_wire->attempt = reading->attempt;
        ret_wire->start = reading->start;
        ret_wire->end = reading->end;
        ret_wire->joules = reading->joules;
        ret_wire->quality = reading->quality;
}

static struct message_reading copy_reading(const Offpeak__Wire__Reading *wire)
{
        return (struct message_reading){
                .seq = wire->seq,
                .job = wire->job,
                .attempt = wire->attempt,
                .start = wire->start,
                .end = wire->end,
                .joules = wire->joules,
                .quality = wire->quality,
        };
}

static void borrow_unwell(const struct message_unwell *unwell, char *reason, Offpeak__Wire__Unwell *ret_wire)
{
        offpeak__wire__unwell__init(ret_wire);
        memcpy(reason, unwell->reason, sizeof(unwell->reason));
        utf8_repair(reason);
        ret_wire->device = unwell->device;
        ret_wire->reason = reason;
}

static int copy_unwell(const Offpeak__Wire__Unwell *wire, struct message_unwell *unwell, struct offpeak_error *err)
{
        int code = codec_copy_array(wire->reason, unwell->reason, sizeof(unwell->reason), err);

        utf8_repair(unwell->reason);
        unwell->device = wire->device;
        return code;
}

int codec_pack_renew(const struct message *message, struct frame *ret_frame, struct offpeak_error *err)
{
        const struct message_renew *renew = &message->u.renew;
        Offpeak__Wire__Renew wire = OFFPEAK__WIRE__RENEW__INIT;
        struct renew_room *room = malloc(sizeof(*room));
        int code;

        if (room == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (uint32_t i = 0; i < renew->n_legs; i++) {
                borrow_leg(&renew->legs[i], room->refused[i], room->why[i], &room->legs[i]);
                room->leg_pointers[i] = &room->legs[i];
        }
        for (uint32_t i = 0; i < renew->n_readings; i++) {
                borrow_reading(&renew->readings[i], &room->readings[i]);
                room->reading_pointers[i] = &room->readings[i];
        }
        for (uint32_t i = 0; i < renew->n_unwell; i++) {
                borrow_unwell(&renew->unwell[i], room->reasons[i], &room->unwell[i]);
                room->unwell_pointers[i] = &room->unwell[i];
        }
        wire.n_unwell = renew->n_unwell;
        wire.unwell = room->unwell_pointers;
        wire.node = codec_borrow_text(renew->node);
        wire.term = renew->term;
        wire.session = renew->session;
        wire.seq = renew->seq;
        wire.sure = renew->sure;
        wire.n_legs = renew->n_legs;
        wire.legs = room->leg_pointers;
        wire.n_readings = renew->n_readings;
        wire.readings = room->reading_pointers;
        code = codec_write(&wire.base, MESSAGE_RENEW, ret_frame, err);
        free(room);
        return code;
}

int codec_unpack_renew(const ProtobufCMessage *base, struct message *message, struct offpeak_error *err)
{
        const Offpeak__Wire__Renew *wire = (const Offpeak__Wire__Renew *)base;
        struct message_renew *renew = &message->u.renew;
        int code = codec_copy_text(wire->node, &renew->node, err);

        if (code != 0)
                return code;
        renew->term = wire->term;
        renew->session = wire->session;
        renew->seq = wire->seq;
        renew->sure = wire->sure;
        renew->legs = calloc(wire->n_legs + 1, sizeof(*renew->legs));
        renew->readings = calloc(wire->n_readings + 1, sizeof(*renew->readings));
        renew->unwell = calloc(wire->n_unwell + 1, sizeof(*renew->unwell));
        if (renew->legs == NULL || renew->readings == NULL || renew->unwell == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        renew->n_unwell = (uint32_t)wire->n_unwell;
        renew->n_legs = (uint32_t)wire->n_legs;
        renew->n_readings = (uint32_t)wire->n_readings;
        for (uint32_t i = 0; i < renew->n_legs && code == 0; i++)
                code = copy_leg(wire->legs[i], &renew->legs[i], err);
        for (uint32_t i = 0; i < renew->n_readings; i++)
                renew->readings[i] = copy_reading(wire->readings[i]);
        for (uint32_t i = 0; i < renew->n_unwell && code == 0; i++)
                code = copy_unwell(wire->unwell[i], &renew->unwell[i], err);
        return code;
}
