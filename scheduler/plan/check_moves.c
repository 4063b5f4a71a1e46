/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the pieces of all sites become one job's edges, each site's modes modes of its own. Under a price of progress a shortest
 * path knows where the job is and whether it has run at two sites: every move is paid, and begins a run. Rests between sites are
 * left out.
 */
#include "plan/check_offer.h"

#include <stdlib.h>

#include "plan/check_path.h"
#include "plan/check_start.h"

/* ---- where a job is */

/* A job at several sites: where it begins, and of each mode where that is. */
struct stay {
        size_t n_sites; /* of the job's */
        size_t home;    /* one of them; n_sites: another; SIZE_MAX: it begins where it likes */
        size_t run_site;
        size_t *site;
        double *start;  /* of each site: the least that a start costs there */
};

/*
 * A path so far: not run at all; and, by whether it has run at two sites: on in a mode, entering the next piece in a mode (arrived: it
 * may end at once), off at a site, and about to start there.
 */
struct walk {
        const struct offer *offer;
        const struct stay *stay;
        double theta;
        struct path *on[2], *moved[2], *arrived[2], *off[2], *from[2];
};

/* The least that a start costs at any other site; runs of which nothing comes may be all that a job does there. */
static double least_elsewhere(const struct stay *stay, size_t site)
{
        double least = INFINITY;

        for (size_t s = 0; s < stay->n_sites; s++)
                if (s != site)
                        least = fmin(least, stay->start[s]);
        return least;
}

static void keep_from(struct walk *walk, struct path *best, const struct path *from, double fee)
{
        path_keep_cheaper(best, &(struct path){ from->cost + fee, from->progress }, walk->theta);
}

/* The cheapest ways to be about to start at each site. */
static void come(struct walk *walk)
{
        const struct stay *stay = walk->stay;
        double move = walk->offer->job->move_cost;

        for (size_t s = 0; s < stay->n_sites; s++) {
                bool is_home = stay->home == s, anywhere = stay->home == SIZE_MAX;
                double elsewhere = least_elsewhere(stay, s);
                struct path none = { 0, 0 };

                walk->from[0][s] = walk->off[0][s];
                keep_from(walk, &walk->from[0][s], &none, is_home || anywhere ? 0 : move);
                walk->from[1][s] = walk->off[1][s];
                keep_from(walk, &walk->from[1][s], &none, elsewhere + (is_home ? 2 * move : move)); /* nothing came of a run elsewhere */
                keep_from(walk, &walk->from[1][s], &walk->off[0][s], elsewhere + 2 * move);
                for (size_t other = 0; other < stay->n_sites; other++)
                        for (int two = 0; two < 2 && other != s; two++)
                                keep_from(walk, &walk->from[1][s], &walk->off[two][other], move);
        }
}

/* The cheapest ways to be running in each mode as piece i begins: going on or started. */
static void enter(struct walk *walk, size_t i)
{
        const struct offer *offer = walk->offer;
        size_t n_modes = offer->job->n_modes;

        come(walk);
        for (size_t m = 0; m < n_modes; m++) {
                size_t s = walk->stay->site[m];
                struct path before, start = offer_start(offer, walk->theta, m, i, &before);

                for (int two = 0; two < 2; two++) {
                        struct path started = path_join(&walk->from[two][s], &start), over = path_join(&walk->from[two][s], &before);
                        struct path *moved = &walk->moved[two][m], *arrived = &walk->arrived[two][m];

                        *arrived = (struct path){ INFINITY, 0 };
                        for (size_t k = offer->width[m]; k < n_modes; k++)
                                if (offer->width[k] == offer->width[m])
                                        path_keep_cheaper(arrived, &walk->on[two][k], walk->theta);
                        *moved = *arrived;
                        path_keep_cheaper(moved, &started, walk->theta);
                        path_keep_cheaper(arrived, &over, walk->theta);
                }
        }
}

