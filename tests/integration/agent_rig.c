/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/agent_rig.h"

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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, STEP_MS = 10 };

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- files and processes */

static char *slurp(const char *path, size_t *ret_size)
{
        static char text[65536];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                close(fd);
        *ret_size = n < 0 ? 0 : (size_t)n;
        text[*ret_size] = '\0';
        return text;
}

bool rig_has(const struct rig *rig, const char *name)
{
        char path[160];

        snprintf(path, sizeof(path), "%s/%s", rig->root, name);
        return access(path, F_OK) == 0;
}

bool rig_log_says(const struct rig *rig, const char *text)
{
        char path[160];
        size_t size;

        snprintf(path, sizeof(path), "%s/agent.log", rig->root);
        return strstr(slurp(path, &size), text) != NULL;
}

/*
 * Count this rig's processes: shims of a leg (any if leg is NULL), their keepers with them, or, if mark is set, what
 * runs in the jobs. ret_pid (may be NULL) is the lowest, which is a shim rather than its keeper. Zombies are not
 * counted.
 */
static int count_processes(const struct rig *rig, const char *leg, bool mark, int *ret_pid)
{
        DIR *proc = opendir("/proc");
        struct dirent *entry;
        int count = 0;

        assert_non_null(proc);
        while ((entry = readdir(proc)) != NULL) {
                const char *word = mark ? rig->mark : rig->state;
                char path[300];
                size_t size;
                if (!isdigit((unsigned char)entry->d_name[0]))
                        continue;
                snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, mark ? "environ" : "cmdline");
                const char *text = slurp(path, &size);
                if (memmem(text, size, word, strlen(word)) == NULL ||
                    (!mark && memmem(text, size, "offpeak-shim", strlen("offpeak-shim")) == NULL) ||
                    (leg != NULL && memmem(text, size, leg, strlen(leg) + 1) == NULL))
                        continue;
                count++;
                if (ret_pid != NULL && (count == 1 || atoi(entry->d_name) < *ret_pid))
                        *ret_pid = atoi(entry->d_name);
        }
        closedir(proc);
        return count;
}

int rig_shim_pid(const struct rig *rig, uint64_t job)
{
        char leg[32];
        int pid = 0;

        snprintf(leg, sizeof(leg), "%d.1", (int)job);
        count_processes(rig, leg, false, &pid);
        return pid;
}

int rig_job_processes(const struct rig *rig)
{
        return count_processes(rig, NULL, true, NULL);
}

static void kill_what_is_left(const struct rig *rig)
{
        int pid;

        for (int i = 0; i < 200 && count_processes(rig, NULL, false, &pid) > 0; i++) {
                kill(pid, SIGKILL);
                usleep(5000);
        }
        for (int i = 0; i < 200 && count_processes(rig, NULL, true, &pid) > 0; i++) {
                kill(pid, SIGKILL);
                usleep(5000);
        }
}

/* ---- the fake scheduler */

void rig_send(struct rig *rig, const struct message *message)
{
        struct offpeak_error err;
        uint8_t *bytes;
        size_t size;
        int code;

        if (message_encode(message, &bytes, &size, &err) != 0)
                fail_msg("%s", err.text);
        code = zuv_send(rig->socket, &rig->peer, bytes, size);
        free(bytes);
        assert_true(code == 0 || code == OFFPEAK_ETRYAGAIN); /* dropped: the agent that asked was killed since */
}

static struct message_clock clock_now(const struct rig *rig)
{
        return (struct message_clock){
                .wall_ms = rig->wall0_ms + (int64_t)((double)(now_ms() - rig->boot0_ms) * rig->rate), .rate = rig->rate
        };
}

/* Keeps what the message owns in `kept`. */
static void keep(struct message *kept, struct message *message)
{
        if (kept->type != 0)
                message_finish(kept);
        *kept = *message;
        *message = (struct message){ 0 };
}

static void take_hello(struct rig *rig, struct message *message)
{
        struct message welcome = { .type = MESSAGE_WELCOME };

        rig->hellos++;
        if (rig->hellos == 1 || memcmp(rig->nonce, message->u.hello.nonce, sizeof(rig->nonce)) != 0)
                rig->nonces++;
        memcpy(rig->nonce, message->u.hello.nonce, sizeof(rig->nonce));
        keep(&rig->hello, message);
        if (rig->mute_hello)
                return;
        memcpy(welcome.u.welcome.nonce, rig->nonce, sizeof(rig->nonce));
        welcome.u.welcome.term = rig->term;
        welcome.u.welcome.session = ++rig->session;
        welcome.u.welcome.clock = clock_now(rig);
        welcome.u.welcome.lease_ms = RIG_LEASE_MS;
        welcome.u.welcome.renew_ms = RIG_RENEW_MS;
        rig_send(rig, &welcome);
}

