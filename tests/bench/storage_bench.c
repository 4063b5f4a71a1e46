/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_bench.c - what a store costs the planner: the dispatch of one store over a fortnight of hours, and the part of the bound that
 * three sites with batteries have at given prices. Medians, a line of JSON.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "plan/check_bound.h"
#include "supply/storage.h"

enum { SITES = 3, SLOTS = 336, TRADES = 4, REPEAT = 201, HOUR = 3600 };

static double seconds_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static double price_at(int t)
{
        return 80 + 35 * sin(t * 2 * M_PI / 24) - 30 * sin(t * 4 * M_PI / 24) + 17 * sin(t * 1.7);
}

/* A 4 h battery of half the load. */
static const struct plan_store battery = { .energy_j = 5e6 * 4 * HOUR, .reserve_j = 5e6 * HOUR, .start_j = 5e6 * 2 * HOUR,
                                           .least_end_j = 5e6 * 2 * HOUR, .charge_w = 5e6, .discharge_w = 5e6,
                                           .charge_efficiency = 0.95, .discharge_efficiency = 0.95 };

static double time_dispatch(double *ret_charged)
{
        static struct storage_trade charge[SLOTS][TRADES], discharge[SLOTS][TRADES];
        static struct storage_slot slots[SLOTS];
        static double flows[SLOTS], values[SLOTS], times[REPEAT];
        struct storage_plant plant = { .energy = battery.energy_j, .reserve = battery.reserve_j, .start = battery.start_j,
                                       .least_end = battery.least_end_j, .charge_efficiency = 0.95, .discharge_efficiency = 0.95 };

        for (int t = 0; t < SLOTS; t++) {
                for (int i = 0; i < TRADES; i++) {
                        charge[t][i] = (struct storage_trade){ price_at(t) + 2 * i, battery.charge_w * HOUR / TRADES };
                        discharge[t][i] = (struct storage_trade){ price_at(t) - 2 * i, battery.discharge_w * HOUR / TRADES };
                }
                slots[t] = (struct storage_slot){ charge[t], discharge[t], TRADES, TRADES };
        }
        for (int i = 0; i < REPEAT; i++) {
                double start = seconds_now();

                if (storage_dispatch(&plant, slots, SLOTS, flows, values) != 0)
                        return NAN;
                times[i] = seconds_now() - start;
        }
        *ret_charged = 0;
        for (int t = 0; t < SLOTS; t++)
                *ret_charged += fmax(0, flows[t]) / PLAN_JOULES_PER_MWH;
        qsort(times, REPEAT, sizeof(double), by_value);
        return times[REPEAT / 2];
}

/* Pieces and dual of all sites, as the bound has them for each set of prices. */
static double time_dual(double *ret_dual)
{
        static struct plan_step steps[SITES][SLOTS];
        static double power[SITES * SLOTS], gpus[SITES * SLOTS], storage[SITES * SLOTS], times[REPEAT];
        static int64_t edges[SLOTS + 1];
        struct plan_mode mode = { 8, 1e7, 1, 0, 0 };
        struct plan_job job = { .id = 1, .sites = 7, .modes = &mode, .n_modes = 1, .work_s = HOUR, .max_starts = PLAN_ANY_STARTS };
        struct plan_site sites[SITES];
        struct plan_problem problem = { .horizon = SLOTS * HOUR, .sites = sites, .n_sites = SITES, .jobs = &job, .n_jobs = 1 };
        struct plan_multipliers multipliers = { .n_sites = SITES, .n_slots = SLOTS, .edges = edges, .power = power, .gpus = gpus,
                                                .storage = storage };

        for (int s = 0; s < SITES; s++) {
                sites[s] = (struct plan_site){ .name = "hall", .steps = steps[s], .n_steps = SLOTS, .pue_factor = 1, .store = &battery };
                for (int t = 0; t < SLOTS; t++) {
                        steps[s][t] = (struct plan_step){ .start = (int64_t)t * HOUR, .n_segments = 2, .gpus = 8,
                                                          .segments = { { 9, 4e6 }, { fmax(9, price_at(t + s)), INFINITY } } };
                        power[s * SLOTS + t] = fmax(9, price_at(t + s)) - 1;
                        storage[s * SLOTS + t] = 80;
                        edges[t + 1] = (int64_t)(t + 1) * HOUR;
                }
        }
        for (int i = 0; i < REPEAT; i++) {
                struct pieces pieces[SITES] = { { 0 } };
                struct offpeak_error err;
                double start = seconds_now();

                for (uint32_t s = 0; s < SITES; s++)
                        if (pieces_init(&pieces[s], &problem, s, &multipliers, &err) != 0)
                                return NAN;
                *ret_dual = bound_of_capacities(&problem, pieces, &multipliers).sum;
                times[i] = seconds_now() - start;
                for (uint32_t s = 0; s < SITES; s++)
                        pieces_finish(&pieces[s]);
        }
        qsort(times, REPEAT, sizeof(double), by_value);
        return times[REPEAT / 2];
}

int main(void)
{
        double charged = 0, dual = 0, dispatch = time_dispatch(&charged), bound = time_dual(&dual);

        printf("{\"slots\":%d,\"dispatch_ms\":%.4f,\"charged_mwh\":%.3f,\"sites\":%d,\"dual_ms\":%.4f,\"dual\":%.3f}\n", SLOTS,
               1e3 * dispatch, charged, SITES, 1e3 * bound, dual);
        return isnan(dispatch) || isnan(bound) || !(charged > 0);
}
