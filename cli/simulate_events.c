/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/simulate_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fail.h"
#include "base/when.h"
#include "core/room.h"

int simulate_events_open(struct simulate_events *events, const struct trial *trial, const char *path,
                         struct offpeak_error *err)
{
        *events = (struct simulate_events){ .trial = trial, .path = path };
        if (path == NULL)
                return 0;
        events->out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
        return events->out != NULL ? 0 : fail(err, OFFPEAK_EIO, "--events %s: %s", path, strerror(errno));
}

/* ---- names */

static void keep_name(struct simulate_events *events, uint64_t job, const char *name)
{
        while (events->n_names <= job) {
                char **slot = room_for_one((void **)&events->names, events->n_names, sizeof(*slot));

                if (slot == NULL) {
                        events->failed = true;
                        return;
                }
                *slot = NULL;
                events->n_names++;
        }
        events->names[job] = strdup(name);
        events->failed = events->failed || events->names[job] == NULL;
}

static json_t *name_of(const struct simulate_events *events, uint64_t job)
{
        return job < events->n_names && events->names[job] != NULL ? json_string(events->names[job]) : json_null();
}

static const char *node_of(const struct simulate_events *events, uint32_t node)
{
        return node < events->trial->n_nodes ? events->trial->nodes[node].name : "?";
}

static json_t *time_of(int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return json_string(when_format_utc(time, text));
}

/* ---- one line for each kind */

static json_t *planned_job(const struct simulate_events *events, const struct record_planned_job *planned)
{
        json_t *hours = json_array();

        for (uint32_t i = 0; i < planned->n_intervals; i++) {
                const struct plan_interval *interval = &planned->intervals[i];

                json_array_append_new(hours, json_pack("{s:o, s:o, s:s}", "start_utc", time_of(interval->start),
                                                       "end_utc", time_of(interval->end), "site",
                                                       events->trial->policy.sites[interval->site].name));
        }
        return json_pack("{s:o, s:o, s:f, s:f, s:I}", "id", name_of(events, planned->job), "hours", hours, "cost",
                         planned->cost, "run_now_cost", planned->run_now_cost, "late_s", (json_int_t)planned->late_s);
}

/* Version 0 is no plan of everybody, but one job's first hours. */
static json_t *plan_money(const struct record *record, double amount)
{
        return record->u.plan.plan.version != 0 ? json_real(amount) : json_null();
}

static json_t *plan_line(const struct simulate_events *events, const struct record *record)
{
        json_t *jobs = json_array();

        for (uint32_t i = 0; i < record->u.plan.n_jobs; i++)
                json_array_append_new(jobs, planned_job(events, &record->u.plan.jobs[i]));
        return json_pack("{s:I, s:o, s:o, s:o}", "version", (json_int_t)record->u.plan.plan.version, "cost",
                         plan_money(record, record->u.plan.plan.terms.total), "bound",
                         plan_money(record, record->u.plan.plan.bound), "jobs", jobs);
}

static json_t *launch_line(const struct simulate_events *events, const struct record *record)
{
        json_t *legs = json_array();

        for (uint32_t i = 0; i < record->u.launch.n_legs; i++)
                json_array_append_new(
                        legs, json_pack("{s:s, s:I}", "node", node_of(events, record->u.launch.legs[i].node), "gpus",
                                        (json_int_t)__builtin_popcountll(record->u.launch.legs[i].devices)));
        return json_pack("{s:o, s:I, s:o}", "id", name_of(events, record->u.launch.job), "attempt",
                         (json_int_t)record->u.launch.attempt, "on", legs);
}

static json_t *stop_line(const struct simulate_events *events, const struct record *record)
{
        static const char *const reasons[] = { [STOP_PAUSE] = "paused by the plan",
                                               [STOP_CANCEL] = "cancelled",
                                               [STOP_HOLD] = "held",
                                               [STOP_LIMIT] = "ran too long",
                                               [STOP_LEG_FAILED] = "another rank failed",
                                               [STOP_ARM_TIMEOUT] = "a node did not arm in time",
                                               [STOP_SHED] = "power is gone" };
        unsigned reason = (unsigned)record->u.stop.reason;
        const char *name = reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason] : NULL;

        return json_pack("{s:o, s:I, s:s?}", "id", name_of(events, record->u.stop.job), "attempt",
                         (json_int_t)record->u.stop.attempt, "reason", name);
}

static json_t *series_line(const struct series *series)
{
        return json_pack("{s:s, s:s?, s:o, s:o}", "kind", series_kind_name(series->kind), "site", series->site,
                         "from_utc", series->n_points > 0 ? time_of(series->points[0].start) : json_null(), "to_utc",
                         time_of(series->end));
}

/* NULL: no decision, but the books, or what nodes said. */
static json_t *line_of(struct simulate_events *events, const struct record *record, const char **ret_event)
{
        switch (record->type) {
        case RECORD_SERIES:
                *ret_event = "signal";
                return series_line(&record->u.series.series);
        case RECORD_SUBMITTED:
                *ret_event = "submitted";
                keep_name(events, record->u.submitted.job, record->u.submitted.spec.name);
                return json_pack("{s:o, s:I, s:I}", "id", name_of(events, record->u.submitted.job), "nodes",
                                 (json_int_t)record->u.submitted.spec.nodes, "gpus_per_node",
                                 (json_int_t)record->u.submitted.spec.gpus_per_node);
        case RECORD_LAUNCH:
                *ret_event = "launched";
                return launch_line(events, record);
        case RECORD_STOP:
                *ret_event = "stopped";
                return stop_line(events, record);
        case RECORD_OVER:
                *ret_event = "over";
                return json_pack("{s:o, s:I, s:b, s:b, s:I}", "id", name_of(events, record->u.over.job), "attempt",
                                 (json_int_t)record->u.over.attempt, "paused", record->u.over.paused, "lost",
                                 record->u.over.lost, "ran_s", (json_int_t)record->u.over.ran_s);
        case RECORD_ENDED:
                *ret_event = "ended";
                return json_pack("{s:o, s:b}", "id", name_of(events, record->u.ended.job), "done",
                                 record->u.ended.state == OFFPEAK_JOB_DONE);
        case RECORD_PLAN:
                *ret_event = "planned";
                return plan_line(events, record);
        default:
                return NULL;
        }
}

void simulate_events_write(struct simulate_events *events, const struct record *record)
{
        const char *event = "";
        json_t *line, *head;

        if (events->out == NULL)
                return;
        line = line_of(events, record, &event);
        if (line == NULL)
                return;
        head = json_pack("{s:o, s:I, s:s}", "at_utc", time_of(record->at), "index", (json_int_t)record->index, "event",
                         event);
        if (head == NULL || json_object_update(head, line) != 0)
                events->failed = true;
        else if (json_dumpf(head, events->out, JSON_COMPACT) == 0)
                putc('\n', events->out);
        json_decref(head);
        json_decref(line);
}

int simulate_events_close(struct simulate_events *events, struct offpeak_error *err)
{
        bool bad = events->out != NULL && (fflush(events->out) != 0 || ferror(events->out));

        if (events->out != NULL && events->out != stdout)
                bad = fclose(events->out) != 0 || bad;
        for (size_t i = 0; i < events->n_names; i++)
                free(events->names[i]);
        free(events->names);
        events->out = NULL;
        events->names = NULL;
        events->n_names = 0;
        if (events->failed)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        return bad ? fail(err, OFFPEAK_EIO, "--events %s: not all of it could be written", events->path) : 0;
}
