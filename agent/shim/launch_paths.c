/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/launch_paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool launch_expand(const char *path, const struct launch_names *names, char *buffer, size_t size)
{
        size_t used = 0;

        for (const char *c = path; *c != '\0'; c++) {
                char piece[24] = { *c, '\0' };

                if (c[0] == '%' && c[1] != '\0' && strchr("janr%", c[1]) != NULL) {
                        switch (*++c) {
                        case 'j':
                                snprintf(piece, sizeof(piece), "%" PRIu64, names->job);
                                break;
                        case 'a':
                                snprintf(piece, sizeof(piece), "%" PRIu32, names->attempt);
                                break;
                        case 'n':
                                snprintf(piece, sizeof(piece), "%" PRIu32, names->node);
                                break;
                        case 'r':
                                snprintf(piece, sizeof(piece), "%" PRIu32, names->rank);
                                break;
                        }
                }
                if (used + strlen(piece) >= size)
                        return false;
                strcpy(buffer + used, piece);
                used += strlen(piece);
        }
        buffer[used] = '\0';
        return true;
}

bool launch_join(const char *base, const char *tail, char *buffer, size_t size)
{
        const char *slash = tail[0] == '/' ? "" : "/";

        return (size_t)snprintf(buffer, size, "%s%s%s", tail[0] == '/' ? "" : base, slash, tail) < size;
}

uint32_t launch_first_rank(const struct message_launch *launch)
{
        return launch->rank * (launch->spec.launcher == OFFPEAK_LAUNCHER_GPU ? launch->spec.gpus_per_node : 1);
}

bool launch_paths(const struct message_order *order, uint32_t rank, const char *home, struct launch_paths *ret_paths)
{
        const struct offpeak_job_spec *spec = &order->launch.spec;
        const char *out = spec->stdout_path == NULL ? "offpeak-%j.out" : spec->stdout_path;
        const char *error = spec->stderr_path == NULL ? "" : spec->stderr_path;
        const struct launch_names names = { order->job, order->attempt, order->launch.rank, rank };

        return launch_join(home, spec->directory == NULL ? home : spec->directory, ret_paths->directory,
                           sizeof(ret_paths->directory)) &&
               launch_expand(out, &names, ret_paths->out, sizeof(ret_paths->out)) &&
               launch_expand(error, &names, ret_paths->error, sizeof(ret_paths->error));
}
