/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_faults.c - the scheduler's core and the agents' core against each other, in a world that breaks.
 *
 * The cores are the real ones, the log is the real codec's bytes; modelled are the network (loses, delays, repeats,
 * reorders), the shims and their disks. Schedulers, agents, shims and nodes are killed at random, state directories
 * vanish, links go dead for longer than a lease; limits of power are pushed, some twice, and taken back; jobs are
 * pinned and unpinned. Prices at two sites take
 * turns at being high, so that jobs move between them. After every step:
 *
 *   - the processes of one job belong to one attempt, and no device is held by two legs
 *   - of a gang nobody runs before `go` is on record
 *   - nobody runs before those it comes after have ended, well if that is what it asks for, and their processes with
 * them
 *   - a job that has ended stays as it ended, and an acknowledged job is never absent
 *   - nobody is given a device that is known to be unwell; they become so and well again, and who holds one fails
 *
 * Then the faults stop, and within a bounded time every job has ended, every node is empty, replaying the log gives
 * the same state, and the books close: no second of a job is booked twice, all of it at the site where it ran, and what
 * was booked is what jobs and sites are said to have drawn. Nobody started at another site before he could be there.
 * Seeds are fixed; OFFPEAK_FAULT_SEED and OFFPEAK_FAULT_RUNS widen the search.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/core/agent_step.h"
#include "core/after.h"
#include "core/decide.h"
#include "io/record_codec.h"
#include "support/effort.h"
#include "support/world.h"

enum {
        NODES = 4, /* the first two at one site, the others at another */
        DEVICES = 2,
        JOBS = 8,
        CANCELLED = 2, /* this one, if it has not ended by then */
        MAX_SHIMS = 64,
        MAX_SPOOL = 256,   /* readings that no grant has acknowledged; the oldest are lost */
        MAX_READINGS = 32, /* in a renewal */
        WATTS = 100,       /* of each device */
        TURN_S = 40,       /* prices of the sites change places */
        TURNS = 22,
        MOVE_S = 2,
        MAX_PACKETS = 4096,
        STEP_MS = 100,
        LEASE_MS = 12000,
        GRACE_S = 1,
        KILL_MARGIN_MS = 500,
        FAULTY_STEPS = 3000, /* five minutes */
        QUIET_STEPS = 12000, /* twenty */
};

/* ---- the world */

struct shim {
        bool on_disk;          /* its leg's directory is there */
        bool alive;
        struct leg_id id;
        uint64_t epoch, devices;
        bool gang, relaunch, has_exit, told;
        struct leg_exit exit;
        enum report_state state;
        int64_t lease_ms, deadline_ms, finishes_ms, dies_ms;
        uint32_t cap_ppm;
};

struct machine {
        struct agent_state agent;
        bool up;
        int64_t up_at_ms;
        uint64_t term;          /* on disk */
        int boot;
        struct shim shims[MAX_SHIMS];
        int64_t link_dead_until_ms;
        uint64_t unwell;                 /* devices */
        struct reading spool[MAX_SPOOL]; /* on disk */
        uint32_t n_spool;
        uint64_t read_seq;
        int64_t read_until; /* wall */
};

enum packet_kind { P_HELLO, P_RENEW, P_WELCOME, P_GRANT, P_STALE, P_ORDER };

struct packet {
        enum packet_kind kind;
        int node;
        int64_t at_ms;
        uint8_t nonce[16];
        uint64_t term, session, seq;
        int boot;
        bool sure;
        struct leg_report legs[MAX_SHIMS];
        uint32_t n_legs;
        struct reading readings[MAX_READINGS];
        uint32_t n_readings;
        uint64_t unwell;
        struct message_welcome welcome;
        struct message_grant grant;
        struct message_stale stale;
        struct message_order order;
};

struct entry {
        uint8_t *bytes;
        size_t size;
};

struct world {
        uint64_t random;
        bool faulty;
        int64_t now_ms;
        struct policy policy;
        struct state state;
        struct entry *log;
        size_t n_log, cap_log;
        struct machine machines[NODES];
        struct packet *packets; /* MAX_PACKETS */
        size_t n_packets;
        bool plan_asked;
        int64_t plan_at_ms;
        uint64_t acknowledged[JOBS];
        int n_acknowledged;
        enum offpeak_job_state ended_as[JOBS + 1];
        uint64_t next_request;
};

static const char *const sites[] = { "hanford", "lulea" };

static int site_of(int node)
{
        return node < NODES / 2 ? 0 : 1;
}

static uint64_t draw(struct world *world, uint64_t below)
{
        world->random ^= world->random << 13;
        world->random ^= world->random >> 7;
        world->random ^= world->random << 17;
        return world->random % below;
}

static bool chance(struct world *world, uint64_t one_in)
{
        return draw(world, one_in) == 0;
}

static void fill_random(struct world *world, uint8_t bytes[16])
{
        for (int i = 0; i < 16; i++)
                bytes[i] = (uint8_t)draw(world, 256);
}

static struct now now_of(const struct world *world)
{
        return (struct now){ .wall = WORLD_START + world->now_ms / 1000, .mono_ms = 1000000 + world->now_ms };
}

/* ---- the network */

static void post(struct world *world, const struct packet *packet)
{
        bool dead = world->machines[packet->node].link_dead_until_ms > world->now_ms;
        int copies = 1;

        if (world->faulty && (dead || chance(world, 8)))
                return;
        if (world->faulty && chance(world, 8))
                copies = 2;
        for (int i = 0; i < copies && world->n_packets < MAX_PACKETS; i++) {
                struct packet *sent = &world->packets[world->n_packets++];

                *sent = *packet;
                sent->at_ms = world->now_ms + (world->faulty ? (int64_t)draw(world, chance(world, 20) ? 20000 : 400) : 10);
        }
}

/* ---- the scheduler */

