/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_caps.c - power caps on the GPUs of legs (gpu_caps.h), as configuration and scheduler ask for them, and back again.
 *
 * Putting back is by level: whenever a leg has ended, and at the start, all caps are put back whose leg does not live.
 * Libraries may hang, so all of it happens in a thread aside, and is tried again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/devices/aside.h"
#include "agent/devices/gpu_caps.h"
#include "agent/host_parts.h"
#include "base/fail.h"
#include "wire/log.h"

enum { WAIT_MS = 500, RETRY_MS = 60000 };

/* Given to the thread. */
struct caps_work {
        char *state, *library;
        struct leg_id leg; /* to put caps for */
        uint32_t mw[OFFPEAK_MAX_DEVICES];
        char addresses[OFFPEAK_MAX_DEVICES][20];
        uint32_t got_mw[OFFPEAK_MAX_DEVICES];
        unsigned n;
        struct leg_id *living; /* whose caps stay */
        size_t n_living;
        int code; /* the first failure */
        struct offpeak_error err;
        unsigned n_back;
};

struct host_caps {
        struct aside *aside;
        struct caps_work *work;
        bool due;                /* something may be to put back */
        int64_t retry_ms;        /* not before */
        int said_put, said_back; /* the failures that were told */
};

/* ---- aside */

static void work_put(void *context)
{
        struct caps_work *work = context;
        struct offpeak_error why;

        work->code = 0;
        for (unsigned i = 0; i < work->n; i++) {
                int code = gpu_caps_put(work->state, work->leg, work->addresses[i], work->library, work->mw[i],
                                        &work->got_mw[i], &why);

                if (code != 0)
                        work->got_mw[i] = 0;
                if (code != 0 && work->code == 0)
                        work->code = fail(&work->err, code, "%s", why.text);
        }
}

static bool is_over(void *context, struct leg_id leg)
{
        const struct caps_work *work = context;

        for (size_t i = 0; i < work->n_living; i++)
                if (work->living[i].job == leg.job && work->living[i].attempt == leg.attempt)
                        return false;
        return true;
}

static void work_back(void *context)
{
        struct caps_work *work = context;

        work->code = gpu_caps_put_back(work->state, is_over, work, &work->n_back, &work->err);
}

static void end(void *context)
{
        struct caps_work *work = context;

        if (work == NULL)
                return;
        free(work->state);
        free(work->library);
        free(work->living);
        free(work);
}

/* ---- putting */

static bool begin(struct host *host)
{
        struct host_caps *caps = host->caps;
        struct offpeak_error err;

        if (caps->aside == NULL && aside_open(&caps->aside, &err) != 0) {
                log_warning("no power cap is put or put back: %s", err.text);
                return false;
        }
        return aside_is_idle(caps->aside);
}

static void say_put(struct host_caps *caps, struct leg_id id)
{
        const struct caps_work *work = caps->work;
        char name[LEG_NAME_SIZE];

        if (work->code != 0 && work->code != caps->said_put)
                log_warning("leg %s runs without a power cap, and so do others of which this is true: %s",
                            leg_name(id, name), work->err.text);
        caps->said_put = work->code;
        for (unsigned i = 0; i < work->n; i++)
                if (work->got_mw[i] > 0)
                        log_info("leg %s: GPU %s is limited to %u W%s", leg_name(id, name), work->addresses[i],
                                 work->got_mw[i] / 1000,
                                 work->got_mw[i] != work->mw[i] ? ", which is what it allows" : "");
}

/* What the configuration and the order allow, whichever is less. 0: no cap at all. */
static uint32_t wanted_mw(const struct host *host, const struct device *device, uint32_t cap_ppm)
{
        uint64_t ordered = cap_ppm > 0 ? (uint64_t)device->max_w * cap_ppm / 1000 : 0;
        uint64_t configured = (uint64_t)host->config->cap_w * 1000;

        if (ordered == 0 || (configured > 0 && configured < ordered))
                return (uint32_t)configured;
        return (uint32_t)ordered;
}

/* raise: where there is to be no cap, one from before is taken off. */
static void list_cards(const struct host *host, uint64_t devices, uint32_t cap_ppm, bool raise, struct caps_work *work)
{
        const struct inventory *inventory = hardware_inventory(host->hardware);

        work->n = 0;
        for (uint32_t i = 0; i < inventory->n_devices; i++) {
                const struct device *device = &inventory->devices[i];
                uint32_t mw = wanted_mw(host, device, cap_ppm), before_mw = 0;

                if ((devices >> i & 1) == 0 || device->kind != DEVICE_GPU)
                        continue;
                if (mw == 0 && (!raise || !gpu_caps_before(work->state, device->address, &before_mw)))
                        continue;
                work->mw[work->n] = mw > 0 ? mw : before_mw;
                memcpy(work->addresses[work->n++], device->address, sizeof(work->addresses[0]));
        }
}

