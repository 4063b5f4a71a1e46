/* SPDX-License-Identifier: Apache-2.0 */
/* report_accounts.h - all the energy of a report's window: by account, by who supplied it, by quality, and what stores did. */
#ifndef OFFPEAK_LEDGER_REPORT_ACCOUNTS_H
#define OFFPEAK_LEDGER_REPORT_ACCOUNTS_H

#include "ledger/report.h"

/* Add what of the booking, which was checked, lies in the window. Windows that abut add up exactly. */
void report_add_booking(const struct report_input *input, const struct booking *booking, struct report *report);

#endif
