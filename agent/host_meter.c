/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_meter.c - time and energy: the scheduler's clock from its grants, samples from the sensors, readings to the
 * spool.
 *
 * Nothing is metered before the scheduler's time is known. It is kept on disk for this boot, so that an agent that
 * starts again goes on where the spool ends, and fills what nobody saw by the model.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/host_parts.h"
#include "wire/log.h"

enum { COMPLAIN_MS = 60000 };

static void complain(struct host *host, const struct offpeak_error *err)
{
        int64_t now_ms = host_now_ms();

        if (host->spool_said_ms != 0 && now_ms - host->spool_said_ms < COMPLAIN_MS)
                return;
        host->spool_said_ms = now_ms;
        log_error("readings are kept in memory until this works again: %s", err->text);
}

static int take_reading(void *context, const struct message_reading *reading)
{
        struct host *host = context;
        struct offpeak_error err;
        int code = spool_append(host->spool, reading, &err);

        if (code != 0)
                complain(host, &err);
        return code;
}

int host_meter_open(struct host *host, struct offpeak_error *err)
{
        const struct meter_sink sink = { take_reading, host };
        char path[PATH_MAX];
        size_t dropped = 0;
        int code;

        snprintf(path, sizeof(path), "%s/spool", host->dir.path);
        /* seconds since 1970 and 20 bits: beyond what a node can have used before its state was lost */
        code = spool_open(path, (uint64_t)time(NULL) << 20, &host->spool, &dropped, err);
        if (code != 0)
                return code;
        if (dropped > 0)
                log_warning("%s: %zu bytes at the end were cut short by a crash and are dropped", path, dropped);
        meter_init(&host->meter, &sink);
        state_dir_clock(&host->dir, &host->clock);
        host->clock_kept = host->clock.known;
        return 0;
}

/* ---- the clock */

static void say_rate(double rate)
{
        if (rate != 1)
                log_warning(
                        "the scheduler's clock runs %g times real time: what sensors say is no use, so power is taken "
                        "from the declared model",
                        rate);
}

void host_meter_clock(struct host *host, const struct message_grant *grant, int64_t sent_ms)
{
        double before = host->clock.known ? host->clock.rate : 1;
        struct offpeak_error err;

        host_meter_sample(host); /* up to now by the old line */
        if (!clock_map_update(&host->clock, &grant->clock, sent_ms, host_now_ms()))
                return;
        if (host->clock.rate != before)
                say_rate(host->clock.rate);
        if (state_dir_keep_clock(&host->dir, &host->clock, &err) != 0)
                log_warning("the scheduler's clock is not kept for a restart: %s", err.text);
        host_meter_sample(host);
}

static int64_t wall_now_ms(const struct host *host)
{
        return clock_map_wall(&host->clock, host_now_ms());
}

/* A second of this node's own calendar in the scheduler's time. */
static int64_t wall_of_s(const struct host *host, int64_t node_s)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        int64_t ago_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - node_s * 1000;
        return clock_map_wall(&host->clock, host_now_ms() - ago_ms);
}

/* ---- samples */

static enum quality gap_quality(const struct host *host)
{
        bool modelled = host->clock.rate != 1 || hardware_inventory(host->hardware)->power_quality != QUALITY_MEASURED;

        return modelled ? QUALITY_MODELLED : QUALITY_ESTIMATED;
}

static void start_meter(struct host *host)
{
        int64_t now_ms = wall_now_ms(host), gap_ms;
        struct message_reading last = { 0 };
        struct hardware_energy first;

        const struct hardware_moment beginning = { .now_ms = host_now_ms(), .scaled = host->clock.rate != 1 };
        if (!hardware_energy(host->hardware, &beginning, &first))
                return; /* nothing is known of its power: unknown is not zero */
        if (host->clock_kept)
                spool_last(host->spool, 0, 0, &last);
        gap_ms = last.end > 0 && last.end * 1000 < now_ms ? now_ms - last.end * 1000 : 0;
        if (meter_start(&host->meter, now_ms, last.end, hardware_idle_uj(host->hardware, gap_ms), gap_quality(host)) !=
            0)
                host_fail(host, &(struct offpeak_error){ OFFPEAK_ENOMEM, "out of memory" });
}

static uint64_t busy_devices(const struct meter *meter)
{
        uint64_t busy = 0;

        for (size_t i = 1; i < meter->n_accounts; i++)
                busy |= meter->accounts[i].devices;
        return busy;
}

