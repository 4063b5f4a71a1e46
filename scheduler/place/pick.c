/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick.c - a search over subsets, depth first in the order of devices, cut off where the worst link is worse than the
 * best one found; and a memory of what it found. C(16, 8) subsets are the most it looks at.
 */
#include "place/pick.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
        NUMA_COUNT = 256,
        DEVICES = 64,
        EXACT = 16,       /* free devices: more are not searched through */
        NEAR_ROOM = 8192, /* above the nearness of all pairs of 64 devices together */
        FIRST_ROOM = 64,
};

struct memory {
        uint64_t free;
        uint32_t need; /* 0: empty */
        struct place_pick pick;
};

struct place_shape {
        struct place_shape *next;
        uint64_t hash;
        uint32_t n;
        bool linked; /* some link is known */
        uint8_t *numa;
        struct place_link *links;
        struct memory *memories; /* open addressing; a power of two of them */
        size_t room, used;
};

struct place_shapes {
        struct place_shape **buckets;
        size_t n_buckets, n;
};

/* ---- shapes */

static uint64_t mix(uint64_t hash, uint64_t value)
{
        hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
        return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;
        uint64_t word;

        for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
                memcpy(&word, at, sizeof(word));
                hash = mix(hash, word);
        }
        word = size;
        for (size_t i = 0; i < size; i++)
                word = word << 8 | at[i];
        return mix(hash, word);
}

int place_shapes_create(struct place_shapes **ret_shapes)
{
        struct place_shapes *shapes = calloc(1, sizeof(*shapes));

        if (shapes == NULL)
                return OFFPEAK_ENOMEM;
        shapes->n_buckets = FIRST_ROOM;
        shapes->buckets = calloc(shapes->n_buckets, sizeof(struct place_shape *));
        if (shapes->buckets == NULL) {
                free(shapes);
                return OFFPEAK_ENOMEM;
        }
        *ret_shapes = shapes;
        return 0;
}

static void destroy_shape(struct place_shape *shape)
{
        free(shape->numa);
        free(shape->links);
        free(shape->memories);
        free(shape);
}

void place_shapes_destroy(struct place_shapes *shapes)
{
        if (shapes == NULL)
                return;
        for (size_t i = 0; i < shapes->n_buckets; i++)
                for (struct place_shape *shape = shapes->buckets[i], *next; shape != NULL; shape = next) {
                        next = shape->next;
                        destroy_shape(shape);
                }
        free(shapes->buckets);
        free(shapes);
}

static void *copy_of(const void *bytes, size_t size)
{
        void *copy = bytes != NULL && size > 0 ? malloc(size) : NULL;

        return copy != NULL ? memcpy(copy, bytes, size) : NULL;
}

static bool same(const void *a, const void *b, size_t size)
{
        return (a == NULL) == (b == NULL) && (a == NULL || size == 0 || memcmp(a, b, size) == 0);
}

/* A node whose links are all unknown is like one that has none. */
static bool any_known(const struct place_link *links, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (links[i].gb_per_s != 0 || links[i].near != 0)
                        return true;
        return false;
}

/* Chains stay short: there are as many buckets as shapes. Without memory for more they grow long, no more. */
static void spread(struct place_shapes *shapes)
{
        size_t n = shapes->n_buckets * 2;
        struct place_shape **buckets = shapes->n >= shapes->n_buckets ? calloc(n, sizeof(*buckets)) : NULL;

        if (buckets == NULL)
                return;
        for (size_t i = 0; i < shapes->n_buckets; i++)
                for (struct place_shape *shape = shapes->buckets[i], *next; shape != NULL; shape = next) {
                        next = shape->next;
                        shape->next = buckets[shape->hash % n];
                        buckets[shape->hash % n] = shape;
                }
        free(shapes->buckets);
        shapes->buckets = buckets;
        shapes->n_buckets = n;
}

static struct place_shape *make_shape(uint32_t n, const uint8_t *numa, const struct place_link *links, uint64_t hash)
{
        struct place_shape *shape = calloc(1, sizeof(*shape));

        if (shape == NULL)
                return NULL;
        *shape = (struct place_shape){ .hash = hash, .n = n, .linked = links != NULL };
        shape->numa = copy_of(numa, n);
        shape->links = copy_of(links, place_pairs(n) * sizeof(*links));
        if ((numa != NULL && n > 0 && shape->numa == NULL) || (links != NULL && shape->links == NULL)) {
                destroy_shape(shape);
                return NULL;
        }
        return shape;
}

int place_shapes_find(struct place_shapes *shapes, uint32_t n, const uint8_t *numa, const struct place_link *links,
                      struct place_shape **ret_shape)
{
        size_t size = place_pairs(n) * sizeof(*links);
        struct place_shape *shape;
        uint64_t hash = mix(1, n);

