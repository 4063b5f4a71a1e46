/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c - one turn at a time:
 *
 *   step    an input into the core; its durable records to the journal and the books; its actions carried out
 *   events  a node's own next moment, or the core's; the earliest one sets the clock
 *
 * Actions are queued while they cause further steps, so that nothing nests.
 */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/room.h"
#include "sim/virtual_node.h"

enum { STRETCHED_LEASE_MS = 3600000 };

struct sim {
        struct sim_options options;
        struct policy policy;
        struct state state;
        int64_t wall;
        struct virtual_node *nodes;
        uint32_t n_nodes;
        double *done;             /* seconds of progress that each job's checkpoint holds, by index of the job */
        size_t n_done;
        struct booking *bookings;
        size_t n_bookings;
        struct sim_loss *losses;
        size_t n_losses;
        size_t next_outage;       /* index into options.outages */
        struct action *inbox;     /* orders and welcomes on their way to nodes */
        size_t n_inbox;
        bool plan_asked;
        int64_t plan_from;        /* wall: not computed before */
        int64_t no_plan_at;       /* wall: nor in this second; 0: in any */
        struct forecast_wish *wishes; /* forecasts asked for */
        size_t n_wishes;
        struct plan_multipliers last; /* of the last plan */
        uint64_t next_request;
        struct action answer;     /* the last reply */
};

static struct now now_of(const struct sim *sim)
{
        return (struct now){ .wall = sim->wall, .mono_ms = (sim->wall - sim->options.start) * 1000 };
}

int64_t sim_now(const struct sim *sim)
{
        return sim->wall;
}

const struct state *sim_state(const struct sim *sim)
{
        return &sim->state;
}

const struct booking *sim_bookings(const struct sim *sim, size_t *ret_n)
{
        *ret_n = sim->n_bookings;
        return sim->bookings;
}

const struct sim_loss *sim_losses(const struct sim *sim, size_t *ret_n)
{
        *ret_n = sim->n_losses;
        return sim->losses;
}

/* ---- one step of the core */

static int keep_record(struct sim *sim, const struct record *record)
{
        if (!record_is_durable(record))
                return 0;
        if (sim->options.journal != NULL)
                sim->options.journal(sim->options.context, record);
        if (record->type == RECORD_BOOKED) {
                struct booking *booking =
                        room_for_one((void **)&sim->bookings, sim->n_bookings, sizeof(*booking));

                if (booking == NULL)
                        return OFFPEAK_ENOMEM;
                *booking = record->u.booked.booking;
                sim->n_bookings++;
        }
        return 0;
}

static int keep_action(struct sim *sim, struct action *action)
{
        struct action *kept;

        switch (action->type) {
        case ACTION_ASK_PLAN:
                sim->plan_asked = true;
                return 0;
        case ACTION_ASK_FORECAST: {
                struct forecast_wish *wish = room_for_one((void **)&sim->wishes, sim->n_wishes, sizeof(*wish));

                if (wish == NULL)
                        return OFFPEAK_ENOMEM;
                *wish = action->wish;
                sim->n_wishes++;
                return 0;
        }
        case ACTION_REPLY:
                free(sim->answer.text);
                sim->answer = *action;
                action->text = NULL;
                return 0;
        case ACTION_GRANT:
        case ACTION_STALE:
        case ACTION_DROP_PLAN: /* plans take no time here */
                return 0; /* nothing is lost here: a lease is never short */
        case ACTION_WELCOME:
        case ACTION_ORDER:
                break;
        }
        kept = room_for_one((void **)&sim->inbox, sim->n_inbox, sizeof(*kept));
        if (kept == NULL)
                return OFFPEAK_ENOMEM;
        *kept = *action;
        sim->n_inbox++;
        return 0;
}

