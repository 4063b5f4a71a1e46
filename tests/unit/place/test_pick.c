/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of one node, on machines as they are built: every request against all subsets there are, and against the
 * choice of an allocator that parts all free devices into sets of the size asked for, so that the links inside them add
 * up to most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "place/pick.h"

enum { MOST = 16, PAIRS = MOST * (MOST - 1) / 2, NO_LINK = 0 };

struct machine {
        const char *name;
        uint32_t n;
        struct place_link links[PAIRS];
        struct place_shapes *shapes;
        struct place_shape *shape;
};

static void make(struct machine *machine, const char *name, uint32_t n, struct place_link (*link)(uint32_t, uint32_t))
{
        machine->name = name;
        machine->n = n;
        for (uint32_t a = 0; a < n; a++)
                for (uint32_t b = a + 1; b < n; b++)
                        machine->links[place_pair(n, a, b)] = link(a, b);
        assert_int_equal(place_shapes_create(&machine->shapes), 0);
        assert_int_equal(place_shapes_find(machine->shapes, n, NULL, machine->links, &machine->shape), 0);
}

static uint16_t by_tree(uint32_t a, uint32_t b, uint32_t on_switch, uint32_t on_socket)
{
        if (a / on_switch == b / on_switch)
                return PLACE_SWITCH;
        return a / on_socket == b / on_socket ? PLACE_NUMA : PLACE_FAR;
}

/* 16 V100 with six links of 25 GB/s each into NVSwitches: any two at full speed. */
static struct place_link dgx2(uint32_t a, uint32_t b)
{
        return (struct place_link){ 150, by_tree(a, b, 2, 8) };
}

/* 8 A100, twelve links, NVSwitch. */
static struct place_link dgx_a100(uint32_t a, uint32_t b)
{
        return (struct place_link){ 300, by_tree(a, b, 2, 4) };
}

/* 4 P100: two links inside a socket, none across (as power8_4xP100_nvlink.xml says). */
static struct place_link power8(uint32_t a, uint32_t b)
{
        return (struct place_link){ a / 2 == b / 2 ? 40 : NO_LINK, by_tree(a, b, 1, 2) };
}

/* 8 V100 as two quads with six links a card: one or two to a neighbour, or none. */
static struct place_link cube_mesh(uint32_t a, uint32_t b)
{
        static const char *const links[8] = { "-1122...", "1-21.2..", "12-2..1.", "212-...1",
                                              "2...-112", ".2..1-21", "..1.12-2", "...1212-" };
        char n = links[a][b];

        return (struct place_link){ (uint16_t)(n == '.' ? 0 : 25 * (n - '0')), by_tree(a, b, 2, 4) };
}

/* Any speeds, any bus. */
static uint64_t seed;

static struct place_link by_chance(uint32_t a, uint32_t b)
{
        (void)a;
        (void)b;
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        return (struct place_link){ (uint16_t)((seed >> 33) % 4 * 25), (uint16_t)((seed >> 40) % 4) };
}

static uint64_t weight(const struct machine *machine, uint32_t a, uint32_t b)
{
        const struct place_link *link = &machine->links[place_pair(machine->n, a < b ? a : b, a < b ? b : a)];

        return (uint64_t)link->gb_per_s * 100000 + link->near; /* more than all nearness together */
}

struct value {
        uint64_t worst, sum, cut;
};

static struct value value_of(const struct machine *machine, uint64_t set, uint64_t free_set)
{
        struct value value = { .worst = UINT64_MAX };

        for (uint32_t a = 0; a < machine->n; a++)
                for (uint32_t b = a + 1; b < machine->n; b++) {
                        bool in_a = set >> a & 1, in_b = set >> b & 1;
                        uint64_t link = weight(machine, a, b);

                        if (in_a && in_b) {
                                value.sum += link;
                                value.worst = link < value.worst ? link : value.worst;
                        }
                        if (in_a != in_b && (free_set >> a & 1) && (free_set >> b & 1))
                                value.cut += link;
                }
        return value;
}

