/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/feed_text.h"

int feed_text_read(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                   struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        if (mapping == NULL)
                return csv_parse(request, text, size, ret_series, err);
        return mapping_parse(mapping, request, text, size, ret_series, ret_facts, err);
}