        if (links != NULL && !any_known(links, place_pairs(n)))
                links = NULL;
        hash = numa != NULL ? hash_bytes(hash, numa, n) : hash;
        hash = links != NULL ? hash_bytes(hash, links, size) : hash;
        for (shape = shapes->buckets[hash % shapes->n_buckets]; shape != NULL; shape = shape->next)
                if (shape->hash == hash && shape->n == n && same(shape->numa, numa, n) &&
                    same(shape->links, links, size))
                        break;
        if (shape == NULL) {
                shape = make_shape(n, numa, links, hash);
                if (shape == NULL)
                        return OFFPEAK_ENOMEM;
                shape->next = shapes->buckets[hash % shapes->n_buckets];
                shapes->buckets[hash % shapes->n_buckets] = shape;
                shapes->n++;
                spread(shapes);
        }
        *ret_shape = shape;
        return 0;
}

/* ---- what was picked before */

static struct memory *slot_of(struct memory *memories, size_t room, uint64_t free_set, uint32_t need)
{
        size_t at = mix(mix(need, free_set), 0) & (room - 1);

        while (memories[at].need != 0 && (memories[at].free != free_set || memories[at].need != need))
                at = (at + 1) & (room - 1);
        return &memories[at];
}

/* Half of it stays empty. False: no memory. */
static bool make_room(struct place_shape *shape)
{
        size_t room = shape->room == 0 ? FIRST_ROOM : shape->room * 2;
        struct memory *memories;

        if (shape->room > 0 && 2 * (shape->used + 1) <= shape->room)
                return true;
        memories = calloc(room, sizeof(*memories));
        if (memories == NULL)
                return false;
        for (size_t i = 0; i < shape->room; i++)
                if (shape->memories[i].need != 0)
                        *slot_of(memories, room, shape->memories[i].free, shape->memories[i].need) = shape->memories[i];
        free(shape->memories);
        shape->memories = memories;
        shape->room = room;
        return true;
}

/* ---- by NUMA nodes alone */

static unsigned numa_of(const struct place_shape *shape, unsigned device)
{
        return shape != NULL && shape->numa != NULL && device < shape->n ? shape->numa[device] : 0;
}

/* The NUMA node to take from next: the tightest that holds all of need, else the one with most. */
static unsigned next_numa(const uint8_t free_on[NUMA_COUNT], uint32_t need)
{
        unsigned widest = 0, tightest = NUMA_COUNT;

        for (unsigned i = 0; i < NUMA_COUNT; i++) {
                if (free_on[i] > free_on[widest])
                        widest = i;
                if (free_on[i] >= need && (tightest == NUMA_COUNT || free_on[i] < free_on[tightest]))
                        tightest = i;
        }
        return tightest < NUMA_COUNT ? tightest : widest;
}

/* Taking the widest until the rest fits into one touches as few NUMA nodes as any choice can. */
static uint64_t pick_by_numa(const struct place_shape *shape, uint64_t free_set, uint32_t need)
{
        uint8_t free_on[NUMA_COUNT] = { 0 };
        uint64_t chosen = 0;

        for (unsigned d = 0; d < DEVICES; d++)
                if (free_set >> d & 1)
                        free_on[numa_of(shape, d)]++;
        while (need > 0) {
                unsigned numa = next_numa(free_on, need);

                for (unsigned d = 0; d < DEVICES && need > 0; d++) {
                        if ((free_set >> d & 1) == 0 || numa_of(shape, d) != numa)
                                continue;
                        chosen |= UINT64_C(1) << d;
                        need--;
                }
                free_on[numa] = 0;
        }
        return chosen;
}

/* ---- by links */

/* The free devices, numbered anew from 0. */
struct search {
        uint32_t n, need;
        uint8_t device[DEVICES]; /* as the node numbers it */
        uint32_t weight[DEVICES][DEVICES];
        uint64_t degree[DEVICES]; /* weight to all others */
        uint8_t chosen[DEVICES];
        bool found;
        struct place_pick best;
};

/* A shared NUMA node counts as nearness too, where the bus says nothing. */
static uint32_t weight_of(const struct place_shape *shape, unsigned a, unsigned b)
{
        const struct place_link *link = &shape->links[place_pair(shape->n, a, b)];
        uint32_t near = link->near <= PLACE_NEAR_LAST ? link->near : PLACE_NEAR_LAST;

        if (near == PLACE_FAR && shape->numa != NULL && shape->numa[a] == shape->numa[b])
                near = PLACE_NUMA;
        return link->gb_per_s * (uint32_t)NEAR_ROOM + near;
}

