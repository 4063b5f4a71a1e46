/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_run.h - a site's store, run for hours that are known: afterwards, with perfect foresight of prices.
 *
 * What the site draws (idle power, and what an outcome's jobs draw) is known for the whole time, and so is what each
 * further watt costs; against these the store is run by supply/storage.h, so that the site pays the least for power. It
 * begins at its reserve, and is not below it at the end: what it gives it has bought. It gives no more than the site
 * draws, charges no further than the sources reach (a reactor's heat: with no more than the reactor gives), and rests
 * where no price is known. What its stored energy would be worth at the end is not looked at.
 *
 * With demand charges, the dearest one's: each month's power is kept below a level, found by search, where that pays
 * more than it costs. Else, and where no price is negative, no other flows would make power cheaper.
 */
#ifndef OFFPEAK_TRIAL_STORE_RUN_H
#define OFFPEAK_TRIAL_STORE_RUN_H

#include "trial/outcome.h"
#include "trial/trial.h"

struct store_flow {
        int64_t from, to;
        double watts; /* at the meter; drawn > 0, given < 0 */
};

struct store_run {
        struct store_flow *flows; /* owned; ascending, one after the other without a gap; none: there is no store */
        size_t n;
        double drawn_mwh, given_mwh; /* at the meter */
        double lost_mwh;             /* on the way in and on the way out */
        double cycles;               /* what was taken out of it, over all that it holds */
};

/*
 * Of site `site` in [from, to), which lies in the trial's time, by what is paid. outcome: NULL: nothing but idle power
 * is drawn. demands: keep demand charges low, too. ENOMEM.
 */
int store_run(const struct trial *trial, const struct outcome *outcome, uint32_t site, int64_t from, int64_t to,
              bool demands, struct store_run *ret_run);
void store_run_finish(struct store_run *run);

/* What flows at `time`, W. cursor: 0 at first; for times that ascend. */
double store_run_at(const struct store_run *run, int64_t time, size_t *cursor);

bool trial_has_store(const struct trial *trial);

#endif
