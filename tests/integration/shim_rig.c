/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/shim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/shim/leg_group_find.h"

enum { PATIENCE_MS = 20000, STEP_MS = 10 };

int64_t rig_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool rig_has_namespaces(void)
{
        return geteuid() == 0 && system("unshare --pid --fork --mount-proc true 2>/dev/null") == 0;
}

static void read_boot(char *buffer, size_t size)
{
        FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

        assert_non_null(file);
        assert_non_null(fgets(buffer, (int)size, file));
        buffer[strcspn(buffer, "\n")] = '\0';
        fclose(file);
}

void rig_open(struct rig *rig, enum link_contain contain, const char *script)
{
        struct leg_group_found found;

        *rig = (struct rig){ .argv = { (char *)"/bin/sh", (char *)"-c", (char *)(uintptr_t)script } };
        strcpy(rig->root, "/tmp/offpeak-shim-XXXXXX");
        assert_non_null(mkdtemp(rig->root));
        assert_int_equal(chmod(rig->root, 0777), 0);
        snprintf(rig->state, sizeof(rig->state), "%s/state", rig->root);
        assert_int_equal(mkdir(rig->state, 0755), 0);
        snprintf(rig->node, sizeof(rig->node), "t%s", rig->root + strlen(rig->root) - 6);
        snprintf(rig->mark, sizeof(rig->mark), "OFFPEAK_TEST_MARK=%s", rig->node);
        rig->env[0] = rig->mark;
        rig->nodes[0] = rig->node;
        rig->order = (struct message_order){ .job = 42, .attempt = 3, .epoch = 900, .want = 2, .has_launch = true };
        rig->order.launch = (struct message_launch){
                .spec = { .argv = rig->argv,
                          .argc = 3,
                          .env = rig->env,
                          .envc = 1,
                          .directory = rig->root,
                          .nodes = 1,
                          .gpus_per_node = 1,
                          .time_s = 60,
                          .stdout_path = (char *)"out" },
                .nodes = rig->nodes,
                .n_nodes = 1,
                .devices = 5,
                .lease_ms = 60000,
                .grace_s = 10,
                .on_lost = ON_LOST_WAIT,
                .uid = geteuid(),
                .master_address = (char *)"127.0.0.1",
                .master_port = 29500,
        };
        rig->local.lease_deadline_ms = rig_now_ms() + 60000;
        read_boot(rig->local.boot, sizeof(rig->local.boot));
        strcpy(rig->local.node, rig->node);
        leg_group_find(rig->node, NULL, &found);
        leg_group_of(&found.base, "42.3", &rig->local.group);
        rig->config = (struct link_config){
                .state = rig->state, .node = rig->node, .shim = OFFPEAK_SHIM_PATH, .contain = contain, .margin_ms = 500
        };
        rig->dir = (struct leg_dir){ .fd = -1, .lock_fd = -1 };
        assert_int_equal(uv_loop_init(&rig->loop), 0);
}

static void on_state(void *context, const struct link_state *state)
{
        struct rig *rig = context;

        assert_false(rig->gone);
        rig->last = *state;
        rig->states |= 1u << state->state;
}

static void on_gone(void *context)
{
        struct rig *rig = context;

        assert_false(rig->gone);
        rig->gone = true;
}

void rig_start(struct rig *rig)
{
        const struct link_events events = { on_state, on_gone, rig };
        struct offpeak_error err = { 0 };

        assert_int_equal(leg_dir_create(rig->state, &rig->order, &rig->local, &rig->dir, &err), 0);
        if (link_start(&rig->loop, &rig->config, rig->dir.id, &events, &rig->link, &err) != 0)
                fail_msg("%s", err.text);
}

void rig_connect(struct rig *rig)
{
        const struct link_events events = { on_state, on_gone, rig };
        struct offpeak_error err = { 0 };

        rig->states = 0;
        rig->gone = false;
        if (link_connect(&rig->loop, &rig->config, rig->dir.id, &events, &rig->link, &err) != 0)
                fail_msg("%s", err.text);
}

