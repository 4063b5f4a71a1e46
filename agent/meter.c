/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/meter.h"

#include <stdlib.h>
#include <string.h>

#include "base/exact.h"

enum { UJ_PER_J = 1000000, MS_PER_CUT = METER_CUT_S * 1000 };

/* A jump of the clock by more than this (two weeks) makes one long stretch, not a flood of them. */
enum { MAX_CUTS = 4096 };

void meter_init(struct meter *meter, const struct meter_sink *sink)
{
        memset(meter, 0, sizeof(*meter));
        meter->sink = *sink;
}

void meter_finish(struct meter *meter)
{
        free(meter->accounts);
        memset(meter, 0, sizeof(*meter));
}

static struct meter_account *find(const struct meter *meter, struct leg_id id)
{
        for (size_t i = 0; i < meter->n_accounts; i++)
                if (meter->accounts[i].id.job == id.job && meter->accounts[i].id.attempt == id.attempt)
                        return &meter->accounts[i];
        return NULL;
}

bool meter_has(const struct meter *meter, struct leg_id id)
{
        return find(meter, id) != NULL;
}

static struct meter_account *add(struct meter *meter)
{
        if (meter->n_accounts == meter->cap_accounts) {
                size_t cap = meter->cap_accounts == 0 ? 8 : 2 * meter->cap_accounts;
                struct meter_account *accounts = realloc(meter->accounts, cap * sizeof(*accounts));
                if (accounts == NULL)
                        return NULL;
                meter->accounts = accounts;
                meter->cap_accounts = cap;
        }
        return memset(&meter->accounts[meter->n_accounts++], 0, sizeof(struct meter_account));
}

/* ---- stretches */

/* One that nothing went into is none: a leg that began and ended between two samples has no quality to tell. */
static void end_stretch(const struct meter *meter, struct meter_account *account, int64_t end)
{
        struct message_reading reading = { .job = account->id.job,
                                           .attempt = account->id.attempt,
                                           .start = account->start,
                                           .end = end,
                                           .joules = account->uj / UJ_PER_J,
                                           .quality = account->quality };

        if (end <= account->start || account->quality == 0 || meter->sink.take(meter->sink.context, &reading) != 0)
                return;
        account->start = end;
        account->uj %= UJ_PER_J;
        account->quality = 0;
}

/* Add energy drawn evenly between two moments, ending stretches on the way. */
static void fill(const struct meter *meter, struct meter_account *account, int64_t from_ms, int64_t to_ms, int64_t uj,
                 enum quality quality)
{
        int64_t cut_ms = (from_ms / MS_PER_CUT + 1) * MS_PER_CUT;

        for (int n = 0; cut_ms <= to_ms && n < MAX_CUTS; cut_ms += MS_PER_CUT, n++) {
                int64_t rest = 0;
                int64_t part = exact_mul_div(uj, cut_ms - from_ms, to_ms - from_ms, &rest);
                account->uj += part;
                if (quality > account->quality)
                        account->quality = quality;
                end_stretch(meter, account, cut_ms / 1000);
                uj -= part;
                from_ms = cut_ms;
        }
        account->uj += uj;
        if ((uj > 0 || from_ms < to_ms) && quality > account->quality)
                account->quality = quality;
}

/* ---- accounts */

static int open_account(struct meter *meter, struct leg_id id, uint64_t devices, int64_t since, int64_t gap_uj,
                        enum quality quality)
{
        struct meter_account *account = add(meter);

        if (account == NULL)
                return OFFPEAK_ENOMEM;
        account->id = id;
        account->devices = devices;
        account->start = since > 0 ? since : meter->wall_ms / 1000;
        if (since > 0 && since * 1000 < meter->wall_ms)
                fill(meter, account, since * 1000, meter->wall_ms, gap_uj, quality);
        return 0;
}

int meter_start(struct meter *meter, int64_t wall_ms, int64_t since, int64_t gap_uj, enum quality quality)
{
        meter->wall_ms = wall_ms;
        if (open_account(meter, (struct leg_id){ 0, 0 }, 0, since, gap_uj, quality) != 0)
                return OFFPEAK_ENOMEM;
        meter->running = true;
        return 0;
}

