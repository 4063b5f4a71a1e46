/* SPDX-License-Identifier: Apache-2.0 */
/* Agent and shim: orders, leases, agents that die and come back, and what neither of them believes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/bury.h"
#include "agent/shim/leg_group.h"
#include "agent/shim/link_wire.h"
#include "core/decide.h"
#include "integration/shim_rig.h"

static const char *const forever = "touch ready; while :; do sleep 0.05; done";
static const char *const stubborn = "trap '' TERM; touch ready; while :; do sleep 0.05; done";

static struct rig rig;

static int teardown(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

static void open_rig(const char *script)
{
        rig_open(&rig, LINK_CONTAIN_AUTO, script);
}

static size_t found(void)
{
        struct leg_id *ids;
        size_t n;

        assert_int_equal(link_find(rig.node, &ids, &n, NULL), 0);
        for (size_t i = 0; i < n; i++)
                assert_true(ids[i].job == 42 && ids[i].attempt == 3);
        free(ids);
        return n;
}

/* ---- orders */

static void an_armed_leg_waits_for_go(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready; exit 0");
        rig.order.want = WANT_ARM;
        rig_start(&rig);
        rig_wait(&rig, rig_is_armed);
        usleep(200000);
        assert_false(rig_is_ready(&rig));
        assert_int_equal(found(), 1);
        assert_int_equal(link_go(rig.link, rig.local.lease_deadline_ms), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_true(rig_is_ready(&rig));
        assert_true(rig_is_running(&rig));
}

static void an_armed_leg_whose_lease_is_over_never_ran(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready");
        rig.order.want = WANT_ARM;
        rig.local.lease_deadline_ms = rig_now_ms() + 1500;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_NEVER);
        assert_false(rig_is_ready(&rig));
        assert_false(rig_is_running(&rig));
}

static void an_armed_leg_that_is_stopped_never_ran(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready");
        rig.order.want = WANT_ARM;
        rig_start(&rig);
        rig_wait(&rig, rig_is_armed);
        assert_int_equal(link_stop(rig.link, STOP_ARM_TIMEOUT, 10), 0);
        assert_int_equal(link_go(rig.link, rig.local.lease_deadline_ms), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_NEVER);
        assert_false(rig_is_ready(&rig));
}

static void orders_may_be_repeated(void **state)
{
        struct leg_exit exit;
        char text[64];

        (void)state;
        open_rig("echo started >> count; trap 'echo asked >> count; sleep 0.3; exit 0' TERM; touch ready; "
                 "while :; do sleep 0.05; done");
        rig.order.want = WANT_ARM;
        rig_start(&rig);
        for (int i = 0; i < 5; i++)
                assert_int_equal(link_go(rig.link, rig.local.lease_deadline_ms), 0);
        rig_wait(&rig, rig_is_ready);
        for (int i = 0; i < 5; i++)
                assert_int_equal(link_stop(rig.link, STOP_PAUSE, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_string_equal(rig_read(&rig, "count", text, sizeof(text)), "started\nasked\n");
}

/* ---- leases */

static void use_lease(int64_t lease_ms, int64_t grace_s, int64_t margin_ms)
{
        rig.order.launch.on_lost = ON_LOST_RELAUNCH;
        rig.order.launch.grace_s = grace_s;
        rig.config.margin_ms = margin_ms;
        rig.local.lease_deadline_ms = rig_now_ms() + lease_ms;
}

static void a_relaunch_leg_is_asked_before_its_lease_is_over(void **state)
{
        struct leg_exit exit;
        char text[128];

        (void)state;
        open_rig("trap 'cat $OFFPEAK_STOP_FILE > seen; exit 0' TERM; touch ready; while :; do sleep 0.05; done");
        use_lease(6000, 3, 2000);
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_true(rig_now_ms() < rig.local.lease_deadline_ms);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_false(exit.killed);
        assert_non_null(strstr(rig_read(&rig, "seen", text, sizeof(text)), "reason lease\n"));
}

static void a_relaunch_leg_that_does_not_listen_is_gone_before_its_lease(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig(stubborn);
        use_lease(4000, 1, 2000);
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_true(rig_now_ms() < rig.local.lease_deadline_ms);
        assert_true(rig_is_extinct(&rig));
        assert_int_equal(exit.how, LEG_ASKED);
        assert_true(exit.killed);
}

static void a_lease_ends_also_without_an_agent(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig(stubborn);
        use_lease(4000, 1, 2000);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_hang_up(&rig);
        rig_wait(&rig, rig_is_extinct);
        assert_true(rig_now_ms() < rig.local.lease_deadline_ms);
        while (leg_exit_read(rig.dir.fd, &exit, NULL) != 0)
                usleep(10000);
        assert_true(exit.killed);
}

static void a_renewed_lease_is_lived_through(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready; sleep 3.5; exit 0");
        use_lease(3000, 0, 500);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_lease(rig.link, rig.local.lease_deadline_ms + 60000), 0);
        assert_int_equal(link_lease(rig.link, 5), 0); /* an old one that was delayed */
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, 0);
}