static int compare(const struct value *a, const struct value *b)
{
        if (a->worst != b->worst)
                return a->worst > b->worst ? 1 : -1;
        if (a->sum != b->sum)
                return a->sum > b->sum ? 1 : -1;
        return 0;
}

static void destroy(struct machine *machine)
{
        place_shapes_destroy(machine->shapes);
}

/* ---- every subset */

static void check_request(const struct machine *machine, uint64_t free_set, uint32_t need)
{
        struct place_pick pick = place_pick(machine->shape, free_set, need), again;
        struct value got = value_of(machine, pick.devices, free_set);

        assert_int_equal(__builtin_popcountll(pick.devices), need);
        assert_true((pick.devices & ~free_set) == 0);
        for (uint64_t set = free_set; set != 0; set = (set - 1) & free_set) {
                struct value other;
                int better;

                if ((uint32_t)__builtin_popcountll(set) != need)
                        continue;
                other = value_of(machine, set, free_set);
                better = compare(&other, &got);
                if (better > 0 || (better == 0 && other.cut < got.cut))
                        fail_msg("%s, free %llx, %u wanted: %llx is better than %llx", machine->name,
                                 (unsigned long long)free_set, need, (unsigned long long)set,
                                 (unsigned long long)pick.devices);
        }
        again = place_pick(machine->shape, free_set, need);
        assert_memory_equal(&again, &pick, sizeof(pick));
}

static void check_all_requests(const struct machine *machine, uint64_t step)
{
        for (uint64_t free_set = 1; free_set < UINT64_C(1) << machine->n; free_set += step)
                for (uint32_t need = 1; need <= (uint32_t)__builtin_popcountll(free_set); need++)
                        check_request(machine, free_set, need);
}

static void test_no_subset_is_better(void **state)
{
        struct machine machine;

        (void)state;
        make(&machine, "POWER8", 4, power8);
        check_all_requests(&machine, 1);
        destroy(&machine);
        make(&machine, "DGX A100", 8, dgx_a100);
        check_all_requests(&machine, 1);
        destroy(&machine);
        make(&machine, "cube mesh", 8, cube_mesh);
        check_all_requests(&machine, 1);
        destroy(&machine);
        make(&machine, "by chance", 9, by_chance);
        check_all_requests(&machine, 1);
        destroy(&machine);
        make(&machine, "DGX-2", 16, dgx2);
        check_request(&machine, 0xffff, 8);
        check_request(&machine, 0xf7b5, 4);
        check_request(&machine, 0x8f31, 2);
        destroy(&machine);
}

/* ---- against parting all that is free */

/*
 * The most that sets of `need` of these devices can add up to, and one of those sets for each: by the lowest device,
 * which is in one of them or, where they do not come out even, in none.
 */
struct parts {
        uint64_t *best, *first; /* by the devices that are free */
        uint64_t *inside;       /* the links of a set */
};

static void try_sets(struct parts *parts, uint64_t of, uint32_t need)
{
        uint64_t low = of & -of, rest = of & ~low;

        for (uint64_t others = rest;; others = (others - 1) & rest) {
                if ((uint32_t)__builtin_popcountll(others) == need - 1) {
                        uint64_t set = low | others, sum = parts->inside[set] + parts->best[of & ~set];

                        if (sum > parts->best[of] || parts->first[of] == 0) {
                                parts->best[of] = sum;
                                parts->first[of] = set;
                        }
                }
                if (others == 0)
                        return;
        }
}

static struct parts make_parts(const struct machine *machine, uint32_t need)
{
        size_t n = (size_t)1 << machine->n;
        struct parts parts = { calloc(n, sizeof(uint64_t)), calloc(n, sizeof(uint64_t)), calloc(n, sizeof(uint64_t)) };

