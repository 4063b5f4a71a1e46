/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_picture.c - each site's time is walked as the books walk it: at the power of each cut the curve of what came
 * true says who supplies it and what the next watt costs.
 */
#include "cli/simulate_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/document_picture.h"
#include "cli/views.h"
#include "trial/walk.h"

enum { HOUR = 3600 };

struct drawing {
        const struct simulation *simulation;
        const struct outcome *outcome;
        struct picture *picture;
        struct walk_change *changes; /* room for those of a site */
};

/* ---- a site's load, price and limit */

struct site_drawing {
        struct picture *picture;
        struct picture_site *to;
        struct site_supply supply;
        double idle_w;
        bool used[SUPPLY_UNITS]; /* gives anything at all */
        bool used_nobody;        /* something is drawn that no source gives */
};

static int64_t power_of(const struct site_drawing *site, const struct walk_cut *cut)
{
        return llround(site->idle_w + cut->watts);
}

static enum picture_supplier supplier_of(enum supply_unit unit)
{
        return unit == SUPPLY_REACTOR ? PICTURE_REACTOR
               : unit == SUPPLY_GRID  ? PICTURE_GRID
               : unit == SUPPLY_SOLAR ? PICTURE_SOLAR
               : unit == SUPPLY_STORE ? PICTURE_STORE
                                      : PICTURE_PPA;
}

static unsigned layer_of(const struct site_drawing *site, enum supply_unit unit)
{
        bool ppa = unit >= SUPPLY_PPA && unit < SUPPLY_STORE;

        return picture_layer(site->to, supplier_of(unit), ppa ? site->supply.terms.ppas[unit - SUPPLY_PPA].name : NULL);
}

static unsigned layer_of_nobody(const struct site_drawing *site)
{
        return picture_layer(site->to, PICTURE_OTHER, "not known from whom");
}

static int note_units(void *context, const struct walk_cut *cut)
{
        struct site_drawing *site = context;
        int64_t power = power_of(site, cut);

        for (unsigned i = 0; i < cut->curve.n_segments; i++)
                if (supply_drawn(&cut->curve, i, power) > 0)
                        site->used[cut->curve.segments[i].unit] = true;
        site->used_nobody = site->used_nobody || (cut->curve.n_segments == 0 && power > 0);
        return 0;
}

/* From the bottom up, in the order of all pictures. */
static void make_layers(const struct site_drawing *site)
{
        for (int supplier = 0; supplier < PICTURE_SUPPLIERS; supplier++)
                for (int unit = 0; unit < SUPPLY_UNITS; unit++)
                        if (site->used[unit] && (int)supplier_of((enum supply_unit)unit) == supplier)
                                layer_of(site, (enum supply_unit)unit);
        if (site->used_nobody)
                layer_of_nobody(site);
}

/* Of the next watt; SERIES_UNKNOWN. */
static int64_t marginal_price(const struct supply_curve *curve, int64_t power)
{
        unsigned i = 0;

        for (; i + 1 < curve->n_segments && curve->segments[i].limit_w <= power; i++)
                power -= curve->segments[i].limit_w;
        return curve->n_segments > 0 ? curve->segments[i].price : SERIES_UNKNOWN;
}

static double known(int64_t value, double unit)
{
        return value != SERIES_UNKNOWN ? (double)value / unit : NAN;
}

static void add_steps(struct site_drawing *site, const struct walk_cut *cut, int64_t power)
{
        const struct series *carbon = site->supply.carbon;
        int64_t limit = supply_limit(&cut->curve);

        picture_add_step(site->picture, &site->to->price, cut->from, cut->to,
                         known(marginal_price(&cut->curve, power), 1e6), false);
        if (carbon != NULL)
                picture_add_step(site->picture, &site->to->carbon, cut->from, cut->to,
                                 known(series_at(carbon, cut->from), 1e3), false);
        picture_add_step(site->picture, &site->to->limit, cut->from, cut->to, limit != INT64_MAX ? (double)limit : NAN,
                         false);
}

static int add_cut(void *context, const struct walk_cut *cut)
{
        struct site_drawing *site = context;
        struct picture_load load = { cut->from, cut->to, { 0 }, false };
        int64_t power = power_of(site, cut);

        for (unsigned i = 0; i < cut->curve.n_segments; i++) {
                int64_t drawn = supply_drawn(&cut->curve, i, power);

                if (drawn > 0)
                        load.watts[layer_of(site, cut->curve.segments[i].unit)] += (double)drawn;
        }
        if (cut->curve.n_segments == 0 && power > 0)
                load.watts[layer_of_nobody(site)] = (double)power;
        picture_add_load(site->picture, site->to, &load);
        add_steps(site, cut, power);
        return 0;
}