static void a_waiting_leg_outlives_its_lease(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready; sleep 2.5; exit 0");
        rig.local.lease_deadline_ms = rig_now_ms() + 2000;
        rig_start(&rig);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_EXIT);
        assert_int_equal(exit.status, 0);
}

/* ---- agents come and go */

static void an_agent_that_comes_back_finds_its_leg(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig(forever);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_hang_up(&rig);
        usleep(200000);
        assert_false(rig_is_extinct(&rig));
        assert_int_equal(found(), 1);
        rig_connect(&rig);
        rig_wait(&rig, rig_is_running); /* told unasked */
        assert_int_equal(rig.last.epoch, 900);
        assert_int_equal(link_stop(rig.link, STOP_CANCEL, 10), 0);
        exit = rig_exit(&rig);
        assert_int_equal(exit.how, LEG_ASKED);
        assert_int_equal(found(), 0);
}

/* In a process group of its own, which is then killed as a whole. */
static void a_leg_survives_the_kill_of_its_agents_process_group(void **state)
{
        struct offpeak_error err;
        pid_t agent;

        (void)state;
        open_rig(forever);
        agent = fork();
        if (agent == 0) {
                setpgid(0, 0);
                rig_start(&rig);
                rig_wait(&rig, rig_is_ready);
                for (;;)
                        pause();
        }
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(kill(-agent, SIGKILL), 0);
        assert_int_equal(waitpid(agent, NULL, 0), agent);
        assert_int_equal(leg_dir_open(rig.state, (struct leg_id){ 42, 3 }, &rig.dir, &err), 0);
        rig_connect(&rig);
        rig_wait(&rig, rig_is_running);
        assert_false(rig_is_extinct(&rig));
        assert_int_equal(link_stop(rig.link, STOP_CANCEL, 0), 0);
        rig_exit(&rig);
}

static bool has_exit(struct rig *r)
{
        struct leg_exit exit;

        return leg_exit_read(r->dir.fd, &exit, NULL) == 0;
}

static bool none_found(struct rig *r)
{
        (void)r;
        return found() == 0;
}

static void an_end_without_an_agent_is_kept(void **state)
{
        const struct link_events events = { NULL, NULL, NULL };
        struct offpeak_error err;
        struct leg_exit exit;
        struct link *link;

        (void)state;
        open_rig("touch ready; while [ ! -e end ]; do sleep 0.02; done; exit 7");
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_hang_up(&rig);
        close(open(strcat(strcpy((char[128]){ 0 }, rig.root), "/end"), O_CREAT | O_WRONLY, 0644));
        rig_wait(&rig, has_exit);
        rig_wait(&rig, none_found);
        assert_int_equal(leg_exit_read(rig.dir.fd, &exit, NULL), 0);
        assert_int_equal(WEXITSTATUS(exit.status), 7);
        assert_int_equal(link_connect(&rig.loop, &rig.config, rig.dir.id, &events, &link, &err), OFFPEAK_ENOTFOUND);
}

static struct link_state second_heard;

static void on_second(void *context, const struct link_state *state)
{
        (void)context;
        second_heard = *state;
}

