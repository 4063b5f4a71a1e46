/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - the only thing that changes state.
 *
 * A durable record takes the next log index, or brings its own on replay. A snapshot's images carry none: the first
 * of them (META) says up to which index they speak.
 */
#include "core/apply_parts.h"
#include "core/decide.h"
#include "core/profile.h"

static int apply_term(struct state *state, const struct record *record)
{
        state->term = record->u.term.term;
        state->fenced_start = record->u.term.fenced_start;
        return 0;
}

static int dispatch(struct state *state, const struct record *record)
{
        switch (record->type) {
        case RECORD_TERM:
                return apply_term(state, record);
        case RECORD_CONFIG:
                return apply_config(state, record);
        case RECORD_SERIES:
                return apply_series(state, record);
        case RECORD_PUSHED:
                return apply_pushed(state, record);
        case RECORD_CONFIRMED:
                return apply_confirmed(state, record);
        case RECORD_SUBMITTED:
                return apply_submitted(state, record);
        case RECORD_HELD:
                return apply_held(state, record);
        case RECORD_PINNED:
                return apply_pinned(state, record);
        case RECORD_CANCEL:
                return apply_cancel(state, record);
        case RECORD_NODE_UP:
                return apply_node_up(state, record);
        case RECORD_NODE_FENCED:
                return apply_node_fenced(state, record);
        case RECORD_DEVICES:
                return apply_devices(state, record);
        case RECORD_DRAINED:
                return apply_drained(state, record);
        case RECORD_LAUNCH:
                return apply_launch(state, record);
        case RECORD_GO:
                return apply_go(state, record);
        case RECORD_CAPPED:
                return apply_capped(state, record);
        case RECORD_LEARNED:
                return profile_take_fit(state, &record->u.learned.fitted, record->index);
        case RECORD_STOP:
                return apply_stop(state, record);
        case RECORD_LEG_END:
                return apply_leg_end(state, record);
        case RECORD_LATE_EXIT:
                return apply_late_exit(state, record);
        case RECORD_OVER:
                return apply_over(state, record);
        case RECORD_ENDED:
                return apply_ended(state, record);
        case RECORD_PROGRESS:
                return apply_progress(state, record);
        case RECORD_PLAN:
                return apply_plan(state, record);
        case RECORD_BOOKED:
                return apply_booked(state, record);
        case RECORD_I_META:
        case RECORD_I_SITE:
        case RECORD_I_NODE:
        case RECORD_I_JOB:
        case RECORD_I_REQUEST:
        case RECORD_I_PROFILE:
                return apply_image(state, record);
        case RECORD_V_SESSION:
                return apply_session(state, record);
        case RECORD_V_RENEWED:
                return apply_renewed(state, record);
        case RECORD_V_LEG:
                return apply_leg(state, record);
        case RECORD_V_PLANNING:
                return apply_planning(state, record);
        case RECORD_V_BACKOFF:
                return apply_backoff(state, record);
        case RECORD_V_STARTED:
                return apply_started(state, record);
        case RECORD_V_FORECAST:
                return apply_forecast(state, record);
        }
        return OFFPEAK_EINVAL;
}

int apply(struct state *state, struct record *record)
{
        bool logged = record_is_durable(record) && record->type < RECORD_I_META;

        if (logged) {
                if (record->index == 0)
                        record->index = state->log_index + 1;
                state->log_index = record->index;
        }
        return dispatch(state, record);
}
