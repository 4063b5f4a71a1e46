/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_pause.h"

static const char *cause_name(enum pause_cause cause)
{
        switch (cause) {
        case PAUSE_UNKNOWN:
                return NULL;
        case PAUSE_COST:
                return "cost";
        case PAUSE_MOVE:
                return "move";
        case PAUSE_POWER:
                return "power";
        case PAUSE_PEAK:
                return "demand_peak";
        case PAUSE_ROOM:
                return "room";
        case PAUSE_OWNER:
                return "owner";
        case PAUSE_OPERATOR:
                return "operator";
        case PAUSE_RESIZE:
                return "resize";
        case PAUSE_PINNED:
                return "pinned";
        case PAUSE_MONTH:
                return "gpu_hours";
        }
        return NULL;
}

json_t *answer_pause(struct answer *answer, const struct job *job)
{
        const struct pause *pause = &job->last_pause;
        const struct state *state = answer->state;
        bool compared = pause->drawn_w != 0 || pause->limit_w != 0, moves = pause->cause == PAUSE_MOVE;
        json_t *object;

        if (pause->attempt == 0)
                return json_null();
        object = json_object();
        answer_put(answer, object, "attempt", json_integer(pause->attempt));
        answer_put(answer, object, "at_utc", answer_utc(pause->at));
        answer_put(answer, object, "cause", answer_text(cause_name(pause->cause)));
        answer_put(answer, object, "drawn_w", answer_known(compared, pause->drawn_w));
        answer_put(answer, object, "limit_w", answer_known(compared, pause->limit_w));
        answer_put(answer, object, "signal", answer_text(pause->signal != 0 ? series_kind_name(pause->signal) : NULL));
        answer_put(answer, object, "signal_use",
                   answer_text(pause->use != SIGNAL_NOTHING ? signal_use_name(pause->use) : NULL));
        answer_put(answer, object, "job", answer_known(pause->other != 0, (int64_t)pause->other));
        answer_put(answer, object, "to_site",
                   answer_text(moves && pause->site < state->n_sites ? state->sites[pause->site].name : NULL));
        answer_put(answer, object, "to_gpus", answer_known(pause->gpus != 0, pause->gpus));
        return object;
}