        for (uint64_t of = 1; of < n; of++) {
                uint64_t without = of & (of - 1);
                uint32_t low = (uint32_t)__builtin_ctzll(of);

                parts.inside[of] = parts.inside[without];
                for (uint32_t d = low + 1; d < machine->n; d++)
                        parts.inside[of] += without >> d & 1 ? weight(machine, low, d) : 0;

                if ((uint32_t)__builtin_popcountll(of) < need)
                        continue;
                try_sets(&parts, of, need);
                if ((uint32_t)__builtin_popcountll(of) % need != 0 && parts.best[without] > parts.best[of]) {
                        parts.best[of] = parts.best[without];
                        parts.first[of] = 0; /* the lowest is left out */
                }
        }
        return parts;
}

static void parts_finish(struct parts *parts)
{
        free(parts->best);
        free(parts->first);
        free(parts->inside);
}

/* Its choice: of the sets of the best partition the one with the best links. */
static uint64_t parted(const struct parts *parts, uint64_t of, uint32_t need)
{
        uint64_t chosen = 0, best = 0;

        while ((uint32_t)__builtin_popcountll(of) >= need) {
                uint64_t set = parts->first[of];

                if (set == 0) {
                        of &= of - 1;
                        continue;
                }
                if (chosen == 0 || parts->inside[set] > best) {
                        chosen = set;
                        best = parts->inside[set];
                }
                of &= ~set;
        }
        return chosen;
}

static void check_against_parting(const struct machine *machine, uint32_t need, uint64_t step)
{
        struct parts parts = make_parts(machine, need);

        for (uint64_t free_set = (UINT64_C(1) << machine->n) - 1; free_set < UINT64_C(1) << machine->n;
             free_set -= step) {
                struct value ours, theirs;

                if ((uint32_t)__builtin_popcountll(free_set) < need)
                        continue;
                ours = value_of(machine, place_pick(machine->shape, free_set, need).devices, free_set);
                theirs = value_of(machine, parted(&parts, free_set, need), free_set);
                if (compare(&ours, &theirs) < 0)
                        fail_msg("%s, free %llx, %u wanted: parting does better", machine->name,
                                 (unsigned long long)free_set, need);
        }
        parts_finish(&parts);
}

/* One request after the other until none fits: what all of them got together. */
static uint64_t fill(const struct machine *machine, const struct parts *parts, uint32_t need)
{
        uint64_t free_set = (UINT64_C(1) << machine->n) - 1, sum = 0;

        while ((uint32_t)__builtin_popcountll(free_set) >= need) {
                uint64_t set = parts != NULL ? parted(parts, free_set, need)
                                             : place_pick(machine->shape, free_set, need).devices;

                sum += value_of(machine, set, set).sum;
                free_set &= ~set;
        }
        return sum;
}

static void check_filling(const struct machine *machine, uint32_t need)
{
        struct parts parts = make_parts(machine, need);

        assert_true(fill(machine, NULL, need) >= fill(machine, &parts, need));
        parts_finish(&parts);
}

static void test_parting_all_that_is_free_is_no_better(void **state)
{
        struct machine machine;

        (void)state;
        make(&machine, "POWER8", 4, power8);
        for (uint32_t need = 2; need <= 4; need *= 2) {
                check_against_parting(&machine, need, 1);
                check_filling(&machine, need);
        }
        destroy(&machine);
        make(&machine, "DGX A100", 8, dgx_a100);
        for (uint32_t need = 2; need <= 8; need *= 2) {
                check_against_parting(&machine, need, 1);
                check_filling(&machine, need);
        }
        destroy(&machine);
        make(&machine, "DGX-2", 16, dgx2);
        for (uint32_t need = 2; need <= 8; need *= 2)
                check_against_parting(&machine, need, need == 8 ? 13 : 1);
        check_filling(&machine, 4);
        destroy(&machine);
}

/* ---- by hand */