static int step(struct sim *sim, struct input *input)
{
        struct turn turn;
        int code;

        turn_init(&turn);
        input->now = now_of(sim);
        code = core_step(&sim->state, input, &turn);
        for (size_t i = 0; code == 0 && i < turn.n_records; i++)
                code = keep_record(sim, &turn.records[i]);
        for (size_t i = 0; code == 0 && i < turn.n_actions; i++)
                code = keep_action(sim, &turn.actions[i]);
        turn_finish(&turn);
        return code;
}

/* ---- what its actions cause */

static int renew(struct sim *sim, struct virtual_node *node)
{
        struct input input;
        int code = virtual_node_renewal(node, sim->wall, &input);

        if (code != 0)
                return code;
        code = step(sim, &input);
        virtual_renewal_finish(&input);
        return code;
}

/* The checkpoint of a job: what its attempts have reported before they left. */
static double *done_of(struct sim *sim, uint64_t job)
{
        while (sim->n_done < job)
                if (room_for_one((void **)&sim->done, sim->n_done, sizeof(double)) != NULL)
                        sim->n_done++;
                else
                        return NULL;
        return &sim->done[job - 1];
}

static int deliver(struct sim *sim, const struct action *action)
{
        struct virtual_node *node = &sim->nodes[action->node];
        double *done;

        if (action->type == ACTION_WELCOME) {
                node->term = action->term;
                node->session = action->session;
                node->renews_at = sim->wall;
                return 0;
        }
        done = done_of(sim, action->job);
        if (done == NULL)
                return OFFPEAK_ENOMEM;
        return virtual_node_order(node, action, &sim->state, *done, sim->options.stop_s, sim->wall);
}

static int deliver_all(struct sim *sim)
{
        struct action *inbox = sim->inbox;
        size_t n = sim->n_inbox;
        int code = 0;

        sim->inbox = NULL;
        sim->n_inbox = 0;
        for (size_t i = 0; code == 0 && i < n; i++)
                code = deliver(sim, &inbox[i]);
        free(inbox);
        return code;
}

/* One that was asked for. */
static int forecast(struct sim *sim)
{
        struct forecast_wish wish = sim->wishes[--sim->n_wishes];
        struct input input = { .type = INPUT_FORECAST_READY };
        struct forecast_use use;
        int code = forecast_use_make(state_past(&sim->state.sites[wish.site], wish.kind), wish.origin, wish.to, wish.east_s, &use);

        if (code != 0)
                return code;
        input.u.forecast_ready.wish = wish;
        input.u.forecast_ready.use = &use;
        code = step(sim, &input);
        forecast_use_finish(&use);
        return code;
}

