/* SPDX-License-Identifier: Apache-2.0 */
/* Each bound at its limit and one beyond: encoded, or refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/wire/sample.h"
#include "wire/bounds.h"
#include "wire/frame.h"

/* ---- setting a field of a message that is otherwise in order */

static char *word(size_t length)
{
        char *made = malloc(length + 1);

        memset(made, 'w', length);
        made[length] = '\0';
        return made;
}

static void put_text(char **field, char *text)
{
        free(*field);
        *field = text;
}

static void put_words(char ***words, size_t *n, size_t count, const char *each)
{
        for (size_t i = 0; i < *n; i++)
                free((*words)[i]);
        free(*words);
        *words = calloc(count + 1, sizeof(char *));
        for (size_t i = 0; i < count; i++)
                (*words)[i] = strdup(each);
        *n = count;
}

static struct message make(enum message_type type)
{
        struct message message = { .type = type };

        switch (type) {
        case MESSAGE_REQUEST:
                message.u.request.verb = VERB_SUBMIT;
                message.u.request.spec = sample_spec();
                break;
        case MESSAGE_HELLO:
                message.u.hello.node = strdup("n1");
                message.u.hello.site = strdup("hanford");
                message.u.hello.devices = calloc(OFFPEAK_MAX_DEVICES + 1, sizeof(struct message_device));
                break;
        case MESSAGE_WELCOME:
                message.u.welcome.clock.rate = 1;
                message.u.welcome.renew_ms = 1;
                break;
        case MESSAGE_RENEW:
                message.u.renew.node = strdup("n1");
                message.u.renew.legs = calloc(MESSAGE_MAX_LEGS + 1, sizeof(struct message_leg));
                message.u.renew.readings = calloc(MESSAGE_MAX_READINGS + 1, sizeof(struct message_reading));
                break;
        case MESSAGE_GRANT:
                message.u.grant.clock.rate = 1;
                break;
        case MESSAGE_ORDER: {
                size_t n = 0;

                message.u.order.has_launch = true;
                message.u.order.launch.spec = sample_spec();
                put_words(&message.u.order.launch.nodes, &n, 2, "n1");
                message.u.order.launch.n_nodes = (uint32_t)n;
                break;
        }
        default:
                break;
        }
        return message;
}

/* ---- the table: which message, how to set the field, the last value allowed, the first beyond, what is said of it */

typedef void (*set_field)(struct message *message, int64_t value);

#define SETTER(name, statement)                                       \
        static void set_##name(struct message *message, int64_t value) \
        {                                                             \
                statement;                                            \
        }

#define SPEC message->u.request.spec
SETTER(name, put_text(&SPEC.name, word((size_t)value)))
SETTER(class_name, put_text(&SPEC.class_name, word((size_t)value)))
SETTER(spec_site, put_text(&SPEC.site, word((size_t)value)))
SETTER(directory, put_text(&SPEC.directory, word((size_t)value)))
SETTER(stdout_path, put_text(&SPEC.stdout_path, word((size_t)value)))
SETTER(stderr_path, put_text(&SPEC.stderr_path, word((size_t)value)))
SETTER(checkpoint_dir, put_text(&SPEC.checkpoint_dir, word((size_t)value)))
SETTER(argc, put_words(&SPEC.argv, &SPEC.argc, (size_t)value, "w"))
SETTER(envc, put_words(&SPEC.env, &SPEC.envc, (size_t)value, "A=1"))
SETTER(nodes, SPEC.nodes = (uint32_t)value)
SETTER(gpus, SPEC.gpus_per_node = (uint32_t)value)
SETTER(time, SPEC.time_s = value)
SETTER(begin, SPEC.begin = value)
SETTER(deadline, SPEC.deadline = value)
SETTER(power, SPEC.power_w = value)
SETTER(signal, SPEC.signal = (int32_t)value)
SETTER(lead, SPEC.signal_lead_s = value)
SETTER(interruptible, SPEC.interruptible = (enum offpeak_choice)value)
SETTER(after_ok, SPEC.after_ok = calloc((size_t)value, sizeof(uint64_t)); SPEC.n_after_ok = (size_t)value)
SETTER(after_any, SPEC.after_any = calloc((size_t)value, sizeof(uint64_t)); SPEC.n_after_any = (size_t)value)
SETTER(verb, message->u.request.verb = (uint32_t)value; put_text(&message->u.request.target, strdup("t")))
#define PUSH message->u.request.push
static struct offpeak_push *as_push(struct message *message)
{
        message->u.request.verb = VERB_PUSH;
        offpeak_job_spec_finish(&message->u.request.spec);
        PUSH = sample_push();
        return &PUSH;
}