static void search_init(struct search *search, const struct place_shape *shape, uint64_t free_set, uint32_t need)
{
        search->n = 0;
        search->need = need;
        search->found = false;
        for (unsigned d = 0; d < shape->n; d++)
                if (free_set >> d & 1)
                        search->device[search->n++] = (uint8_t)d;
        for (uint32_t i = 0; i < search->n; i++)
                search->degree[i] = search->weight[i][i] = 0;
        for (uint32_t i = 0; i < search->n; i++)
                for (uint32_t j = i + 1; j < search->n; j++) {
                        uint32_t weight = weight_of(shape, search->device[i], search->device[j]);

                        search->weight[i][j] = search->weight[j][i] = weight;
                        search->degree[i] += weight;
                        search->degree[j] += weight;
                }
}

static bool is_better(const struct place_pick *a, const struct place_pick *b)
{
        if (a->worst != b->worst)
                return a->worst > b->worst;
        if (a->sum != b->sum)
                return a->sum > b->sum;
        return a->cut < b->cut;
}

/* All of `need` are chosen. The first of equals stays. */
static void consider(struct search *search, uint32_t worst, uint64_t sum, uint64_t degrees)
{
        struct place_pick pick = { .worst = search->need > 1 ? worst : 0, .sum = sum, .cut = degrees - 2 * sum };

        if (search->found && !is_better(&pick, &search->best))
                return;
        for (uint32_t i = 0; i < search->need; i++)
                pick.devices |= UINT64_C(1) << search->device[search->chosen[i]];
        search->found = true;
        search->best = pick;
}

static void join(const struct search *search, uint32_t depth, uint32_t device, uint32_t *worst, uint64_t *sum)
{
        for (uint32_t i = 0; i < depth; i++) {
                uint32_t weight = search->weight[search->chosen[i]][device];

                *sum += weight;
                if (weight < *worst)
                        *worst = weight;
        }
}

static void look_deeper(struct search *search, uint32_t depth, uint32_t from, uint32_t worst, uint64_t sum,
                        uint64_t degrees)
{
        if (depth == search->need) {
                consider(search, worst, sum, degrees);
                return;
        }
        for (uint32_t d = from; d + (search->need - depth) <= search->n; d++) {
                uint32_t worst_here = worst;
                uint64_t sum_here = sum;

                join(search, depth, d, &worst_here, &sum_here);
                if (search->found && search->need > 1 && worst_here < search->best.worst)
                        continue;
                search->chosen[depth] = (uint8_t)d;
                look_deeper(search, depth + 1, d + 1, worst_here, sum_here, degrees + search->degree[d]);
        }
}

/* The one that joins best, of those that are not chosen yet. */
static uint32_t best_to_join(const struct search *search, uint32_t depth, uint64_t taken, uint32_t *worst,
                             uint64_t *sum)
{
        struct place_pick best = { 0 };
        uint32_t chosen = search->n;

        for (uint32_t d = 0; d < search->n; d++) {
                struct place_pick pick = { .worst = *worst, .sum = *sum, .cut = search->degree[d] };

                if (taken >> d & 1)
                        continue;
                join(search, depth, d, &pick.worst, &pick.sum);
                if (chosen == search->n || is_better(&pick, &best)) {
                        best = pick;
                        chosen = d;
                }
        }
        *worst = best.worst;
        *sum = best.sum;
        return chosen;
}

/* From each device on, always the one that joins best. */
static void look_greedily(struct search *search)
{
        for (uint32_t first = 0; first < search->n; first++) {
                uint64_t sum = 0, degrees = search->degree[first], taken = UINT64_C(1) << first;
                uint32_t worst = UINT32_MAX;

                search->chosen[0] = (uint8_t)first;
                for (uint32_t depth = 1; depth < search->need; depth++) {
                        uint32_t d = best_to_join(search, depth, taken, &worst, &sum);

                        search->chosen[depth] = (uint8_t)d;
                        taken |= UINT64_C(1) << d;
                        degrees += search->degree[d];
                }
                consider(search, worst, sum, degrees);
        }
}

static struct place_pick pick_by_links(const struct place_shape *shape, uint64_t free_set, uint32_t need)
{
        struct search search;

        search_init(&search, shape, free_set, need);
        if (search.n <= EXACT || search.n == need)
                look_deeper(&search, 0, 0, UINT32_MAX, 0, 0);
        else
                look_greedily(&search);
        return search.best;
}

struct place_pick place_pick(struct place_shape *shape, uint64_t free_set, uint32_t need)
{
        struct memory memory = { .free = free_set, .need = need };
        struct memory *slot;

        if (shape == NULL || need == 0)
                return (struct place_pick){ .devices = pick_by_numa(shape, free_set, need) };
        if (shape->room > 0) {
                slot = slot_of(shape->memories, shape->room, free_set, need);
                if (slot->need != 0)
                        return slot->pick;
        }
        if (shape->linked)
                memory.pick = pick_by_links(shape, free_set, need);
        else
                memory.pick.devices = pick_by_numa(shape, free_set, need);
        if (make_room(shape)) {
                *slot_of(shape->memories, shape->room, free_set, need) = memory;
                shape->used++;
        }
        return memory.pick;
}