int meter_begin(struct meter *meter, struct leg_id id, uint64_t devices, int64_t since, int64_t gap_uj,
                enum quality quality)
{
        if (meter_has(meter, id))
                return 0;
        return open_account(meter, id, devices, since, gap_uj, quality);
}

void meter_end(struct meter *meter, struct leg_id id)
{
        struct meter_account *account = find(meter, id);

        if (account == NULL)
                return;
        end_stretch(meter, account, (meter->wall_ms + 999) / 1000);
        meter->accounts[0].uj += account->uj; /* below a joule, or a reading that could not be taken */
        *account = meter->accounts[--meter->n_accounts];
}

void meter_past(struct meter *meter, struct leg_id id, int64_t since, int64_t end_ms, int64_t uj, enum quality quality)
{
        struct meter_account account = { .id = id, .start = since };

        if (end_ms <= since * 1000)
                return;
        fill(meter, &account, since * 1000, end_ms, uj, quality);
        end_stretch(meter, &account, (end_ms + 999) / 1000);
}

void meter_cut(struct meter *meter)
{
        int64_t end = meter->wall_ms / 1000;

        for (size_t i = 0; i < meter->n_accounts; i++) {
                struct meter_account *account = &meter->accounts[i];
                int64_t long_ms = meter->wall_ms - account->start * 1000, rest = 0;
                int64_t beyond = long_ms > 0 ? exact_mul_div(account->uj, meter->wall_ms % 1000, long_ms, &rest) : 0;

                account->uj -= beyond;
                end_stretch(meter, account, end);
                account->uj += beyond; /* of the second that has begun */
        }
}

/* ---- sharing out */

static int64_t drawn_by(const struct meter_account *account, const int64_t *device_uj)
{
        int64_t sum = 0;

        for (unsigned i = 0; i < OFFPEAK_MAX_DEVICES; i++)
                if ((account->devices >> i & 1) != 0 && device_uj[i] > 0)
                        sum += device_uj[i];
        return sum;
}

static int64_t weight(const struct meter_account *account, const int64_t *device_uj)
{
        return device_uj != NULL ? drawn_by(account, device_uj) : __builtin_popcountll(account->devices);
}

static int64_t weights(const struct meter *meter, const int64_t *device_uj)
{
        int64_t sum = 0;

        for (size_t i = 1; i < meter->n_accounts; i++)
                sum += weight(&meter->accounts[i], device_uj);
        return sum;
}

static enum quality quality_for(const struct meter_account *account, const struct meter_sample *sample)
{
        enum quality worst = sample->quality;

        for (unsigned i = 0; sample->device_quality != NULL && i < OFFPEAK_MAX_DEVICES; i++)
                if ((account->devices >> i & 1) != 0 && sample->device_quality[i] > worst)
                        worst = sample->device_quality[i];
        return worst;
}

void meter_sample(struct meter *meter, const struct meter_sample *sample)
{
        const int64_t *device_uj = sample->device_uj;
        int64_t from_ms = meter->wall_ms;
        int64_t to_ms = sample->wall_ms > from_ms ? sample->wall_ms : from_ms;
        int64_t above = sample->node_uj > sample->idle_uj ? sample->node_uj - sample->idle_uj : 0;
        int64_t rest = 0;

        if (!meter->running)
                return;
        if (device_uj != NULL && weights(meter, device_uj) == 0)
                device_uj = NULL; /* nobody drew anything that shows: by their number, then */
        int64_t total = weights(meter, device_uj);
        if (total == 0)
                above = 0; /* no legs: all is idle */
        fill(meter, &meter->accounts[0], from_ms, to_ms, sample->node_uj - above,
             sample->idle_quality != 0 ? sample->idle_quality : sample->quality);
        for (size_t i = 1; i < meter->n_accounts && total > 0; i++) {
                struct meter_account *account = &meter->accounts[i];
                int64_t share = exact_mul_div(above, weight(account, device_uj), total, &rest);
                fill(meter, account, from_ms, to_ms, share, quality_for(account, sample));
        }
        meter->wall_ms = to_ms;
}
