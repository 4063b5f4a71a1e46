/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/wire/sample.h"

#include <stdlib.h>
#include <string.h>

uint64_t sample_random(uint64_t *seed)
{
        *seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = *seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

/* ---- making up: small numbers, large ones and the ends, all of them often */

static int64_t number(uint64_t *seed, int64_t low, int64_t high)
{
        switch (sample_random(seed) % 4) {
        case 0:
                return low;
        case 1:
                return high;
        case 2:
                return low < high ? low + 1 : low;
        default:
                return low + (int64_t)(sample_random(seed) % ((uint64_t)(high - low) + 1));
        }
}

static uint64_t any_u64(uint64_t *seed)
{
        return sample_random(seed) >> sample_random(seed) % 64;
}

static uint32_t any_u32(uint64_t *seed)
{
        return (uint32_t)any_u64(seed);
}

static bool coin(uint64_t *seed)
{
        return sample_random(seed) % 2 == 0;
}

static void *allocate(size_t n, size_t size)
{
        void *memory = calloc(n + 1, size);

        if (memory == NULL)
                abort();
        return memory;
}

static char *text(uint64_t *seed, size_t max)
{
        static const char *const characters[] = {
                "a", "Z", "7", "-", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x8b"
        };
        size_t length = (size_t)number(seed, 1, (int64_t)max), used = 0;
        char *made = allocate(length + 4, 1);

        while (used < length) {
                const char *character = characters[sample_random(seed) % 8];

                if (used + strlen(character) > length)
                        character = "x";
                memcpy(made + used, character, strlen(character));
                used += strlen(character);
        }
        return made;
}

static char *maybe(uint64_t *seed, size_t max)
{
        return coin(seed) ? text(seed, max) : NULL;
}

static void fill(uint64_t *seed, char *array, size_t size)
{
        char *made = maybe(seed, size - 1);

        if (made != NULL)
                strcpy(array, made);
        free(made);
}

static void bytes16(uint64_t *seed, uint8_t bytes[16])
{
        for (int i = 0; i < 16; i++)
                bytes[i] = (uint8_t)sample_random(seed);
}

static uint64_t *random_ids(uint64_t *seed, size_t n)
{
        uint64_t *ids = allocate(n, sizeof(*ids));

        for (size_t i = 0; i < n; i++)
                ids[i] = sample_random(seed);
        return ids;
}

static char **random_features(uint64_t *seed, size_t *ret_n)
{
        char **features;

        *ret_n = (size_t)number(seed, 0, 5);
        features = allocate(*ret_n + 1, sizeof(char *));
        for (size_t i = 0; i < *ret_n; i++)
                features[i] = text(seed, 40);
        return features;
}

static struct offpeak_job_spec random_spec(uint64_t *seed)
{
        struct offpeak_job_spec spec;

        offpeak_job_spec_init(&spec);
        spec.name = maybe(seed, OFFPEAK_MAX_NAME);
        spec.class_name = maybe(seed, OFFPEAK_MAX_NAME);
        spec.site = maybe(seed, OFFPEAK_MAX_NAME);
        spec.directory = maybe(seed, OFFPEAK_MAX_PATH);
        spec.stdout_path = maybe(seed, OFFPEAK_MAX_PATH);
        spec.stderr_path = maybe(seed, OFFPEAK_MAX_PATH);
        spec.checkpoint_dir = maybe(seed, OFFPEAK_MAX_PATH);
        spec.argc = (size_t)number(seed, 1, 12);
        spec.argv = allocate(spec.argc, sizeof(char *));
        for (size_t i = 0; i < spec.argc; i++)
                spec.argv[i] = coin(seed) ? text(seed, 40) : allocate(1, 1); /* a word may be empty */
        spec.envc = (size_t)number(seed, 0, 12);
        spec.env = allocate(spec.envc, sizeof(char *));
        for (size_t i = 0; i < spec.envc; i++) {
                spec.env[i] = text(seed, 20);
                spec.env[i] = realloc(spec.env[i], 64);
                strcat(spec.env[i], coin(seed) ? "=" : "=value");
        }
        spec.nodes = (uint32_t)number(seed, 1, OFFPEAK_MAX_NODES);
        spec.gpus_per_node = (uint32_t)number(seed, 1, OFFPEAK_MAX_DEVICES);
        spec.time_s = number(seed, 1, 315360000);
        spec.begin = number(seed, 0, INT64_C(253402300799));
        spec.deadline = number(seed, 0, INT64_C(253402300799));
        spec.power_w = number(seed, 0, 1000000000);
        spec.signal = (int32_t)number(seed, 0, 64);
        spec.signal_lead_s = number(seed, 0, 86400);
        spec.interruptible = (enum offpeak_choice)number(seed, 0, 2);
        spec.hold = coin(seed);
        spec.strict_deadline = coin(seed);
        spec.n_after_ok = (size_t)number(seed, 0, 5);
        spec.after_ok = random_ids(seed, spec.n_after_ok);
        spec.n_after_any = (size_t)number(seed, 0, 5);
        spec.after_any = random_ids(seed, spec.n_after_any);
        spec.exclusive = coin(seed);
        spec.switches = (uint32_t)number(seed, 0, OFFPEAK_MAX_NODES);
        spec.features = random_features(seed, &spec.n_features);
        spec.launcher = (enum offpeak_launcher)number(seed, OFFPEAK_LAUNCHER_NODE, OFFPEAK_LAUNCHER_HEAD);
        for (size_t i = 0; spec.launcher == OFFPEAK_LAUNCHER_HEAD && i < sizeof(spec.secret); i++)
                spec.secret[i] = (uint8_t)number(seed, 1, 255);
        return spec;
}

struct offpeak_job_spec sample_spec(void)
{
        struct offpeak_job_spec spec;

        offpeak_job_spec_init(&spec);
        spec.argc = 1;
        spec.argv = allocate(1, sizeof(char *));
        spec.argv[0] = strdup("true");
        spec.time_s = 60;
        return spec;
}

static struct offpeak_push random_push(uint64_t *seed)
{
        struct offpeak_push push = { .signal = (enum offpeak_signal)number(seed, OFFPEAK_PRICE, OFFPEAK_STORED) };
        int64_t start = number(seed, 1, 1000000);

        push.site = text(seed, OFFPEAK_MAX_NAME);
        push.agreement = maybe(seed, 100);
        push.currency = number(seed, 0, 1) ? strdup("EUR") : NULL;
        push.source = maybe(seed, OFFPEAK_MAX_SOURCE - 1);
        push.withdraw = number(seed, 0, 5) == 0;
        push.n_points = push.withdraw ? 0 : (size_t)number(seed, 1, 50);
        push.points = allocate(push.n_points, sizeof(*push.points));
        for (size_t i = 0; i < push.n_points; i++) {
                push.points[i].start = start;
                push.points[i].value = number(seed, 0, 3) == 0 ? OFFPEAK_UNKNOWN : (int64_t)any_u64(seed);
                start += number(seed, 1, 100000);
        }
        push.end = number(seed, 0, 1) ? start : 0;
        push.issued = number(seed, 0, 1000000);
        if (number(seed, 0, 1))
                push.expires = number(seed, 0, 1000000);
        else
                push.life_s = number(seed, 0, 1000000);
        push.seq = any_u64(seed);
        return push;
}

struct offpeak_push sample_push(void)
{
        struct offpeak_push push = { .signal = OFFPEAK_CAPACITY, .n_points = 1 };

        push.site = strdup("hanford");
        push.points = allocate(OFFPEAK_MAX_PUSH_POINTS + 1, sizeof(*push.points));
        return push;
}

static void random_request(struct message_request *request, uint64_t *seed)
{
        bytes16(seed, request->request_id);
        request->verb = (uint32_t)number(seed, VERB_SUBMIT, VERB_RESUME);
        if (request->verb == VERB_PUSH)
                request->push = random_push(seed);
        offpeak_job_spec_init(&request->spec);
        if (request->verb == VERB_SUBMIT)
                request->spec = random_spec(seed);
        request->job = any_u64(seed);
        request->start = request->verb == VERB_PIN ? number(seed, 0, 4000000000) : 0;
        request->target = text(seed, OFFPEAK_MAX_NAME);
        request->arguments = maybe(seed, 500);
}

static void random_reply(struct message_reply *reply, uint64_t *seed)
{
        bytes16(seed, reply->request_id);
        reply->code = (int32_t)number(seed, INT32_MIN, 0);
        reply->text = maybe(seed, 700);
        reply->job = any_u64(seed);
        reply->document = maybe(seed, 100000);
}

static void random_hello(struct message_hello *hello, uint64_t *seed)
{
        hello->node = text(seed, OFFPEAK_MAX_NAME);
        hello->site = text(seed, OFFPEAK_MAX_NAME);
        hello->model = maybe(seed, OFFPEAK_MAX_NAME);
        hello->address = maybe(seed, OFFPEAK_MAX_NAME);
        fill(seed, hello->boot, sizeof(hello->boot));
        bytes16(seed, hello->nonce);
        hello->cores = any_u32(seed);
        hello->memory_mb = number(seed, 0, INT64_C(1) << 40);
        hello->idle_w = number(seed, 0, 100000);
        hello->power_quality = any_u32(seed);
        hello->n_devices = (uint32_t)number(seed, 0, OFFPEAK_MAX_DEVICES);
        hello->devices = allocate(hello->n_devices, sizeof(*hello->devices));
        for (uint32_t i = 0; i < hello->n_devices; i++) {
                struct message_device *device = &hello->devices[i];

                device->kind = any_u32(seed);
                device->numa = any_u32(seed);
                device->max_w = (uint32_t)number(seed, 0, 1000000);
                device->least_w = (uint32_t)number(seed, 0, device->max_w);
                fill(seed, device->address, sizeof(device->address));
        }
        hello->n_links = coin(seed) ? hello->n_devices * (hello->n_devices - (hello->n_devices > 0)) / 2 : 0;
        hello->links = allocate(hello->n_links, sizeof(*hello->links));
        for (uint32_t i = 0; i < hello->n_links; i++)
                hello->links[i] = (struct message_link){ (uint16_t)any_u32(seed), (uint16_t)any_u32(seed) };
        hello->block = maybe(seed, OFFPEAK_MAX_NAME);
        hello->rack = maybe(seed, OFFPEAK_MAX_NAME);
        hello->leaf_switch = maybe(seed, OFFPEAK_MAX_NAME);
        hello->features = random_features(seed, &hello->n_features);
}

static struct message_clock random_clock(uint64_t *seed)
{
        return (struct message_clock){ number(seed, 0, INT64_C(253402300799000)), coin(seed) ? 1.0 : 1e-9 + 60.5 };
}

static void random_renew(struct message_renew *renew, uint64_t *seed)
{
        renew->node = text(seed, OFFPEAK_MAX_NAME);
        renew->term = any_u64(seed);
        renew->session = any_u64(seed);
        renew->seq = any_u64(seed);
        renew->sure = coin(seed);
        renew->n_legs = (uint32_t)number(seed, 0, coin(seed) ? 9 : MESSAGE_MAX_LEGS);
        renew->legs = allocate(renew->n_legs, sizeof(*renew->legs));
        for (uint32_t i = 0; i < renew->n_legs; i++) {
                struct message_leg *leg = &renew->legs[i];

                *leg = (struct message_leg){ any_u64(seed),
                                             any_u32(seed),
                                             any_u64(seed),
                                             any_u32(seed),
                                             any_u32(seed),
                                             (int32_t)any_u32(seed),
                                             coin(seed),
                                             0.25,
                                             1e300,
                                             "",
                                             "",
                                             NULL,
                                             any_u32(seed),
                                             any_u32(seed) };
                fill(seed, leg->refused, sizeof(leg->refused));
                fill(seed, leg->why, sizeof(leg->why));
                if (i < MESSAGE_MAX_TAILS / MESSAGE_MAX_TAIL)
                        leg->tail = maybe(seed, MESSAGE_MAX_TAIL);
        }
        renew->n_unwell = (uint32_t)number(seed, 0, coin(seed) ? 2 : OFFPEAK_MAX_DEVICES);
        renew->unwell = allocate(renew->n_unwell, sizeof(*renew->unwell));
        for (uint32_t i = 0; i < renew->n_unwell; i++) {
                renew->unwell[i].device = i;
                strcpy(renew->unwell[i].reason, "x");
                fill(seed, renew->unwell[i].reason, sizeof(renew->unwell[i].reason));
        }
        renew->n_readings = (uint32_t)number(seed, 0, coin(seed) ? 9 : MESSAGE_MAX_READINGS);
        renew->readings = allocate(renew->n_readings, sizeof(*renew->readings));
        for (uint32_t i = 0; i < renew->n_readings; i++) {
                int64_t start = number(seed, 0, INT64_C(253402300000));

                renew->readings[i] = (struct message_reading){ any_u64(seed),
                                                               any_u64(seed),
                                                               any_u32(seed),
                                                               start,
                                                               start + number(seed, 0, 700),
                                                               number(seed, 0, INT64_MAX - 1),
                                                               any_u32(seed) };
        }
}

static void random_order(struct message_order *order, uint64_t *seed)
{
        struct message_launch *launch = &order->launch;

        order->term = any_u64(seed);
        order->session = any_u64(seed);
        order->job = any_u64(seed);
        order->attempt = any_u32(seed);
        order->epoch = any_u64(seed);
        order->want = any_u32(seed);
        order->reason = any_u32(seed);
        order->grace_s = number(seed, 0, 86400);
        order->has_launch = coin(seed);
        if (!order->has_launch)
                return;
        launch->spec = random_spec(seed);
        launch->n_nodes = (uint32_t)number(seed, 1, OFFPEAK_MAX_NODES);
        launch->nodes = allocate(launch->n_nodes, sizeof(char *));
        for (uint32_t i = 0; i < launch->n_nodes; i++)
                launch->nodes[i] = text(seed, 60);
        launch->rank = (uint32_t)number(seed, 0, (int64_t)launch->n_nodes - 1);
        launch->devices = any_u64(seed);
        launch->lease_ms = number(seed, 0, 86400000);
        launch->grace_s = number(seed, 0, 86400);
        launch->on_lost = any_u32(seed);
        launch->uid = any_u32(seed);
        launch->user = maybe(seed, OFFPEAK_MAX_NAME);
        launch->gang = coin(seed);
        launch->master_address = maybe(seed, OFFPEAK_MAX_NAME);
        launch->master_port = (uint32_t)number(seed, 0, 65535);
        launch->cap_ppm = (uint32_t)number(seed, 0, 1000000);
        if (launch->spec.launcher != OFFPEAK_LAUNCHER_HEAD)
                return;
        launch->n_addresses = launch->n_nodes;
        launch->addresses = allocate(launch->n_addresses, sizeof(char *));
        for (size_t i = 0; i < launch->n_addresses; i++)
                launch->addresses[i] = text(seed, 60);
}

struct message sample_message(enum message_type type, uint64_t *seed)
{
        struct message message = { .type = type };

        switch (type) {
        case MESSAGE_REQUEST:
                random_request(&message.u.request, seed);
                break;
        case MESSAGE_REPLY:
                random_reply(&message.u.reply, seed);
                break;
        case MESSAGE_HELLO:
                random_hello(&message.u.hello, seed);
                break;
        case MESSAGE_WELCOME:
                bytes16(seed, message.u.welcome.nonce);
                message.u.welcome.term = any_u64(seed);
                message.u.welcome.session = any_u64(seed);
                message.u.welcome.clock = random_clock(seed);
                message.u.welcome.lease_ms = number(seed, 0, 86400000);
                message.u.welcome.renew_ms = number(seed, 1, 86400000);
                break;
        case MESSAGE_RENEW:
                random_renew(&message.u.renew, seed);
                break;
        case MESSAGE_GRANT:
                message.u.grant = (struct message_grant){ any_u64(seed), any_u64(seed), any_u64(seed), any_u64(seed),
                                                          random_clock(seed) };
                break;
        case MESSAGE_STALE:
                message.u.stale = (struct message_stale){ any_u64(seed), any_u64(seed) };
                break;
        case MESSAGE_ORDER:
                random_order(&message.u.order, seed);
                break;
        }
        return message;
}

/* ---- comparing */

static bool same_text(const char *a, const char *b)
{
        return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_words(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
        if (n_a != n_b || (n_b > 0 && b[n_b] != NULL)) /* a list closes with NULL */
                return false;
        for (size_t i = 0; i < n_a; i++)
                if (strcmp(a[i], b[i]) != 0)
                        return false;
        return true;
}

#define SAME(field)                                                                                                    \
        do {                                                                                                           \
                if (a->field != b->field)                                                                              \
                        return #field;                                                                                 \
        } while (0)

#define SAME_TEXT(field)                                                                                               \
        do {                                                                                                           \
                if (!same_text(a->field, b->field))                                                                    \
                        return #field;                                                                                 \
        } while (0)

#define SAME_BYTES(field)                                                                                              \
        do {                                                                                                           \
                if (memcmp(a->field, b->field, sizeof(a->field)) != 0)                                                 \
                        return #field;                                                                                 \
        } while (0)

static const char *spec_difference(const struct offpeak_job_spec *a, const struct offpeak_job_spec *b)
{
        SAME_TEXT(name);
        SAME_TEXT(class_name);
        SAME_TEXT(site);
        SAME_TEXT(directory);
        SAME_TEXT(stdout_path);
        SAME_TEXT(stderr_path);
        SAME_TEXT(checkpoint_dir);
        if (!same_words(a->argv, a->argc, b->argv, b->argc))
                return "argv";
        if (!same_words(a->env, a->envc, b->env, b->envc))
                return "env";
        SAME(nodes);
        SAME(gpus_per_node);
        SAME(time_s);
        SAME(begin);
        SAME(deadline);
        SAME(power_w);
        SAME(signal);
        SAME(signal_lead_s);
        SAME(interruptible);
        SAME(hold);
        SAME(strict_deadline);
        SAME(n_after_ok);
        SAME(n_after_any);
        for (size_t i = 0; i < a->n_after_ok; i++)
                SAME(after_ok[i]);
        for (size_t i = 0; i < a->n_after_any; i++)
                SAME(after_any[i]);
        SAME(exclusive);
        SAME(switches);
        SAME(launcher);
        for (size_t i = 0; i < sizeof(a->secret); i++)
                SAME(secret[i]);
        return same_words(a->features, a->n_features, b->features, b->n_features) ? NULL : "features";
}

static const char *push_difference(const struct offpeak_push *a, const struct offpeak_push *b)
{
        SAME(signal);
        SAME_TEXT(site);
        SAME_TEXT(agreement);
        SAME_TEXT(currency);
        SAME_TEXT(source);
        SAME(n_points);
        for (size_t i = 0; i < a->n_points; i++) {
                SAME(points[i].start);
                SAME(points[i].value);
        }
        SAME(end);
        SAME(issued);
        SAME(expires);
        SAME(life_s);
        SAME(seq);
        SAME(withdraw);
        return NULL;
}

static const char *request_difference(const struct message_request *a, const struct message_request *b)
{
        SAME_BYTES(request_id);
        SAME(verb);
        SAME(job);
        SAME(start);
        SAME_TEXT(target);
        SAME_TEXT(arguments);
        if (a->verb == VERB_PUSH)
                return push_difference(&a->push, &b->push);
        return a->verb == VERB_SUBMIT ? spec_difference(&a->spec, &b->spec) : NULL;
}

static const char *reply_difference(const struct message_reply *a, const struct message_reply *b)
{
        SAME_BYTES(request_id);
        SAME(code);
        SAME_TEXT(text);
        SAME(job);
        SAME_TEXT(document);
        return NULL;
}

static const char *device_difference(const struct message_device *a, const struct message_device *b)
{
        SAME(kind);
        SAME(numa);
        SAME(max_w);
                SAME(least_w);
        SAME_TEXT(address);
        return NULL;
}

static const char *hello_difference(const struct message_hello *a, const struct message_hello *b)
{
        const char *found = NULL;

        SAME_TEXT(node);
        SAME_TEXT(site);
        SAME_TEXT(boot);
        SAME_BYTES(nonce);
        SAME_TEXT(model);
        SAME_TEXT(address);
        SAME(cores);
        SAME(memory_mb);
        SAME(idle_w);
        SAME(power_quality);
        SAME(n_devices);
        for (uint32_t i = 0; i < a->n_devices && found == NULL; i++)
                found = device_difference(&a->devices[i], &b->devices[i]);
        SAME(n_links);
        for (uint32_t i = 0; i < a->n_links; i++) {
                SAME(links[i].gb_per_s);
                SAME(links[i].near);
        }
        SAME_TEXT(block);
        SAME_TEXT(rack);
        SAME_TEXT(leaf_switch);
        if (!same_words(a->features, a->n_features, b->features, b->n_features))
                return "features";
        return found;
}

static const char *welcome_difference(const struct message_welcome *a, const struct message_welcome *b)
{
        SAME_BYTES(nonce);
        SAME(term);
        SAME(session);
        SAME(clock.wall_ms);
        SAME(clock.rate);
        SAME(lease_ms);
        SAME(renew_ms);
        return NULL;
}

static const char *leg_difference(const struct message_leg *a, const struct message_leg *b)
{
        SAME(job);
        SAME(attempt);
        SAME(epoch);
        SAME(state);
        SAME(how);
        SAME(status);
        SAME(killed);
        SAME(rank);
        SAME(done);
        SAME(total);
        SAME(cap_ppm);
        SAME_TEXT(refused);
        SAME_TEXT(why);
        SAME_TEXT(tail);
        return NULL;
}

static const char *reading_difference(const struct message_reading *a, const struct message_reading *b)
{
        SAME(seq);
        SAME(job);
        SAME(attempt);
        SAME(start);
        SAME(end);
        SAME(joules);
        SAME(quality);
        return NULL;
}

static const char *renew_difference(const struct message_renew *a, const struct message_renew *b)
{
        const char *found = NULL;

        SAME_TEXT(node);
        SAME(term);
        SAME(session);
        SAME(seq);
        SAME(sure);
        SAME(n_legs);
        SAME(n_readings);
        SAME(n_unwell);
        for (uint32_t i = 0; i < a->n_unwell; i++) {
                SAME(unwell[i].device);
                SAME_TEXT(unwell[i].reason);
        }
        for (uint32_t i = 0; i < a->n_legs && found == NULL; i++)
                found = leg_difference(&a->legs[i], &b->legs[i]);
        for (uint32_t i = 0; i < a->n_readings && found == NULL; i++)
                found = reading_difference(&a->readings[i], &b->readings[i]);
        return found;
}

static const char *grant_difference(const struct message_grant *a, const struct message_grant *b)
{
        SAME(term);
        SAME(session);
        SAME(seq);
        SAME(readings_acked);
        SAME(clock.wall_ms);
        SAME(clock.rate);
        return NULL;
}

static const char *stale_difference(const struct message_stale *a, const struct message_stale *b)
{
        SAME(term);
        SAME(session);
        return NULL;
}

static const char *launch_difference(const struct message_launch *a, const struct message_launch *b)
{
        SAME(rank);
        if (!same_words(a->nodes, a->n_nodes, b->nodes, b->n_nodes))
                return "nodes";
        SAME(devices);
        SAME(lease_ms);
        SAME(grace_s);
        SAME(on_lost);
        SAME(uid);
        SAME_TEXT(user);
        SAME(gang);
        SAME_TEXT(master_address);
        SAME(master_port);
        SAME(cap_ppm);
        if (!same_words(a->addresses, a->n_addresses, b->addresses, b->n_addresses))
                return "addresses";
        return spec_difference(&a->spec, &b->spec);
}

static const char *order_difference(const struct message_order *a, const struct message_order *b)
{
        SAME(term);
        SAME(session);
        SAME(job);
        SAME(attempt);
        SAME(epoch);
        SAME(want);
        SAME(reason);
        SAME(grace_s);
        SAME(has_launch);
        return a->has_launch ? launch_difference(&a->launch, &b->launch) : NULL;
}

const char *sample_difference(const struct message *a, const struct message *b)
{
        SAME(type);
        switch (a->type) {
        case MESSAGE_REQUEST:
                return request_difference(&a->u.request, &b->u.request);
        case MESSAGE_REPLY:
                return reply_difference(&a->u.reply, &b->u.reply);
        case MESSAGE_HELLO:
                return hello_difference(&a->u.hello, &b->u.hello);
        case MESSAGE_WELCOME:
                return welcome_difference(&a->u.welcome, &b->u.welcome);
        case MESSAGE_RENEW:
                return renew_difference(&a->u.renew, &b->u.renew);
        case MESSAGE_GRANT:
                return grant_difference(&a->u.grant, &b->u.grant);
        case MESSAGE_STALE:
                return stale_difference(&a->u.stale, &b->u.stale);
        case MESSAGE_ORDER:
                return order_difference(&a->u.order, &b->u.order);
        }
        return "type";
}
