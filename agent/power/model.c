/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - declared watts times time: idle always, and so much for each device in use. */
#include <stdbool.h>
#include <stdlib.h>

#include "agent/power/power.h"
#include "base/fail.h"

struct model {
        int64_t idle_w, device_w;
        bool started;
        int64_t last_ms;
        int64_t uj;
};

static int64_t declared(int64_t watts)
{
        return watts > 0 ? watts : 0;
}

static int model_open(const struct power_config *config, void **ret_source, struct offpeak_error *err)
{
        struct model *model;

        if (config->idle_w < 0 && config->device_w < 0)
                return fail(err, OFFPEAK_ENOTFOUND,
                            "declare it in the agent's configuration, power: {idle: 120 W, per_device: 300 W}");
        model = calloc(1, sizeof(*model));
        if (model == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the power model");
        model->idle_w = declared(config->idle_w);
        model->device_w = declared(config->device_w);
        *ret_source = model;
        return 0;
}

/* The first reading only sets the clock. */
static int model_read(void *source, const struct power_moment *moment, int64_t *ret_uj, struct offpeak_error *err)
{
        struct model *model = source;
        int64_t watts = model->idle_w + model->device_w * __builtin_popcountll(moment->busy);

        (void)err;
        if (model->started && moment->ms > model->last_ms)
                model->uj += watts * (moment->ms - model->last_ms) * 1000;
        if (!model->started || moment->ms > model->last_ms)
                model->last_ms = moment->ms;
        model->started = true;
        *ret_uj = model->uj;
        return 0;
}

static void model_close(void *source)
{
        free(source);
}

const struct power_driver power_model = {
        .name = "declared model",
        .quality = QUALITY_MODELLED,
        .open = model_open,
        .read = model_read,
        .close = model_close,
};
