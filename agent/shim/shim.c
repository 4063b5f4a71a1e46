/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host of machine.h: it waits for facts, hands them to the machine, and carries out what comes back.
 *
 *   agent's packets, keeper's notes, timer, SIGTERM  ->  machine_*  ->  tick  ->  launch, signal, kill, record
 *
 * Everything happens on one thread, and nothing blocks but the disk. Power caps that the agent put on the leg's GPUs
 * are put back at the very end, by whoever comes first (gpu_caps.h): there may be no agent.
 */
#include "agent/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/devices/gpu_caps.h"
#include "agent/shim/job_log.h"
#include "agent/shim/keeper.h"
#include "agent/shim/launch.h"
#include "agent/shim/leg_file.h"
#include "agent/shim/leg_group.h"
#include "agent/shim/link_wire.h"
#include "agent/shim/machine.h"
#include "base/fail.h"
#include "core/decide.h"
#include "wire/log.h"

enum {
        MAX_PEERS = 8,
        ORPHANS_RETRY_MS = 100,
        CAPS_S = 30,
        GROUP_TRIES = 50,
        LOG_PATIENCE_MS = 5000,
        MEMORY_MS = 500,
        MEMORY_PATIENCE_MS = 3000
};

struct shim {
        const struct shim_options *options;
        struct leg_dir dir;
        struct message order;
        struct leg_local local;
        struct machine machine;
        struct keeper keeper;
        struct job_log log;
        bool kept;      /* the keeper is alive */
        bool kept_once; /* it was, so that what it leaves is ours to end */
        bool watches_memory; /* what is left by an out-of-memory kill is ours to end */
        int64_t memory_end;  /* and when; 0: there was none */
        bool amnesia;   /* the directory is gone: there is no record to speak of */
        enum report_state told;
        int listener, timer, signals;
        int peers[MAX_PEERS]; /* -1: free */
};

static int64_t boottime_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- talking to agents */

static struct link_message describe(const struct shim *shim)
{
        const struct machine *m = &shim->machine;
        const struct message_order *order = &shim->order.u.order;

        return (struct link_message){
                .version = LINK_VERSION,
                .type = LINK_STATE,
                .job = shim->dir.id.job,
                .attempt = shim->dir.id.attempt,
                .epoch = order->epoch,
                .devices = order->launch.devices,
                .lease_ms = order->launch.lease_ms,
                .lease_deadline_ms = m->lease,
                .state = machine_report(m),
                .how = m->record.how,
                .status = m->record.status,
                .killed = m->record.killed,
                .started = m->record.started,
                .ended = m->record.ended,
                .contained = shim->keeper.contained,
        };
}

static void drop_peer(struct shim *shim, int i)
{
        close(shim->peers[i]);
        shim->peers[i] = -1;
}

static void tell_peer(struct shim *shim, int i)
{
        const struct link_message message = describe(shim);

        if (link_send(shim->peers[i], &message) < 0) /* gone, or not reading: it can come again */
                drop_peer(shim, i);
}

static void tell_all(struct shim *shim)
{
        const enum report_state state = machine_report(&shim->machine);

        if (state == shim->told || shim->amnesia)
                return;
        shim->told = state;
        for (int i = 0; i < MAX_PEERS; i++)
                if (shim->peers[i] >= 0)
                        tell_peer(shim, i);
}

static void add_peer(struct shim *shim, int fd)
{
        int i = 0;

        while (i < MAX_PEERS && shim->peers[i] >= 0)
                i++;
        if (i == MAX_PEERS || !link_peer_is_ours(fd)) {
                close(fd);
                return;
        }
        shim->peers[i] = fd;
        tell_peer(shim, i);
}

