/* SPDX-License-Identifier: Apache-2.0 */
#include "io/record_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "core/width.h"
#include "wire/log.h"

static const char *pause_text(enum pause_cause cause)
{
        switch (cause) {
        case PAUSE_UNKNOWN:
        case PAUSE_POWER:
                break;
        case PAUSE_COST:
                return "pauses: later hours are cheaper";
        case PAUSE_MOVE:
                return "pauses: it goes on at another site";
        case PAUSE_RESIZE:
                return "pauses: it goes on at another width";
        case PAUSE_PEAK:
                return "pauses: it would raise the peak that the demand charge is for";
        case PAUSE_ROOM:
                return "pauses: another job needs its room";
        case PAUSE_OWNER:
                return "pauses: its owner put it on hold";
        case PAUSE_OPERATOR:
                return "pauses: an operator put it on hold";
        case PAUSE_PINNED:
                return "pauses: it is pinned to later hours";
        case PAUSE_MONTH:
                return "pauses: its class has used up the GPU-hours of the month";
        }
        return "pauses";
}

static const char *stop_text(enum stop_reason reason, enum pause_cause cause)
{
        switch (reason) {
        case STOP_NONE:
                break;
        case STOP_PAUSE:
        case STOP_HOLD:
                return pause_text(cause);
        case STOP_CANCEL:
                return "stops: cancelled";
        case STOP_LIMIT:
                return "stops: far beyond the time it asked for";
        case STOP_LEG_FAILED:
                return "stops: one of its legs has ended";
        case STOP_ARM_TIMEOUT:
                return "stops: its nodes were not ready in time";
        case STOP_SHED:
                return "pauses: power is short";
        }
        return "stops";
}

/* `job 7 attempt 1 pauses: power is short: 1.20 kW drawn, 500 W allowed (capacity)`; what needed room is told by its number. */
static void log_stop(const struct record *record)
{
        const struct pause *pause = &record->u.stop.pause;
        char detail[160] = "", drawn[TEXT_SIZE], limit[TEXT_SIZE];

        if (pause->drawn_w > 0)
                snprintf(detail, sizeof(detail), ": %s drawn, %s allowed%s%s%s", text_format_power(pause->drawn_w, drawn),
                         text_format_power(pause->limit_w, limit), pause->signal != 0 ? " (" : "",
                         pause->signal != 0 ? series_kind_name(pause->signal) : "", pause->signal != 0 ? ")" : "");
        else if (pause->other != 0)
                snprintf(detail, sizeof(detail), ": job %" PRIu64, pause->other);
        else if (record->u.stop.why != NULL)
                snprintf(detail, sizeof(detail), ": %s", record->u.stop.why);
        log_info("job %" PRIu64 " attempt %u %s%s", record->u.stop.job, record->u.stop.attempt,
                 stop_text(record->u.stop.reason, pause->cause), detail);
}

static const char *how_text(enum leg_how how)
{
        switch (how) {
        case LEG_EXIT:
                return "exited";
        case LEG_ASKED:
                return "stopped when asked";
        case LEG_NEVER:
                return "never started";
        case LEG_SHIM_LOST:
                return "lost its shim";
        case LEG_REBOOT:
                return "ended by a reboot";
        case LEG_ABSENT:
                return "is gone: its node does not know it";
        case LEG_LEASE_OVER:
                return "was given up: its lease is over";
        case LEG_FENCED:
                return "was declared dead by the operator";
        case LEG_NO_GO:
                return "was called off before it ran";
        }
        return "ended";
}