void host_meter_sample(struct host *host)
{
        struct hardware_energy energy;
        int64_t now_ms, passed_ms;

        if (!host->clock.known)
                return;
        if (!host->meter.running) {
                start_meter(host);
                return;
        }
        now_ms = wall_now_ms(host);
        passed_ms = now_ms > host->meter.wall_ms ? now_ms - host->meter.wall_ms : 0;
        const struct hardware_moment moment = { .now_ms = host_now_ms(),
                                                .wall_ms = passed_ms,
                                                .busy = busy_devices(&host->meter),
                                                .scaled = host->clock.rate != 1 };
        if (!hardware_energy(host->hardware, &moment, &energy))
                return;
        const struct meter_sample sample = { .wall_ms = now_ms,
                                             .node_uj = energy.node_uj,
                                             .idle_uj = energy.idle_uj,
                                             .device_uj = energy.device_uj,
                                             .quality = energy.quality,
                                             .idle_quality = energy.idle_quality,
                                             .device_quality = energy.device_quality };
        meter_sample(&host->meter, &sample);
}

/* ---- legs */

static void mark_begin(struct host *host, struct leg_id id)
{
        int64_t now_s = host->meter.wall_ms / 1000;
        struct message_reading mark = { .job = id.job, .attempt = id.attempt, .start = now_s, .end = now_s };
        struct offpeak_error err;

        if (spool_mark(host->spool, &mark, &err) != 0)
                complain(host, &err);
}

/* Up to when a leg that this agent did not start is metered, s; 0: since now. */
static int64_t metered_until(const struct host *host, const struct host_leg *leg)
{
        struct message_reading last;

        if (spool_last(host->spool, leg->id.job, leg->id.attempt, &last))
                return last.end;
        return leg->adopted && leg->started > 0 ? wall_of_s(host, leg->started) / 1000 : 0;
}

static void begin_leg(struct host *host, const struct host_leg *leg, uint64_t devices)
{
        int64_t since = metered_until(host, leg);
        int64_t gap_ms = since > 0 && since * 1000 < host->meter.wall_ms ? host->meter.wall_ms - since * 1000 : 0;

        if (meter_begin(&host->meter, leg->id, devices, since, hardware_busy_uj(host->hardware, devices, gap_ms),
                        gap_quality(host)) != 0)
                host_fail(host, &(struct offpeak_error){ OFFPEAK_ENOMEM, "out of memory" });
        else if (since == 0)
                mark_begin(host, leg->id);
}

void host_meter_begin_legs(struct host *host)
{
        if (!host->clock.known)
                return;
        if (!host->meter.running)
                host_meter_sample(host);
        for (size_t i = 0; host->meter.running && i < host->core.n_legs; i++) {
                const struct agent_leg *leg = &host->core.legs[i];
                const struct host_leg *known = host_leg(host, leg->id);
                bool runs = leg->state == AGENT_LEG_RUNNING || leg->state == AGENT_LEG_STOPPING;

                if (runs && known != NULL && !meter_has(&host->meter, leg->id))
                        begin_leg(host, known, leg->devices);
        }
}

void host_meter_end_leg(struct host *host, const struct host_leg *leg)
{
        const struct agent_leg *known = agent_leg(&host->core, leg->id);
        int64_t since, end_ms;

        host_meter_sample(host);
        if (!host->meter.running)
                return;
        if (meter_has(&host->meter, leg->id)) {
                meter_end(&host->meter, leg->id);
                return;
        }
        if (!leg->adopted || leg->exit.ended == 0 || known == NULL)
                return;
        since = metered_until(host, leg);
        end_ms = wall_of_s(host, leg->exit.ended);
        if (since > 0 && end_ms > since * 1000) /* it ended while no agent looked */
                meter_past(&host->meter, leg->id, since, end_ms,
                           hardware_busy_uj(host->hardware, known->devices, end_ms - since * 1000), gap_quality(host));
}

void host_meter_forget(struct host *host, struct leg_id id)
{
        spool_forget(host->spool, id.job, id.attempt);
}

static bool is_wanted(void *context, uint64_t job, uint32_t attempt)
{
        const struct host *host = context;

        return job == 0 || agent_leg(&host->core, (struct leg_id){ job, attempt }) != NULL;
}

void host_meter_forget_others(struct host *host)
{
        spool_forget_others(host->spool, is_wanted, host);
}

/* ---- the spool */

void host_meter_sync(struct host *host)
{
        struct offpeak_error err;

        if (spool_sync(host->spool, &err) != 0)
                complain(host, &err);
}

void host_meter_acked(struct host *host, uint64_t seq)
{
        struct offpeak_error err;

        if (spool_ack(host->spool, seq, &err) != 0)
                complain(host, &err);
}

void host_meter_cut(struct host *host)
{
        host_meter_sample(host);
        meter_cut(&host->meter);
}

/* The next agent goes on from here. */
void host_meter_close(struct host *host)
{
        host_meter_cut(host);
        host_meter_sync(host);
}
