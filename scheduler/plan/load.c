/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"

int64_t load_milliwatts(const struct plan_mode *mode)
{
        return (int64_t)ceil(mode->watts * 1000);
}

int load_init(struct load *load, const struct plan_site *site, const struct slots *slots,
              const struct plan_step *const *steps)
{
        *load = (struct load){ .site = site, .slots = slots, .steps = steps };
        load->at = calloc(slots->n + 1, sizeof(*load->at));
        load->limit_mw = calloc(2 * (slots->n + 1), sizeof(*load->limit_mw));
        load->peak_gpus = calloc(slots->n + 1, sizeof(*load->peak_gpus));
        load->is_plain = calloc(slots->n + 1, sizeof(*load->is_plain));
        if (load->at == NULL || load->limit_mw == NULL || load->peak_gpus == NULL || load->is_plain == NULL) {
                load_finish(load);
                return OFFPEAK_ENOMEM;
        }
        load->peak_mw = load->limit_mw + slots->n + 1;
        load->all_plain = true;
        for (size_t t = 0; t < slots->n; t++) {
                double limit = supply_firm_limit(steps[t]);

                load->is_plain[t] = steps[t]->n_segments == 1 && isinf(limit) && site->n_demands == 0;
                load->all_plain = load->all_plain && load->is_plain[t];
                load->limit_mw[t] = ((limit - site->pue_fixed_w) / site->pue_factor - site->idle_w) * 1000;
        }
        return 0;
}

void load_finish(struct load *load)
{
        for (size_t t = 0; load->at != NULL && t < load->slots->n; t++)
                free(load->at[t].spans);
        free(load->at);
        free(load->limit_mw);
        free(load->peak_gpus);
        free(load->is_plain);
        *load = (struct load){ 0 };
}

/* ---- the seconds of a slot */

/* The span that holds a second. */
static uint32_t span_at(const struct load_slot *slot, int64_t second)
{
        uint32_t i = 0;

        while (i + 1 < slot->n_spans && slot->spans[i + 1].from <= second)
                i++;
        return i;
}

/* The most of [from, to): GPUs and mW, not always at the same second. */
static void most_of(const struct load_slot *slot, int64_t from, int64_t to, int64_t *ret_gpus, int64_t *ret_power)
{
        int64_t gpus = 0, power = 0;

        for (uint32_t i = slot->n_spans > 0 ? span_at(slot, from) : 0; i < slot->n_spans && slot->spans[i].from < to; i++) {
                gpus = slot->spans[i].gpus > gpus ? slot->spans[i].gpus : gpus;
                power = slot->spans[i].power > power ? slot->spans[i].power : power;
        }
        *ret_gpus = slot->gpus + gpus;
        *ret_power = slot->power + power;
}

static void find_peak(struct load *load, size_t t)
{
        int64_t gpus, power;

        most_of(&load->at[t], 0, slots_length(load->slots, t), &gpus, &power);
        load->peak_gpus[t] = (float)gpus;
        load->peak_mw[t] = (double)power;
}

static void peak_of(const struct load *load, struct load_piece piece, double *ret_gpus, double *ret_mw)
{
        int64_t gpus, power;

        if (piece.from == 0 && piece.to == slots_length(load->slots, piece.slot)) {
                *ret_gpus = (double)load->peak_gpus[piece.slot];
                *ret_mw = load->peak_mw[piece.slot];
                return;
        }
        most_of(&load->at[piece.slot], piece.from, piece.to, &gpus, &power);
        *ret_gpus = (double)gpus;
        *ret_mw = (double)power;
}

/* ---- use */

/* The span that begins at a second, made by cutting if need be; there is room for it. */
static uint32_t cut(struct load_slot *slot, int64_t second)
{
        uint32_t i = span_at(slot, second);

        if (slot->spans[i].from < second) {
                memmove(&slot->spans[i + 2], &slot->spans[i + 1], (slot->n_spans - i - 1) * sizeof(*slot->spans));
                slot->spans[i + 1] = slot->spans[i];
                slot->spans[++i].from = second;
                slot->spans[i].ends = 0;
                slot->n_spans++;
        }
        slot->spans[i].ends++;
        return i;
}

/* One part fewer begins or ends at a second: where none is left the span goes on from the one before. */
static void uncut(struct load_slot *slot, int64_t second)
{
        uint32_t i = span_at(slot, second);

        if (--slot->spans[i].ends > 0 || i == 0)
                return;
        memmove(&slot->spans[i], &slot->spans[i + 1], (slot->n_spans - i - 1) * sizeof(*slot->spans));
        slot->n_spans--;
}

static int add_part(struct load_slot *slot, int64_t from, int64_t to, const struct plan_mode *mode)
{
        uint32_t first, last;

        if (slot->n_spans + 3 > slot->room) {
                uint32_t room = slot->room > 0 ? 2 * slot->room : 8;
                struct load_span *spans = realloc(slot->spans, room * sizeof(*spans));

                if (spans == NULL)
                        return OFFPEAK_ENOMEM;
                slot->spans = spans;
                slot->room = room;
        }
        if (slot->n_spans == 0)
                slot->spans[slot->n_spans++] = (struct load_span){ 0 };
        first = cut(slot, from);
        last = cut(slot, to); /* at the slot's end: a span of no length, which nobody looks at */
        for (; first < last; first++) {
                slot->spans[first].gpus += mode->gpus;
                slot->spans[first].power += load_milliwatts(mode);
        }
        return 0;
}

