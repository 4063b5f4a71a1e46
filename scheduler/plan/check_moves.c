/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the pieces of all sites become one job's edges, each site's modes modes of its own. Under a price of progress a shortest
 * path knows where the job is and whether it has run at two sites: every move is paid, and begins a run. Rests between sites are
 * left out.
 */
#include "plan/check_offer.h"

#include <stdlib.h>

#include "plan/check_path.h"

/* ---- where a job is */

/* A job at several sites: where it begins, and of each mode where that is and the first mode as wide there. */
struct stay {
        size_t n_sites; /* of the job's */
        size_t home;    /* one of them; n_sites: another; SIZE_MAX: it begins where it likes */
        size_t run_site;
        size_t *site, *group;
};

/* A path so far: not run at all; and, by whether it has run at two sites: on in a mode, on in a group as the next piece begins, off at a site. */
struct walk {
        const struct offer *offer;
        const struct stay *stay;
        double theta;
        struct path never, *on[2], *entered[2], *off[2];
};

/* The cheapest that is off, whether it has run at two sites or not; and the cheapest that is not where that one is. */
struct nearest {
        struct path best, other;
        size_t at;
};

static struct nearest nearest_of(const struct walk *walk)
{
        struct nearest nearest = { { INFINITY, 0 }, { INFINITY, 0 }, 0 };

        for (size_t s = 0; s < walk->stay->n_sites; s++) {
                struct path here = walk->off[0][s];

                path_keep_cheaper(&here, &walk->off[1][s], walk->theta);
                if (path_reduced(&here, walk->theta) < path_reduced(&nearest.best, walk->theta)) {
                        nearest.other = nearest.best;
                        nearest.best = here;
                        nearest.at = s;
                } else {
                        path_keep_cheaper(&nearest.other, &here, walk->theta);
                }
        }
        return nearest;
}

static void keep_start(struct walk *walk, struct path *best, struct path from, double fee, size_t m)
{
        struct path start = path_start(&from, walk->offer, m);

        start.cost += fee;
        path_keep_cheaper(best, &start, walk->theta);
}

/* The cheapest ways to be on in each group as the next piece begins: going on, started, or come from another site. */
static void enter(struct walk *walk)
{
        const struct stay *stay = walk->stay;
        const struct plan_job *job = walk->offer->job;
        struct nearest nearest = nearest_of(walk);

        for (size_t m = 0; m < job->n_modes; m++) {
                size_t s = stay->site[m], g = stay->group[m];

                if (g == m)
                        walk->entered[0][g] = walk->entered[1][g] = (struct path){ INFINITY, 0 };
                for (int two = 0; two < 2; two++)
                        path_keep_cheaper(&walk->entered[two][g], &walk->on[two][m], walk->theta);
                if (g != m)
                        continue;
                keep_start(walk, &walk->entered[0][g], walk->never, stay->home == SIZE_MAX || stay->home == s ? 0 : job->move_cost, m);
                for (int two = 0; two < 2; two++)
                        keep_start(walk, &walk->entered[two][g], walk->off[two][s], 0, m);
                keep_start(walk, &walk->entered[1][g], nearest.at == s ? nearest.other : nearest.best, job->move_cost, m);
        }
}

static void keep_end(const struct walk *walk, struct path *best, const struct path *path, double end_cost)
{
        path_keep_cheaper(best, &(struct path){ path->cost + end_cost, path->progress }, walk->theta);
}

static void begin_walk(struct walk *walk, const struct offer *offer, double theta)
{
        const struct plan_job *job = offer->job;
        const struct stay *stay = offer->stay;
        size_t n_modes = job->n_modes;

        *walk = (struct walk){ .offer = offer, .stay = stay, .theta = theta };
        for (int two = 0; two < 2; two++) {
                walk->on[two] = offer->walk + (size_t)two * (2 * n_modes + stay->n_sites);
                walk->entered[two] = walk->on[two] + n_modes;
                walk->off[two] = walk->entered[two] + n_modes;
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
static struct path cheapest_moves(const struct offer *offer, double theta, int runs)
{
        struct path best = { INFINITY, 0 };
        struct walk walk;

        (void)runs;
        begin_walk(&walk, offer, theta);
        for (size_t i = 0; i < offer->n; i++) {
                enter(&walk);
                for (size_t m = 0; m < offer->job->n_modes; m++)
                        for (int two = 0; two < 2; two++) {
                                const struct path *entered = &walk.entered[two][walk.stay->group[m]];
                                struct path *on = &walk.on[two][m];

                                *on = path_run(entered, offer, m, i);
                                path_keep_cheaper(&walk.off[two][walk.stay->site[m]], on, theta);
                                if (two == 0)
                                        continue;
                                keep_end(&walk, &best, entered, offer->ends[i]);
                                keep_end(&walk, &best, on, offer->ends[i + 1]);
                        }
        }
        return best;
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
                for (size_t m = 0; m < job->n_modes; m++)
                        offer->rates[(first + m) * offer->n + i] =
                                alone_rate(site, job, &job->modes[m], pieces, &pieces->at[k]);
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
        for (size_t m = 0; m < job->n_modes; m++) {
                size_t group = 0;

                while (job->modes[group].gpus != job->modes[m].gpus)
                        group++;
                stay->site[first + m] = number;
                stay->group[first + m] = first + group;
        }
}

/* Where starts are few a path over all sites that counts them, for one move, may say more. */
static double moves_bound(const struct offer *offer)
{
        double bound = offer_highest(offer, cheapest_moves, 1, offer->job->work_s, 0, offer->undone);
        double free = offer->job->max_starts < PLAN_ANY_STARTS ? offer_runs_bound(offer, 1) : offer_burn_bound(offer);

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
        size_t *places = calloc(2 * n_modes, sizeof(*places));
        struct stay stay = { .home = job->home == PLAN_ANYWHERE ? SIZE_MAX : n_sites, .run_site = SIZE_MAX, .site = places, .group = places + n_modes };
        struct plan_job all = *job;
        struct offer offer = { 0 };
        int code = OFFPEAK_ENOMEM;

        if (modes == NULL || places == NULL)
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
        offer_measure(&offer);
        offer.stay = &stay;
        *size += offer_size(&offer);
        *ret_least = offer.n > 0 ? moves_bound(&offer) : INFINITY;
        code = 0;
out:
        offer_finish(&offer);
        free(places);
        free(modes);
        return code;
}
