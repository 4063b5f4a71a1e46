/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts -> record, field by field. What is wrong is remembered in the taker and the rest is taken all the same;
 * record_from_parts looks at it once and throws away what cannot be used.
 */
#include "io/record_parts.h"

#include "base/fail.h"
#include "io/record_fields.h"

static void take_submitted(struct taker *taker, const Log__Submitted *from, struct record *to)
{
        to->u.submitted.job = from->job;
        record_take_spec(taker, from->spec, &to->u.submitted.spec);
        to->u.submitted.uid = from->uid;
        to->u.submitted.user = record_take_text(taker, from->user);
        to->u.submitted.held = from->held;
        record_take_request(taker, from->request, &to->u.submitted.request);
}

static void take_node_up(struct taker *taker, const Log__NodeUp *from, struct record *to)
{
        to->u.node_up.name = record_take_text(taker, from->name);
        to->u.node_up.site = record_take_text(taker, from->site);
        record_take_chars(taker, from->boot, to->u.node_up.boot, sizeof(to->u.node_up.boot), "node_up.boot");
        record_take_inventory(taker, from->inventory, &to->u.node_up.inventory);
}

static void take_launch(struct taker *taker, const Log__Launch *from, struct record *to)
{
        to->u.launch.job = from->job;
        to->u.launch.attempt = from->attempt;
        to->u.launch.mode = from->mode;
        to->u.launch.go = from->go;
        to->u.launch.lease_ms = from->lease_ms;
        to->u.launch.grace_s = from->grace_s;
        to->u.launch.on_lost = record_take_enum(taker, from->on_lost, ON_LOST_WAIT, ON_LOST_RELAUNCH, "launch.on_lost");
        to->u.launch.legs = record_take_legs(taker, from->legs, from->n_legs, &to->u.launch.n_legs);
}

static void take_leg_end(struct taker *taker, const Log__LegEnd *from, struct record *to)
{
        to->u.leg_end.leg = record_take_leg_ref(from->leg);
        to->u.leg_end.how = record_take_enum(taker, from->how, LEG_EXIT, LEG_NO_GO, "leg_end.how");
        to->u.leg_end.status = from->status;
        to->u.leg_end.killed = from->killed;
        to->u.leg_end.why = record_take_bounded(taker, from->why, FAILURE_WHY_SIZE, "leg_end.why");
        to->u.leg_end.tail = record_take_bounded(taker, from->tail, FAILURE_TAIL_SIZE, "leg_end.tail");
        to->u.leg_end.rank = from->rank;
}

static void take_unwell(struct taker *taker, const Log__Devices *from, struct record *to)
{
        to->u.devices.node = from->node;
        if (from->n_unwell > OFFPEAK_MAX_DEVICES) {
                taker->wrong = "devices.unwell";
                return;
        }
        to->u.devices.unwell = record_take_memory(taker, from->n_unwell, sizeof(*to->u.devices.unwell));
        to->u.devices.n_unwell = to->u.devices.unwell != NULL ? (uint32_t)from->n_unwell : 0;
        for (size_t i = 0; i < to->u.devices.n_unwell; i++) {
                to->u.devices.unwell[i].device =
                        record_take_enum(taker, from->unwell[i]->device, 0, OFFPEAK_MAX_DEVICES - 1, "unwell.device");
                to->u.devices.unwell[i].reason = record_take_text(taker, from->unwell[i]->reason);
        }
}

static void take_over(const Log__Over *from, struct record *to)
{
        to->u.over.job = from->job;
        to->u.over.attempt = from->attempt;
        to->u.over.paused = from->paused;
        to->u.over.lost = from->lost;
        to->u.over.ran_s = from->ran_s;
        to->u.over.avoid_node = from->avoid_node;
        to->u.over.blamed_node = from->blamed_node;
        to->u.over.blamed = from->blamed;
}

static void take_ended(struct taker *taker, const Log__Ended *from, struct record *to)
{
        to->u.ended.job = from->job;
        to->u.ended.state = record_take_enum(taker, from->state, OFFPEAK_JOB_QUEUED, OFFPEAK_JOB_CANCELLED, "ended.state");
        to->u.ended.end = record_take_enum(taker, from->end, END_NONE, END_LIMIT, "ended.end");
        to->u.ended.status = from->status;
}

static void take_progress(const Log__Progress *from, struct record *to)
{
        to->u.progress.job = from->job;
        to->u.progress.fraction = from->fraction;
        to->u.progress.reported = from->reported;
        to->u.progress.total_s = from->total_s;
}

static void take_plan(struct taker *taker, const Log__Plan *from, struct record *to)
{
        to->u.plan.plan = record_take_adopted(from->plan);
        to->u.plan.jobs = record_take_memory(taker, from->n_jobs, sizeof(to->u.plan.jobs[0]));
        to->u.plan.n_jobs = to->u.plan.jobs != NULL ? (uint32_t)from->n_jobs : 0;
        for (size_t i = 0; i < to->u.plan.n_jobs; i++)
                record_take_planned(taker, from->jobs[i], &to->u.plan.jobs[i]);
        to->u.plan.flows = record_take_flows(taker, from->flows, from->n_flows, &to->u.plan.n_flows);
}

/* ---- the record */

