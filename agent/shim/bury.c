/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/bury.h"

#include <stdio.h>

#include "agent/shim/leg_group.h"
#include "base/fail.h"

static int end_processes(const struct leg_dir *dir, struct offpeak_error *err)
{
        struct leg_local local;
        int rc = leg_dir_local(dir, &local, err);

        if (rc != 0)
                return rc;
        rc = leg_group_kill(&local.group, err);
        if (rc != 0)
                return rc;
        if (!leg_group_is_empty(&local.group))
                return fail(err, OFFPEAK_ETRYAGAIN, "processes of %s are still ending", dir->path);
        leg_group_remove(&local.group); /* one that is still in use for a moment goes when the leg is forgotten */
        return 0;
}

static int bury(struct leg_dir *dir, enum leg_how how, struct leg_exit *ret_exit, struct offpeak_error *err)
{
        struct leg_exit mine = { .how = how };
        int rc = leg_exit_read(dir->fd, ret_exit, err);

        if (rc != OFFPEAK_ENOTFOUND)
                return rc;
        rc = leg_dir_lock(dir, err);
        if (rc == 0 && how != LEG_REBOOT)
                rc = end_processes(dir, err);
        if (rc != 0)
                return rc;
        snprintf(mine.why, sizeof(mine.why), "%s",
                 how == LEG_REBOOT ? "the node rebooted" : "the shim died, and its processes with it");
        return leg_exit_decide(dir->fd, &mine, ret_exit, err);
}

int leg_bury(const char *state, struct leg_id id, enum leg_how how, struct leg_exit *ret_exit,
             struct offpeak_error *err)
{
        struct leg_dir dir;
        int rc = leg_dir_open(state, id, &dir, err);

        if (rc != 0)
                return rc;
        rc = bury(&dir, how, ret_exit, err);
        leg_dir_close(&dir);
        return rc;
}