static void keep_log(struct world *world, const struct record *record)
{
        struct offpeak_error err;
        struct entry entry;

        if (world->n_log == world->cap_log) {
                world->cap_log = world->cap_log == 0 ? 1024 : 2 * world->cap_log;
                world->log = realloc(world->log, world->cap_log * sizeof(*world->log));
                assert_non_null(world->log);
        }
        assert_int_equal(record_encode(record, &entry.bytes, &entry.size, &err), 0);
        world->log[world->n_log++] = entry;
}

/* Nodes have ids in the order in which they first called. */
static int machine_of(const struct world *world, uint32_t node)
{
        return node < world->state.n_nodes ? world->state.nodes[node].name[1] - '0' : 0;
}

static void send_order(struct world *world, const struct action *action)
{
        const struct job *job = state_job(&world->state, action->job);
        struct packet packet = { .kind = P_ORDER, .node = machine_of(world, action->node) };
        struct message_order *order = &packet.order;

        *order = (struct message_order){ .term = action->term, .session = action->session, .job = action->job,
                                         .attempt = action->attempt, .epoch = action->epoch, .want = action->want,
                                         .reason = action->reason, .grace_s = action->grace_s };
        if (action->want == WANT_ARM || action->want == WANT_GO) {
                assert_non_null(job);
                for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                        if (job->attempt.legs[l].node == action->node)
                                order->launch.devices = job->attempt.legs[l].devices;
                order->has_launch = true;
                order->launch.lease_ms = job->attempt.lease_ms;
                order->launch.grace_s = job->attempt.grace_s;
                order->launch.on_lost = job->attempt.on_lost;
                order->launch.gang = job->attempt.n_legs > 1;
        }
        post(world, &packet);
}

static void act(struct world *world, const struct action *action)
{
        struct packet packet = { .node = machine_of(world, action->node) };

        switch (action->type) {
        case ACTION_DROP_PLAN:
                world->plan_at_ms = world->now_ms;
                break;
        case ACTION_ASK_FORECAST:
                fail_msg("a host that makes none was asked for a forecast");
                break;
        case ACTION_ASK_PLAN:
                world->plan_asked = true;
                world->plan_at_ms = world->now_ms + 200;
                return;
        case ACTION_REPLY:
                if (action->code == 0 && action->job > (uint64_t)world->n_acknowledged && world->n_acknowledged < JOBS)
                        world->acknowledged[world->n_acknowledged++] = action->job;
                return;
        case ACTION_ORDER:
                send_order(world, action);
                return;
        case ACTION_WELCOME:
                packet.kind = P_WELCOME;
                packet.welcome = (struct message_welcome){ .term = action->term, .session = action->session,
                                                           .lease_ms = LEASE_MS, .renew_ms = LEASE_MS / 6 };
                memcpy(packet.welcome.nonce, action->nonce, sizeof(action->nonce));
                break;
        case ACTION_GRANT:
                packet.kind = P_GRANT;
                packet.grant = (struct message_grant){ .term = action->term,
                                                       .session = action->session,
                                                       .seq = action->seq,
                                                       .readings_acked = action->readings_acked };
                break;
        case ACTION_STALE:
                packet.kind = P_STALE;
                packet.stale = (struct message_stale){ .term = action->term, .session = action->session };
                break;
        }
        if (action->node != NONE_U32)
                post(world, &packet);
}

/* A crash between commit and sending loses every action of the turn. */
static void assert_well(const struct world *world, const struct record *launch)
{
        for (uint32_t l = 0; l < launch->u.launch.n_legs; l++) {
                const struct leg *leg = &launch->u.launch.legs[l];

                assert_int_equal(leg->devices & world->state.nodes[leg->node].withheld, 0);
        }
}

static void take(struct world *world, struct input *input, bool crash)
{
        struct turn turn;

        turn_init(&turn);
        input->now = now_of(world);
        assert_int_equal(core_step(&world->state, input, &turn), 0);
        for (size_t i = 0; i < turn.n_records; i++) {
                if (record_is_durable(&turn.records[i]))
                        keep_log(world, &turn.records[i]);
                if (turn.records[i].type == RECORD_LAUNCH)
                        assert_well(world, &turn.records[i]);
        }
        for (size_t i = 0; i < turn.n_actions && !crash; i++)
                act(world, &turn.actions[i]);
        turn_finish(&turn);
}

static void replay(const struct world *world, struct state *state)
{
        state_init(state);
        for (size_t i = 0; i < world->n_log; i++) {
                struct offpeak_error err;
                struct record record;

                assert_int_equal(record_decode(world->log[i].bytes, world->log[i].size, &record, &err), 0);
                assert_int_equal(apply(state, &record), 0);
                record_finish(&record);
        }
}

static void assert_log_is_the_truth(const struct world *world)
{
        struct state replayed;
        char *live = state_dump(&world->state), *again;

        replay(world, &replayed);
        again = state_dump(&replayed);
        assert_string_equal(live, again);
        assert_true(state_is_bound(&world->state) && state_is_bound(&replayed));
        free(live);
        free(again);
        state_finish(&replayed);
}

static void kill_scheduler(struct world *world)
{
        struct input start = { .type = INPUT_START };

        assert_log_is_the_truth(world);
        state_finish(&world->state);
        replay(world, &world->state);
        world->plan_asked = false;
        world->now_ms += (int64_t)draw(world, 3000); /* down for a while; agents and shims are not stopped by that */
        take(world, &start, false);
}

