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
#include "agent/shim/launch_paths.h"
#include "agent/shim/leg_exit.h"
#include "wire/log.h"

enum { BURY_RETRY_MS = 50, MUTE_MS = 15000 };

struct host_leg *host_leg(const struct host *host, struct leg_id id)
{
        for (struct host_leg *leg = host->legs; leg != NULL; leg = leg->next)
                if (leg->id.job == id.job && leg->id.attempt == id.attempt)
                        return leg;
        return NULL;
}

struct host_leg *host_add_leg(struct host *host, struct leg_id id)
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

void host_remove_leg(struct host *host, struct host_leg *leg)
{
        for (struct host_leg **at = &host->legs; *at != NULL; at = &(*at)->next) {
                if (*at == leg) {
                        *at = leg->next;
                        break;
                }
        }
        hang_up(leg);
        free(leg->tail);
        free(leg);
}

void host_close_legs(struct host *host)
{
        while (host->legs != NULL)
                host_remove_leg(host, host->legs);
}

/* ---- how it ended */

static const char *describe_exit(const struct leg_exit *record, char *buffer, size_t size)
{
        static const char *const hows[] = { [LEG_EXIT] = "exited",
                                            [LEG_ASKED] = "stopped as asked",
                                            [LEG_NEVER] = "never began",
                                            [LEG_SHIM_LOST] = "shim lost",
                                            [LEG_REBOOT] = "rebooted" };
        size_t n = sizeof(hows) / sizeof(hows[0]);
        const char *const how = record->how < n && hows[record->how] ? hows[record->how] : "ended";
        const char *const colon = record->why[0] != '\0' ? ": " : "";

        if (record->how != LEG_EXIT && record->how != LEG_ASKED)
                snprintf(buffer, size, "%s%s%s", how, colon, record->why);
        else if (WIFSIGNALED(record->status))
                snprintf(buffer, size, "%s, killed by signal %d (%s)%s%s", how, WTERMSIG(record->status),
                         strsignal(WTERMSIG(record->status)), colon, record->why);
        else
                snprintf(buffer, size, "%s with status %d%s%s", how, WEXITSTATUS(record->status), colon, record->why);
        if (record->how == LEG_EXIT && record->status != 0) {
                size_t used = strlen(buffer);

                snprintf(buffer + used, size - used, " (rank %u)", record->rank);
        }
        return buffer;
}

/* One that never began has written nothing, and one that was asked to stop is no failure of its job. */
static bool is_failure(const struct leg_exit *record)
{
        return record->how == LEG_SHIM_LOST || record->how == LEG_REBOOT ||
               (record->how == LEG_EXIT && record->status != 0);
}

static void read_tail(struct host_leg *leg)
{
        char text[LAST_LINES_SIZE];
        struct leg_dir dir;

        if (leg->host->last_lines == NULL || leg->tail != NULL ||
            leg_dir_open(leg->host->dir.path, leg->id, &dir, NULL) != 0)
                return;
        if (last_lines_read(leg->host->last_lines, &dir, &leg->exit, text))
                leg->tail = strdup(text); /* none without memory for it */
        leg_dir_close(&dir);
}

/* It goes to the core after this turn (host_feed). */
void host_note_exit(struct host_leg *leg, const struct leg_exit *record)
{
        char name[LEG_NAME_SIZE], text[256];

        hang_up(leg);
        leg->burying = false;
        leg->has_exit = true;
        leg->exit = *record;
        if (is_failure(record)) {
                hardware_look(leg->host->hardware, host_now_ms());
                read_tail(leg);
        }
        host_caps_note_end(leg->host);
        log_info("leg %s %s", leg_name(leg->id, name), describe_exit(record, text, sizeof(text)));
}

static void note_exit_why(struct host_leg *leg, enum leg_how how, const char *why)
{
        struct leg_exit record = { .how = how };

        snprintf(record.why, sizeof(record.why), "%s", why);
        host_note_exit(leg, &record);
}

