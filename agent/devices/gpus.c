/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpus.c - what becomes of what the drivers say.
 *
 *   loop:   gpus_read --aside--> work_read --> cards     what one round of calls brought
 *                     take_card <--------------'         energy, health, log
 *
 * `work` belongs to the thread aside while a call is under way, and to the loop otherwise.
 */
#include "agent/devices/gpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/devices/aside.h"
#include "agent/devices/gpu_energy.h"
#include "base/fail.h"
#include "wire/log.h"

enum { N_DRIVERS = GPU_DRIVERS };

struct card {
        char address[20];
        unsigned driver; /* in the table; N_DRIVERS: none knows it */
        void *gpu;       /* NULL: not found, or lost */
        struct gpu_facts facts;
        struct gpu_links links;
        struct gpu_reading reading;
        int code; /* of the last call */
        struct offpeak_error err;
};

struct work {
        char *library;
        void *states[N_DRIVERS]; /* NULL: not on this machine */
        struct offpeak_error why[N_DRIVERS];
        struct card cards[OFFPEAK_MAX_DEVICES];
        uint32_t n_cards;
        bool all; /* the round looks at health as well, and for those that were lost */
};

struct gpus {
        struct aside *aside; /* NULL while opening */
        struct work work;
        struct gpu_now now[OFFPEAK_MAX_DEVICES];
        struct gpu_energy energy[OFFPEAK_MAX_DEVICES];
        uint32_t n;
        bool looked, hangs;
        bool look;         /* at health, with the next round */
        int64_t read_ms;   /* when the last round was */
        int64_t looked_ms; /* when it looked at health, too */
};

/* ---- aside */

static void find_card(struct work *work, struct card *card)
{
        for (unsigned i = 0; i < N_DRIVERS && card->gpu == NULL; i++) {
                void *gpu;
                int code = work->states[i] != NULL
                                   ? gpu_drivers[i]->find(work->states[i], card->address, &gpu, &card->err)
                                   : OFFPEAK_ENOTFOUND;

                if (code == 0 || code == OFFPEAK_ESTATE)
                        card->driver = i;
                if (code != 0)
                        continue;
                card->code = gpu_drivers[i]->facts(work->states[i], gpu, &card->facts, &card->err);
                if (card->code == 0)
                        card->gpu = gpu;
        }
}

/* None are known of a card that does not tell them. */
static void find_links(const struct work *work, struct card *card)
{
        struct offpeak_error none;

        if (card->gpu == NULL || gpu_drivers[card->driver]->links == NULL ||
            gpu_drivers[card->driver]->links(work->states[card->driver], card->gpu, card->links.at, &card->links.n,
                                             &none) != 0)
                card->links.n = 0;
}

static void work_open(void *context)
{
        struct work *work = context;

        for (unsigned i = 0; i < N_DRIVERS; i++)
                if (gpu_drivers[i]->open(work->library, &work->states[i], &work->why[i]) != 0)
                        work->states[i] = NULL;
        for (uint32_t i = 0; i < work->n_cards; i++) {
                find_card(work, &work->cards[i]);
                find_links(work, &work->cards[i]);
        }
}

static void work_read(void *context)
{
        struct work *work = context;

        for (uint32_t i = 0; i < work->n_cards; i++) {
                struct card *card = &work->cards[i];

                if (card->gpu == NULL && work->all)
                        find_card(work, card);
                if (card->gpu == NULL)
                        continue;
                card->code = gpu_drivers[card->driver]->read(work->states[card->driver], card->gpu, work->all,
                                                             &card->reading, &card->err);
                if (card->code == OFFPEAK_ENOTFOUND)
                        card->gpu = NULL;
        }
}

/* ---- what a round brought */

static void keep_why(struct gpu_now *now, const struct offpeak_error *err)
{
        size_t size = strnlen(err->text, sizeof(now->why) - 1);

        memcpy(now->why, err->text, size);
        now->why[size] = '\0';
}

