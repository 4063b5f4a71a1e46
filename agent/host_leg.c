/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_leg.c - the legs of this node as directories and shims.
 *
 * A leg's end comes to the core from one place, its exit record: read when its shim says EXITED, or made by leg_bury
 * when its shim is gone. Burials are tried until they work; if the shim turns out to be alive, it is linked to again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/host_parts.h"
#include "agent/shim/bury.h"
#include "agent/shim/leg_exit.h"
#include "agent/shim/leg_group.h"
#include "wire/log.h"

enum { BURY_RETRY_MS = 50, MUTE_MS = 15000 };

struct host_leg *host_leg(const struct host *host, struct leg_id id)
{
        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next)
                if (leg->id.job == id.job && leg->id.attempt == id.attempt)
                        return leg;
        return NULL;
}

static struct host_leg *add_leg(struct host *host, struct leg_id id)
{
        struct host_leg *leg = calloc(1, sizeof(*leg));

        if (leg == NULL) {
                host_fail(host, &(struct offpeak_error){ OFFPEAK_ENOMEM, "out of memory" });
                return NULL;
        }
        leg->host = host;
        leg->id = id;
        leg->met_ms = host_now_ms();
        leg->next = host->legs;
        host->legs = leg;
        return leg;
}

static void hang_up(struct host_leg *leg)
{
        if (leg->link != NULL)
                link_close(leg->link, NULL, NULL);
        leg->link = NULL;
}

static void remove_leg(struct host *host, struct host_leg *leg)
{
        for (struct host_leg **at = &host->legs; *at != NULL; at = &(*at)->next) {
                if (*at == leg) {
                        *at = leg->next;
                        break;
                }
        }
        hang_up(leg);
        free(leg);
}

void host_close_legs(struct host *host)
{
        while (host->legs != NULL)
                remove_leg(host, host->legs);
}

/* ---- how it ended */

static const char *describe_exit(const struct leg_exit *record, char *buffer, size_t size)
{
        static const char *const hows[] = { [LEG_EXIT] = "exited",       [LEG_ASKED] = "stopped as asked",
                                            [LEG_NEVER] = "never began", [LEG_SHIM_LOST] = "shim lost",
                                            [LEG_REBOOT] = "rebooted" };
        size_t n = sizeof(hows) / sizeof(hows[0]);
        int used = snprintf(buffer, size, "%s", record->how < n && hows[record->how] ? hows[record->how] : "ended");

        if (record->how != LEG_EXIT && record->how != LEG_ASKED)
                snprintf(buffer + used, size - (size_t)used, "%s%s", record->why[0] != '\0' ? ": " : "", record->why);
        else if (WIFSIGNALED(record->status))
                snprintf(buffer + used, size - (size_t)used, ", killed by signal %d (%s)", WTERMSIG(record->status),
                         strsignal(WTERMSIG(record->status)));
        else
                snprintf(buffer + used, size - (size_t)used, " with status %d", WEXITSTATUS(record->status));
        return buffer;
}

/* It goes to the core after this turn (host_feed). */
static void note_exit(struct host_leg *leg, const struct leg_exit *record)
{
        char name[LEG_NAME_SIZE], text[256];

        hang_up(leg);
        leg->burying = false;
        leg->has_exit = true;
        leg->exit = *record;
        log_info("leg %s %s", leg_name(leg->id, name), describe_exit(record, text, sizeof(text)));
}

static void note_exit_why(struct host_leg *leg, enum leg_how how, const char *why)
{
        struct leg_exit record = { .how = how };

        snprintf(record.why, sizeof(record.why), "%s", why);
        note_exit(leg, &record);
}

/* The record on disk and the last progress. False: the directory says nothing. */
static bool read_end(struct host_leg *leg, struct leg_exit *ret_exit)
{
        struct leg_dir dir;
        bool good;

        if (leg_dir_open(leg->host->dir.path, leg->id, &dir, NULL) != 0)
                return false;
        good = leg_exit_read(dir.fd, ret_exit, NULL) == 0;
        if (leg_dir_progress(&dir, &leg->done, &leg->total) != 0)
                leg->done = leg->total = 0;
        leg_dir_close(&dir);
        return good;
}

/* ---- links */

static void tick(struct host *host)
{
        struct agent_input input = { .type = AGENT_TICK };

        host_feed(host, &input);
}

