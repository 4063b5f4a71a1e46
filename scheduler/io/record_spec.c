/* SPDX-License-Identifier: Apache-2.0 */
/* record_spec.c - what a job asks for, as parts and back. */
#include "io/record_fields.h"

#include <string.h>

/* ---- outwards */

static Log__Width **width_parts(struct arena *arena, const struct offpeak_width *from, size_t n)
{
        Log__Width **to = record_parts_new(arena, &log__width__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->nodes = from[i].nodes;
                to[i]->gpus_per_node = from[i].gpus_per_node;
                to[i]->speed_ppm = from[i].speed_ppm;
                to[i]->power_w = from[i].power_w;
        }
        return to;
}

Log__JobSpec *record_spec_part(struct arena *arena, const struct offpeak_job_spec *from)
{
        Log__JobSpec *to = record_part_new(arena, &log__job_spec__descriptor);

        if (to == NULL)
                return NULL;
        to->name = record_text(from->name);
        to->class_name = record_text(from->class_name);
        to->n_argv = from->argc;
        to->argv = from->argv;
        to->n_env = from->envc;
        to->env = from->env;
        to->directory = record_text(from->directory);
        to->stdout_path = record_text(from->stdout_path);
        to->stderr_path = record_text(from->stderr_path);
        to->checkpoint_dir = record_text(from->checkpoint_dir);
        to->site = record_text(from->site);
        to->nodes = from->nodes;
        to->gpus_per_node = from->gpus_per_node;
        to->time_s = from->time_s;
        to->begin = from->begin;
        to->deadline = from->deadline;
        to->power_w = from->power_w;
        to->signal = from->signal;
        to->signal_lead_s = from->signal_lead_s;
        to->interruptible = from->interruptible;
        to->hold = from->hold;
        to->strict_deadline = from->strict_deadline;
        to->n_after_ok = from->n_after_ok;
        to->after_ok = from->after_ok;
        to->n_after_any = from->n_after_any;
        to->after_any = from->after_any;
        to->n_widths = from->n_widths;
        to->widths = width_parts(arena, from->widths, from->n_widths);
        to->exclusive = from->exclusive;
        to->switches = from->switches;
        to->n_features = from->n_features;
        to->features = from->features;
        to->launcher = from->launcher;
        if (from->launcher == OFFPEAK_LAUNCHER_HEAD)
                to->secret = (ProtobufCBinaryData){ sizeof(from->secret), (uint8_t *)from->secret };
        return to;
}

/* ---- inwards */

static void take_widths(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        to->widths = record_take_memory(taker, from->n_widths, sizeof(*to->widths));
        to->n_widths = to->widths != NULL ? from->n_widths : 0;
        for (size_t i = 0; i < to->n_widths; i++)
                to->widths[i] = (struct offpeak_width){ from->widths[i]->nodes, from->widths[i]->gpus_per_node,
                                                        from->widths[i]->speed_ppm, from->widths[i]->power_w };
}

static void take_secret(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        const size_t size = to->launcher == OFFPEAK_LAUNCHER_HEAD ? sizeof(to->secret) : 0;

        if (from->secret.len != size)
                taker->wrong = "spec.secret";
        else if (size > 0)
                memcpy(to->secret, from->secret.data, size);
}

void record_take_spec(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to)
{
        to->name = record_take_optional(taker, from->name);
        to->class_name = record_take_optional(taker, from->class_name);
        to->argv = record_take_words(taker, from->argv, from->n_argv, &to->argc);
        to->env = record_take_words(taker, from->env, from->n_env, &to->envc);
        to->directory = record_take_optional(taker, from->directory);
        to->stdout_path = record_take_optional(taker, from->stdout_path);
        to->stderr_path = record_take_optional(taker, from->stderr_path);
        to->checkpoint_dir = record_take_optional(taker, from->checkpoint_dir);
        to->site = record_take_optional(taker, from->site);
        to->nodes = from->nodes;
        to->gpus_per_node = from->gpus_per_node;
        to->time_s = from->time_s;
        to->begin = from->begin;
        to->deadline = from->deadline;
        to->power_w = from->power_w;
        to->signal = from->signal;
        to->signal_lead_s = from->signal_lead_s;
        to->interruptible =
                record_take_enum(taker, from->interruptible, OFFPEAK_CLASS_DECIDES, OFFPEAK_NO, "spec.interruptible");
        to->hold = from->hold;
        to->strict_deadline = from->strict_deadline;
        to->after_ok = record_take_ids(taker, from->after_ok, from->n_after_ok, &to->n_after_ok);
        to->after_any = record_take_ids(taker, from->after_any, from->n_after_any, &to->n_after_any);
        take_widths(taker, from, to);
        to->exclusive = from->exclusive;
        to->switches = from->switches;
        to->features = record_take_words(taker, from->features, from->n_features, &to->n_features);
        to->launcher = record_take_enum(taker, from->launcher, OFFPEAK_LAUNCHER_NODE, OFFPEAK_LAUNCHER_HEAD, "spec.launcher");
        take_secret(taker, from, to);
}
