/* SPDX-License-Identifier: Apache-2.0 */
/* record_attempt.c - nodes' inventories, attempts and their legs, pauses, failures, as parts and back. */
#include "io/record_fields.h"

/* ---- outwards */

static void fill_links(struct arena *arena, Log__Inventory *to, const struct inventory *from)
{
        to->link_gb_per_s = arena_take(arena, from->n_links, sizeof(*to->link_gb_per_s));
        to->link_near = arena_take(arena, from->n_links, sizeof(*to->link_near));
        if (to->link_gb_per_s == NULL || to->link_near == NULL)
                return;
        to->n_link_gb_per_s = to->n_link_near = from->n_links;
        for (size_t i = 0; i < from->n_links; i++) {
                to->link_gb_per_s[i] = from->links[i].gb_per_s;
                to->link_near[i] = from->links[i].near;
        }
}

Log__Inventory *record_inventory_part(struct arena *arena, const struct inventory *from)
{
        Log__Inventory *to = record_part_new(arena, &log__inventory__descriptor);

        if (to == NULL)
                return NULL;
        to->model = record_text(from->model);
        to->address = record_text(from->address);
        to->cores = from->cores;
        to->memory_mb = from->memory_mb;
        to->idle_w = from->idle_w;
        to->power_quality = from->power_quality;
        to->devices = record_parts_new(arena, &log__device__descriptor, from->n_devices);
        if (to->devices == NULL)
                return NULL;
        to->n_devices = from->n_devices;
        for (size_t i = 0; i < from->n_devices; i++) {
                to->devices[i]->kind = from->devices[i].kind;
                to->devices[i]->numa = from->devices[i].numa;
                to->devices[i]->max_w = from->devices[i].max_w;
                to->devices[i]->least_w = from->devices[i].least_w;
                to->devices[i]->address = record_text(from->devices[i].address);
        }
        fill_links(arena, to, from);
        to->block = record_text(from->block);
        to->rack = record_text(from->rack);
        to->leaf_switch = record_text(from->leaf_switch);
        to->n_features = from->n_features;
        to->features = from->features;
        return to;
}

static enum leg_state on_record(enum leg_state state)
{
        return state == LEG_ARMED || state == LEG_RUNNING ? LEG_ORDERED : state;
}

Log__Leg **record_leg_parts(struct arena *arena, const struct leg *from, size_t n)
{
        Log__Leg **to = record_parts_new(arena, &log__leg__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->node = from[i].node;
                to[i]->devices = from[i].devices;
                to[i]->state = on_record(from[i].state);
                to[i]->how = from[i].how;
                to[i]->status = from[i].status;
                to[i]->killed = from[i].killed;
                to[i]->before_stop = from[i].before_stop;
                to[i]->started_at = from[i].started_at;
                to[i]->booked_until = from[i].booked_until;
                to[i]->joules = from[i].joules;
        }
        return to;
}

Log__LegRef *record_leg_ref_part(struct arena *arena, const struct record_leg_ref *from)
{
        Log__LegRef *to = record_part_new(arena, &log__leg_ref__descriptor);

        if (to == NULL)
                return NULL;
        to->job = from->job;
        to->attempt = from->attempt;
        to->node = from->node;
        return to;
}

static bool pause_says_nothing(const struct pause *pause)
{
        return pause->cause == PAUSE_UNKNOWN && pause->attempt == 0 && pause->at == 0 && pause->drawn_w == 0 &&
               pause->limit_w == 0 && pause->signal == 0 && pause->use == SIGNAL_NOTHING && pause->other == 0 &&
               pause->site == 0 && pause->gpus == 0;
}

/* A list of one; of none where there is nothing to tell, as in logs from before there was a record of it. */
Log__Pause **record_pause_parts(struct arena *arena, const struct pause *from, size_t *ret_n)
{
        Log__Pause **to;

        if (pause_says_nothing(from) || (to = record_parts_new(arena, &log__pause__descriptor, 1)) == NULL)
                return NULL;
        *ret_n = 1;
        to[0]->cause = from->cause;
        to[0]->attempt = from->attempt;
        to[0]->at = from->at;
        to[0]->drawn_w = from->drawn_w;
        to[0]->limit_w = from->limit_w;
        to[0]->signal = from->signal;
        to[0]->use = from->use;
        to[0]->other = from->other;
        to[0]->site = from->site;
        to[0]->gpus = from->gpus;
        return to;
}