static void plan(struct world *world)
{
        struct now now = now_of(world);
        struct plan_budget budget = { .work = 20000 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan_question question;
        struct plan answer;

        world->plan_asked = false;
        plan_init(&answer);
        assert_int_equal(plan_question_init(&world->state, &now, &question), 0);
        input.u.plan_ready.code = plan_compute(&question.problem, &budget, &answer, NULL);
        assert_int_equal(input.u.plan_ready.code, 0);
        input.u.plan_ready.plan = &answer;
        input.u.plan_ready.problem = &question.problem;
        input.u.plan_ready.asked_index = question.log_index;
        take(world, &input, false);
        plan_finish(&answer);
        plan_question_finish(&question);
}

static struct client next_client(struct world *world)
{
        struct client client = { .user = "test", .digest = ++world->next_request };

        memcpy(client.request_id, &world->next_request, sizeof(world->next_request));
        return client;
}

/* Whom job i comes after, by number: a chain of three, two at once, and one behind a job that is cancelled. */
static void come_after(struct offpeak_job_spec *spec, int i)
{
        static const struct {
                uint64_t ok, any;
        } after[JOBS] = { [3] = { .ok = 1 }, [4] = { .any = CANCELLED }, [5] = { .ok = 4 }, [6] = { 3, 5 },
                          [7] = { .ok = CANCELLED } };

        if (after[i].ok != 0) {
                spec->after_ok = malloc(sizeof(uint64_t));
                spec->after_ok[spec->n_after_ok++] = after[i].ok;
        }
        if (after[i].any != 0) {
                spec->after_any = malloc(sizeof(uint64_t));
                spec->after_any[spec->n_after_any++] = after[i].any;
        }
}

static void tell(struct world *world, enum input_type type, uint64_t job)
{
        struct input input = { .type = type };

        input.u.job.client = next_client(world);
        input.u.job.job = job;
        take(world, &input, false);
}

/* What a cancelled job left on hold is run all the same. */
static void release_unmet(struct world *world)
{
        for (size_t i = 0; i < world->state.n_jobs; i++)
                if (world->state.jobs[i].unmet)
                        tell(world, INPUT_RELEASE, world->state.jobs[i].id);
}

static void submit(struct world *world, int i)
{
        struct offpeak_job_spec spec;
        struct input input = { .type = INPUT_SUBMIT };

        world_spec(&spec, "job", 1 + (uint32_t)i % DEVICES, 20 + 10 * i);
        spec.nodes = i % 3 == 2 ? 2 : 1;
        spec.class_name = strdup(i % 2 == 0 ? "default" : "relaunch");
        come_after(&spec, i);
        input.u.submit.spec = &spec;
        input.u.submit.client = next_client(world);
        take(world, &input, false);
        offpeak_job_spec_finish(&spec);
}

/* A limit that leaves power for some of the devices, for none, or for all; half of them are told twice. */
static void push_limit(struct world *world)
{
        struct offpeak_signal_point point = { 0, (int64_t)draw(world, 1000) };
        char *site = (char *)(uintptr_t)sites[draw(world, 2)];
        struct offpeak_push push = { .signal = OFFPEAK_LIMIT,
                                     .site = site,
                                     .points = &point,
                                     .n_points = 1,
                                     .life_s = 1 + (int64_t)draw(world, 60) };
        struct input input = { .type = INPUT_PUSH };

        if (chance(world, 4))
                push = (struct offpeak_push){ .signal = OFFPEAK_LIMIT, .site = site, .withdraw = true };
        input.u.push.client = next_client(world);
        input.u.push.client.may_push = true;
        input.u.push.push = &push;
        take(world, &input, false);
        if (chance(world, 2))
                take(world, &input, false);
}

/* Some job to its hours or to a time soon, or no job any more; refused as often as not. */
static void pin(struct world *world)
{
        struct input input = { .type = chance(world, 4) ? INPUT_UNPIN : INPUT_PIN };

        input.u.job.client = next_client(world);
        input.u.job.job = 1 + draw(world, JOBS);
        if (chance(world, 2))
                input.u.job.start = now_of(world).wall + (int64_t)draw(world, 60);
        take(world, &input, false);
}

/* ---- machines */

static struct shim *find_shim(struct machine *machine, struct leg_id id)
{
        for (int i = 0; i < MAX_SHIMS; i++)
                if ((machine->shims[i].on_disk || machine->shims[i].alive) && machine->shims[i].id.job == id.job &&
                    machine->shims[i].id.attempt == id.attempt)
                        return &machine->shims[i];
        return NULL;
}

static void tell_agent(struct world *world, int node, struct agent_input *input);

static void tell_ended(struct world *world, int node, struct leg_id id, const struct leg_exit *exit)
{
        struct agent_input input = { .type = AGENT_ENDED };

        input.u.ended.id = id;
        input.u.ended.exit = exit;
        tell_agent(world, node, &input);
}

static void tell_state(struct world *world, int node, const struct shim *shim)
{
        struct agent_input input = { .type = AGENT_SHIM };

        input.u.shim.id = shim->id;
        input.u.shim.epoch = shim->epoch;
        input.u.shim.devices = shim->devices;
        input.u.shim.lease_ms = shim->lease_ms;
        input.u.shim.state = shim->state;
        tell_agent(world, node, &input);
}

static void end_shim(struct shim *shim, enum leg_how how, int32_t status, bool killed)
{
        shim->exit = (struct leg_exit){ .how = how, .status = status, .killed = killed };
        shim->has_exit = shim->on_disk; /* with its directory gone there is nowhere to leave it */
        shim->alive = false;
        shim->state = REPORT_EXITED;
}

/* It goes on from its last checkpoint. */
static int64_t finishes_ms(const struct world *world, uint64_t id)
{
        const struct job *job = state_job(&world->state, id);

        return world->now_ms + (int64_t)((1 - job->fraction) * (double)job->spec.time_s * 1000);
}

static void start_shim(struct world *world, int node, const struct agent_action *action)
{
        struct machine *machine = &world->machines[node];
        const struct message_order *order = action->order;
        struct shim *shim = machine->shims;

        while (shim->on_disk || shim->alive)
                assert_true(++shim < machine->shims + MAX_SHIMS);
        *shim = (struct shim){ .on_disk = true, .alive = true, .id = action->id, .epoch = order->epoch,
                               .devices = order->launch.devices, .gang = order->launch.gang,
                               .relaunch = order->launch.on_lost == ON_LOST_RELAUNCH, .state = REPORT_ARMED,
                               .lease_ms = order->launch.lease_ms, .deadline_ms = action->deadline_ms,
                               .cap_ppm = order->launch.cap_ppm, .dies_ms = INT64_MAX };
        if (!shim->gang) {
                shim->state = REPORT_RUNNING;
                shim->finishes_ms = finishes_ms(world, action->id.job);
        }
        tell_state(world, node, shim);
}

static void go_shim(struct world *world, int node, struct shim *shim)
{
        if (shim == NULL || !shim->alive || shim->state != REPORT_ARMED)
                return;
        shim->state = REPORT_RUNNING;
        shim->finishes_ms = finishes_ms(world, shim->id.job);
        tell_state(world, node, shim);
}

static void stop_shim(struct world *world, int node, struct shim *shim)
{
        if (shim == NULL || !shim->alive)
                return;
        if (shim->state == REPORT_ARMED) {
                end_shim(shim, LEG_NEVER, 0, false);
                tell_ended(world, node, shim->id, &shim->exit);
        } else if (shim->state == REPORT_RUNNING) {
                shim->state = REPORT_STOPPING;
                shim->dies_ms = world->now_ms + 300;
                tell_state(world, node, shim);
        }
}

static void bury(struct world *world, int node, struct leg_id id, struct shim *shim)
{
        struct leg_exit lost = { .how = LEG_SHIM_LOST };

        if (shim != NULL && shim->alive)
                return;
        if (shim != NULL && !shim->has_exit)
                end_shim(shim, LEG_SHIM_LOST, 0, false);
        tell_ended(world, node, id, shim != NULL && shim->has_exit ? &shim->exit : &lost);
}

static void send_hello(struct world *world, int node)
{
        struct packet packet = { .kind = P_HELLO, .node = node, .boot = world->machines[node].boot };

        memcpy(packet.nonce, world->machines[node].agent.nonce, sizeof(packet.nonce));
        post(world, &packet);
}

static void send_renew(struct world *world, int node)
{
        const struct agent_state *agent = &world->machines[node].agent;
        struct packet packet = { .kind = P_RENEW,
                                 .node = node,
                                 .term = agent->term,
                                 .session = agent->session,
                                 .seq = agent->seq,
                                 .sure = agent->sure,
                                 .unwell = world->machines[node].unwell };

        for (size_t i = 0; i < agent->n_legs; i++) {
                struct message_leg said;
                struct leg_report *leg = &packet.legs[packet.n_legs];

                if (!agent_leg_report(&agent->legs[i], &said))
                        continue;
                assert_true(packet.n_legs < MAX_SHIMS);
                *leg = (struct leg_report){ .job = said.job, .attempt = said.attempt, .epoch = said.epoch,
                                            .state = (enum report_state)said.state, .how = (enum leg_how)said.how,
                                            .status = said.status, .killed = said.killed,
                                            .cap_ppm = said.cap_ppm };
                packet.n_legs++;
        }
        while (packet.n_readings < MAX_READINGS && packet.n_readings < world->machines[node].n_spool) {
                packet.readings[packet.n_readings] = world->machines[node].spool[packet.n_readings];
                packet.n_readings++;
        }
        post(world, &packet);
}

static void agent_act_on(struct world *world, int node, const struct agent_action *action)
{
        struct machine *machine = &world->machines[node];
        struct shim *shim = find_shim(machine, action->id);

        switch (action->type) {
        case AGENT_KEEP_TERM:
                machine->term = action->number;
                break;
        case AGENT_SEND_HELLO:
                send_hello(world, node);
                break;
        case AGENT_SEND_RENEW:
                send_renew(world, node);
                break;
        case AGENT_LAUNCH:
                start_shim(world, node, action);
                break;
        case AGENT_GO:
                go_shim(world, node, shim);
                break;
        case AGENT_STOP:
                stop_shim(world, node, shim);
                break;
        case AGENT_LEASE:
                if (shim != NULL && action->deadline_ms > shim->deadline_ms)
                        shim->deadline_ms = action->deadline_ms;
                break;
        case AGENT_BURY:
                bury(world, node, action->id, shim);
                break;
        case AGENT_DELETE:
                if (shim != NULL)
                        memset(shim, 0, sizeof(*shim));
                break;
        case AGENT_CAP:
                if (shim != NULL && shim->alive)
                        shim->cap_ppm = action->cap_ppm;
                break;
        case AGENT_ACKED:
        case AGENT_WARN:
                break;
        }
}

static void tell_agent(struct world *world, int node, struct agent_input *input)
{
        struct machine *machine = &world->machines[node];
        struct agent_turn turn;

        if (!machine->up)
                return;
        agent_turn_init(&turn);
        input->now_ms = world->now_ms;
        fill_random(world, input->random);
        agent_step(&machine->agent, input, &turn);
        assert_false(turn.failed);
        for (size_t i = 0; i < turn.n_actions; i++)
                agent_act_on(world, node, &turn.actions[i]);
        agent_turn_finish(&turn);
}

static void start_agent(struct world *world, int node)
{
        struct machine *machine = &world->machines[node];
        struct agent_input start = { .type = AGENT_START };

        agent_state_init(&machine->agent);
        machine->up = true;
        for (int i = 0; i < MAX_SHIMS; i++) {
                struct shim *shim = &machine->shims[i];
                struct agent_input found = { .type = AGENT_FOUND };

                if (!shim->on_disk && !shim->alive)
                        continue;
                found.u.found.id = shim->id;
                found.u.found.epoch = shim->epoch;
                found.u.found.devices = shim->devices;
                found.u.found.lease_ms = shim->lease_ms;
                tell_agent(world, node, &found);
        }
        start.u.start.term = machine->term;
        start.u.start.sure = true;
        start.u.start.devices = (1 << DEVICES) - 1;
        tell_agent(world, node, &start);
        for (int i = 0; i < MAX_SHIMS; i++) {
                struct shim *shim = &machine->shims[i];
                struct agent_input gone = { .type = AGENT_GONE };

                if (shim->alive)
                        tell_state(world, node, shim);
                else if (shim->on_disk && shim->has_exit)
                        tell_ended(world, node, shim->id, &shim->exit);
                else if (shim->on_disk) {
                        gone.u.gone.id = shim->id;
                        tell_agent(world, node, &gone);
                }
        }
}

static void kill_agent(struct world *world, int node)
{
        struct machine *machine = &world->machines[node];

        if (!machine->up)
                return;
        agent_state_finish(&machine->agent);
        machine->up = false;
        machine->up_at_ms = world->now_ms + (int64_t)draw(world, 5000);
}

/* kill -9 of a shim: its processes die with it, and no record is left. */
static void kill_shim(struct world *world, int node, struct shim *shim)
{
        struct agent_input gone = { .type = AGENT_GONE };

        shim->alive = false;
        gone.u.gone.id = shim->id;
        if (!shim->on_disk)
                memset(shim, 0, sizeof(*shim));
        tell_agent(world, node, &gone);
}

static void reboot(struct world *world, int node, bool disk_lost)
{
        struct machine *machine = &world->machines[node];

        kill_agent(world, node);
        machine->boot++;
        machine->n_spool = disk_lost ? 0 : machine->n_spool;
        for (int i = 0; i < MAX_SHIMS; i++) {
                machine->shims[i].alive = false;
                if (disk_lost || !machine->shims[i].on_disk)
                        memset(&machine->shims[i], 0, sizeof(machine->shims[i]));
        }
}

/* The state directory is gone; what lives is found in the kernel. */
static void forget_disk(struct world *world, int node)
{
        struct machine *machine = &world->machines[node];

        kill_agent(world, node);
        machine->n_spool = 0;
        for (int i = 0; i < MAX_SHIMS; i++) {
                machine->shims[i].on_disk = false;
                if (!machine->shims[i].alive)
                        memset(&machine->shims[i], 0, sizeof(machine->shims[i]));
        }
}

/* A shim keeps its lease to the millisecond: dead by its end, whoever is there to see. */
static void pass_shim(struct world *world, int node, struct shim *shim)
{
        bool lease_over = world->now_ms >= shim->deadline_ms - KILL_MARGIN_MS;
        bool ended = true;
        struct leg_exit exit;
        struct leg_id id = shim->id;

        if (!shim->alive)
                return;
        if (shim->state == REPORT_ARMED && lease_over)
                end_shim(shim, LEG_NEVER, 0, false);
        else if (shim->state != REPORT_ARMED && shim->relaunch && lease_over)
                end_shim(shim, LEG_ASKED, 9, true);
        else if (shim->state == REPORT_STOPPING && world->now_ms >= shim->dies_ms)
                end_shim(shim, LEG_ASKED, 0, false);
        else if (shim->state == REPORT_RUNNING && world->now_ms >= shim->finishes_ms)
                end_shim(shim, LEG_EXIT, 0, false);
        else
                ended = false;
        if (!ended)
                return;
        exit = shim->on_disk ? shim->exit : (struct leg_exit){ .how = LEG_SHIM_LOST };
        if (!shim->on_disk)
                memset(shim, 0, sizeof(*shim));
        tell_ended(world, node, id, &exit);
}

static void drop_readings(struct machine *machine, uint32_t n)
{
        machine->n_spool -= n;
        memmove(machine->spool, machine->spool + n, machine->n_spool * sizeof(*machine->spool));
}

/* Each second of each leg, while its agent is there to read the meter. */
static void read_meters(struct world *world, int node)
{
        struct machine *machine = &world->machines[node];
        int64_t wall = now_of(world).wall;

        if (!machine->up || wall == machine->read_until)
                return;
        machine->read_until = wall;
        for (int i = 0; i < MAX_SHIMS; i++) {
                const struct shim *shim = &machine->shims[i];

                if (!shim->alive || (shim->state != REPORT_RUNNING && shim->state != REPORT_STOPPING))
                        continue;
                if (machine->n_spool == MAX_SPOOL)
                        drop_readings(machine, 1);
                machine->spool[machine->n_spool++] =
                        (struct reading){ .seq = ++machine->read_seq,
                                          .job = shim->id.job,
                                          .attempt = shim->id.attempt,
                                          .start = wall - 1,
                                          .end = wall,
                                          .quality = QUALITY_MEASURED,
                                          .joules = WATTS * __builtin_popcountll(shim->devices) };
        }
}

static void take_ack(struct machine *machine, uint64_t seq)
{
        uint32_t n = 0;

        while (n < machine->n_spool && machine->spool[n].seq <= seq)
                n++;
        drop_readings(machine, n);
}

/* ---- messages arrive */

static void at_scheduler(struct world *world, const struct packet *packet)
{
        static const char *const names[NODES] = { "n0", "n1", "n2", "n3" };
        struct device devices[DEVICES] = { { .kind = DEVICE_GPU, .max_w = 100, .least_w = 50 }, { .kind = DEVICE_GPU, .max_w = 100, .least_w = 50 } };
        struct inventory inventory = { .devices = devices, .n_devices = DEVICES, .idle_w = 50 };
        struct unwell unwell[DEVICES];
        struct input input = { 0 };
        char boot[16], reason[] = "it has fallen off the bus";

        snprintf(boot, sizeof(boot), "boot%d", packet->boot);
        if (packet->kind == P_HELLO) {
                input.type = INPUT_HELLO;
                input.u.hello.node = names[packet->node];
                input.u.hello.site = sites[site_of(packet->node)];
                input.u.hello.boot = boot;
                memcpy(input.u.hello.nonce, packet->nonce, sizeof(packet->nonce));
                input.u.hello.inventory = &inventory;
        } else {
                input.type = INPUT_RENEW;
                input.u.renew.node = names[packet->node];
                input.u.renew.term = packet->term;
                input.u.renew.session = packet->session;
                input.u.renew.seq = packet->seq;
                input.u.renew.sure = packet->sure;
                input.u.renew.legs = packet->legs;
                input.u.renew.n_legs = packet->n_legs;
                input.u.renew.readings = packet->readings;
                input.u.renew.n_readings = packet->n_readings;
                input.u.renew.unwell = unwell;
                for (uint32_t device = 0; device < DEVICES; device++)
                        if ((packet->unwell >> device & 1) != 0)
                                unwell[input.u.renew.n_unwell++] = (struct unwell){ device, reason };
        }
        if (world->faulty && chance(world, 400)) {
                take(world, &input, true); /* killed between commit and sending */
                kill_scheduler(world);
        } else {
                take(world, &input, false);
        }
}

static void at_agent(struct world *world, const struct packet *packet)
{
        struct agent_input input = { 0 };

        switch (packet->kind) {
        case P_WELCOME:
                input.type = AGENT_WELCOME;
                input.u.welcome = &packet->welcome;
                break;
        case P_GRANT:
                input.type = AGENT_GRANT;
                input.u.grant.grant = &packet->grant;
                take_ack(&world->machines[packet->node], packet->grant.readings_acked);
                break;
        case P_STALE:
                input.type = AGENT_STALE;
                input.u.stale = &packet->stale;
                break;
        default:
                input.type = AGENT_ORDER;
                input.u.order = &packet->order;
                break;
        }
        tell_agent(world, packet->node, &input);
}

static void deliver(struct world *world)
{
        for (size_t i = 0; i < world->n_packets;) {
                struct packet packet = world->packets[i];

                if (packet.at_ms > world->now_ms) {
                        i++;
                        continue;
                }
                world->packets[i] = world->packets[--world->n_packets];
                if (packet.kind == P_HELLO || packet.kind == P_RENEW)
                        at_scheduler(world, &packet);
                else
                        at_agent(world, &packet);
        }
}

/* ---- what must always hold */

static bool runs(const struct shim *shim)
{
        return shim->alive && (shim->state == REPORT_RUNNING || shim->state == REPORT_STOPPING);
}

static void assert_one_place(const struct world *world, const struct shim *shim)
{
        for (int node = 0; node < NODES; node++)
                for (int i = 0; i < MAX_SHIMS; i++) {
                        const struct shim *other = &world->machines[node].shims[i];

                        if (runs(other) && other->id.job == shim->id.job && other->id.attempt != shim->id.attempt)
                                fail_msg("job %d runs twice: attempts %u and %u", (int)shim->id.job, shim->id.attempt,
                                         other->id.attempt);
                }
}

static void assert_recorded(const struct world *world, const struct shim *shim)
{
        const struct job *job = state_job(&world->state, shim->id.job);

        assert_non_null(job);
        assert_true(shim->id.attempt <= job->attempt.number); /* launched before it ran */
        if (shim->id.attempt == job->attempt.number && job->state == OFFPEAK_JOB_ACTIVE)
                assert_true(job->attempt.go);
}

static bool any_runs(const struct world *world, uint64_t job)
{
        for (int node = 0; node < NODES; node++)
                for (int i = 0; i < MAX_SHIMS; i++)
                        if (runs(&world->machines[node].shims[i]) && world->machines[node].shims[i].id.job == job)
                                return true;
        return false;
}

static void assert_after_others(const struct world *world, const struct shim *shim)
{
        const struct job *job = state_job(&world->state, shim->id.job);

        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(&world->state, job, i);

                if (after_is_open(&link) || any_runs(world, link.id))
                        fail_msg("job %d runs, and job %d that it comes after has not ended", (int)job->id, (int)link.id);
                if (link.ok && !job->anyhow)
                        assert_int_equal(link.other->state, OFFPEAK_JOB_DONE);
        }
}

