/* SPDX-License-Identifier: Apache-2.0 */
#include "core/turn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void turn_init(struct turn *turn)
{
        memset(turn, 0, sizeof(*turn));
}

void turn_finish(struct turn *turn)
{
        for (size_t i = 0; i < turn->n_records; i++)
                record_finish(&turn->records[i]);
        for (size_t i = 0; i < turn->n_actions; i++)
                free(turn->actions[i].text);
        free(turn->records);
        free(turn->actions);
        turn_init(turn);
}

/* Room for one more item; when there is none the last item is given up for it. */
static void *append(struct turn *turn, void **array, size_t *n, size_t *cap, size_t item_size)
{
        char *item;

        if (*n == *cap) {
                size_t larger_cap = *cap == 0 ? 16 : 2 * *cap;
                void *larger = realloc(*array, larger_cap * item_size);

                if (larger == NULL) {
                        turn->failed = true;
                        if (*n == 0)
                                return NULL;
                        *n -= 1;
                } else {
                        *array = larger;
                        *cap = larger_cap;
                }
        }
        item = (char *)*array + *n * item_size;
        *n += 1;
        memset(item, 0, item_size);
        return item;
}

struct record *turn_record(struct turn *turn, enum record_type type, const struct now *now)
{
        struct record *record;

        if (turn->failed && turn->n_records > 0)
                record_finish(&turn->records[turn->n_records - 1]);
        record = append(turn, (void **)&turn->records, &turn->n_records, &turn->cap_records, sizeof(*record));
        if (record == NULL)
                abort(); /* not even the first few bytes: there is nothing to recover in this process */
        record->type = type;
        record->at = now->wall;
        return record;
}

struct action *turn_action(struct turn *turn, enum action_type type)
{
        struct action *action;

        action = append(turn, (void **)&turn->actions, &turn->n_actions, &turn->cap_actions, sizeof(*action));
        if (action == NULL)
                abort();
        action->type = type;
        action->node = NONE_U32;
        return action;
}

char *turn_text(struct turn *turn, const char *format, ...)
{
        va_list args;
        char *text;
        int length;

        va_start(args, format);
        length = vsnprintf(NULL, 0, format, args);
        va_end(args);
        text = length < 0 ? NULL : malloc((size_t)length + 1);
        if (text == NULL) {
                turn->failed = true;
                return NULL;
        }
        va_start(args, format);
        vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
        return text;
}

void turn_check(struct turn *turn, int code)
{
        if (code != 0)
                turn->failed = true;
}