static void on_second_gone(void *context)
{
        (void)context;
}

static void two_agents_hear_the_same(void **state)
{
        const struct link_events events = { on_second, on_second_gone, NULL };
        struct offpeak_error err;
        struct link *second;

        (void)state;
        memset(&second_heard, 0, sizeof(second_heard));
        open_rig(forever);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_connect(&rig.loop, &rig.config, rig.dir.id, &events, &second, &err), 0);
        assert_int_equal(link_stop(second, STOP_CANCEL, 10), 0);
        rig_exit(&rig);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        assert_int_equal(second_heard.state, REPORT_EXITED);
        assert_int_equal(second_heard.how, rig.last.how);
        link_close(second, NULL, NULL);
}

static void a_leg_without_its_directory_is_found_and_stopped(void **state)
{
        char command[128];

        (void)state;
        open_rig(forever);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        rig_hang_up(&rig);
        snprintf(command, sizeof(command), "rm -rf %s/legs", rig.state);
        assert_int_equal(system(command), 0);
        assert_int_equal(found(), 1);
        rig_connect(&rig);
        rig_wait(&rig, rig_is_running);
        assert_int_equal(rig.last.epoch, 900); /* enough to report it */
        assert_int_equal(rig.last.devices, 5);
        assert_int_equal(rig.last.lease_ms, 60000);
        assert_int_equal(link_stop(rig.link, STOP_CANCEL, 0), 0);
        rig_wait(&rig, rig_is_gone);
        assert_true(rig_is_extinct(&rig));
        assert_false(rig.states & 1u << REPORT_EXITED); /* nothing is on record */
        assert_int_equal(found(), 0);
}

/* ---- one shim per leg */

static unsigned late_states;
static bool late_gone;

static void on_late(void *context, const struct link_state *state)
{
        (void)context;
        late_states |= 1u << state->state;
}

static void on_late_gone(void *context)
{
        (void)context;
        late_gone = true;
}

static bool late_is_gone(struct rig *r)
{
        (void)r;
        return late_gone;
}

static void a_second_shim_leaves(void **state)
{
        const struct link_events events = { on_late, on_late_gone, NULL };
        struct offpeak_error err;
        struct link *late;

        (void)state;
        late_states = 0;
        late_gone = false;
        open_rig(forever);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(link_start(&rig.loop, &rig.config, rig.dir.id, &events, &late, &err), 0);
        rig_wait(&rig, late_is_gone);
        assert_int_equal(late_states, 0);
        link_close(late, NULL, NULL);
        assert_false(rig.gone);
        assert_false(rig_is_extinct(&rig));
}

static void a_shim_that_comes_after_the_record_leaves(void **state)
{
        const struct link_events events = { on_late, on_late_gone, NULL };
        struct offpeak_error err;
        struct leg_exit exit;
        struct link *late;

        (void)state;
        late_states = 0;
        late_gone = false;
        open_rig("touch ready");
        assert_int_equal(leg_dir_create(rig.state, &rig.order, &rig.local, &rig.dir, &err), 0);
        assert_int_equal(leg_bury(rig.state, rig.dir.id, LEG_SHIM_LOST, &exit, &err), 0);
        assert_int_equal(link_start(&rig.loop, &rig.config, rig.dir.id, &events, &late, &err), 0);
        rig_wait(&rig, late_is_gone);
        link_close(late, NULL, NULL);
        assert_int_equal(late_states, 0);
        assert_false(rig_is_ready(&rig));
        assert_int_equal(leg_exit_read(rig.dir.fd, &exit, NULL), 0);
        assert_int_equal(exit.how, LEG_SHIM_LOST);
}

static void a_leg_of_another_boot_is_not_run(void **state)
{
        struct leg_exit exit;

        (void)state;
        open_rig("touch ready");
        strcpy(rig.local.boot, "another");
        rig_start(&rig);
        rig_wait(&rig, rig_is_gone);
        assert_false(rig_is_ready(&rig));
        assert_int_equal(leg_exit_read(rig.dir.fd, &exit, NULL), OFFPEAK_ENOTFOUND); /* the agent's to bury */
}

