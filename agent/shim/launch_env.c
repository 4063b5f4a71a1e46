/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/launch_env.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/remote/remote_file.h"
#include "agent/shim/launch_paths.h"
#include "agent/shim/leg_file.h"
#include "base/fail.h"

/* ---- a list of strings; once an allocation failed, the rest is ignored and the end tells */

struct list {
        char **items;
        size_t count;
        bool failed;
};

static void take(struct list *list, char *item)
{
        char **more = item == NULL ? NULL : reallocarray(list->items, list->count + 2, sizeof(*more));

        if (more == NULL) {
                free(item);
                list->failed = true;
                return;
        }
        list->items = more;
        list->items[list->count++] = item;
        list->items[list->count] = NULL;
}

static void add(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct list *list, const char *format, ...)
{
        char *item;
        va_list args;

        va_start(args, format);
        if (vasprintf(&item, format, args) < 0)
                item = NULL;
        va_end(args);
        take(list, item);
}

/* entry: NAME=value; only the first `count` are looked at. */
static bool has(const struct list *list, size_t count, const char *entry)
{
        const size_t name = strcspn(entry, "=") + 1;

        for (size_t i = 0; i < count; i++)
                if (strncmp(list->items[i], entry, name) == 0)
                        return true;
        return false;
}

static void add_default(struct list *list, const char *name, const char *value)
{
        char entry[64];

        snprintf(entry, sizeof(entry), "%s=", name);
        if (value != NULL && value[0] != '\0' && !has(list, list->count, entry))
                add(list, "%s=%s", name, value);
}

/* ---- the environment */

static void add_ranks(struct list *list, const struct message_launch *launch)
{
        const uint32_t per_node = launch->spec.launcher == OFFPEAK_LAUNCHER_GPU ? launch->spec.gpus_per_node : 1;

        add(list, "RANK=%u", launch_first_rank(launch));
        add(list, "LOCAL_RANK=0");
        add(list, "WORLD_SIZE=%u", launch->n_nodes * per_node);
        add(list, "LOCAL_WORLD_SIZE=%u", per_node);
}

#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

/* Before the owner's PATH, or the system's, our folder with what calls itself ssh. */
static void add_path(struct list *list, const struct offpeak_job_spec *spec)
{
        const char *path = SYSTEM_PATH;
        char program[PATH_MAX];

        for (size_t i = spec->envc; i > 0; i--)
                if (strncmp(spec->env[i - 1], "PATH=", 5) == 0)
                        path = spec->env[i - 1] + 5; /* the first counts, as in add_theirs */
        remote_program(program, sizeof(program));
        add(list, "PATH=%.*s/offpeak-head:%s", (int)(strrchr(program, '/') - program), program, path);
}

/* By which the launchers that a head calls start processes by us, not by ssh: Open MPI's ORTE and PRRTE, and Hydra. */
static void add_remote(struct list *list, const struct leg_dir *dir, const struct offpeak_job_spec *spec)
{
        char program[PATH_MAX];

        remote_program(program, sizeof(program));
        add(list, "OFFPEAK_REMOTE=%s/remote", dir->path);
        add(list, "OFFPEAK_RSH=%s", program);
        add(list, "OMPI_MCA_plm_rsh_agent=%s", program);
        add(list, "OMPI_MCA_orte_leave_session_attached=1"); /* so that they end with whoever asked for them */
        add(list, "OMPI_MCA_orte_default_hostfile=%s/hostfile.slots", dir->path);
        add(list, "PRTE_MCA_plm_ssh_agent=%s", program);
        add(list, "PRTE_MCA_prte_leave_session_attached=1");
        add(list, "PRTE_MCA_prte_default_hostfile=%s/hostfile.slots", dir->path);
        add(list, "HYDRA_LAUNCHER=ssh");
        add(list, "HYDRA_LAUNCHER_EXEC=%s", program);
        add_path(list, spec);
}

/* What torchrun takes for options that it is not given: its workers are then those of the whole gang. */
static void add_torchrun(struct list *list, const struct message_launch *launch)
{
        add(list, "PET_NNODES=%u", launch->n_nodes);
        add(list, "PET_NODE_RANK=%u", launch->rank);
        add(list, "PET_NPROC_PER_NODE=%u", launch->spec.gpus_per_node);
        add(list, "PET_MASTER_ADDR=%s", launch->master_address == NULL ? "" : launch->master_address);
        add(list, "PET_MASTER_PORT=%u", launch->master_port);
}