static void remove_part(struct load_slot *slot, int64_t from, int64_t to, const struct plan_mode *mode)
{
        for (uint32_t i = span_at(slot, from); i < slot->n_spans && slot->spans[i].from < to; i++) {
                slot->spans[i].gpus -= mode->gpus;
                slot->spans[i].power -= load_milliwatts(mode);
        }
        uncut(slot, to);
        uncut(slot, from);
        if (slot->n_spans == 1 && slot->spans[0].ends == 0)
                slot->n_spans = 0;
}

/* The part of [start, end) that lies in a slot. */
static struct load_piece piece_of(const struct load *load, size_t t, int64_t start, int64_t end)
{
        int64_t first = load->slots->edges[t], last = load->slots->edges[t + 1];

        return (struct load_piece){ t, start > first ? start - first : 0, (end < last ? end : last) - first };
}

int load_add(struct load *load, int64_t start, int64_t end, const struct plan_mode *mode)
{
        for (size_t t = slots_find(load->slots, start); t < load->slots->n && load->slots->edges[t] < end; t++) {
                struct load_piece piece = piece_of(load, t, start, end);
                int64_t length = slots_length(load->slots, t);
                struct load_slot *slot = &load->at[t];

                if (piece.from == 0 && piece.to == length) {
                        slot->gpus += mode->gpus;
                        slot->power += load_milliwatts(mode);
                } else if (add_part(slot, piece.from, piece.to, mode) != 0) {
                        if (load->slots->edges[t] > start)
                                load_remove(load, start, load->slots->edges[t], mode);
                        return OFFPEAK_ENOMEM;
                }
                find_peak(load, t);
        }
        return 0;
}

void load_remove(struct load *load, int64_t start, int64_t end, const struct plan_mode *mode)
{
        for (size_t t = slots_find(load->slots, start); t < load->slots->n && load->slots->edges[t] < end; t++) {
                struct load_piece piece = piece_of(load, t, start, end);
                int64_t length = slots_length(load->slots, t);
                struct load_slot *slot = &load->at[t];

                if (piece.from == 0 && piece.to == length) {
                        slot->gpus -= mode->gpus;
                        slot->power -= load_milliwatts(mode);
                } else {
                        remove_part(slot, piece.from, piece.to, mode);
                }
                find_peak(load, t);
        }
}

/* ---- room and cost */

bool load_has_room(const struct load *load, struct load_piece piece, const struct plan_mode *mode)
{
        double gpus, mw, more = (double)load_milliwatts(mode);

        peak_of(load, piece, &gpus, &mw);
        /* a mode that draws nothing is not kept out by power that is gone */
        return gpus + mode->gpus <= load->steps[piece.slot]->gpus &&
               (more == 0 || mw + more <= load->limit_mw[piece.slot]);
}

bool load_could_have_room(const struct load *load, size_t slot, const struct plan_mode *mode)
{
        int64_t more = load_milliwatts(mode);

        return mode->gpus <= load->steps[slot]->gpus && (more == 0 || (double)more <= load->limit_mw[slot]);
}

void load_over(const struct load *load, struct load_piece piece, const struct plan_mode *mode, double *ret_gpus,
               double *ret_mw)
{
        double gpus, mw;

        peak_of(load, piece, &gpus, &mw);
        if (mode != NULL) {
                gpus += mode->gpus;
                mw += (double)load_milliwatts(mode);
        }
        *ret_gpus = fmax(0, gpus - load->steps[piece.slot]->gpus);
        *ret_mw = mw > 0 ? fmax(0, mw - load->limit_mw[piece.slot]) : 0;
}

static double marginal_at(const struct load *load, size_t slot, int64_t power, const struct plan_mode *mode)
{
        const struct plan_step *step = load->steps[slot];
        double from = site_facility_w(load->site, (double)power / 1000), to = from + load->site->pue_factor * mode->watts;
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments && limit <= from; i++) {
                limit += step->segments[i].limit_w;
                if (from < limit && to <= limit) /* most often both lie in one segment */
                        return step->segments[i].price * (to - from) / PLAN_JOULES_PER_MWH;
        }
        return supply_rate(step, to) - supply_rate(step, from);
}

double load_marginal(const struct load *load, struct load_piece piece, const struct plan_mode *mode)
{
        const struct load_slot *slot = &load->at[piece.slot];
        const struct plan_step *step = load->steps[piece.slot];
        double sum = 0;

        if (load->is_plain[piece.slot])
                return step->segments[0].price * load->site->pue_factor * mode->watts / PLAN_JOULES_PER_MWH;
        if (slot->n_spans == 0)
                return marginal_at(load, piece.slot, slot->power, mode);
        for (uint32_t i = span_at(slot, piece.from); i < slot->n_spans && slot->spans[i].from < piece.to; i++) {
                int64_t from = slot->spans[i].from > piece.from ? slot->spans[i].from : piece.from;
                int64_t to = i + 1 < slot->n_spans && slot->spans[i + 1].from < piece.to ? slot->spans[i + 1].from : piece.to;

                sum += marginal_at(load, piece.slot, slot->power + slot->spans[i].power, mode) * (double)(to - from);
        }
        return sum / (double)(piece.to - piece.from);
}