/* A list of one; of none where no attempt failed. */
Log__Failure **record_failure_parts(struct arena *arena, const struct failure *from, size_t *ret_n)
{
        Log__Failure **to;

        if (from->attempt == 0 || (to = record_parts_new(arena, &log__failure__descriptor, 1)) == NULL)
                return NULL;
        *ret_n = 1;
        to[0]->attempt = from->attempt;
        to[0]->node = from->node;
        to[0]->rank = from->rank;
        to[0]->how = from->how;
        to[0]->status = from->status;
        to[0]->killed = from->killed;
        to[0]->at = from->at;
        to[0]->why = record_text(from->why);
        to[0]->tail = record_text(from->tail);
        return to;
}

Log__Attempt *record_attempt_part(struct arena *arena, const struct attempt *from)
{
        Log__Attempt *to = record_part_new(arena, &log__attempt__descriptor);

        if (to == NULL)
                return NULL;
        to->number = from->number;
        to->epoch = from->epoch;
        to->state = from->state;
        to->stop = from->stop;
        to->go = from->go;
        to->mode = from->mode;
        to->launched_at = from->launched_at;
        to->lease_ms = from->lease_ms;
        to->grace_s = from->grace_s;
        to->on_lost = from->on_lost;
        to->fraction_before = from->fraction_before;
        to->over_at = from->over_at;
        to->mode_since = from->mode_since;
        to->made_s = from->made_s;
        to->mode_before = from->mode_before;
        to->before_since = from->before_since;
        to->drawn_s = from->drawn_s;
        to->carried_s = from->carried_s;
        to->mark_at = from->mark_at;
        to->mark_fraction = from->mark_fraction;
        to->n_legs = from->n_legs;
        to->legs = record_leg_parts(arena, from->legs, from->n_legs);
        return to;
}

/* ---- inwards */

static void take_device(struct taker *taker, const Log__Device *from, struct device *to)
{
        to->kind = record_take_enum(taker, from->kind, DEVICE_GPU, DEVICE_CPU_SLOT, "device.kind");
        to->numa = (uint8_t)record_take_enum(taker, from->numa, 0, UINT8_MAX, "device.numa");
        to->max_w = from->max_w;
        to->least_w = from->least_w;
        record_take_chars(taker, from->address, to->address, sizeof(to->address), "device.address");
}

static void take_links(struct taker *taker, const Log__Inventory *from, struct inventory *to)
{
        if (from->n_link_gb_per_s != from->n_link_near ||
            (from->n_link_gb_per_s != 0 && from->n_link_gb_per_s != place_pairs(from->n_devices))) {
                taker->wrong = "inventory.link_gb_per_s";
                return;
        }
        to->links = record_take_memory(taker, from->n_link_gb_per_s, sizeof(*to->links));
        to->n_links = to->links != NULL ? (uint32_t)from->n_link_gb_per_s : 0;
        for (size_t i = 0; i < to->n_links; i++)
                to->links[i] = (struct place_link){
                        (uint16_t)record_take_enum(taker, from->link_gb_per_s[i], 0, UINT16_MAX, "inventory.link_gb_per_s"),
                        (uint16_t)record_take_enum(taker, from->link_near[i], 0, UINT16_MAX, "inventory.link_near"),
                };
}

void record_take_inventory(struct taker *taker, const Log__Inventory *from, struct inventory *to)
{
        to->model = record_take_optional(taker, from->model);
        to->address = record_take_optional(taker, from->address);
        to->cores = from->cores;
        to->memory_mb = from->memory_mb;
        to->idle_w = from->idle_w;
        to->power_quality = record_take_enum(taker, from->power_quality, 0, QUALITY_ESTIMATED, "inventory.power_quality");
        if (from->n_devices > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "inventory.devices";
                return;
        }
        to->devices = record_take_memory(taker, from->n_devices, sizeof(to->devices[0]));
        to->n_devices = to->devices != NULL ? (uint32_t)from->n_devices : 0;
        for (size_t i = 0; i < to->n_devices; i++)
                take_device(taker, from->devices[i], &to->devices[i]);
        take_links(taker, from, to);
        to->block = record_take_optional(taker, from->block);
        to->rack = record_take_optional(taker, from->rack);
        to->leaf_switch = record_take_optional(taker, from->leaf_switch);
        to->features = record_take_words(taker, from->features, from->n_features, &to->n_features);
}

