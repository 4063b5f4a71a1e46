/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/feed_text.h"

int feed_text_read(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                   struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        if (mapping == NULL)
                return csv_parse(request, text, size, ret_series, err);
        return mapping_parse(mapping, request, text, size, ret_series, ret_facts, err);
}

int feed_text_read_pages(const struct mapping *mapping, const struct csv_request *request, const struct feed_page *pages,
                         size_t n, struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err)
{
        if (mapping == NULL || n == 1)
                return feed_text_read(mapping, request, pages[0].text, pages[0].size, ret_series, ret_facts, err);
        return mapping_parse_pages(mapping, request, pages, n, ret_series, ret_facts, err);
}