void rig_hang_up(struct rig *rig)
{
        link_close(rig->link, NULL, NULL);
        rig->link = NULL;
        while (uv_run(&rig->loop, UV_RUN_DEFAULT) != 0)
                ;
}

/* ---- processes of the leg */

/* State letter and parent of a process; false if there is none of that number. */
static bool read_stat(const char *pid, char *ret_state, int *ret_parent)
{
        char path[64], text[512], *end;
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
        fd = open(path, O_RDONLY);
        if (fd < 0)
                return false;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[n < 0 ? 0 : n] = '\0';
        end = strrchr(text, ')');
        return end != NULL && sscanf(end + 1, " %c %d", ret_state, ret_parent) == 2;
}

static bool is_alive(const char *pid)
{
        char letter;
        int parent;

        return read_stat(pid, &letter, &parent) && letter != 'Z' && letter != 'X';
}

static bool has_mark(const char *pid, const char *mark)
{
        char path[64], text[65536];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
        fd = open(path, O_RDONLY);
        if (fd < 0)
                return false;
        n = read(fd, text, sizeof(text));
        close(fd);
        return n > 0 && memmem(text, (size_t)n, mark, strlen(mark)) != NULL;
}

static int count_processes(const struct rig *rig, int signal)
{
        DIR *proc = opendir("/proc");
        int n = 0;

        for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
                if (!isdigit((unsigned char)entry->d_name[0]) || !has_mark(entry->d_name, rig->mark) ||
                    !is_alive(entry->d_name))
                        continue;
                n++;
                if (signal != 0)
                        kill(atoi(entry->d_name), signal);
        }
        closedir(proc);
        return n;
}

bool rig_is_extinct(struct rig *rig)
{
        return count_processes(rig, 0) == 0;
}

/* A file of a process, NUL-terminated; its size, -1. */
static ssize_t read_proc(const char *pid, const char *file, char *buffer, size_t size)
{
        char path[64];
        ssize_t n = -1;
        int fd;

        snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
        fd = open(path, O_RDONLY);
        if (fd >= 0) {
                n = read(fd, buffer, size - 1);
                close(fd);
        }
        buffer[n < 0 ? 0 : n] = '\0';
        return n;
}

/* Shim, keeper and the one for the output go by different names. */
static bool is_called(const char *pid, const char *line)
{
        char name[32];

        return isdigit((unsigned char)pid[0]) && read_proc(pid, "comm", name, sizeof(name)) > 0 &&
               strcmp(name, line) == 0;
}

/* Whose command line names our state directory. */
int rig_shim(const struct rig *rig)
{
        DIR *proc = opendir("/proc");
        int found = 0;

        for (struct dirent *entry; found == 0 && (entry = readdir(proc)) != NULL;) {
                char text[1024];
                ssize_t n;

                if (!is_called(entry->d_name, "offpeak-shim\n") || !is_alive(entry->d_name))
                        continue;
                n = read_proc(entry->d_name, "cmdline", text, sizeof(text));
                if (n > 0 && memmem(text, (size_t)n, rig->state, strlen(rig->state) + 1) != NULL)
                        found = atoi(entry->d_name);
        }
        closedir(proc);
        return found;
}

/* The shim's child of that name. */
static int child(const struct rig *rig, const char *line)
{
        const int shim = rig_shim(rig);
        DIR *proc = opendir("/proc");
        int found = 0, parent;
        char letter;

        for (struct dirent *entry; shim > 0 && found == 0 && (entry = readdir(proc)) != NULL;)
                if (is_called(entry->d_name, line) && read_stat(entry->d_name, &letter, &parent) && parent == shim)
                        found = atoi(entry->d_name);
        closedir(proc);
        return found;
}

int rig_keeper(struct rig *rig)
{
        return rig->keeper = child(rig, "offpeak-keeper\n");
}