/* A thread that has not come back may still put it, or not: that is not known either. */
static void note_failure(struct host *host, struct leg_id id, bool ordered)
{
        struct host_leg *leg = host_leg(host, id);
        bool done = aside_is_idle(host->caps->aside) && host->caps->work->code == 0;

        if (leg != NULL && ordered)
                leg->cap_failed = !done;
}

void host_caps_tell(struct host *host)
{
        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next) {
                struct agent_input input = { .type = AGENT_UNCAPPED, .u.uncapped = { leg->id } };

                if (!leg->cap_failed)
                        continue;
                leg->cap_failed = false;
                host_feed(host, &input);
        }
}

static bool put(struct host *host, struct leg_id id, uint64_t devices, uint32_t cap_ppm, bool raise)
{
        struct caps_work *work = host->caps->work;

        if (!begin(host))
                return false;
        work->leg = id;
        list_cards(host, devices, cap_ppm, raise, work);
        if (work->n == 0)
                return true;
        if (aside_call(host->caps->aside, work_put, work, WAIT_MS) == 0)
                say_put(host->caps, id);
        else
                log_warning("a GPU's driver takes its time: a power cap may come late");
        note_failure(host, id, cap_ppm > 0 || raise);
        return true;
}

void host_caps_put(struct host *host, struct leg_id id, uint64_t devices, uint32_t cap_ppm)
{
        const struct inventory *inventory = hardware_inventory(host->hardware);
        bool any = host->config->cap_w > 0 || cap_ppm > 0;

        if (any && inventory->n_devices > 0 && inventory->devices[0].kind == DEVICE_GPU &&
            !put(host, id, devices, cap_ppm, false))
                log_warning("a GPU's driver does not come back from a call: a job runs without its power cap");
}

void host_caps_change(struct host *host, struct leg_id id, uint32_t cap_ppm)
{
        struct host_leg *leg = host_leg(host, id);

        if (leg == NULL)
                return;
        leg->cap_ppm = cap_ppm;
        leg->cap_due = true;
        host_caps_settle(host);
}

/* What was ordered of legs that run, once the thread aside is free. */
static void settle_changes(struct host *host)
{
        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next) {
                const struct agent_leg *known = agent_leg(&host->core, leg->id);

                if (!leg->cap_due || known == NULL || leg->has_exit)
                        continue;
                host_meter_cut(host); /* what it drew until now, it drew under the cap before */
                leg->cap_due = !put(host, leg->id, known->devices, leg->cap_ppm, true);
        }
}

/* ---- putting back */

/* False: out of memory, and nothing may be concluded. */
static bool list_living(const struct host *host, struct caps_work *work)
{
        work->n_living = 0;
        for (const struct host_leg *leg = host->legs; leg != NULL; leg = leg->next) {
                const struct agent_leg *known = agent_leg(&host->core, leg->id);

                if (!leg->has_exit && (known == NULL || known->state != AGENT_LEG_EXITED) &&
                    leg_ids_append(&work->living, &work->n_living, leg->id) != 0)
                        return false;
        }
        return true;
}

static void say_back(struct host_caps *caps, int64_t now_ms)
{
        const struct caps_work *work = caps->work;

        if (work->n_back > 0)
                log_info("the power limits of %u GPUs are put back", work->n_back);
        caps->due = work->code != 0;
        if (work->code == 0) {
                caps->said_back = 0;
                return;
        }
        caps->retry_ms = now_ms + RETRY_MS;
        if (work->code != caps->said_back)
                log_error("a GPU's power limit cannot be put back, trying on each minute: %s", work->err.text);
        caps->said_back = work->code;
}

void host_caps_note_end(struct host *host)
{
        host->caps->due = true;
}

void host_caps_settle(struct host *host)
{
        struct host_caps *caps = host->caps;
        int64_t now_ms = host_now_ms();
        char path[PATH_MAX];

        settle_changes(host);
        if (!caps->due || now_ms < caps->retry_ms)
                return;
        snprintf(path, sizeof(path), "%s/caps", host->dir.path);
        if (access(path, F_OK) != 0) { /* none was ever put */
                caps->due = false;
                return;
        }
        if (begin(host) && list_living(host, caps->work) &&
            aside_call(caps->aside, work_back, caps->work, WAIT_MS) == 0)
                say_back(caps, now_ms);
}

/* ---- beginning and end */

int host_caps_open(struct host *host, struct offpeak_error *err)
{
        struct host_caps *caps = calloc(1, sizeof(*caps));
        struct caps_work *work = calloc(1, sizeof(*work));
        const char *library = host->config->nvml;

        if (work != NULL) {
                work->state = strdup(host->dir.path);
                work->library = library != NULL ? strdup(library) : NULL;
        }
        if (caps == NULL || work == NULL || work->state == NULL || (library != NULL && work->library == NULL)) {
                free(caps);
                end(work);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        caps->work = work;
        caps->due = true;
        host->caps = caps;
        return 0;
}

void host_caps_close(struct host *host)
{
        if (host->caps == NULL)
                return;
        aside_close(host->caps->aside, end, host->caps->work, WAIT_MS);
        free(host->caps);
        host->caps = NULL;
}