static void say_wrong(struct gpu_now *now, bool lost, const struct offpeak_error *err)
{
        bool known = now->why[0] != '\0' && now->lost == lost;

        keep_why(now, err);
        if (lost && !now->lost)
                snprintf(now->unwell, sizeof(now->unwell), "%s", now->why);
        now->lost = lost;
        if (known)
                return;
        if (lost)
                log_error("a GPU is lost: %s. Jobs on it will fail, and it is not metered; the node's other devices go "
                          "on",
                          now->why);
        else
                log_warning("a GPU cannot be read, and what it draws comes with a later reading: %s", now->why);
}

/* One that counts anew was reset. */
static void note_errors(struct gpu_now *now, int64_t errors)
{
        if (errors < 0)
                return;
        if (errors < now->ecc_errors)
                now->unwell[0] = '\0';
        else if (now->ecc_errors >= 0 && errors > now->ecc_errors)
                snprintf(now->unwell, sizeof(now->unwell),
                         "%" PRId64 " memory errors that could not be corrected; reset the GPU",
                         errors - now->ecc_errors);
        now->ecc_errors = errors;
}

static void note_health(struct gpu_now *now, const char *address, const struct gpu_reading *reading)
{
        if (reading->fault != 0)
                log_warning("GPU %s reports fault %" PRIu32 " (NVIDIA's Xid)%s%s", address, reading->fault,
                            reading->fatal != NULL ? ": " : "", reading->fatal != NULL ? reading->fatal : "");
        if (reading->ecc_errors > 0 && reading->ecc_errors > now->reading.ecc_errors)
                log_warning("GPU %s has counted %" PRId64 " uncorrected memory errors since its driver was loaded",
                            address, reading->ecc_errors);
        note_errors(now, reading->ecc_errors);
        if (reading->fatal != NULL)
                snprintf(now->unwell, sizeof(now->unwell), "Xid %" PRIu32 ": %s; reset the GPU", reading->fault,
                         reading->fatal);
}

/* Numbers of a round that looked at energy alone are unknown, and leave what is known; so does a power that is not believed. */
static void keep_reading(struct gpu_now *now, const struct gpu_reading *reading, bool all)
{
        const int64_t power_mw = gpu_energy_believed_mw(reading->power_mw, now->facts.max_mw);
        const int64_t before_mw = now->reading.power_mw;

        if (all)
                now->reading = *reading;
        now->reading.counter_uj = reading->counter_uj;
        now->reading.power_mw = power_mw >= 0 || (all && reading->power_mw < 0) ? power_mw : before_mw;
}

static void take_card(struct gpus *gpus, uint32_t i, int64_t now_ms, bool all)
{
        const struct card *card = &gpus->work.cards[i];
        struct gpu_now *now = &gpus->now[i];
        bool was_strange;

        if (card->driver == N_DRIVERS)
                return;
        now->driver = gpu_drivers[card->driver];
        now->answers = card->gpu != NULL && card->code == 0;
        if (!now->answers) {
                now->quality = QUALITY_ESTIMATED;
                if (card->gpu == NULL)
                        gpu_energy_lose(&gpus->energy[i]);
                say_wrong(now, card->gpu == NULL, &card->err);
                return;
        }
        if (now->why[0] != '\0')
                log_info("GPU %s can be read again", card->address);
        now->why[0] = '\0';
        if (now->lost) { /* it was reset */
                now->unwell[0] = '\0';
                now->ecc_errors = GPU_UNKNOWN;
        }
        now->lost = false;
        now->facts = card->facts;
        was_strange = gpus->energy[i].strange;
        now->quality = gpu_energy_add(&gpus->energy[i], &card->reading, now->facts.max_mw, now_ms);
        if (gpus->energy[i].strange && !was_strange)
                log_warning("GPU %s says that it draws more than twice as much as it can: that is not believed, and its energy is "
                            "estimated; if it goes on, its sensor or its driver is broken", card->address);
        now->uj = gpus->energy[i].uj;
        if (all)
                note_health(now, card->address, &card->reading);
        keep_reading(now, &card->reading, all);
}