static void assert_devices_apart(const struct machine *machine)
{
        uint64_t held = 0;

        for (int i = 0; i < MAX_SHIMS; i++) {
                if (!machine->shims[i].alive)
                        continue;
                assert_int_equal(held & machine->shims[i].devices, 0);
                held |= machine->shims[i].devices;
        }
}

static void assert_jobs_stay(struct world *world)
{
        for (int i = 0; i < world->n_acknowledged; i++) {
                const struct job *job = state_job(&world->state, world->acknowledged[i]);

                assert_non_null(job);
                if (world->ended_as[job->id] != 0)
                        assert_int_equal(job->state, world->ended_as[job->id]);
                else if (job->state >= OFFPEAK_JOB_DONE)
                        world->ended_as[job->id] = job->state;
        }
}

static void assert_safe(struct world *world)
{
        for (int node = 0; node < NODES; node++) {
                assert_devices_apart(&world->machines[node]);
                for (int i = 0; i < MAX_SHIMS; i++)
                        if (runs(&world->machines[node].shims[i])) {
                                assert_one_place(world, &world->machines[node].shims[i]);
                                assert_recorded(world, &world->machines[node].shims[i]);
                                assert_after_others(world, &world->machines[node].shims[i]);
                        }
        }
        assert_jobs_stay(world);
}