static void push_points(struct message *message, int64_t n)
{
        struct offpeak_push *push = as_push(message);

        push->n_points = (size_t)n;
        for (int64_t i = 0; i < n; i++)
                push->points[i].start = n > 1 ? i + 1 : 0;
}

static void push_start(struct message *message, int64_t value)
{
        push_points(message, 3);
        PUSH.points[1].start = value; /* between 1 and 3 */
}

SETTER(push_signal, as_push(message)->signal = (enum offpeak_signal)value)
SETTER(push_site, put_text(&as_push(message)->site, word((size_t)value)))
SETTER(push_agreement, put_text(&as_push(message)->agreement, word((size_t)value)))
SETTER(push_currency, put_text(&as_push(message)->currency, word((size_t)value)))
SETTER(push_source, put_text(&as_push(message)->source, word((size_t)value)))
SETTER(push_points, push_points(message, value))
SETTER(push_start, push_start(message, value))
SETTER(push_first, push_points(message, 2); PUSH.points[0].start = value; PUSH.points[1].start = 9)
SETTER(push_end, push_points(message, 3); PUSH.end = value)
SETTER(push_issued, as_push(message)->issued = value)
SETTER(push_expires, as_push(message)->expires = value)
SETTER(push_life, as_push(message)->life_s = value)
SETTER(push_both, as_push(message)->life_s = value; PUSH.expires = 5)
SETTER(push_withdraw, as_push(message)->withdraw = true; PUSH.n_points = (size_t)value)
SETTER(pin_start, message->u.request.verb = VERB_PIN; message->u.request.start = value)
SETTER(target, message->u.request.verb = VERB_QUERY; put_text(&message->u.request.target, word((size_t)value)))
SETTER(arguments, put_text(&message->u.request.arguments, word((size_t)value)))
SETTER(code, message->u.reply.code = (int32_t)value)
SETTER(text, put_text(&message->u.reply.text, word((size_t)value)))
SETTER(node, put_text(&message->u.hello.node, word((size_t)value)))
SETTER(site, put_text(&message->u.hello.site, word((size_t)value)))
SETTER(model, put_text(&message->u.hello.model, word((size_t)value)))
SETTER(node_address, put_text(&message->u.hello.address, word((size_t)value)))
SETTER(memory, message->u.hello.memory_mb = value)
SETTER(idle, message->u.hello.idle_w = value)
SETTER(devices, message->u.hello.n_devices = (uint32_t)value)
SETTER(device_least, message->u.hello.n_devices = 1; message->u.hello.devices[0].max_w = 500; message->u.hello.devices[0].least_w = (uint32_t)value)
SETTER(device_power, message->u.hello.devices[0].least_w = 0; message->u.hello.n_devices = 1; message->u.hello.devices[0].max_w = (uint32_t)value)
SETTER(block, put_text(&message->u.hello.block, word((size_t)value)))
SETTER(rack, put_text(&message->u.hello.rack, word((size_t)value)))
SETTER(leaf_switch, put_text(&message->u.hello.leaf_switch, word((size_t)value)))
SETTER(features, put_words(&message->u.hello.features, &message->u.hello.n_features, (size_t)value, "ib"))
SETTER(links, message->u.hello.n_devices = 4; message->u.hello.links = calloc(9, sizeof(struct message_link));
       message->u.hello.n_links = (uint32_t)value)
