/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.c - a list of the nodes that fit, narrowed down: to those that are not avoided, to the best worst link that
 * costs no switch more, to one rack or block, to switches; then the best nodes of what is left.
 *
 * A group is what counts as one switch, rack or block. Groups are numbered: what is known by its number, what is not by
 * the node's place in the list, behind them. So a count of each is an array, and nothing here is more than a sort of
 * the groups.
 */
#include "place/place.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
        uint32_t at;   /* in nodes */
        uint32_t left; /* devices that stay free */
        struct place_pick pick;
        struct place_position group; /* none of them 0 */
        bool avoid, was;
};

enum level { LEVEL_SWITCH, LEVEL_RACK, LEVEL_BLOCK };

struct search {
        const struct place_want *want;
        struct candidate *list; /* those still considered: the first n */
        size_t n;
        size_t n_groups;  /* numbers of groups end below it */
        uint32_t *counts; /* n_groups: all 0 between two questions */
        uint32_t *sizes;  /* n_groups: of one question at a time */
        uint32_t *order;  /* places in the list, those of one group together */
        struct place_leg *legs;
        uint32_t n_legs;
};

static uint32_t group_of(const struct candidate *candidate, enum level level)
{
        switch (level) {
        case LEVEL_SWITCH:
                return candidate->group.sw;
        case LEVEL_RACK:
                return candidate->group.rack;
        case LEVEL_BLOCK:
                return candidate->group.block;
        }
        return 0;
}

/* Is a the better choice, among candidates whose worst link is good enough? A total order. */
static bool goes_before(const struct candidate *a, const struct candidate *b)
{
        if (a->avoid != b->avoid)
                return b->avoid;
        if (a->was != b->was)
                return a->was;
        if (a->pick.sum != b->pick.sum)
                return a->pick.sum > b->pick.sum;
        if (a->left != b->left)
                return a->left < b->left;
        if (a->pick.cut != b->pick.cut)
                return a->pick.cut < b->pick.cut;
        return a->at < b->at;
}

static int by_order(const void *left, const void *right)
{
        return goes_before(left, right) ? -1 : 1;
}

/* ---- the fewest switches */

/* How many candidates each switch has, of the n at `order` with this worst link or a better one: n_sizes numbers. */
static size_t size_switches(struct search *search, const uint32_t *order, size_t n, uint32_t least)
{
        size_t n_sizes = 0;

        for (size_t i = 0; i < n; i++)
                search->counts[search->list[order[i]].group.sw] += search->list[order[i]].pick.worst >= least;
        for (size_t i = 0; i < n; i++) {
                uint32_t *count = &search->counts[search->list[order[i]].group.sw];

                if (*count > 0)
                        search->sizes[n_sizes++] = *count;
                *count = 0;
        }
        return n_sizes;
}

/* Largest first, in counts[]: how many have a size, from 1 to the largest. Takes them out again. */
static uint32_t fill_up(struct search *search, size_t n_sizes, uint32_t legs)
{
        uint32_t largest = 0, switches = 0;
        int64_t missing = legs;

        for (size_t i = 0; i < n_sizes; i++) {
                search->counts[search->sizes[i]]++;
                largest = search->sizes[i] > largest ? search->sizes[i] : largest;
        }
        for (uint32_t size = largest; size > 0; size--) {
                for (; missing > 0 && search->counts[size] > 0; search->counts[size]--) {
                        missing -= size;
                        switches++;
                }
                search->counts[size] = 0;
        }
        return missing > 0 ? 0 : switches;
}

/* The fewest switches that hold all legs; 0: not even all do. */
static uint32_t fewest(struct search *search, const uint32_t *order, size_t n, uint32_t least)
{
        return fill_up(search, size_switches(search, order, n, least), search->want->legs);
}

static void order_as_listed(struct search *search)
{
        for (size_t i = 0; i < search->n; i++)
                search->order[i] = (uint32_t)i;
}

