/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"

const char *record_type_name(enum record_type type)
{
        switch (type) {
#define RECORD_X(name, number)                                                                                         \
        case RECORD_##name:                                                                                            \
                return #name;
                RECORD_TYPES(RECORD_X)
#undef RECORD_X
        }
        return "?";
}

static void finish_planned(struct record_planned_job *jobs, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                free(jobs[i].intervals);
        free(jobs);
}

static void finish_submitted(struct record *record)
{
        offpeak_job_spec_finish(&record->u.submitted.spec);
        free(record->u.submitted.user);
        request_finish(&record->u.submitted.request);
}

static void finish_node_up(struct record *record)
{
        free(record->u.node_up.name);
        free(record->u.node_up.site);
        inventory_finish(&record->u.node_up.inventory);
}

void record_finish(struct record *record)
{
        switch (record->type) {
        case RECORD_CONFIG:
                policy_finish(&record->u.config.policy);
                break;
        case RECORD_SERIES:
                series_finish(&record->u.series.series);
                break;
        case RECORD_PUSHED:
                series_finish(&record->u.pushed.series);
                request_finish(&record->u.pushed.request);
                break;
        case RECORD_CONFIRMED:
                free(record->u.confirmed.site);
                break;
        case RECORD_SUBMITTED:
                finish_submitted(record);
                break;
        case RECORD_HELD:
                request_finish(&record->u.held.request);
                break;
        case RECORD_PINNED:
                free(record->u.pinned.hours);
                request_finish(&record->u.pinned.request);
                break;
        case RECORD_CANCEL:
                request_finish(&record->u.cancel.request);
                break;
        case RECORD_NODE_UP:
                finish_node_up(record);
                break;
        case RECORD_NODE_FENCED:
                request_finish(&record->u.node_fenced.request);
                break;
        case RECORD_DRAINED:
                free(record->u.drained.reason);
                request_finish(&record->u.drained.request);
                break;
        case RECORD_DEVICES:
                for (uint32_t i = 0; record->u.devices.unwell != NULL && i < record->u.devices.n_unwell; i++)
                        free(record->u.devices.unwell[i].reason);
                free(record->u.devices.unwell);
                break;
        case RECORD_LAUNCH:
                free(record->u.launch.legs);
                break;
        case RECORD_STOP:
                free(record->u.stop.why);
                break;
        case RECORD_LEG_END:
                free(record->u.leg_end.why);
                free(record->u.leg_end.tail);
                break;
        case RECORD_PLAN:
                finish_planned(record->u.plan.jobs, record->u.plan.n_jobs);
                free(record->u.plan.flows);
                break;
        case RECORD_I_META:
                policy_finish(&record->u.meta.policy);
                free(record->u.meta.flows);
                free(record->u.meta.past_flows);
                month_uses_finish(record->u.meta.month_uses, record->u.meta.n_month_uses);
                break;
        case RECORD_I_SITE:
                site_finish(&record->u.site.site);
                break;
        case RECORD_I_NODE:
                node_finish(&record->u.node.node);
                break;
        case RECORD_I_JOB:
                job_finish(&record->u.job.job);
                break;
        case RECORD_I_REQUEST:
                request_finish(&record->u.request.request);
                break;
        case RECORD_LEARNED:
                profile_finish(&record->u.learned.fitted);
                break;
        case RECORD_I_PROFILE:
                profile_finish(&record->u.profile.profile);
                break;
        case RECORD_V_FORECAST:
                forecast_use_finish(&record->u.forecast.use);
                break;
        case RECORD_TERM:
        case RECORD_GO:
        case RECORD_CAPPED:
        case RECORD_LATE_EXIT:
        case RECORD_OVER:
        case RECORD_ENDED:
        case RECORD_PROGRESS:
        case RECORD_BOOKED:
        case RECORD_V_SESSION:
        case RECORD_V_RENEWED:
        case RECORD_V_LEG:
        case RECORD_V_PLANNING:
        case RECORD_V_BACKOFF:
        case RECORD_V_STARTED:
                break; /* plain values */
        }
        memset(&record->u, 0, sizeof(record->u));
}
