/* SPDX-License-Identifier: Apache-2.0 */
/* report_picture.c - the report's answer as a picture: what was drawn from whom, which jobs ran when, what it saved. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/document_picture.h"
#include "cli/pictures.h"

/* `3,812 EUR, 15.1 t CO2e`; the money alone where no carbon is known. */
static const char *side_text(const json_t *side, const char *currency, char *buffer, size_t size)
{
        char money[TEXT_SIZE], mass[TEXT_SIZE];
        int64_t carbon;
        bool known = document_int(side, "carbon_mg", &carbon);

        snprintf(buffer, size, "%s%s%s%s", document_money(side, "cost_micro", currency, money), known ? ", " : "",
                 known ? document_mass(side, "carbon_mg", mass) : "", known ? " CO2e" : "");
        return buffer;
}

/* `run at once 3,812 EUR, 15.1 t CO2e · Offpeak 2,604 EUR, 10.9 t CO2e` */
static void caption_sides(struct picture *picture, const json_t *report)
{
        const char *currency = document_text(report, "currency");
        char at_once[160], actual[160];

        picture_caption(picture, "run at once %s \xc2\xb7 Offpeak %s",
                        side_text(json_object_get(report, "run_now"), currency, at_once, sizeof(at_once)),
                        side_text(json_object_get(report, "actual"), currency, actual, sizeof(actual)));
}

/* `saved 1,208 EUR (-32 %), 4.2 t CO2e; net of the GPU-hours waited 898 EUR` */
static void caption_saved(struct picture *picture, const json_t *report)
{
        const char *currency = document_text(report, "currency");
        int64_t saved = document_int_or(report, "saved_micro", 0), carbon;
        int64_t run_now = document_int_or(json_object_get(report, "run_now"), "cost_micro", 0);
        char money[TEXT_SIZE], net[TEXT_SIZE], mass[TEXT_SIZE], percent[32] = "", less[128] = "";

        if (run_now > 0)
                snprintf(percent, sizeof(percent), " (%+.0f %%)", -100.0 * (double)saved / (double)run_now);
        if (document_int(report, "saved_carbon_mg", &carbon))
                snprintf(less, sizeof(less), ", %s%s CO2e", carbon < 0 ? "and emitted more: " : "",
                         text_format_mass(carbon < 0 ? -carbon : carbon, mass));
        picture_caption(picture, "%s %s%s%s; net of the GPU-hours waited %s", saved < 0 ? "cost more:" : "saved",
                        text_format_money(saved < 0 ? -saved : saved, currency, money), percent, less,
                        document_money(report, "net_saved_micro", currency, net));
}

static void caption_report(struct picture *picture, const json_t *report)
{
        int64_t jobs = document_int_or(report, "n_jobs", 0), unpriced = document_int_or(report, "unpriced_energy_j", 0);
        char energy[TEXT_SIZE];

        if (jobs == 0) {
                picture_caption(picture, "no job ended in this time: there is nothing to compare");
                return;
        }
        caption_sides(picture, report);
        caption_saved(picture, report);
        if (unpriced > 0)
                picture_caption(picture, "%s of these jobs had no known price and stands in no cost",
                                text_format_energy(unpriced, energy));
}

/* The present plan against the best there can be: what was saved so far was saved by plans like it. */
static void caption_plan(struct picture *picture, const json_t *plan)
{
        const char *currency = document_text(plan, "currency");
        char cost[TEXT_SIZE], bound[TEXT_SIZE];
        double captured;

        if (document_text(plan, "made_utc") == NULL || document_int_or(plan, "cost_micro", 0) == 0)
                return;
        document_money(plan, "cost_micro", currency, cost);
        document_money(plan, "bound_micro", currency, bound);
        if (document_real(plan, "captured_saving", &captured))
                picture_caption(picture, "plan in force %s \xc2\xb7 bound %s \xc2\xb7 %.0f %% of what can be saved",
                                cost, bound, floor(100 * captured));
        else
                picture_caption(picture, "plan in force %s \xc2\xb7 bound %s", cost, bound);
}

static void add_job(struct picture *picture, struct picture_site *site, const json_t *job, const char *name)
{
        struct picture_job *bar = NULL;
        json_t *interval;
        size_t i;

        json_array_foreach(json_object_get(job, "intervals"), i, interval)
        {
                const char *there = document_text(interval, "site");

                if (there == NULL || strcmp(there, name) != 0)
                        continue;
                if (bar == NULL)
                        bar = picture_add_job(picture, site, (uint64_t)document_int_or(job, "id", 0),
                                              document_text(job, "name"), document_int_or(job, "gpus", 0));
                picture_add_run(picture, bar, document_time(interval, "start_utc"), document_time(interval, "end_utc"),
                                false);
        }
        if (bar == NULL)
                return;
        bar->deadline = document_time(job, "deadline_utc");
        bar->late_s = document_int_or(job, "late_s", 0);
}

static void add_site(struct picture *picture, const json_t *site, const json_t *report)
{
        const json_t *steps = json_object_get(site, "steps");
        const char *name = document_text(site, "site");
        struct picture_site *to;
        json_t *job;
        size_t i;

        if (name == NULL)
                return;
        to = picture_add_site(picture, name, document_text(report, "currency"));
        document_picture_steps(picture, to, steps);
        document_picture_loads(picture, to, steps, INT64_MAX);
        json_array_foreach(json_object_get(report, "jobs"), i, job) add_job(picture, to, job, name);
}

static void add_report(struct picture *picture, const json_t *report)
{
        json_t *site;
        size_t i;

        caption_report(picture, report);
        json_array_foreach(json_object_get(report, "supplied"), i, site) add_site(picture, site, report);
}

int picture_of_report(const json_t *document, const struct screen *screen, struct picture *picture)
{
        const json_t *reports = json_object_get(document, "reports");
        const json_t *sites = json_object_get(json_array_get(reports, 0), "sites");
        bool one = json_array_size(reports) == 1 && json_array_size(sites) == 1;
        json_t *report;
        size_t i;

        (void)screen;
        picture_init(picture, document_time(document, "from_utc"), document_time(document, "to_utc"));
        picture->now = document_time(document, "now_utc");
        picture->utc_offset = screen_utc_offset;
        document_picture_title(picture, "report", one ? json_string_value(json_array_get(sites, 0)) : NULL);
        if (json_array_size(reports) == 0)
                picture_caption(picture, "no sites: the configuration names none");
        json_array_foreach(reports, i, report) add_report(picture, report);
        caption_plan(picture, json_object_get(document, "plan"));
        return picture->failed ? OFFPEAK_ENOMEM : 0;
}