/* ---- the worst link */

/* The best worst link with which so few switches still suffice. There are few different ones: nodes are alike. */
static uint32_t best_worst(struct search *search, uint32_t switches)
{
        uint32_t best = UINT32_MAX, next;

        for (size_t i = 0; i < search->n; i++) /* none can be dispensed with that is no better than the worst of all */
                best = search->list[i].pick.worst < best ? search->list[i].pick.worst : best;
        for (;; best = next) {
                next = UINT32_MAX;
                for (size_t i = 0; i < search->n; i++)
                        if (search->list[i].pick.worst > best && search->list[i].pick.worst < next)
                                next = search->list[i].pick.worst;
                if (next == UINT32_MAX || fewest(search, search->order, search->n, next) != switches)
                        return best;
        }
}

static void keep_links(struct search *search, uint32_t least)
{
        size_t kept = 0;

        for (size_t i = 0; i < search->n; i++)
                if (search->list[i].pick.worst >= least)
                        search->list[kept++] = search->list[i];
        search->n = kept;
        order_as_listed(search);
}

/* ---- rack, block */

/* Put the candidates of each group of a level together, in `order`. */
static void order_by(struct search *search, enum level level)
{
        uint32_t *next = search->sizes, sum = 0;

        memset(next, 0, search->n_groups * sizeof(*next));
        for (size_t i = 0; i < search->n; i++)
                next[group_of(&search->list[i], level)]++;
        for (size_t g = 0; g < search->n_groups; g++) {
                uint32_t n = next[g];

                next[g] = sum;
                sum += n;
        }
        for (size_t i = 0; i < search->n; i++)
                search->order[next[group_of(&search->list[i], level)]++] = (uint32_t)i;
}

/* A group: those at `order`, from `first` on. */
struct range {
        size_t first, n;
        uint32_t was; /* nodes where the job ran */
};

static struct range range_at(const struct search *search, enum level level, size_t first)
{
        uint32_t group = group_of(&search->list[search->order[first]], level);
        struct range range = { .first = first };

        for (size_t i = first; i < search->n && group_of(&search->list[search->order[i]], level) == group; i++) {
                range.was += search->list[search->order[i]].was;
                range.n++;
        }
        return range;
}

static void keep_group(struct search *search, enum level level, uint32_t group)
{
        size_t kept = 0;

        for (size_t i = 0; i < search->n; i++)
                if (group_of(&search->list[i], level) == group)
                        search->list[kept++] = search->list[i];
        search->n = kept;
}

/* The best group of this level that takes no more switches is kept, if there is any: where the job ran, then the
 * smallest. */
static bool narrow(struct search *search, enum level level, uint32_t switches)
{
        struct range best = { 0 }, range;

        order_by(search, level);
        for (size_t i = 0; i < search->n; i += range.n) {
                range = range_at(search, level, i);
                if (range.n < search->want->legs || (best.n > 0 && range.was < best.was) ||
                    (best.n > 0 && range.was == best.was && range.n >= best.n))
                        continue;
                if (fewest(search, &search->order[range.first], range.n, 0) == switches)
                        best = range;
        }
        if (best.n > 0)
                keep_group(search, level, group_of(&search->list[search->order[best.first]], level));
        return best.n > 0;
}

/* ---- switches, nodes */

/* Bring the best n of a list to its front, in any order. */
static void select_best(struct candidate *list, size_t n_list, size_t n)
{
        while (n > 0 && n < n_list) {
                struct candidate pivot = list[n_list / 2], swap;
                size_t low = 0, high = n_list - 1;

                for (;; low++, high--) { /* what is before the pivot to the left of it, what is behind to the right */
                        while (goes_before(&list[low], &pivot))
                                low++;
                        while (goes_before(&pivot, &list[high]))
                                high--;
                        if (low >= high)
                                break;
                        swap = list[low];
                        list[low] = list[high];
                        list[high] = swap;
                }
                if (n <= low) {
                        n_list = low;
                } else {
                        list += low;
                        n_list -= low;
                        n -= low;
                        if (low == 0) { /* the pivot is the best of all */
                                list++;
                                n_list--;
                                n--;
                        }
                }
        }
}

