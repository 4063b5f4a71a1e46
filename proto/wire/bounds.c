/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounds.c - each message is a list of checks. A struct check remembers the first that fails; later ones do nothing.
 */
#include "wire/bounds.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "wire/frame.h"
#include "wire/utf8.h"

#define MAX_TIME       INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define MAX_DURATION_S INT64_C(315360000)    /* ten years */
#define MAX_WATTS      INT64_C(10000000000)  /* of a job; plans know no more */
#define MAX_SPEED_PPM  INT64_C(1000000000)   /* a thousand times the width asked for */
#define MAX_NODE_WATTS INT64_C(1000000)      /* of a node at idle, and of each of its devices */
#define MAX_MEMORY_MB  (INT64_C(1) << 40)
#define MAX_RATE       1e6

struct check {
        struct offpeak_error *err;
        int code;
};

static void check_range(struct check *check, const char *field, int64_t value, int64_t low, int64_t high)
{
        if (check->code == 0 && (value < low || value > high))
                check->code =
                        fail(check->err, OFFPEAK_EINVAL, "%s is %" PRId64 ": it must be from %" PRId64 " to %" PRId64,
                             field, value, low, high);
}

static void check_count(struct check *check, const char *field, size_t n, size_t low, size_t high)
{
        check_range(check, field, n > INT64_MAX ? INT64_MAX : (int64_t)n, (int64_t)low, (int64_t)high);
}

static void check_amount(struct check *check, const char *field, double value)
{
        if (check->code == 0 && !(isfinite(value) && value >= 0))
                check->code =
                        fail(check->err, OFFPEAK_EINVAL, "%s is %g: it must be a number, 0 or more", field, value);
}

static void check_length(struct check *check, const char *field, const char *text, size_t max)
{
        if (check->code == 0 && text != NULL && strnlen(text, max + 1) > max)
                check->code = fail(check->err, OFFPEAK_EINVAL, "%s is longer than %zu bytes", field, max);
}

static void check_text(struct check *check, const char *field, const char *text, size_t max)
{
        check_length(check, field, text, max);
        if (check->code == 0 && text != NULL && !utf8_valid(text))
                check->code = fail(check->err, OFFPEAK_EINVAL, "%s is not UTF-8", field);
}

/* NULL is fine. */
static void check_name(struct check *check, const char *field, const char *name, size_t max)
{
        check_length(check, field, name, max);
        if (check->code == 0 && name != NULL && !utf8_printable(name))
                check->code = fail(check->err, OFFPEAK_EINVAL,
                                   "%s is not UTF-8, or has control characters: use letters, digits, '-', '_' and '.'",
                                   field);
}

static void check_given(struct check *check, const char *field, const char *text)
{
        if (check->code == 0 && (text == NULL || text[0] == '\0'))
                check->code = fail(check->err, OFFPEAK_EINVAL, "%s is missing", field);
}

static void check_given_name(struct check *check, const char *field, const char *name)
{
        check_given(check, field, name);
        check_name(check, field, name, OFFPEAK_MAX_NAME);
}

static void check_words(struct check *check, const char *field, char *const *words, size_t n)
{
        for (size_t i = 0; i < n && check->code == 0; i++)
                if (!utf8_valid(words[i]))
                        check->code = fail(check->err, OFFPEAK_EINVAL, "%s[%zu] is not UTF-8", field, i);
}

static void check_environment(struct check *check, char *const *env, size_t n)
{
        check_words(check, "env", env, n);
        for (size_t i = 0; i < n && check->code == 0; i++) {
                const char *equals = strchr(env[i], '=');

                if (equals == NULL || equals == env[i])
                        check->code = fail(check->err, OFFPEAK_EINVAL, "env[%zu] is not of the form NAME=value", i);
        }
}

static void check_features(struct check *check, char *const *features, size_t n)
{
        check_count(check, "the number of features", n, 0, OFFPEAK_MAX_FEATURES);
        for (size_t i = 0; i < n && check->code == 0; i++)
                check_given_name(check, "a feature", features[i]);
}

static void check_launcher(struct check *check, const struct offpeak_job_spec *spec)
{
        static const uint8_t none[OFFPEAK_SECRET_SIZE];

        check_range(check, "the launcher", spec->launcher, OFFPEAK_LAUNCHER_NODE, OFFPEAK_LAUNCHER_HEAD);
        if (check->code == 0 && spec->launcher == OFFPEAK_LAUNCHER_HEAD &&
            memcmp(spec->secret, none, sizeof(none)) == 0)
                check->code = fail(check->err, OFFPEAK_EINVAL, "the job's secret is all zeros: anybody could guess it");
}