static void on_exited(struct host_leg *leg, const struct link_state *state)
{
        struct leg_exit record;

        if (!read_end(leg, &record)) /* the directory is gone: the shim's word is all there is */
                record = (struct leg_exit){ .how = state->how,
                                            .status = state->status,
                                            .killed = state->killed,
                                            .started = state->started,
                                            .ended = state->ended };
        note_exit(leg, &record);
        tick(leg->host);
}

static void on_state(void *context, const struct link_state *state)
{
        static const char *const states[] = { "?", "armed", "running", "stopping", "exited" };
        struct host_leg *leg = context;
        struct host *host = leg->host;
        char name[LEG_NAME_SIZE];

        host_meter_sample(host); /* before anything changes who draws */
        leg->started = state->started;
        if (state->state == REPORT_EXITED) {
                on_exited(leg, state);
                return;
        }
        struct agent_input input = { .type = AGENT_SHIM,
                                     .u.shim = { .id = leg->id,
                                                 .epoch = state->epoch,
                                                 .devices = state->devices,
                                                 .lease_ms = state->lease_ms,
                                                 .state = state->state } };
        log_info("leg %s is %s", leg_name(leg->id, name), states[state->state]);
        leg->burying = false;
        host_feed(host, &input);
}

static void on_gone(void *context)
{
        struct host_leg *leg = context;
        struct agent_input input = { .type = AGENT_GONE, .u.gone = { leg->id } };

        hang_up(leg);
        host_feed(leg->host, &input);
}

static struct link_events events_of(struct host_leg *leg)
{
        return (struct link_events){ .state = on_state, .gone = on_gone, .context = leg };
}

static int connect_leg(struct host_leg *leg, struct offpeak_error *err)
{
        struct link_events events = events_of(leg);

        leg->met_ms = host_now_ms();
        return link_connect(&leg->host->loop, &leg->host->links, leg->id, &events, &leg->link, err);
}

void host_tell_shim(struct host *host, const struct agent_action *action)
{
        struct host_leg *leg = host_leg(host, action->id);

        if (leg == NULL || leg->link == NULL)
                return; /* told again with the next order or grant, or when it is linked */
        if (action->type == AGENT_GO)
                link_go(leg->link, action->deadline_ms);
        else if (action->type == AGENT_STOP)
                link_stop(leg->link, action->reason, action->grace_s);
        else
                link_lease(leg->link, action->deadline_ms);
}

/* A shim that lives and says nothing for long: hang up and look at its lock. */
void host_give_up_mute_shims(struct host *host)
{
        int64_t now_ms = host_now_ms();

        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next) {
                const struct agent_leg *known = agent_leg(&host->core, leg->id);
                char name[LEG_NAME_SIZE];

                if (leg->link == NULL || known == NULL || now_ms - leg->met_ms < MUTE_MS ||
                    (known->state != AGENT_LEG_INTENT && !known->burying))
                        continue;
                log_warning("the shim of leg %s says nothing", leg_name(leg->id, name));
                on_gone(leg);
        }
}

/* ---- launching */

static void make_local(struct host *host, const struct agent_action *action, struct leg_local *ret_local)
{
        uint64_t devices = action->order->launch.devices;

        memset(ret_local, 0, sizeof(*ret_local));
        memcpy(ret_local->boot, host->dir.boot, sizeof(ret_local->boot));
        snprintf(ret_local->node, sizeof(ret_local->node), "%s", host->config->node);
        hardware_visible(host->hardware, devices, ret_local->visible, sizeof(ret_local->visible));
        hardware_cpus(host->hardware, devices, ret_local->cpus, sizeof(ret_local->cpus));
        leg_group_path(host->group_base, action->id, ret_local->group, sizeof(ret_local->group));
        ret_local->lease_deadline_ms = action->deadline_ms;
}