/* ---- jobs */

static int64_t late_s(const struct trial *trial, const struct outcome *outcome, size_t j)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        int64_t finish = outcome->finish[j], end = finish != 0 ? finish : trial->to;

        if (job->deadline == 0 || (finish != 0 && finish <= job->deadline))
                return 0;
        return end > job->deadline ? end - job->deadline : 1; /* it was not done, and never will be */
}

/* Segments come job by job. A job of a list goes by its name: it has no number. */
static void add_jobs(const struct drawing *drawing, uint32_t index, struct picture_site *to)
{
        const struct trial *trial = &drawing->simulation->trial;
        const struct outcome *outcome = drawing->outcome;
        struct picture_job *bar = NULL;
        size_t last = SIZE_MAX;

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];
                const struct trace_job *job = &trial->trace.jobs[segment->job];

                if (segment->site != index)
                        continue;
                if (segment->job != last) {
                        bar = picture_add_job(drawing->picture, to, 0, job->id, segment->gpus);
                        if (bar == NULL)
                                return;
                        bar->deadline = job->deadline;
                        bar->late_s = late_s(trial, outcome, segment->job);
                        last = segment->job;
                }
                picture_add_run(drawing->picture, bar, segment->start, segment->end, false);
        }
}

/* ---- all sites */

static void add_site(const struct drawing *drawing, uint32_t index)
{
        const struct trial *trial = &drawing->simulation->trial;
        const struct policy_site *place = &trial->policy.sites[index];
        struct picture *picture = drawing->picture;
        struct site_drawing site = { .picture = picture,
                                     .supply = trial_supply(trial, place, TRIAL_PAID),
                                     .idle_w = trial_idle_w(trial, place) };
        size_t n = walk_changes(trial, drawing->outcome, &index, drawing->changes);

        site.to = picture_add_site(picture, place->name, drawing->simulation->currency);
        if (site.to == NULL)
                return;
        walk_site(&site.supply, drawing->changes, n, picture->from, picture->to, note_units, &site);
        make_layers(&site);
        walk_site(&site.supply, drawing->changes, n, picture->from, picture->to, add_cut, &site);
        add_jobs(drawing, index, site.to);
}

/* ---- what it comes to */

static double real(const json_t *object, const char *key)
{
        double value;

        return document_real(object, key, &value) ? value : NAN;
}

/* `0.26 EUR, 4.5 kg CO2e`: what is known of it. */
static const char *side_text(double cost, double carbon_kg, const char *currency, char buffer[2 * TEXT_SIZE + 16])
{
        char money[TEXT_SIZE] = "", mass[TEXT_SIZE] = "";
        bool priced = !isnan(cost), counted = !isnan(carbon_kg);

        if (priced)
                text_format_money(llround(cost * 1e6), currency, money);
        if (counted)
                text_format_mass(llround(carbon_kg * 1e6), mass);
        snprintf(buffer, 2 * TEXT_SIZE + 16, "%s%s%s%s", money, priced && counted ? ", " : "", mass,
                 counted ? " CO2e" : "");
        return buffer;
}

/* ` (-74 %)`; nothing against nothing. */
static const char *share_text(double value, double base, char buffer[32])
{
        buffer[0] = '\0';
        if (base != 0)
                snprintf(buffer, 32, " (%+.0f %%)", 100 * (value - base) / fabs(base));
        return buffer;
}

/* `0.77 EUR less (-74 %)`; nothing where nothing is known, or it is the same but for a rounding. */
static const char *change_text(double value, double base, double least, const char *amount, char buffer[128])
{
        char share[32];

        buffer[0] = '\0';
        if (fabs(value - base) >= least)
                snprintf(buffer, 128, "%.60s %s%s", amount, value > base ? "more" : "less",
                         share_text(value, base, share));
        return buffer;
}

/* Against run-now: `0.77 EUR less (-74 %), 1.0 kg CO2e more (+27 %)` */
static void caption_change(struct picture *picture, const json_t *policy, const char *currency)
{
        double cost = real(policy, "cost"), cost_at_once = real(policy, "run_now_cost");
        double carbon = real(policy, "carbon_kg"), carbon_at_once = real(policy, "run_now_carbon_kg");
        char money[2 * TEXT_SIZE + 16], mass[2 * TEXT_SIZE + 16], costs[128], emits[128];

        side_text(fabs(cost - cost_at_once), NAN, currency, money);
        side_text(NAN, fabs(carbon - carbon_at_once), currency, mass);
        change_text(cost, cost_at_once, 0.005, money, costs);
        change_text(carbon, carbon_at_once, 1e-6, mass, emits);
        if (costs[0] != '\0' || emits[0] != '\0')
                picture_caption(picture, "%s%s%s", costs, costs[0] != '\0' && emits[0] != '\0' ? ", " : "", emits);
}