/* The width asked for is the one beside them. */
static void check_widths(struct check *check, const struct offpeak_job_spec *spec)
{
        check_count(check, "the number of further widths", spec->n_widths, 0, OFFPEAK_MAX_WIDTHS);
        for (size_t i = 0; i < spec->n_widths && check->code == 0; i++) {
                const struct offpeak_width *width = &spec->widths[i];

                check_range(check, "a width's number of nodes", width->nodes, 1, OFFPEAK_MAX_NODES);
                check_range(check, "a width's GPUs per node", width->gpus_per_node, 1, OFFPEAK_MAX_DEVICES);
                check_range(check, "a width's speed in millionths", width->speed_ppm, 0, MAX_SPEED_PPM);
                check_range(check, "a width's power in W", width->power_w, 0, MAX_WATTS);
        }
}

static void check_spec(struct check *check, const struct offpeak_job_spec *spec)
{
        check_name(check, "the job's name", spec->name, OFFPEAK_MAX_NAME);
        check_name(check, "the class's name", spec->class_name, OFFPEAK_MAX_NAME);
        check_name(check, "the site's name", spec->site, OFFPEAK_MAX_NAME);
        check_count(check, "the number of words of the command", spec->argc, 1, OFFPEAK_MAX_ARGS);
        check_words(check, "argv", spec->argv, spec->argc);
        check_count(check, "the number of environment variables", spec->envc, 0, OFFPEAK_MAX_ARGS);
        check_environment(check, spec->env, spec->envc);
        check_text(check, "the working directory", spec->directory, OFFPEAK_MAX_PATH);
        check_text(check, "the output's path", spec->stdout_path, OFFPEAK_MAX_PATH);
        check_text(check, "the error output's path", spec->stderr_path, OFFPEAK_MAX_PATH);
        check_text(check, "the checkpoint directory", spec->checkpoint_dir, OFFPEAK_MAX_PATH);
        check_range(check, "the number of nodes", spec->nodes, 1, OFFPEAK_MAX_NODES);
        check_range(check, "the number of GPUs per node", spec->gpus_per_node, 1, OFFPEAK_MAX_DEVICES);
        check_range(check, "the run time in seconds", spec->time_s, 1, MAX_DURATION_S);
        check_range(check, "the begin time", spec->begin, 0, MAX_TIME);
        check_range(check, "the deadline", spec->deadline, 0, MAX_TIME);
        check_range(check, "the power in W", spec->power_w, 0, MAX_WATTS);
        check_range(check, "the stop signal", spec->signal, 0, 64);
        check_range(check, "the notice before the kill in seconds", spec->signal_lead_s, 0, MAX_DURATION_S);
        check_range(check, "interruptible", spec->interruptible, OFFPEAK_CLASS_DECIDES, OFFPEAK_NO);
        check_count(check, "the number of jobs that must end well before", spec->n_after_ok, 0, OFFPEAK_MAX_AFTER);
        check_count(check, "the number of jobs that must end before", spec->n_after_any, 0, OFFPEAK_MAX_AFTER);
        check_widths(check, spec);
        check_range(check, "the number of switches", spec->switches, 0, OFFPEAK_MAX_NODES);
        check_features(check, spec->features, spec->n_features);
        check_launcher(check, spec);
}

/* Starts ascend, and the first may be 0 only if it is alone. */
static void check_points(struct check *check, const struct offpeak_push *push)
{
        for (size_t i = 0; i < push->n_points && check->code == 0; i++) {
                int64_t least = i > 0 ? push->points[i - 1].start + 1 : push->n_points == 1 ? 0 : 1;

                check_range(check, "a point's start", push->points[i].start, least, MAX_TIME);
        }
        if (push->n_points > 0 && push->end != 0)
                check_range(check, "the end", push->end, push->points[push->n_points - 1].start + 1, MAX_TIME);
}

static void check_push(struct check *check, const struct offpeak_push *push)
{
        check_range(check, "the signal", push->signal, OFFPEAK_PRICE, OFFPEAK_STORED);
        check_given_name(check, "the site's name", push->site);
        check_name(check, "the agreement's name", push->agreement, OFFPEAK_MAX_NAME);
        check_name(check, "the currency", push->currency, 3);
        check_name(check, "the source's name", push->source, OFFPEAK_MAX_SOURCE - 1);
        check_count(check, "the number of points", push->n_points, push->withdraw ? 0 : 1,
                    push->withdraw ? 0 : OFFPEAK_MAX_PUSH_POINTS);
        check_points(check, push);
        check_range(check, "the issue time", push->issued, 0, MAX_TIME);
        check_range(check, "the end", push->end, 0, MAX_TIME);
        check_range(check, "the time at which it expires", push->expires, 0, MAX_TIME);
        check_range(check, "its life in seconds", push->life_s, 0, MAX_DURATION_S);
        if (check->code == 0 && push->expires != 0 && push->life_s != 0)
                check->code = fail(check->err, OFFPEAK_EINVAL, "a push has a time at which it expires, or a life, not both");
}

