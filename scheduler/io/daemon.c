/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.c - what is started, in order, and stopped in the reverse order.
 *
 *   config -> store -> planner, forecaster -> server (sockets) -> engine (recovers, begins a term) -> policy -> feeds -> signals
 *
 * The stop goes the other way, each part's closed callback beginning the next one.
 */
#include "io/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/config.h"
#include "io/engine.h"
#include "io/feeds.h"
#include "io/feeds_past.h"
#include "io/forecaster.h"
#include "io/server.h"
#include "io/store.h"
#include "wire/log.h"

enum { N_SIGNALS = 3 };
static const int signals[N_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

struct reload;

struct daemon {
        const struct daemon_options *options;
        struct config config;
        uv_loop_t loop;
        struct store *store;
        struct planner *planner;
        struct forecaster *forecaster;
        struct server *server;
        struct engine *engine;
        struct feeds *feeds;
        struct reload *reload; /* NULL: none is under way */
        uv_signal_t signals[N_SIGNALS];
        bool stopping;
};

/* ---- what the parts call */

/* A plan, or a forecast. */
static void on_ready(void *context, struct input *input)
{
        struct daemon *daemon = context;

        if (daemon->engine != NULL)
                engine_input(daemon->engine, input);
}

static void ask_plan(struct daemon *daemon)
{
        struct now now = clocks_now(engine_clocks(daemon->engine));
        struct plan_question question;

        if (daemon->planner == NULL)
                return;
        if (plan_question_init(engine_state(daemon->engine), &now, &question) != 0)
                log_error("out of memory: no plan was asked for");
        else
                planner_ask(daemon->planner, &question);
}

static void on_action(void *context, const struct action *action)
{
        struct daemon *daemon = context;

        if (action->type == ACTION_ASK_PLAN)
                ask_plan(daemon);
        else if (action->type == ACTION_DROP_PLAN) {
                if (daemon->planner != NULL)
                        planner_drop(daemon->planner);
        } else if (action->type == ACTION_ASK_FORECAST) {
                if (daemon->forecaster != NULL)
                        forecaster_ask(daemon->forecaster, engine_state(daemon->engine), &action->wish);
        } else if (daemon->server != NULL)
                server_act(daemon->server, action);
}

static void on_acted(void *context)
{
        struct daemon *daemon = context;

        if (daemon->server != NULL)
                server_acted(daemon->server);
}

/* Nothing may leave any more: not a reply, not an order. Sockets close with what was already promised. */
static void on_fail(void *context, const struct offpeak_error *err)
{
        (void)context;
        log_error("%s; stopping at once, the next start recovers from the log", err->text);
        _exit(offpeak_exit_code(err->code));
}

/* ---- reload */

static void take_policy(struct daemon *daemon)
{
        struct input input = { .type = INPUT_CONFIG };

        input.u.config.policy = &daemon->config.policy;
        engine_input(daemon->engine, &input);
}

static int open_feeds(struct daemon *daemon, bool strict, const struct feeds_past *past, struct offpeak_error *err)
{
        return feeds_open(&daemon->loop, &daemon->config, daemon->engine, strict, past, &daemon->feeds, err);
}

/* A configuration that is being looked at: its files are read in a worker thread, where they may hang. */
struct reload {
        struct daemon *daemon;
        uv_work_t work;
        struct config next;
        bool by_signal;
        int code;
        struct offpeak_error err;
};

static void check_there(uv_work_t *work)
{
        struct reload *reload = work->data;

        reload->code = feeds_check(&reload->next, &reload->err);
}

static void on_old_feeds_closed(void *context)
{
        config_finish(context);
        free(context);
}

/* The sockets, the store and the clock stay as they were at the start: policy and feeds change. */
static void exchange(struct config *config, struct config *next)
{
        struct policy policy = config->policy;
        struct config_site_files *files = config->files;
        struct said *said = config->said;

        config->policy = next->policy;
        config->files = next->files;
        config->said = next->said;
        config->reread = true;
        next->policy = policy;
        next->files = files;
        next->said = said;
}

/* `next` becomes the old configuration, which lives until the feeds that borrow from it are closed: nobody waits for these. */
static void adopt(struct daemon *daemon, struct config *next)
{
        struct feeds *old = daemon->feeds;
        struct feeds_past *past = feeds_past_of(old);
        struct offpeak_error err;

        exchange(&daemon->config, next);
        daemon->feeds = NULL;
        feeds_close(old, on_old_feeds_closed, next);
        take_policy(daemon);
        if (open_feeds(daemon, false, past, &err) != 0)
                log_error("%s", err.text);
        feeds_past_free(past);
        log_info("the configuration was read again");
}

static void tell_reload(struct daemon *daemon, const struct reload *reload)
{
        if (reload->code != 0 && reload->by_signal)
                log_error("the configuration was not read again, the old one holds: %s", reload->err.text);
        server_reloaded(daemon->server, reload->code, &reload->err);
}

static void on_checked(uv_work_t *work, int cancelled)
{
        struct reload *reload = work->data;
        struct daemon *daemon = reload->daemon;
        struct config *next = NULL;

        daemon->reload = NULL;
        if (cancelled != 0 || daemon->stopping) {
                config_finish(&reload->next);
                free(reload);
                return;
        }
        if (reload->code == 0)
                reload->code = server_reload_keys(daemon->server, &reload->err);
        if (reload->code == 0 && (next = malloc(sizeof(*next))) == NULL)
                reload->code = fail(&reload->err, OFFPEAK_ENOMEM, "out of memory");
        if (reload->code == 0) {
                *next = reload->next;
                adopt(daemon, next);
        } else {
                config_finish(&reload->next);
        }
        tell_reload(daemon, reload);
        free(reload);
}

static int begin_reload(struct daemon *daemon, bool by_signal, struct offpeak_error *err)
{
        struct reload *reload;
        int code;

        if (daemon->reload != NULL || daemon->stopping)
                return fail(err, OFFPEAK_ETRYAGAIN, "a reload is under way; try again in a moment");
        reload = calloc(1, sizeof(*reload));
        if (reload == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        code = config_read(daemon->options->config_path, &reload->next, err);
        if (code != 0) {
                free(reload);
                return code;
        }
        reload->daemon = daemon;
        reload->by_signal = by_signal;
        reload->work.data = reload;
        daemon->reload = reload;
        uv_queue_work(&daemon->loop, &reload->work, check_there, on_checked);
        return 0;
}

static int reload(void *context, struct offpeak_error *err)
{
        return begin_reload(context, false, err);
}

/* ---- stop */

static void on_signal_closed(uv_handle_t *handle)
{
        (void)handle;
}

static void on_server_closed(void *context)
{
        struct daemon *daemon = context;

        daemon->server = NULL;
}

static void on_engine_closed(void *context)
{
        struct daemon *daemon = context;

        daemon->engine = NULL;
        if (daemon->server != NULL)
                server_close(daemon->server, on_server_closed, daemon);
}

static void on_forecaster_closed(void *context)
{
        struct daemon *daemon = context;

        if (daemon->engine != NULL)
                engine_close(daemon->engine, on_engine_closed, daemon);
        else
                on_engine_closed(daemon);
}

static void on_planner_closed(void *context)
{
        struct daemon *daemon = context;
        struct forecaster *forecaster = daemon->forecaster;

        daemon->forecaster = NULL; /* nothing is asked any more */
        if (forecaster != NULL)
                forecaster_close(forecaster, on_forecaster_closed, daemon);
        else
                on_forecaster_closed(daemon);
}

static void on_feeds_closed(void *context)
{
        struct daemon *daemon = context;
        struct planner *planner = daemon->planner;

        daemon->feeds = NULL;
        daemon->planner = NULL; /* nothing is asked any more */
        if (planner != NULL)
                planner_close(planner, on_planner_closed, daemon);
        else
                on_planner_closed(daemon);
}

static void stop(struct daemon *daemon)
{
        if (daemon->stopping)
                return;
        daemon->stopping = true;
        if (daemon->reload != NULL)
                uv_cancel((uv_req_t *)&daemon->reload->work);
        for (int i = 0; i < N_SIGNALS; i++)
                uv_close((uv_handle_t *)&daemon->signals[i], on_signal_closed);
        feeds_close(daemon->feeds, on_feeds_closed, daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
        struct daemon *daemon = handle->data;
        struct offpeak_error err;

        if (number == SIGHUP) {
                if (begin_reload(daemon, true, &err) != 0)
                        log_error("the configuration was not read again, the old one holds: %s", err.text);
                return;
        }
        log_info("stopping: running jobs go on under their agents");
        stop(daemon);
}

/* ---- start */

static int make_folder(const char *path, struct offpeak_error *err)
{
        char part[4096];

        snprintf(part, sizeof(part), "%s", path);
        for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                mkdir(part, 0755);
                *slash = '/';
        }
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "%s: %s; make it, or name another state_dir", path, strerror(errno));
        return 0;
}

static int open_store(struct daemon *daemon, struct offpeak_error *err)
{
        char path[4096];
        int code = make_folder(daemon->config.state_dir, err);

        if (code != 0)
                return code;
        snprintf(path, sizeof(path), "%s/offpeakd.db", daemon->config.state_dir);
        code = store_open(path, &daemon->store, err);
        if (code == 0 && store_damage(daemon->store) != NULL)
                log_error("%s", store_damage(daemon->store));
        return code;
}

/* Books and plans of a store are in one time: another clock over it would tear a hole into them, or overlap them. */
static int same_clock(struct daemon *daemon, struct offpeak_error *err)
{
        const struct config *config = &daemon->config;
        int64_t rate = config->clock_scaled ? (int64_t)(config->clock_rate * 1e6) : 0;
        int64_t start = config->clock_scaled ? config->clock_start : 0;
        int64_t known_rate = 0, known_start = 0;
        int code = store_get_number(daemon->store, "clock_rate_ppm", -1, &known_rate, err);

        if (code == 0)
                code = store_get_number(daemon->store, "clock_start", start, &known_start, err);
        if (code != 0)
                return code;
        if (known_rate >= 0 && (known_rate != rate || known_start != start))
                return fail(err, OFFPEAK_ECONFIG, "%s: the store there was begun with another `clock`; give that one "
                            "again, or another state_dir", daemon->config.state_dir);
        code = store_set_number(daemon->store, "clock_rate_ppm", rate, err);
        return code != 0 ? code : store_set_number(daemon->store, "clock_start", start, err);
}

/* A scaled clock goes on over restarts: its origin is kept beside the log. */
static int open_clocks(struct daemon *daemon, struct clocks *ret_clocks, struct offpeak_error *err)
{
        const struct config *config = &daemon->config;
        struct clocks clocks;
        int64_t wall0 = 0, real0 = 0;
        int code;

        clocks_init(&clocks);
        code = same_clock(daemon, err);
        if (code != 0)
                return code;
        if (config->clock_scaled) {
                int64_t start = config->clock_start != 0 ? config->clock_start : clocks_wall_ms(&clocks) / 1000;

                clocks_init_scaled(&clocks, start, config->clock_rate);
                code = store_get_number(daemon->store, "clock_wall0_ms", 0, &wall0, err);
                if (code == 0)
                        code = store_get_number(daemon->store, "clock_real0_ms", 0, &real0, err);
                if (code == 0 && real0 != 0) {
                        clocks.wall0_ms = wall0;
                        clocks.real0_ms = real0;
                } else if (code == 0) {
                        code = store_set_number(daemon->store, "clock_wall0_ms", clocks.wall0_ms, err);
                        if (code == 0)
                                code = store_set_number(daemon->store, "clock_real0_ms", clocks.real0_ms, err);
                }
                if (code != 0)
                        return code;
                log_warning("the wall clock is scaled: %.6g times real time; for demonstrations and tests only",
                            clocks.rate);
        }
        *ret_clocks = clocks;
        return 0;
}

static struct feed_statuses statuses(void *context)
{
        const struct daemon *daemon = context;

        return feeds_statuses(daemon->feeds);
}

static int open_server(struct daemon *daemon, struct offpeak_error *err)
{
        struct server_options options = { .loop = &daemon->loop,
                                          .config = &daemon->config,
                                          .store = daemon->store,
                                          .reload = reload,
                                          .feeds = statuses,
                                          .context = daemon };

        return server_open(&options, &daemon->server, err);
}

static int open_engine(struct daemon *daemon, struct offpeak_error *err)
{
        struct engine_options options = { .loop = &daemon->loop,
                                          .store = daemon->store,
                                          .snapshot_records = daemon->config.snapshot_records,
                                          .forecasts = true,
                                          .act = on_action,
                                          .acted = on_acted,
                                          .fail = on_fail,
                                          .context = daemon };
        int code = open_clocks(daemon, &options.clocks, err);

        if (code != 0)
                return code;
        code = engine_open(&options, &daemon->engine, err);
        if (code == 0) {
                server_set_engine(daemon->server, daemon->engine);
                take_policy(daemon);
        }
        return code;
}

static int open_planner(struct daemon *daemon, struct offpeak_error *err)
{
        int code = planner_create(&daemon->loop, daemon->options->compute, on_ready, daemon, &daemon->planner);

        if (code == 0)
                code = forecaster_create(&daemon->loop, on_ready, daemon, &daemon->forecaster);
        return code != 0 ? fail(err, code, "out of memory") : 0;
}

static void open_signals(struct daemon *daemon)
{
        for (int i = 0; i < N_SIGNALS; i++) {
                uv_signal_init(&daemon->loop, &daemon->signals[i]);
                daemon->signals[i].data = daemon;
                uv_signal_start(&daemon->signals[i], on_signal, signals[i]);
        }
        signal(SIGPIPE, SIG_IGN);
}

static int start(struct daemon *daemon, struct offpeak_error *err)
{
        int code = open_store(daemon, err);

        if (code == 0)
                code = open_planner(daemon, err);
        if (code == 0)
                code = open_server(daemon, err);
        if (code == 0)
                code = open_engine(daemon, err);
        if (code == 0)
                code = open_feeds(daemon, true, NULL, err);
        return code;
}

int daemon_run(const struct daemon_options *options, struct offpeak_error *err)
{
        struct daemon daemon = { .options = options };
        int code = config_read(options->config_path, &daemon.config, err);

        if (code != 0)
                return code;
        log_set_level((enum log_level)daemon.config.log_level);
        uv_loop_init(&daemon.loop);
        open_signals(&daemon);
        code = start(&daemon, err);
        if (code != 0)
                stop(&daemon);
        else
                log_info("ready");
        uv_run(&daemon.loop, UV_RUN_DEFAULT);
        uv_loop_close(&daemon.loop);
        store_close(daemon.store);
        config_finish(&daemon.config);
        return code;
}

int daemon_check(const char *config_path, struct offpeak_error *err)
{
        struct config config;
        int code = config_read(config_path, &config, err);

        if (code != 0)
                return code;
        code = feeds_check(&config, err);
        config_finish(&config);
        return code;
}