SETTER(spec_features,
       put_words(&message->u.request.spec.features, &message->u.request.spec.n_features, (size_t)value, "ib"))
SETTER(launcher, memset(message->u.request.spec.secret, 1, 32);
       message->u.request.spec.launcher = (enum offpeak_launcher)value)
SETTER(secret, message->u.request.spec.launcher = OFFPEAK_LAUNCHER_HEAD;
       message->u.request.spec.secret[31] = value == 0)
SETTER(switches, message->u.request.spec.switches = (uint32_t)value)
SETTER(boot, memset(message->u.hello.boot, 'b', (size_t)value))
SETTER(address, message->u.hello.n_devices = 1; memset(message->u.hello.devices[0].address, 'a', (size_t)value))
SETTER(wall, message->u.welcome.clock.wall_ms = value)
SETTER(lease, message->u.welcome.lease_ms = value)
SETTER(renew, message->u.welcome.renew_ms = value)
SETTER(grant_wall, message->u.grant.clock.wall_ms = value)
SETTER(renew_node, put_text(&message->u.renew.node, word((size_t)value)))
SETTER(legs, message->u.renew.n_legs = (uint32_t)value)
SETTER(readings, message->u.renew.n_readings = (uint32_t)value)
SETTER(refused, message->u.renew.n_legs = 1; memset(message->u.renew.legs[0].refused, 'r', (size_t)value))

SETTER(why, message->u.renew.n_legs = 1; memset(message->u.renew.legs[0].why, 'w', (size_t)value))
SETTER(tail, message->u.renew.n_legs = 1; put_text(&message->u.renew.legs[0].tail, word((size_t)value)))

/* So many bytes over as many legs as that takes. */
static void set_tails(struct message *message, int64_t value)
{
        for (uint32_t i = 0; value > 0; i++) {
                int64_t here = value < MESSAGE_MAX_TAIL ? value : MESSAGE_MAX_TAIL;

                message->u.renew.n_legs = i + 1;
                put_text(&message->u.renew.legs[i].tail, word((size_t)here));
                value -= here;
        }
}

/* So many devices, by their number; and the second's number. */
static void set_unwell(struct message *message, int64_t value)
{
        free(message->u.renew.unwell);
        message->u.renew.unwell = calloc((size_t)value, sizeof(*message->u.renew.unwell));
        message->u.renew.n_unwell = (uint32_t)value;
        for (uint32_t i = 0; i < value; i++)
                message->u.renew.unwell[i] = (struct message_unwell){ i, "x" };
}
SETTER(second_unwell, set_unwell(message, 2); message->u.renew.unwell[1].device = (uint32_t)value)
SETTER(no_reason, set_unwell(message, value); if (value > 0) message->u.renew.unwell[0].reason[0] = '\0')
SETTER(reason, set_unwell(message, 1); memset(message->u.renew.unwell[0].reason, 'r', (size_t)value))

static struct message_reading *first_reading(struct message *message)
{
        message->u.renew.n_readings = 1;
        message->u.renew.readings[0] = (struct message_reading){ .start = 0, .end = INT64_C(253402300799) };
        return message->u.renew.readings;
}
SETTER(reading_start, first_reading(message)->start = value)
SETTER(reading_end, first_reading(message)->end = value)
SETTER(reading_joules, first_reading(message)->joules = value)