static void accept_peers(struct shim *shim)
{
        int fd;

        while ((fd = accept4(shim->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
                add_peer(shim, fd);
}

static const char *reason_word(uint32_t reason)
{
        static const char *const words[] = {
                [STOP_NONE] = "stop",
                [STOP_PAUSE] = "pause",
                [STOP_CANCEL] = "cancel",
                [STOP_HOLD] = "hold",
                [STOP_LIMIT] = "limit",
                [STOP_LEG_FAILED] = "leg-failed",
                [STOP_ARM_TIMEOUT] = "arm-timeout",
                [STOP_SHED] = "shed",
        };

        return reason < sizeof(words) / sizeof(words[0]) ? words[reason] : "stop";
}

/* Whatever a peer says, the arithmetic of the machine holds. */
static int64_t grace_ms(int64_t grace_s)
{
        return grace_s < 0 ? 0 : grace_s > INT32_MAX ? INT64_C(1000) * INT32_MAX : grace_s * 1000;
}

static void obey(struct shim *shim, const struct link_message *message)
{
        switch (message->type) {
        case LINK_GO:
                machine_go(&shim->machine, message->lease_deadline_ms);
                break;
        case LINK_LEASE:
                machine_lease(&shim->machine, message->lease_deadline_ms);
                break;
        case LINK_STOP:
                machine_stop(&shim->machine, reason_word(message->reason), grace_ms(message->grace_s), boottime_ms());
                break;
        }
}

static void hear_peer(struct shim *shim, int i)
{
        struct link_message message;
        int rc;

        while ((rc = link_receive(shim->peers[i], &message)) > 0)
                obey(shim, &message);
        if (rc != -EAGAIN)
                drop_peer(shim, i);
}

/* ---- what the machine wants done */

/* A job runs without it as well. */
static void start_log(struct shim *shim, const struct launch *launch)
{
        struct offpeak_error err;

        if (job_log_start(&shim->dir, launch, shim->local.log_bytes, shim->local.log_files, &shim->log, &err) != 0)
                log_warning("%s: %s", shim->dir.path, err.text);
}

static void start_job(struct shim *shim)
{
        struct offpeak_error err;
        struct launch launch;
        int rc = launch_prepare(&shim->dir, &shim->order.u.order, &shim->local, &launch, &err);

        if (rc == 0) {
                start_log(shim, &launch);
                launch.log_fd = shim->log.fd;
                rc = keeper_start(&launch, shim->options->contain, shim->dir.lock_fd, &shim->keeper, &err);
                launch_finish(&launch);
        }
        if (rc != 0) {
                log_error("leg %s did not start: %s", shim->dir.path, err.text);
                if (rc == OFFPEAK_EUSAGE)
                        machine_forbidden(&shim->machine, launch_first_rank(&shim->order.u.order.launch), err.text);
                else
                        machine_refused(&shim->machine, err.text);
                return;
        }
        shim->kept = shim->kept_once = true;
        shim->watches_memory =
                shim->local.group.path[LEG_GROUP_MEMORY][0] != '\0' && !leg_group_is_killed_whole(&shim->local.group);
        machine_started(&shim->machine, time(NULL));
}

static void say_stop(struct shim *shim)
{
        struct offpeak_error err;
        const int64_t left_ms = machine_kill_at(&shim->machine) - boottime_ms();
        const int64_t deadline = time(NULL) + (left_ms > 0 ? left_ms / 1000 : 0);

        if (leg_dir_write_stop(&shim->dir, shim->machine.stop_word, deadline, &err) != 0)
                log_warning("%s: %s; the job gets its signal all the same", shim->dir.path, err.text);
}

static void signal_job(struct shim *shim)
{
        const int asked = shim->order.u.order.launch.spec.signal;

        leg_group_thaw(&shim->local.group);
        if (shim->kept)
                keeper_signal(&shim->keeper, asked > 0 && asked < NSIG ? asked : SIGTERM);
}

static void kill_job(struct shim *shim)
{
        struct offpeak_error err;

        if (shim->kept)
                keeper_signal(&shim->keeper, SIGKILL);
        if (leg_group_kill(&shim->local.group, &err) != 0)
                log_warning("%s: %s", shim->dir.path, err.text);
}

static void record_exit(struct shim *shim)
{
        struct offpeak_error err;

        if (leg_exit_decide(shim->dir.fd, &shim->machine.record, &shim->machine.record, &err) == 0) {
                machine_recorded(&shim->machine);
        } else if (leg_dir_is_gone(&shim->dir)) {
                log_warning("%s was removed; there is nowhere to record its end", shim->dir.path);
                shim->amnesia = true;
                machine_recorded(&shim->machine);
        } else {
                log_error("%s: %s; trying again", shim->dir.path, err.text);
        }
}

/* False when it is over. */
static bool tick(struct shim *shim)
{
        unsigned actions;

        while ((actions = machine_tick(&shim->machine, boottime_ms())) != 0) {
                if (actions & MACHINE_START)
                        start_job(shim);
                if (actions & MACHINE_SAY_STOP)
                        say_stop(shim);
                if (actions & MACHINE_SIGNAL)
                        signal_job(shim);
                if (actions & MACHINE_KILL)
                        kill_job(shim);
                if (actions & MACHINE_RECORD)
                        record_exit(shim);
                if (actions & MACHINE_LEAVE)
                        break;
        }
        tell_all(shim);
        return (actions & MACHINE_LEAVE) == 0;
}

/* ---- facts */

/* The keeper has ended. It leaves nothing, unless it was killed: then its processes have become our children. */
static bool has_orphans(const struct shim *shim)
{
        return shim->kept_once && !shim->kept && !shim->machine.empty;
}

static void end_orphans(struct shim *shim)
{
        pid_t pid;

        if (!has_orphans(shim))
                return;
        /* It is a child of ours that is not the job's. Of what nobody writes to any more it has its last look. */
        job_log_stop(&shim->log, shim->keeper.killed ? 0 : LOG_PATIENCE_MS);
        keeper_kill_children();
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                ;
        if (pid < 0 && errno == ECHILD && leg_group_is_empty(&shim->local.group))
                machine_empty(&shim->machine, time(NULL));
}

/* The kernel kills without a word to the job: this is the one place that can tell. */
static const char *why_ended(const struct shim *shim, int32_t status, char buffer[LEG_WHY_SIZE])
{
        const double gib = (double)shim->local.memory / (1 << 30);
        const int64_t kills = leg_group_oom_kills(&shim->local.group);

        if (kills > 0)
                log_warning("the kernel killed %" PRId64 " of the job's processes: its limit of %" PRId64
                            " bytes was reached",
                            kills, shim->local.memory);
        if (kills == 0 || status == 0 || shim->keeper.why[0] != '\0')
                return shim->keeper.why;
        snprintf(buffer, LEG_WHY_SIZE, "out of memory: the job's limit here was %.*f GiB", gib < 10 ? 2 : 0, gib);
        return buffer;
}

static void hear_keeper(struct shim *shim)
{
        char why[LEG_WHY_SIZE];
        enum keeper_event event;
        int32_t status;

        while (shim->kept && (event = keeper_hear(&shim->keeper, &status)) != KEEPER_NOTHING) {
                if (event == KEEPER_ENDED)
                        machine_ended(&shim->machine, status, shim->keeper.rank, why_ended(shim, status, why));
                else
                        shim->kept = false;
        }
        if (shim->kept_once && !shim->kept)
                machine_lost(&shim->machine, "the job's keeper was killed, and the job's status is lost");
}

/*
 * A gang that lost one process to the kernel waits for it, in vain and for long: all of the leg goes. But not at once:
 * the rank that lost it fails, and is told of, if it has a moment for that; of all that are killed none is to blame.
 */
static void watch_memory(struct shim *shim)
{
        if (!shim->watches_memory || !shim->kept || leg_group_oom_kills(&shim->local.group) == 0)
                return;
        if (shim->memory_end == 0)
                shim->memory_end = boottime_ms() + MEMORY_PATIENCE_MS;
        if (boottime_ms() < shim->memory_end)
                return;
        shim->watches_memory = false;
        kill_job(shim);
}

static void hear_signals(struct shim *shim)
{
        struct signalfd_siginfo info;

        while (read(shim->signals, &info, sizeof(info)) > 0)
                if (info.ssi_signo == SIGTERM) /* the machine goes down */
                        machine_stop(&shim->machine, "shutdown", shim->machine.grace_ms, boottime_ms());
}

static void set_timer(const struct shim *shim)
{
        const int64_t now = boottime_ms();
        struct itimerspec spec = { 0 };
        int64_t wake = machine_wake(&shim->machine, now);
        uint64_t expirations;

        while (read(shim->timer, &expirations, sizeof(expirations)) > 0)
                ;
        if (has_orphans(shim) && wake > now + ORPHANS_RETRY_MS)
                wake = now + ORPHANS_RETRY_MS;
        if (shim->watches_memory && shim->kept && wake > now + MEMORY_MS)
                wake = now + MEMORY_MS;
        if (wake != INT64_MAX) {
                wake = wake < 1 ? 1 : wake; /* 0 would disarm it */
                spec.it_value.tv_sec = wake / 1000;
                spec.it_value.tv_nsec = wake % 1000 * 1000000;
        }
        timerfd_settime(shim->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void wait_for_facts(struct shim *shim)
{
        struct pollfd fds[4 + MAX_PEERS] = {
                { .fd = shim->signals, .events = POLLIN },
                { .fd = shim->timer, .events = POLLIN },
                { .fd = shim->listener, .events = POLLIN },
                { .fd = shim->kept ? shim->keeper.fd : -1, .events = POLLIN },
        };

        for (int i = 0; i < MAX_PEERS; i++)
                fds[4 + i] = (struct pollfd){ .fd = shim->peers[i], .events = POLLIN };
        set_timer(shim);
        if (poll(fds, 4 + MAX_PEERS, -1) < 0)
                return;
        hear_signals(shim);
        hear_keeper(shim); /* before the peers: an exit that came first was not asked for */
        for (int i = 0; i < MAX_PEERS; i++)
                if (shim->peers[i] >= 0 && fds[4 + i].revents != 0)
                        hear_peer(shim, i);
        accept_peers(shim);
        watch_memory(shim);
        end_orphans(shim);
}

/* ---- birth */

static int open_log(const struct leg_dir *dir)
{
        int fd = openat(dir->fd, "shim.log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd >= 0) {
                dup2(fd, STDERR_FILENO);
                close(fd);
        }
        return fd;
}

static int open_descriptors(struct shim *shim, struct offpeak_error *err)
{
        struct sockaddr_un address;
        socklen_t size = link_address(shim->options->node, shim->options->leg, &address);
        sigset_t heard;

        sigemptyset(&heard);
        sigaddset(&heard, SIGCHLD);
        sigaddset(&heard, SIGTERM);
        shim->signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
        shim->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        shim->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (shim->signals < 0 || shim->timer < 0 || shim->listener < 0)
                return fail(err, OFFPEAK_EIO, "cannot make the shim's descriptors: %s", strerror(errno));
        if (size == 0)
                return fail(err, OFFPEAK_EINVAL, "the node's name is too long for an address");
        if (bind(shim->listener, (const struct sockaddr *)&address, size) < 0 || listen(shim->listener, MAX_PEERS) < 0)
                return fail(err, OFFPEAK_EIO, "cannot listen at @%s: %s", address.sun_path + 1, strerror(errno));
        return 0;
}

/* A leg of another boot is the agent's to bury: its lease counts on another clock. */
static bool same_boot(const char *boot)
{
        char now[64] = "";
        int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, now, sizeof(now) - 1);

        if (fd >= 0)
                close(fd);
        if (n < 0)
                return true;
        now[strcspn(now, "\n")] = '\0';
        return strcmp(now, boot) == 0;
}

/* What cannot be limited is told and done without, unless the node insists. */
static int make_group(struct shim *shim, struct offpeak_error *err)
{
        const struct leg_group_limits limits = leg_local_limits(&shim->local);
        struct offpeak_error lack;
        int rc = leg_group_make(&shim->local.group, &limits, &lack, err);

        if (rc != 0 || lack.code == 0)
                return rc;
        if (shim->local.required)
                return fail(err, lack.code, "this node requires limits: %s", lack.text);
        log_warning("%s", lack.text);
        return 0;
}

static int prepare(struct shim *shim, struct offpeak_error *err)
{
        const struct message_order *order = &shim->order.u.order;
        const int64_t lease = shim->local.lease_deadline_ms;
        int rc;

        machine_init(&shim->machine, order->launch.on_lost == ON_LOST_RELAUNCH, grace_ms(order->launch.grace_s),
                     shim->options->margin_ms, lease);
        if (order->want == WANT_GO)
                machine_go(&shim->machine, lease);
        rc = open_descriptors(shim, err);
        if (rc == 0)
                rc = make_group(shim, err);
        if (rc == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                rc = fail(err, OFFPEAK_EIO, "cannot adopt processes: %s", strerror(errno));
        return rc;
}

/* Lock the leg and read it. Not 0: there is nothing for us to do. */
static int take_leg(struct shim *shim, struct offpeak_error *err)
{
        struct leg_exit exit;
        int rc = leg_dir_open(shim->options->state, shim->options->leg, &shim->dir, err);

        if (rc != 0)
                return rc;
        rc = leg_dir_lock(&shim->dir, err);
        if (rc == 0 && leg_exit_read(shim->dir.fd, &exit, NULL) != OFFPEAK_ENOTFOUND)
                rc = fail(err, OFFPEAK_ESTATE, "%s has ended already", shim->dir.path);
        if (rc == 0) {
                open_log(&shim->dir);
                rc = leg_dir_local(&shim->dir, &shim->local, err);
        }
        if (rc == 0 && !same_boot(shim->local.boot))
                rc = fail(err, OFFPEAK_ESTATE, "%s is of another boot", shim->dir.path);
        if (rc == 0)
                rc = leg_dir_order(&shim->dir, &shim->order, err);
        if (rc != 0) {
                log_error("%s", err->text);
                leg_dir_close(&shim->dir);
        }
        return rc;
}

static void block_signals(void)
{
        sigset_t all;

        sigfillset(&all);
        sigdelset(&all, SIGABRT);
        sigdelset(&all, SIGSEGV);
        sigdelset(&all, SIGBUS);
        sigdelset(&all, SIGFPE);
        sigdelset(&all, SIGILL);
        sigprocmask(SIG_SETMASK, &all, NULL);
        signal(SIGXFSZ, SIG_IGN);
}

/* The links last: an agent that hears their end finds the lock free and the address unused. */
static void close_all(struct shim *shim)
{
        close(shim->listener);
        close(shim->timer);
        close(shim->signals);
        message_finish(&shim->order);
        leg_dir_close(&shim->dir);
        for (int i = 0; i < MAX_PEERS; i++)
                if (shim->peers[i] >= 0)
                        drop_peer(shim, i);
}

/* ---- power caps */

static bool is_mine(void *context, struct leg_id leg)
{
        const struct leg_id *mine = context;

        return leg.job == mine->job && leg.attempt == mine->attempt;
}

/* A vendor's driver may hang: the alarm ends this process then, and the next agent tries. */
static void put_caps_back(const struct shim_options *options)
{
        struct leg_id mine = options->leg;
        struct offpeak_error err;
        sigset_t alarms;

        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        signal(SIGALRM, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &alarms, NULL);
        alarm(CAPS_S);
        if (gpu_caps_put_back(options->state, is_mine, &mine, NULL, &err) != 0)
                log_error("a GPU's power limit is not put back yet, the agent will try: %s", err.text);
        alarm(0);
}

/* A process that was just waited for may count for a moment. What stays then is swept by the next agent. */
static void remove_group(const struct shim *shim)
{
        for (int i = 0; i < GROUP_TRIES && !leg_group_remove(&shim->local.group); i++)
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

int shim_run(const struct shim_options *options)
{
        struct shim shim = { .options = options, .listener = -1, .timer = -1, .signals = -1 };
        struct offpeak_error err;

        for (int i = 0; i < MAX_PEERS; i++)
                shim.peers[i] = -1;
        block_signals();
        setsid(); /* fails if it has one of its own already */
        if (take_leg(&shim, &err) != 0)
                return offpeak_exit_code(err.code);
        if (prepare(&shim, &err) != 0) {
                log_error("leg %s did not start: %s", shim.dir.path, err.text);
                machine_refused(&shim.machine, err.text);
        }
        if (options->link_fd >= 0)
                add_peer(&shim, options->link_fd);
        while (tick(&shim))
                wait_for_facts(&shim);
        job_log_stop(&shim.log, LOG_PATIENCE_MS);
        remove_group(&shim);
        close_all(&shim);
        put_caps_back(options);
        return 0;
}
