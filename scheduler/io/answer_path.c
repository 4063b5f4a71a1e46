/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *answer_path(const struct job *job, const char *pattern, uint32_t attempt, uint32_t node, uint32_t rank)
{
        size_t directory = job->spec.directory != NULL ? strlen(job->spec.directory) : 0;
        size_t room = directory + 22 * strlen(pattern) + 2, used = 0; /* a number has at most 20 digits */
        char *text = malloc(room);
        json_t *value;

        if (text == NULL)
                return NULL;
        if (pattern[0] != '/' && job->spec.directory != NULL)
                used = (size_t)snprintf(text, room, "%s/", job->spec.directory);
        for (const char *at = pattern; *at != '\0'; at++) {
                char letter = at[0] == '%' ? at[1] : '\0';

                at += letter == 'j' || letter == 'a' || letter == 'n' || letter == 'r' || letter == '%';
                if (letter == 'j')
                        used += (size_t)snprintf(text + used, room - used, "%" PRIu64, job->id);
                else if (letter == 'a')
                        used += (size_t)snprintf(text + used, room - used, "%u", attempt);
                else if (letter == 'n' || letter == 'r')
                        used += (size_t)snprintf(text + used, room - used, "%u", letter == 'n' ? node : rank);
                else
                        text[used++] = *at;
        }
        text[used] = '\0';
        value = answer_text(text);
        free(text);
        return value;
}
