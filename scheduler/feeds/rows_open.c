/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/rows_parts.h"

int rows_open(const struct mapping *mapping, const char *file, enum series_kind kind, const char *text, size_t size,
              struct rows **ret_rows, struct offpeak_error *err)
{
        if (mapping->format == MAPPING_JSON)
                return rows_json_open(mapping, file, text, size, ret_rows, err);
        return rows_csv_open(mapping, file, kind, text, size, ret_rows, err);
}
