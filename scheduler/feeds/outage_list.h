/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outage_list.h - outages of units as messages tell them, each message replaced by a later revision of it; and what the units
 * can deliver together, as a step function. Power in W, times in UTC seconds.
 */
#ifndef OFFPEAK_FEEDS_OUTAGE_LIST_H
#define OFFPEAK_FEEDS_OUTAGE_LIST_H

#include "feeds/mapping.h"
#include "supply/series.h"

enum { OUTAGE_LIST_MOST = 200000 };

struct outage {
        int64_t start, end;
        int64_t left_w; /* what is available; SERIES_UNKNOWN: not said */
        unsigned unit;
        size_t message;
};

struct outage_message {
        const char *id; /* borrowed for the call, id_size bytes; the list keeps its own. Empty: one that nothing replaces */
        size_t id_size;
        int64_t revision;
        int64_t created; /* SERIES_UNKNOWN: not said */
};

/* What a message says of a unit beside its outages. */
struct outage_unit_note {
        unsigned unit;
        size_t message;
        int64_t rating_w; /* 0: not said */
};

/* All zero: empty. */
struct outage_list {
        struct outage *outages;
        struct outage_message *messages;
        struct outage_unit_note *notes;
        size_t n_outages, outages_room, n_messages, messages_room, n_notes, notes_room;
};

struct outage_units {
        unsigned n;
        int64_t rating_w[MAPPING_MOST_PARTS];
};

void outage_list_finish(struct outage_list *list);

/* ENOMEM; outage_list_add also EINVAL beyond OUTAGE_LIST_MOST. */
int outage_list_add_message(struct outage_list *list, const struct outage_message *message, size_t *ret_index);
int outage_list_note_unit(struct outage_list *list, unsigned unit, size_t message, int64_t rating_w);
int outage_list_add(struct outage_list *list, const struct outage *outage);

/* The rating that the newest message tells of a unit; 0: none does. Does any speak of it? */
int64_t outage_list_rating(const struct outage_list *list, unsigned unit);
bool outage_list_has(const struct outage_list *list, unsigned unit);

/*
 * The sum over the units of min(rating, what the outages leave), each outage in force. From the newest message's creation, or the
 * first outage; until `reach` after the last outage, that creation or `issued`. ret_step: the longest step of which all its edges
 * are multiples. The list's outages are then in another order. EINVAL: there is neither an outage nor a creation; ENOMEM.
 */
int outage_list_series(struct outage_list *list, const struct outage_units *units, int64_t issued, int64_t reach,
                       struct series *series, int64_t *ret_step);

#endif
