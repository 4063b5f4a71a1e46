/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_recover.c - what an earlier agent left: directories of legs, and shims that live, with or without one.
 *
 *   exit record           ended
 *   no record, this boot  its shim lives: link to it; else bury it
 *   no record, last boot  ended with the boot
 *   a shim alone          its state directory was lost; it tells by itself what it runs
 */
#include <stdlib.h>
#include <string.h>

#include "agent/host_parts.h"
#include "agent/shim/leg_group.h"
#include "wire/log.h"

static void tick(struct host *host)
{
        struct agent_input input = { .type = AGENT_TICK };

        host_feed(host, &input);
}

static void feed_gone(struct host *host, struct leg_id id)
{
        struct agent_input input = { .type = AGENT_GONE, .u.gone = { id } };

        host_feed(host, &input);
}

static struct host_leg *feed_found(struct host *host, struct leg_id id, const struct message_order *order)
{
        struct agent_input input = { .type = AGENT_FOUND, .u.found = { .id = id } };
        struct host_leg *leg = host_add_leg(host, id);

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
        if (host_read_end(leg, &record)) {
                host_note_exit(leg, &record);
                tick(host);
                return;
        }
        leg->bury_how = strcmp(local->boot, host->dir.boot) == 0 ? LEG_SHIM_LOST : LEG_REBOOT;
        if (leg->bury_how == LEG_REBOOT || host_connect_leg(leg, NULL) != 0)
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
                log_error("leg %s is not readable, and is treated as lost: %s. Its folder %s stays to be looked into: remove it when none "
                          "of its processes is left", leg_name(id, name), err.text, dir.path);
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
        leg = host_add_leg(host, id);
        if (leg == NULL)
                return;
        if (host_connect_leg(leg, &err) != 0) {
                log_warning("what listens as the shim of leg %s is left alone: %s", leg_name(id, name), err.text);
                host_remove_leg(host, leg);
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

/* A leg whose shim was killed and whose directory is gone leaves its groups. */
static bool is_known(void *context, const char *leg)
{
        struct leg_id id;

        return leg_name_parse(leg, &id) && host_leg(context, id) != NULL;
}

int host_recover(struct host *host, bool *ret_sure, struct offpeak_error *err)
{
        bool looked;
        int code;

        link_shim_path(host->shim_path, sizeof(host->shim_path));
        host->links =
                (struct link_config){ .state = host->dir.path, .node = host->config->node, .shim = host->shim_path };
        code = recover_directories(host, err);
        if (code != 0)
                return code;
        looked = recover_shims(host);
        if (looked)
                leg_group_sweep(&host->isolation.groups.base, is_known, host);
        host_meter_forget_others(host);
        *ret_sure = looked || !host->dir.new_in_boot;
        if (!*ret_sure)
                log_warning(
                        "%s is new in this boot and live shims cannot be looked for: absence of a leg proves nothing",
                        host->dir.path);
        return 0;
}