#define LAUNCH message->u.order.launch
static void set_gang(struct message *message, int64_t value)
{
        size_t n = LAUNCH.n_nodes;

        put_words(&LAUNCH.nodes, &n, (size_t)value, "n1");
        LAUNCH.n_nodes = (uint32_t)n;
}
SETTER(gang_node, put_text(&LAUNCH.nodes[1], word((size_t)value)))
SETTER(rank, LAUNCH.rank = (uint32_t)value)
SETTER(launch_time, LAUNCH.spec.time_s = value)
SETTER(launch_lease, LAUNCH.lease_ms = value)
SETTER(launch_grace, LAUNCH.grace_s = value)
SETTER(user, put_text(&LAUNCH.user, word((size_t)value)))
SETTER(master, put_text(&LAUNCH.master_address, word((size_t)value)))
SETTER(addresses, LAUNCH.spec.launcher = OFFPEAK_LAUNCHER_HEAD; LAUNCH.spec.secret[0] = 1;
       put_words(&LAUNCH.addresses, &LAUNCH.n_addresses, (size_t)value, "n:1"))
SETTER(port, LAUNCH.master_port = (uint32_t)value)
SETTER(launch_cap, LAUNCH.cap_ppm = (uint32_t)value)
SETTER(grace, message->u.order.grace_s = value)

#define END_OF_TIME INT64_C(253402300799)
#define TEN_YEARS   INT64_C(315360000)

