/* SPDX-License-Identifier: Apache-2.0 */
/* plan_picture.c - the plan's answer as a picture: what `offpeak plan` prints, with who supplies the load. */
#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "cli/document_picture.h"
#include "cli/job_text.h"
#include "cli/pictures.h"
#include "cli/views.h"

static bool is_at(const json_t *interval, const char *site)
{
        const char *there = document_text(interval, "site");

        return there != NULL && site != NULL && strcmp(there, site) == 0;
}

static void add_job(struct picture *picture, struct picture_site *site, const json_t *job, const char *name)
{
        struct picture_job *bar = NULL;
        int64_t slack;
        json_t *interval;
        size_t i;

        json_array_foreach(json_object_get(job, "intervals"), i, interval)
        {
                const char *kind = document_text(interval, "kind");

                if (!is_at(interval, name))
                        continue;
                if (bar == NULL)
                        bar = picture_add_job(picture, site, (uint64_t)document_int_or(job, "id", 0),
                                              document_text(job, "name"), document_int_or(job, "gpus", 0));
                picture_add_run(picture, bar, document_time(interval, "start_utc"), document_time(interval, "end_utc"),
                                kind == NULL || strcmp(kind, "ran") != 0);
        }
        if (bar == NULL)
                return;
        bar->deadline = document_time(job, "deadline_utc");
        if (job_slack(job, &slack) && slack < 0)
                bar->late_s = -slack;
}

static void add_site(struct picture *picture, const json_t *site, const json_t *jobs, int64_t now)
{
        const char *name = document_text(site, "name");
        struct picture_site *to = picture_add_site(picture, name, document_text(site, "currency"));
        json_t *job;
        size_t i;

        document_picture_steps(picture, to, json_object_get(site, "steps"));
        document_picture_loads(picture, to, json_object_get(site, "load"), now);
        json_array_foreach(jobs, i, job) add_job(picture, to, job, name);
}

/* What the text says below its strips. */
static void add_worth(struct picture *picture, const json_t *document, const struct screen *screen)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out != NULL)
                view_plan_worth(document, screen, out);
        if (out == NULL || fclose(out) != 0 || text == NULL)
                picture->failed = true;
        else
                document_picture_captions(picture, text);
        free(text);
}

int picture_of_plan(const json_t *document, const struct screen *screen, struct picture *picture)
{
        const json_t *sites = json_object_get(document, "sites");
        json_t *site;
        size_t i;

        picture_init(picture, document_time(document, "from_utc"), document_time(document, "to_utc"));
        picture->now = document_time(document, "now_utc");
        picture->utc_offset = screen_utc_offset;
        document_picture_title(picture, "plan",
                               json_array_size(sites) == 1 ? document_text(json_array_get(sites, 0), "name") : NULL);
        if (json_array_size(sites) == 0)
                picture_caption(picture, "no sites: the configuration names none");
        add_worth(picture, document, screen);
        json_array_foreach(sites, i, site) add_site(picture, site, json_object_get(document, "jobs"), picture->now);
        return picture->failed ? OFFPEAK_ENOMEM : 0;
}