static int listen_as_shim(void)
{
        struct sockaddr_un address;
        socklen_t size = link_address(rig.node, (struct leg_id){ 42, 3 }, &address);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 1), 0);
        return fd;
}

static void a_leg_whose_address_is_taken_never_runs(void **state)
{
        struct leg_exit exit;
        int fd;

        (void)state;
        open_rig("touch ready");
        fd = listen_as_shim();
        rig_start(&rig);
        exit = rig_exit(&rig);
        close(fd);
        assert_int_equal(exit.how, LEG_NEVER);
        assert_non_null(strstr(exit.why, "in use"));
        assert_false(rig_is_ready(&rig));
}

static void a_program_that_cannot_be_started_is_named(void **state)
{
        const struct link_events events = { on_late, on_late_gone, NULL };
        struct offpeak_error err;
        struct link *link;

        (void)state;
        open_rig("true");
        rig.config.shim = "/no/such/offpeak-shim";
        assert_int_equal(link_start(&rig.loop, &rig.config, (struct leg_id){ 42, 3 }, &events, &link, &err),
                         OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "/no/such/offpeak-shim: No such file"));
}

/* ---- whom they believe */

static void noise_is_not_heard(void **state)
{
        struct link_message noise = { .version = LINK_VERSION, .type = 99 };
        struct sockaddr_un address;
        socklen_t size;
        int fd;

        (void)state;
        open_rig(forever);
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        size = link_address(rig.node, rig.dir.id, &address);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(send(fd, "x", 1, 0), 1);
        assert_int_equal(send(fd, &noise, sizeof(noise), 0), sizeof(noise));
        noise.type = LINK_STOP;
        noise.version = LINK_VERSION + 1;
        assert_int_equal(send(fd, &noise, sizeof(noise), 0), sizeof(noise));
        noise = (struct link_message){ .version = LINK_VERSION, .type = LINK_LEASE, .lease_deadline_ms = INT64_MIN };
        assert_int_equal(send(fd, &noise, sizeof(noise), 0), sizeof(noise));
        usleep(200000);
        close(fd);
        assert_false(rig.gone);
        assert_false(rig_is_extinct(&rig));
        assert_false(rig.states & 1u << REPORT_STOPPING);
}

/* A newer agent sends more than we know, an older one less. */
static void packets_of_other_lengths_are_understood(void **state)
{
        struct {
                struct link_message message;
                char more[32];
        } longer = { .message = { .version = LINK_VERSION, .type = LINK_GO, .lease_deadline_ms = INT64_MAX } };
        struct sockaddr_un address;
        struct leg_exit exit;
        const uint16_t shorter[2] = { LINK_VERSION, LINK_STOP };
        socklen_t size;
        int fd;

        (void)state;
        open_rig(forever);
        rig.order.want = WANT_ARM;
        rig_start(&rig);
        rig_wait(&rig, rig_is_armed);
        size = link_address(rig.node, rig.dir.id, &address);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(send(fd, &longer, sizeof(longer), 0), sizeof(longer));
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(send(fd, shorter, sizeof(shorter), 0), sizeof(shorter));
        exit = rig_exit(&rig);
        close(fd);
        assert_int_equal(exit.how, LEG_ASKED);
}

/* In a child as `nobody`; returns its exit status. */
static int as_nobody(int (*what)(void))
{
        const struct passwd *nobody = getpwnam("nobody");
        pid_t pid;
        int status;

        assert_non_null(nobody);
        pid = fork();
        if (pid == 0)
                _exit(setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0 ? 99 : what());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WEXITSTATUS(status);
}

static int order_stop(void)
{
        const struct link_message stop = { .version = LINK_VERSION, .type = LINK_STOP };
        struct sockaddr_un address;
        socklen_t size = link_address(rig.node, (struct leg_id){ 42, 3 }, &address);
        char answer[8];
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (connect(fd, (struct sockaddr *)&address, size) < 0)
                return 1;
        send(fd, &stop, sizeof(stop), MSG_NOSIGNAL);
        return recv(fd, answer, sizeof(answer), 0) > 0 ? 2 : 0; /* not even the state is told */
}