void host_launch(struct host *host, const struct agent_action *action)
{
        struct host_leg *leg = add_leg(host, action->id);
        struct link_events events;
        struct offpeak_error err;
        struct leg_local local;
        struct leg_dir dir;
        char name[LEG_NAME_SIZE];

        if (leg == NULL)
                return;
        make_local(host, action, &local);
        if (leg_dir_create(host->dir.path, action->order, &local, &dir, &err) != 0) {
                note_exit_why(leg, LEG_NEVER, err.text);
                return;
        }
        leg_dir_close(&dir);
        events = events_of(leg);
        if (link_start(&host->loop, &host->links, leg->id, &events, &leg->link, &err) != 0) {
                leg_dir_remove(host->dir.path, leg->id, NULL);
                note_exit_why(leg, LEG_NEVER, err.text);
                return;
        }
        log_info("leg %s launched on devices %" PRIx64, leg_name(leg->id, name), action->order->launch.devices);
}

void host_delete(struct host *host, struct leg_id id)
{
        struct host_leg *leg = host_leg(host, id);
        struct offpeak_error err;
        int code = leg_dir_remove(host->dir.path, id, &err);

        if (code != 0 && code != OFFPEAK_ENOTFOUND)
                log_warning("%s", err.text); /* the next agent finds it, tells it and is told to forget it */
        if (leg != NULL)
                remove_leg(host, leg);
        host_meter_forget(host, id);
}

/* ---- burying */

static void on_bury(uv_timer_t *timer);

/* One attempt. */
static void bury(struct host *host, struct host_leg *leg)
{
        struct offpeak_error err;
        struct leg_exit record;
        char name[LEG_NAME_SIZE];
        int code = leg_bury(host->dir.path, leg->id, leg->bury_how, &record, &err);

        if (code == 0) {
                read_end(leg, &record); /* for its progress */
                note_exit(leg, &record);
                return;
        }
        if (leg->link == NULL && leg->bury_how != LEG_REBOOT && connect_leg(leg, NULL) == 0)
                return; /* it lives after all; its state follows */
        if (code == OFFPEAK_ENOTFOUND && leg->link == NULL) {
                note_exit_why(leg, LEG_SHIM_LOST, "its directory is gone, and its shim is dead");
                return;
        }
        if (code != OFFPEAK_ETRYAGAIN && !leg->complained) {
                log_error("leg %s cannot be cleared away, trying on: %s", leg_name(leg->id, name), err.text);
                leg->complained = true;
        }
}

static void arm_bury_timer(struct host *host)
{
        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next) {
                if (leg->burying && !uv_is_active((uv_handle_t *)&host->bury_timer))
                        uv_timer_start(&host->bury_timer, on_bury, BURY_RETRY_MS, 0);
        }
}

static void on_bury(uv_timer_t *timer)
{
        struct host *host = timer->data;

        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next)
                if (leg->burying)
                        bury(host, leg);
        tick(host);
        arm_bury_timer(host);
}

void host_bury(struct host *host, struct leg_id id)
{
        struct host_leg *leg = host_leg(host, id);

        if (leg == NULL)
                return;
        leg->burying = true;
        if (leg->bury_how == 0)
                leg->bury_how = LEG_SHIM_LOST;
        bury(host, leg);
        arm_bury_timer(host);
}

/* ---- what an earlier agent left */

static void feed_gone(struct host *host, struct leg_id id)
{
        struct agent_input input = { .type = AGENT_GONE, .u.gone = { id } };

        host_feed(host, &input);
}

static struct host_leg *feed_found(struct host *host, struct leg_id id, const struct message_order *order)
{
        struct agent_input input = { .type = AGENT_FOUND, .u.found = { .id = id } };
        struct host_leg *leg = add_leg(host, id);

        if (order != NULL) {
                input.u.found.epoch = order->epoch;
                input.u.found.devices = order->launch.devices;
                input.u.found.lease_ms = order->launch.lease_ms;
        }
        if (leg != NULL) {
                leg->adopted = true;
                host_feed(host, &input);
        }
        return leg;
}

/* A directory: its leg has ended, or lives, or died with the last boot or without a word. */
static void recover_leg(struct host *host, struct leg_dir *dir, const struct leg_local *local,
                        const struct message_order *order)
{
        struct host_leg *leg = feed_found(host, dir->id, order);
        struct leg_exit record;

        if (leg == NULL)
                return;
        if (read_end(leg, &record)) {
                note_exit(leg, &record);
                tick(host);
                return;
        }
        leg->bury_how = strcmp(local->boot, host->dir.boot) == 0 ? LEG_SHIM_LOST : LEG_REBOOT;
        if (leg->bury_how == LEG_REBOOT || connect_leg(leg, NULL) != 0)
                feed_gone(host, leg->id);
}