static void test_islands_stay_whole(void **state)
{
        struct machine machine;

        (void)state;
        make(&machine, "POWER8", 4, power8);
        assert_int_equal(place_pick(machine.shape, 0xf, 2).devices, 0x3);
        assert_int_equal(place_pick(machine.shape, 0xe, 1).devices, 0x2); /* its partner is taken already */
        assert_int_equal(place_pick(machine.shape, 0xe, 2).devices, 0xc);
        destroy(&machine);
        make(&machine, "DGX-2", 16, dgx2);
        assert_int_equal(place_pick(machine.shape, 0xff07, 2).devices, 0x3);
        assert_int_equal(place_pick(machine.shape, 0xff07, 1).devices, 0x4); /* the switch's other one is gone */
        assert_int_equal(place_pick(machine.shape, 0xff07, 8).devices, 0xff00);
        destroy(&machine);
}

static void test_no_links_known_is_by_numa(void **state)
{
        static const uint8_t numa[8] = { 0, 0, 0, 0, 1, 1, 1, 1 };
        struct place_link none[28] = { { 0 } };
        struct place_shapes *shapes;
        struct place_shape *bare, *zero;

        (void)state;
        assert_int_equal(place_shapes_create(&shapes), 0);
        assert_int_equal(place_shapes_find(shapes, 8, numa, NULL, &bare), 0);
        assert_int_equal(place_shapes_find(shapes, 8, numa, none, &zero), 0);
        assert_ptr_equal(bare, zero);
        for (uint64_t free_set = 1; free_set < 256; free_set++)
                for (uint32_t need = 1; need <= (uint32_t)__builtin_popcountll(free_set); need++) {
                        struct place_pick pick = place_pick(zero, free_set, need);

                        assert_int_equal(__builtin_popcountll(pick.devices), need);
                        assert_true(pick.worst == 0 && pick.sum == 0 && pick.cut == 0);
                }
        place_shapes_destroy(shapes);
        place_shapes_destroy(NULL);
}

static void test_shapes_are_told_apart(void **state)
{
        struct place_link links[28] = { { 0 } };
        struct place_shape *seen[300], *shape;
        struct place_shapes *shapes;

        (void)state;
        assert_int_equal(place_shapes_create(&shapes), 0);
        for (uint16_t i = 0; i < 300; i++) {
                links[27].gb_per_s = (uint16_t)(i + 1);
                assert_int_equal(place_shapes_find(shapes, 8, NULL, links, &seen[i]), 0);
                for (uint16_t j = 0; j < i; j++)
                        assert_ptr_not_equal(seen[i], seen[j]);
        }
        for (uint16_t i = 0; i < 300; i++) {
                links[27].gb_per_s = (uint16_t)(i + 1);
                assert_int_equal(place_shapes_find(shapes, 8, NULL, links, &shape), 0);
                assert_ptr_equal(shape, seen[i]);
        }
        place_shapes_destroy(shapes);
}

/* 64 devices are not searched through: eight islands of eight are seen all the same. */
static void test_many_devices(void **state)
{
        static struct place_link links[64 * 63 / 2];
        struct place_shapes *shapes;
        struct place_shape *shape;

        (void)state;
        for (uint32_t a = 0; a < 64; a++)
                for (uint32_t b = a + 1; b < 64; b++)
                        links[place_pair(64, a, b)].gb_per_s = a % 8 == b % 8 ? 100 : 10;
        assert_int_equal(place_shapes_create(&shapes), 0);
        assert_int_equal(place_shapes_find(shapes, 64, NULL, links, &shape), 0);
        assert_true(place_pick(shape, UINT64_MAX, 8).devices == UINT64_C(0x0101010101010101));
        assert_true(place_pick(shape, UINT64_MAX, 64).devices == UINT64_MAX);
        assert_true(place_pick(shape, UINT64_MAX & ~UINT64_C(1), 3).devices == UINT64_C(0x01010100));
        place_shapes_destroy(shapes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_subset_is_better),
                cmocka_unit_test(test_parting_all_that_is_free_is_no_better),
                cmocka_unit_test(test_islands_stay_whole),
                cmocka_unit_test(test_no_links_known_is_by_numa),
                cmocka_unit_test(test_shapes_are_told_apart),
                cmocka_unit_test(test_many_devices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