/* ---- devices */

static void become(struct world *world, int node, uint64_t unwell)
{
        struct agent_input news = { .type = AGENT_NEWS };

        world->machines[node].unwell = unwell;
        if (world->machines[node].up)
                tell_agent(world, node, &news);
}

/* Who holds an unwell device does not last. */
static void fail_on_device(struct world *world, int node, struct shim *shim)
{
        if (!shim->alive || shim->state != REPORT_RUNNING || (shim->devices & world->machines[node].unwell) == 0)
                return;
        end_shim(shim, LEG_EXIT, 1 << 8, false);
        if (shim->has_exit)
                tell_ended(world, node, shim->id, &shim->exit);
}

/* ---- time passes */

static void break_something(struct world *world)
{
        int node = (int)draw(world, NODES);
        struct shim *shim = &world->machines[node].shims[draw(world, MAX_SHIMS)];

        if (chance(world, 300))
                kill_scheduler(world);
        if (chance(world, 150))
                push_limit(world);
        if (chance(world, 150))
                pin(world);
        if (chance(world, 150))
                kill_agent(world, node);
        if (shim->alive && chance(world, 10))
                kill_shim(world, node, shim);
        if (chance(world, 800))
                reboot(world, node, chance(world, 2));
        if (chance(world, 800))
                forget_disk(world, node);
        if (chance(world, 200))
                become(world, node, world->machines[node].unwell ^ (UINT64_C(1) << draw(world, DEVICES)));
        fail_on_device(world, node, shim);
        if (chance(world, 400))
                world->machines[node].link_dead_until_ms = world->now_ms + (int64_t)draw(world, 3 * LEASE_MS);
}