/* `, code 7` or `, signal 9 (Killed)` of one that exited; it may have been killed because its grace had run out. */
static void log_leg_end(const struct state *state, const struct record *record)
{
        int32_t status = record->u.leg_end.status;
        const char *why = record->u.leg_end.why;
        char ended[80] = "";

        if (record->u.leg_end.how == LEG_EXIT || record->u.leg_end.how == LEG_ASKED) {
                if (WIFSIGNALED(status))
                        snprintf(ended, sizeof(ended), ", signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
                else
                        snprintf(ended, sizeof(ended), ", code %d", WEXITSTATUS(status));
        }
        log_info("job %" PRIu64 " attempt %u on %s %s%s%s%s%s", record->u.leg_end.leg.job, record->u.leg_end.leg.attempt,
                 state->nodes[record->u.leg_end.leg.node].name, how_text(record->u.leg_end.how), ended,
                 record->u.leg_end.killed ? ", killed" : "", why != NULL ? ": " : "", why != NULL ? why : "");
}

static void log_cap(const struct state *state, const struct record *record)
{
        const struct job *job = state_job(state, record->u.capped.job);
        uint32_t ppm = job != NULL ? width_cap_ppm(&job->spec, record->u.capped.mode) : 0;

        if (ppm > 0)
                log_info("job %" PRIu64 " attempt %u goes on with its GPUs capped at %u %% of their limit",
                         record->u.capped.job, record->u.capped.attempt, ppm / 10000);
        else
                log_info("job %" PRIu64 " attempt %u goes on without a cap", record->u.capped.job,
                         record->u.capped.attempt);
}

static const char *state_text(enum offpeak_job_state state)
{
        switch (state) {
        case OFFPEAK_JOB_DONE:
                return "done";
        case OFFPEAK_JOB_FAILED:
                return "failed";
        case OFFPEAK_JOB_CANCELLED:
                return "cancelled";
        case OFFPEAK_JOB_QUEUED:
        case OFFPEAK_JOB_ACTIVE:
                break;
        }
        return "?";
}

static void log_devices(const struct state *state, const struct record *record)
{
        const struct node *node = &state->nodes[record->u.devices.node];

        for (uint32_t i = 0; i < record->u.devices.n_unwell; i++)
                log_warning("device %u of node %s is unwell, and is given to no job: %s",
                            record->u.devices.unwell[i].device, node->name, record->u.devices.unwell[i].reason);
        if (record->u.devices.n_unwell == 0)
                log_info("all devices of node %s are well again", node->name);
}

void record_log(const struct state *state, const struct record *record)
{
        switch (record->type) {
        case RECORD_TERM:
                log_info("term %" PRIu64 " begins", record->u.term.term);
                break;
        case RECORD_CONFIG:
                log_info("policy: %zu sites, %zu classes", record->u.config.policy.n_sites,
                         record->u.config.policy.n_classes);
                break;
        case RECORD_SERIES:
                log_info("%s of %s: version %" PRIu64 ", %zu points from %s",
                         series_kind_name(record->u.series.series.kind), record->u.series.series.site,
                         record->u.series.series.version, record->u.series.series.n_points,
                         record->u.series.series.source);
                break;
        case RECORD_PUSHED:
                log_info("%s of %s: version %" PRIu64 ", %s by %s", series_kind_name(record->u.pushed.series.kind),
                         record->u.pushed.series.site, record->u.pushed.series.version,
                         record->u.pushed.series.n_points > 0 ? "pushed" : "withdrawn", record->u.pushed.series.source);
                break;
        case RECORD_SUBMITTED:
                log_info("job %" PRIu64 " submitted by %s", record->u.submitted.job, record->u.submitted.user);
                break;
        case RECORD_NODE_UP:
                log_info("node %s at %s: %u devices", record->u.node_up.name, record->u.node_up.site,
                         record->u.node_up.inventory.n_devices);
                if (policy_site(&state->policy, record->u.node_up.site) == NULL)
                        log_warning("node %s is at \"%s\", which the configuration does not name: it gets no jobs",
                                    record->u.node_up.name, record->u.node_up.site);
                break;
        case RECORD_DRAINED:
                if (record->u.drained.reason != NULL)
                        log_warning("node %s is drained: %s", state->nodes[record->u.drained.node].name,
                                    record->u.drained.reason);
                else
                        log_info("node %s takes jobs again", state->nodes[record->u.drained.node].name);
                break;
        case RECORD_DEVICES:
                log_devices(state, record);
                break;
        case RECORD_NODE_FENCED:
                log_warning("node %s %s", state->nodes[record->u.node_fenced.node].name,
                            record->u.node_fenced.fenced ? "is fenced" : "is no longer fenced");
                break;
        case RECORD_LAUNCH:
                log_info("job %" PRIu64 " attempt %u starts on %u node(s), first %s", record->u.launch.job,
                         record->u.launch.attempt, record->u.launch.n_legs,
                         state->nodes[record->u.launch.legs[0].node].name);
                break;
        case RECORD_STOP:
                log_stop(record);
                break;
        case RECORD_LEG_END:
                log_leg_end(state, record);
                break;
        case RECORD_CAPPED:
                log_cap(state, record);
                break;
        case RECORD_LEARNED:
                log_debug("what jobs named %s of uid %u do at each width and cap is fitted anew",
                          record->u.learned.fitted.name, record->u.learned.fitted.uid);
                break;
        case RECORD_ENDED:
                log_info("job %" PRIu64 " %s", record->u.ended.job, state_text(record->u.ended.state));
                break;
        case RECORD_PLAN:
                if (record->u.plan.plan.version != 0)
                        log_debug("plan %" PRIu64 ": %.2f, run at once %.2f, bound %.2f", record->u.plan.plan.version,
                                  record->u.plan.plan.terms.total, record->u.plan.plan.run_now.total,
                                  record->u.plan.plan.bound);
                break;
        default:
                break;
        }
}