/* The best n of a list become legs. */
static void take_best(struct search *search, struct candidate *list, size_t n_list, uint32_t n,
                      const struct place_node *nodes)
{
        select_best(list, n_list, n);
        qsort(list, n, sizeof(*list), by_order);
        for (uint32_t i = 0; i < n; i++)
                search->legs[search->n_legs++] = (struct place_leg){ nodes[list[i].at].node, list[i].pick.devices };
}

/* The widest switch; or (enough > 0) of those with enough candidates where the job ran, then the narrowest. */
static uint32_t best_switch(struct search *search, uint32_t enough)
{
        uint32_t *nodes = search->counts, *was = search->sizes, best = 0;

        memset(was, 0, search->n_groups * sizeof(*was));
        for (size_t i = 0; i < search->n; i++) {
                nodes[search->list[i].group.sw]++;
                was[search->list[i].group.sw] += search->list[i].was;
        }
        for (size_t i = 0; i < search->n; i++) {
                uint32_t g = search->list[i].group.sw;
                bool more_was = was[g] > was[best], same_was = was[g] == was[best];

                if (nodes[g] < enough)
                        continue;
                if (best == 0 || (enough > 0 ? more_was || (same_was && nodes[g] < nodes[best])
                                             : nodes[g] > nodes[best] || (nodes[g] == nodes[best] && more_was)))
                        best = g;
        }
        memset(nodes, 0, search->n_groups * sizeof(*nodes));
        return best;
}

static size_t switch_to_front(struct search *search, uint32_t group)
{
        size_t n = 0;

        for (size_t i = 0; i < search->n; i++)
                if (search->list[i].group.sw == group) {
                        struct candidate swap = search->list[n];

                        search->list[n++] = search->list[i];
                        search->list[i] = swap;
                }
        return n;
}

/* The widest switches are filled while more than one is needed. Where as many are needed as nodes, they say nothing. */
static void take_switches(struct search *search, uint32_t switches, const struct place_node *nodes)
{
        uint32_t missing = search->want->legs;

        while (missing > 0 && (switches == 1 || switches < missing)) {
                uint32_t group = best_switch(search, switches > 1 ? 0 : missing);
                size_t n = switch_to_front(search, group);
                uint32_t taken = n < missing ? (uint32_t)n : missing;

                take_best(search, search->list, n, taken, nodes);
                search->list += n;
                search->n -= n;
                missing -= taken;
                switches--;
        }
        if (missing > 0)
                take_best(search, search->list, search->n, missing, nodes);
}

/* Where only one node is wanted, no more is asked than which is the best. */
static void take_one(struct search *search, const struct place_node *nodes)
{
        const struct candidate *best = &search->list[0];

        for (size_t i = 1; i < search->n; i++) {
                const struct candidate *other = &search->list[i];
                bool better = other->avoid == best->avoid && other->pick.worst != best->pick.worst
                                      ? other->pick.worst > best->pick.worst
                                      : goes_before(other, best);

                best = better ? other : best;
        }
        search->legs[search->n_legs++] = (struct place_leg){ nodes[best->at].node, best->pick.devices };
}

static int choose(struct search *search, const struct place_node *nodes, bool avoiding)
{
        uint32_t switches;

        if (search->n < search->want->legs)
                return OFFPEAK_ETRYAGAIN;
        if (search->want->legs == 0)
                return OFFPEAK_OK;
        if (search->want->legs == 1) {
                take_one(search, nodes);
                return OFFPEAK_OK;
        }
        order_as_listed(search);
        switches = fewest(search, search->order, search->n, 0);
        if (search->want->switches != 0 && switches > search->want->switches)
                return OFFPEAK_ETRYAGAIN;
        if (avoiding)
                keep_links(search, best_worst(search, switches));
        if (avoiding && !narrow(search, LEVEL_RACK, switches))
                narrow(search, LEVEL_BLOCK, switches);
        take_switches(search, switches, nodes);
        return OFFPEAK_OK;
}