static void say_hang(struct gpus *gpus)
{
        if (!gpus->hangs)
                log_error("a GPU's driver does not come back from a call: GPUs are not metered until it does, and what "
                          "they "
                          "draw meanwhile comes then");
        gpus->hangs = true;
        for (uint32_t i = 0; i < gpus->n; i++) {
                gpus->now[i].answers = false;
                gpus->now[i].quality = QUALITY_ESTIMATED;
        }
}

void gpus_read(struct gpus *gpus, int64_t now_ms)
{
        bool all = gpus->look || !gpus->looked || now_ms - gpus->looked_ms >= GPUS_HEALTH_MS;

        if (gpus->looked && !gpus->look && !gpus->hangs && now_ms - gpus->read_ms < GPUS_FRESH_MS)
                return;
        if (aside_is_idle(gpus->aside))
                gpus->work.all = all;
        if (aside_call(gpus->aside, work_read, &gpus->work, GPUS_WAIT_MS) != 0) {
                say_hang(gpus);
                return;
        }
        if (gpus->hangs)
                log_info("the GPUs' driver answers again");
        gpus->hangs = false;
        for (uint32_t i = 0; i < gpus->n; i++)
                take_card(gpus, i, now_ms, all);
        if (all) {
                gpus->looked_ms = now_ms;
                gpus->look = false;
        }
        gpus->looked = true;
        gpus->read_ms = now_ms;
}

void gpus_look(struct gpus *gpus, int64_t now_ms)
{
        gpus->look = true;
        gpus_read(gpus, now_ms);
}

void gpus_links(const struct gpus *gpus, const struct device_set *set, struct place_link *links)
{
        struct gpu_links *known = calloc(set->n + 1, sizeof(*known));

        for (uint32_t i = 0; known != NULL && i < set->n; i++)
                known[i] = gpus->work.cards[i].links;
        if (known != NULL)
                gpu_links_take(set, known, links); /* without memory what was known stands */
        free(known);
}

const struct gpu_now *gpus_at(const struct gpus *gpus, uint32_t device)
{
        return &gpus->now[device];
}

/* ---- for a person */

/* "BEFORE N UNIT", or nothing for what is unknown. */
static void append(char *buffer, size_t size, const char *before, int64_t number, const char *unit)
{
        size_t used = strlen(buffer);

        if (number >= 0)
                snprintf(buffer + used, size - used, "%s %" PRId64 "%s", before, number, unit);
}

static int64_t watts(int64_t mw)
{
        return mw > 0 ? mw / 1000 : GPU_UNKNOWN;
}

void gpu_describe(const struct gpu_now *now, const char *address, char *buffer, size_t size)
{
        const struct gpu_facts *facts = &now->facts;
        const struct gpu_reading *reading = &now->reading;

        snprintf(buffer, size, "GPU %s: %s, %s%s", address, facts->model[0] != '\0' ? facts->model : "of unknown model",
                 facts->uuid[0] != '\0' ? facts->uuid : "without a UUID", facts->is_split ? ", split (MIG)" : "");
        append(buffer, size, ", limit", watts(facts->limit_mw), " W");
        append(buffer, size, ", at least", watts(facts->min_mw), " W");
        append(buffer, size, ", at most", watts(facts->max_mw), " W");
        append(buffer, size, ", by default", watts(facts->default_mw), " W");
        append(buffer, size, ", draws", watts(reading->power_mw), " W");
        append(buffer, size, ", busy", reading->compute_percent, " %");
        append(buffer, size, ", memory", reading->memory_used_mb, "");
        append(buffer, size, " of", reading->memory_mb, " MiB");
        append(buffer, size, ",", reading->clock_mhz, " MHz");
        append(buffer, size, ",", reading->ecc_errors, " uncorrected memory errors");
        if (now->why[0] != '\0')
                snprintf(buffer + strlen(buffer), size - strlen(buffer), "; %s: %s", now->lost ? "lost" : "not read",
                         now->why);
        else
                snprintf(buffer + strlen(buffer), size - strlen(buffer), "; energy %s",
                         facts->has_counter ? "by its own counter" : "by its power, integrated");
}