/* It fails as a program that may not be executed: no other attempt would do better, and the node is not to blame. */
static void note_forbidden(struct host_leg *leg, uint32_t rank, const char *why)
{
        struct leg_exit record = { .how = LEG_EXIT, .status = W_EXITCODE(126, 0), .rank = rank };

        snprintf(record.why, sizeof(record.why), "%s", why);
        host_note_exit(leg, &record);
}

/* The record on disk and the last progress. False: the directory says nothing. */
bool host_read_end(struct host_leg *leg, struct leg_exit *ret_exit)
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

        if (!host_read_end(leg, &record)) /* the directory is gone: the shim's word is all there is */
                record = (struct leg_exit){ .how = state->how,
                                            .status = state->status,
                                            .killed = state->killed,
                                            .started = state->started,
                                            .ended = state->ended };
        host_note_exit(leg, &record);
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
        if (leg->heard != state->state)
                log_info("leg %s is %s", leg_name(leg->id, name), states[state->state]);
        leg->heard = state->state;
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

int host_connect_leg(struct host_leg *leg, struct offpeak_error *err)
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
        if (action->order->launch.spec.launcher == OFFPEAK_LAUNCHER_GPU)
                hardware_near(host->hardware, devices, ret_local->near, sizeof(ret_local->near));
        isolation_of_leg(&host->isolation, action->id, devices, ret_local);
        ret_local->lease_deadline_ms = action->deadline_ms;
}

/* 0,1,5 */
static const char *list_devices(uint64_t devices, char *list, size_t size)
{
        size_t used = 0;

        list[0] = '\0';
        for (uint32_t i = 0; i < OFFPEAK_MAX_DEVICES && used < size; i++)
                if (devices >> i & 1)
                        used += (size_t)snprintf(list + used, size - used, "%s%u", used > 0 ? "," : "", i);
        return list;
}

void host_launch(struct host *host, const struct agent_action *action)
{
        struct host_leg *leg = host_add_leg(host, action->id);
        struct link_events events;
        struct offpeak_error err;
        struct leg_local local;
        struct leg_dir dir;
        char name[LEG_NAME_SIZE], devices[4 * OFFPEAK_MAX_DEVICES];

        if (leg == NULL)
                return;
        if (isolation_check_user(&host->isolation, action->order->launch.uid, &err) != 0) {
                note_forbidden(leg, launch_first_rank(&action->order->launch), err.text);
                return;
        }
        if (hardware_check(host->hardware, action->order->launch.devices, &err) != 0) {
                note_exit_why(leg, LEG_NEVER, err.text); /* it would fail there, and be done with */
                return;
        }
        make_local(host, action, &local);
        if (leg_dir_create(host->dir.path, action->order, &local, &dir, &err) != 0) {
                note_exit_why(leg, LEG_NEVER, err.text);
                return;
        }
        leg_dir_close(&dir);
        host_caps_put(host, leg->id, action->order->launch.devices, action->order->launch.cap_ppm);
        events = events_of(leg);
        if (link_start(&host->loop, &host->links, leg->id, &events, &leg->link, &err) != 0) {
                leg_dir_remove(host->dir.path, leg->id, NULL);
                note_exit_why(leg, LEG_NEVER, err.text);
                return;
        }
        log_info("leg %s launched on devices %s", leg_name(leg->id, name),
                 list_devices(action->order->launch.devices, devices, sizeof(devices)));
}

void host_delete(struct host *host, struct leg_id id)
{
        struct host_leg *leg = host_leg(host, id);
        struct leg_group group;
        struct offpeak_error err;
        char name[LEG_NAME_SIZE];
        int code = leg_dir_remove(host->dir.path, id, &err);

        leg_group_of(&host->isolation.groups.base, leg_name(id, name), &group);
        leg_group_remove(&group);
        if (code != 0 && code != OFFPEAK_ENOTFOUND)
                log_warning("%s", err.text); /* the next agent finds it, tells it and is told to forget it */
        if (leg != NULL)
                host_remove_leg(host, leg);
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
                host_read_end(leg, &record); /* for its progress */
                host_note_exit(leg, &record);
                return;
        }
        if (leg->link == NULL && leg->bury_how != LEG_REBOOT && host_connect_leg(leg, NULL) == 0)
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
