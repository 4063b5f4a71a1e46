/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/host.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agent/host_parts.h"
#include "base/fail.h"
#include "wire/log.h"

int64_t host_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void host_fail(struct host *host, const struct offpeak_error *err)
{
        if (host->code != 0)
                return;
        host->code = err->code;
        host->err = *err;
        uv_stop(&host->loop);
}

/* ---- a turn */

static void keep_term(struct host *host, uint64_t term)
{
        struct offpeak_error err;

        if (state_dir_keep_term(&host->dir, term, &err) != 0)
                host_fail(host, &err); /* a term that is not on disk must not be served */
}

static void act(struct host *host, const struct agent_action *action)
{
        switch (action->type) {
        case AGENT_KEEP_TERM:
                keep_term(host, action->number);
                break;
        case AGENT_SEND_HELLO:
                host_send_hello(host);
                break;
        case AGENT_SEND_RENEW:
                host_send_renew(host);
                break;
        case AGENT_ACKED:
                host_meter_acked(host, action->number);
                break;
        case AGENT_LAUNCH:
                host_launch(host, action);
                break;
        case AGENT_GO:
        case AGENT_STOP:
        case AGENT_LEASE:
                host_tell_shim(host, action);
                break;
        case AGENT_CAP:
                host_caps_change(host, action->id, action->cap_ppm);
                break;
        case AGENT_BURY:
                host_bury(host, action->id);
                break;
        case AGENT_DELETE:
                host_delete(host, action->id);
                break;
        case AGENT_WARN:
                log_warning("%s", action->text);
                break;
        }
}

static void log_contact(const struct agent_state *core, enum agent_contact before, uint64_t session_before)
{
        if (core->contact == AGENT_SESSION && (before != AGENT_SESSION || session_before != core->session))
                log_info("in session %" PRIu64 " of the scheduler's term %" PRIu64 ", renewed every %" PRId64 " ms",
                         core->session, core->term, core->renew_ms);
        else if (before == AGENT_SESSION && core->contact == AGENT_HELLO)
                log_info("the scheduler knows session %" PRIu64 " no more: greeting it anew", session_before);
}

static void step(struct host *host, struct agent_input *input)
{
        enum agent_contact contact = host->core.contact;
        uint64_t session = host->core.session;
        struct agent_turn turn;

        input->now_ms = host_now_ms();
        if (getrandom(input->random, sizeof(input->random), 0) != sizeof(input->random)) {
                host_fail(host, &(struct offpeak_error){ OFFPEAK_EINTERNAL, "the kernel gives no random bytes" });
                return;
        }
        agent_turn_init(&turn);
        agent_step(&host->core, input, &turn);
        if (turn.failed)
                host_fail(host, &(struct offpeak_error){ OFFPEAK_ENOMEM, "out of memory" });
        log_contact(&host->core, contact, session);
        for (size_t i = 0; i < turn.n_actions && host->code == 0; i++)
                act(host, &turn.actions[i]);
        agent_turn_finish(&turn);
}

static void deliver_exit(struct host *host, struct host_leg *leg)
{
        struct agent_input progress = { .type = AGENT_PROGRESS, .u.progress = { leg->id, leg->done, leg->total } };
        struct agent_input ended = { .type = AGENT_ENDED, .u.ended = { leg->id, &leg->exit } };

        leg->has_exit = false;
        host_meter_end_leg(host, leg);
        step(host, &progress);
        step(host, &ended);
}

static void on_turn(uv_timer_t *timer)
{
        struct agent_input input = { .type = AGENT_TICK };

        host_feed(timer->data, &input);
}

