/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/host_parts.h"
#include "base/fail.h"
#include "wire/log.h"

enum { SILENCE_MS = 10000 };

/* ---- out */

static void send_message(struct host *host, const struct message *message)
{
        struct offpeak_error err;
        uint8_t *bytes;
        size_t size;

        if (message_encode(message, &bytes, &size, &err) != 0) {
                log_error("a message to the scheduler was not sent: %s", err.text);
                return;
        }
        zuv_send(host->socket, NULL, bytes, size); /* what is dropped is sent again by the next renewal */
        free(bytes);
}

/* Beside a scheduler that only this machine can reach, all nodes are on this machine. */
static char *address_of(const struct agent_config *config)
{
        if (config->address != NULL)
                return config->address;
        return strncmp(config->server, "ipc:", 4) == 0 ? (char *)"127.0.0.1" : NULL;
}

void host_send_hello(struct host *host)
{
        const struct inventory *inventory = hardware_inventory(host->hardware);
        struct message_device devices[OFFPEAK_MAX_DEVICES];
        struct message_link links[OFFPEAK_MAX_DEVICES * (OFFPEAK_MAX_DEVICES - 1) / 2];
        struct message message = { .type = MESSAGE_HELLO };
        struct message_hello *hello = &message.u.hello;

        hello->node = host->config->node;
        hello->site = host->config->site;
        memcpy(hello->boot, host->dir.boot, sizeof(hello->boot));
        memcpy(hello->nonce, host->core.nonce, sizeof(hello->nonce));
        hello->model = inventory->model;
        hello->address = address_of(host->config);
        hello->cores = inventory->cores;
        hello->memory_mb = inventory->memory_mb;
        hello->idle_w = inventory->idle_w;
        hello->power_quality = inventory->power_quality;
        hello->devices = devices;
        hello->n_devices = inventory->n_devices;
        for (uint32_t i = 0; i < inventory->n_devices; i++) {
                devices[i] = (struct message_device){ .kind = inventory->devices[i].kind,
                                                      .numa = inventory->devices[i].numa,
                                                      .max_w = inventory->devices[i].max_w,
                                                      .least_w = inventory->devices[i].least_w };
                memcpy(devices[i].address, inventory->devices[i].address, sizeof(devices[i].address));
        }
        for (uint32_t i = 0; i < inventory->n_links; i++)
                links[i] = (struct message_link){ inventory->links[i].gb_per_s, inventory->links[i].near };
        hello->links = links;
        hello->n_links = inventory->n_links;
        hello->block = inventory->block;
        hello->rack = inventory->rack;
        hello->leaf_switch = inventory->leaf_switch;
        hello->features = inventory->features;
        hello->n_features = inventory->n_features;
        send_message(host, &message);
        if (host->hello_ms == 0)
                host->hello_ms = host_now_ms();
}

/* As far as there is room; what is left out comes with no later one, unless the leg is told of again. */
static void add_tail(const struct host *host, struct message_leg *report, size_t *used)
{
        const struct host_leg *leg =
                report->state == REPORT_EXITED ? host_leg(host, (struct leg_id){ report->job, report->attempt }) : NULL;

        if (leg == NULL || leg->tail == NULL || *used + strlen(leg->tail) > MESSAGE_MAX_TAILS)
                return;
        report->tail = leg->tail;
        *used += strlen(leg->tail);
}

static uint32_t list_unwell(const struct host *host, struct message_unwell *list)
{
        uint64_t unwell = hardware_unwell_mask(host->hardware);
        uint32_t n = 0;

        for (uint32_t i = 0; i < OFFPEAK_MAX_DEVICES; i++) {
                if ((unwell >> i & 1) == 0)
                        continue;
                list[n] = (struct message_unwell){ .device = i };
                snprintf(list[n].reason, sizeof(list[n].reason), "%s", hardware_unwell(host->hardware, i));
                n++;
        }
        return n;
}