static void step(struct world *world)
{
        struct input tick = { .type = INPUT_TICK };

        world->now_ms += STEP_MS;
        for (int node = 0; node < NODES; node++) {
                struct machine *machine = &world->machines[node];
                struct agent_input wake = { .type = AGENT_TICK };

                for (int i = 0; i < MAX_SHIMS; i++)
                        pass_shim(world, node, &machine->shims[i]);
                read_meters(world, node);
                if (!machine->up && world->now_ms >= machine->up_at_ms)
                        start_agent(world, node);
                else if (machine->up && agent_next(&machine->agent) <= world->now_ms)
                        tell_agent(world, node, &wake);
        }
        deliver(world);
        take(world, &tick, false);
        if (world->plan_asked && world->now_ms >= world->plan_at_ms)
                plan(world);
        if (world->faulty)
                break_something(world);
        assert_safe(world);
}

/* ---- a run */

/* A link of 1 Gbit/s between two; what leaves costs nothing. */
static void add_site(struct policy *policy)
{
        policy->sites = realloc(policy->sites, 2 * sizeof(*policy->sites));
        policy->sites[0].wan_mbit_per_s = 1000;
        policy->sites[1] = policy->sites[0];
        policy->sites[1].name = strdup(sites[1]);
        policy->sites[1].currency = strdup("EUR");
        policy->n_sites = 2;
}

