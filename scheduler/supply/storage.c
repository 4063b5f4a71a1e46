/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the pieces that have not been cut off are a row sorted by price, open at both ends. A discharge is done at first
 * and its pieces take it back; so all pieces of a slot add to what is stored, those that take back before those that charge.
 */
#include "supply/storage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/error.h>

/* A piece of a slot: so much stored at this price for a unit stored. */
struct part {
        double price, stored;
        size_t slot;
};

struct row {
        struct part *at; /* at[first .. end) */
        size_t first, end, room;
};

struct work {
        const struct storage_plant *plant;
        const struct storage_slot *slots;
        struct row row;
        double low, high;     /* what may be stored, with no piece used and with all of them */
        double *stored;       /* for each slot: what it adds to the store for certain */
        double *least, *most; /* for each slot's end: prices between which what is stored is worth */
};

/* ---- the row */

/* Room for one more, with space at both ends. */
static int make_room(struct row *row)
{
        size_t n = row->end - row->first, room = 4 * n + 64;
        struct part *at;

        if (row->first > 0 && row->end < row->room)
                return 0;
        at = malloc(room * sizeof(*at));
        if (at == NULL)
                return OFFPEAK_ENOMEM;
        if (n > 0)
                memcpy(at + (room - n) / 2, row->at + row->first, n * sizeof(*at));
        free(row->at);
        *row = (struct row){ at, (room - n) / 2, (room - n) / 2 + n, room };
        return 0;
}

/* The first piece that is dearer than `price`, or, if equals count, as dear. */
static size_t find(const struct row *row, double price, int equals)
{
        size_t low = row->first, high = row->end;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (row->at[middle].price < price || (!equals && row->at[middle].price == price))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* first: before those at the same price. */
static int insert(struct row *row, struct part part, int first)
{
        size_t at;

        if (!(part.stored > 0))
                return 0;
        if (make_room(row) != 0)
                return OFFPEAK_ENOMEM;
        at = find(row, part.price, first);
        if (at - row->first < row->end - at) {
                memmove(row->at + row->first - 1, row->at + row->first, (at - row->first) * sizeof(part));
                row->first--;
                at--;
        } else {
                memmove(row->at + at + 1, row->at + at, (row->end - at) * sizeof(part));
                row->end++;
        }
        row->at[at] = part;
        return 0;
}

/* ---- slot by slot */

/* All that the slot could give is given, and may be taken back; all that it could draw may be drawn. */
static int merge(struct work *work, size_t t)
{
        const struct storage_plant *plant = work->plant;
        const struct storage_slot *slot = &work->slots[t];
        double most = slot->n_charge > 0 ? slot->charge[0].price / plant->charge_efficiency : INFINITY;

        for (size_t i = 0; i < slot->n_discharge; i++) {
                struct part part = { fmin(slot->discharge[i].price * plant->discharge_efficiency, most),
                                     slot->discharge[i].energy / plant->discharge_efficiency, t };

                if (insert(&work->row, part, 1) != 0)
                        return OFFPEAK_ENOMEM;
                work->stored[t] -= part.stored;
                work->low -= part.stored;
        }
        for (size_t i = 0; i < slot->n_charge; i++) {
                struct part part = { slot->charge[i].price / plant->charge_efficiency,
                                     slot->charge[i].energy * plant->charge_efficiency, t };

                if (insert(&work->row, part, 0) != 0)
                        return OFFPEAK_ENOMEM;
                work->high += part.stored;
        }
        return 0;
}

/* The cheapest pieces, until so much is stored. Their last price, or -INFINITY. */
static double use_up_to(struct work *work, double least)
{
        struct row *row = &work->row;
        double price = -INFINITY;

        while (work->low < least && row->first < row->end) {
                struct part *part = &row->at[row->first];
                double taken = fmin(part->stored, least - work->low);

                work->stored[part->slot] += taken;
                work->low += taken;
                price = part->price;
                if (taken < part->stored) {
                        part->stored -= taken;
                        work->low = least;
                } else {
                        row->first++;
                }
        }
        return price;
}

/* The dearest pieces are left out, until no more than so much may be stored. The cheapest price left out, or INFINITY. */
static double leave_down_to(struct work *work, double most)
{
        struct row *row = &work->row;
        double price = INFINITY;

        while (work->high > most && row->first < row->end) {
                struct part *part = &row->at[row->end - 1];
                double left = fmin(part->stored, work->high - most);

                work->high -= left;
                price = part->price;
                if (left < part->stored) {
                        part->stored -= left;
                        work->high = most;
                } else {
                        row->end--;
                }
        }
        return price;
}

static int go_through(struct work *work, size_t n)
{
        const struct storage_plant *plant = work->plant;

        work->low = work->high = plant->start;
        for (size_t t = 0; t < n; t++) {
                if (merge(work, t) != 0)
                        return OFFPEAK_ENOMEM;
                work->least[t] = use_up_to(work, t + 1 < n ? plant->reserve : plant->least_end);
                work->most[t] = leave_down_to(work, plant->energy);
        }
        for (; work->row.first < work->row.end && work->row.at[work->row.first].price < plant->end_value; work->row.first++)
                work->stored[work->row.at[work->row.first].slot] += work->row.at[work->row.first].stored;
        return 0;
}

/* ---- reading off */

double storage_stored(const struct storage_plant *plant, double flow)
{
        return flow > 0 ? flow * plant->charge_efficiency : flow / plant->discharge_efficiency;
}

static void read_off(const struct work *work, size_t n, double *flows, double *values)
{
        const struct storage_plant *plant = work->plant;
        double value = plant->end_value;

        for (size_t t = 0; t < n; t++)
                flows[t] = work->stored[t] > 0 ? work->stored[t] / plant->charge_efficiency :
                                                 work->stored[t] * plant->discharge_efficiency;
        for (size_t t = n; values != NULL && t-- > 0;)
                values[t] = value = fmin(fmax(value, work->least[t]), work->most[t]);
}

int storage_dispatch(const struct storage_plant *plant, const struct storage_slot *slots, size_t n, double *ret_flows,
                     double *ret_values)
{
        struct work work = { .plant = plant, .slots = slots };
        int code = OFFPEAK_ENOMEM;

        work.stored = calloc(n + 1, sizeof(double));
        work.least = calloc(n + 1, sizeof(double));
        work.most = calloc(n + 1, sizeof(double));
        if (work.stored != NULL && work.least != NULL && work.most != NULL)
                code = go_through(&work, n);
        if (code == 0)
                read_off(&work, n, ret_flows, ret_values);
        free(work.row.at);
        free(work.most);
        free(work.least);
        free(work.stored);
        return code;
}
