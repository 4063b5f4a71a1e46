/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/picture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void picture_init(struct picture *picture, int64_t from, int64_t to)
{
        *picture = (struct picture){ .from = from, .to = to };
}

static void finish_site(struct picture_site *site)
{
        for (size_t i = 0; i < site->n_jobs; i++) {
                free(site->jobs[i].name);
                free(site->jobs[i].runs);
        }
        free(site->jobs);
        free(site->loads);
        free(site->price.steps);
        free(site->carbon.steps);
        free(site->limit.steps);
        free(site->name);
}

void picture_finish(struct picture *picture)
{
        for (size_t i = 0; i < picture->n_sites; i++)
                finish_site(&picture->sites[i]);
        for (size_t i = 0; i < picture->n_captions; i++)
                free(picture->captions[i]);
        free(picture->sites);
        free(picture->captions);
        *picture = (struct picture){ 0 };
}

/* The list with room for one more behind n things of that size, perhaps elsewhere now; NULL marks the picture as
 * failed. */
static void *with_room(struct picture *picture, void *list, size_t n, size_t *room, size_t size)
{
        size_t more = *room == 0 ? 8 : 2 * *room;
        void *grown;

        if (n < *room)
                return list;
        grown = realloc(list, more * size);
        if (grown == NULL)
                picture->failed = true;
        else
                *room = more;
        return grown;
}

void picture_caption(struct picture *picture, const char *format, ...)
{
        char **grown = realloc(picture->captions, (picture->n_captions + 1) * sizeof(*grown));
        va_list arguments;
        int r = -1;

        if (grown != NULL) {
                picture->captions = grown;
                va_start(arguments, format);
                r = vasprintf(&grown[picture->n_captions], format, arguments);
                va_end(arguments);
        }
        if (r < 0)
                picture->failed = true;
        else
                picture->n_captions++;
}

struct picture_site *picture_add_site(struct picture *picture, const char *name, const char *currency)
{
        size_t room = picture->n_sites; /* they are few: room is made for each */
        struct picture_site *sites = with_room(picture, picture->sites, picture->n_sites, &room, sizeof(*sites)), *site;

        if (sites == NULL)
                return NULL;
        picture->sites = sites;
        site = &sites[picture->n_sites++];
        *site = (struct picture_site){ 0 };
        site->name = strdup(name != NULL ? name : "?");
        snprintf(site->currency, sizeof(site->currency), "%s", currency != NULL ? currency : "?");
        picture->failed = picture->failed || site->name == NULL;
        return site;
}

void picture_add_step(struct picture *picture, struct picture_series *series, int64_t start, int64_t end, double value,
                      bool forecast)
{
        struct picture_step *last = series->n > 0 ? &series->steps[series->n - 1] : NULL, *steps;

        start = start > picture->from ? start : picture->from;
        end = end < picture->to ? end : picture->to;
        if (start >= end || !isfinite(value))
                return;
        if (last != NULL && last->end == start && last->value == value && last->forecast == forecast) {
                last->end = end;
                return;
        }
        steps = with_room(picture, series->steps, series->n, &series->room, sizeof(*steps));
        if (steps == NULL)
                return;
        series->steps = steps;
        steps[series->n++] = (struct picture_step){ start, end, value, forecast };
}

const char *picture_supplier_name(enum picture_supplier supplier)
{
        static const char *const names[] = { "reactor", "PPA", "solar", "store", "grid", "other" };

        return names[supplier < PICTURE_SUPPLIERS ? supplier : PICTURE_OTHER];
}

unsigned picture_layer(struct picture_site *site, enum picture_supplier supplier, const char *name)
{
        const char *called = name != NULL ? name : picture_supplier_name(supplier);
        unsigned i = 0;

        if (site == NULL)
                return 0;
        while (i < site->n_layers &&
               (site->layers[i].supplier != supplier || strcmp(site->layers[i].name, called) != 0))
                i++;
        if (i < site->n_layers)
                return i;
        if (i == PICTURE_LAYERS)
                return PICTURE_LAYERS - 1;
        site->layers[i].supplier = supplier;
        snprintf(site->layers[i].name, sizeof(site->layers[i].name), "%s", called);
        return site->n_layers++;
}

static bool goes_on(const struct picture_load *before, const struct picture_load *after)
{
        return before->end == after->start && before->planned == after->planned &&
               memcmp(before->watts, after->watts, sizeof(before->watts)) == 0;
}

void picture_add_load(struct picture *picture, struct picture_site *site, const struct picture_load *load)
{
        struct picture_load cut = *load, *loads;

        cut.start = cut.start > picture->from ? cut.start : picture->from;
        cut.end = cut.end < picture->to ? cut.end : picture->to;
        if (site == NULL || cut.start >= cut.end)
                return;
        for (int i = 0; i < PICTURE_LAYERS; i++)
                if (!isfinite(cut.watts[i]))
                        return;
        if (site->n_loads > 0 && goes_on(&site->loads[site->n_loads - 1], &cut)) {
                site->loads[site->n_loads - 1].end = cut.end;
                return;
        }
        loads = with_room(picture, site->loads, site->n_loads, &site->room_loads, sizeof(*loads));
        if (loads == NULL)
                return;
        site->loads = loads;
        loads[site->n_loads++] = cut;
}

struct picture_job *picture_add_job(struct picture *picture, struct picture_site *site, uint64_t id, const char *name,
                                    int64_t gpus)
{
        struct picture_job *jobs, *job;

        if (site == NULL)
                return NULL;
        jobs = with_room(picture, site->jobs, site->n_jobs, &site->room_jobs, sizeof(*jobs));
        if (jobs == NULL)
                return NULL;
        site->jobs = jobs;
        job = &jobs[site->n_jobs++];
        *job = (struct picture_job){ .id = id, .gpus = gpus };
        job->name = strdup(name != NULL ? name : "?");
        picture->failed = picture->failed || job->name == NULL;
        return job;
}

void picture_add_run(struct picture *picture, struct picture_job *job, int64_t start, int64_t end, bool planned)
{
        struct picture_run *runs;

        start = start > picture->from ? start : picture->from;
        end = end < picture->to ? end : picture->to;
        if (job == NULL || start >= end)
                return;
        runs = with_room(picture, job->runs, job->n, &job->room, sizeof(*runs));
        if (runs == NULL)
                return;
        job->runs = runs;
        runs[job->n++] = (struct picture_run){ start, end, planned };
}
