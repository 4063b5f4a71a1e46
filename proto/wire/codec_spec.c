/* SPDX-License-Identifier: Apache-2.0 */
/* codec_spec.c - a job's spec, which travels in a client's request and in an agent's order. */
#include "wire/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

static void borrow_widths(const struct offpeak_job_spec *spec, struct codec_spec *ret_spec)
{
        ret_spec->wire.n_widths = spec->n_widths < OFFPEAK_MAX_WIDTHS ? spec->n_widths : OFFPEAK_MAX_WIDTHS;
        ret_spec->wire.widths = ret_spec->pointers;
        for (size_t i = 0; i < ret_spec->wire.n_widths; i++) {
                Offpeak__Wire__Width *to = &ret_spec->widths[i];

                offpeak__wire__width__init(to);
                to->nodes = spec->widths[i].nodes;
                to->gpus_per_node = spec->widths[i].gpus_per_node;
                to->speed_ppm = spec->widths[i].speed_ppm;
                to->power_w = spec->widths[i].power_w;
                ret_spec->pointers[i] = to;
        }
}

void codec_borrow_spec(const struct offpeak_job_spec *spec, struct codec_spec *ret_spec)
{
        Offpeak__Wire__JobSpec *ret_wire = &ret_spec->wire;

        offpeak__wire__job_spec__init(ret_wire);
        ret_wire->name = codec_borrow_text(spec->name);
        ret_wire->class_name = codec_borrow_text(spec->class_name);
        ret_wire->n_argv = spec->argc;
        ret_wire->argv = spec->argv;
        ret_wire->n_env = spec->envc;
        ret_wire->env = spec->env;
        ret_wire->directory = codec_borrow_text(spec->directory);
        ret_wire->stdout_path = codec_borrow_text(spec->stdout_path);
        ret_wire->stderr_path = codec_borrow_text(spec->stderr_path);
        ret_wire->checkpoint_dir = codec_borrow_text(spec->checkpoint_dir);
        ret_wire->site = codec_borrow_text(spec->site);
        ret_wire->nodes = spec->nodes;
        ret_wire->gpus_per_node = spec->gpus_per_node;
        ret_wire->time_s = spec->time_s;
        ret_wire->begin = spec->begin;
        ret_wire->deadline = spec->deadline;
        ret_wire->power_w = spec->power_w;
        ret_wire->signal = spec->signal;
        ret_wire->signal_lead_s = spec->signal_lead_s;
        ret_wire->interruptible = spec->interruptible;
        ret_wire->hold = spec->hold;
        ret_wire->strict_deadline = spec->strict_deadline;
        ret_wire->after_ok = spec->after_ok;
        ret_wire->n_after_ok = spec->n_after_ok;
        ret_wire->after_any = spec->after_any;
        ret_wire->n_after_any = spec->n_after_any;
        ret_wire->exclusive = spec->exclusive;
        ret_wire->switches = spec->switches;
        ret_wire->n_features = spec->n_features;
        ret_wire->features = spec->features;
        ret_wire->launcher = spec->launcher;
        if (spec->launcher == OFFPEAK_LAUNCHER_HEAD)
                ret_wire->secret = (ProtobufCBinaryData){ sizeof(spec->secret), (uint8_t *)spec->secret };
        borrow_widths(spec, ret_spec);
}

static int copy_texts(const Offpeak__Wire__JobSpec *wire, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        const struct {
                const char *from;
                char **to;
        } texts[] = {
                { wire->name, &spec->name },
                { wire->class_name, &spec->class_name },
                { wire->directory, &spec->directory },
                { wire->stdout_path, &spec->stdout_path },
                { wire->stderr_path, &spec->stderr_path },
                { wire->checkpoint_dir, &spec->checkpoint_dir },
                { wire->site, &spec->site },
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                if (codec_copy_text(texts[i].from, texts[i].to, err) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static int copy_ids(const uint64_t *ids, size_t n, uint64_t **ret_ids, size_t *ret_n, struct offpeak_error *err)
{
        if (n == 0)
                return 0;
        *ret_ids = malloc(n * sizeof(*ids));
        if (*ret_ids == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        memcpy(*ret_ids, ids, n * sizeof(*ids));
        *ret_n = n;
        return 0;
}

static int copy_widths(const Offpeak__Wire__JobSpec *wire, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        if (wire->n_widths == 0)
                return 0;
        spec->widths = calloc(wire->n_widths, sizeof(*spec->widths));
        if (spec->widths == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        spec->n_widths = wire->n_widths;
        for (size_t i = 0; i < wire->n_widths; i++)
                spec->widths[i] = (struct offpeak_width){ wire->widths[i]->nodes, wire->widths[i]->gpus_per_node,
                                                          wire->widths[i]->speed_ppm, wire->widths[i]->power_w };
        return 0;
}

static int copy_secret(const Offpeak__Wire__JobSpec *wire, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        const size_t size = wire->launcher == OFFPEAK_LAUNCHER_HEAD ? sizeof(spec->secret) : 0;

        if (wire->secret.len != size)
                return fail(err, OFFPEAK_EINVAL, "the job's secret has %zu bytes: with this launcher it has %zu",
                            wire->secret.len, size);
        if (size > 0)
                memcpy(spec->secret, wire->secret.data, size);
        return 0;
}

int codec_copy_spec(const Offpeak__Wire__JobSpec *wire, struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        int code = codec_check_spec_size(wire, err);

        if (code == 0)
                code = copy_texts(wire, spec, err);
        if (code == 0)
                code = codec_copy_words(wire->argv, wire->n_argv, &spec->argv, &spec->argc, err);
        if (code == 0)
                code = codec_copy_words(wire->env, wire->n_env, &spec->env, &spec->envc, err);
        if (code == 0)
                code = copy_ids(wire->after_ok, wire->n_after_ok, &spec->after_ok, &spec->n_after_ok, err);
        if (code == 0)
                code = copy_ids(wire->after_any, wire->n_after_any, &spec->after_any, &spec->n_after_any, err);
        if (code == 0)
                code = copy_widths(wire, spec, err);
        if (code == 0)
                code = codec_copy_words(wire->features, wire->n_features, &spec->features, &spec->n_features, err);
        if (code == 0)
                code = copy_secret(wire, spec, err);
        if (code != 0)
                return code;
        spec->nodes = wire->nodes;
        spec->gpus_per_node = wire->gpus_per_node;
        spec->time_s = wire->time_s;
        spec->begin = wire->begin;
        spec->deadline = wire->deadline;
        spec->power_w = wire->power_w;
        spec->signal = wire->signal;
        spec->signal_lead_s = wire->signal_lead_s;
        spec->interruptible = (enum offpeak_choice)wire->interruptible;
        spec->hold = wire->hold;
        spec->strict_deadline = wire->strict_deadline;
        spec->exclusive = wire->exclusive;
        spec->switches = wire->switches;
        spec->launcher = (enum offpeak_launcher)wire->launcher;
        return 0;
}

int codec_check_spec_size(const Offpeak__Wire__JobSpec *wire, struct offpeak_error *err)
{
        size_t size = offpeak__wire__job_spec__get_packed_size(wire);

        if (size > OFFPEAK_MAX_SPEC)
                return fail(err, OFFPEAK_EINVAL,
                            "the job's command, environment and paths have %zu bytes together: at most %d are allowed",
                            size, OFFPEAK_MAX_SPEC);
        return 0;
}
