/* SPDX-License-Identifier: Apache-2.0 */
/* A program of another project: what it includes and calls must come from the installed tree alone. */
#include <offpeak/client.h>
#include <offpeak/error.h>
#include <offpeak/job.h>
#include <offpeak/version.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
        struct offpeak_client *client;
        struct offpeak_job_spec spec, copy;
        struct offpeak_error err;
        char expected[32];

        snprintf(expected, sizeof(expected), "%d.%d.%d", OFFPEAK_VERSION_MAJOR, OFFPEAK_VERSION_MINOR,
                 OFFPEAK_VERSION_PATCH);
        if (strcmp(offpeak_version(), expected) != 0) {
                fprintf(stderr, "headers %s, library %s\n", expected, offpeak_version());
                return 1;
        }
        offpeak_job_spec_init(&spec);
        if (offpeak_job_spec_copy(&spec, &copy) != 0 || copy.nodes != 1)
                return 2;
        offpeak_job_spec_finish(&copy);
        offpeak_job_spec_finish(&spec);
        if (offpeak_open("ipc:///nonexistent/offpeakd.sock", NULL, &client, &err) != OFFPEAK_EUNREACHABLE)
                return 3;
        printf("%s\n", err.text);
        return offpeak_exit_code(err.code) == 69 ? 0 : 4;
}
