/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outage_list.c - all edges of outages in force cut time into cells; for each unit its outages, those that leave least first,
 * are painted onto the cells that are still blank (each is painted once: blank cells are found by skipping painted runs).
 */
#include "feeds/outage_list.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60)

struct cells {
        int64_t *edges; /* n + 1 of them */
        int64_t *sum;   /* of each cell; SERIES_UNKNOWN where a unit is not known */
        size_t *blank;  /* the first cell from here on that is blank, as far as is known; [n]: n */
        size_t n;
};

/* ---- the list */

void outage_list_finish(struct outage_list *list)
{
        for (size_t i = 0; i < list->n_messages; i++)
                free((char *)list->messages[i].id);
        free(list->outages);
        free(list->messages);
        free(list->notes);
        memset(list, 0, sizeof(*list));
}

/* The items with room for one more; NULL: ENOMEM, they are then as they were. */
static void *with_room(void *items, size_t n, size_t *room, size_t size)
{
        void *more;

        if (n < *room)
                return items;
        more = realloc(items, (*room * 2 + 64) * size);
        if (more != NULL)
                *room = *room * 2 + 64;
        return more;
}

int outage_list_add_message(struct outage_list *list, const struct outage_message *message, size_t *ret_index)
{
        struct outage_message copy = *message,
                              *more = with_room(list->messages, list->n_messages, &list->messages_room, sizeof(copy));

        if (more == NULL)
                return OFFPEAK_ENOMEM;
        list->messages = more;
        copy.id = strndup(message->id, message->id_size);
        if (copy.id == NULL)
                return OFFPEAK_ENOMEM;
        *ret_index = list->n_messages;
        list->messages[list->n_messages++] = copy;
        return 0;
}

int outage_list_note_unit(struct outage_list *list, unsigned unit, size_t message, int64_t rating_w)
{
        struct outage_unit_note *more = with_room(list->notes, list->n_notes, &list->notes_room, sizeof(*more));

        if (more == NULL)
                return OFFPEAK_ENOMEM;
        list->notes = more;
        list->notes[list->n_notes++] = (struct outage_unit_note){ unit, message, rating_w };
        return 0;
}

/* A stretch that goes on where the last one ended, as hours of one outage do, is one with it. */
int outage_list_add(struct outage_list *list, const struct outage *outage)
{
        struct outage *last = list->n_outages > 0 ? &list->outages[list->n_outages - 1] : NULL, *more;

        if (last != NULL && last->end == outage->start && last->left_w == outage->left_w &&
            last->unit == outage->unit && last->message == outage->message) {
                last->end = outage->end;
                return 0;
        }
        if (list->n_outages == OUTAGE_LIST_MOST)
                return OFFPEAK_EINVAL;
        more = with_room(list->outages, list->n_outages, &list->outages_room, sizeof(*more));
        if (more == NULL)
                return OFFPEAK_ENOMEM;
        list->outages = more;
        list->outages[list->n_outages++] = *outage;
        return 0;
}

bool outage_list_has(const struct outage_list *list, unsigned unit)
{
        for (size_t i = 0; i < list->n_notes; i++)
                if (list->notes[i].unit == unit)
                        return true;
        return false;
}

int64_t outage_list_rating(const struct outage_list *list, unsigned unit)
{
        int64_t rating_w = 0, created = SERIES_UNKNOWN;

        for (size_t i = 0; i < list->n_notes; i++) {
                const struct outage_unit_note *note = &list->notes[i];

                if (note->unit != unit || note->rating_w == 0 || list->messages[note->message].created < created)
                        continue;
                rating_w = note->rating_w;
                created = list->messages[note->message].created;
        }
        return rating_w;
}

/* ---- revisions */

struct message_order {
        const struct outage_message *message;
        size_t index;
};

/* By mRID, then the one in force last. */
static int compare_messages(const void *a, const void *b)
{
        const struct message_order *left = a, *right = b;
        int by_id = strcmp(left->message->id, right->message->id);

        if (by_id != 0)
                return by_id;
        if (left->message->revision != right->message->revision)
                return left->message->revision < right->message->revision ? -1 : 1;
        if (left->message->created != right->message->created)
                return left->message->created < right->message->created ? -1 : 1;
        return left->index < right->index ? -1 : left->index > right->index;
}

/* Outages of messages that a later revision replaces are taken out. */
static int drop_replaced(struct outage_list *list)
{
        struct message_order *order = calloc(list->n_messages + 1, sizeof(*order));
        bool *replaced = calloc(list->n_messages + 1, sizeof(*replaced));
        size_t kept = 0;

        if (order == NULL || replaced == NULL) {
                free(order);
                free(replaced);
                return OFFPEAK_ENOMEM;
        }
        for (size_t i = 0; i < list->n_messages; i++)
                order[i] = (struct message_order){ &list->messages[i], i };
        qsort(order, list->n_messages, sizeof(*order), compare_messages);
        for (size_t i = 0; i + 1 < list->n_messages; i++)
                replaced[order[i].index] = order[i].message->id[0] != '\0' &&
                                           strcmp(order[i].message->id, order[i + 1].message->id) == 0;
        for (size_t i = 0; i < list->n_outages; i++)
                if (!replaced[list->outages[i].message])
                        list->outages[kept++] = list->outages[i];
        list->n_outages = kept;
        free(order);
        free(replaced);
        return 0;
}

/* ---- the time it covers */

