/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/feed_text.h"

#include "base/fail.h"
#include "feeds/mapping_read.h"

typedef int (*reader)(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                      struct series *ret_series, struct offpeak_error *err);

static int read_rows(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                     struct series *ret_series, struct offpeak_error *err)
{
        return mapping_parse(mapping, request, text, size, ret_series, NULL, err);
}

static const reader readers[] = { /* [enum mapping_format] */
        [MAPPING_CSV] = read_rows,
        [MAPPING_JSON] = read_rows,
};

int feed_text_read(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                   struct series *ret_series, struct offpeak_error *err)
{
        if (mapping == NULL)
                return csv_parse(request, text, size, ret_series, err);
        return readers[mapping->format](mapping, request, text, size, ret_series, err);
}
