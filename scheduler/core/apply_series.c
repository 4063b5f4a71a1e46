/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_series.c - what feeds and pushes say becomes a site's layers, and these the series in force.
 *
 *   SERIES      feed   = joined with what the feed told before
 *   CONFIRMED   feed   = as it is, said anew
 *   PUSHED      pushed = joined likewise, or cut off where it was withdrawn
 *   each        series = pushed over feed
 *   V_FORECAST  beside them, in memory only
 */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/room.h"
#include "supply/layers.h"

static void replace(struct series *series, struct series *with)
{
        series_finish(series);
        *series = *with;
}

int apply_layers(struct site *site, enum series_kind kind)
{
        struct series series;

        if (layers_over(&site->pushed[kind], &site->feed[kind], &series) != 0)
                return OFFPEAK_ENOMEM;
        replace(&site->series[kind], &series);
        return 0;
}

static struct site *site_of(struct state *state, const char *name, enum series_kind kind)
{
        return name != NULL && kind >= SERIES_PRICE && (int)kind <= SERIES_LAST ? state_site(state, name) : NULL;
}

int apply_series(struct state *state, const struct record *record)
{
        const struct series *series = &record->u.series.series;
        struct site *site = site_of(state, series->site, series->kind);
        struct series joined;

        if (site == NULL)
                return OFFPEAK_EINVAL;
        if (layers_join(&site->feed[series->kind], series, &joined) != 0)
                return OFFPEAK_ENOMEM;
        replace(&site->feed[series->kind], &joined);
        return apply_layers(site, series->kind);
}

int apply_confirmed(struct state *state, const struct record *record)
{
        enum series_kind kind = record->u.confirmed.kind;
        struct site *site = site_of(state, record->u.confirmed.site, kind);

        if (site == NULL)
                return OFFPEAK_EINVAL;
        site->feed[kind].issued = record->at;
        return apply_layers(site, kind);
}

/* ---- pushes */

static void forget_source(struct site *site, uint32_t i)
{
        free(site->push_sources[i].name);
        site->n_push_sources--;
        memmove(&site->push_sources[i], &site->push_sources[i + 1],
                (site->n_push_sources - i) * sizeof(*site->push_sources));
}

static uint32_t longest_silent(const struct site *site)
{
        uint32_t oldest = 0;

        for (uint32_t i = 1; i < site->n_push_sources; i++)
                if (site->push_sources[i].at < site->push_sources[oldest].at)
                        oldest = i;
        return oldest;
}

static int note_source(struct site *site, const struct record *record)
{
        const struct series *series = &record->u.pushed.series;
        struct push_source *source = state_push_source(site, series->kind, series->source);

        if (source == NULL) {
                if (site->n_push_sources == PUSH_SOURCES_KEPT)
                        forget_source(site, longest_silent(site));
                source = room_for_one((void **)&site->push_sources, site->n_push_sources, sizeof(*source));
                if (source == NULL || copy_text(series->source, &source->name) != 0)
                        return OFFPEAK_ENOMEM;
                source->kind = series->kind;
                site->n_push_sources++;
        }
        source->seq = record->u.pushed.seq;
        source->digest = record->u.pushed.digest;
        source->issued = series->issued;
        source->at = record->at;
        return 0;
}

int apply_pushed(struct state *state, const struct record *record)
{
        const struct series *series = &record->u.pushed.series;
        struct site *site = site_of(state, series->site, series->kind);
        struct series layer;
        int code;

        if (site == NULL || series->source == NULL)
                return OFFPEAK_EINVAL;
        if (series->n_points > 0)
                code = layers_join(&site->pushed[series->kind], series, &layer);
        else
                code = layers_cut(&site->pushed[series->kind], record->at, &layer);
        if (code != 0)
                return code;
        layer.version = series->version;
        layer.issued = series->issued;
        replace(&site->pushed[series->kind], &layer);
        if (series_set_names(&site->pushed[series->kind], series->site, series->source) != 0 || note_source(site, record) != 0)
                return OFFPEAK_ENOMEM;
        state->pushed_index = record->index;
        code = apply_layers(site, series->kind);
        return code != 0 ? code : apply_request(state, &record->u.pushed.request);
}