/* ---- who fits */

static uint32_t free_count(const struct place_node *node)
{
        return (uint32_t)__builtin_popcountll(node->free);
}

static bool fits(const struct place_node *node, const struct place_want *want)
{
        return free_count(node) >= want->devices_per_leg && (!want->exclusive || node->empty);
}

static uint32_t number(uint32_t known, size_t n_nodes, size_t at)
{
        return known != 0 && known <= n_nodes ? known : (uint32_t)(n_nodes + 1 + at);
}

static int search_init(size_t n_nodes, const struct place_want *want, struct place_leg *legs, struct search *ret_search)
{
        size_t n_groups = 2 * n_nodes + 1;

        *ret_search = (struct search){ .want = want,
                                       .n_groups = n_groups,
                                       .list = malloc((n_nodes + 1) * sizeof(*ret_search->list)),
                                       .counts = calloc(n_groups, sizeof(uint32_t)),
                                       .sizes = malloc(n_groups * sizeof(uint32_t)),
                                       .order = malloc(n_groups * sizeof(uint32_t)),
                                       .legs = legs };
        return ret_search->list == NULL || ret_search->counts == NULL || ret_search->sizes == NULL ||
                               ret_search->order == NULL
                       ? OFFPEAK_ENOMEM
                       : 0;
}

/* avoiding: leave those out that are to be avoided. */
static void list_candidates(struct search *search, const struct place_node *nodes, size_t n_nodes, bool avoiding)
{
        const struct place_want *want = search->want;

        search->n = search->n_legs = 0;
        for (size_t i = 0; i < n_nodes; i++) {
                const struct place_position *at = &nodes[i].at;

                if (!fits(&nodes[i], want) || (avoiding && nodes[i].avoid))
                        continue;
                search->list[search->n++] = (struct candidate){
                        .at = (uint32_t)i,
                        .left = free_count(&nodes[i]) - want->devices_per_leg,
                        .pick = place_pick(nodes[i].shape, nodes[i].free, want->devices_per_leg),
                        .group = { number(at->sw, n_nodes, i), number(at->rack, n_nodes, i),
                                   number(at->block, n_nodes, i) },
                        .avoid = nodes[i].avoid,
                        .was = nodes[i].was,
                };
        }
}

static void search_finish(struct search *search, struct candidate *list)
{
        free(list);
        free(search->counts);
        free(search->sizes);
        free(search->order);
}

int place_gang(const struct place_node *nodes, size_t n_nodes, const struct place_want *want,
               struct place_leg *ret_legs)
{
        struct candidate *list;
        struct search search;
        int code = search_init(n_nodes, want, ret_legs, &search);

        list = search.list;
        if (code == 0) {
                list_candidates(&search, nodes, n_nodes, true);
                code = choose(&search, nodes, true);
        }
        if (code == OFFPEAK_ETRYAGAIN) {
                list_candidates(&search, nodes, n_nodes, false);
                code = choose(&search, nodes, false);
        }
        search_finish(&search, list);
        return code;
}

uint32_t place_fewest_switches(const struct place_node *nodes, size_t n_nodes, uint32_t legs)
{
        const struct place_want want = { .legs = legs };
        struct search search;
        uint32_t switches = 0;

        if (search_init(n_nodes, &want, NULL, &search) == 0) {
                list_candidates(&search, nodes, n_nodes, false);
                order_as_listed(&search);
                switches = fewest(&search, search.order, search.n, 0);
        }
        search_finish(&search, search.list);
        return switches;
}