static const struct {
        enum message_type type;
        set_field set;
        int64_t last, beyond;
        const char *says;
} bounds[] = {
        { MESSAGE_REQUEST, set_name, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the job's name" },
        { MESSAGE_REQUEST, set_class_name, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the class's name" },
        { MESSAGE_REQUEST, set_spec_site, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the site's name" },
        { MESSAGE_REQUEST, set_directory, OFFPEAK_MAX_PATH, OFFPEAK_MAX_PATH + 1, "the working directory" },
        { MESSAGE_REQUEST, set_stdout_path, OFFPEAK_MAX_PATH, OFFPEAK_MAX_PATH + 1, "the output's path" },
        { MESSAGE_REQUEST, set_stderr_path, OFFPEAK_MAX_PATH, OFFPEAK_MAX_PATH + 1, "the error output's path" },
        { MESSAGE_REQUEST, set_checkpoint_dir, OFFPEAK_MAX_PATH, OFFPEAK_MAX_PATH + 1, "the checkpoint directory" },
        { MESSAGE_REQUEST, set_argc, OFFPEAK_MAX_ARGS, OFFPEAK_MAX_ARGS + 1, "words of the command" },
        { MESSAGE_REQUEST, set_argc, 1, 0, "words of the command" },
        { MESSAGE_REQUEST, set_envc, OFFPEAK_MAX_ARGS, OFFPEAK_MAX_ARGS + 1, "environment variables" },
        { MESSAGE_REQUEST, set_nodes, OFFPEAK_MAX_NODES, OFFPEAK_MAX_NODES + 1, "the number of nodes" },
        { MESSAGE_REQUEST, set_nodes, 1, 0, "the number of nodes" },
        { MESSAGE_REQUEST, set_gpus, OFFPEAK_MAX_DEVICES, OFFPEAK_MAX_DEVICES + 1, "GPUs per node" },
        { MESSAGE_REQUEST, set_gpus, 1, 0, "GPUs per node" },
        { MESSAGE_REQUEST, set_time, 1, 0, "the run time" },
        { MESSAGE_REQUEST, set_time, TEN_YEARS, TEN_YEARS + 1, "the run time" },
        { MESSAGE_REQUEST, set_begin, 0, -1, "the begin time" },
        { MESSAGE_REQUEST, set_begin, END_OF_TIME, END_OF_TIME + 1, "the begin time" },
        { MESSAGE_REQUEST, set_deadline, 0, -1, "the deadline" },
        { MESSAGE_REQUEST, set_deadline, END_OF_TIME, INT64_MAX, "the deadline" },
        { MESSAGE_REQUEST, set_power, 0, -1, "the power" },
        { MESSAGE_REQUEST, set_power, 10000000000, 10000000001, "the power" },
        { MESSAGE_REQUEST, set_signal, 0, -1, "the stop signal" },
        { MESSAGE_REQUEST, set_signal, 64, 65, "the stop signal" },
        { MESSAGE_REQUEST, set_lead, 0, -1, "the notice" },
        { MESSAGE_REQUEST, set_lead, TEN_YEARS, TEN_YEARS + 1, "the notice" },
        { MESSAGE_REQUEST, set_interruptible, 2, 3, "interruptible" },
        { MESSAGE_REQUEST, set_after_ok, OFFPEAK_MAX_AFTER, OFFPEAK_MAX_AFTER + 1,
          "the number of jobs that must end well" },
        { MESSAGE_REQUEST, set_after_any, OFFPEAK_MAX_AFTER, OFFPEAK_MAX_AFTER + 1,
          "the number of jobs that must end before" },
        { MESSAGE_REQUEST, set_verb, VERB_RELOAD, VERB_RESUME + 1, "the verb" },
        { MESSAGE_REQUEST, set_pin_start, END_OF_TIME, END_OF_TIME + 1, "the start" },
        { MESSAGE_REQUEST, set_pin_start, 0, -1, "the start" },
        { MESSAGE_REQUEST, set_push_signal, OFFPEAK_PRICE, 0, "the signal" },
        { MESSAGE_REQUEST, set_push_signal, OFFPEAK_STORED, OFFPEAK_STORED + 1, "the signal" },
        { MESSAGE_REQUEST, set_push_site, 1, 0, "the site's name is missing" },
        { MESSAGE_REQUEST, set_push_site, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the site's name" },
        { MESSAGE_REQUEST, set_push_agreement, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the agreement's name" },
        { MESSAGE_REQUEST, set_push_currency, 3, 4, "the currency" },
        { MESSAGE_REQUEST, set_push_source, OFFPEAK_MAX_SOURCE - 1, OFFPEAK_MAX_SOURCE, "the source's name" },
        { MESSAGE_REQUEST, set_push_points, 1, 0, "the number of points" },
        { MESSAGE_REQUEST, set_push_points, OFFPEAK_MAX_PUSH_POINTS, OFFPEAK_MAX_PUSH_POINTS + 1,
          "the number of points" },
        { MESSAGE_REQUEST, set_push_start, 2, 1, "a point's start" },
        { MESSAGE_REQUEST, set_push_start, 2, 3, "a point's start" },
        { MESSAGE_REQUEST, set_push_first, 1, 0, "a point's start" },
        { MESSAGE_REQUEST, set_push_end, 4, 3, "the end" },
        { MESSAGE_REQUEST, set_push_end, END_OF_TIME, END_OF_TIME + 1, "the end" },
        { MESSAGE_REQUEST, set_push_issued, END_OF_TIME, -1, "the issue time" },
        { MESSAGE_REQUEST, set_push_expires, END_OF_TIME, END_OF_TIME + 1, "the time at which it expires" },
        { MESSAGE_REQUEST, set_push_life, TEN_YEARS, TEN_YEARS + 1, "its life" },
        { MESSAGE_REQUEST, set_push_both, 0, 1, "not both" },
        { MESSAGE_REQUEST, set_push_withdraw, 0, 1, "the number of points" },
        { MESSAGE_REQUEST, set_verb, VERB_SUBMIT, 0, "the verb" },
        { MESSAGE_REQUEST, set_target, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the target" },
        { MESSAGE_REQUEST, set_target, 1, 0, "the target is missing" },
        { MESSAGE_REQUEST, set_arguments, MESSAGE_MAX_TEXT, MESSAGE_MAX_TEXT + 1, "the arguments" },
        { MESSAGE_REPLY, set_code, 0, 1, "the code" },
        { MESSAGE_REPLY, set_text, MESSAGE_MAX_TEXT, MESSAGE_MAX_TEXT + 1, "the text" },
        { MESSAGE_HELLO, set_node, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the node's name" },
        { MESSAGE_HELLO, set_node, 1, 0, "the node's name is missing" },
        { MESSAGE_HELLO, set_site, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the site's name" },
        { MESSAGE_HELLO, set_site, 1, 0, "the site's name is missing" },
        { MESSAGE_HELLO, set_model, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the model" },
        { MESSAGE_HELLO, set_node_address, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the node's address" },
        { MESSAGE_HELLO, set_memory, 0, -1, "the memory" },
        { MESSAGE_HELLO, set_memory, INT64_C(1) << 40, (INT64_C(1) << 40) + 1, "the memory" },
        { MESSAGE_HELLO, set_idle, 0, -1, "the idle power" },
        { MESSAGE_HELLO, set_idle, 1000000, 1000001, "the idle power" },
        { MESSAGE_HELLO, set_block, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the block" },
        { MESSAGE_HELLO, set_rack, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the rack" },
        { MESSAGE_HELLO, set_leaf_switch, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the switch" },
        { MESSAGE_HELLO, set_features, OFFPEAK_MAX_FEATURES, OFFPEAK_MAX_FEATURES + 1, "features" },
        { MESSAGE_HELLO, set_links, 6, 7, "links" },
        { MESSAGE_HELLO, set_links, 0, 5, "links" },
        { MESSAGE_REQUEST, set_spec_features, OFFPEAK_MAX_FEATURES, OFFPEAK_MAX_FEATURES + 1, "features" },
        { MESSAGE_REQUEST, set_launcher, OFFPEAK_LAUNCHER_HEAD, OFFPEAK_LAUNCHER_HEAD + 1, "the launcher" },
        { MESSAGE_REQUEST, set_secret, 0, 1, "the job's secret" },
        { MESSAGE_REQUEST, set_switches, OFFPEAK_MAX_NODES, OFFPEAK_MAX_NODES + 1, "switches" },
        { MESSAGE_HELLO, set_device_power, 1000000, 1000001, "a device's power" },
        { MESSAGE_HELLO, set_device_least, 500, 501, "a device's lowest power limit" },
        { MESSAGE_HELLO, set_devices, OFFPEAK_MAX_DEVICES, OFFPEAK_MAX_DEVICES + 1, "the number of devices" },
        { MESSAGE_HELLO, set_boot, 39, 40, "the boot id" },
        { MESSAGE_HELLO, set_address, 19, 20, "a device's address" },
        { MESSAGE_WELCOME, set_wall, 0, -1, "the clock" },
        { MESSAGE_WELCOME, set_wall, END_OF_TIME * 1000, END_OF_TIME * 1000 + 1, "the clock" },
        { MESSAGE_WELCOME, set_lease, 0, -1, "the lease" },
        { MESSAGE_WELCOME, set_lease, TEN_YEARS * 1000, TEN_YEARS * 1000 + 1, "the lease" },
        { MESSAGE_WELCOME, set_renew, 1, 0, "the time between renewals" },
        { MESSAGE_GRANT, set_grant_wall, 0, -1, "the clock" },
        { MESSAGE_RENEW, set_renew_node, 1, 0, "the node's name" },
        { MESSAGE_RENEW, set_legs, MESSAGE_MAX_LEGS, MESSAGE_MAX_LEGS + 1, "the number of legs" },
        { MESSAGE_RENEW, set_readings, MESSAGE_MAX_READINGS, MESSAGE_MAX_READINGS + 1, "the number of readings" },
        { MESSAGE_RENEW, set_refused, 127, 128, "a leg's refusal" },
        { MESSAGE_RENEW, set_why, 127, 128, "why a leg ended" },
        { MESSAGE_RENEW, set_tail, MESSAGE_MAX_TAIL, MESSAGE_MAX_TAIL + 1, "a leg's last lines" },
        { MESSAGE_RENEW, set_tails, MESSAGE_MAX_TAILS, MESSAGE_MAX_TAILS + 1, "all legs' last lines" },
        { MESSAGE_RENEW, set_unwell, OFFPEAK_MAX_DEVICES, OFFPEAK_MAX_DEVICES + 1, "unwell devices" },
        { MESSAGE_RENEW, set_second_unwell, 1, 0, "an unwell device's number" },
        { MESSAGE_RENEW, set_second_unwell, 63, 64, "an unwell device's number" },
        { MESSAGE_RENEW, set_reason, 159, 160, "why a device is unwell" },
        { MESSAGE_RENEW, set_no_reason, 0, 1, "why a device is unwell is missing" },
        { MESSAGE_RENEW, set_reading_start, 0, -1, "a reading's start" },
        { MESSAGE_RENEW, set_reading_start, END_OF_TIME, END_OF_TIME + 1, "a reading's start" },
        { MESSAGE_RENEW, set_reading_end, 0, -1, "a reading's end" },
        { MESSAGE_RENEW, set_reading_end, END_OF_TIME, END_OF_TIME + 1, "a reading's end" },
        { MESSAGE_RENEW, set_reading_joules, 0, -1, "a reading's energy" },
        { MESSAGE_ORDER, set_gang, OFFPEAK_MAX_NODES, OFFPEAK_MAX_NODES + 1, "the gang's nodes" },
        { MESSAGE_ORDER, set_gang, 1, 0, "the gang's nodes" },
        { MESSAGE_ORDER, set_gang_node, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "a node's name" },
        { MESSAGE_ORDER, set_gang_node, 1, 0, "a node's name is missing" },
        { MESSAGE_ORDER, set_rank, 1, 2, "the rank" },
        { MESSAGE_ORDER, set_launch_time, 1, 0, "the run time" },
        { MESSAGE_ORDER, set_launch_lease, 0, -1, "the lease" },
        { MESSAGE_ORDER, set_launch_cap, 1000000, 1000001, "the power cap" },
        { MESSAGE_ORDER, set_launch_grace, TEN_YEARS, TEN_YEARS + 1, "the grace" },
        { MESSAGE_ORDER, set_user, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the user's name" },
        { MESSAGE_ORDER, set_master, OFFPEAK_MAX_NAME, OFFPEAK_MAX_NAME + 1, "the master's address" },
        { MESSAGE_ORDER, set_addresses, 2, 1, "addresses" },
        { MESSAGE_ORDER, set_addresses, 2, 3, "addresses" },
        { MESSAGE_ORDER, set_port, 65535, 65536, "the master's port" },
        { MESSAGE_ORDER, set_grace, 0, -1, "the grace" },
};

static int try_value(size_t i, int64_t value, struct offpeak_error *err)
{
        struct message message = make(bounds[i].type);
        uint8_t *bytes = NULL;
        size_t size;
        int code;

        bounds[i].set(&message, value);
        code = message_encode(&message, &bytes, &size, err);
        if (code == 0) {
                struct message back;

                code = message_decode(bytes, size, &back, err);
                assert_int_equal(code, 0); /* what may be said may be heard */
                assert_null(sample_difference(&message, &back));
                message_finish(&back);
        }
        free(bytes);
        message_finish(&message);
        return code;
}

static void every_bound_holds_and_not_a_step_earlier(void **state)
{
        struct offpeak_error err = { 0 };

        (void)state;
        for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
                if (try_value(i, bounds[i].last, &err) != 0)
                        fail_msg("row %zu, %s: the last value is refused: %s", i, bounds[i].says, err.text);
                if (try_value(i, bounds[i].beyond, &err) != OFFPEAK_EINVAL)
                        fail_msg("row %zu, %s: a value beyond is taken", i, bounds[i].says);
                if (strstr(err.text, bounds[i].says) == NULL)
                        fail_msg("row %zu, %s: refused with \"%s\"", i, bounds[i].says, err.text);
        }
}

/* One long word, so that the spec has just so many bytes on the wire. */
static int try_spec_of(size_t word_length, struct offpeak_error *err)
{
        struct message message = make(MESSAGE_REQUEST);
        uint8_t *bytes = NULL;
        size_t size;
        int code;

        put_text(&message.u.request.spec.argv[0], word(word_length));
        code = message_encode(&message, &bytes, &size, err);
        free(bytes);
        message_finish(&message);
        return code;
}

static void a_spec_has_a_largest_size(void **state)
{
        /* beside the word: its tag and length (1 + 3 bytes), nodes, gpus_per_node (2 + 2), time_s (2) */
        size_t beside = 4 + 2 + 2 + 2;
        struct offpeak_error err;

        (void)state;
        assert_int_equal(try_spec_of(OFFPEAK_MAX_SPEC - beside, &err), 0);
        assert_int_equal(try_spec_of(OFFPEAK_MAX_SPEC - beside + 1, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "1048577 bytes"));
}

static void a_document_has_a_largest_size(void **state)
{
        struct message message = { .type = MESSAGE_REPLY };
        struct offpeak_error err;
        uint8_t *bytes;
        size_t size;

        (void)state;
        /* beside it: header, id (18), tag and length (1 + 4) */
        message.u.reply.document = word(FRAME_MAX_REPLY - FRAME_HEADER_SIZE - 18 - 5);
        assert_int_equal(message_encode(&message, &bytes, &size, &err), 0);
        assert_int_equal(size, FRAME_MAX_REPLY);
        free(bytes);
        put_text(&message.u.reply.document, word(FRAME_MAX_REPLY - FRAME_HEADER_SIZE - 18 - 4));
        assert_int_equal(message_encode(&message, &bytes, &size, &err), OFFPEAK_EINVAL);
        message_finish(&message);
}

static void variables_have_a_name(void **state)
{
        static const struct {
                const char *variable;
                int code;
        } cases[] = {
                { "A=", 0 },
                { "A=b=c", 0 },
                { "A", OFFPEAK_EINVAL },
                { "=b", OFFPEAK_EINVAL },
                { "", OFFPEAK_EINVAL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_job_spec spec = sample_spec();
                struct offpeak_error err;

                put_words(&spec.env, &spec.envc, 1, cases[i].variable);
                assert_int_equal(bounds_check_spec(&spec, &err), cases[i].code);
                offpeak_job_spec_finish(&spec);
        }
}

static void a_frame_holds_the_largest_order(void **state)
{
        struct message message = make(MESSAGE_ORDER), back;
        struct message_launch *launch = &message.u.order.launch;
        size_t n = launch->n_nodes;
        struct offpeak_error err;
        uint8_t *bytes;
        size_t size;

        (void)state;
        put_words(&launch->nodes, &n, OFFPEAK_MAX_NODES, "n");
        launch->n_nodes = (uint32_t)n;
        for (size_t i = 0; i < n; i++)
                put_text(&launch->nodes[i], word(OFFPEAK_MAX_NAME));
        put_words(&launch->addresses, &launch->n_addresses, OFFPEAK_MAX_NODES, "n");
        for (size_t i = 0; i < n; i++)
                put_text(&launch->addresses[i], word(OFFPEAK_MAX_NAME));
        launch->spec.launcher = OFFPEAK_LAUNCHER_HEAD;
        memset(launch->spec.secret, 1, sizeof(launch->spec.secret));
        put_text(&launch->spec.argv[0], word(OFFPEAK_MAX_SPEC - 60));
        put_text(&launch->user, word(OFFPEAK_MAX_NAME));
        put_text(&launch->master_address, word(OFFPEAK_MAX_NAME));
        assert_int_equal(message_encode(&message, &bytes, &size, &err), 0);
        assert_int_equal(message_decode(bytes, size, &back, &err), 0);
        assert_null(sample_difference(&message, &back));
        free(bytes);
        message_finish(&back);
        message_finish(&message);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_bound_holds_and_not_a_step_earlier),
                cmocka_unit_test(a_spec_has_a_largest_size),
                cmocka_unit_test(a_document_has_a_largest_size),
                cmocka_unit_test(variables_have_a_name),
                cmocka_unit_test(a_frame_holds_the_largest_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