static void check_request(struct check *check, const struct message_request *request)
{
        check_range(check, "the verb", request->verb, VERB_SUBMIT, VERB_RESUME);
        if (request->verb == VERB_PUSH)
                check_push(check, &request->push);
        if (request->verb == VERB_SUBMIT)
                check_spec(check, &request->spec);
        if (request->verb == VERB_FENCE || request->verb == VERB_QUERY || request->verb == VERB_DRAIN ||
            request->verb == VERB_RESUME)
                check_given(check, "the target", request->target);
        check_name(check, "the target", request->target, OFFPEAK_MAX_NAME);
        check_range(check, "the start", request->start, 0, MAX_TIME);
        check_text(check, "the arguments", request->arguments, MESSAGE_MAX_TEXT);
}

static void check_reply(struct check *check, const struct message_reply *reply)
{
        check_range(check, "the code", reply->code, INT32_MIN, 0);
        check_length(check, "the text", reply->text, MESSAGE_MAX_TEXT);
        check_text(check, "the document", reply->document, FRAME_MAX_REPLY);
}

static void check_hello(struct check *check, const struct message_hello *hello)
{
        check_given_name(check, "the node's name", hello->node);
        check_given_name(check, "the site's name", hello->site);
        check_name(check, "the boot id", hello->boot, sizeof(hello->boot) - 1);
        check_name(check, "the model", hello->model, OFFPEAK_MAX_NAME);
        check_name(check, "the node's address", hello->address, OFFPEAK_MAX_NAME);
        check_range(check, "the memory in MB", hello->memory_mb, 0, MAX_MEMORY_MB);
        check_range(check, "the idle power in W", hello->idle_w, 0, MAX_NODE_WATTS);
        check_count(check, "the number of devices", hello->n_devices, 0, OFFPEAK_MAX_DEVICES);
        for (uint32_t i = 0; i < hello->n_devices && check->code == 0; i++) {
                check_name(check, "a device's address", hello->devices[i].address,
                           sizeof(hello->devices[i].address) - 1);
                check_range(check, "a device's power in W", hello->devices[i].max_w, 0, MAX_NODE_WATTS);
                check_range(check, "a device's lowest power limit in W", hello->devices[i].least_w, 0,
                            hello->devices[i].max_w);
        }
        if (hello->n_links != 0) {
                size_t pairs = (size_t)hello->n_devices * (hello->n_devices - (hello->n_devices > 0)) / 2;

                check_count(check, "the number of links between devices", hello->n_links, pairs, pairs);
        }
        check_name(check, "the block", hello->block, OFFPEAK_MAX_NAME);
        check_name(check, "the rack", hello->rack, OFFPEAK_MAX_NAME);
        check_name(check, "the switch", hello->leaf_switch, OFFPEAK_MAX_NAME);
        check_features(check, hello->features, hello->n_features);
}

static void check_clock(struct check *check, const struct message_clock *clock)
{
        check_range(check, "the clock in ms", clock->wall_ms, 0, MAX_TIME * 1000);
        if (check->code == 0 && !(clock->rate > 0 && clock->rate <= MAX_RATE)) /* NaN is neither */
                check->code = fail(check->err, OFFPEAK_EINVAL, "the clock's rate is %g: it must be above 0, at most %g",
                                   clock->rate, MAX_RATE);
}

static void check_welcome(struct check *check, const struct message_welcome *welcome)
{
        check_clock(check, &welcome->clock);
        check_range(check, "the lease in ms", welcome->lease_ms, 0, MAX_DURATION_S * 1000);
        check_range(check, "the time between renewals in ms", welcome->renew_ms, 1, MAX_DURATION_S * 1000);
}

static void check_reading(struct check *check, const struct message_reading *reading)
{
        check_range(check, "a reading's start", reading->start, 0, MAX_TIME);
        check_range(check, "a reading's end", reading->end, reading->start, MAX_TIME);
        check_range(check, "a reading's energy in J", reading->joules, 0, INT64_MAX);
}

