/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders.c - levels for the nodes: what each leg should be. Sent when a record changes it, and again with every renewal
 * that shows something else, until the node reports it.
 */
#include "core/decide_parts.h"

#include "core/width.h"

static struct action *order(const struct node *node, enum want want, uint64_t job, uint32_t attempt, uint64_t epoch,
                            struct turn *turn)
{
        struct action *action;

        if (node->session.state != SESSION_UP)
                return NULL; /* it will be told when it renews */
        action = turn_action(turn, ACTION_ORDER);
        action->node = node->id;
        action->term = node->session.term;
        action->session = node->session.number;
        action->want = want;
        action->job = job;
        action->attempt = attempt;
        action->epoch = epoch;
        return action;
}

static enum want level_of(const struct attempt *attempt)
{
        if (attempt->state == ATTEMPT_STOPPING)
                return WANT_STOP;
        return attempt->go ? WANT_GO : WANT_ARM;
}

static void order_leg(const struct state *state, const struct job *job, const struct leg *leg, struct turn *turn)
{
        const struct attempt *attempt = &job->attempt;
        struct action *action;

        if (leg->state == LEG_ENDED || job->state != OFFPEAK_JOB_ACTIVE)
                return;
        action = order(&state->nodes[leg->node], level_of(attempt), job->id, attempt->number, attempt->epoch, turn);
        if (action == NULL)
                return;
        action->reason = attempt->stop;
        action->grace_s = attempt->grace_s;
}

static void order_attempt(const struct state *state, uint64_t id, struct turn *turn)
{
        const struct job *job = state_job(state, id);

        for (uint32_t l = 0; job != NULL && l < job->attempt.n_legs; l++)
                order_leg(state, job, &job->attempt.legs[l], turn);
}

static void order_for_record(const struct state *state, const struct record *record, struct turn *turn)
{
        switch (record->type) {
        case RECORD_LAUNCH:
                order_attempt(state, record->u.launch.job, turn);
                break;
        case RECORD_GO:
                order_attempt(state, record->u.go.job, turn);
                break;
        case RECORD_CAPPED:
                order_attempt(state, record->u.capped.job, turn);
                break;
        case RECORD_STOP:
                order_attempt(state, record->u.stop.job, turn);
                break;
        default:
                break;
        }
}

static const struct leg *open_leg(const struct state *state, const struct leg_report *report, uint32_t node)
{
        const struct job *job = state_job(state, report->job);

        if (job == NULL || job->state != OFFPEAK_JOB_ACTIVE || job->attempt.number != report->attempt ||
            job->attempt.epoch != report->epoch)
                return NULL;
        for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].node == node && job->attempt.legs[l].state != LEG_ENDED)
                        return &job->attempt.legs[l];
        return NULL;
}

/* A leg as reported, against what it should be. */
static void answer_report(const struct state *state, const struct node *node, const struct leg_report *report,
                          struct turn *turn)
{
        const struct leg *leg = open_leg(state, report, node->id);
        struct action *action;

        if (report->state == REPORT_EXITED) {
                if (leg == NULL)
                        order(node, WANT_FORGET, report->job, report->attempt, report->epoch, turn);
                return;
        }
        if (leg != NULL) {
                const struct job *job = state_job(state, report->job);
                enum want want = level_of(&job->attempt);
                bool is_capped = report->cap_ppm == width_cap_ppm(&job->spec, job->attempt.mode);
                bool as_wanted = (want == WANT_ARM && report->state == REPORT_ARMED) ||
                                 (want == WANT_GO && report->state == REPORT_RUNNING && is_capped) ||
                                 (want == WANT_STOP && report->state == REPORT_STOPPING);

                if (!as_wanted)
                        order_leg(state, job, leg, turn);
                return;
        }
        action = order(node, WANT_STOP, report->job, report->attempt, report->epoch, turn);
        if (action != NULL)
                action->reason = STOP_CANCEL;
}

static bool reported(const struct input *input, const struct job *job)
{
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++)
                if (input->u.renew.legs[i].job == job->id && input->u.renew.legs[i].attempt == job->attempt.number)
                        return true;
        return false;
}

static void answer_renewal(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct node *node = state_node(state, input->u.renew.node);

        if (node == NULL || node->session.state != SESSION_UP || node->session.number != input->u.renew.session)
                return;
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++)
                answer_report(state, node, &input->u.renew.legs[i], turn);
        for (size_t i = 0; i < state->n_open; i++) { /* an order that was lost */
                const struct job *job = state_open_job(state, i);

                if (job->state != OFFPEAK_JOB_ACTIVE || reported(input, job))
                        continue;
                for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                        if (job->attempt.legs[l].node == node->id)
                                order_leg(state, job, &job->attempt.legs[l], turn);
        }
}

void decide_orders(const struct state *state, const struct input *input, size_t first, struct turn *turn)
{
        size_t last = turn->n_records;

        for (size_t i = first; i < last; i++)
                order_for_record(state, &turn->records[i], turn);
        if (input->type == INPUT_RENEW)
                answer_renewal(state, input, turn);
}
