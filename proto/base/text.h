/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - small text for people and files: the word that was meant, exact decimals, and quantities with their unit.
 *
 * The text_format_* functions write into the caller's buffer and return it. INT64_MIN (an unknown value, see
 * supply/series.h) reads "unknown". They round half away from zero and never print a minus before a zero.
 */
#ifndef OFFPEAK_BASE_TEXT_H
#define OFFPEAK_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_SIZE 64

/*
 * Edits (insert, delete, replace a letter, swap two neighbours; ASCII case aside) that turn a into b. Words beyond
 * 63 bytes are compared by their first 63.
 */
unsigned text_distance(const char *a, const char *b);

/* The nearest of n words, for `did you mean "..."?`; NULL if none is near enough. NULL words are skipped. */
const char *text_nearest(const char *word, const char *const *words, size_t n);

/* Append a word to the words that stand in list already: `a, b`. What has no room is cut off. */
void text_list_add(char *list, size_t size, const char *word);

/*
 * size bytes of text as a decimal number (`-12.5`, `.5`, `3e-2`) times 10^scale, exactly, in integers; what lies
 * beyond the last place is rounded half away from zero. EINVAL if it is no number, or does not fit.
 */
int text_parse_decimal(const char *text, size_t size, int scale, int64_t *ret_value);

/* Micro-currency: `31.40 EUR`, `3,812 EUR` (from 1,000 on without cents), `0.0041 EUR` (below a cent, four places). */
const char *text_format_money(int64_t micro, const char *currency, char buffer[TEXT_SIZE]);

/* Micro-currency per MWh: `94.64 EUR/MWh`. */
const char *text_format_price(int64_t micro_per_mwh, const char *currency, char buffer[TEXT_SIZE]);

/* Three digits or so in the largest unit that fits: `41.2 MWh`, `3.1 kWh`; `231 MW`, `300 W`; `15.1 t`, `2.3 kg`. */
const char *text_format_energy(int64_t joules, char buffer[TEXT_SIZE]);
const char *text_format_wh(int64_t wh, char buffer[TEXT_SIZE]);
const char *text_format_power(int64_t watts, char buffer[TEXT_SIZE]);
const char *text_format_mass(int64_t mg, char buffer[TEXT_SIZE]);

#endif