static int find_window(const struct outage_list *list, int64_t issued, int64_t reach, int64_t *ret_from,
                       int64_t *ret_to)
{
        int64_t newest = SERIES_UNKNOWN, from, to;

        for (size_t i = 0; i < list->n_messages; i++)
                if (list->messages[i].created > newest)
                        newest = list->messages[i].created;
        if (newest == SERIES_UNKNOWN && list->n_outages == 0)
                return OFFPEAK_EINVAL;
        from = newest != SERIES_UNKNOWN ? newest : INT64_MAX;
        to = issued > newest ? issued : newest;
        for (size_t i = 0; i < list->n_outages; i++) {
                from = list->outages[i].start < from ? list->outages[i].start : from;
                to = list->outages[i].end > to ? list->outages[i].end : to;
        }
        *ret_from = from - from % MINUTE;
        *ret_to = to - to % MINUTE + reach;
        return 0;
}

/* ---- cells */

static int compare_times(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

        return left < right ? -1 : left > right;
}

static void cells_finish(struct cells *cells)
{
        free(cells->edges);
        free(cells->sum);
        free(cells->blank);
}

static int cells_init(struct cells *cells, const struct outage_list *list, int64_t from, int64_t to)
{
        size_t n = 0, most = 2 * list->n_outages + 2;

        cells->edges = malloc(most * sizeof(*cells->edges));
        cells->sum = calloc(most, sizeof(*cells->sum));
        cells->blank = malloc(most * sizeof(*cells->blank));
        if (cells->edges == NULL || cells->sum == NULL || cells->blank == NULL) {
                cells_finish(cells);
                return OFFPEAK_ENOMEM;
        }
        cells->edges[n++] = from;
        cells->edges[n++] = to;
        for (size_t i = 0; i < list->n_outages; i++) {
                cells->edges[n++] = list->outages[i].start;
                cells->edges[n++] = list->outages[i].end;
        }
        qsort(cells->edges, n, sizeof(*cells->edges), compare_times);
        cells->n = 0;
        for (size_t i = 1; i < n; i++)
                if (cells->edges[i] != cells->edges[cells->n])
                        cells->edges[++cells->n] = cells->edges[i];
        return 0;
}

static size_t cell_at(const struct cells *cells, int64_t edge)
{
        const int64_t *found = bsearch(&edge, cells->edges, cells->n + 1, sizeof(edge), compare_times);

        return (size_t)(found - cells->edges); /* all edges are in there */
}

static void add_to(struct cells *cells, size_t cell, int64_t w)
{
        if (w == SERIES_UNKNOWN || cells->sum[cell] == SERIES_UNKNOWN)
                cells->sum[cell] = SERIES_UNKNOWN;
        else
                cells->sum[cell] += w;
}

static size_t find_blank(struct cells *cells, size_t cell)
{
        size_t end = cell;

        while (cells->blank[end] != end)
                end = cells->blank[end];
        while (cells->blank[cell] != end) {
                size_t next = cells->blank[cell];

                cells->blank[cell] = end;
                cell = next;
        }
        return end;
}

static void paint(struct cells *cells, size_t from, size_t to, int64_t w)
{
        for (size_t cell = find_blank(cells, from); cell < to; cell = find_blank(cells, cell)) {
                add_to(cells, cell, w);
                cells->blank[cell] = cell + 1;
        }
}

/* By unit; of one, that of which least is left first, and the unknown before it. */
static int compare_outages(const void *a, const void *b)
{
        const struct outage *left = a, *right = b;

        if (left->unit != right->unit)
                return left->unit < right->unit ? -1 : 1;
        return left->left_w < right->left_w ? -1 : left->left_w > right->left_w;
}

static void add_unit(struct cells *cells, const struct outage *outages, size_t n, int64_t rating_w)
{
        for (size_t i = 0; i <= cells->n; i++)
                cells->blank[i] = i;
        for (size_t i = 0; i < n; i++)
                paint(cells, cell_at(cells, outages[i].start), cell_at(cells, outages[i].end),
                      outages[i].left_w < rating_w ? outages[i].left_w : rating_w);
        paint(cells, 0, cells->n, rating_w);
}

static int64_t common_divisor(int64_t a, int64_t b)
{
        while (b != 0) {
                int64_t rest = a % b;

                a = b;
                b = rest;
        }
        return a;
}

static int fill_series(const struct cells *cells, struct series *series, int64_t *ret_step)
{
        int64_t step = 0;

        for (size_t i = 0; i < cells->n; i++) {
                step = common_divisor(cells->edges[i + 1] - cells->edges[i], step);
                if (i > 0 && cells->sum[i] == cells->sum[i - 1])
                        continue;
                if (series_append(series, cells->edges[i], cells->sum[i]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        series->end = cells->edges[cells->n];
        *ret_step = step;
        return 0;
}

int outage_list_series(struct outage_list *list, const struct outage_units *units, int64_t issued, int64_t reach,
                       struct series *series, int64_t *ret_step)
{
        struct cells cells = { 0 };
        int64_t from, to;
        size_t next = 0;
        int code = drop_replaced(list);

        if (code == 0)
                code = find_window(list, issued, reach, &from, &to);
        if (code == 0)
                code = cells_init(&cells, list, from, to);
        if (code != 0)
                return code;
        if (list->n_outages > 0)
                qsort(list->outages, list->n_outages, sizeof(*list->outages), compare_outages);
        for (unsigned unit = 0; unit < units->n; unit++) {
                size_t first = next;

                while (next < list->n_outages && list->outages[next].unit == unit)
                        next++;
                add_unit(&cells, list->outages + first, next - first, units->rating_w[unit]);
        }
        code = fill_series(&cells, series, ret_step);
        cells_finish(&cells);
        return code;
}