static uint64_t take_readings(struct rig *rig, const struct message_renew *renew)
{
        uint64_t top = rig->n_readings > 0 ? rig->readings[rig->n_readings - 1].seq : 0;

        for (uint32_t i = 0; i < renew->n_readings; i++) {
                assert_true(rig->n_readings < RIG_READINGS);
                if (renew->readings[i].seq > top)
                        rig->readings[rig->n_readings++] = renew->readings[i];
        }
        return rig->n_readings > 0 ? rig->readings[rig->n_readings - 1].seq : 0;
}

static void take_renew(struct rig *rig, struct message *message)
{
        const struct message_renew *renew = &message->u.renew;
        struct message grant = { .type = MESSAGE_GRANT };
        bool first = rig->first.type == 0 || rig->first.u.renew.session != renew->session;

        if (renew->session != rig->session || renew->term != rig->term) {
                struct message stale = { .type = MESSAGE_STALE, .u.stale = { renew->term, renew->session } };
                rig_send(rig, &stale);
                return;
        }
        rig->renewals++;
        grant.u.grant = (struct message_grant){
                .term = renew->term, .session = renew->session, .seq = renew->seq, .clock = clock_now(rig)
        };
        if (!rig->keep_readings)
                grant.u.grant.readings_acked = take_readings(rig, renew);
        if (!rig->mute_renew)
                rig_send(rig, &grant);
        if (first) {
                struct offpeak_error err;
                uint8_t *bytes;
                size_t size;
                struct message copy;
                assert_int_equal(message_encode(message, &bytes, &size, &err), 0);
                assert_int_equal(message_decode(bytes, size, &copy, &err), 0);
                free(bytes);
                keep(&rig->first, &copy);
        }
        keep(&rig->renew, message);
}

static void on_frame(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct rig *rig = context;
        struct offpeak_error err;
        struct message message;

        if (message_decode(bytes, size, &message, &err) != 0)
                fail_msg("%s", err.text);
        rig->peer = *peer;
        if (message.type == MESSAGE_HELLO)
                take_hello(rig, &message);
        else if (message.type == MESSAGE_RENEW)
                take_renew(rig, &message);
        else
                fail_msg("an agent sent message type %d", message.type);
        if (message.type != 0)
                message_finish(&message);
}

/* ---- life */

void rig_open(struct rig *rig)
{
        struct offpeak_error err;

        memset(rig, 0, sizeof(*rig));
        strcpy(rig->root, "/tmp/offpeak-agent-XXXXXX");
        assert_non_null(mkdtemp(rig->root));
        assert_int_equal(chmod(rig->root, 0755), 0);
        snprintf(rig->state, sizeof(rig->state), "%s/state", rig->root);
        snprintf(rig->node, sizeof(rig->node), "a%s", rig->root + strlen(rig->root) - 6);
        snprintf(rig->endpoint, sizeof(rig->endpoint), "ipc://%s/socket", rig->root);
        snprintf(rig->mark, sizeof(rig->mark), "OFFPEAK_TEST_MARK=%s", rig->node);
        rig->term = 7;
        rig->rate = 1;
        rig->wall0_ms = INT64_C(1795000000000);
        rig->boot0_ms = now_ms();
        rig->readings = calloc(RIG_READINGS, sizeof(*rig->readings));
        assert_int_equal(uv_loop_init(&rig->loop), 0);
        if (zuv_listen(&rig->loop, rig->endpoint, NULL, on_frame, rig, &rig->socket, &err) != 0)
                fail_msg("%s", err.text);
}

void rig_close(struct rig *rig)
{
        char command[PATH_MAX];

        if (rig->agent != 0)
                rig_end_agent(rig, SIGKILL);
        kill_what_is_left(rig);
        if (rig->hello.type != 0)
                message_finish(&rig->hello);
        if (rig->renew.type != 0)
                message_finish(&rig->renew);
        if (rig->first.type != 0)
                message_finish(&rig->first);
        free(rig->readings);
        zuv_close(rig->socket, NULL, NULL);
        uv_run(&rig->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&rig->loop), 0);
        snprintf(command, sizeof(command), "rm -rf '%s'; " OFFPEAK_SOURCE_DIR "/tests/integration/clear_groups '%s'",
                 rig->root, rig->node);
        assert_int_equal(system(command), 0);
}