/* High and low by turns, and at one site when the other has it low. */
static void set_prices(struct world *world, int site)
{
        struct input input = { .type = INPUT_SERIES };
        struct series price;

        series_init(&price, SERIES_PRICE);
        series_set_names(&price, sites[site], "test");
        for (int i = 0; i < TURNS; i++)
                series_append(&price, WORLD_START + (int64_t)i * TURN_S, i % 2 == site ? 10000000 : 200000000);
        series_append(&price, WORLD_START + (int64_t)TURNS * TURN_S, 50000000);
        price.end = WORLD_START + 10 * HOUR;
        input.u.series.series = &price;
        take(world, &input, false);
        series_finish(&price);
}

static void setup(struct world *world, uint64_t seed)
{
        struct input start = { .type = INPUT_START };
        struct input config = { .type = INPUT_CONFIG };

        memset(world, 0, sizeof(*world));
        world->random = seed * 2654435761u + 88172645463325252u;
        world->packets = calloc(MAX_PACKETS, sizeof(*world->packets));
        assert_non_null(world->packets);
        state_init(&world->state);
        world_policy(&world->policy);
        add_site(&world->policy);
        world->policy.classes = realloc(world->policy.classes, 2 * sizeof(*world->policy.classes));
        world->policy.n_classes = 2;
        for (int c = 0; c < 2; c++) {
                struct policy_class *class = &world->policy.classes[c];
                char *name = c == 0 ? class->name : strdup("relaunch");

                policy_class_defaults(class);
                class->name = name;
                class->start_cost_s = class->min_run_s = 0;
                class->on_lost = c == 0 ? ON_LOST_WAIT : ON_LOST_RELAUNCH;
                class->lease_ms = LEASE_MS;
                class->stop_grace_s = GRACE_S;
                class->retries = 1000;
                class->limit_ppm = 0;
                class->cap_floor_ppm = 550000;
                class->may_move = true;
                class->move_mb = MOVE_S * 125;
                class->max_pauses = UINT32_MAX;
        }
        world->policy.plan_horizon_s = HOUR;
        world->policy.arm_timeout_ms = 5000;
        world->policy.backoff_ms = 500;
        take(world, &start, false);
        config.u.config.policy = &world->policy;
        take(world, &config, false);
        for (int site = 0; site < 2; site++)
                set_prices(world, site);
        for (int node = 0; node < NODES; node++)
                start_agent(world, node);
}

static void teardown(struct world *world)
{
        for (int node = 0; node < NODES; node++)
                if (world->machines[node].up)
                        agent_state_finish(&world->machines[node].agent);
        for (size_t i = 0; i < world->n_log; i++)
                free(world->log[i].bytes);
        free(world->log);
        free(world->packets);
        state_finish(&world->state);
        policy_finish(&world->policy);
}

static bool is_quiet(const struct world *world)
{
        for (size_t i = 0; i < world->state.n_jobs; i++)
                if (world->state.jobs[i].state < OFFPEAK_JOB_DONE)
                        return false;
        for (int node = 0; node < NODES; node++)
                for (int i = 0; i < MAX_SHIMS; i++)
                        if (world->machines[node].shims[i].alive || world->machines[node].shims[i].on_disk)
                                return false;
        return true;
}

static void explain(const struct world *world)
{
        for (size_t i = 0; i < world->state.n_jobs; i++) {
                const struct job *job = &world->state.jobs[i];

                print_error("job %d state %d attempt %u (%d) stop %d planned %u reason %d\n", (int)job->id, job->state,
                            job->attempts, job->attempt.state, job->attempt.stop, job->n_planned, job->reason);
                for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                        print_error("  leg on n%u state %d how %d\n", job->attempt.legs[l].node,
                                    job->attempt.legs[l].state, job->attempt.legs[l].how);
        }
        for (int node = 0; node < NODES; node++) {
                const struct agent_state *agent = &world->machines[node].agent;

                print_error("n%d up %d contact %d session %d/%d scheduler %d/%d in %d\n", node,
                            world->machines[node].up, agent->contact, (int)agent->term, (int)agent->session,
                            (int)world->state.nodes[node].session.term, (int)world->state.nodes[node].session.number,
                            world->state.nodes[node].session.state);
                for (int i = 0; i < MAX_SHIMS; i++)
                        if (world->machines[node].shims[i].alive || world->machines[node].shims[i].on_disk)
                                print_error("  shim %d.%u alive %d disk %d state %d\n",
                                            (int)world->machines[node].shims[i].id.job,
                                            world->machines[node].shims[i].id.attempt,
                                            world->machines[node].shims[i].alive,
                                            world->machines[node].shims[i].on_disk, world->machines[node].shims[i].state);
        }
}