static void recover_directory(struct host *host, struct leg_id id)
{
        struct message order;
        struct leg_local local;
        struct offpeak_error err;
        struct leg_dir dir;
        char name[LEG_NAME_SIZE];

        if (leg_dir_open(host->dir.path, id, &dir, &err) != 0) {
                log_error("leg %s: %s", leg_name(id, name), err.text);
                return;
        }
        if (leg_dir_local(&dir, &local, &err) == 0 && leg_dir_order(&dir, &order, &err) == 0) {
                recover_leg(host, &dir, &local, &order.u.order);
                message_finish(&order);
        } else {
                /* alive or not, its shim's own word must do: without one it is absent, which is true */
                log_error("leg %s is not readable, and is treated as lost: %s", leg_name(id, name), err.text);
        }
        leg_dir_close(&dir);
}

/* A shim without a (readable) directory: it tells by itself what it runs. */
static void recover_shim(struct host *host, struct leg_id id)
{
        struct offpeak_error err;
        struct host_leg *leg;
        char name[LEG_NAME_SIZE];

        if (host_leg(host, id) != NULL)
                return;
        leg = add_leg(host, id);
        if (leg == NULL)
                return;
        if (connect_leg(leg, &err) != 0) {
                log_warning("what listens as the shim of leg %s is left alone: %s", leg_name(id, name), err.text);
                remove_leg(host, leg);
                return;
        }
        log_warning("leg %s lives, but its directory is gone", leg_name(id, name));
        leg->adopted = true;
        struct agent_input input = { .type = AGENT_FOUND, .u.found = { .id = id } };
        host_feed(host, &input);
}

static int recover_directories(struct host *host, struct offpeak_error *err)
{
        struct leg_id *ids = NULL;
        size_t n = 0;
        int code = leg_dir_list(host->dir.path, &ids, &n, NULL, err);

        for (size_t i = 0; code == 0 && i < n; i++)
                recover_directory(host, ids[i]);
        free(ids);
        return code;
}

/* The kernel is asked after the directories: a leg that is launched has its directory first. */
static bool recover_shims(struct host *host)
{
        struct leg_id *ids = NULL;
        struct offpeak_error err;
        size_t n = 0;

        if (link_find(host->config->node, &ids, &n, &err) != 0) {
                log_warning("live shims cannot be looked for: %s", err.text);
                return false;
        }
        for (size_t i = 0; i < n; i++)
                recover_shim(host, ids[i]);
        free(ids);
        return true;
}

int host_recover(struct host *host, bool *ret_sure, struct offpeak_error *err)
{
        bool looked;
        int code;

        link_shim_path(host->shim_path, sizeof(host->shim_path));
        leg_group_base(host->config->node, host->group_base, sizeof(host->group_base));
        host->links = (struct link_config){ .state = host->dir.path,
                                            .node = host->config->node,
                                            .shim = host->shim_path };
        code = recover_directories(host, err);
        if (code != 0)
                return code;
        looked = recover_shims(host);
        host_meter_forget_others(host);
        *ret_sure = looked || !host->dir.new_in_boot;
        if (!*ret_sure)
                log_warning("%s is new in this boot and live shims cannot be looked for: absence of a leg proves nothing",
                            host->dir.path);
        return 0;
}

/* ---- progress */

void host_read_progress(struct host *host)
{
        for (struct host_leg *leg = host->legs; leg != NULL && host->code == 0; leg = leg->next) {
                const struct agent_leg *known = agent_leg(&host->core, leg->id);
                struct agent_input input = { .type = AGENT_PROGRESS };
                double done, total;
                struct leg_dir dir;
                int code;

                if (known == NULL || known->state != AGENT_LEG_RUNNING ||
                    leg_dir_open(host->dir.path, leg->id, &dir, NULL) != 0)
                        continue;
                code = leg_dir_progress(&dir, &done, &total);
                leg_dir_close(&dir);
                if (code != 0 || (done == leg->done && total == leg->total))
                        continue;
                leg->done = done;
                leg->total = total;
                input.u.progress.id = leg->id;
                input.u.progress.done = done;
                input.u.progress.total = total;
                host_feed(host, &input);
        }
}
