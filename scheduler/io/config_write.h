/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_write.h - values as a configuration says them, exactly: what config_value.h reads gives the same value again.
 *
 * All write into the caller's buffer and return it.
 */
#ifndef OFFPEAK_IO_CONFIG_WRITE_H
#define OFFPEAK_IO_CONFIG_WRITE_H

#include "base/text.h"
#include "supply/series.h"

/* number / 10^scale without zeros at its end: `0.4`, `-12.5`, `60`. */
const char *config_write_number(int64_t number, int scale, char buffer[TEXT_SIZE]);

/* `1500ms`, `2s`, `36h`. */
const char *config_write_ms(int64_t ms, char buffer[TEXT_SIZE]);

/* `20 MW`, `15.4 MW`, `300 W`; `100 MWh`. In the largest unit of which it is one at least. */
const char *config_write_power(int64_t watts, char buffer[TEXT_SIZE]);
const char *config_write_energy(int64_t wh, char buffer[TEXT_SIZE]);

/* `8 MiB`, `2500 kB`, `77 B`. */
const char *config_write_bytes(int64_t bytes, char buffer[TEXT_SIZE]);

/* `07:00-20:00 Mon,Tue,Wed`; of every day `07:00-20:00`. */
const char *config_write_hours(const struct supply_hours *hours, char buffer[TEXT_SIZE]);

/* `+01:00`. */
const char *config_write_offset(int64_t seconds, char buffer[TEXT_SIZE]);

/* A value of a signal with its unit: `-5 EUR/MWh`, `400 g/kWh`, `9 MW`, `3 MWh`. */
const char *config_write_signal(enum series_kind kind, const char *currency, int64_t value, char buffer[TEXT_SIZE]);

#endif