/* ---- agreements */

/* Where an agreement of this name stands; SUPPLY_MAX_PPAS: nowhere. */
static unsigned place_of(const struct supply_terms *terms, unsigned i, const struct supply_terms *in)
{
        for (unsigned at = 0; i < terms->n_ppas && at < in->n_ppas; at++)
                if (strcmp(in->ppas[at].name, terms->ppas[i].name) == 0)
                        return at;
        return SUPPLY_MAX_PPAS;
}

static void move_layers(struct series layers[SERIES_COUNT], const unsigned from[SUPPLY_MAX_PPAS])
{
        struct series moved[SUPPLY_MAX_PPAS];

        for (unsigned i = 0; i < SUPPLY_MAX_PPAS; i++) {
                enum series_kind kind = (enum series_kind)(SERIES_PPA + i);

                series_init(&moved[i], kind);
                if (from[i] == SUPPLY_MAX_PPAS)
                        continue;
                moved[i] = layers[SERIES_PPA + from[i]];
                moved[i].kind = kind;
                series_init(&layers[SERIES_PPA + from[i]], kind);
        }
        for (unsigned i = 0; i < SUPPLY_MAX_PPAS; i++)
                replace(&layers[SERIES_PPA + i], &moved[i]);
}

/* Of an agreement that is no more nobody counts. */
static void move_sources(struct site *site, const struct supply_terms *before, const struct supply_terms *after)
{
        for (uint32_t s = site->n_push_sources; s-- > 0;) {
                struct push_source *source = &site->push_sources[s];
                unsigned to;

                if ((int)source->kind < SERIES_PPA)
                        continue;
                to = place_of(before, (unsigned)source->kind - SERIES_PPA, after);
                if (to == SUPPLY_MAX_PPAS)
                        forget_source(site, s);
                else
                        source->kind = (enum series_kind)(SERIES_PPA + to);
        }
}

void apply_agreements(struct site *site, const struct supply_terms *before, const struct supply_terms *after)
{
        unsigned from[SUPPLY_MAX_PPAS];
        bool same = before->n_ppas == after->n_ppas;

        for (unsigned i = 0; i < SUPPLY_MAX_PPAS; i++) {
                from[i] = place_of(after, i, before);
                same = same && (i >= after->n_ppas || from[i] == i);
        }
        if (same)
                return;
        move_layers(site->series, from);
        move_layers(site->feed, from);
        move_layers(site->pushed, from);
        move_sources(site, before, after);
        for (unsigned i = 0; site->forecasts != NULL && i < SUPPLY_MAX_PPAS; i++) {
                forecast_use_finish(&site->forecasts[SERIES_PPA + i].made); /* it is made again */
                site->forecasts[SERIES_PPA + i] = (struct site_forecast){ 0 };
        }
}

/* ---- forecasts */

static bool same_wish(const struct forecast_wish *a, const struct forecast_wish *b)
{
        return a->version == b->version && a->origin == b->origin && a->to == b->to && a->east_s == b->east_s;
}

int apply_forecast(struct state *state, const struct record *record)
{
        const struct forecast_wish *wish = &record->u.forecast.wish;
        struct site *site = wish->site < state->n_sites ? &state->sites[wish->site] : NULL;
        struct site_forecast *forecast;
        struct forecast_use use;

        if (site == NULL || wish->kind < SERIES_PRICE || (int)wish->kind > SERIES_LAST)
                return OFFPEAK_EINVAL;
        if (site->forecasts == NULL)
                site->forecasts = calloc(SERIES_COUNT, sizeof(*site->forecasts));
        if (site->forecasts == NULL)
                return OFFPEAK_ENOMEM;
        forecast = &site->forecasts[wish->kind];
        if (record->u.forecast.asked) {
                forecast->asked = *wish;
                return 0;
        }
        if (forecast_use_copy(&record->u.forecast.use, &use) != 0)
                return OFFPEAK_ENOMEM;
        forecast_use_finish(&forecast->made);
        forecast->made = use;
        forecast->made_for = *wish;
        if (same_wish(&forecast->asked, wish))
                forecast->asked = (struct forecast_wish){ 0 };
        return 0;
}