static void take_leg(struct taker *taker, const Log__Leg *from, struct leg *to)
{
        to->node = from->node;
        to->devices = from->devices;
        to->state = record_take_enum(taker, from->state, 0, LEG_ENDED, "leg.state");
        to->how = record_take_enum(taker, from->how, 0, LEG_NO_GO, "leg.how");
        to->status = from->status;
        to->killed = from->killed;
        to->before_stop = from->before_stop;
        to->started_at = from->started_at;
        to->booked_until = from->booked_until;
        to->joules = from->joules;
}

struct leg *record_take_legs(struct taker *taker, Log__Leg *const *from, size_t n, uint32_t *ret_n)
{
        struct leg *to;

        if (n > OFFPEAK_MAX_NODES) {
                taker->wrong = "legs";
                return NULL;
        }
        to = record_take_memory(taker, n, sizeof(*to));
        *ret_n = to != NULL ? (uint32_t)n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                take_leg(taker, from[i], &to[i]);
        return to;
}

struct record_leg_ref record_take_leg_ref(const Log__LegRef *from)
{
        return (struct record_leg_ref){ .job = from->job, .attempt = from->attempt, .node = from->node };
}

/* Of none or one. Numbers of a site or a job are looked at where they are used. */
void record_take_pause(struct taker *taker, Log__Pause *const *from, size_t n, struct pause *to)
{
        if (n > 1)
                taker->wrong = "pause";
        if (n != 1)
                return;
        to->cause = record_take_enum(taker, from[0]->cause, PAUSE_UNKNOWN, PAUSE_PINNED, "pause.cause");
        to->attempt = from[0]->attempt;
        to->at = from[0]->at;
        to->drawn_w = from[0]->drawn_w;
        to->limit_w = from[0]->limit_w;
        to->signal = record_take_enum(taker, from[0]->signal, 0, SERIES_LAST, "pause.signal");
        to->use = record_take_enum(taker, from[0]->use, SIGNAL_NOTHING, SIGNAL_VALUE, "pause.use");
        to->other = from[0]->other;
        to->site = from[0]->site;
        to->gpus = from[0]->gpus;
}

/* Of none or one. */
void record_take_failure(struct taker *taker, Log__Failure *const *from, size_t n, struct failure *to)
{
        if (n > 1)
                taker->wrong = "failure";
        if (n != 1)
                return;
        to->attempt = from[0]->attempt;
        to->node = from[0]->node;
        to->rank = from[0]->rank;
        to->how = record_take_enum(taker, from[0]->how, 0, LEG_NO_GO, "failure.how");
        to->status = from[0]->status;
        to->killed = from[0]->killed;
        to->at = from[0]->at;
        to->why = record_take_bounded(taker, from[0]->why, FAILURE_WHY_SIZE, "failure.why");
        to->tail = record_take_bounded(taker, from[0]->tail, FAILURE_TAIL_SIZE, "failure.tail");
}

/* A job that was never launched has an attempt of zeros. */
void record_take_attempt(struct taker *taker, const Log__Attempt *from, struct attempt *to)
{
        to->number = from->number;
        to->epoch = from->epoch;
        to->state = record_take_enum(taker, from->state, 0, ATTEMPT_STOPPING, "attempt.state");
        to->stop = record_take_enum(taker, from->stop, STOP_NONE, STOP_SHED, "attempt.stop");
        to->go = from->go;
        to->mode = from->mode;
        to->launched_at = from->launched_at;
        to->lease_ms = from->lease_ms;
        to->grace_s = from->grace_s;
        to->on_lost = record_take_enum(taker, from->on_lost, 0, ON_LOST_RELAUNCH, "attempt.on_lost");
        to->fraction_before = from->fraction_before;
        to->over_at = from->over_at;
        to->mode_since = from->mode_since;
        to->made_s = from->made_s;
        to->mode_before = from->mode_before;
        to->before_since = from->before_since;
        to->drawn_s = from->drawn_s;
        to->carried_s = from->carried_s;
        to->mark_at = from->mark_at;
        to->mark_fraction = from->mark_fraction;
        to->legs = record_take_legs(taker, from->legs, from->n_legs, &to->n_legs);
}
