/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/submit_widths.h"

#include <stdlib.h>

#include "base/fail.h"

/* False: so many cannot be shared evenly. */
static bool shape(const struct submit_settings *settings, int64_t gpus, struct offpeak_width *ret_width)
{
        int64_t nodes = settings->spec.nodes, per_node = settings->spec.gpus_per_node;

        if (settings->nodes.source == 0) {
                nodes = gpus > per_node ? gpus / per_node : 1;
                per_node = gpus > per_node ? per_node : gpus;
        } else {
                per_node = gpus / nodes;
        }
        *ret_width = (struct offpeak_width){ .nodes = (uint32_t)nodes, .gpus_per_node = (uint32_t)per_node };
        return per_node > 0 && nodes * per_node == gpus;
}

/* Numbers of GPUs from the widest down, that one left out. How many. */
static size_t halve(int64_t widest, int64_t least, int64_t gpus[OFFPEAK_MAX_WIDTHS])
{
        size_t n = 0;

        for (int64_t half = widest; half % 2 == 0 && half / 2 > least && n < OFFPEAK_MAX_WIDTHS - 1;) {
                half /= 2;
                gpus[n++] = half;
        }
        gpus[n++] = least;
        return n;
}

int submit_widths(struct submit_settings *settings, struct offpeak_error *err)
{
        struct offpeak_job_spec *spec = &settings->spec;
        int64_t gpus[OFFPEAK_MAX_WIDTHS];
        size_t n;

        if (settings->gpus.source == 0 || settings->least_gpus == 0)
                return 0;
        n = halve((int64_t)spec->nodes * spec->gpus_per_node, settings->least_gpus, gpus);
        spec->widths = calloc(n, sizeof(*spec->widths));
        if (spec->widths == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++) {
                bool even = shape(settings, gpus[i], &spec->widths[spec->n_widths]);

                spec->n_widths += even;
                if (!even && i == n - 1)
                        return fail(err, OFFPEAK_EINVAL,
                                    "--gpus %lld-%lld: %lld GPUs cannot be shared evenly by %lld nodes: begin at a "
                                    "multiple of %lld",
                                    (long long)settings->least_gpus, (long long)settings->gpus.value,
                                    (long long)gpus[i], (long long)spec->nodes,
                                    (long long)(settings->nodes.source != 0 ? spec->nodes : spec->gpus_per_node));
        }
        return 0;
}