static void check_renew(struct check *check, const struct message_renew *renew)
{
        size_t tails = 0;

        check_given_name(check, "the node's name", renew->node);
        check_count(check, "the number of legs", renew->n_legs, 0, MESSAGE_MAX_LEGS);
        check_count(check, "the number of readings", renew->n_readings, 0, MESSAGE_MAX_READINGS);
        for (uint32_t i = 0; i < renew->n_legs && check->code == 0; i++) {
                check_amount(check, "a leg's work done", renew->legs[i].done);
                check_amount(check, "a leg's total work", renew->legs[i].total);
                check_length(check, "a leg's refusal", renew->legs[i].refused, sizeof(renew->legs[i].refused) - 1);
                check_length(check, "why a leg ended", renew->legs[i].why, sizeof(renew->legs[i].why) - 1);
                check_text(check, "a leg's last lines", renew->legs[i].tail, MESSAGE_MAX_TAIL);
                tails += renew->legs[i].tail != NULL ? strnlen(renew->legs[i].tail, MESSAGE_MAX_TAIL) : 0;
        }
        check_count(check, "the size of all legs' last lines", tails, 0, MESSAGE_MAX_TAILS);
        for (uint32_t i = 0; i < renew->n_readings && check->code == 0; i++)
                check_reading(check, &renew->readings[i]);
        check_count(check, "the number of unwell devices", renew->n_unwell, 0, OFFPEAK_MAX_DEVICES);
        for (uint32_t i = 0; i < renew->n_unwell && check->code == 0; i++) {
                check_range(check, "an unwell device's number", renew->unwell[i].device,
                            i > 0 ? (int64_t)renew->unwell[i - 1].device + 1 : 0, OFFPEAK_MAX_DEVICES - 1);
                check_given(check, "why a device is unwell", renew->unwell[i].reason);
                check_length(check, "why a device is unwell", renew->unwell[i].reason,
                             sizeof(renew->unwell[i].reason) - 1);
        }
}

static void check_launch(struct check *check, const struct message_launch *launch)
{
        check_spec(check, &launch->spec);
        check_count(check, "the number of the gang's nodes", launch->n_nodes, 1, OFFPEAK_MAX_NODES);
        check_range(check, "the rank", launch->rank, 0, (int64_t)launch->n_nodes - 1);
        for (uint32_t i = 0; i < launch->n_nodes && check->code == 0; i++)
                check_given_name(check, "a node's name", launch->nodes[i]);
        check_range(check, "the lease in ms", launch->lease_ms, 0, MAX_DURATION_S * 1000);
        check_range(check, "the grace in seconds", launch->grace_s, 0, MAX_DURATION_S);
        check_name(check, "the user's name", launch->user, OFFPEAK_MAX_NAME);
        check_name(check, "the master's address", launch->master_address, OFFPEAK_MAX_NAME);
        check_range(check, "the master's port", launch->master_port, 0, 65535);
        check_range(check, "the power cap in millionths", launch->cap_ppm, 0, 1000000);
        check_count(check, "the number of the nodes' addresses", launch->n_addresses,
                    launch->spec.launcher == OFFPEAK_LAUNCHER_HEAD ? launch->n_nodes : 0,
                    launch->spec.launcher == OFFPEAK_LAUNCHER_HEAD ? launch->n_nodes : 0);
        for (size_t i = 0; i < launch->n_addresses && check->code == 0; i++)
                check_given_name(check, "a node's address", launch->addresses[i]);
}

static void check_order(struct check *check, const struct message_order *order)
{
        check_range(check, "the grace in seconds", order->grace_s, 0, MAX_DURATION_S);
        if (order->has_launch)
                check_launch(check, &order->launch);
}

int bounds_check_spec(const struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        struct check check = { .err = err };

        check_spec(&check, spec);
        return check.code;
}

int bounds_check(const struct message *message, struct offpeak_error *err)
{
        struct check check = { .err = err };

        switch (message->type) {
        case MESSAGE_REQUEST:
                check_request(&check, &message->u.request);
                break;
        case MESSAGE_REPLY:
                check_reply(&check, &message->u.reply);
                break;
        case MESSAGE_HELLO:
                check_hello(&check, &message->u.hello);
                break;
        case MESSAGE_WELCOME:
                check_welcome(&check, &message->u.welcome);
                break;
        case MESSAGE_RENEW:
                check_renew(&check, &message->u.renew);
                break;
        case MESSAGE_GRANT:
                check_clock(&check, &message->u.grant.clock);
                break;
        case MESSAGE_STALE:
                break;
        case MESSAGE_ORDER:
                check_order(&check, &message->u.order);
                break;
        }
        return check.code;
}
