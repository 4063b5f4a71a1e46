/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/virtual_node.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/power.h"
#include "core/room.h"
#include "core/width.h"

/* Renewals: far apart, as nothing is lost; more often would only cost time. */
enum { RENEW_S = 900 };

int virtual_node_init(struct virtual_node *node, const char *name, const char *site, uint32_t devices, int64_t idle_w,
                      uint32_t device_w, int64_t now)
{
        memset(node, 0, sizeof(*node));
        if (copy_text(name, &node->name) != 0 || copy_text(site, &node->site) != 0)
                goto nomem;
        node->inventory.devices = calloc(devices, sizeof(struct device));
        if (node->inventory.devices == NULL)
                goto nomem;
        for (uint32_t d = 0; d < devices; d++) {
                node->inventory.devices[d].kind = DEVICE_GPU;
                node->inventory.devices[d].max_w = device_w;
                snprintf(node->inventory.devices[d].address, sizeof(node->inventory.devices[d].address), "gpu%u", d);
        }
        node->inventory.n_devices = devices;
        node->inventory.idle_w = idle_w;
        node->inventory.power_quality = QUALITY_MODELLED;
        node->idle_until = now;
        node->renews_at = INT64_MAX;
        node->renew_s = RENEW_S;
        return 0;
nomem:
        virtual_node_finish(node);
        return OFFPEAK_ENOMEM;
}

void virtual_node_finish(struct virtual_node *node)
{
        free(node->name);
        free(node->site);
        free(node->legs);
        inventory_finish(&node->inventory);
        memset(node, 0, sizeof(*node));
}

static struct virtual_leg *find_leg(struct virtual_node *node, const struct action *order)
{
        for (uint32_t l = 0; l < node->n_legs; l++)
                if (node->legs[l].job == order->job && node->legs[l].attempt == order->attempt)
                        return &node->legs[l];
        return NULL;
}

static struct virtual_leg *new_leg(struct virtual_node *node, const struct action *order)
{
        struct virtual_leg *leg = room_for_one((void **)&node->legs, node->n_legs, sizeof(*leg));

        if (leg == NULL)
                return NULL;
        node->n_legs++;
        leg->job = order->job;
        leg->attempt = order->attempt;
        leg->epoch = order->epoch;
        leg->state = REPORT_ARMED;
        leg->exits_at = INT64_MAX;
        return leg;
}

static void take_mode(struct virtual_leg *leg, const struct virtual_node *node, const struct state *state)
{
        const struct job *job = state_job(state, leg->job);
        const struct node *there = state_node(state, node->name);

        leg->speed = width_speed(job, job->attempt.mode);
        leg->cap_ppm = width_cap_ppm(&job->spec, job->attempt.mode);
        for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].node == there->id)
                        leg->watts = power_of_leg(state, job, &job->attempt.legs[l]);
}

static void begin(struct virtual_leg *leg, const struct virtual_node *node, const struct state *state, double done,
                  int64_t now)
{
        const struct job *job = state_job(state, leg->job);
        int64_t start_cost = state_class(state, job)->start_cost_s;

        leg->state = REPORT_RUNNING;
        leg->started_at = leg->metered_until = now;
        leg->ramp_s = node->ramp_s;
        leg->drawn_from = now;
        leg->progress_at = now + start_cost;
        leg->total = (double)job->spec.time_s;
        leg->done_before = done;
        take_mode(leg, node, state);
        leg->exits_at = leg->progress_at + (int64_t)((leg->total - done) / leg->speed + 0.999999);
}

/* Seconds of its power that lack when it has run for so long. */
static double lacking(const struct virtual_leg *leg, int64_t ran)
{
        if (ran >= leg->ramp_s)
                return (double)leg->ramp_s / 2;
        return (double)ran - (double)ran * (double)ran / (2 * (double)leg->ramp_s);
}