static void caption_sides(struct picture *picture, const json_t *policy, const char *currency)
{
        char at_once[2 * TEXT_SIZE + 16], own[2 * TEXT_SIZE + 16];
        const char *name = document_text(policy, "name");

        side_text(real(policy, "run_now_cost"), real(policy, "run_now_carbon_kg"), currency, at_once);
        side_text(real(policy, "cost"), real(policy, "carbon_kg"), currency, own);
        if (strcmp(name, "run-now") == 0) {
                picture_caption(picture, "run-now %s", at_once);
                return;
        }
        picture_caption(picture, "run-now %s \xc2\xb7 %s %s", at_once, name, own);
        caption_change(picture, policy, currency);
}

static void caption_jobs(struct picture *picture, const json_t *document, const json_t *policy)
{
        int64_t jobs = document_int_or(document, "jobs", 0), rows = document_int_or(document, "rows", 0);
        int64_t done = document_int_or(policy, "jobs_done", 0), missed = document_int_or(policy, "missed_deadlines", 0);
        char of[48] = "", undone[48] = "";

        if (rows > jobs)
                snprintf(of, sizeof(of), " (of %lld rows)", (long long)rows);
        if (done < jobs)
                snprintf(undone, sizeof(undone), ", %lld not done in this time", (long long)(jobs - done));
        picture_caption(picture, "%lld job%s%s on %lld GPUs; delay %.1f h in the mean, %lld deadline%s missed%s",
                        (long long)jobs, jobs == 1 ? "" : "s", of, (long long)document_int_or(document, "gpus", 0),
                        real(policy, "mean_delay_h"), (long long)missed, missed == 1 ? "" : "s", undone);
}

/* What the text says below its table. */
static void caption_bound(struct picture *picture, const json_t *document, const struct screen *screen)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out != NULL)
                view_simulate_bound(document, screen, out);
        if (out == NULL || fclose(out) != 0 || text == NULL)
                picture->failed = true;
        else
                document_picture_captions(picture, text);
        free(text);
}

/* ---- the picture */

/* In whole hours, as far as there is any truth; where nothing ran, all in which something could have. */
static void find_time(const struct trial *trial, const struct outcome *outcome, int64_t *ret_from, int64_t *ret_to)
{
        int64_t from = trial->to, to = trial->from;

        for (size_t j = 0; j < trial->trace.n; j++)
                from = trial->trace.jobs[j].submit < from ? trial->trace.jobs[j].submit : from;
        for (size_t i = 0; i < outcome->n; i++)
                to = outcome->segments[i].end > to ? outcome->segments[i].end : to;
        if (outcome->n == 0)
                to = trial->to;
        from -= from % HOUR;
        to += (HOUR - to % HOUR) % HOUR;
        *ret_from = from > trial->from ? from : trial->from;
        *ret_to = to < trial->to ? to : trial->to;
}

static void add_title(const struct trial *trial, const char *policy, struct picture *picture)
{
        char what[128];
        const char *site = NULL;
        size_t n = 0;

        for (size_t s = 0; s < trial->policy.n_sites; s++)
                if (trial_gpus(trial, trial->policy.sites[s].name) > 0) {
                        site = trial->policy.sites[s].name;
                        n++;
                }
        snprintf(what, sizeof(what), "simulate, policy %.80s", policy);
        document_picture_title(picture, what, n == 1 ? site : NULL);
}

int picture_of_simulation(const struct simulation *simulation, const struct simulate_result *result,
                          const json_t *document, const struct screen *screen, struct picture *picture)
{
        const json_t *policy = json_array_get(json_object_get(document, "policies"), 0);
        const struct trial *trial = &simulation->trial;
        struct drawing drawing = { simulation, &result->outcome, picture,
                                   walk_room(&simulation->trial, &result->outcome) };
        int64_t from, to;

        find_time(trial, &result->outcome, &from, &to);
        picture_init(picture, from, to);
        picture->utc_offset = screen_utc_offset;
        if (drawing.changes == NULL)
                return OFFPEAK_ENOMEM;
        add_title(trial, result->name, picture);
        caption_sides(picture, policy, simulation->currency);
        caption_jobs(picture, document, policy);
        caption_bound(picture, document, screen);
        for (uint32_t s = 0; s < trial->policy.n_sites; s++)
                if (trial_gpus(trial, trial->policy.sites[s].name) > 0)
                        add_site(&drawing, s);
        free(drawing.changes);
        return picture->failed ? OFFPEAK_ENOMEM : 0;
}