static int plan(struct sim *sim)
{
        struct now now = now_of(sim);
        struct plan_question question;
        struct plan_budget budget = { 0 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan answer;
        int code;

        sim->plan_asked = false;
        sim->plan_from = sim->wall + sim->options.plan_gap_s;
        code = plan_question_init(&sim->state, &now, &question);
        if (code != 0)
                return code;
        budget.work = question.work;
        budget.unproven = budget.unexplained = sim->options.unproven;
        question.problem.last = &sim->last;
        plan_init(&answer);
        input.u.plan_ready.code = plan_compute(&question.problem, &budget, &answer, NULL);
        input.u.plan_ready.plan = &answer;
        input.u.plan_ready.problem = &question.problem;
        input.u.plan_ready.asked_index = question.log_index;
        code = step(sim, &input);
        if (input.u.plan_ready.code == 0)
                plan_multipliers_take(&sim->last, &answer);
        plan_finish(&answer);
        plan_question_finish(&question);
        return code;
}

/* Save what the legs of a node have done before the scheduler hears of their exits. */
static int save_checkpoints(struct sim *sim, const struct virtual_node *node)
{
        for (uint32_t l = 0; l < node->n_legs; l++) {
                const struct virtual_leg *leg = &node->legs[l];
                double *done;

                if (leg->state != REPORT_EXITED || leg->started_at == 0)
                        continue;
                done = done_of(sim, leg->job);
                if (done == NULL)
                        return OFFPEAK_ENOMEM;
                *done = virtual_leg_done(leg, leg->exits_at);
        }
        return 0;
}

static int pass_node(struct sim *sim, struct virtual_node *node, bool *ret_busy)
{
        int code = 0;

        if (virtual_node_pass(node, sim->wall)) {
                code = save_checkpoints(sim, node);
                node->renews_at = sim->wall;
        }
        if (code == 0 && node->renews_at <= sim->wall) {
                *ret_busy = true;
                code = renew(sim, node);
        }
        return code;
}

static bool plan_is_due(const struct sim *sim)
{
        return sim->plan_asked && sim->wall >= sim->plan_from && sim->wall != sim->no_plan_at;
}

/* Everything that happens at this moment, until it is quiet. */
static int settle(struct sim *sim)
{
        bool busy = true;
        int code = 0;

        while (code == 0 && busy) {
                busy = sim->n_inbox > 0 || plan_is_due(sim) || sim->n_wishes > 0;
                if (sim->n_inbox > 0)
                        code = deliver_all(sim);
                for (uint32_t i = 0; code == 0 && i < sim->n_nodes; i++)
                        code = pass_node(sim, &sim->nodes[i], &busy);
                while (code == 0 && sim->n_wishes > 0)
                        code = forecast(sim);
                if (code == 0 && plan_is_due(sim))
                        code = plan(sim);
        }
        return code;
}

static size_t n_outages(const struct sim *sim)
{
        return sim->options.outages != NULL ? sim->options.outages->n : 0;
}

static int64_t next_moment(const struct sim *sim)
{
        struct now now = now_of(sim);
        struct now core = core_next(&sim->state, &now);
        int64_t next = core.wall;

        if (core.mono_ms != INT64_MAX) {
                int64_t wall = sim->options.start + (core.mono_ms + 999) / 1000;

                next = wall < next ? wall : next;
        }
        if (sim->plan_asked && sim->plan_from < next)
                next = sim->plan_from;
        if (sim->next_outage < n_outages(sim) && sim->options.outages->at[sim->next_outage].from < next)
                next = sim->options.outages->at[sim->next_outage].from;
        for (uint32_t i = 0; i < sim->n_nodes; i++)
                if (virtual_node_next(&sim->nodes[i]) < next)
                        next = virtual_node_next(&sim->nodes[i]);
        return next > sim->wall ? next : sim->wall + 1;
}

static int tick(struct sim *sim)
{
        struct input input = { .type = INPUT_TICK };
        int code = step(sim, &input);

        return code != 0 ? code : settle(sim);
}

/* ---- failures */

static struct client next_client(struct sim *sim)
{
        struct client client = { .user = "sim", .is_operator = true, .may_push = true, .digest = ++sim->next_request };

        memcpy(client.request_id, &sim->next_request, sizeof(sim->next_request));
        return client;
}

static bool saves_work(const struct sim *sim, const struct job *job)
{
        if (job->spec.interruptible != OFFPEAK_CLASS_DECIDES)
                return job->spec.interruptible == OFFPEAK_YES;
        return state_class(&sim->state, job)->interruptible;
}

static int keep_loss(struct sim *sim, const struct virtual_leg *leg, double saved)
{
        struct sim_loss *loss = room_for_one((void **)&sim->losses, sim->n_losses, sizeof(*loss));
        double *done = done_of(sim, leg->job);
        int64_t kept = (int64_t)(saved - leg->done_before);

        if (loss == NULL || done == NULL)
                return OFFPEAK_ENOMEM;
        *loss = (struct sim_loss){ .job = leg->job,
                                   .attempt = leg->attempt,
                                   .site = state_job(&sim->state, leg->job)->site,
                                   .at = sim->wall,
                                   .lost_s = sim->wall - leg->started_at - kept };
        sim->n_losses++;
        *done = saved;
        return 0;
}

/* An attempt that had a leg on a node that fails: all its legs go back to the last checkpoint. */
static int lose(struct sim *sim, const struct virtual_leg *of)
{
        const struct virtual_leg leg = *of;
        double saved = saves_work(sim, state_job(&sim->state, leg.job))
                               ? virtual_leg_saved(&leg, sim->options.checkpoint_s, sim->wall)
                               : 0;

        for (uint32_t i = 0; i < sim->n_nodes; i++)
                for (uint32_t l = 0; l < sim->nodes[i].n_legs; l++) {
                        struct virtual_leg *other = &sim->nodes[i].legs[l];

                        if (other->job == leg.job && other->attempt == leg.attempt && other->state != REPORT_EXITED)
                                virtual_leg_lose(other, saved);
                }
        return leg.started_at < sim->wall ? keep_loss(sim, &leg, saved) : 0;
}

/* What ran there is read once more, as its meter's log has it; then it is known to be gone. */
static int fail_node(struct sim *sim, struct virtual_node *node, int64_t until)
{
        struct input fence = { .type = INPUT_FENCE };
        bool busy = false;
        int code = pass_node(sim, node, &busy); /* who is done by now is done */

        for (uint32_t l = 0; code == 0 && l < node->n_legs; l++)
                if (node->legs[l].state != REPORT_EXITED && node->legs[l].started_at != 0 &&
                    node->legs[l].progress_at != INT64_MAX)
                        code = lose(sim, &node->legs[l]);
        if (code == 0 && node->session != 0)
                code = renew(sim, node);
        virtual_node_fail(node, until);
        fence.u.fence.client = next_client(sim);
        fence.u.fence.node = node->name;
        fence.u.fence.seen_dead = true;
        return code == 0 ? step(sim, &fence) : code;
}

static int say_hello(struct sim *sim, const struct virtual_node *node)
{
        struct input hello = { .type = INPUT_HELLO };
        char boot[32];

        snprintf(boot, sizeof(boot), node->boots == 0 ? "virtual" : "virtual %u", node->boots);
        hello.u.hello.node = node->name;
        hello.u.hello.site = node->site;
        hello.u.hello.boot = boot;
        hello.u.hello.nonce[0] = 1;
        memcpy(&hello.u.hello.nonce[1], &node->boots, sizeof(node->boots));
        hello.u.hello.inventory = &node->inventory;
        return step(sim, &hello);
}

/* Nodes that are back by now, and those that fail; an outage that was over before it was looked at did no harm. */
static int change_nodes(struct sim *sim)
{
        int code = 0;

        for (uint32_t i = 0; code == 0 && i < sim->n_nodes; i++)
                if (sim->nodes[i].down_until != 0 && sim->nodes[i].down_until <= sim->wall) {
                        virtual_node_return(&sim->nodes[i], sim->wall);
                        code = say_hello(sim, &sim->nodes[i]);
                }
        while (code == 0 && sim->next_outage < n_outages(sim)) {
                const struct outage *outage = &sim->options.outages->at[sim->next_outage];

                if (outage->from > sim->wall)
                        break;
                sim->next_outage++;
                if (outage->to > sim->wall && outage->node < sim->n_nodes)
                        code = fail_node(sim, &sim->nodes[outage->node], outage->to);
        }
        return code;
}

int sim_run_until(struct sim *sim, int64_t wall)
{
        int code = settle(sim);

        if (code == 0)
                code = change_nodes(sim);
        if (code == 0)
                code = settle(sim);
        while (code == 0 && sim->wall < wall) {
                int64_t next = next_moment(sim);

                sim->wall = next < wall ? next : wall;
                code = change_nodes(sim);
                if (code == 0)
                        code = tick(sim);
        }
        return code;
}

int sim_run_up_to(struct sim *sim, int64_t wall)
{
        int code;

        sim->no_plan_at = wall;
        code = sim_run_until(sim, wall);
        sim->no_plan_at = 0;
        return code;
}

/* ---- from outside */

int sim_create(const struct sim_options *options, struct sim **ret_sim)
{
        struct sim *sim = calloc(1, sizeof(*sim));
        struct input start = { .type = INPUT_START };
        struct input config = { .type = INPUT_CONFIG };
        int code;

        if (sim == NULL)
                return OFFPEAK_ENOMEM;
        sim->options = *options;
        sim->wall = options->start;
        start.u.start.forecasts = options->forecasts;
        code = state_init(&sim->state);
        if (code == 0)
                code = policy_copy(options->policy, &sim->policy);
        for (size_t i = 0; code == 0 && i < sim->policy.n_classes; i++)
                sim->policy.classes[i].lease_ms = STRETCHED_LEASE_MS + 2000 * options->renew_s;
        config.u.config.policy = &sim->policy;
        if (code == 0)
                code = step(sim, &start);
        if (code == 0)
                code = step(sim, &config);
        if (code != 0) {
                sim_destroy(sim);
                return code;
        }
        *ret_sim = sim;
        return 0;
}

void sim_destroy(struct sim *sim)
{
        if (sim == NULL)
                return;
        for (uint32_t i = 0; i < sim->n_nodes; i++)
                virtual_node_finish(&sim->nodes[i]);
        free(sim->nodes);
        free(sim->done);
        free(sim->bookings);
        free(sim->losses);
        free(sim->inbox);
        free(sim->wishes);
        free(sim->answer.text);
        plan_multipliers_finish(&sim->last);
        policy_finish(&sim->policy);
        state_finish(&sim->state);
        free(sim);
}

int sim_add_node(struct sim *sim, const struct sim_node *added)
{
        struct virtual_node *node = room_for_one((void **)&sim->nodes, sim->n_nodes, sizeof(*node));

        if (node == NULL || virtual_node_init(node, added->name, added->site, added->devices, added->idle_w,
                                              added->device_w, sim->wall) != 0)
                return OFFPEAK_ENOMEM;
        if (sim->options.renew_s > 0)
                node->renew_s = sim->options.renew_s;
        node->ramp_s = sim->options.ramp_s;
        for (uint32_t d = 0; d < added->devices; d++)
                node->inventory.devices[d].least_w = added->least_w;
        sim->n_nodes++;
        return say_hello(sim, node);
}

int sim_take_series(struct sim *sim, const struct series *series)
{
        struct input input = { .type = INPUT_SERIES };

        input.u.series.series = series;
        return step(sim, &input);
}

/* A client's request, and what it is answered. */
static int ask(struct sim *sim, struct input *input, struct offpeak_error *err)
{
        int code = step(sim, input);

        if (code != 0)
                return code;
        if (sim->answer.code != 0)
                fail(err, sim->answer.code, "%s", sim->answer.text != NULL ? sim->answer.text : "");
        return sim->answer.code;
}

int sim_submit(struct sim *sim, const struct offpeak_job_spec *spec, uint64_t *ret_job, struct offpeak_error *err)
{
        struct input input = { .type = INPUT_SUBMIT };
        int code;

        input.u.submit.client = next_client(sim);
        input.u.submit.spec = spec;
        code = ask(sim, &input, err);
        *ret_job = code == 0 ? sim->answer.job : 0;
        return code;
}

int sim_push(struct sim *sim, const struct offpeak_push *push, struct offpeak_error *err)
{
        struct input input = { .type = INPUT_PUSH };

        input.u.push.client = next_client(sim);
        input.u.push.push = push;
        return ask(sim, &input, err);
}

static int tell(struct sim *sim, enum input_type type, uint64_t job)
{
        struct input input = { .type = type };
        int code;

        input.u.job.client = next_client(sim);
        input.u.job.job = job;
        code = step(sim, &input);
        return code != 0 ? code : sim->answer.code;
}

int sim_cancel(struct sim *sim, uint64_t job)
{
        return tell(sim, INPUT_CANCEL, job);
}

int sim_release(struct sim *sim, uint64_t job)
{
        return tell(sim, INPUT_RELEASE, job);
}
