/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record -> parts, field by field. A part is NULL only when the arena failed; the caller looks at arena->failed once.
 * What lives in memory only (sessions, monotonic times, legs seen armed or running) stays behind.
 */
#include "io/record_parts.h"

#include "io/record_fields.h"

static void fill_submitted(struct arena *arena, Log__Submitted *to, const struct record *record)
{
        to->job = record->u.submitted.job;
        to->spec = record_spec_part(arena, &record->u.submitted.spec);
        to->uid = record->u.submitted.uid;
        to->user = record_text(record->u.submitted.user);
        to->held = record->u.submitted.held;
        to->request = record_request_part(arena, &record->u.submitted.request);
}

static void fill_node_up(struct arena *arena, Log__NodeUp *to, const struct record *record)
{
        to->name = record_text(record->u.node_up.name);
        to->site = record_text(record->u.node_up.site);
        to->boot = record_text(record->u.node_up.boot);
        to->inventory = record_inventory_part(arena, &record->u.node_up.inventory);
}

static void fill_launch(struct arena *arena, Log__Launch *to, const struct record *record)
{
        to->job = record->u.launch.job;
        to->attempt = record->u.launch.attempt;
        to->mode = record->u.launch.mode;
        to->go = record->u.launch.go;
        to->lease_ms = record->u.launch.lease_ms;
        to->grace_s = record->u.launch.grace_s;
        to->on_lost = record->u.launch.on_lost;
        to->n_legs = record->u.launch.n_legs;
        to->legs = record_leg_parts(arena, record->u.launch.legs, record->u.launch.n_legs);
}

static void fill_leg_end(struct arena *arena, Log__LegEnd *to, const struct record *record)
{
        to->leg = record_leg_ref_part(arena, &record->u.leg_end.leg);
        to->how = record->u.leg_end.how;
        to->status = record->u.leg_end.status;
        to->killed = record->u.leg_end.killed;
        to->why = record_text(record->u.leg_end.why);
        to->tail = record_text(record->u.leg_end.tail);
        to->rank = record->u.leg_end.rank;
}

static void fill_devices(struct arena *arena, Log__Devices *to, const struct record *record)
{
        to->node = record->u.devices.node;
        to->unwell = record_parts_new(arena, &log__unwell__descriptor, record->u.devices.n_unwell);
        if (to->unwell == NULL)
                return;
        to->n_unwell = record->u.devices.n_unwell;
        for (size_t i = 0; i < to->n_unwell; i++) {
                to->unwell[i]->device = record->u.devices.unwell[i].device;
                to->unwell[i]->reason = record_text(record->u.devices.unwell[i].reason);
        }
}

static void fill_over(Log__Over *to, const struct record *record)
{
        to->job = record->u.over.job;
        to->attempt = record->u.over.attempt;
        to->paused = record->u.over.paused;
        to->lost = record->u.over.lost;
        to->ran_s = record->u.over.ran_s;
        to->avoid_node = record->u.over.avoid_node;
        to->blamed_node = record->u.over.blamed_node;
        to->blamed = record->u.over.blamed;
}

static void fill_ended(Log__Ended *to, const struct record *record)
{
        to->job = record->u.ended.job;
        to->state = record->u.ended.state;
        to->end = record->u.ended.end;
        to->status = record->u.ended.status;
}

static void fill_progress(Log__Progress *to, const struct record *record)
{
        to->job = record->u.progress.job;
        to->fraction = record->u.progress.fraction;
        to->reported = record->u.progress.reported;
        to->total_s = record->u.progress.total_s;
}

static void fill_plan(struct arena *arena, Log__Plan *to, const struct record *record)
{
        to->plan = record_adopted_part(arena, &record->u.plan.plan);
        to->n_jobs = record->u.plan.n_jobs;
        to->jobs = record_planned_parts(arena, record->u.plan.jobs, record->u.plan.n_jobs);
        to->n_flows = record->u.plan.n_flows;
        to->flows = record_flow_parts(arena, record->u.plan.flows, record->u.plan.n_flows);
}

/* ---- the record */