/* ---- what the log says in the end */

/* How often a job was launched at another site than before; each time no sooner than it could be there. */
static int count_moves(const struct world *world)
{
        int64_t over_at[JOBS + 1] = { 0 };
        int at[JOBS + 1], moves = 0;

        for (int j = 0; j <= JOBS; j++)
                at[j] = -1;
        for (size_t i = 0; i < world->n_log; i++) {
                struct record record;
                uint64_t job;

                assert_int_equal(record_decode(world->log[i].bytes, world->log[i].size, &record, NULL), 0);
                if (record.type == RECORD_OVER)
                        over_at[record.u.over.job] = record.at;
                if (record.type == RECORD_LAUNCH) {
                        int site = site_of(machine_of(world, record.u.launch.legs[0].node));

                        job = record.u.launch.job;
                        for (uint32_t l = 1; l < record.u.launch.n_legs; l++)
                                assert_int_equal(site_of(machine_of(world, record.u.launch.legs[l].node)), site);
                        if (at[job] >= 0 && at[job] != site) {
                                assert_true(record.at >= over_at[job] + MOVE_S);
                                moves++;
                        }
                        at[job] = site;
                }
                record_finish(&record);
        }
        return moves;
}

static void assert_apart(const struct booking *a, const struct booking *b)
{
        if (a->job == b->job && a->start < b->end && b->start < a->end &&
            (a->node == b->node || a->attempt != b->attempt))
                fail_msg("job %d is booked twice: attempts %u on n%u and %u on n%u", (int)a->job, a->attempt, a->node,
                         b->attempt, b->node);
}

static void assert_books_close(const struct world *world)
{
        struct booking *bookings = calloc(world->n_log + 1, sizeof(*bookings));
        int64_t of_job[JOBS + 1] = { 0 }, of_site[2] = { 0 };
        size_t n = 0;

        assert_non_null(bookings);
        for (size_t i = 0; i < world->n_log; i++) {
                struct record record;

                assert_int_equal(record_decode(world->log[i].bytes, world->log[i].size, &record, NULL), 0);
                if (record.type == RECORD_BOOKED && record.u.booked.booking.account == ACCOUNT_JOB)
                        bookings[n++] = record.u.booked.booking;
                record_finish(&record);
        }
        for (size_t i = 0; i < n; i++) {
                const char *site = world->state.sites[bookings[i].site].name;

                assert_string_equal(site, world->state.nodes[bookings[i].node].site);
                for (size_t k = 0; k < i; k++)
                        assert_apart(&bookings[i], &bookings[k]);
                of_job[bookings[i].job] += bookings[i].joules;
                of_site[strcmp(site, sites[1]) == 0] += bookings[i].joules;
        }
        assert_true(n > 0);
        for (size_t j = 0; j < world->state.n_jobs; j++)
                assert_int_equal(world->state.jobs[j].joules, of_job[world->state.jobs[j].id]);
        for (int s = 0; s < 2; s++)
                assert_int_equal(state_site(&world->state, sites[s])->books[ACCOUNT_JOB].joules, of_site[s]);
        free(bookings);
}

/* How many moves there were. */
static int run(uint64_t seed)
{
        struct world *world = malloc(sizeof(*world));
        int left = QUIET_STEPS, cancelled_at, moves;

        assert_non_null(world);
        setup(world, seed);
        world->faulty = true;
        cancelled_at = FAULTY_STEPS / JOBS / 2 + 1 + (int)draw(world, FAULTY_STEPS / JOBS);
        for (int i = 0; i < FAULTY_STEPS; i++) {
                if (i % (FAULTY_STEPS / JOBS / 2) == 0 && i / (FAULTY_STEPS / JOBS / 2) < JOBS)
                        submit(world, i / (FAULTY_STEPS / JOBS / 2));
                if (i == cancelled_at)
                        tell(world, INPUT_CANCEL, CANCELLED);
                step(world);
        }
        world->faulty = false;
        for (int node = 0; node < NODES; node++) {
                world->machines[node].link_dead_until_ms = 0;
                become(world, node, 0);
        }
        while (left-- > 0 && !is_quiet(world)) {
                release_unmet(world);
                step(world);
        }
        if (!is_quiet(world)) {
                explain(world);
                fail_msg("seed %d: not at rest after the faults stopped", (int)seed);
        }
        assert_true(world->n_acknowledged > 0);
        assert_log_is_the_truth(world);
        assert_books_close(world);
        moves = count_moves(world);
        teardown(world);
        free(world);
        return moves;
}

static uint64_t from_environment(const char *name, uint64_t fallback)
{
        const char *text = getenv(name);

        return text != NULL ? strtoull(text, NULL, 10) : fallback;
}

static void nothing_runs_twice_and_everything_ends(void **unused)
{
        uint64_t seed = from_environment("OFFPEAK_FAULT_SEED", 1);
        uint64_t runs_wanted = from_environment("OFFPEAK_FAULT_RUNS", EFFORT(12, 6));
        int moves = 0;

        (void)unused;
        for (uint64_t i = 0; i < runs_wanted; i++)
                moves += run(seed + i);
        print_message("%d moves in %d runs\n", moves, (int)runs_wanted);
        assert_true(moves > (int)runs_wanted); /* else they were not what was put to the test */
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_runs_twice_and_everything_ends) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
