/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pause_text.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/document.h"

static bool is(const char *text, const char *word)
{
        return text != NULL && strcmp(text, word) == 0;
}

/* ---- the sentence */

/* ` (capacity, pushed)`; nothing where no signal had fallen. */
static const char *signal_text(const json_t *pause, char *buffer, size_t size)
{
        const char *signal = document_text(pause, "signal"), *use = document_text(pause, "signal_use");

        buffer[0] = '\0';
        if (signal != NULL)
                snprintf(buffer, size, " (%.16s%s%.16s)", signal, use != NULL ? ", " : "", use != NULL ? use : "");
        return buffer;
}

static const char *power_text(const json_t *pause, char *buffer)
{
        char limit[TEXT_SIZE], drawn[TEXT_SIZE], signal[40];
        int64_t limit_w, drawn_w;

        if (!document_int(pause, "limit_w", &limit_w) || !document_int(pause, "drawn_w", &drawn_w))
                return "power was short";
        snprintf(buffer, JOB_TEXT_SIZE, "the site may draw %s%s and drew %s", text_format_power(limit_w, limit),
                 signal_text(pause, signal, sizeof(signal)), text_format_power(drawn_w, drawn));
        return buffer;
}

static const char *peak_text(const json_t *pause, char *buffer)
{
        char billed[TEXT_SIZE], drawn[TEXT_SIZE];

        snprintf(buffer, JOB_TEXT_SIZE, "the site drew %s, more than the %s that its demand charge is for",
                 text_format_power(document_int_or(pause, "drawn_w", 0), drawn),
                 text_format_power(document_int_or(pause, "limit_w", 0), billed));
        return buffer;
}

static const char *move_text(const json_t *pause, char *buffer)
{
        const char *site = document_text(pause, "to_site");

        snprintf(buffer, JOB_TEXT_SIZE, "it goes on at %.64s", site != NULL ? site : "another site");
        return buffer;
}

static const char *room_text(const json_t *pause, char *buffer)
{
        snprintf(buffer, JOB_TEXT_SIZE, "job %lld needed the room", (long long)document_int_or(pause, "job", 0));
        return buffer;
}

static const char *resize_text(const json_t *pause, char *buffer)
{
        snprintf(buffer, JOB_TEXT_SIZE, "it goes on with %lld GPUs", (long long)document_int_or(pause, "to_gpus", 0));
        return buffer;
}

const char *pause_text(const json_t *job, char *buffer)
{
        const json_t *pause = json_object_get(job, "last_pause");
        const char *cause = document_text(pause, "cause");

        if (!json_is_object(pause))
                return NULL;
        if (is(cause, "power"))
                return power_text(pause, buffer);
        if (is(cause, "demand_peak"))
                return peak_text(pause, buffer);
        if (is(cause, "move"))
                return move_text(pause, buffer);
        if (is(cause, "room"))
                return room_text(pause, buffer);
        if (is(cause, "resize"))
                return resize_text(pause, buffer);
        if (is(cause, "gpu_hours"))
                return "its class had used up the GPU-hours of the month";
        if (is(cause, "pinned"))
                return "it is pinned to later hours";
        if (is(cause, "cost"))
                return "later hours are cheaper";
        if (is(cause, "owner"))
                return "its owner put it on hold";
        if (is(cause, "operator"))
                return "an operator put it on hold";
        return cause != NULL ? cause : "of what is not on record";
}

/* ---- the word */

bool pause_lasts(const json_t *job)
{
        const json_t *pause = json_object_get(job, "last_pause");
        const char *status = document_text(job, "status");
        int64_t attempt = document_int_or(pause, "attempt", 0);

        if (attempt == 0 || attempt != document_int_or(job, "attempts", 0))
                return false;
        return is(status, "paused") || is(status, "held") || is(status, "stopping");
}

/* Whatever it was paused for: it waits for this now. */
static bool waits_for_more(const char *waits_for)
{
        return waits_for != NULL && !is(waits_for, "hours") && !is(waits_for, "plan");
}

const char *pause_word(const json_t *job, char *buffer)
{
        const json_t *pause = json_object_get(job, "last_pause");
        const char *waits_for = document_text(job, "waits_for"), *cause = document_text(pause, "cause");

        if (!pause_lasts(job) || cause == NULL || waits_for_more(waits_for))
                return is(waits_for, "dependency_never") ? "dependency" : waits_for;
        if (is(cause, "room"))
                snprintf(buffer, JOB_TEXT_SIZE, "job %lld", (long long)document_int_or(pause, "job", 0));
        else
                snprintf(buffer, JOB_TEXT_SIZE, "%.40s", is(cause, "demand_peak") ? "peak" : cause);
        return buffer;
}