/* Drawn by `until`, J: the power rises evenly after the start, so that half of it lacks while it does. */
static int64_t drawn(const struct virtual_leg *leg, int64_t until)
{
        int64_t from = leg->drawn_from - leg->started_at, to = until - leg->started_at;
        double lacks = lacking(leg, to) - lacking(leg, from);

        return leg->drawn_before + leg->watts * (to - from) - (int64_t)((double)leg->watts * lacks);
}

/* Under other caps: what it did and drew so far stays. */
static void go_on_as(struct virtual_leg *leg, const struct virtual_node *node, const struct state *state, int64_t now)
{
        const struct job *job = state_job(state, leg->job);

        if (leg->cap_ppm == width_cap_ppm(&job->spec, job->attempt.mode))
                return;
        leg->drawn_before = drawn(leg, now);
        leg->drawn_from = now;
        leg->made_before = virtual_leg_done(leg, now) - leg->done_before;
        leg->progress_at = now > leg->progress_at ? now : leg->progress_at;
        take_mode(leg, node, state);
        leg->exits_at = leg->progress_at +
                        (int64_t)((leg->total - leg->done_before - leg->made_before) / leg->speed + 0.999999);
}

double virtual_leg_done(const struct virtual_leg *leg, int64_t now)
{
        double done = leg->done_before + leg->made_before;

        if (now > leg->progress_at && leg->started_at != 0)
                done += (double)(now - leg->progress_at) * leg->speed;
        return done < leg->total ? done : leg->total;
}

double virtual_leg_saved(const struct virtual_leg *leg, int64_t checkpoint_s, int64_t now)
{
        double made = virtual_leg_done(leg, now) - leg->done_before;

        return leg->done_before + (checkpoint_s > 0 ? made - fmod(made, (double)checkpoint_s) : made);
}

void virtual_leg_lose(struct virtual_leg *leg, double saved)
{
        leg->done_before = saved;
        leg->made_before = 0;
        leg->progress_at = leg->exits_at = INT64_MAX;
}

void virtual_node_fail(struct virtual_node *node, int64_t until)
{
        node->n_legs = 0;
        node->session = 0;
        node->renews_at = INT64_MAX;
        node->down_until = until;
}

void virtual_node_return(struct virtual_node *node, int64_t now)
{
        node->down_until = 0;
        node->idle_until = now;
        node->boots++;
}

static void ask_to_stop(struct virtual_leg *leg, int64_t stop_s, int64_t now)
{
        if (leg->state == REPORT_ARMED) {
                leg->state = REPORT_EXITED;
                leg->how = LEG_NEVER;
        } else if (leg->state == REPORT_RUNNING) {
                leg->state = REPORT_STOPPING;
                if (leg->exits_at > now + stop_s)
                        leg->exits_at = now + stop_s;
        }
}

static void forget(struct virtual_node *node, struct virtual_leg *leg)
{
        *leg = node->legs[node->n_legs - 1];
        node->n_legs--;
}

int virtual_node_order(struct virtual_node *node, const struct action *order, const struct state *state, double done,
                       int64_t stop_s, int64_t now)
{
        struct virtual_leg *leg = find_leg(node, order);

        if (order->session != node->session)
                return 0;
        if (leg == NULL && order->want == WANT_FORGET)
                return 0;
        if (leg == NULL) {
                leg = new_leg(node, order);
                if (leg == NULL)
                        return OFFPEAK_ENOMEM;
        }
        switch (order->want) {
        case WANT_ARM:
                break;
        case WANT_GO:
                if (leg->state == REPORT_ARMED)
                        begin(leg, node, state, done, now);
                else if (leg->state == REPORT_RUNNING && state_job(state, leg->job)->attempt.number == leg->attempt)
                        go_on_as(leg, node, state, now);
                break;
        case WANT_STOP:
                ask_to_stop(leg, stop_s, now);
                break;
        case WANT_FORGET:
                if (leg->state == REPORT_EXITED)
                        forget(node, leg);
                return 0;
        }
        node->renews_at = now; /* tell of the change */
        return 0;
}