void host_feed(struct host *host, struct agent_input *input)
{
        int64_t next;

        step(host, input);
        host_meter_begin_legs(host);
        for (struct host_leg *leg = host->legs; leg != NULL && host->code == 0;) {
                if (leg->has_exit) {
                        deliver_exit(host, leg);
                        leg = host->legs; /* whatever that did to the list */
                } else {
                        leg = leg->next;
                }
        }
        next = agent_next(&host->core);
        if (next == INT64_MAX || host->code != 0 || host->stopping) {
                uv_timer_stop(&host->turn_timer);
                return;
        }
        int64_t wait = next - host_now_ms();
        uv_update_time(&host->loop);
        uv_timer_start(&host->turn_timer, on_turn, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* ---- every second */

static void on_second(uv_timer_t *timer)
{
        struct host *host = timer->data;

        host_meter_sample(host);
        host_meter_sync(host);
        host_read_progress(host);
        host_give_up_mute_shims(host);
        host_caps_tell(host);
        host_caps_settle(host);
        host_watch_devices(host);
        host_watch_silence(host);
}

static void on_signal(uv_signal_t *handle, int number)
{
        struct host *host = handle->data;

        log_info("%s: leaving; jobs go on under their shims", strsignal(number));
        host->stopping = true;
        uv_stop(&host->loop);
}

/* ---- beginning and end */

static int open_keys(struct host *host, struct offpeak_error *err)
{
        int code;

        if (host->config->curve_secret == NULL)
                return 0;
        code = wire_keys_load_client(host->config->curve_secret, host->config->curve_server, &host->keys, err);
        host->has_keys = code == 0;
        return code;
}

static int open_loop(struct host *host, struct offpeak_error *err)
{
        if (uv_loop_init(&host->loop) != 0)
                return fail(err, OFFPEAK_EIO, "cannot make an event loop");
        uv_timer_init(&host->loop, &host->turn_timer);
        uv_timer_init(&host->loop, &host->second_timer);
        uv_timer_init(&host->loop, &host->bury_timer);
        uv_signal_init(&host->loop, &host->term);
        uv_signal_init(&host->loop, &host->interrupt);
        host->turn_timer.data = host->second_timer.data = host->bury_timer.data = host;
        host->term.data = host->interrupt.data = host;
        signal(SIGPIPE, SIG_IGN);
        uv_signal_start(&host->term, on_signal, SIGTERM);
        uv_signal_start(&host->interrupt, on_signal, SIGINT);
        uv_timer_start(&host->second_timer, on_second, 1000, 1000);
        return 0;
}

static void close_loop(struct host *host)
{
        host_close_legs(host);
        if (host->socket != NULL)
                zuv_close(host->socket, NULL, NULL);
        uv_close((uv_handle_t *)&host->turn_timer, NULL);
        uv_close((uv_handle_t *)&host->second_timer, NULL);
        uv_close((uv_handle_t *)&host->bury_timer, NULL);
        uv_close((uv_handle_t *)&host->term, NULL);
        uv_close((uv_handle_t *)&host->interrupt, NULL);
        uv_run(&host->loop, UV_RUN_DEFAULT);
        if (uv_loop_close(&host->loop) != 0)
                log_error("something is still on the event loop at the end");
}

/* What an earlier agent left is settled first; only then is the scheduler greeted. */
static int begin(struct host *host, struct offpeak_error *err)
{
        struct agent_input start = { .type = AGENT_START };
        int code = state_dir_term(&host->dir, &start.u.start.term, err);

        if (code == 0)
                code = host_recover(host, &start.u.start.sure, err);
        if (code == 0)
                code = host_wire_open(host, err);
        if (code != 0)
                return code;
        start.u.start.devices = hardware_mask(host->hardware);
        host_feed(host, &start);
        return 0;
}

static int run(struct host *host, struct offpeak_error *err)
{
        int code = open_loop(host, err);

        if (code != 0)
                return code;
        code = begin(host, err);
        if (code == 0 && host->code == 0)
                uv_run(&host->loop, UV_RUN_DEFAULT);
        if (code == 0 && host->code != 0) {
                code = host->code;
                *err = host->err;
        }
        host->stopping = true;
        host_meter_close(host);
        close_loop(host);
        return code;
}

static void log_isolation(const struct host *host)
{
        char line[512];

        log_info("%s", isolation_describe(&host->isolation, line, sizeof(line)));
        for (int i = 0; isolation_lack(&host->isolation, i, line, sizeof(line)); i++)
                log_warning("%s", line);
}

static int open_and_run(struct host *host, struct offpeak_error *err)
{
        int code = open_keys(host, err);

        if (code != 0)
                return code;
        code = hardware_open(host->config, NULL, &host->hardware, err);
        if (code != 0)
                goto out_keys;
        code = isolation_open(host->config, host->hardware, &host->isolation, err);
        if (code == 0)
                code = state_dir_open(host->config->state_dir, &host->dir, err);
        if (code != 0)
                goto out_hardware;
        code = node_lock_take(host->config->node, host->dir.path, &host->lock, err);
        if (code != 0)
                goto out_dir;
        code = state_dir_begin(&host->dir, err);
        if (code == 0)
                code = host_meter_open(host, err);
        if (code == 0)
                code = host_caps_open(host, err);
        if (code == 0)
                code = last_lines_open(&host->last_lines, err);
        if (code == 0) {
                log_isolation(host);
                agent_state_init(&host->core);
                code = run(host, err);
                agent_state_finish(&host->core);
                spool_close(host->spool);
                meter_finish(&host->meter);
        }
        last_lines_close(host->last_lines);
        host_caps_close(host);
        node_lock_release(&host->lock);
out_dir:
        state_dir_close(&host->dir);
out_hardware:
        hardware_close(host->hardware);
out_keys:
        if (host->has_keys)
                wire_keys_finish(&host->keys);
        return code;
}

int host_run(const struct agent_config *config, struct offpeak_error *err)
{
        struct host *host = calloc(1, sizeof(*host));
        int code;

        if (host == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        host->config = config;
        code = open_and_run(host, err);
        free(host);
        return code;
}