/* ---- beginning and end */

static int refuse(const struct gpus *gpus, struct offpeak_error *err)
{
        const struct work *work = &gpus->work;

        for (unsigned i = 0; i < N_DRIVERS; i++)
                if (work->states[i] == NULL)
                        return fail(err, OFFPEAK_ENOTFOUND, "%s: %s", gpu_drivers[i]->name, work->why[i].text);
        return fail(err, OFFPEAK_ENOTFOUND, "%s",
                    work->n_cards > 0 ? work->cards[0].err.text : "there is no GPU on this node");
}

static bool take_found(struct gpus *gpus)
{
        static const struct gpu_reading none = { .counter_uj = GPU_UNKNOWN,
                                                 .power_mw = GPU_UNKNOWN,
                                                 .ecc_errors = GPU_UNKNOWN,
                                                 .memory_used_mb = GPU_UNKNOWN,
                                                 .memory_mb = GPU_UNKNOWN,
                                                 .compute_percent = GPU_UNKNOWN,
                                                 .clock_mhz = GPU_UNKNOWN,
                                                 .memory_clock_mhz = GPU_UNKNOWN };
        bool any = false;

        for (uint32_t i = 0; i < gpus->n; i++) {
                const struct card *card = &gpus->work.cards[i];

                if (card->driver == N_DRIVERS) {
                        keep_why(&gpus->now[i], &card->err);
                        continue;
                }
                any = true;
                gpus->now[i] = (struct gpu_now){ .driver = gpu_drivers[card->driver],
                                                 .facts = card->facts,
                                                 .reading = none,
                                                 .quality = QUALITY_ESTIMATED,
                                                 .ecc_errors = GPU_UNKNOWN };
                if (card->gpu == NULL)
                        say_wrong(&gpus->now[i], true, &card->err);
        }
        return any;
}

static int open_all(struct gpus *gpus, struct offpeak_error *err)
{
        int code = aside_open(&gpus->aside, err);

        if (code != 0)
                return code;
        if (aside_call(gpus->aside, work_open, &gpus->work, GPUS_OPEN_WAIT_MS) != 0)
                return fail(err, OFFPEAK_ENOTFOUND,
                            "the GPUs' driver does not come back from its start; restart the node");
        return take_found(gpus) ? 0 : refuse(gpus, err);
}

int gpus_open(const struct device_set *set, const char *library, struct gpus **ret_gpus, struct offpeak_error *err)
{
        struct gpus *gpus = calloc(1, sizeof(*gpus));
        int code;

        if (gpus == NULL || (library != NULL && (gpus->work.library = strdup(library)) == NULL)) {
                free(gpus);
                return fail(err, OFFPEAK_ENOMEM, "out of memory for the GPUs");
        }
        gpus->n = gpus->work.n_cards = set->n;
        for (uint32_t i = 0; i < set->n; i++) {
                gpus->work.cards[i].driver = N_DRIVERS;
                memcpy(gpus->work.cards[i].address, set->at[i].address, sizeof(set->at[i].address));
        }
        code = open_all(gpus, err);
        if (code != 0) {
                gpus_close(gpus);
                return code;
        }
        *ret_gpus = gpus;
        return 0;
}

static void end(void *context)
{
        struct gpus *gpus = context;
        struct work *work = &gpus->work;

        for (unsigned i = 0; i < N_DRIVERS; i++)
                if (work->states[i] != NULL)
                        gpu_drivers[i]->close(work->states[i]);
        free(work->library);
        free(gpus);
}

void gpus_close(struct gpus *gpus)
{
        if (gpus != NULL)
                aside_close(gpus->aside, end, gpus, GPUS_WAIT_MS);
}