static void add_ours(struct list *list, const struct leg_dir *dir, const struct message_order *order,
                     const struct leg_local *local, const char *checkpoint)
{
        const struct message_launch *launch = &order->launch;
        if (launch->spec.launcher == OFFPEAK_LAUNCHER_HEAD)
                add_remote(list, dir, &launch->spec);
        else
                add_ranks(list, launch);
        add(list, "NNODES=%u", launch->n_nodes);
        add(list, "NODE_RANK=%u", launch->rank);
        add(list, "MASTER_ADDR=%s", launch->master_address == NULL ? "" : launch->master_address);
        add(list, "MASTER_PORT=%u", launch->master_port);
        if (launch->spec.launcher == OFFPEAK_LAUNCHER_NODE)
                add_torchrun(list, launch);
        add(list, "CUDA_DEVICE_ORDER=PCI_BUS_ID"); /* what the numbers below are in */
        add(list, "CUDA_VISIBLE_DEVICES=%s", local->visible);
        add(list, "OFFPEAK_JOB_ID=%" PRIu64, order->job);
        add(list, "OFFPEAK_ATTEMPT=%" PRIu32, order->attempt);
        add(list, "OFFPEAK_GPUS=%u", launch->spec.gpus_per_node);
        add(list, "OFFPEAK_CHECKPOINT_DIR=%s", checkpoint);
        add(list, "OFFPEAK_PROGRESS=%s/progress", dir->path);
        add(list, "OFFPEAK_STOP_FILE=%s/stop", dir->path);
        add(list, "OFFPEAK_HOSTFILE=%s/hostfile", dir->path);
        add(list, "OFFPEAK_HOSTFILE_MPI=%s/hostfile.slots", dir->path);
        add(list, "OFFPEAK_HOSTFILE_DEEPSPEED=%s/hostfile.slots", dir->path);
}

static void add_theirs(struct list *list, const struct offpeak_job_spec *spec)
{
        const size_t ours = list->count;

        for (size_t i = 0; i < spec->envc; i++)
                if (!has(list, ours, spec->env[i]))
                        take(list, strdup(spec->env[i]));
}

char **launch_env_make(const struct leg_dir *dir, const struct message_order *order, const struct leg_local *local,
                       const struct launch_account *account, const char *checkpoint)
{
        struct list list = { 0 };

        add_ours(&list, dir, order, local, checkpoint);
        add_theirs(&list, &order->launch.spec);
        add_default(&list, "HOME", account->home);
        add_default(&list, "USER", account->name);
        add_default(&list, "LOGNAME", account->name);
        add_default(&list, "SHELL", account->shell);
        add_default(&list, "PATH", SYSTEM_PATH);
        if (list.failed) {
                launch_env_free(list.items);
                return NULL;
        }
        return list.items;
}

void launch_env_free(char **env)
{
        if (env == NULL)
                return;
        for (char **item = env; *item != NULL; item++)
                free(*item);
        free(env);
}

/* ---- host files */

static int write_hosts(const struct leg_dir *dir, const char *name, const struct message_launch *launch, bool slots,
                       struct offpeak_error *err)
{
        char *text = NULL;
        size_t size = 0;
        int rc;
        FILE *file = open_memstream(&text, &size);

        if (file == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for %s", name);
        for (uint32_t i = 0; i < launch->n_nodes; i++)
                if (slots)
                        fprintf(file, "%s slots=%u\n", launch->nodes[i], launch->spec.gpus_per_node);
                else
                        fprintf(file, "%s\n", launch->nodes[i]);
        if (fclose(file) != 0)
                rc = fail(err, OFFPEAK_ENOMEM, "out of memory for %s", name);
        else
                rc = leg_file_put(dir->fd, name, text, size, 0644, err);
        free(text);
        return rc;
}

int launch_env_write_hosts(const struct leg_dir *dir, const struct message_order *order, struct offpeak_error *err)
{
        int rc = write_hosts(dir, "hostfile", &order->launch, false, err);

        return rc == 0 ? write_hosts(dir, "hostfile.slots", &order->launch, true, err) : rc;
}