static void another_user_gives_no_orders(void **state)
{
        (void)state;
        open_rig(forever);
        if (geteuid() != 0)
                skip();
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(as_nobody(order_stop), 0);
        usleep(100000);
        assert_false(rig_is_extinct(&rig));
        assert_false(rig.states & 1u << REPORT_STOPPING);
}

static void another_users_shim_is_not_believed(void **state)
{
        const struct link_events events = { on_late, on_late_gone, NULL };
        const struct passwd *nobody = getpwnam("nobody");
        struct offpeak_error err;
        struct link *link;
        int ready[2], rc;
        size_t listed;
        pid_t pid;
        char go;

        (void)state;
        open_rig("true");
        if (geteuid() != 0 || nobody == NULL)
                skip();
        assert_int_equal(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                if (setuid(nobody->pw_uid) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
                        listen_as_shim();
                if (write(ready[1], "x", 1) == 1)
                        pause();
                _exit(0);
        }
        assert_int_equal(read(ready[0], &go, 1), 1);
        listed = found();
        rc = link_connect(&rig.loop, &rig.config, (struct leg_id){ 42, 3 }, &events, &link, &err);
        if (rc == 0)
                link_close(link, NULL, NULL);
        rig_kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(ready[0]);
        close(ready[1]);
        assert_int_equal(listed, 1); /* a name can be taken */
        assert_int_equal(rc, OFFPEAK_EPERMISSION);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
        const struct link_events events = { on_late, on_late_gone, NULL };
        struct offpeak_error err;
        struct link *link;
        char name[200];

        (void)state;
        open_rig("true");
        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        rig.config.node = name;
        assert_int_equal(link_start(&rig.loop, &rig.config, (struct leg_id){ 42, 3 }, &events, &link, &err),
                         OFFPEAK_EINVAL);
        assert_int_equal(link_connect(&rig.loop, &rig.config, (struct leg_id){ 42, 3 }, &events, &link, &err),
                         OFFPEAK_EINVAL);
}

/* ---- records and burials */

static void a_record_that_cannot_be_written_is_not_told(void **state)
{
        char path[128], block[4096] = { 1 };
        struct leg_exit exit;
        int fd;

        (void)state;
        open_rig("touch ready; while [ ! -e end ]; do sleep 0.02; done; exit 4");
        if (mount("tmpfs", rig.state, "tmpfs", 0, "size=256k,mode=755") < 0)
                skip();
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        assert_int_equal(unlinkat(rig.dir.fd, "exit.space", 0), 0); /* what saves it otherwise */
        snprintf(path, sizeof(path), "%s/filler", rig.state);
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        while (write(fd, block, sizeof(block)) > 0)
                ;
        close(fd);
        snprintf(path, sizeof(path), "%s/end", rig.root);
        close(open(path, O_CREAT | O_WRONLY, 0644));
        rig_wait(&rig, rig_is_extinct);
        for (int i = 0; i < 20; i++) {
                usleep(20000);
                uv_run(&rig.loop, UV_RUN_NOWAIT);
        }
        assert_int_not_equal(rig_shim(&rig), 0); /* it stays, holding it */
        assert_false(rig.states & 1u << REPORT_EXITED);
        snprintf(path, sizeof(path), "%s/filler", rig.state);
        assert_int_equal(unlink(path), 0);
        exit = rig_exit(&rig);
        assert_int_equal(WEXITSTATUS(exit.status), 4);
        assert_true(rig.states & 1u << REPORT_EXITED);
        leg_dir_close(&rig.dir);
        assert_int_equal(umount2(rig.state, MNT_DETACH), 0);
}

static struct leg_exit buried;

static bool is_buried(struct rig *r)
{
        struct offpeak_error err = { 0 };
        const int rc = leg_bury(r->state, r->dir.id, LEG_SHIM_LOST, &buried, &err);

        if (rc != 0 && rc != OFFPEAK_ETRYAGAIN)
                fail_msg("%s", err.text);
        return rc == 0;
}

static void a_leg_is_buried_only_when_nothing_is_left(void **state)
{
        (void)state;
        for (int contain = LINK_CONTAIN_AUTO; contain <= LINK_CONTAIN_GUARD; contain += LINK_CONTAIN_GUARD) {
                if (contain == LINK_CONTAIN_GUARD)
                        rig_close(&rig);
                rig_open(&rig, (enum link_contain)contain, stubborn);
                rig_start(&rig);
                rig_wait(&rig, rig_is_ready);
                assert_false(is_buried(&rig)); /* its shim is alive */
                rig_kill(rig_shim(&rig), SIGKILL);
                rig_wait(&rig, is_buried);
                assert_true(rig_is_extinct(&rig));
                assert_int_equal(buried.how, LEG_SHIM_LOST);
        }
}

/* Without a cgroup the lock tells: the guard holds it until it has ended everything. */
static void a_guard_that_is_slow_delays_the_burial(void **state)
{
        int keeper;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_GUARD, stubborn);
        memset(&rig.local.group, 0, sizeof(rig.local.group));
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        keeper = rig_keeper(&rig);
        rig_kill(keeper, SIGSTOP);
        rig_kill(rig_shim(&rig), SIGKILL);
        rig_wait(&rig, rig_is_gone);
        assert_false(is_buried(&rig));
        rig_kill(keeper, SIGCONT);
        rig_wait(&rig, is_buried);
        assert_true(rig_is_extinct(&rig));
}