static void begin_walk(struct walk *walk, const struct offer *offer, double theta)
{
        const struct plan_job *job = offer->job;
        const struct stay *stay = offer->stay;
        size_t n_modes = job->n_modes;

        *walk = (struct walk){ .offer = offer, .stay = stay, .theta = theta };
        for (int two = 0; two < 2; two++) {
                walk->on[two] = offer->walk + (size_t)two * (3 * n_modes + 2 * stay->n_sites);
                walk->moved[two] = walk->on[two] + n_modes;
                walk->arrived[two] = walk->moved[two] + n_modes;
                walk->off[two] = walk->arrived[two] + n_modes;
                walk->from[two] = walk->off[two] + stay->n_sites;
                for (size_t m = 0; m < n_modes; m++)
                        walk->on[two][m] = (struct path){ INFINITY, 0 };
                for (size_t s = 0; s < stay->n_sites; s++)
                        walk->off[two][s] = (struct path){ INFINITY, 0 };
        }
        for (size_t m = 0; offer->goes_on && m < n_modes; m++)
                if (stay->site[m] == stay->run_site && job->modes[m].gpus == job->modes[job->run_mode].gpus)
                        walk->on[0][m] = (struct path){ 0, 0 };
}

/* The cheapest that runs at two sites at least, some of its runs perhaps of no length. */
static void cheapest_moves(const struct offer *offer, double theta, int runs, struct path *ret_ends)
{
        struct walk walk;

        (void)runs;
        begin_walk(&walk, offer, theta);
        for (size_t i = 0; i < offer->n; i++) {
                struct path *best = &ret_ends[i];

                *best = (struct path){ INFINITY, 0 };
                enter(&walk, i);
                for (size_t s = 0; s < walk.stay->n_sites; s++) { /* a start at its second site, of which nothing comes */
                        path_keep_end(best, &walk.from[1][s], walk.stay->start[s] + offer->ends[i], theta);
                        path_keep_end(best, &walk.off[1][s], offer->ends[i], theta);
                }
                for (size_t m = 0; m < offer->job->n_modes; m++)
                        for (int two = 0; two < 2; two++) {
                                struct path *on = &walk.on[two][m];

                                *on = path_run(&walk.moved[two][m], offer, m, i);
                                path_keep_cheaper(&walk.off[two][walk.stay->site[m]], on, theta);
                                if (two == 0)
                                        continue;
                                path_keep_end(best, &walk.arrived[1][m], offer->ends[i], theta);
                                path_keep_end(best, on, offer->ends[i + 1], theta);
                        }
        }
}

/* ---- at several sites */

/* Where any of the sites' pieces begins, from the release on, up to the horizon. */
static void merge_edges(struct offer *offer, const struct pieces *pieces, size_t *at)
{
        const struct plan_job *job = offer->job;
        int64_t time = job->release;
        size_t n = 0;

        for (; time < offer->problem->horizon; n++) {
                int64_t next = offer->problem->horizon;

                for (size_t s = 0; s < offer->problem->n_sites; s++) {
                        if ((job->sites >> s & 1) == 0)
                                continue;
                        while (at[s] < pieces[s].n && pieces[s].at[at[s]].end <= time)
                                at[s]++;
                        if (at[s] < pieces[s].n && pieces[s].at[at[s]].end < next)
                                next = pieces[s].at[at[s]].end;
                }
                if (job->deadline > time && job->deadline < next)
                        next = job->deadline;
                if (job->earliest_finish > time && job->earliest_finish < next)
                        next = job->earliest_finish;
                offer->edges[n] = time - offer->problem->now;
                time = next;
        }
        offer->edges[n] = offer->problem->horizon - offer->problem->now;
        offer->n = n;
}

/* The rates of the modes of a site, `first` the number of its first among those of all. */
static void fill_site(struct offer *offer, const struct pieces *pieces, uint32_t s, const struct plan_job *job,
                      size_t first)
{
        const struct plan_site *site = &offer->problem->sites[s];

        for (size_t i = 0, k = 0; i < offer->n; i++) {
                while (pieces->at[k].end - offer->problem->now <= offer->edges[i])
                        k++;
                for (size_t m = 0; m < job->n_modes; m++) {
                        offer->rates[(first + m) * offer->row + i] =
                                alone_rate(site, job, &job->modes[m], pieces, &pieces->at[k]);
                        offer->extras[(first + m) * offer->row + i] = alone_start_extra(site, job, m, pieces->at[k].step);
                }
        }
}