void host_send_renew(struct host *host)
{
        static const size_t max = MESSAGE_MAX_READINGS;
        struct message_leg *legs = calloc(host->core.n_legs + 1, sizeof(*legs));
        struct message_reading *readings = calloc(max, sizeof(*readings));
        struct message message = { .type = MESSAGE_RENEW };
        struct message_renew *renew = &message.u.renew;
        struct message_unwell unwell[OFFPEAK_MAX_DEVICES];
        size_t tails = 0;

        if (legs == NULL || readings == NULL) {
                host_fail(host, &(struct offpeak_error){ OFFPEAK_ENOMEM, "out of memory" });
                goto out;
        }
        for (size_t i = 0; i < host->core.n_legs; i++)
                if (agent_leg_report(&host->core.legs[i], &legs[renew->n_legs]))
                        add_tail(host, &legs[renew->n_legs++], &tails);
        renew->unwell = unwell;
        renew->n_unwell = list_unwell(host, unwell);
        host->told_unwell = hardware_unwell_mask(host->hardware);
        host_meter_sync(host);
        host->told_readings = spool_peek(host->spool, readings, max);
        renew->node = host->config->node;
        renew->term = host->core.term;
        renew->session = host->core.session;
        renew->seq = host->core.seq;
        renew->sure = host->core.sure;
        renew->legs = legs;
        renew->readings = readings;
        renew->n_readings = (uint32_t)host->told_readings;
        send_message(host, &message);
out:
        free(readings);
        free(legs);
}

/* ---- in */

static void take_grant(struct host *host, const struct message_grant *grant)
{
        const struct agent_sent *sent = &host->core.sent[grant->seq % AGENT_SENT];
        struct agent_input input = { .type = AGENT_GRANT, .u.grant = { .grant = grant } };

        if (host->core.contact == AGENT_SESSION && grant->term == host->core.term &&
            grant->session == host->core.session && grant->seq > 0 && sent->seq == grant->seq) {
                host_meter_clock(host, grant, sent->at_ms);
                if (host->said_silent)
                        log_info("the scheduler answers again");
                host->said_silent = false;
        }
        input.u.grant.more_readings = host->told_readings == MESSAGE_MAX_READINGS;
        host_feed(host, &input);
}

static void take_message(struct host *host, const struct message *message)
{
        struct agent_input input = { 0 };

        switch (message->type) {
        case MESSAGE_WELCOME:
                input.type = AGENT_WELCOME;
                input.u.welcome = &message->u.welcome;
                break;
        case MESSAGE_GRANT:
                take_grant(host, &message->u.grant);
                return;
        case MESSAGE_STALE:
                input.type = AGENT_STALE;
                input.u.stale = &message->u.stale;
                break;
        case MESSAGE_ORDER:
                input.type = AGENT_ORDER;
                input.u.order = &message->u.order;
                break;
        default:
                return; /* not for an agent */
        }
        host_feed(host, &input);
        if (host->core.contact == AGENT_SESSION)
                host->hello_ms = 0;
}

static void on_frame(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct host *host = context;
        struct offpeak_error err;
        struct message message;

        (void)peer;
        if (host->stopping || host->code != 0)
                return;
        if (message_decode(bytes, size, &message, &err) != 0) {
                if (!host->said_foreign)
                        log_error("what %s says cannot be understood: %s", host->config->server, err.text);
                host->said_foreign = true;
                return;
        }
        host->said_foreign = false;
        take_message(host, &message);
        message_finish(&message);
}

int host_wire_open(struct host *host, struct offpeak_error *err)
{
        return zuv_connect(&host->loop, host->config->server, host->has_keys ? &host->keys : NULL, on_frame, host,
                           &host->socket, err);
}

void host_watch_devices(struct host *host)
{
        struct agent_input input = { .type = AGENT_NEWS };

        if (host->core.contact == AGENT_SESSION && hardware_unwell_mask(host->hardware) != host->told_unwell)
                host_feed(host, &input);
}

/* Say once that nobody answers, not every time. */
void host_watch_silence(struct host *host)
{
        const struct agent_state *core = &host->core;
        int64_t limit = 3 * core->renew_ms > SILENCE_MS ? 3 * core->renew_ms : SILENCE_MS;
        int64_t since = core->contact == AGENT_SESSION && core->granted ? core->base_ms : host->hello_ms;

        if (host->said_silent || since == 0 || host_now_ms() - since < limit)
                return;
        host->said_silent = true;
        log_warning("the scheduler at %s has not answered for %" PRId64 " s; trying on", host->config->server,
                    (host_now_ms() - since) / 1000);
}