static void what_lost_shim_and_guard_is_ended_by_its_group(void **state)
{
        int shim, keeper;

        (void)state;
        rig_open(&rig, LINK_CONTAIN_GUARD,
                 "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.05; done' &); "
                 "sleep 0.2; touch ready; while :; do sleep 0.05; done");
        if (rig.local.group.path[LEG_GROUP_MAIN][0] == '\0')
                skip();
        rig_start(&rig);
        rig_wait(&rig, rig_is_ready);
        shim = rig_shim(&rig);
        keeper = rig_keeper(&rig);
        rig_kill(keeper, SIGSTOP); /* so that it cannot act in between */
        rig_kill(shim, SIGKILL);
        rig_kill(keeper, SIGKILL);
        rig_wait(&rig, is_buried);
        assert_true(rig_is_extinct(&rig));
        assert_int_equal(access(rig.local.group.path[LEG_GROUP_MAIN], F_OK), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
        const struct CMUnitTest tests[] = {
                TEST(an_armed_leg_waits_for_go),
                TEST(an_armed_leg_whose_lease_is_over_never_ran),
                TEST(an_armed_leg_that_is_stopped_never_ran),
                TEST(orders_may_be_repeated),
                TEST(a_relaunch_leg_is_asked_before_its_lease_is_over),
                TEST(a_relaunch_leg_that_does_not_listen_is_gone_before_its_lease),
                TEST(a_lease_ends_also_without_an_agent),
                TEST(a_renewed_lease_is_lived_through),
                TEST(a_waiting_leg_outlives_its_lease),
                TEST(an_agent_that_comes_back_finds_its_leg),
                TEST(a_leg_survives_the_kill_of_its_agents_process_group),
                TEST(an_end_without_an_agent_is_kept),
                TEST(two_agents_hear_the_same),
                TEST(a_leg_without_its_directory_is_found_and_stopped),
                TEST(a_second_shim_leaves),
                TEST(a_shim_that_comes_after_the_record_leaves),
                TEST(a_leg_of_another_boot_is_not_run),
                TEST(a_leg_whose_address_is_taken_never_runs),
                TEST(a_program_that_cannot_be_started_is_named),
                TEST(noise_is_not_heard),
                TEST(packets_of_other_lengths_are_understood),
                TEST(another_user_gives_no_orders),
                TEST(another_users_shim_is_not_believed),
                TEST(a_name_that_is_too_long_is_refused),
                TEST(a_record_that_cannot_be_written_is_not_told),
                TEST(a_leg_is_buried_only_when_nothing_is_left),
                TEST(a_guard_that_is_slow_delays_the_burial),
                TEST(what_lost_shim_and_guard_is_ended_by_its_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