static void fill_fact(struct arena *arena, Log__Record *to, const struct record *record)
{
        switch (record->type) {
        case RECORD_TERM:
                to->term->term = record->u.term.term;
                to->term->fenced_start = record->u.term.fenced_start;
                break;
        case RECORD_CONFIG:
                to->config->policy = record_policy_part(arena, &record->u.config.policy);
                break;
        case RECORD_SERIES:
                record_fill_series(arena, to->series, &record->u.series.series);
                break;
        case RECORD_PUSHED:
                to->pushed->series = record_part_new(arena, &log__series__descriptor);
                if (to->pushed->series != NULL)
                        record_fill_series(arena, to->pushed->series, &record->u.pushed.series);
                to->pushed->seq = record->u.pushed.seq;
                to->pushed->digest = record->u.pushed.digest;
                to->pushed->request = record_request_part(arena, &record->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                to->confirmed->site = record_text(record->u.confirmed.site);
                to->confirmed->kind = record->u.confirmed.kind;
                break;
        case RECORD_SUBMITTED:
                fill_submitted(arena, to->submitted, record);
                break;
        case RECORD_HELD:
                to->held->job = record->u.held.job;
                to->held->held = record->u.held.held;
                to->held->unmet = record->u.held.unmet;
                to->held->request = record_request_part(arena, &record->u.held.request);
                break;
        case RECORD_PINNED:
                to->pinned->job = record->u.pinned.job;
                to->pinned->n_hours = record->u.pinned.n_hours;
                to->pinned->hours = record_interval_parts(arena, record->u.pinned.hours, record->u.pinned.n_hours);
                to->pinned->request = record_request_part(arena, &record->u.pinned.request);
                break;
        case RECORD_CANCEL:
                to->cancel->job = record->u.cancel.job;
                to->cancel->request = record_request_part(arena, &record->u.cancel.request);
                break;
        case RECORD_NODE_UP:
                fill_node_up(arena, to->node_up, record);
                break;
        case RECORD_DEVICES:
                fill_devices(arena, to->devices, record);
                break;
        case RECORD_DRAINED:
                to->drained->node = record->u.drained.node;
                to->drained->reason = record_text(record->u.drained.reason);
                to->drained->request = record_request_part(arena, &record->u.drained.request);
                break;
        case RECORD_NODE_FENCED:
                to->node_fenced->node = record->u.node_fenced.node;
                to->node_fenced->fenced = record->u.node_fenced.fenced;
                to->node_fenced->request = record_request_part(arena, &record->u.node_fenced.request);
                break;
        case RECORD_LAUNCH:
                fill_launch(arena, to->launch, record);
                break;
        case RECORD_GO:
                to->go->job = record->u.go.job;
                to->go->attempt = record->u.go.attempt;
                break;
        case RECORD_CAPPED:
                to->capped->job = record->u.capped.job;
                to->capped->attempt = record->u.capped.attempt;
                to->capped->mode = record->u.capped.mode;
                break;
        case RECORD_LEARNED:
                record_fill_profile(arena, to->learned, &record->u.learned.fitted);
                break;
        case RECORD_STOP:
                to->stop->job = record->u.stop.job;
                to->stop->attempt = record->u.stop.attempt;
                to->stop->reason = record->u.stop.reason;
                to->stop->pause = record_pause_parts(arena, &record->u.stop.pause, &to->stop->n_pause);
                to->stop->node = record->u.stop.node;
                to->stop->why = record_text(record->u.stop.why);
                break;
        case RECORD_LEG_END:
                fill_leg_end(arena, to->leg_end, record);
                break;
        case RECORD_LATE_EXIT:
                to->late_exit->leg = record_leg_ref_part(arena, &record->u.late_exit.leg);
                to->late_exit->status = record->u.late_exit.status;
                break;
        case RECORD_OVER:
                fill_over(to->over, record);
                break;
        case RECORD_ENDED:
                fill_ended(to->ended, record);
                break;
        case RECORD_PROGRESS:
                fill_progress(to->progress, record);
                break;
        case RECORD_PLAN:
                fill_plan(arena, to->plan, record);
                break;
        case RECORD_BOOKED:
                to->booked->booking = record_booking_part(arena, &record->u.booked.booking);
                to->booked->pue_rest = record->u.booked.pue_rest;
                to->booked->n_stock = record->u.booked.has_stock;
                to->booked->stock = record_stock_parts(arena, &record->u.booked.stock, to->booked->n_stock);
                break;
        default:
                break;
        }
}

static void fill_image(struct arena *arena, Log__Record *to, const struct record *record)
{
        switch (record->type) {
        case RECORD_I_META:
                record_fill_meta(arena, to->meta, record);
                break;
        case RECORD_I_SITE:
                record_fill_site(arena, to->site, &record->u.site.site);
                break;
        case RECORD_I_NODE:
                record_fill_node(arena, to->node, &record->u.node.node);
                break;
        case RECORD_I_JOB:
                record_fill_job(arena, to->job, &record->u.job.job);
                break;
        case RECORD_I_PROFILE:
                record_fill_profile(arena, to->profile, &record->u.profile.profile);
                break;
        case RECORD_I_REQUEST:
                record_fill_request(to->request, &record->u.request.request);
                break;
        default:
                break;
        }
}

Log__Record *record_to_parts(const struct record *record, struct arena *arena)
{
        const ProtobufCFieldDescriptor *body =
                protobuf_c_message_descriptor_get_field(&log__record__descriptor, record->type);
        Log__Record *to = record_part_new(arena, &log__record__descriptor);

        if (to == NULL || body == NULL || !record_is_durable(record))
                return NULL;
        to->index = record->index;
        to->at = record->at;
        to->body_case = (Log__Record__BodyCase)record->type;
        to->term = record_part_new(arena, body->descriptor); /* a union of pointers: this sets the body, whichever it is */
        if (to->term == NULL)
                return NULL;
        if (record->type < RECORD_I_META)
                fill_fact(arena, to, record);
        else
                fill_image(arena, to, record);
        return arena->failed ? NULL : to;
}