static void take_fact(struct taker *taker, const Log__Record *from, struct record *to)
{
        switch (to->type) {
        case RECORD_TERM:
                to->u.term.term = from->term->term;
                to->u.term.fenced_start = from->term->fenced_start;
                break;
        case RECORD_CONFIG:
                record_take_policy(taker, from->config->policy, &to->u.config.policy);
                break;
        case RECORD_SERIES:
                record_take_series(taker, from->series, &to->u.series.series);
                break;
        case RECORD_PUSHED:
                record_take_series(taker, from->pushed->series, &to->u.pushed.series);
                to->u.pushed.seq = from->pushed->seq;
                to->u.pushed.digest = from->pushed->digest;
                record_take_request(taker, from->pushed->request, &to->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                to->u.confirmed.site = record_take_text(taker, from->confirmed->site);
                to->u.confirmed.kind =
                        record_take_enum(taker, from->confirmed->kind, SERIES_PRICE, SERIES_LAST, "confirmed.kind");
                break;
        case RECORD_SUBMITTED:
                take_submitted(taker, from->submitted, to);
                break;
        case RECORD_HELD:
                to->u.held.job = from->held->job;
                to->u.held.held = from->held->held;
                to->u.held.unmet = from->held->unmet;
                record_take_request(taker, from->held->request, &to->u.held.request);
                break;
        case RECORD_PINNED:
                to->u.pinned.job = from->pinned->job;
                to->u.pinned.hours =
                        record_take_intervals(taker, from->pinned->hours, from->pinned->n_hours, &to->u.pinned.n_hours);
                record_take_request(taker, from->pinned->request, &to->u.pinned.request);
                break;
        case RECORD_CANCEL:
                to->u.cancel.job = from->cancel->job;
                record_take_request(taker, from->cancel->request, &to->u.cancel.request);
                break;
        case RECORD_NODE_UP:
                take_node_up(taker, from->node_up, to);
                break;
        case RECORD_DEVICES:
                take_unwell(taker, from->devices, to);
                break;
        case RECORD_DRAINED:
                to->u.drained.node = from->drained->node;
                to->u.drained.reason = record_take_optional(taker, from->drained->reason);
                record_take_request(taker, from->drained->request, &to->u.drained.request);
                break;
        case RECORD_NODE_FENCED:
                to->u.node_fenced.node = from->node_fenced->node;
                to->u.node_fenced.fenced = from->node_fenced->fenced;
                record_take_request(taker, from->node_fenced->request, &to->u.node_fenced.request);
                break;
        case RECORD_LAUNCH:
                take_launch(taker, from->launch, to);
                break;
        case RECORD_GO:
                to->u.go.job = from->go->job;
                to->u.go.attempt = from->go->attempt;
                break;
        case RECORD_CAPPED:
                to->u.capped.job = from->capped->job;
                to->u.capped.attempt = from->capped->attempt;
                to->u.capped.mode = from->capped->mode;
                break;
        case RECORD_LEARNED:
                record_take_profile(taker, from->learned, &to->u.learned.fitted);
                break;
        case RECORD_STOP:
                to->u.stop.job = from->stop->job;
                to->u.stop.attempt = from->stop->attempt;
                to->u.stop.reason = record_take_enum(taker, from->stop->reason, STOP_NONE, STOP_SHED, "stop.reason");
                record_take_pause(taker, from->stop->pause, from->stop->n_pause, &to->u.stop.pause);
                to->u.stop.node = from->stop->node;
                to->u.stop.why = record_take_bounded(taker, from->stop->why, FAILURE_WHY_SIZE, "stop.why");
                break;
        case RECORD_LEG_END:
                take_leg_end(taker, from->leg_end, to);
                break;
        case RECORD_LATE_EXIT:
                to->u.late_exit.leg = record_take_leg_ref(from->late_exit->leg);
                to->u.late_exit.status = from->late_exit->status;
                break;
        case RECORD_OVER:
                take_over(from->over, to);
                break;
        case RECORD_ENDED:
                take_ended(taker, from->ended, to);
                break;
        case RECORD_PROGRESS:
                take_progress(from->progress, to);
                break;
        case RECORD_PLAN:
                take_plan(taker, from->plan, to);
                break;
        case RECORD_BOOKED:
                record_take_booking(taker, from->booked->booking, &to->u.booked.booking);
                to->u.booked.pue_rest = from->booked->pue_rest;
                to->u.booked.has_stock =
                        record_take_stock(taker, from->booked->stock, from->booked->n_stock, &to->u.booked.stock);
                break;
        default:
                taker->wrong = "type";
                break;
        }
}

static void take_image(struct taker *taker, const Log__Record *from, struct record *to)
{
        switch (to->type) {
        case RECORD_I_META:
                record_take_meta(taker, from->meta, to);
                break;
        case RECORD_I_SITE:
                record_take_site(taker, from->site, &to->u.site.site);
                break;
        case RECORD_I_NODE:
                record_take_node(taker, from->node, &to->u.node.node);
                break;
        case RECORD_I_JOB:
                record_take_job(taker, from->job, &to->u.job.job);
                break;
        case RECORD_I_PROFILE:
                record_take_profile(taker, from->profile, &to->u.profile.profile);
                break;
        case RECORD_I_REQUEST:
                record_take_request(taker, from->request, &to->u.request.request);
                break;
        default:
                taker->wrong = "type";
                break;
        }
}

int record_from_parts(const Log__Record *parts, struct record *ret_record, struct offpeak_error *err)
{
        struct taker taker = { 0 };
        struct record record = { .type = (enum record_type)parts->body_case, .index = parts->index, .at = parts->at };

        if (record.type < RECORD_I_META)
                take_fact(&taker, parts, &record);
        else
                take_image(&taker, parts, &record);
        if (!taker.no_memory && taker.wrong == NULL) {
                *ret_record = record;
                return 0;
        }
        record_finish(&record);
        if (taker.no_memory)
                return fail(err, OFFPEAK_ENOMEM, "out of memory while reading a record of the log");
        return fail(err, OFFPEAK_EINVAL, "record %llu of the log: \"%s\" is out of bounds",
                    (unsigned long long)parts->index, taker.wrong);
}