void rig_start_agent(struct rig *rig)
{
        char log[96];

        assert_int_equal(rig->agent, 0);
        rig->older = rig->session;
        snprintf(log, sizeof(log), "%s/agent.log", rig->root);
        rig->agent = fork();
        assert_true(rig->agent >= 0);
        if (rig->agent > 0)
                return;
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
        dup2(fd, 2);
        setenv("OFFPEAK_SHIM", OFFPEAK_SHIM_PATH, 1);
        execl(OFFPEAK_AGENT_PATH, "offpeak-agent", "--server", rig->endpoint, "--node", rig->node, "--site", "here",
              "--allow-root", "--state-dir", rig->state, "--devices", "kind=cpu-slot,count=4", "--idle-w", "100",
              "--slot-w", "50", "--topology", OFFPEAK_SOURCE_DIR "/tests/fixtures/topology/two_sockets.xml",
              (char *)NULL);
        _exit(127);
}

int rig_end_agent(struct rig *rig, int signal)
{
        int status;

        assert_int_equal(kill(rig->agent, signal), 0);
        assert_int_equal(waitpid(rig->agent, &status, 0), rig->agent);
        rig->agent = 0;
        return status;
}

static void wake(uv_timer_t *timer)
{
        uv_stop(timer->loop);
}

static void turn_until(struct rig *rig, bool (*done)(const struct rig *rig), int ms, bool must)
{
        int64_t end = now_ms() + ms;
        uv_timer_t timer;
        char log[96];
        size_t size;

        uv_timer_init(&rig->loop, &timer);
        uv_timer_start(&timer, wake, STEP_MS, STEP_MS);
        while (now_ms() < end && (done == NULL || !done(rig)))
                uv_run(&rig->loop, UV_RUN_DEFAULT);
        uv_close((uv_handle_t *)&timer, NULL);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
        snprintf(log, sizeof(log), "%s/agent.log", rig->root);
        if (must && !done(rig))
                fail_msg("waited for nothing; the agent says:\n%s", slurp(log, &size));
}

void rig_wait(struct rig *rig, bool (*done)(const struct rig *rig))
{
        turn_until(rig, done, PATIENCE_MS, true);
}

void rig_pass(struct rig *rig, int ms)
{
        turn_until(rig, NULL, ms, false);
}

/* ---- orders and what was heard */

bool rig_is_in_session(const struct rig *rig)
{
        return rig->session > rig->older && rig->renew.type != 0 && rig->renew.u.renew.session == rig->session &&
               rig->first.u.renew.session == rig->session;
}

void rig_order_launch(struct rig *rig, uint64_t job, enum want want, bool gang, const char *script)
{
        char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)(uintptr_t)script, NULL };
        char *env[] = { rig->mark, NULL }, *nodes[] = { rig->node };
        struct message order = { .type = MESSAGE_ORDER };

        order.u.order = (struct message_order){ .term = rig->term,
                                                .session = rig->session,
                                                .job = job,
                                                .attempt = 1,
                                                .epoch = 100 * job,
                                                .want = want,
                                                .has_launch = true };
        order.u.order.launch = (struct message_launch){
                .spec = { .argv = argv,
                          .argc = 3,
                          .env = env,
                          .envc = 1,
                          .directory = rig->root,
                          .nodes = 1,
                          .gpus_per_node = 1,
                          .time_s = 60,
                          .stdout_path = (char *)"out" },
                .nodes = nodes,
                .n_nodes = 1,
                .devices = UINT64_C(1) << (job - 1),
                .lease_ms = RIG_LEASE_MS,
                .grace_s = 5,
                .on_lost = ON_LOST_WAIT,
                .uid = geteuid(),
                .gang = gang,
                .master_address = (char *)"127.0.0.1",
                .master_port = 29500,
        };
        rig_send(rig, &order);
}

void rig_order(struct rig *rig, uint64_t job, enum want want)
{
        struct message order = { .type = MESSAGE_ORDER };

        order.u.order = (struct message_order){ .term = rig->term,
                                                .session = rig->session,
                                                .job = job,
                                                .attempt = 1,
                                                .epoch = 100 * job,
                                                .want = want,
                                                .reason = want == WANT_STOP ? STOP_PAUSE : STOP_NONE,
                                                .grace_s = 5 };
        rig_send(rig, &order);
}

static const struct message_leg *leg_in(const struct message *renew, uint64_t job)
{
        for (uint32_t i = 0; renew->type != 0 && i < renew->u.renew.n_legs; i++)
                if (renew->u.renew.legs[i].job == job)
                        return &renew->u.renew.legs[i];
        return NULL;
}

const struct message_leg *rig_leg(const struct rig *rig, uint64_t job)
{
        return leg_in(&rig->renew, job);
}

const struct message_leg *rig_first_leg(const struct rig *rig, uint64_t job)
{
        return leg_in(&rig->first, job);
}