int rig_logs(const struct rig *rig)
{
        return child(rig, "offpeak-logs\n");
}

void rig_kill(int pid, int signal)
{
        assert_true(pid > 1);
        assert_int_equal(kill(pid, signal), 0);
}

/* ---- waiting */

bool rig_is_armed(struct rig *rig)
{
        return rig->states & 1u << REPORT_ARMED;
}

bool rig_is_running(struct rig *rig)
{
        return rig->states & 1u << REPORT_RUNNING;
}

bool rig_is_gone(struct rig *rig)
{
        return rig->gone;
}

bool rig_is_ready(struct rig *rig)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/ready", rig->root);
        return access(path, F_OK) == 0;
}

static void on_timer(uv_timer_t *timer)
{
        (void)timer;
}

static void on_patience(const struct rig *rig)
{
        char log[4096];

        fail_msg("waited in vain; states heard %x, gone %d, shim %d, shim.log: %s", rig->states, rig->gone,
                 rig_shim(rig), rig_read(rig, "state/legs/42.3/shim.log", log, sizeof(log)));
}

void rig_wait(struct rig *rig, bool (*done)(struct rig *rig))
{
        const int64_t end = rig_now_ms() + PATIENCE_MS;
        uv_timer_t timer;
        bool in_vain = false;

        uv_timer_init(&rig->loop, &timer);
        uv_timer_start(&timer, on_timer, STEP_MS, STEP_MS);
        while (!done(rig) && !in_vain) {
                uv_run(&rig->loop, UV_RUN_ONCE);
                in_vain = rig_now_ms() > end;
        }
        uv_close((uv_handle_t *)&timer, NULL);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
        if (in_vain)
                on_patience(rig);
}

struct leg_exit rig_exit(struct rig *rig)
{
        struct leg_exit exit = { 0 };

        rig_wait(rig, rig_is_gone);
        assert_int_equal(leg_exit_read(rig->dir.fd, &exit, NULL), 0);
        return exit;
}

const char *rig_read(const struct rig *rig, const char *name, char *buffer, size_t size)
{
        char path[256];
        ssize_t n = -1;
        int fd;

        snprintf(path, sizeof(path), "%s/%s", rig->root, name);
        fd = open(path, O_RDONLY);
        if (fd >= 0) {
                n = read(fd, buffer, size - 1);
                close(fd);
        }
        buffer[n < 0 ? 0 : n] = '\0';
        return buffer;
}

/* The shim's own sanitizers speak into its log; at the latest when it has ended. */
static void check_log(struct rig *rig)
{
        char log[8192];

        for (int i = 0; rig->gone && rig_shim(rig) != 0 && i < 500; i++)
                usleep(STEP_MS * 1000);
        rig_read(rig, "state/legs/42.3/shim.log", log, sizeof(log));
        if (strstr(log, "runtime error") != NULL || strstr(log, "Sanitizer") != NULL)
                fail_msg("%s", log);
}

void rig_close(struct rig *rig)
{
        char command[128];
        int shim;

        check_log(rig);
        shim = rig_shim(rig);
        if (shim > 0)
                kill(shim, SIGKILL);
        if (rig->keeper > 0)
                kill(rig->keeper, SIGCONT); /* a test that failed may have left it stopped */
        while (count_processes(rig, SIGKILL) > 0)
                usleep(STEP_MS * 1000);
        link_close(rig->link, NULL, NULL);
        while (uv_run(&rig->loop, UV_RUN_DEFAULT) != 0)
                ;
        assert_int_equal(uv_loop_close(&rig->loop), 0);
        if (rig->dir.fd >= 0)
                leg_dir_close(&rig->dir);
        for (int i = 0; i < 100 && !leg_group_remove(&rig->local.group); i++)
                usleep(STEP_MS * 1000);
        snprintf(command, sizeof(command), "rm -rf %s", rig->root);
        assert_int_equal(system(command), 0);
}
