/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.h - a series from a CSV file.
 *
 *   # comment lines may stand at the top
 *   time,price_eur_per_mwh
 *   2026-11-22T00:00:00Z,94.64
 *   2026-11-22T01:00:00Z,
 *
 * The header names the columns: `time` or `timestamp_utc` (ISO-8601 with its zone, the start of the interval), and a
 * value column whose name tells kind and unit (csv_column.h). An empty field is a hole. Rows ascend in equal steps, the
 * commonest one of the file, and the last row holds for one such step. UTF-8, comma, decimal point; a byte order mark
 * and CRLF are fine. Decimals are read exactly, without floating point.
 *
 * Whatever else is refused, as FILE:LINE:COLUMN (bytes, from 1), cause, remedy: above all a row that is missing, stands
 * twice or runs backwards, which is what local time does at clock changes.
 */
#ifndef OFFPEAK_FEEDS_CSV_H
#define OFFPEAK_FEEDS_CSV_H

#include "supply/series.h"

/* What is asked of a file. Not owned. */
struct csv_request {
        const char *file;      /* its path: named in errors, and the series' source */
        const char *site;      /* the series' site; may be NULL */
        enum series_kind kind; /* 0: whatever it holds */
        const char *column;    /* the value column to take; NULL: the only one of that kind */
        const char *currency;  /* that a price must be in; NULL: any */
        int64_t issued;        /* UTC seconds */
};

/* Read size bytes of text (they need no final zero). EINVAL, ENOMEM; ret_series is written on success only. */
int csv_parse(const struct csv_request *request, const char *text, size_t size, struct series *ret_series,
              struct offpeak_error *err);

/* The same from the file itself. Also ENOTFOUND, EIO; a file beyond 64 MiB is EINVAL. */
int csv_read(const struct csv_request *request, struct series *ret_series, struct offpeak_error *err);

#endif