bool virtual_node_pass(struct virtual_node *node, int64_t now)
{
        bool changed = false;

        for (uint32_t l = 0; l < node->n_legs; l++) {
                struct virtual_leg *leg = &node->legs[l];

                if (leg->state == REPORT_EXITED || leg->exits_at > now)
                        continue;
                leg->how = leg->state == REPORT_STOPPING ? LEG_ASKED : LEG_EXIT;
                leg->state = REPORT_EXITED;
                changed = true;
        }
        return changed;
}

int64_t virtual_node_next(const struct virtual_node *node)
{
        int64_t next = node->renews_at;

        if (node->down_until != 0)
                return node->down_until;
        for (uint32_t l = 0; l < node->n_legs; l++)
                if (node->legs[l].state != REPORT_EXITED && node->legs[l].exits_at < next)
                        next = node->legs[l].exits_at;
        return next;
}

/* ---- what it says */

static void report_leg(const struct virtual_leg *leg, int64_t now, struct leg_report *ret_report)
{
        int64_t until = leg->state == REPORT_EXITED && leg->exits_at < now ? leg->exits_at : now;

        memset(ret_report, 0, sizeof(*ret_report));
        ret_report->job = leg->job;
        ret_report->attempt = leg->attempt;
        ret_report->epoch = leg->epoch;
        ret_report->state = leg->state;
        ret_report->how = leg->how;
        ret_report->cap_ppm = leg->cap_ppm;
        ret_report->done = virtual_leg_done(leg, until);
        ret_report->total = leg->total;
}

static void read_leg(struct virtual_node *node, struct virtual_leg *leg, int64_t now, struct reading *ret_reading,
                     uint32_t *n)
{
        int64_t until = leg->exits_at < now ? leg->exits_at : now;

        if (leg->started_at == 0 || leg->metered_until >= until)
                return;
        ret_reading[(*n)++] = (struct reading){ .seq = ++node->readings,
                                                .job = leg->job,
                                                .attempt = leg->attempt,
                                                .start = leg->metered_until,
                                                .end = until,
                                                .joules = drawn(leg, until) - leg->metered_j,
                                                .quality = QUALITY_MODELLED };
        leg->metered_until = until;
        leg->metered_j = drawn(leg, until);
}

static void read_idle(struct virtual_node *node, int64_t now, struct reading *ret_reading, uint32_t *n)
{
        if (node->idle_until >= now || node->inventory.idle_w <= 0)
                return;
        ret_reading[(*n)++] = (struct reading){ .seq = ++node->readings,
                                                .start = node->idle_until,
                                                .end = now,
                                                .joules = node->inventory.idle_w * (now - node->idle_until),
                                                .quality = QUALITY_MODELLED };
        node->idle_until = now;
}

int virtual_node_renewal(struct virtual_node *node, int64_t now, struct input *ret_input)
{
        struct leg_report *legs = calloc(node->n_legs + 1, sizeof(*legs));
        struct reading *readings = calloc(node->n_legs + 1, sizeof(*readings));
        uint32_t n_readings = 0;

        if (legs == NULL || readings == NULL) {
                free(legs);
                free(readings);
                return OFFPEAK_ENOMEM;
        }
        for (uint32_t l = 0; l < node->n_legs; l++) {
                read_leg(node, &node->legs[l], now, readings, &n_readings);
                report_leg(&node->legs[l], now, &legs[l]);
        }
        read_idle(node, now, readings, &n_readings);
        node->renews_at = now + node->renew_s;
        memset(ret_input, 0, sizeof(*ret_input));
        ret_input->type = INPUT_RENEW;
        ret_input->u.renew.node = node->name;
        ret_input->u.renew.term = node->term;
        ret_input->u.renew.session = node->session;
        ret_input->u.renew.seq = ++node->seq;
        ret_input->u.renew.sure = true;
        ret_input->u.renew.legs = legs;
        ret_input->u.renew.n_legs = node->n_legs;
        ret_input->u.renew.readings = readings;
        ret_input->u.renew.n_readings = n_readings;
        return 0;
}

void virtual_renewal_finish(struct input *input)
{
        free((void *)input->u.renew.legs);
        free((void *)input->u.renew.readings);
}