/* The modes of a site beside those of the others before it, from `first` on. */
static void add_site(struct offer *offer, struct stay *stay, struct plan_job *all, const struct plan_job *job, uint32_t s, size_t first)
{
        size_t number = stay->n_sites++;

        if (job->home == s)
                stay->home = number;
        if (job->running && job->run_site == s) {
                stay->run_site = number;
                all->run_mode = (uint32_t)first + job->run_mode;
                offer->goes_on = offer->n > 0;
        }
        for (size_t m = 0; m < job->n_modes; m++)
                stay->site[first + m] = number;
}

/* The least that a start costs at each site. */
static void price_stays(const struct offer *offer, struct stay *stay)
{
        for (size_t s = 0; s < stay->n_sites; s++)
                stay->start[s] = INFINITY;
        for (size_t m = 0; m < offer->job->n_modes; m++)
                stay->start[stay->site[m]] = fmin(stay->start[stay->site[m]], offer_least_start(offer, m));
}

/* Where starts are few a path over all sites that counts them, for one move, may say more; where they might earn it is all there is to say. */
static double moves_bound(const struct offer *offer)
{
        bool counts = offer->job->max_starts < PLAN_ANY_STARTS || offer->starts_earn;
        double free = counts ? offer_runs_bound(offer, 1) : offer_burn_bound(offer);
        double bound = offer->starts_earn ? free : offer_highest(offer, cheapest_moves, 1, offer->job->work_s, 0, offer->undone);

        return fmax(bound, free + offer->job->move_cost);
}

/* The same modes at every site, one site's behind the other's. */
static void repeat_modes(const struct plan_job *job, size_t n_sites, struct plan_mode *modes)
{
        for (size_t k = 0; k < n_sites * job->n_modes; k++)
                modes[k] = job->modes[k % job->n_modes];
}

int offer_least_moving(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job, double *ret_least,
                       double *size)
{
        size_t n_sites = (size_t)__builtin_popcountll(job->sites), n_modes = n_sites * job->n_modes, n = 2, first = 0, at[64] = { 0 };
        struct plan_mode *modes = calloc(n_modes, sizeof(*modes));
        struct stay stay = { .home = job->home == PLAN_ANYWHERE ? SIZE_MAX : n_sites,
                             .run_site = SIZE_MAX,
                             .site = calloc(n_modes, sizeof(*stay.site)),
                             .start = calloc(n_sites, sizeof(*stay.start)) };
        struct plan_job all = *job;
        struct offer offer = { 0 };
        int code = OFFPEAK_ENOMEM;

        if (modes == NULL || stay.site == NULL || stay.start == NULL)
                goto out;
        repeat_modes(job, n_sites, modes);
        all.modes = modes;
        all.n_modes = n_modes;
        for (size_t s = 0; s < problem->n_sites; s++)
                n += pieces[s].n;
        if (offer_init(&offer, problem, &all, n) != 0)
                goto out;
        merge_edges(&offer, pieces, at);
        for (uint32_t s = 0; s < problem->n_sites; s++) {
                if ((job->sites >> s & 1) == 0)
                        continue;
                add_site(&offer, &stay, &all, job, s, first);
                fill_site(&offer, &pieces[s], s, job, first);
                first += job->n_modes;
        }
        offer.modes_here = job->n_modes;
        offer_measure(&offer);
        offer_price_starts(&offer);
        price_stays(&offer, &stay);
        offer.stay = &stay;
        *size += offer_size(&offer);
        *ret_least = offer.n > 0 ? offer_until_due(&offer, moves_bound) : INFINITY;
        code = 0;
out:
        offer_finish(&offer);
        free(stay.start);
        free(stay.site);
        free(modes);
        return code;
}
